#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The profile commands.
# Words are split on purpose; quoted text is for the shell inside.
# shellcheck disable=SC2086,SC2046,SC2016,SC2034,SC2094,SC2089,SC2090,SC3045

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

case $sandlock in
/*) ;;
*) sandlock=$PWD/$sandlock ;;
esac

cat >"$profiles/good.toml" <<'END'
# a comment that stays
extends = ["base"]
[limits]
timeout = "5s"
END
printf '[limits]\ntimeout = "5s"\nopen_fils = 3\n' >"$profiles/typo.toml"
printf '[limits\n' >"$profiles/broken.toml"
printf '[limits]\nnum_cpus = 2\n' >"$profiles/later.toml"

begin 'list: sorted, with origin and description'
lock profile list
status 0
silent
grep -qx "good$(printf '\t')file$(printf '\t')a comment that stays" "$work/out" ||
	wrong 'no good'
grep -q "^base$(printf '\t')preset$(printf '\t')what nearly" "$work/out" ||
	wrong 'no base'
same "$(cat "$work/out")" "$(sort "$work/out")"
end

begin 'list without a profile of ours'
HOME=$work/nowhere
mkdir -p "$HOME"
lock profile list
status 0
out base
no_out good
HOME=$work/home
end

begin 'show: as stored'
lock profile show good
status 0
cmp -s "$work/out" "$profiles/good.toml" || wrong 'not the file'
lock profile show base
status 0
out '[filesystem]'
lock profile show nosuch
refused nosuch
end

begin 'check: ok by name, preset and file'
lock profile check good
status 0
out ok
lock profile check base
status 0
lock profile check "$profiles/good.toml"
status 0
out ok
end

begin 'check: file, line, column and the nearest key'
lock profile check typo
refused 'typo.toml:3:1'
err open_files
lock profile check "$profiles/typo.toml"
refused 'typo.toml:3:1'
lock profile check broken
refused 'broken.toml:1:'
lock profile check later
refused 'later.toml:2:'
err 'not available in this version'
lock profile check ./nosuch.toml
refused nosuch.toml
lock profile check nosuch
refused nosuch
end

begin 'check: a path that is missing here, and what a run does then'
cat >"$profiles/paths.toml" <<END
extends = "base"
[filesystem]
read = ["/usr", "?$work/optional"]
write = ["$work/missing"]
END
lock profile check paths
status 0
same "$(cat "$work/out")" 'paths: ok, 1 warning'
same "$(grep -c '' <"$work/err")" 1
err "sandlock: warning: $profiles/paths.toml:4:10: '$work/missing': No such file"
err "\"?$work/missing\" skips it"
lock run -p paths -- echo started
refused "$work/missing"
mkdir "$work/missing"
lock profile check paths
status 0
same "$(cat "$work/out")" 'paths: ok'
silent
lock run -p paths -- echo started
out started
end

begin 'new: a template that holds with and without its comment signs'
rm -rf "$work/newhome"
HOME=$work/newhome
lock profile new mine
status 0
file=$HOME/.config/sandlock/profiles/mine.toml
same "$(cat "$work/out")" "$file"
same "$(stat -c %a "$HOME/.config/sandlock")" 700
lock profile check mine
same "$(cat "$work/out")" 'mine: ok'
silent
lock profile list
grep -qx "mine$(printf '\t')file$(printf '\t')one sentence, which .*" "$work/out" ||
	wrong 'not described'
lock run -p mine -- echo started
out started
sed 's/^# \([a-z_]* = \)/\1/' "$file" >"$file.new"
same "$(diff "$file" "$file.new" | grep -c '^>')" 7
mv "$file.new" "$file"
mkdir -p "$HOME/src/project"
lock profile check mine
same "$(cat "$work/out")" 'mine: ok'
lock profile new mine
refused "'$file' exists; 'sandlock profile edit mine' changes it"
lock profile new base
refused 'built in'
lock profile new ../x
refused 'must not hold'
if [ "$(id -u)" -ne 0 ]; then
	chmod 500 "$HOME/.config/sandlock/profiles"
	lock profile new other
	refused other
	chmod 700 "$HOME/.config/sandlock/profiles"
fi
HOME=$work/home
end

begin 'edit: VISUAL, then EDITOR, then a check'
cat >"$work/editor" <<'END'
#!/bin/sh
# usage: editor TEXT FILE
printf '%s\n' "$1" >>"$2"
END
chmod +x "$work/editor"
printf '[limits]\n' >"$profiles/edited.toml"
EDITOR=false
VISUAL="$work/editor 'open_files = 7'"
export EDITOR VISUAL
lock profile edit edited
status 0
same "$(cat "$work/out")" 'edited: ok'
grep -qx 'open_files = 7' "$profiles/edited.toml" || wrong 'not edited'
VISUAL=
lock profile edit edited
refused "the editor 'false' failed with status 1"
EDITOR="$work/editor wrong"
lock profile edit edited
refused 'edited.toml:3:'
EDITOR=$work/nosuch
lock profile edit edited
status 125
err "failed with status 127"
lock profile edit nosuch
refused "'sandlock profile new nosuch' makes one"
lock profile edit base
refused 'built in'
rm "$profiles/edited.toml"
unset EDITOR VISUAL
end

begin 'an unreadable profile is an error, not an empty one'
if [ "$(id -u)" -ne 0 ]; then
	cp "$profiles/good.toml" "$profiles/secret.toml"
	chmod 000 "$profiles/secret.toml"
	lock run -p secret -- echo started
	refused secret.toml
	end
else
	mkdir "$profiles/dir.toml"
	lock run -p dir -- echo started
	refused dir
	rmdir "$profiles/dir.toml"
	end
fi

begin 'path'
lock profile path good
status 0
same "$(cat "$work/out")" "$profiles/good.toml"
lock profile path new
status 0
same "$(cat "$work/out")" "$profiles/new.toml"
lock profile path base
refused base
end

begin 'the presets: listed, printed, fit to be used'
for name in base agent python node rust go c; do
	lock profile show $name
	status 0
	out "# $name: "
	lock profile check $name
	status 0
	lock profile path $name
	refused 'built in'
done
lock profile show agent
out '"*TOKEN"'
out 'write = ["${CWD}"]'
end

mkdir -p "$work/p"
cd "$work/p" || exit 1
# Never more than the caller's own.
own=$(ulimit -Sn)
if [ "$own" = unlimited ] || [ "$own" -gt 4096 ]; then
	own=4096
fi
begin 'presets add up, from left to right, in whatever way they are named'
printf '[program.env]\nA = "mine"\n[limits]\nopen_files = 99\n' \
	>"$profiles/mine.toml"
printf 'extends = ["agent", "node", "mine"]\n' >"$profiles/all.toml"
say='echo "$A $(ulimit -n) ${COREPACK_HOME##*/}" >made; cat made'
lock run -p agent -p node -p mine -e "$say"
same "$(cat "$work/out")" 'mine 99 corepack'
lock run -p all -e "$say"
same "$(cat "$work/out")" 'mine 99 corepack'
lock run --profile-file "$profiles/all.toml" -e "$say"
same "$(cat "$work/out")" 'mine 99 corepack'
lock run -p mine -p agent -p node -e "$say"
same "$(cat "$work/out")" "mine $own corepack"
lock run -p agent -p mine --max-open-files 50 --env A=line -e "$say"
same "$(cat "$work/out")" 'line 50 '
# Alone a toolchain grants nothing of the user's.
lock run -p node -e 'echo x >made2'
status 2
lock run -p agent --profile-file "$profiles/mine.toml" -- true
refused 'exclude each other'
end

