#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gate: what runs between clone and exec calls nothing of libc.

usage: check_child.py LIBSL_CHILD.A

The guardian and the child before its exec share memory and thread-local
storage with the supervisor: one malloc or errno there is a dead lock or a
corrupted host.  Their objects may need nothing but what a compiler calls on
its own account.
"""
import subprocess
import sys

ALLOWED = {"memcpy", "memmove", "memset", "memcmp",
           "_GLOBAL_OFFSET_TABLE_"}


def judge(nm_output):
    """Names that are needed, not defined within, and not allowed."""
    needed, defined = set(), set()
    for line in nm_output.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] in ("U", "w", "v"):
            needed.add(words[1])
        elif len(words) == 3:
            defined.add(words[2])
    return sorted(needed - defined - ALLOWED)


def check(archive):
    out = subprocess.run(["nm", archive], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return [f"{archive}: needs '{name}'; code between clone and exec may use "
            "raw system calls only (src/sys/raw.h)" for name in judge(out)]


if __name__ == "__main__":
    found = check(sys.argv[1])
    print("\n".join(found) or "child symbols: in order")
    sys.exit(1 if found else 0)
