# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# Cases for the command line tool, in TAP:
#
#	begin 'what must hold'
#	lock run --bare -- true	# the tool; $status, $work/out, $work/err
#	status 0
#	out 'text'		# stdout contains it; err: stderr
#	end
#
# No case sleeps or names a port: waiting is reading from a FIFO.

sandlock=$1
LC_ALL=C
export LC_ALL
unset XDG_CONFIG_HOME

work=$(mktemp -d "${TMPDIR:-/tmp}/sandlock-cli.XXXXXX") || exit 1
# The grants below are compared with what the kernel calls the directory.
work=$(cd "$work" && pwd -P)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
HOME=$work/home
export HOME
mkdir -p "$HOME/.config/sandlock/profiles" "$work/w"
profiles=$HOME/.config/sandlock/profiles

# What a shell needs to run at all.
sys='-r /usr -r ?/bin -r ?/sbin -r ?/lib -r ?/lib64 -r /etc -r /proc -w /dev/null'

count=0
failed=0

begin()
{
	case_name=$1
	case_failed=
}

lock()
{
	"$sandlock" "$@" >"$work/out" 2>"$work/err" 3>"$work/fd3" </dev/null
	status=$?
}

wrong()
{
	case_failed=yes
	printf '# %s: %s\n' "$case_name" "$1"
	for file in out err; do
		sed "s/^/#   $file: /" "$work/$file" 2>/dev/null
	done
}

status()
{
	[ "$status" -eq "$1" ] || wrong "exit status $status, not $1"
}

out()
{
	grep -qF -e "$1" "$work/out" || wrong "stdout lacks '$1'"
}

err()
{
	grep -qF -e "$1" "$work/err" || wrong "stderr lacks '$1'"
}

no_out()
{
	! grep -qF -e "$1" "$work/out" || wrong "stdout has '$1'"
}

same()
{
	[ "$1" = "$2" ] || wrong "'$1' is not '$2'"
}

silent()
{
	[ ! -s "$work/err" ] || wrong 'stderr is not empty'
}

# One clear error: one line that begins with our name, and nothing started.
refused()
{
	status 125
	same "$(grep -c '' <"$work/err")" 1
	err 'sandlock: '
	err "$1"
	[ ! -s "$work/out" ] || wrong 'stdout is not empty'
}

end()
{
	count=$((count + 1))
	if [ "$case_failed" ]; then
		failed=$((failed + 1))
		printf 'not '
	fi
	printf 'ok %d - %s\n' "$count" "$case_name"
}

# Only for a program or a kernel feature that is missing here.
skip()
{
	count=$((count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$count" "$case_name" "$1"
}

finish()
{
	printf '1..%d\n' "$count"
	[ "$failed" -eq 0 ]
	exit
}
