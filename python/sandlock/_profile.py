# SPDX-License-Identifier: Apache-2.0
"""Profiles as Sandbox values. The library reads them; see sandlock-profile(5)."""
from __future__ import annotations

import ctypes
import os
from ctypes import byref
from pathlib import Path
from typing import List, Union

from . import _fields, _lib
from ._lib import lib
from .sandbox import Sandbox

__all__ = ["list_profiles", "load_profile", "load_profile_path",
           "policy_from_toml", "profiles_dir"]


def _sandbox(policy: _lib.Policy) -> Sandbox:
    return Sandbox(**_fields.field_values(policy))


def list_profiles() -> List[str]:
    """Names of all profiles and presets, sorted."""
    err, text = _lib.Error(), ctypes.c_void_p()
    if lib.sandlock_profile_list(byref(text), byref(err)) < 0:
        _lib.fail(err)
    return os.fsdecode(_lib.take_string(text)).splitlines()


def load_profile(name: str) -> Sandbox:
    """The profile or preset @name, resolved, as a Sandbox with its values. What
    has no field is in settings. (Sandbox(profiles=[name]) reads the profile anew
    on each run, and composes several.)"""
    policy = _lib.Policy()
    policy.load(_fields.encode("profile", name))
    return _sandbox(policy)


def load_profile_path(path: Union[str, "os.PathLike[str]"]) -> Sandbox:
    """The profile in the file @path."""
    policy = _lib.Policy()
    policy.load_file(_fields.encode("profile", path, "a path"))
    return _sandbox(policy)


def policy_from_toml(text: Union[str, bytes], name: str = "policy") -> Sandbox:
    """The profile in @text; @name is named in errors."""
    policy = _lib.Policy()
    raw = text.encode() if isinstance(text, str) else bytes(text)
    policy.parse(raw, _fields.encode("name", name))
    return _sandbox(policy)


def profiles_dir() -> Path:
    """Where a profile of this user's would be stored."""
    err, text = _lib.Error(), ctypes.c_void_p()
    if lib.sandlock_profile_path(b"a", byref(text), byref(err)) < 0:
        _lib.fail(err)
    return Path(os.fsdecode(_lib.take_string(text))).parent
