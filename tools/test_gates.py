#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each gate must fail on a violation and pass without.  TAP on stdout."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import check_child
import check_exports
import check_layers
import check_open
import check_sizes
import tap_sum

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def tree(files):
    root = tempfile.mkdtemp(prefix="sandlock-gate.")
    for name, text in files.items():
        path = pathlib.Path(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def layers(folder, include):
    root = tree({f"src/{folder}/x.c": f"#include {include}\n"})
    try:
        return check_layers.check(root)
    finally:
        shutil.rmtree(root)


@test
def layers_let_the_granted_pass():
    for folder, include in (
            ("sys", '"base/error.h"'), ("policy", '"sys/syscalls.h"'),
            ("plan", '"policy/policy.h"'), ("run", '"plan/plan.h"'),
            ("api", "<sandlock/sandlock.h>"), ("api", '"run/run.h"'),
            ("cli", "<sandlock/sandlock.h>"), ("cli", '"cli/cli.h"'),
            ("cli", '"cli.h"'),
            ("base", "<stdio.h>"), ("base", "<sys/stat.h>")):
        assert layers(folder, include) == [], (folder, include)


@test
def layers_refuse_upward_and_sideways():
    for folder, include in (
            ("base", '"sys/raw.h"'), ("sys", '"policy/policy.h"'),
            ("policy", '"sys/raw.h"'), ("policy", '"plan/plan.h"'),
            ("plan", '"run/run.h"'), ("supervise", '"policy/policy.h"'),
            ("supervise", '"run/run.h"'), ("run", '"api/api.h"'),
            ("run", "<sandlock/sandlock.h>"), ("cli", '"base/buf.h"'),
            ("cli", '"run/run.h"')):
        assert len(layers(folder, include)) == 1, (folder, include)


@test
def layers_refuse_tricks():
    assert layers("cli", '"../run/run.h"')
    assert layers("cli", '"cli/../base/buf.h"')
    assert layers("newlayer", "<stdio.h>")
    assert layers("cli", '"sandlock/../../src/base/buf.h"')


def told(table, page):
    root = tree({
        "src/run/explain_open.def":
            "".join(f'SL_OPEN("{name}", ALWAYS, "x", "y")\n'
                    for name in table),
        "SECURITY.md": "## What is not governed\n" +
            "".join(f"| **{name}.** x | | |\n" for name in page) +
            "## Else\n| **Other.** x | | |\n"})
    try:
        return check_open.check(root)
    finally:
        shutil.rmtree(root)


@test
def what_is_open_is_told_alike():
    assert told(["A", "B b"], ["A", "B b"]) == []
    assert told(["A", "B"], ["A"])
    assert told(["A"], ["A", "B"])
    assert told(["A", "B"], ["B", "A"])


def function(lines=1, depth=1):
    inner = [f"{chr(9) * d}if (x) {{" for d in range(1, depth)]
    close = [f"{chr(9) * d}}}" for d in range(depth - 1, 0, -1)]
    filler = ["\tx++;"] * (lines - 2 - len(inner) - len(close))
    return "\n".join(["static int f(int x)", "{"] + inner + filler +
                     close + ["}", ""])


@test
def sizes_let_the_limits_pass():
    text = function(80) + function(20, 4)
    assert check_sizes.check_file("x.c", text) == ([], [])
    assert list(check_sizes.functions(text)) == [(2, "f", 80, 1),
                                                 (83, "f", 20, 4)]


@test
def sizes_refuse_long_and_deep_functions():
    errors, _ = check_sizes.check_file("x.c", function(81))
    assert len(errors) == 1 and "81 lines" in errors[0], errors
    errors, _ = check_sizes.check_file("x.c", function(20, 5))
    assert len(errors) == 1 and "nests 5" in errors[0], errors


@test
def sizes_refuse_giant_files():
    line = "int x;\n"
    assert check_sizes.check_file("x.c", line * 800)[0] == []
    assert len(check_sizes.check_file("x.c", line * 801)[0]) == 1
    assert len(check_sizes.check_file("x.c", line * 601)[1]) == 1
    reason = "/* long because it is one table */\n"
    assert check_sizes.check_file("x.c", reason + line * 601)[1] == []


@test
def sizes_are_not_fooled_by_literals_and_tables():
    text = ("int f(int x)\n{\n\tconst char *s = \"{{{{{\"; /* {{{{{ */\n"
            "\tstruct y z = {\n\t\t.a = { { { { 1 } } } },\n\t};\n"
            "\tchar c = '{';\n\treturn g(&(struct y){ .b = { 1 } });\n}\n")
    assert check_sizes.check_file("x.c", text) == ([], [])
    assert list(check_sizes.functions(text))[0][3] == 1


@test
def child_refuses_libc():
    good = "x.o:\n U memcpy\n U sl_helper\ny.o:\n0000 T sl_helper\n"
    assert check_child.judge(good) == []
    assert check_child.judge(good + " U malloc\n") == ["malloc"]
    assert check_child.judge(" U __errno_location\n w free\n") == [
        "__errno_location", "free"]


@test
def child_reads_a_real_archive():
    with tempfile.TemporaryDirectory() as where:
        source = os.path.join(where, "x.c")
        pathlib.Path(source).write_text(
            "#include <stdlib.h>\nvoid *f(void) { return malloc(1); }\n")
        subprocess.run(["gcc", "-c", source, "-o", where + "/x.o"],
                       check=True)
        subprocess.run(["ar", "rcs", where + "/x.a", where + "/x.o"],
                       check=True)
        found = check_child.check(where + "/x.a")
    assert len(found) == 1 and "malloc" in found[0], found


HEADER = """
#define SANDLOCK_API __attribute__((visibility("default")))
/* SANDLOCK_API int sandlock_commented(void); */
SANDLOCK_API int sandlock_a(int x,
\t\t\t    int y);
SANDLOCK_API const char *
sandlock_b(const sandlock_result *result);
typedef struct sandlock_c sandlock_c;
"""


@test
def exports_read_their_sources():
    both = {"sandlock_a", "sandlock_b"}
    assert check_exports.of_header(HEADER) == both
    assert check_exports.of_map(
        "V { global: sandlock_a; sandlock_b; local: *; };") == both
    assert check_exports.of_manual(
        ".Fn sandlock_a \"int x\"\n.Fo sandlock_b\n") == both
    assert check_exports.of_library(
        "0 T sandlock_a@@V\n0 A V\n0 T sandlock_b\n") == both
    try:
        check_exports.of_map("V { global: sandlock_*; };")
    except SystemExit:
        return
    raise AssertionError("a wildcard passed")


@test
def exports_must_agree():
    one, two = {"sandlock_a"}, {"sandlock_a", "sandlock_b"}
    assert check_exports.compare(one, one, one, one, one) == []
    for place in range(5):
        sets = [one] * 5
        sets[place] = two
        wanted = 4 if place == 0 else (0 if place == 4 else 1)
        assert len(check_exports.compare(*sets)) == wanted, place
        sets = [two] * 5
        sets[place] = one
        wanted = 3 if place == 0 else 1
        assert len(check_exports.compare(*sets)) == wanted, place


@test
def exports_carry_their_version():
    nm = "0 T sandlock_a@@LIBSANDLOCK_0.1\n0 T sandlock_b@@LIBSANDLOCK_0.2\n"
    good = {"sandlock_a": "LIBSANDLOCK_0.1", "sandlock_b": "LIBSANDLOCK_0.2"}
    text = ("LIBSANDLOCK_0.1 { global: sandlock_a; local: *; };\n"
            "LIBSANDLOCK_0.2 { global: sandlock_b; } LIBSANDLOCK_0.1;\n")
    assert check_exports.versions_of_library(nm) == good
    assert check_exports.versions_of_map(text) == good
    assert check_exports.compare_versions(good, good, "0.2.0") == []
    # not yet released; moved to another version; without one
    assert len(check_exports.compare_versions(good, good, "0.1.9")) == 1
    moved = dict(good, sandlock_a="LIBSANDLOCK_0.2")
    assert len(check_exports.compare_versions(good, moved, "0.2.0")) == 1
    assert len(check_exports.compare_versions({}, good, "0.2.0")) == 2
    try:
        check_exports.versions_of_map(text.replace("_b", "_a"))
    except SystemExit:
        return
    raise AssertionError("a symbol with two versions passed")


@test
def exports_can_be_bound():
    assert check_exports.unbindable(HEADER) == []
    assert check_exports.unbindable("/* static inline, ... */\n") == []
    for bad in ("static inline int sandlock_x(void) { return 1; }",
                "SANDLOCK_API int sandlock_printf(const char *f, ...);",
                "SANDLOCK_API int sandlock_v(va_list ap);"):
        assert len(check_exports.unbindable(HEADER + bad)) == 1, bad


@test
def exports_are_called_not_named():
    text = "/* sandlock_a(x) */ sandlock_b(1); c = sandlock_c; sandlock_d (2);"
    assert check_exports.calls(text, True) == {"sandlock_b", "sandlock_d"}
    assert check_exports.calls("lib.sandlock_a(1)\n", False) == {"sandlock_a"}


def tap(text, result="OK"):
    return tap_sum.count_tap(text, result)[:3]


@test
def tap_sum_counts_points():
    assert tap("1..3\nok 1 - a\nok 2 # SKIP no kernel\nnot ok 3\n",
               "FAIL") == (1, 1, 1)
    assert tap("1..0 # SKIP nothing\n", "SKIP") == (0, 0, 1)
    assert tap("", "OK") == (1, 0, 0)
    assert tap("", "SKIP") == (0, 0, 1)


@test
def tap_sum_loses_no_failure():
    assert tap("1..3\nok 1\n", "OK") == (1, 1, 0)
    assert tap("1..1\nok 1\n", "FAIL") == (1, 1, 0)
    assert tap("1..1\nok 1\n", "TIMEOUT") == (1, 1, 0)
    assert tap("", "ERROR") == (0, 1, 0)
    assert tap("", "INTERRUPT") == (0, 1, 0)


@test
def tap_sum_ends_with_the_line():
    log = json.dumps({"name": "x", "result": "OK", "stdout": "ok 1\n1..1\n"})
    tool = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "tap_sum.py")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(log + "\n")
        file.flush()
        for extra, last, status in (([], "1 passed, 0 failed, 0 skipped", 0),
                                    (["--add", "0,2,1"],
                                     "1 passed, 2 failed, 1 skipped", 1)):
            run = subprocess.run([sys.executable, tool, *extra, file.name],
                                 text=True, stdout=subprocess.PIPE)
            assert run.stdout.splitlines()[-1] == last, run.stdout
            assert run.returncode == status


def main():
    bad = 0
    print(f"1..{len(TESTS)}")
    for number, one in enumerate(TESTS, 1):
        try:
            one()
            print(f"ok {number} - {one.__name__}", flush=True)
        except Exception as error:  # a gate that crashes is a gate that fails
            bad += 1
            print(f"# {type(error).__name__}: {error}")
            print(f"not ok {number} - {one.__name__}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
