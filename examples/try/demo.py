#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make try`: an untrusted script, a made-up home, and what became of it.

usage: demo.py --sandlock PROGRAM [--control]

Makes a home with an SSH key, a start-up file and a project, and a server on
loopback; runs untrusted.py in the project under `sandlock run`; then looks at
effects, not at error messages.  Exit status 1 if anything got out, or if the
honest part of the script did not work.  --control first runs the same script
bare, in a home of its own, and demands that every attempt succeeds there: else
the demonstration would show nothing.
"""
import argparse
import hashlib
import json
import os
import pathlib
import secrets
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
DEADLINE = 20  # seconds, for anything


class Server:
    """A loopback listener that keeps whatever anybody sends."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections, self.got = 0, b""
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            peer, _ = self.listener.accept()
            peer.settimeout(DEADLINE)
            with peer:
                first = b""
                while chunk := peer.recv(65536):
                    first += chunk
            if first == b"stop":
                return
            self.connections += 1
            self.got += first

    def stop(self):
        """Connections are served in order: after ours, none is pending."""
        with socket.create_connection(("127.0.0.1", self.port)) as peer:
            peer.sendall(b"stop")
        self.thread.join(DEADLINE)
        self.listener.close()


class Home:
    def __init__(self, where):
        self.path = pathlib.Path(where)
        self.project = self.path / "project"
        self.secret = "SECRET-" + secrets.token_hex(16)
        (self.path / ".ssh").mkdir(mode=0o700)
        key = self.path / ".ssh/id_ed25519"
        key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n"
                       f"{self.secret}\n-----END OPENSSH PRIVATE KEY-----\n")
        key.chmod(0o600)
        (self.path / ".bashrc").write_text("alias ll='ls -l'\n")
        self.project.mkdir()
        (self.project / "hello.c").write_text(
            '#include <stdio.h>\n\nint main(void)\n{\n'
            '\tputs("hello from a build");\n\treturn 0;\n}\n')
        shutil.copy(HERE / "untrusted.py", self.project)
        self.before = self.snapshot()

    def snapshot(self):
        return {str(p.relative_to(self.path)): digest(p)
                for p in self.path.rglob("*") if p.is_file()}

    def changes(self):
        """(changed inside the project, changed outside it)."""
        now = self.snapshot()
        names = sorted(n for n in now.keys() | self.before.keys()
                       if now.get(n) != self.before.get(n))
        inside = [n for n in names if n.startswith("project/")]
        return inside, [n for n in names if n not in inside]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Survivor:
    """What becomes of the process that the script leaves behind."""

    def __init__(self, home):
        self.file = home.project / "survivor-was-here"
        self.pid, self.pidfd = None, None

    def seen(self, pid):
        self.pid = pid
        try:
            self.pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            pass  # it came and went

    def alive(self):
        """Is it there, now that sandlock has returned?  No grace is given."""
        if self.pidfd is None:
            return False
        return not select.select([self.pidfd], [], [], 0)[0]

    def wait(self):
        if self.pidfd is not None:
            select.select([self.pidfd], [], [], DEADLINE)
            os.close(self.pidfd)


def run(prefix, home, server):
    """Run the script; returns (exit status, {what: outcome}, text, survivor)."""
    survivor, said, text = Survivor(home), {}, ""
    env = dict(os.environ, HOME=str(home.path))
    process = subprocess.Popen(
        prefix + ["python3", "untrusted.py", str(server.port)],
        cwd=home.project, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True)
    timer = threading.Timer(DEADLINE, process.kill)
    timer.start()
    for line in process.stdout:
        text += line
        try:
            report = json.loads(line)
        except ValueError:
            continue
        said[report["what"]] = report["outcome"]
        if isinstance(report["outcome"], str):
            said[report["what"]] = report["outcome"].replace(
                str(home.path), "~")
        if report["what"] == "survivor-pid":
            survivor.seen(report["outcome"])
    status = process.wait()
    timer.cancel()
    return status, said, text, survivor


