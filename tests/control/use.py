# SPDX-License-Identifier: Apache-2.0
"""ps, inspect, kill and events, as a user would call them."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

from lib import (DEADLINE, SANDLOCK, equal, has, has_not, is_gone, run,
                 status_of, until)


def nothing_runs(place):
    equal(place.call("ps"), ("", "", 0))
    equal(place.call("ps", "--json"), ("[]\n", "", 0))


def ps_lists_what_runs(place):
    job = place.start("--name", "build", words=["a b"])
    item = place.running("build")["build"]
    equal(item["command"][-3:], ["echo ready; exec cat", "sh", "a b"])
    equal(item["supervisor"], job.pid)
    equal(item["cwd"], os.getcwd())
    out, err, status = place.call("ps")
    equal((err, status), ("", 0))
    name, pid, age, command = out.rstrip("\n").split("\t")
    equal((name, int(pid)), ("build", item["pid"]))
    equal(bool(re.fullmatch(r"[0-9]+s", age)), True)
    equal(command, "sh -c 'echo ready; exec cat' sh 'a b'")
    equal(status_of(job), 0)
    nothing_runs(place)
    equal(place.files(), [])


def a_name_is_made_up(place):
    job = place.start()
    name = until("a name", lambda: next(iter(place.running()), None))
    item = place.running(name)[name]
    equal(name, f"sh-{item['pid']}")
    equal(place.call("kill", name), ("", "", 0))
    equal(job.wait(DEADLINE), 128 + signal.SIGTERM)


def names_are_of_one_at_a_time(place):
    first = place.start("--name", "one")
    out, err, status = place.call("run", "--name", "one", "--", "true")
    equal((out, status), ("", 125))
    equal(err, "sandlock: a sandbox named 'one' is running\n")
    place.running("one")
    equal(status_of(first), 0)
    equal(place.call("run", "--name", "one", "--", "true"), ("", "", 0))


def of_two_that_start_at_once_one_wins(place):
    for _ in range(10):
        jobs = [place.begin("--name", "race") for _ in range(3)]
        said = []
        for job in jobs:
            said.append(job.stdout.readline())
        equal(sorted(said), [b"", b"", b"ready\n"])
        status = sorted(status_of(job) for job in jobs)
        equal(status, [0, 125, 125])
    equal(place.files(), [])


def kill_is_term_first(place):
    job = place.start("--name", "polite",
                      script="trap 'exit 7' TERM; echo ready; "
                             "while :; do read -r _; done")
    equal(place.call("kill", "polite"), ("", "", 0))
    equal(job.wait(DEADLINE), 7)
    equal(place.files(), [])


def kill_is_kill_in_the_end(place):
    script = ("trap '' TERM; setsid sh -c 'trap \"\" TERM HUP; echo $$; "
              "exec sleep 1000' & wait_for=$!; read -r _; wait")
    job = place.begin("--name", "deaf", script=script)
    daemon = int(job.stdout.readline())
    place.running("deaf")
    begun = time.monotonic()
    equal(place.call("kill", "--grace", "300ms", "deaf"), ("", "", 0))
    equal(time.monotonic() - begun >= 0.3, True)
    equal(is_gone(daemon), True)
    equal(job.wait(DEADLINE), 128 + signal.SIGKILL)
    # The end is as any other: nothing is left of the temporary directory.
    equal([name for name in os.listdir(os.path.dirname(place.entries))
           if name.startswith("tmp-")], [])


def kill_without_grace(place):
    job = place.start("--name", "now", script="trap '' TERM; echo ready; "
                      "while :; do read -r _; done")
    equal(place.call("kill", "--grace", "0", "now"), ("", "", 0))
    equal(job.wait(DEADLINE), 128 + signal.SIGKILL)


def kill_takes_many(place):
    jobs = [place.start("--name", name) for name in ("a", "b", "c")]
    place.running("a", "b", "c")
    out, err, status = place.call("kill", "a", "nosuch", "b")
    equal((out, status), ("", 125))
    equal(err, "sandlock: no sandbox named 'nosuch' is running; hint: "
               "'sandlock ps' lists what runs\n")
    equal([jobs[i].wait(DEADLINE) for i in (0, 1)], [143, 143])
    equal(list(place.running("c")), ["c"])


def kill_sends_a_signal(place):
    job = place.start("--name", "usr", script="trap 'echo heard' USR1; "
                      "echo ready; while :; do read -r _; done")
    for word in ("USR1", "SIGUSR1", str(int(signal.SIGUSR1))):
        equal(place.call("kill", "-s", word, "usr"), ("", "", 0))
        equal(job.stdout.readline(), b"heard\n")
    equal(place.call("kill", "-s", "KILL", "usr"), ("", "", 0))
    equal(job.wait(DEADLINE), 137)


def an_order_outlives_who_gave_it(place):
    job = place.start("--name", "order", script="trap 'echo heard' TERM; "
                      "echo ready; while :; do read -r _; done")
    with subprocess.Popen([SANDLOCK, "kill", "--grace", "500ms", "order"],
                          env=place.env()) as order:
        equal(job.stdout.readline(), b"heard\n")
        order.kill()
    equal(job.wait(DEADLINE), 137)


def kill_reaches_what_is_suspended(place):
    job = place.start("--name", "bg")
    place.running("bg")
    os.kill(job.pid, signal.SIGSTOP)
    os.waitpid(job.pid, os.WUNTRACED)
    equal(place.listed()["bg"]["state"], "suspended")
    has(place.call("ps")[0], "suspended")
    has(place.call("inspect", "bg")[1], "is stopped and cannot answer")
    equal(place.call("kill", "bg"), ("", "", 0))
    equal(job.wait(DEADLINE), 143)


def what_a_killed_supervisor_leaves_goes(place):
    job = place.start("--name", "victim")
    pid = place.running("victim")["victim"]["pid"]
    equal(place.files(), ["victim.lock", "victim.sock"])
    job.kill()
    equal(job.wait(DEADLINE), -signal.SIGKILL)
    until("the tree is gone", lambda: is_gone(pid))
    until("ps is empty", lambda: place.listed() == {})
    equal(place.files(), [])
    # So does it for who wants the name, once the guardian is through.
    job = place.start("--name", "victim")
    job.kill()
    job.wait(DEADLINE)
    until("the name is free",
          lambda: place.call("run", "--name", "victim", "--",
                             "true") == ("", "", 0))


def inspect_gives_the_policy_back(place):
    args = ["-w", place.xdg, "--env", "A=b c", "--env", 'Q="$X"\t\u00e4',
            "-t", "1h", "--net-allow", "tcp://:443", "--scrub-env", "*_TOKEN"]
    place.start("--name", "first", *args)
    place.running("first")
    text, err, status = place.call("inspect", "--toml", "first")
    equal((err, status), ("", 0))
    file = os.path.join(place.xdg, "again.toml")
    with open(file, "w", encoding="utf-8") as out:
        out.write(text)
    equal(place.call("profile", "check", file)[1:], ("", 0))
    second = subprocess.Popen(
        [SANDLOCK, "run", "--name", "second", "--profile-file", file, "--",
         "cat"], stdin=subprocess.PIPE, env=place.env())
    place.jobs.append(second)
    place.running("second")
    equal(place.call("inspect", "--toml", "second"), (text, "", 0))
    whole = json.loads(place.call("inspect", "--json", "first")[0])
    has(whole["policy"]["filesystem.write"], place.xdg)
    equal(whole["policy"]["limits.timeout"], "1h")
    equal(whole["name"], "first")


def inspect_for_people_keeps_values(place):
    place.start("--name", "quiet", "--env", "TOKEN=canary")
    place.running("quiet")
    out, err, status = place.call("inspect", "quiet")
    equal((err, status), ("", 0))
    for part in ("Name        quiet\n", "supervised by", "\nprogram.env\n",
                 "  TOKEN=...\n"):
        has(out, part)
    has_not(out, "canary")
    has(place.call("inspect", "--toml", "quiet")[0], "canary")


def nothing_is_written_down(place):
    place.start("--name", "secret", "--env", "TOKEN=canary", words=["canary"])
    place.running("secret")
    for root, _, names in os.walk(os.path.join(place.xdg, "sandlock")):
        for name in names:
            path = os.path.join(root, name)
            equal((path, os.lstat(path).st_size), (path, 0))
            has_not(path, "canary")


def a_command_cannot_drive_the_terminal(place):
    place.start("--name", "esc", words=["x\033[31m\nfoo\ty\udcff"])
    item = place.running("esc")["esc"]
    equal(item["command"][-1], "x\033[31m\nfoo\ty\udcff")
    out, _, _ = place.call("ps")
    equal((out.count("\n"), out.count("\t"), out.count("\033")), (1, 3, 0))
    has_not(place.call("inspect", "esc")[0], "\033")
    master, slave = pty.openpty()
    with subprocess.Popen([SANDLOCK, "ps"], stdout=slave,
                          env=place.env()) as job:
        os.close(slave)
        seen = b""
        try:
            while data := os.read(master, 65536):
                seen += data
        except OSError:
            pass
        job.wait(DEADLINE)
    os.close(master)
    has(seen, b"COMMAND")
    has_not(seen, b"\033[31m\n")
    has_not(seen, b"x\033")


# What a terminal obeys or hides, or what turns a line around, and a stray byte.
UNSEEN = ("\x1b]0;x\x07", "\x9b31m", "\u202e", "\u2028", "\u2066", "\ufeff",
          "\udcff")


def a_directory_cannot_drive_the_terminal(place):
    """The working directory is the program's choice, and so is its name."""
    name = "in" + "".join(UNSEEN) + "\u00e9out"
    place.start("--name", "build", "-w", place.xdg, words=[place.xdg, name],
                script='cd "$1" && mkdir "$2" && cd "$2" && echo ready && '
                       'exec cat')
    equal(place.running("build")["build"]["cwd"], os.path.join(place.xdg, name))
    for command in (["ps"], ["inspect", "build"], ["ps", "--json"],
                    ["inspect", "--json", "build"]):
        out, err, status = place.call(*command)
        equal((err, status), ("", 0))
        for text in "\x1b", "\x07", "\x9b", *UNSEEN[2:]:
            has_not(out, text)
    has(place.call("inspect", "build")[0], "/in?]0;x??31m?????\u00e9out\n")


