/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled filter against the naive evaluation, in the simulator. */
#include "bpf/compile.h"
#include "harness/harness.h"
#include "plan/bpf_sim.h"

#include <errno.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
/* Every how many-th second word of a pair is tried. */
#define ALL 1
#define SOME 9
#define SPARSE 40
#define TRAPPED (-1) /* in place of an errno */
#define HIGH 0xdeadbeef00000000ull

/* Whatever a rule compares with, its neighbours, and the usual suspects. */
static const uint32_t words[] = {
	0,	    1,		2,	    3,		4,	    5,
	6,	    7,		8,	    10,		15,	    16,
	17,	    18,		19,	    20,		25,	    27,
	28,	    29,		30,	    31,		35,	    36,
	38,	    40,		41,	    62,		75,	    78,
	132,	    262,	0x80,	    0x200,	0x20000,    0x20001,
	0x8000,	    0x800000,	0x400000,   0x2000000,	0x4000000,  0x8000000,
	0x10000000, 0x20000000, 0x40000000, 0x80000000, 0x7fffffff, 0xffffffff,
	0x7E020000, 0x1000000,	0x11,	    0x3d0f00,	0x80801,    0x80802,
	0x80805,    1023,	1024,	    1025,	1026,	    1039,
	1040,	    1041,	0x540B,	    0x540C,	0x540D,	    0x541D,
	0x5422,	    0x5423,	0x5424,	    0x5411,	0x5412,	    0x5413,
	0x541B,	    0x541C,	0x890F,	    0x8910,	0x8911,	    0x8912,
	0x8913,	    0x8914,	0x8915,	    0x8917,	0x8919,	    0x891B,
	0x8927,	    0x8933,	0x8946,	    0x8947,	0x40806685, 0x800C6613,
	0xC0506617, 0xC0406618, 0xC0406619, 0x40047211, 0x80047210, 0x40086602,
	0x40046602, 0x80086601, 0x40087602, 0x40047602, 0x40086604, 0x401C5820,
	0x801c581f, 0xC0189436, 0x40049409, 0x4020940D, 0x41009432, 0x81009431,
	0x5000940E, 0x50009401, 0x9408,	    0x80089418, 0x4008941a, 0xC0109412,
	0x59616d61, 0x59616d62, 0x40000,    0x9400,	0x9500,	    0x40,
	0x41,	    0x241,	0x200000,   0x200001,	0x210000,   0x410001,
	0x80000,    0x440,	0x200040,   11,		12,	    13,
	959,	    960,	961,
};

static void check(const struct naive *n, const struct sl_plan_filter *filter,
		  const struct sl_seccomp_data *data)
{
	struct sl_bpf_result got = { 0 };
	uint32_t want = naive_action(n, data);

	if (sl_bpf_run(filter->insns, filter->count, data, &got) == 0 &&
	    got.action == want)
		return;
	th_fail(__FILE__, __LINE__,
		"%s nr %u arch %x (%llx %llx %llx %llx): %x, not %x",
		sl_arch_name(n->arch), data->nr, data->arch,
		(unsigned long long)data->args[0],
		(unsigned long long)data->args[1],
		(unsigned long long)data->args[2],
		(unsigned long long)data->args[3], got.action, want);
	th_abort();
}

/* Arguments @i and @j take every pair of words, with and without garbage. */
static void check_pairs(const struct naive *n,
			const struct sl_plan_filter *filter,
			struct sl_seccomp_data *data, int i, int j, size_t thin)
{
	for (size_t x = 0; x < COUNT(words); x += 1 + thin / 10)
		for (size_t y = x % thin; y < COUNT(words); y += thin) {
			data->args[i] = words[x] | (y % 2 ? HIGH : 0);
			data->args[j] = words[y] | (x % 2 ? HIGH : 0);
			check(n, filter, data);
		}
	data->args[i] = data->args[j] = 0;
}

