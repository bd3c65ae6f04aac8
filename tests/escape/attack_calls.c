/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that must never reach the kernel's own code (A104, A105). Each is made
 * with arguments that the kernel refuses in its own way (EFAULT, EINVAL...):
 * EPERM and ENOSYS mean that it was stopped before; anything else, success
 * too, means that it was let through. So nothing here can do harm, bare or
 * with the defence removed.
 */
#include "attack.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Linux 6.1 headers may lack these; the numbers are the same everywhere. */
#define NR_cachestat 451
#define NR_listmount 458
#define NR_open_tree_attr 467

#define BAD 8L /* no memory there */

struct call {
	const char *name;
	long nr, args[5];
	bool need_root; /* an ordinary user gets EPERM from the kernel itself */
};

static bool reached(const struct call *call)
{
	const long *a = call->args;
	long r;

	errno = 0;
	r = syscall(call->nr, a[0], a[1], a[2], a[3], a[4], 0);
	return r >= 0 || (errno != EPERM && errno != ENOSYS);
}

static bool reached_in_child(void *arg)
{
	return reached(arg);
}

static void try_all(struct call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!calls[i].need_root || geteuid() == 0)
			in_child(calls[i].name, reached_in_child, &calls[i]);
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Mounts and roots. */
static struct call mounts[] = {
	{ "mount", SYS_mount, { BAD, BAD, BAD }, true },
	{ "umount2", SYS_umount2, { BAD, 0 }, true },
	{ "pivot_root", SYS_pivot_root, { BAD, BAD }, true },
	{ "chroot", SYS_chroot, { BAD } },
	{ "fsopen", 430, { BAD }, true },
	{ "fsconfig", 431, { -1, 99 } },
	{ "fsmount", 432, { -1 }, true },
	{ "fspick", 433, { -1, BAD }, true },
	{ "open_tree", 428, { -1, BAD, 0 } },
	{ "open_tree clone", 428, { -1, BAD, 1 }, true },
	{ "move_mount", 429, { -1, BAD, -1, BAD }, true },
	{ "mount_setattr", 442, { -1, BAD, 0, BAD, 4 } },
	{ "open_tree_attr", NR_open_tree_attr, { -1, BAD, 0, BAD, 4 }, true },
	{ "setns", SYS_setns, { -1, 0 } },
};

