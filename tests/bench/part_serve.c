/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP servers inside, nginx and one in Python, asked by a wrk that is bare, on
 * loopback ports of their own, in turn. Their policy names a host, so that each
 * of their connects would be judged: what they do instead must not be.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART "serve"
#define MOST 5 /* setups */

struct server {
	struct bench_peer peer;
	char port[8], dir[100], config[128];
	int row;
};

struct kind {
	const char *name, *ready; /* a word of the line that says it listens */
	double budget;
	bool (*add)(const struct bench *b, const char **args,
		    const struct server *s);
};

static bool add_nginx(const struct bench *b, const char **args,
		      const struct server *s)
{
	/* Its messages go to stderr, which is not what a peer is heard by. */
	return b->nginx &&
	       bench_args(args, "/bin/sh", "-c",
			  "exec \"$0\" -e stderr -p \"$1\" -c nginx.conf 2>&1",
			  b->nginx, s->dir, NULL);
}

static bool add_python(const struct bench *b, const char **args,
		       const struct server *s)
{
	return b->python && b->python_echo &&
	       bench_args(args, b->python, b->python_echo, s->port, NULL);
}

static const struct kind kinds[] = {
	{ "nginx", "using the", 0.97, add_nginx },
	{ "python echo", "ready", 0.97, add_python },
};

/* One process, everything it writes in its own folder. */
static bool write_config(struct server *s)
{
	FILE *f;

	snprintf(s->config, sizeof(s->config), "%s/nginx.conf", s->dir);
	f = fopen(s->config, "we");
	if (!f)
		return false;
	if (getuid() == 0)
		fputs("user root root;\n", f);
	fprintf(f,
		"daemon off; master_process off; pid nginx.pid;\n"
		"error_log stderr notice;\n"
		"events { worker_connections 64; }\n"
		"http { access_log off; client_body_temp_path b;\n"
		"proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u;\n"
		"scgi_temp_path s; keepalive_requests 1000000000;\n"
		"server { listen 127.0.0.1:%s; root .; }}\n",
		s->port);
	if (fclose(f) != 0)
		return false;
	snprintf(s->config, sizeof(s->config), "%s/index.html", s->dir);
	f = fopen(s->config, "we");
	if (!f)
		return false;
	for (int i = 0; i < 64; i++)
		fputs("a line of a small page\n", f);
	return fclose(f) == 0;
}

/* "Requests/sec:  12345.67" */
static bool ask_server(struct bench *b, const struct bench_act *act, size_t round)
{
	const struct server *s = act->with;
	char url[64], text[2048], *at;
	const char *args[] = { b->wrk, "-t1", "-c16", "-d1s", url, NULL };

	snprintf(url, sizeof(url), "http://127.0.0.1:%s/", s->port);
	if (!bench_command(b, args, NULL, NULL))
		return false;
	at = strstr(bench_output(b, text, sizeof(text)), "Requests/sec:");
	if (!at || strstr(text, "Non-2xx") || strstr(text, "Socket errors")) {
		snprintf(b->why, sizeof(b->why), "wrk printed: %.200s", text);
		return false;
	}
	bench_sample(b, s->row, round,
		     strtod(at + strlen("Requests/sec:"), NULL));
	return true;
}

static bool start(struct bench *b, struct server *s, const struct kind *kind,
		  const char *const *args)
{
	char line[512];

	if (!bench_peer_open(b, &s->peer, args))
		return false;
	while (bench_peer_line(b, &s->peer, line, sizeof(line)))
		if (strstr(line, kind->ready))
			return true;
	return false;
}

static void add_launcher(struct bench *b, const char *setup, const char **args,
			 const struct server *s)
{
	if (strcmp(setup, "sandlock") == 0)
		bench_args(args, b->sandlock, "run", "-p", "base", "-w", s->dir,
			   NULL);
	else if (strcmp(setup, "reference") == 0)
		bench_reference(b, args);
	if (strcmp(setup, "reference") == 0)
		bench_args(args, "-w", s->dir, NULL);
	if (strcmp(setup, "sandlock") == 0 || strcmp(setup, "reference") == 0) {
		if (b->python_echo)
			bench_args(args, "-r", b->python_echo, NULL);
		bench_args(args, "--net-allow-bind", s->port, "--net-allow",
			   "tcp://127.0.0.9:443", "--", NULL);
	}
	if (strcmp(setup, "bwrap") == 0)
		bench_args(args, b->bwrap, "--die-with-parent", "--ro-bind",
			   "/", "/", "--dev", "/dev", "--proc", "/proc",
			   "--bind", s->dir, s->dir, "--", NULL);
}

/* False: this kind of server is not here. */
static bool add(struct bench *b, const struct kind *kind, const char *setup,
		int bare, struct server *s, struct bench_act *act)
{
	add_launcher(b, setup, act->args, s);
	if (!kind->add(b, act->args, s))
		return false;
	s->row = bench_row(b, PART, kind->name, setup, "1/s", bare);
	act->row = s->row;
	act->run = ask_server;
	act->with = s;
	if (start(b, s, kind, act->args))
		return true;
	/* Twice, so that no round asks a server that is not there. */
	bench_fail(b, act->row, b->why);
	bench_fail(b, act->row, b->why);
	return true;
}

static bool prepare(struct bench *b, struct server *s, const char *kind,
		    const char *setup)
{
	*s = (struct server){ .peer = { .pid = -1 } };
	snprintf(s->dir, sizeof(s->dir), "%s/%.8s-%s", b->dir, kind, setup);
	if (mkdir(s->dir, 0700) == 0 &&
	    bench_free_port(s->port, sizeof(s->port)) && write_config(s))
		return true;
	fprintf(stderr, "bench: %s: no folder or no free port: %m\n", s->dir);
	return false;
}

static void serve(struct bench *b, const struct kind *kind)
{
	const char *setups[MOST] = { "bare", "bare again", "sandlock" };
	struct server servers[MOST];
	struct bench_act acts[MOST] = { 0 };
	size_t wanted = 3, count = 0;
	char name[64];

	if (b->bwrap)
		setups[wanted++] = "bwrap";
	if (b->reference)
		setups[wanted++] = "reference";
	for (size_t i = 0; i < wanted; i++)
		servers[i].peer.pid = -1;
	for (; count < wanted; count++)
		if (!prepare(b, &servers[count], kind->name, setups[count]) ||
		    !add(b, kind, setups[count],
			 count ? servers[0].row : BENCH_NO_ROW, &servers[count],
			 &acts[count]))
			break;
	if (count == wanted) {
		bench_interleave(b, acts, count);
		snprintf(name, sizeof(name), "%s: requests/s against bare",
			 kind->name);
		bench_check_at_least(
			b, PART, name,
			bench_ratio(b, servers[2].row, servers[0].row),
			kind->budget);
	}
	for (size_t i = 0; i < wanted; i++)
		bench_peer_close(&servers[i].peer, true);
}

void bench_serve(struct bench *b)
{
	if (!b->wrk)
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		serve(b, &kinds[i]);
}
