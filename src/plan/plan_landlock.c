/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy + Landlock ABI -> the masks and rules of both domains. Pure: no file
 * is opened, so whether a path exists is judged when the ruleset is built.
 *
 * This is the one place that degrades. Every right beyond ABI 1 belongs to a
 * row of `protections` (the user's to give up) or of `extras` (newer than the
 * protections, used where present); nothing else in the tree asks for an ABI.
 */
#include "plan/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "policy/netmake.h"
#include "policy/ports.h"
#include "sys/uapi.h"

#define FS_ABI1 ((1ULL << 13) - 1)
#define FS_READ (SL_LL_FS_EXECUTE | SL_LL_FS_READ_FILE | SL_LL_FS_READ_DIR)
/* Not MAKE_CHAR and MAKE_BLOCK: handled and never granted, so nobody makes a
 * device node, root with CAP_MKNOD included. */
#define FS_WRITE                                                        \
	(FS_READ | SL_LL_FS_WRITE_FILE | SL_LL_FS_REMOVE_DIR |          \
	 SL_LL_FS_REMOVE_FILE | SL_LL_FS_MAKE_DIR | SL_LL_FS_MAKE_REG | \
	 SL_LL_FS_MAKE_SOCK | SL_LL_FS_MAKE_FIFO | SL_LL_FS_MAKE_SYM |  \
	 SL_LL_FS_REFER | SL_LL_FS_TRUNCATE | SL_LL_FS_IOCTL_DEV |      \
	 SL_LL_FS_RESOLVE_UNIX)

struct feature {
	uint64_t fs, net, scoped;
	int abi;
	const char *kernel;
};

static const struct feature protections[SL_PROT_COUNT] = {
	[SL_PROT_FS_REFER] = { .fs = SL_LL_FS_REFER, .abi = 2, "5.19" },
	[SL_PROT_FS_TRUNCATE] = { .fs = SL_LL_FS_TRUNCATE, .abi = 3, "6.2" },
	[SL_PROT_NET_TCP] = { .net = SL_LL_NET_BIND_TCP | SL_LL_NET_CONNECT_TCP,
			      .abi = 4,
			      "6.7" },
	[SL_PROT_FS_IOCTL_DEV] = { .fs = SL_LL_FS_IOCTL_DEV, .abi = 5, "6.10" },
	[SL_PROT_SIGNAL_SCOPE] = { .scoped = SL_LL_SCOPE_SIGNAL, .abi = 6, "6.12" },
	[SL_PROT_ABSTRACT_UNIX_SOCKET_SCOPE] = { .scoped = SL_LL_SCOPE_ABSTRACT_UNIX,
						 .abi = 6,
						 "6.12" },
};

/* Without these rights the filter alone refuses the sockets they are about, so
 * their absence takes nothing away. */
static const struct feature extras[] = {
	{ .fs = SL_LL_FS_RESOLVE_UNIX, .abi = 9, "7.1" },
	{ .net = SL_LL_NET_BIND_UDP | SL_LL_NET_CONNECT_SEND_UDP, .abi = 10, "7.2" },
};

static const struct sl_item *listed(const struct sl_policy *policy,
				    enum sl_key key, enum sl_protection prot)
{
	const struct sl_value *value = sl_policy_get(policy, key);

	for (size_t i = 0; i < value->count; i++)
		if (value->items[i].num == (uint64_t)prot)
			return &value->items[i];
	return NULL;
}

bool sl_plan_demands(const struct sl_policy *policy, enum sl_protection prot)
{
	return !listed(policy, SL_KEY_DISABLE, prot) &&
	       !listed(policy, SL_KEY_ALLOW_DEGRADED, prot);
}

int sl_plan_protection_abi(enum sl_protection prot, const char **ret_kernel)
{
	*ret_kernel = protections[prot].kernel;
	return protections[prot].abi;
}

