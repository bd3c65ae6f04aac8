# SPDX-License-Identifier: Apache-2.0
"""What --port-remap must not be good for: reaching a listener of the host's, or
of another sandbox, and binding what the policy denies. Nobody may come where the
host listens; that is what counts."""

import select
import socket
import sys

from box import Box, free_port, listener, reached
from lib import equal, run

REUSEADDR, REUSEPORT = socket.SO_REUSEADDR, socket.SO_REUSEPORT
LOOPBACK = ("127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::",
            "::ffff:127.0.0.1")


def try_all(box, port, tries=1):
    for to in LOOPBACK:
        said = box(f"refused('{to}', {port}, {tries})")
        equal((to, said), (to, ["ECONNREFUSED"]))


def not_what_is_anothers(place):
    """Neither its own port nor the one that it could not have."""
    host, port = listener()
    host6, port6 = listener("::1")
    box = Box(place, "--net-allow-bind", f"{port},{port6}")
    try_all(box, port)
    try_all(box, port6)
    box(f"serve('s', '127.0.0.2', {port})")
    equal(box(f"refused('127.0.0.1', {port})"), ["ECONNREFUSED"])
    box(f"close('s'); serve('s', '::', {port}, v6only=1)")
    equal(box(f"refused('127.0.0.1', {port})"), ["ECONNREFUSED"])
    box(f"serve('t', '127.0.0.1', {port6})")
    equal(box(f"refused('::1', {port6})"), ["ECONNREFUSED"])
    equal([reached(host), reached(host6)], [False, False])
    host.close()
    host6.close()


def not_after_it_is_closed(place):
    """Neither whoever has the port now, nor whoever has the other one."""
    host, port = listener()
    box = Box(place, "--net-allow-bind", f"{port}", name="box")
    box(f"serve('s', '127.0.0.1', {port})")
    real = box.ports()["tcp", "127.0.0.1", port]
    box("close('s')")
    other, _ = listener(port=real, options=[REUSEADDR])
    try_all(box, port)
    try_all(box, real)
    equal([reached(host), reached(other)], [False, False])
    host.close()
    other.close()


def not_after_it_listens_no_more(place):
    """Shut down or disconnected it still has its port, and others could have it
    as well."""
    ends = ("kept['s'].shutdown(socket.SHUT_RD)", "unspec('s')")
    for end in ends:
        for taken in True, False:
            host, port = listener()
            if not taken:
                host.close()
            box = Box(place, "--net-allow-bind", f"{port}", name="box")
            box("import ctypes; libc = ctypes.CDLL(None); "
                "unspec = lambda key: libc.connect(kept[key].fileno(), "
                "bytes(16), 16)")
            box(f"serve('s', '127.0.0.1', {port})")
            real = box.ports()["tcp", "127.0.0.1", port]
            equal(real == port, not taken)
            box(end)
            try:
                other, _ = listener(port=real, options=[REUSEADDR])
            except OSError:
                other = None
            try_all(box, port)
            equal(other and reached(other), other and False)
            if taken:
                equal(reached(host), False)
                host.close()
            if other:
                other.close()
            box.job.communicate()


def not_by_binding_alone(place):
    """Whoever is bound and does not listen may have company."""
    port = free_port()
    box = Box(place, "--net-allow-bind", f"{port}")
    box(f"bind('s', '127.0.0.1', {port}, TCP, [REUSEADDR])")
    box("kept['s'].setsockopt(socket.SOL_SOCKET, REUSEADDR, 1)")
    box("c = make('127.0.0.1'); c.bind(('127.0.0.1', 0))")
    try:
        host, _ = listener(port=port, options=[REUSEADDR])
    except OSError:
        host = None
    try_all(box, port)
    equal(host and reached(host), host and False)
    if host:
        host.close()


def not_by_sharing(place):
    """The host's server joins, by the option that both set: before and after."""
    for before in True, False:
        port = free_port()
        box = Box(place, "--net-allow-bind", f"{port}")
        options = "[REUSEPORT]" if before else "[]"
        box(f"serve('s', '127.0.0.1', {port}, {options})")
        box("kept['s'].setsockopt(socket.SOL_SOCKET, REUSEPORT, 1)")
        host, _ = listener(port=port, options=[REUSEPORT])
        try_all(box, port, 30)
        equal(reached(host), False)
        host.close()
        box.job.communicate()


