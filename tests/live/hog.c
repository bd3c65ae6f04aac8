/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What test_limits.c runs inside of a sandbox: takes memory or makes processes
 * in one of many ways. Prints a number where one is asked for. Bounded by
 * itself: what a broken limit would let it take is no danger to the machine.
 * Long because each way is a few lines of its own and shares nothing.
 */
#include "hog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 200 /* processes that a fill makes at most */

size_t bytes;
static const char *self;

void touch(volatile char *at, size_t len)
{
	for (size_t i = 0; i < len; i += 4096)
		at[i] = 1;
}

void *map(size_t len, int prot, int flags, int fd)
{
	void *at = mmap(NULL, len, prot, flags, fd, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(3);
	}
	return at;
}

static struct timespec its_time; /* 0: for ever */

/* Until the limit ends it, or the run its time. */
void hold(void)
{
	for (;;)
		pause();
}

void stay(void)
{
	if (!its_time.tv_sec && !its_time.tv_nsec)
		hold();
	nanosleep(&its_time, NULL);
}

/* ------------------------------------------------ memory */

void anon(void)
{
	touch(map(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1),
	      bytes);
}

static void shared(void)
{
	touch(map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1),
	      bytes);
}

static int fill_memfd(size_t len)
{
	static char block[65536];
	int fd = memfd_create("hog", MFD_CLOEXEC);

	memset(block, 1, sizeof(block));
	for (size_t at = 0; at < len; at += sizeof(block))
		if (write(fd, block, sizeof(block)) != sizeof(block))
			exit(3);
	return fd;
}

void memfd(void)
{
	fill_memfd(bytes);
}

static void memfd_mapped(void)
{
	int fd = memfd_create("hog", MFD_CLOEXEC);

	if (ftruncate(fd, (off_t)bytes) < 0)
		exit(3);
	touch(map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd), bytes);
	close(fd);
}

/* Half of it mapped and closed, half only held: each alone is below. */
static void memfd_halves(void)
{
	bytes /= 2;
	memfd_mapped();
	memfd();
}

static void stack_down(size_t left)
{
	char block[65536];

	/* Seen from outside, or clang keeps only the bytes that are touched. */
	__asm__ volatile("" : : "r"(block) : "memory");
	touch(block, sizeof(block));
	if (left > sizeof(block))
		stack_down(left - sizeof(block));
	else
		pause();
	touch(block, 1);
}

/* With as much beside it. */
static void stack(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_STACK, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_STACK, &limit);
	/* The main thread's stack is as large as it was let be at exec. */
	if (!getenv("HOG_AGAIN")) {
		char text[32];

		snprintf(text, sizeof(text), "%zu", bytes / MIB);
		setenv("HOG_AGAIN", "1", 1);
		execl(self, "hog", "stack", text, (char *)NULL);
		exit(3);
	}
	bytes /= 2;
	anon();
	stack_down(bytes);
}

static void brk_up(void)
{
	char *at = sbrk((intptr_t)bytes);

	if (at == (void *)-1)
		exit(3);
	touch(at, bytes);
}

