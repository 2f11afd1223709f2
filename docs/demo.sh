#!/usr/bin/env bash
# The main job as a story, on real sockets and a real history in a temporary folder. Leaves nothing running.
#   docs/demo.sh [BARB]
set -euo pipefail
barb=$(realpath "${1:-bin/barb}")
dir=$(mktemp -d)
trap 'code=$?; kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"; exit $code' EXIT
cd "$dir"
unset "${!BARB_@}"
export BARB_DB=$dir/history.db XDG_CONFIG_HOME=$dir
export WHSEC=whsec_$(head -c 24 /dev/zero | tr '\0' k | base64)

if [ "${DEMO_COLOR:-}" = always ] || [ -t 1 -a -z "${NO_COLOR:-}" ]; then color=always bold=$'\033[1m' faint=$'\033[2m' plain=$'\033[0m'; else color=never bold= faint= plain=; fi
say() { printf '\n%s# %s%s\n' "$faint" "$*" "$plain"; }
run() { printf '%s$ %s%s\n' "$bold" "$*" "$plain"; eval "$@" 2>&1; }
ready() { for _ in $(seq 100); do [ -s "$1" ] && return; sleep 0.05; done; echo "demo: the listener did not start" >&2; exit 1; }

echo '{"type":"invoice.paid","data":{"amount":4200,"customer":"cus_test"}}' > invoice.json

say "a receiver that fails twice, as an app does while it restarts"
echo '$ barb listen -s standard-webhooks --secret env:WHSEC --respond 503,503,200 &'
"$barb" listen --color $color -q -s standard-webhooks --secret env:WHSEC --respond 503,503,200 --addr :0 --ready-file url --count 3 2>/dev/null > received &
ready url
URL=$(cat url)/hooks

barb() { "$barb" --color $color "$@"; }
say "send it a signed webhook: each attempt has a new signature and the same id"
run 'barb send $URL -d @invoice.json -s standard-webhooks --secret env:WHSEC --backoff 0.3s,1.2s'
wait %1
say "what the receiver saw: three valid signatures, of which it failed two on purpose"
run 'cat received'

say "one history has both sides: sent (→) and received (←)"
run 'barb history'

say "is the signature valid? and if one byte had changed on the way?"
id=$("$barb" history --received -n 1 --jq .id)
run "barb verify $id --secret env:WHSEC"
run "barb show $id --body | tr 4 9 > tampered.json; barb show $id --headers > headers.txt"
run 'barb verify tampered.json --headers headers.txt -s standard-webhooks --secret env:WHSEC || echo "exit code $?"'

say "the app is fixed: replay the webhook to it, signed anew"
"$barb" listen -q --addr :0 --ready-file app -s standard-webhooks --secret env:WHSEC --count 1 >/dev/null 2>&1 &
ready app
run "barb replay $id --to $(cat app)"
wait
