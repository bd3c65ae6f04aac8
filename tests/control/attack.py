# SPDX-License-Identifier: Apache-2.0
"""Who must not be obeyed, believed or waited for: another user, a process inside
a sandbox, and what either of them put into the runtime directory.
"""

import ctypes
import fcntl
import os
import pwd
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile

from lib import (DEADLINE, SANDLOCK, equal, has, has_not, run, status_of, until)

# struct sl_control_request: version, verb, signal, 0, grace, 0..., name
INFO, KILL = 1, 4
NOBODY = "nobody"


def request(verb, version=2, name=b"victim"):
    return struct.pack("<IIiIQ40x72s", version, verb, 0, 0, 0, name)


def knock(path, message=None):
    """What a server says to @message; None: it hangs up without a word."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        sock.settimeout(DEADLINE)
        sock.connect(path)
        try:
            sock.send(request(INFO) if message is None else message)
            return sock.recv(65536) or None
        except (ConnectionResetError, BrokenPipeError):
            return None


def listens(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        return sock.connect_ex(path) == 0


def in_child(job):
    """Exit status of @job() in a process of its own."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            status = job()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def be_confined():
    """One seccomp filter that permits everything: confined all the same."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(struct.pack("<HBBI", 6, 0, 0, 0x7fff0000))
    prog = struct.pack("<HxxxxxxQ", 1, ctypes.addressof(code))
    if (libc.prctl(38, 1, 0, 0, 0) or
            libc.prctl(22, 2, ctypes.c_char_p(prog), 0, 0)):
        raise OSError(ctypes.get_errno(), "no seccomp filter")


def victim(place, *args):
    job = place.start("--name", "victim", *args)
    place.running("victim")
    return job, os.path.join(place.entries, "victim.sock")


def unharmed(place, job):
    equal(place.running("victim")["victim"]["supervisor"], job.pid)
    equal(status_of(job), 0)


def open_to_all(place):
    """As nobody should; what is left is that the supervisor looks itself."""
    for path in (place.xdg, os.path.dirname(place.entries), place.entries):
        os.chmod(path, 0o755)
    for name in os.listdir(place.entries):
        os.chmod(os.path.join(place.entries, name), 0o666)


def closed_again(place):
    for path in (place.xdg, os.path.dirname(place.entries), place.entries):
        os.chmod(path, 0o700)


def as_other_user(job):

    def become():
        user = pwd.getpwnam(NOBODY)
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        return job()
    return in_child(become)


def another_user_finds_nothing(place):
    job, sock = victim(place)
    for path in (place.entries, os.path.dirname(place.entries)):
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o700)

    def look():
        for attempt in (lambda: os.listdir(place.entries),
                        lambda: knock(sock)):
            try:
                attempt()
                return 1
            except PermissionError:
                pass
        return 0
    equal(as_other_user(look), 0)
    unharmed(place, job)


def another_user_is_not_heard(place):
    job, sock = victim(place)
    open_to_all(place)
    equal(as_other_user(lambda: knock(sock) is not None), 0)
    equal(as_other_user(lambda: knock(sock, request(KILL)) is not None), 0)
    closed_again(place)
    unharmed(place, job)


def root_is_heard(place):
    """By a supervisor of an ordinary user, whom it could kill anyway."""
    user = pwd.getpwnam(NOBODY)
    os.chown(place.xdg, user.pw_uid, user.pw_gid)
    place.start("--name", "theirs", prefix=[
        "setpriv", "--reuid", NOBODY, "--regid", str(user.pw_gid),
        "--clear-groups", "--"])
    sock = os.path.join(place.entries, "theirs.sock")
    order = request(INFO, name=b"theirs")
    until("it listens", lambda: listens(sock))
    equal(knock(sock, order) is not None, True)


def a_confined_process_is_not_heard(place):
    job, sock = victim(place)
    equal(knock(sock) is not None, True)

    def confined():
        be_confined()
        return (knock(sock) is not None or
                knock(sock, request(KILL)) is not None)
    equal(in_child(confined), 0)

    def confined_tool():
        be_confined()
        out, err, status = place.call("kill", "--grace", "0", "victim")
        return not (out == "" and status == 125 and
                    "does not talk to us" in err)
    equal(in_child(confined_tool), 0)
    unharmed(place, job)


def who_is_confined_alike_is_heard(place):
    """A terminal in a container, say, with the sandbox in the same one."""
    def confined():
        be_confined()
        job = place.start("--name", "victim")
        place.running("victim")
        equal(place.call("kill", "victim"), ("", "", 0))
        return job.wait(DEADLINE) != 143
    equal(in_child(confined), 0)


def squat(place, name, listens):
    """An entry as a sandbox with a grant of the place could make it."""
    ready, go = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        be_confined()
        path = os.path.join(place.entries, name)
        lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            if listens:
                sock.bind(path + ".sock")
                sock.listen(8)
            os.write(ready[1], b"x")
            os.close(go[1])
            os.read(go[0], 1)
        os._exit(0)
    os.close(go[0])
    os.read(ready[0], 1)
    return pid, go[1]


def a_confined_server_is_not_believed(place):
    place.call("ps")
    pid, go = squat(place, "fake", listens=True)
    equal(place.listed()["fake"], {"name": "fake",
                                   "state": "not to be trusted"})
    for command in ("inspect", "ports", "kill", "events"):
        out, err, status = place.call(command, "fake")
        equal((out, status), ("", 125))
        has(err, "cannot be trusted")
    os.close(go)
    os.waitpid(pid, 0)
    equal(place.listed(), {})


def a_held_lock_costs_a_name_and_no_more(place):
    place.call("ps")
    pid, go = squat(place, "held", listens=False)
    equal(place.listed()["held"]["state"], "starting or ending")
    out, err, status = place.call("run", "--name", "held", "--", "true")
    equal((out, status), ("", 125))
    has(err, "a sandbox named 'held' is running")
    equal(place.call("run", "--name", "other", "--", "true"), ("", "", 0))
    os.close(go)
    os.waitpid(pid, 0)
    equal(place.call("run", "--name", "held", "--", "true"), ("", "", 0))


def a_wide_grant_gives_no_orders(place):
    """-w for all that is in the runtime directory, and a program that tries."""
    job, _ = victim(place)
    tool = os.path.join(place.xdg, "tool")
    shutil.copy(SANDLOCK, tool)
    out, _, status = place.call(
        "run", "-p", "base", "-w", place.xdg, "--env",
        f"XDG_RUNTIME_DIR={place.xdg}", "--", "sh", "-c",
        "for c in ps 'inspect victim' 'kill victim' 'kill -s KILL victim' "
        "'events victim'; do \"$0\" $c; done 2>&1; kill -9 \"$1\" 2>/dev/null "
        "|| echo no signal; ls \"$2\"", tool, str(job.pid), place.entries)
    equal(status, 0)
    has(out, "no signal\n")
    has(out, "victim.lock\n")
    has_not(out, "ready")
    has_not(out, "echo")
    unharmed(place, job)


def an_order_reaches_whom_it_names(place):
    """-w for the place, and a program that exchanges two entries."""
    job, sock = victim(place)
    evil = place.start(
        "--name", "evil", "-w", place.xdg, "-t", "60", words=[place.entries],
        script='cd "$1" && until [ -S evil.sock ]; do :; done && '
               'mv evil.sock x && mv victim.sock evil.sock && '
               'mv x victim.sock && ln evil.sock other.sock && : >other.lock'
               ' && echo ready && exec cat')
    listed = place.listed()
    for name in "victim", "evil", "other":
        equal(listed[name], {"name": name, "state": "not to be trusted"})
        for command in ("inspect", "ports", "kill", "kill -s KILL", "events"):
            out, err, status = place.call(*command.split(), name)
            equal((out, status), ("", 125))
            has(err, "is another sandbox: somebody moved its entry")
    # And whoever does not look is refused by who was not meant.
    for order in INFO, KILL:
        has(knock(sock, request(order)), b"leads to another sandbox")
    equal(status_of(evil), 0)
    equal(status_of(job), 0)


KNOCK = r"""
import os, socket, sys
path, orders = sys.argv[1], [bytes.fromhex(word) for word in sys.argv[2:]]
moved = path + ".moved"
os.link(path, moved)
for name in path, moved:
    for order in orders:
        for flags in 0, socket.SOCK_NONBLOCK:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | flags)
            try:
                sock.connect(name)
                sock.send(order)
                sock.setblocking(True)
                print("heard", sock.recv(65536))
            except OSError as error:
                print(error.strerror)
