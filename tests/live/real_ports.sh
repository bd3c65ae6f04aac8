#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Servers that people run, two of each on one port at the same time: each is
# reached by its own clients inside, and by the port outside.
# shellcheck disable=SC2089,SC2090,SC2016,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"

# start WHO SCRIPT: says "up" when it serves, goes on when told.
start()
{
	mkdir "$1"
	mkfifo "$1.go"
	"$sandlock" run -p base -w "$1" --port-remap --net-allow-bind "$port" \
		--name "ports-$$-$1" -- sh -c "$2" sh "$port" "$1" \
		<"$1.go" >"$1.out" 2>"$1.err" &
	background="$background $!"
}

# real WHO: the port outside
real()
{
	"$sandlock" ports "ports-$$-$1" | cut -f4 | sort -u
}

await_up()
{
	for who in a b; do
		while ! grep -q up "$who.out"; do
			if grep -q . "$who.err"; then
				cp "$who.err" "$top/err"
				wrong "$who does not serve"
				return 1
			fi
		done
	done
}

two()
{
	port=$("$attack" freeport)
	start a "$1"
	exec 5>a.go
	start b "$1"
	exec 6>b.go
	await_up
}

go_on()
{
	echo >&5
	echo >&6
	exec 5>&- 6>&-
	wait
	cat a.out b.out >"$top/out"
	cat a.err b.err >"$top/err"
}

: >"$top/out"
: >"$top/err"
if command -v redis-server >/dev/null 2>&1; then
	begin 'redis-server twice on one port'
	if two 'cd "$2" && redis-server --port "$1" --save "" --daemonize no >log &
		until redis-cli -p "$1" ping >/dev/null 2>&1; do
			kill -0 "$!" || exit
		done
		redis-cli -p "$1" set who "$2" >/dev/null
		echo up; read -r _
		echo "$2 has $(redis-cli -h localhost -p "$1" get who)"
		redis-cli -p "$1" shutdown nosave'; then
		for who in a b; do
			same=$(redis-cli -p "$(real "$who")" get who)
			[ "$same" = "$who" ] || wrong "$who is '$same' outside"
		done
		[ "$(real a)" != "$(real b)" ] || wrong 'one port for both'
	fi
	go_on
	out 'a has a'
	out 'b has b'
	end
fi

if command -v python3 >/dev/null 2>&1; then
	begin 'http.server twice on one port'
	fetch='import sys, urllib.request
print(urllib.request.urlopen("http://localhost:%s/who" % sys.argv[1],
	timeout=20).read().decode().strip())'
	export fetch
	if two 'cd "$2" && echo "$2" >who
		python3 -m http.server "$1" >log 2>&1 &
		until python3 -c "$fetch" "$1" >/dev/null 2>&1; do
			kill -0 "$!" || exit
		done
		echo up; read -r _
		echo "$2 has $(python3 -c "$fetch" "$1")"; kill "$!"'; then
		for who in a b; do
			same=$(python3 -c "$fetch" "$(real "$who")")
			[ "$same" = "$who" ] || wrong "$who is '$same' outside"
		done
	fi
	go_on
	out 'a has a'
	out 'b has b'
	end
fi

finish
