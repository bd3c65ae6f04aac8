/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandlock_confine() on the real kernel. The confined thread is one of the
 * test's own and never its first, so that what stays free is seen as well, and
 * can clean up. Long because each case is a thread of its own with its setting.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The leak check at exit traces, which a filter refuses. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static sandlock_policy *new_policy(void)
{
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	return policy;
}

static void give(sandlock_policy *policy, const char *key, const char *value)
{
	sandlock_error err = { 0 };

	if (sandlock_policy_set(policy, key, value, NULL, &err) == 0)
		return;
	printf("# %s\n", err.message);
	th_abort();
}

static void confine(const sandlock_policy *policy)
{
	sandlock_error err = { 0 };

	if (sandlock_confine(policy, &err) == 0)
		return;
	printf("# %s\n", err.message);
	th_abort();
}

/* 0, or the errno of opening @path. */
static int open_errno(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static bool is_free(void)
{
	return open_errno("/etc/passwd", O_RDONLY) == 0 &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

struct dirs {
	char top[64], in[80], out[80], file_in[96], file_out[96];
};

static void make_dirs(struct dirs *d)
{
	snprintf(d->top, sizeof(d->top), "/tmp/sandlock-confine.XXXXXX");
	ASSERT_TRUE(mkdtemp(d->top) != NULL);
	snprintf(d->in, sizeof(d->in), "%s/in", d->top);
	snprintf(d->out, sizeof(d->out), "%s/out", d->top);
	ASSERT_EQ(mkdir(d->in, 0700) | mkdir(d->out, 0700), 0);
	snprintf(d->file_in, sizeof(d->file_in), "%s/file", d->in);
	snprintf(d->file_out, sizeof(d->file_out), "%s/file", d->out);
	ASSERT_EQ(open_errno(d->file_in, O_CREAT | O_WRONLY), 0);
	ASSERT_EQ(open_errno(d->file_out, O_CREAT | O_WRONLY), 0);
}

static void remove_dirs(const struct dirs *d)
{
	unlink(d->file_in);
	unlink(d->file_out);
	rmdir(d->in);
	rmdir(d->out);
	EXPECT_EQ(rmdir(d->top), 0);
}

static void on_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	ASSERT_EQ(pthread_create(&thread, NULL, fn, arg), 0);
	ASSERT_EQ(pthread_join(thread, NULL), 0);
}

/* ------------------------------------------------ what holds */

static void *files_of_a_thread(void *arg)
{
	const struct dirs *d = arg;
	sandlock_policy *policy = new_policy();
	char path[128];

	give(policy, "filesystem.read", d->out);
	give(policy, "filesystem.write", d->in);
	confine(policy);
	sandlock_policy_free(policy);

	EXPECT_EQ(open_errno(d->file_in, O_RDWR), 0);
	snprintf(path, sizeof(path), "%s/new", d->in);
	EXPECT_EQ(open_errno(path, O_CREAT | O_WRONLY), 0);
	EXPECT_EQ(unlink(path), 0);
	EXPECT_EQ(open_errno(d->file_out, O_RDONLY), 0);
	EXPECT_EQ(open_errno(d->file_out, O_WRONLY), EACCES);
	EXPECT_EQ(truncate(d->file_out, 0), -1);
	EXPECT_EQ(unlink(d->file_out), -1);
	EXPECT_EQ(open_errno("/etc/passwd", O_RDONLY), EACCES);
	EXPECT_EQ(open_errno(d->top, O_RDONLY), EACCES);
	return NULL;
}

TEST(only_granted_files_can_be_opened)
{
	struct dirs d;

	make_dirs(&d);
	on_thread(files_of_a_thread, &d);
	EXPECT_TRUE(is_free()); /* this thread */
	EXPECT_EQ(open_errno(d.file_out, O_WRONLY), 0);
	remove_dirs(&d);
}

static void *state_of_a_thread(void *arg)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2];
	sandlock_policy *policy = new_policy();

	confine(policy);
	sandlock_policy_free(policy);
	EXPECT_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	EXPECT_EQ(prctl(PR_GET_SECCOMP), SECCOMP_MODE_FILTER);
	ASSERT_EQ(syscall(SYS_capget, &head, caps), 0);
	EXPECT_EQ(caps[0].effective | caps[0].permitted | caps[0].inheritable |
			  caps[1].effective | caps[1].permitted |
			  caps[1].inheritable,
		  0);
	if (geteuid() == 0) /* else it was not ours to drop */
		EXPECT_EQ(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN), 0);
	/* The filter, by what Landlock knows nothing of. */
	EXPECT_EQ(socket(AF_UNIX, SOCK_STREAM, 0), -1);
	EXPECT_EQ(errno, EAFNOSUPPORT);
	EXPECT_EQ(socket(AF_INET, SOCK_DGRAM, 0), -1);
	EXPECT_EQ(syscall(SYS_io_uring_setup, 1, NULL), -1);
	EXPECT_EQ(errno, EPERM);
	return arg;
}

