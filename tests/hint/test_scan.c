/* SPDX-License-Identifier: Apache-2.0 */
/* From messages and command lines to clues, and what may be shown of names. */
#include <stdlib.h>

#include "harness/harness.h"
#include "run/hint.h"

static struct sl_clues clues;

static void hear(const char *text, size_t len)
{
	/* Exactly as long as it is: a reader past the end is found. */
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	sl_clues_fini(&clues);
	sl_clues_of_message(&clues, copy, len);
	free(copy);
}

static const struct sl_clue *clue(enum sl_clue_kind kind, const char *text)
{
	for (size_t i = 0; i < clues.count; i++)
		if (clues.items[i].kind == kind && clues.items[i].text &&
		    strcmp(clues.items[i].text, text) == 0)
			return &clues.items[i];
	return NULL;
}

static bool has_port(enum sl_clue_kind kind, uint16_t port)
{
	for (size_t i = 0; i < clues.count; i++)
		if (clues.items[i].kind == kind && clues.items[i].port == port)
			return true;
	return false;
}

struct file_case {
	const char *message, *path;
	enum sl_deed deed;
};

static void expect_files(const struct file_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool found = false;

		hear(cases[i].message, strlen(cases[i].message));
		for (size_t n = 0; n < clues.count; n++)
			found |= clues.items[n].text &&
				 clues.items[n].deed == cases[i].deed &&
				 strcmp(clues.items[n].text, cases[i].path) == 0;
		if (!found)
			th_fail(__FILE__, __LINE__, "%s", cases[i].message);
	}
}

TEST(files_in_messages_of_shells_and_coreutils)
{
	static const struct file_case cases[] = {
		/* shells */
		{ "bash: line 1: /d/prog: Permission denied", "/d/prog",
		  SL_DEED_ANY },
		{ "bash: line 1: /d/new: Permission denied", "/d/new",
		  SL_DEED_CREATE },
		{ "/d/s.sh: line 2: new: Permission denied", "new",
		  SL_DEED_CREATE },
		{ "/d/s.sh: line 12: cd: dir: Permission denied", "dir",
		  SL_DEED_ANY },
		{ "bash: /d/s: /opt/py: bad interpreter: Permission denied",
		  "/opt/py", SL_DEED_EXECUTE },
		{ "sh: 1: cannot create /d/out: Permission denied", "/d/out",
		  SL_DEED_WRITE },
		{ "sh: 1: cannot open /d/in: Permission denied", "/d/in",
		  SL_DEED_READ },
		{ "env: \xe2\x80\x98/d/prog\xe2\x80\x99: Permission denied",
		  "/d/prog", SL_DEED_ANY },
		/* coreutils, in two locales */
		{ "cat: /d/notes: Permission denied", "/d/notes", SL_DEED_ANY },
		{ "cat: '/d/a b': Permission denied", "/d/a b", SL_DEED_ANY },
		{ "cat: notes: Permission denied", "notes", SL_DEED_ANY },
		{ "ls: cannot open directory '/d': Permission denied", "/d",
		  SL_DEED_READ },
		{ "touch: cannot touch '/d/new': Permission denied", "/d/new",
		  SL_DEED_WRITE },
		{ "mkdir: cannot create directory "
		  "\xe2\x80\x98/d/n\xe2\x80\x99: "
		  "Permission denied",
		  "/d/n", SL_DEED_WRITE },
		{ "rm: cannot remove '/d/n': Permission denied", "/d/n",
		  SL_DEED_CHANGE },
		{ "cp: cannot create regular file '/d/h': Permission denied",
		  "/d/h", SL_DEED_WRITE },
		{ "dd: failed to open '/d/n': Permission denied", "/d/n",
		  SL_DEED_ANY },
		/* metadata */
		{ "chmod: changing permissions of '/d/n': Operation not "
		  "permitted",
		  "/d/n", SL_DEED_WRITE },
		{ "chown: changing ownership of 'n': Operation not permitted",
		  "n", SL_DEED_WRITE },
		{ "touch: setting times of 'n': Operation not permitted", "n",
		  SL_DEED_WRITE },
		{ "cp: preserving times for 'n': Operation not permitted", "n",
		  SL_DEED_WRITE },
		/* the object stands in front, or is named by chance */
		{ "tar: n.tar: Cannot open: Permission denied", "n.tar",
		  SL_DEED_ANY },
		{ "tar: n.tar: Cannot open: Permission denied", "n.tar",
		  SL_DEED_CREATE },
		{ "tar: d/x: Cannot mkdir: Permission denied", "d/x",
		  SL_DEED_WRITE },
		{ "tar: x: Cannot change mode to rwxr-xr-x: Operation not "
		  "permitted",
		  "x", SL_DEED_WRITE },
		{ "sed: couldn't open temporary file ./sedKf9: Permission "
		  "denied",
		  "./sedKf9", SL_DEED_CHANGE },
	};

	expect_files(cases, SL_ARRAY_LEN(cases));
}

