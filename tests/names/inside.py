# SPDX-License-Identifier: Apache-2.0
"""Inside a sandbox with a host name in a network rule: what /etc/hosts is, by
every way to it. One line of JSON per finding; use.py knows what is right.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
SYS_OPENAT2 = 437
IN_ROOT, BENEATH, NO_SYMLINKS = 16, 8, 4
SYS_OPEN = 2 if os.uname().machine == "x86_64" else None
WRITES = {"wronly": os.O_WRONLY, "rdwr": os.O_RDWR,
          "trunc": os.O_RDONLY | os.O_TRUNC,
          "append": os.O_WRONLY | os.O_APPEND,
          "creat": os.O_WRONLY | os.O_CREAT | os.O_TRUNC}


def call(number, *args):
    fd = libc.syscall(number, *args)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "")
    return fd


def openat2(dirfd, path, flags=0, resolve=0, mode=0):
    how = struct.pack("QQQ", flags, mode, resolve)
    return call(SYS_OPENAT2, dirfd, path.encode(), how, ctypes.c_size_t(24))


def tell(name, value):
    print(json.dumps([name, value]), flush=True)


def attempt(name, function, *args):
    """Its result; of a descriptor what it reads; or the errno's name."""
    try:
        value = function(*args)
        if isinstance(value, int) and not isinstance(value, bool):
            with os.fdopen(value, "rb") as file:
                value = file.read().decode()
    except OSError as error:
        value = errno.errorcode[error.errno]
    tell(name, value)


def at(directory, name):
    return os.open(name, os.O_RDONLY, dir_fd=os.open(directory, os.O_PATH))


def again(link, flags=os.O_RDONLY):
    return os.open(link % os.open("/etc/hosts", os.O_PATH), flags)


def by_link(target, rest=""):
    link = os.path.join(os.environ["TMPDIR"], "link")
    os.symlink(target, link)
    try:
        return os.open(link + rest, os.O_RDONLY)
    finally:
        os.unlink(link)


def in_directory(directory, path):
    os.chdir(directory)
    return os.open(path, os.O_RDONLY)


def spellings(more):
    ways = {
        "plain": lambda: os.open("/etc/hosts", os.O_RDONLY),
        "dots": lambda: os.open("/etc/../etc//./hosts", os.O_RDONLY),
        "above root": lambda: os.open("/../../etc/hosts", os.O_RDONLY),
        "dirfd": lambda: at("/etc", "hosts"),
        "dirfd dots": lambda: at("/usr", "../etc/hosts"),
        "cwd": lambda: in_directory("/etc", "hosts"),
        "own cwd": lambda: in_directory("/etc", "/proc/self/cwd/hosts"),
        "own root": lambda: os.open("/proc/self/root/etc/hosts", 0),
        "own root by number":
            lambda: os.open(f"/proc/{os.getpid()}/root/etc/hosts", 0),
        "own root by thread":
            lambda: os.open("/proc/thread-self/root/etc/hosts", 0),
        "path descriptor": lambda: again("/proc/self/fd/%d"),
        "dev fd": lambda: again("/dev/fd/%d"),
        "link": lambda: by_link("/etc/hosts"),
        "link to directory": lambda: by_link("/etc", "/hosts"),
        "link through proc": lambda: by_link("/proc/self/root/etc/hosts"),
        "creating": lambda: os.open("/etc/hosts", os.O_CREAT, 0o600),
        "non-blocking": lambda: os.open("/etc/hosts", os.O_NONBLOCK),
        "openat2": lambda: openat2(-100, "/etc/hosts"),
        "openat2 in root":
            lambda: openat2(os.open("/", os.O_PATH), "etc/hosts",
                            resolve=IN_ROOT),
        "openat2 beneath":
            lambda: openat2(os.open("/etc", os.O_PATH), "hosts",
                            resolve=BENEATH),
    }
    if SYS_OPEN:
        ways["open"] = lambda: call(SYS_OPEN, b"/etc/hosts", 0)
    for path in more:
        ways[path] = lambda path=path: os.open(path, os.O_RDONLY)
    for name, way in ways.items():
        attempt("way: " + name, way)
    attempt("way: by a program", lambda: os.popen("cat /etc/hosts").read())


