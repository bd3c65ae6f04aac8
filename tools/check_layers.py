#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gate: a file under src/ includes its own folder and what the table grants.

usage: check_layers.py ROOT

The table is the one of ARCHITECTURE.md.  Only #include lines count; the
libc and kernel headers in angle brackets are everybody's.
"""
import pathlib
import re
import sys

# folder -> folders it may include; 'sys/syscalls' grants that prefix alone.
# 'public' is <sandlock/sandlock.h>.
MAY = {
    "base": [],
    "sys": ["base"],
    "policy": ["base", "sys/syscalls"],
    "plan": ["policy", "sys", "base"],
    "supervise": ["plan", "policy/glob", "policy/netset", "sys", "base"],
    "run": ["supervise", "plan", "policy", "sys", "base"],
    "api": ["run", "plan", "policy", "sys", "base", "public"],
    "cli": ["public"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def granted(folder, target):
    if target == "public":
        return "public" in MAY[folder]
    return target.split("/")[0] == folder or any(
        target.startswith(g + "/") or ("/" in g and target.startswith(g))
        for g in MAY[folder])


def judge(path, folder, line):
    """An error text for one source line, or None."""
    match = INCLUDE.match(line)
    if not match:
        return None
    quote, name = match.groups()
    if ".." in name.split("/"):
        return f"'{name}' climbs out of its folder; name it from src/"
    if quote == "<":
        if not name.startswith("sandlock/"):
            return None
        target = "public"
    elif name.startswith("sandlock/"):
        target = "public"
    elif "/" not in name:
        return None  # found beside the file, so in its own folder
    else:
        target = name
    if granted(folder, target):
        return None
    may = ", ".join(MAY[folder]) or "libc alone"
    return f"includes '{name}', but src/{folder} may include {may}"


def check(root):
    errors = []
    src = pathlib.Path(root) / "src"
    for path in sorted(src.rglob("*")):
        if path.suffix not in (".c", ".h", ".def", ".inc"):
            continue
        parts = path.relative_to(src).parts
        where = path.relative_to(root)
        if parts[0] not in MAY or len(parts) < 2:
            errors.append(f"{where}: no layer is called '{parts[0]}'; add "
                          "it to tools/check_layers.py and ARCHITECTURE.md")
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            error = judge(path, parts[0], line)
            if error:
                errors.append(f"{where}:{number}: {error}")
    return errors


if __name__ == "__main__":
    found = check(sys.argv[1])
    print("\n".join(found) or "layers: in order")
    sys.exit(1 if found else 0)