TEST(files_in_messages_of_languages_and_compilers)
{
	static const struct file_case cases[] = {
		{ "PermissionError: [Errno 13] Permission denied: '/d/n'",
		  "/d/n", SL_DEED_ANY },
		{ "PermissionError: [Errno 1] Operation not permitted: "
		  "\"/d/it's"
		  "\"",
		  "/d/it", SL_DEED_ANY },
		{ "PermissionError: [Errno 13] Permission denied: 'new'", "new",
		  SL_DEED_CREATE },
		{ "Error: [Errno 13] Permission denied: '/d/venv'", "/d/venv",
		  SL_DEED_CREATE },
		{ "Error: EACCES: permission denied, open '/d/n'", "/d/n",
		  SL_DEED_ANY },
		{ "Error: EACCES: permission denied, open 'new'", "new",
		  SL_DEED_CREATE },
		{ "Error: EACCES: permission denied, mkdir '/d/n'", "/d/n",
		  SL_DEED_WRITE },
		{ "Error: EACCES: permission denied, scandir '/d'", "/d",
		  SL_DEED_READ },
		{ "Error: spawn /d/prog EACCES", "/d/prog", SL_DEED_EXECUTE },
		{ "panic: open /d/n: permission denied", "/d/n", SL_DEED_ANY },
		{ "2026/01/01 fork/exec /d/prog: permission denied", "/d/prog",
		  SL_DEED_EXECUTE },
		{ "mkdir /d/n: permission denied", "/d/n", SL_DEED_WRITE },
		{ "error: /d/n: Permission denied (os error 13)", "/d/n",
		  SL_DEED_ANY },
		{ "java.io.FileNotFoundException: /d/n (Permission denied)",
		  "/d/n", SL_DEED_ANY },
		{ "java.nio.file.AccessDeniedException: /d/n", "/d/n",
		  SL_DEED_ANY },
		/* git, gcc, ld */
		{ "fatal: could not create work tree dir '/d/w': Permission "
		  "denied",
		  "/d/w", SL_DEED_WRITE },
		{ "fatal: Unable to create '/d/.git/index.lock': Permission "
		  "denied",
		  "/d/.git/index.lock", SL_DEED_WRITE },
		{ "warning: unable to access '/d/.gitconfig': Permission "
		  "denied",
		  "/d/.gitconfig", SL_DEED_ANY },
		{ "error: could not lock config file /d/.gitconfig: Permission "
		  "denied",
		  "/d/.gitconfig", SL_DEED_CHANGE },
		{ "cc1: fatal error: /d/a.c: Permission denied", "/d/a.c",
		  SL_DEED_ANY },
		{ "Fatal error: can't create /d/a.o: Permission denied",
		  "/d/a.o", SL_DEED_WRITE },
		{ "/usr/bin/ld: cannot open output file /d/a.out: Permission "
		  "denied",
		  "/d/a.out", SL_DEED_WRITE },
	};

	expect_files(cases, SL_ARRAY_LEN(cases));
}

static void heard(const char *message)
{
	hear(message, strlen(message));
}

