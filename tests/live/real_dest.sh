#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Clients and servers with a rule for exactly one address and port, and with a
# rule of the same port and another address, which Landlock does not tell apart.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"
need python3 git

# A user's own settings of pip lead to other places.
unset PIP_FIND_LINKS PIP_NO_INDEX PIP_INDEX_URL PIP_EXTRA_INDEX_URL
PIP_CONFIG_FILE=/dev/null
export PIP_CONFIG_FILE
[ ! -x /usr/local/go/bin/go ] || PATH=$PATH:/usr/local/go/bin

# Started outside on a free port of 127.0.0.1, which is $port; $1: its script.
outside()
{
	rm -f "$top/port"
	mkfifo "$top/port"
	: >"$top/log"
	python3 -u "$@" >"$top/port" 2>"$top/log" &
	server=$!
	background="$background $server"
	read -r port <"$top/port"
}

# Each client with what it may reach, and then with what it may not: the server
# hears nothing, and hears us right after that.
#	client NAME TEXT COMMAND...
client()
{
	name=$1
	text=$2
	shift 2
	begin "$name reaches the address that is granted"
	granted="$more --net-allow tcp://127.0.0.1:$port"
	inside "$@"
	works
	out "$text"
	end

	begin "$name does not reach another address, on a port that is granted"
	: >"$top/log"
	granted="$more --net-allow tcp://127.0.0.9:$port"
	inside "$@"
	fails
	# A proof that it listened.
	python3 -c "import urllib.request as u
u.urlopen('http://127.0.0.1:$port/the-end', timeout=20)" 2>/dev/null
	[ "$(grep -c 'GET\|POST' "$top/log")" = 1 ] || {
		cp "$top/log" "$top/err"
		wrong 'the server was reached'
	}
	end
}