def events_of_one(place):
    job = place.start("--name", "ev", script="echo ready; read -r _; exit 3")
    place.running("ev")
    with subprocess.Popen([SANDLOCK, "events", "--json", "ev"],
                          stdout=subprocess.PIPE, env=place.env()) as events:
        started = json.loads(events.stdout.readline())
        equal(status_of(job), 3)
        ended = json.loads(events.stdout.readline())
        equal(events.stdout.read(), b"")
        equal(events.wait(DEADLINE), 0)
    equal((started["event"], started["sandbox"]), ("started", "ev"))
    equal((ended["event"], ended["sandbox"], ended["reason"],
           ended["exit_code"]), ("ended", "ev", "exited", 3))
    equal(started["time"] <= ended["time"], True)
    # As the library of the language reads it.
    equal(abs(time.mktime(time.strptime(ended["time"][:19],
                                        "%Y-%m-%dT%H:%M:%S")) -
              time.mktime(time.gmtime())) < DEADLINE, True)


def events_of_all(place):
    place.start("--name", "before")
    place.running("before")
    with subprocess.Popen([SANDLOCK, "events"], stdout=subprocess.PIPE,
                          env=place.env()) as events:
        has(events.stdout.readline(), b" before started as process ")
        job = place.start("--name", "after")
        has(events.stdout.readline(), b" after started as process ")
        place.call("kill", "before")
        has(events.stdout.readline(), b" before ended by signal 15")
        job.send_signal(signal.SIGKILL)
        has(events.stdout.readline(), b" after ended with its supervisor")
        events.terminate()


