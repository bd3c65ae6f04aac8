#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gate: exported symbols = header = version map = manual; each has a test.

usage: check_exports.py ROOT LIBSANDLOCK.SO
"""
import pathlib
import re
import subprocess
import sys

NAME = re.compile(r"\bsandlock_[a-z0-9_]+\b")


def uncomment(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def of_header(text):
    """Functions declared with SANDLOCK_API."""
    text = re.sub(r"^\s*#.*$", "", uncomment(text), flags=re.M)
    return {NAME.search(m.group(1)).group(0) for m in
            re.finditer(r"\bSANDLOCK_API\b([^;()]*)\(", text)
            if NAME.search(m.group(1))}


def of_map(text):
    if re.search(r"sandlock_\w*\*", text):
        raise SystemExit("libsandlock.map: a wildcard; name every symbol")
    return set(NAME.findall(uncomment(text)))


def of_manual(text):
    """Functions with a synopsis: '.Fn name' or '.Fo name'."""
    return set(re.findall(r"^\.F[no] (sandlock_\w+)", text, re.M))


def of_library(nm_output):
    return {line.split()[-1].split("@")[0]
            for line in nm_output.splitlines() if line.strip()
            and line.split()[-2] not in ("A",)}


def compare(library, header, version_map, manual, tested):
    errors = []
    for what, names in (("include/sandlock/sandlock.h", header),
                        ("src/api/libsandlock.map", version_map),
                        ("man/libsandlock.3", manual)):
        errors += [f"{name}: exported, but not in {what}"
                   for name in sorted(library - names)]
        errors += [f"{name}: in {what}, but not exported"
                   for name in sorted(names - library)]
    errors += [f"{name}: exported, but no file under tests/ names it"
               for name in sorted(library - tested)]
    return errors


def check(root, so):
    root = pathlib.Path(root)
    nm = subprocess.run(["nm", "-D", "--defined-only", so], check=True,
                        text=True, stdout=subprocess.PIPE).stdout
    tests = [p.read_text(encoding="utf-8", errors="replace")
             for p in (root / "tests").rglob("*")
             if p.suffix in (".c", ".cc", ".h", ".py", ".sh")]
    manual = [p.read_text() for p in (root / "man").glob("libsandlock*.3")]
    header = (root / "include/sandlock/sandlock.h").read_text()
    version_map = (root / "src/api/libsandlock.map").read_text()
    return compare(of_library(nm), of_header(header), of_map(version_map),
                   of_manual("\n".join(manual)),
                   set(NAME.findall("\n".join(tests))))


if __name__ == "__main__":
    found = check(sys.argv[1], sys.argv[2])
    print("\n".join(found) or "exports: in order")
    sys.exit(1 if found else 0)
