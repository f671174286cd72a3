#!/usr/bin/env bash
# Prints what the widget weighs on the wire (brotli 11; 1 kB = 1000 bytes) and fails above the budget.
# Counted is what a shopper's browser loads for all views: loader (ships-by.js), what it loads later, glue, WebAssembly and style.
# Of the dashboard no file may be larger than what one request of it may weigh.

source "$(dirname "$0")/lib.sh"
cd "$ROOT"

[ -n "$(ls dist/embed 2>/dev/null)" ] || fail "There is no widget in dist/embed." "make widget"
[ -n "$(ls dist/dashboard 2>/dev/null)" ] || fail "There is no dashboard in dist/dashboard." "make dashboard"

exec node --input-type=module - <<'JS'
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const TOTAL_BYTES_MAX = 60_000;
const LOADER_BYTES_MAX = 4_000;
const DASHBOARD_FILE_BYTES_MAX = 200_000;

const brotli = (bytes) =>
  brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }).length;

// The same bytes may lie there twice, under a fixed and under a hashed name; they are loaded once.
const seen = new Set();
const files = readdirSync("dist/embed", { recursive: true })
  .map(String)
  .filter((name) => /\.(js|mjs|wasm|css)$/.test(name))
  .sort((a, b) => a.length - b.length)
  .map((name) => ({ name, bytes: readFileSync(join("dist/embed", name)) }))
  .filter(({ bytes }) => {
    const hash = createHash("sha256").update(bytes).digest("hex");
    return !seen.has(hash) && seen.add(hash);
  })
  .map(({ name, bytes }) => ({ name, raw: bytes.length, compressed: brotli(bytes) }))
  .sort((a, b) => b.compressed - a.compressed);

const loaders = files.filter(({ name }) => name === "ships-by.js");
const sum = (list, key) => list.reduce((total, file) => total + file[key], 0);
const kB = (bytes) => (bytes / 1000).toFixed(2).padStart(9);
const row = (name, raw, compressed, budget = "") => console.log(`${name.padEnd(34)}${raw}${compressed}${budget}`);

row("widget, kB", "      raw", "   brotli", "   budget");
for (const file of files) row(file.name, kB(file.raw), kB(file.compressed), loaders.includes(file) ? kB(LOADER_BYTES_MAX) : "");
row("together", kB(sum(files, "raw")), kB(sum(files, "compressed")), kB(TOTAL_BYTES_MAX));

const dashboard = readdirSync("dist/dashboard")
  .filter((name) => name.endsWith(".br"))
  .map((name) => ({ name: name.slice(0, -3), compressed: readFileSync(join("dist/dashboard", name)).length }))
  .sort((a, b) => b.compressed - a.compressed);
const [heaviest] = dashboard;
row(`dashboard: ${heaviest.name}`, kB(readFileSync(join("dist/dashboard", heaviest.name)).length), kB(heaviest.compressed), kB(DASHBOARD_FILE_BYTES_MAX));

const faults = [];
if (heaviest.compressed > DASHBOARD_FILE_BYTES_MAX) faults.push(`${heaviest.name} of the dashboard is over its ${DASHBOARD_FILE_BYTES_MAX} bytes`);
if (!files.some(({ name }) => name.endsWith(".wasm"))) faults.push("dist/embed has no WebAssembly; run: make widget");
if (loaders.length === 0) faults.push("dist/embed has no ships-by.js; run: make widget");
if (sum(loaders, "compressed") > LOADER_BYTES_MAX) faults.push(`the loader is over its ${LOADER_BYTES_MAX} bytes`);
if (sum(files, "compressed") > TOTAL_BYTES_MAX) faults.push(`the widget is over its ${TOTAL_BYTES_MAX} bytes`);
for (const fault of faults) console.error(`\nFailed: ${fault}`);
process.exit(faults.length > 0 ? 1 : 0);
JS
