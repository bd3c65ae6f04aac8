# SPDX-License-Identifier: Apache-2.0
"""What runs inside: does each line of standard input and says what came of it,
as JSON; the name of the errno where it failed."""

import errno
import json
import os
import socket
import sys
import threading

TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
REUSEADDR, REUSEPORT = socket.SO_REUSEADDR, socket.SO_REUSEPORT
kept = {}


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
