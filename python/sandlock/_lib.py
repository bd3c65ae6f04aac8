# SPDX-License-Identifier: Apache-2.0
"""The C library, through ctypes: structures, prototypes, errors. No policy.

ctypes lets go of the interpreter lock during each call, so nothing here may be
called with another lock held that a Python thread could wait for.
"""
from __future__ import annotations

import ctypes
import os
from ctypes import (POINTER, Structure, byref, c_char, c_char_p, c_int, c_int32,
                    c_int64, c_size_t, c_uint32, c_uint64, c_void_p)
from typing import Any, Callable, Iterator, NamedTuple, NoReturn, Optional, Sequence, Type

from . import exceptions as ex
from ._version import __version__

SONAME = "libsandlock.so.0"
STAGES = (None, "parse", "check", "compile", "spawn", "exec", "supervise")

STDIO_INHERIT, STDIO_PIPE, STDIO_NULL, STDIO_FD = range(4)
(REASON_NONE, REASON_EXITED, REASON_SIGNALED, REASON_TIMEOUT, REASON_KILLED,
 REASON_LOST, REASON_LIMIT) = range(7)

SPAWN_WHY = 8
KEY_AVAILABLE, KEY_POLICY = 1, 2
_TYPE_LIST = 6
_ENOTSUP = 95


class Error(Structure):
    _fields_ = [("code", c_int32), ("stage", c_uint32), ("line", c_uint32),
                ("column", c_uint32), ("message", c_char * 1008)]


class _Key(Structure):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("flag", c_char_p),
                ("short_flag", c_char_p), ("metavar", c_char_p),
                ("group", c_char_p), ("help", c_char_p), ("type", c_uint32),
                ("flags", c_uint32)]


class SpawnOptions(Structure):
    _fields_ = [("size", c_size_t), ("argv", POINTER(c_char_p)),
                ("envp", POINTER(c_char_p)), ("stdio", c_uint32 * 3),
                ("stdio_fd", c_int32 * 3), ("flags", c_uint32),
                ("reserved", c_uint32), ("capture_limit", c_uint64),
                ("cwd", c_char_p), ("timeout_ns", c_uint64),
                ("name", c_char_p)]


class Usage(Structure):
    _fields_ = [("size", c_size_t), ("memory_peak", c_uint64),
                ("processes_peak", c_uint64), ("cpu_ns", c_uint64),
                ("refused", c_uint64), ("limit", c_uint32),
                ("reserved", c_uint32), ("limit_name", c_char_p),
                ("cpu_held_ns", c_uint64)]


class Rule(Structure):
    _fields_ = [("size", c_size_t), ("key", c_char_p), ("subject", c_char_p),
                ("effect", c_char_p), ("origin", c_char_p), ("note", c_char_p),
                ("enforced_by", c_char_p), ("rung", c_uint32),
                ("allows", c_uint32)]


class Answer(Structure):
    _fields_ = [("size", c_size_t), ("access", c_char_p), ("object", c_char_p),
                ("reason", c_char_p), ("origin", c_char_p), ("fix", c_char_p),
                ("fix_key", c_char_p), ("fix_value", c_char_p),
                ("enforced_by", c_char_p), ("error_name", c_char_p),
                ("rung", c_uint32), ("verdict", c_uint32), ("error", c_int32),
                ("reserved", c_uint32), ("rule", c_int64),
                ("no_fix", c_char_p)]


class Feature(Structure):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("gives", c_char_p),
                ("state", c_uint32), ("flags", c_uint32), ("number", c_int64),
                ("detail", c_char * 256), ("remedy", c_char * 768)]


class Instance(Structure):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("pid", c_int64),
                ("supervisor", c_int64), ("started_ns", c_int64),
                ("age_ns", c_int64), ("argv", POINTER(c_char_p)),
                ("cwd", c_char_p), ("policy", c_char_p), ("state", c_uint32),
                ("argv_cut", c_uint32)]


