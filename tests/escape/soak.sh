#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: tests/escape/soak.sh N [BUILD] [TEST...]
#
# Runs the live and escape tests N times, all at once each time and beside two
# processes that only compute, and names every test that failed even once. A
# live test counts only after 50 rounds without a failure.
set -u

rounds=${1:?usage: soak.sh N [BUILD] [TEST...]}
build=${2:-build}
if [ $# -gt 2 ]; then
	shift 2
else
	set -- --suite escape --suite live
fi
log=$(mktemp -d) || exit 1
load=
cleanup()
{
	# shellcheck disable=SC2086
	[ -z "$load" ] || kill $load 2>/dev/null
	rm -rf "$log"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

spin()
{
	# Ends by itself, in case nobody ends it.
	exec timeout 7200 nice sh -c 'while :; do :; done'
}

spin &
load=$!
spin &
load="$load $!"

bad=0
i=1
while [ "$i" -le "$rounds" ]; do
	# A shell's & left some signals ignored, and that would be inherited.
	if ! env --default-signal meson test -C "$build" --no-rebuild --num-processes 4 \
		--timeout-multiplier 4 --logbase soak "$@" \
		>"$log/$i" 2>&1; then
		bad=$((bad + 1))
		echo "round $i failed:"
		grep -E ' (FAIL|TIMEOUT|ERROR)' "$log/$i"
		grep -E '^not ok|^# ' "$build/meson-logs/soak.txt" | head -40
	fi
	i=$((i + 1))
done
echo "$rounds rounds, $bad failed"
[ "$bad" -eq 0 ]
