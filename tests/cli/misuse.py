# SPDX-License-Identifier: Apache-2.0
"""Every way to get the command line wrong has one exact message.

The cases are in misuse.txt; those that follow from the key table by rule
(no value, a second value, a value for a switch) are made from the table.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile

SANDLOCK = os.path.abspath(sys.argv[1])
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "misuse.txt")
WORK = tempfile.mkdtemp(prefix="sandlock-misuse.")
HOME = os.path.join(WORK, "home")
COLUMNS = ("name", "flag", "short", "metavar", "type", "part", "available",
           "group", "help")


def run(words):
    env = {"PATH": os.environ["PATH"], "HOME": HOME, "LC_ALL": "C"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    done = subprocess.run([SANDLOCK, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, env=env, cwd=WORK, timeout=60,
                          check=False)
    return done.stdout.decode(), done.stderr.decode(), done.returncode


def refused(words, message):
    """What is wrong with how @words end, or None."""
    out, err, status = run(words)
    if (out, err, status) == ("", f"sandlock: {message}\n", 125):
        return None
    return (f"{shlex.join(words)}\n#   gave {status} {out!r}\n"
            f"#        {err!r}\n#   not  'sandlock: {message}\\n'")


def table():
    for line in open(TABLE, encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            words, message = line.rstrip("\n").split(" => ", 1)
            yield (shlex.split(words.format(work=WORK, home=HOME)),
                   message.replace("{work}", WORK).replace("{home}", HOME))


def keys():
    out, _, _ = run(["help", "--keys"])
    for line in out.splitlines():
        key = dict(zip(COLUMNS, line.split("\t")))
        if key["flag"] != "-" and key["available"] == "available":
            yield key


def from_the_table():
    for words, message in table():
        yield refused(words, message)


def every_flag_with_a_value_is_in_the_table():
    used = {word.split("=")[0] for words, _ in table() for word in words}
    for key in keys():
        if key["metavar"] != "-" and not used & {key["flag"], key["short"]}:
            yield f"misuse.txt lacks {key['flag']}"


def no_value():
    for key in keys():
        for flag in (key["flag"], key["short"]):
            if key["metavar"] != "-" and flag != "-":
                yield refused(["run", flag], f"option '{flag}' needs a "
                                             f"value ({key['metavar']})")


def a_second_value():
    count = 0
    for key in keys():
        if (key["metavar"] == "-" or key["type"] in ("list", "map")
                or key["name"] == "profile"):
            continue
        count += 1
        value = {"color": "auto", "status-fd": "x"}.get(key["name"], "1")
        flag = key["flag"]
        yield refused(["run", flag, value, f"{flag}={value}", "--", "true"],
                      f"option '{flag}' is given more than once; it takes "
                      f"one {key['metavar']}")
    if count < 8:
        yield f"only {count} flags"


def a_value_for_a_switch():
    for key in keys():
        if key["metavar"] != "-":
            continue
        flag = key["flag"]
        yield refused(["run", f"{flag}=1", "--", "true"],
                      f"{flag}: '1' is not true or false"
                      if key["part"] == "policy"
                      else f"option '{flag}' takes no value")


CASES = [from_the_table, every_flag_with_a_value_is_in_the_table, no_value,
         a_second_value, a_value_for_a_switch]


def main():
    failed = 0
    os.makedirs(HOME)
    print(f"1..{len(CASES)}")
    try:
        for number, case in enumerate(CASES, 1):
            wrong = [text for text in case() if text]
            failed += bool(wrong)
            print("not " * bool(wrong) + f"ok {number} - "
                  + case.__name__.replace("_", " "))
            for text in wrong:
                print(f"# {text}")
    finally:
        shutil.rmtree(WORK)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