static void check_socket(const struct naive *n,
			 const struct sl_plan_filter *filter,
			 struct sl_seccomp_data *data)
{
	for (uint32_t d = 0; d < 48; d++)
		for (uint32_t t = 0; t < 20; t++)
			for (size_t p = 0; p < COUNT(words); p++) {
				data->args[0] = d | (t % 2 ? HIGH : 0);
				data->args[1] = t | (p % 2 ? 0x80800 : HIGH);
				data->args[2] = words[p] | (d % 2 ? HIGH : 0);
				check(n, filter, data);
			}
}

static void check_number(const struct naive *n,
			 const struct sl_plan_filter *filter, uint32_t nr,
			 size_t thin)
{
	struct sl_seccomp_data data = { .nr = nr, .arch = sl_arch_audit(n->arch) };
	int call = sl_sys_find_number((long)nr, n->arch);
	const char *name = call < 0 ? "" : sl_sys_name((enum sl_sys)call);
	struct sl_bpf_result got = { 0 };

	check(n, filter, &data);
	if (naive_judges_under(n, name)) {
		static const int pairs[][2] = { { 0, 1 }, { 0, 2 }, { 1, 2 },
						{ 2, 3 }, { 3, 4 }, { 4, 5 } };

		for (size_t i = 0; i < COUNT(pairs); i++)
			check_pairs(n, filter, &data, pairs[i][0], pairs[i][1],
				    thin);
		if (strcmp(name, "socket") == 0)
			check_socket(n, filter, &data);
		return;
	}
	/* Or the kernel could not keep the answer. */
	sl_bpf_run(filter->insns, filter->count, &data, &got);
	EXPECT_FALSE(got.read_args);
	memset(data.args, 0xff, sizeof(data.args));
	check(n, filter, &data);
}

static void check_doors(const struct naive *n,
			const struct sl_plan_filter *filter, size_t thin)
{
	static const uint32_t archs[] = { SL_AUDIT_ARCH_X86_64,
					  SL_AUDIT_ARCH_AARCH64,
					  SL_AUDIT_ARCH_I386,
					  SL_AUDIT_ARCH_ARM,
					  0,
					  0xffffffff,
					  0x4000003E };
	static const uint32_t bases[] = { 0,	      0x40000000, 0x40000200,
					  0x80000000, 0xC0000000, 0xfffffc00,
					  0x00010000 };
	struct sl_seccomp_data data = { 0 };
	uint32_t step = thin == ALL ? 1 : 3;

	for (size_t a = 0; a < COUNT(archs); a++)
		for (size_t b = 0; b < COUNT(bases); b++)
			for (uint32_t nr = 0; nr < 1024; nr += step) {
				data.arch = archs[a];
				data.nr = bases[b] + nr;
				check(n, filter, &data);
			}
}

static size_t check_all(struct naive n, size_t thin)
{
	size_t most = 0;

	for (int arch = 0; arch < SL_ARCH_COUNT; arch++) {
		struct sl_error err = { 0 };
		struct sl_plan_filter filter;

		n.arch = (enum sl_arch)arch;
		filter = compile_filter(&n, &err);
		EXPECT_STREQ(err.msg, "");
		ASSERT_TRUE(filter.insns != NULL);
		ASSERT_EQ(sl_bpf_check(filter.insns, filter.count), 0);
		for (uint32_t nr = 0; nr < 1100; nr++)
			check_number(&n, &filter, nr, thin);
		if (thin != SPARSE)
			check_doors(&n, &filter, thin);
		if (thin != SPARSE)
			printf("# %s: %zu instructions\n", sl_arch_name(n.arch),
			       filter.count);
		most = filter.count > most ? filter.count : most;
		free(filter.insns);
	}
	return most;
}

/* 200 for what is refused and allowed; some 50 more for what is trapped, a
 * search no deeper for it. */
TEST(default_policy_is_the_naive_one_in_256_instructions)
{
	EXPECT_LE(check_all((struct naive){ 0 }, ALL), 256);
}

