# SPDX-License-Identifier: Apache-2.0
# A thin front for meson: packagers can use meson directly.

B ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CONTROL ?=
BENCH ?=

all: build
	@echo "The program is $(B)/src/cli/sandlock ('$(B)/src/cli/sandlock help');" \
		"its manual: man -l $(B)/man/sandlock.1"

# Quietly, and without a word when there is nothing to do.
build:
	@tools/deps.sh build
	@tools/build.sh $(B) --prefix="$(PREFIX)"

# Run an untrusted script of ours in a made-up home and look at the damage.
# CONTROL=1 first runs it without a sandbox, in a throw-away copy.
try: build
	@tools/deps.sh try
	@python3 examples/try/demo.py $(if $(CONTROL),--control) \
		--sandlock $(B)/src/cli/sandlock
	@echo "The program is $(B)/src/cli/sandlock; 'make install' puts it on your path."

# The gates and the quick tests; as root: as root and as an ordinary user.
check:
	@tools/deps.sh build check
	@tools/check.sh quick

# {gcc, clang} x {plain, ASan + UBSan}, quick and full tests; and check-tsan.
check-all:
	@tools/deps.sh build check all
	@tools/check.sh all

# What has threads, with a thread sanitizer.
check-tsan:
	@tools/deps.sh build check
	@tools/check.sh threads

# Measures, prints, and writes docs/bench and the figures of the README. BENCH=
# takes options of the driver, and then prints only: make bench BENCH='--part spawn'
bench: build
	@tools/deps.sh bench
	@$(B)/tests/bench/run --source . --json $(B)/bench.json $(BENCH)
	@$(if $(BENCH),:,tools/bench_report.py $(B)/bench.json \
		--commit "$$(git describe --always --dirty 2>/dev/null || echo unknown)")

install: build
	@meson configure $(B) -Dprefix="$(PREFIX)"
	@ninja -C $(B)
	meson install -C $(B) --no-rebuild \
		$(if $(DESTDIR),--destdir "$(abspath $(DESTDIR))")

fmt:
	@tools/deps.sh lint
	@tools/format.sh -i

lint:
	@tools/deps.sh build lint
	@tools/lint.sh

clean:
	rm -rf build build-*

.PHONY: all build try check check-all check-tsan bench install fmt lint clean
