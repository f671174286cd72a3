#!/usr/bin/env bash
# Stand-ins for the world outside: a Stripe (localstripe) and a mail server (aiosmtpd), each a process of its own.
#
#     scripts/outside.sh run command...    starts both, runs the command with their addresses set, stops them
#
# SHIPSBY_LOCALSTRIPE is the address of the one, SHIPSBY_SMTP of the other; what the mail server took lies in SHIPSBY_SMTP_BOX.

source "$(dirname "$0")/lib.sh"

PYTHON=$SHIPSBY_CACHE/python/bin/python
[ "${1:-}" = run ] && [ $# -gt 1 ] || fail "There is nothing to run." "scripts/outside.sh run COMMAND..."
[ -x "$PYTHON" ] || fail "The stand-ins are not installed." "scripts/setup.sh python"
shift

work=$(mktemp -d)
pids=()
cleanup() {
    [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT

free_port() { "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# await_port port name
await_port() {
    for _ in $(seq 100); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
        sleep 0.1
    done
    fail "$2 did not start." "Its output: $work/$2.log"
}

stripe=$(free_port)
(cd "$work" && exec "$SHIPSBY_CACHE/python/bin/localstripe" --port "$stripe" --from-scratch) >"$work/localstripe.log" 2>&1 &
pids+=($!)
smtp=$(free_port)
mkdir "$work/box"
"$PYTHON" "$ROOT/server/tests/outside/mailbox.py" "$smtp" "$work/box" >"$work/mailbox.log" 2>&1 &
pids+=($!)
await_port "$stripe" localstripe
await_port "$smtp" mailbox
export SHIPSBY_LOCALSTRIPE=http://127.0.0.1:$stripe SHIPSBY_SMTP=127.0.0.1:$smtp SHIPSBY_SMTP_BOX=$work/box
"$@"
