#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `sandlock check`: on this kernel, under kernels and containers that lack
# something (tests/cli/older.c), inside a sandbox, and every misuse.
# Words are split on purpose; quoted text is for the shell inside.
# shellcheck disable=SC2086,SC2046,SC2016,SC2034,SC2094

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
older=${OLDER:?the program tests/cli/older}
# A case works in a directory of its own.
case $sandlock in
/*) ;;
*) sandlock=$PWD/$sandlock ;;
esac
tab=$(printf '\t')

unset SANDLOCK_SUPERVISOR SANDLOCK_RESOLVE

# under 'RULES' WORDS...: the tool as on such a kernel
under()
{
	rules=$1
	shift
	"$older" $rules -- "$sandlock" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
}

# row NAME STATE NEED
row()
{
	grep -q "^$1$tab$2$tab$3$tab" "$work/out" ||
		wrong "'$1' is not $2 and $3: $(grep "^$1$tab" "$work/out")"
}

first_line()
{
	head -n 1 "$work/out" | grep -qF -e "$1" ||
		wrong "the first line lacks '$1'"
}

next_line()
{
	sed -n 2p "$work/out" | grep -qF -e "$1" ||
		wrong "the second line lacks '$1'"
}

# Would it start? The answer of `check` must be what `run` does.
agrees()
{
	was=$status
	"$older" $rules -- "$sandlock" run "$@" -- true \
		>/dev/null 2>"$work/run.err" </dev/null
	ran=$?
	case $was$ran in
	00|1[1-9]*) ;;
	*) wrong "check says $was, run ends with $ran: $(cat "$work/run.err")" ;;
	esac
}

# An instrumented program reads its options from /proc/self/environ. Where a
# sandbox keeps that closed, its leak checker fails after the answer was given.
instrumented=
! grep -q __asan_init "$sandlock" || instrumented=yes

release=$(uname -r)
minor=${release#*.}
minor=${minor%%[!0-9]*}

begin 'this kernel: the verdict is what a run meets'
lock check
"$sandlock" run -- true 2>/dev/null
ran=$?
if [ $ran -eq 0 ]; then
	status 0
	first_line "is enforced in full on this kernel (Linux ${release%%.*}.$minor, Landlock ABI "
	row landlock present needed
else
	status 1
	first_line 'cannot be enforced on this kernel'
fi
silent
out Landlock
end

begin 'piped: plain text, one record per line, five fields'
lock check
same "$(sed 1,2d "$work/out" | awk -F"$tab" 'NF != 5' | grep -c '')" 0
! LC_ALL=C grep -q "$(printf '\033')" "$work/out" || wrong 'colour in a pipe'
[ "$(grep -c "$tab" "$work/out")" -gt 20 ] || wrong 'few records'
end

begin 'JSON that a program can read'
lock check --json
python3 - "$work/out" >"$work/fd3" 2>&1 <<'END' || wrong "$(cat "$work/fd3")"
import json, os, sys
doc = json.load(open(sys.argv[1]))
assert doc["schema"] == 1 and doc["policy"] == "default", doc
assert doc["uid"] == os.geteuid() and doc["machine"] == os.uname().machine
assert doc["kernel"] == os.uname().release
assert isinstance(doc["verdict"], str) and "Landlock" in doc["verdict"]
rows = {f["name"]: f for f in doc["features"]}
assert len(rows) == len(doc["features"]) > 20
for f in doc["features"]:
    assert list(f) == ["name", "state", "need", "gives", "number", "detail",
                       "remedy"], f
    assert f["state"] in ("present", "limited", "missing"), f
    assert f["need"] in ("needed", "optional", "library"), f
lacks = [f for f in doc["features"]
         if f["need"] == "needed" and f["state"] == "missing"]
assert doc["enforceable"] == (not lacks)
assert (doc["next"] is None) == doc["enforceable"]
assert rows["landlock"]["number"] == doc["landlock_abi"]
END
end

begin '--json anywhere among the options, once or twice'
lock check -r /usr --json --json -t 5
[ "$status" -le 1 ] || wrong "exit status $status"
out '"policy": "given"'
silent
end

begin 'user namespaces: present means that --user works'
lock check
if grep -q "^user-namespaces${tab}present" "$work/out"; then
	lock run --user 4242:4242 -- id -u
	status 0
	out 4242
else
	lock run --user 4242:4242 -- id -u
	status 125
fi
end

begin 'a policy is judged by its own needs'
lock check --user 4242:4242
row user-namespaces '[a-z]*' needed
first_line 'This policy'
lock check --bare -r /usr
row private-tmp '[a-z]*' optional
lock check --no-supervisor -r /usr
row pidfd '[a-z]*' optional
row landlock '[a-z]*' needed
printf '[program]\nuser = "4242:4242"\n' >"$profiles/other.toml"
lock check -p other
row user-namespaces '[a-z]*' needed
lock check --profile-file "$profiles/other.toml" --no-user
row user-namespaces '[a-z]*' optional
lock check --set program.user=4242:4242
row user-namespaces '[a-z]*' needed
end

begin 'help'
for words in 'help check' 'check --help' 'check -h' 'check -r /usr --help'; do
	lock $words
	status 0
	out 'Usage: sandlock check'
	out 'Exit status'
	silent
done
end

# ---- kernels and containers that lack something ---------------------------

begin 'Landlock not enabled at boot: the parameter to boot with'
under landlock_create_ruleset=EOPNOTSUPP check
status 1
silent
first_line 'no Landlock): it lacks landlock.'
next_line 'lsm=landlock'
row landlock missing needed
row net-tcp missing needed
agrees
end

begin 'landlock_create_ruleset refused by a container'
for answer in EPERM ENOSYS EACCES KILL; do
	under landlock_create_ruleset=$answer check
	status 1
	silent
	first_line 'it lacks landlock.'
	next_line "the container's seccomp profile"
	next_line '--security-opt seccomp='
	next_line landlock_restrict_self
	row landlock missing needed
	agrees
done
end

begin 'landlock_restrict_self alone refused'
under landlock_restrict_self=EPERM check
status 1
out 'landlock_restrict_self: Operation not permitted'
row landlock missing needed
agrees
under landlock_add_rule=ENOSYS check
status 1
row landlock missing needed
agrees
end

begin 'every older ABI of Landlock'
abi=0
for names in '' fs-truncate net-tcp fs-ioctl-dev \
	'signal-scope abstract-unix-socket-scope'; do
	abi=$((abi + 1))
	[ -n "$names" ] || names=fs-refer
	under abi=$abi check
	status 1
	first_line "Landlock ABI $abi"
	next_line 'Linux 6.12 or newer'
	for name in $names; do
		row $name missing needed
		next_line "--allow-degraded $name"
	done
	agrees
done
under abi=6 check
status 0
first_line 'is enforced in full'
row landlock-log missing optional
row landlock-errata limited optional
agrees
end

begin 'what next says is what runs'
under abi=3 check
words=$(sed -n '2s/.*sandlock run //p' "$work/out")
[ -n "$words" ] || wrong 'no command'
"$older" abi=3 "$sandlock" run $words -- true 2>"$work/err" || wrong 'it fails'
end

begin 'a policy that goes without'
under abi=3 check --allow-degraded net-tcp --allow-degraded fs-ioctl-dev \
	--allow-degraded signal-scope \
	--allow-degraded abstract-unix-socket-scope
status 0
first_line 'is enforced on this kernel'
first_line 'without what it does not insist on: net-tcp, fs-ioctl-dev'
row net-tcp missing optional
under abi=5 check --disable signal-scope \
	--allow-degraded abstract-unix-socket-scope
status 0
end

begin 'other calls that a run needs'
for case in close_range=ENOSYS:close-range close_range=EPERM:close-range \
	openat2=ENOSYS:openat2 openat2=KILL:openat2 clone3=EPERM:threads \
	clone3=KILL:threads seccomp@0:1=EINVAL:seccomp \
	seccomp@0:1=EPERM:seccomp prctl@0:38=EPERM:no-new-privs \
	landlock_restrict_self=E2BIG:landlock-nesting; do
	under "${case%:*}" check
	status 1
	silent
	first_line "it lacks ${case##*:}"
	row ${case##*:} missing needed
	agrees
done
end

begin 'capabilities that cannot be dropped'
under capset=EPERM check
if [ "$(id -u)" -eq 0 ]; then
	status 1
	row drop-capabilities missing needed
else
	row drop-capabilities present needed
fi
agrees
end

begin 'what a run does without'
under unshare=EPERM check
status 0
row user-namespaces missing optional
agrees
for rules in clone3=ENOSYS lsm_list_modules=ENOSYS pidfd_open=EPERM; do
	under $rules check
	status 0
	agrees
done
end

begin 'nobody can answer what is trapped'
under 'seccomp@1&8=EINVAL' check
status 1
row seccomp-notify missing needed
next_line 'Linux 5.0 or newer'
agrees
under 'seccomp@1&8=EBUSY' check
status 1
row seccomp-notify missing needed
out 'an outer sandbox has the one listener'
next_line '--no-supervisor'
agrees
under 'seccomp@1&8=EBUSY' check --no-supervisor --no-private-tmp
status 0
row seccomp-notify missing optional
agrees --no-supervisor
end

begin 'runs on every older ABI'
for abi in 1 2 3 4 5 6; do
	degraded=$(under abi=$abi check; sed -n \
		's/.*\t[^\t]*\(--allow-degraded [a-z-]*\) goes.*/\1/p' "$work/out")
	under abi=$abi run $degraded -- sh -c 'echo ran; chmod 600 /etc/passwd'
	out ran
	status 1
	err 'Operation not permitted'
