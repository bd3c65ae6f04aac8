/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything of a start that can be done before anything is started: so that
 * what can fail fails here, with a message, and nothing has run.
 */
#include "run/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "base/buf.h"
#include "base/limits.h"
#include "plan/filter.h"
#include "policy/value.h"
#include "run/command.h"
#include "run/limits.h"
#include "run/names.h"
#include "run/procnet.h"
#include "run/recipe.h"
#include "run/resolve.h"
#include "run/ruleset.h"
#include "run/siblings.h"
#include "sys/landlock.h"
#include "sys/uapi.h"

#define DATA_SPARE (1ull << 30)
#define STACK_LEAST (8u << 20)

static int out_of_memory(struct sl_error *err)
{
	return sl_err(err, -ENOMEM, SL_STAGE_SPAWN, "out of memory");
}

/* Grants of our own, next to the user's; they may have vanished meanwhile. */
static int grant(struct sl_policy *policy, enum sl_key key, const char *path,
		 const char *why, struct sl_error *err)
{
	struct sl_origin origin = { .kind = SL_ORIGIN_OWN, .source = why };
	sl_autobuf text = SL_BUF_INIT(SL_MAX_VALUE_BYTES);

	if (sl_buf_addf(&text, "?%s", path) < 0)
		return out_of_memory(err);
	return sl_policy_set(policy, key, text.data, &origin, err);
}

/* Nobody would be left to remove it. */
bool sl_prepare_has_tmp(const struct sl_policy *policy)
{
	return sl_policy_bool(policy, SL_KEY_PRIVATE_TMP) &&
	       !sl_policy_bool(policy, SL_KEY_NO_SUPERVISOR);
}

static int make_tmp(struct sl_prepared *p, struct sl_error *err)
{
	struct sl_tmpdir dir = SL_TMPDIR_INIT;
	int r;

	if (!sl_prepare_has_tmp(p->policy))
		return 0;
	r = sl_tmpdir_make(&dir, err);
	if (r < 0)
		return r;
	p->tmp_dir = dir.path;
	snprintf(p->tmp_name, sizeof(p->tmp_name), "%s", dir.name);
	p->launch.tmp_name = p->tmp_name;
	p->launch.fds[SL_FD_TMP_RUN] = dir.run_fd;
	p->launch.fds[SL_FD_TMP_BASE] = dir.base_fd;
	return 0;
}

/*
 * SECURITY: by descriptor, since the name lies below /tmp, where others of the
 * same user can put another directory in its place.
 */
static int grant_tmp(const struct sl_prepared *p, struct sl_error *err)
{
	const struct sl_launch *l = &p->launch;
	int r;

	if (!l->tmp_name)
		return 0;
	r = sl_ll_add_path(l->fds[SL_FD_POLICY], l->fds[SL_FD_TMP_RUN],
			   p->plan->landlock.write_access);
	if (r < 0)
		return sl_err(err, r, SL_STAGE_SPAWN,
			      "cannot grant the private temporary directory "
			      "'%s': %s",
			      p->tmp_dir, strerror(-r));
	return 0;
}

static struct sl_root root_of(const struct sl_plan_path *path,
			      const struct sl_grant *grant)
{
	struct sl_root root = { .path = path->path,
				.fd = grant->fd,
				.mode = grant->mode,
				.dev = grant->dev,
				.ino = grant->ino };

	if (grant->access & (SL_LL_FS_READ_FILE | SL_LL_FS_READ_DIR))
		root.rights |= SL_RIGHT_READ;
	if (grant->access & SL_LL_FS_WRITE_FILE)
		root.rights |= SL_RIGHT_WRITE;
	if (path->unix_only)
		root.rights |= SL_RIGHT_UNIX;
	return root;
}

/* What the judge has to know of the grants: for calls Landlock says nothing
 * about. */
