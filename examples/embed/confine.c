/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that reads its input in freedom and then gives up all it does not
 * need, before it looks at a byte of it:
 *
 *	cc -o confine confine.c $(pkg-config --cflags --libs libsandlock)
 *	./confine < /etc/hostname
 */
#include <errno.h>
#include <fcntl.h>
#include <sandlock/sandlock.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int give_up_everything_but(const char *directory)
{
	sandlock_policy *policy = NULL;
	sandlock_error err = { 0 };
	int r = sandlock_policy_new(&policy, &err);

	if (r == 0)
		r = sandlock_policy_set(policy, "filesystem.read", directory,
					NULL, &err);
	if (r == 0)
		r = sandlock_confine(policy, &err);
	if (r < 0)
		fprintf(stderr, "confine: %s\n", err.message);
	sandlock_policy_free(policy);
	return r;
}

static void try_to_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	printf("open %s: %s\n", path, fd < 0 ? strerror(errno) : "yes");
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	char line[256];

	try_to_open("/etc/passwd");
	/* Before there are threads: they would stay free. */
	if (give_up_everything_but("/usr") < 0)
		return 1;
	try_to_open("/etc/passwd");
	try_to_open("/usr");
	/* What is open stays open. */
	if (fgets(line, sizeof(line), stdin))
		printf("the input begins with: %s", line);
	return 0;
}
