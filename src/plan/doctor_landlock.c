/* SPDX-License-Identifier: Apache-2.0 */
/* Judges of the rows of Landlock: is it there, its ABI, its room, its errata. */
#include "plan/doctor_row.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "plan/plan.h"

#define LANDLOCK_CALLS                                    \
	"landlock_create_ruleset, landlock_add_rule and " \
	"landlock_restrict_self"
#define DOMAINS_MAX 16

/* All domains are taken: Landlock itself is there. */
static bool is_full(const struct sl_row *r)
{
	const struct sl_trial *t = sl_row_trial(r, SL_TRIAL_DOMAIN);

	return t->tried == SL_TRY_RESTRICT && t->error == E2BIG;
}

/* The ABI, or 0 if there is no Landlock to be used. */
static int abi(const struct sl_row *r)
{
	if (!sl_row_worked(sl_row_trial(r, SL_TRIAL_LANDLOCK)) ||
	    !(sl_row_worked(sl_row_trial(r, SL_TRIAL_DOMAIN)) || is_full(r)))
		return 0;
	return (int)sl_row_trial(r, SL_TRIAL_LANDLOCK)->number;
}

/* Length of the module's name at *@at, which moves on to it; 0 at the end. */
static size_t next_module(const char **at)
{
	*at += strspn(*at, ",");
	return strcspn(*at, ",");
}

static bool is_module(const char *at, size_t len, const char *name)
{
	return len == strlen(name) && strncmp(at, name, len) == 0;
}

static bool has_module(const char *list, const char *name)
{
	for (size_t len; (len = next_module(&list)); list += len)
		if (is_module(list, len, name))
			return true;
	return false;
}

/* The boot parameter that adds Landlock to what there is. "capability" always
 * comes first, unasked. */
static void not_enabled(const struct sl_row *r)
{
	const char *list = r->host->modules;
	char lsm[sizeof(r->host->modules) + 16] = "landlock";
	size_t used = strlen(lsm);

	sl_row_detail(r->f, "built into this kernel, but not enabled at boot");
	if (!*list) {
		sl_row_remedy(r->f, "boot with lsm=landlock, followed by what "
				    "/sys/kernel/security/lsm lists now");
		return;
	}
	for (size_t len; (len = next_module(&list)); list += len)
		if (!is_module(list, len, "capability") &&
		    !is_module(list, len, "landlock"))
			used += (size_t)snprintf(lsm + used, sizeof(lsm) - used,
						 ",%.*s", (int)len, list);
	sl_row_remedy(r->f,
		      "boot with lsm=%s (GRUB: add it to GRUB_CMDLINE_LINUX in "
		      "/etc/default/grub, run update-grub, restart)",
		      lsm);
}

static void judge_landlock(const struct sl_row *r)
{
	const struct sl_trial *t = sl_row_trial(r, SL_TRIAL_LANDLOCK);
	const char *list = r->host->modules;

	r->f->number = t->number;
	r->f->needed = true;
	if (sl_row_worked(t) &&
	    sl_row_lacks_nnp(r, sl_row_trial(r, SL_TRIAL_DOMAIN)))
		return;
	if (abi(r)) {
		r->f->state = SL_FEATURE_PRESENT;
		sl_row_detail(r->f, "ABI %d", abi(r));
	} else if (sl_row_worked(t)) {
		sl_row_refused(r, sl_row_trial(r, SL_TRIAL_DOMAIN),
			       LANDLOCK_CALLS, 5, 13);
	} else if (t->error == EOPNOTSUPP) {
		not_enabled(r);
	} else if (t->error == ENOSYS && sl_row_kernel_has(r->host, 5, 13) &&
		   (r->host->seccomp_mode != SL_FILTERED ||
		    (*list && !has_module(list, "landlock")))) {
		sl_row_detail(r->f, "not built into this kernel");
		sl_row_remedy(r->f,
			      "a kernel built with CONFIG_SECURITY_LANDLOCK=y; "
			      "Linux 6.12 or newer has every protection");
	} else {
		sl_row_refused(r, t, LANDLOCK_CALLS, 5, 13);
		if (t->error == ENOSYS && !sl_row_kernel_has(r->host, 5, 13))
			sl_row_remedy(r->f,
				      "Linux 5.13 or newer; 6.12 or newer has "
				      "every protection");
	}
}

