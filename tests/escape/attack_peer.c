/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to a Unix socket outside: spellings of its path, and races. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RACE_SECONDS 2
#define EXCHANGE 2u /* RENAME_EXCHANGE */

static struct sockaddr_un path_address(const char *text)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memcpy(sun.sun_path, text, strnlen(text, sizeof(sun.sun_path)));
	return sun;
}

/* Connects, and says something that the stage's listener would get. */
static bool reach(const char *text)
{
	struct sockaddr_un to = path_address(text);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	bool ok = connect(fd, (void *)&to, sizeof(to)) == 0 &&
		  send(fd, "stolen", 6, MSG_NOSIGNAL) == 6;
	int err = errno;

	close(fd);
	errno = err;
	return ok;
}

/* ------------------------------------------------ spellings */

/* 108 bytes of path and no end. */
static void unterminated(const char *target)
{
	char text[109];
	size_t len = strlen(target), fill = 108 - len;

	memset(text, '/', fill);
	memcpy(text + fill, target, len + 1);
	result("108 bytes", reach(text));
}

static void from_its_directory(const char *dir, const char *name)
{
	char text[120];
	int home = open(".", O_PATH | O_DIRECTORY);

	result("relative", chdir(dir) == 0 && reach(name));
	result("/proc/self/cwd",
	       snprintf(text, sizeof(text), "/proc/self/cwd/%s", name) > 0 &&
		       reach(text));
	if (fchdir(home) == 0) {
		int fd = open(dir, O_PATH | O_DIRECTORY);

		snprintf(text, sizeof(text), "/proc/self/fd/%d/%s", fd, name);
		result("below a descriptor", reach(text));
		snprintf(text, sizeof(text), "/dev/fd/%d/%s", fd, name);
		result("/dev/fd", reach(text));
		result("fchdir", fchdir(fd) == 0 && reach(name));
	}
	close(home);
}

static void by_descriptor(const char *target)
{
	char text[64];
	int fd = open(target, O_PATH);

	snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
	result("its own descriptor", reach(text));
	snprintf(text, sizeof(text), "/proc/%d/task/%d/fd/%d", getpid(),
		 gettid(), fd);
	result("descriptor of the thread", reach(text));
}

static void through_links(const char *target, const char *dir, const char *name)
{
	static const char odd[] = "\xff\xfe\x80";
	char text[160];

	result("link", symlink(target, "link") == 0 && reach("link"));
	result("not text", symlink(target, odd) == 0 && reach(odd));
	snprintf(text, sizeof(text), "to/%s", name);
	result("linked directory", symlink(dir, "to") == 0 && reach(text));
	snprintf(text, sizeof(text), "/proc/self/root%s", target);
	result("link to /proc/self/root",
	       symlink(text, "root") == 0 && reach("root"));
	snprintf(text, sizeof(text), "to/../%s/%s", strrchr(dir, '/') + 1, name);
	result("dots", reach(text));
	/* A name in the sandbox's own directory for the inode outside. */
	if (link(target, "hard") == 0)
		result("hard link", reach("hard"));
	else
		lost("hard link", errno);
}

/* STREAM: a listener outside. */
static void a120_ways(char **argv)
{
	char dir[108], text[140];
	char *name;

	snprintf(dir, sizeof(dir), "%s", argv[0]);
	name = strrchr(dir, '/');
	*name++ = '\0';
	result("absolute", reach(argv[0]));
	snprintf(text, sizeof(text), "/proc/self/root%s", argv[0]);
	if (strlen(text) <= 108)
		result("/proc/self/root", reach(text));
	unterminated(argv[0]);
	by_descriptor(argv[0]);
	through_links(argv[0], dir, name);
	from_its_directory(dir, name);
}

/* ------------------------------------------------ races */

struct race {
	const char *target;
	struct sockaddr_un own, other;
	struct sockaddr_in port;
	union {
		struct sockaddr any;
		struct sockaddr_un sun;
		struct sockaddr_in in;
	} shared;
	int sock, tcp, flip; /* descriptors */
	const char *one, *two;
	atomic_bool over;
};

