/* SPDX-License-Identifier: Apache-2.0 */
/* See choose.h. */
#include "explain/choose.h"

#include <stdio.h>
#include <string.h>

#include "harness/harness.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

struct chooser {
	const struct world *world;
	const struct tree *tree;
	struct rng *rng;
	sandlock_policy *policy;
};

static void set(struct chooser *t, const char *key, const char *value)
{
	sandlock_error err = { 0 };

	if (sandlock_policy_set(t->policy, key, value, "test", &err) < 0)
		th_fail(__FILE__, __LINE__, "%s = %s: %s", key, value,
			err.message);
}

static void maybe(struct chooser *t, unsigned int percent, const char *key,
		  const char *const *values, unsigned int count)
{
	if (rng_chance(t->rng, percent))
		set(t, key, values[rng_below(t->rng, count)]);
}

static void grant(struct chooser *t)
{
	static const char *const outside[] = { "/proc",	    "/usr", "/etc",
					       "/dev/null", "/bin", "/" };
	char value[2 * PATH_MAX] = "?", *path = value + 1;
	bool write = rng_chance(t->rng, 40);

	if (rng_chance(t->rng, 12)) {
		strcpy(path, outside[rng_below(t->rng, LEN(outside))]);
		write = false;
	} else {
		tree_path(t->tree, t->rng, path, sizeof(value) - 1);
		/* Never write what is not ours. */
		if (path[0] == '/' &&
		    strncmp(path, t->tree->root, strlen(t->tree->root)) != 0)
			write = false;
		if (strstr(path, "/../..") || strstr(path, "/.."))
			write = false;
	}
	/* Without the question mark a missing path fails the start. */
	set(t, write ? "filesystem.write" : "filesystem.read",
	    rng_chance(t->rng, 97) ? value : path);
}

/* Rules about hosts, of which only 127.0.0.1 and ::1 listen. */
static void choose_hosts(struct chooser *t)
{
	static const char *const hosts[] = { "127.0.0.1",  "127.0.0.0/30",
					     "127.0.0.2",  "[::1]",
					     "0.0.0.0",	   "[::ffff:127.0.0.1]",
					     "10.0.0.0/8", "localhost" };
	static const char *const schemes[] = { "tcp://", "udp://", "", "" };
	char allow[64], deny[64];
	const char *const rules[] = { allow, "udp://*", "icmp://127.0.0.1",
				      "icmp://*" };
	const char *const denies[] = { deny, "127.0.0.0/8", "::1", "udp://*",
				       "tcp://*" };
	unsigned int port = rng_chance(t->rng, 70) ? t->world->port
						   : t->world->unused;

	for (int i = 0; i < 3; i++) {
		snprintf(allow, sizeof(allow), "%s%s:%u",
			 schemes[rng_below(t->rng, LEN(schemes))],
			 hosts[rng_below(t->rng, LEN(hosts))],
			 rng_chance(t->rng, 30) ? t->world->port6 : port);
		/* The last one is a name, which no deny can have. */
		snprintf(deny, sizeof(deny), "%s%s:%u",
			 schemes[rng_below(t->rng, LEN(schemes))],
			 hosts[rng_below(t->rng, LEN(hosts) - 1)], port);
		maybe(t, 25, "network.allow", rules, LEN(rules));
		maybe(t, 8, "network.deny", denies, LEN(denies));
	}
}

/* Mostly such as can be left to Landlock, if no grant is in the way. */
static void choose_denies(struct chooser *t)
{
	static const char *const files[] = { "f",   "f",   "f",	  "g", "g",
					     "d/f", "d/f", "d/f", "d", "none" };
	char path[2 * PATH_MAX];

	for (unsigned int i = 1 + rng_below(t->rng, 2); i > 0; i--) {
		snprintf(path, sizeof(path), "%s/" TREE_KEPT "/%s",
			 t->tree->root, files[rng_below(t->rng, LEN(files))]);
		set(t, "filesystem.deny", path);
	}
	if (rng_chance(t->rng, 80)) {
		snprintf(path, sizeof(path), "?%s/" TREE_KEPT, t->tree->root);
		set(t, "filesystem.read", path);
	}
}

