#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: tools/as-user.sh COMMAND [ARG...]
#
# As root: run COMMAND as the ordinary user 'sandlock-test' (made if missing,
# no password, no login), with no capability, a plain PATH and the HOME found
# in TEST_HOME. Variables that tests understand are handed on, no other.
set -eu

user=sandlock-test
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

if ! id -u "$user" >/dev/null 2>&1; then
	# A second run at the same moment may win the race to make it.
	useradd --system --user-group --no-create-home \
		--home-dir /nonexistent --shell /usr/sbin/nologin "$user" ||
		id -u "$user" >/dev/null
fi

keep=()
for name in CI SANDLOCK_REFERENCE SANDLOCK_TEST_HOME ASAN_OPTIONS \
	UBSAN_OPTIONS LSAN_OPTIONS TSAN_OPTIONS TEST_TIMEOUT_SCALE MESON_TESTTHREADS GOPROXY GOSUMDB GOFLAGS \
	SSL_CERT_FILE SSL_CERT_DIR http_proxy https_proxy HTTP_PROXY \
	HTTPS_PROXY no_proxy NO_PROXY; do
	[ -z "${!name:-}" ] || keep+=("$name=${!name}")
done

exec setpriv --reuid "$user" --regid "$user" --init-groups \
	--inh-caps=-all -- \
	env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
	HOME="${TEST_HOME:-/nonexistent}" LANG=C.UTF-8 TERM=dumb \
	USER="$user" LOGNAME="$user" SHELL=/bin/bash "${keep[@]}" "$@"
