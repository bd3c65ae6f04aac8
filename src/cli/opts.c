// SPDX-License-Identifier: Apache-2.0
/*
 * The flags of `run`, driven by the key table: there is no list of flags here.
 *
 *	--flag VALUE, --flag=VALUE, -fVALUE, -f=VALUE, -f VALUE, -ab (switches),
 *	--no-flag: drop what a profile gave, or switch off
 *
 * Options end at the first word that is none, or at "--". A row's own flag
 * wins over the --no- reading, so --no-coredump is that row and
 * --no-no-coredump drops it.
 */
#include "style.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As much of a user's word as a message repeats. */
#define SHOWN 64

struct parser {
	int argc;
	char **argv;
	int at; /* the word being read */
	struct cli_settings *out;
	bool *seen; /* per row: a single value was given */
	sandlock_error *err;
};

bool cli_key(size_t row, sandlock_key *ret_key)
{
	ret_key->size = sizeof(*ret_key);
	return sandlock_key_at(row, ret_key) == 0;
}

bool cli_key_is_list(const sandlock_key *key)
{
	return key->type == SANDLOCK_TYPE_LIST || key->type == SANDLOCK_TYPE_MAP;
}

static bool find_flag(const char *flag, size_t len, size_t *ret_row,
		      sandlock_key *ret_key)
{
	for (size_t row = 0; cli_key(row, ret_key); row++) {
		if (ret_key->flag && strlen(ret_key->flag) == len &&
		    memcmp(ret_key->flag, flag, len) == 0) {
			*ret_row = row;
			return true;
		}
	}
	return false;
}

static bool find_short(char letter, size_t *ret_row, sandlock_key *ret_key)
{
	for (size_t row = 0; cli_key(row, ret_key); row++) {
		if (ret_key->short_flag && ret_key->short_flag[1] == letter) {
			*ret_row = row;
			return true;
		}
	}
	return false;
}

/* "--no-fs-read": the row of "--fs-read", which must be part of a policy. */
static bool find_negated(const char *flag, size_t len, size_t *ret_row,
			 sandlock_key *ret_key)
{
	char name[SHOWN];

	if (len <= 5 || len >= sizeof(name) || memcmp(flag, "--no-", 5) != 0)
		return false;
	memcpy(name, "--", 2);
	memcpy(name + 2, flag + 5, len - 5);
	return find_flag(name, len - 3, ret_row, ret_key) &&
	       (ret_key->flags & SANDLOCK_KEY_POLICY);
}

static int add(struct parser *p, size_t row, const char *value, bool negated)
{
	struct cli_settings *out = p->out;

	if (out->count == out->cap) {
		size_t cap = out->cap ? out->cap * 2 : 16;
		struct cli_setting *items = reallocarray(out->items, cap,
							 sizeof(*items));

		if (!items)
			return cli_fail(p->err, -ENOMEM, "out of memory");
		out->items = items;
		out->cap = cap;
	}
	out->items[out->count++] = (struct cli_setting){ row, value, negated };
	return 0;
}

/* A list, and --profile, may come again; --no-KEY makes room for another. */
static void note_seen(struct parser *p, const struct cli_setting *setting,
		      const sandlock_key *key)
{
	p->seen[setting->row] = !setting->negated && !cli_key_is_list(key) &&
				strcmp(key->name, "profile") != 0;
}

/* Every use of @key passes here. @value is NULL for a switch. */
static int take(struct parser *p, size_t row, const sandlock_key *key,
		const char *flag, const char *value)
{
	bool list = cli_key_is_list(key);

	if (!list && key->metavar && p->seen[row])
		return cli_fail(p->err, -EINVAL,
				"option '%s' is given more than once; "
				"it takes one %s",
				flag, key->metavar);
	note_seen(p, &(struct cli_setting){ row, value, false }, key);
	/* At once, for what is wrong with the words after it. */
	if (strcmp(key->name, "color") == 0) {
		int r = cli_color_set(value, p->err);

		if (r < 0)
			return r;
	}
	return add(p, row, value, false);
}

static int refuse_unavailable(struct parser *p, const char *flag,
			      const sandlock_key *key)
{
	return cli_fail(p->err, -EOPNOTSUPP,
			"option '%s' (%s) is not available in this version",
			flag, key->help);
}

/*
 * The value of @flag from the next word. A word with a dash is a forgotten
 * value far more often than a value; "=" says it is meant.
 */
static int next_value(struct parser *p, const char *flag,
		      const sandlock_key *key, const char **ret_value)
{
	const char *next = p->at + 1 < p->argc ? p->argv[p->at + 1] : NULL;

	if (!next)
		return cli_fail(p->err, -EINVAL, "option '%s' needs a value (%s)",
				flag, key->metavar);
	if (next[0] == '-' && next[1])
		return cli_fail(
			p->err, -EINVAL,
			"option '%s' needs a value (%s), but '%.*s' follows; "
			"a value that begins with '-' is written "
			"'%s=VALUE'",
			flag, key->metavar, SHOWN, next, flag);
	p->at++;
	*ret_value = next;
	return 0;
}

