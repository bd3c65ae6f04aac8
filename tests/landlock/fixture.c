/* SPDX-License-Identifier: Apache-2.0 */
#include "landlock/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"

#define SOME_UID 65534

static char root[PATH_MAX];

void fx_become_user(void)
{
	if (geteuid() != 0)
		return;
	ASSERT_EQ(setgroups(0, NULL), 0);
	ASSERT_EQ(setresgid(SOME_UID, SOME_UID, SOME_UID), 0);
	ASSERT_EQ(setresuid(SOME_UID, SOME_UID, SOME_UID), 0);
}

const char *fx_enter(void)
{
	char name[] = "/tmp/sl-test-XXXXXX";

	ASSERT_TRUE(mkdtemp(name) != NULL);
	ASSERT_TRUE(realpath(name, root) != NULL);
	ASSERT_EQ(chdir(root), 0);
	return root;
}

void fx_leave(void)
{
	pid_t pid;

	ASSERT_EQ(chdir("/"), 0);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c",
		      "chmod -R u+rwx \"$0\" 2>/dev/null; rm -rf \"$0\"", root,
		      (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	root[0] = '\0';
}

const char *fx_path(const char *path)
{
	static char ring[8][PATH_MAX * 2];
	static unsigned int next;
	char *buf = ring[next++ % 8];

	snprintf(buf, sizeof(ring[0]), "%s/%s", root, path);
	return buf;
}

static void make_parents(const char *path)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *p = copy; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(copy, 0755);
		*p = '/';
	}
}

void fx_dir(const char *path)
{
	make_parents(path);
	ASSERT_TRUE(mkdir(path, 0755) == 0 || errno == EEXIST);
}

void fx_file(const char *path, const char *text, unsigned int mode)
{
	int fd;

	make_parents(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(write(fd, text, strlen(text)), strlen(text));
	ASSERT_EQ(fchmod(fd, mode), 0);
	close(fd);
}

void fx_link(const char *target, const char *path)
{
	make_parents(path);
	ASSERT_EQ(symlink(target, path), 0);
}

void fx_set(struct sl_policy *policy, enum sl_key key, const char *text)
{
	struct sl_origin origin = { .kind = SL_ORIGIN_API,
				    .source = sl_key_info(key)->flag };
	struct sl_error err = { 0 };

	if (sl_policy_set(policy, key, text, &origin, &err) < 0) {
		th_fail(__FILE__, __LINE__, "%s", err.msg);
		th_abort();
	}
}

void fx_child(void (*body)(void *), void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		body(arg);
		fflush(NULL);
		_exit(0);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
}
