/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What test_cpu.c runs inside of a sandbox: uses up a processor in one of many
 * ways, for a time, or watches what is seen of being held back. Prints a number
 * where one is asked for.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self;
static long begun, lasts; /* milliseconds; begun as CLOCK_MONOTONIC has it */

static long us_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000l + ts.tv_nsec / 1000;
}

static int over(void)
{
	return us_of(CLOCK_MONOTONIC) / 1000 - begun > lasts;
}

static void *burn(void *arg)
{
	while (!over())
		;
	return arg;
}

static void burn_us(long us)
{
	long until = us_of(CLOCK_PROCESS_CPUTIME_ID) + us;

	while (us_of(CLOCK_PROCESS_CPUTIME_ID) < until)
		;
}

static void wait_all(void)
{
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

static void nap(long us)
{
	struct timespec ts = { .tv_nsec = us * 1000 };

	nanosleep(&ts, NULL);
}

/* ------------------------------------------------ using it */

static void one(void)
{
	burn(NULL);
}

/* After it asked for more than it may have. */
static void refused(void)
{
	if (fork() >= 0)
		exit(3);
	burn(NULL);
}

/* Nearly all of it is the judge's work. */
static void judged(void)
{
	while (!over())
		for (int i = 0; i < 20; i++)
			chmod("/etc/passwd", 0644);
}

static void four(void)
{
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			burn(NULL);
			_exit(0);
		}
	}
	wait_all();
}

static void threads(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, burn, NULL))
			exit(3);
	burn(NULL);
}

static void *burn_and_end(void *arg)
{
	burn(arg);
	_exit(0);
}

/* The first thread has ended, so the process looks dead. */
static void headless(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, burn_and_end, NULL))
			exit(3);
	pthread_exit(NULL);
}

/* Two that make children as fast as they can, which use little each. */
static void storm(void)
{
	int first = fork() != 0;

	while (!over()) {
		if (fork() == 0) {
			burn_us(300);
			_exit(0);
		}
		wait(NULL);
	}
	if (!first)
		_exit(0);
	wait_all();
}

/* What they use shows in nobody's sum: they count it themselves. */
static void unwaited(void)
{
	long *sum = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	signal(SIGCHLD, SIG_IGN);
	while (!over()) {
		if (fork() == 0) {
			burn_us(1000);
			__atomic_add_fetch(sum, us_of(CLOCK_PROCESS_CPUTIME_ID),
					   __ATOMIC_SEQ_CST);
			_exit(0);
		}
		waitpid(-1, NULL, 0);
	}
	printf("%ld\n", (*sum + us_of(CLOCK_PROCESS_CPUTIME_ID)) / 1000);
}

/* In sessions of their own, and nobody's children. */
static void sessions(void)
{
	for (int i = 0; i < 3; i++) {
		if (fork())
			continue;
		setsid();
		if (fork() == 0) {
			burn(NULL);
			_exit(0);
		}
		_exit(0);
	}
	wait_all();
	while (!over())
		nap(10000);
	/* What was left is waited for by others. */
	nap(200000);
}

/* Asleep a good part of the time, at moments of their own. */
static void dodgers(void)
{
	for (int i = 0; i < 8; i++) {
		if (fork())
			continue;
		while (!over()) {
			burn_us(700);
			nap(400);
		}
		_exit(0);
	}
	wait_all();
}

/* So many that each works too seldom to be met at it. */
static void swarm(void)
{
	for (int i = 0; i < 200; i++) {
		if (fork())
			continue;
		while (!over()) {
			burn_us(100);
			nap(30000 + i * 50);
		}
		_exit(0);
	}
	wait_all();
}

static void canary(volatile long *beat)
{
	if (fork())
		return;
	while (!over())
		++*beat;
	_exit(0);
}

/* A child that counts and is held tells that there was a look just now, so that
 * the next one is not at once: that is when to work, and to sleep before. */
static void canaries(void)
{
	volatile long *beat = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 3; i++) {
		if (fork())
			continue;
		beat += 8 * i;
		while (!over()) {
			long last;

			canary(beat);
			do {
				last = *beat;
				nap(120);
			} while (*beat != last && !over());
			burn_us(1700);
		}
		wait_all();
		_exit(0);
	}
	wait_all();
}

/* Everybody tells everybody to go on. */
static void continued(void)
{
	for (int i = 0; i < 3; i++) {
		if (fork())
			continue;
		while (!over()) {
			kill(getppid(), SIGCONT);
			kill(-1, SIGCONT);
			if (i)
				nap(500);
		}
		_exit(0);
	}
	burn(NULL);
	wait_all();
}

static void again(const char *way)
{
	char at[24], left[24];

	snprintf(at, sizeof(at), "%ld", begun);
	snprintf(left, sizeof(left), "%ld", lasts);
	execl(self, self, way, left, at, (char *)NULL);
	_exit(3);
}

