#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make and gcc under presets agent and c.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/agent_lib.sh
. "$(dirname "$0")/agent_lib.sh"
need gcc make
profiles='-p c'

begin 'make -j2 with a library, and its test'
mkdir src
for i in 1 2 3 4; do
	echo "int f$i(void) { return $i; }" >"src/f$i.c"
done
cat >main.c <<'END'
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int f1(void), f4(void);
extern char **environ;
int main(void)
{
	char path[4096];
	for (char **e = environ; *e; e++)
		if (strstr(*e, "DO-NOT-" "LEAK"))
			return 2;
	snprintf(path, sizeof(path), "%s/.ssh/id_ed25519", getenv("HOME"));
	if (open(path, O_RDONLY) >= 0 || errno != EACCES)
		return 3;
	snprintf(path, sizeof(path), "%s/.cache/ccache/entry", getenv("HOME"));
	if (open(path, O_WRONLY) >= 0 || errno != EACCES)
		return 4;
	return printf("sum %d\n", f1() + f4()) < 0;
}
END
cat >Makefile <<'END'
objs := $(patsubst %.c,%.o,$(wildcard src/*.c))
test: prog
	./prog
prog: main.o libf.a
	$(CC) -o $@ $^
libf.a: $(objs)
	$(AR) rcs $@ $^
clean:
	rm -f prog libf.a *.o src/*.o
.PHONY: test clean
END
agent make -j2 test
works
out 'sum 5'
agent make -s clean
works
end_agent

begin 'a Makefile that looks around finds nothing'
printf 'all:\n\tcat "$$HOME/.ssh/id_ed25519" "$$HOME/.git-credentials"\n' >Makefile
agent make
[ "$status" -eq 2 ] || wrong "exit status $status"
printf 'all:\n\techo poison >>"$$HOME/.profile"\n' >Makefile
agent make
[ "$status" -eq 2 ] || wrong "exit status $status"
end_agent

if command -v ccache >/dev/null; then
	begin 'ccache keeps to the run'
	echo 'int main(void) { return 0; }' >a.c
	agent_sh 'ccache gcc -c a.c; ccache gcc -c a.c; ccache -p | grep cache_dir'
	works
	out '/cache/ccache'
	end_agent
fi

finish
