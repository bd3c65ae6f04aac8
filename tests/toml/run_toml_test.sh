#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run_toml_test.sh DECODER DIR: runs the official toml-test suite, all its TOML
# 1.0 files, against DECODER. Its client and files are fetched by Go into DIR
# (kept there for the next run) and never become part of this tree.
set -u

decoder=$1
dir=$2
# Where Go's own archive goes; it need not be on the path of a made user.
PATH=$PATH:/usr/local/go/bin
module=github.com/toml-lang/toml-test
version=v1.6.0
# What that version has for TOML 1.0; less would mean that we test nothing.
valid=185
invalid=371

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

finish() {
	echo "1..1"
	echo "$1 1 - toml-test $version, TOML 1.0 ($2)"
	[ "$1" = ok ]
	exit
}

fetch() {
	command -v go >/dev/null || skip "no Go toolchain to fetch $module with"
	cd "$dir" || exit 1
	# Our own main module, because the one of $version pins a commit of its
	# TOML library that the module proxy no longer has.
	cat >go.mod <<-END
		module toml-test-client

		go 1.21

		require $module $version

		replace github.com/BurntSushi/toml => github.com/BurntSushi/toml v1.5.0
	END
	unset GOBIN
	export GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0
	if ! [ -w "${HOME:-/nonexistent}" ]; then
		export GOPATH="$dir/go" GOCACHE="$dir/go-cache"
		export GOFLAGS="$GOFLAGS -modcacherw"
	fi
	if ! go list -deps "$module/cmd/toml-test" >fetch.log 2>&1; then
		sed 's/^/# /' fetch.log
		skip "the Go module proxy does not give $module $version"
	fi
	if ! go build -o client.new "$module/cmd/toml-test" >build.log 2>&1; then
		sed 's/^/# /' build.log
		finish "not ok" "its client does not build"
	fi
	mv client.new client
}

mkdir -p "$dir" || exit 1
[ -x "$dir/client" ] || (fetch) || exit
if ! [ -x "$dir/client" ]; then
	exit 0 # skipped, and said so
fi

# The directory may be another user's, who fetched the client.
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
"$dir/client" -toml 1.0.0 "$decoder" >"$log" 2>&1
status=$?
sed 's/^/# /' "$log"
if [ $status -ne 0 ]; then
	finish "not ok" "failed, see above"
fi
for want in "valid tests: $valid passed,  0 failed" \
	"invalid tests: $invalid passed,  0 failed"; do
	grep -q "^ *$want\$" "$log" ||
		finish "not ok" "expected '$want'"
done
finish ok "$valid valid and $invalid invalid files"
