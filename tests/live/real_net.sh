#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# redis and curl on loopback ports that are granted, and on one that is not.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"

# Another process may take the port between our asking and its use, so a server
# that did not start is tried again on another one.
serve_redis()
{
	for _ in 1 2 3 4 5; do
		port=$("$attack" freeport)
		"$sandlock" run -p base -w . --net-allow-bind "$port" -- \
			redis-server --port "$port" --bind 127.0.0.1 --save '' \
			--daemonize no >"$top/redis" 2>&1 </dev/null &
		server=$!
		background="$background $server"
		"$attack" waitport "$port" 20 >/dev/null && return 0
		kill "$server"
		wait "$server"
	done
	cp "$top/redis" "$top/err"
	wrong 'redis-server does not listen'
	return 1
}

if command -v redis-server >/dev/null 2>&1 &&
	command -v redis-benchmark >/dev/null 2>&1; then
	begin 'redis-server inside answers redis-benchmark, outside and inside'
	: >"$top/out" && : >"$top/err"
	if serve_redis; then
		redis-benchmark -h 127.0.0.1 -p "$port" -n 2000 -c 20 -q -t set,get \
			>"$top/out" 2>"$top/err" </dev/null || wrong 'outside'
		out 'GET: '
		granted="--net-allow tcp://:$port"
		inside redis-benchmark -h 127.0.0.1 -p "$port" -n 2000 -c 20 -q \
			-t set,get
		works
		out 'SET: '
		kill "$server"
		wait "$server"
		status=$?
		works
	fi
	end

	begin 'redis-server inside may not take a port that is not granted'
	port=$("$attack" freeport)
	inside redis-server --port "$port" --bind 127.0.0.1 --save ''
	fails
	out 'Permission denied'
	end
fi

if command -v curl >/dev/null 2>&1 && command -v python3 >/dev/null 2>&1; then
	mkdir "$top/site"
	echo 'the page' >"$top/site/page"
	mkfifo "$top/port"
	# Port 0: the server says which one it got. Its log is our witness.
	python3 -u -c 'import http.server, functools, sys
h = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), h)
print(s.server_port, flush=True)
s.serve_forever()' "$top/site" >"$top/port" 2>"$top/log" &
	background="$background $!"
	read -r port <"$top/port"

	begin 'curl reaches a granted port'
	granted="--net-allow tcp://:$port"
	inside curl -sS --max-time 20 "http://127.0.0.1:$port/page"
	works
	out 'the page'
	end

	begin 'curl finds localhost by name'
	granted="--net-allow tcp://:$port"
	inside curl -sS --max-time 20 "http://localhost:$port/page"
	works
	out 'the page'
	end

	begin 'curl does not reach a port that is not granted'
	: >"$top/log"
	granted="--net-allow tcp://:1"
	inside curl -sS --max-time 20 "http://127.0.0.1:$port/page"
	fails
	inside curl -sS --max-time 20 "http://127.0.0.1:$port/page"
	fails
	[ ! -s "$top/log" ] || wrong 'the server was reached'
	end

	begin 'python inside fetches from a granted port'
	granted="--net-allow tcp://:$port"
	inside python3 -c "import urllib.request as u
print(u.urlopen('http://127.0.0.1:$port/page', timeout=20).read())"
	works
	out 'the page'
	end
fi

finish
