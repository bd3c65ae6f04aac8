#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: tools/lint.sh
#
# Everything that reads the sources without running them. Runs all of it, says
# which parts found something, and fails if any did.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

bad=()
step() {
	local name=$1
	shift
	echo "== lint: $name"
	"$@" || bad+=("$name")
}

# clang-tidy needs a compilation database made with clang.
tidy() {
	local dir=build-lint
	if [ ! -f $dir/build.ninja ]; then
		CC=clang meson setup $dir >/dev/null || return 1
	fi
	# Generated headers must exist before anything can be parsed.
	ninja -C $dir -j "$(nproc)" --quiet || return 1
	find src -name '*.c' -print0 | sort -z |
		xargs -0 -r -n 4 -P "$(nproc)" clang-tidy -p $dir --quiet \
			2> >(grep -v -e 'warnings generated' -e '^Suppressed' >&2)
}

manuals() {
	local page dir=build-lint pages=()
	for page in man/*.[1-9] "$dir"/man/*.[1-9]; do
		[ ! -f "$page" ] || pages+=("$page")
	done
	# Our own pages are not in the data base of the system's.
	! mandoc -Tlint -Wstyle "${pages[@]}" 2>&1 |
		grep -v -e 'referenced manual not found' -e 'outdated mandoc.db'
}

shell() {
	find . -path './build*' -prune -o -path ./.git -prune -o \
		\( -name '*.sh' -o -path ./.ci/run \) -type f -print0 |
		xargs -0 shellcheck -x
}

step "clang-format" tools/format.sh
step "clang-tidy" tidy
step "mandoc" manuals
step "shellcheck" shell
# What does not compile; the tests look at the rest.
python_files() {
	find . -path './build*' -prune -o -path ./.git -prune -o \
		-name '*.py' -print0 | xargs -0 python3 -c '
import ast, sys
for name in sys.argv[1:]:
    ast.parse(open(name, encoding="utf-8").read(), name)'
}

step "python" python_files
step "codespell" codespell
if [ ${#bad[@]} -gt 0 ]; then
	printf 'LINT FAILED: %s\n' "${bad[@]}"
	exit 1
fi
echo "lint: clean"