class Port(Structure):
    _fields_ = [("size", c_size_t), ("protocol", c_char_p),
                ("address", c_char * 48), ("port", c_uint32),
                ("real", c_uint32)]


class Denial(Structure):
    _fields_ = [("size", c_size_t), ("time_ns", c_int64), ("pid", c_int64),
                ("tid", c_int64), ("count", c_uint64), ("program", c_char_p),
                ("call", c_char_p), ("access", c_char_p), ("object", c_char_p),
                ("rule", c_char_p), ("reason", c_char_p), ("origin", c_char_p),
                ("fix", c_char_p), ("fix_key", c_char_p),
                ("fix_value", c_char_p), ("error_name", c_char_p),
                ("error", c_int32), ("reserved", c_uint32),
                ("no_fix", c_char_p)]


class ExplainOptions(Structure):
    _fields_ = [("size", c_size_t), ("argv", POINTER(c_char_p)),
                ("envp", POINTER(c_char_p))]


class HintOptions(Structure):
    _fields_ = [("size", c_size_t), ("message", c_char_p),
                ("message_len", c_size_t), ("exit_status", c_int32),
                ("reserved", c_uint32)]


class Hint(Structure):
    _fields_ = [("size", c_size_t), ("text", c_char_p), ("object", c_char_p),
                ("access", c_char_p), ("fix", c_char_p), ("fix_key", c_char_p),
                ("fix_value", c_char_p), ("source", c_uint32),
                ("reserved", c_uint32)]


class Key(NamedTuple):
    """A row of the library's table of policy keys."""
    name: str
    available: bool
    of_policy: bool
    flag: Optional[str]  #: of the command line: "--fs-read"
    short: Optional[str]  #: "-r"
    is_list: bool


