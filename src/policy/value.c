/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grammars of single values. Every number is overflow-checked; nothing here
 * allocates or asks the system.
 */
#include "policy/value.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/glob.h"
#include "policy/netrule.h"
#include "policy/pattern.h"

const char *sl_quote(char *buf, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (n > SL_QUOTE_MAX - 8) {
			memcpy(buf + n, "...", 4);
			return buf;
		}
		buf[n++] = c < 0x20 || c == 0x7f ? '?' : text[i];
	}
	buf[n] = '\0';
	return buf;
}

bool sl_value_splits(enum sl_type type)
{
	return type == SL_TYPE_PORTS || type == SL_TYPE_CORES ||
	       type == SL_TYPE_GPUS;
}

bool sl_key_carves(enum sl_key key)
{
	return key == SL_KEY_FS_DENY || key == SL_KEY_FS_PROTECT;
}

bool sl_key_expands(const struct sl_key_info *info)
{
	return info->type == SL_TYPE_PATH || info->type == SL_TYPE_PATHS ||
	       info->id == SL_KEY_EXEC;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct sl_str trim(const char *text)
{
	struct sl_str s = { text, strlen(text) };

	while (s.len && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

int sl_value_u64(const char *text, size_t len, uint64_t *ret_num)
{
	uint64_t num = 0;

	if (!len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!is_digit(text[i]))
			return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (__builtin_mul_overflow(num, 10u, &num) ||
		    __builtin_add_overflow(num, (uint64_t)(text[i] - '0'), &num))
			return -ERANGE;
	*ret_num = num;
	return 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit *find_unit(const struct unit *units, size_t count,
				    struct sl_str name)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(units[i].name) == name.len &&
		    strncasecmp(units[i].name, name.ptr, name.len) == 0)
			return &units[i];
	return NULL;
}

/* number = digits [ "." digits ] blanks unit; truncated to whole results. */
static int scaled(const char *text, const struct unit *units, size_t count,
		  uint64_t *ret_num)
{
	struct sl_str s = trim(text);
	uint64_t whole, part = 0, scale = 1;
	const struct unit *unit;
	size_t n = 0;
	int r;

	while (n < s.len && is_digit(s.ptr[n]))
		n++;
	r = sl_value_u64(s.ptr, n, &whole);
	if (r < 0)
		return r;
	if (n < s.len && s.ptr[n] == '.') {
		size_t start = ++n;

		for (; n < s.len && is_digit(s.ptr[n]); n++)
			if (n - start < 18) { /* further digits are dust */
				part = part * 10 + (uint64_t)(s.ptr[n] - '0');
				scale *= 10;
			}
		if (n == start)
			return -EINVAL;
	}
	while (n < s.len && is_blank(s.ptr[n]))
		n++;
	unit = find_unit(units, count, (struct sl_str){ s.ptr + n, s.len - n });
	if (!unit)
		return -EINVAL;
	part = (uint64_t)((unsigned __int128)part * unit->factor / scale);
	if (__builtin_mul_overflow(whole, unit->factor, &whole) ||
	    __builtin_add_overflow(whole, part, &whole))
		return -ERANGE;
	*ret_num = whole;
	return 0;
}

int sl_value_size(const char *text, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		{ "", 1 },	     { "K", 1u << 10 },	  { "M", 1u << 20 },
		{ "G", 1u << 30 },   { "T", 1ull << 40 }, { "KiB", 1u << 10 },
		{ "MiB", 1u << 20 }, { "GiB", 1u << 30 }, { "TiB", 1ull << 40 },
	};

	return scaled(text, units, SL_ARRAY_LEN(units), ret_bytes);
}

int sl_value_duration(const char *text, uint64_t *ret_ns)
{
	static const struct unit units[] = {
		{ "", 1000000000 },   { "s", 1000000000 },    { "ms", 1000000 },
		{ "m", 60000000000 }, { "h", 3600000000000 },
	};

	return scaled(text, units, SL_ARRAY_LEN(units), ret_ns);
}

static int bad(struct sl_error *err, const char *text, const char *what)
{
	return sl_err(err, -EINVAL, SL_STAGE_PARSE, "'%s' is not %s",
		      SL_QUOTE(text), what);
}

static int too_big(struct sl_error *err, const char *text)
{
	return sl_err(err, -ERANGE, SL_STAGE_PARSE, "'%s' is too large",
		      SL_QUOTE(text));
}

static int in_range(const struct sl_key_info *info, const char *text,
		    uint64_t num, struct sl_error *err)
{
	if (info->id == SL_KEY_MEMORY && num & SL_VALUE_PERCENT)
		return 0;
	if (num < info->min && info->id == SL_KEY_OPEN_FILES)
		return sl_err(err, -ERANGE, SL_STAGE_PARSE,
			      "'%s' would leave no descriptor; omit it to keep "
			      "the inherited limit",
			      SL_QUOTE(text));
	if (num < info->min && info->type == SL_TYPE_DURATION)
		return sl_err(err, -ERANGE, SL_STAGE_PARSE,
			      "'%s' is no time at all; omit it to set no limit",
			      SL_QUOTE(text));
	if (num < info->min && info->type == SL_TYPE_SIZE)
		return sl_err(
			err, -ERANGE, SL_STAGE_PARSE,
			"'%s' is too little for any program; the least is "
			"%llu bytes",
			SL_QUOTE(text), (unsigned long long)info->min);
	if (num < info->min || (info->max && num > info->max)) {
		if (info->type != SL_TYPE_INT)
			return too_big(err, text);
		return sl_err(err, -ERANGE, SL_STAGE_PARSE,
			      "'%s' is not a number from %llu to %llu",
			      SL_QUOTE(text), (unsigned long long)info->min,
			      (unsigned long long)info->max);
	}
	return 0;
}

/* Of what is not known before the run: see SL_VALUE_PERCENT. */
static int percent(struct sl_str s, uint64_t *ret_num)
{
	uint64_t part;

	if (sl_value_u64(s.ptr, s.len - 1, &part) < 0 || part < 1 || part > 100)
		return -EINVAL;
	*ret_num = SL_VALUE_PERCENT | part;
	return 0;
}

static int number(const struct sl_key_info *info, const char *text,
		  uint64_t *ret_num, struct sl_error *err)
{
	struct sl_str s = trim(text);
	const char *what;
	int r;

	if (info->id == SL_KEY_MEMORY && s.len > 1 && s.ptr[s.len - 1] == '%') {
		what = "a part of the machine's memory (1% to 100%)";
		r = percent(s, ret_num);
	} else if (info->type == SL_TYPE_SIZE) {
		what = "a size (bytes, or a number with K, M, G or T)";
		r = sl_value_size(text, ret_num);
	} else if (info->type == SL_TYPE_DURATION) {
		what = "a duration (90, 1.5s, 200ms, 2m, 1h)";
		r = sl_value_duration(text, ret_num);
	} else {
		what = "a whole number (as in 1024; no suffix)";
		r = sl_value_u64(s.ptr, s.len, ret_num);
	}
	if (r == -ERANGE)
		return too_big(err, text);
	if (r < 0)
		return bad(err, text, what);
	return in_range(info, text, *ret_num, err);
}

static int user(const char *text, uint64_t *ret_num, struct sl_error *err)
{
	static const char what[] = "UID:GID (two numbers, as in 1000:1000)";
	const char *colon = strchr(text, ':');
	uint64_t uid, gid;

	if (!colon || sl_value_u64(text, (size_t)(colon - text), &uid) < 0 ||
	    sl_value_u64(colon + 1, strlen(colon + 1), &gid) < 0)
		return bad(err, text, what);
	/* The last number means "unchanged" to the kernel. */
	if (uid >= UINT32_MAX || gid >= UINT32_MAX)
		return too_big(err, text);
	*ret_num = uid << 32 | gid;
	return 0;
}

static int protection(const char *text, struct sl_parsed *out,
		      struct sl_error *err)
{
	struct sl_str s = trim(text);
	sl_autobuf names = SL_BUF_INIT(256);

	for (int i = 0; i < SL_PROT_COUNT; i++) {
		const char *name = sl_protection_name((enum sl_protection)i);

		if (strlen(name) == s.len &&
		    strncasecmp(name, s.ptr, s.len) == 0) {
			*out = (struct sl_parsed){ name, s.len, (uint64_t)i };
			return 0;
		}
		sl_buf_addf(&names, "%s%s", i ? ", " : "", name);
	}
	return sl_err(err, -EINVAL, SL_STAGE_PARSE,
		      "'%s' is not a protection; known are %s", SL_QUOTE(text),
		      names.data ? names.data : "");
}

/* An index of a processor core or of a GPU. */
static int device(enum sl_type type, struct sl_parsed *out, struct sl_error *err)
{
	bool gpu = type == SL_TYPE_GPUS;
	int r;

	if (!out->len)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "empty number in the list");
	if (gpu && out->len == 3 && strncasecmp(out->text, "all", 3) == 0) {
		*out = (struct sl_parsed){ "all", 3, SL_GPU_ALL };
		return 0;
	}
	r = sl_value_u64(out->text, out->len, &out->num);
	if (r == -ERANGE || (r == 0 && out->num > SL_MAX_DEVICE_INDEX))
		return too_big(err, out->text);
	if (r < 0)
		return bad(
			err, out->text,
			gpu ? "'all' or the number of a GPU (0,1: a list)"
			    : "the number of a processor core (0,1: a list)");
	return 0;
}

