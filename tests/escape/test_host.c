/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue 5.6, 5.8, 5.10: what the caller's side must get right. Empty and
 * broken policies, nesting, floods of output, closed descriptors.
 */
#include "trick.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Expands a NULL-ended list into @argv, which has room for 32. */
static void expand(const struct stage *s, const char *const *words, char **argv)
{
	int n = 0;

	while (words[n] && n < 31) {
		argv[n] = stage_expand(s, words[n]);
		n++;
	}
	argv[n] = NULL;
}

static void run_words(const struct stage *s, const char *const *words,
		      void (*prepare)(const struct stage *), struct run *ret)
{
	char *argv[32];
	int fd;
	pid_t pid;

	expand(s, words, argv);
	pid = run_start(s, argv, prepare, &fd);
	run_finish(pid, fd, 60, ret);
	for (int i = 0; argv[i]; i++)
		free(argv[i]);
}

/* 125, a message that has @mention, and the program never ran. */
static void expect_refused(const char *label, const struct run *run,
			   const char *mention)
{
	bool ran = strstr(run->out, "won ") || strstr(run->out, "lost ");

	if (run->code == 125 && !ran && strstr(run->out, "sandlock: ") &&
	    strstr(run->out, mention))
		return;
	th_fail(__FILE__, __LINE__, "%s: must be refused and mention '%s'",
		label, mention);
	run_show(label, run);
}

/* An allow list of nothing allows nothing, or is refused; never all. */
TEST(A145_empty_allow_lists)
{
	static const char *const empty[] = { "", " ", ",", "tcp://", "tcp://:" };

	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		struct stage *s = stage_new();
		const char *words[] = { "%X",	       "run",	 "-r", "%x",
					"--net-allow", empty[i], "--", "%x",
					"A132",	       "%p",	 NULL };
		struct run run;

		run_words(s, words, NULL, &run);
		EXPECT_EQ(stage_harm(s), 0);
		if (run.code != 0)
			expect_refused(empty[i], &run, "net-allow");
		run_fini(&run);
		stage_free(s);
	}
}

struct profile {
	const char *label, *text, *mention;
};

static void put_profile(const struct stage *s, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", s->root, name);
	f = fopen(path, "we");
	ASSERT_TRUE(f);
	fputs(text, f);
	fclose(f);
}

/* A profile that says anything wrong starts nothing, and says where. */
TEST_TIMEOUT(A210_broken_profiles, 60)
{
	static const struct profile profiles[] = {
		{ "no rule at all", "[network]\nallow = []\n", NULL },
		{ "blanks", "[network]\nallow = [\" \"]\n", ":2:" },
		{ "duplicate key",
		  "[limits]\ntimeout = \"1s\"\ntimeout = \"2s\"\n", ":3:" },
		{ "duplicate table", "[limits]\n[network]\n[limits]\n", ":3:" },
		{ "unknown key", "[filesystem]\nreed = [\"/\"]\n", ":2:" },
		{ "unknown table", "\n[filesistem]\nread = [\"/\"]\n", ":2:" },
		{ "number too large",
		  "[limits]\nopen_files = 99999999999999999999\n", ":2:" },
		{ "number that wraps to 0",
		  "[limits]\nopen_files = 18446744073709551616\n", ":2:" },
		{ "negative", "[limits]\nopen_files = -1\n", ":2:" },
		{ "size that wraps to 0",
		  "[limits]\nmemory = \"17179869184G\"\n", ":2:" },
		{ "wrong type", "[filesystem]\nread = true\n", ":2:" },
		{ "no UTF-8", "[filesystem]\nread = [\"\xff\xfe\"]\n", ":2:" },
		{ "cut off", "[filesystem]\nread = [\"/usr\"\n", ":" },
		{ "extends itself", "extends = \"loop\"\n", "loop" },
		{ "unknown protection",
		  "[protections]\ndisable = [\"net-tpc\"]\n", ":2:" },
		{ "unknown system call",
		  "[syscalls]\nextra_deny = [\"opeen\"]\n", "opeen" },
	};

	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		static const char *const words[] = {
			"%X",		"run", "--profile-file",
			"%R/loop.toml", "-r",  "%x",
			"--",		"%x",  "A132",
			"%p",		NULL
		};
		struct stage *s = stage_new();
		struct run run;

		put_profile(s, "loop.toml", profiles[i].text);
		run_words(s, words, NULL, &run);
		EXPECT_EQ(stage_harm(s), 0);
		if (profiles[i].mention)
			expect_refused(profiles[i].label, &run,
				       profiles[i].mention);
		else
			EXPECT_EQ(run.code, 0);
		run_fini(&run);
		stage_free(s);
	}
}

static void refuse(const char *const *words, const char *mention)
{
	struct stage *s = stage_new();
	struct run run;

	run_words(s, words, NULL, &run);
	expect_refused(mention, &run, mention);
	EXPECT_EQ(stage_harm(s), 0);
	run_fini(&run);
	stage_free(s);
}

TEST(A145_unreadable_profile)
{
	static const char *const words[] = {
		"%X", "run", "--profile-file", "%R/none.toml", "-r", "%x",
		"--", "%x",  "A132",	       "%p",	       NULL
	};

	refuse(words, "none.toml");
}

