# SPDX-License-Identifier: Apache-2.0
"""What a failed run was refused, from its captured output."""
import pytest

from sandlock import Result, Sandbox


def test_a_hint_and_its_grant(base, tmp_path):
    secret = tmp_path / "notes"
    secret.write_text("x")
    command = ["cat", str(secret)]
    result = base.run(command)
    (hint,) = base.hints(command, result)
    assert hint.source == "message" and hint.access == "read"
    assert "was refused" in hint.text and str(hint).endswith(hint.fix)
    assert hint.fix_field == "fs_readable"
    base.fs_readable = [hint.fix_value]
    assert base.run(command).success


def test_the_command_alone(base, tmp_path):
    (hint,) = base.hints(["ls", str(tmp_path)], Result(False, 2))
    assert hint.source == "command" and "is refused" in hint.text


def test_none_after_success_or_for_what_is_granted(base):
    assert base.hints(["true"], base.run(["true"])) == []
    assert base.hints(["false"], base.run(["false"])) == []
    assert base.hints(["x"], Result(False, 125, error="no sandbox")) == []


def test_hostile_output(base):
    for text in (b"\0\xff: Permission denied", b"'" * 100000, b"\n" * 9000):
        assert base.hints(["false"], Result(False, 1, stderr=text)) == []


def test_misuse(base):
    with pytest.raises(TypeError, match="result"):
        base.hints(["true"], None)
    with pytest.raises(TypeError, match="cmd"):
        base.hints("true", Result(False, 1))
    with pytest.raises(RuntimeError):
        Sandbox(num_cpus=2).hints(["true"], Result(False, 1))
