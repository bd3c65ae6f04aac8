/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an explanation says must be what happens. Random policies, random trees,
 * random questions; a program under the policy then really tries what was asked
 * about, and every answer is compared with how that ended. Of what was refused
 * one offered fix a round is taken and tried as well.
 *
 * Everything follows from the seed of a round, which a failure prints:
 *
 *	EXPLAIN_SEED=N EXPLAIN_ROUNDS=1 explain_property
 */
#include <errno.h>
#include <fcntl.h>
#include <sandlock/sandlock.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "explain/choose.h"
#include "explain/tree.h"
#include "explain/world.h"
#include "harness/harness.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_ATTEMPTS 300
#define PATHS 30

static struct {
	struct world world;
	struct tree tree;
	struct rng rng;
	uint64_t seed;
	sandlock_policy *policy;
	sandlock_explanation *ex;
	struct attempt attempts[MAX_ATTEMPTS];
	size_t count;
	struct attempt free_calls[100]; /* without a policy */
	size_t free_count;
	size_t tried, allowed, refused, depends, fixed, unstartable;
} t;

/* ---- from an answer to an attempt --------------------------------------- */

static bool ends_as_dir(const char *path)
{
	size_t len = strlen(path);

	return len && (path[len - 1] == '/' ||
		       (len > 1 && strcmp(path + len - 2, "/.") == 0));
}

