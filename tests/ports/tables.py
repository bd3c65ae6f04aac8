# SPDX-License-Identifier: Apache-2.0
"""/proc/net with --port-remap: the sandbox sees its own sockets there, by its own
ports, and nothing of the host's, by whatever path."""

import errno
import json
import os
import signal
import socket
import sys

from box import Box, free_port, listener
from lib import equal, has, has_not, run, until

TO_PROC = ("-r", "/proc")
LISTEN, CONNECTED = "0A", "01"
LO4, LO6 = "0100007F", "00000000000000000000000001000000"
ANY6 = "0" * 32


def box_with(place, *flags, ports, **more):
    return Box(place, *TO_PROC, "--net-allow-bind",
               ",".join(str(port) for port in ports), *flags, **more)


def what_is_its_own_is_shown(place):
    host, port = listener()
    box = box_with(place, ports=[port])
    equal(box("table('tcp')"), [])
    box(f"serve('s', '127.0.0.1', {port})")
    equal(box("table('tcp')"), [[LO4, port, 0, LISTEN, os.getuid()]])
    source = box(f"connect('c', '127.0.0.1', {port}); name('c')") or \
        box("name('c')")
    box("accept('a', 's')")
    equal(sorted(box("table('tcp')")),
          sorted([[LO4, port, 0, LISTEN, os.getuid()],
                  [LO4, port, source, CONNECTED, os.getuid()],
                  [LO4, source, port, CONNECTED, os.getuid()]]))
    box("close('s', 'c', 'a')")
    equal([row for row in box("table('tcp')") if row[3] == LISTEN], [])
    host.close()


def of_every_family_and_kind(place):
    host, port = listener()
    other, udp = listener(kind=socket.SOCK_DGRAM)
    box = box_with(place, "--net-allow-bind", f"udp://{udp}", ports=[port])
    box(f"serve('s', '::', {port}, v6only=0)")
    box(f"bind('u', '127.0.0.1', {udp}, UDP)")
    box(f"bind('v', '::1', {udp}, UDP)")
    equal([row[:2] for row in box("table('tcp6')")], [[ANY6, port]])
    equal([row[:2] for row in box("table('udp')")], [[LO4, udp]])
    equal([row[:2] for row in box("table('udp6')")], [[LO6, udp]])
    equal(box("table('tcp')"), [])
    # Who comes by IPv4 is in the table of the socket.
    box(f"connect('c', '127.0.0.1', {port}); accept('a', 's')")
    equal(sorted(row[1] for row in box("table('tcp6')")), [port, port])
    equal([row[2] for row in box("table('tcp')")], [port])
    host.close()
    other.close()


def whoever_of_the_sandbox_has_it(place):
    """A child's, one that a closed parent left behind, and a thread's own."""
    port = free_port()
    box = box_with(place, ports=[port])
    box(f"serve('s', '127.0.0.1', {port})")
    box("kept['child'] = subprocess.Popen(['cat'], stdin=subprocess.PIPE, "
        "pass_fds=[kept['s'].fileno()])")
    box("close('s')")
    equal([row[1] for row in box("table('tcp')")], [port])
    box("kept.pop('child').communicate()")
    equal(box("table('tcp')"), [])


def unix_sockets_by_their_names(place):
    host = socket.socket(socket.AF_UNIX)
    theirs = os.path.join(place.xdg, "host.sock")
    host.bind(theirs)
    host.listen(1)
    box = box_with(place, ports=[free_port()])
    box("kept['x'] = socket.socket(socket.AF_UNIX); "
        "kept['x'].bind(os.environ['TMPDIR'] + '/own.sock')")
    equal([name.rpartition("/")[2] for name in box("paths_of_unix()")],
          ["own.sock"])
    has_not(box("by_path('/proc/net/unix')"), theirs)
    host.close()


def a_user_is_the_one_inside(place):
    port = free_port()
    if "user namespace" in place.call("run", "-p", "base", "--user", "4711:4711",
                                      "--", "true")[1]:
        print("# SKIP: unprivileged user namespaces")
        return
    box = box_with(place, "--user", "4711:4711", ports=[port])
    box(f"serve('s', '127.0.0.1', {port})")
    equal([row[4] for row in box("table('tcp')")], [4711])


def it_is_a_file_like_any_other(place):
    box = box_with(place, ports=[free_port()])
    equal(box("kept.update(f=open('/proc/net/tcp'), g=open('/proc/net/tcp'))"),
          None)
    equal(box("kept['f'].read() == kept['g'].read()"), True)
    equal(box("(kept['f'].seek(0), len(kept['f'].readlines()))"), [0, 1])
    for mode in ("r+", "w", "a"):
        equal(box(f"open('/proc/net/tcp', '{mode}')"), "EACCES")
        equal(box(f"open('/proc/net/route', '{mode}')"), "EACCES")
    equal(box("open('/proc/net/dev/x')"), "ENOTDIR")
    equal(box("open('/proc/net/none')"), "ENOENT")
    equal(box("'tcp' in os.listdir('/proc/net')"), True)
    # Any other file, too: RESOLVE_CACHED with O_CREAT.
    equal(box("(libc.syscall(437, -100, b'/tmp/x', (ctypes.c_uint64 * 3)("
              "os.O_WRONLY | os.O_CREAT, 0o600, 32), 24), ctypes.get_errno())"),
          [-1, errno.EAGAIN])


