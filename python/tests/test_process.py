# SPDX-License-Identifier: Apache-2.0
"""popen() and the run in steps."""
import gc
import os
import signal
import tempfile
import threading
import warnings

import pytest

from sandlock import (ExitReason, NotAvailableError, Process, Sandbox,
                      SandboxError, StdioMode)

PIPE, NULL = StdioMode.PIPE, StdioMode.NULL


def test_round_trip(base):
    with base.popen(["cat"], stdin=PIPE, stdout=PIPE) as process:
        assert isinstance(process, Process) and process.stderr is None
        assert process.pid > 0 and base.pid == process.pid and base.is_running
        process.stdin.write(b"one\n")
        assert process.stdout.read(4) == b"one\n"
        process.stdin.close()
        assert process.stdout.read() == b""
        result = process.wait()
    assert result.success and result.stdout == b""
    assert process.pid is None and base.pid is None and not base.is_running
    assert process.returncode == 0


def test_all_three_pipes(base):
    with base.popen(["sh", "-c", "cat; echo err >&2"], PIPE, PIPE, PIPE) as p:
        p.stdin.write(b"in")
        p.stdin.close()
        assert (p.stdout.read(), p.stderr.read()) == (b"in", b"err\n")


def test_numbers_for_modes(base):
    with base.popen(["cat"], stdin=2, stdout=1) as process:
        assert process.stdout.read() == b""


def test_a_file_as_stream(base, tmp_path):
    with open(tmp_path / "out", "wb") as out:
        assert base.popen(["echo", "x"], stdout=out).wait().success
    assert (tmp_path / "out").read_bytes() == b"x\n"


@pytest.mark.parametrize("bad", [3, -1, "pipe", None, True, object()])
def test_a_bad_mode_is_told(base, bad):
    for name in ("stdin", "stdout", "stderr"):
        with pytest.raises(ValueError, match=name):
            base.popen(["true"], **{name: bad})
    assert not base.is_running


def test_a_closed_file_as_stream(base, no_leak):
    file = tempfile.TemporaryFile()
    file.close()
    with pytest.raises(ValueError):
        base.popen(["true"], stdin=PIPE, stdout=file)


def test_what_cannot_be_started_raises(base, no_leak):
    with pytest.raises(SandboxError, match="no-such") as caught:
        base.popen(["no-such"], PIPE, PIPE, PIPE)
    assert (caught.value.exit_status, caught.value.stage) == (127, "exec")
    with pytest.raises(RuntimeError):
        base.spawn(["/etc/passwd"])
    assert not base.is_running


def test_stdin_that_nobody_took_ends_with_wait(base):
    assert base.popen(["cat"], stdin=PIPE, stdout=NULL).wait(20).success


def test_wait_returns_the_same_result_again(base):
    process = base.popen(["sh", "-c", "exit 4"])
    result = process.wait()
    assert result.exit_code == 4
    assert process.wait() is result and process.wait(0) is result
    assert process.poll() is result


@pytest.mark.parametrize("timeout", [0, 0.05])
def test_wait_with_a_timeout_kills(base, timeout):
    process = base.popen(["sleep", "1000"])
    result = process.wait(timeout)
    assert result.reason is ExitReason.TIMEOUT and result.exit_status == 124
    assert process.wait() is result


def test_poll(base, until):
    process = base.popen(["cat"], stdin=PIPE, stdout=NULL)
    assert process.poll() is None and process.returncode is None
    process.stdin.close()
    until(lambda: process.poll() is not None, "its end")
    assert process.wait().success and not base.is_running


def test_kill_twice_and_after_the_end(base):
    process = base.popen(["sleep", "1000"])
    process.kill()
    process.kill()
    assert process.wait().reason is ExitReason.KILLED
    process.kill()
    process.send_signal(signal.SIGTERM)


def test_kill_takes_the_whole_tree(base, gone):
    process = base.popen(["sh", "-c", "setsid sleep 1000 & echo $!; wait"],
                         stdout=PIPE)
    pid = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.close()
    assert gone(pid)


def test_a_signal_reaches_the_program(base):
    with base.popen(["sh", "-c", "trap 'exit 7' USR1; echo; while :; do "
                     "sleep 0.01; done"], stdout=PIPE) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGUSR1)
        assert process.wait(20).exit_code == 7


def test_leaving_the_block_ends_it(base, gone, no_leak):
    with base.popen(["sleep", "1000"], PIPE, PIPE, PIPE) as process:
        pid = process.pid
    assert gone(pid) and process.stdout.closed and process.stdin.closed
    assert process.wait().reason is ExitReason.KILLED
    with pytest.raises(KeyError):
        with base.popen(["sleep", "1000"]):
            raise KeyError("passes through")
    assert not base.is_running


def test_leaving_the_sandboxs_block_ends_it(gone):
    with Sandbox(profiles=["base"]) as sandbox:
        process = sandbox.popen(["sleep", "1000"])
        pid = process.pid
    assert gone(pid) and not sandbox.is_running
    assert process.wait().reason is ExitReason.KILLED


