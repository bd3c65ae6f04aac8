/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See names.h.
 *
 * SECURITY: what comes from the helper came from name servers: nothing of it is
 * taken but addresses that the C library reads as such and a reason of plain
 * printable text; every line, every count and the end are checked.
 */
#include "run/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/limits.h"

#define REASON_MAX 255

_Static_assert(SL_ADDR_TEXT == INET6_ADDRSTRLEN, "an address as text");

void sl_net_addr_text(const struct sl_net_addr *addr, char buf[SL_ADDR_TEXT])
{
	buf[0] = '\0';
	inet_ntop(addr->family == 4 ? AF_INET : AF_INET6, addr->bytes, buf,
		  SL_ADDR_TEXT);
}

/* ------------------------------------------------ what the helper said */

struct answer {
	char (*names)[254];
	size_t count;
	size_t at; /* the name that is told about */
	struct sl_net_pins pins;
	size_t failed; /* index + 1 of the first name without an address */
	char *why;
	size_t why_size;
};

/* Printable, and short: it becomes part of a message. */
static bool is_reason(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return len > 0 && len <= REASON_MAX;
}

/* "Any address" would be made this host's own. */
static bool parse_addr(const char *text, struct sl_net_addr *ret_addr)
{
	static const unsigned char any[16];
	unsigned char bytes[16] = { 0 };

	bool v4 = inet_pton(AF_INET, text, bytes) == 1;

	if ((!v4 && inet_pton(AF_INET6, text, bytes) != 1) ||
	    memcmp(bytes, any, sizeof(any)) == 0)
		return false;
	if (v4)
		*ret_addr = sl_net_addr4(bytes);
	else
		*ret_addr = sl_net_addr6(bytes);
	return true;
}

/* Two spellings may be one address. */
static int add_addr(struct sl_net_pin *pin, const struct sl_net_addr *addr)
{
	for (size_t i = 0; i < pin->count; i++)
		if (memcmp(&pin->addrs[i], addr, sizeof(*addr)) == 0)
			return 0;
	if (pin->count == SL_MAX_NAME_ADDRS)
		return -EBADMSG;
	if (!pin->addrs)
		pin->addrs = calloc(SL_MAX_NAME_ADDRS, sizeof(*pin->addrs));
	if (!pin->addrs)
		return -ENOMEM;
	pin->addrs[pin->count++] = *addr;
	return 0;
}

static bool is_told(const struct answer *a)
{
	return a->pins.pins[a->at].count || a->failed == a->at + 1;
}

/* "NAME ADDRESS" or "NAME ! REASON", cut off from what follows. */
static int parse_line(struct answer *a, char *line)
{
	char *rest = strchr(line, ' ');
	struct sl_net_addr addr = { 0 };

	if (!rest)
		return -EBADMSG;
	*rest++ = '\0';
	/* The names come in order, each of them at least once. */
	if (strcmp(line, a->names[a->at]) != 0) {
		if (!is_told(a) || a->at + 1 == a->count ||
		    strcmp(line, a->names[a->at + 1]) != 0)
			return -EBADMSG;
		a->at++;
	}
	if (strncmp(rest, "! ", 2) != 0)
		return parse_addr(rest, &addr)
			       ? add_addr(&a->pins.pins[a->at], &addr)
			       : -EBADMSG;
	if (is_told(a) || !is_reason(rest + 2))
		return -EBADMSG;
	if (!a->failed) {
		a->failed = a->at + 1;
		snprintf(a->why, a->why_size, "%s", rest + 2);
	}
	return 0;
}

static int parse_lines(struct answer *a, char *text)
{
	char *end;
	int r = 0;

	for (; r == 0; text = end + 1) {
		end = strchr(text, '\n');
		if (!end)
			return -EBADMSG;
		*end = '\0';
		if (strcmp(text, ".") == 0)
			break;
		r = parse_line(a, text);
		/* The rest would only say what else is wrong. */
		if (r == 0 && a->failed)
			return 0;
	}
	if (r < 0)
		return r;
	return end[1] || a->at + 1 != a->count || !is_told(a) ? -EBADMSG : 0;
}

static int make_pins(struct answer *a)
{
	a->pins.pins = calloc(a->count, sizeof(*a->pins.pins));
	if (!a->pins.pins)
		return -ENOMEM;
	for (; a->pins.count < a->count; a->pins.count++) {
		struct sl_net_pin *pin = &a->pins.pins[a->pins.count];

		pin->name = strdup(a->names[a->pins.count]);
		if (!pin->name)
			return -ENOMEM;
	}
	return 0;
}

