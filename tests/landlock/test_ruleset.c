/* SPDX-License-Identifier: Apache-2.0 */
/* Rulesets built and enforced on this kernel, each right by its effect. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/harness.h"
#include "landlock/fixture.h"
#include "plan/plan.h"
#include "run/ruleset.h"
#include "sys/uapi.h"

#define FAILS(call, want)               \
	do {                            \
		errno = 0;              \
		EXPECT_EQ(call, -1);    \
		EXPECT_EQ(errno, want); \
	} while (0)
#define WORKS(call) EXPECT_GE(call, 0)

static struct sl_policy *policy;
static struct sl_probe probe;
static struct sl_error err;

static void begin(void)
{
	sl_probe(&probe);
	if (probe.landlock_abi < 6)
		SKIP("Landlock ABI 6");
	ASSERT_EQ(sl_policy_new(&policy), 0);
	fx_enter();
	umask(022);
}

static int build(int *inner, int *outer)
{
	struct sl_plan_landlock ll;
	int r;

	err = (struct sl_error){ 0 };
	r = sl_plan_compile_landlock(policy, &probe, &ll, &err);
	if (r < 0)
		return r;
	r = sl_ruleset_build(&ll, probe.landlock_abi, inner, outer, &err);
	sl_plan_landlock_fini(&ll);
	return r;
}

static void enforce(int fd)
{
	ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ASSERT_EQ(syscall(SL_NR_landlock_restrict_self, fd, 0), 0);
}

static void run_inner(void *body)
{
	int inner = -1, outer = -1;

	if (build(&inner, &outer) < 0)
		th_fail(__FILE__, __LINE__, "%s", err.msg);
	enforce(inner);
	((void (*)(void))body)();
}

static void run_outer(void *body)
{
	int inner = -1, outer = -1;

	ASSERT_EQ(build(&inner, &outer), 0);
	enforce(outer);
	((void (*)(void))body)();
}

static void confined(void (*body)(void))
{
	fx_child(run_inner, (void *)body);
	fx_leave();
}

static void make_tree(void)
{
	static const char *const dirs[] = { "r", "w", "n" };

	for (size_t i = 0; i < 3; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/file", dirs[i]);
		fx_file(path, "text", 0644);
		snprintf(path, sizeof(path), "%s/sub/file", dirs[i]);
		fx_file(path, "text", 0644);
		snprintf(path, sizeof(path), "%s/prog", dirs[i]);
		fx_file(path, "#!/nowhere/at/all\n", 0755);
	}
	fx_set(policy, SL_KEY_FS_READ, fx_path("r"));
	fx_set(policy, SL_KEY_FS_WRITE, fx_path("w"));
}

static int open_dir(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void try_reading(void)
{
	char name[] = "x", *argv[] = { name, NULL };

	WORKS(open("r/file", O_RDONLY));
	WORKS(open("r/sub/file", O_RDONLY));
	WORKS(open("w/file", O_RDONLY));
	WORKS(open_dir("r"));
	WORKS(open_dir("w"));
	FAILS(open("n/file", O_RDONLY), EACCES);
	FAILS(open_dir("n"), EACCES);
	FAILS(open_dir("."), EACCES);
	FAILS(open("/etc/passwd", O_RDONLY), EACCES);
	/* ENOENT is about the interpreter: it got past the right. */
	FAILS(execv("r/prog", argv), ENOENT);
	FAILS(execv("w/prog", argv), ENOENT);
	FAILS(execv("n/prog", argv), EACCES);
}

TEST_BOTH(read_grant_reads_and_executes)
{
	begin();
	make_tree();
	confined(try_reading);
}

static void try_writing(void)
{
	FAILS(open("r/file", O_WRONLY), EACCES);
	FAILS(open("r/file", O_RDWR), EACCES);
	FAILS(open("r/file", O_RDONLY | O_TRUNC), EACCES);
	FAILS(truncate("r/file", 0), EACCES);
	FAILS(open("r/new", O_WRONLY | O_CREAT, 0600), EACCES);
	FAILS(unlink("r/file"), EACCES);
	FAILS(mkdir("r/new", 0700), EACCES);
	FAILS(symlink("x", "r/new"), EACCES);
	FAILS(mkfifo("r/new", 0600), EACCES);
	FAILS(rename("r/file", "r/new"), EACCES);
	FAILS(mkdir("n/new", 0700), EACCES);

	WORKS(open("w/file", O_RDWR | O_TRUNC));
	WORKS(truncate("w/sub/file", 1));
	WORKS(open("w/new", O_WRONLY | O_CREAT | O_EXCL, 0600));
	WORKS(unlink("w/new"));
	WORKS(mkdir("w/dir", 0700));
	WORKS(rmdir("w/dir"));
	WORKS(symlink("x", "w/sym"));
	WORKS(mkfifo("w/fifo", 0600));
	WORKS(mknod("w/sock", S_IFSOCK | 0600, 0));
	WORKS(mknod("w/reg", S_IFREG | 0600, 0));
}

