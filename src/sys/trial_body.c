/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a trial that runs in its child. The child is a copy of a process
 * that may have had other threads, whose locks nobody will ever release: raw
 * system calls only, nothing of libc. The gate `gate-child` checks it.
 *
 * `tried` is written before each call: should a filter answer by killing, the
 * parent still knows on what.
 */
#include "sys/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "sys/privilege.h"
#include "sys/raw.h"
#include "sys/uapi.h"
#include "sys/uapi_seccomp.h"

#define NR_LSM_LIST_MODULES 461
#define CLOSE_HOW (2u | 4u) /* CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC */
#define LOG_SAME_EXEC_OFF 1 /* LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF */
#define LOG_ABI 7
#define DOMAINS_MAX 16 /* LANDLOCK_MAX_NUM_LAYERS */
#define LISTENER_FLAG 8u
#define WAIT_KILLABLE_FLAG 32u
#define NOTIF_SET_FLAGS 0x40082104 /* SECCOMP_IOCTL_NOTIF_SET_FLAGS */
#define NOTIF_SYNC_WAKE_UP 1
#define SIGNAL_GROUP 4 /* PIDFD_SIGNAL_PROCESS_GROUP */
#define WAIT_PIDFD 3   /* P_PIDFD */
#define RLIMIT_CORE_NR 4
#define ADDR_NORANDOM 0x40000
#define SMALL_STACK 4096

/* 0, or the errno of @r, with @what as what was tried. */
static int try_(struct sl_trial *t, enum sl_try what, long r)
{
	t->tried = what;
	t->error = r < 0 ? (int32_t)-r : 0;
	return t->error;
}

#define TRY(t, what, call) ((t)->tried = (what), try_((t), (what), (call)))

