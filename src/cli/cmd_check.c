// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock check`: would a run start here, what is missing, and what to do.
 * Everything is asked of the library; here it is summed up, and printed by
 * check_print.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "style.h"

#define EXIT_UNENFORCEABLE 1

/* ---- what is asked ------------------------------------------------------ */

static int read_policy(int argc, char **argv, struct cli_settings *settings,
		       struct cli_run *run, sandlock_error *err)
{
	int r = cli_parse_settings(argc, argv, settings, err);

	if (settings->help)
		return 0;
	if (r < 0)
		return r;
	if (argv[settings->rest])
		return cli_fail(err, -EINVAL,
				"'sandlock check' runs no command, but '%.64s' "
				"follows; usage: sandlock check [--json] "
				"[OPTIONS]",
				argv[settings->rest]);
	r = cli_check_policy_options(settings, "check", false, err);
	return r < 0 ? r : cli_build_policy(settings, run, err);
}

/* ---- the answer --------------------------------------------------------- */

static int look(struct cli_check *check, const sandlock_policy *policy,
		sandlock_error *err)
{
	for (;;) {
		sandlock_feature *more = reallocarray(check->features,
						      check->count + 1,
						      sizeof(*check->features));
		sandlock_feature *feature;
		int r;

		if (!more)
			return cli_fail(err, -ENOMEM, "out of memory");
		check->features = more;
		feature = &more[check->count];
		memset(feature, 0, sizeof(*feature));
		feature->size = sizeof(*feature);
		r = sandlock_policy_feature_at(policy, check->count, feature,
					       err);
		if (r == -ERANGE)
			return 0;
		if (r < 0)
			return r;
		if (strcmp(feature->name, "landlock") == 0)
			check->landlock_abi = feature->number;
		cli_clean(feature->detail);
		cli_clean(feature->remedy);
		check->count++;
	}
}

/* "net-tcp, fs-ioctl-dev" of the rows that @wanted picks. */
static void write_names(FILE *out, const struct cli_check *check,
			bool (*wanted)(const sandlock_feature *feature))
{
	const char *comma = "";

	for (size_t i = 0; i < check->count; i++) {
		if (!wanted(&check->features[i]))
			continue;
		fprintf(out, "%s%s", comma, check->features[i].name);
		comma = ", ";
	}
}

static bool is_given_up(const sandlock_feature *feature)
{
	return (feature->flags & SANDLOCK_FEATURE_PROTECTION) &&
	       cli_feature_is_missing(feature) &&
	       !cli_feature_is_needed(feature);
}

static bool any(const struct cli_check *check,
		bool (*wanted)(const sandlock_feature *feature))
{
	for (size_t i = 0; i < check->count; i++)
		if (wanted(&check->features[i]))
			return true;
	return false;
}

/* "(Linux 6.18, Landlock ABI 7)" */
static void write_kernel(FILE *out, const struct cli_check *check)
{
	const char *release = check->kernel.release;
	size_t len = strspn(release, "0123456789.");
	const char *dot = strchr(release, '.');

	/* The first two numbers say what it is. */
	if (dot)
		len = (size_t)(dot + 1 - release) +
		      strspn(dot + 1, "0123456789");
	fprintf(out, "(Linux %.*s, ", (int)len, release);
	if (check->landlock_abi)
		fprintf(out, "Landlock ABI %lld)",
			(long long)check->landlock_abi);
	else
		fputs("no Landlock)", out);
}

static void write_verdict(FILE *out, const struct cli_check *check)
{
	fprintf(out, "%s policy %s on this kernel ",
		check->given ? "This" : "The default",
		!check->enforceable	  ? "cannot be enforced"
		: any(check, is_given_up) ? "is enforced"
					  : "is enforced in full");
	write_kernel(out, check);
	if (!check->enforceable) {
		fputs(": it lacks ", out);
		write_names(out, check, cli_feature_is_obstacle);
	} else if (any(check, is_given_up)) {
		fputs(" without what it does not insist on: ", out);
		write_names(out, check, is_given_up);
	}
	fputs(".", out);
}

