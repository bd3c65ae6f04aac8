# SPDX-License-Identifier: Apache-2.0
"""One run: owner of a sandlock_sandbox, from its start to its outcome.

The library lets one thread at a time use a sandbox, and kill() come from any.
_lock is held for calls that do not block; whoever waits does it in poll(), so
that a Python signal handler runs, and KeyboardInterrupt is raised, at once.
"""
from __future__ import annotations

import ctypes
import errno
import os
import select
import signal as signals
import threading
import time
import weakref
from ctypes import byref, c_int, c_size_t, c_void_p
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from . import _control, _fields, _lib
from ._lib import lib
from ._result import Denial, ExitReason, Result
from .exceptions import SandboxError


class Start(NamedTuple):
    """What a run is started with."""

    policy: _lib.Policy
    argv: List[bytes]
    stdio: Tuple[int, int, int]  # STDIO_*
    fds: Tuple[int, int, int] = (-1, -1, -1)
    capture_limit: int = 0
    cwd: Optional[bytes] = None
    timeout_ns: int = 0
    name: Optional[bytes] = None
    flags: int = 0  # SPAWN_*


def _free(box: c_void_p) -> None:
    pointer, box.value = box.value, None
    if pointer:
        lib.sandlock_sandbox_free(pointer)


def _output(result: c_void_p, stream: int) -> Tuple[bytes, bool]:
    length, truncated = c_size_t(), c_int()
    data = lib.sandlock_result_output(result, stream, byref(length),
                                      byref(truncated))
    return ctypes.string_at(data, length.value), bool(truncated.value)


def _text(raw: Optional[bytes]) -> Optional[str]:
    return None if raw is None else os.fsdecode(raw)


def _denials(result: c_void_p) -> Iterator[Denial]:
    row = _lib.Denial()
    row.size = ctypes.sizeof(row)
    index = 0
    while lib.sandlock_result_denial_at(result, index, byref(row)) == 0:
        yield Denial(
            time=row.time_ns / 1e9, pid=row.pid, tid=row.tid, count=row.count,
            program=os.fsdecode(row.program), call=os.fsdecode(row.call),
            access=os.fsdecode(row.access), object=os.fsdecode(row.object),
            rule=os.fsdecode(row.rule), errno=row.error,
            error=_text(row.error_name), reason=_text(row.reason),
            origin=_text(row.origin), fix=_text(row.fix),
            fix_field=_fields.name_of(_text(row.fix_key)),
            fix_value=_text(row.fix_value), no_fix=_text(row.no_fix))
        index += 1


def _usage(made: Result, result: c_void_p) -> None:
    usage = _lib.Usage()
    usage.size = ctypes.sizeof(usage)
    if lib.sandlock_result_usage(result, byref(usage)) < 0:
        return
    made.limit = _text(usage.limit_name)
    made.memory_peak = usage.memory_peak or None
    made.processes_peak = usage.processes_peak or None
    made.processes_refused = usage.refused
    made.cpu_seconds = usage.cpu_ns / 1e9
    made.cpu_held_seconds = usage.cpu_held_ns / 1e9


def result_of(result: c_void_p) -> Result:
    """A copy of the library's result."""
    reason = lib.sandlock_result_reason(result)
    code = lib.sandlock_result_code(result)
    number = lib.sandlock_result_signal(result)
    out, out_cut = _output(result, 1)
    err, err_cut = _output(result, 2)
    made = Result(success=False, exit_code=-1, stdout=out, stderr=err,
                  truncated=out_cut or err_cut,
                  denials=list(_denials(result)),
                  denials_total=lib.sandlock_result_denials_total(result))
    if reason == _lib.REASON_EXITED:
        made.reason = ExitReason.EXITED
        made.exit_code = code
        made.success = code == 0
    elif reason == _lib.REASON_TIMEOUT:
        made.reason = ExitReason.TIMEOUT
        made.error = "timed out"
    elif reason == _lib.REASON_SIGNALED and number != signals.SIGKILL:
        made.reason = ExitReason.SIGNALED
        made.signal = number
    else:
        made.reason = ExitReason.KILLED
    if reason == _lib.REASON_LOST:
        made.error = "the supervisor process died; the sandbox was ended"
    _usage(made, result)
    if reason == _lib.REASON_LIMIT and made.limit == "cpu":
        made.error = "ended: it could not be held back to max_cpu"
    elif reason == _lib.REASON_LIMIT:
        made.error = "ended for its memory: max_memory was exceeded"
    return made