def trial(prefix, where):
    """One run and its effects: what -> (did it succeed, evidence)."""
    home, server = Home(where), Server()
    status, said, text, survivor = run(prefix, home, server)
    lived = survivor.alive()
    survivor.wait()
    server.stop()
    inside, outside = home.changes()
    return status, said, inside, judge(home, server, text, survivor, lived,
                                       inside, outside)


def judge(home, server, text, survivor, lived, inside, outside):
    """what -> (did it succeed, what was seen)."""
    built = home.project / "out/result.txt"
    files = [home.path / name for name in inside + outside]
    leaked = home.secret in text or any(
        home.secret.encode() in f.read_bytes() for f in files if f.is_file())
    return {
        "build": (built.is_file() and
                  built.read_text() == "hello from a build\n",
                  "out/result.txt"),
        "read-key": (leaked or '"read ' in text or
                     home.secret.encode() in server.got,
                     "the key was read"),
        "post": (server.connections > 0,
                 f"the server got {server.connections} connections and "
                 f"{len(server.got)} bytes"),
        "startup": (bool(outside), "changed outside the project: " +
                    (", ".join(outside) or "nothing")),
        "survivor": (survivor.pid is None or lived or survivor.file.exists(),
                     f"process {survivor.pid} is " +
                     ("alive" if lived else "gone")),
    }


ROWS = (
    ("read-key", "read ~/.ssh/id_ed25519", "no grant covers it"),
    ("post", "send it to a server", "no network rule was given"),
    ("startup", "write to ~/.bashrc", "only the project is writable"),
    ("survivor", "leave a process behind", "a run ends with all its processes"),
    ("build", "compile in the project", "granted: -w ."),
)


def show(effects, said):
    print("%-24s %-9s %s" % ("TRIED", "HAPPENED", "WHY, AND WHAT WAS SEEN"))
    for key, tried, why in ROWS:
        worked, seen = effects[key]
        if key in ("read-key", "build") and not worked:
            seen = "the script says: " + str(said.get(key))
        print("%-24s %-9s %s" % (tried, "yes" if worked else "no", why))
        print("%34s %s" % ("", seen))


def control():
    with tempfile.TemporaryDirectory(prefix="sandlock-control.") as where:
        _, _, _, effects = trial([], where)
    print("The same script bare, in a throw-away home:\n")
    for key, tried, _ in ROWS:
        worked, seen = effects[key]
        print("  %-26s %s" % (tried, "yes" if worked else "NO: " + seen))
    print()
    return [f"bare, '{key}' did not succeed: {seen}"
            for key, (worked, seen) in effects.items() if not worked]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sandlock", required=True)
    parser.add_argument("--control", action="store_true")
    args = parser.parse_args()
    sandlock = os.path.abspath(args.sandlock)
    wrong = control() if args.control else []

    start = time.monotonic()
    print("cd project && sandlock run -p base -w . -- python3 untrusted.py\n")
    with tempfile.TemporaryDirectory(prefix="sandlock-try.") as where:
        prefix = [sandlock, "run", "-p", "base", "-w", ".", "--"]
        status, said, inside, effects = trial(prefix, where)
    show(effects, said)
    print("\nChanged in the project: " + (", ".join(inside) or "nothing"))
    print("Exit status %d after %.2f s" % (status, time.monotonic() - start))

    wrong += [f"'{key}' got out: {seen}" for key, (worked, seen)
              in effects.items() if worked and key != "build"]
    if not effects["build"][0]:
        wrong.append(f"the honest build failed: {effects['build'][1]}")
    missing = [key for key, _, _ in ROWS if key not in said]
    if status != 0 or missing:
        wrong.append(f"the script did not finish (status {status}, no word "
                     f"of {', '.join(missing) or 'nothing'})")
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
