// The dashboard of a store with a million SKUs, on a slow computer: its first page, search, and the page of suppliers.
//
// The first page is opened by whoever is signed in, with nothing in the browser's cache, and is usable when it has read
// all that it shows and is painted. Every answer that the pages get is weighed.

import { join } from "node:path";

import { launch } from "./browser.mjs";
import { ENGINES, ROOT, bar, memory_mb, merchant, newShop, note, percentile, postgresDatabase, serve, shipsBy, skuOf, sorted, stockFile } from "./lib.mjs";

const SKUS = Number(process.env.SHIPSBY_SKUS ?? 1_000_000);
const SLOWDOWN = 4;
const RUNS = 5;
const SEARCHES = 200;
/** SKUs that customers wait for, and orders of them. */
const AWAITED = 200;
const ORDERS = 400;
const USABLE_S_BAR = 3;
const SEARCH_MS_BAR = 150;
const REQUEST_BYTES_BAR = 200_000;
const SUPPLIERS_S_BAR = 1;
const PATIENCE_MS = 60_000;
const DAY_MS = 86_400_000;
const DASHBOARD = "/dashboard";
const PAGES = ["/", "/stock", "/backorders", "/purchase-orders", "/suppliers", "/orders", "/parcels", "/promises", "/offers", "/mail", "/settings/store"];
const ANNA = "anna@shop.example";

const file = await stockFile(SKUS);
const browser = await launch();

/** A store with a history: suppliers that delivered, goods on their way, and customers who wait for them. */
async function stocked(engine) {
  const shop = newShop(engine === "SQLite" ? "desk" : postgresDatabase("desk"), file);
  shipsBy("import", join(ROOT, "tests/lead-times/supplier-deliveries.csv"), "--db", shop.db, "--format", "supplier-deliveries");
  const password = shipsBy("members", "add", ANNA, "--db", shop.db).trim().split(/\s/).at(0);
  const server = await serve(shop.db);
  const ask = (...asked) => merchant(server.origin, shop.secret, ...asked);
  const awaited = Array.from({ length: AWAITED }, (_, at) => skuOf(at * 7));
  for (const sku of awaited) {
    await ask("PUT", `/v1/skus/${sku}`, { title: `Blanket ${sku}`, backorder: { policy: "allow" } });
    await ask("PUT", `/v1/stock/main/${sku}`, { quantity: 1, if_quantity: null });
  }
  const expected_on = new Date(Date.now() + 14 * DAY_MS).toISOString().slice(0, 10);
  for (let at = 0; at < AWAITED; at += 20) {
    await ask("POST", "/v1/purchase-orders", { lines: awaited.slice(at, at + 20).map((sku) => ({ sku, quantity: 50, expected_on })) });
  }
  for (let at = 0; at < ORDERS; at += 1) {
    await ask("POST", "/v1/orders", { lines: [{ sku: awaited[at % AWAITED], quantity: 2 }], customer: { email: `${at}@example.com` } });
  }
  return { shop, server, password };
}

/** Opens a page in a browser that knows nothing but its session. Returns it with the answers that it gets, weighed. */
async function visitor(server, password, slowdown) {
  const context = await browser.newContext();
  const signed = await context.request.post(`${server.origin}/v1/session`, {
    data: { email: ANNA, password },
    headers: { origin: server.origin },
  });
  if (!signed.ok()) throw Error(`signing in was answered with ${signed.status()}: ${await signed.text()}`);
  const page = await context.newPage();
  const tools = await context.newCDPSession(page);
  const weights = new Map();
  const urls = new Map();
  await tools.send("Network.enable");
  tools.on("Network.responseReceived", ({ requestId, response }) => urls.set(requestId, response.url));
  tools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => weights.set(urls.get(requestId), encodedDataLength));
  await tools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
  return { page, weights, context };
}

