# Every target does one thing. `make demo` and `make test` need Go and a C compiler, nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := build
LINT_VERSION := v2.15.0
SDKS := conformance/sdk

# A static program where the C compiler can make one: on Linux, with libc.a. It starts sooner, by what the dynamic loader takes,
# and runs on any Linux. Without it everything works as well: `go install` never has it.
static = $$(test "$$(go env GOOS)" = linux && echo 'int main(void) { return 0; }' | $$(go env CC) -static -x c -o /dev/null - 2>/dev/null && echo "-tags=netgo,osusergo,sqlite_omit_load_extension")

# SQLite calls fdatasync only where it is told that the system has it: the times of a file are then not written with each commit.
# With NULL_TRIM it writes nothing for empty columns at the end of a row: six webhooks of a kilobyte fit into a page, not five.
cflags = $$(go env CGO_CFLAGS) -DSQLITE_ENABLE_NULL_TRIM=1 $$(test "$$(go env GOOS)" = linux && echo -DHAVE_FDATASYNC=1)

.PHONY: build install uninstall demo test cover race lint man generate tidy judges conformance e2e e2e-million screenshots soak soak-pg test-pg cross bench bench-quick bench-pg performance fuzz picture clean toolchain

toolchain:
	@command -v go >/dev/null || { echo "make: Go is missing; get Go 1.26 or newer from https://go.dev/dl" >&2; exit 1; }
	@cc=$$(go env CC); command -v $${cc%% *} >/dev/null || { echo "make: a C compiler is missing; apt-get install gcc (Debian, Ubuntu), dnf install gcc (Fedora) or xcode-select --install (macOS)" >&2; exit 1; }

build: toolchain ## bin/barb
	@tags="$(static)"; CGO_ENABLED=1 CGO_CFLAGS="$(cflags)" go build -trimpath $$tags -ldflags="-s -w $${tags:+-linkmode external -extldflags -static}" -o bin/barb ./cmd/barb

PREFIX ?= /usr/local
share = $(DESTDIR)$(PREFIX)/share

install: build ## bin/barb, the completions and the man pages, below PREFIX (default /usr/local) in DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(share)/man/man1 $(share)/bash-completion/completions $(share)/zsh/site-functions $(share)/fish/vendor_completions.d
	install -m 755 bin/barb $(DESTDIR)$(PREFIX)/bin/barb
	install -m 644 docs/man/*.1 $(share)/man/man1
	install -m 644 completions/barb.bash $(share)/bash-completion/completions/barb
	install -m 644 completions/_barb $(share)/zsh/site-functions/_barb
	install -m 644 completions/barb.fish $(share)/fish/vendor_completions.d/barb.fish

uninstall: ## what install has put there
	rm -f $(DESTDIR)$(PREFIX)/bin/barb $(share)/bash-completion/completions/barb $(share)/zsh/site-functions/_barb $(share)/fish/vendor_completions.d/barb.fish
	for page in docs/man/*.1; do rm -f "$(share)/man/man1/$${page##*/}"; done

demo: build ## the main job as a story, on real sockets and a real history, in a temporary folder
	@bash docs/demo.sh bin/barb

test: toolchain ## everything that needs no other language and no browser
	CGO_ENABLED=1 go test -timeout 20m ./...

cover: toolchain ## how much of each package its own tests run
	@set -o pipefail; CGO_ENABLED=1 go test -cover ./... | awk '/^(FAIL|---)/ { print; next } \
		/coverage: [0-9]/ && match($$0, /[0-9.]+% of/) { printf "%7s  %s\n", substr($$0, RSTART, RLENGTH - 3), ($$1 == "ok" ? $$2 : $$1) }' | sort -n

race: toolchain
	CGO_ENABLED=1 go test -race -timeout 30m ./... # cmd/barb takes nine minutes on two busy cores

lint:
	@command -v golangci-lint >/dev/null || GOFLAGS= go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	PATH="$$PATH:$$(go env GOPATH)/bin" golangci-lint run ./...

