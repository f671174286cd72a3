// What the server needs to hold a large shop.

import { availability, bar, memory_mb, newShop, note, serve, skuOf, sleep, stockFile } from "./lib.mjs";

const SKUS = 100_000;
const IDLE_MS = 5_000;
const BAR_MB = 150;
const SKUS_PER_REQUEST = 100;

const shop = newShop("memory", await stockFile(SKUS));
const server = await serve(shop.db);
await sleep(IDLE_MS);
const idle = memory_mb(server.pid);
bar(`${SKUS} SKUs, idle`, `${idle.toFixed(0)} MB resident`, `under ${BAR_MB} MB`, idle < BAR_MB);
note(`ready after ${(server.ready_ms / 1000).toFixed(2)} s, at most ${memory_mb(server.pid, "VmHWM").toFixed(0)} MB on the way there`);

for (let first = 0; first < SKUS; first += SKUS_PER_REQUEST) {
  const skus = Array.from({ length: SKUS_PER_REQUEST }, (_, at) => skuOf(first + at));
  const { items } = await availability(server.origin, shop.publishable, skus);
  if (items.some(({ status }) => status === "unknown")) throw Error(`${skus[0]} and following: not all are known`);
}
note(`after an answer for each of them: ${memory_mb(server.pid).toFixed(0)} MB`);
await server.stop();
