#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: tools/bench.sh BUILD_DIR     see tests/bench for what is measured
set -eu
cd "$(dirname "$0")/.."
build=$1

if [ -f tests/bench/bench.py ]; then
	exec python3 tests/bench/bench.py --build "$build"
fi
exec "$build/tests/bench/run"
