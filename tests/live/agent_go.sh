#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# go under presets agent and go.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/agent_lib.sh
. "$(dirname "$0")/agent_lib.sh"
[ ! -x /usr/local/go/bin/go ] || PATH=/usr/local/go/bin:$PATH
need go
profiles='-p go'

begin 'build, test and vet with a module of the project'
mkdir dep
printf 'module example.org/app\n\ngo 1.18\n\nrequire example.org/dep v0.0.0\n
replace example.org/dep => ./dep\n' >go.mod
printf 'module example.org/dep\n\ngo 1.18\n' >dep/go.mod
printf 'package dep\n\nfunc Twice(x int) int { return 2 * x }\n' >dep/dep.go
cat >main.go <<'END'
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"example.org/dep"
)

func main() {
	home := os.Getenv("HOME")
	for _, f := range []string{"/.ssh/id_ed25519", "/.netrc"} {
		if _, err := os.ReadFile(home + f); !errors.Is(err, fs.ErrPermission) {
			fmt.Println("read", f, err)
		}
	}
	for _, f := range []string{"/.cache/go-build/entry", "/go/pkg/mod/cache/entry", "/.profile"} {
		if err := os.WriteFile(home+f, []byte("poison"), 0o600); !errors.Is(err, fs.ErrPermission) {
			fmt.Println("wrote", f, err)
		}
	}
	if strings.Contains(strings.Join(os.Environ(), " "), "DO-NOT-LEAK") {
		fmt.Println("environment")
	}
	fmt.Println("twice", dep.Twice(21))
}
END
cat >main_test.go <<'END'
package main

import (
	"testing"

	"example.org/dep"
)

func TestTwice(t *testing.T) {
	if dep.Twice(2) != 4 {
		t.Fatal()
	}
}
END
# One run, since each has a build cache of its own.
agent_sh 'go build -o app .; ./app; go test -vet=off .; go env GOCACHE'
works
[ "$(grep -c '' "$top/out")" -eq 3 ] || wrong 'it got somewhere'
out 'twice 42'
out 'ok'
out /cache/go-build
end_agent

finish
