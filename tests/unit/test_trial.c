/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trials on the real kernel: what they call present is exercised here once more
 * by code of the test's own, and what they do leaves no trace on us.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"
#include "sys/host.h"

static struct sl_trial run(enum sl_trial_id id)
{
	struct sl_trial trial;

	sl_trial_run(id, &trial);
	EXPECT_TRUE(trial.done);
	EXPECT_EQ(trial.id, id);
	return trial;
}

static bool works(enum sl_trial_id id)
{
	struct sl_trial trial = run(id);

	return !trial.error && !trial.killed;
}

/* The status of fn() in a child; -1 if a signal ended it. */
static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn());
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

TEST(landlock_is_what_the_kernel_says)
{
	long abi = syscall(444, NULL, 0, 1);
	struct sl_trial trial = run(SL_TRIAL_LANDLOCK);

	if (abi < 0) {
		EXPECT_EQ(trial.error, errno);
		return;
	}
	EXPECT_EQ(trial.error, 0);
	EXPECT_EQ(trial.number, abi);
}

static int enter_domains(void)
{
	struct {
		unsigned long long fs;
	} attr = { 8 }; /* READ_DIR */
	int fd = (int)syscall(444, &attr, sizeof(attr), 0);
	int count = 0;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	while (count < 32 && syscall(446, fd, 0) == 0)
		count++;
	if (count && open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0)
		return 99;
	return count;
}

TEST(the_room_for_domains_is_what_fits)
{
	struct sl_trial trial = run(SL_TRIAL_DOMAIN);
	int fits = in_child(enter_domains);

	EXPECT_EQ(trial.error ? 0 : trial.number + 1, fits);
}

static int refuse_getppid(void)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 4, insns };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		return 1;
	return syscall(SYS_getppid) == -1 && errno == EDOM ? 0 : 2;
}

static int take_listener(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { 1, &allow };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog) < 0;
}

static int enter_user_namespace(void)
{
	char map[64];
	uid_t uid = geteuid();
	int fd, len;

	if (unshare(CLONE_NEWUSER) < 0)
		return 1;
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	len = snprintf(map, sizeof(map), "4242 %u 1", uid);
	if (fd < 0 || write(fd, map, (size_t)len) != len)
		return 2;
	return geteuid() == 4242 ? 0 : 3;
}

static int drop_everything(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { { 0, 0, 0 } };

	return syscall(SYS_capset, &head, none) < 0;
}

static int use_pidfd(void)
{
	int fd = (int)syscall(434, getpid(), 0);

	return fd < 0 || syscall(424, fd, 0, NULL, 0) < 0;
}

static int fix_addresses(void)
{
	return personality(ADDR_NO_RANDOMIZE) < 0 ||
	       !(personality(0xffffffff) & ADDR_NO_RANDOMIZE);
}

static int unshare_table(void)
{
	return syscall(436, 100, ~0u, 2 | 4) < 0;
}

TEST(present_features_work_in_other_hands)
{
	EXPECT_EQ(works(SL_TRIAL_FILTER), in_child(refuse_getppid) == 0);
	EXPECT_EQ(works(SL_TRIAL_NOTIFY), in_child(take_listener) == 0);
	EXPECT_EQ(works(SL_TRIAL_USERNS), in_child(enter_user_namespace) == 0);
	EXPECT_EQ(works(SL_TRIAL_CAPS), in_child(drop_everything) == 0);
	EXPECT_EQ(works(SL_TRIAL_PIDFD), in_child(use_pidfd) == 0);
	EXPECT_EQ(works(SL_TRIAL_CLOSE), in_child(unshare_table) == 0);
	EXPECT_EQ(works(SL_TRIAL_SAME), in_child(fix_addresses) == 0);
	EXPECT_TRUE(works(SL_TRIAL_OPEN));
	EXPECT_TRUE(works(SL_TRIAL_THREAD));
	EXPECT_TRUE(works(SL_TRIAL_LIBRARY));
}

TEST(the_list_of_modules_names_landlock)
{
	struct sl_host host;

	sl_host_look(&host, SL_LOOK_MODULES | SL_TRIAL_BIT(SL_TRIAL_LANDLOCK));
	if (!host.modules[0])
		SKIP("lsm_list_modules (Linux 6.8) or securityfs");
	EXPECT_EQ(strstr(host.modules, "landlock") != NULL,
		  host.trials[SL_TRIAL_LANDLOCK].number > 0);
}