static void protect(void)
{
	char *at = map(bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (mprotect(at, bytes, PROT_READ | PROT_WRITE) < 0)
		exit(3);
	touch(at, bytes);
}

static void pkey(void)
{
	char *at = map(bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	/* -1: as mprotect(2) has it, also where there are no keys. */
	if (syscall(SYS_pkey_mprotect, at, bytes, PROT_READ | PROT_WRITE, -1) < 0)
		exit(3);
	touch(at, bytes);
}

static void zero_file(void)
{
	int fd = open("/dev/zero", O_RDWR);

	touch(map(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd), bytes);
}

static void remap(void)
{
	char *at = map(4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1);

	at = mremap(at, 4096, bytes, MREMAP_MAYMOVE);
	if (at == MAP_FAILED)
		exit(3);
	touch(at, bytes);
}

/* Each of them is small. */
static void many(void)
{
	for (int i = 0; i < 16; i++) {
		if (fork() == 0) {
			bytes /= 16;
			anon();
			hold();
		}
	}
	wait(NULL);
}

/* Children that look as large as their parent, and own nothing. */
static void family(void)
{
	anon();
	for (int i = 0; i < 6; i++)
		if (fork() == 0)
			hold();
}

static void family_writes(void)
{
	char *at = map(bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1);

	touch(at, bytes);
	for (int i = 0; i < 6; i++) {
		if (fork() == 0) {
			touch(at, bytes);
			hold();
		}
	}
}

/* Mapped by many, held by many: it is there once. */
static void memfd_shared(void)
{
	int fd = memfd_create("hog", MFD_CLOEXEC);

	if (ftruncate(fd, (off_t)bytes) < 0)
		exit(3);
	touch(map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd), bytes);
	for (int i = 0; i < 6; i++) {
		if (fork() == 0) {
			touch(map(bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd),
			      bytes);
			hold();
		}
	}
}

static void reserve(void)
{
	map(bytes * 64, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	    -1);
	map(bytes * 64, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	    -1);
}

/* Each of them is small, and attached for a moment. */
static void sysv(void)
{
	for (int i = 0; i < 4; i++) {
		int id = shmget(IPC_PRIVATE, bytes / 4, IPC_CREAT | 0600);
		void *at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

		if (at == (void *)-1)
			exit(3);
		/* For somebody else to remove. */
		printf("%d\n", id);
		fflush(stdout);
		touch(at, bytes / 4);
		shmdt(at);
	}
}

/* Parent and child are stopped, one after the other has taken its part. */
static void stopped(void)
{
	bytes /= 2;
	anon();
	if (fork() == 0) {
		anon();
		raise(SIGSTOP);
		hold();
	}
	raise(SIGSTOP);
}

/* For each that is ended another one. */
static void hydra(void)
{
	bytes /= 4;
	for (int i = 0; i < 4; i++)
		if (fork() == 0)
			goto head;
	while (wait(NULL) > 0)
		if (fork() == 0)
			goto head;
	return;
head:
	anon();
	hold();
}

/* What the kernel lets one process have, whatever is looked at: how much it may
 * map without touching it, and how large its stack may get, in MiB. */
static void kernel_limits(void)
{
	struct rlimit limit;
	int mapped = 0;

	while (mapped < 64 && mmap(NULL, 256 * MIB, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				   -1, 0) != MAP_FAILED)
		mapped++;
	printf("%d\n", mapped * 256);
	getrlimit(RLIMIT_STACK, &limit);
	printf("%d\n", (int)(limit.rlim_max / MIB));
	limit.rlim_max = RLIM_INFINITY;
	printf("%d\n", setrlimit(RLIMIT_STACK, &limit) < 0 ? errno : 0);
}

/* Many dead processes between us and who looks. */
static void zombies(void)
{
	for (int i = 0; i < 3000; i++)
		if (fork() == 0)
			_exit(0);
	anon();
}

/* ------------------------------------------------ processes */

static pid_t made[MOST];

/* A signal that comes before the call was taken ends it, as it does any trapped
 * one: that is the kernel's. */
static pid_t fork_anyway(void)
{
	pid_t pid;

	do
		pid = fork();
	while (pid < 0 && errno == EINTR);
	return pid;
}

/* As many as there can be; they wait. */
static int fill(void)
{
	int n = 0;

	while (n < MOST) {
		pid_t pid = fork_anyway();

		if (pid == 0)
			hold();
		if (pid < 0)
			break;
		made[n++] = pid;
	}
	return n;
}

static void drain(int n)
{
	for (int i = 0; i < n; i++)
		kill(made[i], SIGKILL);
	for (int i = 0; i < n; i++)
		while (waitpid(made[i], NULL, 0) < 0 && errno == EINTR)
			;
}

static void say_fill(void)
{
	int n = fill();

	drain(n);
	printf("%d\n", n);
	fflush(stdout);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void disturb(void)
{
	struct itimerval often = { .it_interval = { 0, 300 },
				   .it_value = { 0, 300 } };
	struct sigaction act = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void calm(void)
{
	struct itimerval never = { 0 };

	setitimer(ITIMER_REAL, &never, NULL);
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Three at a time, a thousand times; how many could not be made. */
static void pipelines(void)
{
	int failed = 0;

	disturb();
	for (int i = 0; i < 1000; i++) {
		pid_t pids[3];

		for (int k = 0; k < 3; k++) {
			pids[k] = fork_anyway();
			if (pids[k] == 0)
				_exit(0);
			failed += pids[k] < 0;
		}
		for (int k = 0; k < 3; k++)
			if (pids[k] > 0)
				reap(pids[k]);
	}
	calm();
	printf("%d\n", failed);
	say_fill();
}

/* A handler that is not to restart anything, and children that end at once: a
 * fork knows no EINTR. */
static void children_end(void)
{
	struct sigaction act = { .sa_handler = on_alarm };
	int failed = 0;

	sigaction(SIGCHLD, &act, NULL);
	for (int i = 0; i < 1000; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		failed += pid < 0;
		if (i % 4 == 3)
			while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
				;
	}
	printf("%d\n", failed);
	say_fill();
}

struct tally {
	int alive, most, made;
};

static void note_alive(struct tally *tally)
{
	int now = __atomic_add_fetch(&tally->alive, 1, __ATOMIC_SEQ_CST);
	int most = __atomic_load_n(&tally->most, __ATOMIC_SEQ_CST);

	__atomic_add_fetch(&tally->made, 1, __ATOMIC_SEQ_CST);
	while (now > most &&
	       !__atomic_compare_exchange_n(&tally->most, &most, now, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static void fork_on(struct tally *tally)
{
	disturb();
	for (int i = 0; i < 200; i++) {
		pid_t pid = i % 3 ? fork() : vfork();

		if (pid == 0) {
			note_alive(tally);
			sched_yield();
			__atomic_sub_fetch(&tally->alive, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
		/* Some stay a while. */
		if (i % 8 == 7)
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
	}
	calm();
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* Many that fork as fast as they can, all at the limit: the most that were
 * alive at a time, then how many were made. */
static void storm(void)
{
	struct tally *tally = map(4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1);
	pid_t pids[8];

	note_alive(tally);
	for (int i = 0; i < 8; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			note_alive(tally);
			fork_on(tally);
			__atomic_sub_fetch(&tally->alive, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
	}
	for (int i = 0; i < 8; i++)
		if (pids[i] > 0)
			reap(pids[i]);
	printf("%d\n%d\n", tally->most, tally->made);
	say_fill();
}

/* Two forks at once that take long, for they have much to copy; how many are
 * made, with room for one. */
static void slow(void)
{
	int go[2], said[2], n = 0;
	char byte;

	bytes = 384 * MIB;
	if (pipe(go) < 0 || pipe(said) < 0)
		exit(3);
	for (int i = 0; i < 2; i++) {
		if (fork())
			continue;
		char *at = map(bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1);

		madvise(at, bytes, MADV_NOHUGEPAGE);
		touch(at, bytes);
		if (write(said[1], "x", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(1);
		pid_t pid = fork();
		if (pid == 0)
			hold();
		if (write(said[1], pid > 0 ? "+" : "-", 1) != 1)
			_exit(1);
		hold();
	}
	for (int i = 0; i < 2; i++)
		if (read(said[0], &byte, 1) != 1)
			exit(3);
	if (write(go[1], "xx", 2) != 2)
		exit(3);
	for (int i = 0; i < 2; i++)
		n += read(said[0], &byte, 1) == 1 && byte == '+';
	printf("%d\n", n);
}

static void killed_early(void)
{
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (pid == 0)
			hold();
		kill(pid, SIGKILL);
		reap(pid);
	}
	say_fill();
}

/* A parent that never waits, and one whose children nobody waits for. */
static void unwaited(void)
{
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 100; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	signal(SIGCHLD, SIG_DFL);
	say_fill();
}

static void zombies_count(void)
{
	int n = 0;
	pid_t pid;

	while (n < MOST && (pid = fork()) >= 0) {
		if (pid == 0)
			_exit(0);
		n++;
	}
	printf("%d\n", n);
	for (int i = 0; i < n; i++)
		reap(-1);
	say_fill();
}

static void *wait_there(void *arg)
{
	(void)arg;
	hold();
	return NULL;
}

static void threads(void)
{
	pthread_t thread;
	int n = 0;

	while (n < 50 && pthread_create(&thread, NULL, wait_there, NULL) == 0)
		n++;
	printf("%d\n", n);
	say_fill();
}

/* Children for whom their parent waits, which makes no more of them meanwhile. */
static void vforks(void)
{
	int fds[2], n = 0;
	char byte;

	if (pipe(fds) < 0)
		exit(3);
	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			pid = vfork();
			if (pid == 0) {
				if (write(fds[1], "x", 1) != 1)
					_exit(1);
				for (;;)
					pause();
			}
			_exit(pid < 0);
		}
	}
	for (int i = 0; i < 4; i++)
		n += read(fds[0], &byte, 1) == 1;
	printf("%d\n", n);
	say_fill();
	/* From here on by a count. */
	say_fill();
}

/* All that forks and hides at once, until something says no: then it is over. */
static void bomb(void)
{
	int *refused = map(4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1);

	for (int depth = 0; depth < 7; depth++) {
		pid_t pid = fork();

		if (pid < 0)
			__atomic_add_fetch(refused, 1, __ATOMIC_SEQ_CST);
		if (pid == 0) {
			setsid();
			if (fork() > 0)
				_exit(0);
		}
	}
	while (!__atomic_load_n(refused, __ATOMIC_SEQ_CST))
		sched_yield();
}

static int flags_of(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		reap((pid_t)pid);
	return pid < 0 ? errno : 0;
}

static void hidden(void)
{
	printf("%d\n%d\n", flags_of(CLONE_PARENT | SIGCHLD),
	       flags_of(CLONE_UNTRACED | SIGCHLD));
	say_fill();
}

static const struct {
	const char *name;
	void (*fn)(void);
	int holds;
} ways[] = {
	{ "anon", anon, 1 },
	{ "shared", shared, 1 },
	{ "memfd", memfd, 1 },
	{ "memfd-mapped", memfd_mapped, 1 },
	{ "relay", relay, 0 },
	{ "heirs-vm", heirs_vm, 0 },
	{ "heirs-threads", heirs_threads, 0 },
	{ "heirs-fork", heirs_fork, 0 },
	{ "own-table", own_table, 0 },
	{ "same-table", same_table, 0 },
	{ "far-table", far_table, 0 },
	{ "vfork-shared", vfork_shared, 1 },
	{ "lend", lend, 0 },
	{ "memfd-halves", memfd_halves, 1 },
	{ "memfd-shared", memfd_shared, 1 },
	{ "stack", stack, 1 },
	{ "brk", brk_up, 1 },
	{ "protect", protect, 1 },
	{ "pkey", pkey, 1 },
	{ "zero", zero_file, 1 },
	{ "remap", remap, 1 },
	{ "many", many, 0 },
	{ "family", family, 1 },
	{ "family-writes", family_writes, 1 },
	{ "reserve", reserve, 1 },
	{ "sysv", sysv, 1 },
	{ "stopped", stopped, 1 },
	{ "zombies", zombies, 1 },
	{ "hydra", hydra, 0 },
	{ "kernel-limits", kernel_limits, 0 },
	{ "fill", say_fill, 0 },
	{ "pipelines", pipelines, 0 },
	{ "children-end", children_end, 0 },
	{ "storm", storm, 0 },
	{ "slow", slow, 0 },
	{ "killed-early", killed_early, 0 },
	{ "unwaited", unwaited, 0 },
	{ "zombies-count", zombies_count, 0 },
	{ "threads", threads, 0 },
	{ "vforks", vforks, 0 },
	{ "bomb", bomb, 0 },
	{ "hidden", hidden, 0 },
};

/* hog WAY [MIB [MS]]: with MS it ends by itself then. */
int main(int argc, char **argv)
{
	self = argv[0];
	bytes = (argc > 2 ? strtoul(argv[2], NULL, 10) : 0) * MIB;
	if (argc > 3) {
		its_time.tv_sec = strtol(argv[3], NULL, 10) / 1000;
		its_time.tv_nsec = strtol(argv[3], NULL, 10) % 1000 * 1000000;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (argc < 2 || strcmp(argv[1], ways[i].name) != 0)
			continue;
		ways[i].fn();
		if (ways[i].holds)
			stay();
		return 0;
	}
	return 2;
}
