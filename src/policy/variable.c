/* SPDX-License-Identifier: Apache-2.0 */
/* ${HOME}, ${CWD} and ${TMPDIR}: one scanner, one expansion for each use. */
#include "policy/variable.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/glob.h"
#include "policy/home.h"
#include "policy/value.h"

enum variable {
	VAR_NONE = 0, /* the '$' stands for itself */
	VAR_DOLLAR,
	VAR_HOME,
	VAR_CWD,
	VAR_TMPDIR,
};

static const struct {
	enum variable variable;
	const char *name;
} names[] = {
	{ VAR_HOME, "HOME" },
	{ VAR_CWD, "CWD" },
	{ VAR_TMPDIR, "TMPDIR" },
};

int sl_cwd(char **ret_cwd, struct sl_error *err)
{
	char *cwd = getcwd(NULL, 0);
	int code = errno;

	/* The kernel's "(unreachable)/x" is the name of another place. */
	if (cwd && cwd[0] == '/') {
		*ret_cwd = cwd;
		return 0;
	}
	if (cwd)
		code = ENOENT;
	free(cwd);
	return sl_err(err, -code, SL_STAGE_PARSE,
		      "${CWD}: there is no current directory: %s; hint: change "
		      "to a directory that exists",
		      strerror(code));
}

static int unknown(const char *text, const char *name, size_t len, bool env,
		   struct sl_error *err)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
		if (len == strlen(names[i].name) &&
		    strncasecmp(name, names[i].name, len) == 0)
			return sl_err(err, -EINVAL, SL_STAGE_PARSE,
				      "'%s': unknown variable; did you mean "
				      "${%s}?",
				      SL_QUOTE(text), names[i].name);
	return sl_err(err, -EINVAL, SL_STAGE_PARSE,
		      "'%s': unknown variable; there are ${HOME}%s ${CWD}%s",
		      SL_QUOTE(text), env ? "," : " and",
		      env ? " and ${TMPDIR}" : "");
}

/* "$HOME" was meant to be something, and is not what it says. */
static bool looks_like_one(const char *name)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i].name);

		if (strncmp(name, names[i].name, len) == 0 &&
		    !(name[len] == '_' || (name[len] >= '0' && name[len] <= '9') ||
		      (name[len] >= 'A' && name[len] <= 'Z') ||
		      (name[len] >= 'a' && name[len] <= 'z')))
			return true;
	}
	return false;
}

/* @at is at a '$' of @text; *ret_len bytes of it are the variable. */
static int scan(const char *text, const char *at, bool env,
		enum variable *ret_variable, size_t *ret_len,
		struct sl_error *err)
{
	const char *name = at + 2, *end;

	if (at[1] == '$') {
		*ret_variable = VAR_DOLLAR;
		*ret_len = 2;
		return 0;
	}
	if (at[1] != '{') {
		if (!env || looks_like_one(at + 1))
			return sl_err(err, -EINVAL, SL_STAGE_PARSE,
				      "'%s': a '$' is written '$$', a variable "
				      "${HOME}",
				      SL_QUOTE(text));
		*ret_variable = VAR_NONE;
		*ret_len = 1;
		return 0;
	}
	end = strchr(name, '}');
	if (!end)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "'%s': '${' without its '}'", SL_QUOTE(text));
	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
		if ((size_t)(end - name) != strlen(names[i].name) ||
		    strncmp(name, names[i].name, (size_t)(end - name)) != 0)
			continue;
		*ret_variable = names[i].variable;
		*ret_len = (size_t)(end + 1 - at);
		return 0;
	}
	return unknown(text, name, (size_t)(end - name), env, err);
}

static int add_text(struct sl_buf *out, const char *text, bool escape)
{
	char literal[3 * PATH_MAX];
	int r;

	if (!escape)
		return sl_buf_adds(out, text);
	r = sl_glob_escape(text, strlen(text), literal, sizeof(literal));
	return r < 0 ? r : sl_buf_adds(out, literal);
}

static int add_home(struct sl_buf *out, bool escape, struct sl_error *err)
{
	sl_autofree char *home = NULL;
	int r = sl_home(&home, err);

	return r < 0 ? r : add_text(out, home, escape);
}

static bool has_home(void)
{
	sl_autofree char *home = NULL;

	return sl_home(&home, NULL) != -ENOENT;
}

static int add_cwd(struct sl_buf *out, bool escape, struct sl_error *err)
{
	sl_autofree char *cwd = NULL;
	int r = sl_cwd(&cwd, err);

	return r < 0 ? r : add_text(out, cwd, escape);
}

