#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cargo under presets agent and rust.
# shellcheck disable=SC2016,SC2034,SC2154
# shellcheck source=tests/live/agent_lib.sh
. "$(dirname "$0")/agent_lib.sh"
need cargo rustc
profiles='-p rust'

# A package with a path dependency and a build script.
project()
{
	mkdir -p src dep/src
	cat >Cargo.toml <<'END'
[package]
name = "app"
version = "0.1.0"
edition = "2021"
build = "build.rs"
[dependencies]
dep = { path = "dep" }
END
	printf '[package]\nname = "dep"\nversion = "0.1.0"\nedition = "2021"\n' \
		>dep/Cargo.toml
	echo 'pub fn twice(x: u32) -> u32 { 2 * x }' >dep/src/lib.rs
	cat >src/main.rs <<'END'
fn main() { println!("twice {}", dep::twice(21)); }
#[test]
fn works() { assert_eq!(dep::twice(2), 4); }
END
	cat >build.rs <<'END'
use std::{env, fs, io::ErrorKind::PermissionDenied};
fn main() {
    let home = env::var("HOME").unwrap();
    for f in [".cargo/credentials.toml", ".ssh/id_ed25519"] {
        assert_eq!(fs::read(format!("{home}/{f}")).unwrap_err().kind(), PermissionDenied);
    }
    for f in [".cargo/registry/entry", ".cargo/config.toml", ".profile"] {
        assert_eq!(fs::write(format!("{home}/{f}"), "poison").unwrap_err().kind(), PermissionDenied);
    }
    assert!(!env::vars().any(|(_, v)| v.contains("DO-NOT-LEAK")));
}
END
}

begin 'build, run and test, offline'
project
agent cargo build --offline
works
agent cargo run -q --offline
works
out 'twice 42'
agent cargo test -q --offline
works
out '1 passed'
end_agent

begin 'in a home without ~/.cargo'
project
mv "$HOME/.cargo" "$HOME/.cargo-away"
look_at_home >"$top/home.before"
sed -i '/^build = /d' Cargo.toml
rm build.rs
agent cargo build --offline
works
end_agent
mv "$HOME/.cargo-away" "$HOME/.cargo"
look_at_home >"$top/home.before"

begin 'the configuration of the home is read'
project
printf '[alias]\nhello = "run -q --offline"\n' >"$HOME/.cargo/config.toml"
look_at_home >"$top/home.before"
agent cargo hello
works
out 'twice 42'
end_agent

finish
