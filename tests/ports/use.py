# SPDX-License-Identifier: Apache-2.0
"""--port-remap and the ports that come of it, as a user would have them."""

import json
import os
import socket
import sys

from box import Box, free_port, listener, reached
from lib import equal, has, run, until

REUSEADDR, REUSEPORT = socket.SO_REUSEADDR, socket.SO_REUSEPORT


def talks(port, host="127.0.0.1"):
    """What a server of inside.py, told to greet, says to one outside."""
    with socket.create_connection((host, port), 30) as sock:
        return sock.recv(64).decode()


GREET = ("accept('c', 's'); kept['c'].sendall(b'%s'); close('c')")


def a_port_that_is_taken_is_bound_elsewhere(place):
    host, port = listener()
    box = Box(place, "--net-allow-bind", str(port), name="box")
    equal(box(f"serve('s', '127.0.0.1', {port})"), port)
    equal(box(f"reaches('s', '127.0.0.1', {port})"), True)
    equal(box(f"reaches('s', '127.0.0.1', {port})"), True)
    found = box.ports()
    equal(list(found), [("tcp", "127.0.0.1", port)])
    real = found["tcp", "127.0.0.1", port]
    equal(real != port, True)
    box.ask(GREET % "inside")
    equal(talks(real), "inside")
    equal(box.answer(), None)
    equal(reached(host), False)
    socket.create_connection(("127.0.0.1", port), 30).close()
    equal(until("the host's own", lambda: reached(host)), True)
    host.close()


def names_are_those_inside(place):
    host, port = listener()
    box = Box(place, "--net-allow-bind", str(port))
    box(f"serve('s', '127.0.0.1', {port})")
    equal(box(f"connect('c', '127.0.0.1', {port})"), port)
    equal(box("accept('a', 's')"), port)
    equal(box("peer('a') == name('c')"), True)
    # Its port is not one of the sandbox's any more.
    box("kept['old'] = kept.pop('s'); close('old')")
    equal(box("name('a') == peer('c')"), True)
    equal(box(f"name('a') == {port}"), False)
    box(f"serve('s', '127.0.0.1', {port})")
    # A name that is cut is cut where the kernel cuts it.
    equal(box("kept['s'].getsockname()"), ["127.0.0.1", port])
    host.close()


def a_free_port_stays_what_it_is(place):
    port = free_port()
    box = Box(place, "--net-allow-bind", str(port), name="box")
    equal(box(f"serve('s', '127.0.0.1', {port})"), port)
    equal(box(f"reaches('s', '127.0.0.1', {port})"), True)
    equal(box.ports(), {("tcp", "127.0.0.1", port): port})
    box.ask(GREET % "inside")
    equal(talks(port), "inside")
    equal(box.answer(), None)


def two_have_the_same_port_at_the_same_time(place):
    """From binding to listening each holds what it has."""
    for _ in range(5):
        port = free_port()
        boxes = [Box(place, "--net-allow-bind", str(port)) for _ in range(3)]
        for box in boxes:
            equal(box("1"), 1)
        for box in boxes:
            box.ask(f"bind('s', '127.0.0.1', {port}, TCP, [REUSEADDR])")
        for box in boxes:
            equal(box.answer(), port)
        for box in boxes:
            box.ask("kept['s'].listen(8)")
        for box in boxes:
            equal(box.answer(), None)
        for box in boxes:
            equal(box("kept['s'].getsockopt(socket.SOL_SOCKET, REUSEADDR)"), 1)
            box.ask(f"reaches('s', '127.0.0.1', {port})")
        for box in boxes:
            equal(box.answer(), True)
        for box in boxes:
            box.job.communicate()


