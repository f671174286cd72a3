#!/usr/bin/env bash
# Builds what a shop's page loads, into dist/embed/.
#
# Trunk compiles the Rust views; frontend/build/ makes them small, bundles the JavaScript and the style, puts version and
# hashes into the loader, and compresses. docs/decisions/ says why in these steps.

source "$(dirname "$0")/wasm-env.sh"
cd "$ROOT"

# A panic stops the module, without words for it; element.js goes on without it.
if [ -n "${CARGO_UNSTABLE_BUILD_STD:-}" ]; then
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Zunstable-options -Cpanic=immediate-abort"
else
    say "The standard library is taken as it is, so the widget will be larger (rustup component add rust-src)"
fi

sysroot=$(rustc --print sysroot)
host=$(rustc -vV | sed -n 's/^host: //p')
export SHIPSBY_LINKER=${CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER:-$sysroot/lib/rustlib/$host/bin/rust-lld}
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$ROOT/frontend/build/linker.sh

# Names are kept for the tools below, which drop them.
export CARGO_PROFILE_WIDGET_STRIP=false

# Trunk takes a set NO_COLOR for its own switch, and stops when it is not `true` or `false`.
unset NO_COLOR

trunk build
wasm-opt -Oz --converge --strip-debug --strip-producers --strip-target-features \
    dist/trunk/shipsby-widget_bg.wasm -o dist/trunk/widget.wasm
node frontend/build/pack.mjs
