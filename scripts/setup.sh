#!/usr/bin/env bash
# Installs what is missing, part by part. Every part may be run again; what is already there takes no time.
#
#     scripts/setup.sh [check] [wasm] [tools] [npm] [deny] [browser] [nginx] [postgres] [python] [deb] [bench] [forecasts]     without a part: all but deb, bench and forecasts
#
# SHIPSBY_WASM=debian (or rustup) forces the toolchain for WebAssembly.

source "$(dirname "$0")/lib.sh"
cd "$ROOT"

# The things that must be there before. Everything else is installed from here.
setup_check() {
    have rustup && have cargo || fail "rustup is not installed, which brings Rust and adds what the widget needs." \
        "Install rustup from https://rustup.rs, or: apt-get install rustup && rustup default stable"
    have node && have npm || fail "Node.js is not installed." "Install Node $NODE_MIN or newer, with npm: https://nodejs.org"
    local rust node
    rust=$(rustc --version | cut -d ' ' -f 2)
    node=$(node --version)
    at_least "$RUST_MIN" "$rust" || fail "Rust $rust is too old, $RUST_MIN is needed." "rustup update stable"
    at_least "$NODE_MIN" "${node#v}" || fail "Node ${node#v} is too old, $NODE_MIN is needed." "Install a newer one: https://nodejs.org"
    { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1 || rustup component add rustfmt clippy ||
        fail "rustfmt or clippy is missing." "rustup component add rustfmt clippy"
    have cc || apt_install "a C compiler" gcc libc6-dev
}

# A compiler that knows wasm32-unknown-unknown. See wasm-env.sh for the two there are.
setup_wasm() {
    local decision=$SHIPSBY_CACHE/wasm-toolchain decided=""
    [ ! -f "$decision" ] || decided=$(cat "$decision")
    if [ "$decided" = "${SHIPSBY_WASM:-$decided}" ] && wasm_works "$decided"; then return; fi

    if [ "${SHIPSBY_WASM:-rustup}" = rustup ]; then
        # Whoever insists on rustup has the time that a slow line needs.
        local limit=30
        [ "${SHIPSBY_WASM:-}" != rustup ] || limit=600
        say "Adding the WebAssembly target to Rust (usually 5 seconds, at most $limit)"
        if wasm_works rustup || { timeout "$limit" rustup target add wasm32-unknown-unknown && wasm_works rustup; }; then
            # With its sources the standard library is compiled for size; without them the ready one is taken.
            [ -d "$(rustc --print sysroot)/lib/rustlib/src/rust/library" ] || timeout "$limit" rustup component add rust-src || true
            echo rustup >"$decision"
            return
        fi
        [ "${SHIPSBY_WASM:-}" != rustup ] || fail "rustup cannot add wasm32-unknown-unknown." "Unset SHIPSBY_WASM: Debian's Rust is used then."
        say "rustup cannot add it here, so the widget is built with Debian's Rust for the web (SHIPSBY_WASM=rustup waits longer)"
    fi
    wasm_works debian || {
        apt_install "Rust for the web" rustc-web cargo-web rust-web-src "lld-$LLD_VERSION"
        rustup toolchain link shipsby-web /usr
    }
    wasm_works debian || fail "Debian's Rust for the web does not run." "Look at what these say: rustc +shipsby-web --version; wasm-ld-$LLD_VERSION --version"
    echo debian >"$decision"
}

# wasm_works rustup|debian
wasm_works() {
    case "$1" in
        rustup) [ -d "$(rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null)" ] ;;
        debian) have "wasm-ld-$LLD_VERSION" && [ -d /usr/lib/rustlib/src/rust/library ] && rustc +shipsby-web --version >/dev/null 2>&1 ;;
        *) false ;;
    esac
}

# What turns the compiled widget into files for a browser.
setup_tools() {
    local locked
    locked=$(grep -A 1 '^name = "wasm-bindgen"$' Cargo.lock | sed -n 's/^version = "\(.*\)"$/\1/p')
    [ "$locked" = "$WASM_BINDGEN_VERSION" ] || fail \
        "Cargo.lock has wasm-bindgen $locked, but scripts/versions.sh has $WASM_BINDGEN_VERSION; they must be the same." \
        "Set WASM_BINDGEN_VERSION=$locked in scripts/versions.sh if the library was updated on purpose." \
        "Otherwise: cargo update wasm-bindgen --precise $WASM_BINDGEN_VERSION"
    grep -q "^wasm_bindgen = \"$WASM_BINDGEN_VERSION\"" Trunk.toml || fail \
        "Trunk.toml names another wasm_bindgen than scripts/versions.sh, $WASM_BINDGEN_VERSION." "Make them the same."
    cargo_install wasm-bindgen-cli wasm-bindgen "$WASM_BINDGEN_VERSION" "1 to 2 minutes"
    cargo_install trunk trunk "$TRUNK_VERSION" "4 to 6 minutes" --locked
}

setup_deny() { cargo_install cargo-deny cargo-deny "$CARGO_DENY_VERSION" "2 to 4 minutes" --locked; }

# wasm-opt, the minifier, Playwright and axe, exactly as package-lock.json says.
setup_npm() {
    local installed=node_modules/.package-lock.sha256
    if [ -f "$installed" ] && sha256sum --check --status "$installed"; then return; fi
    say "Installing the npm packages (usually 10 seconds)"
    npm ci --no-audit --no-fund --loglevel=error ||
        fail "npm ci did not succeed." "Is the network there? If package.json was changed: npm install, and commit package-lock.json."
    sha256sum package-lock.json >"$installed"
}