/* Both are written, whatever the compiler thinks of it. */
static void put(struct race *r, const void *address, size_t len)
{
	memcpy(&r->shared, address, len);
	__asm__ volatile("" : : "r"(&r->shared) : "memory");
}

static void *flip_address(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->over)) {
		put(r, &r->other, sizeof(r->other));
		put(r, &r->own, sizeof(r->own));
	}
	return NULL;
}

static void *flip_everything(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->over)) {
		dup2(r->sock, r->flip);
		put(r, &r->other, sizeof(r->other));
		dup2(r->tcp, r->flip);
		put(r, &r->port, sizeof(r->port));
	}
	return NULL;
}

static void *flip_names(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->over))
		syscall(SYS_renameat2, AT_FDCWD, r->one, AT_FDCWD, r->two,
			EXCHANGE);
	return NULL;
}

static bool at_target(const struct race *r, int fd)
{
	struct sockaddr_un peer = { 0 };
	socklen_t len = sizeof(peer);

	return getpeername(fd, (void *)&peer, &len) == 0 &&
	       strcmp(peer.sun_path, r->target) == 0;
}

static bool try_once(struct race *r, int own)
{
	bool hit;

	r->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (r->flip >= 0)
		dup2(r->sock, r->flip);
	connect(r->flip >= 0 ? r->flip : r->sock, &r->shared.any,
		sizeof(struct sockaddr_un));
	hit = at_target(r, r->sock) &&
	      send(r->sock, "stolen", 6, MSG_NOSIGNAL) == 6;
	close(r->sock);
	close(accept4(own, NULL, NULL, SOCK_NONBLOCK));
	return hit;
}

static void race(const char *label, struct race *r, int own,
		 void *(*flipper)(void *))
{
	time_t end = time(NULL) + RACE_SECONDS;
	pthread_t thread;
	bool hit = false;

	atomic_store(&r->over, false);
	r->sock = r->tcp;
	if (pthread_create(&thread, NULL, flipper, r) != 0)
		return;
	while (!hit && time(NULL) <= end)
		hit = try_once(r, own);
	atomic_store(&r->over, true);
	pthread_join(thread, NULL);
	errno = EACCES;
	result(label, hit);
}

