/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A supervisor has what its host had when it was started. A thread that gave
 * rights up since must not get them back by a sandbox, whatever policy it asks
 * for: nor a child of that thread, nor one that speaks to the supervisor
 * itself. Each test first starts the supervisor and sees the rights work.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "run/proto.h"
#include "run/recipe.h"
#include "sys/landlock.h"
#include "sys/raw.h"
#include "sys/uapi.h"

/* The leak check at exit traces, which a filter refuses. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

struct place {
	char dir[64], secret[80], loot[80];
};

static void make_place(struct place *p)
{
	int fd;

	snprintf(p->dir, sizeof(p->dir), "/tmp/sandlock-confined.XXXXXX");
	ASSERT_TRUE(mkdtemp(p->dir) != NULL);
	snprintf(p->secret, sizeof(p->secret), "%s/secret", p->dir);
	snprintf(p->loot, sizeof(p->loot), "%s/loot", p->dir);
	fd = open(p->secret, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ASSERT_EQ(write(fd, "secret", 6), 6);
	close(fd);
}

static void remove_place(const struct place *p)
{
	unlink(p->secret);
	unlink(p->loot);
	rmdir(p->loot);
	EXPECT_EQ(rmdir(p->dir), 0);
}

/* What @script says under a policy that grants everything; NULL: no start. */
static char *ask_sandbox(const char *script, sandlock_error *err)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	sandlock_policy *policy;
	char *said = NULL;

	o.stdio[1] = o.stdio[2] = SANDLOCK_STDIO_PIPE;
	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.write", "/", NULL, NULL),
		  0);
	if (sandlock_spawn(policy, &o, &sandbox, err) == 0) {
		ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL),
			  0);
		said = strdup(sandlock_result_output(result, 1, NULL, NULL));
		sandlock_sandbox_free(sandbox);
	}
	sandlock_policy_free(policy);
	return said;
}

/* It started, and said @want. */
static bool says(const char *script, const char *want)
{
	sandlock_error err = { 0 };
	char *said = ask_sandbox(script, &err);
	bool same = said && strcmp(said, want) == 0;

	if (!same)
		printf("# '%s', %s\n", said ? said : "(none)", err.message);
	free(said);
	return same;
}

static void script_for(char *script, size_t len, const char *what,
		       const char *path)
{
	snprintf(script, len, "echo up; out=$(%s %s 2>&1) || exit 0; echo %s",
		 what, path, what);
}

/* A sandbox starts, and cannot do @what to @path. */
static bool held_back(const char *what, const char *path)
{
	char script[256];

	script_for(script, sizeof(script), what, path);
	return says(script, "up\n");
}

static bool works(const char *what, const char *path)
{
	char script[256], want[64];

	script_for(script, sizeof(script), what, path);
	snprintf(want, sizeof(want), "up\n%s\n", what);
	return says(script, want);
}

static void on_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	ASSERT_EQ(pthread_create(&thread, NULL, fn, arg), 0);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
}

/* So that no_new_privs alone does not tell a thread from its siblings. */
static void give_up_privileges(void)
{
	ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
}

/* Programs, and what starts the supervisor; not the secret, not /proc. */
static void confine(bool with_supervisor)
{
	static const char *const paths[] = { "/usr", "?/bin", "?/lib",
					     "?/lib64", "?/etc/ld.so.cache" };
	sandlock_error err = { 0 };
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read",
					      paths[i], NULL, NULL),
			  0);
	if (with_supervisor)
		ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read",
					      getenv("SANDLOCK_SUPERVISOR"),
					      NULL, NULL),
			  0);
	if (sandlock_confine(policy, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	sandlock_policy_free(policy);
}

/* ------------------------------------------------ sandlock_confine() */

static void *spawn_confined(void *arg)
{
	const struct place *p = arg;

	confine(true);
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(held_back("cat", p->secret));
	return NULL;
}

TEST(a_confined_thread_starts_no_wider_sandbox)
{
	struct place p;

	make_place(&p);
	EXPECT_TRUE(works("cat", p.secret));
	on_thread(spawn_confined, &p);
	/* And a free one no narrower one. */
	EXPECT_TRUE(works("cat", p.secret));
	remove_place(&p);
}

static void *fork_confined(void *arg)
{
	const struct place *p = arg;
	int status = -1;
	pid_t pid;

	confine(true);
	pid = fork();
	if (pid == 0)
		_exit(held_back("cat", p->secret) ? 7 : 1);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WEXITSTATUS(status), 7);
	return NULL;
}

TEST(a_child_of_a_confined_thread_starts_no_wider_sandbox)
{
	struct place p;

	make_place(&p);
	EXPECT_TRUE(works("cat", p.secret));
	on_thread(fork_confined, &p);
	remove_place(&p);
}

