# SPDX-License-Identifier: Apache-2.0
"""Host names in network rules, as a user would give them. The names are those
of a helper of ours, and localhost."""

import errno
import json
import os
import shutil
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "control"))

from lib import SANDLOCK, equal, has, has_not, is_gone, run, until

INSIDE = os.path.join(HERE, "inside.py")
BASE = "127.0.0.1 localhost\n::1 localhost\n"
PINNED = ("pinned.test 192.0.2.7\npinned.test 2001:db8::7\n"
          "other.test 192.0.2.8\n.\n")
RULES = ("--net-allow", "pinned.test:443", "--net-allow", "other.test:80")
TEXT = (BASE + "192.0.2.7 pinned.test\n2001:db8::7 pinned.test\n"
        "192.0.2.8 other.test\n")


def helper(place, script):
    """A program in place of sandlock-resolve."""
    path = os.path.join(place.xdg, "resolve")
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n" + script)
    os.chmod(path, 0o755)
    return path


def says(place, text):
    return helper(place, "cat <<'END'\n" + text + "END\n")


def findings(text):
    return dict(json.loads(line) for line in text.splitlines())


def options(*more, rules=RULES):
    return ("run", "-p", "base", "-r", INSIDE, *rules, *more, "--",
            sys.executable, INSIDE)


def inside(place, *words, rules=RULES, prefix=(), **changes):
    changes.setdefault("SANDLOCK_RESOLVE", says(place, PINNED))
    out, err, status = place.call(*options(rules=rules), *words,
                                  prefix=prefix, **changes)
    equal((err, status), ("", 0))
    return findings(out)


def start(place, *words, prefix=(), **changes):
    """One that says something and then waits for a line."""
    changes.setdefault("SANDLOCK_RESOLVE", says(place, PINNED))
    job = subprocess.Popen([*prefix, SANDLOCK, *options(), *words],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, env=place.env(**changes))
    place.jobs.append(job)
    return job


def go_on(job):
    job.stdin.write(b"\n")
    job.stdin.flush()


def second_name(place):
    """A hard link to the host's file, where that can be made."""
    path = os.path.join(os.path.dirname(place.xdg), "sandlock-hosts-" +
                        str(os.getpid()))
    try:
        os.link("/etc/hosts", path)
    except OSError:
        return []
    return [path]


def every_way_leads_to_the_pins(place):
    links = second_name(place)
    more = [word for path in links for word in ("-r", path)]
    try:
        out, err, status = place.call(
            *options(*more), "spellings", *links,
            SANDLOCK_RESOLVE=says(place, PINNED))
    finally:
        for path in links:
            os.unlink(path)
    equal((err, status), ("", 0))
    found = findings(out)
    equal(len(found) >= 20, True)
    equal({way: text for way, text in found.items() if text != TEXT}, {})


def writing_is_refused(place):
    found = inside(place, "writing")
    for way, text in found.items():
        if way.startswith("write"):
            equal((way, text), (way, "EACCES"))
    equal(found["change: write"], "EBADF")
    equal(found["change: truncate"] in ("EINVAL", "EBADF"), True)
    for what in "mode", "seals", "reopened", "mapped":
        equal(found["change: " + what] in ("EPERM", "EACCES"), True)


def it_is_handled_as_a_file(place):
    found = inside(place, "handling")
    equal(found["read 5"], TEXT[:5])
    equal(found["other offset"], 0)
    equal(found["size"], len(TEXT))
    equal(found["end"], len(TEXT))
    equal(found["mapped"], TEXT)
    equal(found["cloexec"], [False, False])
    # Looking at it is not opening it.
    equal(found["stat"], os.stat("/etc/hosts").st_size)


def all_else_is_opened_as_ever(place):
    equal(inside(place, "others"), {
        "mode": 0o640, "back": "text", "exclusive": "EEXIST",
        "nothing": "ENOENT", "nothing above": "ENOENT",
        "no directory": "ENOTDIR", "a directory": "EISDIR",
        "hosts as a directory": "ENOTDIR", "hosts exclusively": "EEXIST",
        "another hosts": "ENOENT",
        "not granted": "ENOENT" if os.geteuid() == 0 and
                       not os.path.exists("/root/x") else "EACCES"})


def names_lead_to_the_pins_alone(place):
    equal(inside(place, "names", "pinned.test", "other.test", "localhost",
                 "unpinned.test"),
          {"name: pinned.test": ["192.0.2.7", "2001:db8::7"],
           "name: other.test": ["192.0.2.8"],
           "name: localhost": ["127.0.0.1", "::1"],
           "name: unpinned.test": True})


