#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One run from its start to its exit status: commands, precedence, outcomes,
# signals.
# Words are split on purpose; quoted text is for the shell inside.
# shellcheck disable=SC2086,SC2046,SC2016,SC2034,SC2094

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

fd3()
{
	grep -qF -e "$1" "$work/fd3" || wrong "status lacks '$1': $(cat "$work/fd3")"
}

# One line of JSON that a JSON parser takes.
fd3_json()
{
	same "$(grep -c '' <"$work/fd3")" 1
	if command -v python3 >/dev/null; then
		python3 -c 'import json, sys; json.load(open(sys.argv[1]))' \
			"$work/fd3" 2>"$work/err" || wrong 'not JSON'
	fi
}

begin 'the streams belong to the workload'
printf 'in\n' >"$work/in"
"$sandlock" run -- sh -c 'cat; echo error >&2' <"$work/in" \
	>"$work/out" 2>"$work/err"
status=$?
status 0
same "$(cat "$work/out")" in
same "$(cat "$work/err")" error
end

begin 'closed streams stay closed for the workload, and nothing else'
"$sandlock" run $sys -- readlink /proc/self/fd/0 <&- >"$work/out"
same "$(cat "$work/out")" /dev/null
"$sandlock" run -e 'read x; [ $? -ne 0 ] && exit 3' <&- 2>"$work/err"
status=$?
status 3
"$sandlock" run -e 'echo lost' >&- 2>"$work/err"
status=$?
[ "$status" -ne 0 ] || wrong 'echo to a closed stdout succeeded'
"$sandlock" run -e 'exit 4' <&- >&- 2>&-
status=$?
status 4
end

begin 'exit status of the command'
for n in 0 1 2 42 125 255; do
	lock run -e "exit $n"
	status $n
	silent
done
end

begin 'killed by a signal: 128 + N'
lock run -e 'kill -KILL $$'
status 137
lock run -e 'kill -TERM $$'
status 143
end

begin 'not found: 127'
lock run -- nosuchcommand
status 127
err 'sandlock: '
err nosuchcommand
lock run -- /nosuch/command
status 127
err /nosuch/command
end

begin 'a working directory that is gone: 125'
mkdir "$work/gone"
sandlock=$(realpath "$sandlock")
(cd "$work/gone" && rmdir "$work/gone" && exec "$sandlock" run -- true) \
	>"$work/out" 2>"$work/err"
status=$?
refused 'change to one that exists'
end

begin 'not executable: 126'
: >"$work/w/plain"
lock run $sys -r "$work/w" -- "$work/w/plain"
status 126
err "$work/w/plain"
lock run -- /
status 126
end

begin 'only what is granted'
echo secret >"$work/secret"
lock run -- cat "$work/secret"
status 1
no_out secret
err 'Permission denied'
lock run $sys -r "$work/secret" -- cat "$work/secret"
status 0
out secret
end

begin 'with -r alone the preset is not there'
lock run -r /usr -r '?/lib' -r '?/lib64' -- cat /etc/passwd
status 1
err 'Permission denied'
end

begin 'a grant by --set counts as one'
lock run --set filesystem.read=/ -- sh -c 'echo "[$TMPDIR]"'
status 0
lock run --set filesystem.read=/ -- cat "$work/secret"
out secret
end

begin '-e'
lock run -e 'echo $((40 + 2))'
status 0
out 42
lock run --exec-shell 'echo two words'
out 'two words'
end

begin 'the command of a profile, and what replaces it'
cat >"$profiles/cmd.toml" <<END
extends = ["base"]
[program]
exec = "echo"
args = ["from", "the profile"]
END
lock run -p cmd
status 0
same "$(cat "$work/out")" 'from the profile'
lock run -p cmd -- echo mine
same "$(cat "$work/out")" mine
lock run -p cmd -e 'echo shell'
same "$(cat "$work/out")" shell
lock run -p cmd --no-net-allow --set program.exec= --
refused 'no command'
end

begin 'profile below command line, wherever it stands'
cat >"$profiles/envs.toml" <<END
extends = ["base"]
[program]
cwd = "/"
[program.env]
A = "profile"
B = "profile"
END
lock run --env A=line -p envs --cwd /usr -e 'echo $A $B; pwd'
status 0
out 'line profile'
out /usr
end

begin 'several profiles, the later over the earlier'
cat >"$profiles/more.toml" <<END
[program.env]
B = "more"
END
lock run -p envs -p more -e 'echo $A $B'
status 0
same "$(cat "$work/out")" 'profile more'
lock run -p more -p envs -e 'echo $A $B'
same "$(cat "$work/out")" 'profile profile'
end

begin '--status-fd: exited'
lock run --status-fd 3 -e 'exit 7'
status 7
fd3 '"exit_code":7'
fd3 '"signal":null'
fd3 '"reason":"exited"'
fd3_json
end

begin '--status-fd: signaled'
lock run --status-fd=3 -e 'kill -KILL $$'
status 137
fd3 '"exit_code":-1'
fd3 '"signal":9'
fd3 '"reason":"signaled"'
fd3_json
end

begin '--status-fd: timeout'
lock run --status-fd 3 -t 100ms -- sleep 1000
status 124
err 'sandlock: timeout after 100ms'
fd3 '"exit_code":-1'
fd3 '"reason":"timeout"'
fd3_json
end

