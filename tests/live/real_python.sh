#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# python3 under preset base.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"
need python3

begin 'the standard library loads'
inside python3 -c 'import ssl, json, subprocess, multiprocessing, tempfile
import sqlite3, ctypes, asyncio, uuid, hashlib, zoneinfo, decimal
ssl.create_default_context()
print(json.dumps({"sum": hashlib.sha256(b"x").hexdigest()[:8]}))'
works
out '{"sum": "2d711642"}'
end

begin 'subprocesses and pipes'
inside python3 -c 'import subprocess as s
print(s.run(["cat"], input=b"through cat", capture_output=True).stdout)
print(s.check_output("echo a b | tr a-z A-Z | rev", shell=True))
p = s.Popen(["sh", "-c", "exit 7"]); print("code", p.wait())'
works
out "b'through cat'"
out "b'B A"
out 'code 7'
end

begin 'a pool of forked processes'
granted='-w /dev/shm'
inside python3 -c 'import multiprocessing as m
def f(x): return x * x
with m.get_context("fork").Pool(2) as p: print(sum(p.map(f, range(1000))))'
works
out 332833500
end

begin 'a pool without shared memory names what it lacks'
inside python3 -c 'import multiprocessing as m
with m.get_context("fork").Pool(2) as p: print(sum(p.map(abs, range(10))))'
works_or_names 'Permission denied'
end

begin 'fork and pipe by hand'
inside python3 -c 'import os
r, w = os.pipe()
for i in range(50):
    if os.fork() == 0:
        os.write(w, b"x"); os._exit(0)
for i in range(50): os.wait()
print(len(os.read(r, 100)))'
works
out 50
end

begin 'threads and asyncio'
inside python3 -c 'import asyncio, threading
async def main():
    p = await asyncio.create_subprocess_exec("echo", "child", stdout=-1)
    print((await p.communicate())[0])
    print(await asyncio.to_thread(sum, range(10)))
asyncio.run(main())
t = [threading.Thread(target=print, args=("t",)) for _ in range(20)]
[x.start() for x in t]; [x.join() for x in t]'
works
out "b'child"
out 45
end

begin 'temporary files go to a directory of its own'
inside python3 -c 'import tempfile, os
with tempfile.NamedTemporaryFile() as f:
    f.write(b"x" * 100000); f.flush(); print(os.stat(f.name).st_size)
with tempfile.TemporaryDirectory() as d: open(d + "/f", "w").write("y")
print("dir", tempfile.gettempdir())'
works
out 100000
tmp=$(sed -n 's/^dir //p' "$top/out")
[ -n "$tmp" ] && [ ! -e "$tmp" ] || [ "$tmp" = "$dir" ] ||
	wrong "the temporary directory '$tmp' is still there"
end

begin 'a virtual environment is made and used'
inside python3 -m venv --without-pip v
works_or_names 'ensurepip'
if [ -x v/bin/python ]; then
	inside v/bin/python -c 'import sys; print(sys.prefix != sys.base_prefix)'
	works
	out True
fi
end

begin 'a script runs by its first line'
printf '#!/usr/bin/env python3\nimport sys\nprint("argv", sys.argv[1:])\n' >s.py
chmod +x s.py
inside ./s.py a 'b c'
works
out "argv ['a', 'b c']"
end

begin 'bytecode and files stay in the working directory'
echo 'X = 5' >mod.py
inside python3 -c 'import mod; open("made", "w").write(str(mod.X))'
works
[ "$(cat made)" = 5 ] || wrong 'the file was not made'
end

if [ -x "$HOME/.pyenv/shims/python3" ]; then
	begin "a version manager's shim in the home works or names itself"
	plain=$PATH
	PATH=$HOME/.pyenv/shims:$PATH
	inside python3 -c 'print("by shim")'
	works_or_names .pyenv
	granted="-r $HOME/.pyenv"
	inside python3 -c 'print("by shim")'
	works
	out 'by shim'
	PATH=$plain
	end
fi

if [ -x "$HOME/project/venv/bin/python" ]; then
	begin 'a virtual environment in the home runs by its own path'
	inside "$HOME/project/venv/bin/python" -c 'import sys; print(sys.prefix)'
	works
	out /project/venv
	end
fi

begin "the home's secrets cannot be read"
inside python3 -c 'import os
for n in (".ssh/id_ed25519", ".bashrc", ".gitconfig"):
    p = os.path.join(os.environ["HOME"], n)
    try: print(open(p).read())
    except OSError as e: print("refused", e.errno)'
works
out 'refused 13'
end

finish