def sharing_is_among_its_own(place):
    host, port = listener(options=[REUSEPORT])
    boxes = [Box(place, "--net-allow-bind", str(port), "--net-allow",
                 "tcp://127.0.0.1") for _ in range(2)]
    for box in boxes:
        equal(box(f"serve('a', '127.0.0.1', {port}, [REUSEPORT])"), port)
        equal(box(f"serve('b', '127.0.0.1', {port}, [REUSEPORT])"), port)
        equal(box(f"serve('c', '127.0.0.1', {port})"), "EADDRINUSE")
        box("close('b')")
    for box in boxes:
        for _ in range(8):
            equal(box(f"reaches('a', '127.0.0.1', {port})"), True)
    equal(reached(host), False)
    host.close()


def its_own_are_not_moved_out_of_the_way(place):
    host, port = listener()
    for where in port, free_port():
        box = Box(place, "--net-allow-bind", str(where))
        equal(box(f"serve('s', '127.0.0.1', {where})"), where)
        for other in "127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1":
            equal(box(f"serve('t', '{other}', {where})"), "EADDRINUSE")
        equal(box(f"bind('t', '127.0.0.1', {where})"), "EADDRINUSE")
        # Another address is another matter.
        equal(box(f"serve('t', '127.0.0.2', {where})"), where)
        equal(box(f"reaches('t', '127.0.0.2', {where})"), True)
        equal(box(f"reaches('s', '127.0.0.1', {where})"), True)
        equal(box(f"kept['s'].bind(('127.0.0.1', {where}))"), "EINVAL")
    host.close()


def every_address_that_leads_there(place):
    host, port = listener()
    host6, _ = listener("::1", port)
    box = Box(place, "--net-allow-bind", str(port), name="box")
    equal(box(f"serve('s', '::', {port}, v6only=0)"), port)
    for to in "127.0.0.1", "127.3.4.5", "::1", "::ffff:127.0.0.1", "0.0.0.0", \
            "::":
        equal((to, box(f"reaches('s', '{to}', {port})")), (to, True))
    box("close('s')")
    equal(box(f"serve('s', '0.0.0.0', {port})"), port)
    equal(box(f"serve('t', '::1', {port})"), port)
    equal(box(f"reaches('s', '127.0.0.1', {port})"), True)
    equal(box(f"reaches('t', '::1', {port})"), True)
    # One number outside for all of them.
    equal(len(set(box.ports().values())), 1)
    equal([reached(host), reached(host6)], [False, False])
    host.close()
    host6.close()


def datagrams(place):
    for address in "127.0.0.1", "::1":
        host, port = listener(address, kind=socket.SOCK_DGRAM)
        rule = f"[{address}]" if ":" in address else address
        box = Box(place, "--net-allow", f"udp://{rule}:*", name="udp")
        equal(box(f"bind('s', '{address}', {port}, UDP)"), port)
        equal(box(f"bind('t', '{address}', {port}, UDP)"), "EADDRINUSE")
        equal(box(f"send('{address}', {port})"), 6)
        equal(box("kept['s'].recv(64).decode()"), "stolen")
        equal(box(f"connect('c', '{address}', {port}, UDP)"), port)
        equal(box("kept['c'].send(b'1')"), 1)
        box("data, who = kept['s'].recvfrom(64); kept['s'].sendto(b'2', who)")
        equal(box("kept['c'].recv(64).decode()"), "2")
        equal(reached(host), False)
        real = box.ports()["udp", address, port]
        with socket.socket(host.family, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"from outside", (address, real))
        equal(box("kept['s'].recv(64).decode()"), "from outside")
        host.close()
        box.job.communicate()


def what_is_closed_is_gone(place):
    host, port = listener(options=[REUSEADDR])
    box = Box(place, "--net-allow-bind", str(port), name="box")
    box(f"serve('s', '127.0.0.1', {port})")
    box(f"reaches('s', '127.0.0.1', {port})")
    box("close('s')")
    equal(box(f"refused('127.0.0.1', {port})"), ["ECONNREFUSED"])
    equal(box.ports(), {})
    host.close()
    equal(box(f"serve('s', '127.0.0.1', {port})"), port)
    equal(box.ports(), {("tcp", "127.0.0.1", port): port})
    equal(box(f"reaches('s', '127.0.0.1', {port})"), True)
    # Started again, with what is left of connections.
    box("close('s')")
    equal(box(f"serve('s', '127.0.0.1', {port})"), port)
    equal(box.ports(), {("tcp", "127.0.0.1", port): port})


