/* SPDX-License-Identifier: Apache-2.0 */
/* See identity.h. What cannot be found out compares unequal. */
#include "run/identity.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"

#define MAX_GROUPS 65536

static bool read_status(const char *path, struct sl_thread_status *status)
{
	char text[4096];
	const char *line;
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	line = strstr(text, "\nUmask:");
	if (line)
		status->umask = (uint32_t)strtoul(line + 7, NULL, 8);
	line = strstr(text, "\nSeccomp_filters:");
	if (line)
		status->filters = (uint32_t)strtoul(line + 17, NULL, 10);
	return line != NULL;
}

void sl_thread_status(struct sl_thread_status *ret_status)
{
	/* umask(2) can only be read by changing it, which other threads see. */
	*ret_status = (struct sl_thread_status){ .umask = 077 };
	ret_status->known = read_status("/proc/thread-self/status", ret_status);
}

static uint64_t hash_groups(void)
{
	gid_t few[64], *groups = few;
	uint64_t hash = 0;
	int n = getgroups(0, NULL);

	if (n > (int)SL_ARRAY_LEN(few) && n <= MAX_GROUPS)
		groups = malloc((size_t)n * sizeof(*groups));
	n = groups ? getgroups(n, groups) : -1;
	for (int i = 0; i < n; i++)
		hash = (hash ^ groups[i]) * 1099511628211ull + 1;
	if (groups != few)
		free(groups);
	return hash;
}

/* Never the same twice. */
static uint64_t unique(void)
{
	static uint64_t last;

	return __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
}

/*
 * Filters cannot be compared, only counted, and a thread can add one that its
 * siblings do not have. What the process had when it was first looked at, all
 * threads have; a thread with more is told apart from every other one.
 */
static uint64_t filter_owner(pid_t pid, const struct sl_thread_status *status)
{
	static _Thread_local uint64_t this_thread;
	static pid_t seen_pid;
	static uint32_t common;
	struct sl_thread_status first = { 0 };

	if (prctl(PR_GET_SECCOMP) == 0)
		return 0;
	if (!status->known)
		return unique();
	if (seen_pid != pid) {
		seen_pid = pid;
		common = read_status("/proc/self/status", &first)
				 ? SL_MIN(first.filters, status->filters)
				 : 0;
	}
	if (status->filters == common)
		return 0;
	if (!this_thread)
		this_thread = unique();
	return this_thread;
}

static void look_at_root(struct sl_identity *id)
{
	struct statx stx;

	if (syscall(SYS_statx, AT_FDCWD, "/", 0, STATX_INO | STATX_MNT_ID,
		    &stx) < 0) {
		id->root.ino = unique();
		return;
	}
	id->root.dev = (uint64_t)stx.stx_dev_major << 32 | stx.stx_dev_minor;
	id->root.ino = stx.stx_ino;
	id->root.mount = stx.stx_mnt_id;
}

void sl_identify(struct sl_identity *ret_id, const struct sl_thread_status *status)
{
	static const char *const ns[] = { "mnt", "user", "pid_for_children",
					  "net", "ipc",	 "uts" };
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct sl_identity *id = ret_id;

	memset(id, 0, sizeof(*id));
	id->pid = getpid();
	getresuid(&id->ruid, &id->euid, &id->suid);
	getresgid(&id->rgid, &id->egid, &id->sgid);
	id->groups = hash_groups();
	syscall(SYS_capget, &head, id->caps);
	for (size_t i = 0; i < SL_ARRAY_LEN(ns); i++) {
		char path[40];
		struct stat st;

		snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", ns[i]);
		if (stat(path, &st) < 0)
			continue;
		id->ns[i].dev = st.st_dev;
		id->ns[i].ino = st.st_ino;
	}
	look_at_root(id);
	id->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	id->filters = status->filters;
	id->owner = filter_owner(id->pid, status);
}

bool sl_identity_same(const struct sl_identity *a, const struct sl_identity *b)
{
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool sl_identity_covers(pid_t pid)
{
	void *head;
	size_t len;

	/* Asks for the right to inspect and for nothing else: no /proc, and
	 * Yama has no say. */
	return syscall(SYS_get_robust_list, pid, &head, &len) == 0;
}
