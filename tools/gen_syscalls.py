#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""src/sys/syscalls.csv -> src/sys/syscalls_table.h

gen_syscalls.py CSV HEADER           write HEADER
gen_syscalls.py --check CSV HEADER   fail if HEADER is not what CSV gives

A cell is a number, empty (the architecture lacks the call) or, in both
columns, "=NAME": another name for NAME.
"""
import re
import sys

ARCHES = ["x86_64", "aarch64"]
MAX_NR = 1023  # SL_SYSCALL_NR_MAX
HEAD = """/* SPDX-License-Identifier: Apache-2.0 */
/* Made from syscalls.csv by tools/gen_syscalls.py; do not edit. */
/* SL_SYS(name, x86_64, aarch64): sorted; -1 where the call is absent. */
"""


def fail(line, text):
    sys.exit(f"syscalls.csv:{line}: {text}")


def parse(path):
    calls, aliases, taken, last = {}, {}, [{}, {}], ""
    with open(path, encoding="ascii") as f:
        rows = f.read().split("\n")
    if rows[0] != "name," + ",".join(ARCHES) or rows.pop() != "":
        fail(1, "want the head line, and a newline at the end")
    for n, row in enumerate(rows[1:], 2):
        cells = row.split(",")
        if len(cells) != 3 or not re.fullmatch("[a-z_][a-z0-9_]*", cells[0]):
            fail(n, "want name,number,number")
        if cells[0] <= last:
            fail(n, f"{cells[0]} is not sorted or not unique")
        last = name = cells[0]
        if cells[1].startswith("="):
            if cells[1] != cells[2]:
                fail(n, "an alias is one on every architecture")
            aliases[name] = (cells[1][1:], n)
            continue
        numbers = []
        for used, cell in zip(taken, cells[1:]):
            if not re.fullmatch("[0-9]*", cell) or int(cell or 0) > MAX_NR:
                fail(n, f"'{cell}' is not a number up to {MAX_NR}")
            if cell and cell in used:
                fail(n, f"{name} has the number of {used[cell]}")
            used[cell] = name
            numbers.append(cell or "-1")
        calls[name] = numbers
    for name, (target, n) in aliases.items():
        if target not in calls:
            fail(n, f"{name} stands for the unknown {target}")
    return calls, aliases


def render(calls, aliases):
    out = [HEAD]
    for name, (x86, arm) in calls.items():
        out.append(f"SL_SYS({name}, {x86}, {arm})\n")
    out.append("#ifdef SL_SYS_ALIAS\n")
    for name, (target, _) in aliases.items():
        out.append(f"SL_SYS_ALIAS({name}, {target})\n")
    out.append("#endif\n")
    return "".join(out)


def main(argv):
    check = argv[1:2] == ["--check"]
    csv, header = argv[2 if check else 1:]
    text = render(*parse(csv))
    if not check:
        with open(header, "w", encoding="ascii") as f:
            f.write(text)
        return 0
    with open(header, encoding="ascii") as f:
        if f.read() == text:
            return 0
    print(f"{header} is out of date: run tools/gen_syscalls.py {csv} {header}",
          file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