static void *spawn_without_supervisor(void *arg)
{
	sandlock_error err = { 0 };

	confine(false);
	EXPECT_TRUE(ask_sandbox("echo up", &err) == NULL);
	EXPECT_EQ(err.code, -EACCES);
	EXPECT_HAS(err.message, getenv("SANDLOCK_SUPERVISOR"));
	EXPECT_HAS(err.message, "read grant");
	return arg;
}

TEST(a_thread_without_a_grant_for_the_supervisor_is_told)
{
	EXPECT_TRUE(says("echo up", "up\n"));
	on_thread(spawn_without_supervisor, NULL);
	EXPECT_TRUE(says("echo up", "up\n"));
}

/* ------------------------------------------------ speaking to it directly */

/* The library's end of the control socket: a seqpacket socket without a name
 * that was there before we opened any. */
static int find_control(void)
{
	for (int fd = 3; fd < 1024; fd++) {
		int type = 0;
		socklen_t len = sizeof(type);

		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
		    type == SOCK_SEQPACKET)
			return fd;
	}
	return -1;
}

static int send_recipe(int control, const struct sl_launch *launch)
{
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_RECIPE_BYTES);
	struct sl_proto_spawn msg = { 0, 0 };
	char space[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec iov = { &msg, sizeof(msg) };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = space,
			     .msg_controllen = sizeof(space) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);
	int pair[2], fds[2];

	if (sl_recipe_encode(launch, &buf) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	fds[0] = pair[1];
	fds[1] = memfd_create("recipe", MFD_CLOEXEC);
	if (write(fds[1], buf.data, buf.len) != (ssize_t)buf.len)
		return -1;
	msg.recipe_len = (uint32_t)buf.len;
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cm), fds, sizeof(fds));
	if (sendmsg(control, &mh, MSG_NOSIGNAL) < 0)
		return -1;
	close(pair[1]);
	return pair[0];
}

static struct sl_launch unconfined_launch(const char *const *argv)
{
	static const char *const envp[] = { "PATH=/usr/bin:/bin", NULL };
	struct sl_launch launch = { .flags = SL_LAUNCH_UNCONFINED,
				    .path = argv[0],
				    .argv = argv,
				    .envp = envp };

	for (int i = 0; i < SL_FD_COUNT; i++)
		launch.fds[i] = -1;
	return launch;
}

/* What the supervisor answers to an order to make @loot; 0: not a word. */
static uint32_t order_loot(int control, const char *loot)
{
	char script[128];
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	struct sl_launch launch = unconfined_launch(argv);
	struct sl_proto_event event = { .kind = 0 };
	int sock;

	snprintf(script, sizeof(script), "echo out >%s", loot);
	sock = send_recipe(control, &launch);
	if (sock < 0)
		return UINT32_MAX;
	while (recv(sock, &event, sizeof(event), 0) == sizeof(event))
		;
	return event.kind;
}

/* A fork that the library's own handlers do not see. */
static pid_t bare_fork(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void *speak_to_the_supervisor(void *arg)
{
	const struct place *p = arg;
	int control = find_control(), status = -1;
	pid_t pid;

	ASSERT_GE(control, 0);
	confine(true);
	pid = bare_fork();
	if (pid == 0)
		_exit(order_loot(control, p->loot) ? 1 : 7);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WEXITSTATUS(status), 7);
	EXPECT_EQ(access(p->loot, F_OK), -1);
	return NULL;
}

TEST(a_child_is_not_heard_by_its_parents_supervisor)
{
	struct place p;

	make_place(&p);
	EXPECT_TRUE(works("cat", p.secret));
	on_thread(speak_to_the_supervisor, &p);
	EXPECT_TRUE(works("cat", p.secret)); /* the host itself still is */
	remove_place(&p);
}

TEST(no_supervisor_starts_anything_unconfined)
{
	struct place p;

	make_place(&p);
	EXPECT_TRUE(works("cat", p.secret));
	EXPECT_EQ(order_loot(find_control(), p.loot), SL_PROTO_FAILED);
	EXPECT_EQ(access(p.loot, F_OK), -1);
	remove_place(&p);
}

TEST(fork_closes_the_socket_of_the_parents_supervisor)
{
	pid_t pid;
	int status = -1;

	EXPECT_TRUE(says("echo up", "up\n"));
	EXPECT_GE(find_control(), 0);
	pid = fork();
	if (pid == 0)
		_exit(find_control() < 0 ? 7 : 1);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WEXITSTATUS(status), 7);
}

/* ------------------------------------------------ what a host does itself */

