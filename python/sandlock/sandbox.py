# SPDX-License-Identifier: Apache-2.0
"""Sandbox: a policy as a dataclass, and what can be run under it."""
from __future__ import annotations

import os
import re
import signal
from dataclasses import MISSING, dataclass, field, fields
from typing import (Any, Callable, Dict, List, Mapping, NoReturn, Optional,
                    Sequence, Tuple, Type, TypeVar, Union)

from . import _fields, _lib
from ._child import Child, Feed, Start
from ._explain import (Answer, Explanation, Feature, Hint, Rule,
                       features)
from ._process import AsyncProcess, Process, Streams, wait_or_kill
from ._result import BranchAction, Protection, Result, StdioMode
from .exceptions import ChildError, ForkError, NotAvailableError, SandboxError

__all__ = ["Sandbox", "BranchAction", "Protection", "StdioMode", "parse_ports"]

Word = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
Command = Sequence[Word]
Size = Union[str, int]
_S = TypeVar("_S", bound="Sandbox")

_CAPTURED = (_lib.STDIO_INHERIT, _lib.STDIO_PIPE, _lib.STDIO_PIPE)
_FED = (_lib.STDIO_PIPE, _lib.STDIO_PIPE, _lib.STDIO_PIPE)
_INHERITED = (_lib.STDIO_INHERIT,) * 3


def _words() -> Any:
    return field(default_factory=list)


def _mapping() -> Any:
    return field(default_factory=dict)


def _runtime() -> Any:
    return field(default=None, repr=False, compare=False,
                 metadata={"runtime": True})


def _later(name: str) -> Callable[..., NoReturn]:
    def method(self: "Sandbox", *args: Any, **kwargs: Any) -> NoReturn:
        raise NotAvailableError("Sandbox.%s(): not available in this version"
                                % name)
    method.__name__ = name
    method.__doc__ = "Not available in this version."
    return method


def _check_name(name: Any) -> None:
    if name is None:
        return
    if not isinstance(name, str):
        raise _fields.PolicyTypeError("name: expected a string, not %s"
                                      % type(name).__name__)
    wrong = None
    if not name:
        wrong = "must not be empty"
    elif "\0" in name:
        wrong = "must not contain a NUL"
    elif len(name.encode("utf-8", "surrogateescape")) > 64:
        wrong = "must not be longer than 64 bytes"
    elif "/" in name:
        wrong = "must not contain '/'"
    elif name in (".", ".."):
        wrong = "must not be '.' or '..'"
    elif not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name):
        wrong = "must be letters, digits, '.', '_' and '-', no '.' or '-' first"
    if wrong:
        raise _fields.PolicyValueError("name: " + wrong)


