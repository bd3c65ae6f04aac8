/* SPDX-License-Identifier: Apache-2.0 */
/* The attacker's main: finds the trick, runs it, sums up. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	int won, lost;
} score;

void won(const char *what)
{
	score.won++;
	dprintf(1, "won %s\n", what);
}

void lost(const char *what, int err)
{
	score.lost++;
	dprintf(1, "lost %s: %s\n", what, strerrorname_np(err));
}

void untried(const char *what, int err)
{
	dprintf(1, "untried %s: %s\n", what, strerrorname_np(err));
}

bool result(const char *what, bool ok)
{
	if (ok)
		won(what);
	else
		lost(what, errno);
	return ok;
}

bool result_if_known(const char *what, bool ok)
{
	switch (ok ? 0 : errno) {
	case ENOSYS:
	case EOPNOTSUPP:
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
	case ESOCKTNOSUPPORT:
	case ENOPROTOOPT:
	case ENODEV:
	case ENXIO:
	case ENOENT:
		untried(what, errno);
		return false;
	default:
		return result(what, ok);
	}
}

bool leak(const char *what, int fd)
{
	char buf[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));

	if (n > 0 && write(1, buf, n) != n)
		n = -1;
	if (n == 0)
		errno = ENODATA;
	result(what, n > 0);
	if (fd >= 0)
		close(fd);
	return n > 0;
}

bool in_child(const char *what, bool (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		errno = 0;
		_exit(fn(arg) ? 200 : errno & 0x7f);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return result(what, false);
	if (WIFSIGNALED(status)) {
		lost(what, EINTR);
		return false;
	}
	errno = WEXITSTATUS(status);
	return result(what, WEXITSTATUS(status) == 200);
}

const char *at(const char *dir, const char *name)
{
	static char ring[32][4200];
	static int next;
	char *buf = ring[next++ % 32];

	snprintf(buf, sizeof(ring[0]), "%s/%s", dir, name);
	return buf;
}

int number(const char *text)
{
	return text ? (int)strtol(text, NULL, 10) : -1;
}

static const struct attack *find(const char *id)
{
	static const struct attack *const tables[] = {
		attacks_path,	 attacks_alias, attacks_proc, attacks_exec,
		attacks_ipc,	 attacks_unix,	attacks_peer, attacks_net,
		attacks_netlink, attacks_dest,	attacks_flip, attacks_same,
		attacks_seccomp, attacks_calls, attacks_life, attacks_bind,
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct attack *a = tables[i]; a->id; a++)
			if (strcmp(a->id, id) == 0)
				return a;
	return NULL;
}

int main(int argc, char **argv)
{
	const struct attack *attack = argc > 1 ? find(argv[1]) : NULL;
	/* Missing arguments read as empty strings, not as a crash. */
	static char empty[1], *args[16];

	if (!attack) {
		dprintf(2, "attack: unknown trick\n");
		return 99;
	}
	for (int i = 0; i < 15; i++)
		args[i] = i + 2 < argc ? argv[i + 2] : empty;
	attack->run(args);
	if (score.won)
		return ATTACK_WON;
	return score.lost ? ATTACK_LOST : ATTACK_UNTRIED;
}