mkdir "$top/site" "$top/site/pip" "$top/site/pip/tiny" "$top/site/npm"
echo 'the page' >"$top/site/page"
cat >"$top/serve.py" <<'END'
import functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        # npm asks for /tiny; the answer names the port, known by now.
        if self.path == "/tiny":
            body = open(sys.argv[1] + "/npm/tiny.json").read()
            body = body.replace("PORT", str(self.server.server_port)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        elif self.path == "/the-end":
            self.send_error(404)
        else:
            super().do_GET()
s = http.server.ThreadingHTTPServer(
    ("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
print(s.server_port, flush=True)
s.serve_forever()
END
(
	cd "$top" && mkdir package tiny &&
		printf '{"name":"tiny","version":"1.0.0","main":"i.js"}' \
			>package/package.json &&
		echo 'module.exports = "tiny of npm"' >package/i.js &&
		tar -czf site/npm/tiny-1.0.0.tgz package
	python3 - "$top/site/pip/tiny" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + "/tiny-1.0-py3-none-any.whl", "w") as z:
    z.writestr("tiny.py", "print('tiny of pip')\n")
    z.writestr("tiny-1.0.dist-info/METADATA",
               "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
    z.writestr("tiny-1.0.dist-info/WHEEL",
               "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    z.writestr("tiny-1.0.dist-info/RECORD", "")
END
	echo '<a href="tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>' \
		>site/pip/tiny/index.html
	cat >site/npm/tiny.json <<'END'
{"name": "tiny", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0":
{"name": "tiny", "version": "1.0.0", "main": "i.js", "dist":
{"tarball": "http://127.0.0.1:PORT/npm/tiny-1.0.0.tgz"}}}}
END
	git init -q -b main work && cd work && echo content >file && git add file &&
		git -c user.name=t -c user.email=t@example.org commit -qm one &&
		git clone -q --bare . "$top/site/repo.git" &&
		git -C "$top/site/repo.git" update-server-info
) || exit 1
outside "$top/serve.py" "$top/site"
more=

if command -v curl >/dev/null 2>&1; then
	client curl 'the page' curl -sS --max-time 20 "http://127.0.0.1:$port/page"
fi

client 'python http.client' 'the page' python3 -c "import http.client
c = http.client.HTTPConnection('127.0.0.1', $port, timeout=20)
c.request('GET', '/page')
print(c.getresponse().read().decode())"

client asyncio 'the page' python3 -c "import asyncio
async def get():
    r, w = await asyncio.open_connection('127.0.0.1', $port)
    w.write(b'GET /page HTTP/1.0\r\n\r\n')
    return (await asyncio.wait_for(r.read(), 20)).decode()
async def main():
    print((await asyncio.gather(*[get() for _ in range(40)]))[-1])
asyncio.run(main())"

if python3 -c 'import requests' 2>/dev/null; then
	client 'python requests' 'the page' python3 -c "import requests
print(requests.get('http://127.0.0.1:$port/page', timeout=20).text)"
fi

if command -v node >/dev/null 2>&1; then
	client 'node fetch' 'the page' node -e "
fetch('http://127.0.0.1:$port/page').then(r => r.text()).then(console.log)
.catch(e => { console.error(e); process.exit(1) })"
fi

if command -v npm >/dev/null 2>&1; then
	client npm 'tiny of npm' sh -c "npm --registry http://127.0.0.1:$port/ \
		--cache \$PWD/cache --fetch-retries 0 --no-audit --no-fund \
		--no-update-notifier install tiny >&2 &&
		node -p 'require(\"tiny\")'"
fi

# No settings of the user: they include others, and all would need grants.
client 'git over http' content sh -c "rm -rf copy && HOME=\$PWD &&
	git clone -q http://127.0.0.1:$port/repo.git copy && cat copy/file"

if /usr/bin/python3 -m pip --version >/dev/null 2>&1; then
	client pip 'tiny of pip' sh -c "/usr/bin/python3 -m pip install -q --no-cache-dir \
		--retries 0 --disable-pip-version-check --no-deps --target lib \
		-i http://127.0.0.1:$port/pip tiny && PYTHONPATH=lib python3 -m tiny"
fi

if command -v java >/dev/null 2>&1; then
	cat >"$top/Get.java" <<'END'
import java.net.URI;
import java.net.http.*;
public class Get {
    public static void main(String[] args) throws Exception {
        System.out.println(HttpClient.newHttpClient().send(
            HttpRequest.newBuilder(URI.create(args[0])).build(),
            HttpResponse.BodyHandlers.ofString()).body());
    }
}
END
	more="-r $top/Get.java"
	client 'java http' 'the page' java -Xshare:auto "$top/Get.java" \
		"http://127.0.0.1:$port/page"
	more=
fi

if command -v go >/dev/null 2>&1; then
	mkdir "$top/go" && cd "$top/go" || exit 1
	cat >get.go <<'END'
package main

import (
	"io"
	"net"
	"os"
)

func main() {
	c, err := net.Dial("tcp", os.Args[1])
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	io.WriteString(c, "GET /page HTTP/1.0\r\n\r\n")
	io.Copy(os.Stdout, c)
}
END
	if GOCACHE=$top/gocache CGO_ENABLED=0 GOFLAGS='' GO111MODULE=off go build -o get get.go \
		>"$top/err" 2>&1; then
		more="-r $top/go"
		client 'go' 'the page' "$top/go/get" "127.0.0.1:$port"
		more=
	fi
fi

if command -v redis-cli >/dev/null 2>&1 && command -v redis-server >/dev/null 2>&1; then
	begin 'redis-cli: the address that is granted, and no other'
	for _ in 1 2 3 4 5; do
		redis=$("$attack" freeport)
		redis-server --port "$redis" --bind 127.0.0.1 --save '' \
			--daemonize no >"$top/redis" 2>&1 </dev/null &
		server=$!
		background="$background $server"
		"$attack" waitport "$redis" 20 >/dev/null && break
	done
	granted="--net-allow 127.0.0.1:$redis"
	inside redis-cli -h 127.0.0.1 -p "$redis" set key value
	works
	out OK
	granted="--net-allow 127.0.0.9:$redis"
	inside redis-cli -h 127.0.0.1 -p "$redis" set key stolen
	fails
	redis-cli -h 127.0.0.1 -p "$redis" get key >"$top/out"
	out value
	end
fi

if command -v nginx >/dev/null 2>&1 && command -v curl >/dev/null 2>&1; then
	begin 'nginx inside in front of a server outside, and of one not granted'
	front=$("$attack" freeport)
	cat >nginx.conf <<END
daemon off; master_process off; pid nginx.pid; error_log stderr;
user $(id -un) $(id -gn);
events {} http { access_log off; client_body_temp_path b; proxy_temp_path p;
fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
server { listen 127.0.0.1:$front; location / { proxy_pass http://127.0.0.1:$port; } } }
END
	for host in 127.0.0.1 127.0.0.9; do
		granted="--net-allow-bind $front --net-allow tcp://$host:$port \
			--net-allow tcp://127.0.0.1:$front"
		inside sh -c 'nginx -p "$PWD" -c nginx.conf & nginx=$!
			curl -sS --retry 20 --retry-connrefused --retry-delay 1 \
				http://127.0.0.1:'"$front"'/page
			kill $nginx; wait; true'
		works
		if [ $host = 127.0.0.1 ]; then
			out 'the page'
		else
			out '502 Bad Gateway'
		fi
	done
	end
fi

# ------------------------------------------------ datagrams

cat >"$top/name.py" <<'END'
# A name server of one name: a question comes, an answer goes.
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
print(s.getsockname()[1], flush=True)
while True:
    q, peer = s.recvfrom(512)
    if q == b"end":
        break
    print("asked", len(q), file=sys.stderr, flush=True)
    s.sendto(q[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + q[12:] +
             b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\x07\x07\x07", peer)
END
cat >"$top/ask.py" <<'END'
import socket, sys
q = (b"\x12\x34\1\0\0\1\0\0\0\0\0\0" +
     b"".join(bytes([len(p)]) + p for p in b"tiny.example".split(b".")) +
     b"\0\0\1\0\1")
for connected in True, False:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(20)
    to = ("127.0.0.1", int(sys.argv[1]))
    if connected:
        s.connect(to)
        s.send(q)
    else:
        s.sendmsg([q[:7], q[7:]], [], 0, to)
    print("answer", socket.inet_ntoa(s.recv(512)[-4:]))
END
outside "$top/name.py" 127.0.0.1 0
begin 'a name server outside: the one that is granted, and no other'
granted="-r $top/ask.py --net-allow udp://127.0.0.1:$port"
inside python3 "$top/ask.py" "$port"
works
out 'answer 127.7.7.7'
: >"$top/log"
granted="-r $top/ask.py --net-allow udp://127.0.0.9:$port"
inside python3 "$top/ask.py" "$port"
fails
err 'Connection refused'
granted="-r $top/ask.py --net-allow tcp://127.0.0.1:$port"
inside python3 "$top/ask.py" "$port"
fails
python3 "$top/ask.py" "$port" >"$top/out" 2>"$top/err"
out 'answer 127.7.7.7'
[ "$(grep -c asked "$top/log")" = 2 ] || wrong 'the server was asked'
end

begin 'a name server inside answers outside, and its own clients'
cp "$top/name.py" "$top/ask.py" .
rm -f "$top/port"
mkfifo "$top/port"
"$sandlock" run -p base -w . --net-allow udp://127.0.0.0/8 -- \
	python3 -u name.py 127.0.0.1 0 >"$top/port" 2>"$top/log" </dev/null &
server=$!
background="$background $server"
read -r port <"$top/port"
python3 ask.py "$port" >"$top/out" 2>"$top/err" || wrong 'outside'
out 'answer 127.7.7.7'
granted="--net-allow udp://127.0.0.1:$port"
inside python3 ask.py "$port"
works
out 'answer 127.7.7.7'
python3 -c "import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'end', ('127.0.0.1', $port))"
wait "$server"
status=$?
works
end

# ------------------------------------------------ waiting, and many

cat >"$top/wait.py" <<'END'
import os, socket, threading
full = socket.socket()
full.bind(("127.0.0.1", 0))
full.listen(0)
keep = []
while True:
    client = socket.socket()
    client.settimeout(0.3)
    try:
        client.connect(full.getsockname())
    except TimeoutError:
        break
    keep.append(client)
pipes = []
for _ in range(4):
    r, w = os.pipe()
    if os.fork() == 0:
        client = socket.socket()
        os.write(w, b"x")
        client.connect(full.getsockname())
        os._exit(0)
    os.close(w)
    os.read(r, 1)
open("file", "w").close()
done = threading.Event()
def change():
    for i in range(200):
        os.chmod("file", 0o600 + i % 8)
    done.set()
threading.Thread(target=change, daemon=True).start()
print("in time", done.wait(30), flush=True)
END
begin 'connects that wait hold nobody up, and the end waits for none'
cp "$top/wait.py" .
granted='--net-allow 127.0.0.1 --net-allow-bind 0 -t 120'
inside python3 wait.py
works
out 'in time True'
end

cat >"$top/many.py" <<'END'
import os, socket, sys, threading
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(128)
to = server.getsockname()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

def accept():
    while True:
        server.accept()[0].close()

threading.Thread(target=accept, daemon=True).start()

def some(n):
    for i in range(n):
        client = socket.socket()
        if i % 4 == 0:
            client.setblocking(False)
        client.connect_ex(to)
        client.close()
        refused = socket.socket()
        assert refused.connect_ex(("127.0.0.9", to[1])) == 111
        refused.close()
        try:
            udp.sendto(b"x", ("127.0.0.9", to[1]))
        except ConnectionRefusedError:
            pass

for n in 500, 10000:
    some(n)
    print("did", n, flush=True)
    sys.stdin.readline()
END
if [ -r /proc/self/statm ] && [ -d /proc/self/fd ]; then
	begin 'ten thousand connects leave memory and descriptors as they were'
	cp "$top/many.py" .
	rm -f "$top/next" "$top/said"
	mkfifo "$top/next" "$top/said"
	"$sandlock" run -p base -w . --net-allow 127.0.0.1 --net-allow-bind 0 -- \
		python3 many.py <"$top/next" >"$top/said" 2>"$top/err" &
	server=$!
	background="$background $server"
	exec 3>"$top/next" 4<"$top/said"
	: >"$top/out"
	for n in 500 10000; do
		read -r line <&4
		[ "$line" = "did $n" ] || wrong "no $n: $line"
		find "/proc/$server/fd" -mindepth 1 2>/dev/null | wc -l >"$top/fds.$n"
		grep -h '^Rss\|^Threads\|^VmRSS' "/proc/$server/status" >>"$top/out"
		sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$server/status" \
			>"$top/rss.$n"
		echo >&3
	done
	exec 3>&- 4<&-
	wait "$server"
	status=$?
	works
	read -r before <"$top/fds.500"
	read -r after <"$top/fds.10000"
	[ "$after" -le $((before + 2)) ] ||
		wrong "descriptors: $before, then $after"
	read -r before <"$top/rss.500"
	read -r after <"$top/rss.10000"
	[ "$after" -le $((before + 512)) ] || wrong "KiB: $before, then $after"
	end
fi

begin 'a message of a stream that blocks goes out whole, where UDP exists, too'
cat >big.py <<'END'
import os, socket, threading
server = socket.create_server(("127.0.0.1", 0))
tcp = socket.create_connection(server.getsockname()), server.accept()[0]
for a, b in tcp, socket.socketpair():
    data, got = os.urandom(3 << 20), bytearray()
    def read():
        while part := b.recv(1 << 16):
            got.extend(part)
    reader = threading.Thread(target=read)
    reader.start()
    sent = a.sendmsg([data[:1000], b"", data[1000:700000], data[700000:]])
    a.shutdown(socket.SHUT_WR)
    reader.join()
    print(sent == len(data), bytes(got) == data)
END
granted='--net-allow 127.0.0.1 --net-allow-bind 0'
inside python3 big.py
works
[ "$(grep -c '^True True$' "$top/out")" -eq 2 ] || wrong 'not all, or not the same'
end

finish
