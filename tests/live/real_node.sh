#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# node and npm under preset base.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"
need node

begin 'files'
inside node -e 'const fs = require("fs")
fs.mkdirSync("a/b", { recursive: true })
fs.writeFileSync("a/b/f", "x".repeat(1e6))
fs.renameSync("a/b/f", "a/g"); fs.symlinkSync("g", "a/l")
console.log(fs.readFileSync("a/l").length, fs.readdirSync("a").join())'
works
out '1000000 b,g,l'
end

begin 'promises, streams and timers'
inside node -e 'const fs = require("fs"), { pipeline } = require("stream/promises")
const zlib = require("zlib");
(async () => {
  fs.writeFileSync("in", "y".repeat(1e6))
  await pipeline(fs.createReadStream("in"), zlib.createGzip(), fs.createWriteStream("out.gz"))
  await Promise.all([...Array(100)].map((_, i) => fs.promises.writeFile("f" + i, "z")))
  setTimeout(() => console.log("done", fs.readdirSync(".").length), 5)
})()'
works
out 'done 102'
end

begin 'child processes'
inside node -e 'const c = require("child_process")
console.log(c.execSync("echo from child | rev").toString().trim())
const p = c.spawn("cat"); p.stdout.on("data", d => console.log("cat:", d.toString()))
p.stdin.end("pipe"); p.on("close", code => console.log("code", code))'
works
out 'dlihc morf'
out 'cat: pipe'
out 'code 0'
end

begin 'a forked node with a message channel'
echo 'process.on("message", m => { process.send(m * 2); process.exit() })' >kid.js
inside node -e 'const k = require("child_process").fork("./kid.js")
k.on("message", m => console.log("answer", m)); k.send(21)'
works
out 'answer 42'
end

begin 'workers'
inside node -e 'const { Worker } = require("worker_threads")
for (let i = 0; i < 4; i++)
  new Worker("require(\"worker_threads\").parentPort.postMessage(\"w\")", { eval: true })
    .on("message", m => console.log(m))'
works
[ "$(grep -c '^w$' "$top/out")" -eq 4 ] || wrong 'not four answers'
end

if command -v npm >/dev/null 2>&1; then
	begin 'npm runs a script and packs'
	echo '{"name":"p","version":"1.0.0","scripts":{"t":"echo from npm"}}' >package.json
	granted="--env npm_config_update_notifier=false --env npm_config_cache=$dir/.c"
	inside npm run t
	works_or_names "$HOME"
	if [ "$status" -eq 0 ]; then
		out 'from npm'
	fi
	granted="-r $HOME/.npmrc --env npm_config_update_notifier=false --env npm_config_cache=$dir/.c"
	[ -r "$HOME/.npmrc" ] || granted="--env npm_config_cache=$dir/.c"
	inside npm pack --offline
	works_or_names "$HOME"
	end
fi

begin "the home's secrets cannot be read"
inside node -e 'const p = process.env.HOME + "/.ssh/id_ed25519"
try { console.log(require("fs").readFileSync(p, "utf8")) }
catch (e) { console.log("refused", e.code) }'
works
out 'refused EACCES'
end

finish
