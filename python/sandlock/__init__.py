# SPDX-License-Identifier: Apache-2.0
"""Run untrusted programs under a policy that the Linux kernel enforces.

    from sandlock import Sandbox
    result = Sandbox(profiles=["base"], fs_writable=["."]).run(["make"], timeout=60)

A Sandbox is a policy: a dataclass of what is granted. run() captures, popen()
streams, arun() and apopen() are for asyncio, confine() is for this process.
"""
from ._confine import confine, landlock_abi_version, min_landlock_abi
from ._control import Instance, Port, inspect, kill, ports, ps
from ._explain import Answer, Feature, Hint, Rule
from ._process import AsyncProcess, Process
from ._profile import list_profiles, load_profile
from ._result import (BranchAction, Denial, ExitReason, Protection, Result,
                      StdioMode)
from ._version import __version__
from .exceptions import (BranchConflictError, BranchError, ChildError,
                         ConfinementError, ForkError, LandlockUnavailableError,
                         MemoryProtectError, NotAvailableError, NotifError,
                         PolicyError, SandboxError, SandlockError, SeccompError)
from .sandbox import Sandbox, parse_ports

__all__ = [
    "__version__", "Sandbox", "Result", "ExitReason", "BranchAction",
    "parse_ports", "StdioMode", "Process", "AsyncProcess", "Protection",
    "Answer", "Denial", "Feature", "Hint", "Rule", "Instance", "Port", "ps", "inspect", "ports",
    "kill",
    "landlock_abi_version", "min_landlock_abi", "confine", "load_profile",
    "list_profiles", "SandlockError", "PolicyError", "NotAvailableError",
    "MemoryProtectError", "SandboxError", "ForkError", "ChildError",
    "BranchError", "BranchConflictError", "ConfinementError",
    "LandlockUnavailableError", "SeccompError", "NotifError",
]
