#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gate: exported symbols = header = version map = manual; each is called by a
test. Every symbol has the version that the map gives it, of a release that is
not after this one. The header holds what every binding can call: functions that
are in the library, without inline bodies or variable arguments.

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


def unbindable(text):
    """What ctypes or cgo could not call."""
    errors = []
    text = uncomment(text)
    if re.search(r"\b(static|inline|__inline__?)\b", text):
        errors.append("sandlock.h: static or inline code; a binding cannot "
                      "link it")
    if re.search(r"\.\.\.|\bva_list\b", text):
        errors.append("sandlock.h: variable arguments; a binding cannot "
                      "pass them")
    return errors


def versions_of_map(text):
    """{symbol: version}; a symbol has one."""
    versions = {}
    for node, body in re.findall(r"(\w[\w.]*)\s*\{(.*?)\}", uncomment(text),
                                 re.S):
        for name in NAME.findall(body):
            if name in versions:
                raise SystemExit(f"libsandlock.map: {name} is there twice")
            versions[name] = node
    return versions


def versions_of_library(nm_output):
    return dict(re.findall(r"\s(sandlock_\w+)@@(\S+)$", nm_output, re.M))


def compare_versions(library, version_map, release):
    errors = [f"{name}: has version {library.get(name, 'none')}, and the map "
              f"says {version}" for name, version in sorted(version_map.items())
              if library.get(name) != version]
    now = tuple(int(part) for part in release.split("."))
    for version in sorted(set(version_map.values())):
        then = re.fullmatch(r"LIBSANDLOCK_(\d+)\.(\d+)", version)
        if not then or tuple(map(int, then.groups())) > now[:2]:
            errors.append(f"{version}: no release of this name up to {release}")
    return errors


def calls(text, is_c):
    """Functions that are called, not only spoken of."""
    text = uncomment(text) if is_c else text
    return set(re.findall(r"\b(sandlock_[a-z0-9_]+)(?=\s*\()", text))


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
    errors += [f"{name}: exported, but no file under tests/ calls it"
               for name in sorted(library - tested)]
    return errors


def check(root, so):
    root = pathlib.Path(root)
    nm = subprocess.run(["nm", "-D", "--defined-only", so], check=True,
                        text=True, stdout=subprocess.PIPE).stdout
    tested = set()
    for path in (root / "tests").rglob("*"):
        if path.suffix in (".c", ".cc", ".h", ".py"):
            tested |= calls(path.read_text(encoding="utf-8", errors="replace"),
                            path.suffix != ".py")
    manual = [p.read_text() for p in (root / "man").glob("libsandlock*.3")]
    header = (root / "include/sandlock/sandlock.h").read_text()
    version_map = (root / "src/api/libsandlock.map").read_text()
    release = re.search(r'VERSION_STRING "([\d.]+)"', header).group(1)
    return (compare(of_library(nm), of_header(header), of_map(version_map),
                    of_manual("\n".join(manual)), tested) +
            compare_versions(versions_of_library(nm),
                             versions_of_map(version_map), release) +
            unbindable(header))


if __name__ == "__main__":
    found = check(sys.argv[1], sys.argv[2])
    print("\n".join(found) or "exports: in order")
    sys.exit(1 if found else 0)
