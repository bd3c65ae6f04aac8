/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See resolve.h. sandlock-resolve is started as a supervisor is (launcher.h)
 * and told by its arguments; what it says comes by a pipe.
 *
 * SECURITY: the answer is trusted no more than the name servers behind it: its
 * size and the time it takes are bounded here, its form in names.c.
 */
#include "run/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "base/limits.h"
#include "policy/netrule.h"
#include "policy/value.h"
#include "run/launcher.h"
#include "run/names.h"
#include "run/program.h"

#define GONE_MS 2000
#define HOSTS_MAX (1u << 20) /* of /etc/hosts; a block list may be as long */

struct lookup {
	char (*names)[254];
	size_t count;
	char beside[PATH_MAX];
	const char *path; /* of the helper */
	int out;	  /* what it says; not blocking */
	int pidfd;
	struct sl_buf said;
};

/* ------------------------------------------------ messages */

const struct sl_item *sl_resolve_rule(const struct sl_policy *policy,
				      const char *name)
{
	const struct sl_value *allow = sl_policy_get(policy, SL_KEY_NET_ALLOW);
	struct sl_netrule rule;

	for (size_t i = 0; i < allow->count; i++)
		if (sl_netrule_parse(allow->items[i].text, false, &rule, NULL) ==
			    0 &&
		    strcmp(rule.host, name) == 0)
			return &allow->items[i];
	return allow->items;
}

/* @name could not be looked up, for reason @why. */
static int blame(const struct sl_policy *policy, const char *name, int code,
		 const char *why, struct sl_error *err)
{
	const struct sl_item *item = sl_resolve_rule(policy, name);

	sl_err(err, code, SL_STAGE_CHECK, "'%s': cannot look up '%s': %s",
	       SL_QUOTE(item->text), SL_QUOTE(name), why);
	return sl_policy_blame(err, code, SL_KEY_NET_ALLOW, &item->origin);
}

static int out_of_memory(struct sl_error *err)
{
	return sl_err(err, -ENOMEM, SL_STAGE_SPAWN, "out of memory");
}

/* ------------------------------------------------ the helper */