os.unlink(moved)
"""


def the_judge_carries_no_orders(place):
    """As the tool would ask, and by a connection that the judge makes."""
    job, path = victim(place)
    out, err, status = place.call(
        "run", "-p", "base", "-w", place.xdg, "--", sys.executable, "-c", KNOCK,
        path, request(INFO).hex(), request(KILL).hex())
    equal((out.splitlines(), status), (["Permission denied"] * 8, 0))
    unharmed(place, job)


SERVE = r"""
import os, socket, sys
path = sys.argv[1]
fd = os.open(os.path.dirname(path), os.O_PATH)
sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
sock.bind(f"/proc/self/fd/{fd}/fake.sock" if sys.argv[2] == "as" else path)
try:
    sock.listen(8)
except OSError as error:
    print(error.strerror)
open(path[:-5] + ".lock", "w")
print("ready", flush=True)
while sys.stdin.read(1):
    pass
"""


def the_judge_lends_no_credentials(place):
    """A server inside, under the name of a sandbox."""
    place.call("ps")
    path = os.path.join(place.entries, "fake.sock")
    for how, first in ("as", "Permission denied\n"), ("plain", "ready\n"):
        job = subprocess.Popen(
            [SANDLOCK, "run", "-p", "base", "-w", place.xdg, "--",
             sys.executable, "-c", SERVE, path, how], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env=place.env())
        place.jobs.append(job)
        equal(job.stdout.readline(), first)
        if how == "as":
            equal(job.stdout.readline(), "ready\n")
        for command in ("inspect", "ports", "kill", "events"):
            out, err, status = place.call(command, "fake")
            equal((out, status), ("", 125))
            if how == "plain":
                has(err, "cannot be trusted")
        job.stdin.close()
        equal(job.wait(DEADLINE), 0)
        if os.path.exists(path):
            os.unlink(path)


RACE = r"""
import os, socket, sys, threading, time
fd = os.open(sys.argv[1], os.O_PATH)
end = time.monotonic() + 2
wrong = tries = 0
while time.monotonic() < end:
    tries += 1
    name = f"/proc/self/fd/{fd}/{tries}.race"
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    other = threading.Thread(target=sock.bind, args=(name,))
    other.start()
    for _ in range(20):
        try:
            sock.listen(1)
            wrong += 1
            break
        except OSError:
            pass
    other.join()
    sock.close()
    os.unlink(name)