def the_systems_resolver_is_asked(place):
    found = inside(place, "names", "localhost",
                   rules=("--net-allow", "LocalHost:80"),
                   SANDLOCK_RESOLVE=None)
    equal(found, {"name: localhost": ["127.0.0.1", "::1"]})


def a_relative_helper_is_not_taken(place):
    out, err, status = place.call(
        *options(rules=("--net-allow", "localhost:80")), "names", "localhost",
        SANDLOCK_RESOLVE="resolve")
    equal((err, status), ("", 0))
    has(out, "127.0.0.1")


def without_a_name_the_file_is_as_it_is(place):
    with open("/etc/hosts", encoding="ascii") as file:
        text = file.read()
    out, err, status = place.call(
        "run", "-p", "base", "-r", "/etc/hosts", "--net-allow", "127.0.0.1:80",
        "--", "cat", "/etc/hosts", SANDLOCK_RESOLVE="/nonexistent")
    equal((out, err, status), (text, "", 0))


def a_thousand_opens_leave_nothing(place):
    def descriptors(job):
        return len(os.listdir(f"/proc/{job.pid}/fd"))

    job = start(place, "many")
    job.stdout.readline()
    before = descriptors(job)
    go_on(job)
    equal(json.loads(job.stdout.readline()), ["many", 0])
    equal(descriptors(job), before)
    go_on(job)
    equal(job.wait(), 0)


# ---- what the host may do to its file: in a mount namespace of our own

COPIED = ("ld.so.cache", "passwd", "group", "nsswitch.conf")


def with_etc(place, change):
    """A prefix that runs a command with another /etc; None for a user who may
    not have a namespace, which root always may."""
    etc = os.path.join(place.xdg, "etc")
    hosts = os.path.join(etc, "hosts")
    os.mkdir(etc)
    for name in COPIED:
        if os.path.exists("/etc/" + name):
            shutil.copyfile("/etc/" + name, os.path.join(etc, name))
    with open(hosts, "w", encoding="ascii") as file:
        file.write("198.51.100.1 pinned.test\n")
    change(hosts)
    prefix = ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c",
              'mount --bind "$1" /etc && shift && exec "$@"', "sh", etc]
    done = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    if done.returncode and os.geteuid():
        print("# no user namespace here: not tried")
        return None
    equal((done.stderr, done.returncode), (b"", 0))
    return prefix


def under(place, change, *words):
    prefix = with_etc(place, change)
    if not prefix:
        return None
    job = start(place, "later", *words, prefix=prefix)
    equal(json.loads(job.stdout.readline()), ["before", TEXT])
    return job


def after(job):
    go_on(job)
    out, err = job.communicate()
    equal((err, job.returncode), (b"", 0))
    return findings(out.decode())


def a_file_that_is_not_there(place):
    job = under(place, os.unlink, "/etc//hosts", "/etc/nothing",
                "/proc/self/root/etc/hosts", "/etc/nothing/../hosts")
    if job:
        equal(after(job), {"after": TEXT, "after: /etc//hosts": TEXT,
                           "after: /etc/nothing": "ENOENT",
                           "after: /proc/self/root/etc/hosts": TEXT,
                           "after: /etc/nothing/../hosts": "ENOENT"})


def a_file_that_comes_later(place):
    job = under(place, os.unlink)
    if job:
        with open(os.path.join(place.xdg, "etc", "hosts"), "w",
                  encoding="ascii") as file:
            file.write("198.51.100.2 pinned.test\n")
        equal(after(job), {"after": TEXT})


def a_file_that_is_replaced(place):
    def old(path):
        os.link(path, path + ".old")

    job = under(place, old, "/etc/hosts.old")
    if job:
        hosts = os.path.join(place.xdg, "etc", "hosts")
        with open(hosts + ".new", "w", encoding="ascii") as file:
            file.write("198.51.100.2 pinned.test\n")
        os.rename(hosts + ".new", hosts)
        equal(after(job), {"after": TEXT, "after: /etc/hosts.old": TEXT})


def a_file_that_is_a_link(place):
    def link(path):
        os.rename(path, path + ".real")
        os.symlink("hosts.real", path)

    job = under(place, link, "/etc/hosts.real")
    if job:
        equal(after(job), {"after": TEXT, "after: /etc/hosts.real": TEXT})


