/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function per row of notify.def: the whole call, from its registers to its
 * result. A row without its function does not link.
 */
#ifndef SL_SUPERVISE_HANDLERS_H
#define SL_SUPERVISE_HANDLERS_H

#include "supervise/call.h"

/* h_meta.c */
struct sl_answer sl_h_chmod(struct sl_call *call);
struct sl_answer sl_h_fchmod(struct sl_call *call);
struct sl_answer sl_h_fchmodat(struct sl_call *call);
struct sl_answer sl_h_fchmodat2(struct sl_call *call);
struct sl_answer sl_h_chown(struct sl_call *call);
struct sl_answer sl_h_fchown(struct sl_call *call);
struct sl_answer sl_h_lchown(struct sl_call *call);
struct sl_answer sl_h_fchownat(struct sl_call *call);
struct sl_answer sl_h_utime(struct sl_call *call);
struct sl_answer sl_h_utimes(struct sl_call *call);
struct sl_answer sl_h_futimesat(struct sl_call *call);
struct sl_answer sl_h_utimensat(struct sl_call *call);

/* h_xattr.c */
struct sl_answer sl_h_setxattr(struct sl_call *call);
struct sl_answer sl_h_lsetxattr(struct sl_call *call);
struct sl_answer sl_h_fsetxattr(struct sl_call *call);
struct sl_answer sl_h_setxattrat(struct sl_call *call);
struct sl_answer sl_h_removexattr(struct sl_call *call);
struct sl_answer sl_h_lremovexattr(struct sl_call *call);
struct sl_answer sl_h_fremovexattr(struct sl_call *call);
struct sl_answer sl_h_removexattrat(struct sl_call *call);
struct sl_answer sl_h_file_setattr(struct sl_call *call);

/* h_ioctl.c */
struct sl_answer sl_h_ioctl(struct sl_call *call);

/* h_bind.c: the refusal is told; the errno is the caller's to answer. */
void sl_bind_refused(struct sl_call *call, int family, bool udp, uint16_t port);

/* h_watch.c */
struct sl_answer sl_h_inotify_add_watch(struct sl_call *call);

/* h_why.c, h_why_names.c, h_why_net.c: observers, which let every call run */
struct sl_answer sl_h_why_open(struct sl_call *call);
struct sl_answer sl_h_why_openat(struct sl_call *call);
struct sl_answer sl_h_why_openat2(struct sl_call *call);
struct sl_answer sl_h_why_creat(struct sl_call *call);
struct sl_answer sl_h_why_truncate(struct sl_call *call);
struct sl_answer sl_h_why_execve(struct sl_call *call);
struct sl_answer sl_h_why_execveat(struct sl_call *call);
struct sl_answer sl_h_why_mkdir(struct sl_call *call);
struct sl_answer sl_h_why_mkdirat(struct sl_call *call);
struct sl_answer sl_h_why_mknod(struct sl_call *call);
struct sl_answer sl_h_why_mknodat(struct sl_call *call);
struct sl_answer sl_h_why_symlink(struct sl_call *call);
struct sl_answer sl_h_why_symlinkat(struct sl_call *call);
struct sl_answer sl_h_why_link(struct sl_call *call);
struct sl_answer sl_h_why_linkat(struct sl_call *call);
struct sl_answer sl_h_why_unlink(struct sl_call *call);
struct sl_answer sl_h_why_unlinkat(struct sl_call *call);
struct sl_answer sl_h_why_rmdir(struct sl_call *call);
struct sl_answer sl_h_why_rename(struct sl_call *call);
struct sl_answer sl_h_why_renameat(struct sl_call *call);
struct sl_answer sl_h_why_renameat2(struct sl_call *call);
struct sl_answer sl_h_why_connect(struct sl_call *call);
struct sl_answer sl_h_why_bind(struct sl_call *call);
struct sl_answer sl_h_why_kill(struct sl_call *call);
struct sl_answer sl_h_why_tkill(struct sl_call *call);
struct sl_answer sl_h_why_tgkill(struct sl_call *call);

/* h_task.c */
struct sl_answer sl_h_prlimit64(struct sl_call *call);
struct sl_answer sl_h_setpriority(struct sl_call *call);
struct sl_answer sl_h_ioprio_set(struct sl_call *call);
struct sl_answer sl_h_sched_setparam(struct sl_call *call);
struct sl_answer sl_h_sched_setscheduler(struct sl_call *call);
struct sl_answer sl_h_sched_setattr(struct sl_call *call);
struct sl_answer sl_h_sched_setaffinity(struct sl_call *call);
struct sl_answer sl_h_setpgid(struct sl_call *call);

/* h_fork.c */
struct sl_answer sl_h_fork(struct sl_call *call);
struct sl_answer sl_h_sigaction(struct sl_call *call);

/* h_connect.c */
struct sl_answer sl_h_connect(struct sl_call *call);
struct sl_answer sl_h_listen(struct sl_call *call);

/* h_port.c */
struct sl_answer sl_h_getsockname(struct sl_call *call);
struct sl_answer sl_h_getpeername(struct sl_call *call);
struct sl_answer sl_h_setsockopt(struct sl_call *call);

/* h_send.c */
struct sl_answer sl_h_sendto(struct sl_call *call);
struct sl_answer sl_h_sendmsg(struct sl_call *call);
struct sl_answer sl_h_sendmmsg(struct sl_call *call);

/* h_netlink.c */
struct sl_answer sl_h_netlink(struct sl_call *call);
struct sl_answer sl_h_netlink_bind(struct sl_call *call);
struct sl_answer sl_h_netlink_connect(struct sl_call *call);
struct sl_answer sl_h_netlink_name(struct sl_call *call);
struct sl_answer sl_h_netlink_send(struct sl_call *call);

/* h_open.c */
struct sl_answer sl_h_open(struct sl_call *call);
struct sl_answer sl_h_openat(struct sl_call *call);
struct sl_answer sl_h_openat2(struct sl_call *call);
struct sl_answer sl_h_creat(struct sl_call *call);
struct sl_answer sl_h_truncate(struct sl_call *call);

/* h_name.c */
struct sl_answer sl_h_mkdir(struct sl_call *call);
struct sl_answer sl_h_mkdirat(struct sl_call *call);
struct sl_answer sl_h_mknod(struct sl_call *call);
struct sl_answer sl_h_mknodat(struct sl_call *call);
struct sl_answer sl_h_symlink(struct sl_call *call);
struct sl_answer sl_h_symlinkat(struct sl_call *call);
struct sl_answer sl_h_link(struct sl_call *call);
struct sl_answer sl_h_linkat(struct sl_call *call);
struct sl_answer sl_h_unlink(struct sl_call *call);
struct sl_answer sl_h_unlinkat(struct sl_call *call);
struct sl_answer sl_h_rmdir(struct sl_call *call);

/* h_rename.c */
struct sl_answer sl_h_rename(struct sl_call *call);
struct sl_answer sl_h_renameat(struct sl_call *call);
struct sl_answer sl_h_renameat2(struct sl_call *call);

/* h_bind.c */
struct sl_answer sl_h_bind(struct sl_call *call);

/* h_exec.c */
struct sl_answer sl_h_execve(struct sl_call *call);
struct sl_answer sl_h_execveat(struct sl_call *call);

#endif
