/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/probe.h"
#include "sys/raw.h"
#include "sys/uapi.h"

void sl_probe(struct sl_probe *ret_probe)
{
	long abi = sl_raw3(SL_NR_landlock_create_ruleset, 0, 0,
			   SL_LL_CREATE_VERSION);
	long errata = sl_raw3(SL_NR_landlock_create_ruleset, 0, 0,
			      SL_LL_CREATE_ERRATA);

	*ret_probe = (struct sl_probe){ 0 };
	if (abi < 0) {
		ret_probe->landlock_errno = (int)-abi;
		return;
	}
	ret_probe->landlock_abi = (int)abi;
	if (errata > 0)
		ret_probe->landlock_errata = (int)errata;
}
