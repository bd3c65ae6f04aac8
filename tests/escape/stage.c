/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the stage and compares it with what it was. Nothing is run here. */
#include "stage.h"
#include "harness/harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(expr)                                                          \
	do {                                                                \
		if (!(expr)) {                                              \
			th_fail(__FILE__, __LINE__, "stage: %s: %s", #expr, \
				strerror(errno));                           \
			th_abort();                                         \
		}                                                           \
	} while (0)

const char *stage_sandlock(void)
{
	const char *path = getenv("SANDLOCK");

	if (!path) {
		th_fail(__FILE__, __LINE__, "SANDLOCK names no program");
		th_abort();
	}
	return path;
}

const char *stage_attack(void)
{
	const char *path = getenv("SANDLOCK_ATTACK");

	if (!path) {
		th_fail(__FILE__, __LINE__, "SANDLOCK_ATTACK names no program");
		th_abort();
	}
	return path;
}

static void write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* As a user: a user namespace in which we keep our own numbers. */
static bool enter_user_namespace(int flags)
{
	unsigned int uid = geteuid(), gid = getegid();
	char text[64];

	if (unshare(flags | CLONE_NEWUSER) < 0)
		return false;
	snprintf(text, sizeof(text), "%u %u 1", uid, uid);
	write_map("/proc/self/uid_map", text);
	write_map("/proc/self/setgroups", "deny");
	snprintf(text, sizeof(text), "%u %u 1", gid, gid);
	write_map("/proc/self/gid_map", text);
	return true;
}

