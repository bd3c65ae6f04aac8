/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a seccomp filter sees, may answer, and compares its arguments with.
 * Values of the kernel's ABI; those of the host's headers are asserted equal
 * in tests/bpf.
 */
#ifndef SL_SYS_UAPI_SECCOMP_H
#define SL_SYS_UAPI_SECCOMP_H

#include <stdint.h>

#define SL_AUDIT_ARCH_X86_64 0xC000003Eu
#define SL_AUDIT_ARCH_AARCH64 0xC00000B7u
#define SL_AUDIT_ARCH_I386 0x40000003u
#define SL_AUDIT_ARCH_ARM 0x40000028u
#define SL_X32_SYSCALL_BIT 0x40000000u

/* Of the listener, Linux 6.6; the flags go by value. */
#define SL_NOTIF_SET_FLAGS 0x40082104u
#define SL_NOTIF_SYNC_WAKE_UP 1ul

struct sl_seccomp_data {
	uint32_t nr;
	uint32_t arch;
	uint64_t instruction_pointer;
	uint64_t args[6];
};

#define SL_SECCOMP_KILL_PROCESS 0x80000000u
#define SL_SECCOMP_ERRNO 0x00050000u
#define SL_SECCOMP_ALLOW 0x7fff0000u
#define SL_SECCOMP_USER_NOTIF 0x7fc00000u
#define SL_SECCOMP_DATA 0x0000ffffu

/* open(2), the same on every architecture of ours */
#define SL_O_WRITES 01103u /* WRONLY, RDWR, CREAT, TRUNC; TMPFILE has one */
#define SL_O_PATH 010000000u

/* clone(2) */
#define SL_CLONE_NEW_ANY 0x7E020000u /* NEWTIME is of clone3 and unshare */
#define SL_CLONE_UNTRACED 0x00800000u
#define SL_CLONE_PARENT 0x00008000u
#define SL_CLONE_THREAD 0x00010000u
#define SL_SIGCHLD 17u

/* socket(2): the domain is compared whole, the type below its flags. */
#define SL_AF_UNIX 1u
#define SL_AF_INET 2u
#define SL_AF_INET6 10u
#define SL_AF_NETLINK 16u
#define SL_SOCK_TYPE_MASK 0xfu
#define SL_SOCK_STREAM 1u
#define SL_SOCK_DGRAM 2u
#define SL_SOCK_RAW 3u
#define SL_SOCK_SEQPACKET 5u
#define SL_SOCK_PACKET 10u
#define SL_IPPROTO_ICMP 1u
#define SL_IPPROTO_TCP 6u
#define SL_IPPROTO_UDP 17u
#define SL_IPPROTO_ICMPV6 58u
#define SL_NETLINK_ROUTE 0u
#define SL_NETLINK_ADDRESS 12u /* of a struct sockaddr_nl */
/* Where the sockets of netlink.h are put: 64 numbers, below the 1024 that a
 * process may have. */
#define SL_NETLINK_FD_MASK 0xffffffc0u
#define SL_NETLINK_FIRST_FD 960u
#define SL_MSG_FASTOPEN 0x20000000u

/* setsockopt(2): levels, then options */
#define SL_SOL_IP 0u
#define SL_SOL_SOCKET 1u
#define SL_SOL_TCP 6u
#define SL_SOL_IPV6 41u
#define SL_IP_OPTIONS 4u
#define SL_IP_FREEBIND 15u
#define SL_IP_TRANSPARENT 19u
#define SL_SO_REUSEADDR 2u
#define SL_SO_REUSEPORT 15u
#define SL_SO_BINDTODEVICE 25u
#define SL_SO_ZEROCOPY 60u
#define SL_IP_UNICAST_IF 50u
#define SL_IP_LOCAL_PORT_RANGE 51u
#define SL_IPV6_UNICAST_IF 76u
#define SL_SO_BINDTOIFINDEX 62u
#define SL_TCP_REPAIR 19u
#define SL_TCP_FASTOPEN_CONNECT 30u
#define SL_TCP_ULP 31u
#define SL_IPV6_ADDRFORM 1u
#define SL_IPV6_2292RTHDR 5u
#define SL_IPV6_2292PKTOPTIONS 6u
#define SL_IPV6_FLOWLABEL_MGR 32u
#define SL_IPV6_RTHDR 57u
#define SL_IPV6_TRANSPARENT 75u
#define SL_IPV6_FREEBIND 78u

/* ioctl(2) */
#define SL_TIOCSTI 0x5412u
#define SL_TIOCLINUX 0x541Cu
#define SL_TIOCEXCL 0x540Cu
#define SL_TIOCCONS 0x541Du
#define SL_TIOCSETD 0x5423u
/* 0x8900 to 0x89FF, all of sockets and interfaces, and 0x8B00 to 0x8BFF, of
 * wireless ones; up to 0x8907, and one more, they are about a socket itself. */
#define SL_SIOC_MASK 0xfffffd00u
#define SL_SIOC 0x8900u
#define SL_SIOC_OWN_MASK 0xfffffff8u
#define SL_SIOC_OWN 0x8900u /* SIOCSPGRP, SIOCATMARK, SIOCGSTAMP... */
#define SL_SIOCOUTQNSD 0x894Bu
#define SL_IOC_DIR_MASK 0xC0000000u
#define SL_IOC_DIR_READ 0x80000000u /* the kernel only writes to the caller */
#define SL_IOC_TYPE_MASK 0xff00u
#define SL_IOC_TYPE_BTRFS 0x9400u /* and, by history, FICLONE and its kin */
#define SL_FICLONE 0x40049409u
#define SL_FICLONERANGE 0x4020940Du
#define SL_FIDEDUPERANGE 0xC0189436u
#define SL_FS_IOC_SETFSLABEL 0x41009432u
#define SL_FS_IOC_ENABLE_VERITY 0x40806685u
#define SL_FS_IOC_SET_ENCRYPTION_POLICY 0x800C6613u
#define SL_FS_IOC_ADD_ENCRYPTION_KEY 0xC0506617u
#define SL_FS_IOC_REMOVE_ENCRYPTION_KEY 0xC0406618u
#define SL_FS_IOC_REMOVE_ENCRYPTION_KEY_ALL 0xC0406619u
#define SL_FAT_IOCTL_SET_ATTRIBUTES 0x40047211u
#define SL_FS_IOC_SETFLAGS 0x40086602u
#define SL_FS_IOC32_SETFLAGS 0x40046602u
#define SL_FS_IOC_SETVERSION 0x40087602u
#define SL_FS_IOC32_SETVERSION 0x40047602u
#define SL_EXT4_IOC_SETVERSION 0x40086604u
#define SL_FS_IOC_FSSETXATTR 0x401C5820u

/* fcntl(2) */
#define SL_F_SETLEASE 1024u
#define SL_F_SETDELEG 1040u /* Linux 6.19 */
#define SL_F_UNLCK 2u

/* prctl(2) */
#define SL_PR_SET_DUMPABLE 4u
#define SL_PR_SET_SECUREBITS 28u
#define SL_PR_SET_MM 35u
#define SL_PR_SET_PTRACER 0x59616d61u

#define SL_PERSONALITY_QUERY 0xffffffffu
#define SL_PRIO_PROCESS 0u
#define SL_IOPRIO_WHO_PROCESS 1u

#endif
