# What the scripts share: words for the reader, folders, prerequisites. Sourced with bash, from the root of the repository.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$ROOT/scripts/versions.sh"

# Builds and decisions are kept outside of the checkout, so that a fresh clone is quick and `git clean` costs nothing.
export SHIPSBY_CACHE="${SHIPSBY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shipsby}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$SHIPSBY_CACHE/target}"
mkdir -p "$SHIPSBY_CACHE"

# Nothing may wait for an answer.
export DEBIAN_FRONTEND=noninteractive
export PATH="$SHIPSBY_CACHE/tools/bin:$ROOT/node_modules/.bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

# What the tests over HTTP, the screenshots and the benchmarks run.
export SHIPSBY_BIN="${SHIPSBY_BIN:-$CARGO_TARGET_DIR/release/ships-by}"
export SHIPSBY_CHROMIUM="${SHIPSBY_CHROMIUM:-/usr/bin/chromium}"
export SHIPSBY_NGINX="${SHIPSBY_NGINX:-/usr/sbin/nginx}"

# say "text": one line about what happens now.
say() { if [ -t 1 ]; then printf '\033[1m==> %s\033[0m\n' "$*"; else printf '==> %s\n' "$*"; fi; }

# fail "what went wrong" "what to do next"...: ends the script.
fail() {
    printf '\nFailed: %s\n' "$1" >&2
    shift
    for next in "$@"; do printf '  Next: %s\n' "$next" >&2; done
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least 1.95 1.100.1: whether the second version is not older than the first.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# as_root command...: as it is for root, else through sudo where that needs no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n --preserve-env=DEBIAN_FRONTEND "$@"; fi
}
can_be_root() { [ "$(id -u)" = 0 ] || { have sudo && sudo -n true 2>/dev/null; }; }
