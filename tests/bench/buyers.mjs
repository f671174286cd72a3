// 1,000 who order one unit each at the same moment, of 100: exactly 100 get one, and all others are told at once.

import { ENGINES, faults, median, must, bar, newShop, note, percentile, postgresDatabase, serve, skuOf, stockFile } from "./lib.mjs";
import { Connection, client, request } from "./sockets.mjs";

const ROUNDS = Number(process.env.SHIPSBY_ROUNDS ?? 100);
const BUYERS = Number(process.env.SHIPSBY_BUYERS ?? 1_000);
const UNITS = 100;
const REFUSED_BAR_MS = 1_000;
const DAY_MS = 86_400_000;
const DAYS_UNTIL_MORE_COMES = 14;
/** Connections that are opened at a time. */
const OPENED_AT_ONCE = 100;
const WRONG_SHOWN_MAX = 10;

async function race(engine, db) {
  const shop = newShop(db, await stockFile(ROUNDS));
  const server = await serve(shop.db);
  const merchant = await client(server.origin, shop.secret);
  const done = async (...asked) => {
    const { status, body } = await merchant.ask(...asked);
    if (status < 200 || 300 <= status) throw Error(`${asked[0]} ${asked[1]} was answered with ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const expected_on = new Date(Date.now() + DAYS_UNTIL_MORE_COMES * DAY_MS).toISOString().slice(0, 10);
  const buyers = [];
  while (buyers.length < BUYERS) {
    const more = Math.min(OPENED_AT_ONCE, BUYERS - buyers.length);
    buyers.push(...(await Promise.all(Array.from({ length: more }, () => Connection.open(server.origin)))));
  }
  // So that nobody waits for a connection to be accepted.
  for (const buyer of buyers) await buyer.ask(request(shop.secret, "GET", "/healthz"));

  let exact = 0;
  const [refused_ms, taken_ms, rounds_ms] = [[], [], []];
  const others = new Map();
  const wrong = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const sku = skuOf(round);
    // From all on the shelf to all on its way.
    const on_shelf = Math.round((UNITS * round) / Math.max(1, ROUNDS - 1));
    await done("PUT", `/v1/skus/${sku}`, { backorder: { policy: "allow", limit: UNITS - on_shelf } });
    await done("PUT", `/v1/stock/main/${sku}`, { quantity: on_shelf, if_quantity: null });
    await done("POST", "/v1/purchase-orders", { id: `PO-${round}`, lines: [{ sku, quantity: BUYERS, expected_on }] });
    const asked = buyers.map(() => request(shop.secret, "POST", "/v1/orders", { lines: [{ sku, quantity: 1 }], plan: round % 2 ? "separate" : "together" }));

    const began = performance.now();
    const answers = await Promise.all(buyers.map((buyer, at) => buyer.ask(asked[at])));
    rounds_ms.push(performance.now() - began);

    let taken = 0;
    for (const { status, body, ms } of answers) {
      if (status === 201) {
        taken += 1;
        taken_ms.push(ms);
      } else if (status === 409 && JSON.parse(body).code === "insufficient_stock") {
        refused_ms.push(ms);
      } else {
        const what = `${status} ${JSON.parse(body).code}`;
        others.set(what, (others.get(what) ?? 0) + 1);
      }
    }
    if (taken === UNITS) exact += 1;
    else wrong.push(`round ${round}, ${on_shelf} on the shelf: ${taken} orders taken`);
  }
  wrong.slice(0, WRONG_SHOWN_MAX).forEach(note);
  must(`${engine}: ${BUYERS} buyers at once want one of ${UNITS}`, `${exact} of ${ROUNDS} rounds exact`, `${ROUNDS}`, exact === ROUNDS);
  const strange = [...others].map(([what, times]) => `${times} times ${what}`).join(", ");
  bar(`${engine}: answers that are neither an order nor 409`, strange || "none", "none", others.size === 0);
  const slowest = Math.max(...refused_ms);
  bar(`${engine}: slowest refusal`, `${slowest.toFixed(0)} ms`, `within ${REFUSED_BAR_MS} ms`, slowest <= REFUSED_BAR_MS);
  note(`refused after p50 ${median(refused_ms).toFixed(0)}, p99 ${percentile(refused_ms, 99).toFixed(0)} ms; taken after p50 ${median(taken_ms).toFixed(0)}, slowest ${Math.max(...taken_ms).toFixed(0)} ms; a round took ${median(rounds_ms).toFixed(0)} ms`);
  buyers.forEach((buyer) => buyer.close());
  merchant.close();
  await server.stop();
  const found = faults(shop.db);
  must(`${engine}: faults that \`ships-by check\` finds`, `${found}`, "0", found === 0);
}

if (ENGINES.includes("SQLite")) await race("SQLite", "buyers");
if (ENGINES.includes("PostgreSQL")) await race("PostgreSQL", postgresDatabase("buyers"));
