# SPDX-License-Identifier: Apache-2.0
"""What the tests of the control plane share: a runtime directory of their own,
sandboxes that say when they run, and waiting with a deadline.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

SANDLOCK = os.path.abspath(sys.argv[1])
DEADLINE = 60


def equal(left, right):
    if left != right:
        raise AssertionError(f"{left!r} is not {right!r}")


def has(text, part):
    if part not in text:
        raise AssertionError(f"no {part!r} in {text!r}")


def has_not(text, part):
    if part in text:
        raise AssertionError(f"{part!r} in {text!r}")


def until(what, condition):
    """Ask again and again, each time for the first true answer."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
    raise AssertionError(f"in vain: {what}")


class Place:
    """A runtime directory, and the sandboxes that were started with it."""

    def __init__(self):
        self.xdg = tempfile.mkdtemp(prefix="sandlock-control.")
        os.chmod(self.xdg, 0o700)
        self.jobs = []

    @property
    def entries(self):
        return os.path.join(self.xdg, "sandlock", "run")

    def env(self, **changes):
        env = {"PATH": os.environ["PATH"], "HOME": self.xdg, "TERM": "xterm",
               "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": self.xdg}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        env.update(changes)
        return {key: value for key, value in env.items() if value is not None}

    def call(self, *args, prefix=(), **changes):
        """Standard output, standard error and exit status."""
        done = subprocess.run([*prefix, SANDLOCK, *args],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              env=self.env(**changes), timeout=DEADLINE,
                              check=False)
        return (done.stdout.decode(errors="surrogateescape"),
                done.stderr.decode(errors="surrogateescape"), done.returncode)

    def start(self, *args, script="echo ready; exec cat", words=(), prefix=()):
        """A sandbox whose program has said "ready"."""
        job = self.begin(*args, script=script, words=words, prefix=prefix)
        line = job.stdout.readline()
        if line != b"ready\n":
            raise AssertionError(f"{line!r} {job.communicate()[1]!r}")
        return job

    def begin(self, *args, script="echo ready; exec cat", words=(), prefix=(),
              **changes):
        job = subprocess.Popen(
            [*prefix, SANDLOCK, "run", "-p", "base", *args, "--", "sh", "-c",
             script, "sh", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.env(**changes))
        self.jobs.append(job)
        return job

    def listed(self):
        """ps --json, by name."""
        out, err, status = self.call("ps", "--json")
        equal((err, status), ("", 0))
        return {item["name"]: item for item in json.loads(out)}

    def running(self, *names):
        """ps --json once all @names answer."""
        def look():
            found = self.listed()
            return found if all(found.get(name, {}).get("state") == "running"
                                for name in names) else None
        return until(f"{names} in ps", look)

    def files(self):
        return sorted(os.listdir(self.entries))

    def close(self):
        for job in self.jobs:
            if job.poll() is None:
                job.kill()
                job.wait()
            for stream in job.stdin, job.stdout, job.stderr:
                if stream:
                    stream.close()
        shutil.rmtree(self.xdg, ignore_errors=True)


def status_of(job):
    """What a sandbox ended with, its input being closed."""
    job.communicate(timeout=DEADLINE)
    return job.returncode


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii",
                  errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def run(cases):
    failed = 0
    print(f"1..{len(cases)}")
    for number, case in enumerate(cases, 1):
        name = case.__name__.replace("_", " ")
        place = Place()
        try:
            case(place)
            print(f"ok {number} - {name}", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError,
                ValueError, KeyError):
            failed += 1
            print(f"not ok {number} - {name}")
            print("# " + traceback.format_exc().replace("\n", "\n# "),
                  flush=True)
        finally:
            place.close()
    return failed != 0
