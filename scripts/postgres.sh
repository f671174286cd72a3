#!/usr/bin/env bash
# A PostgreSQL of our own for tests and benchmarks, in our cache: its data is thrown away with it.
#
#     scripts/postgres.sh run [--durable] command...    starts it, runs the command with SHIPSBY_TEST_POSTGRES set, stops it
#     scripts/postgres.sh start [--durable]             starts it and prints its address
#     scripts/postgres.sh restart                       lets it crash and come back
#     scripts/postgres.sh stop
#
# Without --durable it forgets what it wrote when the machine stops: quicker, and enough for tests of anything else.

source "$(dirname "$0")/lib.sh"

DATA=${SHIPSBY_PG_DATA:-$SHIPSBY_CACHE/postgres}
PORT=${SHIPSBY_PG_PORT:-54329}
# Where the one is that runs: one for each port, so that nobody stops somebody else's.
RUNNING=$SHIPSBY_CACHE/postgres.$PORT.running

# The newest of the programs that Debian keeps aside, or whatever is on the path.
program() {
    local found
    found=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    if [ -n "$found" ]; then echo "$found/$1"; else command -v "$1"; fi
}

# PostgreSQL refuses to run as root: the user `postgres`, which its package makes, runs it then.
as_server() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else "$@"; fi
}

start() {
    local durable=on small=""
    # What forgets keeps no log for anybody, so that its databases are all that it takes on the disk.
    [ "${1:-}" = --durable ] || durable=off small=$'wal_level = minimal\nmax_wal_senders = 0\nmax_wal_size = 128MB'
    [ -n "$(program initdb)" ] || fail "PostgreSQL is not installed." "scripts/setup.sh postgres"
    stop
    rm -rf "$DATA"
    mkdir -p "$DATA"
    if [ "$(id -u)" = 0 ]; then
        chown postgres:postgres "$DATA"
        # The cache is in a home folder that may be closed to others.
        as_server test -x "$DATA" || DATA=$(as_server mktemp -d)
    fi
    as_server "$(program initdb)" --pgdata="$DATA/db" --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync >"$SHIPSBY_CACHE/postgres.$PORT.log" 2>&1
    cat <<CONFIG | as_server tee -a "$DATA/db/postgresql.conf" >/dev/null
listen_addresses = '127.0.0.1'
port = $PORT
unix_socket_directories = '$DATA'
max_connections = 300
shared_buffers = 256MB
fsync = $durable
synchronous_commit = $durable
full_page_writes = $durable
$small
CONFIG
    as_server "$(program pg_ctl)" --pgdata="$DATA/db" --log="$DATA/log" --wait --silent start
    echo "$DATA" >"$RUNNING"
}

stop() {
    [ -f "$RUNNING" ] || return 0
    as_server "$(program pg_ctl)" --pgdata="$(cat "$RUNNING")/db" --mode=fast --silent stop || true
    rm -rf "$(cat "$RUNNING")" "$RUNNING"
}

case "${1:-}" in
    run)
        shift
        durable=""
        if [ "${1:-}" = --durable ]; then durable=--durable && shift; fi
        start $durable
        trap stop EXIT
        SHIPSBY_TEST_POSTGRES="postgres://postgres@127.0.0.1:$PORT" "$@"
        ;;
    restart) # as after a crash
        as_server "$(program pg_ctl)" --pgdata="$(cat "$RUNNING")/db" --log="$(cat "$RUNNING")/log" --mode=immediate --wait --silent restart
        ;;
    start)
        start "${2:-}"
        echo "postgres://postgres@127.0.0.1:$PORT"
        ;;
    stop) stop ;;
    *) fail "What is to be done?" "scripts/postgres.sh run|start|stop" ;;
esac