def writing():
    for name, flags in WRITES.items():
        attempt("write: " + name, os.open, "/etc/hosts", flags)
        attempt("write again: " + name, again, "/proc/self/fd/%d", flags)
        attempt("write openat2: " + name,
                lambda flags=flags: openat2(-100, "/etc/hosts", flags))
    fd = os.open("/etc/hosts", os.O_RDONLY)
    link = f"/proc/self/fd/{fd}"
    attempt("change: write", lambda: str(os.write(fd, b"x")))
    attempt("change: truncate", lambda: str(os.ftruncate(fd, 0)))
    attempt("change: mode", lambda: str(os.fchmod(fd, 0o666)))
    attempt("change: seals", lambda: str(fcntl.fcntl(fd, 1033, 0)))
    attempt("change: reopened",
            lambda: str(os.write(os.open(link, os.O_RDWR), b"x")))
    attempt("change: mapped", lambda: str(mmap.mmap(
        fd, 0, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)))


def handling():
    one = os.open("/etc/hosts", os.O_RDONLY)
    two = os.open("/etc/hosts", os.O_RDONLY)
    tell("read 5", os.read(one, 5).decode())
    tell("other offset", os.lseek(two, 0, os.SEEK_CUR))
    tell("size", os.fstat(one).st_size)
    tell("end", os.lseek(two, 0, os.SEEK_END))
    with mmap.mmap(one, 0, mmap.MAP_PRIVATE, mmap.PROT_READ) as mapped:
        tell("mapped", mapped[:].decode())
    tell("cloexec", [os.get_inheritable(one),
                     bool(fcntl.fcntl(call(SYS_OPEN, b"/etc/hosts", 0),
                                      fcntl.F_GETFD)) if SYS_OPEN else False])
    tell("stat", os.stat("/etc/hosts").st_size)


def others():
    """All else is opened as without."""
    here = os.path.join(os.environ["TMPDIR"], "file")
    os.umask(0o027)
    with open(here, "w", encoding="ascii") as file:
        file.write("text")
    tell("mode", os.stat(here).st_mode & 0o777)
    attempt("back", os.open, here, os.O_RDONLY)
    attempt("exclusive", os.open, here, os.O_CREAT | os.O_EXCL)
    attempt("nothing", os.open, here + "x", os.O_RDONLY)
    attempt("nothing above", os.open, here + "x/..", os.O_RDONLY)
    attempt("no directory", os.open, here + "/", os.O_RDONLY)
    attempt("a directory", os.open, "/etc", os.O_WRONLY)
    attempt("hosts as a directory", os.open, "/etc/hosts/", os.O_RDONLY)
    attempt("hosts exclusively", os.open, "/etc/hosts",
            os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    attempt("another hosts", lambda: os.open(
        os.path.join(os.environ["TMPDIR"], "hosts"), os.O_RDONLY))
    attempt("not granted", os.open, "/root/x", os.O_RDONLY)


def names(wanted):
    for name in wanted:
        try:
            found = {info[4][0] for info in socket.getaddrinfo(name, 80)}
            tell("name: " + name, sorted(found))
        except socket.gaierror as error:
            tell("name: " + name, error.errno == socket.EAI_NONAME or
                 error.errno == socket.EAI_AGAIN)


def lowest():
    fd = os.open("/etc/hosts", os.O_RDONLY)
    os.close(fd)
    return fd


def many():
    """A thousand, and a word to the driver before and after."""
    before = lowest()
    tell("begin", 0)
    sys.stdin.readline()
    for _ in range(1000):
        os.close(os.open("/etc/hosts", os.O_RDONLY))
    tell("many", lowest() - before)
    sys.stdin.readline()


def later():
    attempt("before", os.open, "/etc/hosts", os.O_RDONLY)
    sys.stdin.readline()
    attempt("after", os.open, "/etc/hosts", os.O_RDONLY)
    for path in sys.argv[2:]:
        attempt("after: " + path, os.open, path, os.O_RDONLY)


if __name__ == "__main__":
    if sys.argv[1] == "names":
        names(sys.argv[2:])
    elif sys.argv[1] == "spellings":
        spellings(sys.argv[2:])
    else:
        globals()[sys.argv[1]]()