class Child:
    """A run. start() once; then wait() or dispatch() until it is over."""

    __slots__ = ("owner", "fd", "pid", "_box", "_lock", "_waiting", "_over",
                 "_result", "_finalizer", "loop_waits", "belongs_to_process",
                 "__weakref__")

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.fd = -1
        self.pid: Optional[int] = None
        self._lock = threading.Lock()
        self._waiting = threading.Lock()
        self._over = False
        self._result: Optional[Result] = None
        #: An event loop waits and will do the freeing.
        self.loop_waits = False
        self.belongs_to_process = False
        # Made before there is anything to free: an exception that comes
        # between two lines of ours leaves nothing behind. Runs at exit too.
        self._box = c_void_p()
        self._finalizer = weakref.finalize(self, _free, self._box)

    def start(self, start: Start) -> None:
        err = _lib.Error()
        options = _lib.SpawnOptions()
        argv, envp = _lib.vector(start.argv), _lib.environment()
        options.size = ctypes.sizeof(options)
        options.argv, options.envp = argv, envp
        options.stdio[:] = start.stdio
        options.stdio_fd[:] = start.fds
        options.capture_limit = start.capture_limit
        options.cwd = start.cwd
        options.timeout_ns = start.timeout_ns
        options.name = start.name
        options.flags = start.flags
        if lib.sandlock_spawn(start.policy.pointer, byref(options),
                              byref(self._box), byref(err)) < 0:
            _lib.fail(err)
        self.fd = lib.sandlock_sandbox_fd(self._box)
        self.pid = lib.sandlock_sandbox_pid(self._box)

    def take_stdin(self) -> int:
        """The writing end of a piped stdin, non-blocking; once."""
        fd: int = lib.sandlock_sandbox_stdin(self._box)
        if fd >= 0:
            os.set_blocking(fd, False)
        return fd

    def is_ours(self) -> bool:
        """False in a process forked from the one that started it."""
        return self.owner == os.getpid()

    def is_finished(self) -> bool:
        """Over, its result taken, or freed: nothing is left to do."""
        return self._result is not None or not self._finalizer.alive

    def _check_owner(self) -> None:
        if not self.is_ours():
            raise SandboxError("the sandbox belongs to the process that "
                               "started it, not to one forked from it")

    def dispatch(self) -> bool:
        """Does what is ready without blocking. True when all is over."""
        self._check_owner()
        with self._lock:
            if not self._over and self._box:
                self._over = lib.sandlock_sandbox_dispatch(self._box, None) != 0
            return self._over

    def result(self) -> Result:
        """Of a run that is over; the same object each time."""
        with self._lock:
            if self._result is None:
                err, found = _lib.Error(), c_void_p()
                if lib.sandlock_sandbox_wait(self._box, 0, byref(found),
                                             byref(err)) < 0:
                    _lib.fail(err)
                self._result = result_of(found)
                self._finalizer()
            return self._result

    def timed_out(self) -> Result:
        """The result of a run that we killed because its time was over."""
        result = self.result()
        if result.reason is ExitReason.KILLED and result.error is None:
            result.reason = ExitReason.TIMEOUT
            result.error = "timed out"
        return result

    def wait(self, seconds: Optional[float] = None,
             feed: Optional["Feed"] = None) -> bool:
        """True when all is over, False when @seconds have passed.

        One waiter at a time: at the end the descriptor is closed, and its
        number may be another's."""
        self._check_owner()
        if self.loop_waits or not self._waiting.acquire(False):
            raise SandboxError("somebody already waits for this sandbox")
        try:
            return self._wait(seconds, feed)
        finally:
            self._waiting.release()

    def _wait(self, seconds: Optional[float], feed: Optional["Feed"]) -> bool:
        end = None if seconds is None else time.monotonic() + seconds
        poller = select.poll()
        poller.register(self.fd, select.POLLIN)
        if feed:
            poller.register(feed.fd, select.POLLOUT)
        while not self.dispatch():
            left = None
            if end is not None:
                left = (end - time.monotonic()) * 1000
                if left <= 0:
                    return False
                left = min(left + 1, 1e9)
            ready = poller.poll(left)
            if feed and any(fd == feed.fd for fd, _ in ready) and \
                    not feed.write():
                poller.unregister(feed.fd)
                feed.close()
                feed = None
        self.result()
        return True

    def ports(self) -> Dict[int, int]:
        """Port inside to port outside; nothing when it is over."""
        self._check_owner()
        with self._lock:
            if self._over or self._result is not None or not self._box:
                return {}
            name = lib.sandlock_sandbox_name(self._box)
            if name is None:
                why = lib.sandlock_sandbox_warning(self._box)
                if why is None:
                    return {}  # it is over
                raise SandboxError("its ports cannot be asked for: %s"
                                   % _lib.text_of(why))
        try:
            return _control.remapped(_control.ports_of(name))
        except SandboxError as error:
            if error.code == -errno.ENOENT:
                return {}
            raise

    def kill(self) -> None:
        self._check_owner()
        with self._lock:
            if self._result is None and self._box:
                lib.sandlock_sandbox_kill(self._box)

    def signal(self, number: int) -> None:
        """To the first process group; nothing when it is over."""
        self._check_owner()
        with self._lock:
            if self._result is None and self._box:
                lib.sandlock_sandbox_signal(self._box, number)

    def close(self) -> None:
        """Ends the tree if it runs, waits for its end, and frees. Again: no-op.

        Whoever waits, another thread or an event loop, learns of the end."""
        if not self.is_ours():
            self._finalizer()
            return
        self.kill()
        if self.loop_waits:
            return
        with self._waiting:
            with self._lock:
                self._finalizer()
                self._over = True
                if self._result is None:
                    self._result = Result(False, -1, reason=ExitReason.KILLED)


class Feed:
    """Bytes on their way into a piped stdin."""

    def __init__(self, fd: int, data: bytes) -> None:
        self.fd = fd
        self._left = memoryview(data)

    def write(self) -> bool:
        """As much as fits. False when all is written, or nobody reads: then
        it is to be closed."""
        try:
            while self._left:
                self._left = self._left[os.write(self.fd, self._left):]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            pass
        return False

    def close(self) -> None:
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)
