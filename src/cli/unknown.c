// SPDX-License-Identifier: Apache-2.0
/*
 * What to say to a flag that does not exist. Flags are never abbreviated, so
 * that a later version can add some; what was meant is said instead.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 64
#define NAMED 4 /* flags that one message names */

/* The flags that a name may stand for, at most NAMED of them named. */
struct matches {
	const char *flag[NAMED];
	size_t count;
};

static void add(struct matches *matches, const char *flag)
{
	if (matches->count < NAMED)
		matches->flag[matches->count] = flag;
	matches->count++;
}

/* @needed: more than being available, to be asked of the key. */
static bool is_candidate(const sandlock_key *key, uint32_t needed)
{
	needed |= SANDLOCK_KEY_AVAILABLE;
	return key->flag && (key->flags & needed) == needed;
}

/* "--net": every flag that begins so. */
static struct matches that_begin_with(const char *name)
{
	struct matches matches = { .count = 0 };
	sandlock_key key;

	for (size_t row = 0; strlen(name) > 3 && cli_key(row, &key); row++)
		if (is_candidate(&key, 0) &&
		    strncmp(key.flag, name, strlen(name)) == 0)
			add(&matches, key.flag);
	return matches;
}

/* "--write", "--writ": every flag with such a word in it. */
static struct matches that_contain(const char *name)
{
	struct matches matches = { .count = 0 };
	const char *word = name + 2;
	sandlock_key key;

	for (size_t row = 0; strlen(word) > 2 && cli_key(row, &key); row++) {
		/* "--memory" is not --no-randomize-memory. */
		if (!is_candidate(&key, 0) || strncmp(key.flag, "--no-", 5) == 0)
			continue;
		for (const char *at = key.flag + 1; at; at = strchr(at + 1, '-'))
			if (strncmp(at + 1, word, strlen(word)) == 0) {
				add(&matches, key.flag);
				break;
			}
	}
	return matches;
}

static void nearest(struct cli_guess *guess, const char *name, uint32_t needed)
{
	sandlock_key key;

	cli_guess_init(guess, name);
	for (size_t row = 0; cli_key(row, &key); row++)
		if (is_candidate(&key, needed))
			cli_guess_try(guess, key.flag);
}

static int say_matches(sandlock_error *err, const char *name,
		       const struct matches *matches)
{
	char list[NAMED * (SHOWN + 8)] = "";
	size_t len = 0, shown = matches->count < NAMED ? matches->count : NAMED;

	if (matches->count == 1)
		return cli_fail(err, -EINVAL,
				"unknown option '%s'; did you mean '%s'?", name,
				matches->flag[0]);
	for (size_t i = 0; i < shown; i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s'%s'",
					i == 0			  ? ""
					: i + 1 == matches->count ? " or "
								  : ", ",
					matches->flag[i]);
	return cli_fail(err, -EINVAL, "unknown option '%s'; did you mean %s%s?",
			name, list, matches->count > NAMED ? ", ..." : "");
}

/* "--no-fs-reed" too: the nearest flag behind "--no-". */
static int say_nearest(sandlock_error *err, const char *name)
{
	struct cli_guess guess, negated;
	struct matches matches;
	const char *no = "";
	char positive[SHOWN];

	nearest(&guess, name, 0);
	cli_guess_try(&guess, "--help");
	if (strncmp(name, "--no-", 5) == 0) {
		snprintf(positive, sizeof(positive), "--%s", name + 5);
		nearest(&negated, positive, SANDLOCK_KEY_POLICY);
		if (negated.best &&
		    (!guess.best || negated.distance < guess.distance)) {
			guess = negated;
			no = "no-";
		}
	}
	if (guess.best)
		return cli_fail(err, -EINVAL,
				"unknown option '%s'; did you mean '--%s%s'?",
				name, no, guess.best + 2);
	matches = that_contain(name);
	if (matches.count)
		return say_matches(err, name, &matches);
	return cli_fail(err, -EINVAL,
			"unknown option '%s'; 'sandlock help run' lists all",
			name);
}

int cli_unknown_flag(const char *flag, size_t len, sandlock_error *err)
{
	struct matches matches;
	char name[SHOWN];

	if (len >= sizeof(name))
		return cli_fail(err, -EINVAL, "unknown option '%.*s...'", SHOWN,
				flag);
	memcpy(name, flag, len);
	name[len] = '\0';
	matches = that_begin_with(name);
	if (matches.count)
		return say_matches(err, name, &matches);
	return say_nearest(err, name);
}
