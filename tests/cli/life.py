#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Supervisor and guardian of a judged sandbox, killed at random moments: nothing
of the tree stays, and nothing of it ever ran unconfined.  TAP on stdout.

usage: life.py SANDLOCK [ROUNDS]

The tree consists of daemons that left their session and of a loop that tries to
change something outside, by a call that only the judge refuses and by one that
only Landlock does.  LIFE_SEED repeats a failed run.
"""
import os
import pathlib
import random
import select
import signal
import subprocess
import sys
import tempfile
import time

SANDLOCK = os.path.abspath(sys.argv[1])
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
SEED = int(os.environ.get("LIFE_SEED", random.randrange(1 << 32)))
PATIENCE = 30 * float(os.environ.get("TEST_TIMEOUT_SCALE", "1"))
TREE = """
(setsid sh -c 'exec sleep {mark}' &) ; (setsid sh -c 'sleep {mark}; :' &)
echo up
while :; do
	chmod 777 "{victim}" 2>/dev/null; (echo x >>"{victim}") 2>/dev/null
done
"""


def processes(mark):
    """Pids whose command line ends in the mark."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            line = pathlib.Path("/proc", entry, "cmdline").read_bytes()
            state = pathlib.Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        if str(mark).encode() in line and state.rsplit(") ", 1)[1][0] != "Z":
            found.append(int(entry))
    return found


def guardian(supervisor):
    for task in os.listdir(f"/proc/{supervisor}/task"):
        path = pathlib.Path(f"/proc/{supervisor}/task/{task}/children")
        for pid in path.read_text().split():
            name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            if name == "sandlock-guard":
                return int(pid)
    return None


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def one_round(chance, whom, work):
    mark = chance.randrange(10 ** 8, 10 ** 9)
    victim = work / "victim"
    victim.write_text("whole")
    victim.chmod(0o640)
    before = victim.stat()
    run = subprocess.Popen(
        [SANDLOCK, "run", "-p", "base", "--", "sh", "-c",
         TREE.format(mark=mark, victim=victim)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, start_new_session=True)
    if chance.random() < 0.7 and select.select([run.stdout], [], [], PATIENCE)[0]:
        run.stdout.readline()
    # The moment, not a wait for anything.
    time.sleep(chance.random() * 0.02)
    try:
        other = guardian(run.pid)
    except OSError:
        other = None
    for name in whom:
        if name == "supervisor":
            kill(run.pid)
        elif other:
            kill(other)
        # Killed together they leave the tree, as SECURITY.md says: the second
        # must have had its turn on a busy machine, too.
        if name != whom[-1]:
            time.sleep(0.2 + chance.random() * 0.1)
    if whom == ["guardian"] and not other:
        kill(run.pid)
    try:
        run.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        kill(run.pid)
        run.wait()
        return "the supervisor does not end"
    deadline = time.monotonic() + PATIENCE
    while processes(mark) and time.monotonic() < deadline:
        time.sleep(0.005)
    left = processes(mark)
    for pid in left:
        kill(pid)
    run.stdout.close()
    if left:
        return f"{len(left)} processes stayed"
    after = victim.stat()
    if (victim.read_text(), after.st_mode, after.st_ctime_ns) != \
            ("whole", before.st_mode, before.st_ctime_ns):
        return "something outside was changed"
    return None


def main():
    chance = random.Random(SEED)
    cases = (["supervisor"], ["guardian"], ["guardian", "supervisor"],
             ["supervisor", "guardian"])
    failed = 0
    print(f"1..{len(cases)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="sandlock-life.") as name:
        for number, whom in enumerate(cases, 1):
            wrong = None
            for i in range(ROUNDS):
                wrong = one_round(chance, whom, pathlib.Path(name))
                if wrong:
                    print(f"# round {i}: {wrong}; LIFE_SEED={SEED}")
                    break
            failed += wrong is not None
            print(f"{'not ok' if wrong else 'ok'} {number} - killed: "
                  f"{', then '.join(whom)}", flush=True)
    sys.exit(1 if failed else 0)


main()