begin 'a profile of the user shadows the preset'
printf 'extends = ["base"]\n[program.env]\nA = "shadow"\n' >"$profiles/agent.toml"
printf 'extends = ["agent"]\n[program.env]\nB = "more"\n' >"$profiles/python.toml"
lock profile show agent
out shadow
lock run -p agent -e 'echo "$A"; echo x >made3'
status 2
out shadow
# It may be told to extend the preset that it hides.
printf 'extends = ["agent"]\n[program.env]\nA = "on top"\n' >"$profiles/agent.toml"
lock run -p agent -e 'echo "$A"; echo x >made3'
status 0
out 'on top'
lock run -p python -e 'echo "$A $B"; echo x >made3'
status 0
out 'on top more'
rm "$profiles/agent.toml" "$profiles/python.toml"
end
cd "$work" || exit 1

begin 'delete'
lock profile delete good
status 0
same "$(cat "$work/out")" "Deleted profile 'good'"
[ ! -e "$profiles/good.toml" ] || wrong 'still there'
lock profile delete good
refused good
lock profile delete base
refused base
end

begin 'a name is no path'
: >"$HOME/.config/sandlock/victim.toml"
for action in show path delete; do
	lock profile $action ../victim
	status 125
	err sandlock:
done
[ -e "$HOME/.config/sandlock/victim.toml" ] || wrong 'deleted'
lock run -p ../victim -- echo started
status 125
end

begin 'misuse'
lock profile
refused 'which action'
lock profile lst
refused "did you mean 'list'"
lock profile frobnicate
refused "unknown action 'profile frobnicate'"
lock profile show
refused 'takes one name'
lock profile show a b
refused 'takes one name'
lock profile list a
refused 'takes no argument'
lock profile show --all
refused "no option '--all'"
end

finish
