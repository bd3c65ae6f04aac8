/* SPDX-License-Identifier: Apache-2.0 */
/* The user's home directory, and ${HOME} in the paths of profiles. */
#include "policy/home.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/value.h"

static bool usable(const char *home)
{
	return home && home[0] == '/' && home[1] != '\0';
}

static void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* name:password:UID:gid:gecos:HOME:shell; NULL if the line is not the user's. */
static char *home_of_line(char *line, uint64_t uid)
{
	char *fields[7] = { 0 };
	uint64_t found;

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < SL_ARRAY_LEN(fields) && line; i++)
		fields[i] = strsep(&line, ":");
	if (!fields[5] || !usable(fields[5]) ||
	    sl_value_u64(fields[2], strlen(fields[2]), &found) < 0 ||
	    found != uid)
		return NULL;
	return fields[5];
}

static int home_from_passwd(char **ret_home)
{
	__attribute__((cleanup(cleanup_file)))
	FILE *file = fopen("/etc/passwd", "re");
	sl_autofree char *line = NULL;
	size_t cap = 0;

	while (file && getline(&line, &cap, file) > 0) {
		const char *home = home_of_line(line, getuid());

		if (!home)
			continue;
		*ret_home = strdup(home);
		return *ret_home ? 0 : -ENOMEM;
	}
	return -ENOENT;
}

int sl_home(char **ret_home, struct sl_error *err)
{
	const char *env = getenv("HOME");
	int r = -ENOENT;

	if (usable(env)) {
		*ret_home = strdup(env);
		r = *ret_home ? 0 : -ENOMEM;
	} else {
		r = home_from_passwd(ret_home);
	}
	if (r < 0)
		return sl_err(err, r, SL_STAGE_PARSE,
			      "no home directory: HOME is not an absolute path "
			      "and /etc/passwd has no entry for user %u",
			      (unsigned int)getuid());
	return 0;
}

static int bad_variable(struct sl_error *err, const char *text,
			const char *name, const char *end)
{
	size_t len = (size_t)(end - name);
	bool close = len == 4 && strncasecmp(name, "HOME", 4) == 0;

	return sl_err(err, -EINVAL, SL_STAGE_PARSE,
		      "'%s': unknown variable; %s ${HOME}%s", SL_QUOTE(text),
		      close ? "did you mean" : "there is only", close ? "?" : "");
}

/* @at is at a '$'; appends what it stands for and returns the rest. */
static int expand_one(const char *text, const char **at, struct sl_buf *out,
		      struct sl_error *err)
{
	sl_autofree char *home = NULL;
	const char *end;
	int r;

	if ((*at)[1] == '$') {
		*at += 2;
		return sl_buf_addc(out, '$');
	}
	if ((*at)[1] != '{')
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "'%s': a '$' is written '$$', a variable ${HOME}",
			      SL_QUOTE(text));
	end = strchr(*at, '}');
	if (!end)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "'%s': '${' without its '}'", SL_QUOTE(text));
	if (strncmp(*at, "${HOME}", 7) != 0)
		return bad_variable(err, text, *at + 2, end);
	r = sl_home(&home, err);
	if (r < 0)
		return r;
	*at = end + 1;
	return sl_buf_adds(out, home);
}

int sl_home_expand(const char *text, char **ret_text, struct sl_error *err)
{
	sl_autobuf out = SL_BUF_INIT(SL_MAX_VALUE_BYTES);
	const char *at = text;

	if (text[0] == '~' || (text[0] == '?' && text[1] == '~'))
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "'%s': '~' is not expanded; write ${HOME}",
			      SL_QUOTE(text));
	while (*at) {
		size_t plain = strcspn(at, "$");
		int r = sl_buf_add(&out, at, plain);

		at += plain;
		if (r == 0 && *at)
			r = expand_one(text, &at, &out, err);
		if (r < 0)
			return sl_err(err, r, SL_STAGE_PARSE,
				      "'%s' is too long", SL_QUOTE(text));
	}
	*ret_text = sl_buf_take(&out);
	if (!*ret_text)
		return sl_err(err, -ENOMEM, SL_STAGE_PARSE, "out of memory");
	return 0;
}
