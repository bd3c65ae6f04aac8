#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A whole PostgreSQL inside, reached by its Unix socket and by TCP; and TLS.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"

# Debian keeps what only a server needs out of PATH.
for bin in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin ''; do
	[ ! -x "$bin/initdb" ] || [ ! -x "$bin/postgres" ] || break
done
user=
if [ "$(id -u)" = 0 ] && id sandlock-test >/dev/null 2>&1 &&
	command -v setpriv >/dev/null 2>&1; then
	user='setpriv --reuid sandlock-test --regid sandlock-test --init-groups'
	chmod 755 "$top"
fi

skip()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# As the user that PostgreSQL takes: it refuses to be run by root.
postgres()
{
	# shellcheck disable=SC2086
	$user "$sandlock" run -p base -w . $granted -- "$@" \
		>"$top/out" 2>"$top/err" </dev/null
	status=$?
	granted=
}

if [ ! "$bin" ] || ! command -v psql >/dev/null 2>&1; then
	skip 'PostgreSQL' 'not installed'
elif [ "$(id -u)" = 0 ] && [ ! "$user" ]; then
	skip 'PostgreSQL' 'it does not run as root, and there is no sandlock-test'
else
	begin 'PostgreSQL: a cluster is made'
	[ ! "$user" ] || chown sandlock-test "$dir"
	pg=$dir
	# It has a segment of System V memory to see whether another one runs.
	pg_grants="-r ?/usr/share/postgresql -r $bin/.. \
		--extra-allow-syscall sysv_ipc"
	granted="$pg_grants"
	postgres "$bin/initdb" -D data -U me -A trust -E UTF8 --no-locale \
		-c dynamic_shared_memory_type=mmap
	if [ "$status" -ne 0 ]; then
		# initdb of PostgreSQL 15 has no -c, and tries them all.
		rm -rf data
		granted="$pg_grants"
		postgres "$bin/initdb" -D data -U me -A trust -E UTF8 --no-locale
	fi
	works
	end

	# One run: server and clients, by its socket and by TCP, as rules allow.
	cat >"$top/serve" <<'END'
bin=$1 port=$2
"$bin/postgres" -D data -k "$PWD" -p "$port" -c listen_addresses=127.0.0.1 \
	-c dynamic_shared_memory_type=mmap -c fsync=off >log 2>&1 &
server=$!
tries=0
until "$bin/pg_isready" -q -h "$PWD" -p "$port" -U me; do
	kill -0 $server 2>/dev/null && [ $tries -lt 600 ] || {
		cat log >&2
		exit 1
	}
	tries=$((tries + 1))
	sleep 0.1
done
ask()
{
	PGCONNECT_TIMEOUT=20 psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$1" \
		-p "$port" -U me -d postgres -c "$2"
}
ask "$PWD" 'create table t as select g as n from generate_series(1, 20000) g'
ask "$PWD" "select 'unix ' || sum(n) from t"
ask 127.0.0.1 "select 'tcp ' || count(*) from t where n % 2 = 0" 2>&1
ask "$PWD" 'drop table t; checkpoint'
kill -INT $server
wait $server
echo "ended $?"
END
	for host in 127.0.0.1 127.0.0.9; do
		begin "PostgreSQL: by its socket, and by TCP where $host is allowed"
		cp -a "$pg/data" . || exit 1
		cp "$top/serve" .
		[ ! "$user" ] || chown sandlock-test . serve
		port=$("$attack" freeport)
		granted="$pg_grants \
			--net-allow-bind $port --net-allow tcp://$host:$port -t 240"
		postgres sh serve "$bin" "$port"
		works
		out 'unix 200010000'
		out 'ended 0'
		if [ $host = 127.0.0.1 ]; then
			out 'tcp 10000'
		else
			out 'Connection refused'
		fi
		end
	done

	begin 'PostgreSQL: a port that no rule grants is none of its'
	cp -a "$pg/data" . || exit 1
	cp "$top/serve" .
	[ ! "$user" ] || chown sandlock-test . serve
	port=$("$attack" freeport)
	granted="$pg_grants -t 240"
	postgres sh serve "$bin" "$port"
	fails
	err 'Permission denied'
	end
fi

# ------------------------------------------------ TLS

if ! command -v openssl >/dev/null 2>&1 || ! command -v python3 >/dev/null 2>&1; then
	skip 'TLS' 'openssl or python3 is not installed'
	finish
fi

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-subj /CN=localhost -days 2 -addext 'subjectAltName=IP:127.0.0.1' \
	-keyout "$top/key" -out "$top/cert" 2>"$top/err" || exit 1
cat >"$top/client.py" <<'END'
import socket, ssl, sys
context = ssl.create_default_context(cafile="cert")
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20) as plain:
    with context.wrap_socket(plain, server_hostname="127.0.0.1") as s:
        s.sendall(b"GET /page HTTP/1.0\r\n\r\n")
        data = b""
        while part := s.recv(4096):
            data += part
        print(s.version(), data.decode().splitlines()[-1])
END
mkdir "$top/site" && echo 'the page over TLS' >"$top/site/page"
for _ in 1 2 3 4 5; do
	port=$("$attack" freeport)
	(cd "$top/site" && exec openssl s_server -accept "127.0.0.1:$port" \
		-key "$top/key" -cert "$top/cert" -WWW >"$top/log" 2>&1 </dev/null) &
	server=$!
	background="$background $server"
	"$attack" waitport "$port" 20 >/dev/null && kill -0 "$server" && break
done

# As with plain HTTP (real_dest.sh): the address that is granted, and no other.
tls()
{
	name=$1
	shift
	begin "$name over TLS reaches the address that is granted"
	cp "$top/client.py" "$top/cert" .
	granted="--net-allow tcp://127.0.0.1:$port"
	inside "$@"
	works
	out 'the page over TLS'
	end

	begin "$name over TLS does not reach another address"
	cp "$top/client.py" "$top/cert" .
	: >"$top/log"
	granted="--net-allow tcp://127.0.0.9:$port"
	inside "$@"
	fails
	# A proof that it listened: this one is heard, and is the only one.
	"$@" >"$top/out" 2>"$top/err"
	out 'the page over TLS'
	[ "$(grep -c 'FILE:page' "$top/log")" = 1 ] || {
		cp "$top/log" "$top/err"
		wrong 'the server was reached'
	}
	end
}

tls 'python ssl' python3 client.py "$port"
if command -v curl >/dev/null 2>&1; then
	tls curl curl -sS --http0.9 --max-time 20 --cacert cert "https://127.0.0.1:$port/page"
	tls 'curl -k' curl -sS --http0.9 --max-time 20 -k "https://127.0.0.1:$port/page"
fi

finish
