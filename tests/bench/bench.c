/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make bench: the options, the programs that are here, the parts in turn.
 * Asserts no time: it ends with 0 unless something could not be run.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char usage[] =
	"usage: bench [OPTION...]\n"
	"  --sandlock FILE   our program; without it that of our build\n"
	"  --library FILE    our library; the same\n"
	"  --source DIR      our source, for the Python package\n"
	"  --tools DIR       folder of floor, micro, bench_host, bench_filter\n"
	"  --rounds N        rounds of each part, 1 to 1000\n"
	"  --seconds N       without --rounds: time for each part (20)\n"
	"  --resident MIB    memory of the large host (1024)\n"
	"  --part NAME,...   only these: spawn many calls judged carved net "
	"redis serve work filter\n"
	"  --json FILE       also write the figures there\n"
	"SANDLOCK_REFERENCE names a program to compare with.\n";

static const struct part {
	const char *name;
	void (*run)(struct bench *b);
} parts[] = {
	{ "spawn", bench_spawn },   { "many", bench_many },
	{ "calls", bench_calls },   { "judged", bench_judged },
	{ "carved", bench_carved }, { "net", bench_net },
	{ "redis", bench_redis },   { "serve", bench_serve },
	{ "work", bench_work },	    { "filter", bench_filter },
};

enum {
	OPT_SANDLOCK = 1,
	OPT_LIBRARY,
	OPT_TOOLS,
	OPT_SOURCE,
	OPT_ROUNDS,
	OPT_SECONDS,
	OPT_RESIDENT,
	OPT_PART,
	OPT_JSON
};

static const struct option options[] = {
	{ "sandlock", required_argument, NULL, OPT_SANDLOCK },
	{ "library", required_argument, NULL, OPT_LIBRARY },
	{ "source", required_argument, NULL, OPT_SOURCE },
	{ "tools", required_argument, NULL, OPT_TOOLS },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "resident", required_argument, NULL, OPT_RESIDENT },
	{ "part", required_argument, NULL, OPT_PART },
	{ "json", required_argument, NULL, OPT_JSON },
	{ NULL, 0, NULL, 0 },
};

static bool number(const char *text, unsigned long max, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && *ret >= 1 &&
	    *ret <= max && text[0] != '-')
		return true;
	fprintf(stderr, "bench: '%s' is not a number from 1 to %lu\n", text, max);
	return false;
}

static bool take_option(struct bench *b, int opt, const char *value)
{
	unsigned long n;

	switch (opt) {
	case OPT_SANDLOCK:
		b->sandlock = value;
		return true;
	case OPT_LIBRARY:
		b->library = value;
		return true;
	case OPT_TOOLS:
		b->tools = value;
		return true;
	case OPT_SOURCE:
		b->package = value;
		return true;
	case OPT_PART:
		b->only = value;
		return true;
	case OPT_JSON:
		b->json = value;
		return true;
	case OPT_RESIDENT:
		b->resident_mib = value;
		return number(value, 1 << 20, &n);
	case OPT_ROUNDS:
		if (!number(value, BENCH_ROUNDS, &n))
			return false;
		b->rounds = n;
		return true;
	case OPT_SECONDS:
		if (!number(value, 3600, &n))
			return false;
		b->seconds = (double)n;
		return true;
	default:
		fputs(usage, stderr);
		return false;
	}
}

/* A formatted string that lives as long as @b. */
static const char *keep(struct bench *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static const char *keep(struct bench *b, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0 || b->owned_count == BENCH_OWNED) {
		fprintf(stderr, "bench: out of memory\n");
		exit(1);
	}
	return b->owned[b->owned_count++] = text;
}

/* NULL if no folder of PATH has @name. */
static const char *find(struct bench *b, const char *name)
{
	/*
	 * System folders first: what leads PATH may be a shell script that
	 * picks a version, which is not what we want to measure.
	 */
	const char *path = "/usr/bin:/bin:/usr/sbin:/usr/local/bin";
	char file[4096];

	for (int i = 0; i < 2; i++, path = getenv("PATH")) {
		while (path && *path) {
			int len = (int)strcspn(path, ":");

			snprintf(file, sizeof(file), "%.*s/%s", len, path, name);
			if (len > 0 && access(file, X_OK) == 0)
				return keep(b, "%s", file);
			path += len + (path[len] == ':');
		}
	}
	return NULL;
}