static int finish(struct sl_buf *out, int r, const char *text, char **ret_text,
		  struct sl_error *err)
{
	if (r < 0)
		return sl_err(err, r, SL_STAGE_PARSE, "'%s' is too long",
			      SL_QUOTE(text));
	*ret_text = sl_buf_take(out);
	if (!*ret_text)
		return sl_err(err, -ENOMEM, SL_STAGE_PARSE, "out of memory");
	return 0;
}

/* ------------------------------------------------ paths */

/*
 * SECURITY: what ${CWD} grants is judged at the start (run/ground.c), and found
 * there by the length kept of it: so it is a beginning, of whole names.
 */
static int path_cwd(const char *text, const char *at, size_t len,
		    struct sl_buf *out, bool escape, size_t *ret_cwd_len,
		    struct sl_error *err)
{
	const char *start = text + (text[0] == '?');
	int r;

	if (at != start || (at[len] && at[len] != '/'))
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "'%s': ${CWD} is the beginning of a path, as in "
			      "${CWD} or ${CWD}/build",
			      SL_QUOTE(text));
	r = add_cwd(out, escape, err);
	*ret_cwd_len = out->len - (size_t)(start - text);
	return r;
}

static int expand_path(const char *text, bool escape, char **ret_text,
		       size_t *ret_cwd_len, struct sl_error *err)
{
	sl_autobuf out = SL_BUF_INIT(SL_MAX_VALUE_BYTES);
	enum variable variable;
	size_t cwd_len = 0, len;
	int r = 0;

	if (text[0] == '~' || (text[0] == '?' && text[1] == '~'))
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "'%s': '~' is not expanded; write ${HOME}",
			      SL_QUOTE(text));
	for (const char *at = text; r == 0 && *at; at += len) {
		len = strcspn(at, "$");
		r = sl_buf_add(&out, at, len);
		if (len || r < 0)
			continue;
		r = scan(text, at, false, &variable, &len, err);
		if (r < 0)
			return r;
		if (variable == VAR_DOLLAR)
			r = sl_buf_addc(&out, '$');
		else if (variable == VAR_HOME && text[0] == '?' && !has_home())
			return -ENXIO;
		else if (variable == VAR_HOME)
			r = add_home(&out, escape, err);
		else if (variable == VAR_CWD)
			r = path_cwd(text, at, len, &out, escape, &cwd_len, err);
		else
			return sl_err(err, -EINVAL, SL_STAGE_PARSE,
				      "'%s': ${TMPDIR} is for values of "
				      "[program].env; the private temporary "
				      "directory is granted anyway",
				      SL_QUOTE(text));
	}
	r = finish(&out, r, text, ret_text, err);
	if (r == 0)
		*ret_cwd_len = cwd_len;
	return r;
}

int sl_path_expand(const char *text, char **ret_text, size_t *ret_cwd_len,
		   struct sl_error *err)
{
	return expand_path(text, false, ret_text, ret_cwd_len, err);
}

int sl_path_expand_glob(const char *text, char **ret_text, struct sl_error *err)
{
	size_t cwd_len;

	return expand_path(text, true, ret_text, &cwd_len, err);
}

/* ------------------------------------------------ environment */

int sl_env_check(const char *value, bool *ret_variables, struct sl_error *err)
{
	enum variable variable;
	bool found = false;
	size_t len;

	for (const char *at = strchr(value, '$'); at; at = strchr(at + len, '$')) {
		int r = scan(value, at, true, &variable, &len, err);

		if (r < 0)
			return r;
		found |= variable != VAR_NONE && variable != VAR_DOLLAR;
	}
	*ret_variables = found;
	return 0;
}

bool sl_env_uses_tmpdir(const char *value)
{
	enum variable variable;
	size_t len;

	for (const char *at = strchr(value, '$'); at; at = strchr(at + len, '$'))
		if (scan(value, at, true, &variable, &len, NULL) < 0)
			return false;
		else if (variable == VAR_TMPDIR)
			return true;
	return false;
}

int sl_env_expand(const char *value, const char *tmpdir, char **ret_text,
		  struct sl_error *err)
{
	sl_autobuf out = SL_BUF_INIT(SL_MAX_VALUE_BYTES);
	enum variable variable;
	size_t len;
	int r = 0;

	for (const char *at = value; r == 0 && *at; at += len) {
		len = strcspn(at, "$");
		r = sl_buf_add(&out, at, len);
		if (len || r < 0)
			continue;
		r = scan(value, at, true, &variable, &len, err);
		if (r < 0)
			return r;
		if (variable == VAR_HOME)
			r = add_home(&out, false, err);
		else if (variable == VAR_CWD)
			r = add_cwd(&out, false, err);
		else if (variable == VAR_TMPDIR)
			r = sl_buf_adds(&out, tmpdir);
		else
			r = sl_buf_addc(&out, '$');
	}
	return finish(&out, r, value, ret_text, err);
}
