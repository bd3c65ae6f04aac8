#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How the command line is read, and every way to get it wrong.
# Words are split on purpose; quoted text is for the shell inside.
# shellcheck disable=SC2086,SC2046,SC2016,SC2034,SC2094

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

begin 'no argument: five commands to try, on stderr'
lock
status 125
same "$(cat "$work/out")" ''
err 'Usage: sandlock COMMAND'
same "$(grep -c '^  sandlock ' "$work/err")" 5
awk 'length > 80' "$work/err" >"$work/long"
same "$(cat "$work/long")" ''
end

begin '--version'
lock --version
status 0
same "$(cat "$work/out")" 'sandlock 0.1.0'
silent
end

begin 'a flag of run in the wrong place'
lock -r /usr true
refused "sandlock run -r"
end

begin 'an unknown option before the command'
lock --nonsense
refused "unknown option '--nonsense'"
end

begin 'an unknown command'
lock rnu
refused "did you mean 'run'"
lock /bin/ls
refused 'sandlock run -- /bin/ls'
end

begin 'commands of other versions are refused by name'
lock learn
refused "command 'learn' is not available in this version"
lock help learn
refused 'not available in this version'
end

begin 'an unknown option names the nearest one'
lock run --fs-reed /usr -- true
refused "unknown option '--fs-reed'; did you mean '--fs-read'?"
lock run --timout=5 -- true
refused "did you mean '--timeout'?"
lock run --no-fs-reed -- true
refused "did you mean '--no-fs-read'?"
end

begin 'an unknown option with nothing near'
lock run --zzzzzzzzzz -- true
refused "unknown option '--zzzzzzzzzz'"
lock run -Z -- true
refused "unknown option '-Z'"
lock run -iZ -- true
refused "unknown option '-Z'"
end

begin 'control characters in a name do not reach the terminal'
lock run "--$(printf '\033[31m')" -- true
refused 'unknown option'
! grep -q "$(printf '\033')" "$work/err" || wrong 'an escape character'
end

begin 'an option without its value'
lock run --fs-read
refused "option '--fs-read' needs a value (PATH)"
lock run -r
refused "option '-r' needs a value (PATH)"
lock run -r -- true
refused "option '-r' needs a value (PATH), but '--' follows"
lock run -r -w /tmp -- true
refused "but '-w' follows"
end

begin 'a switch takes no value'
lock run --bare=yes -- true
refused "option '--bare' takes no value"
lock run --no-fs-read=/usr -- true
refused "option '--no-fs-read' takes no value"
end

begin 'a single value given twice'
lock run -t 1s --timeout 2s -- true
refused "option '--timeout' is given more than once"
lock run --cwd / --cwd=/usr -- true
refused 'more than once'
lock run --status-fd 3 --status-fd 3 -- true
refused 'more than once'
end

begin 'a single value again after --no-KEY'
lock run -t 1ms --no-timeout -t 100s -- echo fine
status 0
out fine
end

begin 'every flag of a later version is refused by name'
"$sandlock" help --keys >"$work/keys" || wrong 'help --keys'
n=0
while IFS="$(printf '\t')" read -r _ flag _ metavar _ _ available _; do
	if [ "$available" != later ] || [ "$flag" = - ]; then
		continue
	fi
	n=$((n + 1))
	if [ "$metavar" = - ]; then
		lock run "$flag" -- echo started
	else
		lock run "$flag" 1 -- echo started
	fi
	refused "option '$flag'"
	err 'not available in this version'
done <"$work/keys"
[ $n -gt 20 ] || wrong "only $n flags of later versions"
end

begin 'keys of a later version are refused by --set'
lock run --set limits.num_cpus=2 -- echo started
refused 'not available in this version'
end

begin 'forms of a value'
for form in '-r /usr' '-r/usr' '-r=/usr' '--fs-read /usr' '--fs-read=/usr'; do
	lock run $form $sys -- echo fine
	status 0
	out fine
done
end