def not_by_datagrams(place):
    """A rule about UDP, so that there are such sockets, and not about these."""
    rule = ("--net-allow", "udp://127.0.0.9:1")
    for option in "REUSEADDR", "REUSEPORT":
        for before in True, False:
            port = free_port()
            box = Box(place, *rule, "--net-allow-bind", f"udp://{port}")
            options = f"[{option}]" if before else "[]"
            box(f"bind('s', '127.0.0.1', {port}, UDP, {options})")
            box(f"kept['s'].setsockopt(socket.SOL_SOCKET, {option}, 1)")
            host, _ = listener(port=port, options=[getattr(socket,
                                                           "SO_" + option)],
                               kind=socket.SOCK_DGRAM)
            for _ in range(8):
                equal(box(f"send('127.0.0.1', {port})"), "ECONNREFUSED")
            equal(reached(host), False)
            host.close()
            box.job.communicate()


def not_by_a_connected_datagram_socket(place):
    """It sends without asking, also to who comes later."""
    port = free_port()
    box = Box(place, "--net-allow", "udp://127.0.0.9:1", "--net-allow-bind",
              f"udp://{port}")
    box(f"bind('s', '127.0.0.1', {port}, UDP)")
    equal(box(f"send('127.0.0.1', {port})"), 6)
    equal(box(f"connect('c', '127.0.0.1', {port}, UDP)"), "ECONNREFUSED")
    # And where the rule is for the number inside, of which another came.
    host, port = listener(kind=socket.SOCK_DGRAM)
    box = Box(place, "--net-allow", f"udp://127.0.0.1:{port}",
              "--net-allow-bind", f"udp://{port}", name="box")
    box(f"bind('s', '127.0.0.1', {port}, UDP)")
    real = box.ports()["udp", "127.0.0.1", port]
    equal(box(f"connect('c', '127.0.0.1', {port}, UDP)"), "ECONNREFUSED")
    box("close('s')")
    other, _ = listener(port=real, kind=socket.SOCK_DGRAM)
    equal(box(f"send('127.0.0.1', {real})"), "ECONNREFUSED")
    equal([reached(other), reached(host)], [False, False])
    host.close()
    other.close()


def not_by_a_datagram_that_is_kept_back(place):
    """It goes out with a later call, which names nobody."""
    for how in "MSG_MORE", "UDP_CORK", "another level":
        port = free_port()
        box = Box(place, "--net-allow", "udp://127.0.0.9:1", "--net-allow-bind",
                  f"udp://{port}")
        box(f"bind('s', '127.0.0.1', {port}, UDP)")
        box("c = make('127.0.0.1', UDP)")
        more = "socket.MSG_MORE" if how == "MSG_MORE" else "0"
        if not more[1:]:
            box(f"c.setsockopt({17 if how == 'UDP_CORK' else 136}, 1, 1)")
        equal((how, box(f"c.sendto(b'stolen', {more}, ('127.0.0.1', {port}))")),
              (how, "ENOTSUP"))
        box("close('s')")
        host, _ = listener(port=port, kind=socket.SOCK_DGRAM)
        box("c.setsockopt(17, 1, 0)")
        equal(box("c.send(b'')"), "EDESTADDRREQ")
        equal((how, reached(host)), (how, False))
        host.close()
        box.job.communicate()


CORK = """
def later(sock, delay):
    time.sleep(delay)
    sock.setsockopt(17, 1, 1)
def corked(port, tries):
    kept['s'].settimeout(5)
    sent = 0
    for i in range(tries):
        with make('127.0.0.1', UDP) as sock:
            thread = threading.Thread(target=later, args=(sock, i % 50 * 4e-6))
            thread.start()
            try:
                sock.sendto(b'mine', ('127.0.0.1', port))
            except OSError:
                thread.join()
                continue
            thread.join()
            kept['s'].recv(64)
            sent += 1
    return sent
"""


def not_by_a_sibling_that_keeps_it_back(place):
    """What was sent has arrived, whatever was said of the socket meanwhile."""
    port = free_port()
    box = Box(place, "--net-allow", "udp://127.0.0.9:1", "--net-allow-bind",
              f"udp://{port}")
    box(f"bind('s', '127.0.0.1', {port}, UDP)")
    box("import time; exec(%r)" % CORK)
    sent = box(f"corked({port}, 1000)")
    equal((sent, isinstance(sent, int) and sent > 0), (sent, True))


