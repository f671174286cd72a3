#!/usr/bin/env bash
# Links the widget without the exports of libraries.
#
# Leptos brings wasm-streams, whose classes are exported from every module that links it. Nothing calls them here, but
# what is exported is kept with all that it needs, a seventh of the module. The linker that SHIPSBY_LINKER names does the work.

set -euo pipefail

arguments=()
while [ $# -gt 0 ]; do
    case "$1 ${2:-}" in
        "--export "*intounderlying*) shift ;;
        *) arguments+=("$1") ;;
    esac
    shift
done
exec "$SHIPSBY_LINKER" "${arguments[@]}"