def nothing_without_a_grant(place):
    box = Box(place, "--net-allow-bind", str(free_port()))
    equal(set(box("every_way('/proc/self/net/tcp')").values()), {"EACCES"})


def bare_without_the_option(place):
    host, port = listener()
    box = Box(place, *TO_PROC, remap=False)
    has(str(box("table('tcp')")), str(port))
    has(box("by_path('/proc/net/netstat')"), "Tcp")
    host.close()


SPELLINGS = ("/proc/net/{}", "/proc/self/net/{}", "/proc/thread-self/net/{}",
             "/proc/self/task/../net/{}", "/proc/{pid}/net/{}",
             "/proc/{pid}/task/{pid}/net/{}", "//proc/./net/../net/{}",
             "/proc/self/root/proc/net/{}", "/proc/self/cwd/proc/net/{}")


def the_hosts_are_not_shown(place):
    """A listener, a connection, and a socket of datagrams, each in both families,
    and one with a name."""
    socks = [listener(at, kind=kind)
             for at in ("127.0.0.1", "::1")
             for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
    socks += [(sock, sock.getsockname()[1])
              for sock in [socket.create_connection(socks[0][0].getsockname())]]
    name = os.path.join(place.xdg, "host.sock")
    host = socket.socket(socket.AF_UNIX)
    host.bind(name)
    marks = [f":{port:04X} " for _, port in socks] + [name]
    for kind in ("tcp", "tcp6", "udp", "udp6", "unix"):
        with open(f"/proc/net/{kind}", encoding="utf-8",
                  errors="replace") as file:
            text = file.read()
        equal((kind, any(mark in text for mark in marks)), (kind, True))
    for flags in (["/proc"], ["/"], ["/proc", "--why"]):
        box = Box(place, "-r", *flags, "--net-allow-bind", str(free_port()))
        pid = box("os.getpid()")
        box("os.chdir('/')")
        for kind in ("tcp", "tcp6", "udp", "udp6", "unix"):
            for spelling in SPELLINGS:
                path = spelling.format(kind, pid=pid)
                for way, text in box(f"every_way('{path}')").items():
                    found = [mark for mark in marks if mark in text]
                    equal((path, way, found), (path, way, []))
            # It can be read at all.
            has(box(f"by_path('/proc/net/{kind}')"), "\n")
    for sock, _ in socks:
        sock.close()
    host.close()


def nor_by_a_process_of_the_hosts(place):
    host, port = listener()
    box = box_with(place, ports=[free_port()])
    for pid in (1, os.getpid(), box.job.pid):
        for path in (f"/proc/{pid}/net/tcp", f"/proc/{pid}/task/{pid}/net/tcp"):
            for way, text in box(f"every_way('{path}')").items():
                if way != "by_child":
                    equal((path, way, text), (path, way, "EACCES"))
    host.close()


def the_network_is_loopback(place):
    """What tells of interfaces, routes and what they carried: fixed, or not
    there; counters too, which others make."""
    box = box_with(place, ports=[free_port()])
    own = ("tcp", "tcp6", "udp", "udp6", "icmp", "icmp6", "unix")
    empty = ("netlink", "packet", "raw", "raw6", "udplite", "udplite6")
    shown = []
    for name in sorted(os.listdir("/proc/net")):
        for text in box(f"every_way('/proc/self/net/{name}')").values():
            if text == "ENOENT":
                continue
            has(text, "\n")
            shown.append(name)
            if name not in own:
                has_not(text, "eth")
    equal(set(shown) - set(own) - {"arp", "dev", "if_inet6", "ipv6_route",
                                   "route", *empty}, set())
    equal([line.split()[0] for line in
           box("by_path('/proc/net/dev')").splitlines()[2:]], ["lo:"])
    for name in set(os.listdir("/proc/net")) & {"route", "arp", *empty}:
        with open(f"/proc/net/{name}", encoding="ascii") as file:
            equal(box(f"by_path('/proc/net/{name}')"), file.readline())


def listed_by_programs(place):
    """By what people look for a port with."""
    host, port = listener()
    theirs = listener()
    box = box_with(place, ports=[port])
    box(f"serve('s', '127.0.0.1', {port})")
    for words in (["ss", "-Hltn"], ["netstat", "-ltn"],
                  ["lsof", "-nP", "-iTCP", "-sTCP:LISTEN"]):
        out = box(f"subprocess.run({words}, capture_output=True, "
                  "check=False).stdout.decode()")
        has(out, f"127.0.0.1:{port} ")
        has_not(out, f":{theirs[1]} ")
    host.close()
    theirs[0].close()


def explain_says_so(place):
    flags = (*TO_PROC, "--port-remap", "--net-allow-bind", str(free_port()))
    box = box_with(place, *flags[3:], ports=[free_port()])
    names = sorted(os.listdir("/proc/net"))
    out = place.call("explain", "--json", "-p", "base", *flags,
                     *(f"path:/proc/self/net/{name}" for name in names))[0]
    said = {answer["question"].rpartition("/")[2]: answer["verdict"]
            for answer in json.loads(out)["answers"]
            if answer["access"] == "read"}
    for name in names:
        if os.path.isdir(f"/proc/net/{name}"):
            continue
        really = box(f"by_path('/proc/net/{name}')[:0]")
        equal((name, said[name]),
              (name, "allowed" if really == "" else "refused"))


def by_a_grant_with_another_name(place):
    """One that a link leads to /proc by."""
    link = os.path.join(place.xdg, "link")
    os.symlink("/proc", link)
    host, port = listener()
    box = Box(place, "-r", link, "--net-allow-bind", str(free_port()))
    for text in box("every_way('/proc/self/net/tcp')").values():
        has_not(text, f":{port:04X} ")
        has(text, "inode")
    host.close()


def however_the_grant_is_spelled(place):
    """It leads to /proc/net, so opens are judged."""
    host, port = listener()
    for grant in ("/proc/", "/proc/.", "/proc//", "//proc", "/proc/./1",
                  "/proc//1", "/proc/sys/.."):
        box = Box(place, "-r", grant, "--net-allow-bind", str(free_port()))
        for path in ("/proc/self/net/tcp", "/proc/1/net/tcp"):
            for way, text in box(f"every_way('{path}')").items():
                equal((grant, path, way, f":{port:04X} " in text),
                      (grant, path, way, False))
    host.close()


def whoever_looks_at_it_meanwhile(place):
    """A look at a name takes it from those who looked before: the kernel says
    that what they hold is deleted."""
    box = box_with(place, ports=[free_port()])
    box("kept.update(held=os.open('/proc/self/net/tcp', os.O_PATH))")
    box("os.stat('/proc/self/net/tcp').st_size")
    has(box("os.readlink('/proc/self/fd/%d' % kept['held'])"), " (deleted)")
    equal(box("by_path('/proc/self/fd/%d' % kept['held'])[:4]"), "  sl")


def take_number(pid):
    """A process of the host's with the number of one that has just ended."""
    until(f"end of {pid}", lambda: not os.path.exists(f"/proc/{pid}"))
    with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as file:
        file.write(str(pid - 1))
        file.flush()
        child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    return child


def a_number_that_is_anothers_by_now(place):
    """A process ends while another one is looked through, and one of the host's,
    with a listener, gets its number."""
    if os.geteuid() != 0:
        print("# SKIP: only root says which number is next")
        return
    host, port = listener()
    box = box_with(place, ports=[free_port()])
    box("kept['many'] = [os.dup(0) for _ in range("
        "resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100)][:0]")
    for _ in range(12):
        pid = box("kept.update(other=subprocess.Popen(['cat'], "
                  "stdin=subprocess.PIPE)) or kept['other'].pid")
        box.ask("threading.Timer(.006, lambda: (kept['other'].kill(), "
                "kept['other'].wait())).start() or by_path('/proc/net/tcp')")
        child = take_number(pid)
        text = box.answer()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        has(text, "inode")
        has_not(text, f":{port:04X} ")
    host.close()


def many_descriptors_do_not_stop_the_others(place):
    """Whoever has so many that they cannot be looked through in time is told;
    the next question is answered."""
    port = free_port()
    box = box_with(place, ports=[port])
    box(f"serve('s', '127.0.0.1', {port})")
    box("kept['many'] = [os.dup(0) for _ in range(500)]")
    box("kept['jobs'] = [subprocess.Popen(['cat'], stdin=subprocess.PIPE, "
        "close_fds=False, pass_fds=kept['many']) for _ in range(20)]")
    for _ in range(20):
        answer = box("table('tcp')")
        equal(answer == "ENOBUFS" or [row[1] for row in answer] == [port], True)
    box("[job.communicate() for job in kept.pop('jobs')]")
    equal([row[1] for row in box("table('tcp')")], [port])


if __name__ == "__main__":
    sys.exit(run([what_is_its_own_is_shown, of_every_family_and_kind,
                  whoever_of_the_sandbox_has_it, unix_sockets_by_their_names,
                  a_user_is_the_one_inside, it_is_a_file_like_any_other,
                  nothing_without_a_grant, bare_without_the_option,
                  the_hosts_are_not_shown, nor_by_a_process_of_the_hosts,
                  the_network_is_loopback, listed_by_programs, explain_says_so, by_a_grant_with_another_name,
                  however_the_grant_is_spelled, whoever_looks_at_it_meanwhile,
                  a_number_that_is_anothers_by_now,
                  many_descriptors_do_not_stop_the_others]))
