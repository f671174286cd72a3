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

case "$(cat "$SHIPSBY_CACHE/wasm-toolchain")" in
    debian)
        export RUSTUP_TOOLCHAIN=shipsby-web
        export RUSTC_BOOTSTRAP=1
        export CARGO_UNSTABLE_BUILD_STD=std,panic_abort
        export CARGO_UNSTABLE_BUILD_STD_FEATURES=optimize_for_size
        export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-$LLD_VERSION
        ;;
    rustup) ;;
esac
