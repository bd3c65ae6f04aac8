#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `sandlock explain`: what is asked, what is answered, and that a run agrees.
# Words are split on purpose; quoted text is for the shell inside.
# shellcheck disable=SC2086,SC2016,SC2034

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
tab=$(printf '\t')
: >"$work/w/file"
chmod 644 "$work/w/file"

# Fields $2... of the answer about access $1, joined by '|'.
field()
{
	access=$1
	shift
	list=$(printf ', $%s' "$@")
	awk -F"$tab" -v OFS='|' -v access="$access" \
		"\$3 == access { print ${list#, } }" "$work/out"
}

begin 'a question about a file: verdict, rule, error and fix'
lock explain -r "$work/w" "path:$work/w/file"
status 1
silent
same "$(field read 2 4 5 6 7)" "allowed|$work/w/file||Landlock|--fs-read"
same "$(field write 2 5 6 7 9)" "refused|EACCES|Landlock||-w $work/w/file"
lock explain -w "$work/w" "path:$work/w/file" "path:$work/w/new"
same "$(field write 2 7)" 'allowed|--fs-write'
same "$(field create 2 4)" "allowed|$work/w/new"
end

begin 'the fix is taken, and a run agrees with both answers'
fix=
for words in '' '--bare' '-p base'; do
	lock explain $words "path:$work/w/file" -- cat
	status 1
	fix=$(field read 9)
	[ "$fix" ] || wrong "no fix with '$words'"
	case $words in
	--bare) continue ;; # cat needs more than the file
	esac
	lock run $words -- cat "$work/w/file"
	err 'Permission denied'
	lock run $words $fix -- cat "$work/w/file"
	status 0
done
lock explain "path:$work/w/file" -- cat
same "$(field read 9)" "-p base -r $work/w/file"
lock explain -p base "path:$work/w/file" -- cat
same "$(field read 9)" "-r $work/w/file"
end

begin 'a secret is not offered, and why'
mkdir -p "$HOME/.ssh"
: >"$HOME/.ssh/id_ed25519"
lock explain "path:$HOME/.ssh/id_ed25519"
same "$(field read 2 9 10)" 'refused||refused on purpose? it looks like a secret'
lock explain --json "path:$HOME"
out '"fix": null'
out '"no_fix": "a grant of all that lies there is not suggested"'
end

begin 'exit status: 0 if all is allowed, 1 if not'
lock explain
status 0
lock explain --net-allow tcp://:443 net:example.org:443 syscall:read
status 0
lock explain net:example.org:443 syscall:read
status 1
same "$(field connect 2 5 9)" 'refused|EACCES|--net-allow tcp://example.org:443'
lock explain path:/proc/self/fd/0
status 1
same "$(field read 2)" depends
end

begin 'options, questions and the command in any order'
lock explain bind:8080 --net-allow-bind 8080 bind:8081 -r /usr -- /usr/bin/env -r
status 1
same "$(cut -f1,2 "$work/out" | tr '\t\n' '=,')" \
	'bind:8080=allowed,bind:8081=refused,'
lock explain -p base -e 'true' "path:$work/w/file"
same "$(field read 9)" "-r $work/w/file"
printf '[program]\nexec = "/usr/bin/env"\n' >"$profiles/named.toml"
lock explain --json -p named
out '    "/usr/bin/env"'
end

begin 'rules: each with its origin and who enforces it'
printf '[filesystem]\nread = ["/usr", "?/nonexistent/x"]\n' \
	>"$profiles/mine.toml"
lock explain -p mine -w "$work/w" -t 5s --net-allow tcp://:1
status 0
out "granted${tab}/usr${tab}read, execute, list${tab}Landlock${tab}filesystem.read"
out "mine.toml:2:9"
out "skipped${tab}/nonexistent/x${tab}"
out "granted${tab}$work/w${tab}read, write, execute, list, create, remove${tab}Landlock${tab}filesystem.write${tab}--fs-write"
out "refused${tab}time${tab}5s${tab}supervisor${tab}limits.timeout${tab}--timeout"
out "refused${tab}ptrace${tab}EPERM${tab}seccomp${tab}${tab}sandlock"
out "refused${tab}mode of a file${tab}judged by its object${tab}supervisor${tab}"
out "open${tab}Addresses that no rule names${tab}"
same "$(awk -F"$tab" 'NF != 7' "$work/out")" ''
no_out "open${tab}Metadata"
lock explain -r "$work/w" --fs-deny "$work/w/file" --fs-protect "$work/no"
out "refused${tab}$work/w/file${tab}EACCES${tab}supervisor${tab}filesystem.deny"
out "refused${tab}$work/no${tab}EACCES for writing${tab}supervisor${tab}"
lock explain --no-supervisor
out "open${tab}Metadata${tab}"
no_out "refused${tab}mode of a file"
lock explain --no-supervisor --extra-deny-syscall metadata
no_out "open${tab}Metadata"
end

