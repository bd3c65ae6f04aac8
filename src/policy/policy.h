/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user said: one value per row of keys.def, each with its origin.
 * Pure data; judging a value against the host is plan/'s work.
 */
#ifndef SL_POLICY_POLICY_H
#define SL_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

enum sl_key {
#define SL_KEY(id, ...) SL_KEY_##id,
#include "policy/keys.def"
#undef SL_KEY
	SL_KEY_COUNT
};

/* Shown as the public types of sandlock.h; finer because each has a parser. */
enum sl_type {
	SL_TYPE_BOOL = 0,
	SL_TYPE_INT,	  /* u64 within [min, max] of the row */
	SL_TYPE_SIZE,	  /* num = bytes */
	SL_TYPE_DURATION, /* num = nanoseconds */
	SL_TYPE_STRING,
	SL_TYPE_PATH,
	SL_TYPE_USER,	     /* UID:GID, num = uid << 32 | gid */
	SL_TYPE_PATHS,	     /* list; "?PATH" sets item.optional */
	SL_TYPE_STRINGS,     /* list of anything */
	SL_TYPE_ENV,	     /* map KEY=VALUE */
	SL_TYPE_PORTS,	     /* list of "80", "8000-8010", "*"; comma splits */
	SL_TYPE_NETRULES,    /* list of net rules (netrule.h) */
	SL_TYPE_PROTECTIONS, /* list; num = enum sl_protection */
	SL_TYPE_SYSCALLS,    /* list of names and groups (checked by plan/) */
	SL_TYPE_CORES,	     /* list of CPU numbers; comma splits; num = CPU */
	SL_TYPE_GPUS,	     /* "all" or list of indexes; comma splits */
};

enum sl_protection {
	SL_PROT_FS_REFER = 0,
	SL_PROT_FS_TRUNCATE,
	SL_PROT_NET_TCP,
	SL_PROT_FS_IOCTL_DEV,
	SL_PROT_SIGNAL_SCOPE,
	SL_PROT_ABSTRACT_UNIX_SOCKET_SCOPE,
	SL_PROT_COUNT
};

enum sl_key_flag {
	SL_KF_LATER = 1, /* known, refused: "not available in this version" */
	SL_KF_RUN = 2,	 /* belongs to one run, not to a policy or profile */
	SL_KF_NOSUP_OK = 4,    /* works without a supervisor */
	SL_KF_NO_TOML = 8,     /* a policy key that a profile may not set */
	SL_KF_RESTRICTS = 16,  /* "clearing" it loosens (used by warnings) */
	SL_KF_CONFINE_OK = 32, /* works on a running thread (confine) */
};

struct sl_key_info {
	enum sl_key id;
	const char *name; /* "filesystem.read", run options: "exec-shell" */
	const char *flag; /* "--fs-read" or NULL */
	const char *short_flag; /* "-r" or NULL */
	const char *metavar;	/* NULL for BOOL */
	enum sl_type type;
	unsigned int flags; /* enum sl_key_flag */
	uint64_t min, max;  /* INT */
	const char *group;
	const char *help;
};

const struct sl_key_info *sl_key_info(enum sl_key key);
/* By TOML name or by alias; NULL if unknown. */
const struct sl_key_info *sl_key_find(const char *name);
/* The known key nearest to @name, for "did you mean"; NULL if none is near. */
const char *sl_key_suggest(const char *name);
bool sl_type_is_list(enum sl_type type);

enum sl_origin_kind {
	SL_ORIGIN_DEFAULT = 0,
	SL_ORIGIN_API,	  /* source: what the caller named, often a flag */
	SL_ORIGIN_FILE,	  /* source: file, with line and col */
	SL_ORIGIN_PRESET, /* source: preset name, with line and col */
	SL_ORIGIN_OWN,	  /* added by sandlock itself; source says what for */
};

struct sl_origin {
	enum sl_origin_kind kind;
	const char *source; /* owned by the policy that holds the value */
	uint32_t line, col;
	/* How a profile put it; 0 and false for what others say. */
	uint32_t cwd_len; /* so many bytes of the text were written ${CWD} */
	bool variables;	  /* the text holds variables until the start */
};

struct sl_item {
	char *text;	   /* owned, NUL-terminated bytes, never NULL */
	const char *given; /* as it can be set again: with the "?" of a path */
	uint64_t num;
	bool optional; /* "?PATH": skipped when it does not exist */
	struct sl_origin origin;
};

/* Scalars have one item; lists any number. set == false means default. */
struct sl_value {
	bool set;
	size_t count;
	size_t cap;
	struct sl_item *items;
};

struct sl_policy;

int sl_policy_new(struct sl_policy **ret_policy);
void sl_policy_free(struct sl_policy *policy);
SL_DEFINE_AUTO(sl_policy, sl_policy_free);
int sl_policy_clone(const struct sl_policy *policy,
		    struct sl_policy **ret_policy);

/*
 * Parse @text by the row's type and store it (scalars replace, lists append,
 * a comma-splitting type appends each part). Error text names the origin:
 * "--timeout: '2x' is not a duration; ...". Copies @text and @origin->source.
 */
int sl_policy_set(struct sl_policy *policy, enum sl_key key, const char *text,
		  const struct sl_origin *origin, struct sl_error *err);
void sl_policy_clear(struct sl_policy *policy, enum sl_key key);
int sl_policy_merge(struct sl_policy *policy, const struct sl_policy *over);
/* The same, but what @over holds is moved: it is empty then. */
int sl_policy_absorb(struct sl_policy *policy, struct sl_policy *over);

/* Never NULL; borrowed. */
const struct sl_value *sl_policy_get(const struct sl_policy *policy,
				     enum sl_key key);
/* The value or the default. */
bool sl_policy_bool(const struct sl_policy *policy, enum sl_key key);
uint64_t sl_policy_num(const struct sl_policy *policy, enum sl_key key,
		       uint64_t fallback);
const char *sl_policy_str(const struct sl_policy *policy, enum sl_key key);

/* "--fs-read", "/p/x.toml:3:9", "preset base:12:4": for error messages. */
void sl_origin_describe(const struct sl_origin *origin, char *buf, size_t len);

/*
 * Put who set the value before the message of @err ("--fs-read: ...",
 * "x.toml:3:9: filesystem.read: ...") and its place into @err; returns @code.
 * @origin may be NULL: the key is named then.
 */
int sl_policy_blame(struct sl_error *err, int code, enum sl_key key,
		    const struct sl_origin *origin);

/* Contradictions and rows that this version cannot enforce; pure. */
int sl_policy_check(const struct sl_policy *policy, struct sl_error *err);
/* Keys that need a program to start, or a process of its own, and so cannot be
 * applied to a thread that runs already; pure. */
int sl_policy_check_confine(const struct sl_policy *policy, struct sl_error *err);

/* TOML in schema order; parses back to an equal policy. Heap, caller frees.
 * -EILSEQ names the value that TOML cannot hold. */
int sl_policy_dump(const struct sl_policy *policy, char **ret_text,
		   struct sl_error *err);

const char *sl_protection_name(enum sl_protection prot);
/* Case-insensitive; -EINVAL if unknown. */
int sl_protection_find(const char *name);

#endif