def a_link_that_leads_nowhere(place):
    def link(path):
        os.unlink(path)
        os.symlink("hosts.real", path)

    job = under(place, link, "/etc/hosts.real")
    if job:
        equal(after(job), {"after": TEXT, "after: /etc/hosts.real": "ENOENT"})


# ---- when the helper fails

def fails(place, script, *parts, rules=RULES, **changes):
    """The start fails, with a message that has @parts, and nothing has run."""
    mark = os.path.join(place.xdg, "mark")
    changes.setdefault("SANDLOCK_RESOLVE",
                       None if script is None else helper(place, script))
    out, err, status = place.call("run", "-p", "base", "-w", place.xdg, *rules,
                                  "--", "touch", mark, **changes)
    equal((out, status), ("", 125))
    for part in parts:
        has(err, part)
    equal(os.path.exists(mark), False)
    return err


def a_name_that_is_not_known(place):
    err = fails(place, "printf 'pinned.test 192.0.2.7\\n'\n"
                       "printf 'other.test ! Name or service not known\\n.\\n'")
    equal(err, "sandlock: --net-allow: 'other.test:80': cannot look up "
               "'other.test': Name or service not known\n")


def a_helper_that_is_not_there(place):
    fails(place, None, "cannot look up 'pinned.test'",
          "cannot start '/nonexistent'", "No such file", "SANDLOCK_RESOLVE",
          SANDLOCK_RESOLVE="/nonexistent")
    fails(place, None, "cannot start '/etc'", "Permission denied",
          SANDLOCK_RESOLVE="/etc")


def a_helper_that_says_something_else(place):
    for script in ("", "echo pinned.test 192.0.2.7", "echo .", "exit 3",
                   "printf 'pinned.test 1.2.3.4\\nother.test \\001\\n.\\n'",
                   "printf 'pinned.test ! \\033[2J\\n.\\n'",
                   "head -c 100000 /dev/zero", "kill -9 $$"):
        fails(place, script, "cannot look up 'pinned.test'",
              "gave an answer of no use")
    fails(place, "yes", "said more than")


def a_helper_that_hangs_is_ended(place):
    pids = os.path.join(place.xdg, "pids")
    fails(place, f"sleep 300 & echo $$ $! >{pids}; printf pinned.test; wait",
          "'pinned.test:443'", "no answer within 10 seconds")
    with open(pids, encoding="ascii") as file:
        for pid in file.read().split():
            until(f"{pid} gone", lambda pid=pid: is_gone(int(pid)))


def a_helper_has_no_stream_of_ours(place):
    fails(place, "ls -l /proc/self/fd >&2; cat; echo on stderr >&2", "no use")
    err = fails(place, "echo from the helper >&2")
    has_not(err, "from the helper")