TEST(programs_libraries_and_the_network)
{
	heard("sh: 1: foo: not found\n");
	EXPECT_TRUE(clue(SL_CLUE_PROGRAM, "foo"));
	heard("bash: line 1: foo: command not found\n");
	EXPECT_TRUE(clue(SL_CLUE_PROGRAM, "foo"));
	heard("zsh:1: command not found: foo\n");
	EXPECT_TRUE(clue(SL_CLUE_PROGRAM, "foo"));
	heard("p: error while loading shared libraries: libx.so.1: cannot open "
	      "shared object file: Permission denied\n");
	EXPECT_TRUE(clue(SL_CLUE_LIBRARY, "libx.so.1"));
	heard("curl: (7) Failed to connect to 127.0.0.1 port 81 after 0 ms\n");
	EXPECT_TRUE(has_port(SL_CLUE_CONNECT, 81));
	heard("ssh: connect to host localhost port 22: Permission denied\r\n");
	EXPECT_TRUE(has_port(SL_CLUE_CONNECT, 22));
	heard("dial tcp 127.0.0.1:443: connect: permission denied");
	EXPECT_TRUE(has_port(SL_CLUE_CONNECT, 443));
	heard("Error: connect EACCES 127.0.0.1:8080 - Local (undefined)");
	EXPECT_TRUE(has_port(SL_CLUE_CONNECT, 8080));
	heard("bash: line 1: /dev/tcp/127.0.0.1/81: Permission denied");
	EXPECT_TRUE(has_port(SL_CLUE_CONNECT, 81));
	heard("Error: listen EACCES: permission denied 0.0.0.0:8080");
	EXPECT_TRUE(has_port(SL_CLUE_BIND, 8080));
	heard("    self.socket.bind(self.server_address)");
	EXPECT_TRUE(has_port(SL_CLUE_BIND, 0));
	heard("    sl = self._semlock = _multiprocessing.SemLock(");
	EXPECT_TRUE(clue(SL_CLUE_FILE, "/dev/shm"));
	heard("Error, do this: mount -t proc proc /proc");
	EXPECT_TRUE(clue(SL_CLUE_FILE, "/proc"));
	heard("listen tcp :80: bind: permission denied");
	EXPECT_TRUE(has_port(SL_CLUE_BIND, 80));
	heard("socket.gaierror: [Errno -3] Temporary failure in name "
	      "resolution");
	EXPECT_TRUE(has_port(SL_CLUE_LOOKUP, 0));
	heard("curl: (6) Could not resolve host: example.com");
	EXPECT_TRUE(has_port(SL_CLUE_LOOKUP, 0));
	heard("ping: socket: Operation not permitted");
	EXPECT_TRUE(has_port(SL_CLUE_SOCKET, 0));
	heard("Error: listen EADDRINUSE: address already in use :::8000");
	EXPECT_TRUE(has_port(SL_CLUE_TAKEN, 8000));
	heard("listen tcp :8000: bind: address already in use");
	EXPECT_TRUE(has_port(SL_CLUE_TAKEN, 8000));
	heard("OSError: [Errno 98] Address already in use");
	EXPECT_TRUE(has_port(SL_CLUE_TAKEN, 0));
	/* The host goes with it, where one is told. */
	heard("curl: (7) Failed to connect to 127.0.0.1 port 81 after 0 ms\n");
	EXPECT_TRUE(clue(SL_CLUE_CONNECT, "127.0.0.1"));
	heard("ssh: connect to host a-b.example port 22: Permission "
	      "denied\r\n");
	EXPECT_TRUE(clue(SL_CLUE_CONNECT, "a-b.example"));
	heard("dial tcp [::1]:443: connect: permission denied");
	EXPECT_TRUE(clue(SL_CLUE_CONNECT, "::1"));
	heard("Error: connect EACCES ::1:8080 - Local (undefined)");
	EXPECT_TRUE(clue(SL_CLUE_CONNECT, "::1"));
	heard("bash: line 1: /dev/tcp/10.0.0.1/81: Permission denied");
	EXPECT_TRUE(clue(SL_CLUE_CONNECT, "10.0.0.1"));
	heard("Connecting to x (x)|10.0.0.1|:80... failed: Permission denied.");
	EXPECT_TRUE(clue(SL_CLUE_CONNECT, "10.0.0.1"));
	heard("connecting to :81");
	EXPECT_TRUE(has_port(SL_CLUE_CONNECT, 81));
	heard("connect to host x port 99999999999999999999: Permission denied");
	EXPECT_EQ(clues.count, 0);
}

TEST(the_script_that_says_so_is_not_what_was_refused)
{
	static const char *const messages[] = {
		"/d/s.sh: line 2: new: Permission denied",
		"/d/s.sh: line 3: kill: (1) - Operation not permitted",
		"/d/s.sh: line 4: /d/other: Permission denied"
	};

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		hear(messages[i], strlen(messages[i]));
		for (size_t n = 0; n < clues.count; n++)
			EXPECT_TRUE(!clues.items[n].text ||
				    !strstr(clues.items[n].text, "s.sh"));
	}
}

