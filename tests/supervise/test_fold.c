/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories in which different names are the same one: a rule on a name that
 * does not exist holds for all that it could be made by. Few kernels have such
 * a file system, so how a directory folds is also said by the test itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/caller.h"
#include "supervise/carve.h"
#include "supervise/clerk.h"
#include "supervise/handlers.h"
#include "sys/object.h"
#include "sys/uapi_task.h"

/* Folds to the s of ASCII. */
#define LONG_S "\xc5\xbf"

/* ------------------------------------------------ what folds, by inode */

enum sl_folds __real_sl_object_folds(int fd);
enum sl_folds __wrap_sl_object_folds(int fd);

static ino_t folding; /* 0: as the kernel says */
static enum sl_folds how;
static int asked;

enum sl_folds __wrap_sl_object_folds(int fd)
{
	struct stat st;

	asked++;
	if (!folding)
		return __real_sl_object_folds(fd);
	return fstat(fd, &st) == 0 && st.st_ino == folding ? how : SL_FOLDS_NOT;
}

static void fold(const char *dir, enum sl_folds as)
{
	struct stat st;

	ASSERT_EQ(stat(dir, &st), 0);
	folding = st.st_ino;
	how = as;
}

/* ------------------------------------------------ the question */

static char patterns[2][2 * PATH_MAX];

/* Rules for @one and @two (or NULL) below the place, and a caller. */
static void begin(struct caller *caller, const char *place, const char *one,
		  const char *two)
{
	struct sl_carve_rule rules[2];
	size_t count = two ? 2 : 1;

	snprintf(patterns[0], sizeof(patterns[0]), "%s/%s", place, one);
	snprintf(patterns[1], sizeof(patterns[1]), "%s/%s", place,
		 two ? two : "");
	for (size_t i = 0; i < count; i++)
		rules[i] = (struct sl_carve_rule){ patterns[i], "",
						   SL_CARVE_DENY };
	caller_start(caller, NULL);
	ASSERT_EQ(sl_carves_new(rules, count, &caller->judge.carves), 0);
	caller_trap(caller, ARGS(0));
}

static void end(struct caller *caller)
{
	caller_answer(caller, sl_answer(0));
	sl_carves_free(caller->judge.carves);
	caller_end(caller);
	folding = 0;
}

static bool covers(struct caller *caller, const char *dir, const char *name)
{
	struct sl_named named = { 0 };
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(sl_carve_name(&caller->call, SL_CARVE_HERE, fd, name, &named),
		  0);
	close(fd);
	return named.covered;
}

static int kinds_of(struct caller *caller, const char *path)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), kinds;

	ASSERT_GE(fd, 0);
	kinds = sl_carve_object(&caller->call, fd);
	close(fd);
	return kinds;
}

#define COVERED(dir, name) EXPECT_TRUE(covers(&caller, dir, name))
#define FREE(dir, name) EXPECT_FALSE(covers(&caller, dir, name))

TEST(names_of_a_directory_that_does_not_fold)
{
	const char *place = place_make();
	struct caller caller;

	ASSERT_EQ(mkdir("dir", 0755), 0);
	begin(&caller, place, "dir/Secret", "**/*.key");
	asked = 0;
	COVERED("dir", "Secret");
	FREE("dir", "other");
	FREE("dir", "k\xc3\xa9");
	COVERED(".", "a.key");
	/* Nobody looks at a directory without need. */
	EXPECT_EQ(asked, 0);
	FREE("dir", "secret");
	FREE("dir", LONG_S "\x65"
			   "cret");
	FREE(".", "a.KEY");
	EXPECT_GT(asked, 0);
	end(&caller);
	place_remove();
}

TEST(names_of_a_directory_that_folds)
{
	const char *place = place_make();
	struct caller caller;

	ASSERT_EQ(mkdir("dir", 0755), 0);
	begin(&caller, place, "dir/Secret", "**/.git");
	fold("dir", SL_FOLDS_ALL);
	COVERED("dir", "Secret");
	COVERED("dir", "secret");
	COVERED("dir", "SECRET");
	COVERED("dir", LONG_S "\x65"
			      "cret");
	COVERED("dir", "sec\xe2\x80\x8bret"); /* of no width */
	COVERED("dir", "Secret.");	      /* vfat */
	COVERED("dir", ".gI\xe2\x80\x8ct");
	FREE("dir", "secrets");
	FREE("dir", "secre");
	FREE("dir", "gi\xe2\x80\x8ct");
	FREE("dir", "\xe6\x96\x87.txt");
	/* Where it lies nothing folds. */
	FREE(".", ".GIT");
	COVERED(".", ".git");
	end(&caller);
	place_remove();
}

TEST(names_of_a_directory_that_may_fold)
{
	const char *place = place_make();
	struct caller caller;

	ASSERT_EQ(mkdir("dir", 0755), 0);
	begin(&caller, place, "dir/secrets", NULL);
	fold("dir", SL_FOLDS_ASCII);
	COVERED("dir", "SECRETS");
	FREE("dir", "\xe6\x96\x87\xe6\xa1\xa3");
	FREE("dir", LONG_S "\x65"
			   "crets");
	end(&caller);
	place_remove();
}

