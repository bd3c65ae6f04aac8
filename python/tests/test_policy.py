# SPDX-License-Identifier: Apache-2.0
"""Fields to policy, profiles to fields, and everything that is wrong."""
import datetime
import os

import pytest

from sandlock import (NotAvailableError, PolicyError, Protection, Sandbox,
                      SandlockError, list_profiles, load_profile)
from sandlock._profile import (load_profile_path, policy_from_toml,
                               profiles_dir)

# What a field accepts, and how the library writes it down.
GOOD = [
    ("fs_writable", ["/tmp"], 'write = ["/tmp"]'),
    ("fs_readable", ["/usr", "?/x"], 'read = ["/usr", "?/x"]'),
    ("extra_deny_syscalls", ["ptrace"], 'extra_deny = ["ptrace"]'),
    ("extra_allow_syscalls", ["sysv_ipc"], 'extra_allow = ["sysv_ipc"]'),
    ("net_allow", ["tcp://:443"], 'allow = ["tcp://:443"]'),
    ("no_coredump", True, "no_coredump = true"),
    ("net_allow_bind", [80, "8000-8010"], 'allow_bind = [80, "8000-8010"]'),
    ("net_allow_bind", [80, "udp://5353"], 'allow_bind = [80, "udp://5353"]'),
    ("net_deny_bind", ["udp://1-9"], 'deny_bind = ["udp://1-9"]'),
    ("max_open_files", 64, "open_files = 64"),
    ("cpu_cores", [0], "cpu_cores = [0]"),
    ("no_randomize_memory", True, "no_randomize_memory = true"),
    ("no_huge_pages", True, "no_huge_pages = true"),
    ("gpu_devices", [], "gpu_devices"),
    ("clean_env", True, "clean_env = true"),
    ("env", {"A": "b=c"}, "A"),
    ("cwd", "/", 'cwd = "/"'),
    ("allow_degraded", [Protection.NET_TCP, 5, "fs-truncate"], "net-tcp"),
    ("disable", [Protection.SIGNAL_SCOPE], "signal-scope"),
    ("settings", {"limits.timeout": "2s"}, 'timeout = "2s"'),
    ("settings", {"filesystem.private_tmp": True}, "private_tmp = true"),
    ("settings", {"filesystem.read": ["/a", "/b"]}, 'read = ["/a", "/b"]'),
    ("settings", {"program.env": {"A": "b"}}, "A"),
    ("settings", {"limits.open_files": 5}, "open_files = 5"),
]

# Known to the library and refused by it, by name: never ignored.
LATER = [
    ("http_allow", ["GET x/"]), ("http_deny", ["GET x/"]),
    ("http_ports", [80]), ("http_ca", "/x"), ("http_key", "/x"),
    ("http_inject_ca", ["/x"]), ("http_ca_out", "/x"),
    ("num_cpus", 2), ("random_seed", 1),
    ("time_start", "2020-01-01T00:00:00Z"), ("time_start", 0.0),
    ("deterministic_dirs", True), ("chroot", "/"), ("image", "docker://x"),
    ("fs_mount", {"/a": "/b"}), ("fs_mount_ro", {"/a": "/b"}),
    ("notif_policy", object()), ("workdir", "/tmp"), ("fs_storage", "/tmp"),
    ("max_disk", "1G"), ("on_exit", "keep"), ("on_error", "commit"),
    ("policy_fn", print), ("init_fn", print), ("work_fn", print),
]

# TypeError, and the field is named.
WRONG_TYPE = [
    ("fs_writable", "/tmp"), ("fs_readable", b"/usr"), ("fs_readable", ""),
    ("fs_readable", 5), ("fs_readable", None), ("fs_readable", [5]),
    ("fs_readable", {"/usr": 1}), ("fs_readable", ["/usr", None]),
    ("fs_denied", "/x"), ("extra_deny_syscalls", "ptrace"),
    ("extra_allow_syscalls", [1]), ("net_allow", "tcp://:1"),
    ("net_deny", [80]), ("no_coredump", 1), ("no_coredump", None),
    ("no_coredump", "yes"), ("net_allow_bind", 80), ("net_allow_bind", [True]),
    ("net_deny_bind", [1.0]), ("http_allow", [1]), ("http_deny", "x"),
    ("http_ports", [None]), ("http_ca", 1), ("http_key", ["x"]),
    ("http_inject_ca", "x"), ("http_ca_out", True), ("max_memory", True),
    ("max_memory", 1.5), ("max_processes", "5"), ("max_processes", True),
    ("max_open_files", False), ("max_open_files", "64"), ("max_cpu", 1.0),
    ("cpu_cores", 1), ("cpu_cores", ["0"]), ("cpu_cores", [False]),
    ("num_cpus", "2"), ("port_remap", 0), ("random_seed", 1.5),
    ("time_start", True), ("time_start", [1]), ("no_randomize_memory", "x"),
    ("no_huge_pages", 1), ("deterministic_dirs", 0), ("gpu_devices", "all"),
    ("gpu_devices", [None]), ("chroot", 5), ("fs_mount", ["/a:/b"]),
    ("fs_mount", {"/a": 5}), ("fs_mount_ro", "/a:/b"), ("clean_env", None),
    ("env", ["A=b"]), ("env", {"A": 1}), ("env", {1: "A"}), ("workdir", 1),
    ("cwd", 3), ("fs_storage", False), ("max_disk", None.__class__),
    ("allow_degraded", Protection.NET_TCP), ("allow_degraded", [None]),
    ("allow_degraded", [True]), ("disable", "net-tcp"), ("disable", [1.0]),
    ("profiles", "base"), ("profiles", [1]), ("profiles", None),
    ("settings", [("a", "b")]), ("settings", {"limits.timeout": None}),
    ("settings", {5: "x"}), ("settings", {"limits.timeout": 1.5}),
]