TEST(ordinary_output_says_nothing)
{
	heard("1 test failed\nmake: *** [all] Error 2\n/usr/bin/x: warning\n");
	EXPECT_EQ(clues.count, 0);
	heard("");
	EXPECT_EQ(clues.count, 0);
	sl_clues_of_message(&clues, NULL, 0);
	EXPECT_EQ(clues.count, 0);
}

TEST(the_last_line_comes_first)
{
	heard("cat: /a: Permission denied\ncat: /b: Permission denied\n");
	ASSERT_TRUE(clues.count > 1);
	EXPECT_STREQ(clues.items[0].text, "/b");
}

/* Every name of a file that a clue holds. */
static bool names_only(const char *name)
{
	for (size_t i = 0; i < clues.count; i++)
		if (strcmp(clues.items[i].text, name) != 0)
			return false;
	return clues.count > 0;
}

TEST(what_is_no_name_is_no_clue)
{
	heard("touch: cannot touch 'n': Permission denied");
	EXPECT_TRUE(names_only("n"));
	heard("mkdir: cannot create directory \xe2\x80\x98n\xe2\x80\x99: "
	      "Permission denied");
	EXPECT_TRUE(names_only("n"));
	heard("chmod: changing permissions of 'n': Operation not permitted");
	EXPECT_TRUE(names_only("n"));
	heard("/usr/bin/ld: cannot open output file /d/x: Permission denied");
	EXPECT_TRUE(names_only("/d/x"));
	/* a word that somebody quoted is not to be made */
	heard("ERROR: permission denied for table 'users'");
	for (size_t i = 0; i < clues.count; i++)
		EXPECT_TRUE(clues.items[i].deed != SL_DEED_CREATE);
}

TEST(hostile_messages)
{
	static const char noise[] = "/'\" :=\xe2\x80\x98Permission denied\n";
	static char big[1 << 20];

	/* one line of 1 MB without an end: what is left of it is no name */
	memset(big, 'x', sizeof(big));
	memcpy(big + sizeof(big) - 40,
	       "/etc/passwd: Permission denied ........", 39);
	hear(big, sizeof(big));
	EXPECT_EQ(clues.count, 0);
	/* nor what is left of a line of two names */
	memset(big, ' ', sizeof(big));
	memcpy(big + sizeof(big) - SL_MAX_HINT_BYTES, "/etc: EACCES", 12);
	hear(big, sizeof(big));
	EXPECT_EQ(clues.count, 0);
	/* every byte the beginning of something */
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = noise[i % (sizeof(noise) - 1)];
	hear(big, sizeof(big));
	EXPECT_TRUE(clues.count <= SL_MAX_CLUES);
	/* NULs end lines, and no clue holds one */
	hear("cat: /a\0/b: Permission denied", 29);
	EXPECT_TRUE(clue(SL_CLUE_FILE, "/b"));
	EXPECT_FALSE(clue(SL_CLUE_FILE, "/a"));
	/* a path longer than a path */
	memset(big, 'x', 6000);
	big[0] = '/';
	memcpy(big + 6000, ": Permission denied", 20);
	hear(big, 6019);
	EXPECT_EQ(clues.count, 0);
	/* more names than anybody wants */
	for (size_t i = 0; i < 8000; i++)
		big[i] = i % 4 == 0   ? ' '
			 : i % 4 == 1 ? '/'
				      : (char)('a' + i % 23);
	memcpy(big + 8000, "Permission denied", 17);
	hear(big, 8017);
	EXPECT_EQ(clues.count, SL_MAX_CLUES);
	/* unfinished quotes and lone phrases */
	heard("'Permission denied");
	heard("Permission denied");
	heard(": : : (Permission denied)");
	heard("port : connect: permission denied :");
	heard("/dev/tcp/");
	sl_clues_fini(&clues);
}

