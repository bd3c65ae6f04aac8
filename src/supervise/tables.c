/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See tables.h.
 *
 * SECURITY: a line of the host's table is shown if the sandbox has a descriptor
 * of its socket; everything else is left out, as is what tells of more than
 * that socket: the number of the line, and where the kernel has it.
 */
#include "supervise/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "supervise/judge.h"
#include "supervise/opening.h"
#include "supervise/portmap.h"
#include "supervise/sockets.h"
#include "sys/sealed.h"

#define PROCESSES_MAX 4096
#define READ_BYTES 65536
#define TABLE_MAX (8u << 20)
#define USER_UNMAPPED 65534

/* Fields of a line, from 0 on: of the internet families, and of AF_UNIX. */
enum {
	LOCAL = 1,
	REMOTE,
	RETRANSMITS = 6,
	USER,
	INODE = 9,
	PLACE = 11,
	FIELDS
};
enum { UNIX_PLACE = 0, UNIX_INODE = 6 };

/* In the order of own[]. */
enum { TCP, TCP6, UDP, UDP6, ICMP, ICMP6, UNIX, OWN_COUNT };

struct sl_tables {
	struct sl_census census;
	int fds[OWN_COUNT]; /* the host's; -1: there is none */
	int32_t pids[PROCESSES_MAX];
	char text[READ_BYTES];
};

static const char *const own[OWN_COUNT] = { "tcp",  "tcp6",  "udp", "udp6",
					    "icmp", "icmp6", "unix" };

#define HEAD_INET                                                             \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when " \
	"retrnsmt   uid  timeout inode ref pointer drops"
#define HEAD_INET6                                                       \
	"  sl  local_address                         "                   \
	"remote_address                        st tx_queue rx_queue tr " \
	"tm->when retrnsmt   uid  timeout inode ref pointer drops"

/* Columns as the kernel has them. Of some there are no sockets inside. */
static const struct {
	const char *name, *text;
} fixed[] = {
	{ "arp",
	  "IP address       HW type     Flags       HW address            "
	  "Mask     Device\n" },
	{ "dev",
	  "Inter-|   Receive                                                "
	  "|  Transmit\n"
	  " face |bytes    packets errs drop fifo frame compressed multicast"
	  "|bytes    packets errs drop fifo colls carrier compressed\n"
	  "    lo:       0       0    0    0    0     0          0         0"
	  "        0       0    0    0    0     0       0          0\n" },
	{ "if_inet6",
	  "00000000000000000000000000000001 01 80 10 80       lo\n" },
	{ "ipv6_route", "00000000000000000000000000000001 80 "
			"00000000000000000000000000000000 00 "
			"00000000000000000000000000000000 "
			"00000000 00000001 00000000 80200001       lo\n" },
	{ "netlink", "sk               Eth Pid        Groups   "
		     "Rmem     Wmem     Dump  Locks    Drops    Inode\n" },
	{ "packet", "sk               RefCnt Type Proto  Iface R Rmem   User   "
		    "Inode\n" },
	{ "raw", HEAD_INET "\n" },
	{ "raw6", HEAD_INET6 "\n" },
	{ "udplite", " " HEAD_INET "            \n" },
	{ "udplite6", HEAD_INET6 "\n" },
	{ "route",
	  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\t"
	  "Mask\t\tMTU\tWindow\tIRTT"
	  "                                                       \n" },
};

/* ------------------------------------------------ names */

static int own_number(const char *name)
{
	for (int i = 0; i < OWN_COUNT; i++)
		if (strcmp(own[i], name) == 0)
			return i;
	return -1;
}

static const char *fixed_text(const char *name)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(fixed); i++)
		if (strcmp(fixed[i].name, name) == 0)
			return fixed[i].text;
	return NULL;
}

/* What is behind @prefix and a number at @at; NULL: they are not there. */
static const char *behind(const char *at, const char *prefix)
{
	size_t len = strlen(prefix);

	if (!at || strncmp(at, prefix, len) != 0 || at[len] < '1' || at[len] > '9')
		return NULL;
	return at + len + strspn(at + len, "0123456789");
}

enum sl_table sl_table_find(const char *path, const char **ret_name)
{
	const char *at = behind(path, "/proc/");
	const char *thread = behind(at, "/task/");

