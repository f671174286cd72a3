# The environment for building WebAssembly. Source it in a bash script before cargo, trunk or wasm-bindgen:
#
#     source scripts/wasm-env.sh
#
# Which toolchain does it is decided once by `scripts/setup.sh wasm` and remembered:
#   rustup   the default toolchain with rustup's wasm32-unknown-unknown target
#   debian   Debian's rustc-web, with the standard library compiled from rust-web-src,
#            for machines that cannot download from rustup

source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -n "${SHIPSBY_WASM_READY:-}" ] || "$ROOT/scripts/setup.sh" wasm >&2
export SHIPSBY_WASM_READY=1

if [ "$(cat "$SHIPSBY_CACHE/wasm-toolchain")" = debian ]; then
    export RUSTUP_TOOLCHAIN=shipsby-web
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-$LLD_VERSION
fi

# Where the sources of the standard library are, it is compiled along, for size.
# Debian's toolchain has no other one. SHIPSBY_STD=ready takes the one that rustup brings.
if [ "${SHIPSBY_STD:-}" != ready ] && [ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ]; then
    export RUSTC_BOOTSTRAP=1
    export CARGO_UNSTABLE_BUILD_STD=std,panic_abort
    export CARGO_UNSTABLE_BUILD_STD_FEATURES=optimize_for_size
fi