_OUT = POINTER(c_void_p)
_ERR = POINTER(Error)
# name: (result, arguments)
_PROTOTYPES = {
    "sandlock_version": (c_char_p, []),
    "sandlock_error_exit_status": (c_int, [_ERR]),
    "sandlock_key_at": (c_int, [c_size_t, POINTER(_Key)]),
    "sandlock_policy_new": (c_int, [_OUT, _ERR]),
    "sandlock_policy_free": (None, [c_void_p]),
    "sandlock_policy_set": (
        c_int, [c_void_p, c_char_p, c_char_p, c_char_p, _ERR]),
    "sandlock_policy_get": (
        c_int, [c_void_p, c_char_p, c_size_t, POINTER(c_char_p)]),
    "sandlock_policy_load": (c_int, [c_void_p, c_char_p, _ERR]),
    "sandlock_policy_load_file": (c_int, [c_void_p, c_char_p, _ERR]),
    "sandlock_policy_parse": (
        c_int, [c_void_p, c_char_p, c_size_t, c_char_p, _ERR]),
    "sandlock_policy_dump": (c_int, [c_void_p, _OUT, _ERR]),
    "sandlock_policy_check": (c_int, [c_void_p, _ERR]),
    "sandlock_profile_list": (c_int, [_OUT, _ERR]),
    "sandlock_profile_path": (c_int, [c_char_p, _OUT, _ERR]),
    "sandlock_string_free": (None, [c_void_p]),
    "sandlock_spawn": (c_int, [c_void_p, POINTER(SpawnOptions), _OUT, _ERR]),
    "sandlock_sandbox_fd": (c_int, [c_void_p]),
    "sandlock_sandbox_name": (c_char_p, [c_void_p]),
    "sandlock_sandbox_warning": (c_char_p, [c_void_p]),
    "sandlock_sandbox_pid": (c_int64, [c_void_p]),
    "sandlock_sandbox_stdin": (c_int, [c_void_p]),
    "sandlock_sandbox_dispatch": (c_int, [c_void_p, _ERR]),
    "sandlock_sandbox_wait": (c_int, [c_void_p, c_int64, _OUT, _ERR]),
    "sandlock_sandbox_signal": (c_int, [c_void_p, c_int]),
    "sandlock_sandbox_kill": (c_int, [c_void_p]),
    "sandlock_sandbox_free": (None, [c_void_p]),
    "sandlock_result_reason": (c_int, [c_void_p]),
    "sandlock_result_code": (c_int, [c_void_p]),
    "sandlock_result_signal": (c_int, [c_void_p]),
    "sandlock_result_usage": (c_int, [c_void_p, POINTER(Usage)]),
    "sandlock_result_output": (
        c_void_p, [c_void_p, c_int, POINTER(c_size_t), POINTER(c_int)]),
    "sandlock_result_denial_at": (
        c_int, [c_void_p, c_size_t, POINTER(Denial)]),
    "sandlock_result_denials_total": (c_uint64, [c_void_p]),
    "sandlock_confine": (c_int, [c_void_p, _ERR]),
    "sandlock_policy_feature_at": (
        c_int, [c_void_p, c_size_t, POINTER(Feature), _ERR]),
    "sandlock_list": (c_int, [_OUT, _ERR]),
    "sandlock_inspect": (c_int, [c_char_p, _OUT, _ERR]),
    "sandlock_ports": (c_int, [c_char_p, _OUT, _ERR]),
    "sandlock_listing_port": (
        c_int, [c_void_p, c_size_t, c_size_t, POINTER(Port)]),
    "sandlock_listing_at": (c_int, [c_void_p, c_size_t, POINTER(Instance)]),
    "sandlock_listing_free": (None, [c_void_p]),
    "sandlock_kill": (c_int, [c_char_p, c_int64, c_int64, _ERR]),
    "sandlock_explain": (c_int, [c_void_p, POINTER(ExplainOptions), _OUT, _ERR]),
    "sandlock_explanation_free": (None, [c_void_p]),
    "sandlock_explanation_rule": (c_int, [c_void_p, c_size_t, POINTER(Rule)]),
    "sandlock_explanation_ask": (
        c_int, [c_void_p, c_char_p, c_size_t, POINTER(Answer), _ERR]),
    "sandlock_explanation_hint": (
        c_int, [c_void_p, POINTER(HintOptions), c_size_t, POINTER(Hint), _ERR]),
}


def _candidates() -> Iterator[str]:
    """Where the library may be: named, beside us, installed; first wins."""
    named = os.environ.get("SANDLOCK_LIBRARY")
    if named:
        yield os.path.abspath(named)
        return
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
    if os.path.exists(beside):
        yield beside
        return
    yield SONAME


def _check_version(lib: Any, path: str) -> None:
    found = lib.sandlock_version().decode()
    # Before 1.0 a minor version may change the interface.
    if found.split(".")[:2] != __version__.split(".")[:2]:
        raise ImportError(
            "the library '%s' is version %s, this package is %s: install both "
            "from one source, or name the right library in $SANDLOCK_LIBRARY"
            % (path, found, __version__))


def _load() -> Any:
    path = next(_candidates())
    try:
        lib = ctypes.CDLL(path)
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(lib, name, None)
            if function is None:
                raise OSError("it has no %s()" % name)
            function.restype = result
            function.argtypes = arguments
    except OSError as error:
        raise ImportError(
            "cannot load the library '%s': %s; hint: 'pip install' this "
            "package builds it, $SANDLOCK_LIBRARY names another"
            % (path, error)) from None
    _check_version(lib, path)
    return lib


lib = _load()
library_path: str = getattr(lib, "_name", SONAME)


# ---- errors --------------------------------------------------------------


def text_of(raw: bytes) -> str:
    """Bytes for people: what is not UTF-8 is shown escaped."""
    return raw.decode("utf-8", "backslashreplace")


#: Options of the command line become arguments of Sandbox: set by _fields, which
#: knows both.
speak: Callable[[str], str] = str


