#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# git under preset base, with a real ~/.gitconfig outside the grants.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"
need git

# A repository made outside, in $dir/r, with one commit.
repository()
{
	if ! (
		HOME=$top
		git -c init.defaultBranch=main init -q r && cd r &&
			echo one >one && git add one &&
			git -c user.name=T -c user.email=t@e commit -qm one
	); then
		wrong 'cannot make a repository'
	fi
	cd r || exit 1
}

# What a user adds when git asks for its configuration.
config="-r $HOME/.gitconfig -r ?$HOME/.config/git -r ?$HOME/.gitconfig-work"

begin 'without the configuration it works or names it'
inside git init .
works_or_names '.gitconfig'
end

if [ -e "$HOME/.gitconfig-unreadable" ] && [ "$(id -u)" -ne 0 ]; then
	begin 'a configuration that nobody may read is named'
	GIT_CONFIG_GLOBAL=$HOME/.gitconfig-unreadable
	export GIT_CONFIG_GLOBAL
	touch "$GIT_CONFIG_GLOBAL" && chmod 0 "$GIT_CONFIG_GLOBAL"
	inside git init .
	works_or_names .gitconfig-unreadable
	unset GIT_CONFIG_GLOBAL
	end
fi

begin 'init, add, commit, log'
granted=$config
inside git init -q .
works
echo text >file
granted=$config
inside git add file
works
granted=$config
inside git commit -q -m 'first commit'
works
granted=$config
inside git log --oneline
works
out 'first commit'
end

begin 'status, diff and branches in one shell'
repository
granted=$config
inside sh -ec 'echo two >>one; git status --short; git diff --stat
git checkout -q -b side; git commit -q -a -m two
git checkout -q -; git merge -q side; git log --oneline | wc -l'
works
out ' M one'
out 2
end

begin 'clone of a local repository'
repository
cd ..
granted=$config
inside git clone -q r copy
works
[ -f copy/one ] || wrong 'no clone'
end

begin 'gc, fsck, many objects'
repository
granted=$config
inside sh -ec 'for i in $(seq 30); do echo $i >f$i; git add f$i; git commit -q -m $i
done; git gc -q; git fsck; git log --oneline | wc -l'
works
out 31
end

begin 'a hook that reads the home gets nothing'
repository
printf '#!/bin/sh\ncat "$HOME/.ssh/id_ed25519" && touch stolen\n' \
	>.git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
echo three >one
granted=$config
inside git commit -q -a -m three
fails
[ ! -e stolen ] || wrong 'the hook read the key'
end

finish
