# SPDX-License-Identifier: Apache-2.0
"""The fields of Sandbox and the keys of the library: one table.

A field's value becomes texts, which the library parses; there is no grammar
here. Whatever is not the default is handed over, so that a key which this
version does not have is refused by the library and never ignored.
"""
from __future__ import annotations

import math
import os
from datetime import datetime, timezone
from enum import Enum
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple, Optional, Tuple

from . import _lib, _words
from ._result import BranchAction, Protection
from .exceptions import NotAvailableError, PolicyTypeError, PolicyValueError

Texts = Iterator[bytes]


def _wrong(name: str, wanted: str, value: Any) -> PolicyTypeError:
    return PolicyTypeError("%s: expected %s, not %s" % (name, wanted, _show(value)))


def _show(value: Any) -> str:
    text = repr(value)
    return "%s %s" % (type(value).__name__,
                      text if len(text) <= 60 else text[:57] + "...")


def encode(name: str, value: Any, wanted: str = "a string") -> bytes:
    """A str, bytes or path as the bytes that the kernel will see."""
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise _wrong(name, wanted, value)
    try:
        raw = os.fsencode(value)
    except UnicodeEncodeError as error:
        raise PolicyValueError("%s: %s" % (name, error)) from None
    if b"\0" in raw:
        raise PolicyValueError("%s: %r contains a NUL byte" % (name, value))
    return raw


def _items(name: str, value: Any, wanted: str) -> Iterator[Any]:
    """A string is a sequence of characters to Python, and a mistake to us."""
    if isinstance(value, (str, bytes, os.PathLike, Mapping)):
        raise _wrong(name, wanted, value)
    try:
        return iter(value)
    except TypeError:
        raise _wrong(name, wanted, value) from None


def _integer(name: str, value: Any, wanted: str = "an integer") -> bytes:
    if isinstance(value, bool) or not hasattr(type(value), "__index__"):
        raise _wrong(name, wanted, value)
    return b"%d" % value.__index__()


def _strings(name: str, value: Any) -> Texts:
    for item in _items(name, value, "a sequence of strings"):
        yield encode(name, item)


def _readable(name: str, value: Any) -> Texts:
    for text in _strings(name, value):
        # Named by habit on every machine, and missing on many.
        yield b"?/lib64" if text == b"/lib64" else text


def _string(name: str, value: Any) -> Texts:
    yield encode(name, value)


def _flag(name: str, value: Any) -> Texts:
    if not isinstance(value, bool):
        raise _wrong(name, "True or False", value)
    yield b"true" if value else b"false"


def _number(name: str, value: Any) -> Texts:
    yield _integer(name, value)


def _size(name: str, value: Any) -> Texts:
    if isinstance(value, str):
        yield encode(name, value)
    else:
        yield _integer(name, value, "a size: a number, or a string such as '512M'")


def _ports(name: str, value: Any) -> Texts:
    wanted = "a port: a number, or a string such as '8000-8010'"
    for item in _items(name, value, "a sequence of ports"):
        if isinstance(item, str):
            yield encode(name, item)
        else:
            yield _integer(name, item, wanted)


def _numbers(name: str, value: Any) -> Texts:
    for item in _items(name, value, "a sequence of integers"):
        yield _integer(name, item)


def _cores(name: str, value: Any) -> Texts:
    cores = list(_numbers(name, value))
    if not cores:
        raise PolicyValueError("%s: empty; name a core, or use None for all"
                               % name)
    return iter(cores)


def _gpus(name: str, value: Any) -> Texts:
    return iter(list(_numbers(name, value)) or [b"all"])


def _env(name: str, value: Any) -> Texts:
    if not isinstance(value, Mapping):
        raise _wrong(name, "a mapping of names to values", value)
    for key, item in value.items():
        raw = encode(name, key)
        if b"=" in raw:
            raise PolicyValueError("%s: the name %r contains '='" % (name, key))
        yield raw + b"=" + encode("%s[%r]" % (name, key), item)


def _mounts(suffix: bytes) -> Callable[[str, Any], Texts]:
    def texts(name: str, value: Any) -> Texts:
        if not isinstance(value, Mapping):
            raise _wrong(name, "a mapping of virtual to host paths", value)
        for key, item in value.items():
            yield encode(name, key) + b":" + encode(name, item) + suffix
    return texts