/* Its streams: nothing to read, a pipe, nothing to write to. */
static int run_helper(struct lookup *look, struct sl_launcher *l)
{
	sl_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sl_autoclose int in = -1, ours = -1, low = -1, theirs = -1;
	int ends[2], r;

	/* A confined host may not be allowed it. */
	if (null < 0)
		null = memfd_create("sandlock-null", MFD_CLOEXEC);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	ours = ends[0];
	low = ends[1];
	in = fcntl(null, F_DUPFD_CLOEXEC, SL_LAUNCHER_HIGH);
	theirs = fcntl(low, F_DUPFD_CLOEXEC, SL_LAUNCHER_HIGH);
	l->fds[0] = l->fds[2] = in;
	l->fds[1] = theirs;
	l->fd_count = 3;
	if (in < 0 || theirs < 0 || fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	r = sl_launcher_run(l);
	if (r < 0)
		return r;
	look->pidfd = l->pidfd;
	look->out = sl_take_fd(&ours);
	return 0;
}

static int start(struct lookup *look, const char *first,
		 const struct sl_policy *policy, struct sl_error *err)
{
	sl_autofree const char **argv = calloc(look->count + 2, sizeof(*argv));
	struct sl_launcher l = { .path = look->path,
				 .argv = argv,
				 .envp = (const char *const *)environ };
	char why[256 + 64];
	int r;

	if (!argv)
		return out_of_memory(err);
	argv[0] = sl_program_resolve.name;
	for (size_t i = 0; i < look->count; i++)
		argv[i + 1] = look->names[i];
	r = run_helper(look, &l);
	if (r == 0)
		return 0;
	snprintf(why, sizeof(why), "cannot start '%s': %s",
		 SL_QUOTE(look->path), strerror(-r));
	blame(policy, first, r, why, err);
	if (r == -EACCES)
		sl_error_hint(err, "a confined thread can start it only with a "
				   "read grant for it");
	else
		sl_error_hint(err, "install sandlock, or name the program in "
				   "$SANDLOCK_RESOLVE, or give addresses in "
				   "place of names");
	return r;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is in the pipe now: 1, or 0 at its end, or a negative errno. */
static int drain(struct lookup *look)
{
	char block[4096];
	ssize_t n;

	for (;;) {
		n = read(look->out, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 1 : -errno;
		if (n == 0)
			return 0;
		if (sl_buf_add(&look->said, block, (size_t)n) < 0)
			return look->said.failed == -ENOMEM ? -ENOMEM : -EFBIG;
	}
}

/*
 * All that it says: to the end of the pipe, or to its own end, since a process
 * that somebody else starts meanwhile may hold the pipe open.
 */
static int listen_to(struct lookup *look)
{
	int64_t until = now_ms() + SL_MAX_NAMES_MS;
	struct pollfd pfds[2] = { { .fd = look->out, .events = POLLIN },
				  { .fd = look->pidfd, .events = POLLIN } };
	int r = 1;

	while (r > 0) {
		int64_t left = until - now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(pfds, 2, (int)left) < 0 && errno != EINTR)
			return -errno;
		r = drain(look);
		if (r > 0 && pfds[1].revents) {
			r = drain(look); /* what came in between */
			break;
		}
	}
	return r < 0 ? r : 0;
}

/* Whatever it was doing; what it started, too. */
static void end(struct lookup *look)
{
	struct pollfd pfd = { .fd = look->pidfd, .events = POLLIN };

	/* KERNEL < 6.9: no group signals by pidfd. */
	if (syscall(SYS_pidfd_send_signal, look->pidfd, SIGKILL, NULL,
		    4 /* PIDFD_SIGNAL_PROCESS_GROUP */) < 0)
		syscall(SYS_pidfd_send_signal, look->pidfd, SIGKILL, NULL, 0);
	while (poll(&pfd, 1, GONE_MS) < 0 && errno == EINTR)
		;
	close(look->pidfd);
	close(look->out);
}

/* ------------------------------------------------ the whole */

/* Why nothing of what it said is used. */
static int explain(const struct lookup *look, const struct sl_policy *policy,
		   int r, struct sl_error *err)
{
	char why[256 + 96];

	if (r == -ENOMEM)
		return out_of_memory(err);
	if (r == -ETIMEDOUT)
		snprintf(why, sizeof(why), "no answer within %d seconds",
			 SL_MAX_NAMES_MS / 1000);
	else if (r == -EBADMSG)
		snprintf(why, sizeof(why), "'%s' gave an answer of no use",
			 SL_QUOTE(look->path));
	else if (r == -EFBIG)
		snprintf(why, sizeof(why), "'%s' said more than %u bytes",
			 SL_QUOTE(look->path), SL_MAX_NAMES_BYTES);
	else
		snprintf(why, sizeof(why), "cannot hear '%s': %s",
			 SL_QUOTE(look->path), strerror(-r));
	blame(policy, look->names[0], r, why, err);
	if (r == -ETIMEDOUT)
		sl_error_hint(err, "is the network up? see resolv.conf(5); or "
				   "give addresses in place of names");
	return r;
}

/* What this machine says of itself; nothing where it cannot be read. */
static void read_hosts(struct sl_buf *text)
{
	sl_autoclose int fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC |
							 O_NONBLOCK | O_NOCTTY);
	char block[4096];
	ssize_t n;

	while (fd >= 0 && (n = read(fd, block, sizeof(block))) > 0)
		sl_buf_add(text, block, (size_t)n);
}

/* Of all interfaces, up or not. 0 or a negative errno. */
static int read_addresses(struct sl_net_addr **ret_addrs, size_t *ret_count)
{
	struct sl_net_addr *addrs;
	struct ifaddrs *list;
	size_t count = 0;

	if (getifaddrs(&list) < 0)
		return -errno;
	for (struct ifaddrs *at = list; at; at = at->ifa_next)
		count++;
	addrs = calloc(count + 1, sizeof(*addrs));
	count = 0;
	for (struct ifaddrs *at = list; addrs && at; at = at->ifa_next) {
		const void *addr = at->ifa_addr;

		if (addr && at->ifa_addr->sa_family == AF_INET)
			addrs[count++] = sl_net_addr4(
				&((const struct sockaddr_in *)addr)->sin_addr);
		else if (addr && at->ifa_addr->sa_family == AF_INET6)
			addrs[count++] = sl_net_addr6(
				&((const struct sockaddr_in6 *)addr)->sin6_addr);
	}
	freeifaddrs(list);
	*ret_addrs = addrs;
	*ret_count = count;
	return addrs ? 0 : -ENOMEM;
}

static int drop_own(const struct sl_policy *policy, struct sl_net_pins *pins,
		    struct sl_error *err)
{
	struct sl_buf hosts = SL_BUF_INIT(HOSTS_MAX);
	sl_autofree struct sl_net_addr *addrs = NULL;
	struct sl_names_self self = { 0 };
	struct sl_net_addr gone = { 0 };
	char own[256] = "", why[SL_ADDR_TEXT + 160], addr[SL_ADDR_TEXT];
	size_t failed;
	int r = read_addresses(&addrs, &self.count);

	if (r < 0) {
		snprintf(why, sizeof(why),
			 "cannot list this machine's own addresses: %s",
			 strerror(-r));
		blame(policy, pins->pins[0].name, r, why, err);
		sl_net_pins_fini(pins);
		return r;
	}
	read_hosts(&hosts);
	if (gethostname(own, sizeof(own) - 1) < 0)
		own[0] = '\0';
	self.hosts = hosts.data ? hosts.data : "";
	self.name = own;
	self.addrs = addrs;
	failed = sl_names_drop_own(pins, &self, &gone);
	sl_buf_fini(&hosts);
	if (!failed)
		return 0;
	sl_net_addr_text(&gone, addr);
	snprintf(why, sizeof(why),
		 "it leads to %s, this machine or its link, and no line of "
		 "/etc/hosts says so",
		 addr);
	r = blame(policy, pins->pins[failed - 1].name, -EPERM, why, err);
	sl_error_hint(err, "if that is meant, give the address in place of the "
			   "name");
	sl_net_pins_fini(pins);
	return r;
}

static int look_up(struct lookup *look, const struct sl_policy *policy,
		   struct sl_net_pins *ret_pins, struct sl_error *err)
{
	char why[256] = "";
	size_t failed = 0;
	int r;

	if (look->count > SL_MAX_NAMES)
		return sl_err(err, -E2BIG, SL_STAGE_CHECK,
			      "%s: more than %d different host names",
			      sl_key_info(SL_KEY_NET_ALLOW)->name, SL_MAX_NAMES);
	look->path = sl_program_path(&sl_program_resolve, look->beside,
				     sizeof(look->beside));
	r = start(look, look->names[0], policy, err);
	if (r < 0)
		return r;
	r = listen_to(look);
	end(look);
	if (r == 0)
		r = sl_names_parse(look->said.data ? look->said.data : "",
				   look->said.len, look->names, look->count,
				   ret_pins, &failed, why, sizeof(why));
	if (r == 0) {
		r = sl_names_add_loopback(ret_pins);
		if (r < 0)
			sl_net_pins_fini(ret_pins);
	}
	if (r == -ENOENT)
		return blame(policy, look->names[failed], r, why, err);
	return r < 0 ? explain(look, policy, r, err)
		     : drop_own(policy, ret_pins, err);
}

static struct sl_net_pin *find(const struct sl_net_pins *pins, const char *name)
{
	for (size_t i = 0; pins && i < pins->count; i++)
		if (strcmp(pins->pins[i].name, name) == 0)
			return &pins->pins[i];
	return NULL;
}

static int copy_pin(struct sl_net_pin *to, const struct sl_net_pin *from)
{
	to->name = strdup(from->name);
	to->addrs = calloc(from->count, sizeof(*to->addrs));
	if (!to->name || !to->addrs)
		return -ENOMEM;
	memcpy(to->addrs, from->addrs, from->count * sizeof(*to->addrs));
	to->count = from->count;
	return 0;
}

/* @names in their order, each moved from @fresh or copied from @known. */
static int merge(char (*names)[254], size_t count, struct sl_net_pins *fresh,
		 const struct sl_net_pins *known, struct sl_net_pins *ret_pins)
{
	struct sl_net_pins pins = { calloc(count, sizeof(*pins.pins)), 0 };
	int r = pins.pins ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct sl_net_pin *pin = &pins.pins[pins.count++];
		struct sl_net_pin *own = find(fresh, names[i]);

		if (!own) {
			r = copy_pin(pin, find(known, names[i]));
			continue;
		}
		/* find() still compares the name. */
		*pin = (struct sl_net_pin){ strdup(names[i]), own->addrs,
					    own->count };
		own->addrs = NULL;
		r = pin->name ? 0 : -ENOMEM;
	}
	if (r < 0)
		sl_net_pins_fini(&pins);
	else
		*ret_pins = pins;
	return r;
}

int sl_resolve(const struct sl_policy *policy, const struct sl_net_pins *known,
	       struct sl_net_pins *ret_pins, struct sl_error *err)
{
	struct lookup look = { .said = SL_BUF_INIT(SL_MAX_NAMES_BYTES) };
	struct sl_net_pins fresh = { NULL, 0 };
	sl_autofree char(*names)[254] = NULL;
	size_t count;
	int r;

	*ret_pins = (struct sl_net_pins){ NULL, 0 };
	if (!sl_policy_get(policy, SL_KEY_NET_ALLOW)->count)
		return 0;
	r = sl_net_names(policy, &names, &count, err);
	if (r < 0 || !count)
		return r;
	look.names = calloc(count, sizeof(*look.names));
	if (!look.names)
		return out_of_memory(err);
	for (size_t i = 0; i < count; i++)
		if (!find(known, names[i]))
			memcpy(look.names[look.count++], names[i],
			       sizeof(names[i]));
	if (look.count)
		r = look_up(&look, policy, &fresh, err);
	if (r == 0 && merge(names, count, &fresh, known, ret_pins) < 0)
		r = out_of_memory(err);
	free(look.names);
	sl_buf_fini(&look.said);
	sl_net_pins_fini(&fresh);
	return r;
}