TEST_BOTH(write_grant_writes_and_read_grant_does_not)
{
	begin();
	make_tree();
	confined(try_writing);
}

static void try_nodes(void)
{
	FAILS(mknod("w/null", S_IFCHR | 0666, makedev(1, 3)), EACCES);
	FAILS(mknod("w/whiteout", S_IFCHR | 0600, 0), EACCES);
	FAILS(mknod("w/disk", S_IFBLK | 0600, makedev(8, 0)), EACCES);
}

TEST_BOTH(no_device_node_can_be_made)
{
	begin();
	make_tree();
	confined(try_nodes);
}

static void try_moving(void)
{
	WORKS(rename("w/file", "w/sub/moved"));
	WORKS(link("w/sub/moved", "w/linked"));
	FAILS(rename("w/prog", "r/prog2"), EACCES);
	errno = 0;
	EXPECT_EQ(link("r/file", "w/from-r"), -1);
	EXPECT_TRUE(errno == EXDEV || errno == EACCES);
	EXPECT_EQ(link("n/file", "w/from-n"), -1);
}

TEST_BOTH(refer_only_between_write_grants)
{
	begin();
	make_tree();
	confined(try_moving);
}

static void try_device(void)
{
	int rw = open("/dev/null", O_RDWR), ro = open("/dev/zero", O_RDONLY);

	WORKS(rw);
	WORKS(ro);
	FAILS(ioctl(rw, 0x1234), ENOTTY);
	FAILS(ioctl(ro, 0x1234), EACCES);
	FAILS(open("/dev/full", O_RDONLY), EACCES);
}

TEST_BOTH(device_ioctl_needs_a_write_grant)
{
	begin();
	fx_set(policy, SL_KEY_FS_WRITE, "/dev/null");
	fx_set(policy, SL_KEY_FS_READ, "/dev/zero");
	confined(try_device);
}

static void try_truncate_only(void)
{
	WORKS(truncate("r/file", 0));
	FAILS(open("r/file", O_WRONLY), EACCES);
}

TEST_BOTH(disabled_protection_is_off)
{
	begin();
	make_tree();
	fx_set(policy, SL_KEY_DISABLE, "fs-truncate");
	confined(try_truncate_only);
}

/* Network */

static struct sockaddr_in granted, refused;

static int listener(struct sockaddr_in *ret)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	socklen_t len = sizeof(*ret);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_EQ(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	ASSERT_EQ(listen(fd, 8), 0);
	ASSERT_EQ(getsockname(fd, (struct sockaddr *)ret, &len), 0);
	return fd;
}

static int try_connect(struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)to, sizeof(*to));
}

static int try_bind(uint16_t port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr.sin_port = htons(port);
	return bind(fd, (struct sockaddr *)&addr, sizeof(addr));
}

static void try_tcp(void)
{
	WORKS(try_connect(&granted));
	FAILS(try_connect(&refused), EACCES);
	WORKS(try_bind(0));
	/* In use or not: refused before it is looked at. */
	FAILS(try_bind(ntohs(refused.sin_port)), EACCES);
}

static void try_no_tcp(void)
{
	FAILS(try_connect(&granted), EACCES);
	FAILS(try_bind(0), EACCES);
}

static void try_all_tcp(void)
{
	WORKS(try_connect(&granted));
	WORKS(try_connect(&refused));
	WORKS(try_bind(0));
	FAILS(try_bind(ntohs(refused.sin_port)), EADDRINUSE);
}

TEST_BOTH(tcp_ports)
{
	char rule[32];

	begin();
	listener(&granted);
	listener(&refused);
	fx_child(run_inner, (void *)try_no_tcp);
	snprintf(rule, sizeof(rule), "tcp://:%u", ntohs(granted.sin_port));
	fx_set(policy, SL_KEY_NET_ALLOW, rule);
	fx_set(policy, SL_KEY_NET_ALLOW_BIND, "0");
	fx_child(run_inner, (void *)try_tcp);
	sl_policy_clear(policy, SL_KEY_NET_ALLOW_BIND);
	fx_set(policy, SL_KEY_NET_ALLOW, "tcp://*");
	fx_set(policy, SL_KEY_NET_ALLOW_BIND, "*");
	confined(try_all_tcp);
}

