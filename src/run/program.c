/* SPDX-License-Identifier: Apache-2.0 */
/* See program.h, and launcher.h for what it starts without a trace. */
#include "run/program.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "run/installed.h"
#include "run/launcher.h"
#include "sys/raw.h"

#define LAUNCH_STACK (32u << 10)

const struct sl_program sl_program_supervisor = { "sandlock-supervisor",
						  "SANDLOCK_SUPERVISOR",
						  SL_SUPERVISOR_PATH };
const struct sl_program sl_program_resolve = { "sandlock-resolve",
					       "SANDLOCK_RESOLVE",
					       SL_RESOLVE_PATH };

/* ------------------------------------------------ where it is */

static int is_image(struct dl_phdr_info *info, size_t size, void *data)
{
	ElfW(Addr) here = (ElfW(Addr))(uintptr_t)&sl_program_image;
	const char **ret_name = data;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD &&
		    here - (info->dlpi_addr + part->p_vaddr) < part->p_memsz) {
			*ret_name = info->dlpi_name;
			return 1;
		}
	}
	return 0;
}

const char *sl_program_image(void)
{
	const char *image = NULL;

	dl_iterate_phdr(is_image, &image);
	return image && *image ? image : NULL;
}

/* Length of the folder's name in @buf; 0: unknown. */
static size_t own_folder(char *buf, size_t size)
{
	const char *image = sl_program_image(), *slash;
	ssize_t n;

	if (image) {
		slash = image[0] == '/' ? strrchr(image, '/') : NULL;
		n = slash ? slash - image : 0;
		if (n >= (ssize_t)size)
			return 0;
		memcpy(buf, image, (size_t)n);
		return (size_t)n;
	}
	n = readlink("/proc/self/exe", buf, size);
	while (n > 0 && buf[n - 1] != '/')
		n--;
	return n > 0 ? (size_t)n - 1 : 0;
}

const char *sl_program_path(const struct sl_program *program, char *buf,
			    size_t size)
{
	const char *path = secure_getenv(program->variable);
	size_t len;

	if (path && path[0] == '/')
		return path;
	len = own_folder(buf, size);
	if (!len || (size_t)snprintf(buf + len, size - len, "/%s",
				     program->name) >= size - len)
		return program->installed;
	return access(buf, X_OK) == 0 ? buf : program->installed;
}

/* ------------------------------------------------ starting it */

int sl_launcher_run(struct sl_launcher *l)
{
	char *stacks = mmap(NULL, 2 * LAUNCH_STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	sigset_t all, old;
	long pid;

	if (stacks == MAP_FAILED)
		return -ENOMEM;
	l->pidfd = -1;
	l->stack_top = stacks + LAUNCH_STACK;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = sl_raw_clone(CLONE_VM | CLONE_FILES | CLONE_VFORK,
			   stacks + 2 * LAUNCH_STACK, NULL, NULL,
			   sl_launcher_helper, l);
	if (pid > 0)
		while (waitpid((pid_t)pid, NULL, __WCLONE) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	munmap(stacks, 2 * LAUNCH_STACK);
	if (pid < 0)
		return (int)pid;
	if (l->error && l->pidfd >= 0)
		close(l->pidfd);
	return -l->error;
}
