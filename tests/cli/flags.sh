#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every flag of this version at work: what it changes, and that without it the
# same command ends the other way. Misuse is in options.sh.
# Words are split on purpose; quoted text is for the shell inside.
# shellcheck disable=SC2086,SC2046,SC2016,SC2034,SC2094,SC3045

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

echo text >"$work/file"

begin '--fs-read, -r'
lock run $sys -- cat "$work/file"
status 1
for flag in --fs-read -r; do
	lock run $sys $flag "$work" -- cat "$work/file"
	status 0
	out text
	lock run $sys $flag "$work" -- sh -c ': >"$1"' sh "$work/file"
	status 2
done
out_text=$(cat "$work/file")
same "$out_text" text
lock run $sys -r '?/nosuch' -- echo optional
status 0
end

begin '--no-fs-read'
lock run $sys -r "$work" --no-fs-read $sys -- cat "$work/file"
status 1
end

begin '--fs-write, -w'
lock run $sys -r "$work" -- touch "$work/w/a"
status 1
[ ! -e "$work/w/a" ] || wrong 'written without a grant'
for flag in --fs-write -w; do
	rm -f "$work/w/a"
	lock run $sys $flag "$work/w" -- touch "$work/w/a"
	status 0
	[ -e "$work/w/a" ] || wrong 'not written'
done
lock run $sys -w "$work/w" --no-fs-write -- touch "$work/w/b"
status 1
[ ! -e "$work/w/b" ] || wrong 'written after --no-fs-write'
end

begin '--fs-deny'
echo secret >"$work/w/key"
cat >"$work/w/x.pem" </dev/null
lock run $sys -w "$work/w" --fs-deny "$work/w/key" -- cat "$work/w/key"
status 1
lock run $sys -w "$work/w" --fs-deny '*.pem' -- cat "$work/w/x.pem"
status 1
lock run $sys -w "$work/w" --fs-deny '*.pem' -- touch "$work/w/new.pem"
status 1
lock run $sys -w "$work/w" --fs-deny "$work/w/key" -- cat "$work/w/x.pem"
status 0
lock run $sys -w "$work/w" --fs-deny "$work/w/key" --no-fs-deny -- cat "$work/w/key"
status 0
out secret
end

begin '--fs-protect'
lock run $sys -w "$work/w" --fs-protect "$work/w/key" -- \
	sh -c 'cat "$1"; echo changed >"$1"' sh "$work/w/key"
status 2
out secret
[ "$(cat "$work/w/key")" = secret ] || wrong 'it was changed'
lock run $sys -w "$work/w" --fs-protect "$work/w/none" -- touch "$work/w/none"
status 1
[ ! -e "$work/w/none" ] || wrong 'it was made'
lock run $sys -w "$work/w" --fs-protect "$work/w/none" --no-fs-protect -- \
	touch "$work/w/none"
status 0
rm -f "$work/w/none" "$work/w/key" "$work/w/x.pem"
end

begin '--private-tmp'
lock run $sys --private-tmp -- sh -c 'echo x >"$TMPDIR/x" && echo "$TMPDIR"'
status 0
[ -s "$work/out" ] || wrong 'no TMPDIR'
[ ! -e "$(cat "$work/out")" ] || wrong 'it is still there'
lock run -e 'echo x >"$TMPDIR/x" && echo base has it'
out 'base has it'
lock run --no-private-tmp -e 'echo x >"${TMPDIR:-/tmp}/sandlock-no-tmp"'
status 2
[ ! -e /tmp/sandlock-no-tmp ] || wrong 'written'
end

begin '--grant-command'
# A program outside of every grant, with its interpreter inside of them.
mkdir -p "$work/tool/bin"
printf '#!/bin/sh\necho tool\n' >"$work/tool/bin/tool"
chmod +x "$work/tool/bin/tool"
lock run $sys -- "$work/tool/bin/tool"
status 126
lock run $sys --grant-command -- "$work/tool/bin/tool"
status 0
out tool
lock run $sys --grant-command --no-grant-command -- "$work/tool/bin/tool"
status 126
end

