#!/usr/bin/env bash
# Runs one command with the paths of this project: our tools, cargo's target folder, SHIPSBY_BIN, SHIPSBY_CHROMIUM.

source "$(dirname "$0")/lib.sh"
cd "$ROOT"
exec "$@"