TEST(bind_rule_opens_listen)
{
	check_all((struct naive){ .bind = true }, SOME);
}

TEST(no_supervisor_is_the_short_list)
{
	EXPECT_LE(check_all((struct naive){ .no_supervisor = true }, SOME), 200);
}

TEST(unix_sockets_where_there_is_a_place_for_them)
{
	EXPECT_LE(check_all((struct naive){ .local = true }, ALL), 266);
	EXPECT_LE(check_all((struct naive){ .local = true, .bind = true }, SOME),
		  270);
}

TEST(unix_datagrams_where_they_are_asked_for)
{
	struct naive n = { .local = true, .datagrams = true };

	EXPECT_LE(check_all(n, ALL), 266);
}

TEST(destinations_are_judged_where_rules_know_them)
{
	EXPECT_LE(check_all((struct naive){ .hosts = true }, ALL), 268);
	EXPECT_LE(check_all((struct naive){ .udp = true }, ALL), 309);
	check_all((struct naive){ .icmp = true }, SOME);
	EXPECT_LE(check_all((struct naive){ .hosts = true,
					    .udp = true,
					    .icmp = true,
					    .local = true,
					    .datagrams = true },
			    SOME),
		  322);
	check_all((struct naive){ .udp = true, .no_supervisor = true }, SOME);
}

TEST(binds_are_judged_where_too_many_are_allowed)
{
	check_all((struct naive){ .binds = true }, SOME);
	check_all((struct naive){ .binds = true, .local = true }, SOME);
}

TEST(ports_that_are_others_trap_what_tells_them)
{
	check_all((struct naive){ .remap = true, .bind = true, .local = true },
		  SOME);
	check_all((struct naive){ .remap = true, .no_supervisor = true }, SOME);
}

/* Reading stays free of traps. */
TEST(protected_parts_trap_what_writes)
{
	EXPECT_LE(check_all((struct naive){ .protects = true }, SOME), 290);
	check_all((struct naive){ .protects = true, .no_supervisor = true },
		  SOME);
}

TEST(denied_parts_trap_reading_as_well)
{
	EXPECT_LE(check_all((struct naive){ .denies = true }, SOME), 292);
	check_all((struct naive){ .denies = true, .protects = true }, SOME);
}

TEST(names_trap_opening_alone)
{
	EXPECT_LE(check_all((struct naive){ .names = true }, SOME), 270);
	check_all((struct naive){ .names = true, .protects = true }, SOME);
	check_all((struct naive){ .names = true, .denies = true }, SOME);
}

/* Threads are made without asking anybody. */
TEST(counted_processes_trap_their_making)
{
	EXPECT_LE(check_all((struct naive){ .counted = true }, SOME), 270);
	check_all((struct naive){ .counted = true, .allow = "clone" }, SOME);
	check_all((struct naive){ .counted = true, .no_supervisor = true }, SOME);
}

/* What pins memory that is in no process. */
TEST(limited_memory_is_not_lent)
{
	check_all((struct naive){ .weighed = true }, SOME);
	check_all((struct naive){ .weighed = true, .allow = "vmsplice" }, SOME);
	check_all((struct naive){ .weighed = true, .no_supervisor = true }, SOME);
}

TEST(cores_pin)
{
	check_all((struct naive){ .pinned = true }, SOME);
}

TEST(extra_lists)
{
	check_all((struct naive){ .deny = "metadata keys getrandom socket "
					  "fstatat clone3 prctl",
				  .allow = "sysv_ipc ptrace ioctl "
					   "sched_setaffinity" },
		  SOME);
	check_all((struct naive){ .deny = "sockets metadata",
				  .allow = "posix_mqueue clone3",
				  .bind = true,
				  .no_supervisor = true },
		  SOME);
}

/* Many scattered calls denied: far more than 255 instructions, so that
 * short jumps do not reach the answers (S5). */