static void choose_network(struct chooser *t)
{
	char connect[64], bind[64], range[64];
	char udp[80], udp_range[80];
	const char *const binds[] = { bind, range, "0", "80" };
	const char *const udp_binds[] = { udp, udp_range, "udp://0", "udp://*" };
	const char *const connects[] = { connect, "tcp://*" };

	snprintf(connect, sizeof(connect), "tcp://:%u,%u",
		 rng_chance(t->rng, 50) ? t->world->port : 1, t->world->unused);
	snprintf(bind, sizeof(bind), "%u", t->world->unused);
	snprintf(range, sizeof(range), "%u-%u", t->world->port,
		 t->world->port > 65435 ? 65535 : t->world->port + 100);
	snprintf(udp, sizeof(udp), "udp://%s", bind);
	snprintf(udp_range, sizeof(udp_range), "udp://%s", range);
	maybe(t, 15, "network.allow_bind", udp_binds, LEN(udp_binds));
	maybe(t, 10, "network.deny_bind", udp_binds, 2);
	maybe(t, 40, "network.allow", connects, LEN(connects));
	for (int i = 0; i < 2; i++)
		maybe(t, 30, "network.allow_bind", binds, LEN(binds));
	if (t->world->port6)
		snprintf(connect, sizeof(connect), "tcp://:%u", t->world->port6);
	maybe(t, 20, "network.allow", connects, 1);
	choose_hosts(t);
	if (rng_chance(t->rng, 10)) {
		snprintf(connect, sizeof(connect), "tcp://:%u", t->world->port);
		set(t, "network.allow", "tcp://:443");
		set(t, "network.deny", connect);
	}
	if (rng_chance(t->rng, 10)) {
		set(t, "network.allow_bind", "8000-8010");
		set(t, "network.deny_bind", bind);
	}
}

static void choose_calls(struct chooser *t)
{
	static const char *const deny[] = { "getppid", "metadata",   "watches",
					    "socket",  "connect",    "bind",
					    "openat",  "open",	     "openat2",
					    "mkdirat", "keys",	     "ptrace",
					    "execve",  "socketpair", "ioctl" };
	static const char *const allow[] = {
		"sysv_ipc", "keys",    "ptrace",     "socket",
		"listen",   "unshare", "prctl",	     "ioctl",
		"clone3",   "fcntl",   "socketpair", "kcmp"
	};
	static const char *const protections[] = {
		"net-tcp", "fs-ioctl-dev", "signal-scope", "fs-truncate",
		"abstract-unix-socket-scope"
	};
	static const char *const yes[] = { "true" };

	for (int i = 0; i < 3; i++) {
		unsigned int which = rng_below(t->rng, LEN(deny));

		/* The program itself could not be started. */
		if (strcmp(deny[which], "execve") != 0)
			maybe(t, 20, "syscalls.extra_deny", &deny[which], 1);
		maybe(t, 20, "syscalls.extra_allow", allow, LEN(allow));
	}
	maybe(t, 15, "protections.disable", protections, LEN(protections));
	maybe(t, 15, "protections.allow_degraded", protections, LEN(protections));
	maybe(t, 15, "program.no_supervisor", yes, 1);
	maybe(t, 15, "filesystem.private_tmp", yes, 1);
	maybe(t, 15, "filesystem.command", yes, 1);
	maybe(t, 10, "program.clean_env", yes, 1);
}

sandlock_policy *choose_policy(const struct world *world,
			       const struct tree *tree, struct rng *rng)
{
	struct chooser t = { world, tree, rng, NULL };
	static const char *const presets[] = { "base", "base", "agent" };
	sandlock_error err = { 0 };

	ASSERT_EQ(sandlock_policy_new(&t.policy, &err), 0);
	if (rng_chance(t.rng, 30))
		ASSERT_EQ(sandlock_policy_load(
				  t.policy,
				  presets[rng_below(t.rng, LEN(presets))], &err),
			  0);
	/* The program itself: without it nothing could be tried. */
	set(&t, "filesystem.read", t.world->probe);
	for (unsigned int i = rng_below(t.rng, 7); i > 0; i--)
		grant(&t);
	if (rng_chance(t.rng, 40))
		choose_denies(&t);
	if (rng_chance(t.rng, 60))
		choose_network(&t);
	if (rng_chance(t.rng, 60))
		choose_calls(&t);
	return t.policy;
}