static int port(const struct sl_key_info *info, const char *text,
		struct sl_parsed *out, struct sl_error *err)
{
	struct sl_portrange range;
	int r = sl_portrange_parse(text, info->id != SL_KEY_NET_ALLOW_BIND,
				   &range, err);

	if (r < 0)
		return r;
	out->num = (uint64_t)range.lo << 16 | range.hi;
	if (range.udp)
		out->num |= SL_PORT_UDP;
	else if (range.any)
		out->num = SL_PORT_ANY;
	return 0;
}

static int env(const char *text, struct sl_error *err)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "'%s' is not KEY=VALUE (as in LANG=C)",
			      SL_QUOTE(text));
	return 0;
}

static int syscall_name(struct sl_parsed *out, struct sl_error *err)
{
	for (size_t i = 0; i < out->len; i++) {
		char c = out->text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !is_digit(c) && c != '_')
			return bad(err, out->text,
				   "the name of a system call or of a group");
	}
	return out->len ? 0
			: sl_err(err, -EINVAL, SL_STAGE_PARSE,
				 "the name is empty");
}

static int path(const struct sl_key_info *info, struct sl_parsed *out,
		struct sl_error *err)
{
	if (sl_key_carves(info->id)) {
		/* Here a '?' in front is a pattern: any byte. */
		if (out->len && sl_glob_is_pattern(out->text))
			return sl_glob_check(out->text, err);
	} else if (info->type == SL_TYPE_PATHS && out->text[0] == '?') {
		out->optional = true;
		out->text++;
		out->len--;
	}
	if (!out->len)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE, "the path is empty");
	return 0;
}

