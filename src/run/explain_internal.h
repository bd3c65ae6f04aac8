/* SPDX-License-Identifier: Apache-2.0 */
/* What the files explain*.c share. */
#ifndef SL_RUN_EXPLAIN_INTERNAL_H
#define SL_RUN_EXPLAIN_INTERNAL_H

#include <sys/stat.h>

#include "plan/filter.h"
#include "plan/plan.h"
#include "run/explain.h"
#include "run/hint.h"
#include "run/prepare.h"
#include "run/ruleset.h"

struct sl_explain {
	struct sl_policy *policy;     /* as the caller gave it */
	char **argv, **envp;	      /* copies, or NULL */
	struct sl_prepared *prepared; /* dry; its policy has our own grants */
	struct sl_filter_spec spec;   /* what the filter was built from */
	struct sl_ex_rule *rules;
	size_t rule_count, rule_cap;
	struct sl_ex_answer *answers; /* of `question` */
	size_t answer_count, answer_cap;
	char *question;
	struct sl_hints hints;
	char *home; /* the caller's, without links, or NULL; once it is_homed */
	bool is_homed;
	char **texts; /* all strings that were handed out */
	size_t text_count, text_cap;
	int failed; /* -ENOMEM, once */
};

/* A string that lives as long as @ex; "" when memory is out (ex->failed). */
const char *sl_ex_text(struct sl_explain *ex, const char *fmt, ...)
	SL_PRINTF(2, 3);
const char *sl_ex_origin(struct sl_explain *ex, const struct sl_item *item);
void sl_ex_add_rule(struct sl_explain *ex, struct sl_ex_rule rule);
/* Index of the rule made from @source, or -1. */
int64_t sl_ex_find(const struct sl_explain *ex, const void *source);

/* The same question against another policy: no rules are listed. Host names in
 * @pins (or NULL) are not looked up again. */
int sl_ex_plan(const struct sl_policy *policy, const struct sl_net_pins *pins,
	       char *const *argv, char *const *envp, struct sl_explain **ret_ex,
	       struct sl_error *err);

/* ---- explain_rules.c, explain_rules_net.c, explain_open.c */
void sl_ex_list_rules(struct sl_explain *ex);
void sl_ex_list_network(struct sl_explain *ex);
/* A refusal that no item of the policy makes; @note may be NULL. */
void sl_ex_add_refusal(struct sl_explain *ex, enum sl_rung rung,
		       const char *subject, const char *effect, const char *note);
/* What this version leaves open under this policy. */
void sl_ex_list_open(struct sl_explain *ex);
/* The row of the filter that @rule belongs to: rules told alike share one. */
const struct sl_filter_rule *sl_ex_row(const struct sl_explain *ex,
				       const struct sl_filter_rule *rule);
bool sl_ex_denies_all(const struct sl_explain *ex, const char *group);

/* ---- one thing that may be refused, and how it is judged */

enum sl_probe_kind {
	SL_PROBE_PATH,
	SL_PROBE_SOCKET,  /* of a Unix socket; of any other, to whomever */
	SL_PROBE_CONNECT, /* TCP; UDP and ICMP, with a destination */
	SL_PROBE_BIND,
	SL_PROBE_CALL,
};

enum sl_access {
	SL_ACCESS_READ,
	SL_ACCESS_WRITE,
	SL_ACCESS_EXECUTE,
	SL_ACCESS_LIST,
	SL_ACCESS_CREATE,
	/* Of denials alone: what the supervisor judges, whatever the file
	 * permissions say. */
	SL_ACCESS_CHANGE,
	SL_ACCESS_WATCH,
};

struct sl_ask {
	enum sl_probe_kind kind;
	enum sl_access access;		   /* PATH */
	bool moves;			   /* PATH: its name is made or taken */
	const char *text;		   /* path, or name of the peer */
	int family;			   /* AF_* */
	uint32_t type, protocol;	   /* SOCKET */
	uint16_t port;			   /* CONNECT, BIND */
	enum sl_net_proto proto;	   /* CONNECT; of BIND, UDP or not */
	struct sl_net_addr addr;	   /* CONNECT; family 0: `text`, a name,
					    * or any address */
	enum sl_sys call;		   /* CALL */
	const struct sl_filter_rule *rule; /* the one in question, or NULL */
	bool otherwise;			   /* what the rules of a call leave */
	uint64_t args[6];
};

