/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the calling thread is, as far as its supervisor must be the same. Ids,
 * capabilities, namespaces, filters and Landlock domains are per thread.
 *
 * SECURITY: a supervisor lends no rights. Whatever a thread gave up since the
 * supervisor was started, what that supervisor starts would have it again.
 */
#ifndef SL_RUN_IDENTITY_H
#define SL_RUN_IDENTITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What the kernel says about the calling thread in /proc. */
struct sl_thread_status {
	bool known;
	uint32_t umask;	  /* 077 if unknown */
	uint32_t filters; /* of seccomp(2) */
};

/* Compared as bytes: made by sl_identify() alone, which zeroes the padding. */
struct sl_identity {
	pid_t pid;
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;
	uint64_t groups; /* hash */
	struct __user_cap_data_struct caps[2];
	struct {
		dev_t dev;
		ino_t ino;
	} ns[6];
	struct {
		uint64_t dev, ino, mount;
	} root;
	uint32_t no_new_privs;
	uint32_t filters;
	uint64_t owner; /* of filters that other threads may not have */
};

void sl_thread_status(struct sl_thread_status *ret_status);
/* One caller at a time. */
void sl_identify(struct sl_identity *ret_id,
		 const struct sl_thread_status *status);
bool sl_identity_same(const struct sl_identity *a, const struct sl_identity *b);

/*
 * True if process @pid has no right that the calling thread lacks, as far as
 * Landlock goes, which tells nobody about its domains. But it lets a thread
 * inspect exactly those processes that are in its own domain or in one nested
 * below, root's as well.
 */
bool sl_identity_covers(pid_t pid);

#endif
