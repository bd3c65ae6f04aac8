/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers and floats of the TOML reader.
 *
 *	integer = [ sign ] dec / "0x" hex / "0o" oct / "0b" bin
 *	float   = [ sign ] ( dec [ "." digits ] [ "e" [ sign ] digits ] /
 *			     "inf" / "nan" )
 *	digits  = digit *( [ "_" ] digit ), dec without leading zeros
 *
 * Range is checked, never wrapped or clipped: a number in a policy that is not
 * the one written is worse than none.
 */
#include <locale.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "policy/toml_internal.h"

struct word {
	struct sl_toml_parser *p;
	const char *start, *s, *end;
	bool negative;
};

static int fail_here(struct word *w, const char *why)
{
	return sl_toml_fail(
		w->p, sl_toml_place_of(w->p, w->s), "%s in the number %s", why,
		sl_toml_show(w->start, (size_t)(w->end - w->start)).text);
}

static int word_peek(const struct word *w)
{
	return w->s < w->end ? (unsigned char)*w->s : SL_TOML_EOF;
}

/* Digits with single underscores between them; stops at anything else. */
static int skip_digits(struct word *w, unsigned int base)
{
	for (;;) {
		if (sl_toml_digit_value(word_peek(w)) >= base)
			return fail_here(w, word_peek(w) == '_'
						    ? "misplaced underscore"
						    : "missing digit");
		while (sl_toml_digit_value(word_peek(w)) < base)
			w->s++;
		if (word_peek(w) != '_')
			return 0;
		w->s++;
	}
}

/* Digits already checked; underscores are skipped. */
static int to_integer(struct word *w, const char *digits, unsigned int base,
		      struct sl_toml *ret)
{
	const uint64_t max = (uint64_t)INT64_MAX + w->negative;
	uint64_t v = 0;

	for (const char *s = digits; s < w->end; s++) {
		unsigned int d;

		if (*s == '_')
			continue;
		d = sl_toml_digit_value((unsigned char)*s);
		if (v > (max - d) / base)
			return sl_toml_fail(
				w->p, sl_toml_place_of(w->p, w->start),
				"the integer %s does not fit 64 bits",
				sl_toml_show(w->start, (size_t)(w->end - w->start))
					.text);
		v = v * base + d;
	}
	ret->type = SL_TOML_INTEGER;
	/* Negated while unsigned: INT64_MIN has no positive twin. */
	ret->integer = (int64_t)(w->negative ? 0 - v : v);
	return 0;
}

static int read_prefixed(struct word *w, int base, struct sl_toml *ret)
{
	const char *digits;
	int r;

	if (w->s != w->start) {
		w->s = w->start;
		return fail_here(w, "no sign may stand before 0x, 0o or 0b");
	}
	w->s += 2;
	digits = w->s;
	r = skip_digits(w, base);
	if (r < 0)
		return r;
	if (w->s != w->end)
		return fail_here(w, "unexpected character");
	return to_integer(w, digits, (unsigned int)base, ret);
}

/* strtod(3), but of the text without underscores and in no one's locale. */
static int to_float(struct word *w, struct sl_toml *ret)
{
	sl_autofree char *copy = malloc((size_t)(w->end - w->start) + 1);
	locale_t c_locale;
	char *to = copy;

	if (!copy)
		return sl_toml_oom(w->p);
	for (const char *s = w->start; s < w->end; s++)
		if (*s != '_')
			*to++ = *s;
	*to = '\0';
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!c_locale)
		return sl_toml_oom(w->p);
	ret->real = strtod_l(copy, NULL, c_locale);
	freelocale(c_locale);
	if (isinf(ret->real))
		return sl_toml_fail(
			w->p, sl_toml_place_of(w->p, w->start),
			"the float %s does not fit a double",
			sl_toml_show(w->start, (size_t)(w->end - w->start)).text);
	ret->type = SL_TOML_FLOAT;
	return 0;
}

/* What may follow the integral part of a float. */
static int skip_fraction(struct word *w)
{
	int c, r;

	if (word_peek(w) == '.') {
		w->s++;
		r = skip_digits(w, 10);
		if (r < 0)
			return r;
	}
	if (word_peek(w) == 'e' || word_peek(w) == 'E') {
		w->s++;
		c = word_peek(w);
		if (c == '+' || c == '-')
			w->s++;
		r = skip_digits(w, 10);
		if (r < 0)
			return r;
	}
	return w->s == w->end ? 0 : fail_here(w, "unexpected character");
}

static int read_decimal(struct word *w, struct sl_toml *ret)
{
	const char *digits = w->s;
	int r;

	r = skip_digits(w, 10);
	if (r < 0)
		return r;
	if (*digits == '0' && w->s - digits > 1) {
		w->s = digits;
		return fail_here(w, "leading zero");
	}
	if (w->s == w->end)
		return to_integer(w, digits, 10, ret);
	r = skip_fraction(w);
	return r < 0 ? r : to_float(w, ret);
}

static bool rest_is(const struct word *w, const char *text)
{
	return (size_t)(w->end - w->s) == strlen(text) &&
	       !memcmp(w->s, text, strlen(text));
}

/* A word that is no number at all: most often a string without quotes. */
static int fail_word(struct word *w)
{
	static const char *const words[] = { "true", "false", "inf", "nan" };
	size_t len = (size_t)(w->end - w->start);
	const char *meant = NULL;

	for (size_t i = 0; i < SL_ARRAY_LEN(words); i++)
		if (len == strlen(words[i]) &&
		    !strncasecmp(w->start, words[i], len))
			meant = words[i];
	return sl_toml_fail(w->p, sl_toml_place_of(w->p, w->start),
			    "%s is not a value; %s%s",
			    sl_toml_show(w->start, len).text,
			    meant ? "did you mean " : "strings need quotes",
			    meant ? meant : "");
}

/* 0 if this is plain decimal. */
static int prefix_base(const struct word *w)
{
	if (w->end - w->s < 2 || w->s[0] != '0')
		return 0;
	switch (w->s[1]) {
	case 'x':
		return 16;
	case 'o':
		return 8;
	case 'b':
		return 2;
	default:
		return 0;
	}
}

int sl_toml_read_number(struct sl_toml_parser *p, size_t len, struct sl_toml *ret)
{
	struct word w = { p, p->cur, p->cur, p->cur + len, *p->cur == '-' };
	int base;

	if (*w.s == '+' || *w.s == '-')
		w.s++;
	if (rest_is(&w, "inf") || rest_is(&w, "nan")) {
		ret->type = SL_TOML_FLOAT;
		ret->real = *w.s == 'i' ? INFINITY : NAN;
		ret->real = copysign(ret->real, w.negative ? -1.0 : 1.0);
		return 0;
	}
	if (w.s == w.start && !sl_toml_is_digit(*w.s) && *w.s != '.' &&
	    *w.s != '_')
		return fail_word(&w);
	base = prefix_base(&w);
	return base ? read_prefixed(&w, base, ret) : read_decimal(&w, ret);
}