@dataclass
class Sandbox:
    """What a program may do. Nothing is granted that is not named here.

    A value: change fields between runs as you like, compare, copy, pickle.
    Fields are checked when something is run, or by check(). One program runs at
    a time in one Sandbox; any number of Sandboxes at once, in any threads.

    Beyond the fields of the Rust Sandlock's package there are two:
    profiles  names of profiles and presets ("agent", "base"), merged in order,
              with the other fields on top
    settings  any key of the policy by its name in profiles, for what has no
              field: {"limits.kill_after": "2s"}
    """

    fs_writable: Sequence[Word] = _words()
    fs_readable: Sequence[Word] = _words()
    fs_denied: Sequence[Word] = _words()
    extra_deny_syscalls: Sequence[str] = _words()
    extra_allow_syscalls: Sequence[str] = _words()
    net_allow: Sequence[str] = _words()
    net_deny: Sequence[str] = _words()
    no_coredump: bool = False
    net_allow_bind: Sequence[Union[int, str]] = _words()
    net_deny_bind: Sequence[Union[int, str]] = _words()
    http_allow: Sequence[str] = _words()
    http_deny: Sequence[str] = _words()
    http_ports: Sequence[int] = _words()
    http_ca: Optional[str] = None
    http_key: Optional[str] = None
    http_inject_ca: Sequence[str] = _words()
    http_ca_out: Optional[str] = None
    max_memory: Optional[Size] = None
    max_processes: Optional[int] = None
    max_open_files: Optional[int] = None
    max_cpu: Optional[int] = None
    cpu_cores: Optional[Sequence[int]] = None
    num_cpus: Optional[int] = None
    port_remap: bool = False
    random_seed: Optional[int] = None
    time_start: Any = None
    no_randomize_memory: bool = False
    no_huge_pages: bool = False
    deterministic_dirs: bool = False
    gpu_devices: Optional[Sequence[int]] = None
    chroot: Optional[str] = None
    image: Any = field(default=None, metadata={"runtime": True})
    fs_mount: Mapping[str, str] = _mapping()
    fs_mount_ro: Mapping[str, str] = _mapping()
    clean_env: bool = False
    env: Mapping[str, str] = _mapping()
    uid: Optional[int] = None
    gid: Optional[int] = None
    notif_policy: Any = None
    workdir: Optional[str] = None
    cwd: Optional[Word] = None
    fs_storage: Optional[str] = None
    max_disk: Optional[Size] = None
    on_exit: Union[BranchAction, str] = BranchAction.COMMIT
    on_error: Union[BranchAction, str] = BranchAction.ABORT
    allow_degraded: Sequence[Union[Protection, int, str]] = _words()
    disable: Sequence[Union[Protection, int, str]] = _words()
    name: Optional[str] = _runtime()
    policy_fn: Optional[Callable[..., Any]] = _runtime()
    init_fn: Optional[Callable[..., Any]] = _runtime()
    work_fn: Optional[Callable[..., Any]] = _runtime()
    profiles: Sequence[str] = _words()
    settings: Mapping[str, Any] = _mapping()

    def __post_init__(self) -> None:
        _check_name(self.name)
        self.on_exit = _fields.branch_action("on_exit", self.on_exit)
        self.on_error = _fields.branch_action("on_error", self.on_error)

    @classmethod
    def from_profile(cls: Type[_S], *names: str, **values: Any) -> _S:
        """A Sandbox of these profiles or presets, with fields on top."""
        return cls(profiles=list(names), **values)

    def __getstate__(self) -> Dict[str, Any]:
        # A copy is another sandbox: it does not have the running child.
        return {name: value for name, value in self.__dict__.items()
                if name != "_live"}

    # ---- the policy ------------------------------------------------------

    def _policy(self) -> _lib.Policy:
        policy = _lib.Policy()
        for name in _fields._strings("profiles", self.profiles):
            policy.load(name)
        for name in _fields.LATER:
            if getattr(self, name) is not None:
                _fields.refuse_later(name)
        for row in _fields.FIELDS:
            value = getattr(self, row.name)
            if _is_set(row.name, value):
                _fields.put(policy, row, value)
        _fields.put_user(policy, self.uid, self.gid)
        if not isinstance(self.settings, Mapping):
            raise _fields.PolicyTypeError("settings: expected a mapping of "
                                          "keys to values")
        for key, value in self.settings.items():
            _fields.put_setting(policy, key, value)
        return policy

    def check(self) -> None:
        """Raises PolicyError for what can be refused before a run: values that
        are wrong, contradict each other, or cannot be enforced here."""
        self._policy().check()

    def to_toml(self) -> str:
        """The policy as a profile file."""
        return os.fsdecode(self._policy().dump())

    def rules(self, cmd: Optional[Command] = None) -> List[Rule]:
        """What a run would enforce, each with its origin and what does it;
        what nothing enforces comes last. Nothing is started."""
        return list(self._explain(cmd).rules())

    def explain(self, *questions: str,
                cmd: Optional[Command] = None) -> List[Answer]:
        """Whether, and by which rule, "path:PATH", "net:HOST:PORT", "bind:PORT"
        and "syscall:NAME" would be allowed, and what would change it."""
        explanation = self._explain(cmd)
        return [answer for question in questions
                for answer in explanation.ask(question)]

    def hints(self, cmd: Command, result: Result) -> List[Hint]:
        """Which refusals may have made run(cmd) fail, at most three, likeliest
        first: by what it said on standard error and by the words of cmd. None
        after a success or a timeout."""
        if not isinstance(result, Result):
            raise _fields.PolicyTypeError("result: expected a Result, not %s"
                                          % type(result).__name__)
        # Not begun or not found: nothing of it could have been refused.
        if result.success or (result.reason is None and
                              result.exit_code in (125, 127)):
            return []
        return list(self._explain(cmd).hints(result.stderr,
                                             result.exit_status))

    def features(self) -> List[Feature]:
        """What this policy asks of the kernel, what is missing, and how to have
        it; found out by trying in a child that is thrown away."""
        return list(features(self._policy()))

    def _explain(self, cmd: Optional[Command]) -> Explanation:
        words = None if cmd is None else _fields.encode_command(cmd)
        return Explanation(self._policy(), words)

    # ---- starting --------------------------------------------------------

    def _claim(self) -> Child:
        """A Child that holds the only place, without a lock: one held by
        another thread during a fork would be held for ever in the child."""
        mine = Child()
        while True:
            other = self.__dict__.setdefault("_live", mine)
            if other is mine:
                return mine
            if other.is_ours():
                raise SandboxError(
                    "already running: a Sandbox has one program at a time; "
                    "hint: make another, they are cheap (copy.copy())")
            self._release(other)  # of the process that we were forked from

    def _release(self, child: Child) -> None:
        if self.__dict__.get("_live") is child:
            self.__dict__.pop("_live", None)

    def _start(self, cmd: Command, stdio: Tuple[int, ...],
               fds: Tuple[int, ...] = (-1, -1, -1), *,
               timeout: Optional[float] = None,
               env: Optional[Mapping[str, str]] = None,
               cwd: Optional[Word] = None, capture_limit: int = 0,
               why: bool = False) -> Child:
        argv = _fields.encode_command(cmd)
        limit = _fields.milliseconds("timeout", timeout) or 0
        folder = None if cwd is None else _fields.encode("cwd", cwd)
        if isinstance(capture_limit, bool) or \
                not isinstance(capture_limit, int):
            raise _fields.PolicyTypeError("capture_limit: expected bytes")
        if not 0 <= capture_limit < 1 << 63:
            raise _fields.PolicyValueError("capture_limit: %d is no size"
                                           % capture_limit)
        child = self._claim()
        try:
            policy = self._policy()
            for text in _fields._env("env", {} if env is None else env):
                policy.set("program.env", text, "env")
            child.start(Start(policy, argv, stdio, fds, capture_limit, folder,
                              limit * 1000000,
                              os.fsencode(self.name) if self.name else None,
                              _lib.SPAWN_WHY if why else 0))
        except BaseException:
            child.close()
            self._release(child)
            raise
        return child

    def _finish(self, child: Child) -> None:
        child.close()
        self._release(child)

    # ---- running ---------------------------------------------------------

    def run(self, cmd: Command, timeout: Optional[float] = None, *,
            input: Optional[bytes] = None,
            env: Optional[Mapping[str, str]] = None,
            cwd: Optional[Word] = None, capture_limit: int = 0,
            why: bool = False) -> Result:
        """Runs @cmd to its end, with all it started, and captures its output.

        timeout        seconds until everything is ended; it can only be sooner
                       than limits.timeout of a profile
        input          bytes for its stdin, which is otherwise ours
        env, cwd       on top of, and instead of, the fields
        capture_limit  bytes kept of each stream, 64 MiB if 0; the program is
                       not stopped by it, Result.truncated tells
        why            Result.denials hold what the kernel refused, too: to find
                       out what the program lacks; its calls about files are
                       some ten times slower

        A command that cannot be started makes a Result with error and exit_code
        127 (not found), 126 (not executable) or 125. A policy that is wrong or
        cannot be enforced is a PolicyError. An exception, KeyboardInterrupt
        included, ends everything that was started before it is passed on.
        """
        data = _input(input)
        try:
            child = self._start(cmd, _CAPTURED if data is None else _FED,
                                timeout=timeout, env=env, cwd=cwd,
                                capture_limit=capture_limit, why=why)
        except (ChildError, ForkError) as error:
            return _not_started(error)
        try:
            if data is None:
                child.wait()
            else:
                feed = Feed(child.take_stdin(), data)
                try:
                    child.wait(feed=feed)
                finally:
                    feed.close()
            return child.result()
        finally:
            self._finish(child)

    async def arun(self, cmd: Command, timeout: Optional[float] = None, *,
                   input: Optional[bytes] = None,
                   env: Optional[Mapping[str, str]] = None,
                   cwd: Optional[Word] = None, capture_limit: int = 0,
                   why: bool = False) -> Result:
        """run() for asyncio: the loop goes on meanwhile, no thread is used.

        When the awaiting task is cancelled the whole tree is ended first."""
        from . import _aio
        data = _input(input)
        try:
            child = self._start(cmd, _CAPTURED if data is None else _FED,
                                timeout=timeout, env=env, cwd=cwd,
                                capture_limit=capture_limit, why=why)
        except (ChildError, ForkError) as error:
            return _not_started(error)
        try:
            feed = None if data is None else Feed(child.take_stdin(), data)
            return await _aio.finish(child, feed)
        finally:
            self._finish(child)

    def run_interactive(self, cmd: Command) -> int:
        """Runs @cmd on our own standard streams; returns what a shell would
        show as its exit status, also of one that cannot be started."""
        try:
            child = self._start(cmd, _INHERITED)
        except (ChildError, ForkError) as error:
            return error.exit_status
        try:
            child.wait()
            return child.result().exit_status
        finally:
            self._finish(child)

    def popen(self, cmd: Command, stdin: Any = StdioMode.INHERIT,
              stdout: Any = StdioMode.INHERIT, stderr: Any = StdioMode.INHERIT,
              *, timeout: Optional[float] = None,
              env: Optional[Mapping[str, str]] = None,
              cwd: Optional[Word] = None) -> Process:
        """Starts @cmd. Each stream is a StdioMode, or a file to use."""
        streams = Streams(stdin, stdout, stderr)
        try:
            child = self._start(cmd, streams.modes, streams.fds,
                                timeout=timeout, env=env, cwd=cwd)
        except BaseException:
            streams.close()
            raise
        return Process(self, child, streams)

    async def apopen(self, cmd: Command, stdin: Any = StdioMode.INHERIT,
                     stdout: Any = StdioMode.INHERIT,
                     stderr: Any = StdioMode.INHERIT, *,
                     timeout: Optional[float] = None,
                     env: Optional[Mapping[str, str]] = None,
                     cwd: Optional[Word] = None) -> AsyncProcess:
        """popen() for asyncio: pipes are its streams, wait() is awaited."""
        process = self.popen(cmd, stdin, stdout, stderr, timeout=timeout,
                             env=env, cwd=cwd)
        return await AsyncProcess.of(process)

    # ---- a run in steps --------------------------------------------------

    def spawn(self, cmd: Command) -> None:
        """Starts @cmd with its output captured; wait() is its end. Output is
        read by wait(): a program that writes much waits for it."""
        self._start(cmd, _CAPTURED)

    def create(self, cmd: Command) -> NoReturn:
        """Not available in this version: it has no parked children."""
        live = self._mine()
        if live is not None:
            raise SandboxError("already running")
        raise NotAvailableError(
            "Sandbox.create(): a child that waits for start() is not available "
            "in this version; hint: spawn() does both")

    def start(self) -> NoReturn:
        """Not available in this version; see create()."""
        if self._mine() is not None:
            raise SandboxError("already running")
        raise SandboxError("the sandbox has not been created")

    def wait(self, timeout: Optional[float] = None) -> Result:
        """The end of what spawn() started; kills it after @timeout seconds."""
        child = self._spawned_child()
        try:
            return wait_or_kill(child, timeout)
        finally:
            if child.is_finished():
                self._release(child)

    def pause(self) -> None:
        """Stops the first process group (SIGSTOP)."""
        self._spawned_child().signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on (SIGCONT)."""
        self._spawned_child().signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends everything that runs in the sandbox."""
        self._spawned_child().kill()

    def _mine(self) -> Optional[Child]:
        child: Optional[Child] = self.__dict__.get("_live")
        return child if child is not None and child.is_ours() else None

    def _spawned_child(self) -> Child:
        child = self._mine()
        if child is None:
            raise SandboxError("not running")
        if child.belongs_to_process:
            raise SandboxError("the running program belongs to the Process "
                               "that popen() returned; use that")
        return child

    @property
    def pid(self) -> Optional[int]:
        """Of the first process while it runs, else None."""
        child = self._mine()
        return child.pid if child is not None and not child.is_finished() \
            else None

    @property
    def is_running(self) -> bool:
        child = self._mine()
        return child is not None and child.fd >= 0 and not child.dispatch()

    def ports(self) -> Dict[int, int]:
        """With port_remap: bound ports that another one had, to what they are
        outside. Empty when nothing runs."""
        child = self._mine()
        return child.ports() if child is not None else {}

    def __enter__(self: _S) -> _S:
        return self

    def __exit__(self, *exception: Any) -> None:
        child = self._mine()
        if child is not None:
            self._finish(child)

    # ---- what this version does not have ---------------------------------

    @property
    def pending(self) -> bool:
        """Whether changes wait for commit() or abort(): never, without
        copy-on-write."""
        return False

    @property
    def upper_dir(self) -> Optional[str]:
        return None

    @property
    def restore_skipped(self) -> List[Any]:
        return []

    def commit(self) -> NoReturn:
        raise SandboxError("there is no pending branch")

    def abort(self) -> NoReturn:
        raise SandboxError("there is no pending branch")

    cmd = _later("cmd")
    run_with_handlers = _later("run_with_handlers")
    dry_run = _later("dry_run")
    fork = _later("fork")
    reduce = _later("reduce")
    checkpoint = _later("checkpoint")
    restore_interactive = _later("restore_interactive")


