# SPDX-License-Identifier: Apache-2.0
"""Under AddressSanitizer: what of our library is never freed."""
import os
import subprocess
import sys

import pytest
from conftest import PRELOAD

pytestmark = [pytest.mark.full, pytest.mark.sanitized]

HOST = """
import asyncio, gc, os, sys
os.environ.pop("LD_PRELOAD")
import sandlock
sandbox = sandlock.Sandbox(profiles=["base"], env={"A": "b"})
async def later():
    await sandbox.arun(["cat"], input=b"x")
    process = await sandbox.apopen(["cat"], 1, 1, 1)
    await process.communicate(b"x")
    process.close()
for turn in range(30):
    sandbox.run(["echo", "x"], input=b"y", timeout=50)
    sandbox.run(["no-such"])
    sandbox.popen(["true"], 1, 1, 1).close()
    sandbox.spawn(["true"])
    sandbox.wait()
    sandbox.to_toml()
    sandbox.explain("path:/etc/shadow", "syscall:ptrace")
    sandlock.load_profile("base")
    sandlock.list_profiles()
    for values in ({"max_open_files": 0}, {"net_allow": ["nonsense://"]}):
        try:
            sandlock.Sandbox(**values).check()
        except sandlock.PolicyError:
            pass
asyncio.run(later())
if "leak" in sys.argv:
    policy = sandlock._lib.Policy()
    policy.set("filesystem.read", b"/leaked", "x")
    policy.pointer = sandlock._lib.c_void_p()
gc.collect()
"""


def records(*arguments):
    """The leaks that come from a call of our library."""
    options = os.environ.get("ASAN_OPTIONS", "").replace("detect_leaks=0", "")
    env = dict(os.environ, LD_PRELOAD=PRELOAD,
               ASAN_OPTIONS=options + ":detect_leaks=1:fast_unwind_on_malloc=0",
               PYTHONMALLOC="malloc")
    done = subprocess.run([sys.executable, "-B", "-c", HOST, *arguments],
                          env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=400, check=False)
    text = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in text and "runtime error" not in text, text
    return [leak for leak in text.split("\n\n") if "sandlock" in leak]


def test_the_library_leaks_nothing():
    assert records() == []


def test_a_leak_would_be_seen():
    assert records("leak") != []
