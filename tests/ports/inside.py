# SPDX-License-Identifier: Apache-2.0
"""What runs inside: does each line of standard input and says what came of it,
as JSON; the name of the errno where it failed."""

import ctypes
import errno
import json
import os
import resource
import socket
import subprocess
import sys
import threading

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
REUSEADDR, REUSEPORT = socket.SO_REUSEADDR, socket.SO_REUSEPORT
kept = {}
libc = ctypes.CDLL(None, use_errno=True)


def make(host, kind=TCP, options=(), v6only=None):
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                         kind)
    for option in options:
        sock.setsockopt(socket.SOL_SOCKET, option, 1)
    if v6only is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    sock.settimeout(30)
    return sock


def bind(key, host, port, kind=TCP, options=(), v6only=None):
    """The port that the socket says it has."""
    sock = make(host, kind, options, v6only)
    sock.bind((host, port))
    kept[key] = sock
    return name(key)


def serve(key, host, port, options=(REUSEADDR,), v6only=None):
    port = bind(key, host, port, TCP, options, v6only)
    kept[key].listen(8)
    return port


def name(key):
    return kept[key].getsockname()[1]


def peer(key):
    return kept[key].getpeername()[1]


def close(*keys):
    for key in keys:
        kept.pop(key).close()


def connect(key, host, port, kind=TCP):
    sock = make(host, kind)
    sock.connect((host, port))
    kept[key] = sock
    return peer(key)


def accept(key, listener):
    kept[key] = kept[listener].accept()[0]
    return name(key)


def reaches(listener, host, port):
    """Whether who connects is accepted there: the number that came along."""
    connect("to", host, port)
    accept("from", listener)
    mark = os.urandom(4).hex()
    kept["to"].sendall(mark.encode())
    same = kept["from"].recv(8).decode() == mark
    close("to", "from")
    return same


def refused(host, port, tries=1):
    """Never connected; how."""
    said = set()
    for _ in range(tries):
        with make(host) as sock:
            try:
                sock.connect((host, port))
                said.add("connected")
            except OSError as error:
                said.add(errno.errorcode[error.errno])
    return sorted(said)


def send(host, port, kind=UDP):
    with make(host, kind) as sock:
        return sock.sendto(b"stolen", (host, port))


def table(kind, path="/proc/net/"):
    """(address, port, port of the other end, state, user) of each line."""
    with open(path + kind, encoding="utf-8", errors="surrogateescape") as file:
        rows = [line.split() for line in file.read().splitlines()[1:]]
    return [(row[1].rpartition(":")[0], int(row[1].rpartition(":")[2], 16),
             int(row[2].rpartition(":")[2], 16), row[3], int(row[7]))
            for row in rows]


def paths_of_unix():
    with open("/proc/net/unix", encoding="utf-8") as file:
        return [line.split(" ")[-1] for line in file.read().splitlines()[1:]
                if len(line.split(" ")) > 7]


def read_from(fd):
    with open(fd, "rb") as file:
        return file.read().decode(errors="replace")


def by_path(path):
    return read_from(os.open(path, os.O_RDONLY))


def by_dirfd(path):
    parent, _, last = path.rpartition("/")
    dirfd = os.open(parent, os.O_RDONLY)
    try:
        return read_from(os.open(last, os.O_RDONLY, dir_fd=dirfd))
    finally:
        os.close(dirfd)


def by_handle(path):
    """Held first, then opened through what is held."""
    held = os.open(path, os.O_PATH)
    try:
        return read_from(os.open(f"/proc/self/fd/{held}", os.O_RDONLY))
    finally:
        os.close(held)


def by_cwd(path):
    parent, _, last = path.rpartition("/")
    before = os.getcwd()
    os.chdir(parent)
    try:
        return read_from(os.open("./" + last, os.O_RDONLY))
    finally:
        os.chdir(before)


def by_link(path):
    link = os.path.join(os.environ["TMPDIR"], f"link{len(kept)}")
    os.symlink(path, link)
    try:
        return read_from(os.open(link, os.O_RDONLY))
    finally:
        os.unlink(link)


def by_openat2(path):
    how = (ctypes.c_uint64 * 3)(os.O_RDONLY, 0, 0)
    fd = libc.syscall(437, -100, path.encode(), how, 24)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "openat2")
    return read_from(fd)


def by_child(path):
    """Of a process of one's own that is another one."""
    if not path.startswith("/proc/self/"):
        return ""
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    try:
        return read_from(os.open(path.replace("self", str(child.pid)),
                                 os.O_RDONLY))
    finally:
        child.communicate()


def every_way(path):
    """What each gives, or the name of the errno."""
    found = {}
    for way in (by_path, by_dirfd, by_handle, by_cwd, by_link, by_openat2,
                by_child):
        try:
            found[way.__name__] = way(path)
        except OSError as error:
            found[way.__name__] = errno.errorcode[error.errno]
    return found


for line in sys.stdin:
    try:
        try:
            code = compile(line, "line", "eval")
        except SyntaxError:
            exec(line)
            answer = None
        else:
            answer = eval(code)
    except OSError as failure:
        answer = errno.errorcode.get(failure.errno, str(failure))
    print(json.dumps(answer), flush=True)
