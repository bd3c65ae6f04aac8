#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: tools/check.sh quick|all|threads
#
# Builds and tests. As root every test program runs as root and as an ordinary
# user; otherwise as whoever calls. The logs
# are left in build-results/, where tools/tap_sum.py adds them up.
set -euo pipefail
umask 022

cd "$(dirname "$0")/.."
tier=$1
results=${SANDLOCK_RESULTS:-$PWD/build-results}
jobs=$(nproc)
failed=()
homes=()
stage=
wrap=()

cleanup() {
	# An unreadable file in a test home is no obstacle to its owner's rm.
	for home in "${homes[@]}"; do
		rm -rf "$home"
	done
	[ -z "$stage" ] || rm -rf "$stage"
}
trap cleanup EXIT
trap 'exit 130' HUP INT TERM

am_root() {
	[ "$(id -u)" -eq 0 ]
}

# The ordinary user must be able to read the tree. A clone below a closed
# directory, or made under a strict umask, is copied to where it can.
stage_if_closed() {
	local probe
	probe=$(tools/as-user.sh find "$PWD" -name .git -prune -o \
		! -type l ! -readable -print -quit 2>&1) || probe=closed
	[ -n "$probe" ] || return 0
	stage=$(mktemp -d /var/tmp/sandlock-tree.XXXXXX)
	echo "== this tree is closed to other users: working in $stage"
	tar --exclude=./.git --exclude='./build*' -cf - . |
		tar --no-same-owner -xf - -C "$stage"
	chmod -R a+rX "$stage"
	cd "$stage"
}

# setup DIR CC [MESON OPTION...]
setup() {
	local dir=$1 cc=$2
	shift 2
	echo "== $dir: build with $cc"
	CC=$cc JOBS=$jobs tools/build.sh "$dir" "$@"
}

# run WHO DIR LOG MESON_TEST_OPTION...
run() {
	local who=$1 dir=$2 log=$3 home status=0
	shift 3
	rm -f "$dir/meson-logs/$log".*
	home=$(mktemp -d /var/tmp/sandlock-home.XXXXXX)
	homes+=("$home")
	# Whoever started us may ignore signals, as nohup and "&" do.
	local cmd=("${wrap[@]}" env --default-signal meson test -C "$dir" --no-rebuild --print-errorlogs --timeout-multiplier 4
		--num-processes "$jobs" --logbase "$log" "$@")
	echo "== $dir: test as $who"
	if [ "$who" = user ]; then
		# What tests write beside the build: logs, and what is fetched.
		install -d -m 1777 "$dir/meson-logs" "$dir/tests/toml/toml-test.d"
		chown sandlock-test: "$home"
		export TEST_HOME=$home SANDLOCK_TEST_HOME=$home
		tools/as-user.sh tools/make_test_home.sh "$home"
		tools/as-user.sh "${cmd[@]}" </dev/null || status=$?
		unset TEST_HOME SANDLOCK_TEST_HOME
	else
		tools/make_test_home.sh "$home"
		HOME=$home SANDLOCK_TEST_HOME=$home "${cmd[@]}" </dev/null ||
			status=$?
	fi
	cp "$dir/meson-logs/$log.json" "$results/" ||
		failed+=("$dir as $who left no log")
	[ "$status" -eq 0 ] || failed+=("$dir as $who")
}

# run_all DIR LOG MESON_TEST_OPTION...: as root and as the user, or as $who alone.
# What only computes has the same result for both: once.
who=both
run_all() {
	local dir=$1 prefix=$tier-$2 once=(--no-suite gates)
	shift 2
	if am_root; then
		[ "$who" = user ] || run root "$dir" "$prefix-root" "$@"
		[ "$who" != both ] || once+=(--no-suite pure)
		[ "$who" = root ] ||
			run user "$dir" "$prefix-user" "$@" "${once[@]}"
	else
		run caller "$dir" "$prefix-caller" "$@"
	fi
}

mkdir -p "$results"
rm -f "$results/$tier"-*.json
if am_root; then
	tools/as-user.sh true
	stage_if_closed
fi

# The leak checker needs ptrace, which a confined process has not: leaks are
# looked for where nothing is confined. That a sanitizer forbids core dumps and
# takes its time is no concern of the tests.
sanitized() {
	local dir=$1
	export ASAN_OPTIONS=disable_coredump=0:detect_leaks=1
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	export TEST_TIMEOUT_SCALE=4
	run_all "$dir" "$dir-leaks" --suite unit --suite policy
	ASAN_OPTIONS=disable_coredump=0:detect_leaks=0
	run_all "$dir" "$dir" --suite quick --suite full \
		--no-suite unit --no-suite policy "${again[@]}"
	unset ASAN_OPTIONS UBSAN_OPTIONS TEST_TIMEOUT_SCALE
}

# What has threads and a thread sanitizer can follow: a test that forks while
# they run, or makes namespaces of its own process, it cannot. A race ends the
# process that has it. Its shadow wants the addresses where it expects them.
threads() {
	local dir=$1
	export TSAN_OPTIONS=halt_on_error=1:exitcode=66:report_thread_leaks=0
	export TEST_TIMEOUT_SCALE=4
	if setarch -R true 2>/dev/null; then
		wrap=(setarch -R)
	fi
	run_all "$dir" "$dir" --suite threads
	wrap=()
	unset TSAN_OPTIONS TEST_TIMEOUT_SCALE
}

check_threads() {
	if setup build-gcc-tsan gcc -Db_sanitize=thread -Db_lundef=false; then
		threads build-gcc-tsan
	else
		failed+=("build-gcc-tsan does not build")
	fi
}

case $tier in
quick)
	setup build "${CC:-gcc}"
	run_all build build --suite gates --suite quick
	;;
all)
	sanitize=('-Db_sanitize=address,undefined' -Db_lundef=false)
	# Who is asked and with which compiler are two questions: everything runs
	# as root and as the user in one build, and as one of them in the others.
	again=() # long ones that say nothing about a compiler: once
	for cc in gcc clang; do
		if setup "build-$cc" "$cc" -Dwerror=true; then
			run_all "build-$cc" "build-$cc" \
				--suite quick --suite full "${again[@]}"
		else
			failed+=("build-$cc does not build")
		fi
		again=(--no-suite once)
		[ "$cc" = gcc ] && who=user || who=root
		if setup "build-$cc-asan" "$cc" "${sanitize[@]}"; then
			sanitized "build-$cc-asan"
		else
			failed+=("build-$cc-asan does not build")
		fi
		who=user
	done
	who=both
	check_threads
	;;
threads)
	check_threads
	;;
*)
	echo "usage: tools/check.sh quick|all|threads" >&2
	exit 2
	;;
esac

echo "== $tier tests:"
python3 tools/tap_sum.py "$results/$tier"-*.json || failed+=("the sum")
if [ ${#failed[@]} -gt 0 ]; then
	printf 'FAILED: %s\n' "${failed[@]}"
	exit 1
fi
