// A night of forecasts: 100,000 SKUs with 36 months of sales and the suppliers of tests/lead-times, all of them and then those of which 1 % changed.

import { createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";

import { ENGINES, ROOT, bar, dice, merchant, memory_mb, newKey, note, postgresDatabase, scratch, serve, shipsBy, skuOf, sleep } from "./lib.mjs";

const SKUS = Number(process.env.SHIPSBY_SKUS ?? 100_000);
const MONTHS = 36;
const ALL_S_BAR = 60;
const CHANGED_S_BAR = 10;
const WAIT_MS_MAX = 15 * 60 * 1000;
const MEBIBYTE = 1024 * 1024;

const months = Array.from({ length: MONTHS }, (_, back) => {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - MONTHS + back, 1)).toISOString().slice(0, 7);
});

async function csv(name, header, rows) {
  const path = join(scratch, name);
  const file = createWriteStream(path);
  let chunk = `${header}\n`;
  for (const row of rows) {
    chunk += `${row}\n`;
    if (chunk.length > MEBIBYTE) {
      if (!file.write(chunk)) await new Promise((resolve) => file.once("drain", resolve));
      chunk = "";
    }
  }
  await new Promise((resolve) => file.end(chunk, resolve));
  return path;
}

const deliveries = readFileSync(join(ROOT, "tests/lead-times/supplier-deliveries.csv"), "utf8").trim().split("\n");
// Ids as the import makes them of names are told by the server; the names do as well.
const names = deliveries[0].split(",").indexOf("supplier");
const suppliers = [...new Set(deliveries.slice(1).map((line) => (line.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? [])[names]?.replace(/,$/, "").replace(/^"|"$/g, "")))].filter(Boolean);

function* stock(ids) {
  const roll = dice(3);
  for (let at = 0; at < SKUS; at += 1) yield `${skuOf(at)},${roll(60)},${ids[at % ids.length]}`;
}

/** Most goods sell now and then, some a few each month, few many. */
function* sales() {
  const roll = dice(2);
  for (let at = 0; at < SKUS; at += 1) {
    const kind = at % 10;
    for (const month of months) {
      const units = kind < 6 ? (roll(4) === 0 ? 1 + roll(3) : 0) : kind < 9 ? roll(12) : 20 + roll(40);
      yield `${skuOf(at)},${month}-${String(1 + roll(28)).padStart(2, "0")},${units}`;
    }
  }
}

/** Waits for the line that a run of forecasts ends with, after `seen` of them. */
async function forecasts(server, seen) {
  const began = performance.now();
  for (;;) {
    const told = [...readFileSync(server.log, "utf8").matchAll(/Forecast (\d+) SKUs of `[^`]*` in (\d+) ms, left (\d+)/g)];
    if (told.length > seen) return { skus: Number(told[seen][1]), seconds: Number(told[seen][2]) / 1000, unchanged: Number(told[seen][3]) };
    if (performance.now() - began > WAIT_MS_MAX) throw Error(`No forecast came:\n${readFileSync(server.log, "utf8").slice(-2_000)}`);
    await sleep(200);
  }
}

const sold = await csv("sales.csv", "sku,date,quantity", sales());
for (const engine of ENGINES) {
  const db = engine === "SQLite" ? join(scratch, "forecasts.sqlite") : postgresDatabase("forecasts");
  shipsBy("import", join(ROOT, "tests/lead-times/supplier-deliveries.csv"), "--db", db, "--format", "supplier-deliveries");
  const secret = newKey(db, "secret");
  const first = await serve(db);
  const known = (await merchant(first.origin, secret, "GET", "/v1/suppliers")).items.map(({ id }) => id);
  await first.stop();
  const goods = await csv(`goods-${engine}.csv`, "sku,on_hand,supplier", stock(known));
  shipsBy("import", goods, "--db", db, "--format", "shipsby");
  const began = performance.now();
  shipsBy("import", sold, "--db", db, "--format", "sales");
  note(`${engine}: ${SKUS * MONTHS} lines of sales taken in after ${((performance.now() - began) / 1000).toFixed(1)} s, ${suppliers.length} suppliers`);
  const server = await serve(db);
  const all = await forecasts(server, 0);
  note(`${engine}: ${(all.skus / all.seconds).toFixed(0)} SKUs a second, ${memory_mb(server.pid).toFixed(0)} MB, at most ${memory_mb(server.pid, "VmHWM").toFixed(0)} MB`);
  bar(`${engine}: ${all.skus} SKUs forecast and held against their reorder points`, `${all.seconds.toFixed(1)} s`, `under ${ALL_S_BAR} s`, all.seconds < ALL_S_BAR && all.skus === SKUS);
  const lines = ["sku,date,quantity"];
  for (let at = 0; at < SKUS; at += 100) lines.push(`${skuOf(at)},${months.at(-1)}-28,7`);
  const response = await fetch(`${server.origin}/v1/imports/sales`, {
    method: "POST",
    headers: { authorization: `Bearer ${secret}`, "content-type": "text/csv", "idempotency-key": "changed" },
    body: lines.join("\n"),
  });
  if (!response.ok) throw Error(await response.text());
  await merchant(server.origin, secret, "POST", "/v1/reorders/run", { supplier: known[0] });
  const changed = await forecasts(server, 1);
  bar(`${engine}: the same after 1 % changed (${changed.skus} SKUs)`, `${changed.seconds.toFixed(1)} s`, `under ${CHANGED_S_BAR} s`, changed.seconds < CHANGED_S_BAR && changed.skus === SKUS / 100);
  await server.stop();
}
