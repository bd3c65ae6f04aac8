/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage of an escape test: a world outside the sandbox that is worth
 * attacking, and the means to say afterwards whether it was harmed. A test
 * asks for the effect (bytes, connections, the victim's state), never only for
 * what the attacker says.
 *
 *	ROOT/out	not granted; secret, victims of writing, a program
 *	ROOT/ro		granted for reading
 *	ROOT/work	granted for writing, the attacker's cwd
 *
 * As root all this happens in a pid namespace of its own, so that a broadcast
 * kill gone wrong ends the test and not the machine.
 */
#ifndef ESCAPE_STAGE_H
#define ESCAPE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum stage_harm {
	HARM_LEAK = 1,	  /* the canary came out */
	HARM_OUT = 2,	  /* ROOT/out is not what it was */
	HARM_RO = 4,	  /* ROOT/ro is not what it was */
	HARM_NET = 8,	  /* a TCP listener was connected to */
	HARM_UDP = 16,	  /* a UDP socket received */
	HARM_UNIX = 32,	  /* a Unix listener was reached */
	HARM_VICTIM = 64, /* the victim died, stopped or changed */
	HARM_TTY = 128,	  /* the foreign terminal was written to */
	HARM_QUEUE = 256, /* the POSIX queue changed */
	HARM_STUCK = 512, /* no end of file: somebody is left */
};

struct stage {
	char root[64], out[80], ro[80], work[80], secret[96], program[96];
	char setuid[96];
	char canary[40], name[32]; /* name: unique, for sockets and queues */
	char stream_path[100], dgram_path[100], shm_path[64], pty_path[64];
	int tcp[2], port;
	int udp[3], udp_port, lone_port; /* 127.0.0.1, ::1; 127.0.0.2 alone */
	int unix_fd[5]; /* abstract stream, seqpacket, dgram; path: both */
	int pty, shm_key, shm_id, queue;
	pid_t victim, caller;
	int call_port; /* of stage_call() */
	int victim_stdin;
	char *before[3]; /* out, ro, victim */
};

struct run {
	int status; /* of waitpid() */
	int code;   /* exit code, or 128 + signal */
	char *out;  /* stdout and stderr, at most 4 MiB, NUL-terminated */
	size_t len;
	bool stuck; /* the pipe did not end within the deadline */
};

/*
 * Move the test into pid, mount and IPC namespaces of its own: as root on every
 * stage, as a user only with @always, because the user namespace that it takes
 * changes what is tested. False where that is not permitted.
 */
bool stage_isolate(bool always);
struct stage *stage_new(void);
/* Has a peer send the canary to a port that was free: ROOT/work/ports names
 * more of them. Until stage_free(). */
void stage_call(struct stage *s);
void stage_hang_up(struct stage *s);
/* What happened outside, besides leaks: a mask of enum stage_harm. */
unsigned int stage_harm(struct stage *s);
/* Would its TCP and UDP sockets notice? After all harm was asked for. */
bool stage_hears(struct stage *s);
void stage_free(struct stage *s);
const char *stage_harm_names(unsigned int harm);

/* Path of the program under test, and of the attacker. */
const char *stage_sandlock(void);
const char *stage_attack(void);
/* Expands %-letters of @text: see stage.c. Heap. */
char *stage_expand(const struct stage *s, const char *text);

/*
 * Start argv with stdout and stderr in a pipe, in ROOT/work, and in the child
 * call @prepare (may be NULL) before execve. Returns the pid; *ret_fd reads.
 */
pid_t run_start(const struct stage *s, char *const argv[],
		void (*prepare)(const struct stage *), int *ret_fd);
/* Read to the end of file, at most @seconds, and reap. */
void run_finish(pid_t pid, int fd, int seconds, struct run *ret);
void run_fini(struct run *run);
/* One line of text from @fd within @seconds; false if none came. */
bool run_line(int fd, int seconds, char *buf, size_t size);
/* The output as TAP comments. */
void run_show(const char *label, const struct run *run);
/* How many processes carry @token in their command line. */
int count_token(const char *token);
/* Ends those of a control run. The token is unique to it. */
void kill_token(const char *token);

#endif