man: ## mandoc finds nothing wrong with the man pages
	@command -v mandoc >/dev/null || { echo "make: mandoc is missing; apt-get install mandoc (Debian, Ubuntu) or dnf install mandoc (Fedora)" >&2; exit 1; }
	mandoc -Tlint docs/man/*.1

generate: ## completion scripts, man pages and docs/reference
	go generate ./...

tidy:
	go mod tidy

judges: toolchain ## written receivers for odd schemes, compiled and run in five languages; what of node, ruby, php and Flask is missing judges nothing
	CGO_ENABLED=1 go test -count=1 -tags judges ./commands/receiver

conformance: build $(SDKS)/node/node_modules/.package-lock.json ## receivers and the providers' SDKs judge what barb sends; needs node and the Debian packages that .ci/run installs; UPDATE=1 writes RESULTS.md and routers.txt
	cd $(SDKS)/go && go test -count=1 . # both judges say of the vectors what is recorded
	cd $(SDKS)/node && npm test --silent
	cd conformance && go test -count=1 -timeout 40m -parallel 4 . $(if $(UPDATE),-update) # the cache does not know of the binary it judges
	cd conformance/agent && go test -count=1 . # the SDK's client judges barb mcp
	cd conformance/monitoring && go test -count=1 . # Prometheus' parsers judge the metrics, the alert rules and the dashboard

$(SDKS)/node/node_modules/.package-lock.json: $(SDKS)/node/package-lock.json
	cd $(SDKS)/node && npm ci --no-audit --no-fund --ignore-scripts

browser = cd e2e && node --test --test-concurrency=1 --test-reporter=spec

e2e: build bin/bench e2e/node_modules/.package-lock.json ## the page in Chromium (CHROMIUM=FILE for another); E2E_STRICT=1 judges the figures by their goals, which wants a quiet machine
	$(browser) *.test.mjs

e2e-million: build bin/bench e2e/node_modules/.package-lock.json ## the page over a history of a million rows, and a minute of 200 webhooks a second
	E2E_ROWS=1000000 E2E_SECONDS=60; export E2E_ROWS E2E_SECONDS; $(browser) many.test.mjs

screenshots: build e2e/node_modules/.package-lock.json ## docs/ui/*.png from a real run
	@command -v pngquant >/dev/null || { echo "make: pngquant is missing; apt-get install pngquant (Debian, Ubuntu)" >&2; exit 1; }
	cd e2e && node screenshots.mjs ../docs/ui
	pngquant --speed 1 --strip --force --ext .png 64 docs/ui/*.png

.PHONY: bin/bench
bin/bench: # Go knows whether it is up to date
	@cd bench && go build -o ../bin/bench .

e2e/node_modules/.package-lock.json: e2e/package-lock.json
	@command -v $${CHROMIUM:-chromium} >/dev/null || { echo "make: chromium is missing; apt-get install chromium nodejs npm (Debian, Ubuntu)" >&2; exit 1; }
	cd e2e && npm ci --no-audit --no-fund --ignore-scripts

test-pg: ## the contracts, the faults and the scripts over a PostgreSQL server of their own, and through PgBouncer; needs Debian's postgresql and pgbouncer
	BARB_REQUIRE_PG=1 go test ./store/postgres/... -race -count=1 -timeout 15m
	BARB_REQUIRE_PG=1 go test ./store ./deliver/fleet ./cmd/barb -count=1 -run PostgreSQL -timeout 15m
	BARB_REQUIRE_PG=1 BARB_PGBOUNCER=1 go test ./store -count=1 -run PostgreSQL -timeout 15m
	BARB_REQUIRE_PG=1 BARB_PGBOUNCER=1 go test ./store/postgres -count=1 -skip 'Plan|Prune|Reads' -timeout 15m

soak-pg: build ## crashes of a PostgreSQL server, kills of workers, a failover and cut connections, for some minutes; Linux; needs Debian's postgresql; BARB_SOAK_LOOPS=10 for ten rounds
	BARB_REQUIRE_PG=1 BARB_SOAK=$(CURDIR)/bin/barb go test ./soak -count=1 -v -run 'PostgreSQL' -timeout $$(( 20 * $${BARB_SOAK_LOOPS:-1} ))m

soak: build bin/bench ## kills, floods, idlers and a locked history for some minutes, against the real binary, and the terminal view over a million rows; Linux; wants ulimit -n 10500
	BARB_SOAK=$(CURDIR)/bin/barb BARB_BENCH=$(CURDIR)/bin/bench go test ./soak -count=1 -v -timeout 20m
	BARB_SOAK=$(CURDIR)/bin/barb go test ./cmd/barb -count=1 -run Soak -timeout 15m
	BARB_SOAK=1 go test ./store -count=1 -run StaysSmall -timeout 15m
	go test ./commands/tui -count=1 -rapid.checks=300 -run AnyKeys -timeout 15m
	go test ./sign ./sign/discover ./sign/explain -count=1 -rapid.checks=1000 -run 'WhatIsSigned|CommonParts|ClaimAlways' -timeout 15m

cross: toolchain ## builds for Windows and ARM, runs the ARM ones under qemu, vets for macOS and 32 bit; Debian or Ubuntu
	bash .ci/cross

bench: build ## speed as ratios against peers in the same run, into bin/bench.json; needs wrk, openssl and the vegeta module
	bash bench/run.sh

bench-quick: build ## the same in under two minutes, one round each, into bin/bench-quick.json
	BENCH_JSON=bin/bench-quick.json BENCH_ROUNDS=1 BENCH_SECONDS=2 BENCH_SENDS=20000 BENCH_REPLAY=10000 BENCH_ROWS=50000 BENCH_RUNS=40 \
		bash bench/run.sh start sign send rate replay listen history

bench-pg: build ## a history on a PostgreSQL server of its own against one in a file, as ratios, into bin/bench-pg.json; needs wrk and Debian's postgresql; BENCH_ROWS=1000000 for lists of that many rows
	bash bench/run.sh -server

RUN ?= bin/bench.json

performance: ## the table and the charts of docs/performance.md from the last run of make bench, or from RUN=FILE, which may be bin/bench-pg.json
	cd bench && go run . draw -run ../$(RUN) -docs ../docs

fuzz: ## each fuzz target for FUZZTIME (default 20s)
	bash .ci/fuzz "$${FUZZTIME:-20s}"

picture: build ## docs/demo.svg from a real run of the demo
	bash docs/picture.sh

clean:
	rm -rf bin
