#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replace the line @KEYS@ of a page by what a command prints.

usage: fill_keys.py INPUT OUTPUT COMMAND [ARG...]
"""
import subprocess
import sys

source, target, *command = sys.argv[1:]
keys = subprocess.run(command, check=True, text=True,
                      stdout=subprocess.PIPE).stdout
with open(source, encoding="utf-8") as page:
    text = page.read()
if text.count("@KEYS@\n") != 1 or not keys.strip():
    sys.exit(f"{source}: no single line @KEYS@, or nothing to put there")
with open(target, "w", encoding="utf-8") as page:
    page.write(text.replace("@KEYS@\n", keys))
