# SPDX-License-Identifier: Apache-2.0
"""What was refused in a run, and that the way out is one."""
import errno
import os
import time

import pytest

from sandlock import Sandbox


@pytest.fixture
def reader():
    return Sandbox(fs_readable=["/"])


def test_a_denial_and_its_fix(reader, tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    command = ["sh", "-c", 'chmod 600 "$1"; chmod 600 "$1"', "sh", str(file)]
    result = reader.run(command)
    assert not result.success
    (denial,) = result.denials
    assert (denial.count, result.denials_total) == (2, 2)
    assert (denial.object, denial.access) == (str(file), "change")
    assert (denial.errno, denial.error) == (errno.EPERM, "EPERM")
    assert denial.rule == "no write grant" and denial.reason
    assert denial.program.endswith("chmod") and "chmod" in denial.call
    assert denial.pid > 1 and abs(denial.time - time.time()) < 100
    assert denial.fix_field == "fs_writable"
    reader.fs_writable = [denial.fix_value]
    result = reader.run(command)
    assert result.success and result.denials == [] and not result.denials_total


def test_names_are_bytes(reader, tmp_path):
    file = os.path.join(os.fsencode(tmp_path), b"new\nline\xff")
    with open(file, "wb"):
        pass
    (denial,) = reader.run(["chmod", "600", os.fsdecode(file)]).denials
    assert os.fsencode(denial.object) == file


def test_why(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    sandbox = Sandbox(profiles=["base"])
    command = ["sh", "-c", 'cat "$1" && : >"$1.new" && echo done', "sh",
               str(file)]
    assert sandbox.run(command).denials == []
    for field, value in (("fs_readable", str(file)),
                         ("fs_writable", str(tmp_path))):
        (denial,) = [d for d in sandbox.run(command, why=True).denials
                     if str(tmp_path) in d.object]
        assert (denial.rule, denial.error) == ("landlock", "EACCES")
        assert (denial.fix_field, denial.fix_value) == (field, value)
        setattr(sandbox, field, [value])
    assert sandbox.run(command).stdout == b"xdone\n"
