# SPDX-License-Identifier: Apache-2.0
"""Values: how a run ended, and the names that options take."""
from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, List, Optional


class ExitReason(IntEnum):
    """Why the first process of a sandbox ended."""

    EXITED = 0  #: by itself; Result.exit_code
    SIGNALED = 1  #: by a signal other than SIGKILL; Result.signal
    KILLED = 2  #: by SIGKILL: from inside, by kill(), or its supervisor died
    TIMEOUT = 3  #: its time was over


class StdioMode(IntEnum):
    """What a standard stream of popen() is connected to."""

    INHERIT = 0
    PIPE = 1
    NULL = 2


class BranchAction(Enum):
    """What becomes of the changes of a copy-on-write run."""

    COMMIT = "commit"
    ABORT = "abort"
    KEEP = "keep"
    DEFER = "defer"


class Protection(IntEnum):
    """What a kernel may lack; for allow_degraded and disable."""

    FS_REFER = 0
    FS_TRUNCATE = 1
    NET_TCP = 2
    FS_IOCTL_DEV = 3
    SIGNAL_SCOPE = 4
    ABSTRACT_UNIX_SOCKET_SCOPE = 5

    @property
    def option(self) -> str:
        """Its name on the command line and in profiles."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True)
class Denial:
    """What the supervisor refused in a run, how often, and what would allow it.

    program and object are the sandbox's words, bytes that are not UTF-8 as in
    os.fsdecode(): repr() them before showing them to a person or a model.
    """

    time: float  #: of the first one, seconds since 1970
    pid: int  #: that asked, the first time; 0: it was gone
    tid: int
    count: int
    program: str  #: its executable; "": unknown
    call: str  #: "chmod"
    access: str  #: "read", "write", "change", "connect", "process"...
    object: str  #: "/etc/passwd"; "": none, or unknown
    rule: str  #: "no write grant", "process outside", "filter"...
    errno: int  #: that the program saw
    error: Optional[str]  #: its name: "EACCES"
    reason: Optional[str]
    origin: Optional[str]  #: of the rule
    fix: Optional[str]  #: options of the command line that would allow it
    fix_field: Optional[str]  #: a field of Sandbox, or a key for settings
    fix_value: Optional[str]
    no_fix: Optional[str] = None  #: why what would allow it is not offered


@dataclass
class Result:
    """How a run ended.

    success    it exited by itself with 0
    exit_code  its exit code; -1 if it did not exit by itself; 127 if the
               command was not found, 126 if it cannot be executed, 125 if the
               sandbox could not be made: then error says why, reason is None
    error      why it was not started, timed out or was lost; else None
    signal     the signal of reason SIGNALED, else -1
    truncated  output was cut at the capture limit
    denials    what the supervisor refused: distinct ones, 1,024 at most
    denials_total  how many times it refused something
    limit      "memory": processes were ended for it; "processes": new ones were
               refused; "cpu": some were ended that could not be held back;
               None: none of it. The run may have gone on.
    memory_peak, processes_peak  most at a time, bytes and processes, as far as
               was looked; None: nobody did, as there was no such limit
    cpu_seconds  processor time of every process that was waited for
    cpu_held_seconds  how long max_cpu held something back
    """

    success: bool
    exit_code: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    error: Optional[str] = None
    reason: Optional[ExitReason] = None
    signal: int = -1
    changes: List[Any] = field(default_factory=list)
    truncated: bool = False
    denials: List[Denial] = field(default_factory=list)
    denials_total: int = 0
    limit: Optional[str] = None
    memory_peak: Optional[int] = None
    processes_peak: Optional[int] = None
    processes_refused: int = 0
    cpu_seconds: float = 0.0
    cpu_held_seconds: float = 0.0

    @property
    def exit_status(self) -> int:
        """What a shell would show: code, 128 + signal, 124 after a timeout."""
        if self.reason is ExitReason.TIMEOUT:
            return 124
        if self.reason is ExitReason.SIGNALED:
            return 128 + self.signal
        if self.reason is ExitReason.KILLED:
            return 128 + 9
        return self.exit_code
