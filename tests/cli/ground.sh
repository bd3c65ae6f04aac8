#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What ${CWD} of a profile grants, and which directories it does not.
# Words are split on purpose; quoted text is for the shell inside.
# shellcheck disable=SC2086,SC2016,SC2034,SC2094

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

case $sandlock in
/*) ;;
*) sandlock=$PWD/$sandlock ;;
esac
# Only what a case sets counts, and nothing lies in a directory of /tmp.
unset XDG_RUNTIME_DIR SUDO_UID
uid=$(id -u)
mkdir -p "$work/p/sub" "$work/tmp" "$work/elsewhere"
TMPDIR=$work/tmp
export TMPDIR
here='extends = "base"
[filesystem]
'
printf '%swrite = ["${CWD}"]\n' "$here" >"$profiles/here.toml"
printf '%sread = ["${CWD}"]\n' "$here" >"$profiles/look.toml"
printf '%swrite = ["${CWD}/sub"]\n' "$here" >"$profiles/sub.toml"
printf '%swrite = ["${CWD}/."]\n' "$here" >"$profiles/dot.toml"
printf '%swrite = ["?${CWD}/.."]\n' "$here" >"$profiles/up.toml"
printf '%swrite = ["${CWD}/f"]\n' "$here" >"$profiles/file.toml"
cp "$profiles/here.toml" "$work/here.toml"

go()
{
	cd "$1" || wrong "cannot change to $1"
}

begin 'it is the directory of the caller'
go "$work/p"
lock run -p here -e 'echo x >made && echo y >../outside'
status 2
[ -e made ] || wrong 'not made'
[ ! -e ../outside ] || wrong 'made outside'
lock run -p here --cwd sub -e 'echo x >../made2'
status 0
[ -e made2 ] || wrong 'not the directory of the caller'
go sub
lock run -p here -e 'echo x >../made3'
status 2
lock run -p look -e 'echo x >made4'
status 2
go "$work/p"
lock run -p sub -e 'echo x >sub/made5 && echo y >made6'
status 2
[ -e sub/made5 ] || wrong 'not granted'
[ ! -e made6 ] || wrong 'more than was granted'
end

# Refused in directory $1 by every profile that names it, saying $2.
refused_in()
{
	go "$1"
	for profile in here look dot; do
		lock run -p $profile -- echo started
		refused "$2"
		err "$profile.toml:3:"
		err '${CWD} does not grant'
	done
	lock run --profile-file "$work/here.toml" -- echo started
	refused "$2"
}

begin 'not the home, nor what contains it'
refused_in "$HOME" 'is or contains the home directory'
refused_in "$work" 'is or contains the home directory'
refused_in "${work%/*}" 'is or contains'
go /
lock run -p here -- echo started
refused 'the whole system'
# Nor a part of them, when they are the current directory.
mkdir "$HOME/sub"
go "$HOME"
lock run -p sub -- echo started
refused 'is or contains the home directory'
rmdir "$HOME/sub"
end

begin 'a profile that names its directory is not asked'
go "$HOME"
lock run -p base -w . -- true
status 0
end

begin 'by whatever way it is reached'
ln -s "$HOME" "$work/link"
ln -s "$work" "$work/p/uplink"
refused_in "$work/link" 'is or contains the home directory'
refused_in "$work/p/uplink" 'is or contains the home directory'
refused_in "$work/p/../home" 'is or contains the home directory'
go "$work/p"
lock run -p up -- echo started
refused 'is or contains the home directory'
rm -rf sub
ln -s "$HOME" sub
lock run -p sub -- echo started
refused 'is or contains the home directory'
rm sub
mkdir sub
end

begin 'however HOME is spelt'
cp -R "$HOME/.config" "$work/elsewhere"
plain=$HOME
for HOME in "$work/p/../home/" "//$work//home" "$work/link" "$work/home/."; do
	refused_in "$plain" 'is or contains the home directory'
done
# Relative: of the directory that it is used in.
go "$plain"
HOME=.
lock run --profile-file "$work/here.toml" -- echo started
refused 'is or contains the home directory'
HOME=../../$(basename "$work")/home
lock run --profile-file "$work/here.toml" -- echo started
refused 'is or contains the home directory'
# A home that is still to be made: in its nearest directory.
HOME=$work/elsewhere/not/yet
go "$work/elsewhere"
lock run --profile-file "$work/here.toml" -- echo started
refused 'is or contains the home directory'
HOME=$plain
end

# What passwd says, with no HOME, a useless one, and another one.
passwd_home=$(getent passwd "$uid" | cut -d: -f6)
begin 'the home of passwd counts as well'
if [ -d "$passwd_home" ] && [ "$passwd_home" != / ]; then
	go "$passwd_home"
	for HOME in '' / /usr "$plain"; do
		lock run --profile-file "$work/here.toml" -- echo started
		refused 'is or contains the home directory'
	done
	unset HOME
	lock run --profile-file "$work/here.toml" -- echo started
	refused 'is or contains the home directory'
	HOME=$plain
	export HOME
fi
# Behind sudo, somebody else's: root's, of whom every system knows the home.
if [ "$uid" -ne 0 ] && cd /root 2>/dev/null; then
	SUDO_UID=0
	export SUDO_UID
	lock run --profile-file "$work/here.toml" -- echo started
	refused 'is or contains the home directory'
	unset SUDO_UID
fi
end

begin 'not the profiles, nor where one could be put'
refused_in "$HOME/.config" "sandlock's profiles"
refused_in "$HOME/.config/sandlock" "sandlock's profiles"
refused_in "$HOME/.config/sandlock/profiles" "sandlock's profiles"
mkdir -p "$profiles/deep/er"
refused_in "$profiles/deep/er" 'lies inside'
rm -rf "$profiles/deep"
mkdir -p "$work/xdg/c/other"
XDG_CONFIG_HOME=$work/xdg/c
export XDG_CONFIG_HOME
refused_in "$work/xdg" "sandlock's profiles"
refused_in "$work/xdg/c" "sandlock's profiles"
go "$work/xdg/c/other"
lock run -p here -- true
status 0
unset XDG_CONFIG_HOME
end

begin 'not where a profile links to'
mkdir -p "$work/dots/p"
cp "$profiles/here.toml" "$work/dots/p/linked.toml"
ln -s "$work/dots/p/linked.toml" "$profiles/linked.toml"
go "$work/dots"
for name in here linked; do
	lock run -p $name -- echo started
	refused "sandlock's profiles"
done
go "$work/dots/p"
lock run -p linked -- echo started
refused "sandlock's profiles"
rm "$profiles/linked.toml"
go "$work/dots"
lock run -p here -- true
status 0
# A file of a working directory may lead there, too.
go "$work/p"
ln -s "$profiles/here.toml" f
lock run -p file -- echo started
refused "sandlock's profiles"
rm f
end

begin 'not the temporary directories of sandboxes'
refused_in "$work/tmp" 'temporary directories'
go "$work/p"
lock run -- true
refused_in "$work/tmp/sandlock-$uid" 'temporary directories'
mkdir "$work/tmp/sandlock-$uid/x"
refused_in "$work/tmp/sandlock-$uid/x" 'lies inside'
refused_in /tmp 'contains'
mkdir -m 700 "$work/run"
XDG_RUNTIME_DIR=$work/run
export XDG_RUNTIME_DIR
refused_in "$work/run" 'temporary directories'
unset XDG_RUNTIME_DIR
end

begin "not sandlock's own installation"
if [ -w "$work/p" ]; then
	mkdir -p "$work/opt/box/bin/below"
	cp "$sandlock" "$work/opt/box/bin/sandlock"
	chmod 755 "$work/opt/box/bin/sandlock"
	ln -s "$work/opt/box/bin/sandlock" "$work/box"
	built=$sandlock
	for sandlock in "$work/opt/box/bin/sandlock" "$work/box"; do
		for place in opt opt/box opt/box/bin opt/box/bin/below; do
			refused_in "$work/$place" 'installation of sandlock'
		done
		go "$work/p"
		lock run -p here -- true
		status 0
	done
	# A copy among other things closes nothing but what holds it.
	cp "$built" "$HOME/sandlock"
	mkdir -p "$HOME/project"
	sandlock=$HOME/sandlock
	go "$HOME/project"
	lock run -p here -- true
	status 0
	sandlock=$built
	rm "$HOME/sandlock"
fi
end

begin 'a private temporary directory is there to be worked in'
go "$work/p"
cp "$sandlock" "$work/p/nested"
unset TMPDIR
printf '%swrite = ["${CWD}"]\n' "$here" >"$work/p/here.toml"
# /proc: a sanitizer finds its options nowhere else. One in a sandbox has nobody
# who answers for it.
nested="$work/p/nested run --no-supervisor --profile-file $work/p/here.toml"
lock run -p here -r /proc -e 'mkdir "$TMPDIR/w" && cd "$TMPDIR/w" &&
	'"$nested"' -e "echo x >made" && cat made && cd .. && '"$nested"' -- echo started'
status 125
out x
no_out started
err 'temporary directories'
TMPDIR=$work/tmp
export TMPDIR
end

# In mount namespaces of their own.
cat >"$work/mounts.sh" <<'END'
set -e
cd "$1"
mkdir -p b m/home m/up "m/odd name"
mount --bind "$HOME" b
mount --bind "$HOME" m/home
try()
{
	cd "$1"
	if "$sandlock" run -p here -- echo started; then
		echo "granted: $1"
	fi
	cd "$2"
}
try b "$1"
try m "$1"
umount m/home
mount --bind "$2" m/up
try m/up "$1"
try m "$1"
umount m/up
mount --bind "$HOME" "m/odd name"
try m "$1"
umount "m/odd name"
# The home itself is a mount of something that is reached elsewhere.
mkdir -p real
cp -R "$HOME/.config" real
mount --bind real "$HOME"
try real "$1"
umount "$HOME"
cd m
"$sandlock" run -p here -- echo fine
END
begin 'through bind mounts'
export sandlock
if [ "$uid" -eq 0 ]; then
	in_ns='unshare -m'
else
	in_ns='unshare -Urm'
fi
if $in_ns true 2>/dev/null; then
	go "$work/p"
	$in_ns sh "$work/mounts.sh" "$work/p" "$work" >"$work/out" 2>"$work/err"
	status=$?
	status 0
	same "$(cat "$work/out")" fine
	same "$(grep -c 'CWD} does not grant' "$work/err")" 6
	same "$(grep -c 'contains a mount of the home directory' "$work/err")" 3
	end
else
	skip 'mount namespaces of users (user.max_user_namespaces, or a LSM)'
fi

begin 'a directory that is gone'
mkdir "$work/gone"
go "$work/gone"
rmdir "$work/gone"
lock run -p here -- echo started
refused 'there is no current directory'
cd "$work" || exit 1
end

begin '--no-supervisor judges alike'
go "$HOME"
lock run -p here --no-supervisor -- echo started
refused 'is or contains the home directory'
go "$work/p"
lock run -p here --no-supervisor -- sh -c 'echo x >bare && echo made'
status 0
out made
end

cd "$work" || exit 1
finish
