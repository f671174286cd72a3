#!/usr/bin/env bash
# Measures against the bars, one benchmark after the other, and ends with a table. A missed bar is told, not failed.
#
#     make bench                            all of them (an hour; wants a quiet machine)
#     make bench ARGS="http import"         only these
#
#   writes    small writes beside a bare handler, on SQLite and PostgreSQL
#   durability  what an acknowledged write survives: 200 kills, 500 power cuts
#   servers   a change on one server told by another; three servers of which one is killed every two seconds
#   cutoff    PostgreSQL restarts in the middle, and the network to it is cut in three ways
#   http      requests per second beside a server that hands out ready bytes, and beside nginx with a file
#   streams   10,000 open streams: what they weigh, and how soon the last is told of a change
#   scale     a server with 2,000,000 SKUs on PostgreSQL and on SQLite: memory, and how soon it is ready
#   import    a million rows beside `sqlite3 .import`
#   memory    a server with 100,000 SKUs, idle
#   live      from a stock change on the API to the words on an open page
#   toggle    the shopper's choice at a checkout of 100 lines
#   page      a product page on a slow phone, beside the same view in Preact and in React
#   size      what the widget weighs
#   core      one SKU with 50 and with 500 deliveries, and a long cart, without a server
#   promises  100,000 cases of each property of the promise algorithm
#   race      200 who want one of five units at the same moment, 200 times over, with holds that end in the middle
#   buyers    1,000 who order one of 100 units at the same moment, 100 times over, on both databases
#   offers    1,000 carts at once with offers for 100, and 500 who redeem one code at once, on both databases
#   oversold  orders, holds that end, cancels, ships, receipts and recounts of hot and cold SKUs: what was promised beyond what there is
#   orders    orders of three lines, beside bare SQLite and pgbench
#   forecasts 100,000 SKUs forecast and held against their reorder points, all and then 1 % of them, on both databases
#   desk      the dashboard of a store with a million SKUs on a slow computer: its first page, search, suppliers, what every answer weighs
#   crashes   what an acknowledged order, ship, receipt or cancel survives, its captures and letters too: 300 kills on each database
#
# SHIPSBY_ENGINES="SQLite" or "PostgreSQL" runs the last ones on one of them; SHIPSBY_ROUNDS, SHIPSBY_ATTEMPTS and SHIPSBY_KILLS say how
# much they do, SHIPSBY_KILL_AFTER_MS_MAX for how long a server lives in `crashes` at most. SHIPSBY_DURABLE=no takes a PostgreSQL that need
# not outlive the machine: for `oversold`, which asks very often and nothing about power. A count that is wrong there is no matter of the machine: it ends the run with an error.

source "$(dirname "$0")/../../scripts/lib.sh"
cd "$ROOT"

ALL=(writes durability servers cutoff http streams import memory scale live toggle page size core promises race buyers offers oversold orders crashes forecasts desk)
# These want PostgreSQL too; it is started for them, as durable as in earnest unless told otherwise.
ON_POSTGRES=(writes servers cutoff scale buyers offers oversold orders crashes forecasts desk)
SECONDS_MAX=${SHIPSBY_SECONDS_MAX:-1800}
# How a benchmark ends that has measured what must not be.
BROKEN_PROMISE=3

[ $# -gt 0 ] || set -- "${ALL[@]}"
for name in "$@"; do
    [[ " ${ALL[*]} " == *" $name "* ]] || fail "There is no benchmark '$name'." "There are: ${ALL[*]}"
done
wanted=" $* "
[ -x "$SHIPSBY_BIN" ] || fail "There is no server at $SHIPSBY_BIN." "make server"
[[ "$wanted" != *" http "* ]] || { have wrk && have nginx; } || fail "wrk or nginx is missing." "scripts/setup.sh bench"
[[ "$wanted" != *" orders "* ]] || have wrk || fail "wrk is missing." "scripts/setup.sh bench"
[[ "$wanted" != *" streams "* ]] || ulimit -n 20000 || fail "10,000 streams need as many open files." "ulimit -n 20000"
[[ "$wanted" != *" buyers "* && "$wanted" != *" offers "* ]] || [ "$(ulimit -Sn)" = unlimited ] || [ "$(ulimit -Sn)" -ge 4096 ] || ulimit -Sn 4096 ||
    fail "1,000 buyers need as many open files." "ulimit -n 4096"
[[ "$wanted" != *" import "* ]] || { have sqlite3 && [ -x /usr/bin/time ]; } ||
    fail "sqlite3 or /usr/bin/time is missing." "apt-get install sqlite3 time"

# The frameworks of the twins, exactly as package-lock.json says.
twins() {
    local installed=tests/bench/node_modules/.package-lock.sha256
    if [ -f "$installed" ] && sha256sum --check --status "$installed"; then return; fi
    say "Installing Preact and React for the twins (usually 5 seconds)"
    npm ci --prefix tests/bench --no-audit --no-fund --loglevel=error || fail "npm ci did not succeed." "Is the network there?"
    sha256sum tests/bench/package-lock.json >"$installed"
}
[[ "$wanted" != *" page "* ]] || twins

durable=--durable
[ "${SHIPSBY_DURABLE:-yes}" = yes ] || durable=""
results=$(mktemp)
trap 'rm -f "$results"' EXIT
export SHIPSBY_BENCH_RESULTS=$results
broken=()
wrong=()
for name in "$@"; do
    say "$name"
    with=""
    [[ " ${ON_POSTGRES[*]} " != *" $name "* ]] || with="scripts/postgres.sh run $durable"
    ended=0
    SHIPSBY_BENCH_NAME=$name timeout "$SECONDS_MAX" $with node "tests/bench/$name.mjs" </dev/null || ended=$?
    case $ended in
        0) ;;
        "$BROKEN_PROMISE") wrong+=("$name") ;;
        *) broken+=("$name") ;;
    esac
done

node --input-type=module - "$results" <<'JS'
import { readFileSync } from "node:fs";

const rows = readFileSync(process.argv[2], "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
const columns = ["bench", "what", "measured", "wanted", "verdict"];
const heads = Object.fromEntries(columns.map((column) => [column, column]));
const width = (column) => Math.max(...[heads, ...rows].map((row) => row[column].length));
console.log();
for (const row of [heads, ...rows]) console.log(columns.map((column) => row[column].padEnd(width(column))).join("  ").trimEnd());
const missed = rows.filter(({ verdict }) => verdict === "MISS").length;
console.log(`\n${rows.length - missed} bars met, ${missed} missed`);
JS
[ "${#broken[@]}" = 0 ] || fail "These broke before they had measured: ${broken[*]}" "What went wrong stands above, under ==> ${broken[0]}"
[ "${#wrong[@]}" = 0 ] || fail "Something was promised and not kept in: ${wrong[*]}" "Which bar that is stands above, with MISS"