# ValueError, and the field is named.
WRONG_VALUE = [
    ("fs_writable", ["/a\0b"]), ("fs_readable", ["/a\0b"]),
    ("fs_readable", ["\ud800"]), ("net_allow", ["tcp://:1\0"]),
    ("net_allow_bind", ["1\0"]), ("extra_deny_syscalls", ["a\0"]),
    ("cwd", "/\0"), ("chroot", "a\0"), ("max_memory", "1\0"),
    ("env", {"A\0": "x"}), ("env", {"A": "x\0"}), ("env", {"A=B": "x"}),
    ("cpu_cores", []), ("allow_degraded", [6]), ("disable", [-1]),
    ("time_start", datetime.datetime(2020, 1, 1)), ("profiles", ["a\0"]),
    ("settings", {"a\0": "b"}), ("settings", {"limits.timeout": "1\0"}),
    ("fs_mount", {"/a\0": "/b"}), ("http_ca", "\0"), ("on_exit", "nonsense"),
]

# Refused by the library, and the field is named.
REFUSED = [
    ("fs_readable", [""]), ("net_allow", ["nonsense://x"]),
    ("net_deny", ["example.org:443"]), ("net_allow_bind", [70000]),
    ("net_allow_bind", ["*", 80]), ("net_deny_bind", ["*"]),
    ("net_allow_bind", ["udp://5353,80"]), ("net_deny_bind", ["udp://0"]),
    ("extra_deny_syscalls", ["no_such_call"]), ("max_open_files", 0),
    ("max_open_files", -1), ("max_open_files", 1 << 70), ("cpu_cores", [-1]),
    ("disable", [Protection.FS_REFER]), ("allow_degraded", ["nonsense"]),
    ("env", {"": "x"}), ("settings", {"limits.timeout": "soon"}),
    ("settings", {"limits.kill_after": "1s"}),
]


@pytest.mark.parametrize("field,value,text", GOOD)
def test_a_field_reaches_its_key(field, value, text):
    sandbox = Sandbox(**{field: value})
    sandbox.check()
    assert text in sandbox.to_toml()


@pytest.mark.parametrize("field,value", LATER)
def test_what_is_not_available_is_refused_by_name(field, value):
    with pytest.raises(NotAvailableError, match="not available") as caught:
        Sandbox(**{field: value}).check()
    assert field in str(caught.value)
    assert isinstance(caught.value, (RuntimeError, NotImplementedError))


@pytest.mark.parametrize("field,value", LATER)
def test_what_is_not_available_does_not_run(field, value):
    with pytest.raises(NotAvailableError):
        Sandbox(profiles=["base"], **{field: value}).run(["true"])


@pytest.mark.parametrize("field,value", WRONG_TYPE)
def test_a_wrong_type_is_told(field, value):
    with pytest.raises(TypeError, match=field) as caught:
        Sandbox(**{field: value}).check()
    assert isinstance(caught.value, PolicyError)


@pytest.mark.parametrize("field,value", WRONG_VALUE)
def test_a_wrong_value_is_told(field, value):
    with pytest.raises(ValueError, match=field):
        Sandbox(**{field: value}).check()


@pytest.mark.parametrize("field,value", REFUSED)
def test_the_librarys_refusal_names_the_field(field, value):
    with pytest.raises(PolicyError) as caught:
        Sandbox(**{field: value}).check()
    assert field in str(caught.value)
    assert caught.value.code < 0
    assert caught.value.stage in ("parse", "check", "compile")


def test_a_setting_that_is_no_key():
    with pytest.raises(PolicyError, match="did you mean 'limits.timeout'"):
        Sandbox(settings={"limits.timeuot": "1s"}).check()
    with pytest.raises(PolicyError, match="one run"):
        Sandbox(settings={"status-fd": "1"}).check()


def test_denied_ports_are_taken_away():
    assert 'deny = ["tcp://:25"]' in Sandbox(
        net_allow=["tcp://:20,25"], net_deny=["tcp://:25"]).to_toml()
    assert "deny_bind = [8001]" in Sandbox(
        net_allow_bind=["8000-8010"], net_deny_bind=[8001]).to_toml()


