#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Programs that ask for the network interfaces, without a network rule and with
# some: each has its own way, and all of them see the loopback interface alone.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"
[ ! -x /usr/local/go/bin/go ] || PATH=/usr/local/go/bin:$PATH

# What is compiled here is made outside and only run inside.
mkdir "$top/bin"
cat >"$top/list.c" <<'END'
#define _GNU_SOURCE
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(void)
{
	struct if_nameindex *names = if_nameindex();
	struct ifaddrs *list;

	if (!names || getifaddrs(&list) < 0) {
		perror("interfaces");
		return 1;
	}
	for (; names->if_name; names++)
		printf("%u=%s\n", names->if_index, names->if_name);
	for (; list; list = list->ifa_next) {
		int family = list->ifa_addr ? list->ifa_addr->sa_family : 0;
		char text[64] = "link";

		if (family == AF_INET || family == AF_INET6)
			getnameinfo(list->ifa_addr,
				    family == AF_INET ? 16 : 28, text,
				    sizeof(text), NULL, 0, NI_NUMERICHOST);
		printf("%s %s\n", list->ifa_name, text);
	}
	return 0;
}
END
printf '1=lo\nlo link\nlo 127.0.0.1\nlo ::1\n' >"$top/list.txt"
cat >"$top/list.go" <<'END'
package main

import (
	"fmt"
	"net"
)

func main() {
	list, err := net.Interfaces()
	if err != nil || len(list) != 1 {
		panic(fmt.Sprint(list, err))
	}
	addrs, err := list[0].Addrs()
	fmt.Println(list[0].Index, list[0].Name, list[0].MTU, list[0].Flags, err)
	for _, a := range addrs {
		if !a.(*net.IPNet).IP.IsLoopback() {
			panic(a)
		}
	}
	fmt.Println("first", addrs[0])
}
END
cat >"$top/List.java" <<'END'
import java.net.*;
import java.util.*;

public class List {
	public static void main(String[] args) throws Exception {
		for (NetworkInterface n : Collections.list(NetworkInterface.getNetworkInterfaces()))
			System.out.println("seen " + n.getName());
	}
}
END
cat >"$top/find.py" <<'END'
import ipaddress
import socket as s
for family in s.AF_UNSPEC, s.AF_INET:
    print(ipaddress.ip_address(
        s.getaddrinfo("localhost", 80, family, s.SOCK_STREAM, 0,
                      s.AI_ADDRCONFIG)[0][4][0]).is_loopback)
print({f for f, *_ in s.getaddrinfo(None, 80, 0, s.SOCK_STREAM, 0,
                                    s.AI_PASSIVE | s.AI_ADDRCONFIG)}
      == {s.AF_INET, s.AF_INET6})
print(s.if_nameindex())
END
! command -v cc >/dev/null 2>&1 || cc "$top/list.c" -o "$top/bin/list" || exit 1
! command -v musl-gcc >/dev/null 2>&1 ||
	musl-gcc -static "$top/list.c" -o "$top/bin/list-musl" || exit 1
! command -v go >/dev/null 2>&1 ||
	GOCACHE=$top/gocache GO111MODULE=off go build -o "$top/bin/list-go" \
		"$top/list.go" || exit 1

# $1 is what to grant besides.
lists()
{
	label=${1:-no rule}
	for name in list list-musl; do
		[ -x "$top/bin/$name" ] || continue
		begin "$name: if_nameindex and getifaddrs, $label"
		granted="-r $top/bin $1"
		inside "$top/bin/$name"
		works
		cmp -s "$top/out" "$top/list.txt" || wrong 'another list'
		end
	done

	if [ -x "$top/bin/list-go" ]; then
		begin "go: net.Interfaces, $label"
		granted="-r $top/bin $1"
		inside "$top/bin/list-go"
		works
		out '1 lo 65536 up|loopback|running <nil>'
		out 'first 127.0.0.1/8'
		end
	fi

	if command -v python3 >/dev/null 2>&1; then
		begin "python: names by AI_ADDRCONFIG, if_nameindex, $label"
		granted="-r $top/find.py $1"
		inside python3 "$top/find.py"
		works
		printf "True\nTrue\nTrue\n[(1, 'lo')]\n" >"$top/want"
		cmp -s "$top/out" "$top/want" || wrong 'something else'
		end
	fi

	if command -v node >/dev/null 2>&1; then
		begin "node: os.networkInterfaces, $label"
		granted=$1
		inside node -e 'const n = require("os").networkInterfaces();
			console.log(Object.keys(n), n.lo.map(a => a.cidr))'
		works
		out "[ 'lo' ] [ '127.0.0.1/8', '::1/128' ]"
		end
	fi

	if command -v ip >/dev/null 2>&1; then
		begin "ip: address, link, route, rule, neighbour, $label"
		granted=$1
		inside ip addr
		works
		out '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536'
		out 'inet 127.0.0.1/8 scope host lo'
		out 'inet6 ::1/128 scope host'
		! grep -q '^2:' "$top/out" || wrong 'a second interface'
		granted=$1
		inside ip -6 addr show lo
		works
		out 'inet6 ::1/128 scope host'
		for what in route rule neigh; do
			granted=$1
			inside ip "$what"
			works
			[ ! -s "$top/out" ] || wrong "there is a $what"
		done
		granted=$1
		inside ip link set lo down
		fails
		err 'Operation not permitted'
		end
	fi
}

lists ''
lists '--net-allow tcp://:80'
lists '--net-allow tcp://localhost:80'

# Java asks by ioctl and by /proc; it has to go on without.
if command -v java >/dev/null 2>&1; then
	begin 'java: NetworkInterface tells nothing of the host'
	granted="-r $top/List.java"
	inside java -Xshare:auto "$top/List.java"
	grep '^seen ' "$top/out" | grep -qv '^seen lo$' &&
		wrong 'an interface of the host'
	end
fi

finish