/* Threads that are held while their process executes. */
static void execs(void)
{
	char *times = getenv("SPIN_EXECS"), count[24];
	pthread_t thread;
	int n = times ? atoi(times) : 0;

	for (int i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, burn, NULL))
			exit(3);
	burn_us(3000);
	if (over()) {
		printf("%d\n", n);
		fflush(stdout);
		_exit(0);
	}
	snprintf(count, sizeof(count), "%d", n + 1);
	setenv("SPIN_EXECS", count, 1);
	again("execs");
}

static void *wake_and_execute(void *arg)
{
	nap(30000);
	if (!over())
		again("heirs");
	return arg;
}

/* While the first thread is held another one executes, and so has its number. */
static void heirs(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wake_and_execute, NULL))
		exit(3);
	burn(NULL);
}

/* ------------------------------------------------ being held */

/* A fork that copies more than can be done at a time: how many were made. What
 * takes long to copy, and not to make, is mappings. */
static void large_fork(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 60000;
	char *at = mmap(NULL, count * page, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int made = 0;
	pid_t pid;

	for (size_t i = 0; i < count; i += 2)
		if (mprotect(at + i * page, page, PROT_READ) < 0)
			exit(3);
	pid = fork();
	if (pid == 0)
		_exit(0);
	made += pid > 0 && waitpid(pid, NULL, 0) == pid;
	printf("%d\n", made);
}

static volatile sig_atomic_t told;

static void on_child(int sig)
{
	(void)sig;
	told++;
}

static pid_t reported(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG | WUNTRACED | WCONTINUED);
}

/*
 * One child burns, another one stops itself: what their parent is told of both
 * until the time is over, then of a SIGCONT. Five numbers: stops seen; signals
 * got; reports of the one that burns; whether the other is stopped still; and
 * reports after it was continued.
 */
static void stops(void)
{
	struct sigaction act = { .sa_handler = on_child, .sa_flags = SA_RESTART };
	int status, seen = 0, of_burner = 0, after = 0;
	pid_t burner, stopped;

	sigaction(SIGCHLD, &act, NULL);
	burner = fork();
	if (burner == 0) {
		lasts *= 100;
		burn(NULL);
		_exit(0);
	}
	stopped = fork();
	if (stopped == 0) {
		raise(SIGSTOP);
		for (;;)
			pause();
	}
	while (!over()) {
		burn_us(500);
		of_burner += reported(burner, &status) != 0;
		if (reported(stopped, &status) != 0)
			seen += WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP
					? 1
					: 100;
	}
	printf("%d\n%d\n%d\n", seen, (int)told, of_burner);
	/* It would have ended by that, were it not stopped. */
	kill(stopped, SIGTERM);
	nap(100000);
	printf("%d\n", reported(stopped, &status) == 0);
	kill(stopped, SIGCONT);
	while (waitpid(stopped, &status, WUNTRACED | WCONTINUED) == stopped) {
		after++;
		if (!WIFCONTINUED(status))
			break;
	}
	printf("%d\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM
			       ? after
			       : -after);
	kill(burner, SIGKILL);
}

static long attempt(long request)
{
	long r = syscall(SYS_ptrace, request, getppid(), 0, 0);

	return r < 0 ? errno : 0;
}

/* TRACEME and SEIZE: what they say. */
static void traces(void)
{
	printf("%ld\n", attempt(0));
	printf("%ld\n", attempt(0x4206));
}

/* A short time of work now and then: how much later all of it was done than
 * asked for, in percent. */
static void sleeps(void)
{
	long want = 0, at = us_of(CLOCK_MONOTONIC);

	do {
		burn_us(500);
		nap(10000);
		want += 10500;
	} while (!over());
	at = us_of(CLOCK_MONOTONIC) - at;
	printf("%ld\n", (at - want) * 100 / want);
}

/* What is left when the first process ends. */
static void leave_burning(void)
{
	for (int i = 0; i < 4; i++) {
		if (fork())
			continue;
		setsid();
		for (;;)
			;
	}
	burn(NULL);
}

static const struct {
	const char *name;
	void (*fn)(void);
} ways[] = {
	{ "one", one },
	{ "refused", refused },
	{ "headless", headless },
	{ "four", four },
	{ "judged", judged },
	{ "threads", threads },
	{ "storm", storm },
	{ "unwaited", unwaited },
	{ "sessions", sessions },
	{ "dodgers", dodgers },
	{ "continued", continued },
	{ "canaries", canaries },
	{ "swarm", swarm },
	{ "execs", execs },
	{ "heirs", heirs },
	{ "large-fork", large_fork },
	{ "stops", stops },
	{ "traces", traces },
	{ "sleeps", sleeps },
	{ "leave-burning", leave_burning },
};

/* spin WAY MS [BEGUN] */
int main(int argc, char **argv)
{
	self = argv[0];
	lasts = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	begun = argc > 3 ? strtol(argv[3], NULL, 10)
			 : us_of(CLOCK_MONOTONIC) / 1000;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (argc < 3 || strcmp(argv[1], ways[i].name) != 0)
			continue;
		ways[i].fn();
		return 0;
	}
	return 2;
}
