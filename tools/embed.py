#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write text files as C string literals: embed.py OUTPUT FILE...

Each file becomes a row { "name", "text" } for an array initialiser, where
name is the file's name without its suffix. Rows are sorted by name.
"""
import pathlib
import sys


def literal(line: bytes) -> str:
    """One line as a C string literal; only plain ASCII goes in as it is."""
    out = []
    for byte in line:
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 0x20 <= byte < 0x7F and char != "?":
            out.append(char)
        else:
            out.append("\\%03o" % byte)
    return '"' + "".join(out) + '"'


def main() -> int:
    output, *inputs = sys.argv[1:]
    rows = []
    for path in sorted(map(pathlib.Path, inputs), key=lambda p: p.stem):
        lines = path.read_bytes().splitlines(keepends=True)
        text = "\n\t  ".join(map(literal, lines))
        rows.append("\t{ %s,\n\t  %s },\n" % (literal(path.stem.encode()), text))
    pathlib.Path(output).write_text("".join(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
