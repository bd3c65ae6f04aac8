/* SPDX-License-Identifier: Apache-2.0 */
/* See host.h. Reads a few files of /proc and /sys and asks for nothing else. */
#include "sys/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>

#include "base/compiler.h"
#include "sys/syscalls.h"

#define PROC_MAGIC 0x9fa0
#define LSM_FILE "/sys/kernel/security/lsm"

/* At most @size - 1 bytes, NUL-terminated, without the last newline. */
static int read_text(const char *path, char *buf, size_t size)
{
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

static int64_t read_sysctl(const char *path)
{
	char text[32], *end;
	long long value;

	if (read_text(path, text, sizeof(text)) < 0)
		return SL_SYSCTL_NONE;
	value = strtoll(text, &end, 10);
	return end == text || value < 0 ? SL_SYSCTL_NONE : value;
}

static void look_kernel(struct sl_host *host)
{
	struct utsname name;

	host->machine = sl_arch_name(SL_ARCH_NATIVE);
	host->euid = geteuid();
	host->seccomp_mode = prctl(PR_GET_SECCOMP);
	if (uname(&name) == 0)
		sscanf(name.release, "%d.%d", &host->kernel_major,
		       &host->kernel_minor);
}

static void look_sysctl(struct sl_host *host)
{
	host->max_user_namespaces =
		read_sysctl("/proc/sys/user/max_user_namespaces");
	host->unprivileged_userns =
		read_sysctl("/proc/sys/kernel/unprivileged_userns_clone");
	host->apparmor_userns = read_sysctl(
		"/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
	host->ptrace_scope = read_sysctl("/proc/sys/kernel/yama/ptrace_scope");
}

static enum sl_proc_state proc_state(void)
{
	struct statfs fs;
	struct stat st;
	char c;

	if (statfs("/proc/self", &fs) < 0)
		return SL_PROC_MISSING;
	if (fs.f_type != PROC_MAGIC)
		return SL_PROC_FOREIGN;
	if (read_text("/proc/self/stat", &c, 1) < 0)
		return SL_PROC_UNREADABLE;
	/* Process 1 always is, in every namespace that has processes. */
	return stat("/proc/1", &st) < 0 ? SL_PROC_HIDING : SL_PROC_WHOLE;
}

/* Identifiers of lsm_list_modules(2), from linux/lsm.h. */
static const char *module_name(uint64_t id)
{
	static const char *const names[] = {
		"capability", "selinux", "smack",     "tomoyo",	  "apparmor",
		"yama",	      "loadpin", "safesetid", "lockdown", "bpf",
		"landlock",   "ima",	 "evm",	      "ipe",
	};

	return id >= 100 && id - 100 < SL_ARRAY_LEN(names) ? names[id - 100]
							   : NULL;
}

static void look_modules(struct sl_host *host)
{
	struct sl_trial *trial = &host->trials[SL_TRIAL_MODULES];
	size_t used = 0;

	if (read_text(LSM_FILE, host->modules, sizeof(host->modules)) == 0)
		return;
	host->modules[0] = '\0';
	/* KERNEL < 6.8: no such call, so the list stays unknown. */
	if (!trial->done)
		sl_trial_run(SL_TRIAL_MODULES, trial);
	for (int64_t i = 0; i < trial->number && i < SL_TRIAL_LIST; i++) {
		const char *name = module_name(trial->list[i]);

		if (!name || used + strlen(name) + 2 > sizeof(host->modules))
			continue;
		used += (size_t)snprintf(host->modules + used,
					 sizeof(host->modules) - used, "%s%s",
					 used ? "," : "", name);
	}
}

void sl_host_look(struct sl_host *host, uint32_t what)
{
	memset(host, 0, sizeof(*host));
	look_kernel(host);
	for (int id = 0; id < SL_TRIAL_COUNT; id++)
		if (what & SL_TRIAL_BIT(id))
			sl_trial_run((enum sl_trial_id)id, &host->trials[id]);
	if (what & SL_LOOK_SYSCTL)
		look_sysctl(host);
	if (what & SL_LOOK_MODULES)
		look_modules(host);
	if (what & SL_LOOK_PROC)
		host->proc = proc_state();
}
