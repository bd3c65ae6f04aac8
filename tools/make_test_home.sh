#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: tools/make_test_home.sh DIR
#
# Fills DIR with what a developer's home holds, so that the tests meet real dot
# files: git, npm and shell configuration, a version manager's shim, a virtual
# environment, secrets, and files that even their owner cannot read. Secrets
# contain the word SECRET-DO-NOT-LEAK. May be run again on the same DIR.
set -eu
umask 022

[ $# -eq 1 ] || {
	echo "usage: make_test_home.sh DIR" >&2
	exit 2
}
mkdir -p "$1"
home=$(cd "$1" && pwd)
secret=SECRET-DO-NOT-LEAK
python=$(PATH=/usr/local/bin:/usr/bin:/bin command -v python3)
version=$("$python" -c 'import platform; print(platform.python_version())')

put() { # put FILE MODE < text
	mkdir -p "$(dirname "$home/$1")"
	rm -f "$home/$1"
	cat >"$home/$1"
	chmod "$2" "$home/$1"
}

put .gitconfig 644 <<END
[user]
	name = Test Person
	email = test@example.org
[init]
	defaultBranch = main
[alias]
	st = status --short
	lg = log --oneline --graph
[include]
	path = ~/.config/git/more
[includeIf "gitdir:~/work/"]
	path = .gitconfig-work
END
put .config/git/more 644 <<END
[core]
	excludesFile = ~/.config/git/ignore
[color]
	ui = auto
END
put .config/git/ignore 644 <<END
*.swp
END
put .gitconfig-work 644 <<END
[user]
	email = work@example.org
END
put .git-credentials 600 <<END
https://user:$secret@git.example.org
END
# For GIT_CONFIG_GLOBAL, or copied over .gitconfig by the test that wants it.
put .gitconfig-unreadable 000 <<END
[user]
	name = $secret
END
put .unreadable 000 <<END
$secret
END
put .npmrc 600 <<END
fund=false
audit=false
//registry.example.org/:_authToken=$secret
END
put .netrc 600 <<END
machine example.org login me password $secret
END
put .profile 644 <<'END'
[ -n "$BASH_VERSION" ] && [ -f "$HOME/.bashrc" ] && . "$HOME/.bashrc"
PATH="$HOME/.pyenv/shims:$HOME/.local/bin:$PATH"
END
put .bashrc 644 <<'END'
case $- in *i*) ;; *) return ;; esac
PS1='\w\$ '
alias ll='ls -l'
END
put .bash_history 600 <<END
mysql -p$secret
END
put .python_history 600 <<END
import os
END
put .ssh/id_ed25519 600 <<END
-----BEGIN OPENSSH PRIVATE KEY-----
$secret
-----END OPENSSH PRIVATE KEY-----
END
chmod 700 "$home/.ssh"
put .ssh/config 600 <<END
Host *
	ForwardAgent no
END
put .config/sandlock/profiles/mine.toml 644 <<END
extends = "base"
END
mkdir -p "$home/.cache" "$home/.local/bin" "$home/.npm" "$home/work"

# A version manager: PATH finds a shell script that looks up a version file and
# executes the versioned interpreter, which links to the system's.
put .pyenv/version 644 <<END
$version
END
put .pyenv/shims/python3 755 <<'END'
#!/usr/bin/env bash
set -e
root=$(cd "$(dirname "$0")/.." && pwd)
read -r version <"$root/version"
exec "$root/versions/$version/bin/python3" "$@"
END
mkdir -p "$home/.pyenv/versions/$version/bin"
ln -sfn "$python" "$home/.pyenv/versions/$version/bin/python3"

# A virtual environment in a project, with a package of its own.
mkdir -p "$home/project"
if [ ! -x "$home/project/venv/bin/python3" ]; then
	"$python" -m venv --without-pip "$home/project/venv"
fi
site=$(echo "$home"/project/venv/lib/python3*/site-packages)
echo 'ANSWER = 42' >"$site/venv_only.py"
