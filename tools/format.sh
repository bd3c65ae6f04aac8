#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: tools/format.sh [-i]     check, or with -i rewrite, all C files
#
# .def files are tables laid out by hand and are left alone. Output differs
# between releases of clang-format: the pinned one is 14 (Debian 12).
set -eu
cd "$(dirname "$0")/.."

tool=$(command -v clang-format-14 || command -v clang-format) || {
	echo "format.sh: no clang-format; run: apt-get install clang-format" >&2
	exit 1
}
case $("$tool" --version) in
*"version 14."*) ;;
*)
	echo "skipped: $("$tool" --version) is not the pinned version 14"
	exit 77
	;;
esac
if [ "${1:-}" = -i ]; then
	mode=(-i)
else
	mode=(--dry-run -Werror)
fi
find src include tests examples \( -name '*.c' -o -name '*.h' \) -print0 |
	sort -z | xargs -0 -r "$tool" "${mode[@]}"
