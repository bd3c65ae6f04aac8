#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of `make bench` for people.

    bench_report.py RESULTS.json --commit NAME [ROOT]   write the report
    bench_report.py --check [ROOT]                      is it up to date?

Writes below ROOT docs/bench/results.json (what was measured, on what),
results.md (every row), chart.svg, and the short table between the two marks in
README.md. --check makes the last three again from the first and compares.
"""
import argparse
import json
import pathlib
import sys

from bench_chart import chart

MARKS = ("<!-- figures: begin, written by make bench -->\n",
         "<!-- figures: end -->\n")
PARTS = {
    "spawn": "Starting `/bin/true`",
    "many": "A hundred sandboxes that wait, and what a supervisor holds",
    "work": "Work: wall time of a whole command",
    "calls": "System calls",
    "judged": "System calls that are judged",
    "carved": "System calls where parts of a grant are protected",
    "net": "Connects and datagrams, under rules that name one address",
    "redis": "Redis inside",
    "serve": "HTTP servers inside, under a rule that names one address",
    "filter": "What is in the kernel",
}
NOTES = {
    "many": "*start* is the mean of the 99 after the first one, which starts the "
            "supervisor as\nwell. *RSS* and *anon* are of the supervisor, or of all "
            "processes of one command;\neach address space counts once, the program "
            "that waits does not count. *anon* is\nwhat is not mapped from files.\n\n",
}
SETUPS = {
    "sandlock": "sandlock, `base`",
    "agent": "sandlock, `agent`",
    "sandlock ten": "sandlock, ten grants",
    "bwrap": "bubblewrap",
    "reference": "reference",
}


class Incomplete(Exception):
    """A figure without which the report would mislead."""


class Results:
    """Rows by (part, what, setup)."""

    def __init__(self, data):
        self.data = data
        self.rows = {(r["part"], r["what"], r["setup"]): r
                     for r in data["rows"]}

    def get(self, *key, field="median"):
        row = self.rows.get(key)
        return None if row is None else row[field]

    def need(self, *key, field="median"):
        value = self.get(*key, field=field)
        if value is None:
            raise Incomplete("no figure for %s: run all parts" % " / ".join(key))
        return value

    def names(self, part, field):
        return list(dict.fromkeys(
            r[field] for r in self.data["rows"] if r["part"] == part))


def machine(data):
    return "Linux %s, %s, %s, %d CPUs" % (
        data["kernel"], data["machine"], data["cpu"], data["cpus"])


def measured(data):
    return "%s, commit %s, load at the start %.1f" % (
        data["date"], data["commit"], data["load"] or 0)


def cell(text):
    return str(text).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def markdown(head, rows, numbers_from=1):
    """A table; columns from @numbers_from on are aligned to the right."""
    rule = ["---" if i < numbers_from else "---:" for i in range(len(head))]
    lines = [head, rule] + rows
    return "".join("| %s |\n" % " | ".join(map(cell, line)) for line in lines)


def number(value, unit=""):
    if value is None:
        return "-"
    size = abs(value)
    digits = 3 if size < 1 else 2 if size < 10 else 1 if size < 1000 else 0
    return ("%.*f %s" % (digits, value, unit)).rstrip()


def part_table(results, part):
    rows = []
    for r in results.data["rows"]:
        if r["part"] != part:
            continue
        if r["failures"]:
            rows.append([r["what"], r["setup"], "failed: " + r["failure"]]
                        + [""] * 4)
            continue
        rows.append([r["what"], r["setup"], number(r["p10"]),
                     number(r["median"], r["unit"]), number(r["p90"]),
                     number(r["ratio"]), number(r["added"])])
    return markdown(["what", "setup", "p10", "median", "p90", "ratio", "added"],
                    rows, 2)


def budget_table(data):
    rows = []
    for b in data["budgets"]:
        value = number(b["value"]) if b["value"] is not None else "not measured"
        rows.append([b["part"], b["name"], value,
                     "%s %s" % (b["kind"], number(b["limit"])),
                     "met" if b["met"] else "**missed**"])
    return markdown(["part", "budget", "measured", "limit", ""], rows, 2)


def full(results):
    data = results.data
    out = ["# Measurements\n\n", "![chart](chart.svg)\n\n",
           "%s.\n%s.\n\n" % (machine(data), measured(data)),
           "Every round takes one sample of each row, in a new order. *ratio* and "
           "*added*\nare medians of the comparison with the row's base, round by "
           "round; for most rows\nthat is *bare*, the same program without a "
           "sandbox, and *bare again* shows what\nthis run cannot tell apart. "
           "*sandlock* is preset `base`, *floor* a static program\nthat only "
           "clones and executes, *bwrap* is bubblewrap with `--unshare-all` and "
           "its own\n`/proc`, `/dev` and `/tmp`. `make bench` makes this file "
           "again.\n"]
    for part, title in PARTS.items():
        if not results.names(part, "what"):
            raise Incomplete("part %s was not run" % part)
        out += ["\n## %s\n\n" % title, NOTES.get(part, ""),
                part_table(results, part)]
    out += ["\n## Budgets\n\n", budget_table(data)]
    return "".join(out)


def short(results):
    """What fits into the README."""
    setups = [s for s in ("sandlock", "agent", "bwrap", "reference")
              if results.get("spawn", "true", s) is not None]
    rows = [["`true`: added"] + [
        "%.2f ms" % (results.need("spawn", "true", s, field="added") / 1000)
        for s in setups]]
    for what in results.names("work", "what"):
        ratios = [results.get("work", what, s, field="ratio") for s in setups]
        rows.append(["`%s`" % what] + [
            "-" if r is None else "%.2f ×" % r for r in ratios])
    return ("%s%s\nOn %s.\n`true` alone takes %.2f ms; the other rows are wall "
            "time against the same command\nwithout a sandbox. All rows and "
            "budgets, also those that are missed:\n[docs/bench](docs/bench/"
            "results.md); `make bench` measures on your machine.\n%s" % (
                MARKS[0],
                markdown([""] + [SETUPS[s] for s in setups], rows),
                machine(results.data),
                results.need("spawn", "true", "bare") / 1000, MARKS[1]))


def in_readme(text, block):
    begin, end = text.find(MARKS[0]), text.find(MARKS[1])
    if begin < 0 or end < begin:
        raise Incomplete("README.md lacks the marks of the figures")
    return text[:begin] + block + text[end + len(MARKS[1]):]


def outputs(data, root):
    """{path: text} of everything that follows from the measurements."""
    results = Results(data)
    readme = root / "README.md"
    return {root / "docs/bench/results.md": full(results),
            root / "docs/bench/chart.svg": chart(results, machine(data)),
            readme: in_readme(readme.read_text(), short(results))}


def main(args):
    parser = argparse.ArgumentParser()
    parser.add_argument("results", nargs="?")
    parser.add_argument("--commit")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--root", default=".", type=pathlib.Path)
    o = parser.parse_args(args)
    stored = o.root / "docs/bench/results.json"
    if o.check == bool(o.results) or o.check == bool(o.commit):
        parser.error("RESULTS.json and --commit, or --check")
    try:
        data = json.loads((stored if o.check
                           else pathlib.Path(o.results)).read_text())
        if o.commit:
            data["commit"] = o.commit
        texts = outputs(data, o.root)
    except (OSError, ValueError, Incomplete) as error:
        print("bench_report: %s" % error, file=sys.stderr)
        return 1
    if o.check:
        stale = [str(p) for p, text in texts.items()
                 if not p.exists() or p.read_text() != text]
        for path in stale:
            print("%s does not show docs/bench/results.json" % path)
        return bool(stale)
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text(json.dumps(data, indent=1) + "\n")
    for path, text in texts.items():
        path.write_text(text)
        print("wrote %s" % path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
