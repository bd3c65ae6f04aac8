#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs that talk among themselves by Unix sockets, and one that is granted.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"
need python3

cat >"$top/pair.py" <<'END'
import asyncio, os, sys

async def answer(reader, writer):
    writer.write((await reader.readline()).upper())
    await writer.drain()
    writer.close()

async def ask(path, text):
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(text + b"\n")
    line = await reader.readline()
    writer.close()
    return line

async def main():
    for path in sys.argv[1], os.environ["TMPDIR"] + "/s", "\0own":
        async with await asyncio.start_unix_server(answer, path):
            lines = await asyncio.gather(*[ask(path, b"line %d" % i)
                                           for i in range(50)])
            assert lines == [b"LINE %d\n" % i for i in range(50)], lines
    print("asked", len(lines))

asyncio.run(main())
END
begin 'asyncio: a server and its clients, by path and by abstract name'
cp "$top/pair.py" pair.py
inside python3 pair.py socket
works
out 'asked 50'
end

cat >"$top/many.py" <<'END'
import multiprocessing, os
from multiprocessing.connection import Client, Listener
from multiprocessing.managers import BaseManager

def child(address):
    with Client(address, "AF_UNIX", authkey=b"k") as c:
        c.send(os.getpid())

def square(x):
    return x * x

class Box:
    value = 0
    def add(self, n):
        self.value += n
        return self.value

class Manager(BaseManager):
    pass

Manager.register("Box", Box)

if __name__ == "__main__":
    multiprocessing.set_start_method("forkserver")
    with Listener("listener", "AF_UNIX", authkey=b"k") as l:
        p = multiprocessing.Process(target=child, args=("listener",))
        p.start()
        with l.accept() as c:
            assert c.recv() == p.pid
        p.join()
    with multiprocessing.Pool(3) as pool:
        print(sum(pool.map(square, range(100))))
    with Manager() as m:
        box = m.Box()
        print("box", [box.add(2) for _ in range(3)][-1])
END
begin 'multiprocessing: forkserver, listener, pool, manager'
cp "$top/many.py" many.py
# Its queues have semaphores in shared memory.
granted='-w /dev/shm'
inside python3 many.py
works
out 328350
out 'box 6'
end

cat >"$top/flat.py" <<'END'
import os, socket, threading, time
path = os.environ["TMPDIR"] + "/s"
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(1)

def serve(n):
    for _ in range(n):
        server.accept()[0].close()

thread = threading.Thread(target=serve, args=(1000,))
thread.start()
for i in range(1000):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    client.close()
thread.join()
# The queue is full now: some wait, and hold nobody else up.
waiting = []
for i in range(6):
    if os.fork() == 0:
        client = socket.socket(socket.AF_UNIX)
        client.connect(path)
        os._exit(0)
client = socket.socket(socket.AF_UNIX)
client.setblocking(False)
while True:
    try:
        client.connect(path)
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
    except BlockingIOError:
        break
done = threading.Event()
threading.Thread(target=lambda: (os.chmod(path, 0o600), done.set())).start()
assert done.wait(10), "chmod waits for a connect"
serve(6)
print("flat", flush=True)
os.read(0, 4)
END
if [ -d /proc/self/fd ]; then
	begin 'a thousand connects leave nothing behind; waiting ones hold nobody up'
	cp "$top/flat.py" flat.py
	mkfifo "$top/go" "$top/said"
	"$sandlock" run -p base -w . -- python3 flat.py <"$top/go" \
		>"$top/said" 2>"$top/err" &
	server=$!
	background="$background $server"
	exec 3>"$top/go" 4<"$top/said"
	read -r line <&4
	[ "$line" = flat ] || wrong "no flat: $line"
	fds=$(find "/proc/$server/fd" -mindepth 1 2>/dev/null | wc -l)
	[ "$fds" -lt 40 ] || wrong "$fds descriptors are open in the supervisor"
	echo end >&3
	exec 3>&- 4<&-
	wait "$server"
	status=$?
	works
	end
fi

