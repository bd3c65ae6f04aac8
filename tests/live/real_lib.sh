# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# Real programs under preset base, as a user would start them:
#
#	need git			# skip the file if it is not installed
#	begin 'what must work'		# in a new directory, $dir
#	inside git init			# sandlock run -p base -w . -- git init
#	granted='-w /dev/shm'		# more grants for the next one
#	works				# exit status 0
#	out 'text'; err 'text'		# stdout or stderr has it
#	end
#
# The home is a copy of SANDLOCK_TEST_HOME, full of real dot files, or a small
# one. Nothing in it is granted. No case sleeps; ports are asked from the kernel.

sandlock=${SANDLOCK:?}
attack=${SANDLOCK_ATTACK:?}
LC_ALL=C
export LC_ALL

top=$(mktemp -d "${TMPDIR:-/tmp}/sandlock-real.XXXXXX") || exit 1
top=$(cd "$top" && pwd -P)
background=
cleanup()
{
	# shellcheck disable=SC2086
	[ -z "$background" ] || kill $background 2>/dev/null
	chmod -R u+rwX "$top" 2>/dev/null
	rm -rf "$top"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

HOME=$top/home
export HOME
unset XDG_CONFIG_HOME GIT_DIR PYTHONPATH NODE_OPTIONS MAKEFLAGS
if [ -d "${SANDLOCK_TEST_HOME:-/nonexistent}" ]; then
	cp -a "$SANDLOCK_TEST_HOME" "$HOME" 2>/dev/null || [ -d "$HOME" ]
else
	mkdir -p "$HOME/.config" "$HOME/.ssh"
	echo SECRET-DO-NOT-LEAK >"$HOME/.ssh/id_ed25519"
	printf '[user]\n\tname = Test\n\temail = t@example.org\n' >"$HOME/.gitconfig"
	echo 'fund=false' >"$HOME/.npmrc"
	echo 'export SECRET=SECRET-DO-NOT-LEAK' >"$HOME/.bashrc"
fi
# Not a shim of a version manager, except where that is what is tested.
PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
export PATH

count=0
failed=0
granted=

need()
{
	for program; do
		command -v "$program" >/dev/null 2>&1 || {
			echo "1..0 # SKIP $program is not installed"
			exit 0
		}
	done
}

begin()
{
	case_name=$1
	case_failed=
	count=$((count + 1))
	dir=$top/$count
	mkdir "$dir" && cd "$dir" || exit 1
}

inside()
{
	# shellcheck disable=SC2086
	"$sandlock" run -p base -w . $granted -- "$@" \
		>"$top/out" 2>"$top/err" </dev/null
	status=$?
	granted=
}

wrong()
{
	case_failed=yes
	printf '# %s: %s\n' "$case_name" "$1"
	for file in out err; do
		# Cut in the middle of a line, that line would take the next along.
		{
			head -c 4000 "$top/$file"
			echo
		} | sed "s/^/#   $file: /"
	done
}

works()
{
	[ "$status" -eq 0 ] || wrong "exit status $status"
}

fails()
{
	[ "$status" -ne 0 ] || wrong 'exit status 0'
}

out()
{
	grep -qF -e "$1" "$top/out" || wrong "stdout lacks '$1'"
}

err()
{
	grep -qF -e "$1" "$top/err" || wrong "stderr lacks '$1'"
}

# The promise for what is not granted: it works without, or says what it lacks.
works_or_names()
{
	[ "$status" -eq 0 ] || err "$1"
}

no_secret()
{
	! grep -q SECRET-DO-NOT-LEAK "$top/out" "$top/err" ||
		wrong 'a secret of the home came out'
}

end()
{
	no_secret
	if [ "$case_failed" ]; then
		failed=$((failed + 1))
		printf 'not '
	fi
	printf 'ok %d - %s\n' "$count" "$case_name"
	cd "$top" || exit 1
}

finish()
{
	printf '1..%d\n' "$count"
	[ "$failed" -eq 0 ]
	exit
}
