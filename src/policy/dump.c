/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy as TOML: schema order, defaults left out, each value on one line,
 * so that it parses back to an equal policy.
 */
#include "policy/policy.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/value.h"

/* Length of the UTF-8 sequence at @p, 0 if it is not one (Unicode table 3-7:
 * shortest form, no surrogates, at most U+10FFFF). */
static size_t utf8_len(const unsigned char *p)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* What profiles expand has its '$' doubled. */
static int add_bytes(struct sl_buf *buf, const char *text, size_t len,
		     bool expands)
{
	const unsigned char *p = (const unsigned char *)text;
	const unsigned char *end = p + len;

	while (p < end) {
		size_t n = utf8_len(p);

		if (!n)
			return -EILSEQ;
		if (*p == '"' || *p == '\\')
			sl_buf_addf(buf, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			sl_buf_addf(buf, "\\u%04x", (unsigned int)*p);
		else
			sl_buf_add(buf, p, n);
		if (*p == '$' && expands)
			sl_buf_addc(buf, '$');
		p += n;
	}
	return 0;
}

static int add_string(struct sl_buf *buf, const char *text, size_t len,
		      bool expands)
{
	int r;

	sl_buf_addc(buf, '"');
	r = add_bytes(buf, text, len, expands);
	sl_buf_addc(buf, '"');
	return r;
}

static bool is_plain_number(const char *text)
{
	size_t len = strlen(text);

	return len && len < 19 && strspn(text, "0123456789") == len &&
	       (text[0] != '0' || len == 1);
}

static int add_text(struct sl_buf *buf, const struct sl_key_info *info,
		    const struct sl_item *item)
{
	bool expands = sl_key_expands(info);
	const char *text = item->text + item->origin.cwd_len;
	int r;

	/* Reading it back would refuse "~/x" as a mistake for ${HOME}. */
	if (expands && item->text[0] == '~')
		return -EILSEQ;
	sl_buf_adds(buf, item->optional ? "\"?" : "\"");
	/* Not what it stood for: the start judges what ${CWD} grants. */
	if (item->origin.cwd_len)
		sl_buf_adds(buf, "${CWD}");
	r = add_bytes(buf, text, strlen(text), expands);
	sl_buf_addc(buf, '"');
	return r;
}

static int add_env(struct sl_buf *buf, const struct sl_item *item)
{
	size_t len = strcspn(item->text, "=");
	int r = add_string(buf, item->text, len, false);

	if (r < 0)
		return r;
	sl_buf_adds(buf, " = ");
	return add_string(buf, item->text + len + 1,
			  strlen(item->text + len + 1), !item->origin.variables);
}

static int add_item(struct sl_buf *buf, const struct sl_key_info *info,
		    const struct sl_item *item)
{
	switch (info->type) {
	case SL_TYPE_BOOL:
		return sl_buf_adds(buf, item->num ? "true" : "false");
	case SL_TYPE_INT:
	case SL_TYPE_CORES:
		return sl_buf_addf(buf, "%llu", (unsigned long long)item->num);
	case SL_TYPE_SIZE:
	case SL_TYPE_DURATION:
	case SL_TYPE_PORTS:
	case SL_TYPE_GPUS:
		if (is_plain_number(item->text))
			return sl_buf_adds(buf, item->text);
		return add_string(buf, item->text, strlen(item->text), false);
	case SL_TYPE_ENV:
		return add_env(buf, item);
	case SL_TYPE_USER:
		return sl_buf_addf(buf, "%u", (unsigned int)(item->num >> 32));
	case SL_TYPE_STRING:
	case SL_TYPE_PATH:
	case SL_TYPE_PATHS:
	case SL_TYPE_STRINGS:
	case SL_TYPE_NETRULES:
	case SL_TYPE_PROTECTIONS:
	case SL_TYPE_SYSCALLS:
		break;
	}
	return add_text(buf, info, item);
}

/* What sandlock itself added to a policy is no part of it. */
static bool is_shown(const struct sl_item *item)
{
	return item->origin.kind != SL_ORIGIN_OWN;
}

static bool has_shown(const struct sl_value *value)
{
	for (size_t i = 0; i < value->count; i++)
		if (is_shown(&value->items[i]))
			return true;
	return false;
}

static int add_value(struct sl_buf *buf, const struct sl_key_info *info,
		     const struct sl_value *value, struct sl_error *err)
{
	bool list = sl_type_is_list(info->type);
	bool env = info->type == SL_TYPE_ENV;
	const char *comma = "";
	int r;

	sl_buf_addf(buf, "%s = ",
		    info->type == SL_TYPE_USER ? "uid"
					       : strchr(info->name, '.') + 1);
	if (list)
		sl_buf_adds(buf, env ? "{ " : "[");
	for (size_t i = 0; i < value->count; i++) {
		if (!is_shown(&value->items[i]))
			continue;
		sl_buf_adds(buf, comma);
		comma = ", ";
		r = add_item(buf, info, &value->items[i]);
		if (r != -EILSEQ)
			continue;
		sl_err(err, r, SL_STAGE_CHECK,
		       "'%s' cannot be written as TOML, which holds only "
		       "UTF-8 and no leading '~'",
		       SL_QUOTE(value->items[i].text));
		return sl_policy_blame(err, r, info->id, NULL);
	}
	if (list)
		sl_buf_adds(buf, env ? " }" : "]");
	if (info->type == SL_TYPE_USER)
		sl_buf_addf(buf, "\ngid = %u",
			    (unsigned int)(value->items[0].num & UINT32_MAX));
	return sl_buf_addc(buf, '\n');
}

static int add_section(struct sl_buf *buf, const struct sl_policy *policy,
		       const char *section, struct sl_error *err)
{
	size_t len = strlen(section);
	bool opened = false;

	for (int k = 0; k < SL_KEY_COUNT; k++) {
		const struct sl_key_info *info = sl_key_info((enum sl_key)k);
		const struct sl_value *value = sl_policy_get(policy, info->id);
		int r;

		if (!has_shown(value) || strncmp(info->name, section, len) != 0 ||
		    info->name[len] != '.')
			continue;
		if (!opened)
			sl_buf_addf(buf, "%s[%s]\n", buf->len ? "\n" : "",
				    section);
		opened = true;
		r = add_value(buf, info, value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int sl_policy_dump(const struct sl_policy *policy, char **ret_text,
		   struct sl_error *err)
{
	static const char *const sections[] = {
		"config", "determinism", "program", "filesystem",  "network",
		"http",	  "syscalls",	 "limits",  "protections",
	};
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_DUMP_BYTES);
	char *text;

	for (size_t i = 0; i < SL_ARRAY_LEN(sections); i++) {
		int r = add_section(&buf, policy, sections[i], err);

		if (r < 0 && !buf.failed)
			return r;
	}
	if (buf.failed)
		return sl_err(
			err, buf.failed, SL_STAGE_CHECK,
			buf.failed == -ENOMEM
				? "out of memory"
				: "the policy is too large to be written");
	text = sl_buf_take(&buf);
	if (!text)
		return sl_err(err, -ENOMEM, SL_STAGE_CHECK, "out of memory");
	*ret_text = text;
	return 0;
}