static int fill_roots(struct sl_prepared *p, struct sl_error *err)
{
	const struct sl_plan_landlock *ll = &p->plan->landlock;
	struct sl_launch *l = &p->launch;
	struct stat st;

	p->roots = calloc(ll->path_count + 1, sizeof(*p->roots));
	if (!p->roots)
		return out_of_memory(err);
	for (size_t i = 0; i < ll->path_count; i++) {
		if (!p->grants[i].made)
			continue;
		p->roots[l->root_count++] = root_of(&ll->paths[i], &p->grants[i]);
		p->grants[i].fd = -1;
	}
	l->roots = p->roots;
	if (l->tmp_name) {
		if (fstat(l->fds[SL_FD_TMP_RUN], &st) < 0)
			return sl_err(err, -errno, SL_STAGE_SPAWN,
				      "cannot look at '%s': %m", p->tmp_dir);
		p->roots[l->root_count++] = (struct sl_root){
			.path = p->tmp_dir,
			.fd = fcntl(l->fds[SL_FD_TMP_RUN], F_DUPFD_CLOEXEC, 3),
			.rights = SL_RIGHT_READ | SL_RIGHT_WRITE,
			.mode = st.st_mode,
			.dev = st.st_dev,
			.ino = st.st_ino,
		};
	}
	return 0;
}

static void fill_filter(struct sl_launch *l, const struct sl_plan_filter *filter)
{
	l->insns = filter->insns;
	l->insn_count = (uint32_t)filter->count;
	l->when = filter->when;
	memcpy(l->list, filter->list, sizeof(l->list));
	if (filter->traps)
		l->flags |= SL_LAUNCH_JUDGED;
	if (filter->when & (SL_WHEN_DENIES | SL_WHEN_WHY))
		l->flags |= SL_LAUNCH_TRAPS_EXEC;
	if (filter->traps && filter->hinders)
		l->flags |= SL_LAUNCH_FORK;
}

static int open_cwd(struct sl_prepared *p, const char *own, struct sl_error *err)
{
	const char *cwd = own ? own : sl_policy_str(p->policy, SL_KEY_CWD);
	const char *who = own ? "options.cwd" : "--cwd";
	int fd;

	if (!cwd)
		return 0;
	fd = open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return sl_err(err, -errno, SL_STAGE_SPAWN,
			      "%s: cannot change to '%s': %s", who, cwd,
			      strerror(errno));
	p->launch.fds[SL_FD_CWD] = fd;
	/* The command is looked up from there, and found again from there. */
	p->cwd = realpath(cwd, NULL);
	if (!p->cwd)
		return sl_err(err, -errno, SL_STAGE_SPAWN,
			      "%s: cannot follow '%s': %s", who, cwd,
			      strerror(errno));
	return 0;
}

static int find_command(struct sl_prepared *p, const char *const *argv,
			struct sl_error *err)
{
	const char *path_env = sl_env_get((const char *const *)p->envp, "PATH");
	struct sl_command command = { 0 };
	size_t argc = 0;
	int r;

	r = sl_command_resolve(argv[0], path_env, p->cwd, &command, err);
	if (r < 0)
		return r;
	p->path = sl_take_ptr(&command.path);
	for (size_t i = 0; r == 0 && i < command.grant_count; i++)
		if (sl_policy_bool(p->policy, SL_KEY_COMMAND))
			r = grant(p->policy, SL_KEY_FS_READ, command.grants[i],
				  "the command", err);
	sl_command_fini(&command);
	if (r < 0)
		return r;
	while (argv[argc])
		argc++;
	p->argv_shell = calloc(argc + 2, sizeof(*p->argv_shell));
	if (!p->argv_shell)
		return out_of_memory(err);
	p->argv_shell[0] = "/bin/sh";
	p->argv_shell[1] = p->path;
	for (size_t i = 1; i < argc; i++)
		p->argv_shell[i + 1] = argv[i];
	p->launch.path = p->path;
	p->launch.argv = argv;
	p->launch.argv_shell = p->argv_shell;
	return 0;
}

static uint64_t memory_limit(const struct sl_policy *policy)
{
	uint64_t max = sl_policy_num(policy, SL_KEY_MEMORY, 0);
	struct sysinfo host;

	if (!(max & SL_VALUE_PERCENT))
		return max;
	if (sysinfo(&host) < 0)
		return 0; /* cannot happen */
	return (uint64_t)host.totalram * host.mem_unit / 100 *
	       (max & ~SL_VALUE_PERCENT);
}

