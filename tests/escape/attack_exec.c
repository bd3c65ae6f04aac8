/* SPDX-License-Identifier: Apache-2.0 */
/* Tricks by execution, catalogue 5.3: more privilege, or code from nowhere. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What a process that was just executed owns. */
static void privileges(const char *when)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2] = { { 0 } };
	char what[64];

	snprintf(what, sizeof(what), "%s: new privileges possible", when);
	result(what, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
	if (syscall(SYS_capget, &head, caps) < 0)
		return;
	snprintf(what, sizeof(what), "%s: capabilities", when);
	errno = EPERM;
	result(what, caps[0].effective || caps[1].effective ||
			     caps[0].permitted || caps[1].permitted);
	snprintf(what, sizeof(what), "%s: bounding set", when);
	errno = EPERM;
	if (getuid() == 0)
		result(what, prctl(PR_CAPBSET_READ, 0, 0, 0, 0) == 1 ||
				     prctl(PR_CAPBSET_READ, 21, 0, 0, 0) == 1);
}

/* [SETUID]: privileges at start, after setuid(0) and of a set-user-ID copy. */
static void a069(char **argv)
{
	privileges("at start");
	if (setuid(0) == 0)
		privileges("setuid(0)");
	if (argv[0][0]) {
		execl(argv[0], "attack", "A069uid", (char *)NULL);
		lost("execve of a set-user-ID program", errno);
	}
}

static void a069_uid(char **argv)
{
	(void)argv;
	errno = EPERM;
	result("effective user changed by a set-user-ID file",
	       geteuid() != getuid());
}

static int memfd_self(void)
{
	int self = open("/proc/self/exe", O_RDONLY);
	int fd = (int)syscall(SYS_memfd_create, "x", 0);
	struct stat st;

	if (self < 0 || fd < 0 || fstat(self, &st) < 0)
		return -1;
	for (off_t done = 0; done < st.st_size;)
		if (sendfile(fd, self, &done, st.st_size - done) <= 0)
			return -1;
	return fd;
}

/* SECRET: code in anonymous memory runs, and is bound by the same rules. */
static void a072(char **argv)
{
	static char name[] = "attack", trick[] = "A001";
	char *args[] = { name, trick, argv[0], NULL };
	char *envp[] = { NULL };
	int fd = memfd_self();

	if (fd < 0) {
		untried("memfd", errno);
		return;
	}
	dprintf(1, "memfd runs next\n");
	syscall(SYS_execveat, fd, "", args, envp, AT_EMPTY_PATH);
	dprintf(1, "memfd refused\n");
	lost("execveat of a memfd", errno);
}

const struct attack attacks_exec[] = {
	{ "A069", a069 },
	{ "A069uid", a069_uid },
	{ "A072", a072 },
	{ NULL, NULL },
};