static int own_listener(const char *name)
{
	struct sockaddr_un sun = path_address(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	unlink(name);
	if (bind(fd, (void *)&sun, sizeof(sun)) < 0 || listen(fd, 64) < 0)
		lost("own listener", errno);
	return fd;
}

static void by_name(const char *label, struct race *r, int own, const char *one,
		    const char *two)
{
	r->one = one;
	r->two = two;
	memset(&r->shared, 0, sizeof(r->shared));
	r->shared.sun = path_address(one);
	race(label, r, own, flip_names);
}

/* STREAM: a listener outside. */
static void a121(char **argv)
{
	struct race r = { .target = argv[0], .flip = -1 };
	char dir[108];
	int own;

	snprintf(dir, sizeof(dir), "%s", argv[0]);
	*strrchr(dir, '/') = '\0';
	own = own_listener("own");
	r.own = path_address("own");
	r.other = path_address(argv[0]);
	r.tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	race("address", &r, own, flip_address);
	/* Nothing to judge at first, and then a path. */
	memset(&r.own, 0, sizeof(r.own));
	r.own.sun_family = AF_UNIX;
	race("kind of address", &r, own, flip_address);

	if (symlink(argv[0], "l1") == 0 && symlink("own", "l2") == 0)
		by_name("link", &r, own, "l1", "l2");
	close(own);
	own = own_listener("swapped");
	if (symlink(argv[0], "l3") == 0)
		by_name("socket file", &r, own, "swapped", "l3");
	close(own);
	if (mkdir("d1", 0700) == 0 && chdir("d1") == 0) {
		own = own_listener(strrchr(argv[0], '/') + 1);
		if (chdir("..") == 0 && symlink(dir, "d2") == 0) {
			r.one = "d1";
			r.two = "d2";
			memset(&r.shared, 0, sizeof(r.shared));
			snprintf(r.shared.sun.sun_path, 100, "d1%s",
				 strrchr(argv[0], '/'));
			r.shared.sun.sun_family = AF_UNIX;
			race("directory", &r, own, flip_names);
		}
	}
	r.port = (struct sockaddr_in){ .sin_family = AF_INET,
				       .sin_port = htons(9),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	r.flip = dup(r.tcp);
	memcpy(&r.shared, &r.other, sizeof(r.other));
	race("descriptor", &r, own, flip_everything);
}

/* ------------------------------------------------ messages */

struct message_race {
	struct sockaddr_un own, other, now;
	struct msghdr msg;
	struct mmsghdr batch[2];
	struct iovec iov;
	atomic_bool over;
};

static void *flip_name(void *arg)
{
	struct message_race *r = arg;

	while (!atomic_load(&r->over)) {
		memcpy(&r->now, &r->other, sizeof(r->now));
		__asm__ volatile("" : : "r"(&r->now) : "memory");
		memcpy(&r->now, &r->own, sizeof(r->now));
		__asm__ volatile("" : : "r"(&r->now) : "memory");
	}
	return NULL;
}

static void name_in_both(struct message_race *r, struct sockaddr_un *name)
{
	r->msg.msg_name = r->batch[1].msg_hdr.msg_name = name;
	__asm__ volatile("" : : "r"(r) : "memory");
}

static void *flip_pointer(void *arg)
{
	struct message_race *r = arg;

	while (!atomic_load(&r->over)) {
		name_in_both(r, &r->other);
		name_in_both(r, &r->own);
	}
	return NULL;
}

static bool send_one(struct message_race *r, int how, int fd)
{
	if (how == 0)
		return sendto(fd, "stolen", 6, 0, (void *)&r->now,
			      sizeof(r->now)) == 6;
	if (how == 1)
		return sendmsg(fd, &r->msg, 0) == 6;
	return sendmmsg(fd, r->batch, 2, 0) == 2;
}

/* What was sent and did not arrive at our own socket went elsewhere. */
static bool went_elsewhere(struct message_race *r, int how, int fd, int own)
{
	int want = how == 2 ? 2 : 1, got = 0;
	bool sent = send_one(r, how, fd);
	char buf[16];

	while (recv(own, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		got++;
	return sent && got < want;
}

static void message_race(const char *label, struct message_race *r, int how,
			 int own, void *(*flipper)(void *))
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	time_t end = time(NULL) + RACE_SECONDS;
	pthread_t thread;
	bool hit = false;

	atomic_store(&r->over, false);
	if (pthread_create(&thread, NULL, flipper, r) != 0)
		return;
	while (!hit && time(NULL) <= end)
		hit = went_elsewhere(r, how, fd, own);
	atomic_store(&r->over, true);
	pthread_join(thread, NULL);
	close(fd);
	errno = EACCES;
	result(label, hit);
}

/* DGRAM: a socket outside. */
static void a086(char **argv)
{
	static char text[] = "stolen";
	struct message_race r = { .own = path_address("own"),
				  .other = path_address(argv[0]),
				  .iov = { text, 6 } };
	int own = socket(AF_UNIX, SOCK_DGRAM, 0);

	r.now = r.own;
	r.msg = (struct msghdr){ .msg_name = &r.now,
				 .msg_namelen = sizeof(r.now),
				 .msg_iov = &r.iov,
				 .msg_iovlen = 1 };
	r.batch[0].msg_hdr = r.batch[1].msg_hdr = r.msg;
	r.batch[0].msg_hdr.msg_name = &r.own;
	if (bind(own, (void *)&r.own, sizeof(r.own)) < 0)
		lost("own socket", errno);
	message_race("sendto, name", &r, 0, own, flip_name);
	message_race("sendmsg, name", &r, 1, own, flip_name);
	message_race("sendmmsg, second name", &r, 2, own, flip_name);
	message_race("sendmsg, pointer", &r, 1, own, flip_pointer);
	message_race("sendmmsg, pointer", &r, 2, own, flip_pointer);
}

const struct attack attacks_peer[] = {
	{ "A086", a086 },
	{ "A120ways", a120_ways },
	{ "A121", a121 },
	{ NULL, NULL },
};
