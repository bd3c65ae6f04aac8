#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: tools/build.sh DIR [MESON OPTION...]
#
# Sets DIR up where that was not done yet, and builds it. Says little: one line
# that moves on a terminal, one line that stands elsewhere; everything when it
# fails.
set -euo pipefail

dir=$1
shift
log=$dir.log
trap 'rm -f "$log"' EXIT
mkdir -p "$(dirname "$dir")"
if [ ! -f "$dir/build.ninja" ]; then
	meson setup "$dir" "$@" >"$log" 2>&1 || {
		cat "$log" >&2
		exit 1
	}
	mv "$log" "$dir/setup.log"
fi
# A dry run tells whether there is anything to do; an up-to-date tree is
# nobody's news.
if ninja -C "$dir" -n 2>/dev/null | grep -q 'no work to do'; then
	exit 0
fi
if [ -t 1 ]; then
	ninja -C "$dir" ${JOBS:+-j "$JOBS"}
else
	echo "Building in $dir"
	ninja -C "$dir" ${JOBS:+-j "$JOBS"} --quiet
fi
