/* SPDX-License-Identifier: Apache-2.0 */
/* Tricks on /proc, /sys, /dev and terminals, catalogue 5.2. */
#include "attack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void tell(const char *dir, const char *name, bool ok)
{
	result(at(dir, name), ok);
}

/* The files of a process that belong to itself alone. */
static void process_files(const char *proc)
{
	static const char *const files[] = { "environ", "maps",	   "auxv",
					     "stack",	"syscall", "io" };
	char link[PATH_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int fd = open(at(proc, files[i]), O_RDONLY);
		char buf[4096];
		ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));

		if (n > 0 && write(1, buf, n) < 0)
			n = -1;
		if (strcmp(files[i], "stack") == 0 && n < 0)
			continue; /* root's alone */
		tell(proc, files[i], n > 0);
		close(fd);
	}
	tell(proc, "mem", open(at(proc, "mem"), O_RDONLY) >= 0);
	tell(proc, "exe", readlink(at(proc, "exe"), link, sizeof(link)) > 0);
	tell(proc, "fd",
	     open(at(proc, "fd"), O_RDONLY | O_DIRECTORY) >= 0 &&
		     access(at(proc, "fd/0"), F_OK) == 0);
}

/* PID: one process outside. */
static void a052(char **argv)
{
	process_files(at("/proc", argv[0]));
}

/* No argument: the keeper, its parents, and every process one can see. */
static void a051(char **argv)
{
	char self[32], parent[32];
	struct dirent *e;
	DIR *dir = opendir("/proc");
	(void)argv;

	snprintf(self, sizeof(self), "%d", getpid());
	snprintf(parent, sizeof(parent), "/proc/%d", getppid());
	process_files(parent);
	while (dir && (e = readdir(dir))) {
		char *end;

		strtol(e->d_name, &end, 10);
		if (*end || end == e->d_name || strcmp(e->d_name, self) == 0)
			continue;
		leak(at(e->d_name, "environ"),
		     open(at(at("/proc", e->d_name), "environ"), O_RDONLY));
	}
}

/* Opens only: the opening for writing is the win, nothing is written. */
static void open_all(const char *const *paths, int flags)
{
	for (; *paths; paths++) {
		int fd = open(*paths, flags | O_NONBLOCK | O_NOCTTY);

		result_if_known(*paths, fd >= 0);
		close(fd);
	}
}

static void a054(char **argv)
{
	static const char *const paths[] = {
		"/proc/sys/kernel/core_pattern",
		"/proc/sys/kernel/modprobe",
		"/proc/sys/kernel/hostname",
		"/proc/sys/kernel/yama/ptrace_scope",
		"/proc/sys/kernel/randomize_va_space",
		"/proc/sys/fs/binfmt_misc/register",
		"/proc/sys/net/ipv4/ip_forward",
		"/proc/sys/vm/overcommit_memory",
		"/proc/sysrq-trigger",
		"/sys/kernel/uevent_helper",
		"/sys/kernel/mm/transparent_hugepage/enabled",
		"/sys/power/state",
		"/sys/fs/cgroup/release_agent",
		"/sys/fs/cgroup/cgroup.procs",
		"/sys/kernel/debug/tracing/trace",
		NULL,
	};
	(void)argv;

	open_all(paths, O_WRONLY);
}

static void a055(char **argv)
{
	static const char *const paths[] = {
		"/proc/kcore",	      "/proc/kmsg",
		"/proc/keys",	      "/proc/kallsyms",
		"/proc/timer_list",   "/proc/sched_debug",
		"/proc/modules",      "/proc/slabinfo",
		"/proc/vmallocinfo",  "/proc/iomem",
		"/proc/pagetypeinfo", "/sys/kernel/notes",
		"/sys/kernel/debug",  NULL,
	};
	(void)argv;

	open_all(paths, O_RDONLY);
}

static void a057(char **argv)
{
	static const char *const paths[] = {
		"/proc/self/uid_map",
		"/proc/self/gid_map",
		"/proc/self/setgroups",
		"/proc/self/projid_map",
		"/proc/self/mem",
		"/proc/self/oom_score_adj",
		"/proc/self/coredump_filter",
		"/proc/thread-self/comm",
		"/proc/self/clear_refs",
		NULL,
	};
	(void)argv;

	open_all(paths, O_WRONLY);
}