/* Landlock alone, by hand: no filter, no_new_privs as before. */
static void *restrict_self(void *arg)
{
	const char *const paths[] = { "/usr",  "/bin",
				      "/lib",  "/lib64",
				      "/proc", "/dev",
				      "/etc",  getenv("SANDLOCK_SUPERVISOR") };
	const struct place *p = arg;
	int ruleset = sl_ll_create(SL_LL_FS_READ_FILE, 0, 0, 1);

	ASSERT_GE(ruleset, 0);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int fd = open(paths[i], O_PATH | O_CLOEXEC);

		if (fd < 0)
			continue;
		ASSERT_EQ(sl_ll_add_path(ruleset, fd, SL_LL_FS_READ_FILE), 0);
		close(fd);
	}
	ASSERT_EQ(sl_raw2(SL_NR_landlock_restrict_self, ruleset, 0), 0);
	close(ruleset);
	EXPECT_TRUE(held_back("cat", p->secret));
	return NULL;
}

TEST(a_domain_of_the_hosts_own_holds)
{
	struct place p;

	make_place(&p);
	give_up_privileges();
	EXPECT_TRUE(works("cat", p.secret));
	on_thread(restrict_self, &p);
	remove_place(&p);
}

static void deny_call(long nr, long nr_at)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr_at, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 5, insns };

	ASSERT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), 0);
}

#ifdef SYS_mkdir
#define NR_MKDIR SYS_mkdir
#define NR_UNLINK SYS_unlink
#else
#define NR_MKDIR SYS_mkdirat
#define NR_UNLINK SYS_unlinkat
#endif

static void *without_mkdir(void *arg)
{
	const struct place *p = arg;

	deny_call(NR_MKDIR, SYS_mkdirat);
	EXPECT_TRUE(held_back("mkdir", p->loot));
	return NULL;
}

static void *without_unlink(void *arg)
{
	const struct place *p = arg;

	deny_call(NR_UNLINK, SYS_unlinkat);
	EXPECT_TRUE(held_back("rm", p->secret));
	EXPECT_TRUE(works("mkdir", p->loot));
	return NULL;
}

TEST(a_filter_of_the_hosts_own_holds)
{
	struct place p;

	make_place(&p);
	give_up_privileges();
	EXPECT_TRUE(works("cat", p.secret));
	on_thread(without_mkdir, &p);
	/* As many filters, but another one. */
	on_thread(without_unlink, &p);
	EXPECT_TRUE(works("rm", p.secret));
	remove_place(&p);
}

/* The first filter of a process is not everybody's because it is the first. */
TEST(a_filter_from_before_the_first_spawn_holds)
{
	struct place p;

	make_place(&p);
	give_up_privileges();
	on_thread(without_mkdir, &p);
	on_thread(without_unlink, &p);
	remove_place(&p);
}

/* With the same /proc inside, which tells of no change. */
static void make_jail(const struct place *p, char *sh, size_t len)
{
	char path[128];
	int fd;

	ASSERT_EQ(unshare(CLONE_NEWNS), 0);
	ASSERT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	snprintf(path, sizeof(path), "%s/proc", p->dir);
	ASSERT_EQ(mkdir(path, 0755), 0);
	ASSERT_EQ(mount("/proc", path, NULL, MS_BIND | MS_REC, NULL), 0);
	/* There is a program of that name, and no supervisor. */
	snprintf(path, sizeof(path), "%s/bin", p->dir);
	ASSERT_EQ(mkdir(path, 0755), 0);
	snprintf(sh, len, "%s/bin/sh", p->dir);
	fd = open(sh, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	ASSERT_GE(fd, 0);
	close(fd);
}

static void remove_jail(const struct place *p, const char *sh)
{
	char path[128];

	unlink(sh);
	snprintf(path, sizeof(path), "%s/bin", p->dir);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/proc", p->dir);
	umount2(path, MNT_DETACH);
	rmdir(path);
}

TEST(another_root_directory_gets_no_supervisor_from_outside)
{
	sandlock_error err = { 0 };
	struct place p;
	char sh[128];
	int fd;

	if (geteuid() != 0)
		return; /* nobody else may chroot() */
	make_place(&p);
	make_jail(&p, sh, sizeof(sh));
	EXPECT_TRUE(works("cat", p.secret));
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ASSERT_EQ(chroot(p.dir) | chdir("/"), 0);
	EXPECT_TRUE(ask_sandbox("echo up", &err) == NULL);
	EXPECT_HAS(err.message, "cannot start the supervisor");
	ASSERT_EQ(fchdir(fd), 0);
	ASSERT_EQ(chroot("."), 0);
	close(fd);
	EXPECT_TRUE(works("cat", p.secret));
	remove_jail(&p, sh);
	remove_place(&p);
}
