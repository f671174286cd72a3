#!/usr/bin/env bash
# Builds the Debian package of the server that `make server` built: dist/ships-by_VERSION_ARCHITECTURE.deb

source "$(dirname "$0")/lib.sh"
cd "$ROOT"

[ -x "$SHIPSBY_BIN" ] || fail "There is no server to pack at $SHIPSBY_BIN." "make deb"
have dpkg-shlibdeps || fail "dpkg-shlibdeps is missing; it finds out which libraries the package needs." "apt-get install dpkg-dev"
mkdir -p dist
rm -f dist/ships-by_*.deb
cargo deb --quiet --locked --no-build --no-strip --package shipsby-server --output dist/
say "The package: $(ls dist/ships-by_*.deb)"
