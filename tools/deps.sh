#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: tools/deps.sh SET...    sets: build try check all bench lint
#
# Makes sure that what a target needs is installed. As root it installs what is
# missing; as anybody else it prints the one command that does, and fails.
set -eu

missing=()

# need COMMAND PACKAGE: the command is what counts, wherever it comes from.
need() {
	command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

# need_file PATTERN PACKAGE
need_file() {
	compgen -G "$1" >/dev/null || missing+=("$2")
}

# need_module NAME PACKAGE: of the Python that meson runs with
need_module() {
	/usr/bin/python3 -c "import $1" 2>/dev/null || missing+=("$2")
}

collect() {
	case $1 in
	build)
		need gcc gcc
		need_file /usr/include/stdio.h libc6-dev
		need nm binutils
		need meson meson
		need ninja ninja-build
		need python3 python3
		;;
	try) ;;
	check)
		need git git
		need node nodejs
		need redis-server redis-server
		need redis-benchmark redis-tools
		need curl curl
		need bwrap bubblewrap
		need ps procps
		need setpriv util-linux
		need mandoc mandoc
		# List sockets, as people do.
		need ss iproute2
		need netstat net-tools
		need lsof lsof
		need_module pytest python3-pytest
		;;
	all)
		need clang clang
		need_module pip python3-pip
		need_module venv python3-venv
		need_file /usr/share/python-wheels/'pip-*.whl' python3-venv
		need strace strace
		need fish fish
		need zsh zsh
		need go golang-go # fetches and builds the toml-test client
		# Real consumers, found where every user finds them.
		need npm npm
		need_file /usr/bin/cargo cargo
		need_file '/usr/lib/postgresql/*/bin/initdb' postgresql
		need psql postgresql-client
		need openssl openssl
		need nginx nginx-light
		need_file '/usr/lib/python3*/dist-packages/pytest' python3-pytest
		need_file '/usr/share/python-wheels/pip-*' python3-venv
		need_file '/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan*' \
			libclang-rt-14-dev
		;;
	bench)
		need bwrap bubblewrap
		need redis-server redis-server
		need redis-benchmark redis-tools
		need wrk wrk # nginx is measured where it is; its package starts one
		;;
	lint)
		need clang clang
		need clang-format clang-format
		need clang-tidy clang-tidy
		need mandoc mandoc
		need shellcheck shellcheck
		need codespell codespell
		;;
	*)
		echo "deps.sh: unknown set '$1'" >&2
		exit 2
		;;
	esac
}

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
for set in "$@"; do
	collect "$set"
done
[ ${#missing[@]} -gt 0 ] || exit 0
# The same package may be wanted by two sets.
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)

install=(apt-get install -y --no-install-recommends "${missing[@]}")
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "Missing: ${missing[*]} (names of Debian 12). Run this, then again:"
	echo "  sudo ${install[*]}"
	exit 1
fi
echo "Installing what is missing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# A server that a package brings along must not start because we test.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
"${install[@]}" </dev/null