TEST(many_denies_jump_far)
{
	sl_autofree char *deny = calloc(1, 65536);
	struct naive n = { .deny = deny };
	size_t len = 0;
	int count = 0;

	for (int i = 0; i < SL_SYS_COUNT && count < 230; i++) {
		const char *name = sl_sys_name((enum sl_sys)i);

		/* Every other number; execve is an odd one. */
		if (sl_sys_number((enum sl_sys)i, SL_ARCH_X86_64) % 2 ||
		    naive_judges(name))
			continue;
		len += (size_t)snprintf(deny + len, 65536 - len, "%s%s",
					count++ ? " " : "", name);
	}
	ASSERT_GE(count, 170);
	EXPECT_GT(check_all(n, SOME), 255);
}

/* The cases a reader looks for first; the naive file may be wrong as well. */
static const struct {
	const char *call;
	uint64_t args[4];
	int error; /* 0: allowed, or TRAPPED */
} cases[] = {
	{ "read", { 0 }, 0 },
	{ "openat", { 0 }, 0 },
	{ "execve", { 0 }, 0 },
	{ "seccomp", { 0 }, 0 },
	{ "landlock_restrict_self", { 0 }, 0 },
	{ "uretprobe", { 0 }, 0 },
	{ "mount", { 0 }, EPERM },
	{ "bpf", { 0 }, EPERM },
	{ "fsmount", { 0 }, EPERM },
	{ "io_uring_setup", { 0 }, EPERM },
	{ "shmget", { 0 }, EPERM },
	{ "mq_open", { 0 }, EACCES },
	{ "clone3", { 0 }, ENOSYS },
	{ "clone", { 0x1200011 }, 0 },
	{ "clone", { 0x3d0f00 }, 0 },
	{ "clone", { 0x10000011 }, EPERM },
	{ "clone", { 0x800011 }, EPERM },
	{ "clone", { 0x8011 }, EPERM },
	{ "clone", { HIGH | 0x40000011 }, EPERM },
	{ "socket", { 2, 1, 0 }, 0 },
	{ "socket", { 10, 0x80801, 6 }, 0 },
	{ "socket", { HIGH | 2, HIGH | 1, HIGH | 6 }, 0 },
	{ "socket", { 2, 1, 262 }, EPROTONOSUPPORT },
	{ "socket", { 2, 1, 132 }, EPROTONOSUPPORT },
	{ "socket", { 2, 5, 132 }, EPROTONOSUPPORT },
	{ "socket", { 2, 2, 0 }, EPERM },
	{ "socket", { 2, 0x80802, 17 }, EPERM },
	{ "socket", { 10, 3, 58 }, EPERM },
	{ "socket", { 2, 10, 0x300 }, EPERM },
	{ "socket", { 1, 1, 0 }, EAFNOSUPPORT },
	{ "socket", { 16, 3, 0 }, TRAPPED },
	{ "socket", { HIGH | 16, 0x80802, HIGH }, TRAPPED },
	{ "socket", { 16, 3, 9 }, EAFNOSUPPORT },
	{ "socket", { 16, 3, HIGH | 15 }, EAFNOSUPPORT },
	{ "bind", { 3, 8, 12 }, TRAPPED },
	{ "bind", { 3, 8, 16 }, 0 },
	{ "bind", { 960, 8, 28 }, 0 },
	{ "getsockname", { 959 }, 0 },
	{ "getsockname", { HIGH | 960 }, TRAPPED },
	{ "getsockname", { 1023 }, TRAPPED },
	{ "getsockname", { 1024 }, 0 },
	{ "sendto", { 3, 0, 20 }, 0 },
	{ "sendto", { 960, 0, 20 }, TRAPPED },
	{ "recvfrom", { 960 }, 0 },
	{ "close", { 960 }, 0 },
	{ "socket", { 17, 3, 0 }, EAFNOSUPPORT },
	{ "socket", { 38, 5, 0 }, EAFNOSUPPORT },
	{ "socket", { 40, 1, 0 }, EAFNOSUPPORT },
	{ "socket", { HIGH | 1, 1, 0 }, EAFNOSUPPORT },
	{ "socketpair", { 1, 0x80001, 0 }, 0 },
	{ "socketpair", { 1, 5, 0 }, 0 },
	{ "socketpair", { 1, 2, 0 }, ESOCKTNOSUPPORT },
	{ "socketpair", { 1, 3, 0 }, ESOCKTNOSUPPORT },
	{ "socketpair", { 2, 1, 0 }, EAFNOSUPPORT },
	{ "sendto", { 3, 0, 0, 0x4000 }, 0 },
	{ "sendto", { 3, 0, 0, HIGH | 0x20004000 }, EOPNOTSUPP },
	{ "sendmsg", { 3, 0, 0x20000000 }, EOPNOTSUPP },
	{ "sendmmsg", { 3, 0, 1, 0x20000000 }, EOPNOTSUPP },
	{ "listen", { 3, 5 }, EACCES },
	{ "setsockopt", { 3, 6, 1 }, 0 },
	{ "setsockopt", { 3, 6, 30 }, EOPNOTSUPP },
	{ "setsockopt", { 3, 6, 31 }, EPERM },
	{ "setsockopt", { 3, 1, 2 }, 0 },
	{ "setsockopt", { 3, 1, 25 }, EPERM },
	{ "setsockopt", { 3, 41, 26 }, 0 },
	{ "setsockopt", { 3, 41, 32 }, 0 },
	{ "setsockopt", { 3, 41, 57 }, EPERM },
	{ "ioctl", { 0, 0x5401 }, 0 },
	{ "ioctl", { 0, 0x5413 }, 0 },
	{ "ioctl", { 0, 0x5412 }, EPERM },
	{ "ioctl", { 0, 0x5423 }, EPERM },
	{ "ioctl", { 0, HIGH | 0x540C }, EPERM },
	{ "ioctl", { 0, HIGH | 0x5412 }, EPERM },
	{ "ioctl", { 0, 0x8933 }, EPERM },
	{ "ioctl", { 3, 0x40049409 }, 0 },
	{ "ioctl", { 3, 0x5000940E }, EPERM },
	{ "ioctl", { 3, 0xC0189436 }, EOPNOTSUPP },
	{ "ioctl", { 3, 0x80089419 }, 0 },
	{ "ioctl", { 3, 0x40086602 }, TRAPPED },
	{ "chmod", { 0 }, TRAPPED },
	{ "fremovexattr", { 0 }, TRAPPED },
	{ "inotify_add_watch", { 3 }, TRAPPED },
	{ "fcntl", { 3, 1, 0 }, 0 },
	{ "fcntl", { 3, 1024, 0 }, EACCES },
	{ "fcntl", { 3, 1024, 2 }, 0 },
	{ "prctl", { 15 }, 0 },
	{ "prctl", { 22 }, 0 },
	{ "prctl", { HIGH | 4 }, EPERM },
	{ "personality", { 0xffffffff }, 0 },
	{ "personality", { 0x40000 }, EPERM },
	{ "prlimit64", { 0, 7, 0x1000 }, 0 },
	{ "prlimit64", { 1, 7, 0 }, 0 },
	{ "prlimit64", { 1, 7, 0x1000 }, TRAPPED },
	{ "prlimit64", { 1, 7, 0x100000000 }, TRAPPED },
	{ "setpriority", { 0, 0, 19 }, 0 },
	{ "setpriority", { 0, 1, 19 }, TRAPPED },
	{ "setpriority", { 2, 0, 19 }, EPERM },
	{ "sched_setaffinity", { 0 }, 0 },
	{ "sched_setaffinity", { 1 }, TRAPPED },
};

