#!/usr/bin/env bash
# Prints how fast barb is against its peers, as ratios of one run. Without a name it measures all of them:
# bench/run.sh [start sign giant send memory rate replay listen history curves]
# bench/run.sh -server [insert send listen deliver pickup network lists] measures a history on a PostgreSQL server, which
# it starts, against one in a file.
#
# Only loopback, only files below bin/ and one history in /dev/shm, bounded in count and time. Nothing here fails on a
# time. BENCH_ROUNDS=5 BENCH_SENDS=40000 BENCH_SECONDS=4 BENCH_ROWS=200000 BENCH_RUNS=200 BENCH_GIANT_MIB=1024
# BENCH_REPLAY=20000 change how much is measured; the goal for the history is meant at BENCH_ROWS=5000000, and
# BENCH_BIG=1000000 measures the memory of send and replay there. The run is written to BENCH_JSON=bin/bench.json, from
# which `make performance` draws. With -server it is BENCH_ROUNDS=3 BENCH_SENDS=20000 BENCH_SECONDS=3 BENCH_ROWS=100000
# BENCH_DELIVERIES=3000, and bin/bench-pg.json; the goal for lists is meant at BENCH_ROWS=1000000.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/bin
vegeta_version=v12.13.0
bombardier_version=v1.2.6

need() { # need COMMAND PACKAGE
  command -v "$1" >/dev/null && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "bench: installing $2" >&2
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2"; } >/dev/null && return
  fi
  echo "bench: $1 is missing; apt-get install $2 (Debian, Ubuntu) or brew install $2 (macOS)" >&2
  exit 1
}

need go golang
need wrk wrk

mkdir -p "$bin"
make -s -C "$root" build # as it is released
measure() { # measure ARGUMENT...
  (cd "$root/bench" && CGO_ENABLED=1 go build -trimpath -o "$bin/bench" .)
  cd "$root"
  exec "$bin/bench" -bin "$bin" -json "${BENCH_JSON:-$bin/$json}" -wrk-script "$root/bench/post.lua" "$@"
}

json=bench.json
if [ "${1:-}" = -server ]; then
  : "${BENCH_ROUNDS:=3}" "${BENCH_SENDS:=20000}" "${BENCH_SECONDS:=3}" "${BENCH_ROWS:=100000}" "${BENCH_DELIVERIES:=3000}"
  export BENCH_ROUNDS BENCH_SENDS BENCH_SECONDS BENCH_ROWS BENCH_DELIVERIES
  # The tests find the server's programs by themselves, in Debian's folder, too.
  [ -n "${BARB_PG_BIN:-}" ] || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || need initdb postgresql
  json=bench-pg.json
  measure "$@"
fi

need openssl openssl
module() { # module NAME MODULE VERSION: a peer that is a Go program
  go version -m "$bin/$1" 2>/dev/null | grep -q "$2.$3" && return
  echo "bench: building $1 $3" >&2
  GOBIN=$bin go install "$2@$3"
}

module vegeta github.com/tsenart/vegeta/v12 "$vegeta_version"
module bombardier github.com/codesenberg/bombardier "$bombardier_version"

# adnanh/webhook is not to be had as a module. From Debian's package only the program is taken: no service is set up.
if [ ! -x "$bin/webhook" ] && command -v apt-get dpkg-deb >/dev/null; then
  echo "bench: fetching adnanh/webhook" >&2
  fetched=$(mktemp -d)
  if (cd "$fetched" && apt-get download -qq webhook && dpkg-deb -x webhook_*.deb .) >/dev/null 2>&1; then
    cp "$fetched/usr/bin/webhook" "$bin/webhook"
  fi
  rm -rf "$fetched"
fi
measure "$@"
