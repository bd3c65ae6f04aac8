/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the planned rules into Landlock rulesets: the first moment at which a
 * granted path must exist. A rule belongs to the inode a path leads to now.
 *
 * Two grants of one inode need no care: the kernel adds the rights of a later
 * rule to an earlier one of the same ruleset. We do not merge by st_dev and
 * st_ino ourselves, since a file system may lie about them (FUSE), and then the
 * rights of one file would land on another.
 */
#include "run/ruleset.h"

#include <errno.h>
#include <string.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "policy/value.h"
#include "run/ground.h"
#include "run/siblings.h"
#include "sys/landlock.h"
#include "sys/uapi.h"

/* What a rule on something other than a directory may hold; with any other bit
 * the kernel answers EINVAL. */
#define FILE_RIGHTS                                                    \
	(SL_LL_FS_EXECUTE | SL_LL_FS_WRITE_FILE | SL_LL_FS_READ_FILE | \
	 SL_LL_FS_TRUNCATE | SL_LL_FS_IOCTL_DEV)

static bool is_absence(int r)
{
	/* What we may not search, the sandbox, with no more rights than ours,
	 * could not reach either: skipping it loosens nothing. */
	return r == -ENOENT || r == -ENOTDIR || r == -EACCES;
}

static const char *flag_of(const struct sl_plan_path *path)
{
	if (path->unix_only)
		return "--unix-allow";
	return path->access & SL_LL_FS_WRITE_FILE ? "-w" : "-r";
}

static int path_error(const struct sl_plan_path *path, int r, const char *what,
		      struct sl_error *err)
{
	char where[256] = "a grant of our own";

	if (path->item)
		sl_origin_describe(&path->item->origin, where, sizeof(where));
	errno = -r;
	sl_err(err, r, SL_STAGE_SPAWN, "%s '%s': %s%m", where, path->path, what);
	/* A device of --gpu was named by number: no "?" can be put before it. */
	if (!path->item || !is_absence(r) ||
	    strcmp(path->item->text, path->path) != 0)
		return r;
	if (path->item->origin.kind == SL_ORIGIN_API)
		sl_error_hint(err, "%s '?%s' skips it if missing",
			      flag_of(path), path->path);
	else
		sl_error_hint(err, "\"?%s\" skips it if missing", path->path);
	return r;
}

static uint64_t fitting_access(uint64_t access, mode_t mode)
{
	if (S_ISDIR(mode))
		return access;
	if (S_ISSOCK(mode))
		return access & (FILE_RIGHTS | SL_LL_FS_RESOLVE_UNIX);
	return access & FILE_RIGHTS;
}

static bool is_cwd(const struct sl_item *item)
{
	size_t len = item->origin.cwd_len;

	return len && !item->text[len];
}

/*
 * SECURITY: what the user named is followed wherever it leads. What we found
 * ourselves (an interpreter, an installation) was judged by its canonical name:
 * a link put there meanwhile, by another sandbox say, must not be granted. The
 * same holds for the name of the current directory.
 */