	if (thread)
		at = thread;
	if (!at || strncmp(at, "/net", 4) != 0 || (at[4] && at[4] != '/'))
		return SL_TABLE_NONE;
	*ret_name = at[4] ? at + 5 : at + 4;
	if (!**ret_name)
		return SL_TABLE_NONE; /* which names there are */
	if (own_number(*ret_name) >= 0)
		return SL_TABLE_OWN;
	return fixed_text(*ret_name) ? SL_TABLE_FIXED : SL_TABLE_HIDDEN;
}

/* ------------------------------------------------ lines */

struct view {
	struct sl_call *call;
	const struct sl_sockets *sockets;
	struct sl_buf *out;
	int table;    /* in own[] */
	size_t lines; /* in it so far, with the header */
};

struct field {
	char *at;
	size_t len;
};

static size_t split(char *line, struct field fields[FIELDS])
{
	size_t count = 0;

	for (char *at = line; count < FIELDS; count++) {
		at += strspn(at, " ");
		if (!*at)
			break;
		fields[count] = (struct field){ at, strcspn(at, " ") };
		at += fields[count].len;
	}
	return count;
}

static bool is_own(const struct view *v, const struct field *inode)
{
	return sl_sockets_have(v->sockets, strtoull(inode->at, NULL, 10));
}

/* Where the kernel has it, or a number in its place. */
static void blank(const struct field *place)
{
	for (size_t i = 0; i < place->len; i++)
		if (place->at[i] != ':')
			place->at[i] = '0';
}

/* "0100007F:1F90": words of the address as this machine has them in memory. */
static bool read_end(const struct field *end, struct sl_net_addr *addr,
		     uint16_t *ret_port)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t words = (end->len - 5) / 8;
	uint32_t word[4];
	char hex[9] = "";

	if (end->len != words * 8 + 5 || (words != 1 && words != 4))
		return false;
	for (size_t i = 0; i < words; i++) {
		memcpy(hex, end->at + 8 * i, 8);
		word[i] = (uint32_t)strtoul(hex, NULL, 16);
	}
	*addr = (struct sl_net_addr){ .family = words == 1 ? 4 : 6 };
	memcpy(addr->bytes, word, 4 * words);
	if (words == 4 && memcmp(addr->bytes, mapped, sizeof(mapped)) == 0) {
		*addr = (struct sl_net_addr){ .family = 4 };
		memcpy(addr->bytes, &word[3], 4);
	}
	*ret_port = (uint16_t)strtoul(end->at + end->len - 4, NULL, 16);
	return true;
}

/* The port that is known inside, in place of the one outside. */
static void translate(const struct view *v, const struct field *end, bool remote)
{
	enum sl_net_proto proto = v->table <= TCP6 ? SL_NET_TCP : SL_NET_UDP;
	struct sl_net_addr addr;
	char hex[5];
	uint16_t port;

	if (v->table > UDP6 || !read_end(end, &addr, &port) ||
	    (remote && !sl_portmap_is_loopback(addr.family, addr.bytes)))
		return;
	snprintf(hex, sizeof(hex), "%04X",
		 sl_portmap_inside(v->call->judge->ports, proto, &addr, port));
	memcpy(end->at + end->len - 4, hex, 4);
}

static unsigned int user_inside(const struct view *v, const struct field *user)
{
	const struct sl_judge_ids *ids = &v->call->judge->ids;
	unsigned long uid = strtoul(user->at, NULL, 10);

	if (!ids->mapped)
		return (unsigned int)uid;
	return uid == ids->outside_uid ? ids->inside_uid : USER_UNMAPPED;
}

static void show_inet(struct view *v, char *line)
{
	struct field f[FIELDS];
	size_t count = split(line, f);
	const char *colon = strchr(line, ':');
	const char *numbered, *user, *rest;

	if (count < FIELDS || !colon || !is_own(v, &f[INODE]))
		return;
	translate(v, &f[LOCAL], false);
	translate(v, &f[REMOTE], true);
	blank(&f[PLACE]);
	numbered = f[RETRANSMITS].at + f[RETRANSMITS].len;
	user = f[USER].at;
	rest = user + f[USER].len;
	sl_buf_addf(v->out, "%*zu%.*s %5u%s\n", (int)(colon - line),
		    v->lines - 1, (int)(numbered - colon), colon,
		    user_inside(v, &f[USER]), rest);
	v->lines++;
}

/* A name is any bytes, but no NUL, so a line break may be one of them: what is
 * behind it is no line then, or one that looks like the sandbox's own. */
static void show_unix(struct view *v, char *line)
{
	struct field f[FIELDS];

	if (split(line, f) <= UNIX_INODE || !is_own(v, &f[UNIX_INODE]))
		return;
	blank(&f[UNIX_PLACE]);
	sl_buf_addf(v->out, "%s\n", line);
	v->lines++;
}

