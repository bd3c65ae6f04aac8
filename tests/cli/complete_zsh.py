# SPDX-License-Identifier: Apache-2.0
"""The completion of zsh, in a zsh on a terminal: type, press TAB, look."""

import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

SANDLOCK = os.path.abspath(sys.argv[1])
DEADLINE = 60
WORK = tempfile.mkdtemp(prefix="sandlock-zsh.")

# ^X^X hands the line over and empties it.
START = """
{how}
zstyle ':completion:*' menu no
setopt no_list_beep no_auto_menu
show() {{ print -r -- "$BUFFER" >{work}/line; BUFFER= }}
zle -N show
bindkey '^I' complete-word
bindkey '^X^X' show
print started >{work}/line
"""

# What is typed before TAB, and the line then.
CASES = [
    ("sandlock ru", "sandlock run "),
    ("sandlock profile che", "sandlock profile check "),
    ("sandlock profile show mi", "sandlock profile show mine "),
    ("sandlock help exit", "sandlock help exit-codes "),
    ("sandlock completion z", "sandlock completion zsh "),
    ("sandlock run --fs-r", "sandlock run --fs-read="),
    ("sandlock run --clean", "sandlock run --clean-env "),
    ("sandlock run --no-private", "sandlock run --no-private-tmp "),
    ("sandlock run --chro", "sandlock run --chro"),
    ("sandlock check --js", "sandlock check --json "),
    ("sandlock check --fs-r", "sandlock check --fs-read="),
    ("sandlock explain --js", "sandlock explain --json "),
    ("sandlock explain -r /usr sys", "sandlock explain -r /usr syscall:"),
    ("sandlock explain path:/etc/hostnam",
     "sandlock explain path:/etc/hostname "),
    ("sandlock explain -- printen", "sandlock explain -- printenv "),
    ("sandlock run -p mi", "sandlock run -p mine "),
    ("sandlock run --color=al", "sandlock run --color=always "),
    ("sandlock run -r /etc/hostnam", "sandlock run -r /etc/hostname "),
    ("sandlock run -i printen", "sandlock run -i printenv "),
    ("sandlock run -r /usr -- printen", "sandlock run -r /usr -- printenv "),
    ("sandlock run -- cat --clean", "sandlock run -- cat --clean"),
    ("sandlock run -- cat /etc/hostnam", "sandlock run -- cat /etc/hostname "),
]


# Sourced, and found by compinit as an installed one.
SOURCED = "autoload -U compinit && compinit -D -u; source {work}/_sandlock"
INSTALLED = "fpath=({work} $fpath); autoload -U compinit && compinit -D -u"


def make_home():
    os.makedirs(f"{WORK}/home/.config/sandlock/profiles")
    os.makedirs(f"{WORK}/bin")
    os.symlink(SANDLOCK, f"{WORK}/bin/sandlock")
    open(f"{WORK}/home/.config/sandlock/profiles/mine.toml", "w").close()
    with open(f"{WORK}/_sandlock", "w", encoding="utf-8") as script:
        subprocess.run([SANDLOCK, "completion", "zsh"], stdout=script,
                       check=True)
    os.mkfifo(f"{WORK}/line")


def start(how):
    with open(f"{WORK}/home/.zshrc", "w", encoding="utf-8") as script:
        script.write(START.format(work=WORK, how=how.format(work=WORK)))
    # For reading and writing: opening never blocks, and it never ends.
    line = os.open(f"{WORK}/line", os.O_RDWR)
    pid, master = pty.fork()
    if pid == 0:
        os.environ.update(HOME=f"{WORK}/home", ZDOTDIR=f"{WORK}/home",
                          TERM="dumb", LC_ALL="C",
                          PATH=f"{WORK}/bin:{os.environ['PATH']}")
        os.execvp("zsh", ["zsh", "-d", "-i"])
    return pid, master, line


def read_line(master, line):
    end = time.monotonic() + DEADLINE
    seen = b""
    while True:
        ready, _, _ = select.select([master, line], [], [],
                                    max(0, end - time.monotonic()))
        if line in ready:
            return os.read(line, 4096).decode().rstrip("\n")
        if not ready:
            raise AssertionError(f"no line; the terminal shows {seen!r}")
        # The terminal must be emptied, or the shell would wait.
        seen += os.read(master, 4096)


def run_cases(how, first):
    failed = 0
    pid, master, line = start(how)
    try:
        read_line(master, line)
        for number, (typed, wanted) in enumerate(CASES, first):
            os.write(master, typed.encode() + b"\t\x18\x18")
            got = read_line(master, line)
            failed += got != wanted
            print("not " * (got != wanted) + f"ok {number} - {typed}")
            if got != wanted:
                print(f"# {got!r} is not {wanted!r}")
    finally:
        os.close(master)
        os.close(line)
        os.waitpid(pid, 0)
    return failed


def main():
    if not shutil.which("zsh"):
        print("1..1\nok 1 - zsh completion # SKIP zsh")
        return 0
    make_home()
    try:
        print(f"1..{2 * len(CASES)}")
        failed = run_cases(SOURCED, 1)
        failed += run_cases(INSTALLED, 1 + len(CASES))
    finally:
        shutil.rmtree(WORK)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
