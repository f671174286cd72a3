// A server with two million SKUs, on each database: how soon it is ready, and what it holds in memory.

import { readFileSync } from "node:fs";

import { availability, bar, memory_mb, newShop, note, postgresShop, serve, skuOf, sleep, stockFile } from "./lib.mjs";

const SKUS = 2_000_000;
const IDLE_MS = 5_000;
const READY_S_BAR = 60;
const MEMORY_BAR_MB = 1_200;
const SKUS_PER_REQUEST = 100;
const ASKED_AT_ONCE = 8;

const file = await stockFile(SKUS);

/** Imports the file, and starts a server on it. */
async function started(engine, shopOf) {
  const began = performance.now();
  const shop = shopOf("scale", file);
  note(`${engine}: ${SKUS} SKUs imported in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  const server = await serve(shop.db);
  const ready_s = server.ready_ms / 1000;
  await sleep(IDLE_MS);
  const idle = memory_mb(server.pid);
  bar(`${engine}: ${SKUS} SKUs, from start to ready`, `${ready_s.toFixed(1)} s`, `under ${READY_S_BAR} s`, ready_s < READY_S_BAR);
  bar(`${engine}: ${SKUS} SKUs, idle`, `${idle.toFixed(0)} MB resident`, `under ${MEMORY_BAR_MB} MB`, idle < MEMORY_BAR_MB);
  note(`at most ${memory_mb(server.pid, "VmHWM").toFixed(0)} MB on the way there; ${((idle * 1e6) / SKUS).toFixed(0)} bytes for each SKU when idle`);
  for (const line of readFileSync(server.log, "utf8").split("\n").filter((text) => / SKUs/.test(text)).slice(-1)) note(line);
  return { shop, server };
}

await started("PostgreSQL", postgresShop).then(({ server }) => server.stop());
const { shop, server } = await started("SQLite", newShop);

// An answer about each: what is kept ready has a bound of its own.
const asking = performance.now();
let next = 0;
async function ask() {
  while (next < SKUS) {
    const first = next;
    next += SKUS_PER_REQUEST;
    const skus = Array.from({ length: SKUS_PER_REQUEST }, (_, at) => skuOf(first + at));
    const { items } = await availability(server.origin, shop.publishable, skus);
    if (items.some(({ status }) => status === "unknown")) throw Error(`${skus[0]} and following: not all are known`);
  }
}
await Promise.all(Array.from({ length: ASKED_AT_ONCE }, ask));
const asked = memory_mb(server.pid);
bar(`SQLite: ${SKUS} SKUs, after an answer for each`, `${asked.toFixed(0)} MB resident`, `under ${MEMORY_BAR_MB} MB`, asked < MEMORY_BAR_MB);
note(`${SKUS} answers, none of them made before, took ${((performance.now() - asking) / 1000).toFixed(0)} s`);
await server.stop();
