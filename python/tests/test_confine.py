# SPDX-License-Identifier: Apache-2.0
"""confine(): in a process of its own, since it is for good."""


def test_what_is_not_granted_is_gone(python, tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open/file").write_text("x")
    (tmp_path / "closed").write_text("x")
    done = python("""
import os, sys, sandlock
top = sys.argv[1]
open(top + "/closed").close()
sandlock.confine(sandlock.Sandbox(fs_readable=["/usr"],
                                  fs_writable=[top + "/open"]))
open(top + "/open/file", "w").close()
for path in (top + "/closed", "/etc/passwd"):
    try:
        open(path)
        raise SystemExit("read " + path)
    except PermissionError:
        pass
pid = os.fork()
if pid == 0:
    os._exit(os.access(top + "/open/file", os.R_OK) and
             not os.path.exists("/nonexistent") and
             os.open(top + "/open", os.O_RDONLY) < 0)
assert os.waitpid(pid, 0)[1] == 0
""", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_cannot_be_confined_is_refused(python):
    done = python("""
import sandlock
for values in ({"cwd": "/"}, {"env": {"A": "b"}}, {"uid": 0, "gid": 0},
               {"settings": {"limits.timeout": "1s"}}, {"fs_readable": ["/no/such/path"]}):
    try:
        sandlock.confine(sandlock.Sandbox(**values))
        raise SystemExit("accepted %r" % values)
    except sandlock.ConfinementError as error:
        assert isinstance(error, RuntimeError) and error.code < 0
        assert list(values)[0] in str(error).replace("uid and gid", "uid"), error
try:
    sandlock.confine(sandlock.Sandbox(num_cpus=2))
    raise SystemExit("accepted")
except sandlock.NotAvailableError:
    pass
open("/etc/passwd").close()  # still free
""")
    assert (done.returncode, done.stderr) == (0, b"")
