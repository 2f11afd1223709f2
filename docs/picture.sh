#!/usr/bin/env bash
# Draws docs/demo.svg from a real run of the demo.
set -euo pipefail
cd "$(dirname "$0")/.."
DEMO_COLOR=always bash docs/demo.sh bin/barb | go run ./cmd/gendocs -picture > docs/demo.svg
