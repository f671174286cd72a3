// What an acknowledged order, ship, receipt or cancel survives: a server that is killed in the middle, 300 times on each database.
//
// Whoever was not answered looks whether the order is there, wholly or not at all, and sends the request again with its
// Idempotency-Key: in the end everything has happened once.

import { ENGINES, dice, faults, must, newShop, note, postgresDatabase, serve, skuOf, sleep, stockFile } from "./lib.mjs";
import { Units } from "./ledger.mjs";
import { client } from "./sockets.mjs";

const SKUS = 500;
const UNITS = 100_000;
const CLIENTS = 16;
const KILLS = Number(process.env.SHIPSBY_KILLS ?? 300);
const KILL_AFTER_MS_MIN = 20;
const KILL_AFTER_MS_MAX = 800;
/** After one kill of so many `ships-by check` looks as well. */
const CHECK_EVERY = 25;
const LINES_MAX = 3;
const UNITS_OF_LINE_MAX = 3;
const ON_ITS_WAY = 100_000_000;
const DAY_MS = 86_400_000;
const SHOWN_MAX = 10;

class Shop {
  constructor(roll) {
    this.roll = roll;
    this.on_hand = Units.of(Array.from({ length: SKUS }, (_, number) => [skuOf(number), UNITS]));
    /** Every order that was acknowledged: what was ordered, and how it has to stand. */
    this.orders = new Map();
    this.acknowledged = 0;
    this.unanswered = { there: 0, absent: 0 };
    this.wrong = [];
  }

  /** Takes it down if something is not as it has to be. */
  hold(isSo, what) {
    if (!isSo) this.wrong.push(what);
  }
}

/** What an acknowledged request has done. */
const DONE = {
  order(shop, { body }, answer) {
    shop.hold(answer.id === body.id && isWhole(answer, body.lines), `order ${body.id} was answered with ${JSON.stringify(answer.lines)}`);
    shop.orders.set(body.id, { lines: body.lines, status: "open" });
  },
  cancel(shop, { order }, answer) {
    shop.hold(answer.status === "cancelled", `${order} was cancelled, and is ${answer.status}`);
    shop.orders.get(order).status = "cancelled";
  },
  ship(shop, { order }, answer) {
    shop.hold(answer.status === "shipped", `${order} was shipped, and is ${answer.status}`);
    const known = shop.orders.get(order);
    known.status = "shipped";
    for (const { sku, quantity } of known.lines) shop.on_hand.add(sku, -quantity);
  },
  receive(shop, { body }) {
    for (const { sku, quantity } of body.lines) shop.on_hand.add(sku, quantity);
  },
};

/** Whether an order has the lines that were asked for, and each has its promises. */
function isWhole(answer, lines) {
  const isLine = ({ sku, quantity }, at) => {
    const line = answer.lines[at];
    const waiting = line?.slices.reduce((sum, slice) => sum + slice.quantity, 0);
    return line?.sku === sku && line.quantity === quantity && waiting + line.shipped + line.cancelled === quantity && answer.promises.some((promise) => promise.line === at);
  };
  return answer.lines.length === lines.length && lines.every(isLine);
}

class Client {
  constructor(shop, number) {
    this.shop = shop;
    this.number = number;
    this.count = 0;
    this.open = [];
    /** What was sent and not answered. */
    this.pending = undefined;
    /** What was answered last, byte for byte. */
    this.last = undefined;
  }

  /** Goes on until the server is gone. */
  async run(origin, secret) {
    try {
      const { ask } = await client(origin, secret);
      await this.resolve(ask);
      for (;;) await this.send(ask, await this.next(ask));
    } catch (error) {
      // Its connection has ended, and somebody will see to what was sent.
      if (error.wrong) this.shop.wrong.push(error.message);
    }
  }

  async next(ask) {
    const { roll } = this.shop;
    this.count += 1;
    const key = `${this.number}-${this.count}`;
    const one = roll(100);
    const order = this.open[roll(this.open.length)];
    if (order && one < 20) return { kind: "cancel", order, key, path: `/v1/orders/${order}/cancel`, body: {} };
    if (order && one < 40) {
      const { body } = await this.asked(ask, "GET", `/v1/orders/${order}`);
      return { kind: "ship", order, key, path: `/v1/shipments/${body.shipments[0].id}/ship`, body: { carrier: "UPS" } };
    }
    if (one < 50) {
      const sku = skuOf(roll(SKUS));
      return { kind: "receive", key, path: "/v1/purchase-orders/PO/receipts", body: { receipt: key, lines: [{ sku, quantity: 1 + roll(5) }] } };
    }
    const first = roll(SKUS);
    const lines = Array.from({ length: 1 + roll(LINES_MAX) }, (_, at) => ({ sku: skuOf((first + at) % SKUS), quantity: 1 + roll(UNITS_OF_LINE_MAX) }));
    return { kind: "order", key, path: "/v1/orders", body: { id: `o-${key}`, lines, plan: "together" } };
  }

  async send(ask, wanted) {
    this.pending = wanted;
    const answer = await this.asked(ask, "POST", wanted.path, wanted.body, wanted.key);
    this.pending = undefined;
    this.last = { wanted, text: JSON.stringify(answer.body) };
    this.shop.acknowledged += 1;
    DONE[wanted.kind](this.shop, wanted, answer.body);
    if (wanted.kind === "order") this.open.push(wanted.body.id);
    if (wanted.order) this.open.splice(this.open.indexOf(wanted.order), 1);
    return answer.body;
  }

