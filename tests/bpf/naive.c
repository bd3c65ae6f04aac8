/* SPDX-License-Identifier: Apache-2.0 */
/* See naive.h: slow and obvious on purpose. */
#include "bpf/naive.h"

#include <errno.h>
#include <string.h>

#define ALLOW 0x7fff0000u
#define KILL 0x80000000u
#define TRAP 0x7fc00000u
#define FAIL(e) (0x50000u | (uint32_t)(e))

/* core.md 2.2, first list, and 9.4 */
static const char supervised[] =
	" mount umount2 pivot_root sethostname setdomainname unshare setns "
	"userfaultfd ptrace process_vm_readv process_vm_writev keyctl add_key "
	"request_key open_by_handle_at name_to_handle_at quotactl acct "
	"lookup_dcookie nfsservctl fsopen fsconfig fsmount fspick open_tree "
	"open_tree_attr move_mount mount_setattr chroot quotactl_fd "
	"clock_settime clock_adjtime settimeofday adjtimex syslog vhangup kcmp "
	"process_madvise process_mrelease pidfd_getfd move_pages migrate_pages "
	"memfd_secret modify_ldt uselib ustat sysfs create_module "
	"get_kernel_syms query_module ";

/* core.md 2.2, the short list, and what has no path */
static const char always[] =
	" swapon swapoff reboot kexec_load kexec_file_load init_module "
	"finit_module delete_module perf_event_open bpf ioperm iopl "
	"io_uring_setup io_uring_enter io_uring_register fanotify_init shmget "
	"shmat shmdt shmctl msgget msgsnd msgrcv msgctl semget semop semctl "
	"semtimedop ";

static const char judged[] =
	" clone socket bind connect getsockname socketpair ioctl prctl "
	"personality sendto sendmsg "
	"sendmmsg setsockopt fcntl prlimit64 setpriority ioprio_set "
	"sched_setparam sched_setscheduler sched_setattr sched_setaffinity "
	"setpgid ";

static const struct {
	const char *name, *members;
} groups[] = {
	{ "sysv_ipc", " shmget shmat shmdt shmctl msgget msgsnd msgrcv msgctl "
		      "semget semop semctl semtimedop " },
	{ "posix_mqueue", " mq_open mq_unlink " },
	{ "metadata",
	  " chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime "
	  "utimes futimesat utimensat setxattr lsetxattr fsetxattr setxattrat "
	  "removexattr lremovexattr fremovexattr removexattrat file_setattr "
	  "inotify_add_watch " },
	{ "keys", " add_key keyctl request_key " },
	{ "sockets", " socket connect bind listen accept accept4 " },
};