static int parse_long(struct parser *p, const char *word)
{
	const char *eq = strchr(word, '='), *value = eq ? eq + 1 : NULL;
	size_t len = eq ? (size_t)(eq - word) : strlen(word), row;
	bool negated = false;
	sandlock_key key;
	int r;

	if (len == strlen("--help") && memcmp(word, "--help", len) == 0) {
		p->out->help = true;
		return 0;
	}
	if (!find_flag(word, len, &row, &key)) {
		negated = find_negated(word, len, &row, &key);
		if (!negated)
			return cli_unknown_flag(word, len, p->err);
	}
	if (!(key.flags & SANDLOCK_KEY_AVAILABLE))
		return refuse_unavailable(p, key.flag, &key);
	if (negated) {
		if (eq)
			return cli_fail(p->err, -EINVAL,
					"option '--no-%s' takes no value",
					key.flag + 2);
		p->seen[row] = false;
		return add(p, row, NULL, true);
	}
	if (key.metavar && !value) {
		r = next_value(p, key.flag, &key, &value);
		if (r < 0)
			return r;
	}
	if (!key.metavar && eq && !(key.flags & SANDLOCK_KEY_POLICY))
		return cli_fail(p->err, -EINVAL, "option '%s' takes no value",
				key.flag);
	return take(p, row, &key, key.flag, value);
}

/* "-timeout" means --timeout, not -t with the value "imeout". */
static int refuse_one_dash(struct parser *p, const char *word)
{
	size_t len = strcspn(word, "="), row;
	char flag[SHOWN] = "-";
	sandlock_key key;

	if (len < 3 || len + 1 >= sizeof(flag))
		return 0;
	memcpy(flag + 1, word, len);
	flag[len + 1] = '\0';
	if (!find_flag(flag, len + 1, &row, &key))
		return 0;
	return cli_fail(p->err, -EINVAL,
			"unknown option '%.*s'; did you mean '%s'?", (int)len,
			word, flag);
}

/* "-r/usr", "-r=/usr", "-r /usr", "-ie TEXT". */
static int parse_short(struct parser *p, const char *word)
{
	int wrong;

	/* Read as "-r w", it would make a command of the path that follows. */
	if (strcmp(word, "-rw") == 0 || strcmp(word, "-wr") == 0)
		return cli_fail(p->err, -EINVAL,
				"'%s': -w PATH grants reading as well; a "
				"directory of that name is written '-%c ./%c'",
				word, word[1], word[2]);
	wrong = refuse_one_dash(p, word);

	if (wrong < 0)
		return wrong;
	for (const char *c = word + 1; *c; c++) {
		const char *value = NULL;
		sandlock_key key;
		size_t row;
		int r;

		if (*c == 'h') {
			p->out->help = true;
			continue;
		}
		if (!find_short(*c, &row, &key))
			return cli_fail(p->err, -EINVAL,
					"unknown option '-%c'; "
					"'sandlock help run' lists all",
					*c);
		if (!(key.flags & SANDLOCK_KEY_AVAILABLE))
			return refuse_unavailable(p, key.short_flag, &key);
		if (!key.metavar) {
			r = take(p, row, &key, key.short_flag, NULL);
			if (r < 0)
				return r;
			continue;
		}
		if (c[1]) {
			value = c[1] == '=' ? c + 2 : c + 1;
		} else {
			r = next_value(p, key.short_flag, &key, &value);
			if (r < 0)
				return r;
		}
		return take(p, row, &key, key.short_flag, value);
	}
	return 0;
}

static int parse_words(struct parser *p)
{
	int r;

	for (p->at = 1; p->at < p->argc && !p->out->help; p->at++) {
		const char *word = p->argv[p->at];

		if (strcmp(word, "--") == 0) {
			p->at++;
			break;
		}
		if (word[0] != '-' || !word[1])
			break;
		r = word[1] == '-' ? parse_long(p, word) : parse_short(p, word);
		if (r < 0)
			return r;
	}
	p->out->rest = p->at;
	return 0;
}

int cli_parse_settings(int argc, char **argv, struct cli_settings *out,
		       sandlock_error *err)
{
	struct parser p = { .argc = argc, .argv = argv, .out = out, .err = err };
	size_t rows = 0;
	sandlock_key key;
	int r;

	while (cli_key(rows, &key))
		rows++;
	p.seen = calloc(rows + 1, sizeof(*p.seen));
	if (!p.seen)
		return cli_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < out->count; i++)
		if (cli_key(out->items[i].row, &key))
			note_seen(&p, &out->items[i], &key);
	r = parse_words(&p);
	free(p.seen);
	return r;
}

void cli_settings_fini(struct cli_settings *settings)
{
	free(settings->items);
	*settings = (struct cli_settings){ 0 };
}

int cli_take_json(int argc, char **argv, bool *ret_json)
{
	int kept = 1, at = 1;

	for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
		if (strcmp(argv[at], "--json") == 0)
			*ret_json = true;
		else
			argv[kept++] = argv[at];
	}
	while (at < argc)
		argv[kept++] = argv[at++];
	argv[kept] = NULL;
	return kept;
}

int cli_check_policy_options(const struct cli_settings *settings,
			     const char *command, bool shell, sandlock_error *err)
{
	static const char *const fine[] = { "profile", "profile-file", "bare",
					    "set", "color" };

	for (size_t i = 0; i < settings->count; i++) {
		bool known;
		sandlock_key key;

		if (!cli_key(settings->items[i].row, &key) ||
		    (key.flags & SANDLOCK_KEY_POLICY))
			continue;
		known = shell && strcmp(key.name, "exec-shell") == 0;
		for (size_t k = 0; k < CLI_LEN(fine); k++)
			known |= strcmp(key.name, fine[k]) == 0;
		if (!known)
			return cli_fail(err, -EINVAL,
					"option '%s' is of one run; 'sandlock "
					"%s' takes those of a policy, and "
					"--json",
					key.flag, command);
	}
	return 0;
}
