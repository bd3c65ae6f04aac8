# SPDX-License-Identifier: Apache-2.0
"""run() and run_interactive(): what a program does, and what it tries."""
import os
import signal
import threading
import time

import pytest

from sandlock import ExitReason, Sandbox


def test_output_and_code(base):
    result = base.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (result.stdout, result.stderr) == (b"out\n", b"err\n")
    assert (result.success, result.exit_code) == (False, 3)
    assert (result.reason, result.signal) == (ExitReason.EXITED, -1)
    assert result.error is None and not result.truncated
    assert result.changes == []
    assert base.run(["true"]).success


def test_nothing_is_granted_that_was_not_named(tmp_path, base):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    assert not base.run(["cat", str(secret)]).success
    base.fs_readable = [str(tmp_path)]
    assert base.run(["cat", str(secret)]).stdout == b"secret"
    assert not base.run(["sh", "-c", "echo x > " + str(secret)]).success
    base.fs_writable = [str(tmp_path)]
    assert base.run(["sh", "-c", "echo x > " + str(secret)]).success
    assert secret.read_text() == "x\n"


def test_an_empty_sandbox_grants_nothing():
    result = Sandbox().run(["/bin/true"])
    assert (result.success, result.exit_code) == (False, 126)
    assert "granted" in result.error


@pytest.mark.parametrize("cmd,code,text", [
    (["no-such-program"], 127, "not found"),
    (["/no/such/program"], 127, "/no/such/program"),
    (["/etc/passwd"], 126, "/etc/passwd"),
    (["/usr"], 126, "directory")])
def test_what_cannot_be_started_is_a_result_with_the_reason(base, cmd, code, text):
    result = base.run(cmd)
    assert (result.success, result.exit_code) == (False, code)
    assert text in result.error
    assert (result.reason, result.signal) == (None, -1)
    assert result.stdout == result.stderr == b""
    assert not base.is_running
    assert base.run_interactive(cmd) == code


@pytest.mark.parametrize("cmd,error", [
    ("true", TypeError), (b"true", TypeError), (None, TypeError),
    (5, TypeError), ([5], TypeError), ([None], TypeError), ({"true": 1}, TypeError),
    ([], ValueError), ([""], ValueError), (["a\0b"], ValueError),
    (["true", "\0"], ValueError)])
def test_a_bad_command_is_told(base, cmd, error):
    with pytest.raises(error, match="cmd"):
        base.run(cmd)
    with pytest.raises(error, match="cmd"):
        base.popen(cmd)
    assert not base.is_running


@pytest.mark.parametrize("name,value,error", [
    ("timeout", "5", TypeError), ("timeout", True, TypeError),
    ("timeout", -1, ValueError), ("timeout", float("nan"), ValueError),
    ("timeout", float("inf"), ValueError), ("timeout", 1e300, ValueError),
    ("input", "text", TypeError), ("input", 5, TypeError),
    ("env", ["A=b"], TypeError), ("env", {"A": None}, TypeError),
    ("env", {"A=": "b"}, ValueError), ("cwd", 5, TypeError),
    ("cwd", "a\0", ValueError), ("capture_limit", -1, ValueError),
    ("capture_limit", 1 << 64, ValueError), ("capture_limit", True, TypeError),
    ("capture_limit", "5", TypeError)])
def test_a_bad_option_is_told(base, name, value, error):
    with pytest.raises(error, match=name):
        base.run(["true"], **{name: value})
    assert not base.is_running
    assert base.run(["true"]).success


def test_words_are_bytes(base):
    result = base.run(["printf", "%s.", b"\xff\xfe", "\udcff", "a b", "", "\u00e9"])
    assert result.stdout == b"\xff\xfe.\xff.a b..\xc3\xa9."


def test_a_long_command_line(base):
    words = ["x" * 100] * 5000
    assert base.run(["sh", "-c", "echo $#", "sh"] + words).stdout == b"5000\n"


def test_a_command_line_that_is_too_long(base):
    result = base.run(["echo"] + ["x" * 200000])
    assert not result.success and result.exit_code in (125, 126)
    assert result.error


def test_environment(base, monkeypatch):
    monkeypatch.setenv("FROM_HOST", "host")
    base.env = {"A": "1", "B": "2"}
    script = 'printf %s "$FROM_HOST,$A,$B,$C"'
    assert base.run(["sh", "-c", script], env={"B": "3", "C": "x=y"}).stdout == \
        b"host,1,3,x=y"
    assert base.env == {"A": "1", "B": "2"}
    base.clean_env = True
    assert base.run(["sh", "-c", script]).stdout == b",1,2,"


def test_environment_is_bytes(base):
    os.environb[b"ODD"] = b"\xff\xfe"
    try:
        result = base.run(["sh", "-c", 'printf %s "$ODD$MORE"'],
                          env={"MORE": b"\xfd\n"})
    finally:
        del os.environb[b"ODD"]
    assert result.stdout == b"\xff\xfe\xfd\n"


def test_working_directory(base, tmp_path):
    base.fs_readable = [str(tmp_path)]
    assert base.run(["pwd"], cwd=tmp_path).stdout == \
        os.fsencode(str(tmp_path)) + b"\n"
    base.cwd = "/usr"
    assert base.run(["pwd"]).stdout == b"/usr\n"
    assert base.run(["pwd"], cwd="/usr/bin").stdout == b"/usr/bin\n"
    assert base.run(["pwd"], cwd="/no/such").exit_code == 125