static uint32_t action_of(int error)
{
	if (error == TRAPPED)
		return SL_SECCOMP_USER_NOTIF;
	return error ? SL_SECCOMP_ERRNO | (uint32_t)error : SL_SECCOMP_ALLOW;
}

TEST(cases)
{
	struct naive n = { .arch = SL_ARCH_X86_64 };
	struct sl_error err = { 0 };
	struct sl_plan_filter filter = compile_filter(&n, &err);

	ASSERT_TRUE(filter.insns != NULL);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int call = sl_sys_find(cases[i].call);
		struct sl_seccomp_data data = { .arch = SL_AUDIT_ARCH_X86_64 };
		struct sl_bpf_result got = { 0 };

		ASSERT_GE(call, 0);
		data.nr = (uint32_t)sl_sys_number((enum sl_sys)call, n.arch);
		memcpy(data.args, cases[i].args, sizeof(cases[i].args));
		sl_bpf_run(filter.insns, filter.count, &data, &got);
		if (got.action != action_of(cases[i].error))
			th_fail(__FILE__, __LINE__, "case %zu, %s: %x", i,
				cases[i].call, got.action);
	}
	free(filter.insns);
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Random lists that do not contradict each other, the same in every run. */
TEST(random_lists)
{
	for (uint32_t seed = 1; seed <= 25; seed++) {
		uint32_t state = seed * 2654435761u, share;
		sl_autofree char *deny = calloc(1, 16384);
		sl_autofree char *allow = calloc(1, 16384);
		struct naive n = { .deny = deny, .allow = allow };

		share = next_random(&state) % 90;
		n.bind = next_random(&state) & 1;
		n.no_supervisor = next_random(&state) & 1;
		n.pinned = !n.no_supervisor && (next_random(&state) & 1);
		n.local = !n.no_supervisor && (next_random(&state) & 1);
		n.datagrams = n.local && (next_random(&state) & 1);
		n.hosts = !n.no_supervisor && (next_random(&state) & 1);
		n.binds = !n.no_supervisor && !n.bind &&
			  next_random(&state) % 4 == 0;
		n.remap = !n.no_supervisor && next_random(&state) % 4 == 0;
		n.udp = !n.no_supervisor && next_random(&state) % 4 == 0;
		n.icmp = !n.no_supervisor && next_random(&state) % 4 == 0;
		for (int i = 0; i < SL_SYS_COUNT; i++) {
			const char *name = sl_sys_name((enum sl_sys)i);
			char *to = next_random(&state) % 8 ? deny : allow;
			size_t len = strlen(to);

			if (next_random(&state) % 100 >= share ||
			    strcmp(name, "execve") == 0)
				continue;
			/* Refused beside rules about destinations. */
			if (to == allow && strncmp(name, "io_uring_", 9) == 0)
				continue;
			snprintf(to + len, 16384 - len, " %s", name);
		}
		check_all(n, SPARSE);
	}
}

/* How deep the search is, for the install time (it runs for every number). */
TEST(search_is_shallow)
{
	struct naive n = { .arch = SL_ARCH_NATIVE };
	struct sl_error err = { 0 };
	struct sl_plan_filter filter = compile_filter(&n, &err);
	unsigned int most = 0, sum = 0;

	for (uint32_t nr = 0; nr < 480; nr++) {
		struct sl_seccomp_data data = { .nr = nr };
		struct sl_bpf_result got = { 0 };
		int call = sl_sys_find_number((long)nr, n.arch);

		if (call >= 0 && naive_judges(sl_sys_name((enum sl_sys)call)))
			continue;
		data.arch = sl_arch_audit(n.arch);
		sl_bpf_run(filter.insns, filter.count, &data, &got);
		most = got.steps > most ? got.steps : most;
		sum += got.steps;
	}
	printf("# steps: at most %u, mean %.1f\n", most, sum / 480.0);
	EXPECT_LE(most, 20);
	free(filter.insns);
}
