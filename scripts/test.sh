#!/usr/bin/env bash
# Everything that must hold before a change goes in, in one run. A failed step does not stop the others.
#
#     scripts/test.sh             all steps
#     scripts/test.sh rust e2e    only these steps, and what they need built
#
# A check counts as one test; the test runners report their own numbers, and a runner that runs nothing has failed.

source "$(dirname "$0")/lib.sh"
cd "$ROOT"

LOGS=target/test-logs
# Of what a failed step said, so many lines are said again at the end.
FAILURE_LINES_MAX=30
mkdir -p "$LOGS"
rm -f "$LOGS"/*
wanted=" $* " rows=() passed_sum=0 failed_sum=0 hints=() names=()

# wants step...: whether one of these is to run.
wants() {
    local name
    [ "$wanted" != "  " ] || return 0
    for name in "$@"; do [[ "$wanted" != *" $name "* ]] || return 0; done
    return 1
}

# step name kind "what it does and how long it takes" "what to do when it fails" command...
# kind is `check` (passes or fails as one), `tests` (counted from what the runner prints) or `build` (counted only when it fails).
step() {
    local name=$1 kind=$2 what=$3 hint=$4 status=0 passed=0 failed=0 began=$SECONDS log=$LOGS/$1.log
    shift 4
    [ "$kind" = build ] || wants "$name" || return 0
    printf '\n'
    say "$name: $what"
    "$@" 2>&1 </dev/null | tee "$log" || status=$?
    [ "$kind" != tests ] || read -r passed failed < <(count "$log")
    [ "$kind" != check ] || [ "$status" != 0 ] || passed=1
    # A runner may die before it counts, or count nothing at all: that is a failure too.
    if [ "$status" != 0 ] && [ "$failed" = 0 ]; then failed=1; fi
    if [ "$kind" = tests ] && [ "$((passed + failed))" = 0 ]; then
        echo "No test ran." | tee -a "$log"
        failed=1
    fi
    passed_sum=$((passed_sum + passed)) failed_sum=$((failed_sum + failed))
    rows+=("$(printf '%-10s %8d %8d %7d s %7d MiB' "$name" "$passed" "$failed" "$((SECONDS - began))" "$(disk_left)")")
    [ "$failed" = 0 ] || hints+=("$name: $hint (output: $log)") names+=("$(failures "$log" | sed "s/^/  $name: /")")
}

# failures log: which tests failed and what they said first, so that the end of a long output is enough to know.
failures() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | grep -E -A 2 '^test .* FAILED$|^ *✖ |panicked at|^(error|warning)(\[|:)' | grep -v '^--$' | cut -c 1-300 |
        awk '!seen[$0]++' | head -n "$FAILURE_LINES_MAX" || true
}

# What is left on the fuller of the disks that builds and tests write to, in MiB: a full disk fails what has no fault.
disk_left() { df --output=avail --block-size=1M "$SHIPSBY_CACHE" "${TMPDIR:-/tmp}" . | sort -n | sed -n '/[0-9]/ { p; q }'; }

# count log: the sums "passed failed" from the closing lines of cargo test, node --test and plain "N passed, N failed".
count() {
    sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
        /^test result: /                            { passed += $4; failed += $6 }
        /^(#|ℹ) pass [0-9]+$/                       { passed += $3 }
        /^(#|ℹ) (fail|cancelled) [0-9]+$/           { failed += $3 }
        /^[0-9]+ passed, [0-9]+ failed/             { passed += $1; failed += $3 }
        END                                         { print passed + 0, failed + 0 }'
}

# "All targets" passes over tests that plain `cargo test` passes over.
lint() {
    cargo clippy --locked --workspace --all-targets -- --deny warnings &&
        cargo clippy --locked --package shipsby-server --test postgres --test outside -- --deny warnings
}

documentation() { RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps; }

e2e() {
    local files=(tests/e2e/*.test.js)
    [ -e "${files[0]}" ] || fail "There are no browser tests in tests/e2e." "They belong into tests/e2e/*.test.js."
    node --test --test-reporter=spec "${files[@]}"
}

say "Setting up (no time when all is there; up to 15 minutes on a fresh machine)"
scripts/setup.sh check wasm tools npm deny browser nginx postgres python

step fmt check "formatting (1 second)" \
    "make fmt" \
    cargo fmt --all --check
step deny check "licences, banned crates and sources of all dependencies (2 seconds)" \
    "deny.toml says why each rule is there" \
    cargo deny --log-level error check licenses bans sources
if wants size openapi cdn operations e2e; then
    step widget build "the widget (no time when unchanged, else 1 to 5 minutes)" \
        "make widget" \
        scripts/build.sh widget
    step dashboard build "the dashboard (no time when unchanged, else 1 to 5 minutes)" \
        "make dashboard" \
        scripts/build.sh dashboard
fi
step size check "what the widget weighs, against its budget (3 seconds)" \
    "find out what grew since the last commit that passed: make widget && scripts/check-size.sh" \
    scripts/check-size.sh
step clippy check "clippy on everything (5 seconds; 3 to 5 minutes the first time)" \
    "make lint" \
    lint
step doc check "documentation without warnings (10 seconds; 2 minutes the first time)" \
    "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps" \
    documentation
step rust tests "unit, property, contract and documentation tests (2 minutes; 6 to 10 the first time)" \
    "cargo test NAME_OF_THE_TEST" \
    cargo test --locked --workspace --no-fail-fast
step postgres tests "the store's contract and all that writes, on PostgreSQL; what only many servers do (3 minutes)" \
    "scripts/postgres.sh run cargo test --package shipsby-server --test writes --test histories --test postgres NAME_OF_THE_TEST" \
    scripts/postgres.sh run cargo test --locked --package shipsby-server --no-fail-fast --test writes --test histories --test postgres
step outside tests "Stripe as localstripe models it, and a real mail server (20 seconds)" \
    "scripts/outside.sh run cargo test --package shipsby-server --test outside NAME_OF_THE_TEST" \
    scripts/outside.sh run cargo test --locked --package shipsby-server --test outside
step wasm check "the same vectors, compiled to WebAssembly (1 minute)" \
    "tests/wasm/run.sh" \
    tests/wasm/run.sh
if wants openapi cdn operations e2e; then
    step server build "the server (no time when unchanged, else 1 to 8 minutes)" \
        "make server" \
        scripts/build.sh server
fi
step openapi check "openapi.json says what the router does (1 second)" \
    "make server, then \"$SHIPSBY_BIN\" openapi > server/openapi.json, and read the difference" \
    "$SHIPSBY_BIN" openapi --check server/openapi.json
step cdn tests "nginx in front of a running server, as docs/cdn.md says (15 seconds)" \
    "scripts/with-env.sh node --test tests/cdn/cdn.test.mjs" \
    node --test --test-reporter=spec tests/cdn/cdn.test.mjs
step otel tests "traces arrive at a collector (1 minute; 5 the first time)" \
    "scripts/test-otel.sh" \
    scripts/test-otel.sh
step operations tests "copies under load and the way back, the dashboard's numbers (15 seconds)" \
    "scripts/with-env.sh node --test tests/operations/NAME.test.mjs" \
    node --test --test-reporter=spec tests/operations/*.test.mjs
step e2e tests "a running server and a real browser (3 minutes)" \
    "scripts/with-env.sh node --test tests/e2e/NAME.test.js" \
    e2e

[ "${#rows[@]}" -gt 0 ] || fail "There is no step called$wanted." "The steps: fmt deny size clippy doc rust postgres outside wasm openapi cdn otel operations e2e"
printf '\n%-10s %8s %8s %9s %11s\n' step passed failed time 'disk left'
printf '%s\n' "${rows[@]}"
printf '%-10s %8d %8d %7d s\n' together "$passed_sum" "$failed_sum" "$SECONDS"
if [ "$failed_sum" -gt 0 ]; then
    printf '\nWhat failed:\n'
    printf '%s\n' "${names[@]}"
    printf '\nWhat to do next:\n'
    printf '  %s\n' "${hints[@]}"
fi
printf '\n%d passed, %d failed\n' "$passed_sum" "$failed_sum" | tee "$LOGS/summary"
[ "$failed_sum" = 0 ]