static int no_landlock(const struct sl_probe *probe, struct sl_error *err)
{
	if (probe->landlock_errno == EOPNOTSUPP)
		return sl_err(err, -EOPNOTSUPP, SL_STAGE_CHECK,
			      "this kernel has Landlock built in but not "
			      "enabled, and nothing can be confined without "
			      "it; hint: boot with 'landlock' in the lsm= "
			      "parameter (in front of what "
			      "/sys/kernel/security/lsm lists now)");
	if (probe->landlock_errno == ENOSYS)
		return sl_err(err, -EOPNOTSUPP, SL_STAGE_CHECK,
			      "this kernel has no Landlock, and nothing can be "
			      "confined without it; hint: Linux 5.13 or newer "
			      "built with CONFIG_SECURITY_LANDLOCK=y (6.12 or "
			      "newer has every protection)");
	errno = probe->landlock_errno;
	return sl_err(err, -EOPNOTSUPP, SL_STAGE_CHECK,
		      "asking this kernel for its Landlock version failed: "
		      "%m; hint: an outer sandbox or container may forbid "
		      "landlock_create_ruleset");
}

/* All that is missing in one message, and what would run here. */
static int missing(const bool lacks[SL_PROT_COUNT], int abi, struct sl_error *err)
{
	sl_autobuf names = SL_BUF_INIT(SL_ERROR_MSG_MAX);
	sl_autobuf flags = SL_BUF_INIT(SL_ERROR_MSG_MAX);

	for (enum sl_protection p = 0; p < SL_PROT_COUNT; p++) {
		if (!lacks[p])
			continue;
		sl_buf_addf(&names, "%s%s (needs ABI %d, Linux %s)",
			    names.len ? ", " : "", sl_protection_name(p),
			    protections[p].abi, protections[p].kernel);
		sl_buf_addf(&flags, "%s--allow-degraded %s",
			    flags.len ? " " : "", sl_protection_name(p));
	}
	if (names.failed || flags.failed)
		return sl_err(err, -ENOMEM, SL_STAGE_CHECK, "out of memory");
	return sl_err(err, -EOPNOTSUPP, SL_STAGE_CHECK,
		      "this kernel has Landlock ABI %d, which cannot enforce "
		      "%s; hint: to run here without: %s",
		      abi, names.data, flags.data);
}

static void handle(struct sl_plan_landlock *ll, const struct feature *feature)
{
	ll->handled_fs |= feature->fs;
	ll->handled_net |= feature->net;
	ll->scoped |= feature->scoped;
}

static int compile_masks(const struct sl_policy *policy, int abi,
			 struct sl_plan_landlock *ll, struct sl_error *err)
{
	bool lacks[SL_PROT_COUNT] = { false };
	bool any = false;

	/* An unhandled REFER is still refused by the kernel: switching it off
	 * would take rights away, the opposite of what was asked for. */
	if (listed(policy, SL_KEY_DISABLE, SL_PROT_FS_REFER))
		return sl_err(err, -EINVAL, SL_STAGE_CHECK,
			      "fs-refer cannot be disabled: without it the "
			      "kernel refuses every rename and link across "
			      "directories; hint: --allow-degraded fs-refer "
			      "runs on kernels that lack it");

	ll->handled_fs = FS_ABI1;
	for (enum sl_protection p = 0; p < SL_PROT_COUNT; p++) {
		if (listed(policy, SL_KEY_DISABLE, p))
			continue;
		if (abi >= protections[p].abi)
			handle(ll, &protections[p]);
		else if (sl_plan_demands(policy, p))
			any = lacks[p] = true;
	}
	if (any)
		return missing(lacks, abi, err);
	for (size_t i = 0; i < SL_ARRAY_LEN(extras); i++)
		if (abi >= extras[i].abi)
			handle(ll, &extras[i]);

	ll->abstract_settled = (ll->scoped & SL_LL_SCOPE_ABSTRACT_UNIX) ||
			       listed(policy, SL_KEY_DISABLE,
				      SL_PROT_ABSTRACT_UNIX_SOCKET_SCOPE);

	/* The border exists for its signal scope, and for being a domain of
	 * its own: the kernel lets nobody inspect a process in the domain
	 * above. A domain that handles no file right still refuses REFER, so it
	 * handles REFER and the ruleset grants it on "/"; before ABI 2 it
	 * handles what no grant gives anyway. */
	ll->border_scoped = ll->scoped & SL_LL_SCOPE_SIGNAL;
	ll->border_fs = ll->handled_fs & SL_LL_FS_REFER;
	ll->border_refer = ll->border_fs != 0;
	if (!ll->border_refer)
		ll->border_fs = SL_LL_FS_MAKE_BLOCK;
	return 0;
}

/* Files */

static void add_path(struct sl_plan_landlock *ll, struct sl_plan_path path)
{
	path.access &= ll->handled_fs;
	ll->paths[ll->path_count++] = path;
}

