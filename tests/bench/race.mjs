// 200 who want five units at the same moment: exactly five get one, round after round, with holds that end in the middle.

import { bar, merchant, newShop, note, serve, skuOf, sleep, stockFile } from "./lib.mjs";

const ROUNDS = 200;
const BUYERS = 200;
const LIMIT = 5;
// Rounds at a time: their holds end while others are asked for.
const AT_ONCE = 5;
const HOLD_S = 1;
const BEFORE_THE_END_MS = 60;

const shop = newShop("race", await stockFile(ROUNDS));
const server = await serve(shop.db);
const ask = (method, path, body) => merchant(server.origin, shop.secret, method, path, body);

/** Asks for units, and says whether they are held: the only other answer is that there are not enough. */
async function held(sku, quantity, expires_in_s) {
  const response = await fetch(`${server.origin}/v1/reservations`, {
    method: "POST",
    headers: { authorization: `Bearer ${shop.secret}`, "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
    body: JSON.stringify({ lines: [{ sku, quantity }], expires_in_s }),
  });
  const answer = await response.json();
  if (response.status === 201) return quantity;
  if (response.status === 409 && answer.code === "insufficient_stock") return 0;
  throw Error(`${response.status}: ${JSON.stringify(answer)}`);
}

const rush = async (sku, quantity) => {
  const units = await Promise.all(Array.from({ length: BUYERS }, () => held(sku, quantity, 600)));
  return units.reduce((sum, one) => sum + one, 0);
};

/** What is left after a rush, taken one by one. */
async function rest(sku) {
  for (let more = 0; ; more += 1) if (!(await held(sku, 1, 600))) return more;
}

const location = (await ask("GET", "/v1/locations")).items[0].id;
let exact = 0;
const wrong = [];

async function round(number) {
  const sku = skuOf(number);
  await ask("PUT", `/v1/skus/${sku}`, { backorder: { policy: "allow", limit: LIMIT } });
  await ask("PUT", `/v1/stock/${location}/${sku}`, { quantity: 0, if_quantity: null });
  await ask("POST", "/v1/purchase-orders", { id: `PO-${number}`, lines: [{ sku, quantity: 1000, expected_on: new Date(Date.now() + 14 * 86_400_000).toISOString().slice(0, 10) }] });
  // A third of the rounds each: one unit each, two units each, and one unit each while another's hold ends.
  const kind = number % 3;
  const ending = kind === 2 ? await held(sku, 2, HOLD_S) : 0;
  if (kind === 2) await sleep(HOLD_S * 1000 - BEFORE_THE_END_MS);
  const won = await rush(sku, kind === 1 ? 2 : 1);
  if (kind === 2) await sleep(2 * BEFORE_THE_END_MS);
  const left = await rest(sku);
  const expected = kind === 1 ? won === 4 && left === 1 : kind === 0 ? won === LIMIT && left === 0 : won >= LIMIT - ending && won + left === LIMIT;
  if (expected) exact += 1;
  else wrong.push(`round ${number}: ${won} won, ${left} left`);
}

const began = performance.now();
for (let first = 0; first < ROUNDS; first += AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ROUNDS - first) }, (_, at) => round(first + at)));
}
wrong.slice(0, 10).forEach(note);
bar(`${BUYERS} at once want ${LIMIT}, over HTTP`, `${exact} of ${ROUNDS} rounds exact`, `${ROUNDS}`, exact === ROUNDS);
note(`${((performance.now() - began) / 1000).toFixed(0)} s for ${ROUNDS * BUYERS} requests`);
await server.stop();