static int set_no_new_privs(struct sl_trial *t)
{
	return TRY(t, SL_TRY_NNP,
		   sl_raw5(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

/* ------------------------------------------------ Landlock */

static void landlock(struct sl_trial *t)
{
	long r;

	t->tried = SL_TRY_CREATE;
	r = sl_raw3(SL_NR_landlock_create_ruleset, 0, 0, SL_LL_CREATE_VERSION);
	if (try_(t, SL_TRY_CREATE, r))
		return;
	t->number = r;
	r = sl_raw3(SL_NR_landlock_create_ruleset, 0, 0, SL_LL_CREATE_ERRATA);
	t->list[0] = r > 0 ? (uint64_t)r : 0;
}

static long restrict_self(long fd, int quiet)
{
	return sl_raw2(SL_NR_landlock_restrict_self, fd,
		       quiet ? LOG_SAME_EXEC_OFF : 0);
}

/* A domain that lets nobody list a directory, and as many more of it as the
 * kernel takes. */
static void domain(struct sl_trial *t)
{
	struct sl_ll_ruleset_attr attr = {
		.handled_fs = SL_LL_FS_READ_FILE | SL_LL_FS_READ_DIR,
	};
	struct sl_ll_path_attr rule = { .allowed = SL_LL_FS_READ_FILE };
	int quiet = sl_raw3(SL_NR_landlock_create_ruleset, 0, 0,
			    SL_LL_CREATE_VERSION) >= LOG_ABI;
	long fd, root, r;

	t->tried = SL_TRY_CREATE;
	fd = sl_raw3(SL_NR_landlock_create_ruleset, &attr, 8, 0);
	if (try_(t, SL_TRY_CREATE, fd))
		return;
	root = sl_raw4(SYS_openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0);
	rule.parent_fd = (int32_t)root;
	if (root >= 0 && TRY(t, SL_TRY_ADD,
			     sl_raw4(SL_NR_landlock_add_rule, fd,
				     SL_LL_RULE_PATH_BENEATH, &rule, 0)))
		return;
	if (set_no_new_privs(t) ||
	    TRY(t, SL_TRY_RESTRICT, restrict_self(fd, quiet)))
		return;
	t->tried = SL_TRY_REFUSED;
	r = sl_raw4(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
	if (r != -EACCES) {
		t->error = ENOTSUP;
		return;
	}
	while (t->number < DOMAINS_MAX && restrict_self(fd, quiet) == 0)
		t->number++;
}

/* ------------------------------------------------ seccomp */

#define LOAD(field)                        \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
		 offsetof(struct sl_seccomp_data, field))
#define SKIP_UNLESS(value, count) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))

#if defined(__x86_64__)
#define ARCH SL_AUDIT_ARCH_X86_64
#else
#define ARCH SL_AUDIT_ARCH_AARCH64
#endif

/* getppid(2) of this architecture gets E2BIG, which it never gives itself. */
static long install(unsigned int flags)
{
	struct sock_filter insns[] = {
		LOAD(arch),
		SKIP_UNLESS(ARCH, 3),
		LOAD(nr),
		SKIP_UNLESS(SYS_getppid, 1),
		RETURN(SL_SECCOMP_ERRNO | E2BIG),
		RETURN(SL_SECCOMP_ALLOW),
	};
	struct sock_fprog prog = {
		.len = sizeof(insns) / sizeof(insns[0]),
		.filter = insns,
	};

	return sl_raw3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static void filter(struct sl_trial *t)
{
	if (set_no_new_privs(t) || TRY(t, SL_TRY_SECCOMP, install(0)))
		return;
	t->tried = SL_TRY_FILTERED;
	if (sl_raw0(SYS_getppid) != -E2BIG)
		t->error = ENOTSUP;
}

static void notify(struct sl_trial *t)
{
	long fd;

	if (set_no_new_privs(t))
		return;
	t->tried = SL_TRY_LISTENER;
	fd = install(LISTENER_FLAG | WAIT_KILLABLE_FLAG);
	if (fd >= 0)
		t->number |= SL_NOTIFY_KILLABLE;
	else if (fd == -EINVAL)
		fd = install(LISTENER_FLAG);
	if (try_(t, SL_TRY_LISTENER, fd))
		return;
	if (sl_raw3(SYS_ioctl, fd, NOTIF_SET_FLAGS, NOTIF_SYNC_WAKE_UP) >= 0)
		t->number |= SL_NOTIFY_SYNC;
}

/* ------------------------------------------------ processes, descriptors */

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static void pidfd(struct sl_trial *t)
{
	char stack[SMALL_STACK] __attribute__((aligned(16)));
	int fd = -1;
	long r, pid;

	t->tried = SL_TRY_CLONE_PIDFD;
	pid = sl_raw_clone(CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD |
				   SIGCHLD,
			   stack + sizeof(stack), &fd, 0, nothing, 0);
	if (pid >= 0 && fd < 0)
		pid = -ENOSYS; /* before Linux 5.2 the flag was ignored */
	if (try_(t, SL_TRY_CLONE_PIDFD, pid))
		return;
	if (TRY(t, SL_TRY_PIDFD_SIGNAL,
		sl_raw4(SYS_pidfd_send_signal, fd, 0, 0, 0)))
		return;
	r = sl_raw4(SYS_pidfd_send_signal, fd, 0, 0, SIGNAL_GROUP);
	t->number = r != -EINVAL;
	TRY(t, SL_TRY_PIDFD_WAIT,
	    sl_raw5(SYS_waitid, WAIT_PIDFD, fd, 0, 4 /* WEXITED */, 0));
}

static void close_all(struct sl_trial *t)
{
	TRY(t, SL_TRY_CLOSE_RANGE, sl_raw3(SYS_close_range, 3, ~0u, CLOSE_HOW));
}

static void open_by_openat2(struct sl_trial *t)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_NO_SYMLINKS };

	TRY(t, SL_TRY_OPENAT2,
	    sl_raw4(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how)));
}

/* libc tries clone3(2) first and takes clone(2) only for ENOSYS; any other
 * refusal is its user's. Without arguments a kernel that has it says EINVAL. */
static void thread(struct sl_trial *t)
{
	long r;

	t->tried = SL_TRY_CLONE3;
	r = sl_raw2(SYS_clone3, 0, 0);
	if (r != -ENOSYS && r != -EINVAL)
		try_(t, SL_TRY_CLONE3, r);
}

static void library(struct sl_trial *t)
{
	int pair[2];

	if (TRY(t, SL_TRY_PIDFD_OPEN,
		sl_raw2(SYS_pidfd_open, sl_raw0(SYS_getpid), 0)) ||
	    TRY(t, SL_TRY_MEMFD, sl_raw2(SYS_memfd_create, "trial", 1)))
		return;
	/* AF_UNIX, SOCK_SEQPACKET */
	TRY(t, SL_TRY_SOCKETPAIR, sl_raw4(SYS_socketpair, 1, 5, 0, pair));
}

/* ------------------------------------------------ ids */

static void capabilities(struct sl_trial *t)
{
	uint32_t call;
	long r;

	t->tried = SL_TRY_CAPS_GET;
	t->number = sl_raw0(SYS_geteuid) == 0;
	r = sl_raw_drop_capabilities(&call);
	try_(t, (enum sl_try)(SL_TRY_CAPS_GET + call), r);
}

static void same_addresses(struct sl_trial *t)
{
	long now;

	t->tried = SL_TRY_PERSONALITY;
	now = sl_raw1(SYS_personality, 0xffffffff);
	if (try_(t, SL_TRY_PERSONALITY, now) == 0)
		TRY(t, SL_TRY_PERSONALITY,
		    sl_raw1(SYS_personality, now | ADDR_NORANDOM));
}

static void userns(struct sl_trial *t)
{
	/* Before: afterwards they read as the overflow id. */
	uint32_t uid = (uint32_t)sl_raw0(SYS_geteuid);
	uint32_t gid = (uint32_t)sl_raw0(SYS_getegid);
	uint32_t file;
	long r;

	if (TRY(t, SL_TRY_UNSHARE, sl_raw1(SYS_unshare, CLONE_NEWUSER)))
		return;
	t->tried = SL_TRY_MAP_UID;
	r = sl_raw_map_ids(uid ? 0 : 1000, gid ? 0 : 1000, uid, gid, &file);
	try_(t, (enum sl_try)(SL_TRY_MAP_UID + file), r);
}

static void modules(struct sl_trial *t)
{
	uint32_t size = sizeof(t->list);
	long r;

	t->tried = SL_TRY_MODULES;
	r = sl_raw3(NR_LSM_LIST_MODULES, t->list, &size, 0);
	if (try_(t, SL_TRY_MODULES, r) == 0)
		t->number = r;
}

/* No core file, should a filter kill us. Who cannot dump owns no /proc files,
 * which a user namespace's maps are. */
static void no_core(enum sl_trial_id id)
{
	const uint64_t none[2] = { 0, 0 };

	sl_raw4(SYS_prlimit64, 0, RLIMIT_CORE_NR, none, 0);
	if (id != SL_TRIAL_USERNS)
		sl_raw5(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int sl_trial_main(void *arg)
{
	static void (*const bodies[SL_TRIAL_COUNT])(struct sl_trial * t) = {
		[SL_TRIAL_LANDLOCK] = landlock,
		[SL_TRIAL_DOMAIN] = domain,
		[SL_TRIAL_FILTER] = filter,
		[SL_TRIAL_NOTIFY] = notify,
		[SL_TRIAL_PIDFD] = pidfd,
		[SL_TRIAL_CLOSE] = close_all,
		[SL_TRIAL_OPEN] = open_by_openat2,
		[SL_TRIAL_THREAD] = thread,
		[SL_TRIAL_CAPS] = capabilities,
		[SL_TRIAL_SAME] = same_addresses,
		[SL_TRIAL_USERNS] = userns,
		[SL_TRIAL_LIBRARY] = library,
		[SL_TRIAL_MODULES] = modules,
	};
	struct sl_trial *t = arg;

	no_core((enum sl_trial_id)t->id);
	bodies[t->id](t);
	t->done = 1;
	return 0;
}