def test_uid_without_gid():
    for one in ({"uid": 1}, {"gid": 1}):
        with pytest.raises(ValueError, match="uid and gid"):
            Sandbox(**one).check()
    with pytest.raises(TypeError, match="uid"):
        Sandbox(uid=True, gid=1).check()
    with pytest.raises(PolicyError, match="uid and gid"):
        Sandbox(uid=-1, gid=0).check()
    assert "uid = 5\ngid = 6" in Sandbox(uid=5, gid=6).to_toml()


def test_a_field_changed_between_runs_counts(base):
    assert base.run(["true"]).success
    base.max_open_files = 0
    with pytest.raises(PolicyError, match="max_open_files"):
        base.run(["true"])
    base.max_open_files = None
    assert base.run(["true"]).success


def test_lib64_may_be_missing_and_nothing_else():
    assert 'read = ["?/lib64"]' in Sandbox(fs_readable=["/lib64"]).to_toml()
    assert 'write = ["/lib64"]' in Sandbox(fs_writable=["/lib64"]).to_toml()
    result = Sandbox(profiles=["base"], fs_readable=["/no/such"]).run(["true"])
    assert not result.success and result.exit_code == 125
    assert "/no/such" in result.error
    assert Sandbox(profiles=["base"], fs_readable=["?/no/such"]) \
        .run(["true"]).success


def test_a_path_can_be_bytes_or_a_path(tmp_path):
    odd = os.fsencode(str(tmp_path)) + b"/\xff\xfe"
    os.mkdir(odd)
    with open(odd + b"/file", "w", encoding="ascii") as file:
        file.write("inside")
    for path in (odd, os.fsdecode(odd)):
        result = Sandbox(profiles=["base"], fs_readable=[path]) \
            .run(["cat", odd + b"/file"])
        assert result.stdout == b"inside"
    assert Sandbox(profiles=["base"], fs_readable=[tmp_path]) \
        .run(["cat", odd + b"/file"]).success
    assert not Sandbox(profiles=["base"]).run(["cat", odd + b"/file"]).success


# ---- profiles ------------------------------------------------------------


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / ".config/sandlock/profiles"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return folder


def test_presets_are_listed():
    assert "base" in list_profiles()


def test_an_empty_profile_is_an_empty_sandbox():
    assert policy_from_toml("") == Sandbox()


def test_a_profile_becomes_fields(home):
    (home / "mine.toml").write_text(
        'extends = "base"\n[filesystem]\nwrite = ["/data"]\n'
        '[network]\nallow = ["tcp://:443"]\nallow_bind = [8080, "9000-9010"]\n'
        '[program]\nclean_env = true\nuid = 5\ngid = 6\n[program.env]\nA = "b=c"\n'
        '[limits]\nopen_files = 64\ntimeout = "2m"\ncpu_cores = [0]\n')
    assert "mine" in list_profiles()
    found = load_profile("mine")
    assert "/data" in found.fs_writable and "?/usr/bin" in found.fs_readable
    assert found.net_allow == ["tcp://:443"]
    assert (found.uid, found.gid, found.clean_env) == (5, 6, True)
    assert (found.max_open_files, found.cpu_cores) == (64, [0])
    assert found.env == {"A": "b=c"}
    assert found.settings["limits.timeout"] == "2m"
    # Nothing is lost on the way.
    assert found.to_toml() == Sandbox(profiles=["mine"]).to_toml()
    assert load_profile_path(home / "mine.toml") == found


def test_profiles_compose_with_fields_on_top(home):
    (home / "a.toml").write_text('[filesystem]\nread = ["/a"]\n'
                                 '[limits]\nopen_files = 10\n')
    (home / "b.toml").write_text('[filesystem]\nread = ["/b"]\n'
                                 '[limits]\nopen_files = 20\n')
    text = Sandbox.from_profile("a", "b", fs_readable=["/c"]).to_toml()
    assert 'read = ["/a", "/b", "/c"]' in text
    assert "open_files = 20" in text
    assert "open_files = 30" in \
        Sandbox(profiles=["a", "b"], max_open_files=30).to_toml()


def test_a_mistake_in_a_profile_has_its_place(home):
    (home / "bad.toml").write_text("[filesystem]\nraed = []\n")
    with pytest.raises(PolicyError, match="bad.toml") as caught:
        load_profile("bad")
    assert (caught.value.line, caught.value.stage) == (2, "parse")
    assert caught.value.column is not None
    assert "read" in str(caught.value)
    with pytest.raises(PolicyError, match="no_such_profile"):
        Sandbox(profiles=["no_such_profile"]).run(["true"])
    with pytest.raises(SandlockError):
        load_profile_path("/no/such/file.toml")


def test_profiles_dir(home):
    assert profiles_dir() == home