static int open_grant(const struct sl_plan_path *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC };
	int fd;

	if (path->item &&
	    (path->item->origin.kind == SL_ORIGIN_OWN || is_cwd(path->item)))
		how.resolve = RESOLVE_NO_SYMLINKS;
	fd = (int)syscall(SYS_openat2, AT_FDCWD, path->path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

/* What a sandbox may change could be another object under the same name later,
 * and another process has another current directory. */
static bool must_hold(const struct sl_plan_path *path)
{
	return path->unix_only || (path->access & SL_LL_FS_WRITE_FILE) ||
	       path->path[0] != '/';
}

/* A rule for what @fd holds, of which the denied files below are no part. */
static int add_rule(int ruleset, int fd, const struct stat *st, uint64_t access,
		    struct sl_siblings *siblings)
{
	if (access && siblings)
		access = sl_siblings_narrow(siblings, st, access);
	return access ? sl_ll_add_path(ruleset, fd, access) : 0;
}

/* @siblings and @note may be NULL. */
static int add_path(int ruleset, const struct sl_plan_path *path, bool hold,
		    struct sl_siblings *siblings, struct sl_grant *note,
		    struct sl_error *err)
{
	struct sl_grant nobody;
	sl_autoclose int fd = -1;
	uint64_t access;
	struct stat st;
	int r;

	if (!note)
		note = &nobody;
	*note = (struct sl_grant){ .fd = -1 };
	/* O_PATH: needs no permission on the file itself, opens no device and
	 * does not wait for the other end of a FIFO. */
	fd = open_grant(path);
	if (fd < 0) {
		r = note->error = fd;
		/* Our own optional grants (GPU nodes) are best effort. */
		if (path->optional &&
		    (is_absence(r) || !path->item ||
		     (r == -ELOOP && path->item->origin.kind == SL_ORIGIN_OWN)))
			return 0;
		return path_error(path, r, "", err);
	}
	if (fstat(fd, &st) < 0)
		return path_error(path, -errno, "cannot look at it: ", err);
	if (path->item && path->item->origin.cwd_len) {
		r = sl_ground_check(path->item, fd, err);
		if (r < 0)
			return r;
	}
	if (path->unix_only && !S_ISSOCK(st.st_mode) && !S_ISDIR(st.st_mode))
		return path_error(
			path, -ENOTSOCK,
			"neither a socket nor a directory of some: ", err);
	access = fitting_access(path->access, st.st_mode);
	if (!access && !path->unix_only)
		return 0;
	r = add_rule(ruleset, fd, &st, access, siblings);
	if (r == -EBADFD)
		return path_error(path, r,
				  "leads to a pipe, a socket or another object "
				  "no rule can be made for: ",
				  err);
	if (r < 0)
		return path_error(path, r, "cannot make a Landlock rule: ", err);
	*note = (struct sl_grant){ .made = true,
				   .fd = hold && must_hold(path) ? sl_take_fd(&fd)
								 : -1,
				   .access = access,
				   .dev = st.st_dev,
				   .ino = st.st_ino,
				   .mode = st.st_mode };
	return 0;
}

/* Those of @handled. */
static int add_ports(const struct sl_plan_landlock *ll, int ruleset,
		     uint64_t handled, struct sl_error *err)
{
	for (size_t i = 0; i < ll->port_count; i++) {
		uint64_t access = ll->ports[i].access & handled;
		int r = access ? sl_ll_add_port(ruleset, ll->ports[i].port, access)
			       : 0;

		if (r < 0) {
			errno = -r;
			return sl_err(err, r, SL_STAGE_SPAWN,
				      "making a Landlock rule for TCP port "
				      "%u: %m",
				      ll->ports[i].port);
		}
	}
	return 0;
}

static int add_rules(const struct sl_plan_landlock *ll, int ruleset,
		     struct sl_grant *grants, bool hold,
		     struct sl_siblings *siblings, struct sl_error *err)
{
	int r;

	for (size_t i = 0; i < ll->path_count; i++) {
		r = add_path(ruleset, &ll->paths[i], hold, siblings,
			     grants ? &grants[i] : NULL, err);
		if (r < 0)
			return r;
	}
	if (siblings)
		sl_siblings_add_rules(siblings, ruleset);
	return add_ports(ll, ruleset, ll->handled_net, err);
}

static int create(uint64_t fs, uint64_t net, uint64_t scoped, int abi,
		  struct sl_error *err)
{
	int fd = sl_ll_create(fs, net, scoped, abi);

	if (fd < 0) {
		errno = -fd;
		return sl_err(err, fd, SL_STAGE_SPAWN,
			      "creating a Landlock ruleset for ABI %d: %m", abi);
	}
	return fd;
}

static int build_border(const struct sl_plan_landlock *ll, int abi, int *ret_fd,
			struct sl_error *err)
{
	struct sl_plan_path root = { .path = "/", .access = ll->border_fs };
	sl_autoclose int fd = -1;
	int r;

	fd = create(ll->border_fs, ll->border_net, ll->border_scoped, abi, err);
	if (fd < 0)
		return fd;
	if (ll->border_refer) {
		r = add_path(fd, &root, false, NULL, NULL, err);
		if (r < 0)
			return r;
	}
	r = add_ports(ll, fd, ll->border_net, err);
	if (r < 0)
		return r;
	*ret_fd = sl_take_fd(&fd);
	return 0;
}

int sl_ruleset_build_noted(const struct sl_plan_landlock *ll, int abi,
			   struct sl_grant *grants, bool hold,
			   struct sl_siblings *siblings, int *ret_policy_fd,
			   int *ret_border_fd, struct sl_error *err)
{
	sl_autoclose int policy = -1;
	int border = -1;
	int r;

	policy = create(ll->handled_fs, ll->handled_net, ll->scoped, abi, err);
	if (policy < 0)
		return policy;
	r = add_rules(ll, policy, grants, hold, siblings, err);
	if (r < 0)
		return r;
	r = build_border(ll, abi, &border, err);
	if (r < 0)
		return r;
	*ret_policy_fd = sl_take_fd(&policy);
	*ret_border_fd = border;
	return 0;
}

int sl_ruleset_build(const struct sl_plan_landlock *ll, int abi,
		     int *ret_policy_fd, int *ret_border_fd, struct sl_error *err)
{
	return sl_ruleset_build_noted(ll, abi, NULL, false, NULL, ret_policy_fd,
				      ret_border_fd, err);
}

static void warn_missing(const struct sl_policy *policy, enum sl_key key,
			 struct sl_buf *text)
{
	const struct sl_value *value = sl_policy_get(policy, key);
	bool list = sl_type_is_list(sl_key_info(key)->type);
	char where[256];
	struct stat st;
	int r;

	for (size_t i = 0; i < value->count; i++) {
		const struct sl_item *item = &value->items[i];

		if (item->optional || stat(item->text, &st) == 0)
			continue;
		r = -errno;
		sl_origin_describe(&item->origin, where, sizeof(where));
		sl_buf_addf(text, "%s: '%s': %s; a run would be refused", where,
			    SL_QUOTE(item->text), strerror(-r));
		if (list && is_absence(r))
			sl_buf_addf(text, ", \"?%s\" skips it if missing",
				    SL_QUOTE(item->text));
		sl_buf_adds(text, "\n");
	}
}

int sl_ruleset_warnings(const struct sl_policy *policy, struct sl_buf *text)
{
	static const enum sl_key keys[] = { SL_KEY_FS_READ, SL_KEY_FS_WRITE,
					    SL_KEY_ALLOW_UNIX, SL_KEY_CWD };

	for (size_t i = 0; i < SL_ARRAY_LEN(keys); i++)
		warn_missing(policy, keys[i], text);
	return text->failed;
}