cat >"$top/dgram.py" <<'END'
import array, os, socket, struct, sys, threading, time
D = socket.SOCK_DGRAM
server = socket.socket(socket.AF_UNIX, D)
server.bind("s")
client = socket.socket(socket.AF_UNIX, D)
assert client.sendto(b"one", "s") == 3
r, w = os.pipe()
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [w, w]))]
assert client.sendmsg([b"t", b"wo"], rights, 0, "s") == 3
own = struct.pack("3i", os.getpid(), os.getuid(), os.getgid())
forged = struct.pack("3i", os.getppid(), os.getuid(), os.getgid())
assert client.sendmsg([b"me"], [(1, 2, own)], 0, "s") == 2
try:
    client.sendmsg([b"not me"], [(1, 2, forged)], 0, "s")
    sys.exit("a forged sender")
except PermissionError:
    pass
assert server.recv(9) == b"one"
data, ancillary, _, _ = server.recvmsg(9, 99)
assert data == b"two"
got = array.array("i", ancillary[0][2])
os.close(w)
os.write(got[0], b"x")
os.write(got[1], b"y")
assert os.read(r, 9) == b"xy"
assert server.recv(9) == b"me"
# Full: what does not wait fails, what waits is waited for.
count = 0
try:
    while True:
        client.sendto(b"fill", socket.MSG_DONTWAIT, "s")
        count += 1
except BlockingIOError:
    pass
late = threading.Thread(target=client.sendto, args=(b"late", "s"))
late.start()
t = time.monotonic()
os.chmod("s", 0o600)
for _ in range(count):
    server.recv(9)
late.join(20)
assert server.recv(9) == b"late"
a, b = socket.socketpair()
big = bytes(range(256)) * 12000
reader = threading.Thread(target=lambda: print(
    "whole", b"".join(iter(lambda: b.recv(1 << 20), b"")) == big))
reader.start()
view = memoryview(big)
while view:
    view = view[a.sendmsg([view]):]
a.close()
reader.join()
END
begin 'datagrams with --unix-allow: descriptors, senders, waiting, long streams'
cp "$top/dgram.py" dgram.py
granted='--unix-allow .'
inside python3 dgram.py
works
out 'whole True'
end

cat >"$top/spans.py" <<'END'
import ctypes, errno, socket, threading
libc = ctypes.CDLL(None, use_errno=True)

class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]

class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_len", ctypes.c_uint),
                ("spans", ctypes.c_void_p), ("count", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("control_len", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("pad", ctypes.c_int),
                ("sent", ctypes.c_uint), ("pad2", ctypes.c_int)]

a, b = socket.socketpair()
a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
got = bytearray()

def receive():
    while data := b.recv(1 << 20):
        got.extend(data)

reader = threading.Thread(target=receive, daemon=True)
reader.start()
parts = [bytes([n % 251]) * (n * 7 % 13) for n in range(1024)]
assert a.sendmsg(parts) == len(b"".join(parts))
want = b"".join(parts)
# A thousand messages of a thousand spans are not taken at once.
text = ctypes.create_string_buffer(b"0123456789abcdef" * 64)
spans = (Span * 1024)(*[Span(ctypes.addressof(text) + n, 1)
                        for n in range(1024)])
many = (Message * 1024)(*[Message(spans=ctypes.addressof(spans), count=1024)
                          for _ in range(1024)])
count = libc.sendmmsg(a.fileno(), many, 1024, 0)
assert [m.sent for m in many[:count]] == [1024] * count
want += text.raw[:1024] * count
print("short", 0 < count < 16)
single = (Message * 200)(*[Message(spans=ctypes.addressof(spans) + 16 * n,
                                   count=1) for n in range(200)])
count = libc.sendmmsg(a.fileno(), single, 200, 0)
want += text.raw[:200]
print("singles", count)
# Memory that ends in the second span, and nothing at all.
spans[1] = Span(1, 1)
one = Message(spans=ctypes.addressof(spans), count=2)
assert libc.sendmsg(a.fileno(), ctypes.byref(one), 0) == -1
print("fault", errno.errorcode[ctypes.get_errno()])
spans[0].len = spans[1].len = 0
print("empty", libc.sendmsg(a.fileno(), ctypes.byref(one), 0))
a.close()
reader.join()
print("whole", got == want)
END
begin 'datagrams with --unix-allow: messages of many spans'
cp "$top/spans.py" spans.py
granted='--unix-allow .'
inside python3 spans.py
works
for line in 'short True' 'singles 200' 'fault EFAULT' 'empty 0' 'whole True'; do
	out "$line"
done
end

begin 'no datagrams without it'
inside python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)'
fails
err 'Socket type not supported'
end