def _protections(name: str, value: Any) -> Texts:
    for item in _items(name, value, "a sequence of Protection"):
        if isinstance(item, str):
            yield encode(name, item)
            continue
        try:
            number = int(_integer(name, item, "a Protection"))
            yield Protection(number).option.encode()
        except ValueError:
            raise PolicyValueError("%s: %r is no Protection" % (name, item)) \
                from None


def _action(name: str, value: Any) -> Texts:
    yield encode(name, branch_action(name, value).value)


def branch_action(name: str, value: Any) -> BranchAction:
    try:
        return BranchAction(value)
    except ValueError:
        raise PolicyValueError(
            "%s: %r is not one of %s" % (name, value, ", ".join(
                repr(action.value) for action in BranchAction))) from None


def _time(name: str, value: Any) -> Texts:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = datetime.fromtimestamp(value, timezone.utc)
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise PolicyValueError("%s: a datetime without a time zone" % name)
        value = value.isoformat()
    yield encode(name, value, "an RFC 3339 string or a datetime")


class Field(NamedTuple):
    name: str
    key: str
    texts: Callable[[str, Any], Texts]


#: In the order of Sandbox's fields. uid and gid together are one key.
FIELDS: Tuple[Field, ...] = (
    Field("fs_writable", "filesystem.write", _strings),
    Field("fs_readable", "filesystem.read", _readable),
    Field("fs_denied", "filesystem.deny", _strings),
    Field("extra_deny_syscalls", "syscalls.extra_deny", _strings),
    Field("extra_allow_syscalls", "syscalls.extra_allow", _strings),
    Field("net_allow", "network.allow", _strings),
    Field("net_deny", "network.deny", _strings),
    Field("no_coredump", "program.no_coredump", _flag),
    Field("net_allow_bind", "network.allow_bind", _ports),
    Field("net_deny_bind", "network.deny_bind", _ports),
    Field("http_allow", "http.allow", _strings),
    Field("http_deny", "http.deny", _strings),
    Field("http_ports", "http.ports", _ports),
    Field("http_ca", "config.http_ca", _string),
    Field("http_key", "config.http_key", _string),
    Field("http_inject_ca", "config.http_inject_ca", _strings),
    Field("http_ca_out", "config.http_ca_out", _string),
    Field("max_memory", "limits.memory", _size),
    Field("max_processes", "limits.processes", _number),
    Field("max_open_files", "limits.open_files", _number),
    Field("max_cpu", "limits.cpu", _number),
    Field("cpu_cores", "limits.cpu_cores", _cores),
    Field("num_cpus", "limits.num_cpus", _number),
    Field("port_remap", "network.port_remap", _flag),
    Field("random_seed", "determinism.random_seed", _number),
    Field("time_start", "determinism.time_start", _time),
    Field("no_randomize_memory", "determinism.no_randomize_memory", _flag),
    Field("no_huge_pages", "program.no_huge_pages", _flag),
    Field("deterministic_dirs", "determinism.deterministic_dirs", _flag),
    Field("gpu_devices", "limits.gpu_devices", _gpus),
    Field("chroot", "filesystem.chroot", _string),
    Field("fs_mount", "filesystem.mount", _mounts(b"")),
    Field("fs_mount_ro", "filesystem.mount", _mounts(b":ro")),
    Field("clean_env", "program.clean_env", _flag),
    Field("env", "program.env", _env),
    Field("workdir", "config.workdir", _string),
    Field("cwd", "program.cwd", _string),
    Field("fs_storage", "config.fs_storage", _string),
    Field("max_disk", "limits.disk", _size),
    Field("on_exit", "filesystem.on_exit", _action),
    Field("on_error", "filesystem.on_error", _action),
    Field("allow_degraded", "protections.allow_degraded", _protections),
    Field("disable", "protections.disable", _protections),
)


def name_of(key: Optional[str]) -> Optional[str]:
    """The field that stands for a key of the library; else the key itself."""
    for known in FIELDS:
        if known.key == key:
            return known.name
    return key


def argument_of(key: str) -> str:
    """What a caller of Sandbox() writes for a key of the library."""
    if key == "profile":
        return "profiles"
    name = name_of(key)
    return "settings[%r]" % key if name == key else str(name)