/* Watchdogs and snapshot are left out: to open them is to arm them. */
static void a061(char **argv)
{
	static const char *const paths[] = {
		"/dev/mem",
		"/dev/kmem",
		"/dev/port",
		"/dev/kmsg",
		"/dev/vda",
		"/dev/sda",
		"/dev/nvme0n1",
		"/dev/loop-control",
		"/dev/loop0",
		"/dev/fuse",
		"/dev/kvm",
		"/dev/vhost-net",
		"/dev/vhost-vsock",
		"/dev/net/tun",
		"/dev/uinput",
		"/dev/input/event0",
		"/dev/dri/card0",
		"/dev/snd/controlC0",
		"/dev/ttyS0",
		"/dev/tty0",
		"/dev/tty1",
		"/dev/console",
		"/dev/vcs",
		"/dev/vsock",
		"/dev/userfaultfd",
		"/dev/btrfs-control",
		"/dev/autofs",
		"/dev/hwrng",
		"/dev/vga_arbiter",
		"/dev/hpet",
		"/dev/rtc0",
		"/dev/cpu_dma_latency",
		NULL,
	};
	(void)argv;

	open_all(paths, O_RDONLY);
}

/* SLAVE: the terminal of someone else, and one of one's own. */
static void a062(char **argv)
{
	int fd = open(argv[0], O_RDWR | O_NOCTTY | O_NONBLOCK);

	result("write to a foreign terminal",
	       fd >= 0 && write(fd, "forged", 6) == 6);
	result("push input into it", fd >= 0 && ioctl(fd, TIOCSTI, "x") == 0);
}

static void a062_own(char **argv)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), slave = -1;
	char buf[8];
	(void)argv;

	if (fd >= 0 && unlockpt(fd) == 0)
		slave = open(ptsname(fd), O_RDWR | O_NOCTTY);
	result("own terminal", slave >= 0 && write(slave, "hi\n", 3) == 3 &&
				       read(fd, buf, sizeof(buf)) > 0);
}

/* WORK: device nodes. */
static void a064(char **argv)
{
	static const struct {
		const char *name;
		mode_t mode;
		int major, minor;
	} nodes[] = {
		{ "block 8:0", S_IFBLK, 8, 0 },
		{ "char 1:1", S_IFCHR, 1, 1 },
		{ "char 1:3", S_IFCHR, 1, 3 },
		{ "whiteout", S_IFCHR, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		result(nodes[i].name,
		       mknod(at(argv[0], nodes[i].name), nodes[i].mode | 0600,
			     makedev(nodes[i].major, nodes[i].minor)) == 0);
}

/* WORK: a FIFO's two ends meet in either order. Same output as bare. */
static void a065(char **argv)
{
	const char *fifo = at(argv[0], "fifo");
	char buf[8] = "";
	int fd;

	if (mkfifo(fifo, 0600) < 0)
		dprintf(1, "mkfifo: %s\n", strerrorname_np(errno));
	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			fd = open(fifo, i ? O_RDONLY : O_WRONLY);
			_exit(i ? read(fd, buf, 2) != 2
				: write(fd, "ab", 2) != 2);
		}
		fd = open(fifo, i ? O_WRONLY : O_RDONLY);
		dprintf(1, "end %d: %zd\n", i,
			i ? write(fd, "ab", 2) : read(fd, buf, 2));
		close(fd);
		waitpid(pid, &fd, 0);
		dprintf(1, "other end: %d\n", fd);
	}
	lost("fifo", EACCES);
}

/* Break the terminal on stdin and die. */
static void a059(char **argv)
{
	struct termios t;
	(void)argv;

	if (tcgetattr(0, &t) < 0)
		return;
	cfmakeraw(&t);
	result("raw mode", tcsetattr(0, TCSANOW, &t) == 0);
	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
	result("foreground", tcsetpgrp(0, getpgrp()) == 0);
	if (strcmp(argv[0], "die") == 0)
		raise(SIGKILL);
}

static bool join_leader(void)
{
	char c;

	if (setpgid(0, getsid(0)) < 0)
		return false;
	/* From the background: SIGTTIN for the whole group. */
	return read(0, &c, 1) < 1;
}

/* Have the terminal on stdin stop, and then hang up, the caller's group: its
 * leader started the session. */
static void a059_group(char **argv)
{
	int status = 0;
	pid_t pid = fork();
	(void)argv;

	if (pid == 0)
		_exit(join_leader() ? 0 : errno);
	/* It has been stopped, too; the last to leave, it orphans the group. */
	for (int i = 0; i < 200 && waitpid(pid, &status, WUNTRACED) == pid; i++) {
		if (!WIFSTOPPED(status))
			break;
		kill(pid, SIGKILL);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status))
		lost("group of the session's leader", WEXITSTATUS(status));
	else
		won("group of the session's leader");
}

const struct attack attacks_proc[] = {
	{ "A051", a051 },
	{ "A052", a052 },
	{ "A054", a054 },
	{ "A055", a055 },
	{ "A057", a057 },
	{ "A059", a059 },
	{ "A059group", a059_group },
	{ "A061", a061 },
	{ "A062", a062 },
	{ "A062own", a062_own },
	{ "A064", a064 },
	{ "A065", a065 },
	{ NULL, NULL },
};