static void add_list(const struct sl_policy *policy, enum sl_key key,
		     uint64_t access, struct sl_plan_landlock *ll)
{
	const struct sl_value *value = sl_policy_get(policy, key);

	for (size_t i = 0; i < value->count; i++)
		add_path(ll, (struct sl_plan_path){
				     .path = value->items[i].text,
				     .access = access,
				     .optional = value->items[i].optional,
				     .unix_only = key == SL_KEY_ALLOW_UNIX,
				     .item = &value->items[i],
			     });
}

/* Constant text, because a plan owns no paths and may not list /dev. */
#define GPU_ROW(tens)                                           \
	"/dev/nvidia" tens "0", "/dev/nvidia" tens "1",         \
		"/dev/nvidia" tens "2", "/dev/nvidia" tens "3", \
		"/dev/nvidia" tens "4", "/dev/nvidia" tens "5", \
		"/dev/nvidia" tens "6", "/dev/nvidia" tens "7", \
		"/dev/nvidia" tens "8", "/dev/nvidia" tens "9"

static const char *const gpu_nodes[] = { GPU_ROW(""), GPU_ROW("1"),
					 GPU_ROW("2"), GPU_ROW("3") };
static const char *const gpu_write[] = { "/dev/nvidiactl", "/dev/nvidia-uvm",
					 "/dev/nvidia-uvm-tools" };
static const char *const gpu_read[] = { "/proc/driver/nvidia",
					"/sys/bus/pci/devices",
					"/sys/module/nvidia" };
#define GPU_PATHS                                           \
	(SL_ARRAY_LEN(gpu_write) + SL_ARRAY_LEN(gpu_read) + \
	 SL_ARRAY_LEN(gpu_nodes) + 1)

static void add_gpu_path(struct sl_plan_landlock *ll, const char *path,
			 uint64_t access)
{
	add_path(ll, (struct sl_plan_path){
			     .path = path, .access = access, .optional = true });
}

static int add_gpus(const struct sl_policy *policy, struct sl_plan_landlock *ll,
		    struct sl_error *err)
{
	const struct sl_value *gpus = sl_policy_get(policy, SL_KEY_GPU);
	bool all = false;

	if (!gpus->set)
		return 0;
	for (size_t i = 0; i < SL_ARRAY_LEN(gpu_write); i++)
		add_gpu_path(ll, gpu_write[i], FS_WRITE);
	for (size_t i = 0; i < SL_ARRAY_LEN(gpu_read); i++)
		add_gpu_path(ll, gpu_read[i], FS_READ);
	for (size_t i = 0; i < gpus->count; i++)
		all |= strcmp(gpus->items[i].text, "all") == 0;
	all |= gpus->count == 0;
	if (all) {
		/* Never for a list of indexes: this one directory holds every
		 * card. */
		add_gpu_path(ll, "/dev/dri", FS_WRITE);
		for (size_t i = 0; i < SL_ARRAY_LEN(gpu_nodes); i++)
			add_gpu_path(ll, gpu_nodes[i], FS_WRITE);
		return 0;
	}
	for (size_t i = 0; i < gpus->count; i++) {
		uint64_t index = gpus->items[i].num;

		if (index >= SL_ARRAY_LEN(gpu_nodes))
			return sl_err(err, -EINVAL, SL_STAGE_CHECK,
				      "--gpu: there is no GPU %llu; hint: the "
				      "last index is %zu",
				      (unsigned long long)index,
				      SL_ARRAY_LEN(gpu_nodes) - 1);
		/* Asked for by number: a missing one is the user's error. */
		add_path(ll, (struct sl_plan_path){ .path = gpu_nodes[index],
						    .access = FS_WRITE,
						    .item = &gpus->items[i] });
	}
	return 0;
}

static int compile_paths(const struct sl_policy *policy,
			 struct sl_plan_landlock *ll, struct sl_error *err)
{
	size_t max = sl_policy_get(policy, SL_KEY_FS_READ)->count +
		     sl_policy_get(policy, SL_KEY_FS_WRITE)->count +
		     sl_policy_get(policy, SL_KEY_ALLOW_UNIX)->count +
		     sl_policy_get(policy, SL_KEY_GPU)->count + GPU_PATHS;

