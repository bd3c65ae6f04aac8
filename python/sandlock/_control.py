# SPDX-License-Identifier: Apache-2.0
"""The running sandboxes of this user, by name, whoever started them."""
from __future__ import annotations

import ctypes
import os
from ctypes import byref, c_void_p
from typing import Dict, Iterator, List, NamedTuple, Optional

from . import _lib
from ._lib import lib

_STATES = ("silent", "running", "suspended", "starting", "untrusted")
_ERANGE = -34


class Instance(NamedTuple):
    """A running sandbox. While state is not "running" little else is known."""

    name: str
    state: str
    pid: int  # of its first process
    supervisor: int
    argv: List[str]
    cwd: Optional[str]
    started: float  # as time.time()
    age: float  # seconds
    policy: Optional[str]  # TOML, of inspect()


def _text(value: Optional[bytes]) -> Optional[str]:
    return None if value is None else os.fsdecode(value)


def _words(vector: "ctypes._Pointer[ctypes.c_char_p]") -> Iterator[str]:
    index = 0
    while vector[index] is not None:
        yield os.fsdecode(vector[index])  # type: ignore[arg-type]
        index += 1


def _take(listing: c_void_p) -> List[Instance]:
    found: List[Instance] = []
    row = _lib.Instance()
    row.size = ctypes.sizeof(row)
    try:
        while lib.sandlock_listing_at(listing, len(found),
                                      byref(row)) != _ERANGE:
            state = _STATES[row.state] if row.state < len(_STATES) else "unknown"
            found.append(Instance(
                os.fsdecode(row.name), state, row.pid, row.supervisor,
                list(_words(row.argv)), _text(row.cwd), row.started_ns / 1e9,
                row.age_ns / 1e9, _text(row.policy)))
        return found
    finally:
        lib.sandlock_listing_free(listing)


def _name(name: str) -> bytes:
    raw = os.fsencode(name)
    if b"\0" in raw:
        raise ValueError("name: must not contain a NUL")
    return raw


def ps() -> List[Instance]:
    """All that run, by name."""
    listing, err = c_void_p(), _lib.Error()
    if lib.sandlock_list(byref(listing), byref(err)) < 0:
        _lib.fail(err)
    return _take(listing)


def inspect(name: str) -> Instance:
    """One, with its policy."""
    listing, err = c_void_p(), _lib.Error()
    if lib.sandlock_inspect(_name(name), byref(listing), byref(err)) < 0:
        _lib.fail(err)
    return _take(listing)[0]


class Port(NamedTuple):
    """A port that a sandbox with port_remap has bound."""

    protocol: str  # "tcp" or "udp"
    address: str
    port: int  # inside
    real: int  # outside


def ports(name: str) -> List[Port]:
    """What the sandbox of that name has bound, if it has port_remap."""
    return ports_of(_name(name))


def ports_of(name: bytes) -> List[Port]:
    listing, err = c_void_p(), _lib.Error()
    if lib.sandlock_ports(name, byref(listing), byref(err)) < 0:
        _lib.fail(err)
    found: List[Port] = []
    row = _lib.Port()
    row.size = ctypes.sizeof(row)
    try:
        while lib.sandlock_listing_port(listing, 0, len(found),
                                        byref(row)) == 0:
            found.append(Port(os.fsdecode(row.protocol),
                              row.address.decode(), row.port, row.real))
        return found
    finally:
        lib.sandlock_listing_free(listing)


def remapped(found: List[Port]) -> Dict[int, int]:
    """Port inside to port outside, where they differ; TCP before UDP."""
    return {p.port: p.real
            for p in sorted(found, reverse=True) if p.port != p.real}


def kill(name: str, grace: float = 5.0, timeout: Optional[float] = None) -> None:
    """SIGTERM, after @grace seconds SIGKILL to everything; waits until nothing
    is left, at most @timeout seconds."""
    err = _lib.Error()
    limit = -1 if timeout is None else int(timeout * 1000)
    if lib.sandlock_kill(_name(name), int(grace * 1000), limit, byref(err)) < 0:
        _lib.fail(err)