/* ------------------------------------------------ no trace */

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

static void look_at_everything(void)
{
	struct sl_host host;

	sl_host_look(&host, ~0u);
	for (int i = 0; i < SL_TRIAL_COUNT; i++)
		EXPECT_TRUE(host.trials[i].done);
	EXPECT_GT(host.kernel_major, 3);
}

static atomic_int children;

static void count_child(int sig)
{
	(void)sig;
	atomic_fetch_add(&children, 1);
}

TEST(the_caller_is_as_before)
{
	struct sigaction action = { .sa_handler = count_child };
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct before[2], after[2];
	struct rlimit core_before, core_after;
	sigset_t mask_before, mask_after, pending;
	int files = open_files(), persona = personality(0xffffffff), fd;

	sigaction(SIGCHLD, &action, NULL);
	sigaction(SIGSYS, &action, NULL);
	syscall(SYS_capget, &head, before);
	getrlimit(RLIMIT_CORE, &core_before);
	sigprocmask(SIG_SETMASK, NULL, &mask_before);
	look_at_everything();

	EXPECT_EQ(children, 0);
	EXPECT_EQ(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	EXPECT_EQ(errno, ECHILD);
	EXPECT_EQ(open_files(), files);
	EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	EXPECT_EQ(prctl(PR_GET_DUMPABLE), 1);
	EXPECT_EQ(personality(0xffffffff), persona);
	EXPECT_EQ(prctl(PR_GET_SECCOMP), 0);
	syscall(SYS_capget, &head, after);
	EXPECT_EQ(memcmp(before, after, sizeof(before)), 0);
	getrlimit(RLIMIT_CORE, &core_after);
	EXPECT_EQ(core_before.rlim_cur, core_after.rlim_cur);
	sigprocmask(SIG_SETMASK, NULL, &mask_after);
	/* Of a set only the bits of signals mean something. */
	for (int sig = 1; sig < NSIG; sig++)
		EXPECT_EQ(sigismember(&mask_after, sig),
			  sigismember(&mask_before, sig));
	sigpending(&pending);
	EXPECT_FALSE(sigismember(&pending, SIGCHLD));
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT_GE(fd, 0);
	close(fd);
	EXPECT_GT(getppid(), 0);
}

/* A wait of the host's that takes every kind of child must not hang us. */
static atomic_bool stop;

static void *steal_children(void *arg)
{
	while (!stop)
		waitpid(-1, NULL, __WALL);
	return arg;
}

TEST(a_thief_of_children_does_no_harm)
{
	pthread_t thief;

	ASSERT_EQ(pthread_create(&thief, NULL, steal_children, NULL), 0);
	for (int i = 0; i < 20; i++) {
		EXPECT_TRUE(works(SL_TRIAL_OPEN));
		EXPECT_TRUE(works(SL_TRIAL_FILTER));
	}
	stop = true;
	pthread_join(thief, NULL);
}

/* malloc's lock may be held by another thread at the moment of the copy. */
static void *churn(void *arg)
{
	while (!stop)
		free(malloc(4096));
	return arg;
}

TEST(threads_that_hold_locks_do_no_harm)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, churn, NULL), 0);
	for (int i = 0; i < 20; i++)
		look_at_everything();
	stop = true;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* What cannot be tried is said, not taken for granted. */
TEST(without_a_process_nothing_is_present)
{
	struct rlimit before, none;
	struct sl_trial trial;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		SKIP("setresuid");
	ASSERT_EQ(getrlimit(RLIMIT_NPROC, &before), 0);
	none = before;
	none.rlim_cur = 0;
	ASSERT_EQ(setrlimit(RLIMIT_NPROC, &none), 0);
	sl_trial_run(SL_TRIAL_OPEN, &trial);
	/* A leak checker wants a process at the end. */
	ASSERT_EQ(setrlimit(RLIMIT_NPROC, &before), 0);
	EXPECT_EQ(trial.error, EAGAIN);
	EXPECT_EQ(trial.tried, SL_TRY_FORK);
	EXPECT_TRUE(trial.done);
}

TEST(every_call_has_a_name)
{
	for (uint32_t i = 0; i < SL_TRY_COUNT; i++)
		EXPECT_TRUE(strlen(sl_try_name(i)) > 3);
	EXPECT_STREQ(sl_try_name(SL_TRY_COUNT), "?");
}