print(wrong, tries > 20)
"""


def a_name_that_comes_late_is_none(place):
    """bind() between the judge's look at the name and its listen()."""
    place.call("ps")
    out, err, status = place.call(
        "run", "-q", "-p", "base", "-w", place.xdg, "--", sys.executable, "-c",
        RACE, place.entries)
    equal((out, err, status), ("0 True\n", "", 0))


def a_wide_grant_is_told(place):
    place.call("ps")
    base, link = os.path.dirname(place.entries), place.xdg + "/link"
    os.symlink(place.entries, link)
    os.mkdir(place.xdg + "/project")
    for grant in place.xdg, base, place.entries, link, "?" + base + "/.":
        out, err, status = place.call("run", "-p", "base", "-w", grant, "--",
                                      "true")
        equal((out, status, err.count("\n")), ("", 0, 1))
        has(err, "warning: the write grant")
        equal(place.call("run", "-q", "-p", "base", "-w", grant, "--", "true"),
              ("", "", 0))
    for grant in place.xdg + "/project", "?" + place.xdg + "/none":
        equal(place.call("run", "-p", "base", "-w", grant, "--", "true"),
              ("", "", 0))


def what_a_wide_grant_can_spoil(place):
    """Entries and names, nothing else: the run itself goes on."""
    job, _ = victim(place)
    equal(place.call("run", "-p", "base", "-w", place.xdg, "--", "sh", "-c",
                     'rm "$0"/victim.* && mkfifo "$0/pipe.lock" && '
                     'ln -s /etc/passwd "$0/link.lock" && '
                     'mkdir "$0/dir.lock"', place.entries)[2], 0)
    before = os.stat("/etc/passwd")
    equal(set(place.listed()), {"pipe", "link", "dir"})
    for name in ("pipe", "link", "dir"):
        out, err, status = place.call("run", "--name", name, "--", "echo", "x")
        equal((out, status), ("x\n", 0))
        has(err, f"cannot take the name '{name}'")
        equal(place.call("kill", name)[2], 125)
    after = os.stat("/etc/passwd")
    equal((before.st_mtime, before.st_mode), (after.st_mtime, after.st_mode))
    # Its own entry is not there any more, and another one's stays.
    second = place.start("--name", "victim")
    place.running("victim")
    equal(status_of(job), 0)
    unharmed(place, second)


