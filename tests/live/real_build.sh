#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# gcc, make, tar and sqlite3 under preset base.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"
need gcc

begin 'compile and run'
printf '#include <stdio.h>\nint main(void) { puts("compiled"); return 3; }\n' >a.c
inside gcc -O2 -o a a.c
works
inside ./a
out compiled
[ "$status" -eq 3 ] || wrong "exit status $status"
end

begin 'shared library and sanitizer-free debug build'
echo 'int twice(int x) { return 2 * x; }' >l.c
printf 'int twice(int); int main(void) { return twice(4); }\n' >m.c
inside sh -ec 'gcc -g -fPIC -shared -o libl.so l.c
gcc -g -o m m.c -L. -ll -Wl,-rpath,$PWD; set +e; ./m; echo code $?'
works
out 'code 8'
end

if command -v make >/dev/null 2>&1; then
	begin 'make -j2 of 40 files'
	for i in $(seq 40); do
		echo "int f$i(void) { return $i; }" >"f$i.c"
	done
	echo 'int main(void) { return 0; }' >main.c
	printf 'objs := $(patsubst %%.c,%%.o,$(wildcard *.c))\nprog: $(objs)\n\tgcc -o $@ $^\n' >Makefile
	inside make -s -j2
	works
	inside ./prog
	works
	inside make -s -j2
	works
	end
fi

if command -v tar >/dev/null 2>&1; then
	begin 'tar packs and unpacks'
	mkdir t
	for i in $(seq 200); do
		echo "$i" >"t/file$i"
	done
	ln -s file1 t/link
	ln t/file2 t/hard
	inside sh -ec 'tar czf t.tgz t; mkdir u; tar xzf t.tgz -C u; diff -r t u/t
tar tzf t.tgz | wc -l'
	works
	out 203
	end
fi

if command -v sqlite3 >/dev/null 2>&1; then
	begin 'sqlite3 with a write-ahead log'
	inside sqlite3 base.db 'pragma journal_mode=wal; create table t(x);
with recursive n(i) as (select 1 union all select i+1 from n where i<10000)
insert into t select i from n; select sum(x) from t;'
	works
	out 50005000
	inside sqlite3 base.db 'vacuum; pragma integrity_check;'
	works
	out ok
	end
fi

finish