FILL = """
def fill(port):
    kept['s'].listen(2)
    said, states = set(), set()
    clients = []
    for blocking in (False, True) * 5:
        sock = make('127.0.0.1')
        sock.setblocking(blocking)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                        (1).to_bytes(8, 'little') + bytes(8))
        error = sock.connect_ex(('127.0.0.1', port))
        said.add(errno.errorcode.get(error, 'connected'))
        states.add(sock.getsockopt(socket.IPPROTO_TCP, 11, 1)[0])
        clients.append(sock)
    kept['clients'] = clients
    return sorted(said), sorted(states)
"""


def not_by_waiting_for_a_place(place):
    """A connection that finds no room is tried again by the kernel a second
    later, when the listener may be another one."""
    host, port = listener()
    box = Box(place, "--net-allow-bind", f"{port}", name="box")
    box("exec(%r)" % FILL)
    box(f"serve('s', '127.0.0.1', {port})")
    real = box.ports()["tcp", "127.0.0.1", port]
    said, states = box(f"fill({port})")
    equal(said, ["ECONNREFUSED", "EINPROGRESS", "connected"])
    equal(2 in states, False)  # SYN_SENT
    box("close('s')")
    other, _ = listener(port=real, options=[REUSEADDR])
    equal(select.select([other, host], [], [], 1.5)[0], [])
    host.close()
    other.close()


def not_by_leaving_an_address(place):
    """Connected, a socket bound to any address is at one alone."""
    port = free_port()
    box = Box(place, "--net-allow", "udp://127.0.0.9:1", "--net-allow-bind",
              f"udp://{port}")
    equal(box(f"bind('s', '0.0.0.0', {port}, UDP)"), port)
    box("kept['s'].connect(('127.0.0.9', 1))")
    host, _ = listener("127.0.0.1", port, kind=socket.SOCK_DGRAM) \
        if can_bind(port) else (None, 0)
    equal(box(f"send('127.0.0.1', {port})"), "ECONNREFUSED")
    equal(host and reached(host), host and False)
    if host:
        host.close()


