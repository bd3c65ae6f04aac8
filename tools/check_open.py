#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gate: what `sandlock explain` calls open is what SECURITY.md calls open.

usage: check_open.py ROOT

The names of src/run/explain_open.def and the bold ones that begin the rows of
the table in SECURITY.md, in the same order.  A row of SECURITY.md that is
refused altogether ("**UDP**, and with it") has no full stop in its name and is
not open; the others end in "." or are followed by a verb.
"""
import pathlib
import re
import sys

REFUSED = {"UDP"}


def check(root):
    root = pathlib.Path(root)
    table = (root / "src/run/explain_open.def").read_text(encoding="utf-8")
    page = (root / "SECURITY.md").read_text(encoding="utf-8")
    said = re.findall(r'^SL_OPEN\("([^"]+)"', table, re.M)
    part = page.split("## What is not governed", 1)[-1].split("\n## ", 1)[0]
    written = [name.rstrip(".") for name in
               re.findall(r"^\| \*\*([^*]+)\*\*", part, re.M)]
    written = [name for name in written if name not in REFUSED]
    errors = [f"SECURITY.md does not tell of '{name}'"
              for name in said if name not in written]
    errors += [f"explain_open.def lacks '{name}' of SECURITY.md"
               for name in written if name not in said]
    if not errors and said != written:
        errors.append("explain_open.def and SECURITY.md differ in order")
    return errors


if __name__ == "__main__":
    found = check(sys.argv[1])
    print("\n".join(found) or "open: told alike")
    sys.exit(1 if found else 0)
