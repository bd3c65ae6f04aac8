# SPDX-License-Identifier: Apache-2.0
"""python3 -m sandlock: the sandlock program that was installed with us."""
import os
import shutil
import sys


def find_program() -> str:
    """The one that came with this package; else the first of PATH."""
    try:
        from importlib.metadata import files
    except ImportError:  # Python 3.7 and older are not supported
        files = None
    try:
        for entry in files("sandlock") or []:
            if entry.name == "sandlock" and entry.parent.name == "bin":
                return str(entry.locate().resolve())
    except Exception:  # run from a source tree: there is no metadata
        pass
    found = shutil.which("sandlock")
    if not found:
        sys.exit("sandlock: the program 'sandlock' was not found, neither "
                 "beside this package nor in PATH")
    return found


if __name__ == "__main__":
    program = find_program()
    os.execv(program, ["sandlock"] + sys.argv[1:])
