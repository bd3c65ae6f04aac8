#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The completion of fish, as fish itself answers.
# shellcheck disable=SC2016

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

if ! command -v fish >/dev/null; then
	begin 'fish completion'
	skip fish
	finish
fi
mkdir "$work/bin"
ln -s "$(realpath "$sandlock")" "$work/bin/sandlock"
"$sandlock" completion fish >"$work/sandlock.fish"
: >"$profiles/mine.toml"

# What would be offered behind the words $1.
press_tab()
{
	PATH=$work/bin:$PATH XDG_CONFIG_HOME='' fish --no-config -c '
		source $argv[1]
		complete -C $argv[2]
	' "$work/sandlock.fish" "$1" >"$work/out" 2>"$work/err"
	status=$?
	silent
	cut -f1 "$work/out" >"$work/words"
}

offers()
{
	grep -qxF -e "$1" "$work/words" || wrong "no $1"
}

begin 'fish: commands, actions, topics, shells'
press_tab 'sandlock '
offers run
offers profile
! grep -qx commit "$work/words" || wrong 'a command of other versions'
press_tab 'sandlock profile che'
offers check
press_tab 'sandlock profile show mi'
offers mine
press_tab 'sandlock help net'
offers network
press_tab 'sandlock completion '
offers fish
end

begin 'fish: flags and their values'
press_tab 'sandlock run --fs-'
offers --fs-read
offers --fs-write
press_tab 'sandlock run -w /tmp --no-net-'
offers --no-net-allow
press_tab 'sandlock run --chr'
same "$(cat "$work/words")" ''
press_tab 'sandlock run -r /us'
offers /usr/
press_tab 'sandlock run -p mi'
offers mine
press_tab 'sandlock check --j'
offers --json
press_tab 'sandlock check -r /usr --fs-'
offers --fs-read
press_tab 'sandlock explain -r /usr path:/ --j'
offers --json
press_tab 'sandlock explain sys'
offers syscall:
press_tab 'sandlock explain path:/us'
offers path:/usr/
press_tab 'sandlock explain path:/usr -- printen'
offers printenv
press_tab 'sandlock run --j'
! grep -qx -e --json "$work/words" || wrong 'no flag of run'
press_tab 'sandlock run --color a'
offers always
end

begin 'fish: where the command begins, its own completion takes over'
press_tab 'sandlock run -r /usr printen'
offers printenv
press_tab 'sandlock run -r /usr -- printen'
offers printenv
press_tab 'sandlock run -r /usr -- cat --fs-'
same "$(cat "$work/words")" ''
press_tab 'sandlock run cat /us'
offers /usr/
end

finish