/*
 * What bounds each process between two looks at all of them
 * (supervise/warden.h): private memory that may be written, touched or not, of
 * which a program with many threads has more than it uses; and the stack. Not
 * where a preset wished for the limit: what a sanitizer that is built in (as by
 * go test -race) reserves is terabytes.
 */
static void fill_limits(struct sl_launch *l, const struct sl_policy *policy)
{
	const struct sl_value *value = sl_policy_get(policy, SL_KEY_MEMORY);
	uint64_t max = memory_limit(policy);

	if (!(l->flags & SL_LAUNCH_JUDGED))
		return; /* nobody is there to look */
	l->max_processes = (uint32_t)sl_policy_num(policy, SL_KEY_PROCESSES, 0);
	l->cpu_percent = (uint32_t)sl_policy_num(policy, SL_KEY_CPU, 0);
	l->max_memory = max;
	if (!max || value->items[0].origin.kind == SL_ORIGIN_PRESET)
		return;
	l->data_max = SL_MIN(max, (uint64_t)INT64_MAX / 4) * 2 + DATA_SPARE;
	l->stack_max = SL_MAX(max, (uint64_t)STACK_LEAST);
}

static void fill_attributes(struct sl_launch *l, const struct sl_policy *policy)
{
	const struct sl_value *cpus = sl_policy_get(policy, SL_KEY_CPU_CORES);
	uint64_t user = sl_policy_num(policy, SL_KEY_USER, 0);

	if (sl_policy_bool(policy, SL_KEY_NO_COREDUMP))
		l->flags |= SL_LAUNCH_NO_COREDUMP;
	if (sl_policy_bool(policy, SL_KEY_NO_RANDOMIZE_MEMORY))
		l->flags |= SL_LAUNCH_NO_ASLR;
	if (sl_policy_bool(policy, SL_KEY_NO_HUGE_PAGES))
		l->flags |= SL_LAUNCH_NO_THP | SL_LAUNCH_FORK;
	if (sl_policy_get(policy, SL_KEY_USER)->set) {
		l->uid = (uint32_t)(user >> 32);
		l->gid = (uint32_t)user;
		/* No namespace where it would change nothing. */
		if (l->uid != geteuid() || l->gid != getegid())
			l->flags |= SL_LAUNCH_USER | SL_LAUNCH_FORK;
	}
	for (size_t i = 0; i < cpus->count; i++) {
		uint64_t cpu = cpus->items[i].num;

		l->flags |= SL_LAUNCH_CPUS;
		l->cpus[cpu / 64] |= 1ull << (cpu % 64);
	}
	l->timeout_ns = sl_policy_num(policy, SL_KEY_TIMEOUT, 0);
	l->kill_after_ns = sl_policy_num(policy, SL_KEY_KILL_AFTER, 0);
	l->nofile = sl_policy_num(policy, SL_KEY_OPEN_FILES, 0);
	fill_limits(l, policy);
}

/* Above the standard streams, which are put in place before most of these are
 * used: a caller may have closed its own. */
static int lift_fds(struct sl_launch *l, struct sl_error *err)
{
	for (int i = SL_FD_POLICY; i < SL_FD_COUNT; i++) {
		int fd = l->fds[i];

		if (fd < 0 || fd > 2)
			continue;
		l->fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		close(fd);
		if (l->fds[i] < 0)
			return sl_err(err, -errno, SL_STAGE_SPAWN,
				      "cannot prepare descriptors: %s",
				      strerror(errno));
	}
	return 0;
}

static void forget_grants(struct sl_prepared *p)
{
	for (size_t i = 0; p->grants && i < p->plan->landlock.path_count; i++) {
		sl_cleanup_close(&p->grants[i].fd);
		p->grants[i].fd = -1;
	}
}

static int build_rulesets(struct sl_prepared *p, int abi, bool hold,
			  struct sl_siblings *siblings, struct sl_error *err)
{
	int *fds = p->launch.fds;

	return sl_ruleset_build_noted(&p->plan->landlock, abi, p->grants, hold,
				      siblings, &fds[SL_FD_POLICY],
				      &fds[SL_FD_BORDER], err);
}

