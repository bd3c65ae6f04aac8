/* SPDX-License-Identifier: Apache-2.0 */
/* The tables themselves; names in a policy: errors and warnings. */
#include "bpf/compile.h"
#include "harness/harness.h"
#include "plan/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/fsverity.h>
#include <linux/msdos_fs.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <linux/wireless.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static const char *complaint(struct naive n)
{
	static struct sl_error err;
	struct sl_plan_filter filter;

	err = (struct sl_error){ 0 };
	filter = compile_filter(&n, &err);
	EXPECT_TRUE(filter.insns == NULL);
	free(filter.insns);
	return err.msg;
}

TEST(table_is_sorted_and_finds_itself)
{
	for (int i = 0; i < SL_SYS_COUNT; i++) {
		const char *name = sl_sys_name((enum sl_sys)i);

		if (i)
			EXPECT_LT(strcmp(sl_sys_name((enum sl_sys)(i - 1)), name),
				  0);
		EXPECT_EQ(sl_sys_find(name), i);
		for (int a = 0; a < SL_ARCH_COUNT; a++) {
			int nr = sl_sys_number((enum sl_sys)i, (enum sl_arch)a);

			EXPECT_LE(nr, SL_SYSCALL_NR_MAX);
			if (nr >= 0)
				EXPECT_EQ(sl_sys_find_number(nr, (enum sl_arch)a),
					  i);
		}
	}
	EXPECT_EQ(sl_sys_find("fstatat"), SL_SYS_newfstatat);
	EXPECT_EQ(sl_sys_find("nosuch"), -1);
	EXPECT_EQ(sl_sys_find(""), -1);
	EXPECT_EQ(sl_sys_find_number(-1, SL_ARCH_X86_64), -1);
	EXPECT_EQ(sl_sys_find_number(5000, SL_ARCH_X86_64), -1);
}

