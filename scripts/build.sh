#!/usr/bin/env bash
# Builds the widget or the server. What has not changed is not built again.
#
#     scripts/build.sh widget     dist/embed/, by scripts/build-widget.sh
#     scripts/build.sh server     the `ships-by` program, with dist/embed/ inside

source "$(dirname "$0")/lib.sh"
cd "$ROOT"

widget() {
    local stamp=dist/.widget-sources sources
    sources=$(widget_sources)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sources" ] && [ -n "$(ls dist/embed 2>/dev/null)" ]; then
        say "The widget is up to date"
        return
    fi
    say "Building the widget (usually 2 to 5 minutes the first time, 1 minute after a change)"
    rm -f "$stamp"
    # Trunk works offline, so that it downloads no tools of its own; the crates have to be there, the standard library's too.
    (source scripts/wasm-env.sh && cargo fetch --locked --quiet && cargo fetch --locked --quiet --target wasm32-unknown-unknown) ||
        fail "The crates could not be downloaded." "Is the network there? If it speaks of Cargo.lock: run 'cargo check' and commit Cargo.lock."
    # Compiling the standard library is no promise of a stable Rust: a newer one may not do it as ours does.
    scripts/build-widget.sh || SHIPSBY_STD=ready scripts/build-widget.sh ||
        fail "The widget was not built." "The compiler's message is above. After an update of the tools: scripts/setup.sh tools npm"
    mkdir -p dist
    echo "$sources" >"$stamp"
}

# One hash over everything that goes into the widget.
widget_sources() {
    { rustc -vV; ls -d "$(rustc --print sysroot)/lib/rustlib/src" 2>/dev/null || true; sources; } | sha256sum | cut -d ' ' -f 1
}

sources() {
    find frontend shared style Cargo.toml Cargo.lock Trunk.toml package-lock.json \
        scripts/build-widget.sh scripts/wasm-env.sh scripts/versions.sh "$SHIPSBY_CACHE/wasm-toolchain" \
        -type f -print0 2>/dev/null | sort -z | xargs -0 sha256sum
}

server() {
    say "Building the server (usually 4 to 8 minutes the first time, 1 minute after a change, no time otherwise)"
    cargo build --locked --release --package shipsby-server --bin ships-by ||
        fail "The server was not built." "The compiler's message is above. If it speaks of Cargo.lock: run 'cargo check' and commit Cargo.lock."
    say "The program: $SHIPSBY_BIN"
}

case "${1:-}" in
    widget | server) "$1" ;;
    *) fail "'${1:-}' cannot be built." "scripts/build.sh widget, or scripts/build.sh server" ;;
esac
