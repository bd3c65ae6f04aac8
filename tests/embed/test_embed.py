#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library as others get it: installed, found by pkg-config, outside the
tree.  TAP on stdout.

usage: test_embed.py SOURCE_ROOT BUILD_ROOT [--no-static]
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT, BUILD = (pathlib.Path(arg).resolve() for arg in sys.argv[1:3])
STATIC = "--no-static" not in sys.argv
EXAMPLES = ROOT / "examples/embed"
HEADER_USE = """
#include <sandlock/sandlock.h>
int main(void);
int main(void)
{
    sandlock_error err;
    sandlock_spawn_options options;
    err.code = 0;
    options.size = sizeof(options);
    return sandlock_version() == 0 || sizeof(err) != 1024 ||
           options.size == 0;
}
"""
WANTED = {
    "run": "hello from inside\n",
    "capture": "exited, code 3\nstdout, 10 bytes:\nto stdout\n"
               "stderr, 46 bytes:\nto stderr\n"
               "cat: /etc/shadow: Permission denied\n",
    "loop": "1\n2\n3\nthe timer went on: yes\n",
    "confine": "open /etc/passwd: yes\n"
               "open /etc/passwd: Permission denied\nopen /usr: yes\n"
               "the input begins with: a line\n",
    "many": "50 sandboxes, sum of codes 1225\n",
}
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def sh(*argv, **kwargs):
    run = subprocess.run(argv, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=100, **kwargs)
    assert run.returncode == 0, f"{' '.join(map(str, argv))}\n{run.stdout}"
    return run.stdout


def install(stage):
    """What `meson install` would put below DESTDIR, without its log file,
    which belongs to whoever installs."""
    plan = json.loads(sh("meson", "introspect", "--installed", str(BUILD)))
    for source, target in plan.items():
        place = stage / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.isabs(source):  # else the name of a link, made below
            shutil.copy2(source, place)
    for link in list(stage.rglob("libsandlock.so.*")):
        plain = link.with_name("libsandlock.so")
        if not plain.exists():
            plain.symlink_to(link.name)


def environment(stage):
    pc = next(stage.rglob("libsandlock.pc"))
    env = dict(os.environ, PKG_CONFIG_LIBDIR=str(pc.parent),
               PKG_CONFIG_SYSROOT_DIR=str(stage),
               LD_LIBRARY_PATH=str(pc.parent.parent), LC_ALL="C",
               SANDLOCK_SUPERVISOR=str(next(
                   stage.rglob("sandlock-supervisor"))))
    return env


def command_of(name):
    """The line that the example's head comment gives its reader."""
    text = (EXAMPLES / f"{name}.c").read_text()
    found = re.search(r"^ \*\t(cc .*libsandlock\))$", text, re.M)
    assert found, f"{name}.c does not say how to build it"
    return found.group(1)


def build_and_run(name, stage, static):
    env = environment(stage)
    with tempfile.TemporaryDirectory() as where:
        shutil.copy(EXAMPLES / f"{name}.c", where)
        line = command_of(name)
        if static:
            line = line.replace("cc ", "cc -static ", 1)
            line = line.replace("pkg-config ", "pkg-config --static ")
        sh("sh", "-c", line + " -Wall -Wextra -Werror", cwd=where, env=env)
        said = sh(f"./{name}", cwd=where, env=env, input="a line\n")
        if not static:
            needed = sh("readelf", "-d", name, cwd=where)
            assert "[libsandlock.so.0]" in needed, needed
        else:
            assert "NEEDED" not in sh("readelf", "-d", name, cwd=where)
    assert said == WANTED[name], said


@test
def header_is_c99_and_cxx(stage):
    include = next(stage.rglob("sandlock.h")).parent.parent
    strict = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only",
              f"-I{include}"]
    tried = 0
    with tempfile.TemporaryDirectory() as where:
        for compiler, source, standards in (
                ("gcc", "x.c", ("c99", "c11", "c17")),
                ("clang", "x.c", ("c99", "c11", "c17")),
                ("g++", "x.cc", ("c++11", "c++17")),
                ("clang++", "x.cc", ("c++11", "c++17"))):
            if not shutil.which(compiler):
                continue
            (pathlib.Path(where) / source).write_text(HEADER_USE)
            for standard in standards:
                sh(compiler, f"-std={standard}", *strict, source, cwd=where)
                tried += 1
    assert tried >= 3, tried


@test
def the_library_has_a_soname_and_versions(stage):
    so = next(stage.rglob("libsandlock.so.0"))
    assert "soname: [libsandlock.so.0]" in sh("readelf", "-d", str(so)).replace(
        "Library ", "")
    names = sh("nm", "-D", "--defined-only", str(so))
    unversioned = [line for line in names.splitlines()
                   if "sandlock_" in line and "@@LIBSANDLOCK_" not in line]
    assert not unversioned, unversioned


@test
def pkg_config_knows_the_version(stage):
    env = environment(stage)
    header = next(stage.rglob("sandlock.h")).read_text()
    version = re.search(r'VERSION_STRING "(.*)"', header).group(1)
    assert sh("pkg-config", "--modversion", "libsandlock",
              env=env).strip() == version


def test_example(name, static):
    def run(stage):
        build_and_run(name, stage, static)
    run.__name__ = f"example_{name}_{'static' if static else 'shared'}"
    TESTS.append(run)


@test
def every_example_is_here(_stage):
    there = {path.stem for path in EXAMPLES.glob("*.c")}
    assert there == set(WANTED), there
    for name in there:
        lines = (EXAMPLES / f"{name}.c").read_text().count("\n")
        assert lines <= 80, f"{name}.c has {lines} lines"


def main():
    for name in WANTED:
        test_example(name, False)
        if STATIC:
            test_example(name, True)
    bad = 0
    print(f"1..{len(TESTS)}")
    with tempfile.TemporaryDirectory(prefix="sandlock-embed.") as where:
        stage = pathlib.Path(where)
        stage.chmod(0o755)
        install(stage)
        for number, one in enumerate(TESTS, 1):
            try:
                one(stage)
                print(f"ok {number} - {one.__name__}", flush=True)
            except Exception as error:  # whatever it was, it did not work
                bad += 1
                for line in f"{type(error).__name__}: {error}".splitlines():
                    print(f"# {line}")
                print(f"not ok {number} - {one.__name__}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