/*
 * The next step. Protections come last and from ever newer kernels, so when
 * nothing else stands in the way the last one's kernel has them all.
 */
static void write_next(FILE *out, const struct cli_check *check)
{
	const sandlock_feature *last = NULL;

	for (size_t i = 0; i < check->count; i++) {
		const sandlock_feature *feature = &check->features[i];

		if (!cli_feature_is_obstacle(feature))
			continue;
		if (!(feature->flags & SANDLOCK_FEATURE_PROTECTION)) {
			fprintf(out, "%s: %s", feature->name, feature->remedy);
			return;
		}
		last = feature;
	}
	if (!last)
		return;
	fprintf(out, "%.*s; or go without: sandlock run",
		(int)strcspn(last->remedy, ";"), last->remedy);
	for (size_t i = 0; i < check->count; i++)
		if (cli_feature_is_obstacle(&check->features[i]))
			fprintf(out, " --allow-degraded %s",
				check->features[i].name);
}

static char *compose(const struct cli_check *check,
		     void (*write)(FILE *out, const struct cli_check *check))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool ok;

	if (!out)
		return NULL;
	write(out, check);
	ok = !ferror(out);
	if (fclose(out) == 0 && ok)
		return text;
	free(text);
	return NULL;
}

static int judge(struct cli_check *check, const sandlock_policy *policy,
		 sandlock_error *err)
{
	int r = look(check, policy, err);

	if (r < 0)
		return r;
	uname(&check->kernel);
	check->enforceable = true;
	for (size_t i = 0; i < check->count; i++)
		if (cli_feature_is_missing(&check->features[i]) &&
		    cli_feature_is_needed(&check->features[i]))
			check->enforceable = false;
	check->verdict = compose(check, write_verdict);
	check->next = compose(check, write_next);
	if (!check->verdict || !check->next)
		return cli_fail(err, -ENOMEM, "out of memory");
	return 0;
}

/* ---- the command -------------------------------------------------------- */

void cli_help_check(void)
{
	cli_put(CLI_STYLE_HEADING, "Examples:");
	puts("\n"
	     "  sandlock check                       the policy of a plain "
	     "'sandlock run'\n"
	     "  sandlock check -p build              that of a profile\n"
	     "  sandlock check --user 0:0            with an option of a "
	     "policy\n"
	     "  sandlock check --json                for a program\n"
	     "\n"
	     "Tries each feature of this kernel, and says what it gives, what "
	     "is\nmissing and how to have it. Nothing is changed. Takes the "
	     "options of a\npolicy as 'sandlock run' does.\n"
	     "\n"
	     "Exit status: 0 if the policy can be enforced here, 1 if it "
	     "cannot, 125 if\nsandlock failed. Whether the paths of the "
	     "policy exist is not looked at.");
}

static int answer(struct cli_check *check, const sandlock_policy *policy,
		  sandlock_error *err)
{
	int r = judge(check, policy, err);

	if (r < 0)
		return cli_report(err);
	if (check->json)
		cli_check_print_json(check);
	else
		r = cli_check_print_text(check, err);
	if (r < 0)
		return cli_report(err);
	r = cli_finish_stdout();
	if (r)
		return r;
	return check->enforceable ? 0 : EXIT_UNENFORCEABLE;
}

int cli_cmd_check(int argc, char **argv)
{
	struct cli_settings settings = { 0 };
	struct cli_run run = { .status_fd = -1 };
	struct cli_check check = { 0 };
	sandlock_error err = { 0 };
	int r, status;

	argc = cli_color_take(argc, argv, false, &err);
	if (argc < 0)
		return cli_report(&err);
	argc = cli_take_json(argc, argv, &check.json);
	r = read_policy(argc, argv, &settings, &run, &err);
	check.given = settings.count > 0;
	if (settings.help)
		status = cli_help_command(cli_command_find("check"));
	else if (r < 0)
		status = cli_report(&err);
	else
		status = answer(&check, run.policy, &err);
	sandlock_policy_free(run.policy);
	free(run.argv);
	free(check.features);
	free(check.verdict);
	free(check.next);
	cli_settings_fini(&settings);
	return status;
}