	ll->paths = calloc(max, sizeof(*ll->paths));
	if (!ll->paths)
		return sl_err(err, -ENOMEM, SL_STAGE_COMPILE, "out of memory");
	add_list(policy, SL_KEY_FS_READ, FS_READ, ll);
	add_list(policy, SL_KEY_FS_WRITE, FS_WRITE, ll);
	/* KERNEL 7.1: before it the judge alone knows of these. */
	add_list(policy, SL_KEY_ALLOW_UNIX, SL_LL_FS_RESOLVE_UNIX, ll);
	return add_gpus(policy, ll, err);
}

/* TCP ports */

static uint64_t port_access(const struct sl_plan_landlock *ll,
			    const struct sl_portset *connect,
			    const struct sl_portset *bind, uint16_t port)
{
	uint64_t access = 0;

	if (sl_portset_has(connect, port))
		access |= SL_LL_NET_CONNECT_TCP;
	if (sl_portset_has(bind, port))
		access |= SL_LL_NET_BIND_TCP;
	return access & (ll->handled_net | ll->border_net);
}

static int compile_ports(const struct sl_policy *policy,
			 struct sl_plan_landlock *ll, struct sl_error *err)
{
	struct sl_portset connect = { 0 }, bind = { 0 };
	struct sl_net_need need;
	size_t count = 0;
	int r;

	r = sl_net_need(policy, &need, err);
	if (r < 0)
		return r;
	/* KERNEL 7.2: rules of UDP are the judge's. */
	if (need.protos & SL_NET_UDP)
		ll->handled_net &= ~(SL_LL_NET_BIND_UDP |
				     SL_LL_NET_CONNECT_SEND_UDP);
	r = sl_ports_connect(policy, &connect,
			     need.judged || need.remap ? NULL : err);
	/* Too many for the kernel: the judge knows them all. */
	connect.all |= r == -E2BIG && (need.judged || need.remap);
	if (r < 0 && !connect.all)
		return r;
	r = sl_ports_bind(policy, &bind, need.binds ? NULL : err);
	bind.all |= need.binds;
	if (r < 0 && !bind.all)
		return r;
	if (connect.all)
		ll->handled_net &= ~SL_LL_NET_CONNECT_TCP;
	if (bind.all)
		ll->handled_net &= ~SL_LL_NET_BIND_TCP;
	if (need.remap) {
		ll->border_net = ll->handled_net &
				 (SL_LL_NET_BIND_TCP | SL_LL_NET_CONNECT_TCP);
		ll->handled_net &= ~ll->border_net;
	}

	/* Nearly every start: no rule at all. */
	if ((connect.all || connect.none) && (bind.all || bind.none))
		return 0;
	for (unsigned int port = 0; port <= UINT16_MAX; port++)
		count += port_access(ll, &connect, &bind, (uint16_t)port) != 0;
	if (count == 0)
		return 0;
	ll->ports = calloc(count, sizeof(*ll->ports));
	if (!ll->ports)
		return sl_err(err, -ENOMEM, SL_STAGE_COMPILE, "out of memory");
	for (unsigned int port = 0; port <= UINT16_MAX; port++) {
		uint64_t access = port_access(ll, &connect, &bind,
					      (uint16_t)port);

		if (access)
			ll->ports[ll->port_count++] = (struct sl_plan_port){
				.port = (uint16_t)port, .access = access
			};
	}
	return 0;
}

void sl_plan_landlock_fini(struct sl_plan_landlock *ll)
{
	free(ll->paths);
	free(ll->ports);
	*ll = (struct sl_plan_landlock){ 0 };
}

int sl_plan_compile_landlock(const struct sl_policy *policy,
			     const struct sl_probe *probe,
			     struct sl_plan_landlock *ret_ll,
			     struct sl_error *err)
{
	struct sl_plan_landlock ll = { 0 };
	int r;

	if (probe->landlock_abi < 1)
		return no_landlock(probe, err);
	r = compile_masks(policy, probe->landlock_abi, &ll, err);
	if (r >= 0)
		r = compile_paths(policy, &ll, err);
	if (r >= 0)
		r = compile_ports(policy, &ll, err);
	if (r < 0) {
		sl_plan_landlock_fini(&ll);
		return r;
	}
	ll.read_access = FS_READ & ll.handled_fs;
	ll.write_access = FS_WRITE & ll.handled_fs;
	*ret_ll = ll;
	return 0;
}