done
end

begin 'user namespaces refused by a container, and needed'
under unshare=EPERM check --user 4242:4242
status 1
first_line 'it lacks user-namespaces.'
next_line "the container's seccomp profile"
agrees --user 4242:4242
end

# As the default profile of Docker does it.
begin 'addresses that a container does not let be the same'
under personality@0:0x40000=EPERM check
status 0
row personality missing optional
agrees
under personality@0:0x40000=EPERM check --no-randomize-memory
status 1
first_line 'it lacks personality.'
next_line "the container's seccomp profile allow personality"
agrees --no-randomize-memory
end

begin 'no process for the sandbox: pidfd'
under pidfd_send_signal=EPERM check
status 1
row pidfd missing needed
out 'pidfd_send_signal: Operation not permitted'
end

begin 'the library is told what it lacks'
for call in pidfd_open memfd_create; do
	SANDLOCK_SUPERVISOR=/bin/sh
	export SANDLOCK_SUPERVISOR
	under $call=ENOSYS check
	status 0
	row supervisor missing library
	out "$call: "
	unset SANDLOCK_SUPERVISOR
done
end

begin 'a policy with host names is told that nobody looks them up'
SANDLOCK_RESOLVE=/nonexistent
export SANDLOCK_RESOLVE
under '' check
status 0
row resolver missing optional
under '' check --net-allow example.com:443
status 1
row resolver missing needed
next_line '$SANDLOCK_RESOLVE'
agrees --net-allow example.com:443
unset SANDLOCK_RESOLVE
under '' check --net-allow example.com:443
status 0
row resolver present needed
end

