#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# npm and node under presets agent and node.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/agent_lib.sh
. "$(dirname "$0")/agent_lib.sh"
need node npm tar
profiles='-p node'

# A package with an install script, packed outside: dep-1.0.0.tgz here.
tarball()
{
	mkdir package
	echo '{"name":"dep","version":"1.0.0","main":"i.js",
"scripts":{"postinstall":"node post.js"}}' >package/package.json
	echo 'module.exports = x => 2 * x' >package/i.js
	cat >package/post.js <<'END'
const fs = require("fs"), home = process.env.HOME, said = []
for (const f of [".npmrc", ".ssh/id_ed25519", ".git-credentials"])
  try { said.push(fs.readFileSync(home + "/" + f, "utf8")) } catch (e) { said.push(e.code) }
for (const f of [".npm/_cacache/entry", ".bashrc", ".npmrc", "../outside"])
  try { fs.writeFileSync(home + "/" + f, "poison"); said.push("wrote") } catch (e) { said.push(e.code) }
said.push(Object.values(process.env).join().includes("DO-NOT-LEAK") ? "env" : "clean")
fs.writeFileSync("said", said.join())
END
	tar czf dep-1.0.0.tgz package
	rm -r package
}

begin 'npm install of a tarball, run, test'
tarball
echo '{"name":"p","version":"1.0.0","scripts":{"test":"node t.js"}}' >package.json
echo 'console.log("twice", require("dep")(21))' >t.js
agent npm install --no-audit ./dep-1.0.0.tgz
works
agent npm test
works
out 'twice 42'
said=$(cat node_modules/dep/said)
[ "$said" = EACCES,EACCES,EACCES,EACCES,EACCES,EACCES,EACCES,clean ] ||
	wrong "the install script: $said"
end_agent

begin 'npm ci from the lock file'
tarball
echo '{"name":"p","version":"1.0.0","dependencies":{"dep":"file:dep-1.0.0.tgz"}}' \
	>package.json
agent npm install --no-audit --ignore-scripts
works
[ -f package-lock.json ] || wrong 'no lock file'
agent npm ci --no-audit
works
agent node -p 'require("dep")(4)'
works
out 8
end_agent

begin 'a registry that cannot be reached fails soon'
echo '{"name":"p","version":"1.0.0"}' >package.json
begun=$(date +%s)
agent npm install --no-audit nosuch-package
[ $(($(date +%s) - begun)) -lt 40 ] || wrong 'it was asked again'
fails
end_agent

begin 'npm without profile node'
profiles=
tarball
echo '{"name":"p","version":"1.0.0"}' >package.json
agent npm install --no-audit ./dep-1.0.0.tgz
works
profiles='-p node'
end_agent

begin 'NPM_CONFIG_ in capitals does not bring the tokens back'
echo '{"name":"p","version":"1.0.0"}' >package.json
NPM_CONFIG_USERCONFIG=$HOME/.npmrc NPM_CONFIG_CACHE=$HOME/.npm agent npm config get cache
works
out /cache/npm
end_agent

begin 'a version manager in the home'
mkdir -p "$HOME/.nvm/versions/node/v1/lib/node_modules/tool"
echo 'module.exports = "from nvm"' \
	>"$HOME/.nvm/versions/node/v1/lib/node_modules/tool/index.js"
mkdir -p "$HOME/.nvm/versions/node/v1/bin"
ln -s "$(command -v node)" "$HOME/.nvm/versions/node/v1/bin/node"
look_at_home >"$top/home.before"
agent "$HOME/.nvm/versions/node/v1/bin/node" -p \
	'require(process.env.HOME + "/.nvm/versions/node/v1/lib/node_modules/tool")'
works
out 'from nvm'
agent node -e 'require("fs").writeFileSync(process.env.HOME + "/.nvm/x", "")'
fails
end_agent

finish