static void show(struct view *v, char *line)
{
	if (v->lines == 0) {
		sl_buf_addf(v->out, "%s\n", line);
		v->lines++;
	} else if (v->table == UNIX) {
		show_unix(v, line);
	} else {
		show_inet(v, line);
	}
}

/* ------------------------------------------------ tables */

static int show_all(struct view *v)
{
	struct sl_tables *t = v->call->judge->tables;
	size_t have = 0;
	off_t at = 0;
	ssize_t n;

	while ((n = pread(t->fds[v->table], t->text + have, READ_BYTES - have,
			  at)) > 0) {
		char *line = t->text, *end;

		at += n;
		have += (size_t)n;
		while ((end = memchr(line, '\n',
				     have - (size_t)(line - t->text)))) {
			*end = '\0';
			show(v, line);
			line = end + 1;
		}
		have -= (size_t)(line - t->text);
		memmove(t->text, line, have);
		if (have == READ_BYTES)
			return -EIO;
	}
	if (n < 0)
		return -errno;
	return v->out->failed ? -ENOBUFS : 0;
}

/* Everybody in the sandbox; where the kernel does not say who that is, whoever
 * asks. */
static int find_sockets(struct sl_call *call, struct sl_sockets *sockets)
{
	struct sl_tables *t = call->judge->tables;
	long count = 1;
	int r;

	t->pids[0] = (int32_t)call->notif->pid;
	t->census.guardian = call->judge->guardian_pid;
	if (call->judge->scoped)
		count = sl_census_take(&t->census, t->pids, PROCESSES_MAX);
	if (count < 0)
		return (int)count;
	if (count > PROCESSES_MAX)
		return -ENOBUFS;
	*sockets = (struct sl_sockets){ .pids = t->pids,
					.pid_count = (size_t)count };
	r = sl_clerk_sockets(&call->judge->clerk, sockets);
	/* Who asks has to be there still to be given an answer. */
	if (r == 0)
		sl_sockets_settle(sockets,
				  call->judge->scoped ? &t->census : NULL);
	return r;
}

static int make_own(struct sl_call *call, const char *name)
{
	sl_autobuf out = SL_BUF_INIT(TABLE_MAX);
	struct sl_sockets sockets = { 0 };
	struct view v = { .call = call,
			  .sockets = &sockets,
			  .out = &out,
			  .table = own_number(name) };
	int r;

	if (call->judge->tables->fds[v.table] < 0)
		return -ENOENT;
	r = find_sockets(call, &sockets);
	if (r == 0) {
		sl_portmap_hold(call->judge->ports);
		r = show_all(&v);
		sl_portmap_release(call->judge->ports);
	}
	sl_sockets_fini(&sockets);
	return r < 0 ? r
		     : sl_sealed_text(name, out.data ? out.data : "", out.len);
}

int sl_tables_open(struct sl_call *call, const char *path, int flags)
{
	const char *name = "", *text;
	enum sl_table table = sl_table_find(path, &name);
	sl_autoclose int sealed = -1;

	if (table == SL_TABLE_HIDDEN)
		return -ENOENT;
	if ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC)
		return -EACCES;
	text = fixed_text(name);
	sealed = text ? sl_sealed_text(name, text, strlen(text))
		      : make_own(call, name);
	return sealed < 0 ? sealed : sl_open_sealed(call, sealed, flags);
}

/* ------------------------------------------------ life */

int sl_tables_new(int32_t keeper, struct sl_tables **ret_tables)
{
	struct sl_tables *t = calloc(1, sizeof(*t));
	char path[32];
	int r;

	if (!t)
		return -ENOMEM;
	for (int i = 0; i < OWN_COUNT; i++) {
		snprintf(path, sizeof(path), "/proc/self/net/%s", own[i]);
		t->fds[i] = open(path, O_RDONLY | O_CLOEXEC);
	}
	t->census = SL_CENSUS_INIT;
	r = sl_census_open(&t->census, keeper);
	if (r < 0) {
		sl_tables_free(t);
		return r;
	}
	*ret_tables = t;
	return 0;
}

void sl_tables_free(struct sl_tables *t)
{
	if (!t)
		return;
	for (int i = 0; i < OWN_COUNT; i++)
		if (t->fds[i] >= 0)
			close(t->fds[i]);
	sl_census_close(&t->census);
	free(t);
}