TEST(words_of_commands)
{
	const char *const cat[] = { "cat", "-n", "notes", "--x=/d/x", NULL };
	const char *const touch[] = { "/usr/bin/touch", "/d/n", NULL };
	const char *const url[] = { "curl", "https://h/x:9", "http://h:81/",
				    NULL };
	const char *const shell[] = {
		"sh", "-ec", "cd x; cat </d/in '/d/a b' >/d/out | tee /d/t; $p",
		"zero", NULL
	};
	const char *const odd[] = { "sh", "-c", NULL };

	sl_clues_of_command(&clues, cat);
	EXPECT_TRUE(clue(SL_CLUE_FILE, "notes"));
	EXPECT_TRUE(clue(SL_CLUE_FILE, "/d/x"));
	EXPECT_FALSE(clue(SL_CLUE_FILE, "-n"));
	sl_clues_of_command(&clues, touch);
	ASSERT_TRUE(clue(SL_CLUE_FILE, "/d/n"));
	EXPECT_EQ(clue(SL_CLUE_FILE, "/d/n")->deed, SL_DEED_WRITE);
	sl_clues_of_command(&clues, url);
	EXPECT_TRUE(has_port(SL_CLUE_CONNECT, 443));
	EXPECT_TRUE(has_port(SL_CLUE_CONNECT, 81));
	sl_clues_fini(&clues);
	sl_clues_of_command(&clues, shell);
	EXPECT_TRUE(clue(SL_CLUE_FILE, "/d/a b"));
	ASSERT_TRUE(clue(SL_CLUE_FILE, "/d/in"));
	EXPECT_EQ(clue(SL_CLUE_FILE, "/d/in")->deed, SL_DEED_ANY);
	ASSERT_TRUE(clue(SL_CLUE_FILE, "/d/out"));
	EXPECT_EQ(clue(SL_CLUE_FILE, "/d/out")->deed, SL_DEED_WRITE);
	ASSERT_TRUE(clue(SL_CLUE_FILE, "/d/t"));
	EXPECT_EQ(clue(SL_CLUE_FILE, "/d/t")->deed, SL_DEED_WRITE);
	EXPECT_FALSE(clue(SL_CLUE_FILE, "$p"));
	sl_clues_of_command(&clues, odd);
	sl_clues_fini(&clues);
}

static const char *shown(const char *text, size_t max)
{
	static char copy[512];
	sl_autobuf out = SL_BUF_INIT(sizeof(copy) - 1);

	sl_hint_put(&out, text, max);
	snprintf(copy, sizeof(copy), "%s", out.data ? out.data : "");
	return copy;
}

TEST(names_are_shown_without_harm)
{
	EXPECT_STREQ(shown("/a b/\xc3\xa9", 100), "/a b/\xc3\xa9");
	EXPECT_STREQ(shown("\033[2J", 100), "\\x1b[2J");
	EXPECT_STREQ(shown("a\nsandlock: x", 100), "a\\x0asandlock: x");
	EXPECT_STREQ(shown("'; x '\\", 100), "\\x27; x \\x27\\x5c");
	/* C1, right-to-left override, half a character, overlong */
	EXPECT_STREQ(shown("\xc2\x9b", 100), "\\xc2\\x9b");
	EXPECT_STREQ(shown("\xe2\x80\xae", 100), "\\xe2\\x80\\xae");
	EXPECT_STREQ(shown("\xe2\x80", 100), "\\xe2\\x80");
	EXPECT_STREQ(shown("\xc0\xaf", 100), "\\xc0\\xaf");
	EXPECT_STREQ(shown("abcdefgh", 8), "abcde...");
	EXPECT_TRUE(sl_hint_is_plain("/home/u/\xe6\x97\xa5"));
	EXPECT_FALSE(sl_hint_is_plain("/home/u/\n"));
}

TEST(secrets_and_homes_are_not_offered)
{
	static const char *const never[] = {
		"/home/u/.ssh/id_rsa", "/home/u/.SSH",	  "/x/my.key",
		"/etc/shadow",	       "/proc/1/environ", "/w/.env",
		"/home/u/.aws/config", "/run/docker.sock"
	};
	static const char *const wide[] = { "/",
					    "/etc",
					    "/home",
					    "/home/other",
					    "/srv/homes",
					    "/srv/homes/u",
					    "/srv/homes/u/.config" };

	for (size_t i = 0; i < SL_ARRAY_LEN(never); i++)
		EXPECT_TRUE(sl_hint_why_not(never[i], false, "/home/u"));
	for (size_t i = 0; i < SL_ARRAY_LEN(wide); i++) {
		EXPECT_TRUE(sl_hint_why_not(wide[i], true, "/srv/homes/u/"));
		EXPECT_FALSE(sl_hint_why_not("/srv/homes/u/p", true,
					     "/srv/homes/u"));
	}
	EXPECT_FALSE(sl_hint_why_not("/home/u/notes", false, "/home/u"));
	EXPECT_FALSE(sl_hint_why_not("/home/u/monkey", false, NULL));
}