def the_last_copy_counts(place):
    host, port = listener()
    box = Box(place, "--net-allow-bind", str(port), name="box")
    box(f"serve('s', '127.0.0.1', {port})")
    box("fd = os.dup(kept['s'].fileno()); os.set_inheritable(fd, True)")
    box("r, w = os.pipe(); os.set_inheritable(r, True)")
    pid = box("os.posix_spawn('/bin/cat', ['cat'], {}, "
              "file_actions=[(os.POSIX_SPAWN_DUP2, r, 0), "
              "(os.POSIX_SPAWN_CLOSE, r), (os.POSIX_SPAWN_CLOSE, w)])")
    box("os.close(fd); close('s')")
    found = box.ports()
    equal(list(found), [("tcp", "127.0.0.1", port)])
    equal(box(f"connect('c', '127.0.0.1', {port})"), port)
    box("os.close(w); os.close(r)")
    equal(box(f"os.waitpid({pid}, 0)[1]"), 0)
    equal(box.ports(), {})
    # On its way from one to another it is nobody's, and there.
    box(f"serve('s', '127.0.0.1', {port})")
    box("a, b = socket.socketpair(); socket.send_fds(a, [b'x'], "
        "[kept['s'].fileno()]); close('s')")
    equal(list(box.ports()), [("tcp", "127.0.0.1", port)])
    box("got = socket.recv_fds(b, 1, 1)[1][0]; os.close(got)")
    equal(box.ports(), {})
    host.close()


def a_port_of_the_kernels_choice(place):
    box = Box(place, "--net-allow-bind", "0", name="box")
    port = box("serve('s', '127.0.0.1', 0)")
    equal(box.ports(), {("tcp", "127.0.0.1", port): port})
    equal(box(f"reaches('s', '127.0.0.1', {port})"), True)
    box("kept['n'] = make('127.0.0.1'); kept['n'].listen(1)")
    port = box("name('n')")
    equal(box(f"reaches('n', '127.0.0.1', {port})"), True)
    equal(box(f"serve('t', '127.0.0.1', {port})"), "EACCES")


def a_port_outside_is_another_one_inside(place):
    """The number that one got outside may be bound inside, too."""
    host, port = listener()
    box = Box(place, "--net-allow-bind", "1-65535", name="box")
    box(f"serve('s', '127.0.0.1', {port})")
    real = box.ports()["tcp", "127.0.0.1", port]
    equal(box(f"serve('t', '127.0.0.1', {real})"), real)
    equal(box(f"reaches('t', '127.0.0.1', {real})"), True)
    equal(box(f"reaches('s', '127.0.0.1', {port})"), True)
    equal([box("name('s')"), box("name('t')")], [port, real])
    host.close()


def a_client_keeps_its_source(place):
    host, port = listener()
    box = Box(place, "--net-allow-bind", f"{port},0")
    to = box("serve('s', '127.0.0.1', 0)")
    equal(box(f"bind('c', '127.0.0.1', {port}, TCP, [REUSEADDR])"), port)
    box(f"kept['c'].connect(('127.0.0.1', {to}))")
    box("accept('a', 's')")
    equal([box("name('c')"), box("peer('a')")], [port, port])
    host.close()


def so_does_one_of_the_kernels_choice(place):
    box = Box(place, "--net-allow", "udp://127.0.0.1:*", "--net-allow-bind",
              "0,udp://0")
    to = box("serve('s', '127.0.0.1', 0)")
    port = box("bind('c', '127.0.0.1', 0)")
    box(f"kept['c'].connect(('127.0.0.1', {to}))")
    box("accept('a', 's')")
    equal([box("name('c')"), box("peer('a')")], [port, port])
    to = box("bind('t', '127.0.0.1', 0, UDP)")
    port = box("bind('u', '127.0.0.1', 0, UDP)")
    box(f"kept['u'].connect(('127.0.0.1', {to}))")
    equal(box("name('u')"), port)


