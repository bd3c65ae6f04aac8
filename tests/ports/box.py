# SPDX-License-Identifier: Apache-2.0
"""What the tests of --port-remap share: a sandbox that does as it is told, and
listeners of the host's."""

import json
import os
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "control"))

from lib import SANDLOCK, equal  # noqa: E402

INSIDE = os.path.join(HERE, "inside.py")


class Box:
    def __init__(self, place, *flags, name=None, remap=True,
                 base=("-p", "base")):
        words = ["run", *base, "-r", INSIDE]
        if remap:
            words.append("--port-remap")
        if name:
            words += ["--name", name]
        self.place, self.name = place, name
        self.job = subprocess.Popen(
            [SANDLOCK, *words, *flags, "--", sys.executable, "-u", INSIDE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=place.env())
        place.jobs.append(self.job)

    def ask(self, line):
        self.job.stdin.write(line.encode() + b"\n")
        self.job.stdin.flush()

    def answer(self):
        line = self.job.stdout.readline()
        if not line:
            raise AssertionError(self.job.communicate()[1])
        return json.loads(line)

    def __call__(self, line):
        self.ask(line)
        return self.answer()

    def ports(self):
        """(protocol, address, port): the port outside"""
        out, err, status = self.place.call("ports", "--json", self.name)
        equal((err, status), ("", 0))
        return {(p["protocol"], p["address"], p["port"]): p["real"]
                for p in json.loads(out)["ports"]}


def listener(host="127.0.0.1", port=0, options=(), kind=socket.SOCK_STREAM):
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET,
                         kind)
    for option in options:
        sock.setsockopt(socket.SOL_SOCKET, option, 1)
    sock.bind((host, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(64)
    sock.setblocking(False)
    return sock, sock.getsockname()[1]


def reached(sock):
    """Whether anybody came."""
    try:
        if sock.type == socket.SOCK_STREAM:
            sock.accept()[0].close()
        else:
            sock.recv(64)
        return True
    except BlockingIOError:
        return False


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
