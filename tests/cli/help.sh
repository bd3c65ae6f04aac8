#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Help, the lists for the manual page and the completion: all of one table.
# Words are split on purpose; quoted text is for the shell inside.
# shellcheck disable=SC2086,SC2046,SC2016,SC2034,SC2094

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
tab=$(printf '\t')

begin 'help on every level'
for words in '--help' '-h' 'help' 'help run' 'run --help' 'run -h' \
	'run -r /usr -h' 'help profile' 'profile -h' 'profile list --help' \
	'help explain' 'explain -h' 'explain path:/ --help' \
	'help completion' 'completion --help' 'help help' 'help -h'; do
	lock $words
	status 0
	out 'Usage: sandlock'
	silent
done
end

begin 'the top level names every command'
lock help
for command in run profile check explain completion help; do
	out "  $command "
done
end

begin 'help of an unknown subject'
lock help nosuch
refused nosuch
lock help netwrk
refused "did you mean 'network'?"
lock help rnu
refused "did you mean 'run'?"
lock help run profile
refused 'one thing at a time'
end

begin 'every topic: named at the top, a screen of 80 columns'
lock help
sed -n '/^Topics:/,/^$/s/^  \([^ ]*\) .*/\1/p' "$work/out" >"$work/topics"
same "$(tr '\n' ' ' <"$work/topics")" 'files network limits profiles exit-codes '
while read -r topic; do
	lock help "$topic"
	status 0
	silent
	awk 'length > 80' "$work/out" >"$work/long"
	same "$(cat "$work/long")" ''
	[ "$(grep -c '' "$work/out")" -lt 40 ] || wrong 'longer than a screen'
done <"$work/topics"
end

begin 'help of run shows every flag of this version, aligned, once'
"$sandlock" help --keys >"$work/keys"
lock help run
same "$(sed -n 5p "$work/out")" 'Examples:'
cp "$work/out" "$work/help"
while IFS="$tab" read -r _ flag short _ _ _ available group help; do
	[ "$flag" != - ] || continue
	if [ "$available" = later ]; then
		! grep -q -e "$flag\([ ,]\|$\)" "$work/help" || wrong "$flag is shown"
		continue
	fi
	[ "$short" = - ] && start='      ' || start="  $short, "
	same "$(grep -c -e "^$start$flag " "$work/help")" 1
	awk -v text="  $help" 'at = index($0, text) { print at }' "$work/help" \
		>>"$work/columns"
	out "$group:"
	out "$help"
done <"$work/keys"
same "$(sort -u "$work/columns" | grep -c '')" 1
same "$(sed -n 's/^\([A-Z].*\):$/\1/p' "$work/help" | tr '\n' ',')" \
	'Examples,Common,Files,Network,Program and environment,Limits,Kernel,Run,'
same "$(sed -n '/^Common:/,/^$/s/^ *\(-[^ ,]*\).*/\1/p' "$work/help" | tr '\n' ' ')" \
	'-p -r -w --net-allow -t -- '
awk 'length > 80' "$work/help" >"$work/long"
same "$(cat "$work/long")" ''
end

begin 'every flag of this version has a case here'
n=0
while IFS="$tab" read -r _ flag _ _ _ _ available _; do
	if [ "$flag" = - ] || [ "$available" = later ]; then
		continue
	fi
	n=$((n + 1))
	grep -qw -e "$flag" "$here/flags.sh" || wrong "flags.sh lacks $flag"
done <"$work/keys"
[ $n -gt 25 ] || wrong "only $n flags"
end

begin 'a full device is an error'
if [ -w /dev/full ]; then
	"$sandlock" help >/dev/full 2>"$work/err"
	status=$?
	: >"$work/out"
	refused 'cannot write to standard output'
	end
else
	skip /dev/full
fi

begin 'the list of the manual page is clean mdoc'
if command -v mandoc >/dev/null; then
	{
		printf '.Dd January 1, 2025\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n'
		printf '.Nd y\n.Sh OPTIONS\n'
		"$sandlock" help --mdoc-keys
	} >"$work/x.1"
	mandoc -Tlint -Wwarning "$work/x.1" >"$work/out" 2>"$work/err" ||
		wrong 'mandoc complains'
	mandoc -Tascii "$work/x.1" | col -b >"$work/out"
	out '--fs-read'
	out 'limits.timeout'
	end
else
	skip mandoc
fi

begin 'sandlock-profile(5) has every key'
"$sandlock" help --mdoc-keys | sed -n 's/^\.Sy [a-z]*\.\([a-z_]*\) .*/\1/p' \
	>"$work/keys"
[ -s "$work/keys" ] || wrong 'no keys'
while read -r key; do
	sed '1,/^\.Ss Tables/d' "$(dirname "$0")/../../man/sandlock-profile.5" |
		grep -qw "$key" || wrong "not there: $key"
done <"$work/keys"
end

begin 'completion: other shells are refused'
lock completion
refused 'sandlock completion bash|fish|zsh'
lock completion csh
refused 'sandlock completion bash|fish|zsh'
end

press_tab()
{
	# The words of a command line; the last is being written.
	bash -c '
		script=$1 program=$2
		shift 2
		source "$script"
		COMP_WORDS=("$program" "$@")
		COMP_CWORD=$#
		_sandlock
		printf "%s\n" "${COMPREPLY[@]}"
	' - "$work/completion" "$sandlock" "$@" >"$work/out" 2>"$work/err"
	status=$?
}

begin 'bash completion'
if command -v bash >/dev/null; then
	"$sandlock" completion bash >"$work/completion"
	: >"$profiles/mine.toml"
	press_tab r
	same "$(cat "$work/out")" run
	press_tab run --fs-r
	same "$(cat "$work/out")" --fs-read
	press_tab run -r /us
	out /usr
	press_tab run --net-allow = tcp://:1 --fs-w
	same "$(cat "$work/out")" --fs-write
	press_tab run -p mi
	same "$(cat "$work/out")" mine
	press_tab run --no-net-
	out --no-net-allow
	no_out --net-deny
	press_tab run --chr
	same "$(cat "$work/out")" ''
	press_tab profile che
	same "$(cat "$work/out")" check
	press_tab profile show mi
	same "$(cat "$work/out")" mine
	mkfifo "$work/hold"
	"$sandlock" run --name "tab-$$" -- cat <"$work/hold" &
	exec 4>"$work/hold"
	until "$sandlock" inspect "tab-$$" >/dev/null 2>&1; do :; done
	press_tab kill "tab-$$"
	same "$(cat "$work/out")" "tab-$$"
	exec 4>&-
	wait
	press_tab run -i printen
	out printenv
	press_tab che
	same "$(cat "$work/out")" check
	press_tab help che
	same "$(cat "$work/out")" check
	press_tab check --js
	same "$(cat "$work/out")" --json
	press_tab check --fs-r
	same "$(cat "$work/out")" --fs-read
	press_tab check printen
	same "$(cat "$work/out")" ''
	press_tab run --js
	same "$(cat "$work/out")" ''
	press_tab explain -r /usr sys
	same "$(cat "$work/out")" syscall:
	press_tab explain path : /usr bind : 1 --js
	same "$(cat "$work/out")" --json
	press_tab explain path : /us
	same "$(cat "$work/out")" /usr
	press_tab explain net : h : 1 -- printen
	out printenv
	silent
	end
else
	skip bash
fi

finish
