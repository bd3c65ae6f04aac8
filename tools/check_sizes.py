#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Gate: no giant file, no giant function, no deep nesting.

usage: check_sizes.py ROOT

Files: more than 600 lines is a warning, unless the head comment says why with
the words 'long because'; more than 800 is refused.  Functions: at most 80
lines and 4 levels of blocks, the body being the first.  Tables (.def) are
exempt, and so is what is generated at build time, which is not in the tree.

The scanner leans on kernel style, which clang-format enforces: a function's
braces stand in column 0, and a block's brace ends its line.
"""
import pathlib
import re
import sys

FILE_WARN, FILE_MAX, LINES_MAX, LEVELS_MAX = 600, 800, 80, 4
FOLDERS = ("src", "include", "tests", "examples")
BLOCK = re.compile(r"(?:\) |\belse |\bdo |^\s*|: )\{\s*$")
HARMLESS = re.compile(
    r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def blank(text):
    """Comments and literals become blanks; the lines stay where they are."""
    return HARMLESS.sub(
        lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def functions(text):
    """Yield (line, name, length, levels) of each function."""
    lines = blank(text).split("\n")
    start, name, stack, levels = None, "?", [], 0
    for number, line in enumerate(lines, 1):
        if start is None:
            called = re.match(r"^(?=[A-Za-z_]).*?(\w+)\s*\(", line)
            if called:
                name = called.group(1)
            # A type or table opens on the line of its name.
            if line.rstrip() == "{":
                start, stack, levels = number, [True], 1
            continue
        for at, char in enumerate(line):
            if char == "{":
                stack.append(bool(BLOCK.search(line[:at + 1])) and
                             not line[at + 1:].strip())
                levels = max(levels, sum(stack))
            elif char == "}" and stack:
                stack.pop()
        if not stack:
            yield start, name, number - start + 1, levels
            start = None


def check_file(where, text):
    """(errors, warnings) of one file."""
    errors, warnings = [], []
    count = text.count("\n")
    if count > FILE_MAX:
        errors.append(f"{where}: {count} lines; the limit is {FILE_MAX}")
    elif count > FILE_WARN and "long because" not in text[:2000]:
        warnings.append(f"{where}: {count} lines; split it, or say 'long "
                        "because' in its head comment")
    for line, name, length, levels in functions(text):
        if length > LINES_MAX:
            errors.append(f"{where}:{line}: {name}() has {length} lines; "
                          f"the limit is {LINES_MAX}")
        if levels > LEVELS_MAX:
            errors.append(f"{where}:{line}: {name}() nests {levels} deep; "
                          f"the limit is {LEVELS_MAX}")
    return errors, warnings


def check(root):
    errors, warnings = [], []
    for folder in FOLDERS:
        for path in sorted((pathlib.Path(root) / folder).rglob("*.[ch]")):
            text = path.read_text(encoding="utf-8", errors="replace")
            bad, odd = check_file(path.relative_to(root), text)
            errors += bad
            warnings += odd
    return errors, warnings


if __name__ == "__main__":
    found, doubts = check(sys.argv[1])
    for doubt in doubts:
        print(f"warning: {doubt}")
    print("\n".join(found) or "sizes: in order")
    sys.exit(1 if found else 0)