def _class_of(err: Error) -> Type[ex.SandlockError]:
    stage = STAGES[err.stage] if err.stage < len(STAGES) else None
    if stage == "parse" and err.code == -_ENOTSUP:
        return ex.NotAvailableError
    if stage in ("parse", "check", "compile"):
        return ex.PolicyError
    if stage == "exec":
        return ex.ChildError
    if stage == "spawn":
        return ex.ForkError
    return ex.SandboxError


def error_of(err: Error,
             cls: Optional[Type[ex.SandlockError]] = None) -> ex.SandlockError:
    """The exception that says what @err says."""
    error = (cls or _class_of(err))(speak(text_of(err.message)))
    error.code = err.code
    error.stage = STAGES[err.stage] if err.stage < len(STAGES) else None
    error.line = err.line or None
    error.column = err.column or None
    error.exit_status = lib.sandlock_error_exit_status(byref(err))
    return error


def fail(err: Error) -> NoReturn:
    raise error_of(err)


def take_string(pointer: c_void_p) -> bytes:
    """The text that the library returned in @pointer, which is freed."""
    try:
        return ctypes.string_at(pointer.value or b"")
    finally:
        lib.sandlock_string_free(pointer)


def vector(words: Sequence[bytes]) -> Any:
    """A NULL-terminated array of strings, such as argv."""
    return (c_char_p * (len(words) + 1))(*words)


def environment() -> Any:
    """The environment, copied under the interpreter lock: other threads may
    change it, and C cannot read it at the same time."""
    return vector([name + b"=" + value
                   for name, value in os.environb.items()])


def keys() -> Iterator[Key]:
    """The rows of the library's key table, in order."""
    row = _Key()
    index = 0
    row.size = ctypes.sizeof(row)
    while lib.sandlock_key_at(index, byref(row)) == 0:
        yield Key(row.name.decode(), bool(row.flags & KEY_AVAILABLE),
                  bool(row.flags & KEY_POLICY),
                  row.flag.decode() if row.flag else None,
                  row.short_flag.decode() if row.short_flag else None,
                  row.type == _TYPE_LIST)
        index += 1


# ---- policy --------------------------------------------------------------


class Policy:
    """A policy of the library, freed with this object."""

    __slots__ = ("pointer",)

    def __init__(self) -> None:
        err = Error()
        self.pointer = c_void_p()
        if lib.sandlock_policy_new(byref(self.pointer), byref(err)) < 0:
            fail(err)

    def __del__(self, free: Any = lib.sandlock_policy_free) -> None:
        free(self.pointer)

    def set(self, key: str, value: bytes, origin: str) -> None:
        err = Error()
        if lib.sandlock_policy_set(self.pointer, key.encode(), value,
                                   origin.encode(), byref(err)) < 0:
            fail(err)

    def get(self, key: str) -> Iterator[bytes]:
        value = c_char_p()
        index = 0
        while lib.sandlock_policy_get(self.pointer, key.encode(), index,
                                      byref(value)) == 0:
            yield value.value or b""
            index += 1

    def load(self, profile: bytes) -> None:
        err = Error()
        if lib.sandlock_policy_load(self.pointer, profile, byref(err)) < 0:
            fail(err)

    def load_file(self, path: bytes) -> None:
        err = Error()
        if lib.sandlock_policy_load_file(self.pointer, path, byref(err)) < 0:
            fail(err)

    def parse(self, text: bytes, name: bytes) -> None:
        err = Error()
        if lib.sandlock_policy_parse(self.pointer, text, len(text), name,
                                     byref(err)) < 0:
            fail(err)

    def dump(self) -> bytes:
        err = Error()
        text = c_void_p()
        if lib.sandlock_policy_dump(self.pointer, byref(text), byref(err)) < 0:
            fail(err)
        return take_string(text)

    def check(self) -> None:
        err = Error()
        if lib.sandlock_policy_check(self.pointer, byref(err)) < 0:
            fail(err)
