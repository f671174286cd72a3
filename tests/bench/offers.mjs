// 1,000 carts that are ordered at the same moment with offers for 100 of them: exactly 100. 500 who redeem one code at the same moment: exactly one.

import { ENGINES, bar, faults, median, must, newShop, note, percentile, postgresDatabase, serve, stockFile } from "./lib.mjs";
import { Connection, client, request } from "./sockets.mjs";

const ROUNDS = Number(process.env.SHIPSBY_ROUNDS ?? 10);
const CARTS = 1_000;
const BUDGET = 100;
const REDEEMERS = 500;
const DAY_MS = 86_400_000;
const DAYS_UNTIL_IT_COMES = 30;
/** Connections that are opened at a time. */
const OPENED_AT_ONCE = 100;

async function race(engine, db) {
  const shop = newShop(db, await stockFile(1, 0));
  const server = await serve(shop.db);
  const merchant = await client(server.origin, shop.secret);
  const done = async (...asked) => {
    const { status, body } = await merchant.ask(...asked);
    if (status < 200 || 300 <= status) throw Error(`${asked[0]} ${asked[1]} was answered with ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  const expected_on = new Date(Date.now() + DAYS_UNTIL_IT_COMES * DAY_MS).toISOString().slice(0, 10);
  await done("PUT", "/v1/skus/wanted", { backorder: { policy: "allow" } });
  await done("PUT", "/v1/stock/main/wanted", { quantity: 0, if_quantity: null });
  await done("POST", "/v1/purchase-orders", { id: "PO-1", lines: [{ sku: "wanted", quantity: CARTS * (ROUNDS + 1), expected_on }] });

  const shoppers = [];
  while (shoppers.length < CARTS) {
    const more = Math.min(OPENED_AT_ONCE, CARTS - shoppers.length);
    shoppers.push(...(await Promise.all(Array.from({ length: more }, () => Connection.open(server.origin)))));
  }
  // So that nobody waits for a connection to be accepted.
  for (const shopper of shoppers) await shopper.ask(request(shop.secret, "GET", "/healthz"));

  let [exact_budgets, exact_codes] = [0, 0];
  const [orders_ms, refused_ms] = [[], []];
  const others = new Map();
  const strange = (status, body) => {
    const what = `${status} ${JSON.parse(body).code}`;
    others.set(what, (others.get(what) ?? 0) + 1);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const rule = (on) => ({
      on,
      waits_days: 7,
      gives: { kind: "amount", amount: { amount: 500, currency: "USD" } },
      budget: { count: BUDGET },
      holdout_percent: 20,
    });
    await done("PUT", `/v1/offers/rules/round-${round}`, rule(true));
    const line = { sku: "wanted", quantity: 1, unit_price: { amount: 4_000, currency: "USD" } };
    const carts = shoppers.map((_, at) => request(shop.secret, "POST", "/v1/orders", { shopper: `${round}-${at}`, lines: [line] }));
    const answers = await Promise.all(shoppers.map((shopper, at) => shopper.ask(carts[at])));
    const codes = [];
    for (const { status, body, ms } of answers) {
      if (status !== 201) {
        strange(status, body);
        continue;
      }
      orders_ms.push(ms);
      const { offer } = JSON.parse(body);
      if (offer) codes.push(offer.code);
    }
    const counted = (await done("GET", `/v1/offers/rules/round-${round}`)).budget.issued;
    if (codes.length === BUDGET && counted === BUDGET && new Set(codes).size === BUDGET) exact_budgets += 1;
    else note(`round ${round}: ${codes.length} offers, ${counted} counted`);
    await done("PUT", `/v1/offers/rules/round-${round}`, rule(false));

    const asked = Array.from({ length: REDEEMERS }, () => request(shop.secret, "POST", "/v1/offers/redeem", { code: codes[0] }));
    const redeemed = await Promise.all(asked.map((bytes, at) => shoppers[at].ask(bytes)));
    let [taken, refused] = [0, 0];
    for (const { status, body, ms } of redeemed) {
      if (status === 200) taken += 1;
      else if (status === 409 && JSON.parse(body).code === "offer_already_redeemed") {
        refused += 1;
        refused_ms.push(ms);
      } else strange(status, body);
    }
    if (taken === 1 && refused === REDEEMERS - 1) exact_codes += 1;
    else note(`round ${round}: ${taken} redeemed, ${refused} refused`);
  }
  must(`${engine}: ${CARTS} carts at once, offers for ${BUDGET}`, `${exact_budgets} of ${ROUNDS} rounds exact`, `${ROUNDS}`, exact_budgets === ROUNDS);
  must(`${engine}: ${REDEEMERS} redeem one code at once`, `${exact_codes} of ${ROUNDS} rounds exact`, `${ROUNDS}`, exact_codes === ROUNDS);
  const found_others = [...others].map(([what, times]) => `${times} times ${what}`).join(", ");
  bar(`${engine}: other answers`, found_others || "none", "none", others.size === 0);
  note(`orders after p50 ${median(orders_ms).toFixed(0)}, p99 ${percentile(orders_ms, 99).toFixed(0)} ms; refused after p50 ${median(refused_ms).toFixed(0)}, slowest ${Math.max(...refused_ms).toFixed(0)} ms`);
  shoppers.forEach((shopper) => shopper.close());
  merchant.close();
  await server.stop();
  const found = faults(shop.db);
  must(`${engine}: faults that \`ships-by check\` finds`, `${found}`, "0", found === 0);
}

if (ENGINES.includes("SQLite")) await race("SQLite", "offers");
if (ENGINES.includes("PostgreSQL")) await race("PostgreSQL", postgresDatabase("offers"));