def test_timeout(base):
    start = time.monotonic()
    result = base.run(["sh", "-c", "echo before; sleep 1000"], timeout=0.3)
    assert time.monotonic() - start >= 0.3
    assert result.reason is ExitReason.TIMEOUT
    assert (result.success, result.exit_code, result.signal) == (False, -1, -1)
    assert result.stdout == b"before\n"
    assert "timed out" in result.error and result.exit_status == 124


@pytest.mark.parametrize("timeout", [0, 0.0, 1e-9])
def test_no_time_is_a_millisecond_and_not_for_ever(base, timeout):
    assert base.run(["sleep", "1000"], timeout=timeout).reason is \
        ExitReason.TIMEOUT


def test_a_timeout_ends_what_hides(base, tmp_path, until, gone):
    base.fs_writable = [str(tmp_path)]
    script = ("(setsid sh -c 'echo $$ > %s/pid; trap \"\" TERM; sleep 1000' &) "
              ">/dev/null 2>&1; sleep 1000" % tmp_path)
    result = base.run(["sh", "-c", script], timeout=1)
    assert result.reason is ExitReason.TIMEOUT
    assert gone(int((tmp_path / "pid").read_text()))


def test_nothing_survives_a_run(base, tmp_path, gone):
    base.fs_writable = [str(tmp_path)]
    script = ("(setsid sh -c 'echo $$ > %s/pid; exec sleep 1000' &) ; "
              "while [ ! -s %s/pid ]; do :; done" % (tmp_path, tmp_path))
    # It keeps our pipes open, and the run ends nevertheless.
    assert base.run(["sh", "-c", script], timeout=20).success
    assert gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGSEGV, signal.SIGPIPE])
def test_a_program_that_dies_of_a_signal(base, number):
    result = base.run(["sh", "-c", "kill -%d $$" % number])
    assert (result.reason, result.signal) == (ExitReason.SIGNALED, number)
    assert (result.success, result.exit_code) == (False, -1)
    assert result.exit_status == 128 + number


def test_a_program_that_kills_itself(base):
    result = base.run(["sh", "-c", "echo x; kill -9 $$"])
    assert (result.reason, result.signal) == (ExitReason.KILLED, -1)
    assert (result.exit_code, result.exit_status) == (-1, 137)
    assert result.stdout == b"x\n"


def test_signals_start_at_their_defaults(base):
    # Python ignores SIGPIPE; what it starts does not inherit that.
    assert base.run(["sh", "-c", "kill -PIPE $$; echo survived"]).signal == 13


def test_input(base):
    data = os.urandom(1 << 20)
    assert base.run(["cat"], input=data).stdout == data
    assert base.run(["cat"], input=b"").stdout == b""
    assert base.run(["cat"], input=memoryview(data)).stdout == data


def test_input_that_nobody_reads(base):
    assert base.run(["true"], input=bytes(1 << 20)).success
    assert base.run(["sh", "-c", "exec <&-; echo x"],
                    input=bytes(1 << 20)).stdout == b"x\n"
    result = base.run(["sleep", "1000"], input=bytes(1 << 20), timeout=0.2)
    assert result.reason is ExitReason.TIMEOUT


def test_both_streams_full_at_once(base):
    script = ("head -c 300000 /dev/zero >&2 & head -c 300000 /dev/zero; wait")
    result = base.run(["sh", "-c", script])
    assert (len(result.stdout), len(result.stderr)) == (300000, 300000)


def test_output_that_is_no_text(base):
    result = base.run(["printf", r"\377\376\000\n\033[2J"])
    assert result.stdout == b"\xff\xfe\0\n\x1b[2J"


def test_output_over_the_limit_is_cut_and_told(base):
    result = base.run(["head", "-c", "300000", "/dev/zero"], capture_limit=1000)
    assert result.success and result.truncated
    assert result.stdout == bytes(1000)
    result = base.run(["head", "-c", "1000", "/dev/zero"], capture_limit=1000)
    assert len(result.stdout) == 1000 and not result.truncated


def test_interactive_uses_our_streams(python):
    done = python("import sandlock, sys\n"
                  "sys.exit(sandlock.Sandbox(profiles=['base']).run_interactive("
                  "['sh', '-c', 'echo out; echo err >&2; exit 9']))")
    assert (done.stdout, done.stderr, done.returncode) == (b"out\n", b"err\n", 9)


def test_one_at_a_time(base, until):
    process = base.popen(["sleep", "1000"])
    try:
        for call in (base.run, base.popen, base.spawn, base.run_interactive,
                     base.create):
            with pytest.raises(RuntimeError, match="already running"):
                call(["true"])
    finally:
        process.kill()
        process.wait()
    assert base.run(["true"]).success


def test_one_at_a_time_between_threads(base, until):
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(base.run(["sleep", "1000"], timeout=20)))
    thread.start()
    until(lambda: base.is_running, "the start")
    with pytest.raises(RuntimeError, match="already running"):
        base.run(["true"])
    base.kill()
    thread.join()
    assert answers[0].reason is ExitReason.KILLED


@pytest.mark.full
def test_a_hundred_megabytes(base):
    result = base.run(["head", "-c", "100000000", "/dev/urandom"])
    assert result.success and result.truncated
    assert len(result.stdout) == 64 << 20
    result = base.run(["head", "-c", "100000000", "/dev/zero"],
                      capture_limit=200 << 20)
    assert len(result.stdout) == 100000000 and not result.truncated