TEST(numbers_of_this_host)
{
#define SAME(call) \
	EXPECT_EQ(sl_sys_number(SL_SYS_##call, SL_ARCH_NATIVE), SYS_##call)
	SAME(read);
	SAME(openat);
	SAME(newfstatat);
	SAME(socket);
	SAME(clone);
	SAME(clone3);
	SAME(execve);
	SAME(ioctl);
	SAME(ptrace);
	SAME(prlimit64);
	SAME(landlock_restrict_self);
	SAME(futex_waitv);
#undef SAME
	EXPECT_EQ(sl_sys_number(SL_SYS_open, SL_ARCH_AARCH64), -1);
	EXPECT_EQ(sl_sys_number(SL_SYS_openat, SL_ARCH_AARCH64), 56);
	EXPECT_EQ(sl_sys_number(SL_SYS_clone, SL_ARCH_AARCH64), 220);
	EXPECT_EQ(sl_sys_number(SL_SYS_file_setattr, SL_ARCH_AARCH64), 469);
}

TEST(groups_are_sorted_and_distinct_from_calls)
{
	const struct sl_sys_group *group;

	for (size_t i = 0; (group = sl_sys_group_at(i)); i++) {
		if (i)
			EXPECT_LT(strcmp(sl_sys_group_at(i - 1)->name,
					 group->name),
				  0);
		EXPECT_EQ(sl_sys_find(group->name), -1);
		EXPECT_TRUE(*group->help);
		EXPECT_TRUE(sl_sys_group_find(group->name) == group);
		for (size_t n = 1; n < group->count; n++)
			EXPECT_LT(group->calls[n - 1], group->calls[n]);
	}
}

TEST(rules_of_a_call_are_neighbours_and_say_what_they_open)
{
	const struct sl_filter_rule *rule, *last = NULL;
	bool seen[SL_SYS_COUNT] = { 0 };

	for (size_t i = 0; (rule = sl_filter_rule_at(i)); last = rule, i++) {
		if (!last || last->call != rule->call)
			EXPECT_FALSE(seen[rule->call]);
		seen[rule->call] = true;
		EXPECT_GT(rule->error, 0);
		EXPECT_LT(rule->error, 4096);
		EXPECT_TRUE(rule->opens && *rule->opens);
		for (size_t t = 0; t < SL_RULE_TESTS; t++)
			EXPECT_LT(rule->tests[t].arg, 6);
	}
}

/* Ours against the headers, where those know the name. */
TEST(constants_are_the_kernels)
{
	EXPECT_EQ(sizeof(struct sl_seccomp_data), sizeof(struct seccomp_data));
	EXPECT_EQ(offsetof(struct sl_seccomp_data, args),
		  offsetof(struct seccomp_data, args));
	EXPECT_EQ(SL_SECCOMP_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS);
	EXPECT_EQ(SL_SECCOMP_ERRNO, SECCOMP_RET_ERRNO);
	EXPECT_EQ(SL_SECCOMP_ALLOW, SECCOMP_RET_ALLOW);
	EXPECT_EQ(SL_CLONE_NEW_ANY,
		  CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
			  CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET);
	EXPECT_EQ(SL_CLONE_UNTRACED, CLONE_UNTRACED);
	EXPECT_EQ(SL_CLONE_PARENT, CLONE_PARENT);
	EXPECT_EQ(SL_MSG_FASTOPEN, MSG_FASTOPEN);
	EXPECT_EQ(SL_TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_CONNECT);
	EXPECT_EQ(SL_TCP_ULP, TCP_ULP);
	EXPECT_EQ(SL_TCP_REPAIR, TCP_REPAIR);
	EXPECT_EQ(SL_SO_BINDTODEVICE, SO_BINDTODEVICE);
	EXPECT_EQ(SL_SO_ZEROCOPY, SO_ZEROCOPY);
	EXPECT_EQ(SL_IP_UNICAST_IF, IP_UNICAST_IF);
	EXPECT_EQ(SL_IPV6_UNICAST_IF, 76);
	EXPECT_EQ(SL_SO_BINDTOIFINDEX, SO_BINDTOIFINDEX);
	EXPECT_EQ(SL_IP_FREEBIND, IP_FREEBIND);
	EXPECT_EQ(SL_IP_TRANSPARENT, IP_TRANSPARENT);
	EXPECT_EQ(SL_IPV6_FREEBIND, IPV6_FREEBIND);
	EXPECT_EQ(SL_IPV6_TRANSPARENT, IPV6_TRANSPARENT);
	EXPECT_EQ(SL_SOL_IPV6, SOL_IPV6);
	EXPECT_EQ(SL_TIOCSTI, TIOCSTI);
	EXPECT_EQ(SL_TIOCLINUX, TIOCLINUX);
	EXPECT_EQ(SL_SIOC, SIOCGARP & SL_SIOC_MASK);
	EXPECT_EQ(SL_SIOC, SIOCGIWESSID & SL_SIOC_MASK);
	EXPECT_EQ(SL_SIOC_OWN, FIOSETOWN & SL_SIOC_OWN_MASK);
	EXPECT_EQ(SL_SIOC_OWN, SIOCATMARK & SL_SIOC_OWN_MASK);
	EXPECT_NE(SL_SIOC_OWN, SIOCADDRT & SL_SIOC_OWN_MASK);
	EXPECT_EQ(SL_SIOCOUTQNSD, SIOCOUTQNSD);
	EXPECT_EQ(SL_FICLONE, FICLONE);
	EXPECT_EQ(SL_FICLONERANGE, FICLONERANGE);
	EXPECT_EQ(SL_FIDEDUPERANGE, FIDEDUPERANGE);
	EXPECT_EQ(SL_FS_IOC_SETFSLABEL, FS_IOC_SETFSLABEL);
	EXPECT_EQ(SL_FS_IOC_SETFLAGS, FS_IOC_SETFLAGS);
	EXPECT_EQ(SL_FS_IOC32_SETFLAGS, FS_IOC32_SETFLAGS);
	EXPECT_EQ(SL_FS_IOC_SETVERSION, FS_IOC_SETVERSION);
	EXPECT_EQ(SL_FS_IOC32_SETVERSION, FS_IOC32_SETVERSION);
	EXPECT_EQ(SL_FS_IOC_FSSETXATTR, FS_IOC_FSSETXATTR);
	EXPECT_EQ(SL_FS_IOC_ENABLE_VERITY, FS_IOC_ENABLE_VERITY);
	EXPECT_EQ(SL_FS_IOC_SET_ENCRYPTION_POLICY, FS_IOC_SET_ENCRYPTION_POLICY);
	EXPECT_EQ(SL_FS_IOC_ADD_ENCRYPTION_KEY, FS_IOC_ADD_ENCRYPTION_KEY);
	EXPECT_EQ(SL_FS_IOC_REMOVE_ENCRYPTION_KEY, FS_IOC_REMOVE_ENCRYPTION_KEY);
	EXPECT_EQ(SL_FS_IOC_REMOVE_ENCRYPTION_KEY_ALL,
		  FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS);
	EXPECT_EQ(SL_FAT_IOCTL_SET_ATTRIBUTES, FAT_IOCTL_SET_ATTRIBUTES);
	EXPECT_EQ(SL_F_SETLEASE, F_SETLEASE);
	EXPECT_EQ(SL_F_UNLCK, F_UNLCK);
	EXPECT_EQ(SL_PR_SET_DUMPABLE, PR_SET_DUMPABLE);
	EXPECT_EQ(SL_PR_SET_SECUREBITS, PR_SET_SECUREBITS);
	EXPECT_EQ(SL_PR_SET_MM, PR_SET_MM);
	EXPECT_EQ(SL_PR_SET_PTRACER, PR_SET_PTRACER);
}

TEST(unknown_name_is_an_error_with_origin_and_suggestion)
{
	const char *text = complaint((struct naive){ .deny = "read ptrase" });

	EXPECT_HAS(text, "--extra-deny-syscall");
	EXPECT_HAS(text, "'ptrase'");
	EXPECT_HAS(text, "did you mean 'ptrace'?");
	text = complaint((struct naive){ .allow = "sysv_ipcs" });
	EXPECT_HAS(text, "--extra-allow-syscall");
	EXPECT_HAS(text, "did you mean 'sysv_ipc'?");
	text = complaint((struct naive){ .deny = "qqqqqqqqqqqq" });
	EXPECT_HAS(text, "'qqqqqqqqqqqq'");
	EXPECT_TRUE(strstr(text, "did you mean") == NULL);
}

TEST(allowed_and_denied_is_an_error)
{
	const char *text = complaint(
		(struct naive){ .deny = "ptrace", .allow = "ptrace" });

	EXPECT_HAS(text, "--extra-allow-syscall");
	EXPECT_HAS(text, "(--extra-deny-syscall)");
	text = complaint((struct naive){ .deny = "shmget", .allow = "sysv_ipc" });
	EXPECT_HAS(text, "'sysv_ipc' cannot be allowed: shmget is denied");
	text = complaint((struct naive){ .deny = "metadata", .allow = "chmod" });
	EXPECT_HAS(text, "chmod is denied by 'metadata'");
	text = complaint(
		(struct naive){ .deny = "fstatat", .allow = "newfstatat" });
	EXPECT_HAS(text, "newfstatat is denied by 'fstatat'");
}

TEST(execve_cannot_be_denied)
{
	EXPECT_HAS(complaint((struct naive){ .deny = "execve" }), "'execve'");
}

TEST(names_that_one_architecture_lacks_are_skipped)
{
	struct naive n = { .deny = "open fork iopl", .arch = SL_ARCH_AARCH64 };
	struct sl_error err = { 0 };
	struct sl_plan_filter filter = compile_filter(&n, &err);

	EXPECT_STREQ(err.msg, "");
	EXPECT_TRUE(filter.insns != NULL);
	free(filter.insns);
}

static char *warnings(struct naive n)
{
	SL_AUTO(sl_policy) policy = compile_policy(&n);
	sl_autobuf text = SL_BUF_INIT(4096);

	EXPECT_EQ(sl_plan_warnings(policy, &text), 0);
	return sl_buf_take(&text);
}

TEST(single_names_are_warned_of)
{
	sl_autofree char *none = warnings((struct naive){ 0 });
	sl_autofree char *group = warnings((struct naive){
		.allow = "sysv_ipc posix_mqueue", .deny = "ptrace" });
	sl_autofree char *one = warnings((struct naive){ .allow = "ptrace" });
	sl_autofree char *rules = warnings((struct naive){ .allow = "ioctl" });
	sl_autofree char *idle = warnings((struct naive){ .allow = "read" });
	sl_autofree char *risky = warnings((struct naive){ .allow = "mounts" });

	EXPECT_STREQ(none, "");
	EXPECT_STREQ(group, "");
	EXPECT_HAS(one, "--extra-allow-syscall: allowing 'ptrace' opens: ");
	EXPECT_HAS(rules, "typing into the terminal");
	EXPECT_HAS(rules, "network interfaces");
	EXPECT_HAS(idle, "'read' is allowed anyway");
	EXPECT_HAS(risky, "'mounts' opens: mounts and roots");
}

TEST(public_entry_compiles_for_this_host)
{
	struct naive n = { 0 };
	SL_AUTO(sl_policy) policy = compile_policy(&n);
	struct sl_plan_filter filter = { 0 };
	struct sl_probe probe = { 0 };
	struct sl_error err = { 0 };

	ASSERT_EQ(sl_plan_compile_filter(policy, &probe, &filter, &err), 0);
	EXPECT_GT(filter.count, 50);
	EXPECT_LE(filter.count, 256);
	EXPECT_TRUE(filter.traps);
	EXPECT_FALSE(filter.hinders);
	free(filter.insns);
}