def can_bind(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def what_is_denied_stays_denied(place):
    """Also where the port is taken, and another one would be had."""
    host, port = listener()
    free = free_port()
    flags = (("--net-allow-bind", "*", "--net-deny-bind", f"{port},{free}"),
             ("--net-allow-bind", "1"), ())
    for some in flags:
        box = Box(place, *some, name="box")
        for where in port, free:
            for to in LOOPBACK:
                equal((to, box(f"serve('s', '{to}', {where})")), (to, "EACCES"))
        box("import ctypes, struct; libc = ctypes.CDLL(None, use_errno=True)")
        box("s = make('127.0.0.1')")
        equal(box("libc.bind(s.fileno(), struct.pack('=HH12x', 0, "
                  f"socket.htons({port})), 16)"), -1)
        equal(box("ctypes.get_errno()"), 13)
        for kind, protocol in ("TCP", 262), ("UDP", 136), ("TCP", 132):
            equal(box(f"socket.socket(socket.AF_INET, {kind}, {protocol})") in
                  ("EPROTONOSUPPORT", "EPERM"), True)
        place.running("box")
        equal(box.ports(), {})
        box.job.communicate()
    equal(reached(host), False)
    host.close()


def what_a_rule_denies_stays_denied(place):
    port = free_port()
    box = Box(place, "--net-allow-bind", f"{port}", "--net-deny", "127.0.0.1",
              "--net-deny", f"[::1]:{port}")
    equal(box(f"serve('s', '0.0.0.0', {port})"), port)
    equal(box(f"serve('t', '::1', {port})"), port)
    for to in "127.0.0.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1":
        equal((to, box(f"refused('{to}', {port})")), (to, ["ECONNREFUSED"]))


def not_the_neighbours(place):
    """Another sandbox's port is another one's, by either number."""
    host, port = listener()
    boxes = [Box(place, "--net-allow-bind", f"{port}", name=f"box{i}")
             for i in range(2)]
    boxes[0](f"serve('s', '127.0.0.1', {port})")
    real = boxes[0].ports()["tcp", "127.0.0.1", port]
    try_all(boxes[1], port)
    try_all(boxes[1], real)
    boxes[0]("kept['s'].settimeout(0)")
    equal(boxes[0]("accept('c', 's')"), "EAGAIN")
    boxes[1](f"serve('s', '127.0.0.1', {port})")
    equal(boxes[1](f"reaches('s', '127.0.0.1', {port})"), True)
    equal(boxes[0]("accept('c', 's')"), "EAGAIN")
    host.close()


RACE = """
def churn():
    while going:
        try:
            serve('x', '127.0.0.1', %(port)d)
            kept['x'].shutdown(socket.SHUT_RD)
            close('x')
        except OSError:
            pass
"""


def not_by_a_race(place):
    """One binds and closes, others connect; the host's is never there."""
    host, port = listener()
    box = Box(place, "--net-allow-bind", f"{port}")
    box("exec(%r)" % (RACE % {"port": port}))
    box("going = True; threads = [threading.Thread(target=churn)]; "
        "threads[0].start()")
    said = box(f"refused('127.0.0.1', {port}, 3000)")
    box("going = False; threads[0].join()")
    equal(set(said) <= {"ECONNREFUSED", "connected", "ECONNRESET"}, True)
    equal(reached(host), False)
    host.close()


FLIP = """
address = bytearray(struct.pack('=HH12x', 2, socket.htons(%(good)d)))
address[4:8] = bytes([127, 0, 0, 1])
buffer = (ctypes.c_char * 16).from_buffer(address)
good, bad = bytes(address), address[:2] + struct.pack('!H', %(bad)d) + address[4:]
def flip():
    while going:
        address[:] = bad
        address[:] = good
def binds(n):
    got = set()
    for _ in range(n):
        s = make('127.0.0.1')
        if libc.bind(s.fileno(), buffer, 16) == 0:
            got.add(s.getsockname()[1])
        s.close()
    return sorted(got)
"""


def not_by_flipping_the_address(place):
    good, bad = free_port(), free_port()
    box = Box(place, "--net-allow-bind", f"{good}")
    box("import ctypes, struct; libc = ctypes.CDLL(None)")
    box("exec(%r)" % (FLIP % {"good": good, "bad": bad}))
    box("going = True; thread = threading.Thread(target=flip); thread.start()")
    got = box("binds(3000)")
    box("going = False; thread.join()")
    equal(got, [good])


SIBLING = """
def later(sock, delay):
    time.sleep(delay)
    try:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    except OSError:
        pass
def race(port, tries):
    said = set()
    for i in range(tries):
        with make('::', v6only=0) as sock:
            thread = threading.Thread(target=later, args=(sock, i % 50 * 1e-5))
            thread.start()
            try:
                sock.bind(('::', port))
            except OSError:
                pass
            thread.join()
            sock.listen(8)
            said |= set(refused('127.0.0.1', port))
    return sorted(said)
"""


def not_by_changing_what_a_socket_takes(place):
    """While it is bound, a sibling says that IPv4 is not for it: then that port
    of 127.0.0.1 is somebody else's still."""
    host, port = listener()
    box = Box(place, "--net-allow-bind", f"{port},0")
    box("import time; exec(%r)" % SIBLING)
    # The more there are the longer the bind takes.
    box("for i in range(200): bind(i, '127.0.0.1', 0)")
    said = box(f"race({port}, 600)")
    equal(set(said) <= {"ECONNREFUSED", "connected"}, True)
    equal(reached(host), False)
    host.close()


UNSPEC = ("import ctypes; libc = ctypes.CDLL(None); "
          "unspec = lambda key: libc.connect(kept[key].fileno(), bytes(16), 16)")


def not_by_another_family(place):
    """An IPv6 socket that is turned into an IPv4 one leaves ::1 to others."""
    port, other = free_port(), free_port()
    box = Box(place, "--net-allow-bind", f"{port},{other}")
    box(UNSPEC)
    box(f"serve('other', '127.0.0.1', {other})")
    box(f"bind('s', '::', {port}, TCP, [REUSEADDR], 0)")
    box(f"kept['s'].connect(('::ffff:127.0.0.1', {other}))")
    said = box("kept['s'].setsockopt(socket.IPPROTO_IPV6, 1, socket.AF_INET)")
    box("unspec('s'); kept['s'].listen(8)")
    host = None
    try:
        host, _ = listener("::1", port, [REUSEADDR])
    except OSError:
        pass
    box(f"refused('::1', {port})")
    equal(host and reached(host), host and False)
    equal(said, "ENOPROTOOPT")
    equal(host, None)  # it is the sandbox's


def not_where_it_listened_before(place):
    """A port of the kernel's choice is given up with a shutdown; who listens
    again has another one."""
    box = Box(place, "--net-allow-bind", "0")
    port = box("serve('s', '127.0.0.1', 0, [])")
    equal(box(f"reaches('s', '127.0.0.1', {port})"), True)
    box("kept['s'].shutdown(socket.SHUT_RD)")
    host, _ = listener(port=port, options=[REUSEADDR])
    box("kept['s'].listen(8)")
    box(f"refused('127.0.0.1', {port})")
    equal(reached(host), False)
    equal(box("name('s')") != port, True)
    try_all(box, port)
    equal(box("reaches('s', '127.0.0.1', name('s'))"), True)
    host.close()


def what_is_denied_is_no_way_out(place):
    """Where another port is had, it is not one of those that a rule denies: all
    that there are, or a part of them."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        low, high = (int(word) for word in file.read().split())
    last = low + (high - low) // 4
    for kind, prefix in ("TCP", ""), ("UDP", "udp://"):
        host, port = above(last, getattr(socket, "SOCK_" + {
            "TCP": "STREAM", "UDP": "DGRAM"}[kind]))
        flags = ("--net-allow", "udp://127.0.0.9:1", "--net-allow-bind",
                 f"{prefix}{port}", "--net-deny-bind")
        box = Box(place, *flags, f"{prefix}1-{port - 1},"
                  f"{prefix}{port + 1}-65535", name="box")
        for to in "127.0.0.1", "0.0.0.0", "::":
            equal((to, box(f"bind('s', '{to}', {port}, {kind}, [], 0 "
                           f"if '{to}' == '::' else None)")),
                  (to, "EADDRINUSE"))
        equal(box.ports(), {})
        box.job.communicate()
        box = Box(place, *flags, f"{prefix}1-{last}", name="box")
        for _ in range(20):
            equal(box(f"bind('s', '127.0.0.1', {port}, {kind})"), port)
            real = box.ports()[kind.lower(), "127.0.0.1", port]
            equal((real, real > last), (real, True))
            box("close('s')")
        box.job.communicate()
        host.close()


def not_by_sharing_elsewhere(place):
    """A rule for the number inside is none for whoever shares the other one."""
    for kind, prefix, option in (("TCP", "", "REUSEPORT"),
                                 ("UDP", "udp://", "REUSEPORT"),
                                 ("UDP", "udp://", "REUSEADDR")):
        sort = socket.SOCK_STREAM if kind == "TCP" else socket.SOCK_DGRAM
        host, port = listener(kind=sort)
        box = Box(place, "--net-allow",
                  f"{prefix or 'tcp://'}127.0.0.1:{port}", "--net-allow-bind",
                  f"{prefix}{port}", name="box")
        box(f"bind('s', '127.0.0.1', {port}, {kind}, [{option}])")
        if kind == "TCP":
            box("kept['s'].listen(64)")
        real = box.ports()[kind.lower(), "127.0.0.1", port]
        equal(real != port, True)
        other, _ = listener(port=real, kind=sort,
                            options=[getattr(socket, "SO_" + option)])
        for _ in range(20):
            box(f"refused('127.0.0.1', {port})" if kind == "TCP" else
                f"send('127.0.0.1', {port})")
        equal((kind, reached(other), reached(host)), (kind, False, False))
        box.job.communicate()
        host.close()
        other.close()


def above(port, kind):
    """The host's, with a greater port."""
    while True:
        host, at = listener(kind=kind)
        if at > port:
            return host, at
        host.close()


if __name__ == "__main__":
    sys.exit(run([not_what_is_anothers, not_after_it_is_closed,
                  not_after_it_listens_no_more, not_by_binding_alone,
                  not_by_sharing, not_by_datagrams, not_by_leaving_an_address,
                  not_by_a_connected_datagram_socket,
                  not_by_a_datagram_that_is_kept_back,
                  not_by_a_sibling_that_keeps_it_back,
                  not_by_waiting_for_a_place,
                  what_is_denied_stays_denied, what_a_rule_denies_stays_denied,
                  not_the_neighbours, not_by_a_race,
                  not_by_flipping_the_address,
                  not_by_changing_what_a_socket_takes,
                  not_by_another_family, not_where_it_listened_before,
                  what_is_denied_is_no_way_out, not_by_sharing_elsewhere]))
