#!/usr/bin/env bash
# Prints how fast barb is against its peers, as ratios of one run: bench/run.sh [send listen history start sign giant replay]
#
# Only loopback, only files below bin/, bounded in count and time. Nothing here fails on a time.
# BENCH_ROUNDS=5 BENCH_SENDS=40000 BENCH_SECONDS=4 BENCH_ROWS=200000 BENCH_RUNS=200 BENCH_GIANT_MIB=1024 BENCH_REPLAY=20000
# change how much is measured; the goal for the history is meant at BENCH_ROWS=5000000.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/bin
vegeta_version=v12.13.0

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
need openssl openssl

mkdir -p "$bin"
make -s -C "$root" build # as it is released
if ! go version -m "$bin/vegeta" 2>/dev/null | grep -q "vegeta/v12.$vegeta_version"; then
  echo "bench: building vegeta $vegeta_version" >&2
  GOBIN=$bin go install "github.com/tsenart/vegeta/v12@$vegeta_version"
fi
(cd "$root/bench" && CGO_ENABLED=1 go build -trimpath -o "$bin/bench" .)

exec "$bin/bench" -bin "$bin" -wrk-script "$root/bench/post.lua" "$@"
