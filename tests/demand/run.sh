#!/usr/bin/env bash
# Forecasts with statsforecast, then judges ours beside it. `make demand` installs what it needs.
#
#     tests/demand/run.sh [--developing]

source "$(dirname "$0")/../../scripts/lib.sh"
cd "$ROOT"

peers=$SHIPSBY_CACHE/forecasts/peers.csv
cargo build --locked --quiet --release --package shipsby-demand
say "Forecasting with statsforecast (3 minutes)"
"$SHIPSBY_CACHE/forecasts/bin/python" tests/demand/peers.py >"$peers"
say "Judging"
exec cargo run --locked --quiet --release --package shipsby-demand -- --peers "$peers" "$@"