/* Denies go to Landlock where they can. Whether they can comes out while the
 * grants are opened; if not, all is done anew. */
static int make_rulesets(struct sl_prepared *p, int abi, bool hold,
			 struct sl_error *err)
{
	SL_AUTO(sl_siblings) siblings = NULL;
	int *fds = p->launch.fds;
	int r = 0;

	if (p->plan->filter.when & SL_WHEN_DENIES)
		r = sl_siblings_new(&p->carves, &p->plan->landlock,
				    fds[SL_FD_CWD] < 0 ? AT_FDCWD
						       : fds[SL_FD_CWD],
				    &siblings);
	if (r < 0)
		return out_of_memory(err);
	r = build_rulesets(p, abi, hold, siblings, err);
	if (r < 0 || !siblings)
		return r;
	if (!sl_siblings_gave_up(siblings)) {
		p->denies_by_landlock = true;
		return sl_plan_spare_denies(p->plan, err);
	}
	forget_grants(p);
	for (int i = SL_FD_POLICY; i <= SL_FD_BORDER; i++) {
		close(fds[i]);
		fds[i] = -1;
	}
	return build_rulesets(p, abi, hold, NULL, err);
}

/* What may take longest of all, and fails for reasons outside: so behind what
 * fails for reasons of the policy. */
static int resolve_names(struct sl_prepared *p,
			 const struct sl_request *request, struct sl_error *err)
{
	sl_autobuf text = SL_BUF_INIT(SL_MAX_HOSTS_BYTES);
	int r = sl_resolve(p->policy, request->pins, &p->pins, err);

	if (r < 0 || !p->pins.count)
		return r;
	if (sl_hosts_text(&p->pins, &text) < 0)
		return text.failed == -ENOMEM
			       ? out_of_memory(err)
			       : sl_err(err, -E2BIG, SL_STAGE_CHECK,
					"%s: the host names have too many "
					"addresses",
					sl_key_info(SL_KEY_NET_ALLOW)->name);
	p->hosts = sl_buf_take(&text);
	return p->hosts ? 0 : out_of_memory(err);
}

static int compile(struct sl_prepared *p, const struct sl_probe *probe,
		   struct sl_error *err)
{
	int r = sl_plan_compile(p->policy, probe, &p->plan, err);

	if (r < 0)
		return r;
	if (!sl_limits_drop_wishes(p->policy, p->plan))
		return 0;
	sl_plan_free(p->plan);
	p->plan = NULL;
	return sl_plan_compile(p->policy, probe, &p->plan, err);
}

/* The plan and its rulesets, by the same calls whether it is for real. */
static int make_plan(struct sl_prepared *p, const struct sl_request *request,
		     struct sl_error *err)
{
	bool dry = request->dry;
	struct sl_probe probe;
	int r;

	sl_probe(&probe);
	r = compile(p, &probe, err);
	if (r == 0)
		r = sl_limits_check(p->policy, p->plan, err);
	if (r == 0 && request->why)
		r = sl_plan_add_why(p->plan, err);
	if (r < 0)
		return r;
	p->grants = calloc(p->plan->landlock.path_count + 1, sizeof(*p->grants));
	if (!p->grants)
		return out_of_memory(err);
	for (size_t i = 0; i < p->plan->landlock.path_count; i++)
		p->grants[i].fd = -1;
	if (p->plan->filter.traps)
		r = sl_carve_set_make(p->policy, &p->carves, err);
	if (r == 0)
		r = make_rulesets(p, probe.landlock_abi,
				  p->plan->filter.traps && !dry, err);
	if (r == 0 && p->plan->filter.when & SL_WHEN_REMAP &&
	    sl_procnet_granted(&p->plan->landlock, p->grants))
		r = sl_plan_make_tables(p->plan, err);
	if (r < 0)
		return r;
	if (probe.landlock_abi >= 7)
		p->launch.flags |= SL_LAUNCH_QUIET;
	return 0;
}

static int build(struct sl_prepared *p, const struct sl_request *request,
		 struct sl_error *err)
{
	struct sl_launch *l = &p->launch;
	int r;

