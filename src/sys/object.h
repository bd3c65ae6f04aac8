/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at and changing the object behind a descriptor that we hold, whether
 * it was opened with O_PATH or not. Negative errno on failure.
 */
#ifndef SL_SYS_OBJECT_H
#define SL_SYS_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* What an object is: compare dev and ino of held objects only. */
struct sl_object {
	uint64_t mount;
	dev_t dev;
	ino_t ino;
	uint32_t mode;
};

int sl_object_look(int fd, struct sl_object *ret_object);
/* 1, 0; negative errno. */
int sl_object_is_proc(int fd);
/* Is it on a mount that follows no symbolic links: 1, 0. */
int sl_object_no_follow(int fd);

/* Which names are one and the same in a directory. */
enum sl_folds {
	/* Those that differ in case, and in what else the file system may take
	 * for the same (Unicode; dots at the end); or it is not known. */
	SL_FOLDS_ALL = 0,
	/* It does not say: those that differ in the case of ASCII letters may
	 * be. What lies behind it is another system's (FUSE, 9p). */
	SL_FOLDS_ASCII,
	SL_FOLDS_NOT, /* equal bytes alone */
};

/* Of directory @fd, as it is now: it may change while it is empty. One that the
 * domain of the calling thread does not let be read does not fold. */
enum sl_folds sl_object_folds(int fd);

#define SL_OBJECT_LINK_MAX 40
/* "/proc/self/fd/N": for calls that take a path alone. */
const char *sl_object_link(int fd, char buf[SL_OBJECT_LINK_MAX]);
/* @number in decimal at @at, NUL-terminated; returns where the NUL is. */
char *sl_object_number(char *at, unsigned int number);

int sl_object_chmod(int fd, uint32_t mode);
int sl_object_chown(int fd, uint32_t uid, uint32_t gid);
/* @times NULL: now. */
int sl_object_utimes(int fd, const struct timespec times[2]);

#endif
