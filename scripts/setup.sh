#!/usr/bin/env bash
# Installs what is missing, part by part. Every part may be run again; what is already there takes no time.
#
#     scripts/setup.sh [check] [wasm] [tools] [npm] [browser]     without a part: all of them
#
# `SHIPSBY_WASM=debian` or `=rustup` forces the toolchain for WebAssembly.

source "$(dirname "$0")/lib.sh"
cd "$ROOT"

# The three things that must be there before; everything else is installed from here.
check() {
    have cargo || fail "Rust is not installed." "Install rustup from https://rustup.rs (or apt-get install rustup), then 'rustup default stable'."
    have node && have npm || fail "Node.js is not installed." "Install Node $NODE_MIN or newer with npm: https://nodejs.org"
    local rust node
    rust=$(rustc --version | cut -d ' ' -f 2)
    node=$(node --version)
    at_least "$RUST_MIN" "$rust" || fail "Rust $rust is too old, $RUST_MIN is needed." "rustup update stable"
    at_least "$NODE_MIN" "${node#v}" || fail "Node ${node#v} is too old, $NODE_MIN is needed." "Install Node $NODE_MIN or newer: https://nodejs.org"
    have cc || apt_install "a C compiler and linker" gcc libc6-dev
}

# apt_install "what for" package...
apt_install() {
    local what=$1
    shift
    have apt-get || fail "$what is missing, and there is no apt-get to install it with." "Install by hand: $*"
    say "Installing $what with apt (1 to 3 minutes): $*"
    local log=$SHIPSBY_CACHE/apt.log
    { as_root apt-get update && as_root apt-get install --yes --no-install-recommends "$@"; } >"$log" 2>&1 ||
        { tail -n 5 "$log" >&2; fail "apt could not install $*." "Read $log; is the network there, and is no other apt running?"; }
}

# A compiler that knows wasm32-unknown-unknown.
wasm() {
    local remembered=$SHIPSBY_CACHE/wasm-toolchain
    [ -f "$remembered" ] && [ "${SHIPSBY_WASM:-$(cat "$remembered")}" = "$(cat "$remembered")" ] && wasm_works "$(cat "$remembered")" && return
    if [ "${SHIPSBY_WASM:-rustup}" = rustup ]; then
        say "Adding the WebAssembly target to Rust (a few seconds)"
        if wasm_works rustup || { have rustup && timeout 20 rustup target add wasm32-unknown-unknown && wasm_works rustup; }; then
            echo rustup >"$remembered"
            return
        fi
        [ "${SHIPSBY_WASM:-}" != rustup ] || fail "rustup cannot add wasm32-unknown-unknown." "Unset SHIPSBY_WASM to use Debian's toolchain."
        say "rustup cannot add it here; using Debian's Rust for the web instead"
    fi
    wasm_works debian || apt_install "Rust for the web" rustc-web cargo-web rust-web-src "lld-$LLD_VERSION"
    rustup toolchain list | grep -q '^shipsby-web' || rustup toolchain link shipsby-web /usr
    wasm_works debian || fail "Debian's Rust for the web does not work." "Try: rustc +shipsby-web --version; wasm-ld-$LLD_VERSION --version"
    echo debian >"$remembered"
}

# wasm_works rustup|debian
wasm_works() {
    case "$1" in
        rustup) [ -d "$(env -u RUSTUP_TOOLCHAIN rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null)" ] ;;
        debian) have "wasm-ld-$LLD_VERSION" && [ -f /usr/lib/rustlib/src/rust/library/Cargo.lock ] && rustc +shipsby-web --version >/dev/null 2>&1 ;;
    esac
}

if [ $# = 0 ]; then set -- check wasm; fi
for part in "$@"; do
    case "$part" in
        check | wasm | tools | npm | browser) "$part" ;;
        *) fail "'$part' is not a part of the setup." "Parts: check wasm tools npm browser" ;;
    esac
done