bool stage_isolate(bool always)
{
	int flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC, status;
	bool root = geteuid() == 0;
	pid_t pid;

	if (getpid() == 1 ||
	    (!always && (!root || getenv("SANDLOCK_TEST_HOST_PIDS"))))
		return true;
	if (root ? unshare(flags) < 0 : !enter_user_namespace(flags))
		return false;
	fflush(NULL);
	pid = fork();
	MUST(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
		MUST(mount("proc", "/proc", "proc", 0, NULL) == 0);
		return true;
	}
	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	MUST(fd >= 0);
	MUST(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void copy_program(const char *to, mode_t mode)
{
	int in = open(stage_attack(), O_RDONLY | O_CLOEXEC);
	int out = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t n;

	MUST(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		MUST(write(out, buf, (size_t)n) == n);
	/* As root, a file that would turn its runner into nobody. */
	if (mode & S_ISUID && geteuid() == 0)
		MUST(fchown(out, 65534, 65534) == 0);
	MUST(fchmod(out, mode) == 0);
	close(in);
	close(out);
}

static void make_files(struct stage *s)
{
	const char *name;

	snprintf(s->root, sizeof(s->root), "/tmp/sl-escape-XXXXXX");
	MUST(mkdtemp(s->root));
	name = strrchr(s->root, '/') + 1;
	snprintf(s->name, sizeof(s->name), "%s", name);
	snprintf(s->canary, sizeof(s->canary), "CANARY-%s\n", name);
	s->shm_key = 0x5a000000 | (int)(strtoul(name + 10, NULL, 36) & 0xffffff);
	snprintf(s->out, sizeof(s->out), "%s/out", s->root);
	snprintf(s->ro, sizeof(s->ro), "%s/ro", s->root);
	snprintf(s->work, sizeof(s->work), "%s/work", s->root);
	MUST(mkdir(s->out, 0755) == 0 && mkdir(s->ro, 0755) == 0 &&
	     mkdir(s->work, 0755) == 0 && chmod(s->root, 0755) == 0);
	snprintf(s->secret, sizeof(s->secret), "%s/secret", s->out);
	put(s->out, "secret", s->canary);
	put(s->out, "other", "other\n");
	put(s->out, "append", "append\n");
	put(s->out, "unlink", "unlink\n");
	put(s->out, "unlinkat", "unlinkat\n");
	put(s->ro, "file", "read only\n");
	put(s->work, "plain", "plain\n");
	snprintf(s->program, sizeof(s->program), "%s/rmdir", s->out);
	MUST(mkdir(s->program, 0755) == 0);
	snprintf(s->program, sizeof(s->program), "%s/rmdirat", s->out);
	MUST(mkdir(s->program, 0755) == 0);
	snprintf(s->program, sizeof(s->program), "%s/program", s->out);
	copy_program(s->program, 0755);
	snprintf(s->setuid, sizeof(s->setuid), "%s/setuid", s->ro);
	copy_program(s->setuid, 04755);
	snprintf(s->shm_path, sizeof(s->shm_path), "/dev/shm/%s", name);
	put("/dev/shm", name, s->canary);
}

static int tcp_listener(int family, int *port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)*port),
				  .sin_addr.s_addr = htonl(INADDR_ANY) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)*port),
				   .sin6_addr = in6addr_loopback };
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
	int one = 1;

	/* 127/8 as a whole, so that every spelling would arrive. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) < 0)
		v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, family == AF_INET ? (void *)&v4 : (void *)&v6, len) < 0 ||
	    listen(fd, 64) < 0) {
		close(fd);
		return -1;
	}
	if (!*port && getsockname(fd, (void *)&v4, &len) == 0)
		*port = ntohs(v4.sin_port);
	return fd;
}

static int udp_socket(const char *host, int *port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)*port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)*port),
				   .sin6_addr = in6addr_loopback };
	bool six = inet_pton(AF_INET, host, &v4.sin_addr) != 1;
	socklen_t len = six ? sizeof(v6) : sizeof(v4);
	int fd = socket(six ? AF_INET6 : AF_INET,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (bind(fd, six ? (void *)&v6 : (void *)&v4, len) < 0) {
		close(fd);
		return -1;
	}
	if (!six && getsockname(fd, (void *)&v4, &len) == 0)
		*port = ntohs(v4.sin_port);
	return fd;
}

static int unix_listener(int type, const char *path, const char *abstract)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t len = sizeof(sun);

	if (path) {
		snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	} else {
		snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1, "%s",
			 abstract);
		len = offsetof(struct sockaddr_un, sun_path) + 1 +
		      (socklen_t)strlen(abstract);
	}
	MUST(bind(fd, (void *)&sun, len) == 0);
	if (type != SOCK_DGRAM)
		MUST(listen(fd, 64) == 0);
	return fd;
}

static void make_sockets(struct stage *s)
{
	char name[64];

	for (int i = 0; i < 16; i++) {
		s->port = 0;
		s->tcp[0] = tcp_listener(AF_INET, &s->port);
		s->tcp[1] = tcp_listener(AF_INET6, &s->port);
		if (s->tcp[0] >= 0 && s->tcp[1] >= 0)
			break;
		close(s->tcp[0]);
		close(s->tcp[1]);
	}
	MUST(s->tcp[0] >= 0 && s->tcp[1] >= 0);
	for (int i = 0; i < 16; i++) {
		s->udp_port = 0;
		s->udp[0] = udp_socket("127.0.0.1", &s->udp_port);
		s->udp[1] = udp_socket("::1", &s->udp_port);
		if (s->udp[0] >= 0 && s->udp[1] >= 0)
			break;
		close(s->udp[0]);
		close(s->udp[1]);
	}
	MUST(s->udp[0] >= 0 && s->udp[1] >= 0);
	s->udp[2] = udp_socket("127.0.0.2", &s->lone_port);
	MUST(s->udp[2] >= 0);
	snprintf(name, sizeof(name), "%s-s", s->name);
	s->unix_fd[0] = unix_listener(SOCK_STREAM, NULL, name);
	snprintf(name, sizeof(name), "%s-q", s->name);
	s->unix_fd[1] = unix_listener(SOCK_SEQPACKET, NULL, name);
	snprintf(name, sizeof(name), "%s-d", s->name);
	s->unix_fd[2] = unix_listener(SOCK_DGRAM, NULL, name);
	snprintf(s->stream_path, sizeof(s->stream_path), "%s/stream", s->out);
	s->unix_fd[3] = unix_listener(SOCK_STREAM, s->stream_path, NULL);
	snprintf(s->dgram_path, sizeof(s->dgram_path), "%s/dgram", s->out);
	s->unix_fd[4] = unix_listener(SOCK_DGRAM, s->dgram_path, NULL);
}

/* libc has no names for the attribute without linking the realtime library. */
struct queue_attr {
	long flags, maxmsg, msgsize, curmsgs, reserved[4];
};

