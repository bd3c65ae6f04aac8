# SPDX-License-Identifier: Apache-2.0
"""Messages speak of arguments of Sandbox, not of the command line's options."""
import pytest

from sandlock import PolicyError, Sandbox, _lib


@pytest.mark.parametrize("said, spelled", [
    ("hint: -r '?/x y' skips it", "hint: fs_readable=['?/x y'] skips it"),
    ("use -p base, or grant with -r", "use profiles=['base'], or grant with "
                                      "fs_readable"),
    ("as in -p base -w DIR", "as in profiles=['base'] fs_writable=[DIR]"),
    ("--cwd: no", "cwd: no"),
    ("--net-allow-bind and --net-deny-bind: more", "net_allow_bind and "
                                                   "net_deny_bind: more"),
    ("--set limits.memory= goes without", "max_memory=None goes without"),
    ("add --max-memory SIZE", "add max_memory=SIZE"),
    ("--no-env to go without", "env=None to go without"),
    # one without a field, the words of others, and what is no option of ours
    ("--user needs it", "settings['program.user'] needs it"),
    ("'--cwd' and \"-r\": the file's -w", "'--cwd' and \"-r\": the file's "
                                          "fs_writable"),
    ("sysctl --nothing x--cwd --cwd=x a-r", "sysctl --nothing x--cwd --cwd=x a-r"),
])
def test_options_become_arguments(said, spelled):
    assert _lib.speak(said) == spelled


def test_what_a_caller_reads(base, tmp_path):
    gone = str(tmp_path / "gone")
    base.fs_readable = [gone]
    assert base.run(["true"]).error.endswith(
        "hint: fs_readable=['?%s'] skips it if missing" % gone)
    base.fs_readable = []
    base.cwd = gone
    assert base.run(["true"]).error.startswith("cwd: ")
    with pytest.raises(PolicyError) as error:
        Sandbox(profiles=["base"], net_deny_bind=["1"] * 3, net_allow_bind=[
            str(port) for port in range(2, 3)]).explain("net:x")
    assert "--" not in str(error.value)