begin 'switches in a cluster, the last with a value'
lock run -ie 'echo cluster'
status 0
out cluster
lock run -it5s -- echo fine
status 0
out fine
end

begin 'the command is the first word that is no option'
lock run echo -r --help --
status 0
same "$(cat "$work/out")" '-r --help --'
lock run -- echo -- -x
same "$(cat "$work/out")" '-- -x'
end

begin 'no command'
lock run
refused 'no command'
lock run --bare
refused 'no command'
lock run -r /usr --
refused 'no command'
end

begin '-e and a command exclude each other'
lock run -e 'echo one' -- echo two
refused 'exclude each other'
lock run -e 'echo one' echo two
refused 'exclude each other'
end

begin 'profiles exclude each other where they must'
: >"$profiles/empty.toml"
lock run -p empty --profile-file "$profiles/empty.toml" -- true
refused '--profile and --profile-file exclude each other'
lock run --bare -p empty -- true
refused '--bare and --profile exclude each other'
lock run --bare --profile-file "$profiles/empty.toml" -- true
refused '--bare and --profile-file exclude each other'
end

begin '--no-coredump is that switch, --no-no-coredump its opposite'
for key in coredump huge-pages randomize-memory supervisor; do
	lock run --no-$key --no-no-$key -- echo "$key"
	status 0
	out $key
	# The positive name is no flag.
	lock run --$key -- true
	status 125
done
end

begin '--set: misuse'
lock run --set limits.timeout -- true
refused 'is not KEY=VALUE'
lock run --set =5 -- true
refused 'is not KEY=VALUE'
lock run --set limits.timeot=5 -- true
refused 'limits.timeot'
err limits.timeout
lock run --set status-fd=1 -- true
status 125
lock run --set "$(head -c 200 /dev/zero | tr '\0' x)=5" -- true
refused 'unknown key'
lock run --set limits.timeout=x -- true
refused limits.timeout
end

begin 'values that no key takes, each named with its flag'
refuse()
{
	lock run "$@" -- echo started
	refused "$1"
}
refuse --timeout 0
refuse --timeout 5x
refuse --timeout 99999999999999999999h
refuse --kill-after soon
refuse --max-open-files 0
refuse --max-open-files 99999999999999999999
refuse --max-open-files ten
refuse --max-memory 0
refuse --max-memory 101%
refuse --max-memory much
refuse --max-processes 0
refuse --max-processes few
refuse --max-processes 4294967296
refuse --cpu-cores one
refuse --cpu-cores 99999999999999999999
refuse --gpu first
refuse --user root
refuse --user 1
refuse --user 4294967296:0
refuse --env NOVALUE
refuse --env =x
refuse --net-allow ftp://:21
refuse --net-allow tcp://:70000
refuse --net-deny tcp://
refuse --net-allow-bind 2000-1000
refuse --net-allow-bind 65536
refuse --net-deny-bind '*'
refuse --extra-deny-syscall nosuchcall
refuse --extra-allow-syscall nosuchgroup
refuse --allow-degraded nosuch
refuse --disable nosuch
refuse --fs-read "$work/missing"
refuse --fs-write "$work/missing"
refuse --cwd "$work/missing"
refuse --status-fd x
refuse --status-fd 99999999999999999999
refuse --status-fd 57
end

begin 'an unknown protection lists the known ones'
lock run --disable tcp -- true
refused net-tcp
err signal-scope
end

begin '300 KiB of flags'
set -- $(yes -- '-r /usr' | head -n 30000)
lock run "$@" $sys -- echo fine
status 0
out fine
lock run "$@" --wrong -- echo started
refused "unknown option '--wrong'"
end

begin 'one value of 100 KiB'
long=$(head -c 100000 /dev/zero | tr '\0' a)
lock run "--$long" -- echo started
refused 'unknown option'
lock run -r "/$long" -- echo started
refused --fs-read
lock run --timeout "$long" -- echo started
refused --timeout
lock run -p "$long" -- echo started
status 125
err sandlock:
end

finish