int sl_names_parse(const char *text, size_t len, char (*names)[254],
		   size_t count, struct sl_net_pins *ret_pins,
		   size_t *ret_failed, char *why, size_t why_size)
{
	struct answer a = {
		.names = names, .count = count, .why = why, .why_size = why_size
	};
	sl_autofree char *copy = strndup(text, len);
	int r = count ? make_pins(&a) : -EBADMSG;

	if (!copy)
		r = -ENOMEM;
	if (r == 0 && strlen(copy) != len)
		r = -EBADMSG;
	if (r == 0)
		r = parse_lines(&a, copy);
	if (r == 0 && a.failed) {
		*ret_failed = a.failed - 1;
		r = -ENOENT;
	}
	if (r < 0)
		sl_net_pins_fini(&a.pins);
	else
		*ret_pins = a.pins;
	return r;
}

/* ------------------------------------------------ whose a name is */

static bool is_near(const struct sl_names_self *self,
		    const struct sl_net_addr *addr)
{
	static const unsigned char loopback[16] = { [15] = 1 };
	const unsigned char *b = addr->bytes;

	for (size_t i = 0; i < self->count; i++)
		if (memcmp(&self->addrs[i], addr, sizeof(*addr)) == 0)
			return true;
	if (addr->family == 4)
		return b[0] == 127 || (b[0] == 169 && b[1] == 254);
	return memcmp(b, loopback, sizeof(loopback)) == 0 ||
	       (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), size = strlen(end);

	return len >= size && strcasecmp(name + len - size, end) == 0;
}

bool sl_names_is_localhost(const char *name)
{
	return strcasecmp(name, "localhost") == 0 ||
	       ends_with(name, ".localhost");
}

/* nss-myhostname(8) answers for the host name with what there is. */
static bool is_own(const char *name, const char *own)
{
	size_t len = strcspn(own, ".");

	return sl_names_is_localhost(name) ||
	       (*own &&
		(strcasecmp(name, own) == 0 ||
		 (strlen(name) == len && strncasecmp(name, own, len) == 0)));
}

/* Does @line, which is cut at its blanks, give @addr to @name? */
static bool line_says(char *line, const char *name, const struct sl_net_addr *addr)
{
	struct sl_net_addr at = { 0 };
	char *rest, *word;

	line[strcspn(line, "#\n")] = '\0';
	word = strtok_r(line, " \t\r", &rest);
	if (!word || !parse_addr(word, &at) || memcmp(&at, addr, sizeof(at)) != 0)
		return false;
	while ((word = strtok_r(NULL, " \t\r", &rest)))
		if (strcasecmp(word, name) == 0)
			return true;
	return false;
}

static bool hosts_say(const char *hosts, const char *name,
		      const struct sl_net_addr *addr)
{
	char line[1024];

	for (; *hosts; hosts += strcspn(hosts, "\n"), hosts += *hosts == '\n') {
		size_t len = SL_MIN(strcspn(hosts, "\n"), sizeof(line) - 1);

		memcpy(line, hosts, len);
		line[len] = '\0';
		if (line_says(line, name, addr))
			return true;
	}
	return false;
}

size_t sl_names_drop_own(struct sl_net_pins *pins,
			 const struct sl_names_self *self,
			 struct sl_net_addr *gone)
{
	for (size_t i = 0; i < pins->count; i++) {
		struct sl_net_pin *pin = &pins->pins[i];
		size_t kept = 0;

		for (size_t k = 0; k < pin->count; k++) {
			if (is_near(self, &pin->addrs[k]) &&
			    !is_own(pin->name, self->name) &&
			    !hosts_say(self->hosts, pin->name, &pin->addrs[k]))
				*gone = pin->addrs[k];
			else
				pin->addrs[kept++] = pin->addrs[k];
		}
		pin->count = kept;
		if (!kept)
			return i + 1;
	}
	return 0;
}

int sl_names_add_loopback(struct sl_net_pins *pins)
{
	static const char *const addrs[] = { "127.0.0.1", "::1" };
	struct sl_net_addr addr = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < pins->count; i++)
		for (size_t k = 0; r == 0 && k < SL_ARRAY_LEN(addrs) &&
				   sl_names_is_localhost(pins->pins[i].name);
		     k++)
			r = parse_addr(addrs[k], &addr)
				    ? add_addr(&pins->pins[i], &addr)
				    : -EBADMSG;
	return r;
}

/* ------------------------------------------------ what the sandbox sees */

int sl_hosts_text(const struct sl_net_pins *pins, struct sl_buf *text)
{
	sl_buf_adds(text, "127.0.0.1 localhost\n::1 localhost\n");
	for (size_t i = 0; i < pins->count; i++) {
		const struct sl_net_pin *pin = &pins->pins[i];

		for (size_t k = 0; k < pin->count; k++) {
			char addr[SL_ADDR_TEXT];

			sl_net_addr_text(&pin->addrs[k], addr);
			/* Said above. */
			if (strcmp(pin->name, "localhost") == 0 &&
			    (strcmp(addr, "127.0.0.1") == 0 ||
			     strcmp(addr, "::1") == 0))
				continue;
			sl_buf_addf(text, "%s %s\n", addr, pin->name);
		}
	}
	return text->failed;
}