begin '--status-fd: not started'
lock run --status-fd 3 -- nosuchcommand
status 127
fd3 '"exit_code":-1'
fd3 '"reason":"error"'
fd3 nosuchcommand
fd3_json
lock run --status-fd 3 --timeout nonsense -- true
status 125
fd3 '"reason":"error"'
lock run --status-fd 3 --nonsense -- true
status 125
fd3 '"reason":"error"'
bytes=$(printf 'q"b\\s\001\t\377\355\240\200\303\244')
lock run --status-fd 3 "--$bytes" -- true
status 125
fd3_json
fd3 'q\"b\\s\u0001\u0009\udcff\udced\udca0\udc80'
end

begin '--status-fd: a descriptor of no use'
"$sandlock" run --status-fd 4 -- echo started 4</dev/null \
	>"$work/out" 2>"$work/err"
status=$?
refused 'reading only'
end

begin '--status-fd: a reader that left changes nothing'
mkfifo "$work/left"
# Open for both until the writer is there, then without a reader.
exec 7<>"$work/left" 8>"$work/left" 7<&-
"$sandlock" run --status-fd 8 -e 'exit 5' >"$work/out" 2>"$work/err"
status=$?
exec 8>&-
status 5
silent
end

begin 'the workload does not see the descriptor'
lock run --status-fd 3 -e 'echo leak >&3'
status 2
! grep -q leak "$work/fd3" || wrong 'it was written to'
end

# The next line of the FIFO, or nothing when a deadline has passed.
hear()
{
	word=$(timeout 30 head -n 1 <&5)
	same "$word" "$1"
}

# Until nobody holds the FIFO.
await_end()
{
	timeout 30 cat <&5 >/dev/null || wrong 'something survives'
	exec 5<&-
}

# A FIFO to hear from a sandbox by; 4 holds it open until that has begun.
open_fifo()
{
	rm -f "$work/w/say"
	mkfifo "$work/w/say"
	exec 4<>"$work/w/say" 5<"$work/w/say"
}

# A sandbox that says when it is ready, then waits for signals.
start()
{
	open_fifo
	# A background job of sh has INT and QUIT ignored.
	env --default-signal "$sandlock" run -t 30 $sys -w "$work/w" \
		--status-fd 3 -- sh -c "exec 6>\"\$1\"; $1" sh "$work/w/say" \
		3>"$work/fd3" 4<&- 5<&- \
		>"$work/out" 2>"$work/err" </dev/null &
	pid=$!
	hear ready
	exec 4<&-
}

finish_job()
{
	wait "$pid" 2>/dev/null
	status=$?
	exec 5<&-
}

begin 'signals are passed on'
for sig in TERM INT HUP QUIT USR1 USR2 WINCH; do
	start "trap 'echo got $sig; exit 7' $sig
		echo ready >&6; sleep 1000 & wait; wait"
	kill -$sig "$pid"
	finish_job
	status 7
	out "got $sig"
done
end

begin 'a second TERM ends what the first did not'
start 'trap "echo again >&6" TERM
	echo ready >&6; while :; do sleep 1000 & wait; done'
kill -TERM "$pid"
hear again
kill -TERM "$pid"
finish_job
status 137
fd3 '"reason":"killed"'
end

begin 'a signal ignored at the start stays ignored'
open_fifo
mkfifo "$work/w/go"
env --ignore-signal=HUP "$sandlock" run -t 30 $sys -w "$work/w" -- \
	sh -c 'echo ready >"$1"; read -r x <"$2"; echo lived' sh \
	"$work/w/say" "$work/w/go" 4<&- 5<&- >"$work/out" 2>"$work/err" &
pid=$!
hear ready
exec 4<&-
kill -HUP "$pid"
timeout 30 sh -c 'echo go >"$1"' sh "$work/w/go" || wrong 'nobody reads'
finish_job
status 0
out lived
end

begin 'what a carve-out refuses is told, with the object and the reason'
lock run -p base -w "$work/w" --fs-protect "$work/w/keep" -e "echo x >$work/w/keep"
status 2
err "create '$work/w/keep'"
err 'filesystem.protect takes'
echo y >"$work/w/keep"
lock run -p base -w "$work/w" --fs-deny "$work/w/keep" -e "cat $work/w/keep"
status 1
no_out y
err "read '$work/w/keep'"
err 'filesystem.deny takes'
same "$(cat "$work/w/keep")" y
lock run -p base -w "$work/w" --fs-protect "$work/w/keep" -e "cat $work/w/keep"
status 0
out y
same "$(grep -c refused "$work/err")" 0
rm "$work/w/keep"
end

begin 'nothing survives the command'
start 'setsid sh -c "exec sleep 1000" >/dev/null 2>&1 </dev/null &
	echo ready >&6; exit 0'
await_end
finish_job
status 0
end

begin 'nothing survives the supervisor'
start 'setsid sleep 1000 & echo ready >&6; sleep 1000'
kill -KILL "$pid"
await_end
finish_job
status 137
end

begin 'a timeout ends everything'
open_fifo
"$sandlock" run -t 300ms $sys -w "$work/w" -- sh -c \
	'exec 6>"$1"; echo ready >&6; setsid sleep 1000 & trap "" TERM
	sleep 1000' sh "$work/w/say" 4<&- 5<&- >"$work/out" 2>"$work/err" &
pid=$!
hear ready
exec 4<&-
await_end
finish_job
status 124
err 'sandlock: timeout after 300ms'
end

finish