/* What is on the way to a rule's name, by whatever name it was looked up. */
TEST(names_below_one_that_folds)
{
	const char *place = place_make();
	struct caller caller;

	ASSERT_TRUE(mkdir("dir", 0755) == 0 && mkdir("dir/SUB", 0755) == 0 &&
		    mkdir("dir/SUB/in", 0755) == 0);
	begin(&caller, place, "dir/sub/in/secret", NULL);
	FREE("dir/SUB/in", "secret");
	fold("dir", SL_FOLDS_ALL);
	COVERED("dir/SUB/in", "secret");
	/* What lies in it does not fold. */
	FREE("dir/SUB/in", "SECRET");
	end(&caller);
	place_remove();
}

/* Two places that rules know by the same states may change. */
TEST(places_in_it_are_alike)
{
	const char *place = place_make();
	struct caller caller;

	ASSERT_TRUE(mkdir("dir", 0755) == 0 && mkdir("dir/SUB", 0755) == 0);
	begin(&caller, place, "dir/sub/secret", NULL);
	fold("dir", SL_FOLDS_ALL);
	struct sl_named named;
	int dir = open("dir", O_PATH), top = open(".", O_PATH);

	ASSERT_EQ(sl_carve_name(&caller.call, SL_CARVE_HERE, dir, "SUB", &named),
		  0);
	EXPECT_TRUE(named.leads);
	ASSERT_EQ(sl_carve_name(&caller.call, SL_CARVE_THERE, top, "x", &named),
		  0);
	EXPECT_FALSE(sl_carve_places_alike(&caller.call));
	end(&caller);
	place_remove();
}

TEST(objects_in_it)
{
	const char *place = place_make();
	struct caller caller;

	ASSERT_TRUE(mkdir("dir", 0755) == 0 && mkdir("dir/SECRET", 0755) == 0);
	close(open("dir/Secret.txt", O_CREAT | O_WRONLY, 0644));
	begin(&caller, place, "dir/secret", "dir/*.TXT");
	EXPECT_EQ(kinds_of(&caller, "dir/SECRET"), 0);
	EXPECT_EQ(kinds_of(&caller, "dir/Secret.txt") & SL_CARVE_ANY, 0);
	fold("dir", SL_FOLDS_ALL);
	EXPECT_EQ(kinds_of(&caller, "dir/SECRET"), SL_CARVE_DENY);
	EXPECT_EQ(kinds_of(&caller, "dir/Secret.txt"), SL_CARVE_DENY);
	EXPECT_EQ(kinds_of(&caller, "dir"), 0);
	end(&caller);
	place_remove();
}

/* ------------------------------------------------ the kernel */

/* Capabilities would read it all the same. */
static enum sl_folds folds_as_user(const char *dir)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum sl_folds folds;

	ASSERT_GE(fd, 0);
	if (geteuid() == 0)
		ASSERT_EQ(seteuid(65534), 0);
	folds = __real_sl_object_folds(fd);
	if (getuid() == 0)
		ASSERT_EQ(seteuid(0), 0);
	close(fd);
	return folds;
}

TEST(what_cannot_be_read_is_taken_to_fold)
{
	place_make();
	ASSERT_TRUE(mkdir("plain", 0755) == 0 && mkdir("closed", 0300) == 0);
	EXPECT_EQ(folds_as_user("plain"), SL_FOLDS_NOT);
	EXPECT_EQ(folds_as_user("closed"), SL_FOLDS_ALL);
	place_remove();
}

/* The handler, on a file system that does it. */
TEST(a_directory_made_by_another_name)
{
	uint32_t flags = 0;
	const char *place;
	struct caller caller;
	int fd;

	place_private();
	place = place_make();
	ASSERT_EQ(mkdir("m", 0755), 0);
	if (mount("none", "m", "tmpfs", 0, "casefold") < 0)
		SKIP("tmpfs that folds case (Linux 6.13, CONFIG_UNICODE)");
	ASSERT_EQ(mkdir("m/dir", 0755), 0);
	fd = open("m/dir", O_RDONLY | O_DIRECTORY);
	ASSERT_EQ(ioctl(fd, SL_FS_IOC_GETFLAGS, &flags), 0);
	flags |= SL_FS_CASEFOLD_FL;
	ASSERT_EQ(ioctl(fd, 0x40086602ul /* FS_IOC_SETFLAGS */, &flags), 0);
	EXPECT_EQ(__real_sl_object_folds(fd), SL_FOLDS_ALL);
	begin(&caller, place, "m/dir/Secret", NULL);
	caller_answer(&caller, sl_answer(0));
	ASSERT_EQ(sl_clerk_start(&caller.judge.clerk), 0);
	caller.judge.own_fs = unshare(CLONE_FS) == 0;
	EXPECT_EQ(caller_judged(&caller, sl_h_mkdir,
				ARGS(ADDR("m/dir/SECRET"), 0700)),
		  -EACCES);
	EXPECT_EQ(caller_judged(&caller, sl_h_mkdir,
				ARGS(ADDR("m/dir/" LONG_S "\x65"
					  "cret"),
				     0700)),
		  -EACCES);
	EXPECT_EQ(caller_judged(&caller, sl_h_mkdir,
				ARGS(ADDR("m/dir/other"), 0700)),
		  0);
	caller_trap(&caller, ARGS(0));
	end(&caller);
}