/* "KEPT:f:PATH", KEPT bytes of which are there. */
static void new_path(struct attempt *a, const char *path)
{
	char up[PATH_MAX + 1];
	struct stat st;

	snprintf(up, sizeof(up), "%s", a->answer.object);
	while (*up && lstat(up, &st) < 0)
		*strrchr(up, '/') = '\0';
	snprintf(a->arg, sizeof(a->arg), "%zu:%c:%s", strlen(up),
		 ends_as_dir(path) ? 'd' : 'f', a->answer.object);
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void attempt_path(struct attempt *a)
{
	static const char *const names[] = { "read", "write", "execute", "list",
					     "create" };
	static const char ops[] = "rwxlc";
	const char *path = a->question + strlen("path:");

	for (size_t i = 0; i < LEN(names); i++)
		if (strcmp(a->answer.access, names[i]) == 0)
			a->op = ops[i];
	snprintf(a->arg, sizeof(a->arg), "%s", path);
	if (a->op == 'c' && !is_dir(path)) {
		a->op = 'n';
		new_path(a, path);
	}
}

static void attempt_net(struct attempt *a)
{
	const char *q = a->question, *port = strrchr(q, ':') + 1;

	port += strspn(port, "/"); /* of bind:udp:// */
	a->op = strncmp(q, "bind:udp:", 9) == 0	  ? 'D'
		: strncmp(q, "bind:", 5) == 0	  ? 'B'
		: strncmp(q, "net:udp:", 8) == 0  ? 'U'
		: strncmp(q, "net:icmp:", 9) == 0 ? 'I'
		: strncmp(q, "net:unix:", 9) == 0 ? 'X'
						  : 'C';
	snprintf(a->arg, sizeof(a->arg), "%c:%s",
		 strstr(q, "[::f")	  ? 'm'
		 : strchr(q, '[')	  ? '6'
		 : strstr(q, "127.0.0.2") ? '2'
		 : strstr(q, "0.0.0.0")	  ? '0'
					  : '4',
		 a->op == 'I' ? "1" : port);
	if (a->op == 'X')
		snprintf(a->arg, sizeof(a->arg), "%s", q + 9);
}

/* One attempt for each case that this answer is about. */
static void attempt_call(const struct attempt *asked)
{
	const struct call_case *call;

	for (size_t i = 0; (call = call_case_at(i)); i++) {
		struct attempt *a = &t.attempts[t.count];

		if (strcmp(call->call, asked->question + 8) != 0 ||
		    !call_case_fits(call, asked->answer.object))
			continue;
		if (t.count == MAX_ATTEMPTS)
			return;
		*a = *asked;
		a->op = 'S';
		snprintf(a->arg, sizeof(a->arg), "%ld:%s", call->number,
			 call->args);
		t.count++;
	}
}

static void ask(const char *question)
{
	static struct attempt a;
	sandlock_error err = { 0 };

	for (a.index = 0; t.count < MAX_ATTEMPTS; a.index++) {
		int r;

		snprintf(a.question, sizeof(a.question), "%s", question);
		a.answer = (sandlock_answer){ .size = sizeof(a.answer) };
		r = sandlock_explanation_ask(t.ex, question, a.index, &a.answer,
					     &err);
		if (r == -ERANGE)
			return;
		if (r < 0) {
			th_fail(__FILE__, __LINE__, "%s: %s", question,
				err.message);
			return;
		}
		if (strncmp(question, "syscall:", 8) == 0) {
			attempt_call(&a);
			continue;
		}
		if (strncmp(question, "path:", 5) == 0)
			attempt_path(&a);
		else
			attempt_net(&a);
		t.attempts[t.count++] = a;
	}
}

static void ask_all(void)
{
	char question[PATH_MAX + 32], path[PATH_MAX];
	const struct call_case *call;

	for (int i = 0; i < PATHS; i++) {
		tree_path(&t.tree, &t.rng, path, sizeof(path));
		snprintf(question, sizeof(question), "path:%s", path);
		ask(question);
	}
	snprintf(question, sizeof(question), "net:127.0.0.1:%u", t.world.port);
	ask(question);
	snprintf(question, sizeof(question), "net:localhost:%u", t.world.unused);
	ask(question);
	snprintf(question, sizeof(question), "net:[::1]:%u", t.world.port6);
	if (t.world.port6)
		ask(question);
	snprintf(question, sizeof(question), "net:127.0.0.2:%u", t.world.port);
	ask(question);
	snprintf(question, sizeof(question), "net:0.0.0.0:%u", t.world.port);
	ask(question);
	snprintf(question, sizeof(question), "net:[::ffff:127.0.0.1]:%u",
		 t.world.port);
	ask(question);
	snprintf(question, sizeof(question), "net:udp://127.0.0.1:%u",
		 t.world.port);
	ask(question);
	snprintf(question, sizeof(question), "net:udp://127.0.0.2:%u",
		 t.world.unused);
	ask(question);
	snprintf(question, sizeof(question), "net:udp://[::1]:%u",
		 t.world.unused);
	if (t.world.port6)
		ask(question);
	ask("net:icmp://127.0.0.1");
	snprintf(question, sizeof(question), "net:unix:%s", t.world.abstract);
	ask(question);
	snprintf(question, sizeof(question), "net:unix:%s", t.world.path);
	ask(question);
	snprintf(question, sizeof(question), "bind:%u", t.world.unused);
	ask(question);
	snprintf(question, sizeof(question), "bind:%u", t.world.port);
	ask(question);
	snprintf(question, sizeof(question), "bind:udp://%u", t.world.unused);
	ask(question);
	snprintf(question, sizeof(question), "bind:udp://%u", t.world.port);
	ask(question);
	ask("bind:udp://0");
	ask("bind:0");
	ask("bind:80");
	for (int i = 0; i < 12; i++) {
		const char *last = "";

		call = call_case_at(rng_below(&t.rng, (unsigned)t.free_count));
		if (strcmp(last, call->call) != 0) {
			snprintf(question, sizeof(question), "syscall:%s",
				 call->call);
			ask(question);
		}
	}
}

/* ---- comparing ---------------------------------------------------------- */

/* What the kernel would say of this call with nobody in between. */
static int free_error(const struct attempt *a)
{
	for (size_t i = 0; i < t.free_count; i++)
		if (strcmp(t.free_calls[i].arg, a->arg) == 0)
			return t.free_calls[i].error;
	return 0;
}

static bool listens_at(const char *arg)
{
	unsigned int port = (unsigned int)strtoul(arg + 2, NULL, 10);

	if (arg[0] == '6')
		return port == t.world.port6;
	return arg[0] != '2' && port == t.world.port;
}

/* The policy let it pass; what came then is not its affair. */
static bool is_harmless(const struct attempt *a)
{
	switch (a->op) {
	case 'S':
		return a->error == free_error(a);
	case 'x': /* no program by its format: a shell would read it */
		return a->error == ENOEXEC;
	case 'w': /* nobody reads the pipe */
		return a->error == ENXIO;
	case 'C': /* nobody listens there */
		return a->error == ECONNREFUSED && !listens_at(a->arg);
	case 'B':
	case 'D':
		return a->error == EADDRINUSE;
	default:
		return false;
	}
}

/* By what a script is run the judge sees once it runs, and ends it; what is no
 * program does not come to that. */
static bool is_ended_afterwards(const struct attempt *a)
{
	return a->op == 'x' && (a->error == 0 || a->error == ENOEXEC) &&
	       strcmp(a->answer.enforced_by, "supervisor") == 0 &&
	       strncmp(a->answer.reason, "it is run by ", 13) == 0;
}

static bool agrees(const struct attempt *a)
{
	if (a->answer.verdict == SANDLOCK_VERDICT_REFUSED &&
	    is_ended_afterwards(a))
		return true;
	if (a->answer.verdict == SANDLOCK_VERDICT_DEPENDS)
		return true;
	/* Somebody runs the file just now, which is found out first. */
	if (a->op == 'w' && a->error == ETXTBSY)
		return true;
	if (a->answer.verdict == SANDLOCK_VERDICT_ALLOWED)
		return a->error == 0 || is_harmless(a);
	return a->error == a->answer.error;
}

static void report(const struct attempt *a, const char *what)
{
	char *toml = NULL;

	th_fail(__FILE__, __LINE__,
		"EXPLAIN_SEED=%llu EXPLAIN_ROUNDS=1: %s\n#   question %s\n"
		"#   answer %s %s of '%s': %s, %s, by %s: %s\n"
		"#   really %c '%s': %s",
		(unsigned long long)t.seed, what, a->question,
		a->answer.verdict == SANDLOCK_VERDICT_ALLOWED ? "allowed"
							      : "refused",
		a->answer.access, a->answer.object, strerror(a->answer.error),
		a->answer.origin ? a->answer.origin : "-", a->answer.enforced_by,
		a->answer.reason, a->op, a->arg, strerror(a->error));
	if (getenv("EXPLAIN_POLICY") &&
	    sandlock_policy_dump(t.policy, &toml, NULL) == 0)
		fprintf(stderr, "%s\n", toml);
	sandlock_string_free(toml);
}

static void compare(void)
{
	for (size_t i = 0; i < t.count; i++) {
		const struct attempt *a = &t.attempts[i];

		t.tried++;
		t.allowed += a->answer.verdict == SANDLOCK_VERDICT_ALLOWED;
		t.refused += a->answer.verdict == SANDLOCK_VERDICT_REFUSED;
		t.depends += a->answer.verdict == SANDLOCK_VERDICT_DEPENDS;
		if (!agrees(a))
			report(a, "it is not so");
	}
}

static int explain(const sandlock_policy *policy, sandlock_explanation **ret_ex,
		   sandlock_error *err)
{
	const char *argv[] = { t.world.probe, NULL };
	sandlock_explain_options options = { .size = sizeof(options),
					     .argv = argv };

	return sandlock_explain(policy, &options, ret_ex, err);
}

/* The fix of @a, taken: then it is said to be allowed, and is. */
static void try_fix(const struct attempt *a)
{
	static struct attempt now;
	sandlock_explanation *ex;
	sandlock_policy *policy;
	sandlock_error err = { 0 };

	now = *a;
	now.answer = (sandlock_answer){ .size = sizeof(now.answer) };
	ASSERT_EQ(sandlock_policy_clone(t.policy, &policy, &err), 0);
	if (sandlock_policy_set(policy, a->answer.fix_key, a->answer.fix_value,
				"fix", &err) < 0 ||
	    explain(policy, &ex, &err) < 0) {
		report(a, err.message);
		sandlock_policy_free(policy);
		return;
	}
	if (sandlock_explanation_ask(ex, a->question, a->index, &now.answer,
				     &err) < 0 ||
	    !world_try(&t.world, policy, &now, 1, &err))
		report(a, err.message);
	else if (now.answer.verdict != SANDLOCK_VERDICT_ALLOWED || !agrees(&now))
		report(&now, "the fix does not help");
	t.fixed++;
	sandlock_explanation_free(ex);
	sandlock_policy_free(policy);
}

static bool makes_outside(const struct attempt *a)
{
	return (a->op == 'c' || a->op == 'n') &&
	       strncmp(a->answer.object, t.tree.root, strlen(t.tree.root)) != 0;
}

static void try_a_fix(void)
{
	size_t from = rng_below(&t.rng, (unsigned int)t.count);

	for (size_t i = 0; i < t.count; i++) {
		const struct attempt *a = &t.attempts[(from + i) % t.count];

		/* A call is refused in one case, and asked about in another;
		 * nothing is made outside our tree. */
		if (a->answer.fix_key && a->op != 'S' && !makes_outside(a)) {
			try_fix(a);
			return;
		}
	}
}

static void round_of(uint64_t seed)
{
	sandlock_error said = { 0 }, done = { 0 };
	char root[PATH_MAX];
	bool started;
	int r;

	t.seed = seed;
	t.count = 0;
	t.ex = NULL;
	rng_seed(&t.rng, seed);
	snprintf(root, sizeof(root), "%.3000s/tree", t.world.base);
	tree_make(&t.tree, &t.rng, root, t.world.probe);
	t.policy = choose_policy(&t.world, &t.tree, &t.rng);
	r = explain(t.policy, &t.ex, &said);
	if (r == 0)
		ask_all();
	started = world_try(&t.world, t.policy, t.attempts, t.count, &done);
	t.unstartable += r < 0;
	if (started != (r == 0) || strcmp(said.message, done.message) != 0)
		th_fail(__FILE__, __LINE__,
			"EXPLAIN_SEED=%llu EXPLAIN_ROUNDS=1: explained with "
			"%d '%s', started with %d '%s'",
			(unsigned long long)seed, r, said.message, started,
			done.message);
	else if (started) {
		compare();
		try_a_fix();
	}
	sandlock_explanation_free(t.ex);
	sandlock_policy_free(t.policy);
	tree_remove(root);
}

/* ---- rounds ------------------------------------------------------------- */

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void try_calls_freely(void)
{
	struct attempt *a = t.free_calls;
	const struct call_case *call;

	a[0].op = 'L';
	for (size_t i = 0;
	     (call = call_case_at(i)) && i + 1 < LEN(t.free_calls); i++) {
		a[i + 1].op = 'S';
		snprintf(a[i + 1].arg, sizeof(a->arg), "%ld:%s", call->number,
			 call->args);
		t.free_count = i + 1;
	}
	world_try_free(&t.world, a, t.free_count + 1);
	EXPECT_EQ(a[0].error, 0);
	memmove(a, a + 1, t.free_count * sizeof(*a));
}

TEST_TIMEOUT(what_is_said_is_what_happens, 600)
{
	uint64_t rounds = number("EXPLAIN_ROUNDS", 60);
	double end = now() + (double)number("EXPLAIN_SECONDS", 5);
	uint64_t seed = 1, done = 0;

	/* Seed 0: another one each time. */
	seed = number("EXPLAIN_SEED", 1);
	if (seed == 0)
		ASSERT_EQ(getrandom(&seed, 4, 0), 4);
	world_make(&t.world);
	try_calls_freely();
	for (; done < rounds && (done < 5 || now() < end); done++)
		round_of(seed + done);
	world_remove(&t.world);
	printf("# seed %llu: %llu rounds, %zu attempts: %zu allowed, %zu "
	       "refused, %zu depend; %zu fixes; %zu policies that do not "
	       "start\n",
	       (unsigned long long)seed, (unsigned long long)done, t.tried,
	       t.allowed, t.refused, t.depends, t.fixed, t.unstartable);
	if (done > 20) {
		EXPECT_GT(t.allowed, t.tried / 20);
		EXPECT_GT(t.refused, t.tried / 20);
		EXPECT_GT(t.fixed, done / 4);
	}
}