static void make_objects(struct stage *s)
{
	struct queue_attr attr = { .maxmsg = 4, .msgsize = 128 };
	char *mem;

	s->queue = (int)syscall(SYS_mq_open, s->name,
				O_CREAT | O_RDWR | O_NONBLOCK | O_CLOEXEC, 0600,
				&attr);
	if (s->queue >= 0)
		syscall(SYS_mq_timedsend, s->queue, s->canary,
			strlen(s->canary), 0, NULL);
	s->shm_id = shmget(s->shm_key, 4096, IPC_CREAT | IPC_EXCL | 0600);
	mem = s->shm_id < 0 ? (char *)-1 : shmat(s->shm_id, NULL, 0);
	if (mem != (char *)-1) {
		snprintf(mem, 4096, "%s", s->canary);
		shmdt(mem);
	}
	s->pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	MUST(s->pty >= 0 && grantpt(s->pty) == 0 && unlockpt(s->pty) == 0);
	MUST(fcntl(s->pty, F_SETFL, O_NONBLOCK) == 0);
	snprintf(s->pty_path, sizeof(s->pty_path), "%s", ptsname(s->pty));
}

static void start_victim(struct stage *s)
{
	int in[2], ready[2];
	char env[64], line[8];
	char *envp[] = { env, NULL };
	char name[] = "attack", trick[] = "victim";
	char *argv[] = { name, trick, NULL };

	snprintf(env, sizeof(env), "TOKEN=%s", s->canary);
	MUST(pipe2(in, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
	s->victim = fork();
	if (s->victim == 0) {
		setsid();
		if (chdir(s->out) < 0 || dup2(in[0], 0) < 0 ||
		    dup2(ready[1], 1) < 0)
			_exit(98);
		execve(stage_attack(), argv, envp);
		_exit(99);
	}
	close(in[0]);
	close(ready[1]);
	MUST(run_line(ready[0], 10, line, sizeof(line)));
	close(ready[0]);
	s->victim_stdin = in[1];
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Names, kinds, sizes, times and first bytes of all below @dir. */
static char *tree_state(char *dir)
{
	char *paths[] = { dir, NULL }, *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);

	for (FTSENT *e; fts && (e = fts_read(fts));) {
		const struct stat *st = e->fts_statp;
		char head[33] = "";
		int fd = -1;

		if (e->fts_info == FTS_DP)
			continue;
		if (S_ISREG(st->st_mode))
			fd = open(e->fts_path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, head, sizeof(head) - 1) < 0)
			head[0] = '?';
		close(fd);
		fprintf(f,
			"%s mode %o size %ld links %lu mtime %ld.%09ld "
			"ctime %ld.%09ld: %s\n",
			e->fts_path, st->st_mode,
			S_ISDIR(st->st_mode) ? 0L : (long)st->st_size,
			(unsigned long)st->st_nlink, st->st_mtim.tv_sec,
			st->st_mtim.tv_nsec, st->st_ctim.tv_sec,
			st->st_ctim.tv_nsec, head);
	}
	fts_close(fts);
	fclose(f);
	return text;
}

/* Everything about the victim that another process could change. */
static char *victim_state(pid_t pid)
{
	char *text = NULL, path[64], line[256];
	size_t size;
	FILE *f = open_memstream(&text, &size), *status;
	struct rlimit lim;
	cpu_set_t cpus;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status)) {
		/* Running or asleep is all the same; stopped is not. */
		if (strncmp(line, "State:\tT", 8) == 0 ||
		    strncmp(line, "State:\tt", 8) == 0 ||
		    strncmp(line, "State:\tZ", 8) == 0 ||
		    strncmp(line, "TracerPid:", 10) == 0)
			fputs(line, f);
	}
	if (status)
		fclose(status);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (prlimit(pid, (enum __rlimit_resource)i, NULL, &lim) == 0)
			fprintf(f, "limit %d: %lu %lu\n", i, lim.rlim_cur,
				lim.rlim_max);
	CPU_ZERO(&cpus);
	if (sched_getaffinity(pid, sizeof(cpus), &cpus) < 0)
		fprintf(f, "gone\n");
	fprintf(f, "nice %d, policy %d, cpus %d, ioprio %ld\n",
		getpriority(PRIO_PROCESS, (id_t)pid), sched_getscheduler(pid),
		CPU_COUNT(&cpus), syscall(SYS_ioprio_get, 1, pid));
	fclose(f);
	return text;
}

struct stage *stage_new(void)
{
	struct stage *s;

	stage_isolate(false); /* where a container refuses, the tests still hold */
	s = calloc(1, sizeof(*s));
	MUST(s);
	make_files(s);
	make_sockets(s);
	make_objects(s);
	start_victim(s);
	s->before[0] = tree_state(s->out);
	s->before[1] = tree_state(s->ro);
	s->before[2] = victim_state(s->victim);
	return s;
}

