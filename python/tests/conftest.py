# SPDX-License-Identifier: Apache-2.0
"""What the tests of the package share."""
import gc
import os
import subprocess
import sys
import time

import pytest

# The sanitizer's runtime is for this process; what runs in a sandbox must not
# load it as well.
PRELOAD = os.environ.pop("LD_PRELOAD", None)
sys.dont_write_bytecode = True

from sandlock import Sandbox  # noqa: E402

SCALE = int(os.environ.get("TEST_TIMEOUT_SCALE", "1"))
#: Longer than anything takes that works; a program that hangs fails by it.
DEADLINE = 30 * SCALE


def pytest_configure(config):
    config.addinivalue_line("markers", "full: too slow for the quick suite")
    config.addinivalue_line("markers", "package: builds and installs it")
    config.addinivalue_line("markers", "sanitized: with AddressSanitizer only")
    config.addinivalue_line("markers", "plain: not with AddressSanitizer")


@pytest.fixture
def base():
    """A sandbox in which ordinary programs run."""
    return Sandbox(profiles=["base"])


@pytest.fixture
def until():
    """Waits for a condition, with a deadline."""
    def wait(condition, what):
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, "waited in vain for " + what
            time.sleep(0.005)
    return wait


def descriptors():
    """What this process has open: number to target."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink("/proc/self/fd/" + name)
        except OSError:
            pass  # that of the listing itself
    return found


@pytest.fixture
def no_leak():
    """The test leaves no descriptor behind, but for the supervisor's."""
    Sandbox(profiles=["base"]).run(["true"])
    gc.collect()
    before = descriptors()
    yield
    gc.collect()
    after = descriptors()
    assert len(after) <= len(before), (before, after)


def gone(pid):
    """Whether process @pid, whoever's child, is no more (a zombie is)."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in b"ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture(name="gone")
def _gone():
    return gone


@pytest.fixture
def python():
    """Runs a script in a fresh interpreter, as a host program of its own."""
    def run(script, *args, **kwargs):
        env = dict(os.environ)
        if PRELOAD:
            env["LD_PRELOAD"] = PRELOAD
            script = "import os; os.environ.pop('LD_PRELOAD')\n" + script
        return subprocess.run(
            [sys.executable, "-B", "-W", "always", "-c", script, *args],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=env, timeout=DEADLINE * 2, check=False,
            **kwargs)
    return run
