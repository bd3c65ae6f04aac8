# SPDX-License-Identifier: Apache-2.0
"""What needs no sandbox: the fields, the names, the values."""
import ast
import copy
import dataclasses
import pathlib
import pickle

import pytest

import sandlock
from sandlock import (BranchAction, ExitReason, Protection, Result, Sandbox,
                      StdioMode, _fields, _lib, parse_ports)

# Field and default, in order; positional construction is part of the interface.
FIELDS = """
fs_writable=[] fs_readable=[] fs_denied=[] extra_deny_syscalls=[]
extra_allow_syscalls=[] net_allow=[] net_deny=[] no_coredump=False
net_allow_bind=[] net_deny_bind=[] http_allow=[] http_deny=[] http_ports=[]
http_ca=None http_key=None http_inject_ca=[] http_ca_out=None max_memory=None
max_processes=None max_open_files=None max_cpu=None cpu_cores=None num_cpus=None
port_remap=False random_seed=None time_start=None no_randomize_memory=False
no_huge_pages=False deterministic_dirs=False gpu_devices=None chroot=None
image=None fs_mount={} fs_mount_ro={} clean_env=False env={} uid=None gid=None
notif_policy=None workdir=None cwd=None fs_storage=None max_disk=None
on_exit=BranchAction.COMMIT on_error=BranchAction.ABORT allow_degraded=[]
disable=[] name=None policy_fn=None init_fn=None work_fn=None
profiles=[] settings={}
""".split()

# Keys that no field sets: why.
OTHERWISE = {
    "filesystem.private_tmp": "settings", "filesystem.command": "settings",
    "network.allow_unix": "settings",
    "filesystem.protect": "settings",
    "http.credential": "settings", "http.auth": "settings",
    "program.exec": "run(cmd)", "program.args": "run(cmd)",
    "program.user": "uid and gid", "program.no_supervisor": "confine()",
    "program.scrub_env": "settings",
    "limits.timeout": "run(timeout=)", "limits.kill_after": "settings",
}
PACKAGE = pathlib.Path(sandlock.__file__).parent


def test_fields_have_names_order_and_defaults():
    empty = Sandbox()
    found = []
    for field in dataclasses.fields(Sandbox):
        value = getattr(empty, field.name)
        found.append("%s=%s" % (field.name, value
                                if isinstance(value, BranchAction)
                                else repr(value)))
    assert found == FIELDS


def test_every_key_has_a_field_or_a_reason():
    of_fields = {field.key for field in _fields.FIELDS}
    of_policy = {key.name for key in _lib.keys() if key.of_policy}
    assert of_fields <= of_policy
    assert not of_fields & set(OTHERWISE)
    assert of_policy - of_fields - set(OTHERWISE) == set()


def test_every_field_is_in_the_table_or_has_a_reason():
    named = {field.name for field in _fields.FIELDS} | set(_fields.LATER)
    others = {"uid", "gid", "profiles", "settings", "name"}
    assert named | others == {f.name for f in dataclasses.fields(Sandbox)}
    assert not named & others


def test_equal_by_fields():
    assert Sandbox() == Sandbox()
    assert Sandbox(fs_readable=["/usr"]) != Sandbox()
    assert Sandbox(["/tmp"], ["/usr"]) == \
        Sandbox(fs_writable=["/tmp"], fs_readable=["/usr"])
    assert Sandbox(settings={"limits.kill_after": "1s"}) != Sandbox()
    # Runtime fields are no policy.
    assert Sandbox(name="a") == Sandbox(name="b")
    assert "name" not in repr(Sandbox(name="a"))


def test_two_sandboxes_share_no_list():
    one, two = Sandbox(), Sandbox()
    one.fs_readable.append("/usr")
    one.env["A"] = "b"
    assert two == Sandbox()


def test_copies_and_pickles_are_equal():
    one = Sandbox(fs_readable=["/usr"], env={"A": "b"}, on_exit="keep")
    assert copy.copy(one) == one
    assert copy.deepcopy(one) == one
    assert pickle.loads(pickle.dumps(one)) == one
    assert dataclasses.replace(one, cwd="/") != one


@pytest.mark.parametrize("name,text", [
    ("", "must not be empty"), ("a\0b", "NUL"), ("x" * 65, "64 bytes"),
    ("\u00e9" * 33, "64 bytes"), ("a/b", "'/'"), (".", "'.' or '..'"),
    ("..", "'.' or '..'")])
