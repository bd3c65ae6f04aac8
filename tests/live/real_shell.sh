#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Shells and their pipelines under preset base.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"
need bash

begin '1,000 pipelines'
inside bash -ec 'n=0
for i in {1..1000}; do
	x=$(echo $i | cat)
	[ "$x" = $i ] && n=$((n + 1))
done
echo $n of 1000'
works
out '1000 of 1000'
end

begin '300 pipelines of sh with a trap on SIGCHLD and a timer'
inside sh -ec 'trap : CHLD ALRM; i=0
while [ $i -lt 300 ]; do
	echo $i | tr 0-9 a-j | cat >/dev/null
	i=$((i + 1))
done
echo $i done'
works
out '300 done'
end

begin 'here documents, process substitution, arrays, jobs'
inside bash -ec 'cat <<END
here
END
diff <(seq 5) <(seq 5) && echo equal
a=(1 2 3); echo ${#a[@]} elements
sleep 0.01 & sleep 0.01 & wait; echo waited
mkfifo f; (echo through >f) & cat f
exec 9>nine; echo nine >&9; cat nine
(echo err >/dev/stderr; echo out >/dev/stdout) 2>&1 | cat'
works
out here
out equal
out '3 elements'
out waited
out through
out nine
out out
out err
end

begin 'exit codes and signals'
inside bash -c 'exit 37'
[ "$status" -eq 37 ] || wrong "exit status $status, not 37"
inside bash -c 'kill -TERM $$'
[ "$status" -eq 143 ] || wrong "exit status $status, not 143"
inside bash -c 'kill -SEGV $$'
[ "$status" -eq 139 ] || wrong "exit status $status, not 139"
inside /nonexistent/program
[ "$status" -eq 127 ] || wrong "exit status $status, not 127"
end

begin 'a login shell does not need the home'
inside bash -lc 'echo started; cat ~/.bashrc || echo refused'
works
out started
out refused
end

begin 'ordinary tools'
inside sh -ec 'seq 100 | sort -rn | head -1; find . | wc -l
mkdir -p a/b; cp /etc/passwd a/b/; mv a c; rm -r c; du -s . >/dev/null
date >/dev/null; id -u >/dev/null; uname >/dev/null; awk "BEGIN { print 6 * 7 }"
echo abc | sed s/b/B/ | grep -c aBc; df . >/dev/null; ps >/dev/null || true'
works
out 100
out 42
end

finish