def there_is_room_for_so_many(place):
    box = Box(place, "--net-allow-bind", "20000-29999", name="box")
    equal(box("[bind(i, '127.0.0.1', 20000 + i) for i in range(512)][-1]"),
          20511)
    equal(len(box.ports()), 512)
    equal(box("bind('s', '127.0.0.1', 29999)"), "ENOBUFS")
    box("close(*range(512))")
    equal(box("serve('s', '127.0.0.1', 29999)"), 29999)
    equal(box("reaches('s', '127.0.0.1', 29999)"), True)


def rss_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file
                    if line.startswith("RssAnon"))


def many_leave_nothing(place):
    host, port = listener()
    box = Box(place, "--net-allow-bind", f"{port},0", name="box")
    loop = (f"[(bind(1, '127.0.0.1', {port}), bind(2, '127.0.0.1', 0), "
            "kept[2].listen(1), close(1, 2)) for _ in range(%d)]; None")
    box(loop % 200)
    before = rss_of(box.job.pid)
    fds = len(os.listdir(f"/proc/{box.job.pid}/fd"))
    box(loop % 5000)
    equal(rss_of(box.job.pid) - before < 300, True)
    equal(len(os.listdir(f"/proc/{box.job.pid}/fd")) <= fds, True)
    equal(box.ports(), {})
    equal(box(f"serve('s', '127.0.0.1', {port})"), port)
    host.close()


def without_it_all_is_bare(place):
    host, port = listener()
    box = Box(place, "--net-allow-bind", str(port), name="box", remap=False)
    equal(box(f"serve('s', '127.0.0.1', {port})"), "EADDRINUSE")
    place.running("box")
    equal(box.ports(), {})
    host.close()


def the_command_tells(place):
    host, port = listener()
    box = Box(place, "--net-allow-bind", str(port), name="box")
    box(f"serve('s', '127.0.0.1', {port})")
    real = box.ports()["tcp", "127.0.0.1", port]
    equal(place.call("ports", "box"),
          (f"tcp\t127.0.0.1\t{port}\t{real}\n", "", 0))
    out, err, status = place.call("inspect", "--json", "box")
    equal((err, status), ("", 0))
    equal(json.loads(out)["ports"], [{"protocol": "tcp", "address": "127.0.0.1",
                                      "port": port, "real": real}])
    out, err, status = place.call("ports", "nosuch")
    equal((out, status), ("", 125))
    has(err, "no sandbox named 'nosuch' is running")
    host.close()


def by_profile(place):
    host, port = listener()
    path = os.path.join(place.xdg, "p.toml")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"extends = 'base'\n[network]\nallow_bind = [{port}]\nport_remap = true\n")
    box = Box(place, "--profile-file", path, remap=False, base=())
    equal(box(f"serve('s', '127.0.0.1', {port})"), port)
    host.close()


def not_without_a_supervisor(place):
    out, err, status = place.call("run", "-p", "base", "--no-supervisor",
                                  "--port-remap", "--", "true")
    equal((out, status), ("", 125))
    has(err, "--port-remap")


if __name__ == "__main__":
    sys.exit(run([a_port_that_is_taken_is_bound_elsewhere,
                  names_are_those_inside, a_free_port_stays_what_it_is,
                  two_have_the_same_port_at_the_same_time,
                  sharing_is_among_its_own,
                  its_own_are_not_moved_out_of_the_way,
                  every_address_that_leads_there, datagrams,
                  what_is_closed_is_gone, the_last_copy_counts,
                  a_port_of_the_kernels_choice,
                  a_port_outside_is_another_one_inside,
                  a_client_keeps_its_source, so_does_one_of_the_kernels_choice,
                  there_is_room_for_so_many,
                  many_leave_nothing, without_it_all_is_bare,
                  the_command_tells, by_profile, not_without_a_supervisor]))
