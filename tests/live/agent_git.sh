#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# git and the shell under preset agent.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/agent_lib.sh
. "$(dirname "$0")/agent_lib.sh"
need git

# As the user would outside, where there is no key to sign with.
own_git()
{
	git -c commit.gpgSign=false "$@"
}

begin 'add, commit, status, log'
git init -q
echo one >one
agent git add one
works
agent git commit -q -m first
works
agent git log --format='%an %s %G?'
works
out 'Test Person first N'
agent git status --short
works
[ ! -s "$top/out" ] || wrong 'not clean'
end_agent

begin 'checkout, branch, merge, stash, tag'
git init -q
agent_sh 'echo one >f; git add f; git commit -qm one
git checkout -qb side; echo two >>f; git commit -qam two
git checkout -q main; git merge -q --no-ff -m merged side
echo three >>f; git stash -q; git stash pop -q; git commit -qam three
git tag -a -m v1 v1; git log --oneline | wc -l; git describe'
works
out 4
out v1
end_agent

begin 'clone of a local path, worktree, gc, fsck'
agent_sh 'git init -q r; cd r; for i in 1 2 3 4 5; do echo $i >f$i; git add .
git commit -qm $i; done; cd ..; git clone -q r copy; git -C copy log --oneline | wc -l
git -C copy worktree add -q ../tree; ls tree; git -C copy gc -q; git -C copy fsck
git -C copy status --short'
works
out 5
out f5
end_agent

# One way each; then the git outside runs. Without the protection it is had.
begin 'nothing is left that the next git outside would run'
top_of_case=$dir
try()
{
	rm -rf "$top_of_case/repo" "$top_of_case/ran"
	mkdir "$top_of_case/repo"
	cd "$top_of_case/repo" || exit
	git init -q
	git config user.email test@example.org
	echo one >f
	git add f
	own_git commit -q -m one
	mkdir evil
	printf '#!/bin/sh\ntouch %s/ran\n' "$top_of_case" >evil/run
	chmod +x evil/run
	cp evil/run evil/post-checkout
	cp .git/config evil/config
	printf '[core]\n\tfsmonitor = %s\n' "$PWD/evil/run" >>evil/config
	agent_sh "$1"
	own_git checkout -q -b side
	own_git status
	cd "$top_of_case" || exit
	[ -e ran ]
}
for attack in \
	'git config core.fsmonitor "$PWD/evil/run"' \
	'cat evil/config >>.git/config' \
	'cp evil/config .git/config' \
	'mv -f evil/config .git/config' \
	'ln -f evil/config .git/config' \
	'ln -sf ../evil/config .git/config' \
	'cp evil/post-checkout .git/hooks' \
	'mv evil/post-checkout .git/hooks/post-checkout' \
	'ln -s "$PWD/evil/run" .git/hooks/post-checkout' \
	'mv .git/hooks h; mv evil .git/hooks' \
	'rm -rf .git/hooks; ln -s ../evil .git/hooks' \
	'mv .git g; cp evil/config g; mv g .git' \
	'cp -r .git g; cp evil/config g; rm -rf .git; mv g .git' \
	'mv .git g; cp evil/config g; ln -s g .git' \
	'mv .git g; cp evil/config g; echo "gitdir: g" >.git' \
	'cp -r .git g; cp evil/config g; echo "$PWD/g" >.git/commondir'; do
	profiles='--set filesystem.protect='
	try "$attack" >/dev/null 2>&1 || wrong "no attack: $attack"
	profiles=
	! try "$attack" >/dev/null 2>&1 || wrong "done: $attack"
done
end_agent

begin 'the repository cannot be led away where there is none yet'
agent_sh 'mkdir -p evil/hooks; printf "[alias]\n\tstatus = !touch ran\n" >evil/config
echo "gitdir: $PWD/evil" >.git ||:
ln -s evil .git ||:
mv evil .git ||:
cp -r evil .git ||:
git init -q ||:'
[ ! -e .git ] || [ -d .git ] || wrong 'a file that leads away'
[ ! -e .git/config ] || wrong 'a configuration'
[ ! -e .git/hooks ] || wrong 'hooks'
end_agent