begin 'what the command needs is granted when it is named'
cp /bin/sh "$work/w/shell"
lock explain -p base "path:$work/w/shell"
same "$(field execute 2)" refused
out 'unless it belongs to the command, which is not named here'
lock explain -p base "path:$work/w/shell" -- "$work/w/shell"
same "$(field execute 2 7)" 'allowed|sandlock, for the command'
end

begin 'json is one object, which python reads'
if command -v python3 >/dev/null; then
	name=$(printf 'odd\tname\n\377"')
	: >"$work/w/$name"
	lock explain --json -r "$work/w" "path:$work/w/$name" net:h:25 bind:0 \
		syscall:socket
	status 1
	python3 - "$work" "$work/w/$name" <"$work/out" >"$work/told" 2>&1 <<-'EOF'
		import json, os, sys
		text = json.load(open(sys.argv[1] + "/out"))
		first = text["answers"][0]
		assert os.fsencode(first["object"]) == os.fsencode(sys.argv[2])
		assert first["verdict"] == "allowed" and first["fix"] is None
		assert first["rule"]["key"] == "filesystem.read"
		assert first["rule"]["origin"] == "--fs-read"
		last = {a["question"]: a for a in text["answers"]}["net:h:25"]
		assert (last["error"], last["errno"]) == ("EACCES", 13)
		assert last["fix_key"] == "network.allow"
		assert text["schema"] == 1 and text["preset"] is None
		assert text["command"] == [] and "rules" not in text
	EOF
	same "$(cat "$work/told")" ''
	lock explain --json
	status 0
	python3 -c 'import json, sys
text = json.load(sys.stdin)
assert text["preset"] == "base" and "answers" not in text
assert any(r["enforced_by"] == "seccomp" for r in text["rules"])
assert all(isinstance(r["allows"], bool) for r in text["rules"])' \
		<"$work/out" >"$work/told" 2>&1
	same "$(cat "$work/told")" ''
	end
else
	skip python3
fi

begin 'it fails where a run would, and says the same'
for words in "-r $work/no -- true" '-p nosuch -- true' '--kill-after 1s -- true'; do
	lock run $words
	cp "$work/err" "$work/said"
	lock explain $words
	refused ''
	same "$(cat "$work/err")" "$(cat "$work/said")"
done
lock explain -- nosuchcommand
refused "command 'nosuchcommand' not found"
end

begin 'a question that fails leaves no half of the answers'
lock explain bind:1 bind:2 bind:x
refused "bind:x: 'x' is not a port"
end

begin 'names cannot drive the terminal'
name=$(printf 'a\033[31mb')
: >"$work/w/$name"
lock explain "path:$work/w/$name"
status 1
no_out "$(printf '\033')"
out 'a?[31mb'
end

begin 'stdout that cannot be written'
if [ -w /dev/full ]; then
	for words in explain 'explain --json' 'explain bind:1'; do
		"$sandlock" $words >/dev/full 2>"$work/err"
		status=$?
		: >"$work/out"
		refused 'cannot write to standard output'
	done
fi
"$sandlock" explain bind:1 >&- 2>"$work/err"
status=$?
: >"$work/out"
refused 'cannot write to standard output'
end

begin 'nothing is started and nothing left'
mkdir -p "$work/tmp"
TMPDIR=$work/tmp XDG_RUNTIME_DIR='' "$sandlock" explain -p agent \
	-- sh -c "echo >$work/w/started" >"$work/out" 2>&1
[ ! -e "$work/w/started" ] || wrong 'it ran'
same "$(find "$work/tmp" -mindepth 1 | grep -c '')" 0
end

finish