  /** After a kill: what was acknowledged is known, and what was not is there wholly or not at all. */
  async resolve(ask) {
    const { shop, last, pending } = this;
    if (last) {
      const again = await this.asked(ask, "POST", last.wanted.path, last.wanted.body, last.wanted.key);
      shop.hold(JSON.stringify(again.body) === last.text, `${last.wanted.key} was answered with ${last.text}, and then with ${JSON.stringify(again.body)}`);
      this.last = undefined;
    }
    if (!pending) return;
    let before;
    const id = pending.order ?? pending.body.id;
    if (id) {
      before = (await this.asked(ask, "GET", `/v1/orders/${id}`)).body;
      const lines = pending.order ? shop.orders.get(id).lines : pending.body.lines;
      shop.hold(!before || isWhole(before, lines), `order ${id} is there in part: ${JSON.stringify(before)}`);
      shop.hold(before || !pending.order, `order ${id} was acknowledged and is not there`);
    }
    const isThere = { order: Boolean(before), cancel: before?.status === "cancelled", ship: before?.status === "shipped" }[pending.kind];
    if (isThere !== undefined) shop.unanswered[isThere ? "there" : "absent"] += 1;
    const answer = await this.send(ask, pending);
    if (isThere && pending.kind !== "ship") shop.hold(answer.revision === before.revision, `${pending.key} was done twice: ${before.revision}, ${answer.revision}`);
  }

  async asked(ask, method, path, body, key) {
    const answer = await ask(method, path, body, key);
    if (answer.status < 300 || (method === "GET" && answer.status === 404)) return { ...answer, body: answer.status === 404 ? undefined : answer.body };
    throw Object.assign(Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`), { wrong: true });
  }
}

/** Looks up orders that were acknowledged. */
async function lookUp(shop, origin, secret, ids) {
  const rest = [...ids];
  const one = async () => {
    const { ask, close } = await client(origin, secret);
    for (let id = rest.pop(); id; id = rest.pop()) {
      const { status, body } = await ask("GET", `/v1/orders/${id}`);
      const known = shop.orders.get(id);
      shop.hold(status === 200 && body.status === known.status && isWhole(body, known.lines), `order ${id} was acknowledged and ${known.status}, and now: ${status} ${JSON.stringify(body)}`);
    }
    close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, one));
}

async function crashes(engine, db) {
  const store = newShop(db, await stockFile(SKUS, UNITS));
  const roll = dice(5);
  const shop = new Shop(roll);
  const clients = Array.from({ length: CLIENTS }, (_, number) => new Client(shop, number));
  const first = await serve(store.db);
  const merchant = await client(first.origin, store.secret);
  const expected_on = new Date(Date.now() + 14 * DAY_MS).toISOString().slice(0, 10);
  const lines = Array.from({ length: SKUS }, (_, number) => ({ sku: skuOf(number), quantity: ON_ITS_WAY, expected_on }));
  const { status } = await merchant.ask("POST", "/v1/purchase-orders", { id: "PO", lines });
  if (status !== 201) throw Error(`the purchase order was answered with ${status}`);
  merchant.close();
  await first.stop();

  let unsound = 0;
  const began = performance.now();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const server = await serve(store.db);
    const known = new Set(shop.orders.keys());
    const all = Promise.all(clients.map((each) => each.run(server.origin, store.secret)));
    await sleep(KILL_AFTER_MS_MIN + roll(KILL_AFTER_MS_MAX - KILL_AFTER_MS_MIN));
    await server.kill();
    await all;
    // Those that were acknowledged since the kill before.
    const next = await serve(store.db);
    const pending = new Set(clients.map(({ pending }) => pending?.order));
    await lookUp(shop, next.origin, store.secret, [...shop.orders.keys()].filter((id) => !known.has(id) && !pending.has(id)));
    await next.kill();
    if (kill % CHECK_EVERY === 0) unsound += faults(store.db);
    if (shop.wrong.length > SHOWN_MAX) break;
  }
  const last = await serve(store.db);
  const resolved = clients.map(async (each) => each.resolve((await client(last.origin, store.secret)).ask));
  for (const { reason } of await Promise.allSettled(resolved)) shop.hold(!reason, reason?.message);
  await lookUp(shop, last.origin, store.secret, shop.orders.keys());
  const { ask, close } = await client(last.origin, store.secret);
  for (const [sku, units] of shop.on_hand) {
    const { body } = await ask("GET", `/v1/stock/main/${sku}`);
    shop.hold(body.on_hand === units, `${sku}: ${body.on_hand} on hand, ${units} by what was acknowledged`);
  }
  close();
  await last.stop();
  unsound += faults(store.db);
  shop.wrong.slice(0, SHOWN_MAX).forEach(note);
  const { there, absent } = shop.unanswered;
  must(`${engine}: kill -9 under ${CLIENTS} clients, ${KILLS} times`, `${shop.wrong.length} of ${shop.acknowledged} acknowledged requests lost, done in part or done twice`, "none", shop.wrong.length === 0 && shop.acknowledged > KILLS);
  must(`${engine}: faults that \`ships-by check\` finds`, `${unsound}`, "0", unsound === 0);
  note(`${shop.orders.size} orders; of what was not answered ${there} were there wholly and ${absent} not at all; ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

if (ENGINES.includes("SQLite")) await crashes("SQLite", "crashes");
if (ENGINES.includes("PostgreSQL")) await crashes("PostgreSQL", postgresDatabase("crashes"));