def test_dropping_it_warns_and_ends_it(base, gone, no_leak):
    process = base.popen(["sleep", "1000"], PIPE, PIPE)
    pid = process.pid
    with pytest.warns(ResourceWarning, match=str(pid)):
        del process
        gc.collect()
    assert gone(pid)
    assert base.run(["true"]).success
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        process = base.popen(["true"])
        process.wait()
        del process
        gc.collect()


def test_a_stale_process_does_not_touch_a_later_one(base):
    old = base.popen(["true"])
    old.wait()
    with base.popen(["cat"], stdin=PIPE, stdout=NULL) as new:
        old.kill()
        old.close()
        assert base.is_running and new.poll() is None
        new.stdin.close()
        assert new.wait().success


def test_the_sandbox_leaves_a_process_alone(base):
    with base.popen(["sleep", "1000"]):
        for call in (base.wait, base.kill, base.pause, base.resume):
            with pytest.raises(RuntimeError, match="popen"):
                call()


def test_two_waiters(base, until):
    process = base.popen(["sleep", "1000"])
    answers = []
    thread = threading.Thread(target=lambda: answers.append(process.wait()))
    thread.start()
    until(lambda: process._child._waiting.locked(), "the waiter")
    with pytest.raises(RuntimeError, match="already waits"):
        process.wait()
    process.close()
    thread.join()
    assert answers[0].reason is ExitReason.KILLED


def test_a_time_limit(base):
    process = base.popen(["sleep", "1000"], timeout=0.1)
    assert process.wait().reason is ExitReason.TIMEOUT


def test_a_descriptor_to_poll(base):
    import select
    with base.popen(["true"]) as process:
        poller = select.poll()
        poller.register(process, select.POLLIN)
        while process.poll() is None:
            assert poller.poll(20000)


# ---- a run in steps ------------------------------------------------------


def test_spawn_and_wait(base):
    base.spawn(["sh", "-c", "echo x; exit 2"])
    assert base.pid > 0
    result = base.wait()
    assert (result.stdout, result.exit_code) == (b"x\n", 2)
    assert base.pid is None
    for call in (base.wait, base.kill, base.pause, base.resume):
        with pytest.raises(RuntimeError, match="not running"):
            call()


def test_spawned_output_beyond_a_pipe(base):
    base.spawn(["head", "-c", "300000", "/dev/zero"])
    assert len(base.wait().stdout) == 300000


def test_kill_is_fine_after_the_end(base, until):
    base.spawn(["true"])
    until(lambda: not base.is_running, "its end")
    base.kill()
    assert base.wait().success


def test_wait_of_the_sandbox_with_a_timeout(base):
    base.spawn(["sleep", "1000"])
    assert base.wait(0.05).reason is ExitReason.TIMEOUT
    assert not base.is_running and base.run(["true"]).success


def state(pid):
    with open("/proc/%d/stat" % pid, "rb") as file:
        return file.read().rpartition(b")")[2].split()[0]


def test_pause_and_resume(base, until):
    base.spawn(["sleep", "1000"])
    pid = base.pid
    base.pause()
    until(lambda: state(pid) == b"T", "the stop")
    base.resume()
    until(lambda: state(pid) != b"T", "the start")
    base.kill()
    assert base.wait().reason is ExitReason.KILLED


def test_parking_is_refused_and_not_pretended(base):
    with pytest.raises(NotAvailableError, match="spawn"):
        base.create(["true"])
    with pytest.raises(RuntimeError, match="has not been created"):
        base.start()
    assert not base.is_running


@pytest.mark.parametrize("name", [
    "cmd", "run_with_handlers", "dry_run", "fork", "reduce", "checkpoint",
    "restore_interactive"])
def test_what_is_missing_says_so(base, name):
    with pytest.raises(NotAvailableError, match=name):
        getattr(base, name)(["true"])


def test_there_is_no_branch(base):
    assert base.pending is False and base.upper_dir is None
    assert base.ports() == {} and base.restore_skipped == []
    for call in (base.commit, base.abort):
        with pytest.raises(RuntimeError, match="pending"):
            call()


def test_a_copy_does_not_have_the_child(base):
    import copy
    with base.popen(["sleep", "1000"]):
        other = copy.copy(base)
        assert not other.is_running and other == base
        assert other.run(["true"]).success
        assert base.is_running


def test_a_closed_stdin_is_told_by_the_pipe(base):
    with base.popen(["true"], stdin=PIPE) as process:
        process._child.wait()
        with pytest.raises(BrokenPipeError):
            process.stdin.write(b"x")


def test_the_pipes_are_ours_alone(base):
    with base.popen(["sleep", "1000"], PIPE, PIPE) as process:
        for stream in (process.stdin, process.stdout):
            assert not os.get_inheritable(stream.fileno())
