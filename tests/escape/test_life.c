/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing survives (A082 and the section "Lifetime"). The attacker grows a
 * tree of daemons, subreapers, forking and vforking processes that all hold a
 * pipe of ours; the end of file on it is the proof that nobody is left, and no
 * process may carry the tree's token any more. Whoever dies, the tree dies.
 */
#include "harness/harness.h"
#include "stage.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE 45 /* seconds until the pipe must have ended */

enum whom { NOBODY, SANDLOCK, GUARDIAN, ROOT };

struct tree {
	const char *kind; /* a kind of attack_life.c, or "all" */
	const char *end;  /* what the root does: exit, stay, die */
	const char *flags[4];
	enum whom kill; /* who gets SIGKILL after the tree stands */
	int signal;	/* sent to sandlock instead */
	int code;	/* expected exit code of sandlock, -1: any */
};

/* Kills, once the tree says that it stands, whom the row names. */
static void strike(const struct tree *t, pid_t pid, const char *line)
{
	int root = 0, guardian = 0;

	if (sscanf(line, "ready %d %d", &root, &guardian) != 2) {
		th_fail(__FILE__, __LINE__, "the tree said '%s'", line);
		return;
	}
	if (t->signal)
		EXPECT_EQ(kill(pid, t->signal), 0);
	if (t->kill == SANDLOCK)
		EXPECT_EQ(kill(pid, SIGKILL), 0);
	/* Without a guardian its parent is sandlock itself, or init. */
	if (t->kill == GUARDIAN && guardian > 1)
		EXPECT_EQ(kill(guardian, SIGKILL), 0);
	if (t->kill == ROOT)
		EXPECT_EQ(kill(root, SIGKILL), 0);
}

static void check(const struct tree *t)
{
	struct stage *s = stage_new();
	char token[64], line[256];
	char *argv[32];
	struct run run;
	int n = 0, fd, left;
	pid_t pid;

	snprintf(token, sizeof(token), "token-%s", s->name);
	argv[n++] = stage_expand(s, "%X");
	argv[n++] = stage_expand(s, "run");
	argv[n++] = stage_expand(s, "-r");
	argv[n++] = stage_expand(s, "%x");
	for (int i = 0; i < 4 && t->flags[i]; i++)
		argv[n++] = stage_expand(s, t->flags[i]);
	argv[n++] = stage_expand(s, "--");
	argv[n++] = stage_expand(s, "%x");
	argv[n++] = stage_expand(s, "life");
	argv[n++] = stage_expand(s, t->kind);
	argv[n++] = stage_expand(s, t->end);
	argv[n++] = stage_expand(s, token);
	argv[n] = NULL;
	pid = run_start(s, argv, NULL, &fd);
	if (run_line(fd, DEADLINE, line, sizeof(line)))
		strike(t, pid, line);
	else
		th_fail(__FILE__, __LINE__, "no tree: '%s'", line);
	run_finish(pid, fd, DEADLINE, &run);
	/* A process is gone from /proc/PID/cmdline once it has let go of its
	 * memory, which comes before its files. */
	left = count_token(token);
	EXPECT_FALSE(run.stuck);
	EXPECT_EQ(left, 0);
	if (t->code >= 0)
		EXPECT_EQ(run.code, t->code);
	if (run.stuck || (t->code >= 0 && run.code != t->code))
		run_show("tree", &run);
	EXPECT_EQ(stage_harm(s), 0);
	run_fini(&run);
	stage_free(s);
	while (n > 0)
		free(argv[--n]);
}

#define TREE(tname, ...)                                      \
	TEST_OPTS(tname, .timeout = 150)                      \
	{                                                     \
		static const struct tree t = { __VA_ARGS__ }; \
		check(&t);                                    \
	}

/*
 * First of all, and as any user in a pid namespace where it could do no harm:
 * the broadcast that ends a tree spares what is outside, the victim of the
 * stage and init, which is this test. Then it may run among real processes.
 */
TEST_TIMEOUT(broadcast_stays_inside, 150)
{
	static const struct tree t = { "all", "exit", .code = 7 };

	if (!stage_isolate(true))
		SKIP("unprivileged user namespaces");
	check(&t);
}

/* Each kind alone, when the root exits by itself. */
TREE(daemon_dies_with_the_root, "daemon", "exit", .code = 7)
TREE(subreaper_dies_with_the_root, "subreaper", "exit", .code = 7)
TREE(sibling_dies_with_the_root, "sibling", "exit", .code = 7)
TREE(sleeper_dies_with_the_root, "sleeper", "exit", .code = 7)
TREE(hopper_dies_with_the_root, "hopper", "exit", .code = 7)
TREE(vfork_dies_with_the_root, "vfork", "exit", .code = 7)
TREE(bomb_dies_with_the_root, "bomb", "exit", .code = 7)

/* All of them, whoever is killed. */
TREE(all_die_with_the_root, "all", "exit", .code = 7)
TREE(all_die_when_the_root_dies, "all", "die", .code = 137)
TREE(all_die_when_the_root_is_killed, "all", "stay", .kill = ROOT, .code = 137)
TREE(all_die_when_sandlock_is_killed, "all", "stay", .kill = SANDLOCK, .code = 137)
TREE(all_die_when_the_guardian_is_killed, "all", "stay", .kill = GUARDIAN,
     .code = -1)
TREE(all_die_after_the_timeout, "all", "stay", .flags = { "-t", "1" }, .code = 124)
TREE(all_die_after_SIGTERM, "all", "stay", .signal = SIGTERM, .code = 143)
TREE(all_die_after_SIGINT, "all", "stay", .signal = SIGINT, .code = 130)

TREE(bomb_dies_when_sandlock_is_killed, "bomb", "stay", .kill = SANDLOCK,
     .code = 137)
TREE(bomb_dies_when_the_guardian_is_killed, "bomb", "stay", .kill = GUARDIAN,
     .code = -1)
TREE(bomb_dies_after_the_timeout, "bomb", "stay", .flags = { "-t", "1" },
     .code = 124)
TREE(hopper_dies_when_sandlock_is_killed, "hopper", "stay", .kill = SANDLOCK,
     .code = 137)
TREE(sibling_dies_when_the_guardian_is_killed, "sibling", "stay",
     .kill = GUARDIAN, .code = -1)

/* Control: bare, the tree outlives its root, so the pipe would tell. */
TEST_TIMEOUT(bare_the_daemon_survives, 60)
{
	struct stage *s = stage_new();
	char token[64], *argv[8];
	struct run run;
	int fd, left;
	pid_t pid;

	snprintf(token, sizeof(token), "token-%s", s->name);
	argv[0] = stage_expand(s, "%x");
	argv[1] = stage_expand(s, "life");
	argv[2] = stage_expand(s, "daemon");
	argv[3] = stage_expand(s, "exit");
	argv[4] = stage_expand(s, token);
	argv[5] = NULL;
	pid = run_start(s, argv, NULL, &fd);
	run_finish(pid, fd, 2, &run);
	left = count_token(token);
	EXPECT_TRUE(run.stuck);
	EXPECT_EQ(left, 1);
	run_fini(&run);
	kill_token(token);
	stage_free(s);
	for (int i = 0; i < 5; i++)
		free(argv[i]);
}