def fifty(place):
    names = [f"n{i}" for i in range(50)]
    jobs = [place.begin("--name", name) for name in names]
    for job in jobs:
        equal(job.stdout.readline(), b"ready\n")
    place.running(*names)
    out, err, status = place.call("ps")
    equal((err, status), ("", 0))
    equal([line.split("\t")[0] for line in out.splitlines()], sorted(names))
    equal(place.call("kill", *names), ("", "", 0))
    equal([job.wait(DEADLINE) for job in jobs], [143] * 50)
    equal(place.files(), [])


def a_run_needs_no_control_plane(place):
    for make in (lambda path: open(path, "w", encoding="ascii").close(),
                 lambda path: os.symlink("/tmp", path),
                 lambda path: (os.mkdir(path), os.chmod(path, 0o755))):
        base = os.path.join(place.xdg, "x")
        os.mkdir(base, 0o700)
        make(os.path.join(base, "sandlock"))
        for name in ([], ["--name", "x"]):
            job = place.begin(*name, "--no-private-tmp", XDG_RUNTIME_DIR=base)
            has(job.stderr.readline(),
                b"sandlock: warning: 'sandlock ps' and 'kill' will not find "
                b"this run: ")
            equal(job.communicate(timeout=DEADLINE), (b"ready\n", b""))
            equal(job.returncode, 0)
        has(place.call("ps", XDG_RUNTIME_DIR=base)[1], base)
        os.rename(base, f"{base}-{time.monotonic_ns()}")


def a_long_command_is_cut(place):
    place.start("--name", "long", words=["w" * 1000] * 100)
    item = place.running("long")["long"]
    equal(item["command_cut"], True)
    equal(len(item["command"]) < 70, True)


CASES = [nothing_runs, ps_lists_what_runs, a_name_is_made_up,
         names_are_of_one_at_a_time, of_two_that_start_at_once_one_wins,
         kill_is_term_first, kill_is_kill_in_the_end, kill_without_grace,
         kill_takes_many, kill_sends_a_signal, an_order_outlives_who_gave_it,
         kill_reaches_what_is_suspended, what_a_killed_supervisor_leaves_goes,
         inspect_gives_the_policy_back, inspect_for_people_keeps_values,
         nothing_is_written_down, a_command_cannot_drive_the_terminal,
         a_directory_cannot_drive_the_terminal,
         events_of_one, events_of_all, fifty, a_run_needs_no_control_plane,
         a_long_command_is_cut]

if __name__ == "__main__":
    sys.exit(run(CASES))
