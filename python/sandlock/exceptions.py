# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, as exceptions.

Every one is a SandlockError whose text says what was tried, on what, why it
failed and what to do, and which also is the built-in exception that a caller
without knowledge of this module would expect: a RuntimeError, and a ValueError
or a TypeError where a field holds a wrong value.
"""
from __future__ import annotations

from typing import Optional

__all__ = [
    "SandlockError", "PolicyError", "NotAvailableError", "MemoryProtectError",
    "SandboxError", "ForkError", "ChildError", "BranchError",
    "BranchConflictError", "ConfinementError", "LandlockUnavailableError",
    "SeccompError", "NotifError",
]


class SandlockError(Exception):
    """Base of all. Attributes, of the library's error:

    code         negative errno, 0 if none
    stage        "parse", "check", "compile", "spawn", "exec", "supervise" or None
    line, column place in a profile, from 1, or None
    exit_status  what a command-line tool would end with: 125, 126 or 127
    """

    code: int = 0
    stage: Optional[str] = None
    line: Optional[int] = None
    column: Optional[int] = None
    exit_status: int = 125


class PolicyError(SandlockError, RuntimeError):
    """The policy is wrong, contradicts itself, or cannot be enforced here."""


class PolicyValueError(PolicyError, ValueError):
    """A field holds a value that cannot be handed to the library."""


class PolicyTypeError(PolicyError, TypeError):
    """A field holds a value of the wrong type."""


class NotAvailableError(PolicyError, NotImplementedError):
    """A known feature that this version does not have."""


class MemoryProtectError(SandlockError):
    """Not raised by this version."""


class SandboxError(SandlockError, RuntimeError):
    """A sandbox cannot be started or used."""


class ForkError(SandboxError):
    """The sandboxed process could not be made."""


class ChildError(SandboxError):
    """The command was not found or cannot be executed (see exit_status)."""


class BranchError(SandboxError):
    """Not raised by this version."""


class BranchConflictError(BranchError):
    """Not raised by this version."""


class ConfinementError(SandboxError):
    """confine() failed. The thread is as it was, unless code is
    -errno.ENOTRECOVERABLE: then it must not go on."""


class LandlockUnavailableError(ConfinementError):
    """The kernel has no Landlock, or it is switched off."""


class SeccompError(SandboxError):
    """Not raised by this version."""


class NotifError(SeccompError):
    """Not raised by this version."""
