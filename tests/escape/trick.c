/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one row three times: bare, inside, inside without its defence. */
#include "trick.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define DEADLINE 30 /* seconds for one run; a loaded machine needs a few */

struct outcome {
	struct run run;
	unsigned int harm;
};

struct words {
	char *argv[64];
	int count;
};

static void add(struct words *w, const struct stage *s, const char *text)
{
	w->argv[w->count++] = stage_expand(s, text);
}

static void add_all(struct words *w, const struct stage *s,
		    const char *const *list, size_t max)
{
	for (size_t i = 0; i < max && list[i]; i++)
		add(w, s, list[i]);
}

static struct outcome perform(const struct trick *t, bool inside, bool off)
{
	struct stage *s = stage_new();
	struct outcome o = { 0 };
	struct words w = { 0 };
	unsigned int lasting = t->harm & ~(unsigned int)HARM_LEAK;
	int fd;
	pid_t pid;

	if (t->called)
		stage_call(s);
	if (inside) {
		static const char *const base[] = { "%X", "run", "-r", "%x",
						    "-r", "%r",	 "-w", "%w" };

		add_all(&w, s, base, 8);
		add_all(&w, s, t->flags, 24);
		if (off)
			add_all(&w, s, t->off, 20);
		add(&w, s, "--");
	}
	add(&w, s, "%x");
	add(&w, s, t->id);
	add_all(&w, s, t->args, 8);
	pid = run_start(s, w.argv, t->prepare, &fd);
	run_finish(pid, fd, DEADLINE, &o.run);
	o.harm = stage_harm(s);
	/* Where the harm is wanted, give a loaded machine time to do it. */
	for (int i = 0;
	     i < 500 && (!inside || off) && (o.harm & lasting) != lasting; i++) {
		poll(NULL, 0, 10);
		o.harm |= stage_harm(s);
	}
	if (memmem(o.run.out, o.run.len < 4U << 20 ? o.run.len : 4U << 20,
		   s->canary, strlen(s->canary) - 1))
		o.harm |= HARM_LEAK;
	if (o.run.stuck)
		o.harm |= HARM_STUCK;
	/* Nothing came: because nothing was sent, not because nobody listens. */
	if (t->harm & (HARM_NET | HARM_UDP))
		EXPECT_TRUE(stage_hears(s));
	stage_free(s);
	for (int i = 0; i < w.count; i++)
		free(w.argv[i]);
	return o;
}

static bool says(const struct outcome *o, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = o->run.out; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, word, len) == 0)
			return true;
		if (!*p)
			break;
	}
	return false;
}

/* The run was meant to be harmful. */
static void expect_win(const char *label, const struct trick *t,
		       const struct outcome *o)
{
	bool ok = o->run.code == 10 && (o->harm & t->harm) == t->harm;

	if (t->bare == BARE_ALL && says(o, "lost "))
		ok = false;
	if (ok)
		return;
	th_fail(__FILE__, __LINE__,
		"%s %s: the attack must win here (code %d, harm: %s; wanted "
		"all of: ",
		t->id, label, o->run.code, stage_harm_names(o->harm));
	printf("# %s)\n", stage_harm_names(t->harm));
	run_show(label, &o->run);
}

static void expect_defence(const struct trick *t, const struct outcome *o)
{
	bool ok = o->harm == 0;

	if (t->refused)
		ok = ok && o->run.code == 125 && !says(o, "won ") &&
		     !says(o, "lost ");
	else if (!t->may_win)
		/* 11: refused with an errno that also means "no such thing". */
		ok = ok && (o->run.code == 0 || o->run.code == 11) &&
		     !says(o, "won ");
	else
		ok = ok && (o->run.code == 0 || o->run.code == 10);
	if (ok)
		return;
	th_fail(__FILE__, __LINE__, "%s inside: code %d, harm: %s", t->id,
		o->run.code, stage_harm_names(o->harm));
	run_show("inside", &o->run);
}

static void expect_same(const struct trick *t, const struct outcome *a,
			const struct outcome *b)
{
	if (a->run.len == b->run.len && b->harm == 0 &&
	    a->run.code == b->run.code &&
	    memcmp(a->run.out, b->run.out, a->run.len) == 0)
		return;
	th_fail(__FILE__, __LINE__, "%s: not the same as bare, harm: %s", t->id,
		stage_harm_names(b->harm));
	run_show("bare", &a->run);
	run_show("inside", &b->run);
}

void trick_check(const struct trick *t)
{
	bool root = geteuid() == 0;
	struct outcome bare = { 0 }, in = { 0 }, off = { 0 };

	if (t->bare != BARE_NEVER) {
		bare = perform(t, false, false);
		if (t->bare <= BARE_SOME || (t->bare == BARE_ROOT && root)) {
			if (!t->same)
				expect_win("bare", t, &bare);
		}
	}
	in = perform(t, true, false);
	if (t->same)
		expect_same(t, &bare, &in);
	else
		expect_defence(t, &in);
	/* Where a kernel or container lacks the thing, so does the control. */
	if (t->off[0] && (t->bare != BARE_ANY || bare.run.code == 10)) {
		struct trick part = *t;

		/* Without one defence the others still hold. */
		if (part.bare == BARE_ALL)
			part.bare = BARE_SOME;
		if (part.bare == BARE_ANY)
			part.harm &= bare.harm;
		off = perform(&part, true, true);
		expect_win("without the defence", &part, &off);
	}
	run_fini(&bare.run);
	run_fini(&in.run);
	run_fini(&off.run);
}