_DEFAULTS = {
    f.name: f.default if f.default is not MISSING else f.default_factory()
    for f in fields(Sandbox)
    if f.default is not MISSING or f.default_factory is not MISSING
}


def _is_set(name: str, value: Any) -> bool:
    """Whether @value is anything but the field's default. 0 for False, "" for
    None or for a list are not: they are mistakes that the table must see."""
    default = _DEFAULTS[name]
    if value is default:
        return False
    if isinstance(default, BranchAction):
        return _fields.branch_action(name, value) is not default
    if isinstance(value, (str, bytes)):
        return True
    if isinstance(default, (list, dict)):
        try:
            return len(value) > 0
        except TypeError:
            return True
    return type(value) is not type(default) or value != default


def _input(data: Any) -> Optional[bytes]:
    if data is None:
        return None
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise _fields.PolicyTypeError("input: expected bytes, not %s"
                                      % type(data).__name__)
    return bytes(data)


def _not_started(error: Any) -> Result:
    return Result(False, error.exit_status, error=str(error))


def parse_ports(specs: Sequence[Union[int, str]]) -> List[int]:
    """Ports and ranges ("8000-8010,9000") as a sorted list without repeats."""
    policy = _lib.Policy()
    field_ = next(f for f in _fields.FIELDS if f.name == "net_deny_bind")
    _fields.put(policy, field_._replace(name="ports"), specs)
    ports = set()
    for text in policy.get(field_.key):
        if b":" in text:
            raise _fields.PolicyValueError(
                "ports: '%s': expected a number or a range, of no protocol"
                % os.fsdecode(text))
        low, _, high = text.partition(b"-")
        ports.update(range(int(low), int(high or low) + 1))
    return sorted(ports)
