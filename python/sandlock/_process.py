# SPDX-License-Identifier: Apache-2.0
"""A running program with streams of its own, for threads and for asyncio."""
from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, BinaryIO, Dict, List, Optional, Tuple

from . import _fields, _lib
from ._child import Child
from ._result import Result, StdioMode

if TYPE_CHECKING:
    import asyncio

    from .sandbox import Sandbox

_MODES = {StdioMode.INHERIT: _lib.STDIO_INHERIT, StdioMode.NULL: _lib.STDIO_NULL}


class Streams:
    """The three streams of a start: what the program gets, what we keep."""

    def __init__(self, *wanted: Any) -> None:
        self._theirs: List[int] = []
        self.ours: List[Optional[BinaryIO]] = [None, None, None]
        modes, fds = [], []
        try:
            for index, what in enumerate(wanted):
                mode, fd = self._open(index, what)
                modes.append(mode)
                fds.append(fd)
        except BaseException:
            self.close()
            raise
        self.modes: Tuple[int, ...] = tuple(modes)
        self.fds: Tuple[int, ...] = tuple(fds)

    def _open(self, index: int, what: Any) -> Tuple[int, int]:
        name = ("stdin", "stdout", "stderr")[index]
        if hasattr(what, "fileno"):
            return _lib.STDIO_FD, what.fileno()
        try:
            if isinstance(what, bool):
                raise ValueError
            mode = StdioMode(what)
        except ValueError:
            raise _fields.PolicyValueError(
                "%s: %r is neither a StdioMode nor a file" % (name, what)) \
                from None
        if mode is not StdioMode.PIPE:
            return _MODES[mode], -1
        reader, writer = os.pipe()
        theirs, mine = (reader, writer) if index == 0 else (writer, reader)
        self._theirs.append(theirs)
        self.ours[index] = os.fdopen(mine, "wb" if index == 0 else "rb", 0)
        return _lib.STDIO_FD, theirs

    def started(self) -> None:
        """The program has its ends: a pipe must end when it does."""
        while self._theirs:
            os.close(self._theirs.pop())

    def close(self) -> None:
        self.started()
        for stream in self.ours:
            if stream is not None:
                stream.close()


def wait_or_kill(child: Child, timeout: Optional[float]) -> Result:
    """Its end; after @timeout seconds it is killed and the Result says so."""
    limit = _fields.milliseconds("timeout", timeout)
    if child.wait(None if limit is None else limit / 1000):
        return child.result()
    child.kill()
    child.wait()
    return child.timed_out()


