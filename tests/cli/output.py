# SPDX-License-Identifier: Apache-2.0
"""What is shown where: colour and columns on a terminal, plain text elsewhere.

Each case runs the tool with its standard output, and where it matters its
standard error, on a terminal of a given width.
"""

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

SANDLOCK = os.path.abspath(sys.argv[1])
DEADLINE = 30
ESCAPE = re.compile(r"\033\[[0-9;]*m")
HOME = tempfile.mkdtemp(prefix="sandlock-output.")
PROFILES = os.path.join(HOME, ".config/sandlock/profiles")


def environment(**changes):
    env = {"PATH": os.environ["PATH"], "HOME": HOME, "TERM": "xterm",
           "LC_ALL": "C.UTF-8"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    env.update(changes)
    return {name: value for name, value in env.items() if value is not None}


def terminal(*args, width=80, **env):
    """Everything the tool shows on a terminal, and its exit status."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ,
                struct.pack("HHHH", 24, width, 0, 0))
    with subprocess.Popen([SANDLOCK, *args], stdin=subprocess.DEVNULL,
                          stdout=slave, stderr=slave,
                          env=environment(**env)) as job:
        os.close(slave)
        seen = b""
        end = time.monotonic() + DEADLINE
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([master], [], [], left)[0]:
                job.kill()
                raise AssertionError(f"no end of {args}: {seen!r}")
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data
        os.close(master)
        status = job.wait(DEADLINE)
    return seen.decode().replace("\r\n", "\n"), status


def piped(*args, **env):
    """Standard output, standard error and exit status, without a terminal."""
    done = subprocess.run([SANDLOCK, *args], stdin=subprocess.DEVNULL,
                          capture_output=True, env=environment(**env),
                          timeout=DEADLINE, check=False)
    return done.stdout.decode(), done.stderr.decode(), done.returncode


def equal(left, right):
    if left != right:
        raise AssertionError(f"{left!r} is not {right!r}")


def has(text, part):
    if part not in text:
        raise AssertionError(f"no {part!r} in {text!r}")


def is_colored(text):
    return ESCAPE.search(text) is not None


def errors_are_red_on_a_terminal():
    text, status = terminal("run", "--nosuch")
    equal(status, 125)
    equal(text.splitlines()[0].startswith("\033[1;31msandlock:\033[0m "), True)
    out, err, status = piped("run", "--nosuch")
    equal((out, status), ("", 125))
    equal(err.startswith("sandlock: unknown option"), True)
    equal(is_colored(err), False)


def no_color_and_dumb_terminals():
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": None}):
        for args in (["run", "--nosuch"], ["profile", "list"]):
            text, _ = terminal(*args, **env)
            equal((args, env, is_colored(text)), (args, env, False))
    # An empty NO_COLOR says nothing.
    equal(is_colored(terminal("run", "--nosuch", NO_COLOR="")[0]), True)


def color_is_chosen():
    for words in (["--color=never"], ["--color", "never"]):
        text, _ = terminal(*words, "profile", "list")
        equal(is_colored(text), False)
        text, _ = terminal("profile", "list", *words)
        equal(is_colored(text), False)
        text, status = terminal("run", *words, "--nosuch")
        equal((is_colored(text), status), (False, 125))
    equal(is_colored(piped("--color=always", "profile", "list")[0]), True)
    equal(is_colored(piped("profile", "--color=always", "lst")[1]), True)
    equal(is_colored(piped("run", "--color=always", "--nosuch",
                           NO_COLOR="1")[1]), True)
    # The later word wins, as for a profile and the command line.
    equal(is_colored(piped("--color=always", "run", "--color=never",
                           "--nosuch")[1]), False)


def color_misused():
    for words in (["--color=red", "profile", "list"],
                  ["run", "--color=red", "--", "true"],
                  ["profile", "list", "--color", "red"]):
        out, err, status = piped(*words)
        equal((out, status), ("", 125))
        equal(err, "sandlock: --color: 'red' is not auto, always or never\n")
    for words in (["--color"], ["profile", "list", "--color"]):
        out, err, status = piped(*words)
        equal((out, status), ("", 125))
        has(err, "option '--color' needs a value (WHEN)")


def the_words_of_a_program_are_its_own():
    for words in (["--", "echo", "--color=red"], ["echo", "--color=red"]):
        out, err, status = piped("run", *words)
        equal((out, err, status), ("--color=red\n", "", 0))


def a_list_is_columns_or_records():
    os.makedirs(PROFILES)
    with open(os.path.join(PROFILES, "mine.toml"), "w",
              encoding="utf-8") as profile:
        profile.write("# SPDX-License-Identifier: MIT\n\n#\n"
                      "# mine: what the tests of a project need, and no\n"
                      "# more\033[31m. The rest of the comment.\n"
                      "# And more of it.\n[limits]\ntimeout = 1\n")
    with open(os.path.join(PROFILES, "base.toml"), "w",
              encoding="utf-8") as profile:
        profile.write("[limits]\ntimeout = 1\n# Not the first.\n")
    with open(os.path.join(PROFILES, "cafe.toml"), "w",
              encoding="utf-8") as profile:
        profile.write("# Ein Caf\u00e9 \u00fcber alles " + "wort " * 90)
    os.mkdir(os.path.join(PROFILES, "odd.toml"))

    out, err, status = piped("profile", "list")
    equal((err, status), ("", 0))
    rows = {line.split("\t")[0]: line.split("\t")[1:]
            for line in out.splitlines()}
    equal(rows["mine"], ["file", "what the tests of a project need, and no "
                                 "more?[31m"])
    equal(rows["base"], ["file, over preset", ""])
    has(rows["odd"][1], "not a regular file")
    equal(rows["cafe"][1].endswith("wort..."), True)
    equal(len(rows["cafe"][1].encode()) < 240, True)
    equal(is_colored(out), False)

    for width in (40, 60, 80, 200):
        text, status = terminal("profile", "list", width=width)
        equal(status, 0)
        lines = ESCAPE.sub("", text).splitlines()
        has(lines[0], "ORIGIN")
        column = lines[0].index("DESCRIPTION")
        equal("\033[31m" in text, False)
        for line in lines:
            # With little room left the terminal itself breaks the lines.
            if column + 20 <= width and " " in line[column:]:
                equal((line, len(line) <= width), (line, True))
            equal(line, line.rstrip())
        starts = [line[column:] for line in lines if line.startswith("mine")]
        equal(starts[0].startswith("what"), True)
    shutil.rmtree(PROFILES)


def columns_of_the_environment():
    wide, _ = terminal("profile", "list", width=200)
    narrow, _ = terminal("profile", "list", width=200, COLUMNS="60")
    equal(max(len(line) for line in ESCAPE.sub("", narrow).splitlines()) <= 60,
          True)
    equal(wide == narrow, False)
    for columns in ("0", "x", "60x", ""):
        text, _ = terminal("profile", "list", width=200, COLUMNS=columns)
        equal((columns, text), (columns, wide))
    # No terminal, no columns.
    equal(piped("profile", "list", COLUMNS="40"), piped("profile", "list"))


def help_fits_the_terminal():
    plain, err, status = piped("help", "run")
    equal((err, status), ("", 0))
    equal(is_colored(plain), False)
    for width in (80, 200):
        text, _ = terminal("help", "run", width=width)
        equal(is_colored(text), True)
        equal(ESCAPE.sub("", text), plain)
    # A narrow one: the descriptions go on below themselves.
    text, _ = terminal("help", "run", width=60)
    lines = ESCAPE.sub("", text).splitlines()
    at = next(i for i, line in enumerate(lines) if "--fs-read PATH" in line)
    column = lines[at].index("read and")
    equal(len(lines[at]) <= 60, True)
    equal(lines[at + 1], " " * column + "all below it")
    # One with no room for that: left to the terminal.
    text, _ = terminal("help", "run", width=40)
    equal(ESCAPE.sub("", text), plain)


def usage_alone_is_colored_on_a_terminal():
    text, status = terminal()
    equal(status, 125)
    has(text, "\033[1mUsage:\033[0m")
    equal(ESCAPE.sub("", text), piped()[1])


def a_check_is_columns_or_records():
    text, status = terminal("check", width=100)
    records, err, same = piped("check")
    equal((err, status), ("", same))
    equal(is_colored(text), True)
    plain = ESCAPE.sub("", text).splitlines()
    equal(plain[0], records.splitlines()[0])
    fields = [line.split("\t") for line in records.splitlines()
              if "\t" in line]
    column = next(line for line in plain if " landlock " in line)
    column = column.index("files open only")
    for name, state, need, gives, _ in fields:
        line = next(line for line in plain if f" {name} " in line)
        shown = {"present": "ok", "limited": "limited"}.get(
            state, "MISSING" if need == "needed" else "no")
        equal(line.split()[:2], [shown, name])
        equal(line.index(gives.split()[0], len(name)), column)
        equal(len(line) <= 100, True)
    equal("\t" in text, False)


def an_explanation_is_columns_or_records():
    words = ["explain", "path:/etc/passwd", "net:h:443"]
    text, status = terminal(*words, width=100)
    records, err, same = piped(*words)
    equal((status, same, err), (1, 1, ""))
    equal(is_colored(text), True)
    equal(is_colored(records), False)
    lines = ESCAPE.sub("", text).splitlines()
    equal(lines[0], "allowed  read     /etc/passwd")
    equal(re.match("  {17}Landlock, preset base:[0-9]+:[0-9]+: the grant of "
                   "/etc/passwd covers it$", lines[1]) is not None, True)
    has(text, " to allow it: --net-allow tcp://h:443\n")
    equal({len(line.split("\t")) for line in records.splitlines()}, {10})
    text, status = terminal("explain", width=80)
    equal(status, 0)
    for heading in ("Granted:", "Refused or limited:", "Enforced by nothing:"):
        has(text, heading)
    equal([line for line in ESCAPE.sub("", text).splitlines()
           if line.startswith("refused") or "\t" in line], [])


CASES = [a_check_is_columns_or_records,
         an_explanation_is_columns_or_records,
         errors_are_red_on_a_terminal, no_color_and_dumb_terminals,
         color_is_chosen, color_misused, the_words_of_a_program_are_its_own,
         a_list_is_columns_or_records, columns_of_the_environment,
         help_fits_the_terminal, usage_alone_is_colored_on_a_terminal]


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    try:
        for number, case in enumerate(CASES, 1):
            name = case.__name__.replace("_", " ")
            try:
                case()
                print(f"ok {number} - {name}")
            except AssertionError as error:
                failed += 1
                print(f"not ok {number} - {name}")
                print(f"# {error}")
    finally:
        shutil.rmtree(HOME)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
