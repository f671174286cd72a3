#!/usr/bin/env bash
# Compiles the promise vectors to WebAssembly and compares what they say with the native result.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=../../scripts/wasm-env.sh
source scripts/wasm-env.sh
cargo build --quiet --package shipsby-vectors --lib --target wasm32-unknown-unknown --release
node tests/wasm/run.mjs "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/vectors.wasm" tests/vectors/expected.txt