/* Scopes */

static struct sockaddr_un abstract;
static socklen_t abstract_len;

static int connect_abstract(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&abstract, abstract_len);
}

static void try_scopes(void)
{
	FAILS(kill(getppid(), 0), EPERM);
	WORKS(kill(getpid(), 0));
	FAILS(connect_abstract(), EPERM);
}

static void try_no_scopes(void)
{
	WORKS(kill(getppid(), 0));
	WORKS(connect_abstract());
}

TEST_BOTH(signal_and_abstract_socket_scope)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	begin();
	abstract.sun_family = AF_UNIX;
	abstract_len = sizeof(abstract);
	/* Autobind: a free abstract name. */
	ASSERT_EQ(bind(fd, (struct sockaddr *)&abstract, sizeof(sa_family_t)), 0);
	ASSERT_EQ(getsockname(fd, (struct sockaddr *)&abstract, &abstract_len),
		  0);
	ASSERT_EQ(listen(fd, 8), 0);
	fx_child(run_inner, (void *)try_scopes);
	fx_set(policy, SL_KEY_DISABLE, "signal-scope");
	fx_set(policy, SL_KEY_DISABLE, "abstract-unix-socket-scope");
	confined(try_no_scopes);
}

static void try_outer(void)
{
	FAILS(kill(getppid(), 0), EPERM);
	WORKS(open("n/file", O_RDWR));
	WORKS(rename("n/file", "w/from-n"));
	WORKS(link("w/from-n", "n/sub/back"));
}

TEST_BOTH(outer_domain_scopes_signals_and_nothing_else)
{
	begin();
	make_tree();
	fx_child(run_outer, (void *)try_outer);
	fx_leave();
}

TEST(a_border_on_every_abi)
{
	struct sl_plan_landlock ll = { .handled_fs = 1, .border_fs = 0x800 };
	int inner = -1, outer = 5;

	begin();
	ASSERT_EQ(sl_ruleset_build(&ll, 1, &inner, &outer, &err), 0);
	EXPECT_GE(inner, 0);
	EXPECT_GE(outer, 0);
	/* A mask that this ABI's attribute would cut off is never passed. */
	ll.scoped = 1;
	EXPECT_EQ(sl_ruleset_build(&ll, 5, &inner, &outer, &err), -EINVAL);
	ll.scoped = 0;
	ll.handled_net = 1;
	EXPECT_EQ(sl_ruleset_build(&ll, 3, &inner, &outer, &err), -EINVAL);
	fx_leave();
}

TEST(descriptors_are_closed_on_exec)
{
	int inner = -1, outer = -1;

	begin();
	ASSERT_EQ(build(&inner, &outer), 0);
	EXPECT_TRUE(fcntl(inner, F_GETFD) & FD_CLOEXEC);
	EXPECT_TRUE(fcntl(outer, F_GETFD) & FD_CLOEXEC);
	fx_leave();
}

/* Paths */

static void try_merged(void)
{
	WORKS(open("r/file", O_RDWR));
	WORKS(open("link/sub/file", O_RDONLY));
	FAILS(open("r/sub/file", O_WRONLY), EACCES);
	FAILS(open("r/prog", O_WRONLY), EACCES);
}

TEST_BOTH(grants_of_one_inode_add_up)
{
	begin();
	make_tree();
	fx_link("r", "link");
	fx_link("r/file", "filelink");
	fx_set(policy, SL_KEY_FS_WRITE, fx_path("filelink"));
	fx_set(policy, SL_KEY_FS_READ, fx_path("r/file"));
	fx_set(policy, SL_KEY_FS_READ, fx_path("link"));
	confined(try_merged);
}

static void try_symlinked(void)
{
	WORKS(open("n/file", O_RDONLY));
	WORKS(open("link/file", O_RDONLY));
	FAILS(open("r/file", O_RDONLY), EACCES);
}

TEST_BOTH(symbolic_links_are_followed)
{
	begin();
	fx_file("n/file", "x", 0644);
	fx_file("r/file", "x", 0644);
	fx_link("link2", "link");
	fx_link("n", "link2");
	fx_set(policy, SL_KEY_FS_READ, fx_path("link"));
	confined(try_symlinked);
}

static void try_swapped(void)
{
	WORKS(open("n/file", O_RDONLY));
	FAILS(open("secret/file", O_RDONLY), EACCES);
}

/* What sandlock added by itself was judged by its canonical name: a link that
 * was put in its place since is not followed, at no component. */