# Nobody listens on port 1, and nobody needs to.
connect='exec 3<>/dev/tcp/127.0.0.1/1'
begin '--net-allow, --net-deny'
if command -v bash >/dev/null; then
	lock run -- bash -c "$connect"
	err 'Permission denied'
	lock run --net-allow tcp://:1 -- bash -c "$connect"
	err 'Connection refused'
	lock run --net-allow tcp://:2 -- bash -c "$connect"
	err 'Permission denied'
	lock run --net-allow 'tcp://*' -- bash -c "$connect"
	err 'Connection refused'
	lock run --net-allow tcp://:1,2 --net-deny tcp://:1 -- \
		bash -c "$connect"
	err 'Permission denied'
	lock run --net-allow tcp://:1,2 --net-deny tcp://:2 -- \
		bash -c "$connect"
	err 'Connection refused'
	lock run --net-allow tcp://:1,2 --net-deny tcp://:1 --no-net-deny -- \
		bash -c "$connect"
	err 'Connection refused'
	# Too many for the kernel, so it is judged: another errno.
	lock run --net-allow 'tcp://*' --net-deny tcp://:1 --audit fd:2 -- \
		bash -c "$connect"
	err 'Connection refused'
	err '"rule":"denied"'
	lock run --net-allow tcp://:1 --no-net-allow -- bash -c "$connect"
	err 'Permission denied'
	lock run --net-allow 127.0.0.2:1 --audit fd:2 -- bash -c "$connect"
	err 'Connection refused'
	err '"rule":"no grant"'
	err '"fix":"--net-allow tcp://127.0.0.1:1"'
	# What the kernel refuses knows the port alone; what is offered, both.
	lock run --why --audit fd:2 -- bash -c "$connect"
	err '"fix":"--net-allow tcp://127.0.0.1:1"'
	err 'sandlock: allowed by: --net-allow tcp://127.0.0.1:1'
	lock run --net-allow tcp://127.0.0.1:1 -- bash -c "$connect"
	err 'Connection refused'
	end
else
	skip bash
fi