/* Everything else of the deny list. */
static struct call others[] = {
	{ "bpf", SYS_bpf, { 999, BAD, 8 } },
	{ "perf_event_open", SYS_perf_event_open, { BAD, 0, -1, -1 } },
	{ "userfaultfd", SYS_userfaultfd, { 1 /* user mode only */ } },
	{ "keyctl", SYS_keyctl, { 0, -3, 0 } },
	{ "add_key", SYS_add_key, { BAD, BAD, BAD, 1 } },
	{ "request_key", SYS_request_key, { BAD, BAD, BAD } },
	{ "kexec_load", SYS_kexec_load, { 0, -1, BAD, -1 }, true },
	{ "kexec_file_load", SYS_kexec_file_load, { -1, -1, 0, BAD, -1 }, true },
	{ "init_module", SYS_init_module, { BAD, 0, BAD }, true },
	{ "finit_module", SYS_finit_module, { -1, BAD, -1 }, true },
	{ "delete_module", SYS_delete_module, { BAD, 0 }, true },
	{ "process_vm_readv", SYS_process_vm_readv, { 1, BAD, 1, BAD, 1 } },
	{ "process_vm_writev", SYS_process_vm_writev, { 1, BAD, 1, BAD, 1 } },
	{ "ptrace", SYS_ptrace, { 0x4200, 99999999 } },
	{ "pidfd_getfd", 438, { -1, 0, 0 } },
	{ "kcmp", SYS_kcmp, { 99999999, 99999999, 0 } },
	{ "process_madvise", 440, { -1, BAD, 1, 20 } },
	{ "move_pages", SYS_move_pages, { 99999999, 1, BAD } },
	{ "migrate_pages", SYS_migrate_pages, { 99999999, 0 } },
	{ "quotactl", SYS_quotactl, { -1, BAD }, true },
	{ "quotactl_fd", 443, { -1, -1 } },
	{ "swapon", SYS_swapon, { BAD, -1 }, true },
	{ "swapoff", SYS_swapoff, { BAD }, true },
	{ "acct", SYS_acct, { BAD }, true },
	{ "personality", SYS_personality, { 0x40000 } },
	{ "sethostname", SYS_sethostname, { BAD, -1 }, true },
	{ "setdomainname", SYS_setdomainname, { BAD, -1 }, true },
	{ "syslog", SYS_syslog, { 10, 0, 0 } },
	{ "reboot", SYS_reboot, { 0, 0, 0 }, true },
	{ "clock_settime", SYS_clock_settime, { 9999, BAD } },
	{ "settimeofday", SYS_settimeofday, { BAD, 0 } },
	{ "adjtimex", SYS_adjtimex, { BAD } },
	{ "clock_adjtime", SYS_clock_adjtime, { 9999, BAD } },
	{ "fanotify_init", SYS_fanotify_init, { -1, -1 } },
	{ "name_to_handle_at", SYS_name_to_handle_at, { -1, BAD, BAD, BAD } },
	{ "open_by_handle_at", SYS_open_by_handle_at, { -1, BAD }, true },
	{ "io_uring_setup", 425, { 0, BAD } },
	{ "io_uring_enter", 426, { -1, 1 } },
	{ "io_uring_register", 427, { -1, 999 } },
	{ "memfd_secret", 447, { 0 } },
#ifdef __x86_64__
	{ "iopl", SYS_iopl, { 99 } },
	{ "ioperm", SYS_ioperm, { -1, -1, 1 } },
	{ "modify_ldt", SYS_modify_ldt, { 0, BAD, 0 } },
#endif
	{ "unknown number", 5000, { 0 } },
};

static bool clone_works(void *arg)
{
	long flags = (long)(intptr_t)arg;
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool unshare_works(void *arg)
{
	return unshare((int)(intptr_t)arg) == 0;
}

static bool clone3_works(void *arg)
{
	uint64_t args[11] = { (uint64_t)(uintptr_t)arg, 0, 0, 0, SIGCHLD };
	long pid = syscall(435, args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

/* New namespaces, which an ordinary user gets by way of a user namespace. */
static void a104(char **argv)
{
	static const struct {
		const char *name;
		long flag;
	} kinds[] = {
		{ "user", CLONE_NEWUSER },
		{ "user, mount", CLONE_NEWUSER | CLONE_NEWNS },
		{ "user, pid", CLONE_NEWUSER | CLONE_NEWPID },
		{ "user, net", CLONE_NEWUSER | CLONE_NEWNET },
		{ "user, ipc", CLONE_NEWUSER | CLONE_NEWIPC },
		{ "user, uts", CLONE_NEWUSER | CLONE_NEWUTS },
		{ "user, cgroup", CLONE_NEWUSER | CLONE_NEWCGROUP },
	};
	(void)argv;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		void *flag = (void *)kinds[i].flag;

		in_child(at("unshare", kinds[i].name), unshare_works, flag);
		in_child(at("clone", kinds[i].name), clone_works, flag);
		in_child(at("clone3", kinds[i].name), clone3_works, flag);
	}
	in_child("unshare files", unshare_works, (void *)CLONE_FILES);
	try_all(mounts, COUNT(mounts));
}

static void a105(char **argv)
{
	(void)argv;
	try_all(others, COUNT(others));
}

/* NAME: one call of the list, for the run with its defence removed. */
static void call(char **argv)
{
	for (size_t i = 0; i < COUNT(others); i++)
		if (strcmp(others[i].name, argv[0]) == 0)
			try_all(&others[i], 1);
	for (size_t i = 0; i < COUNT(mounts); i++)
		if (strcmp(mounts[i].name, argv[0]) == 0)
			try_all(&mounts[i], 1);
}

const struct attack attacks_calls[] = {
	{ "A104", a104 },
	{ "A105", a105 },
	{ "call", call },
	{ NULL, NULL },
};
