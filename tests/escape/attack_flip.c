/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Races against the judge of destinations: a sibling changes what a call reads,
 * between a peer that is allowed and one that is not. A race is won when the
 * listener outside hears something. It counts only if the peer that is allowed,
 * which is ours, was reached meanwhile, and if the other one was asked for.
 */
#include "attack.h"
#include "attack_addr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RACE_NS 150000000L
#define ENOUGH 20000 /* rounds in which each must have happened */
#define ALLOWED "127.0.0.9"
#define REFUSED "127.0.0.1"

struct flip {
	struct addr good, bad;
	int sink;	    /* at the allowed one */
	int fd, one, other; /* flipped */
	atomic_bool over;
	atomic_long reached, refused;
	/* What the calls read. */
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} name;
	struct sockaddr_in names[2];
	struct iovec iov;
	struct mmsghdr msgs[2];
	void (*once)(struct flip *f, int i); /* flips */
};

static char text[] = "stolen";

/* Written in earnest, whatever the compiler thinks of it. */
static void barrier(struct flip *f)
{
	__asm__ volatile("" : : "r"(f) : "memory");
}

static void *flip_main(void *arg)
{
	struct flip *f = arg;

	for (int i = 0; !atomic_load(&f->over); i ^= 1) {
		f->once(f, i);
		barrier(f);
	}
	return NULL;
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void note(struct flip *f, bool ok)
{
	char buf[64];
	int fd;

	if (!ok && errno == ECONNREFUSED)
		f->refused++;
	fd = accept4(f->sink, NULL, NULL, SOCK_NONBLOCK);
	if (fd >= 0)
		f->reached++;
	else if (recv(f->sink, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		f->reached++;
	if (fd >= 0)
		close(fd);
}

/*
 * @act again and again while two threads flip. Inside nothing is won; what is
 * told as won there is that it was no race.
 */
static void race(struct flip *f, const char *what,
		 void (*once)(struct flip *, int), bool (*act)(struct flip *))
{
	pthread_t threads[2];
	long end = now() + RACE_NS;
	long rounds = 0;

	f->once = once;
	f->reached = f->refused = 0;
	atomic_store(&f->over, false);
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, flip_main, f);
	/* The first that were seen: a slow machine takes longer. */
	while (now() < end || (rounds < ENOUGH && (!f->reached || !f->refused) &&
			       now() < end + 3 * RACE_NS)) {
		note(f, act(f));
		rounds++;
	}
	atomic_store(&f->over, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	dprintf(1, "%s: %ld rounds, %ld allowed, %ld refused\n", what, rounds,
		(long)f->reached, (long)f->refused);
	result(what, !f->reached || !f->refused);
	errno = EPERM;
}

static bool make_sink(struct flip *f, int type, int port)
{
	int one = 1;

	memset(f, 0, sizeof(*f));
	f->good = addr(ALLOWED, port);
	f->bad = addr(REFUSED, port);
	f->sink = socket(AF_INET, type | SOCK_NONBLOCK, 0);
	/* The listener outside has all of 127/8, as root. */
	if (type == SOCK_STREAM)
		setsockopt(f->sink, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(f->sink, &f->good.any, f->good.len) == 0 &&
	    (type == SOCK_DGRAM || listen(f->sink, 64) == 0))
		return true;
	won("no sink, no race");
	return false;
}

/* ------------------------------------------------ what is flipped */

static void flip_name(struct flip *f, int i)
{
	f->name.in = i ? f->good.in : f->bad.in;
}

static void flip_last_byte(struct flip *f, int i)
{
	f->name.in.sin_addr.s_addr = i ? f->good.in.sin_addr.s_addr
				       : f->bad.in.sin_addr.s_addr;
}

static void flip_header(struct flip *f, int i)
{
	f->msgs[1].msg_hdr.msg_name = &f->names[i];
}

static void flip_length(struct flip *f, int i)
{
	f->names[0] = f->bad.in;
	f->names[0].sin_addr = i ? f->good.in.sin_addr : f->bad.in.sin_addr;
	f->msgs[1].msg_hdr.msg_namelen = i ? sizeof(f->names[0]) : 128;
	f->iov.iov_len = i ? 6 : 0;
	f->msgs[1].msg_hdr.msg_iovlen = i;
}

static void flip_blocking(struct flip *f, int i)
{
	flip_name(f, i);
	fcntl(f->fd, F_SETFL, i ? O_NONBLOCK : 0);
}

static void flip_descriptor(struct flip *f, int i)
{
	dup2(i ? f->other : f->one, f->fd);
}

/* ------------------------------------------------ what is done */

static void wait_connected(int fd)
{
	struct pollfd event = { .fd = fd, .events = POLLOUT };

	if (errno == EINPROGRESS)
		poll(&event, 1, 20);
}

static bool connect_stream(struct flip *f)
{
	struct timeval soon = { 0, 20000 };
	bool ok;
	int err;

	f->fd = socket(AF_INET, SOCK_STREAM, 0);
	/* Bare, the queue of the listener is full at once. */
	setsockopt(f->fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
	ok = connect(f->fd, &f->name.any, sizeof(f->name.in)) == 0;
	err = errno;
	if (!ok)
		wait_connected(f->fd);
	close(f->fd);
	errno = err;
	return ok;
}

static bool connect_datagram(struct flip *f)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool ok = connect(fd, &f->name.any, sizeof(f->name.in)) == 0 &&
		  send(fd, text, 6, 0) == 6;
	int err = errno;

	close(fd);
	errno = err;
	return ok;
}

static bool send_to(struct flip *f)
{
	return sendto(f->other, text, 6, 0, &f->name.any, sizeof(f->name.in)) ==
	       6;
}

static bool send_message(struct flip *f)
{
	return sendmsg(f->other, &f->msgs[1].msg_hdr, 0) == 6;
}

/* The first one is allowed: the error is the second's, and is lost. */
static bool send_batch(struct flip *f)
{
	int r = sendmmsg(f->other, f->msgs, 2, 0);

	errno = r == 1 ? ECONNREFUSED : errno;
	return r == 2;
}

static void prepare_messages(struct flip *f)
{
	f->names[0] = f->bad.in;
	f->names[1] = f->good.in;
	f->iov = (struct iovec){ text, 6 };
	for (int i = 0; i < 2; i++)
		f->msgs[i].msg_hdr =
			(struct msghdr){ .msg_name = &f->names[1],
					 .msg_namelen = sizeof(f->names[1]),
					 .msg_iov = &f->iov,
					 .msg_iovlen = 1 };
}

/* ------------------------------------------------ the races */

/* PORT */
static void n8_connect(char **argv)
{
	struct flip f;

	if (!make_sink(&f, SOCK_STREAM, number(argv[0])))
		return;
	flip_name(&f, 0);
	race(&f, "connect", flip_name, connect_stream);
	race(&f, "connect, the address alone", flip_last_byte, connect_stream);
	race(&f, "connect and O_NONBLOCK", flip_blocking, connect_stream);
}

/* PORT */
static void n8_sends(char **argv)
{
	struct flip f;

	if (!make_sink(&f, SOCK_DGRAM, number(argv[0])))
		return;
	f.other = socket(AF_INET, SOCK_DGRAM, 0);
	flip_name(&f, 0);
	race(&f, "connect", flip_name, connect_datagram);
	race(&f, "sendto", flip_last_byte, send_to);
	prepare_messages(&f);
	f.msgs[1].msg_hdr.msg_name = &f.name;
	race(&f, "sendmsg, the address", flip_last_byte, send_message);
	race(&f, "sendmmsg, the address", flip_last_byte, send_batch);
	prepare_messages(&f);
	race(&f, "sendmsg, the header", flip_header, send_message);
	race(&f, "sendmmsg, the header", flip_header, send_batch);
	prepare_messages(&f);
	f.msgs[1].msg_hdr.msg_name = &f.names[0];
	race(&f, "sendmsg, lengths", flip_length, send_message);
}

static bool name_bad(struct flip *f, int i)
{
	struct iovec iov = { text, 6 };
	struct msghdr msg = { .msg_name = i & 1 ? &f->bad.in : &f->good.in,
			      .msg_namelen = sizeof(f->bad.in),
			      .msg_iov = &iov,
			      .msg_iovlen = 1 };
	struct mmsghdr many = { .msg_hdr = msg };

	switch (i >> 1) {
	case 0:
		return sendto(f->fd, text, 6, MSG_DONTWAIT | MSG_NOSIGNAL,
			      msg.msg_name, msg.msg_namelen) == 6;
	case 1:
		return sendmsg(f->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) == 6;
	case 2:
		return sendmmsg(f->fd, &many, 1, MSG_DONTWAIT | MSG_NOSIGNAL) ==
		       1;
	default:
		return connect(f->fd, msg.msg_name, msg.msg_namelen) == 0;
	}
}

static bool every_call(struct flip *f)
{
	bool ok = true;
	int err = 0;

	for (int i = 0; i < 8; i++)
		if (!name_bad(f, i)) {
			ok = false;
			err = err == ECONNREFUSED ? err : errno;
		}
	errno = err;
	return ok;
}

/* UDP PORT: one number is a socket to the allowed peer, and something else. */
static void n8_descriptors(char **argv)
{
	struct flip f;
	int pair[2];

	if (!make_sink(&f, SOCK_DGRAM, number(argv[0])))
		return;
	f.one = socket(AF_INET, SOCK_DGRAM, 0);
	f.fd = dup(f.one);
	if (connect(f.one, &f.good.any, f.good.len) < 0 ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
		return won("no race");
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "TCP", "a Unix pair",
						     "a Unix socket" };
		char what[40];

		f.other = i == 0   ? socket(AF_INET, SOCK_STREAM, 0)
			  : i == 1 ? pair[0]
				   : socket(AF_UNIX, SOCK_STREAM, 0);
		snprintf(what, sizeof(what), "UDP and %s", names[i]);
		race(&f, what, flip_descriptor, every_call);
		close(f.other);
	}
}

static void flip_family(struct flip *f, int i)
{
	f->name.any.sa_family = i ? AF_INET : AF_UNSPEC;
	flip_last_byte(f, i);
}

/* The rest of the other form stays where it was. */
static void flip_form(struct flip *f, int i)
{
	struct addr good = addr("::ffff:" ALLOWED, ntohs(f->good.in.sin_port));

	if (i)
		f->name.in6 = good.in6;
	else
		f->name.in = f->bad.in;
}

/* A new one each time: the form is changed once and for ever. */
static void reform(struct flip *f, int i)
{
	int family = AF_INET;

	flip_family(f, i);
	setsockopt(f->fd, SOL_IPV6, IPV6_ADDRFORM, &family, sizeof(family));
}

static bool send_reformed(struct flip *f)
{
	struct addr good = addr("::ffff:" ALLOWED, ntohs(f->good.in.sin_port));
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), err;
	bool ok;

	f->fd = fd;
	ok = connect(fd, &good.any, good.len) == 0 &&
	     sendto(fd, text, 6, 0, &f->name.any, sizeof(f->name.in)) == 6;
	err = errno;
	close(fd);
	errno = err;
	return ok;
}

static bool send_six(struct flip *f)
{
	return sendto(f->other, text, 6, 0, &f->name.any, sizeof(f->name.in6)) ==
	       6;
}

/* UDP PORT */
static void n8_forms(char **argv)
{
	struct flip f;

	if (!make_sink(&f, SOCK_DGRAM, number(argv[0])))
		return;
	f.other = socket(AF_INET, SOCK_DGRAM, 0);
	flip_name(&f, 0);
	race(&f, "AF_UNSPEC", flip_family, send_to);
	race(&f, "IPV6_ADDRFORM", reform, send_reformed);
	close(f.other);
	f.other = socket(AF_INET6, SOCK_DGRAM, 0);
	flip_form(&f, 0);
	race(&f, "IPv4 and IPv6", flip_form, send_six);
}

const struct attack attacks_flip[] = {
	{ "N8connect", n8_connect },
	{ "N8sends", n8_sends },
	{ "N8descriptors", n8_descriptors },
	{ "N8forms", n8_forms },
	{ NULL, NULL },
};