cat >"$work/bind.pl" <<'END'
use Socket;
socket(S, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
bind(S, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!\n";
listen(S, 1) or die "listen: $!\n";
print "bound\n";
END
begin '--net-allow-bind, --net-deny-bind'
if command -v perl >/dev/null; then
	bind="$sys -r $work/bind.pl"
	lock run $bind -- perl "$work/bind.pl"
	err 'Permission denied'
	lock run $bind --net-allow-bind 0 -- perl "$work/bind.pl"
	status 0
	out bound
	lock run $bind --net-allow-bind 8000-8010 -- perl "$work/bind.pl"
	err 'Permission denied'
	lock run $bind --net-allow-bind '*' -- perl "$work/bind.pl"
	out bound
	# All but some: the supervisor knows them, the kernel has not the room.
	lock run $bind --net-deny-bind 1-1023 -- perl "$work/bind.pl"
	out bound
	lock run $bind --net-deny-bind 0 --audit fd:2 -- perl "$work/bind.pl"
	err 'bind: Permission denied'
	err '"access":"bind","object":"port 0","rule":"no grant"'
	# And Unix sockets are bound as ever.
	lock run -p base -w "$work/w" --net-deny-bind 22 -- perl -e \
		'use Socket; socket(S, PF_UNIX, SOCK_STREAM, 0);
		bind(S, sockaddr_un($ARGV[0])) or die "bind: $!\n"' \
		"$work/w/bound"
	status 0
	same "$(test -S "$work/w/bound" && echo socket)" socket
	rm -f "$work/w/bound"
	lock run $bind --net-allow-bind '*' --net-deny-bind 0 -- \
		perl "$work/bind.pl"
	err 'bind: Permission denied'
	lock run $bind --net-allow-bind 0 --net-deny-bind 0 -- \
		perl "$work/bind.pl"
	err 'Permission denied'
	end
else
	skip perl
fi

cat >"$work/taken.pl" <<'END'
use Socket;
$port = shift || 0;
socket(S, PF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
bind(S, sockaddr_in($port, INADDR_LOOPBACK)) or die "bind: $!\n";
$| = 1;
print((sockaddr_in(getsockname(S)))[0], "\n");
<STDIN>;
END
begin '--port-remap'
if command -v perl >/dev/null; then
	mkfifo "$work/holds"
	perl "$work/taken.pl" <"$work/holds" >"$work/port" &
	exec 4>"$work/holds"
	while [ ! -s "$work/port" ]; do :; done
	port=$(cat "$work/port")
	bind="$sys -r $work/taken.pl --net-allow-bind $port"
	lock run $bind -- perl "$work/taken.pl" "$port"
	err 'bind: Address already in use'
	lock run $bind --port-remap -- perl "$work/taken.pl" "$port"
	status 0
	same "$(cat "$work/out")" "$port"
	lock run $bind --port-remap --no-port-remap -- \
		perl "$work/taken.pl" "$port"
	err 'bind: Address already in use'
	exec 4>&-
	wait
	end
else
	skip perl
fi

cat >"$work/unix.pl" <<'END'
use Socket;
socket(S, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
if ($ARGV[1]) {
	bind(S, sockaddr_un($ARGV[0])) or die "bind: $!\n";
	listen(S, 1) or die "listen: $!\n";
	fork and exit;
	accept(C, S);
} else {
	connect(S, sockaddr_un($ARGV[0])) or die "connect: $!\n";
	print "connected\n";
}
END
begin '--unix-allow'
if command -v perl >/dev/null; then
	mkdir "$work/sockets"
	perl "$work/unix.pl" "$work/sockets/s" server >/dev/null 2>&1
	unix="$sys -r $work"
	lock run $unix --private-tmp -- perl "$work/unix.pl" "$work/sockets/s"
	err 'connect: Permission denied'
	lock run $unix --no-supervisor -- perl "$work/unix.pl" \
		"$work/sockets/s"
	err 'socket: Address family not supported'
	lock run $unix --unix-allow "$work/sockets/s" -- \
		perl "$work/unix.pl" "$work/sockets/s"
	out connected
	end
else
	skip perl
fi

begin '--cwd'
lock run --cwd /usr -- pwd
status 0
same "$(cat "$work/out")" /usr
end

begin '--env'
lock run --env A=1 --env B='two words' --env A=3 -e 'echo "$A $B"'
same "$(cat "$work/out")" '3 two words'
lock run --env A=1 --no-env -e 'echo "[$A]"'
same "$(cat "$work/out")" '[]'
end

begin '--scrub-env'
MY_TOKEN=hidden my_key=hidden2
export MY_TOKEN my_key
lock run -e 'echo "[$MY_TOKEN][$my_key]"'
out '[hidden][hidden2]'
lock run --scrub-env '*_TOKEN' -e 'echo "[$MY_TOKEN][$my_key]"; env'
out '[][hidden2]'
no_out MY_TOKEN
lock run --scrub-env 'M?_TOKEN' --scrub-env '*KEY' -e 'env'
status 0
no_out hidden
lock run --scrub-env '*_TOKEN' --env MY_TOKEN=given -e 'echo "[$MY_TOKEN]"'
out '[given]'
lock run --scrub-env '*_TOKEN' --no-scrub-env -e 'echo "[$MY_TOKEN]"'
out '[hidden]'
lock run -p base --no-private-tmp --scrub-env '*' --no-supervisor -- env
status 0
[ ! -s "$work/out" ] || wrong 'something was left'
lock run --scrub-env 'A=*' -- true
refused 'values are not looked at'
lock run --scrub-env '' -- true
refused 'empty'
lock run --scrub-env '[A-Z]*' -- true
refused "only '*' and '?'"
end

begin '--clean-env'
SECRET=hidden
export SECRET
lock run -e 'echo "[$SECRET]"'
out '[hidden]'
lock run --clean-env -e 'echo "[$SECRET]" "$HOME"'
status 0
out '[]'
out "$HOME"
lock run --clean-env --env SECRET=given -e 'echo "[$SECRET]"'
out '[given]'
lock run --clean-env --no-clean-env -e 'echo "[$SECRET]"'
out '[hidden]'
end

begin '--user'
lock run $sys --user "$(id -u):$(id -g)" -- id -u
status 0
same "$(cat "$work/out")" "$(id -u)"
lock run $sys --user 1234:1234 -- id -u
if grep -q 'user namespace' "$work/err"; then
	skip 'unprivileged user namespaces'
else
	status 0
	same "$(cat "$work/out")" 1234
	end
fi

begin '--no-coredump'
# AddressSanitizer would set the limit itself.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}disable_coredump=0
export ASAN_OPTIONS
ulimit -S -c "$(ulimit -H -c)"
lock run -e 'ulimit -c'
same "$(cat "$work/out")" "$(ulimit -c)"
lock run --no-coredump -e 'ulimit -c'
same "$(cat "$work/out")" 0
end

begin 'no core dumps over what is carved out: the kernel writes them itself'
mkdir "$work/core"
lock run $sys -w "$work/core" --fs-protect "$work/core/core" -e 'ulimit -H -c'
same "$(cat "$work/out")" 0
lock explain -w "$work/core" --fs-protect "$work/core/core"
grep -q 'core dumps.*none' "$work/out" || wrong 'explain does not say it'
end

begin '--no-huge-pages'
lock run $sys -- grep THP_enabled /proc/self/status
if [ "$status" -eq 0 ]; then
	out 1
	lock run $sys --no-huge-pages -- grep THP_enabled /proc/self/status
	status 0
	out 0
	end
else
	skip 'THP_enabled of /proc/PID/status (Linux 5.0)'
fi

begin '--no-supervisor'
start="echo \$\$; exec \"$sandlock\" run --no-supervisor $sys"
sh -c "$start -- sh -c 'echo \$\$'" >"$work/out" 2>"$work/err"
status=$?
status 0
same "$(sort -u "$work/out" | grep -c '')" 1
lock run --no-supervisor $sys -- cat "$work/file"
status 1
lock run --no-supervisor -t 5s $sys -- true
refused '--no-supervisor is incompatible with: '
err --timeout
lock run --no-supervisor --status-fd 3 $sys -- true
refused '--no-supervisor is incompatible with: --status-fd'
lock run --no-supervisor $sys -- nosuchcommand
status 127
end

begin '--timeout, -t'
for flag in --timeout -t; do
	lock run $flag 100ms -- sleep 1000
	status 124
	err 'timeout after 100ms'
	lock run $flag 1000 -- true
	status 0
done
lock run -t 0.1 -- sleep 1000
err 'timeout after 0.1s'
lock run -t 1ms --no-timeout -- true
status 0
# A program that stops itself does not stop whoever waits.
lock run -t 300ms -- sh -c 'kill -STOP $$'
status 124
end

begin '--kill-after'
lock run -t 200ms --kill-after 1000 -- \
	sh -c 'trap "echo polite; exit 3" TERM; sleep 1000 & wait'
out polite
lock run -t 100ms --kill-after 100ms -- \
	sh -c 'trap "" TERM; while :; do sleep 1000; done'
status 124
end

begin 'the limit of open files is the caller'"'"'s, and ours is as high as it goes'
inside='ulimit -S -n; ulimit -H -n; echo; read x'
mkfifo "$work/go"
(
	ulimit -S -n 300
	exec "$sandlock" run -e "$inside" <"$work/go" >"$work/out"
) &
exec 9>"$work/go"
# The end of its own two lines says that it runs.
for i in $(seq 600); do
	[ -s "$work/out" ] && grep -q '^$' "$work/out" && break
	sleep 0.1
done
same "$(tr '\n' ' ' <"$work/out")" "300 $(ulimit -H -n)  "
for i in $(seq 600); do
	soft=$(sed -n 's/^Max open files *\([^ ]*\) .*/\1/p' "/proc/$!/limits")
	[ "$soft" != 300 ] && break
	sleep 0.1
done
same "$soft" "$(ulimit -H -n)"
exec 9>&-
wait "$!"
end

begin '--max-open-files'
lock run --max-open-files 32 -e 'ulimit -n; ulimit -H -n'
status 0
same "$(sort -u "$work/out")" 32
end

begin '--max-memory'
lock run --max-memory 64M --status-fd 3 -- \
	sh -c 'x=x; while :; do x=$x$x; done'
status 137
err 'the limit of 64M of memory was exceeded'
grep -q '"reason":"limit".*"limit":"memory","memory_peak":[0-9]' "$work/fd3" ||
	wrong "$(cat "$work/fd3")"
lock run --max-memory 75% --status-fd 3 -- true
status 0
grep -q '"limit":null,"memory_peak":' "$work/fd3" || wrong "$(cat "$work/fd3")"
end

begin '--max-processes'
lock run --max-processes 3 -- sh -c 'sleep 1000 & sleep 1000 & sleep 1000 &'
status 2
err 'there were 3 processes already'
lock run --max-processes 4 --status-fd 3 -- \
	sh -c 'sleep 1000 & sleep 1000 & sleep 1000 & exit 0'
status 0
grep -q '"limit":null' "$work/fd3" || wrong "$(cat "$work/fd3")"
end

begin '--cpu-cores'
core=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
lock run $sys --cpu-cores "$core" -- grep Cpus_allowed_list /proc/self/status
status 0
same "$(tr -dc '0-9,-' <"$work/out")" "$core"
lock run $sys --cpu-cores 8191 -- echo started
refused --cpu-cores
end

begin '--gpu'
lock run --gpu all -- echo fine
status 0
out fine
if [ ! -e /dev/dri ] && [ ! -e /dev/nvidia0 ]; then
	same "$(cat "$work/err")" "sandlock: warning: --gpu: there is no GPU here: \
neither /dev/dri nor /dev/nvidia0 and its like exists"
	lock run -q --gpu all -- true
	silent
	lock run --gpu 7 -- echo started
	refused --gpu
fi
end

begin '--extra-deny-syscall'
lock run $sys -w "$work/w" -- ln -s x "$work/w/link1"
status 0
lock run $sys -w "$work/w" --extra-deny-syscall symlink \
	--extra-deny-syscall symlinkat -- ln -s x "$work/w/link2"
status 1
[ ! -L "$work/w/link2" ] || wrong 'the link was made'
end

cat >"$work/shm.pl" <<'END'
my $id = shmget(0, 4096, 0600);
die "shmget: $!\n" unless defined $id;
shmctl($id, 0, 0);
print "shared\n";
END
begin '--extra-allow-syscall'
if command -v perl >/dev/null; then
	lock run $sys -r "$work/shm.pl" -- perl "$work/shm.pl"
	err 'shmget: '
	lock run $sys -r "$work/shm.pl" --extra-allow-syscall sysv_ipc -- \
		perl "$work/shm.pl"
	status 0
	out shared
	lock run --extra-allow-syscall sysv_ipc --extra-deny-syscall sysv_ipc \
		-- echo started
	refused sysv_ipc
	end
else
	skip perl
fi

begin '--allow-degraded'
for name in fs-refer fs-truncate net-tcp fs-ioctl-dev signal-scope \
	abstract-unix-socket-scope SIGNAL-SCOPE; do
	lock run --allow-degraded $name -- echo fine
	status 0
	out fine
done
end

begin '--disable'
# Its parent is no process of the sandbox.
lock run $sys -- sh -c 'kill -0 "$1"' sh $$
status 1
lock run $sys --disable signal-scope -- sh -c 'kill -0 "$1"' sh $$
status 0
lock run --disable fs-refer -- echo started
refused fs-refer
end

begin '--no-randomize-memory'
lock run $sys -- cat /proc/self/personality
status 0
same "$(cat "$work/out")" 00000000
lock run $sys --no-randomize-memory -- cat /proc/self/personality
same "$(cat "$work/out")" 00040000
end

cat >"$profiles/grant.toml" <<END
extends = ["base"]
[filesystem]
read = ["$work"]
END
begin '--profile, -p'
for flag in --profile -p; do
	lock run $flag grant -- cat "$work/file"
	status 0
	out text
done
lock run -p nosuch -- echo started
refused nosuch
end

begin '--profile-file'
lock run --profile-file "$profiles/grant.toml" -- cat "$work/file"
status 0
out text
lock run --profile-file "$work/missing.toml" -- echo started
refused "$work/missing.toml"
end

begin '--bare'
lock run --bare -- true
[ "$status" -ne 0 ] || wrong 'it ran without a grant'
lock run --bare $sys -- echo fine
status 0
out fine
end

begin '--set'
lock run --set limits.timeout=100ms -- sleep 1000
status 124
lock run -p grant --set "filesystem.read=/usr" -- cat "$work/file"
[ "$status" -ne 0 ] || wrong 'the list was not replaced'
lock run --set program.env=A=1 --set program.env=B=2 -e 'echo "[$A$B]"'
same "$(cat "$work/out")" '[2]'
lock run -t 1ms --set limits.timeout= -- true
status 0
end

begin '--exec-shell, -e'
lock run --exec-shell 'echo long'
out long
lock run -e 'echo short'
out short
end

begin '--quiet, -q'
lock run -- cat "$profiles"
status 1
err 'sandlock: hint: '
for flag in --quiet -q; do
	lock run $flag -- cat "$profiles"
	status 1
	! grep -q sandlock: "$work/err" || wrong 'a hint'
done
end

begin '--interactive, -i'
lock run --interactive -i -- echo fine
status 0
out fine
end

begin '--color'
lock run --color=always -- nosuchcommand
status 127
err "$(printf '\033[1;31msandlock:\033[0m')"
lock run --color=never -- nosuchcommand
! grep -q "$(printf '\033')" "$work/err" || wrong 'an escape character'
lock run --color always --no-supervisor $sys -- nosuchcommand
status 127
err "$(printf '\033[1;31msandlock:\033[0m')"
end

begin '--name'
# A live name is refused, and free again after the end.
mkfifo "$work/held"
"$sandlock" run --name "flags-$$" -- sh -c 'echo up; cat' \
	<"$work/held" >"$work/up" &
exec 4>"$work/held"
while ! grep -q up "$work/up" 2>/dev/null; do :; done
lock run --name "flags-$$" -- true
refused "a sandbox named 'flags-$$' is running"
exec 4>&-
wait
lock run --name "flags-$$" -- true
status 0
silent
lock run --name 'a b' -- true
refused 'is not a name for a sandbox'
end

begin '--status-fd'
lock run --status-fd 3 -e 'exit 4'
status 4
grep -q '"exit_code":4' "$work/fd3" || wrong 'no record'
end

begin '--audit'
: >"$work/file"
lock run -r / --audit "$work/denials" -- chmod 600 "$work/file"
status 1
grep -qF "\"object\":\"$work/file\"" "$work/denials" || wrong 'no record'
end

begin '--why'
: >"$work/file"
lock run --why $sys -- cat "$work/file"
status 1
err "$(printf 'read\t%s\topenat EACCES\t-r %s' "$work/file" "$work/file")"
lock run --why $sys -r "$work/file" -- cat "$work/file"
status 0
err 'nothing was refused'
lock run --no-supervisor --why $sys -- true
refused '--no-supervisor is incompatible with: --why'
end

finish
