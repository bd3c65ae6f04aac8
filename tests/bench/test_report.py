#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The report of the benchmark: what it shows, and that it is the tree's own.

usage: test_report.py SOURCE   TAP on stdout.
"""
import atexit
import contextlib
import io
import json
import pathlib
import shutil
import sys
import tempfile
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(ROOT / "tools"))

import bench_chart  # noqa: E402
import bench_report  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"
WHATS = ("git status", "find", "tar", "make -j2", "python", "tar -x", "cp -a",
         "git checkout", "npm install")
SETUPS = ("bare", "sandlock", "agent", "bwrap", "reference")
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def row(part, what, setup, unit="us", **more):
    r = {"part": part, "what": what, "setup": setup, "unit": unit, "p10": 900.0,
         "median": 1000.0, "p90": 1100.0, "ratio": 1.25, "added": 1500.0,
         "failure": "", "failures": 0, "n": 9}
    r.update(more)
    return r


def results(setups=SETUPS, **more):
    rows = [row("spawn", "true", s) for s in setups + ("sandlock ten",)]
    rows += [row("work", w, s) for w in WHATS for s in setups]
    rows += [row("many", "RSS with 1", "sandlock", "KiB"),
             row("judged", "unix connect", "reference", "ns"),
             row("carved", "open to write", "reference", "ns"),
             row("calls", "stat", "bare", "ns"), row("net", "tcp connect", "bare", "ns"),
             row("redis", "GET", "bare"),
             row("serve", "nginx", "bare", "1/s"),
             row("filter", "default", "sandlock", "insn")]
    data = {"date": "2020-01-02T03:04:05Z", "kernel": "6.1.2-x", "load": 0.1,
            "machine": "x86_64", "cpu": "Some CPU", "cpus": 8, "user": 0,
            "commit": "abc1234", "rows": rows,
            "budgets": [{"part": "work", "name": "tar", "value": 1.2,
                         "limit": 1.1, "kind": "at most", "met": False},
                        {"part": "work", "name": "none", "value": None,
                         "limit": 1.1, "kind": "at most", "met": False}]}
    data.update(more)
    return data


def draw(data):
    text = bench_chart.chart(bench_report.Results(data),
                             bench_report.machine(data))
    return ET.fromstring(text)


def boxes(svg):
    """(left, top, right, bottom, what) of every text and bar."""
    out = []
    for e in svg.iter():
        if e.tag == SVG + "text":
            size = float(e.get("font-size"))
            wide = len(e.text) * size * 0.6
            x, y = float(e.get("x")), float(e.get("y"))
            x -= wide if e.get("text-anchor") == "end" else 0
            out.append((x, y - 0.75 * size, x + wide, y + 0.2 * size, e.text))
        elif e.tag == SVG + "rect":
            x, y = float(e.get("x")), float(e.get("y"))
            out.append((x, y, x + float(e.get("width")),
                        y + float(e.get("height")), "bar"))
    return out


def overlaps(found):
    return [(a[4], b[4]) for i, a in enumerate(found) for b in found[:i]
            if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]]


def expect_tidy(svg):
    found = boxes(svg)
    assert overlaps(found) == [], overlaps(found)
    _, _, wide, high = map(float, svg.get("viewBox").split())
    for left, top, right, bottom, what in found:
        assert 0 <= left and right <= wide, (what, left, right, wide)
        assert 0 <= top and bottom <= high, (what, top, bottom, high)


def texts(svg):
    return [e.text for e in svg.iter(SVG + "text")]


def tree():
    root = pathlib.Path(tempfile.mkdtemp(prefix="sandlock-report."))
    atexit.register(shutil.rmtree, root)
    (root / "README.md").write_text("before\n%s%safter\n" % bench_report.MARKS)
    return root


def report(*args):
    """Exit status, and what was said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = bench_report.main([str(a) for a in args])
    return status, said.getvalue()


def write(root, data):
    path = root / "measured.json"
    path.write_text(json.dumps(data))
    return report(path, "--commit", "abc1234", "--root", root)


@test
def chart_shows_every_row():
    shown = texts(draw(results()))
    for what in WHATS + ("reference", "bubblewrap", "sandlock, base",
                         "sandlock, agent", "sandlock, ten grants"):
        assert what in shown, (what, shown)
    bars = [e for e in draw(results()).iter(SVG + "rect")]
    # starts, keys of the legend, and each job under each setup
    assert len(bars) == 5 + 4 + len(WHATS) * 4, len(bars)