def others_were_first(place):
    """A directory of somebody else under our name, as in /tmp."""
    base = os.path.join(place.xdg, "sandlock")
    os.mkdir(base, 0o700)
    os.chown(base, pwd.getpwnam(NOBODY).pw_uid, -1)
    out, err, status = place.call("run", "--name", "x", "--no-private-tmp", "--",
                                  "echo", "ran")
    equal((out, status, err.count("\n")), ("ran\n", 0, 1))
    has(err, "belongs to user")
    equal(os.listdir(base), [])
    equal(place.call("ps")[2], 125)


def a_bad_runtime_directory_is_passed_over(place):
    """Then another one is used, by all commands alike."""
    for value in ("", "relative", "/nonexistent/x", None):
        out, err, status = place.call("ps", XDG_RUNTIME_DIR=value)
        equal((err, status), ("", 0))
    os.chmod(place.xdg, 0o777)
    place.call("ps")
    equal(os.path.exists(os.path.join(place.xdg, "sandlock")), False)


def nonsense_is_answered_or_ignored(place):
    job, sock = victim(place)
    for message in (b"", b"x", b"x" * 135, b"x" * 137, b"x" * 4096, bytes(136),
                    request(INFO)[:64], request(INFO, version=1),
                    request(INFO, version=3), request(99), request(0),
                    request(KILL, name=b"v" * 72), b"\xff" * 136):
        knock(sock, message)
    many = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for _ in range(70)]
    for one in many:
        one.setblocking(False)
        until("room", lambda one=one: one.connect_ex(sock) == 0)
        one.settimeout(DEADLINE)
    # The last ones are told so; those who sit there say nothing.
    has(many[69].recv(65536), b"too many")
    for one in many:
        one.close()
    unharmed(place, job)


def a_supervisor_without_descriptors_lives_on(place):
    job = place.start("--name", "victim", prefix=["prlimit", "--nofile=48:48",
                                                  "--"])
    sock = os.path.join(place.entries, "victim.sock")
    place.running("victim")
    many = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for _ in range(60)]
    for one in many:
        one.connect(sock)
    for one in many:
        one.close()
    unharmed(place, job)


def the_place_is_no_project(place):
    """${CWD} of an agent grants neither the directory nor what is in it."""
    place.call("ps")
    for where in (place.xdg, os.path.dirname(place.entries), place.entries):
        done = subprocess.run([SANDLOCK, "run", "-p", "agent", "--", "true"],
                              cwd=where, env=place.env(HOME="/nonexistent"),
                              capture_output=True, timeout=DEADLINE,
                              check=False)
        equal(done.returncode, 125)
        has(done.stderr, b"${CWD} does not grant")


CASES = [another_user_finds_nothing, another_user_is_not_heard, root_is_heard,
         a_confined_process_is_not_heard, who_is_confined_alike_is_heard,
         a_confined_server_is_not_believed,
         a_held_lock_costs_a_name_and_no_more, a_wide_grant_gives_no_orders,
         an_order_reaches_whom_it_names,
         the_judge_carries_no_orders, the_judge_lends_no_credentials,
         a_name_that_comes_late_is_none,
         a_wide_grant_is_told, what_a_wide_grant_can_spoil, others_were_first,
         a_bad_runtime_directory_is_passed_over,
         nonsense_is_answered_or_ignored,
         a_supervisor_without_descriptors_lives_on, the_place_is_no_project]

# Nobody else can become another user or give a directory away.
OF_ROOT = [another_user_finds_nothing, another_user_is_not_heard,
           root_is_heard, others_were_first]

if os.geteuid() != 0:
    CASES = [case for case in CASES if case not in OF_ROOT]
# Where the user has a directory of its own, that would be the other one.
if os.path.exists(f"/run/user/{os.geteuid()}"):
    CASES.remove(a_bad_runtime_directory_is_passed_over)

if __name__ == "__main__":
    if sys.byteorder != "little":
        sys.exit("a request is written for little endian here")
    tempfile.tempdir = "/tmp"
    sys.exit(run(CASES))