static bool tool(const struct bench *b, char *buf, size_t size, const char *name)
{
	snprintf(buf, size, "%s/%s", b->tools, name);
	if (access(buf, X_OK) == 0)
		return true;
	fprintf(stderr, "bench: no program '%s': %m\n", buf);
	return false;
}

/* What no option named is where the build put it, seen from this program. */
static void own_build(struct bench *b)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	for (int i = 0; i < 3; i++) {
		self[strrchr(self, '/') ? strrchr(self, '/') - self : 0] = '\0';
		if (i == 0 && !b->tools)
			b->tools = keep(b, "%s", self);
	}
	if (!b->sandlock)
		b->sandlock = keep(b, "%s/src/cli/sandlock", self);
	if (!b->library)
		b->library = keep(b, "%s/src/libsandlock.so", self);
	/* An installed library knows where its supervisor is; this one's is
	 * beside it. */
	setenv("SANDLOCK_SUPERVISOR",
	       keep(b, "%s/src/sandlock-supervisor", self), 0);
}

/* From the source folder, if one was named, to what is there. */
static void find_package(struct bench *b)
{
	const char *source = b->package;

	if (!source)
		return;
	b->python_host = keep(b, "%s/tests/bench/bench_host.py", source);
	b->python_echo = keep(b, "%s/tests/bench/echo_server.py", source);
	b->package = keep(b, "%s/python", source);
	if (access(keep(b, "%s/sandlock/__init__.py", b->package), R_OK) < 0)
		b->package = NULL;
}

static bool look_around(struct bench *b)
{
	const char *tmp = getenv("TMPDIR");

	b->reference = getenv("SANDLOCK_REFERENCE");
	if (b->reference && !*b->reference)
		b->reference = NULL;
	b->bwrap = find(b, "bwrap");
	b->redis_server = find(b, "redis-server");
	b->redis_benchmark = find(b, "redis-benchmark");
	b->nginx = find(b, "nginx");
	b->wrk = find(b, "wrk");
	b->git = find(b, "git");
	b->make = find(b, "make");
	b->python = find(b, "python3");
	b->npm = find(b, "npm");
	own_build(b);
	find_package(b);
	/* Not needed by every part: its own row says if it is missing. */
	snprintf(b->filter, sizeof(b->filter), "%s/bench_filter", b->tools);
	if (!tool(b, b->floor, sizeof(b->floor), "floor") ||
	    !tool(b, b->micro, sizeof(b->micro), "micro") ||
	    !tool(b, b->host, sizeof(b->host), "bench_host"))
		return false;
	if (snprintf(b->dir, sizeof(b->dir), "%s/sandlock-bench-XXXXXX",
		     tmp && *tmp == '/' && strlen(tmp) < 32 ? tmp : "/tmp") < 0 ||
	    !mkdtemp(b->dir)) {
		fprintf(stderr, "bench: cannot make '%s': %m\n", b->dir);
		return false;
	}
	b->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	b->out_fd = memfd_create("bench-out", MFD_CLOEXEC);
	b->err_fd = memfd_create("bench-err", MFD_CLOEXEC);
	return b->null_fd >= 0 && b->out_fd >= 0 && b->err_fd >= 0;
}

static bool wanted(const struct bench *b, const char *part)
{
	const char *at = b->only;
	size_t len = strlen(part);

	while (at && *at) {
		if (strncmp(at, part, len) == 0 &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
		at += strcspn(at, ",");
		at += *at == ',';
	}
	return !b->only;
}

int main(int argc, char **argv)
{
	struct bench b = { .seconds = 20, .resident_mib = "1024" };
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(&b, opt, optarg))
			return 2;
	b.rows = calloc(BENCH_ROWS, sizeof(b.rows[0]));
	if (!b.rows || !look_around(&b))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	/* One that exists and cannot be read stops git: see base. */
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	bench_print_head(&b);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!wanted(&b, parts[i].name))
			continue;
		parts[i].run(&b);
		bench_print_part(&b, parts[i].name);
	}
	if (b.json && !bench_write_json(&b, b.json))
		b.incomplete = true;
	bench_remove(b.dir);
	free(b.rows);
	for (size_t i = 0; i < b.owned_count; i++)
		free(b.owned[i]);
	if (b.incomplete)
		printf("\nSomething could not be run; see the rows above.\n");
	return b.incomplete;
}
