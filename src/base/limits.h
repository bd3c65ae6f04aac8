/* SPDX-License-Identifier: Apache-2.0 */
/* Every size that comes from outside meets one of these before it is used. */
#ifndef SL_BASE_LIMITS_H
#define SL_BASE_LIMITS_H

#define SL_MAX_PROFILE_BYTES (1u << 20) /* one profile file */
#define SL_MAX_PROFILE_DEPTH 16		/* chain of extends */
#define SL_MAX_TOML_NESTING 64		/* arrays and inline tables */
#define SL_MAX_LIST_ITEMS 65536		/* values of one list key */
#define SL_MAX_VALUE_BYTES 131072	/* one value: MAX_ARG_STRLEN */
#define SL_MAX_DUMP_BYTES (16u << 20)	/* a policy written out */
#define SL_MAX_RECIPE_BYTES (8u << 20)	/* argv + environment + filter */
#define SL_MAX_ARGS 65536		/* words of argv or environment */
#define SL_MAX_SCRIPT_HEAD 256		/* "#!" line, as the kernel reads it */
#define SL_MAX_INTERPRETERS 5		/* nested "#!", as the kernel follows */
#define SL_MAX_DEVICE_INDEX 1023	/* processor cores and GPUs */
#define SL_MAX_BPF_INSNS 4096		/* BPF_MAXINSNS */
#define SL_MAX_PATTERN_BYTES 255	/* name of a variable, with wildcards */
#define SL_MAX_HINT_BYTES 8192		/* of a message, its end */
#define SL_MAX_CLUES 32			/* that are put to the explanation */
#define SL_MAX_HINTS 3			/* that a run ends with */
#define SL_MAX_HINT_PATH 240		/* bytes of a name that a hint offers */

/* Grants of one sandbox that its judge knows. */
#define SL_MAX_ROOTS 4096
#define SL_MAX_SANDBOX_NAME 64 /* what ps shows and kill takes */
#define SL_MAX_LISTED 65536    /* sandboxes of one user */
#define SL_MAX_CONTROL_BYTES \
	(20u << 20)		   /* one answer: a policy and a command */
#define SL_MAX_CONTROL_CLIENTS 64  /* of one sandbox at the same time */
#define SL_MAX_COMMAND_SHOWN 65536 /* bytes of argv that ps can show */
#define SL_MAX_EVENT_BYTES 8192	   /* one event as JSON */

/* Denials of one run: distinct ones that are kept, with their strings; of these
 * explained; and single ones that wait for a caller who reads them live. */
#define SL_MAX_DENIALS 1024u
#define SL_MAX_DENIAL_BYTES (1u << 20)
#define SL_MAX_DENIALS_EXPLAINED 128u
#define SL_MAX_DENIALS_WAITING 4096u
/* Carve-outs of one sandbox: all are compared at each judged name. */
#define SL_MAX_CARVES 512
/* Addresses times ranges of ports in network rules: all may be looked at. */
#define SL_MAX_NET_ENTRIES 4096
/* Sockets of a sandbox with --port-remap that are bound at the same time. */
#define SL_MAX_PORTS_BOUND 512
/* Denies that Landlock does instead: such files, the directories above them,
 * and the entries beside these, each of which gets a rule. */
#define SL_MAX_CHAIN_FILES 64
#define SL_MAX_CHAIN_DIRS 64
#define SL_MAX_SIBLINGS 512
#define SL_MAX_MOUNTS_BYTES (4u << 20) /* of /proc/self/mountinfo */
/* Looking up the names of network rules: of one name, of all names of a policy,
 * bytes of what the helper says, and how long that may take. */
#define SL_MAX_NAME_ADDRS 64
#define SL_MAX_NAMES 1024
#define SL_MAX_NAMES_BYTES (2u << 20)
#define SL_MAX_NAMES_MS 10000
/* The file of names that such a sandbox sees. */
#define SL_MAX_HOSTS_BYTES (2u << 20)

#endif
