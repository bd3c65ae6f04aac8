#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Add up meson test logs (testlog.json): one count per TAP point.

usage: tap_sum.py [--add PASSED,FAILED,SKIPPED] LOG.json...

The last line is 'N passed, N failed, N skipped'; the exit status is 1 if
anything failed or nothing passed.  A program that says too little (a plan it
did not fulfil, a bad exit status without a 'not ok') counts as one failure, so
that nothing can be lost between the points.
"""
import json
import re
import sys

POINT = re.compile(r"^(not )?ok\b\s*(\d*)\s*-?\s*(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*(.*))?$")
GOOD = {"OK", "SKIP", "EXPECTEDFAIL"}
SAID = 8  # lines that a failed program's report repeats


def last_words(test):
    """What a failed program said of its failures, or at its end."""
    lines = (test.get("stdout") or "").splitlines()
    bad = [i for i, line in enumerate(lines) if line.startswith("not ok")]
    picked = []
    for i in bad:
        start = i
        while start > 0 and i - start < SAID and lines[start - 1][:1] == "#":
            start -= 1
        picked += lines[start:i + 1]
    if not picked:
        picked = lines[-2:] + (test.get("stderr") or "").splitlines()[-SAID:]
    return [line[:200] for line in picked[:SAID]]


def count_tap(text, result):
    """(passed, failed, skipped, skip reasons) of one program's output."""
    passed = failed = skipped = 0
    plan, seen, reasons = None, 0, []
    for line in text.splitlines():
        point = POINT.match(line)
        if point:
            seen += 1
            skip = re.search(r"#\s*skip\S*\s*(.*)$", point.group(3), re.I)
            if skip:
                skipped += 1
                reasons.append(skip.group(1).strip() or point.group(3))
            elif point.group(1):
                failed += 1
            else:
                passed += 1
        elif PLAN.match(line):
            plan = int(PLAN.match(line).group(1))
    if seen == 0 and plan is None:  # no TAP: the program is the test
        if result == "SKIP":
            return 0, 0, 1, ["the program says so"]
        return (1, 0, 0, []) if result in GOOD else (0, 1, 0, [])
    if plan == 0 and seen == 0:
        skipped += 1
        reasons.append(PLAN.search(text.strip()).group(2) or "no reason")
    if failed == 0 and (result not in GOOD or (plan or 0) > seen):
        failed += 1
    return passed, failed, skipped, reasons


def main(argv):
    total = [0, 0, 0]
    if argv[:1] == ["--add"]:
        total = [int(n) for n in argv[1].split(",")]
        argv = argv[2:]
    for path in argv:
        sums = [0, 0, 0]
        with open(path, encoding="utf-8", errors="replace") as log:
            tests = [json.loads(line) for line in log if line.strip()]
        for test in tests:
            *counts, reasons = count_tap(test.get("stdout") or "",
                                         test["result"])
            sums = [a + b for a, b in zip(sums, counts)]
            for reason in reasons:
                print(f"skipped in {test['name']}: {reason}")
            if counts[1]:
                print(f"FAILED: {test['name']} ({counts[1]}) in {path}")
                for line in last_words(test):
                    print("    " + line)
        print("%-40s %5d passed, %d failed, %d skipped"
              % (path.rsplit("/", 1)[-1], *sums))
        total = [a + b for a, b in zip(total, sums)]
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