static bool lacks_abi(const struct sl_row *r, int wanted, const char *kernel)
{
	int have = abi(r);

	if (have >= wanted) {
		r->f->state = SL_FEATURE_PRESENT;
		return false;
	}
	if (!have) {
		sl_row_detail(r->f, "needs landlock");
		return true;
	}
	sl_row_detail(r->f, "needs ABI %d (Linux %s), this is ABI %d", wanted,
		      kernel, have);
	sl_row_remedy(r->f, "Linux %s or newer", kernel);
	return true;
}

static void judge_protection(const struct sl_row *r, enum sl_protection prot)
{
	const char *kernel;
	int wanted = sl_plan_protection_abi(prot, &kernel);

	r->f->needed = r->demand->protections & (1u << prot);
	r->f->protection = true;
	if (lacks_abi(r, wanted, kernel) && abi(r))
		sl_row_remedy(
			r->f,
			"Linux %s or newer; --allow-degraded %s goes without",
			kernel, sl_protection_name(prot));
}

static void judge_nesting(const struct sl_row *r)
{
	const struct sl_trial *t = sl_row_trial(r, SL_TRIAL_DOMAIN);
	unsigned int room = sl_row_worked(t) ? (unsigned int)t->number + 1 : 0;

	r->f->needed = true;
	r->f->number = room;
	if (lacks_abi(r, 1, "5.13"))
		return;
	sl_row_detail(r->f, "%u of %d domains are free", room, DOMAINS_MAX);
	if (room >= SL_MAX(r->demand->domains, 1u))
		return;
	r->f->state = SL_FEATURE_MISSING;
	sl_row_detail(r->f, "%u of %d domains are free, %u needed", room,
		      DOMAINS_MAX, r->demand->domains);
	sl_row_remedy(r->f, "start sandlock outside the sandboxes around it%s",
		      room ? ", or with --no-supervisor, which needs one domain"
			   : "");
}

/* The ABI from which on each known erratum has a meaning. */
static const int errata_abi[] = { 4, 6, 1 };

static void judge_errata(const struct sl_row *r)
{
	uint64_t mask = sl_row_trial(r, SL_TRIAL_LANDLOCK)->list[0];
	char open[32] = "";
	size_t used = 0;

	r->f->number = (int64_t)mask;
	if (lacks_abi(r, 1, "5.13"))
		return;
	for (size_t i = 0; i < SL_ARRAY_LEN(errata_abi); i++)
		if (abi(r) >= errata_abi[i] && !(mask & (1u << i)))
			used += (size_t)snprintf(open + used,
						 sizeof(open) - used, "%s%zu",
						 used ? ", " : "", i + 1);
	if (!used) {
		sl_row_detail(r->f, "all that are known of ABI %d", abi(r));
		return;
	}
	r->f->state = SL_FEATURE_LIMITED;
	sl_row_detail(
		r->f, "open: %s%s", open,
		mask & 4 ? ""
			 : " (a directory moved out of a bind mount may keep "
			   "rights)");
	sl_row_remedy(r->f, "a newer kernel of this distribution");
}

bool sl_row_landlock(const struct sl_row *r, enum sl_feature feature)
{
	static const struct {
		enum sl_feature feature;
		enum sl_protection prot;
	} protections[] = {
		{ SL_FEATURE_FS_REFER, SL_PROT_FS_REFER },
		{ SL_FEATURE_FS_TRUNCATE, SL_PROT_FS_TRUNCATE },
		{ SL_FEATURE_NET_TCP, SL_PROT_NET_TCP },
		{ SL_FEATURE_FS_IOCTL_DEV, SL_PROT_FS_IOCTL_DEV },
		{ SL_FEATURE_SIGNAL_SCOPE, SL_PROT_SIGNAL_SCOPE },
		{ SL_FEATURE_ABSTRACT_UNIX, SL_PROT_ABSTRACT_UNIX_SOCKET_SCOPE },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(protections); i++) {
		if (protections[i].feature != feature)
			continue;
		judge_protection(r, protections[i].prot);
		return true;
	}
	if (feature == SL_FEATURE_LANDLOCK)
		judge_landlock(r);
	else if (feature == SL_FEATURE_NESTING)
		judge_nesting(r);
	else if (feature == SL_FEATURE_ERRATA)
		judge_errata(r);
	else if (feature == SL_FEATURE_LOG)
		lacks_abi(r, 7, "6.15");
	else if (feature == SL_FEATURE_UNIX_RULES)
		lacks_abi(r, 9, "7.1");
	else if (feature == SL_FEATURE_UDP_RULES)
		lacks_abi(r, 10, "7.2");
	else
		return false;
	return true;
}
