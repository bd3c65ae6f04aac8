# SPDX-License-Identifier: Apache-2.0
"""What acts on, or asks about, this process and its kernel."""
from __future__ import annotations

import ctypes

from . import _lib
from .exceptions import ConfinementError, LandlockUnavailableError
from .sandbox import Sandbox

_SYS_LANDLOCK_CREATE_RULESET = 444  # on every architecture
_CREATE_RULESET_VERSION = 1
_MIN_ABI = 6


def landlock_abi_version() -> int:
    """The Landlock version of the running kernel; 0 if it has none."""
    libc = ctypes.CDLL(None, use_errno=True)
    syscall = libc.syscall
    syscall.restype = ctypes.c_long
    version = syscall(ctypes.c_long(_SYS_LANDLOCK_CREATE_RULESET), None,
                      ctypes.c_size_t(0),
                      ctypes.c_uint32(_CREATE_RULESET_VERSION))
    return max(0, int(version))


def min_landlock_abi() -> int:
    """The Landlock version that a policy needs with nothing degraded."""
    return _MIN_ABI


def confine(sandbox: Sandbox) -> None:
    """Applies the policy to the calling thread and what it starts from now on,
    for good. Call it before other threads exist: they stay free.

    Only what the kernel enforces alone can be set; anything else is a
    ConfinementError, after which the thread is as it was."""
    policy = sandbox._policy()
    err = _lib.Error()
    if _lib.lib.sandlock_confine(policy.pointer, ctypes.byref(err)) < 0:
        raise _lib.error_of(err, ConfinementError if landlock_abi_version()
                            else LandlockUnavailableError)
