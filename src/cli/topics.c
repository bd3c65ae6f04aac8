// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock help TOPIC`: how values are written, a screen each. The manual
 * pages say the same at length.
 */
#include "style.h"

#include <stdio.h>
#include <string.h>

/* A line without a blank at its beginning that ends in ':' is a heading. */
static const struct cli_topic topics[] = {
	{ "files", "-r, -w: what a path grants",
	  "-r PATH   read, list and execute PATH and all below it\n"
	  "-w PATH   the same, and write, create, rename and remove\n"
	  "\n"
	  "Forms of PATH:\n"
	  "  .              the current directory (any path may be relative)\n"
	  "  ?PATH          if it exists; another missing path is an error\n"
	  "  ~/src          your shell writes your home for '~'; inside quotes "
	  "it does\n"
	  "                 not, and sandlock says so. In a profile: "
	  "${HOME}/src\n"
	  "\n"
	  "Grants add up, and nothing takes a part of one away: to keep a "
	  "file from a\n"
	  "program, grant what is around it. A link is as good as what it "
	  "points to.\n"
	  "\n"
	  "Examples:\n"
	  "  sandlock run -p base -r . -- ls\n"
	  "  sandlock run -p base -w . -- touch new\n"
	  "  sandlock run -r /usr -r '?/lib' -r '?/lib64' -- /usr/bin/env\n" },
	{ "network", "--net-allow and its like: which ports",
	  "Without a rule there is no network. A deny wins over an allow.\n"
	  "\n"
	  "Connecting and sending, --net-allow and --net-deny:\n"
	  "  example.com:443   one host, looked up at the start; TCP and UDP\n"
	  "  10.0.0.0/8        a network, every port\n"
	  "  tcp://:80,443     two TCP ports of every host\n"
	  "  udp://[::1]:53    UDP to one port; icmp://HOST: ping\n"
	  "Names cannot be denied.\n"
	  "\n"
	  "Listening, --net-allow-bind and --net-deny-bind:\n"
	  "  8080              one TCP port\n"
	  "  8000-8010,9000    ranges and lists\n"
	  "  0                 one that the kernel chooses\n"
	  "  *                 every port (--net-allow-bind only)\n"
	  "  udp://5353        a UDP port; without one of these UDP binds a "
	  "free port,\n"
	  "                    and the ports that rules let it send to\n"
	  "  --port-remap      one that is taken is bound elsewhere\n"
	  "\n"
	  "Unix sockets, --unix-allow:\n"
	  "  /run/x/socket     this socket\n"
	  "  /run/x            every socket below\n"
	  "Those below a write grant need none. Without one there are none at "
	  "all.\n"
	  "\n"
	  "Examples:\n"
	  "  sandlock run --net-allow tcp://:8080 -- "
	  "curl http://127.0.0.1:8080/\n"
	  "  sandlock run -p base -r . --net-allow-bind 8080 -- \\\n"
	  "      python3 -m http.server 8080\n" },
	{ "limits", "-t and its like: times, sizes, numbers",
	  "Times:\n"
	  "  90, 90s           seconds; also fractions, 1.5s\n"
	  "  200ms, 2m, 1h     milliseconds, minutes, hours\n"
	  "\n"
	  "Numbers:\n"
	  "  1024              --max-open-files: a whole number, no suffix\n"
	  "  512               --max-processes: at the same time; threads do "
	  "not "
	  "count\n"
	  "  0,2               --cpu-cores: numbers of cores, from 0\n"
	  "  50, 150           --cpu: percent of one core, for all processes "
	  "together\n"
	  "\n"
	  "Sizes:\n"
	  "  512M, 4G, 1.5G    --max-memory: of all processes together, by "
	  "powers "
	  "of 1024\n"
	  "  75%               of the machine's memory\n"
	  "\n"
	  "When the time of -t is over, everything that was started is ended. "
	  "With\n"
	  "--kill-after it gets a SIGTERM first. The exit status is then "
	  "124.\n"
	  "\n"
	  "Examples:\n"
	  "  sandlock run -t 1.5s -- sleep 1\n"
	  "  sandlock run -t 10m --kill-after 5s -p base -w . -- make\n" },
	{ "profiles", "-p: policies in files",
	  "A profile is a TOML file, NAME.toml in "
	  "~/.config/sandlock/profiles; -p NAME uses\n"
	  "it, --profile-file takes any path. It may build on presets, which "
	  "are built in,\n"
	  "and on other profiles; options of the command line come on top.\n"
	  "\n"
	  "  # what a reader of 'profile list' sees\n"
	  "  extends = \"base\"\n"
	  "  [filesystem]\n"
	  "  read = [\"${HOME}/src\", \"?/opt/tools\"]\n"
	  "  write = [\"${HOME}/src/project\"]\n"
	  "  [network]\n"
	  "  allow = [\"tcp://:443\"]\n"
	  "  [limits]\n"
	  "  timeout = \"20m\"\n"
	  "\n"
	  "Presets add up: -p agent -p python.\n"
	  "\n"
	  "Commands:\n"
	  "  sandlock profile list          all of them\n"
	  "  sandlock profile show base     the text of one\n"
	  "  sandlock profile new NAME      make one, with comments\n"
	  "  sandlock profile edit NAME     change it\n"
	  "  sandlock profile check NAME    what is wrong with it\n"
	  "\n"
	  "sandlock-profile(5) lists all keys.\n" },
	{ "exit-codes", "what the exit status of 'run' means",
	  "  N        the command exited with N\n"
	  "  128+N    signal N ended it\n"
	  "  124      its time was over (-t)\n"
	  "  125      sandlock itself failed; nothing was started\n"
	  "  126      the command was found but cannot be executed\n"
	  "  127      the command was not found\n"
	  "\n"
	  "A command may return one of these numbers itself: --status-fd 3 "
	  "writes a line of\n"
	  "JSON to descriptor 3 that tells the difference. Every other "
	  "command of sandlock\n"
	  "exits with 0, or 125 when it failed; 'check' and 'explain' also "
	  "with 1: no.\n" },
};

const struct cli_topic *cli_topic_at(size_t index)
{
	return index < CLI_LEN(topics) ? &topics[index] : NULL;
}

static bool is_heading(const char *line, size_t len)
{
	return len > 1 && line[0] != ' ' && line[len - 1] == ':';
}

void cli_topic_print(const struct cli_topic *topic)
{
	const char *line = topic->text;

	while (*line) {
		size_t len = strcspn(line, "\n");

		cli_put(is_heading(line, len) ? CLI_STYLE_HEADING : CLI_STYLE_NONE,
			"%.*s", (int)len, line);
		putchar('\n');
		line += len + 1;
	}
}
