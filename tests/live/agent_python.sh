#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# pytest, pip and virtual environments under presets agent and python.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/agent_lib.sh
. "$(dirname "$0")/agent_lib.sh"
need python3
python3 -c 'import pytest, ensurepip' 2>/dev/null || {
	echo '1..0 # SKIP pytest or ensurepip is not installed'
	exit 0
}
profiles='-p python'

# A wheel of one module, made outside: $1 directory, $2 text of the module.
wheel()
{
	python3 - "$1" "$2" <<'END'
import sys, zipfile
info = "dep-1.0.dist-info/"
with zipfile.ZipFile(sys.argv[1] + "/dep-1.0-py3-none-any.whl", "w") as z:
    z.writestr("dep.py", sys.argv[2])
    z.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: dep\nVersion: 1.0\n")
    z.writestr(info + "WHEEL",
               "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    z.writestr(info + "RECORD", "dep.py,,\n")
END
}

begin 'pytest: fixtures, temporary files, subprocesses'
mkdir pkg
echo 'def double(x): return 2 * x' >pkg/__init__.py
cat >test_it.py <<'END'
import os, subprocess, pytest, pkg

@pytest.fixture
def two():
    return 2

def test_fixture(two):
    assert pkg.double(two) == 4

def test_tmp_path(tmp_path):
    (tmp_path / "f").write_text("x")
    assert str(tmp_path).startswith(os.environ["TMPDIR"])

def test_subprocess():
    assert subprocess.check_output(["echo", "hi"]) == b"hi\n"

@pytest.mark.parametrize("name", [".ssh/id_ed25519", ".npmrc", ".aws/credentials",
                                  ".config/gh/hosts.yml", ".bashrc"])
def test_no_secrets(name):
    with pytest.raises(PermissionError):
        open(os.path.join(os.environ["HOME"], name)).read()

def test_environment():
    assert "DO-NOT-LEAK" not in str(os.environ)

@pytest.mark.parametrize("name", [".bashrc", ".cache/pip/entry", ".config/x",
                                  ".local/lib/x.pth", "../outside"])
def test_nothing_outside_is_written(name):
    with pytest.raises(OSError):
        open(os.path.join(os.environ["HOME"], name), "a")
END
agent python3 -m pytest -q
works
out '14 passed'
[ -d .pytest_cache ] || wrong 'no cache of the project'
end_agent

begin 'a failing test is seen'
echo 'def test(): assert 1 == 2' >test_no.py
agent python3 -m pytest -q
[ "$status" -eq 1 ] || wrong "exit status $status"
out '1 failed'
end_agent

begin 'venv, pip install of a wheel, import'
mkdir -p "$HOME/.config/pip"
echo "[global]
index-url = https://u:$secret@index.example.org" >"$HOME/.config/pip/pip.conf"
look_at_home >"$top/home.before"
wheel . 'def answer(): return 42'
agent python3 -m venv v
works
agent v/bin/pip install -q ./dep-1.0-py3-none-any.whl
works
agent v/bin/python -c 'import dep; print(dep.answer())'
works
out 42
agent v/bin/pip config list
works
agent v/bin/pip download -q --no-deps nosuch
fails
end_agent

begin 'a package that wants to stay gets nowhere'
wheel . 'import os, pathlib
home = pathlib.Path.home()
for path in [".bashrc", ".cache/pip/entry", ".local/lib/python3/usercustomize.py",
             ".config/autostart/x.desktop", ".ssh/authorized_keys", ".gitconfig"]:
    try:
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text("poison")
        print("wrote", path)
    except OSError: pass
import socket
for address in ("127.0.0.1", 80), ("192.0.2.1", 443):
    try: socket.create_connection(address, 1)
    except PermissionError: print("no network")'
agent_sh 'python3 -m venv v; v/bin/pip install -q ./dep-1.0-py3-none-any.whl
v/bin/python -c "import dep"'
works
! grep -q wrote "$top/out" || wrong 'it wrote'
[ "$(grep -c 'no network' "$top/out")" -eq 2 ] || wrong 'the network answered'
agent v/bin/pip install nosuch-package
fails
! grep -q Retrying "$top/err" || wrong 'the index was asked again'
end_agent

begin 'what was installed in the home is found, and cannot be changed'
site=$(HOME=$HOME python3 -c 'import site; print(site.getusersitepackages())')
mkdir -p "$site"
echo 'X = "mine"' >"$site/mine.py"
look_at_home >"$top/home.before"
agent python3 -B -c 'import mine; print(mine.X)'
works
out mine
agent python3 -c 'import mine; open(mine.__file__, "w")'
fails
profiles=
agent python3 -c 'import mine'
fails
profiles='-p python'
end_agent

if [ -x "$HOME/.pyenv/shims/python3" ]; then
	begin "a version manager's python"
	plain=$PATH
	PATH=$HOME/.pyenv/shims:$PATH
	agent sh -c 'command -v python3; python3 -c "print(6 * 7)"'
	PATH=$plain
	works
	out .pyenv/shims/python3
	out 42
	end_agent
fi

finish