@test
def chart_is_tidy():
    expect_tidy(draw(results()))
    expect_tidy(draw(results(("bare", "sandlock"))))


@test
def chart_is_tidy_with_odd_figures():
    data = results(cpu="A CPU with " + "a very long name " * 12)
    for i, r in enumerate(data["rows"]):
        r["ratio"], r["added"] = (0.01, 55.4, 2.99, 3.01)[i % 4], (
            -20.0, 48000.0, 1.0)[i % 3]
    expect_tidy(draw(data))


@test
def box_test_can_fail():
    svg = draw(results())
    moved = [e for e in svg.iter(SVG + "text")][-1]
    moved.set("y", [e for e in svg.iter(SVG + "text")][0].get("y"))
    assert overlaps(boxes(svg))


@test
def bars_are_as_long_as_their_figures():
    data = results()
    for r in data["rows"]:
        if (r["part"], r["setup"]) == ("spawn", "bwrap"):
            r["added"] = 3000.0
    bars = {}
    for e in list(draw(data).iter(SVG + "rect"))[:5]:
        bars[e.get("class")] = float(e.get("width"))
    assert abs(bars["bwrap"] / bars["agent"] - 2) < 0.01, bars


@test
def markup_in_names_is_text():
    data = results(cpu='<b>&"|', kernel="6<7")
    assert '<b>&"|' in "".join(texts(draw(data)))
    data["rows"][0]["what"] = "a|b"
    assert "a\\|b" in bench_report.full(bench_report.Results(data))


@test
def table_has_machine_rows_and_missed_budgets():
    text = bench_report.full(bench_report.Results(results()))
    for part in ("Linux 6.1.2-x, x86_64, Some CPU, 8 CPUs", "abc1234",
                 "2020-01-02", "| make -j2 | agent | 900.0 | 1000 us | 1100 | "
                 "1.25 | 1500 |", "**missed**", "not measured"):
        assert part in text, (part, text)


@test
def every_part_has_its_title_and_note():
    text = bench_report.full(bench_report.Results(results()))
    for title in bench_report.PARTS.values():
        assert text.count("\n## %s\n" % title) == 1, title
    for part, note in bench_report.NOTES.items():
        assert note in text.split(bench_report.PARTS[part])[1], part
    assert "| RSS with 1 | sandlock | 900.0 | 1000 KiB |" in text, text


@test
def driver_knows_the_parts_of_the_report():
    source = (ROOT / "tests/bench/bench.c").read_text()
    for part in bench_report.PARTS:
        assert '{ "%s", bench_%s }' % (part, part) in source, part


@test
def failed_row_says_why():
    data = results()
    data["rows"].append(row("calls", "open", "sandlock", failures=2,
                            failure="no such file", median=None))
    assert "failed: no such file" in bench_report.full(bench_report.Results(data))


@test
def report_is_written_and_checked():
    root = tree()
    assert write(root, results())[0] == 0
    readme = (root / "README.md").read_text()
    assert readme.startswith("before\n") and readme.endswith("after\n")
    assert "| `tar` | 1.25 × |" in readme, readme
    assert report("--check", "--root", root) == (0, "")
    for name in ("README.md", "docs/bench/results.md", "docs/bench/chart.svg"):
        path = root / name
        good = path.read_text()
        path.write_text(good.replace("1.25", "1.05"))
        status, said = report("--check", "--root", root)
        assert status == 1 and name in said, (name, said)
        path.write_text(good)


@test
def part_of_a_run_is_refused():
    for part in ("spawn", "calls"):
        root = tree()
        data = results()
        data["rows"] = [r for r in data["rows"] if r["part"] != part]
        status, said = write(root, data)
        assert status == 1 and "part" in said, said
        assert not (root / "docs").exists()
        assert "|" not in (root / "README.md").read_text()


@test
def readme_without_marks_is_refused():
    root = tree()
    (root / "README.md").write_text("nothing\n")
    status, said = write(root, results())
    assert status == 1 and "marks" in said


@test
def own_tree_shows_its_own_measurements():
    status, said = report("--check", "--root", ROOT)
    assert status == 0, said


def main():
    print("1..%d" % len(TESTS))
    bad = 0
    for i, function in enumerate(TESTS, 1):
        try:
            function()
            print("ok %d - %s" % (i, function.__name__))
        except Exception as error:  # also the assertions
            bad += 1
            print("# %s: %s" % (type(error).__name__, str(error)[:2000]))
            print("not ok %d - %s" % (i, function.__name__))
    return bool(bad)


sys.exit(main())
