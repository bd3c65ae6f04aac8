/* SPDX-License-Identifier: Apache-2.0 */
/* What this kernel offers. */
#ifndef SL_SYS_PROBE_H
#define SL_SYS_PROBE_H

struct sl_probe {
	int landlock_abi; /* 0: no Landlock; negative errno why in landlock_errno */
	int landlock_errno; /* 0, ENOSYS (not built in) or EOPNOTSUPP (not enabled) */
	int landlock_errata; /* bit mask, 0 before ABI 7 */
};

/* Cheap (two system calls). */
void sl_probe(struct sl_probe *ret_probe);

#endif
