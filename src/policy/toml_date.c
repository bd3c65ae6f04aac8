/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dates and times of the TOML reader (RFC 3339, seconds required). They are
 * checked and kept as written: nothing of ours computes with them.
 *
 *	date   = 4digit "-" 2digit "-" 2digit
 *	time   = 2digit ":" 2digit ":" 2digit [ "." 1*digit ]
 *	offset = "Z" / ( "+" / "-" ) 2digit ":" 2digit
 *	value  = date / time / date ( "T" / " " ) time [ offset ]
 */
#include <string.h>

#include "policy/toml_internal.h"

struct word {
	struct sl_toml_parser *p;
	const char *start, *s, *end;
};

static int malformed(struct word *w)
{
	return sl_toml_fail(
		w->p, sl_toml_place_of(w->p, w->s),
		"malformed date or time %s; write it like 1979-05-27T07:32:00Z",
		sl_toml_show(w->start, (size_t)(w->end - w->start)).text);
}

static bool skip(struct word *w, const char *any_of)
{
	/* strchr() would also find the end of its string. */
	if (w->s == w->end || !*w->s || !strchr(any_of, *w->s))
		return false;
	w->s++;
	return true;
}

/* A field of exactly @digits digits, between @min and @max. */
static int read_field(struct word *w, int digits, unsigned int min,
		      unsigned int max, const char *name, unsigned int *ret)
{
	const char *start = w->s;
	unsigned int v = 0;

	for (int i = 0; i < digits; i++, w->s++) {
		if (w->s == w->end || !sl_toml_is_digit(*w->s))
			return malformed(w);
		v = v * 10 + (unsigned int)(*w->s - '0');
	}
	if (v < min || v > max)
		return sl_toml_fail(w->p, sl_toml_place_of(w->p, start),
				    "%s %0*u is out of range, %u to %u", name,
				    digits, v, min, max);
	*ret = v;
	return 0;
}

static unsigned int days_in(unsigned int year, unsigned int month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
					31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static int read_ymd(struct word *w)
{
	unsigned int year, month, day;
	int r;

	r = read_field(w, 4, 0, 9999, "year", &year);
	if (r < 0)
		return r;
	if (!skip(w, "-"))
		return malformed(w);
	r = read_field(w, 2, 1, 12, "month", &month);
	if (r < 0)
		return r;
	if (!skip(w, "-"))
		return malformed(w);
	return read_field(w, 2, 1, days_in(year, month), "day", &day);
}

static int read_hm(struct word *w)
{
	unsigned int v;
	int r;

	r = read_field(w, 2, 0, 23, "hour", &v);
	if (r < 0)
		return r;
	if (!skip(w, ":"))
		return malformed(w);
	return read_field(w, 2, 0, 59, "minute", &v);
}

static int read_hms(struct word *w)
{
	unsigned int v;
	int r;

	r = read_hm(w);
	if (r < 0)
		return r;
	if (!skip(w, ":"))
		return malformed(w);
	r = read_field(w, 2, 0, 60, "second", &v); /* 60: a leap second */
	if (r < 0)
		return r;
	if (!skip(w, "."))
		return 0;
	if (!skip(w, "0123456789"))
		return malformed(w);
	while (skip(w, "0123456789"))
		;
	return 0;
}

static int read_any(struct word *w, enum sl_toml_type *ret_type)
{
	int r;

	if (w->start[2] == ':') {
		*ret_type = SL_TOML_LOCAL_TIME;
		return read_hms(w);
	}
	*ret_type = SL_TOML_LOCAL_DATE;
	r = read_ymd(w);
	if (r < 0 || w->s == w->end)
		return r;
	if (!skip(w, "Tt "))
		return malformed(w);
	*ret_type = SL_TOML_LOCAL_DATETIME;
	r = read_hms(w);
	if (r < 0 || w->s == w->end)
		return r;
	*ret_type = SL_TOML_OFFSET_DATETIME;
	if (skip(w, "+-"))
		return read_hm(w);
	return skip(w, "Zz") ? 0 : malformed(w);
}

/* Nothing else that is valid begins like this. */
bool sl_toml_looks_like_date(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && sl_toml_is_digit(text[n]))
		n++;
	return n < len &&
	       ((n == 4 && text[n] == '-') || (n == 2 && text[n] == ':'));
}

int sl_toml_read_date(struct sl_toml_parser *p, size_t len, struct sl_toml *ret)
{
	struct word w = { p, p->cur, p->cur, p->cur + len };
	enum sl_toml_type type;
	char *copy;
	int r;

	r = read_any(&w, &type);
	if (r < 0)
		return r;
	if (w.s != w.end)
		return malformed(&w);
	copy = malloc(len + 1);
	if (!copy)
		return sl_toml_oom(p);
	memcpy(copy, p->cur, len);
	copy[len] = '\0';
	ret->type = type;
	ret->str.ptr = copy;
	ret->str.len = len;
	return 0;
}