static bool has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; len && (at = strstr(at, word)); at++)
		if ((at == list || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

/* Named in @list, by itself or by a group. */
static bool named(const char *list, const char *word)
{
	if (!list)
		return false;
	if (has(list, word) ||
	    (strcmp(word, "newfstatat") == 0 && has(list, "fstatat")))
		return true;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (has(groups[i].members, word) && has(list, groups[i].name))
			return true;
	return false;
}

bool naive_judges(const char *name)
{
	return has(judged, name);
}

bool naive_judges_under(const struct naive *n, const char *name)
{
	return has(judged, name) ||
	       ((n->protects || n->denies) && has(" open openat bind ", name)) ||
	       ((n->binds || n->udp || n->remap) && has(" bind ", name)) ||
	       (n->names && has(" open openat ", name)) ||
	       (n->counted && strcmp(name, "rt_sigaction") == 0);
}

/* Sockets of AF_NETLINK are answered by the judge. */
static bool answers_netlink(const struct naive *n)
{
	return !n->no_supervisor && !named(n->allow, "socket") &&
	       !named(n->deny, "socket");
}

/* What may be about one of them: an address of twelve bytes, or a number. */
static bool helps_netlink(const struct naive *n, const char *name,
			  const uint64_t *a)
{
	uint32_t fd = (uint32_t)a[0];

	if (!answers_netlink(n))
		return false;
	if (strcmp(name, "socket") == 0)
		return fd == 16 && (uint32_t)a[2] == 0;
	if (has(" bind connect ", name))
		return (uint32_t)a[2] == 12;
	return has(" getsockname sendto ", name) && fd >= 960 && fd < 1024;
}

static uint32_t do_local_socket(const struct naive *n, uint32_t type)
{
	if (!n->local)
		return FAIL(EAFNOSUPPORT);
	type &= 15;
	return type == 1 || type == 5 || n->datagrams ? ALLOW
						      : FAIL(ESOCKTNOSUPPORT);
}

static uint32_t do_socket(const struct naive *n, uint32_t domain, uint32_t type,
			  uint32_t protocol)
{
	if (domain == 1)
		return do_local_socket(n, type);
	type &= 15;
	if (domain == 16 && !n->no_supervisor && protocol == 0)
		return ALLOW;
	if (domain != 2 && domain != 10)
		return FAIL(EAFNOSUPPORT);
	if (type == 3 || type == 10)
		return FAIL(EPERM);
	if (type == 1)
		return protocol == 0 || protocol == 6 ? ALLOW
						      : FAIL(EPROTONOSUPPORT);
	if (type != 2)
		return FAIL(EPROTONOSUPPORT);
	if (n->no_supervisor || (!n->udp && !n->icmp))
		return FAIL(EPERM);
	if (n->udp && (protocol == 0 || protocol == 17))
		return ALLOW;
	if (n->icmp && (protocol == 1 || protocol == 58))
		return ALLOW;
	return FAIL(EPROTONOSUPPORT);
}

static uint32_t do_socketpair(const struct naive *n, uint32_t domain,
			      uint32_t type)
{
	if (domain != 1)
		return FAIL(EAFNOSUPPORT);
	if (n->datagrams || (type & 15) == 1 || (type & 15) == 5)
		return ALLOW;
	return FAIL(ESOCKTNOSUPPORT);
}

static uint32_t do_ioctl(uint32_t cmd, bool metadata)
{
	uint32_t type = (cmd >> 8) & 255, direction = cmd >> 30;

	switch (cmd) {
	case 0x5412:	 /* TIOCSTI */
	case 0x541C:	 /* TIOCLINUX */
	case 0x540C:	 /* TIOCEXCL */
	case 0x541D:	 /* TIOCCONS */
	case 0x5423:	 /* TIOCSETD */
	case 0x8946:	 /* SIOCETHTOOL */
	case 0x40806685: /* FS_IOC_ENABLE_VERITY */
	case 0x800C6613: /* FS_IOC_SET_ENCRYPTION_POLICY */
	case 0xC0506617: /* FS_IOC_ADD_ENCRYPTION_KEY */
	case 0xC0406618: /* FS_IOC_REMOVE_ENCRYPTION_KEY */
	case 0xC0406619: /* the same, ALL_USERS */
	case 0x40047211: /* FAT_IOCTL_SET_ATTRIBUTES */
		return FAIL(EPERM);
	case 0x40086602: /* FS_IOC_SETFLAGS */
	case 0x40046602:
	case 0x40087602: /* FS_IOC_SETVERSION */
	case 0x40047602:
	case 0x40086604: /* of ext4 */
	case 0x401C5820: /* FS_IOC_FSSETXATTR */
		return metadata ? FAIL(EPERM) : ALLOW;
	case 0xC0189436: /* FIDEDUPERANGE */
		return FAIL(EOPNOTSUPP);
	case 0x40049409: /* FICLONE */
	case 0x4020940D: /* FICLONERANGE */
		return ALLOW;
	default:
		/* All but SIOCSPGRP to SIOCGSTAMPNS, and SIOCOUTQNSD; and
		 * those of wireless ones. */
		if (cmd >= 0x8908 && cmd <= 0x89FF && cmd != 0x894B)
			return FAIL(EPERM);
		if (cmd >= 0x8B00 && cmd <= 0x8BFF)
			return FAIL(EPERM);
		return type == 0x94 && direction != 2 ? FAIL(EPERM) : ALLOW;
	}
}

static uint32_t do_setsockopt(const struct naive *n, uint32_t level,
			      uint32_t option)
{
	if (level == 41 && option == 32 && !n->no_supervisor)
		return n->udp || n->icmp ? FAIL(EPERM) : ALLOW;
	if ((level == 6 && option == 30) ||
	    (n->weighed && level == 1 && option == 60))
		return FAIL(EOPNOTSUPP);
	if (level == 0 && option == 51) /* IP_LOCAL_PORT_RANGE */
		return n->bind || n->binds || (n->udp && !n->no_supervisor)
			       ? FAIL(ENOPROTOOPT)
			       : ALLOW;
	if (level == 41 && option == 1) /* IPV6_ADDRFORM */
		return n->remap && !n->no_supervisor ? FAIL(ENOPROTOOPT) : ALLOW;
	if ((level == 0 && option == 50) || (level == 41 && option == 76))
		return (n->udp || n->icmp) && !n->no_supervisor ? FAIL(EPERM)
								: ALLOW;
	if (level == 1 && option == 60 && !n->no_supervisor &&
	    (n->datagrams || n->udp || n->icmp)) /* SO_ZEROCOPY */
		return FAIL(EOPNOTSUPP);
	if ((level == 6 && (option == 19 || option == 31)) ||
	    (level == 1 && (option == 25 || option == 62)) ||
	    (level == 0 && (option == 4 || option == 15 || option == 19)) ||
	    (level == 41 && (option == 75 || option == 78 || option == 57 ||
			     option == 5 || option == 6 || option == 32)))
		return FAIL(EPERM);
	return ALLOW;
}

/* Calls about the limits, priority and scheduling of a process that is not
 * plainly the caller. */
static bool others(const char *name, const uint64_t *a)
{
	if (strcmp(name, "prlimit64") == 0)
		return (uint32_t)a[0] != 0 && a[2] != 0;
	if (strcmp(name, "setpriority") == 0 || strcmp(name, "ioprio_set") == 0)
		return (uint32_t)a[1] != 0;
	return strncmp(name, "sched_set", 9) == 0 && (uint32_t)a[0] != 0;
}

static bool writes(uint64_t flags)
{
	return flags & (1 | 2 | 0100 | 01000);
}

/* Calls by which a name, or what is under it, could change; and by which it is
 * read, if even that is denied. */
static bool touches(const struct naive *n, const char *name, const uint64_t *a)
{
	uint32_t flags;

	if (!n->protects && !n->denies)
		return false;
	if (has(" openat2 creat truncate mkdir mkdirat mknod mknodat symlink "
		"symlinkat link linkat unlink unlinkat rmdir rename renameat "
		"renameat2 ",
		name))
		return true;
	if (has(" execve execveat ", name))
		return n->denies;
	if (strcmp(name, "bind") == 0)
		return (uint32_t)a[2] > 2;
	if (strcmp(name, "open") != 0 && strcmp(name, "openat") != 0)
		return false;
	flags = (uint32_t)a[strcmp(name, "open") == 0 ? 1 : 2];
	return !(flags & 010000000) && (n->denies || writes(flags));
}

/* Whatever may open /etc/hosts. */
static bool opens(const struct naive *n, const char *name, const uint64_t *a)
{
	bool path;

	if (!n->names)
		return false;
	path = (uint32_t)a[strcmp(name, "open") == 0 ? 1 : 2] & 010000000;
	return has(" openat2 creat ", name) ||
	       (has(" open openat ", name) && !path);
}

/* Some socket may exist whose peer is named at every send. */
static bool sends(const struct naive *n)
{
	return n->datagrams || n->udp || n->icmp ||
	       ((n->hosts || n->names) && named(n->allow, "socket"));
}

/* What the judge of a supervised run is asked. */
static bool asks(const struct naive *n, const char *name, const uint64_t *a)
{
	if (n->no_supervisor)
		return false;
	if (helps_netlink(n, name, a))
		return true;
	if (strcmp(name, "connect") == 0)
		return n->local || n->hosts || n->names || n->udp || n->icmp ||
		       n->remap;
	if (strcmp(name, "sendto") == 0)
		return sends(n) && a[4] != 0;
	if (strcmp(name, "sendmsg") == 0 || strcmp(name, "sendmmsg") == 0)
		return sends(n);
	if (strcmp(name, "bind") == 0 && (n->binds || n->udp || n->remap) &&
	    (uint32_t)a[2] > 2)
		return true;
	if (strcmp(name, "listen") == 0)
		return n->local || n->bind || n->binds || n->remap;
	if (has(" getsockname getpeername ", name))
		return n->remap;
	if (strcmp(name, "setsockopt") == 0)
		return n->remap && (uint32_t)a[1] == 1 &&
		       ((uint32_t)a[2] == 2 || (uint32_t)a[2] == 15);
	if (has(" fork vfork ", name))
		return n->counted;
	if (strcmp(name, "clone") == 0)
		return n->counted && !(a[0] & 0x10000);
	if (strcmp(name, "rt_sigaction") == 0)
		return n->counted && (uint32_t)a[0] == 17 && a[1];
	if (strcmp(name, "setpgid") == 0)
		return (uint32_t)a[1] != 0;
	if (strcmp(name, "ioctl") == 0)
		switch ((uint32_t)a[1]) {
		case 0x40086602: /* FS_IOC_SETFLAGS */
		case 0x40046602:
		case 0x40087602: /* FS_IOC_SETVERSION */
		case 0x40047602:
		case 0x40086604: /* of ext4 */
		case 0x401C5820: /* FS_IOC_FSSETXATTR */
			return true;
		default:
			return false;
		}
	return has(" chmod fchmod fchmodat fchmodat2 chown fchown lchown "
		   "fchownat utime utimes futimesat utimensat setxattr "
		   "lsetxattr fsetxattr setxattrat removexattr lremovexattr "
		   "fremovexattr removexattrat file_setattr "
		   "inotify_add_watch ",
		   name) ||
	       others(name, a) || touches(n, name, a) || opens(n, name, a);
}

static uint32_t do_others(const struct naive *n, const char *name,
			  const uint64_t *a)
{
	uint32_t low[6];

	for (int i = 0; i < 6; i++)
		low[i] = (uint32_t)a[i];
#define IS(call) (strcmp(name, call) == 0)
	if (IS("clone"))
		return low[0] & (0x7E020000 | 0x800000 | 0x8000) ? FAIL(EPERM)
								 : ALLOW;
	if (IS("prctl"))
		return low[0] == 4 || low[0] == 28 || low[0] == 35 ||
				       low[0] == 0x59616d61
			       ? FAIL(EPERM)
			       : ALLOW;
	if (IS("personality"))
		return n->no_supervisor || low[0] == 0 || low[0] == 0xffffffff
			       ? ALLOW
			       : FAIL(EPERM);
	if (IS("sendto") || IS("sendmmsg"))
		return low[3] & 0x20000000 ? FAIL(EOPNOTSUPP) : ALLOW;
	if (IS("sendmsg"))
		return low[2] & 0x20000000 ? FAIL(EOPNOTSUPP) : ALLOW;
	if (IS("fcntl"))
		return low[1] == 1040 || (low[1] == 1024 && low[2] != 2)
			       ? FAIL(EACCES)
			       : ALLOW;
	if (IS("setpriority") && low[0] != 0)
		return FAIL(EPERM);
	if (IS("ioprio_set") && low[0] != 1)
		return FAIL(EPERM);
	if (IS("vmsplice") && n->weighed)
		return FAIL(EPERM);
	if (IS("sched_setaffinity") && n->pinned)
		return FAIL(EPERM);
	/* Without a supervisor there is nobody to ask. */
	if (n->no_supervisor && !IS("sched_setaffinity"))
		return others(name, a) ? FAIL(EPERM) : ALLOW;
#undef IS
	return ALLOW;
}

static uint32_t by_name(const struct naive *n, const char *name,
			const uint64_t *a)
{
	if (strcmp(name, "clone3") == 0)
		return FAIL(ENOSYS);
	if (strcmp(name, "mq_open") == 0 || strcmp(name, "mq_unlink") == 0 ||
	    (strcmp(name, "listen") == 0 && !n->bind && !n->local &&
	     (!n->binds || n->no_supervisor)))
		return FAIL(EACCES);
	if (named(n->deny, name) || has(always, name))
		return FAIL(EPERM);
	if (!n->no_supervisor && has(supervised, name))
		return FAIL(EPERM);
	if (strcmp(name, "socket") == 0)
		return do_socket(n, (uint32_t)a[0], (uint32_t)a[1],
				 (uint32_t)a[2]);
	if (strcmp(name, "socketpair") == 0)
		return do_socketpair(n, (uint32_t)a[0], (uint32_t)a[1]);
	if (strcmp(name, "ioctl") == 0)
		return do_ioctl((uint32_t)a[1],
				named(n->deny, "file_setattr") &&
					strstr(n->deny, "metadata"));
	if (strcmp(name, "setsockopt") == 0)
		return do_setsockopt(n, (uint32_t)a[1], (uint32_t)a[2]);
	return do_others(n, name, a);
}

uint32_t naive_action(const struct naive *n, const struct sl_seccomp_data *data)
{
	const char *name;
	uint32_t action;
	int call;

	if (data->arch != (n->arch == SL_ARCH_X86_64 ? 0xC000003Eu : 0xC00000B7u))
		return KILL;
	if (n->arch == SL_ARCH_X86_64 && (data->nr & 0x40000000))
		return KILL;
	if (data->nr > 1023)
		return FAIL(ENOSYS);
	call = sl_sys_find_number((long)data->nr, n->arch);
	if (call < 0)
		return FAIL(ENOSYS);
	name = sl_sys_name((enum sl_sys)call);
	/* Allowed by name: not refused, and still asked about. */
	action = named(n->allow, name) ? ALLOW : by_name(n, name, data->args);
	return action == ALLOW && asks(n, name, data->args) ? TRAP : action;
}
