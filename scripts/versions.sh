# Every pinned version of a tool, in this one place. Sourced by the other scripts.
#
# Libraries are pinned elsewhere: Rust crates in Cargo.lock, npm packages (wasm-opt, Playwright, axe, the minifier)
# in package-lock.json. Chromium comes from Debian, which ships one version per release.

RUST_MIN=1.95             # sqlx 0.9 needs 1.94; we test with 1.95
NODE_MIN=20
TRUNK_VERSION=0.21.14     # 0.22 needs a newer Rust than 1.95
WASM_BINDGEN_VERSION=0.2.130   # must equal wasm-bindgen in Cargo.lock, `setup.sh tools` checks it
CARGO_DENY_VERSION=0.20.2
LLD_VERSION=22            # the linker that goes with Debian's rustc-web
CARGO_DEB_VERSION=3.8.0
LOCALSTRIPE_VERSION=1.15.10   # a process of its own in tests: its licence is the GPL
AIOSMTPD_VERSION=1.4.6