/** Milliseconds since `began` when the page has read all that it shows, and is painted. */
const usable = (page, path, began) =>
  page.evaluate(
    ({ path, began }) =>
      new Promise((resolve) => {
        const look = () => {
          const isThere = document.querySelector("#title") && !document.querySelector(".waiting");
          const isHere = (location.hash.slice(1) || "/") === path;
          if (!isThere || !isHere) return requestAnimationFrame(look);
          requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => resolve(performance.now() - began);
            port2.postMessage(0);
          });
        };
        look();
      }),
    { path, began },
  );

/** Goes to a page from another, and says after how many milliseconds it can be used. */
async function going(page, path) {
  const began = await page.evaluate((path) => {
    document.querySelector("#title").id = "title-before";
    location.hash = path;
    return performance.now();
  }, path);
  return usable(page, path, began);
}

for (const engine of ENGINES) {
  const { shop, server, password } = await stocked(engine);
  note(`${engine}: ${SKUS} SKUs, ${ORDERS} orders that wait, ${memory_mb(server.pid).toFixed(0)} MB resident`);

  const firsts = [];
  const heaviest = new Map();
  for (let run = 0; run < RUNS; run += 1) {
    const { page, weights, context } = await visitor(server, password, SLOWDOWN);
    await page.goto(server.origin + DASHBOARD, { waitUntil: "commit", timeout: PATIENCE_MS });
    firsts.push((await usable(page, "/", 0)) / 1000);
    if (run === 0) for (const path of PAGES.slice(1)) note(`${engine}: ${path} after ${(await going(page, path)).toFixed(0)} ms, ${SLOWDOWN}x slower`);
    for (const [url, bytes] of weights) heaviest.set(url, Math.max(bytes, heaviest.get(url) ?? 0));
    await context.close();
  }
  const [heavy, bytes] = [...heaviest].sort(([, one], [, other]) => other - one)[0];
  const first = percentile(firsts, 50);
  bar(`${engine}: first page of ${SKUS} SKUs, processor ${SLOWDOWN}x slower`, `${first.toFixed(2)} s, at most ${Math.max(...firsts).toFixed(2)} s`, `under ${USABLE_S_BAR} s`, Math.max(...firsts) < USABLE_S_BAR);
  bar(`${engine}: the heaviest of ${heaviest.size} answers to its pages`, `${(bytes / 1000).toFixed(0)} kB, ${new URL(heavy).pathname}`, `at most ${REQUEST_BYTES_BAR / 1000} kB`, bytes <= REQUEST_BYTES_BAR);

  const words = ["bench", "0000", "bench-00001", "blanket", "9999", "blanket bench-00", "nothing like it", "7", "e", "bench-0999999"];
  const searches = [];
  for (let at = 0; at < SEARCHES; at += 1) {
    const word = words[at % words.length];
    const began = performance.now();
    await merchant(server.origin, shop.secret, "GET", `/v1/stock?limit=50&q=${encodeURIComponent(word)}`);
    searches.push({ word, took: performance.now() - began });
  }
  const slowest = sorted(searches.map(({ took }) => took)).at(-1);
  bar(`${engine}: ${SEARCHES} searches of ${SKUS} SKUs`, `slowest ${slowest.toFixed(0)} ms, median ${percentile(searches.map(({ took }) => took), 50).toFixed(0)} ms`, `under ${SEARCH_MS_BAR} ms`, slowest < SEARCH_MS_BAR);
  for (const word of words) note(`${engine}: "${word}" took at most ${Math.max(...searches.filter((each) => each.word === word).map(({ took }) => took)).toFixed(0)} ms`);

  const { page, context } = await visitor(server, password, 1);
  await page.goto(server.origin + DASHBOARD, { waitUntil: "commit", timeout: PATIENCE_MS });
  await usable(page, "/", 0);
  const drawn = (await going(page, "/suppliers")) / 1000;
  const rows = await page.locator("table tbody tr").count();
  bar(`${engine}: suppliers of supplier-deliveries.csv, ${rows} rows, drawn`, `${drawn.toFixed(2)} s`, `under ${SUPPLIERS_S_BAR} s`, drawn < SUPPLIERS_S_BAR && rows > 60);
  await context.close();
  await server.stop();
}
await browser.close();
