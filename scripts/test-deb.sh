#!/usr/bin/env bash
# Installs the package of `make deb` on this machine, starts the server as its unit says, asks it as a shop does, and removes
# it again with all that it left. Needs root. Refuses where ShipsBy is installed already.
#
# Where systemd runs, it starts the service. Elsewhere the unit's command is run as the unit's user with the unit's settings;
# then its sandbox is only read (systemd-analyze), not tried.

source "$(dirname "$0")/lib.sh"
cd "$ROOT"

UNIT=/lib/systemd/system/ships-by.service
SETTINGS=/etc/ships-by/ships-by.env
STATE=/var/lib/ships-by
PORT=${SHIPSBY_TEST_PORT:-18471}
EXPOSURE_TENTHS_MAX=15 # what `systemd-analyze security` may find, of 100
LOG=$(mktemp)
passed=0 child=""

deb=$(ls dist/ships-by_*.deb 2>/dev/null) || fail "There is no package." "make deb"
[ "$(id -u)" = 0 ] || fail "Installing a package needs root." "sudo make test-deb"
! dpkg-query --status ships-by >/dev/null 2>&1 || fail "ships-by is installed here; this test would remove it."
[ ! -e "$STATE" ] || fail "$STATE is there; this test would remove it."

finish() {
    local status=$?
    trap - EXIT
    [ -z "$child" ] || kill "$child" 2>/dev/null || true
    dpkg --purge ships-by >/dev/null 2>&1 || true
    rm -rf "$STATE" "$LOG"
    ! getent passwd ships-by >/dev/null || deluser --quiet --system ships-by >/dev/null
    if [ "$status" = 0 ]; then printf '\n%d passed, 0 failed\n' "$passed"; else printf '\n%d passed, 1 failed\n' "$passed"; fi
    exit "$status"
}
trap finish EXIT

# holds "what" command...
holds() {
    local what=$1
    shift
    "$@" >"$LOG" 2>&1 || { cat "$LOG" >&2; fail "not so: $what"; }
    passed=$((passed + 1))
    say "$what"
}

# ask METHOD PATH [BODY]: prints the answer; fails unless it is a success.
ask() {
    METHOD=$1 URL=http://127.0.0.1:$PORT$2 BODY=${3:-} SECRET=${secret:-} node --input-type=module -e '
        const { METHOD: method, URL: url, BODY: body, SECRET: secret } = process.env;
        const headers = { ...(body && { "content-type": "application/json" }), ...(secret && { authorization: `Bearer ${secret}` }) };
        const answer = await fetch(url, { method, headers, ...(body && { body }) });
        console.log(await answer.text());
        process.exit(answer.ok ? 0 : 1);'
}
answers() { ask GET /readyz >/dev/null 2>&1; }
wait_for() { for _ in $(seq 100); do ! "$@" || return 0; sleep 0.1; done; return 1; }
gone() { [ ! -e "$1" ]; }
as_server() { runuser -u ships-by -- env SHIPSBY_DB="$STATE/shop.sqlite" /usr/bin/ships-by "$@"; }
setting() { sed -n "s/^$1=//p" "$2"; }

start() {
    if [ -d /run/systemd/system ]; then systemctl restart ships-by; return; fi
    local settings=() line
    while read -r line; do settings+=("$line"); done < <(grep -v '^ *\(#\|$\)' "$SETTINGS")
    # As systemd does it: an option is split at its spaces.
    local command
    command=$(setting ExecStart "$UNIT")
    command=${command/\$SHIPSBY_OPTIONS/$(setting SHIPSBY_OPTIONS "$SETTINGS")}
    # shellcheck disable=SC2086
    (cd "$(setting WorkingDirectory "$UNIT")" && exec env "${settings[@]}" setpriv --reuid="$(setting User "$UNIT")" --regid="$(setting Group "$UNIT")" --init-groups --no-new-privs $command) 2>"$STATE/log" &
    child=$!
}
stop() {
    if [ -d /run/systemd/system ]; then systemctl stop ships-by; return; fi
    kill -TERM "$child"
    wait "$child"
    child=""
}

holds "the package is installed" dpkg --install "$deb"
holds "systemd can read the unit" systemd-analyze verify "$UNIT"
holds "and finds it locked up well" systemd-analyze security --offline=true --threshold="$EXPOSURE_TENTHS_MAX" "$UNIT"
holds "the databases are the server's alone" [ "$(stat -c '%U %a' "$STATE")" = "ships-by 700" ]
sed -i "s/127.0.0.1:8080/127.0.0.1:$PORT/" "$SETTINGS"
start
holds "the server starts and is ready" wait_for answers
holds "it lives" ask GET /healthz
secret=$(as_server keys create secret 2>/dev/null)
holds "its key is known within a second" wait_for ask GET /v1/store
holds "a SKU can be put in" ask PUT /v1/skus/cap '{"title":"Cap"}'
holds "and counted" ask PUT /v1/stock/main/cap '{"quantity":5,"if_quantity":null}'
holds "it says when it ships" grep -q '"status":"in_stock".*"ships_by":"20' <(ask GET '/v1/availability?sku=cap')
holds "the widget is inside" ask GET /embed/v1/ships-by.js
holds "a copy can be made meanwhile" as_server backup "$STATE/copy.sqlite"
holds "the server stops" stop
holds "the package is installed once more, over itself" dpkg --install "$deb"
holds "and leaves the settings as they were made" grep -q "$PORT" "$SETTINGS"
start
holds "the server is back" wait_for answers
holds "with what it knew" grep -q '"status":"in_stock"' <(ask GET '/v1/availability?sku=cap')
stop
holds "the package is removed" dpkg --remove ships-by
holds "the program is gone" gone /usr/bin/ships-by
holds "the settings are not" [ -f "$SETTINGS" ]
holds "the package is purged" dpkg --purge ships-by
holds "the settings are gone" gone /etc/ships-by
holds "the unit is gone" gone "$UNIT"
holds "the shop's database is not" [ -s "$STATE/shop.sqlite" ]
