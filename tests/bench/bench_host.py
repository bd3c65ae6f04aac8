#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What bench_host is in C: bench_host.py PACKAGE LIBRARY BWRAP.

Answers one command per byte on stdin with the nanoseconds it took, or with "-"
and why not: s subprocess.run, p Sandbox.run, b bubblewrap by subprocess.run.
"""
import os
import subprocess
import sys
import time

TRUE = ["/bin/true"]
BWRAP = ["--ro-bind", "/", "/", "--unshare-all", "--proc", "/proc", "--dev",
         "/dev", "--tmpfs", "/tmp", "--"]


def main():
    package, library, bwrap = sys.argv[1:]
    sys.path.insert(0, package)
    os.environ["SANDLOCK_LIBRARY"] = library
    try:
        import sandlock
        sandbox = sandlock.Sandbox(profiles=["base"])
        why = ""
    except Exception as error:  # said in the row
        sandbox, why = None, str(error)

    def by_sandbox():
        if sandbox is None:
            raise RuntimeError(why)
        result = sandbox.run(TRUE)
        if result.exit_code != 0:
            raise RuntimeError("exit code %s" % result.exit_code)

    def by_command(words):
        subprocess.run(words, check=True, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)

    acts = {b"s": lambda: by_command(TRUE), b"p": by_sandbox,
            b"b": lambda: by_command([bwrap] + BWRAP + TRUE)}
    for letter in iter(lambda: os.read(0, 1), b""):
        start = time.perf_counter_ns()
        try:
            acts[letter]()
            answer = "%d" % (time.perf_counter_ns() - start)
        except Exception as error:
            answer = "-" + " ".join(str(error).split())
        print(answer, flush=True)


main()