def test_a_bad_name_is_refused_at_once(name, text):
    with pytest.raises(ValueError, match=text.replace(".", r"\.")):
        Sandbox(name=name)
    with pytest.raises(TypeError):
        Sandbox(name=7)
    assert Sandbox(name="x" * 64).name == "x" * 64


def test_branch_actions_are_coerced_at_once():
    sandbox = Sandbox(on_exit="keep", on_error=BranchAction.DEFER)
    assert sandbox.on_exit is BranchAction.KEEP
    assert sandbox.on_error is BranchAction.DEFER
    with pytest.raises(ValueError, match="on_error"):
        Sandbox(on_error="explode")
    with pytest.raises(ValueError, match="on_exit"):
        Sandbox(on_exit=None)


def test_numbers_of_the_enums():
    assert [r.value for r in ExitReason] == [0, 1, 2, 3]
    assert [m.value for m in StdioMode] == [0, 1, 2]
    assert [p.value for p in Protection] == [0, 1, 2, 3, 4, 5]
    assert Protection(5).option == "abstract-unix-socket-scope"
    assert [a.value for a in BranchAction] == ["commit", "abort", "keep", "defer"]


def test_every_protection_is_known_to_the_library():
    for protection in Protection:
        Sandbox(allow_degraded=[protection]).check()


def test_exit_status_is_that_of_a_shell():
    assert Result(True).exit_status == 0
    assert Result(False, 127, error="x").exit_status == 127
    assert Result(False, -1, reason=ExitReason.TIMEOUT).exit_status == 124
    assert Result(False, -1, reason=ExitReason.KILLED).exit_status == 137
    assert Result(False, -1, reason=ExitReason.SIGNALED, signal=15) \
        .exit_status == 143


def test_exceptions_are_what_callers_catch():
    assert issubclass(sandlock.PolicyError, RuntimeError)
    assert issubclass(sandlock.SandboxError, RuntimeError)
    assert issubclass(sandlock.NotAvailableError, NotImplementedError)
    for name in ("ForkError", "ChildError", "BranchError", "ConfinementError",
                 "SeccompError", "NotifError", "BranchConflictError",
                 "LandlockUnavailableError", "MemoryProtectError"):
        assert issubclass(getattr(sandlock, name), sandlock.SandlockError)


def test_all_names_exist():
    for name in sandlock.__all__:
        assert hasattr(sandlock, name)
    for module in ("sandbox", "exceptions", "_profile"):
        __import__("sandlock." + module)
    from sandlock.sandbox import Sandbox as same
    assert same is Sandbox


def test_version_is_the_librarys():
    assert _lib.lib.sandlock_version().decode() == sandlock.__version__


def test_the_struct_sizes_are_the_headers():
    import ctypes
    assert ctypes.sizeof(_lib.Error) == 1024
    # A row read with a shorter size ends before the flags: -EINVAL.
    row = _lib._Key()
    row.size = _lib._Key.flags.offset - 4
    assert _lib.lib.sandlock_key_at(0, ctypes.byref(row)) == -22
    row.size = ctypes.sizeof(row)
    assert _lib.lib.sandlock_key_at(0, ctypes.byref(row)) == 0
    assert row.name == b"filesystem.read"
    assert _lib.lib.sandlock_key_at(1 << 20, ctypes.byref(row)) == -34


def test_ports():
    assert parse_ports([]) == []
    assert parse_ports([443, "80", "8000-8002,80"]) == [80, 443, 8000, 8001, 8002]
    for bad in (["x"], [65536], [-1], ["9-1"], [""], ["1,,2"], ["udp://53"],
                ["tcp://53"]):
        with pytest.raises(RuntimeError, match="ports"):
            parse_ports(bad)
    with pytest.raises(RuntimeError, match="wildcard"):
        parse_ports(["*"])
    for bad in ("80", [True], [1.5], None):
        with pytest.raises(TypeError, match="ports"):
            parse_ports(bad)


def test_the_source_is_python_3_8():
    for path in PACKAGE.glob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_the_package_is_typed():
    assert (PACKAGE / "py.typed").exists()


def test_asking_the_kernel():
    assert sandlock.landlock_abi_version() > 0
    assert sandlock.min_landlock_abi() == 6