TEST_BOTH(own_grants_follow_no_link)
{
	struct sl_origin own = { .kind = SL_ORIGIN_OWN, .source = "the command" };
	char text[4096];

	begin();
	fx_file("n/file", "x", 0644);
	fx_file("secret/file", "x", 0644);
	fx_link("secret", "swapped");
	fx_link(".", "middle");
	fx_set(policy, SL_KEY_FS_READ, fx_path("n"));
	snprintf(text, sizeof(text), "?%s", fx_path("swapped"));
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_FS_READ, text, &own, NULL), 0);
	snprintf(text, sizeof(text), "?%s", fx_path("middle/secret"));
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_FS_READ, text, &own, NULL), 0);
	confined(try_swapped);
}

static void try_fifo(void)
{
	WORKS(open("fifo", O_RDWR | O_NONBLOCK));
	FAILS(open("fifo2", O_RDWR | O_NONBLOCK), EACCES);
}

TEST_BOTH(fifo_grant_does_not_block)
{
	begin();
	ASSERT_EQ(mkfifo("fifo", 0600), 0);
	ASSERT_EQ(mkfifo("fifo2", 0600), 0);
	fx_set(policy, SL_KEY_FS_WRITE, fx_path("fifo"));
	confined(try_fifo);
}

TEST_BOTH(missing_path_names_the_flag)
{
	struct sl_origin origin = { SL_ORIGIN_FILE, "/p/x.toml", 3, 9 };
	int inner = 77, outer = 77;
	char want[256];

	begin();
	fx_set(policy, SL_KEY_FS_READ, "/nope");
	EXPECT_EQ(build(&inner, &outer), -ENOENT);
	EXPECT_STREQ(err.msg, "--fs-read '/nope': No such file or directory; "
			      "hint: -r '?/nope' skips it if missing");
	EXPECT_EQ(inner, 77);
	EXPECT_EQ(outer, 77);

	sl_policy_clear(policy, SL_KEY_FS_READ);
	fx_set(policy, SL_KEY_FS_WRITE, "/etc/passwd/x");
	EXPECT_EQ(build(&inner, &outer), -ENOTDIR);
	EXPECT_HAS(err.msg, "--fs-write '/etc/passwd/x': Not a directory");
	EXPECT_HAS(err.msg, "-w '?/etc/passwd/x'");

	sl_policy_clear(policy, SL_KEY_FS_WRITE);
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_FS_READ, "/nope", &origin, NULL),
		  0);
	EXPECT_EQ(build(&inner, &outer), -ENOENT);
	EXPECT_HAS(err.msg, "/p/x.toml:3:9 '/nope': No such file");
	EXPECT_HAS(err.msg, "hint: \"?/nope\" skips");

	sl_policy_clear(policy, SL_KEY_FS_READ);
	fx_link("loop", "loop");
	snprintf(want, sizeof(want), "--fs-read '%s': Too many levels",
		 fx_path("loop"));
	fx_set(policy, SL_KEY_FS_READ, fx_path("loop"));
	EXPECT_EQ(build(&inner, &outer), -ELOOP);
	EXPECT_HAS(err.msg, want);
	fx_leave();
}

TEST_BOTH(optional_paths_are_skipped)
{
	int inner = -1, outer = -1;

	begin();
	fx_set(policy, SL_KEY_FS_READ, "?/nope/at/all");
	fx_set(policy, SL_KEY_FS_READ, "?/etc/passwd/x");
	EXPECT_EQ(build(&inner, &outer), 0);
	EXPECT_GE(inner, 0);
	fx_leave();
}

TEST(unsearchable_directory_is_an_error_unless_optional)
{
	int inner = -1, outer = -1;
	char optional[4096];

	fx_become_user();
	begin();
	fx_file("locked/file", "x", 0644);
	ASSERT_EQ(chmod("locked", 0), 0);
	fx_set(policy, SL_KEY_FS_READ, fx_path("locked/file"));
	EXPECT_EQ(build(&inner, &outer), -EACCES);
	EXPECT_HAS(err.msg, "Permission denied");
	sl_policy_clear(policy, SL_KEY_FS_READ);
	snprintf(optional, sizeof(optional), "?%s", fx_path("locked/file"));
	fx_set(policy, SL_KEY_FS_READ, optional);
	EXPECT_EQ(build(&inner, &outer), 0);
	fx_leave();
}

TEST(objects_without_a_place_are_refused)
{
	int inner = -1, outer = -1, fds[2];
	char path[64];

	begin();
	ASSERT_EQ(pipe(fds), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	fx_set(policy, SL_KEY_FS_READ, path);
	EXPECT_EQ(build(&inner, &outer), -EBADFD);
	EXPECT_HAS(err.msg, "a pipe, a socket");
	fx_leave();
}