def a_name_server_cannot_open_this_machine(place):
    """The bytes, too: a listener that the name would have led to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        rule = "evil.test:%d" % port
        talk = ("import socket; socket.create_connection(('127.0.0.1', %d), 5)"
                % port)
        for answer in ("evil.test 127.0.0.1\n", "evil.test ::1\n",
                       "evil.test 169.254.169.254\n"):
            out, err, status = place.call(
                "run", "-p", "base", "--net-allow", rule, "--",
                sys.executable, "-c", talk,
                SANDLOCK_RESOLVE=says(place, answer + ".\n"))
            equal((out, status), ("", 125))
            has(err, answer.split()[1])
            has(err, rule)
            has(err, "give the address")
        # With another address it leads there, and only there.
        out, err, status = place.call(
            "run", "-p", "base", "--net-allow", rule, "--", sys.executable,
            "-c", talk, SANDLOCK_RESOLVE=says(
                place, "evil.test 127.0.0.1\nevil.test 192.0.2.1\n.\n"))
        equal((out, status), ("", 1))
        has(err, "Connection refused")
        try:
            server.accept()
            raise AssertionError("the listener was reached")
        except BlockingIOError:
            pass
        # Its own name, and the address itself.
        for given in ("localhost:%d" % port, "127.0.0.1:%d" % port):
            _, err, status = place.call(
                "run", "-p", "base", "--net-allow", given, "--",
                sys.executable, "-c", talk,
                SANDLOCK_RESOLVE=says(place, "localhost 127.0.0.1\n.\n"))
            equal((err, status), ("", 0))


def explain_knows_the_addresses(place):
    out, err, status = place.call("explain", "-p", "base", *RULES,
                                  SANDLOCK_RESOLVE=says(place, PINNED))
    equal((err, status), ("", 0))
    has(out, "192.0.2.7, 2001:db8::7")
    has(out, "opening a file, which may be /etc/hosts")
    out, err, status = place.call("explain", "-p", "base", *RULES,
                                  "path:/etc/../etc/hosts", "--", "true",
                                  SANDLOCK_RESOLVE=says(place, PINNED))
    equal(err, "")
    has(out, "in place of the file")
    # The name that an address came from is what is offered for it.
    for host, rule in (("192.0.2.7", "tcp://pinned.test:81"),
                       ("pinned.test", "tcp://pinned.test:81"),
                       ("192.0.2.99", "tcp://192.0.2.99:81"),
                       ("name.invalid", "tcp://name.invalid:81")):
        out, err, status = place.call("explain", "-p", "base", *RULES,
                                      f"net:{host}:81",
                                      SANDLOCK_RESOLVE=says(place, PINNED))
        equal((err, status), ("", 1))
        has(out, f"\t--net-allow {rule}\t")


def loopback_servers():
    """Of both families at one port; None without IPv6."""
    for _ in range(100):
        four = socket.create_server(("127.0.0.1", 0))
        six = socket.socket(socket.AF_INET6)
        try:
            six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            six.bind(("::1", four.getsockname()[1]))
            six.listen()
            return four, six
        except OSError as error:
            four.close()
            six.close()
            if error.errno != errno.EADDRINUSE:
                return None
    raise AssertionError("no port is free in both families")


def localhost_is_reached_by_either_family(place):
    """Though the system's resolver knew of one alone."""
    code = ("import socket, sys\n"
            "for family in socket.AF_INET, socket.AF_INET6:\n"
            "    for info in socket.getaddrinfo('localhost', sys.argv[1],\n"
            "                                   family, socket.SOCK_STREAM):\n"
            "        with socket.socket(family) as s: s.connect(info[4])\n")
    servers = loopback_servers()
    if not servers:
        return  # no IPv6 here
    port = servers[0].getsockname()[1]
    for said in "127.0.0.1", "::1":
        equal(place.call("run", "-p", "base", "--net-allow",
                         f"localhost:{port}", "--", sys.executable, "-c", code,
                         str(port), SANDLOCK_RESOLVE=says(
                             place, f"localhost {said}\n.\n")), ("", "", 0))
    for server in servers:
        server.close()


def why_tells_of_what_the_kernel_refuses(place):
    """Though the judge was the one that it refused it to."""
    secret = os.path.join(place.xdg, "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write("x")
    for rules in (), RULES, ("--fs-deny", "/tmp/nothing"), \
            (*RULES, "--fs-protect", "/tmp/nothing"):
        out, err, status = place.call(
            "run", "-p", "base", "--why", *rules, "--", "cat", secret,
            "/etc/hosts", SANDLOCK_RESOLVE=says(place, PINNED))
        equal(status, 1)
        has(err, "1 refused, 1 of them distinct")
        has(err, f"read\t{secret}\topenat EACCES\t-r {secret}")
        has(out, "localhost")


def explain_and_the_run_agree_on_a_deny(place):
    out, err, status = place.call(
        "run", "-p", "base", *RULES, "--fs-deny", "/etc/hosts", "--", "cat",
        "/etc/hosts", SANDLOCK_RESOLVE=says(place, PINNED))
    equal((out, status), ("", 1))
    has(err, "Permission denied")
    out, err, status = place.call(
        "explain", "-p", "base", *RULES, "--fs-deny", "/etc/hosts",
        "path:/etc/hosts", "--", "true", SANDLOCK_RESOLVE=says(place, PINNED))
    has(out, "filesystem.deny")
    has_not(out, "in place of the file")


if __name__ == "__main__":
    sys.exit(run([
        every_way_leads_to_the_pins, writing_is_refused,
        it_is_handled_as_a_file, all_else_is_opened_as_ever,
        names_lead_to_the_pins_alone, the_systems_resolver_is_asked,
        a_relative_helper_is_not_taken, without_a_name_the_file_is_as_it_is,
        a_thousand_opens_leave_nothing, a_file_that_is_not_there,
        a_file_that_comes_later, a_file_that_is_replaced,
        a_file_that_is_a_link, a_link_that_leads_nowhere,
        a_name_that_is_not_known, a_helper_that_is_not_there,
        a_helper_that_says_something_else, a_helper_that_hangs_is_ended,
        a_helper_has_no_stream_of_ours,
        a_name_server_cannot_open_this_machine, explain_knows_the_addresses,
        localhost_is_reached_by_either_family,
        why_tells_of_what_the_kernel_refuses,
        explain_and_the_run_agree_on_a_deny,
    ]))