cat >"$top/stuck.py" <<'END'
import os, signal, socket
full = socket.socket(socket.AF_UNIX)
full.bind("full")
full.listen(0)

def stick(n):
    kids = []
    for _ in range(n):
        r, w = os.pipe()
        pid = os.fork()
        if pid == 0:
            client = socket.socket(socket.AF_UNIX)
            os.write(w, b"x")
            client.connect("full")
            signal.pause()
        os.close(w)
        os.read(r, 1)
        os.close(r)
        kids.append(pid)
    return kids

# More than can wait at once, but that the killed ones leave.
for _ in range(3):
    for pid in stick(60):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
free = socket.socket(socket.AF_UNIX)
free.bind("free")
free.listen(1)
while True:
    try:
        client = socket.socket(socket.AF_UNIX)
        client.connect("free")
        break
    except BlockingIOError:
        pass
stick(20)
print("ends")
END
begin 'callers that are killed leave no thread behind; the end waits for nobody'
cp "$top/stuck.py" stuck.py
granted='-t 60'
inside python3 stuck.py
works
out ends
end

if command -v redis-server >/dev/null 2>&1 &&
	command -v redis-cli >/dev/null 2>&1; then
	begin 'redis-server on a socket, its client, and a benchmark'
	inside sh -c 'redis-server --port 0 --unixsocket s --save "" --daemonize no \
		>log & server=$!
		until redis-cli -s s ping 2>/dev/null; do :; done
		redis-cli -s s set key value; redis-cli -s s get key
		redis-benchmark -s s -n 1000 -c 20 -q -t set,get
		kill $server; wait $server'
	works
	out PONG
	out value
	out 'GET: '
	end
fi

if command -v nginx >/dev/null 2>&1 && command -v curl >/dev/null 2>&1; then
	begin 'nginx in front of an application on a Unix socket'
	port=$("$attack" freeport)
	cat >app.py <<'END'
import http.server, socketserver
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"from the application\n")
    def address_string(self):
        return "unix"
socketserver.UnixStreamServer("app", Handler).serve_forever()
END
	cat >nginx.conf <<END
daemon off; master_process off; pid nginx.pid; error_log stderr;
user $(id -un) $(id -gn);
events {} http { access_log off; client_body_temp_path b; proxy_temp_path p;
fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
server { listen 127.0.0.1:$port;
location / { proxy_pass http://unix:$dir/app; } } }
END
	granted="--net-allow-bind $port --net-allow tcp://:$port"
	inside sh -c 'python3 app.py & app=$!
		until [ -S app ]; do :; done
		nginx -p "$PWD" -c nginx.conf & nginx=$!
		curl -sS --retry 20 --retry-connrefused --retry-delay 1 \
			http://127.0.0.1:'"$port"'/
		kill $app $nginx; wait; true'
	works
	out 'from the application'
	end
fi

if command -v ssh-agent >/dev/null 2>&1 && command -v ssh-add >/dev/null 2>&1; then
	begin 'ssh-agent and ssh-add, both inside'
	inside sh -c 'ssh-keygen -q -t ed25519 -N "" -f key &&
		ssh-agent -a agent sh -c "ssh-add -q key && ssh-add -l"'
	works
	out 256
	end

	begin 'an ssh-agent outside: not reached, until it is granted'
	eval "$(ssh-agent -a "$top/agent")" >/dev/null
	background="$background $SSH_AGENT_PID"
	inside ssh-add -l
	fails
	err 'Permission denied'
	granted="--unix-allow $top/agent"
	inside ssh-add -l
	out 'no identities'
	end
fi

if [ -x /usr/lib/postgresql/15/bin/initdb ] && [ "$(id -u)" != 0 ]; then
	begin 'PostgreSQL by its socket'
	PATH=/usr/lib/postgresql/15/bin:$PATH
	granted='-w /dev/shm --extra-allow-syscall sysv_ipc'
	inside sh -c 'initdb -D data -A trust >log 2>&1 &&
		pg_ctl -D data -w -o "-k $PWD -c listen_addresses=" start >>log &&
		psql -h "$PWD" -d postgres -Atc "select 6*7"
		pg_ctl -D data -m immediate stop >>log'
	works
	out 42
	end
fi

finish
