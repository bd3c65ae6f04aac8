/* SPDX-License-Identifier: Apache-2.0 */
/* Grammars of single values: text -> number or checked text. Pure. */
#ifndef SL_POLICY_VALUE_H
#define SL_POLICY_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/policy.h"

/* What an sl_item gets; @text is borrowed from the input or static. */
struct sl_parsed {
	const char *text;
	size_t len;
	uint64_t num;
	bool optional;
};

#define SL_GPU_ALL UINT64_MAX
/* Of a list of ports to bind: the first and the last one, 16 bits each, and
 * whether they are of UDP; or, for every TCP port, this. */
#define SL_PORT_ANY UINT64_MAX
#define SL_PORT_UDP (1ull << 32)

static inline bool sl_port_is_udp(uint64_t num)
{
	return num != SL_PORT_ANY && num & SL_PORT_UDP;
}

static inline bool sl_port_covers(uint64_t num, bool udp, uint16_t port)
{
	if (sl_port_is_udp(num) != udp)
		return false;
	return num == SL_PORT_ANY ||
	       (port >= (num >> 16 & 0xffff) && port <= (num & 0xffff));
}

/* Whether a comma separates values of this type. */
bool sl_value_splits(enum sl_type type);

/* Whether values of this key are carve-outs: paths or patterns of paths, which
 * need not exist. */
bool sl_key_carves(enum sl_key key);

/* Whether profiles expand variables in values of this key, a path. */
bool sl_key_expands(const struct sl_key_info *info);

/* Error texts do not name the origin: sl_policy_set() puts it in front. */
int sl_value_parse(const struct sl_key_info *info, const char *text,
		   struct sl_parsed *ret_parsed, struct sl_error *err);

/* The number of limits.memory is a part of the machine's memory, in percent. */
#define SL_VALUE_PERCENT (1ull << 63)

/* 512, 1.5G, 64 MiB; blanks around are fine. */
int sl_value_size(const char *text, uint64_t *ret_bytes);
/* 90, 1.5s, 200ms, 2m, 1h -> nanoseconds. */
int sl_value_duration(const char *text, uint64_t *ret_ns);
/* Decimal digits only. -EINVAL or -ERANGE. */
int sl_value_u64(const char *text, size_t len, uint64_t *ret_num);

/*
 * @text for an error message: cut to a sane length, control characters
 * replaced, so that a hostile profile cannot drive the terminal.
 */
#define SL_QUOTE_MAX 96
const char *sl_quote(char *buf, const char *text, size_t len);
#define SL_QUOTE(text) sl_quote((char[SL_QUOTE_MAX]){ 0 }, text, strlen(text))

#endif