begin 'no room for a temporary directory'
under mkdirat=EACCES check
status 1
row private-tmp missing needed
next_line TMPDIR
agrees
under mkdirat=EACCES check --no-private-tmp
status 0
agrees --no-private-tmp
end

begin 'user namespaces forbidden by their sysctl'
if unshare -Ur true 2>/dev/null; then
	unshare -Ur sh -c '
		echo 0 >/proc/sys/user/max_user_namespaces &&
		exec "$0" check --user 77:77 --no-private-tmp' "$sandlock" \
		>"$work/out" 2>"$work/err"
	status=$?
	status 1
	next_line 'sysctl -w user.max_user_namespaces='
	end
else
	skip 'unprivileged user namespaces'
fi

begin 'a start that fails here names what is missing'
for case in landlock_create_ruleset=ENOSYS:landlock clone3=EPERM:threads \
	close_range=ENOSYS:close-range seccomp@0:1=EINVAL:seccomp,+seccomp-notify; do
	under "${case%:*}" run -- true
	status 125
	err "missing here: $(echo "${case##*:}" | tr + ' '); 'sandlock check' says why"
	same "$(grep -c '' <"$work/err")" 2
done
under unshare=EPERM run --user 4242:4242 -- true
status 125
under close_range=EPERM run --no-supervisor -r / -- true
status 125
! grep -q 'missing here' "$work/err" || wrong 'judged when confined'
lock run -r /nonexistent -- true
refused /nonexistent
end

# ---- places ------------------------------------------------------------------

free=$("$sandlock" check | sed -n 's/.*\t\([0-9]*\) of 16 domains.*/\1/p')

begin 'inside a sandbox'
lock run -p base -r /proc -- "$sandlock" check
status 1
silent
first_line 'it lacks seccomp-notify.'
next_line '--no-supervisor'
row user-namespaces missing optional
out "the container's seccomp profile or an outer sandbox"
out "$((free - 2)) of 16 domains are free"
lock run -p base -r /proc -- "$sandlock" run -- true
status 125
err 'another sandbox around this one'
err '--no-supervisor'
lock run -p base -r /proc -- "$sandlock" run --no-supervisor -- true
status 0
end

begin 'inside so many sandboxes that no domain is left'
nested="$sandlock run --no-supervisor -r / --"
lock run -r / -- $nested $nested $nested $nested $nested $nested $nested \
	$nested $nested $nested $nested $nested $nested $nested \
	"$sandlock" check --no-supervisor
if [ -s "$work/out" ]; then
	out '0 of 16 domains are free'
	status 1
	first_line 'it lacks landlock-nesting.'
else
	wrong 'nothing was said'
fi
end

# An empty directory where /proc was; the user who may do that is another one,
# with another temporary directory.
begin 'without /proc'
cover='mount -t tmpfs none /proc'
if unshare -Urm sh -c "$cover" 2>/dev/null; then
	unshare -Urm sh -c "$cover"' && exec "$0" check --no-private-tmp' \
		"$sandlock" >"$work/out" 2>"$work/err"
	status=$?
	row proc missing optional
	out 'mount -t proc'
	row user-namespaces missing optional
	out 'writing /proc/self/uid_map: No such file or directory'
else
	# Nothing may be mounted: a sandbox that is not granted it.
	lock run -r /usr -r '?/bin' -r '?/lib' -r '?/lib64' --grant-command -- \
		"$sandlock" check --no-private-tmp
	row proc limited optional
fi
[ "$instrumented" ] || status 0
end

begin 'where /proc is not granted'
lock run -r /usr -r '?/bin' -r '?/lib' -r '?/lib64' --grant-command -- \
	"$sandlock" check --no-supervisor
[ "$instrumented" ] || status 0
row proc limited optional
out 'an outer sandbox keeps it closed'
end

begin 'where the processes of others are hidden'
hide='mount -t proc -o hidepid=2 proc /proc'
if [ "$(id -u)" -eq 0 ] && unshare -m sh -c "$hide" 2>/dev/null; then
	unshare -m sh -c "$hide"' && exec setpriv --reuid 65534 --regid 65534 \
		--clear-groups "$0" check --bare' "$sandlock" \
		>"$work/out" 2>"$work/err"
	status=$?
	out hidepid
else
	# An ordinary user may not hide them: they are there.
	lock check --bare
	no_out hidepid
fi
status 0
row proc present optional
end

# ---- misuse --------------------------------------------------------------------

begin 'unknown options'
lock check --nonsense
refused "unknown option '--nonsense'"
lock check --fs-reed /usr
refused "did you mean '--fs-read'"
lock check -Z
refused "unknown option '-Z'"
lock check --json=yes
refused "unknown option '--json'"
lock check --workdir /x
refused 'not available in this version'
end

begin 'a command, or any other word'
lock check true
refused "'true' follows"
lock check -- true
refused "'true' follows"
lock check --json -- --json
refused "'--json' follows"
lock check ''
refused 'runs no command'
end

begin 'options of a run'
lock check --status-fd 3
refused "option '--status-fd' is of one run"
lock check -e 'true'
refused "option '--exec-shell' is of one run"
lock check -i
refused "option '--interactive' is of one run"
end

begin 'a policy that is wrong everywhere'
lock check --extra-deny-syscall nosuchcall
refused nosuchcall
lock check -p nosuchprofile
refused nosuchprofile
lock check --disable fs-refer
refused fs-refer
lock check -t never
refused never
lock check --kill-after 1s
refused timeout
end

begin 'stdout that cannot be written'
if [ -w /dev/full ]; then
	for words in check 'check --json'; do
		"$sandlock" $words >/dev/full 2>"$work/err"
		status=$?
		: >"$work/out"
		refused 'cannot write to standard output'
	done
fi
for words in check 'check --json'; do
	"$sandlock" $words >&- 2>"$work/err"
	status=$?
	: >"$work/out"
	refused 'cannot write to standard output'
done
"$sandlock" check >"$work/out" 2>&-
status=$?
[ "$status" -le 1 ] || wrong "exit status $status"
end

begin 'a trial that is killed dumps no core'
mkdir -p "$work/core"
(
	# shellcheck disable=SC3045
	ulimit -c unlimited 2>/dev/null
	cd "$work/core" || exit
	"$older" landlock_create_ruleset=KILL openat2=KILL unshare=KILL \
		"$sandlock" check >"$work/out" 2>"$work/err"
)
row user-namespaces missing optional
out 'unshare(CLONE_NEWUSER): killed'
same "$(ls "$work/core")" ''
end

begin 'a check leaves nothing behind'
mkdir -p "$work/tmp"
TMPDIR=$work/tmp XDG_RUNTIME_DIR='' "$sandlock" check >"$work/out" 2>&1
same "$(find "$work/tmp" -name 'run-*' | grep -c '')" 0
end

finish