class Process:
    """What Sandbox.popen() started. Wait for it, or use it as a context manager;
    dropping it ends it, with a ResourceWarning.

    stdin, stdout, stderr  unbuffered binary files of what was PIPE, else None
    """

    def __init__(self, sandbox: "Sandbox", child: Child, streams: Streams) -> None:
        self._sandbox = sandbox
        self._child = child
        self._streams = streams
        self._result: Optional[Result] = None
        child.belongs_to_process = True
        streams.started()
        self.stdin, self.stdout, self.stderr = streams.ours

    @property
    def pid(self) -> Optional[int]:
        """Of the first process; None after wait()."""
        return self._child.pid if self._result is None else None

    @property
    def returncode(self) -> Optional[int]:
        """After wait(): what a shell would show; before: None."""
        return None if self._result is None else self._result.exit_status

    def fileno(self) -> int:
        """A descriptor that is readable when poll() should be called."""
        return self._child.fd

    def ports(self) -> Dict[int, int]:
        """With port_remap: bound ports that another one had, to what they are
        outside. Empty when it is over."""
        return self._child.ports() if self._result is None else {}

    def poll(self) -> Optional[Result]:
        """The Result if everything has ended, else None. Does not block."""
        if self._result is None and self._child.dispatch():
            self._ended(self._child.result())
        return self._result

    def wait(self, timeout: Optional[float] = None) -> Result:
        """The end of everything that runs in the sandbox; closes stdin first.
        After @timeout seconds it is killed, and the reason is TIMEOUT. What was
        written to pipes is in them, not in the Result."""
        if self._result is None:
            if self.stdin is not None:
                self.stdin.close()
            self._ended(wait_or_kill(self._child, timeout))
        assert self._result is not None
        return self._result

    def _ended(self, result: Result) -> None:
        if self._result is None:
            self._result = result
            self._sandbox._release(self._child)

    def send_signal(self, number: int) -> None:
        """To the first process group; nothing after its end."""
        if self._result is None:
            self._child.signal(number)

    def kill(self) -> None:
        """Ends everything that runs in the sandbox. Again, or after its end:
        nothing."""
        if self._result is None:
            self._child.kill()

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def close(self) -> None:
        """Ends what still runs, waits for its end, closes the pipes."""
        self._sandbox._finish(self._child)
        if self._result is None and self._child.is_ours() and \
                not self._child.loop_waits:
            self._result = self._child.result()
        self._streams.close()

    def __del__(self) -> None:
        child = getattr(self, "_child", None)
        if child is None or child.is_finished():
            return
        if child.is_ours():
            warnings.warn("a sandboxed program (pid %s) still runs and nobody "
                          "waits for it: it is ended" % child.pid,
                          ResourceWarning, source=self)
        self._sandbox._finish(child)

    def __repr__(self) -> str:
        state = "pid %s" % self.pid if self._result is None \
            else "status %s" % self.returncode
        return "<sandlock.Process %s>" % state


class AsyncProcess:
    """What Sandbox.apopen() started, for one event loop.

    stdin          asyncio.StreamWriter of a PIPE, else None
    stdout, stderr asyncio.StreamReader of a PIPE, else None
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self.stdin: "Optional[asyncio.StreamWriter]" = None
        self.stdout: "Optional[asyncio.StreamReader]" = None
        self.stderr: "Optional[asyncio.StreamReader]" = None
        self._transports: List[Any] = []

    @classmethod
    async def of(cls, process: Process) -> "AsyncProcess":
        from . import _aio
        self = cls(process)
        try:
            if process.stdin is not None:
                self.stdin, transport = await _aio.writer(process.stdin)
                self._transports.append(transport)
            for name in ("stdout", "stderr"):
                stream = getattr(process, name)
                if stream is not None:
                    reader, transport = await _aio.reader(stream)
                    setattr(self, name, reader)
                    self._transports.append(transport)
        except BaseException:
            self.close()
            raise
        return self

    @property
    def pid(self) -> Optional[int]:
        return self._process.pid

    @property
    def returncode(self) -> Optional[int]:
        return self._process.returncode

    async def wait(self, timeout: Optional[float] = None) -> Result:
        """As Process.wait(). Cancelled, it leaves the program running."""
        from . import _aio
        if self._process._result is None:
            if self.stdin is not None:
                self.stdin.close()
            self._process._ended(
                await _aio.finish(self._process._child, None, timeout))
        result = self._process._result
        assert result is not None
        return result

    async def communicate(self, input: Optional[bytes] = None) \
            -> "Tuple[Result, bytes, bytes]":
        """Writes @input, reads both pipes to their ends, waits."""
        import asyncio

        async def read(stream: "Optional[asyncio.StreamReader]") -> bytes:
            return b"" if stream is None else await stream.read()

        async def write() -> None:
            if self.stdin is None:
                return
            try:
                if input:
                    self.stdin.write(input)
                    await self.stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.stdin.close()

        out, err, _ = await asyncio.gather(read(self.stdout),
                                           read(self.stderr), write())
        return await self.wait(), out, err

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Ends what still runs and closes the pipes."""
        self._process._sandbox._finish(self._process._child)
        for transport in self._transports:
            transport.close()
        self._process.close()

    async def __aenter__(self) -> "AsyncProcess":
        return self

    async def __aexit__(self, *exception: Any) -> None:
        self.close()


