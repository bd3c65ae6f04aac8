# SPDX-License-Identifier: Apache-2.0
"""Every example of the help, the manual and the README, run as it stands.

usage: examples.py SANDLOCK SOURCE-ROOT

The home is made up, with a project that holds what the examples name. Only
port 8080 is another one here, as nobody knows what listens there.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

SANDLOCK = os.path.abspath(sys.argv[1])
ROOT = os.path.abspath(sys.argv[2])
DEADLINE = 60
HOME = tempfile.mkdtemp(prefix="sandlock-examples.")
PROJECT = os.path.join(HOME, "src/project")
BIN = os.path.join(HOME, "bin")

# What ends otherwise than with 0: a part of the line, the exit status, and a
# part of what is then said.
ENDS = [
    ("run -- ls ~", 2, "Permission denied"),
    ("sleep 60", 124, "timeout after 2s"),
    ("explain path:/etc/shadow", 1, "no grant covers it"),
    ("net:example.com:443 bind:", 1, "--net-allow tcp://example.com:443"),
    ("syscall:ptrace", 1, '"fix": "--extra-allow-syscall ptrace"'),
    ("path:$HOME/.ssh", 1, "no grant covers it"),
    ("path:/etc/passwd -- ./fetch.sh", 1, "the grant of /etc/passwd"),
]

FILES = {
    "script.py": "print('script')\n",
    "Makefile": "all:\n\techo built >built\ntest check:\n\ttest -s built\n",
    "in.png": "a picture\n",
    "convert": "#!/bin/sh\ncat \"$1\" >out/out.png\n",
    "fetch.sh": "#!/bin/sh\necho fetched\n",
    "test-local-api.sh": "#!/bin/sh\necho tested\n",
}

# What not every machine has; the live tests run the real ones.
PROGRAMS = {
    "pytest": "#!/bin/sh\necho passed >report && cat report\n",
}


def make_home():
    os.makedirs(os.path.join(PROJECT, "out"))
    os.makedirs(BIN)
    os.symlink(SANDLOCK, os.path.join(BIN, "sandlock"))
    for name, text in FILES.items():
        path = os.path.join(PROJECT, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755 if text.startswith("#!") else 0o644)
    for name, text in PROGRAMS.items():
        path = os.path.join(BIN, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)


def environment():
    env = {"PATH": BIN + os.pathsep + os.environ["PATH"], "HOME": HOME,
           "LC_ALL": "C"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return env


def shell(line, **options):
    return subprocess.Popen(["sh", "-c", line], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            cwd=PROJECT, env=environment(), text=True,
                            start_new_session=True, **options)


# ---- where examples are ------------------------------------------------------

def of_help(*words):
    """Lines of the help that begin a command, joined where they go on."""
    done = subprocess.run([SANDLOCK, *words], capture_output=True, text=True,
                          env=environment(), check=False)
    text = re.sub(r"\\\n +", "", done.stdout + done.stderr)
    for line in text.splitlines():
        # Two blanks part a command from what is said of it.
        match = re.match(r" +(?:\$ )?(sandlock .*?)(   *[^ ].*)?$", line)
        if match and not re.search(r"\b[A-Z]{3,}\b", match[1]):
            yield match[1]


def of_topics():
    done = subprocess.run([SANDLOCK, "help"], capture_output=True, text=True,
                          env=environment(), check=False)
    section = re.search(r"\nTopics:\n(.*?)\n\n", done.stdout, re.S)[1]
    for line in section.splitlines():
        yield from of_help("help", line.split()[0])


def of_manual(name):
    with open(os.path.join(ROOT, "man", name), encoding="utf-8") as page:
        for line in page:
            if line.startswith(".Dl $ "):
                yield line[6:-1].replace("\\-", "-").replace("\\&", "")


def of_readme():
    """Indented blocks; "$ cat FILE" shows a file, which is then written."""
    file = None
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme:
        for line in readme:
            if not line.startswith("    "):
                file = None
                continue
            words = line.strip()
            if words.startswith("$ cat "):
                path = words[6:].replace("~", HOME, 1)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                # Closed at once: it is opened again for each line.
                with open(path, "w", encoding="utf-8"):
                    file = path
            elif words.startswith(("$ sandlock ", "sandlock ")):
                file = None
                yield words.removeprefix("$ ")
            elif file:
                with open(file, "a", encoding="utf-8") as profile:
                    profile.write(line[4:])


# ---- running one -------------------------------------------------------------

def missing_program(line):
    for word in ("make", "curl", "python3"):
        if re.search(rf"\b{word}\b", line) and not shutil.which(word):
            return word
    return None


def serve_once(listener):
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nserved\n")


def run_client(line):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threading.Thread(target=serve_once, args=[listener],
                         daemon=True).start()
        run_line(line.replace("8080", str(port)))


def run_server(line):
    """Until it answers; then it is told to end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    job = shell("exec " + line.replace("8080", str(port)))
    end = time.monotonic() + DEADLINE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as client:
                client.sendall(b"GET /script.py HTTP/1.0\r\n\r\n")
                answer = client.makefile().readline()
                break
        except OSError:
            if job.poll() is not None or time.monotonic() > end:
                job.kill()
                out, err = job.communicate()
                raise AssertionError(f"no server: {out}{err}") from None
            time.sleep(0.02)
    job.terminate()
    job.communicate(timeout=DEADLINE)
    if " 200 " not in answer:
        raise AssertionError(f"the server said {answer!r}")


def run_line(line):
    status, said = 0, ""
    for part, other, words in ENDS:
        if part in line:
            status, said = other, words
    job = shell(line)
    try:
        out, err = job.communicate(timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        job.kill()
        raise AssertionError("it does not end") from None
    if job.returncode != status or said not in out + err:
        raise AssertionError(f"exit status {job.returncode}: {out}{err}")


def run_example(line):
    if "http.server" in line:
        run_server(line)
    elif "curl" in line:
        run_client(line)
    else:
        run_line(line)


SOURCES = [("sandlock", lambda: of_help(), 5),
           ("help run", lambda: of_help("help", "run"), 5),
           ("help explain", lambda: of_help("help", "explain"), 5),
           ("help topics", of_topics, 9),
           ("sandlock(1)", lambda: of_manual("sandlock.1.in"), 12),
           ("README", of_readme, 7)]


def main():
    make_home()
    count, failed, done = 0, 0, set()
    try:
        for source, lines, least in SOURCES:
            lines = list(lines())
            for line in lines:
                if line in done:
                    continue
                done.add(line)
                count += 1
                lacking = missing_program(line)
                try:
                    if not lacking:
                        run_example(line)
                    print(f"ok {count} - {source}: {line}".replace("#", "\\#")
                          + (f" # SKIP {lacking}" if lacking else ""))
                except AssertionError as error:
                    failed += 1
                    print(f"not ok {count} - {source}: {line}")
                    print("# " + str(error).replace("\n", "\n# "))
            count += 1
            enough = len(lines) >= least
            failed += not enough
            print("not " * (not enough)
                  + f"ok {count} - {source} has {least} examples or more")
    finally:
        shutil.rmtree(HOME)
    print(f"1..{count}")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
