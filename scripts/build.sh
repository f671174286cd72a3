#!/usr/bin/env bash
# Builds the widget, the dashboard or the server. What has not changed is not built again.
#
#     scripts/build.sh widget      dist/embed/, by scripts/build-widget.sh
#     scripts/build.sh dashboard   dist/dashboard/, by scripts/build-dashboard.sh
#     scripts/build.sh server      the `ships-by` program, with both inside

source "$(dirname "$0")/lib.sh"
cd "$ROOT"

widget() {
    bundle widget dist/embed "2 to 5 minutes the first time, 1 minute after a change" \
        frontend/build frontend/index.html frontend/Cargo.toml frontend/src shared style/tokens.css style/widget.css style/extras.css Trunk.toml
}

dashboard() {
    bundle dashboard dist/dashboard "2 to 5 minutes the first time, 1 minute after a change" \
        frontend/dashboard frontend/build/linker.sh style/dashboard.css
}

# bundle name folder "how long it takes" source...: what scripts/build-NAME.sh makes, unless it is made of these very sources.
bundle() {
    local name=$1 folder=$2 takes=$3 stamp=dist/.$1-sources now
    shift 3
    now=$(sources "scripts/build-$name.sh" "$@" | sha256sum | cut -d ' ' -f 1)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ] && [ -n "$(ls "$folder" 2>/dev/null)" ]; then
        say "The $name is up to date"
        return
    fi
    say "Building the $name (usually $takes)"
    rm -f "$stamp"
    # Tools work offline, so that they download nothing of their own; the crates have to be there, the standard library's too.
    (source scripts/wasm-env.sh && cargo fetch --locked --quiet && cargo fetch --locked --quiet --target wasm32-unknown-unknown) ||
        fail "The crates could not be downloaded." "Is the network there? If it speaks of Cargo.lock: run 'cargo check' and commit Cargo.lock."
    # Compiling the standard library is no promise of a stable Rust: a newer one may not do it as ours does.
    "scripts/build-$name.sh" || SHIPSBY_STD=ready "scripts/build-$name.sh" ||
        fail "The $name was not built." "The compiler's message is above. After an update of the tools: scripts/setup.sh tools npm"
    mkdir -p dist
    echo "$now" >"$stamp"
}

# sources path...: one hash for each file that goes into a bundle, and for the tools that make it.
sources() {
    rustc -vV
    ls -d "$(rustc --print sysroot)/lib/rustlib/src" 2>/dev/null || true
    find "$@" Cargo.toml Cargo.lock package-lock.json scripts/wasm-env.sh scripts/versions.sh "$SHIPSBY_CACHE/wasm-toolchain" \
        -type f -print0 2>/dev/null | sort -z | xargs -0 sha256sum
}

server() {
    say "Building the server (usually 4 to 8 minutes the first time, 1 minute after a change, no time otherwise)"
    cargo build --locked --release --package shipsby-server --bin ships-by ||
        fail "The server was not built." "The compiler's message is above. If it speaks of Cargo.lock: run 'cargo check' and commit Cargo.lock."
    say "The program: $SHIPSBY_BIN"
}

case "${1:-}" in
    widget | dashboard | server) "$1" ;;
    *) fail "'${1:-}' cannot be built." "scripts/build.sh widget, dashboard or server" ;;
esac
