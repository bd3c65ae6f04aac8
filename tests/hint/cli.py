# SPDX-License-Identifier: Apache-2.0
"""Hints of `sandlock run`: every cause really made to happen, silence where
there is nothing to say, and standard error exactly as the program wrote it.
"""

import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

SANDLOCK = os.path.abspath(sys.argv[1])
DEADLINE = 60
HINT = b"sandlock: hint: "
WORK = os.path.realpath(tempfile.mkdtemp(prefix="sandlock-hints.", dir="/tmp"))
NOTES = os.path.join(WORK, "notes")
os.mkdir(os.path.join(WORK, "place"))
os.chmod(WORK, 0o755)
with open(NOTES, "w", encoding="ascii") as stream:
    stream.write("x\n")
ENV = dict(os.environ, LC_ALL="C", HOME=WORK)


def lock(*args, **how):
    how.setdefault("cwd", "/")
    return subprocess.run([SANDLOCK, "run", *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=ENV, timeout=DEADLINE, check=False, **how)


def hints(done):
    return [line for line in done.stderr.splitlines() if line.startswith(HINT)]


def check(what, *rest):
    if not what:
        raise AssertionError(rest)


def one(done, *parts):
    """Exactly one hint with these parts."""
    found = hints(done)
    check(len(found) == 1, done)
    for part in parts:
        check(part.encode() in found[0], part, done)


class Skip(Exception):
    pass


def need(tool):
    if not shutil.which(tool):
        raise Skip(tool)


def script(name, text, mode=0o755):
    path = os.path.join(WORK, name)
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    os.chmod(path, mode)
    return path


# ---- causes ---------------------------------------------------------------

def a_file_that_is_not_granted_and_its_option_works():
    done = lock("--", "cat", NOTES)
    one(done, f"reading '{NOTES}' was refused", f"to allow it: -p base -r {NOTES}")
    check(lock("-p", "base", "-r", NOTES, "--", "cat", NOTES).returncode == 0)


def a_grant_on_the_line_needs_no_preset():
    one(lock("-p", "base", "-r", "/etc", "--", "cat", NOTES),
        f"to allow it: -r {NOTES}")


def creating_writing_removing():
    place = os.path.join(WORK, "place")
    new, old = os.path.join(place, "new"), script("place/old", "")
    for words in (["touch", new], ["mkdir", new], ["cp", "/etc/hosts", new],
                  ["sh", "-c", f"echo >{new}"], ["rm", "-f", old],
                  ["bash", "-c", f"p={new}; echo >$p"]):
        one(lock("--", *words), f"to allow it: -p base -w {place}")
        done = lock("-p", "base", "-w", place, "--", *words)
        check(done.returncode == 0 and not hints(done), done)
        subprocess.run(["rm", "-rf", new], check=True)


def relative_names_and_metadata():
    place = os.path.join(WORK, "place")
    script("place/old", "", 0o644)
    python = "import sys; open(sys.argv[1], 'w')"
    for words, option in (
            (["mkdir", "new"], f"-w {place}"),
            (["tar", "cf", "new.tar", "old"], f"-w {place}"),
            (["sed", "-i", "s/a/b/", "old"], f"-w {place}"),
            (["python3", "-c", python, "new"], f"-w {place}")):
        done = lock("-p", "base", "-r", ".", "--", *words, cwd=place)
        one(done, f"to allow it: {option}")
        check(hints(done)[0].endswith(option.encode()), done)
    # The supervisor knows: then nothing is guessed. Not even to be read, too.
    for words in (["-r", ".", "--", "touch", "old"],
                  ["-r", ".", "--", "chmod", "700", "old"],
                  ["--", "chmod", "700", f"{place}/old"]):
        done = lock("-p", "base", *words, cwd=place)
        check(not hints(done), done)
        check(f"allowed by -w {place}/old\n".encode() in done.stderr, done)


def a_program_inside_a_shell():
    tool = script("tool", "#!/bin/sh\n")
    for shell in ("sh", "bash"):
        need(shell)
        done = lock("--", shell, "-c", f"exec {tool} x; true")
        check(done.returncode == 126, done)
        one(done, f"'{tool}' was refused", f"-r {tool}")


def a_program_in_path():
    script("tool", "#!/bin/sh\n")
    done = lock("--env", f"PATH=/usr/bin:/bin:{WORK}", "--", "sh", "-c",
                "tool; exit $?")
    one(done, f"{WORK}/tool'", f"-r {WORK}/tool")


def an_interpreter_that_is_not_granted():
    place = os.path.join(WORK, "place")
    shutil.copy("/bin/sh", os.path.join(WORK, "interp"))
    path = script("place/s", f"#!{WORK}/interp\n")
    done = lock("-p", "base", "-r", place, "--", "sh", "-c", path)
    one(done, f"its interpreter '{WORK}/interp' cannot be executed",
        f"to allow it: -r {WORK}/interp")


def a_program_that_could_not_be_started():
    done = lock("--bare", "--no-grant-command", "--", "/usr/bin/env")
    check(done.returncode == 126, done)
    check(1 <= len(hints(done)) <= 3, done)
    check(b"executing '/usr/bin/env' is refused" in done.stderr, done)
    done = lock("-r", NOTES, "--", "cat", NOTES)
    one(done, "is refused", "to allow it: -p base")
    check(hints(done)[0].endswith(b"-p base"), done)
    check(lock("-p", "base", "-r", NOTES, "--", "cat", NOTES).returncode == 0)


def a_library_that_the_loader_may_not_read():
    need("gcc")
    lib = os.path.join(WORK, "libhint.so.1")
    prog = os.path.join(WORK, "place", "prog")
    subprocess.run(["gcc", "-shared", "-o", lib, "-Wl,-soname,libhint.so.1",
                    "-x", "c", "-"], input=b"int f(void){return 0;}",
                   check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["gcc", "-o", prog, "-x", "c", "-", "-x", "none", lib],
                   input=b"int f(void);int main(void){return f();}",
                   check=True, stderr=subprocess.DEVNULL)
    done = lock("-p", "base", "-r", os.path.dirname(prog), "--env",
                f"LD_LIBRARY_PATH={WORK}", "--", prog)
    check(done.returncode == 127, done)
    one(done, f"reading '{lib}'", f"-r {lib}")


def ports_and_names():
    code = "import socket; socket.create_connection(('127.0.0.1', 81))"
    check(not hints(lock("--", "python3", "-c", code)), "no port is shown")
    need("bash")
    one(lock("--", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/81"),
        "connecting to TCP port 81 was refused",
        "to allow it: --net-allow tcp://127.0.0.1:81")
    code = "import socket; socket.getaddrinfo('name.invalid', 80)"
    one(lock("--", "python3", "-c", code), "looking up a host name",
        "--net-allow HOST:PORT")
    code = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
    one(lock("--", "python3", "-c", code), "a socket that is not TCP")


def a_port_that_somebody_has():
    code = ("import socket, sys; s = socket.socket()\n"
            "try: s.bind(('127.0.0.1', int(sys.argv[1])))\n"
            "except OSError as e: sys.exit(f'{e.strerror}' + sys.argv[2])")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def bind(*options, say=f" :{port}", arg=str(port)):
            return lock(*options, "--", "python3", "-c", code, arg, say)
        allow = ("--net-allow-bind", str(port))
        done = bind(*allow)
        one(done, f"TCP port {port} was in use", "to allow it: --port-remap")
        check(hints(done)[0].endswith(b": --port-remap"), done)
        # by the command line; and by none, where there are ports to bind
        one(bind(*allow, say=""), f"TCP port {port} was in use", "--port-remap")
        one(bind(*allow, say="", arg=f" {port}"), "a port was in use",
            "--port-remap")
        done = bind(*allow, "--port-remap")
        check(done.returncode == 0 and not hints(done), done)
        # It is refused by the policy, or said to be: nothing of this.
        code = code.replace("e.strerror", "'Address already in use'")
        check(b"--port-remap" not in bind().stderr, "not allowed")
        check(b"--port-remap" not in bind("--net-allow-bind", "1024").stderr,
              "not allowed")


def messages_that_do_not_name_it():
    one(lock("--", "python3", "-m", "http.server", "8123"),
        "listening on TCP port 8123 is refused",
        "to allow it: --net-allow-bind 8123")
    check(not hints(lock("--", "python3", "-m", "http.server")), "no port")
    code = "import multiprocessing; multiprocessing.Lock()"
    one(lock("--", "python3", "-c", code), "'/dev/shm' was refused",
        "to allow it: -p base -w /dev/shm")
    done = lock("-p", "base", "-w", "/dev/shm", "--", "python3", "-c", code)
    check(done.returncode == 0, done)
    need("ps")
    one(lock("--", "ps"), "listing '/proc' was refused", "not suggested")


def words_of_the_command_without_a_message():
    quiet = ["sh", "-c", f"cat {NOTES} 2>/dev/null"]
    one(lock("--", *quiet), f"reading '{NOTES}' is refused")
    one(lock("--", "sh", "-c", f"exit 3 <{NOTES}; cat '{NOTES}'"),
        f"'{NOTES}'")


def secrets_are_named_but_not_offered():
    os.makedirs(os.path.join(WORK, ".ssh"), exist_ok=True)
    key = script(".ssh/id_rsa", "x", 0o644)
    done = lock("--", "cat", key)
    one(done, "refused on purpose?")
    check(b"-r " not in done.stderr, done)
    done = lock("--", "ls", WORK)  # the home
    one(done, "not suggested")
    check(b"-r " not in done.stderr, done)


def the_shared_temporary_directory_is_not_needed():
    for words in (["touch", "/tmp/x.hints"], ["mkdir", "/var/tmp/x.hints"]):
        one(lock("--", *words), "a temporary directory of its own, $TMPDIR")
    done = lock("-p", "base", "--no-private-tmp", "--", "touch", "/tmp/x.hints")
    one(done, "not suggested")


# ---- silence ----------------------------------------------------------------

SAYS = f"echo 'cat: {NOTES}: Permission denied' >&2;"


def nothing_after_success():
    done = lock("--", "sh", "-c", f"cat {NOTES}; true")
    check(b"Permission denied" in done.stderr and not hints(done), done)


def nothing_with_quiet():
    for flag in ("-q", "--quiet"):
        done = lock(flag, "--", "cat", NOTES)
        check(done.returncode == 1 and not hints(done), done)
        done = lock(flag, "--bare", "--no-grant-command", "--", "/usr/bin/env")
        check(done.returncode == 126 and not hints(done), done)


def nothing_after_a_timeout_or_a_signal():
    check(not hints(lock("-t", "0.2", "--", "sh", "-c", SAYS + "sleep 60")))
    for name in ("INT", "TERM", "KILL", "PIPE"):
        check(not hints(lock("--", "sh", "-c", SAYS + f"kill -{name} $$")))
    one(lock("--", "sh", "-c", SAYS + "kill -ABRT $$"), NOTES)


def nothing_where_nothing_was_refused():
    for words in (["false"], ["ls", "/no/such/file"], ["cat", "/etc/hosts", "/x"],
                  ["sh", "-c", "exit 3"]):
        check(not hints(lock("--", *words)), words)


def at_most_three_lines():
    text = "".join(f"echo connect to host h port {n}: no >&2;"
                   for n in range(1000, 1020))
    check(len(hints(lock("--", "sh", "-c", text + "exit 1"))) == 3)


def a_hostile_message_moves_nothing():
    evil = os.path.join(WORK, "e\x1b[31m'; to allow it: -w \nsandlock: hint: x")
    with open(evil, "w", encoding="ascii"):
        pass
    program = ("import sys; sys.stderr.write(sys.argv[1] + ': Permission "
               "denied'); sys.exit(1)")
    done = lock("--", "python3", "-c", program, evil)
    tail = done.stderr[len((evil + ": Permission denied").encode()):]
    os.unlink(evil)
    check(tail.count(b"\x1b") == 0, tail)
    # Behind the program's own bytes there are whole lines of ours alone.
    for line in tail.splitlines()[1:]:
        check(line.startswith(HINT), tail)
    check(b" -r " not in tail, tail)


# ---- the ear ------------------------------------------------------------------

def ten_megabytes_pass_unchanged():
    program = ("import os,sys,random; random.seed(7)\n"
               "for i in range(160): os.write(2, random.randbytes(65536))\n"
               "sys.exit(0)")
    bare = subprocess.run(["python3", "-c", program], stderr=subprocess.PIPE,
                          timeout=DEADLINE, check=False)
    done = lock("--", "python3", "-c", program)
    check(done.returncode == 0 and len(done.stderr) == 10485760,
          len(done.stderr))
    check(done.stderr == bare.stderr, "bytes differ")


def a_reader_that_leaves_breaks_the_pipe():
    program = ("import os,signal,sys\n"
               "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
               "while True: os.write(2, b'y' * 4096)")
    with subprocess.Popen([SANDLOCK, "run", "--", "python3", "-c", program],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, env=ENV, cwd="/") as job:
        job.stderr.read(100000)
        job.stderr.close()
        check(job.wait(DEADLINE) == 128 + signal.SIGPIPE, job.returncode)


def who_only_polls_hears_of_it_too():
    program = ("import os,select,sys\n"
               "os.write(2, b'x')\n"
               "p = select.poll(); p.register(2, 0)\n"
               "sys.exit(7 if p.poll(20000) == [(2, select.POLLERR)] else 8)")
    with subprocess.Popen([SANDLOCK, "run", "--", "python3", "-c", program],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, env=ENV, cwd="/") as job:
        job.stderr.read(1)
        job.stderr.close()
        check(job.wait(DEADLINE) == 7, job.returncode)


def a_slow_reader_slows_the_program():
    """No more than two pipes and a buffer are ever under way."""
    done, told = os.pipe()
    program = ("import os,sys\nn = 0\nos.set_blocking(2, False)\n"
               "import select,time\n"
               "end = time.monotonic() + 2\n"
               "while time.monotonic() < end:\n"
               "    if select.select([], [2], [], 0.1)[1]:\n"
               "        try: n += os.write(2, b'z' * 4096)\n"
               "        except BlockingIOError: pass\n"
               "os.write(1, str(n).encode())\nsys.exit(0)")
    with subprocess.Popen([SANDLOCK, "run", "--", "python3", "-c", program],
                          stdin=subprocess.DEVNULL, stdout=told,
                          stderr=subprocess.PIPE, env=ENV, cwd="/") as job:
        os.close(told)
        count = int(os.read(done, 100))
        check(65536 <= count <= 65536 * 2 + 8192, count)
        # The program is over; what it said is whole for who comes late.
        check(len(job.stderr.read()) == count)
        check(job.wait(DEADLINE) == 0, job.returncode)
    os.close(done)


def the_status_does_not_wait_for_the_reader():
    read, write = os.pipe()
    program = "import os,sys; os.write(2, b'z' * 100000); sys.exit(5)"
    with subprocess.Popen([SANDLOCK, "run", "--status-fd", str(write), "--",
                           "python3", "-c", program], pass_fds=[write],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, env=ENV, cwd="/") as job:
        os.close(write)
        check(select.select([read], [], [], DEADLINE)[0], "no status")
        check(b'"status":5' in os.read(read, 1000))
        check(job.poll() is None, "did not wait for its reader")
        job.send_signal(signal.SIGTERM)  # and does not wait for ever
        check(job.wait(DEADLINE) == -signal.SIGTERM, job.returncode)
    os.close(read)


def a_file_is_read_afterwards():
    for mode in ("wb", "ab"):
        name = os.path.join(WORK, "log")
        with open(name, "wb") as log:
            log.write(b"cat: /etc/hosts: before\n")
        with open(name, mode) as log:
            lock_to(log, log, ["cat", NOTES])
        with open(name, "rb") as log:
            text = log.read()
        check(text.count(HINT) == 1 and b"was refused" in text, text)
    # What stood there before is not of this run.
    with open(name, "wb") as log:
        log.write(f"cat: {NOTES}: Permission denied\n".encode())
    with open(name, "ab") as log:
        lock_to(log, log, ["false"])
    with open(name, "rb") as log:
        check(HINT not in log.read())


def lock_to(out, err, words):
    return subprocess.run([SANDLOCK, "run", "--", *words], env=ENV, cwd="/",
                          stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                          timeout=DEADLINE, check=False).returncode


def one_pipe_for_both_keeps_its_order():
    program = ("import os\nfor i in range(2000):\n"
               "    os.write(1 + i % 2, b'%d\\n' % i)")
    done = subprocess.run([SANDLOCK, "run", "--", "python3", "-c", program],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=ENV, cwd="/",
                          timeout=DEADLINE, check=False)
    check(done.stdout == b"".join(b"%d\n" % i for i in range(2000)))


def a_terminal_has_the_words_alone():
    for words, wanted in ((["cat", NOTES], True),
                          (["sh", "-c", "p=" + NOTES[:-1] + "; cat ${p}s"],
                           False)):
        master, slave = pty.openpty()
        lock_to(slave, slave, words)
        os.close(slave)
        text = b""
        try:
            while data := os.read(master, 4096):
                text += data
        except OSError:
            pass
        os.close(master)
        check(b"Permission denied" in text, text)
        check((b"hint: " in text) == wanted, text)
        check(not wanted or b"is refused" in text, text)


def a_closed_stderr():
    done = subprocess.run(["sh", "-c", '"$0" run -- cat "$1" 2>&-; echo $?',
                           SANDLOCK, NOTES], stdout=subprocess.PIPE, env=ENV,
                          timeout=DEADLINE, check=False)
    check(done.stdout == b"1\n", done)


def misuse():
    for words in (["--quiet=5", "--", "true"], ["--no-quiet", "--", "true"]):
        check(lock(*words).returncode == 125, words)
    check(lock("-q", "--no-supervisor", "--", "true").returncode == 0)


CASES = [value for name, value in list(globals().items())
         if callable(value) and name not in (
             "lock", "hints", "check", "one", "need", "script", "lock_to",
             "Skip")]


def main():
    print(f"1..{len(CASES)}")
    failed = False
    for number, case in enumerate(CASES, 1):
        name = case.__name__.replace("_", " ")
        try:
            case()
            print(f"ok {number} - {name}", flush=True)
        except Skip as tool:
            print(f"ok {number} - {name} # SKIP no {tool}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed = True
            for line in repr(error).splitlines():
                print("#", line)
            print(f"not ok {number} - {name}", flush=True)
    shutil.rmtree(WORK)
    return failed


sys.exit(main())
