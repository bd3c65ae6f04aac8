#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The terminal: handed over, stopped, continued, given back as it was.

Each case runs the tool on a terminal of its own under a small shell (this
program) that does what an interactive shell does with a job.
"""

import os
import pty
import select
import signal
import sys
import termios
import time

SANDLOCK = os.path.abspath(sys.argv[1])
DEADLINE = 30


class Job:
    """A foreground job on a new terminal, with us as its session's shell."""

    def __init__(self, *args, background=False):
        # The session leader must be a process of its own.
        self.reply, reply = os.pipe()
        order, self.order = os.pipe()
        self.shell, self.master = pty.fork()
        if self.shell == 0:
            try:
                self.shell_main(order, reply, args, background)
            finally:
                os._exit(1)
        os.close(order)
        os.close(reply)
        self.seen = b""

    def shell_main(self, order, reply, args, background):
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            if not background:
                os.tcsetpgrp(0, os.getpgrp())
            for sig in (signal.SIGTTOU, signal.SIGTSTP):
                signal.signal(sig, signal.SIG_DFL)
            os.execv(SANDLOCK, [SANDLOCK, *args])
        while True:
            _, status = os.waitpid(job, os.WUNTRACED)
            owner = os.tcgetpgrp(0)
            os.tcsetpgrp(0, os.getpgrp())
            stopped = os.WIFSTOPPED(status)
            code = -1 if stopped else os.waitstatus_to_exitcode(status)
            flags = termios.tcgetattr(0)[3]
            mine = owner == job
            os.write(reply, b"%d %d %d %d\n" % (stopped, code, mine, flags))
            if not stopped:
                os._exit(0)
            if os.read(order, 1) == b"f":
                os.tcsetpgrp(0, job)
            os.kill(-job, signal.SIGCONT)

    def expect(self, text):
        """Read from the terminal until it shows text."""
        end = time.monotonic() + DEADLINE
        while text not in self.seen:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"no {text!r} in {self.seen!r}")
            try:
                self.seen += os.read(self.master, 4096)
            except OSError as error:
                raise AssertionError(f"no {text!r} in {self.seen!r}") from error
        self.seen = self.seen.split(text, 1)[1]

    def type(self, text):
        os.write(self.master, text)

    def wait(self):
        """The next stop or end: (stopped, code, owner was the job, lflag)."""
        if not select.select([self.reply], [], [], DEADLINE)[0]:
            raise AssertionError(f"neither stopped nor ended: {self.seen!r}")
        return tuple(int(word) for word in os.read(self.reply, 100).split())

    def foreground(self):
        os.write(self.order, b"f")

    def close(self):
        try:
            os.kill(self.shell, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.shell, 0)
        for fd in (self.master, self.reply, self.order):
            os.close(fd)


def reads_the_terminal(job):
    job.expect(b"ready")
    job.type(b"hello\n")
    job.expect(b"got hello")
    stopped, code, owner, _ = job.wait()
    assert (stopped, code) == (0, 0), (stopped, code)
    assert owner, "the terminal was not given back"


def interrupt(job):
    job.expect(b"ready")
    job.type(b"\x03")
    job.expect(b"interrupted")
    stopped, code, owner, _ = job.wait()
    assert (stopped, code) == (0, 9), (stopped, code)
    assert owner, "the terminal was not given back"


def stop_and_continue(job):
    job.expect(b"ready")
    stop_twice(job)


def stop_twice(job):
    for word in (b"one", b"two"):
        job.type(b"\x1a")
        stopped, _, _, _ = job.wait()
        assert stopped, "Ctrl-Z did not stop it"
        job.foreground()
        job.type(word + b"\n")
        job.expect(b"got " + word)
    job.type(b"\x04")
    stopped, code, owner, _ = job.wait()
    assert (stopped, code) == (0, 4), (stopped, code)
    assert owner, "the terminal was not given back"


def background_then_fg(job):
    stopped, _, owner, _ = job.wait()
    assert stopped, "a background job read the terminal"
    assert not owner, "a background job took the terminal"
    job.expect(b"ready")
    job.foreground()
    # Only what is typed may come early: a Ctrl-Z would hit the stopped job.
    job.type(b"zero\n")
    job.expect(b"got zero")
    stop_twice(job)


def settings_after_a_kill(job):
    before = termios.tcgetattr(job.master)[3]
    job.expect(b"ready")
    stopped, code, owner, after = job.wait()
    assert (stopped, code) == (0, 137), (stopped, code)
    assert owner, "the terminal was not given back"
    assert after == before, f"settings {after:o}, not {before:o}"


def settings_after_a_timeout(job):
    before = termios.tcgetattr(job.master)[3]
    stopped, code, owner, after = job.wait()
    assert (stopped, code) == (0, 124), (stopped, code)
    assert owner, "the terminal was not given back"
    assert after == before, f"settings {after:o}, not {before:o}"


def given_back_after_an_error(job):
    stopped, code, owner, _ = job.wait()
    assert (stopped, code) == (0, 127), (stopped, code)
    assert owner, "the terminal was not given back"


SHELL = "trap 'echo interrupted; exit 9' INT; echo ready; "
READER = "echo ready; while read -r x; do echo got $x; done; exit 4"
SYS = ["-r", "/usr", "-r", "?/bin", "-r", "?/lib", "-r", "?/lib64", "-r",
       "/etc", "-w", "/dev"]

CASES = [
    ("the workload reads the terminal", reads_the_terminal,
     ["-e", "echo ready; read -r x; echo got $x"]),
    ("Ctrl-C reaches the workload", interrupt,
     ["-e", SHELL + "while read -r x; do :; done; sleep 1000 & wait; wait"]),
    ("Ctrl-Z stops, fg continues, twice", stop_and_continue, ["-e", READER]),
    ("a background job waits for fg", background_then_fg, ["-e", READER]),
    ("settings come back after a kill", settings_after_a_kill,
     SYS + ["--", "sh", "-c", "stty raw -echo; echo ready; kill -KILL $$"]),
    ("settings come back after a timeout", settings_after_a_timeout,
     SYS + ["-t", "500ms", "--", "sh", "-c", "stty raw -echo; sleep 1000"]),
    ("given back when nothing could start", given_back_after_an_error,
     ["--", "nosuchcommand"]),
]


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    for number, (name, case, args) in enumerate(CASES, 1):
        job = Job("run", *args, background=case is background_then_fg)
        try:
            case(job)
            print(f"ok {number} - {name}")
        except AssertionError as error:
            failed += 1
            print(f"not ok {number} - {name}")
            print(f"# {error}")
        finally:
            job.close()
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