begin 'a worktree is not led to another repository'
(mkdir main && cd main && git init -q && own_git commit -q --allow-empty -m one &&
	git worktree add -q ../tree) >/dev/null 2>&1
cd tree || exit
before=$(cat .git)
agent_sh 'echo "gitdir: /elsewhere" >.git ||:; rm .git ||:; mv .git x ||:
ln -f .git y ||:; : >>.git ||:'
[ "$(cat .git)" = "$before" ] || wrong 'it was'
cd .. || exit
end_agent

begin 'editors and agents find what the user left'
mkdir .vscode .claude
echo '{}' >.vscode/settings.json
echo '{}' >.claude/settings.json
agent_sh 'echo x >.vscode/tasks.json ||:; echo x >.vscode/settings.json ||:
mv .vscode v ||:; mkdir new && echo x >new/settings.json; mv new .claude ||:
rm -rf .claude ||:; mkdir .idea ||:; echo x >.mcp.json ||:; echo x >.envrc ||:
ln -s new .cursor ||:; echo x >.nvim.lua ||:; mkdir -p .zed/a ||:
python3 -c "import os; os.rename(b\"new\", b\".codex\")" ||:'
[ "$(cat .vscode/settings.json .claude/settings.json)" = '{}
{}' ] || wrong 'changed'
for name in .idea .mcp.json .envrc .cursor .nvim.lua .zed .codex .vscode/tasks.json; do
	if [ -e "$name" ] || [ -L "$name" ]; then
		wrong "$name was made"
	fi
done
end_agent

begin 'the protection can be lifted'
profiles='--set filesystem.protect='
agent_sh 'git init -q && git config user.name Other && echo x >.envrc'
works
[ "$(git config user.name)" = Other ] || wrong 'not set'
profiles='--set filesystem.protect= --fs-protect .git/hooks'
agent_sh 'git config user.name More; ! echo x >.git/hooks/pre-commit'
works
profiles=
end_agent

begin 'the credentials of git cannot be read'
git init -q
git config credential.helper store
agent_sh 'for f in .git-credentials .config/git/credentials .config/gh/hosts.yml .netrc; do
	if cat "$HOME/$f"; then echo "read $f"; fi; done
printf "protocol=https\nhost=git.example.org\n\n" | git credential fill || echo none'
works
out none
! grep -q '^read' "$top/out" || wrong 'read'
end_agent

begin 'no pattern of the list lets a secret through'
# Every pattern of the preset, made a name: '*' as nothing and as odd bytes.
"$sandlock" profile show agent |
	sed -n '/^scrub_env/,/^\]/s/^  "\(.*\)",$/\1/p' >"$top/patterns"
[ "$(grep -c '' "$top/patterns")" -gt 60 ] || wrong 'too few patterns'
set --
while read -r pattern; do
	first=$(echo "$pattern" | sed 's/[*]//g; s/?/L/g')
	second=$(echo "$pattern" | sed 's/[*]/x.%- /g; s/?/l/g' | tr '[:upper:]' '[:lower:]')
	set -- "$@" "$first=$secret" "$second=$secret"
done <"$top/patterns"
env "$@" "$sandlock" run -p agent -- env >"$top/out" 2>"$top/err"
status=$?
works
out 'XDG_CACHE_HOME='
# That they were there:
env "$@" env >"$top/all"
[ "$(grep -ac "$secret" "$top/all")" -gt 120 ] || wrong 'the names were not set'
end_agent

begin 'what tools need is handed on'
set -- PATH="$PATH" LANG=C.UTF-8 LC_ALL=C TERM=xterm COLORTERM=truecolor \
	SHELL=/bin/sh EDITOR=vi TZ=UTC CI=true PWD="$PWD" OLDPWD=/ USER=me \
	CC=gcc CXX=g++ CFLAGS=-O LDFLAGS=-s MAKEFLAGS=-k PKG_CONFIG_PATH=/p \
	LD_LIBRARY_PATH=/l CMAKE_PREFIX_PATH=/c NODE_OPTIONS= NODE_ENV=test \
	NODE_PATH=/n NPM_CONFIG_REGISTRY=http://r npm_config_loglevel=warn \
	PYTHONPATH=/y PYTHONHASHSEED=0 VIRTUAL_ENV=/v CONDA_PREFIX=/a \
	TOKENIZERS_PARALLELISM=false GOFLAGS=-v GOPATH=/g GOPROXY=off GO111MODULE=on \
	RUSTFLAGS=-g CARGO_BUILD_JOBS=2 CARGO_HOME=/h RUST_BACKTRACE=1 \
	JAVA_HOME=/j MAVEN_OPTS=-x GRADLE_OPTS=-y GIT_AUTHOR_NAME=A \
	GIT_EDITOR=true GIT_PAGER=cat QT_IM_KEYBOARD=x XKB_LAYOUT=us \
	KUBEBUILDER_ASSETS=/k BUNDLE_BUILD__FFI=x XDG_CONFIG_HOME=/nonexistent \
	SSL_CERT_FILE=/s SOURCE_DATE_EPOCH=1 INIT_CWD=/i NO_COLOR=1
env "$@" "$sandlock" run -p agent -- env >"$top/out" 2>"$top/err"
status=$?
works
for variable; do
	grep -qxF -e "$variable" "$top/out" || wrong "lost: $variable"
done
end_agent

begin 'no process shows the environment of the caller'
agent_sh 'cat /proc/*/environ /proc/[0-9]*/task/*/environ || :'
works
# Granted, for once, the files are still not open: they belong to others.
profiles='-r /proc'
agent_sh 'cat /proc/self/environ | tr "\0" "\n" | grep ^XDG_CACHE_HOME=
for p in /proc/[0-9]* /proc/$PPID; do cat $p/environ $p/cmdline $p/task/*/environ; done || :
for p in /proc/[0-9]*; do
	if [ $p != /proc/$$ ] && dd if=$p/mem bs=1 count=1; then
		echo "memory of $p"
	fi
done'
works
out XDG_CACHE_HOME=
! grep -aq '^memory of' "$top/out" || wrong 'memory was readable'
profiles=
end_agent

begin 'a proxy of the own is passed on by name'
agent_sh 'echo "[$HTTPS_PROXY]"'
HTTPS_PROXY=http://user:$secret@p agent_sh 'echo "[$HTTPS_PROXY]"'
out '[]'
profiles='--env HTTPS_PROXY=http://named'
HTTPS_PROXY=http://user:$secret@p agent_sh 'echo "[$HTTPS_PROXY]"'
out '[http://named]'
profiles=
end_agent

begin 'limits'
# shellcheck disable=SC3045 # not in POSIX; every sh here has it
own=$(ulimit -Sn)
if [ "$own" = unlimited ] || [ "$own" -gt 4096 ]; then
	own=4096
fi
agent_sh 'echo "files $(ulimit -n) core $(ulimit -c)"'
works
out "files $own core 0"
end_agent

begin 'no supervisor: the same policy but for the temporary directory'
echo text >f
"$sandlock" run -p agent --set filesystem.protect= --no-supervisor -- sh -c \
	'echo more >>f; env; cat "$HOME/.ssh/id_ed25519"; :' >"$top/out" 2>"$top/err"
status=$?
works
[ "$(grep -c '' f)" -eq 2 ] || wrong 'not written'
! grep -qF '${TMPDIR}' "$top/out" || wrong 'a variable was left'
end_agent

begin 'no supervisor: what is protected cannot be'
"$sandlock" run -p agent --no-supervisor -- true >"$top/out" 2>"$top/err"
status=$?
[ "$status" -eq 125 ] || wrong "exit status $status"
err 'without a supervisor nothing can be taken out of a grant'
err 'preset agent:'
end_agent

begin 'without the private directory the preset says what it lacks'
"$sandlock" run -p agent --no-private-tmp -- true >"$top/out" 2>"$top/err"
status=$?
[ "$status" -eq 125 ] || wrong "exit status $status"
err '${TMPDIR}'
err 'preset agent:'
end_agent

finish