/* One step towards "allowed". */
struct sl_want {
	enum { SL_WANT_NOTHING = 0, SL_WANT_ADD, SL_WANT_DROP } how;
	enum sl_key key;
	const char *value;	    /* ADD */
	const struct sl_item *item; /* DROP: of @key */
};

struct sl_judgement {
	struct sl_ex_answer answer;
	struct sl_want want;
};

struct sl_walk;
/* The nearest rule above the object that holds @right, or, with @unix_too, is
 * of --unix-allow; or NULL. */
const struct sl_plan_path *sl_ex_rule_above(const struct sl_explain *ex,
					    const struct sl_walk *walk,
					    uint64_t right, bool unix_too);

/* All set; what is about a fix is left to sl_ex_fix(). */
void sl_ex_judge(struct sl_explain *ex, const struct sl_ask *ask,
		 struct sl_judgement *ret);
void sl_ex_judge_path(struct sl_explain *ex, const struct sl_ask *ask,
		      struct sl_judgement *ret);
void sl_ex_judge_net(struct sl_explain *ex, const struct sl_ask *ask,
		     struct sl_judgement *ret);
void sl_ex_judge_destination(struct sl_explain *ex, const struct sl_ask *ask,
			     struct sl_judgement *ret);
/* "tcp://HOST:PORT", as a rule has it. */
const char *sl_ex_destination(struct sl_explain *ex, const struct sl_ask *ask);
/* The narrowest rule for it: the name that led to the address, if one did. */
const char *sl_ex_rule_for(struct sl_explain *ex, const struct sl_ask *ask);
/* Fills address or name of @ask, a CONNECT, if @host is one or the other. */
void sl_ex_ask_host(struct sl_explain *ex, const char *host, struct sl_ask *ask);
void sl_ex_judge_unix(struct sl_explain *ex, const struct sl_ask *ask,
		      struct sl_judgement *ret);
void sl_ex_refuse_unix(struct sl_explain *ex, const struct sl_ask *ask,
		       struct sl_judgement *ret);
void sl_ex_judge_call(struct sl_explain *ex, const struct sl_ask *ask,
		      struct sl_judgement *ret);

/*
 * The smallest change of the policy after which @ask is allowed, if it may be
 * offered; else answer.no_fix says why not. The one place that decides so, for
 * explanations, denials and hints alike.
 */
void sl_ex_fix(struct sl_explain *ex, const struct sl_ask *ask,
	       struct sl_judgement *judgement);

/* ---- explain_offer.c: why something is not offered, or NULL */
const char *sl_ex_object_objection(struct sl_explain *ex,
				   const struct sl_ask *ask,
				   const struct sl_ex_answer *answer);
const char *sl_ex_step_objection(struct sl_explain *ex,
				 const struct sl_want *want);

#define SL_EX_JUDGED (-2) /* the filter hands the call to the judge */
/* Runs the very filter. 0: passes; SL_EX_JUDGED; else the errno (-1: killed). */
int sl_ex_filter(const struct sl_explain *ex, enum sl_sys call,
		 const uint64_t args[6]);
/* Which rule or item is behind that errno; fills rung, rule, origin, want. */
void sl_ex_blame_filter(struct sl_explain *ex, enum sl_sys call,
			const uint64_t args[6], struct sl_judgement *ret);

/* ---- a question becomes a few asks: each file parses its own kinds */
typedef int sl_ex_answer_fn(struct sl_explain *ex, const struct sl_ask *ask);
int sl_ex_ask_path(struct sl_explain *ex, const char *text,
		   sl_ex_answer_fn *answer, struct sl_error *err);
int sl_ex_ask_net(struct sl_explain *ex, const char *text,
		  sl_ex_answer_fn *answer, struct sl_error *err);
int sl_ex_ask_bind(struct sl_explain *ex, const char *text,
		   sl_ex_answer_fn *answer, struct sl_error *err);
int sl_ex_ask_call(struct sl_explain *ex, const char *text,
		   sl_ex_answer_fn *answer, struct sl_error *err);

#endif