static bool changed(const char *what, const char *before, char *after)
{
	bool differs = strcmp(before, after) != 0;

	if (differs && getenv("SANDLOCK_TEST_VERBOSE"))
		printf("# %s before:\n%s# after:\n%s", what, before, after);
	free(after);
	return differs;
}

unsigned int stage_harm(struct stage *s)
{
	unsigned int harm = 0;
	char buf[256];
	int fd;

	/* Freed memory of a file is not an effect, so compare what is seen. */
	if (changed("out", s->before[0], tree_state(s->out)))
		harm |= HARM_OUT;
	if (changed("ro", s->before[1], tree_state(s->ro)))
		harm |= HARM_RO;
	if (changed("victim", s->before[2], victim_state(s->victim)))
		harm |= HARM_VICTIM;
	for (int i = 0; i < 2; i++)
		for (; (fd = accept(s->tcp[i], NULL, NULL)) >= 0; close(fd))
			harm |= HARM_NET;
	for (int i = 0; i < 3; i++)
		while (recv(s->udp[i], buf, sizeof(buf), 0) >= 0)
			harm |= HARM_UDP;
	for (int i = 0; i < 5; i++)
		if (accept(s->unix_fd[i], NULL, NULL) >= 0 ||
		    recv(s->unix_fd[i], buf, sizeof(buf), 0) >= 0)
			harm |= HARM_UNIX;
	if (read(s->pty, buf, sizeof(buf)) > 0)
		harm |= HARM_TTY;
	if (s->queue >= 0) {
		struct queue_attr attr;
		int again;

		syscall(SYS_mq_getsetattr, s->queue, NULL, &attr);
		again = (int)syscall(SYS_mq_open, s->name, O_RDONLY);
		if (attr.curmsgs != 1 || again < 0)
			harm |= HARM_QUEUE;
		close(again);
	}
	return harm;
}

/* To where a socket of ours is bound: does it come? */
static bool arrives(int to, int type)
{
	struct sockaddr_storage addr;
	struct pollfd event = { .fd = to, .events = POLLIN };
	socklen_t len = sizeof(addr);
	bool came;
	int fd;

	if (getsockname(to, (void *)&addr, &len) < 0)
		return false;
	fd = socket(addr.ss_family, type | SOCK_CLOEXEC, 0);
	came = fd >= 0 && connect(fd, (void *)&addr, len) == 0 &&
	       send(fd, "?", 1, MSG_NOSIGNAL) == 1 &&
	       poll(&event, 1, 20000) == 1;
	close(fd);
	return came;
}

bool stage_hears(struct stage *s)
{
	return arrives(s->tcp[0], SOCK_STREAM) &&
	       arrives(s->tcp[1], SOCK_STREAM) &&
	       arrives(s->udp[0], SOCK_DGRAM) &&
	       arrives(s->udp[1], SOCK_DGRAM) && arrives(s->udp[2], SOCK_DGRAM);
}

static void remove_tree(char *dir)
{
	char *paths[] = { dir, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

	for (FTSENT *e; fts && (e = fts_read(fts));) {
		if (e->fts_info == FTS_D)
			chmod(e->fts_path, 0700);
		else
			remove(e->fts_path);
	}
	fts_close(fts);
}

void stage_free(struct stage *s)
{
	stage_hang_up(s);
	close(s->victim_stdin);
	kill(s->victim, SIGKILL);
	waitpid(s->victim, NULL, 0);
	for (int i = 0; i < 5; i++)
		close(s->unix_fd[i]);
	close(s->tcp[0]);
	close(s->tcp[1]);
	for (int i = 0; i < 3; i++)
		close(s->udp[i]);
	close(s->pty);
	if (s->queue >= 0)
		close(s->queue);
	syscall(SYS_mq_unlink, s->name);
	if (s->shm_id >= 0)
		shmctl(s->shm_id, IPC_RMID, NULL);
	unlink(s->shm_path);
	remove_tree(s->root);
	for (int i = 0; i < 3; i++)
		free(s->before[i]);
	free(s);
}

const char *stage_harm_names(unsigned int harm)
{
	static const char *const names[] = { "leak",  "out",  "ro",	"net",
					     "udp",   "unix", "victim", "tty",
					     "queue", "stuck" };
	static char buf[128];

	buf[0] = 0;
	for (unsigned int i = 0; i < 10; i++)
		if (harm & 1U << i)
			snprintf(buf + strlen(buf), sizeof(buf) - strlen(buf),
				 "%s ", names[i]);
	return buf;
}