_options = _words.table(_lib.keys(), argument_of)
_lib.speak = lambda text: _words.spell(text, _options, argument_of)

USER_KEY = "program.user"

#: Fields whose feature this version does not have, and no key either: set to
#: anything but None they are refused here.
LATER: Tuple[str, ...] = ("image", "notif_policy", "policy_fn", "init_fn",
                          "work_fn")


def refuse_later(name: str) -> None:
    error = NotAvailableError("%s: not available in this version" % name)
    error.stage = "parse"
    error.code = -95  # ENOTSUP, as the library has it
    raise error


def put(policy: _lib.Policy, field: Field, value: Any) -> None:
    for text in field.texts(field.name, value):
        policy.set(field.key, text, field.name)


def put_user(policy: _lib.Policy, uid: Any, gid: Any) -> None:
    if uid is None and gid is None:
        return
    if uid is None or gid is None:
        raise PolicyValueError("uid and gid: give both or neither")
    policy.set(USER_KEY, _integer("uid", uid) + b":" + _integer("gid", gid),
               "uid and gid")


def put_setting(policy: _lib.Policy, key: Any, value: Any) -> None:
    """Any key of the library by its name, for what has no field."""
    if not isinstance(key, str):
        raise _wrong("settings", "the name of a key", key)
    name = "settings[%r]" % key
    encode(name, key)
    if isinstance(value, bool):
        texts = _flag(name, value)
    elif isinstance(value, (str, bytes, os.PathLike)):
        texts = _string(name, value)
    elif isinstance(value, Enum) or hasattr(type(value), "__index__"):
        texts = _number(name, value)
    elif isinstance(value, Mapping):
        texts = _env(name, value)
    else:
        texts = _strings(name, value)
    for text in texts:
        policy.set(key, text, name)


def milliseconds(name: str, seconds: Any) -> Optional[int]:
    """A time in seconds; what is less than a millisecond is one."""
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise PolicyTypeError("%s: expected seconds, not %s"
                                      % (name, type(seconds).__name__))
    if not math.isfinite(seconds) or seconds < 0 or seconds > 9e9:
        raise PolicyValueError("%s: %r is no time" % (name, seconds))
    return max(1, int(seconds * 1000))


def encode_command(cmd: Any) -> list:
    if isinstance(cmd, (str, bytes, os.PathLike)):
        raise _wrong("cmd", "a list of words, such as ['sh', '-c', TEXT]", cmd)
    words = [encode("cmd", word, "a list of strings")
             for word in _items("cmd", cmd, "a list of words")]
    if not words or not words[0]:
        raise PolicyValueError("cmd: empty; there is nothing to run")
    return words


def field_values(policy: _lib.Policy) -> Dict[str, Any]:
    """The values of a loaded profile as arguments of Sandbox()."""
    values: Dict[str, Any] = {}
    settings: Dict[str, Any] = {}
    by_key = {field.key: field for field in reversed(FIELDS)}
    for key in _lib.keys():
        if not key.of_policy or not key.available:
            continue
        texts = [os.fsdecode(text) for text in policy.get(key.name)]
        if not texts:
            continue
        if key.name == USER_KEY:
            uid, _, gid = texts[0].partition(":")
            values.update(uid=int(uid), gid=int(gid))
        elif key.name in by_key:
            field = by_key[key.name]
            values[field.name] = _FROM_TEXT.get(field.texts, list)(texts)
        else:
            settings[key.name] = texts if len(texts) > 1 else texts[0]
    if settings:
        values["settings"] = settings
    return values


def _env_from(texts: list) -> Dict[str, str]:
    return dict(text.split("=", 1) for text in texts)


_FROM_TEXT: Dict[Any, Callable[[list], Any]] = {
    _flag: lambda texts: texts[0] == "true",
    _number: lambda texts: int(texts[0]),
    _numbers: lambda texts: [int(text) for text in texts],
    _cores: lambda texts: [int(text) for text in texts],
    _gpus: lambda texts: [] if texts == ["all"] else [int(t) for t in texts],
    _string: lambda texts: texts[0],
    _size: lambda texts: texts[0],
    _time: lambda texts: texts[0],
    _env: _env_from,
}