# The browser of the tests and the screenshots. SHIPSBY_CHROMIUM names another one.
setup_browser() {
    [ -x "$SHIPSBY_CHROMIUM" ] || apt_install "Chromium" chromium fonts-liberation fonts-dejavu-core
}

# The other database. Its package starts a server of its own, which nobody here uses.
setup_postgres() {
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || have initdb || apt_install "PostgreSQL" postgresql
}

# Stand-ins for Stripe and a mail server, in a place of their own.
setup_python() {
    local python=$SHIPSBY_CACHE/python installed
    installed="localstripe $LOCALSTRIPE_VERSION aiosmtpd $AIOSMTPD_VERSION"
    [ "$(cat "$python/installed" 2>/dev/null)" != "$installed" ] || return 0
    python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install "Python's venv" python3 python3-venv
    say "Installing stand-ins for Stripe and a mail server (usually 20 seconds)"
    rm -rf "$python"
    { python3 -m venv "$python" && "$python/bin/pip" install --quiet --disable-pip-version-check \
        "localstripe==$LOCALSTRIPE_VERSION" "aiosmtpd==$AIOSMTPD_VERSION"; } >"$SHIPSBY_CACHE/python.log" 2>&1 || {
        tail -n 5 "$SHIPSBY_CACHE/python.log" >&2
        fail "localstripe and aiosmtpd could not be installed." "Is the network there? The whole output is in $SHIPSBY_CACHE/python.log"
    }
    echo "$installed" >"$python/installed"
}

# The cache of the tests in tests/cdn. SHIPSBY_NGINX names another one.
setup_nginx() {
    [ ! -x "$SHIPSBY_NGINX" ] || return 0
    apt_install "nginx" nginx-light
    # Debian starts it; we only want the program.
    if [ -d /run/systemd/system ]; then as_root systemctl disable --now nginx; fi
}

# What packs the server for Debian.
setup_deb() {
    have dpkg-shlibdeps || apt_install "dpkg-dev" dpkg-dev
    cargo_install cargo-deb cargo-deb "$CARGO_DEB_VERSION" "2 to 4 minutes" --locked
}

# What `make bench` measures against.
setup_bench() {
    { have wrk && have nginx && have sqlite3 && [ -x /usr/bin/time ]; } || apt_install "wrk, nginx, sqlite3 and time" wrk nginx sqlite3 time
}

# What `make demand` is judged beside, in a place of its own.
setup_forecasts() {
    local python=$SHIPSBY_CACHE/forecasts
    if cmp --silent tests/demand/requirements.txt "$python/installed"; then return; fi
    python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install "Python's venv" python3 python3-venv
    say "Installing statsforecast (usually 1 minute, 600 MB)"
    rm -rf "$python"
    { python3 -m venv "$python" && "$python/bin/pip" install --quiet --disable-pip-version-check \
        --requirement tests/demand/requirements.txt; } >"$SHIPSBY_CACHE/forecasts.log" 2>&1 || {
        tail -n 5 "$SHIPSBY_CACHE/forecasts.log" >&2
        fail "statsforecast could not be installed." "Is the network there? The whole output is in $SHIPSBY_CACHE/forecasts.log"
    }
    cp tests/demand/requirements.txt "$python/installed"
}

# apt_install "what for" package...
apt_install() {
    local what=$1 log=$SHIPSBY_CACHE/apt.log
    shift
    have apt-get || fail "$what is missing, and there is no apt-get to install it with." "Install it by hand: $*"
    can_be_root || fail "$what is missing, and apt needs root." \
        "As root, or with sudo: apt-get install --no-install-recommends $*" "Then repeat this command."
    say "Installing $what with apt (usually 1 to 3 minutes): $*"
    { as_root apt-get update && as_root apt-get install --yes --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null || {
        tail -n 5 "$log" >&2
        fail "apt could not install $*." "Is the network there, and is no other apt running? The whole output is in $log"
    }
}

# cargo_install crate command version "usual time" [--locked]
# Goes into our cache, so that another version in ~/.cargo/bin stays as it is.
cargo_install() {
    local crate=$1 command=$2 version=$3 takes=$4 log=$SHIPSBY_CACHE/$1.log
    shift 4
    [ "$("$command" --version 2>/dev/null | grep -o '[0-9][0-9.]*' | head -n 1)" != "$version" ] || return 0
    say "Building $crate $version (usually $takes; only once)"
    # These run for seconds, so they are compiled quickly rather than well.
    CARGO_TARGET_DIR=$SHIPSBY_CACHE/tools-build \
        CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=32 CARGO_PROFILE_RELEASE_DEBUG=0 \
        cargo install "$crate" --version "$version" --root "$SHIPSBY_CACHE/tools" --force "$@" >"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        fail "$crate $version could not be built." "Is the network there, and space on the disk? The whole output is in $log"
    }
    rm -rf "$SHIPSBY_CACHE/tools-build"
}

[ $# -gt 0 ] || set -- check wasm tools npm deny browser nginx postgres python
for part in "$@"; do
    case "$part" in
        check | wasm | tools | npm | deny | browser | nginx | postgres | python | deb | bench | forecasts) "setup_$part" ;;
        *) fail "'$part' is not a part of the setup." "The parts: check wasm tools npm deny browser nginx postgres python deb bench forecasts" ;;
    esac
done
