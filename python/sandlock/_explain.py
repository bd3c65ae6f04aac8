# SPDX-License-Identifier: Apache-2.0
"""What a policy would do, by the plan that a run would load."""
from __future__ import annotations

import ctypes
import os
from ctypes import byref, c_void_p
from typing import Any, Iterator, List, NamedTuple, Optional

from . import _fields, _lib
from ._lib import lib

_VERDICTS = ("refused", "allowed", "depends")
_STATES = ("missing", "present", "limited")
_SOURCES = ("", "message", "command")
_NEEDED = 1
_ERANGE = -34


class Rule(NamedTuple):
    """What is granted or refused, why, and by what."""

    key: Optional[str]  #: "filesystem.read"; None: the library's own
    subject: str  #: "/usr/lib", "tcp connect 443", "ptrace"
    effect: str  #: "read, execute, list", "EPERM"
    origin: Optional[str]  #: "fs_readable", "p.toml:3:9", "sandlock"
    note: Optional[str]
    enforced_by: str  #: "Landlock"
    allows: bool


class Answer(NamedTuple):
    """What becomes of one access. fix_field and fix_value are the smallest
    change that would allow it; fix is the same for the command line."""

    access: str  #: "read", "connect"
    object: str
    verdict: str  #: "allowed", "refused", "depends"
    reason: str
    origin: Optional[str]  #: of the deciding rule
    enforced_by: str
    error: Optional[str]  #: what the program sees: "EACCES"
    fix: Optional[str]
    fix_field: Optional[str]  #: a field of Sandbox, or a key for settings
    fix_value: Optional[str]
    no_fix: Optional[str] = None  #: why what would allow it is not offered

    @property
    def allowed(self) -> bool:
        return self.verdict == "allowed"


class Hint(NamedTuple):
    """A refusal that may have made a run fail. The policy does refuse it; that
    it was tried is the program's word, so do not grant by hints alone."""

    text: str  #: one printable line
    object: str  #: what was refused: "/etc/shadow", "TCP port 443"
    access: str  #: "read", "connect"
    fix: Optional[str]  #: None: nothing allows it, or it is not offered
    fix_field: Optional[str]  #: as of Answer
    fix_value: Optional[str]
    source: str  #: "message", "command"

    def __str__(self) -> str:
        return self.text + ("; to allow it: " + self.fix if self.fix else "")


class Feature(NamedTuple):
    """What sandlock asks of the kernel and of the place it runs in."""

    name: str  #: "landlock", "net-tcp"
    gives: str
    state: str  #: "present", "missing", "limited"
    needed: bool  #: without it the policy is not started
    detail: str
    remedy: str


def _text(raw: Optional[bytes]) -> Optional[str]:
    return None if raw is None else os.fsdecode(raw)


class Explanation:
    """A prepared run that is only looked at; freed with this object."""

    __slots__ = ("_pointer",)

    def __init__(self, policy: _lib.Policy, argv: Optional[List[bytes]]) -> None:
        err = _lib.Error()
        self._pointer = c_void_p()
        options = _lib.ExplainOptions()
        options.size = ctypes.sizeof(options)
        words, env = _lib.vector(argv or []), _lib.environment()
        options.argv = words if argv else None
        options.envp = env
        if lib.sandlock_explain(policy.pointer, byref(options),
                                byref(self._pointer), byref(err)) < 0:
            _lib.fail(err)

    def __del__(self, free: Any = lib.sandlock_explanation_free) -> None:
        free(self._pointer)

    def rules(self) -> Iterator[Rule]:
        row = _lib.Rule()
        row.size = ctypes.sizeof(row)
        index = 0
        while lib.sandlock_explanation_rule(self._pointer, index,
                                            byref(row)) == 0:
            yield Rule(_text(row.key), _text(row.subject) or "",
                       _text(row.effect) or "", _text(row.origin),
                       _text(row.note), _text(row.enforced_by) or "",
                       bool(row.allows))
            index += 1

    def ask(self, question: str) -> Iterator[Answer]:
        raw = _fields.encode("question", question)
        row, err = _lib.Answer(), _lib.Error()
        row.size = ctypes.sizeof(row)
        index = 0
        while True:
            r = lib.sandlock_explanation_ask(self._pointer, raw, index,
                                             byref(row), byref(err))
            if r == _ERANGE and index:
                return
            if r < 0:
                _lib.fail(err)
            yield Answer(_text(row.access) or "", _text(row.object) or "",
                         _VERDICTS[row.verdict], _text(row.reason) or "",
                         _text(row.origin), _text(row.enforced_by) or "",
                         _text(row.error_name), _text(row.fix),
                         _fields.name_of(_text(row.fix_key)),
                         _text(row.fix_value), _text(row.no_fix))
            index += 1

    def hints(self, message: bytes, status: int) -> Iterator[Hint]:
        options, row, err = _lib.HintOptions(), _lib.Hint(), _lib.Error()
        options.size, row.size = ctypes.sizeof(options), ctypes.sizeof(row)
        options.message, options.message_len = message, len(message)
        options.exit_status = status
        index = 0
        while True:
            r = lib.sandlock_explanation_hint(self._pointer, byref(options),
                                              index, byref(row), byref(err))
            if r == _ERANGE:
                return
            if r < 0:
                _lib.fail(err)
            yield Hint(_text(row.text) or "", _text(row.object) or "",
                       _text(row.access) or "", _text(row.fix),
                       _fields.name_of(_text(row.fix_key)), _text(row.fix_value),
                       _SOURCES[row.source])
            index += 1


def features(policy: _lib.Policy) -> Iterator[Feature]:
    row, err = _lib.Feature(), _lib.Error()
    row.size = ctypes.sizeof(row)
    index = 0
    while True:
        r = lib.sandlock_policy_feature_at(policy.pointer, index, byref(row),
                                           byref(err))
        if r == _ERANGE:
            return
        if r < 0:
            _lib.fail(err)
        yield Feature(_text(row.name) or "", _text(row.gives) or "",
                      _STATES[row.state], bool(row.flags & _NEEDED),
                      _lib.text_of(row.detail), _lib.text_of(row.remedy))
        index += 1