TEST(A207_unknown_protection)
{
	static const char *const words[] = {
		"%X", "run",  "-r", "%x", "--allow-degraded", "net-tpc", "--",
		"%x", "A132", "%p", NULL
	};

	refuse(words, "net-tcp");
}

/* Not handling REFER would only tighten, so nobody can have meant it. */
TEST(A207_refer_cannot_be_disabled)
{
	static const char *const words[] = { "%X", "run",	"-r",
					     "%x", "--disable", "fs-refer",
					     "--", "%x",	"A132",
					     "%p", NULL };

	refuse(words, "fs-refer");
}

/* Where the kernel has it, a protection that may be missing is there. */
TRICK(A207_degradable_is_still_active, .id = "A132", .args = { "%p" },
      .flags = { "--allow-degraded", "net-tcp", "--allow-degraded",
		 "signal-scope" },
      .harm = HARM_NET)

/* A missing path is an error that names the flag, not a smaller grant. */
TEST(A001_missing_grant_is_refused)
{
	static const char *const words[] = { "%X",   "run",	   "-r", "%x",
					     "-r",   "%R/nothing", "--", "%x",
					     "A001", "%s",	   NULL };

	refuse(words, "nothing");
}

/*
 * What an instrumented, dynamic sandlock needs to run inside another one, and
 * what the static one does without. A leak search cannot trace in there.
 */
#define NESTED                                                               \
	"-p", "base", "-r", "%X", "-r", "/proc", "-w", "/dev/null", "--env", \
		"ASAN_OPTIONS=detect_leaks=0"

/* Nesting: the inner run narrows what the outer one granted. */
TRICK(A205_full_run_inside_one_without_supervisor, .id = "A001", .args = { "%s" },
      .flags = { "--no-supervisor", NESTED, "-r", "%o", "--", "%X", "run", "-r",
		 "%x" },
      .off = { "-r", "%o" }, .harm = HARM_LEAK)

TRICK(A205_run_without_supervisor_inside_a_full_one, .id = "A001",
      .args = { "%s" },
      .flags = { NESTED, "-r", "%o", "--", "%X", "run", "--no-supervisor", "-r",
		 "%x" },
      .off = { "-r", "%o" }, .harm = HARM_LEAK)

/* The outer run bounds what an inner one can grant. */
TRICK(A205_inner_grant_is_bounded, .id = "A001", .args = { "%s" },
      .flags = { "--no-supervisor", NESTED, "--", "%X", "run", "-r", "%x", "-r",
		 "%o" },
      .harm = HARM_LEAK)

/* Full in full works, or is refused by name; never silently weaker. */
TEST(A205_full_run_inside_a_full_one)
{
	static const char *const words[] = { "%X", "run", "-r", "%x", NESTED,
					     "-r", "%o",  "--", "%X", "run",
					     "-r", "%x",  "--", "%x", "A001",
					     "%s", NULL };
	struct stage *s = stage_new();
	struct run run;

	run_words(s, words, NULL, &run);
	EXPECT_FALSE(strstr(run.out, "CANARY"));
	EXPECT_EQ(stage_harm(s), 0);
	if (run.code != 0)
		expect_refused("nested", &run, "--no-supervisor");
	run_fini(&run);
	stage_free(s);
}

/* Output that nobody keeps up with does not stop or cut a run. */
TEST_TIMEOUT(A189_flood_of_output, 90)
{
	static const char *const words[] = { "%X", "run",   "-r", "%x", "--",
					     "%x", "flood", "64", NULL };
	struct stage *s = stage_new();
	struct run run;

	run_words(s, words, NULL, &run);
	EXPECT_EQ(run.code, 5);
	EXPECT_EQ(run.len, 64 << 20);
	EXPECT_FALSE(run.stuck);
	run_fini(&run);
	stage_free(s);
}

static void close_stdin(const struct stage *s)
{
	(void)s;
	close(0);
}

static void close_stdout(const struct stage *s)
{
	(void)s;
	close(0);
	close(1);
}

static void close_all(const struct stage *s)
{
	(void)s;
	close(0);
	close(1);
	close(2);
}

static void starved(void (*prepare)(const struct stage *), int code)
{
	static const char *const words[] = { "%X", "run", "-r",	  "%x",
					     "--", "%x",  "A109", NULL };
	struct stage *s = stage_new();
	struct run run;

	run_words(s, words, prepare, &run);
	EXPECT_EQ(run.code, code);
	if (run.code != code)
		run_show("starved", &run);
	run_fini(&run);
	stage_free(s);
}

/* A descriptor of ours must not land on a number the program takes for its
 * own stdin, stdout or stderr; and none above may appear. */
TEST(A111_closed_stdin)
{
	starved(close_stdin, 0);
}

TEST(A111_closed_stdout)
{
	starved(close_stdout, 0);
}

TEST(A111_closed_stdio)
{
	starved(close_all, 0);
}

static void block_signals(const struct stage *s)
{
	sigset_t all;

	(void)s;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	umask(0777);
}

/* A caller that blocks every signal and ignores its children's end. */
TEST(A111_blocked_signals)
{
	starved(block_signals, 0);
}