static int boolean(const char *text, uint64_t *ret_num, struct sl_error *err)
{
	*ret_num = strcmp(text, "true") == 0;
	if (!*ret_num && strcmp(text, "false") != 0)
		return bad(err, text, "true or false");
	return 0;
}

int sl_value_parse(const struct sl_key_info *info, const char *text,
		   struct sl_parsed *ret_parsed, struct sl_error *err)
{
	struct sl_parsed *out = ret_parsed;
	struct sl_netrule rule;
	struct sl_str word = trim(text);

	*out = (struct sl_parsed){ text, strlen(text) };
	switch (info->type) {
	case SL_TYPE_BOOL:
		return boolean(text, &out->num, err);
	case SL_TYPE_INT:
	case SL_TYPE_SIZE:
	case SL_TYPE_DURATION:
		return number(info, text, &out->num, err);
	case SL_TYPE_USER:
		return user(text, &out->num, err);
	case SL_TYPE_PATH:
	case SL_TYPE_PATHS:
		return path(info, out, err);
	case SL_TYPE_ENV:
		return env(text, err);
	case SL_TYPE_NETRULES:
		return sl_netrule_parse(text, info->id == SL_KEY_NET_DENY,
					&rule, err);
	case SL_TYPE_PROTECTIONS:
		return protection(text, out, err);
	case SL_TYPE_PORTS:
		*out = (struct sl_parsed){ word.ptr, word.len };
		return port(info, text, out, err);
	case SL_TYPE_CORES:
	case SL_TYPE_GPUS:
		*out = (struct sl_parsed){ word.ptr, word.len };
		return device(info->type, out, err);
	case SL_TYPE_SYSCALLS:
		*out = (struct sl_parsed){ word.ptr, word.len };
		return syscall_name(out, err);
	case SL_TYPE_STRING:
		if (!out->len)
			return sl_err(err, -EINVAL, SL_STAGE_PARSE,
				      "the value is empty");
		return 0;
	case SL_TYPE_STRINGS:
		if (info->id == SL_KEY_SCRUB_ENV)
			return sl_pattern_check(text, err);
		return 0;
	}
	return sl_err(err, -EINVAL, SL_STAGE_PARSE, "unknown type");
}
