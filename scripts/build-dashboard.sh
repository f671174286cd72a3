#!/usr/bin/env bash
# Builds the merchant's dashboard into dist/dashboard/.
#
#     scripts/build-dashboard.sh          as it is served: small
#     scripts/build-dashboard.sh quick    unoptimized, for trying things out
#
# The Rust is compiled as the widget's is; frontend/dashboard/pack.mjs bundles, minifies and compresses.

source "$(dirname "$0")/wasm-env.sh"
cd "$ROOT"

# Views are erased to one type: quicker to compile, and smaller.
flags="--cfg erase_components"
if [ -n "${CARGO_UNSTABLE_BUILD_STD:-}" ]; then
    flags="$flags -Zunstable-options -Cpanic=immediate-abort"
fi
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=$flags

sysroot=$(rustc --print sysroot)
host=$(rustc -vV | sed -n 's/^host: //p')
export SHIPSBY_LINKER=${CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER:-$sysroot/lib/rustlib/$host/bin/rust-lld}
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$ROOT/frontend/build/linker.sh
export CARGO_PROFILE_WIDGET_STRIP=false

profile=widget folder=widget
if [ "${1:-}" = quick ]; then profile=dev folder=debug; fi

cargo build --locked --offline --target wasm32-unknown-unknown --profile "$profile" --package shipsby-dashboard
rm -rf dist/dashboard-compiled
wasm-bindgen --target web --no-typescript --out-dir dist/dashboard-compiled --out-name dashboard \
    "$CARGO_TARGET_DIR/wasm32-unknown-unknown/$folder/shipsby-dashboard.wasm"
if [ "$profile" = widget ]; then
    wasm-opt --flatten --rereloop -Oz -Oz --strip-debug --strip-producers --strip-target-features \
        dist/dashboard-compiled/dashboard_bg.wasm -o dist/dashboard-compiled/small.wasm
    mv dist/dashboard-compiled/small.wasm dist/dashboard-compiled/dashboard_bg.wasm
fi
node frontend/dashboard/pack.mjs "$profile"