	r = sl_policy_check(p->policy, err);
	if (r < 0)
		return r;
	r = open_cwd(p, request->cwd, err);
	if (r < 0)
		return r;
	r = request->dry ? 0 : make_tmp(p, err);
	if (r < 0)
		return r;
	r = sl_env_build(p->policy, request->envp, p->tmp_dir, &p->envp, err);
	if (r < 0)
		return r;
	l->envp = (const char *const *)p->envp;
	r = request->argv ? find_command(p, request->argv, err) : 0;
	if (r < 0)
		return r;
	r = make_plan(p, request, err);
	if (r == 0)
		r = resolve_names(p, request, err);
	if (r < 0)
		return r;
	r = grant_tmp(p, err);
	if (r < 0)
		return r;
	r = p->plan->filter.traps && !request->dry ? fill_roots(p, err) : 0;
	if (r < 0)
		return r;
	if (p->plan->filter.when & (SL_WHEN_NET | SL_WHEN_BINDS | SL_WHEN_LISTENS))
		r = sl_netset_make(p->policy, &p->pins, &p->netset, err);
	if (r < 0)
		return r;
	l->net = p->netset.entries;
	l->net_count = p->netset.count;
	l->net_open = p->netset.open;
	l->carves = p->carves.rules;
	l->carve_count = (uint32_t)p->carves.count;
	fill_filter(l, &p->plan->filter);
	if (l->when & SL_WHEN_HOSTS)
		l->hosts = p->hosts;
	fill_attributes(l, p->policy);
	if (request->timeout_ns &&
	    (!l->timeout_ns || request->timeout_ns < l->timeout_ns))
		l->timeout_ns = SL_MIN(request->timeout_ns, (uint64_t)INT64_MAX);
	if (p->plan->landlock.border_scoped & SL_LL_SCOPE_SIGNAL)
		l->flags |= SL_LAUNCH_SCOPED;
	if (p->plan->landlock.abstract_settled)
		l->flags |= SL_LAUNCH_ABSTRACT;
	return lift_fds(l, err);
}

int sl_prepare(const struct sl_policy *policy, const struct sl_request *request,
	       struct sl_prepared **ret_prepared, struct sl_error *err)
{
	bool no_command = !request->argv || !request->argv[0] ||
			  !request->argv[0][0];
	struct sl_prepared *p;
	int r;

	if (no_command && (request->argv || !request->dry))
		return sl_err(err, -EINVAL, SL_STAGE_SPAWN,
			      "no command to run; hint: put one behind the "
			      "options");
	p = calloc(1, sizeof(*p));
	if (!p)
		return out_of_memory(err);
	for (int i = 0; i < SL_FD_COUNT; i++)
		p->launch.fds[i] = -1;
	r = sl_policy_clone(policy, &p->policy);
	if (r < 0)
		out_of_memory(err);
	else
		r = build(p, request, err);
	if (r < 0) {
		sl_prepared_free(p, false);
		return r;
	}
	*ret_prepared = p;
	return 0;
}

void sl_prepared_drop_roots(struct sl_prepared *p)
{
	forget_grants(p);
	for (size_t i = 0; p->roots && i < p->launch.root_count; i++)
		sl_cleanup_close(&p->roots[i].fd);
	free(p->roots);
	p->roots = NULL;
	p->launch.roots = NULL;
	p->launch.root_count = 0;
}

void sl_prepared_free(struct sl_prepared *p, bool keep_tmp)
{
	if (!p)
		return;
	if (!keep_tmp)
		sl_launch_remove_tmp(&p->launch);
	sl_launch_close(&p->launch);
	for (char **var = p->envp; var && *var; var++)
		free(*var);
	free(p->envp);
	sl_prepared_drop_roots(p);
	sl_carve_set_fini(&p->carves);
	sl_netset_fini(&p->netset);
	sl_net_pins_fini(&p->pins);
	free(p->grants);
	free(p->argv_shell);
	free(p->path);
	free(p->tmp_dir);
	free(p->cwd);
	free(p->hosts);
	sl_plan_free(p->plan);
	sl_policy_free(p->policy);
	free(p);
}
