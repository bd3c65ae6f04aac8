/* SPDX-License-Identifier: Apache-2.0 */
/* Runs programs on the stage: arguments, output with a deadline, survivors. */
#include "stage.h"
#include "harness/harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_MAX (4U << 20)

static const char *letter(const struct stage *s, char c, char *buf, size_t size)
{
	switch (c) {
	case 'x':
		return stage_attack();
	case 'X':
		return stage_sandlock();
	case 'R':
		return s->root;
	case 'o':
		return s->out;
	case 's':
		return s->secret;
	case 'r':
		return s->ro;
	case 'w':
		return s->work;
	case 'g':
		return s->program;
	case 'S':
		return s->setuid;
	case 'a':
		return s->name;
	case 'n':
		return s->stream_path;
	case 'd':
		return s->dgram_path;
	case 'h':
		return s->shm_path;
	case 't':
		return s->pty_path;
	case 'p':
		snprintf(buf, size, "%d", s->port);
		return buf;
	case 'u':
		snprintf(buf, size, "%d", s->udp_port);
		return buf;
	case 'q':
		snprintf(buf, size, "%d", s->lone_port);
		return buf;
	case 'b':
		snprintf(buf, size, "%d", s->call_port);
		return buf;
	case 'v':
		snprintf(buf, size, "%d", s->victim);
		return buf;
	case 'k':
		snprintf(buf, size, "%d", s->shm_key);
		return buf;
	default:
		th_fail(__FILE__, __LINE__, "no %%%c", c);
		return "";
	}
}

char *stage_expand(const struct stage *s, const char *text)
{
	char *out = NULL, buf[32];
	size_t size;
	FILE *f = open_memstream(&out, &size);

	for (; *text; text++) {
		if (*text == '%' && text[1])
			fputs(letter(s, *++text, buf, sizeof(buf)), f);
		else
			fputc(*text, f);
	}
	fclose(f);
	return out;
}

pid_t run_start(const struct stage *s, char *const argv[],
		void (*prepare)(const struct stage *), int *ret_fd)
{
	int fds[2], null;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		th_abort();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (dup2(null, 0) < 0 || dup2(fds[1], 1) < 0 ||
		    dup2(fds[1], 2) < 0 || (s && chdir(s->work) < 0))
			_exit(98);
		if (prepare)
			prepare(s);
		execv(argv[0], argv);
		dprintf(2, "cannot run %s\n", argv[0]);
		_exit(99);
	}
	close(fds[1]);
	*ret_fd = fds[0];
	return pid;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool readable(int fd, long until)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	long left = until - now_ms();

	return left > 0 && poll(&pfd, 1, (int)left) == 1;
}

void run_finish(pid_t pid, int fd, int seconds, struct run *ret)
{
	long until = now_ms() + seconds * 1000L;
	char chunk[65536];
	ssize_t n = 1;

	*ret = (struct run){ .out = calloc(1, OUTPUT_MAX + 1) };
	if (!ret->out)
		th_abort();
	while (readable(fd, until)) {
		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			break;
		if (ret->len + (size_t)n <= OUTPUT_MAX)
			memcpy(ret->out + ret->len, chunk, (size_t)n);
		ret->len += (size_t)n;
	}
	ret->stuck = n != 0;
	close(fd);
	if (pid <= 0)
		return;
	if (ret->stuck)
		kill(pid, SIGKILL);
	waitpid(pid, &ret->status, 0);
	ret->code = WIFEXITED(ret->status) ? WEXITSTATUS(ret->status)
					   : 128 + WTERMSIG(ret->status);
}

void run_fini(struct run *run)
{
	free(run->out);
	run->out = NULL;
}

bool run_line(int fd, int seconds, char *buf, size_t size)
{
	long until = now_ms() + seconds * 1000L;
	size_t len = 0;

	while (len + 1 < size && readable(fd, until)) {
		if (read(fd, buf + len, 1) != 1 || buf[len] == '\n') {
			buf[len] = 0;
			return len > 0;
		}
		len++;
	}
	buf[len] = 0;
	return false;
}

void run_show(const char *label, const struct run *run)
{
	size_t len = run->len < 6000 ? run->len : 6000;

	printf("# %s: code %d%s\n# | ", label, run->code,
	       run->stuck ? ", no end of file" : "");
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)run->out[i];

		if (c == '\n' && i + 1 < len)
			printf("\n# | ");
		else
			putchar(c >= 32 && c < 127 ? c : '.');
	}
	printf("\n");
}

/* Calls for every process whose command line holds @token. */
static int each_token(const char *token, int sig)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	int count = 0;

	while (dir && (e = readdir(dir))) {
		char path[300], line[4096];
		ssize_t n;
		int fd;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, line, sizeof(line));
		if (fd >= 0)
			close(fd);
		if (n <= 0 || !memmem(line, (size_t)n, token, strlen(token)))
			continue;
		count++;
		if (sig)
			kill((pid_t)strtol(e->d_name, NULL, 10), sig);
	}
	if (dir)
		closedir(dir);
	return count;
}

int count_token(const char *token)
{
	return each_token(token, 0);
}

void kill_token(const char *token)
{
	each_token(token, SIGKILL);
}