TEST(filter_privileges_and_capabilities)
{
	on_thread(state_of_a_thread, NULL);
	EXPECT_EQ(prctl(PR_GET_SECCOMP), 0);
	EXPECT_TRUE(is_free());
}

struct ports {
	uint16_t granted, other;
};

static int listening(uint16_t *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT_GE(sock, 0);
	ASSERT_EQ(bind(sock, (struct sockaddr *)&at, len), 0);
	ASSERT_EQ(listen(sock, 8), 0);
	ASSERT_EQ(getsockname(sock, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return sock;
}

static int connect_errno(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = connect(sock, (struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;

	close(sock);
	return r;
}

static void *network_of_a_thread(void *arg)
{
	const struct ports *ports = arg;
	sandlock_policy *policy = new_policy();
	char rule[32];
	int sock;

	snprintf(rule, sizeof(rule), "tcp://:%u", ports->granted);
	give(policy, "network.allow", rule);
	confine(policy);
	sandlock_policy_free(policy);
	EXPECT_EQ(connect_errno(ports->granted), 0);
	EXPECT_EQ(connect_errno(ports->other), EACCES);
	sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT_EQ(listen(sock, 1), -1); /* on a free port */
	close(sock);
	return NULL;
}

TEST(only_granted_ports_can_be_reached)
{
	struct ports ports;
	int granted = listening(&ports.granted), other = listening(&ports.other);

	on_thread(network_of_a_thread, &ports);
	EXPECT_EQ(connect_errno(ports.other), 0);
	close(granted);
	close(other);
}

static void *signals_of_a_thread(void *arg)
{
	sandlock_policy *policy = new_policy();
	const pid_t *outside = arg;
	pid_t inside;
	int status;

	confine(policy);
	sandlock_policy_free(policy);
	EXPECT_EQ(kill(*outside, 0), -1);
	EXPECT_EQ(errno, EPERM);
	EXPECT_EQ(kill(getpid(), 0), 0);
	inside = fork();
	if (inside == 0) {
		pause();
		_exit(0);
	}
	EXPECT_EQ(kill(inside, SIGKILL), 0);
	EXPECT_EQ(waitpid(inside, &status, 0), inside);
	return NULL;
}

TEST(signals_stay_inside)
{
	pid_t outside = fork();

	if (outside == 0) {
		pause();
		_exit(0);
	}
	on_thread(signals_of_a_thread, &outside);
	EXPECT_EQ(kill(outside, SIGKILL), 0);
	EXPECT_EQ(waitpid(outside, NULL, 0), outside);
}

/* ------------------------------------------------ who inherits it */

static void *expect_confined(void *arg)
{
	EXPECT_EQ(open_errno("/etc/passwd", O_RDONLY), EACCES);
	return arg;
}

static void *heirs_of_a_thread(void *arg)
{
	sandlock_policy *policy = new_policy();
	int status = -1;
	pid_t pid;

	give(policy, "filesystem.read", "/usr");
	give(policy, "filesystem.read", "?/bin");
	give(policy, "filesystem.read", "?/lib");
	give(policy, "filesystem.read", "?/lib64");
	confine(policy);
	sandlock_policy_free(policy);
	on_thread(expect_confined, NULL);
	pid = fork();
	if (pid == 0)
		_exit(open_errno("/etc/passwd", O_RDONLY) == EACCES ? 7 : 1);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WEXITSTATUS(status), 7);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c",
		      "exec 2>&-; read x </etc/passwd && exit 1; exit 8", NULL);
		_exit(2);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WEXITSTATUS(status), 8);
	return arg;
}

TEST(threads_children_and_programs_inherit_it)
{
	on_thread(heirs_of_a_thread, NULL);
	EXPECT_TRUE(is_free());
}

struct crowd {
	pthread_barrier_t confined;
	int free_threads;
};

static void *bystander(void *arg)
{
	struct crowd *crowd = arg;

	pthread_barrier_wait(&crowd->confined);
	if (is_free())
		__atomic_add_fetch(&crowd->free_threads, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void *confine_in_a_crowd(void *arg)
{
	struct crowd *crowd = arg;
	sandlock_policy *policy = new_policy();

	confine(policy);
	sandlock_policy_free(policy);
	pthread_barrier_wait(&crowd->confined);
	return expect_confined(NULL);
}

TEST(other_threads_stay_free)
{
	struct crowd crowd = { .free_threads = 0 };
	pthread_t threads[40];

	ASSERT_EQ(pthread_barrier_init(&crowd.confined, NULL, 40), 0);
	for (int i = 0; i < 40; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL,
					 i % 4 ? bystander : confine_in_a_crowd,
					 &crowd),
			  0);
	for (int i = 0; i < 40; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(crowd.free_threads, 30);
}

TEST(a_forked_host_can_confine_itself)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		sandlock_policy *policy = new_policy();

		confine(policy);
		_exit(open_errno("/etc/passwd", O_RDONLY) == EACCES ? 7 : 1);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WEXITSTATUS(status), 7);
	EXPECT_TRUE(is_free());
}

/* ------------------------------------------------ several times */

static void *sixteen_layers(void *arg)
{
	sandlock_policy *policy = new_policy();
	sandlock_error err = { 0 };
	int layers = 0, r;

	give(policy, "filesystem.read", "/etc");
	/* An outer sandbox may have used some of the kernel's 16. */
	while ((r = sandlock_confine(policy, &err)) == 0 && layers < 20)
		layers++;
	EXPECT_GT(layers, 1);
	EXPECT_LE(layers, 16);
	EXPECT_EQ(r, -E2BIG);
	EXPECT_HAS(err.message, "16");
	EXPECT_HAS(err.message, "as it was");
	EXPECT_EQ(open_errno("/etc/passwd", O_RDONLY), 0);
	EXPECT_EQ(open_errno("/usr", O_RDONLY), EACCES);
	sandlock_policy_free(policy);
	return arg;
}

TEST(the_seventeenth_layer_is_refused)
{
	on_thread(sixteen_layers, NULL);
}

static void *narrower_and_wider(void *arg)
{
	const struct dirs *d = arg;
	sandlock_policy *policy = new_policy();

	give(policy, "filesystem.write", d->in);
	confine(policy);
	give(policy, "filesystem.write", "/");
	confine(policy);
	EXPECT_EQ(open_errno(d->file_in, O_RDWR), 0);
	EXPECT_EQ(open_errno(d->file_out, O_RDONLY), EACCES);
	sandlock_policy_free(policy);
	return NULL;
}

TEST(a_second_policy_gives_nothing_back)
{
	struct dirs d;

	make_dirs(&d);
	on_thread(narrower_and_wider, &d);
	remove_dirs(&d);
}

/* ------------------------------------------------ what is refused */

static const char *sample_of(const sandlock_key *key)
{
	switch (key->type) {
	case SANDLOCK_TYPE_BOOL:
		return "true";
	case SANDLOCK_TYPE_MAP:
		return "A=b";
	case SANDLOCK_TYPE_PATH:
		return "/";
	case SANDLOCK_TYPE_LIST:
		return "0";
	case SANDLOCK_TYPE_STRING:
		return strcmp(key->name, "program.user") == 0 ? "7:7" : "a";
	case SANDLOCK_TYPE_SIZE:
		return "1G";
	default:
		return "10";
	}
}

/* Whatever row is added to the table. */
TEST(other_keys_are_refused_by_name)
{
	sandlock_key key = { .size = sizeof(key) };
	int refused = 0;

	for (size_t i = 0; sandlock_key_at(i, &key) == 0; i++) {
		sandlock_policy *policy = new_policy();
		sandlock_error err = { 0 };

		if ((key.flags & SANDLOCK_KEY_CONFINE) ||
		    !(key.flags & SANDLOCK_KEY_POLICY) ||
		    !(key.flags & SANDLOCK_KEY_AVAILABLE)) {
			sandlock_policy_free(policy);
			continue;
		}
		if (sandlock_policy_set(policy, key.name, sample_of(&key),
					"the origin", &err) < 0) {
			printf("# %s\n", err.message);
			th_abort();
		}
		EXPECT_EQ(sandlock_confine(policy, &err), -EINVAL);
		EXPECT_EQ(err.stage, SANDLOCK_STAGE_CHECK);
		EXPECT_HAS(err.message, key.name);
		EXPECT_HAS(err.message, "the origin");
		EXPECT_TRUE(is_free());
		sandlock_policy_free(policy);
		refused++;
	}
	EXPECT_GE(refused, 12);
}

TEST(every_refused_key_of_a_profile_is_named_with_its_place)
{
	static const char text[] =
		"[limits]\ntimeout = \"2m\"\nopen_files = 9\n"
		"[program]\nexec = \"make\"\n";
	sandlock_policy *policy = new_policy();
	sandlock_error err = { 0 };

	ASSERT_EQ(sandlock_policy_parse(policy, text, sizeof(text) - 1,
					"p.toml", &err),
		  0);
	EXPECT_EQ(sandlock_confine(policy, &err), -EINVAL);
	EXPECT_HAS(err.message, "limits.timeout (p.toml:2");
	EXPECT_HAS(err.message, "limits.open_files (p.toml:3");
	EXPECT_HAS(err.message, "program.exec (p.toml:5");
	EXPECT_TRUE(is_free());
	EXPECT_EQ(sandlock_confine(NULL, &err), -EINVAL);
	EXPECT_EQ(sandlock_confine(policy, NULL), -EINVAL);
	sandlock_policy_free(policy);
}

static void *with_preset_base(void *arg)
{
	sandlock_policy *policy = new_policy();

	/* It wishes for a private /tmp and the grant of a command. */
	ASSERT_EQ(sandlock_policy_load(policy, "base", NULL), 0);
	confine(policy);
	EXPECT_EQ(open_errno("/usr/bin", O_RDONLY), 0);
	EXPECT_EQ(open_errno("/tmp", O_RDONLY), EACCES);
	sandlock_policy_free(policy);
	return arg;
}

TEST(wishes_of_a_preset_give_way)
{
	on_thread(with_preset_base, NULL);
}

TEST(a_failure_leaves_the_thread_as_it_was)
{
	sandlock_policy *policy = new_policy();
	sandlock_error err = { 0 };
	cpu_set_t before, after;

	give(policy, "filesystem.read", "/nonexistent/x");
	EXPECT_EQ(sandlock_confine(policy, &err), -ENOENT);
	EXPECT_HAS(err.message, "/nonexistent/x");
	EXPECT_TRUE(is_free());
	sandlock_policy_free(policy);

	policy = new_policy();
	ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
	give(policy, "limits.cpu_cores", "1000"); /* not that many here */
	EXPECT_EQ(sandlock_confine(policy, &err), -EINVAL);
	EXPECT_HAS(err.message, "limits.cpu_cores");
	EXPECT_HAS(err.message, "as it was");
	ASSERT_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
	EXPECT_TRUE(CPU_EQUAL(&before, &after));
	EXPECT_TRUE(is_free());
	sandlock_policy_free(policy);
}

static int first_cpu(void)
{
	cpu_set_t set;
	int cpu = 0;

	ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	return cpu;
}

static void *on_one_core(void *arg)
{
	sandlock_policy *policy = new_policy();
	cpu_set_t set;
	char text[16];

	snprintf(text, sizeof(text), "%d", first_cpu());
	give(policy, "limits.cpu_cores", text);
	confine(policy);
	sandlock_policy_free(policy);
	ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	EXPECT_EQ(CPU_COUNT(&set), 1);
	CPU_SET(0, &set);
	CPU_SET(1, &set);
	EXPECT_EQ(sched_setaffinity(0, sizeof(set), &set), -1);
	return arg;
}

TEST(a_thread_stays_on_its_cores)
{
	cpu_set_t before, after;

	ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
	on_thread(on_one_core, NULL);
	ASSERT_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
	EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

/* ------------------------------------------------ refused half-way */

/* A filter of the host's own on call @nr; listener, or -1. */
static int trap(uint32_t nr, uint32_t action, unsigned int flags)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 4, insns };

	EXPECT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static void *under_an_outer_filter(void *arg)
{
	sandlock_policy *policy = new_policy();
	sandlock_error err = { 0 };

	ASSERT_EQ(trap(SYS_seccomp, SECCOMP_RET_ERRNO | EPERM, 0), 0);
	EXPECT_EQ(sandlock_confine(policy, &err), -EPERM);
	EXPECT_HAS(err.message, "seccomp");
	EXPECT_HAS(err.message, "as it was");
	/* Not even Landlock, which would have come before. */
	EXPECT_EQ(open_errno("/etc/passwd", O_RDONLY), 0);
	sandlock_policy_free(policy);
	return arg;
}

TEST(a_refusal_is_met_in_the_rehearsal)
{
	on_thread(under_an_outer_filter, NULL);
}

static void *under_a_killing_filter(void *arg)
{
	struct rlimit none = { 0, 0 };
	sandlock_policy *policy = new_policy();
	sandlock_error err = { 0 };

	setrlimit(RLIMIT_CORE, &none);
	/* landlock_restrict_self(2), on every architecture */
	ASSERT_EQ(trap(446, SECCOMP_RET_KILL_PROCESS, 0), 0);
	EXPECT_EQ(sandlock_confine(policy, &err), -ECANCELED);
	EXPECT_HAS(err.message, "as it was");
	sandlock_policy_free(policy);
	return arg;
}

TEST(a_killing_filter_is_met_in_the_rehearsal)
{
	on_thread(under_a_killing_filter, NULL);
}

struct referee {
	int listener;
	int calls;
};

/* Lets the first seccomp(2) pass and refuses the second. */
static void *judge_calls(void *arg)
{
	struct referee *referee = arg;
	struct seccomp_notif ask;

	for (; referee->calls < 2; referee->calls++) {
		struct seccomp_notif_resp say = { 0 };

		memset(&ask, 0, sizeof(ask));
		if (ioctl(referee->listener, SECCOMP_IOCTL_NOTIF_RECV, &ask) < 0)
			return NULL;
		say.id = ask.id;
		if (referee->calls == 0)
			say.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		else
			say.error = -EPERM;
		ioctl(referee->listener, SECCOMP_IOCTL_NOTIF_SEND, &say);
	}
	return NULL;
}

static void *refused_half_way(void *arg)
{
	struct referee *referee = arg;
	sandlock_policy *policy = new_policy();
	sandlock_error err = { 0 };
	int fd = trap(SYS_seccomp, SECCOMP_RET_USER_NOTIF,
		      SECCOMP_FILTER_FLAG_NEW_LISTENER);

	ASSERT_GE(fd, 0);
	__atomic_store_n(&referee->listener, fd, __ATOMIC_RELEASE);
	EXPECT_EQ(sandlock_confine(policy, &err), -ENOTRECOVERABLE);
	EXPECT_HAS(err.message, "in part");
	EXPECT_HAS(err.message, "seccomp");
	EXPECT_EQ(open_errno("/etc/passwd", O_RDONLY), EACCES);
	sandlock_policy_free(policy);
	return NULL;
}

TEST(half_way_has_an_error_of_its_own)
{
	struct referee referee = { -1, 0 };
	pthread_t confined, judge;

	ASSERT_EQ(pthread_create(&confined, NULL, refused_half_way, &referee), 0);
	while (__atomic_load_n(&referee.listener, __ATOMIC_ACQUIRE) < 0)
		sched_yield();
	ASSERT_EQ(pthread_create(&judge, NULL, judge_calls, &referee), 0);
	pthread_join(confined, NULL);
	pthread_join(judge, NULL);
	EXPECT_EQ(referee.calls, 2);
	close(referee.listener);
}

/* ------------------------------------------------ the host */

static int open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void *confine_once(void *arg)
{
	confine(arg);
	return NULL;
}

static int wait_any_errno(void)
{
	return waitpid(-1, NULL, WNOHANG | __WALL) < 0 ? errno : 0;
}

TEST(nothing_is_left_behind)
{
	sandlock_policy *policy = new_policy();
	int before = open_descriptors();

	give(policy, "filesystem.read", "/");
	for (int i = 0; i < 50; i++)
		on_thread(confine_once, policy);
	EXPECT_EQ(open_descriptors(), before);
	EXPECT_EQ(wait_any_errno(), ECHILD);
	sandlock_policy_free(policy);
}

/* The rehearsal must end though the policy lets nothing end. */
static void *without_an_exit(void *arg)
{
	sandlock_policy *policy = new_policy();

	give(policy, "syscalls.extra_deny", "exit_group");
	give(policy, "syscalls.extra_deny", "kill");
	confine(policy);
	sandlock_policy_free(policy);
	return arg;
}

TEST(a_policy_that_denies_ending_is_rehearsed)
{
	on_thread(without_an_exit, NULL);
}
