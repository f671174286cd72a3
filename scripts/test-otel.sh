#!/usr/bin/env bash
# Builds the server with traces over OTLP, and looks whether they arrive at a collector.

source "$(dirname "$0")/lib.sh"
cd "$ROOT"

cargo clippy --locked --package shipsby-server --features otel --all-targets -- --deny warnings
cargo build --locked --package shipsby-server --features otel --bin ships-by
SHIPSBY_OTEL_BIN=$CARGO_TARGET_DIR/debug/ships-by node --test --test-reporter=spec tests/operations/traces.mjs
