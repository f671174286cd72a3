// What an acknowledged order, ship, receipt or cancel survives, and what follows from it outside: a server that is killed in the
// middle, 300 times on each database.
//
// Whoever was not answered looks whether the order is there, wholly or not at all, and sends the request again with its
// Idempotency-Key: in the end everything has happened once. Parcels are paid at a bank and customers are written to; both outlive the
// server, and both are asked to the end: each parcel that left is paid once and to the cent, each letter came under one Message-ID.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { ENGINES, dice, faults, must, newShop, note, postgresDatabase, scratch, serve, skuOf, sleep, stockFile } from "./lib.mjs";
import { Units } from "./ledger.mjs";
import { Bank, MailServer } from "./outside.mjs";
import { client } from "./sockets.mjs";

const SKUS = 500;
const UNITS = 100_000;
const CLIENTS = 16;
const KILLS = Number(process.env.SHIPSBY_KILLS ?? 300);
const KILL_AFTER_MS_MIN = 20;
const KILL_AFTER_MS_MAX = Number(process.env.SHIPSBY_KILL_AFTER_MS_MAX ?? 800);
/** After one kill of so many `ships-by check` looks as well. */
const CHECK_EVERY = 25;
const LINES_MAX = 3;
const UNITS_OF_LINE_MAX = 3;
const ON_ITS_WAY = 100_000_000;
const DAY_MS = 86_400_000;
const SHOWN_MAX = 10;
/** Of a hundred orders so many have goods that come later, and leave in two parcels. */
const LATER_PERCENT = 30;
/** Of a hundred orders so many are paid elsewhere, and have no prices. */
const UNPAID_PERCENT = 10;
const SHIPPING = 495;
/** For how long errands are waited for after the last start: those of a server that was killed are another's after 90 s. */
const ERRANDS_MS_MAX = 600_000;
const LOOK_EVERY_MS = 2_000;

/** Goods that are not on the shelf, one SKU for each client: nobody else moves what waits for it. */
const laterOf = (number) => `later-${String(number).padStart(2, "0")}`;
/** What a unit costs, in cents. */
const priceOf = (sku) => 199 + 37 * (Number(sku.split("-")[1]) % 50);
const dollars = (amount) => ({ amount, currency: "USD" });
const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

/** What letters are called in English. */
const SUBJECTS = { confirmed: /^Your order \S+ at /, shipped: / is on its way$/, cancelled: /: cancelled$/, dates: /: (sooner than we told you|a new date)$/ };

class Shop {
  static async open(db, roll) {
    const shop = new Shop(roll);
    shop.store = newShop(db, await stockFile(SKUS, UNITS));
    [shop.bank, shop.mail] = [await Bank.open(7), await MailServer.open(9)];
    return shop;
  }

  constructor(roll) {
    this.roll = roll;
    this.on_hand = Units.of(Array.from({ length: SKUS }, (_, number) => [skuOf(number), UNITS]));
    /** Every order that was acknowledged: what was ordered, and how it has to stand. */
    this.orders = new Map();
    this.acknowledged = 0;
    this.unanswered = { there: 0, absent: 0 };
    this.lives = 0;
    this.wrong = [];
  }

  /** Starts the server. The bank and the mail server are told by its accounts which start it is that asks them. */
  serve() {
    this.lives += 1;
    const accounts = join(scratch, "accounts.json");
    const external = { url: `${this.bank.url}/${this.lives}`, secret: this.bank.secret, private: true };
    const mail = { smtp: this.mail.url, from: "Bench <orders@shop.example>", reply_to: `${this.lives}@shop.example` };
    writeFileSync(accounts, JSON.stringify({ stores: { default: { external, mail } } }));
    return serve(this.store.db, "--accounts", accounts);
  }

  /** Takes it down if something is not as it has to be. */
  hold(isSo, what) {
    if (!isSo) this.wrong.push(what);
  }
}

/** An order as everything that was acknowledged has left it. */
class Ordered {
  constructor({ id, lines, shipping, payment, customer }) {
    this.id = id;
    this.lines = lines.map(({ sku, quantity }) => ({ sku, quantity, shipped: 0, cancelled: 0 }));
    this.reference = payment?.reference;
    this.to = customer.email;
    this.shipping = shipping?.amount ?? 0;
    this.total = sum(lines.map(({ sku, quantity }) => priceOf(sku) * quantity)) + this.shipping;
    /** What has left: the lines of each parcel. */
    this.parcels = new Map();
    this.cancels = 0;
  }

  /** The same after a request. */
  after({ kind, lines, parcel }) {
    const after = Object.assign(Object.create(Ordered.prototype), structuredClone({ ...this }));
    if (kind === "cancel") {
      for (const at of lines) after.lines[at].cancelled += waiting(after.lines[at]);
      after.cancels += 1;
    }
    if (kind === "ship") {
      for (const { line, quantity } of lines) after.lines[line].shipped += quantity;
      after.parcels.set(parcel, lines);
    }
    return after;
  }

  get waits() {
    return this.lines.some(waiting);
  }

  get status() {
    const hasShipped = this.lines.some(({ shipped }) => shipped);
    if (this.waits) return hasShipped ? "part_shipped" : "open";
    return hasShipped ? "shipped" : "cancelled";
  }

  /** Whether the server tells the same: each line with its promises, and what became of it. */
  stands(answer) {
    const isLine = (known, at) => {
      const line = answer.lines[at];
      const waits = line && sum(line.slices.map((slice) => slice.quantity));
      const isSame = line?.sku === known.sku && ["quantity", "shipped", "cancelled"].every((field) => line[field] === known[field]);
      return isSame && waits === waiting(known) && answer.promises.some((promise) => promise.line === at);
    };
    const isTotal = !this.reference || answer.total.amount === this.total;
    return answer.id === this.id && answer.status === this.status && isTotal && answer.lines.length === this.lines.length && this.lines.every(isLine);
  }
}

const waiting = ({ quantity, shipped, cancelled }) => quantity - shipped - cancelled;

/** What an acknowledged request has done. */
const DONE = {
  order(shop, { body }, answer) {
    const ordered = new Ordered(body);
    shop.hold(ordered.stands(answer), `order ${body.id} was answered with ${JSON.stringify(answer)}`);
    shop.orders.set(body.id, ordered);
  },
  cancel(shop, wanted, answer) {
    const after = shop.orders.get(wanted.order).after(wanted);
    shop.hold(after.stands(answer), `of ${wanted.order} lines ${wanted.lines} were cancelled, and it is ${JSON.stringify(answer)}`);
    shop.orders.set(wanted.order, after);
  },
  ship(shop, wanted, answer) {
    const isIt = answer.id === wanted.parcel && answer.status === "shipped" && JSON.stringify(answer.lines) === JSON.stringify(wanted.lines);
    shop.hold(isIt, `${wanted.parcel} was shipped, and is ${JSON.stringify(answer)}`);
    shop.orders.set(wanted.order, shop.orders.get(wanted.order).after(wanted));
    for (const { sku, quantity } of wanted.lines) shop.on_hand.add(sku, -quantity);
  },
  receive(shop, { body }) {
    for (const { sku, quantity } of body.lines) shop.on_hand.add(sku, quantity);
  },
};

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
    if (order && one < 20) return this.cancel(order, key);
    if (order && one < 45) return this.ship(ask, order, key);
    if (one < 50) return receipt(skuOf(roll(SKUS)), 1 + roll(5), key);
    return this.order(key);
  }

  order(key) {
    const { roll, bank } = this.shop;
    const id = `o-${key}`;
    const first = roll(SKUS);
    const skus = Array.from({ length: 1 + roll(LINES_MAX) }, (_, at) => skuOf((first + at) % SKUS));
    if (roll(100) < LATER_PERCENT) skus.push(laterOf(this.number));
    const lines = skus.map((sku) => ({ sku, quantity: 1 + roll(UNITS_OF_LINE_MAX) }));
    const body = { id, lines, plan: roll(3) ? "separate" : "together", customer: { email: `${id}@shopper.example`, lang: "en-US", country: "US" } };
    if (UNPAID_PERCENT <= roll(100)) {
      for (const line of lines) line.unit_price = dollars(priceOf(line.sku));
      if (roll(2)) body.shipping = dollars(SHIPPING);
      body.payment = { provider: "external", reference: `agreed-${key}` };
      bank.agree(body.payment.reference, id, new Ordered(body).total);
    }
    return { kind: "order", key, path: "/v1/orders", body };
  }

  /** All that waits, or one line of it. */
  cancel(order, key) {
    const lines = [...this.shop.orders.get(order).lines.entries()].flatMap(([at, line]) => (waiting(line) ? [at] : []));
    const path = `/v1/orders/${order}/cancel`;
    if (this.shop.roll(2)) return { kind: "cancel", order, lines, key, path, body: {} };
    const line = lines[this.shop.roll(lines.length)];
    return { kind: "cancel", order, lines: [line], key, path, body: { lines: [{ line }] } };
  }

  /** A parcel that can leave; where none can, what it waits for comes. */
  async ship(ask, order, key) {
    const { body } = await this.asked(ask, "GET", `/v1/orders/${order}`);
    const parcel = body.shipments.find(({ status }) => status === "ready");
    if (parcel) return { kind: "ship", order, parcel: parcel.id, lines: parcel.lines, key, path: `/v1/shipments/${parcel.id}/ship`, body: { carrier: "UPS" } };
    const later = this.shop.orders.get(order).lines.find(({ sku }) => sku === laterOf(this.number));
    return receipt(laterOf(this.number), later.quantity, key);
  }

  async send(ask, wanted) {
    this.pending = wanted;
    if (wanted.kind === "ship") this.shop.bank.leaving.add(wanted.parcel);
    const answer = await this.asked(ask, "POST", wanted.path, wanted.body, wanted.key);
    this.pending = undefined;
    this.last = { wanted, text: JSON.stringify(answer.body) };
    this.shop.acknowledged += 1;
    DONE[wanted.kind](this.shop, wanted, answer.body);
    if (wanted.kind === "order") this.open.push(wanted.body.id);
    if (wanted.order && !this.shop.orders.get(wanted.order).waits) this.open.splice(this.open.indexOf(wanted.order), 1);
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
    const id = pending.order ?? pending.body.id;
    const found = id && (await this.asked(ask, "GET", `/v1/orders/${id}`)).body;
    const before = shop.orders.get(id);
    const isThere = Boolean(id && found && (before ? before.after(pending) : new Ordered(pending.body)).stands(found));
    if (id) {
      shop.hold(found || !before, `order ${id} was acknowledged and is not there`);
      shop.hold(!found || isThere || before?.stands(found), `${pending.kind} of ${id} is there in part: ${JSON.stringify(found)}`);
      shop.unanswered[isThere ? "there" : "absent"] += 1;
    }
    const answer = await this.send(ask, pending);
    // What follows outside moves its revision on, and what is done again does too.
    if (isThere && pending.kind !== "ship") shop.hold(answer.revision <= found.revision, `${pending.key} was done twice: ${found.revision}, ${answer.revision}`);
  }

  async asked(ask, method, path, body, key) {
    const answer = await ask(method, path, body, key);
    if (answer.status < 300 || (method === "GET" && answer.status === 404)) return { ...answer, body: answer.status === 404 ? undefined : answer.body };
    throw Object.assign(Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`), { wrong: true });
  }
}

const receipt = (sku, quantity, key) => ({ kind: "receive", key, path: "/v1/purchase-orders/PO/receipts", body: { receipt: key, lines: [{ sku, quantity }] } });

/** Asks one thing after the other over several connections; `each` gets the first of the list, then the next. */
async function eachOf(list, origin, secret, each) {
  const rest = [...list];
  const one = async () => {
    const { ask, close } = await client(origin, secret);
    while (rest.length) await each(ask, rest.pop());
    close();
  };
  await Promise.all(Array.from({ length: CLIENTS }, one));
}

/** Looks up orders that were acknowledged. */
function lookUp(shop, origin, ids) {
  return eachOf(ids, origin, shop.store.secret, async (ask, id) => {
    const { status, body } = await ask("GET", `/v1/orders/${id}`);
    const known = shop.orders.get(id);
    shop.hold(status === 200 && known.stands(body), `order ${id} was acknowledged and ${known.status}, and now: ${status} ${JSON.stringify(body)}`);
  });
}

/** Waits until nothing is left to be done outside. Returns how each order stands then, and those of which something was still to be done. */
async function settled(shop, origin) {
  const until = performance.now() + ERRANDS_MS_MAX;
  const ended = new Map();
  let open = [...shop.orders.keys()];
  for (;;) {
    await eachOf(open, origin, shop.store.secret, async (ask, id) => {
      const [known, { body: order }, { body: evidence }] = [shop.orders.get(id), await ask("GET", `/v1/orders/${id}`), await ask("GET", `/v1/orders/${id}/evidence`)];
      const details = (what) => evidence.items.flatMap((item) => (item.what === what ? [item.detail] : []));
      const letters = details("mail_ended");
      const isPaid = !known.reference || order.payment.charges.every(({ status }) => status === "captured");
      const isClosed = !known.reference || known.waits || (order.payment.status === "released" && isOver(shop.bank.agreements.get(known.reference)));
      if (isPaid && isClosed && letters.length === details("mail_written").length) ended.set(id, { order, letters });
    });
    open = open.filter((id) => !ended.has(id));
    if (open.length === 0 || until < performance.now()) return { ended, open };
    await sleep(LOOK_EVERY_MS);
  }
}

const taken = ({ captures }) => sum(captures.map(({ amount }) => amount));
/** Whether nothing more is to be asked: what was not taken was let go. */
const isOver = (agreed) => agreed.amount <= taken(agreed) || 0 < agreed.releases;
/** Whether all that was agreed to was taken or let go, and none of it twice. */
const isEven = (agreed) => taken(agreed) + agreed.released === agreed.amount;

/** What is wrong with the money of an order. */
function moneyOf(known, agreed, { payment }) {
  const wrong = [];
  const hold = (isSo, what) => isSo || wrong.push(`${known.id}: ${what}`);
  for (const [parcel, lines] of known.parcels) {
    const found = agreed.captures.filter(({ shipment }) => shipment === parcel);
    hold(found.length === 1, `${parcel} left, and was captured ${found.length} times`);
    const goods = sum(lines.map(({ sku, quantity }) => priceOf(sku) * quantity));
    const charge = payment.charges.find(({ shipment }) => shipment === parcel)?.captured.amount;
    for (const { amount } of found) {
      hold(goods <= amount && amount <= goods + known.shipping && amount === charge, `${parcel} holds goods of ${goods}, ${amount} were captured, and the server says ${charge}`);
    }
  }
  for (const { shipment } of agreed.captures) hold(known.parcels.has(shipment), `${shipment} was captured and never left`);
  hold(taken(agreed) <= agreed.amount, `${taken(agreed)} were captured of ${agreed.amount}`);
  hold(known.waits || known.cancels || taken(agreed) === agreed.amount, `all of it left, and ${taken(agreed)} were captured of ${agreed.amount}`);
  hold(known.waits || isEven(agreed), `of ${agreed.amount} ${taken(agreed)} were captured and ${agreed.released} let go`);
  hold(!known.waits || agreed.releases === 0, `it was let go while something waits`);
  hold(payment.captured.amount === taken(agreed), `${taken(agreed)} were captured, and the server says ${payment.captured.amount}`);
  return wrong;
}

/** What is wrong with the letters of an order. */
function lettersOf(known, box, letters) {
  const wrong = [];
  const subjects = [...box.values()];
  const came = (kind) => subjects.filter((subject) => SUBJECTS[kind].test(subject)).length;
  const expect = (kind, count) => came(kind) === count || wrong.push(`${known.id}: ${came(kind)} letters \`${kind}\` came, and ${count} should have: ${JSON.stringify([...box])}`);
  expect("confirmed", 1);
  expect("shipped", known.parcels.size);
  expect("cancelled", known.cancels);
  // What went wrong before it was done stands after it.
  const done = letters.filter((letter) => /^mail \S+ done(:|$)/.test(letter)).length;
  const dropped = letters.filter((letter) => /^mail delayed\S+ dropped(:|$)/.test(letter)).length;
  if (done + dropped !== letters.length) wrong.push(`${known.id}: letters were not sent: ${letters.join("; ")}`);
  // One that tells what is past by now may have been sent before the server was killed.
  if (box.size < done || done + dropped < box.size) wrong.push(`${known.id}: ${box.size} letters came, and the server sent ${done}: ${JSON.stringify([...box])}`);
  return wrong;
}

async function crashes(engine, db) {
  const roll = dice(5);
  const shop = await Shop.open(db, roll);
  const { store, bank, mail } = shop;
  const clients = Array.from({ length: CLIENTS }, (_, number) => new Client(shop, number));
  const first = await shop.serve();
  const merchant = await client(first.origin, store.secret);
  const expected_on = new Date(Date.now() + 14 * DAY_MS).toISOString().slice(0, 10);
  const later = clients.map(({ number }) => laterOf(number));
  for (const sku of later) {
    const { status } = await merchant.ask("PUT", `/v1/skus/${sku}`, { backorder: { policy: "allow" } });
    if (300 <= status) throw Error(`the SKU ${sku} was answered with ${status}`);
  }
  const skus = [...Array.from({ length: SKUS }, (_, number) => skuOf(number)), ...later];
  const lines = skus.map((sku) => ({ sku, quantity: ON_ITS_WAY, expected_on }));
  const { status } = await merchant.ask("POST", "/v1/purchase-orders", { id: "PO", lines });
  if (status !== 201) throw Error(`the purchase order was answered with ${status}`);
  merchant.close();
  await first.stop();

  let unsound = 0;
  const began = performance.now();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const server = await shop.serve();
    const known = new Set(shop.orders.keys());
    const all = Promise.all(clients.map((each) => each.run(server.origin, store.secret)));
    await sleep(KILL_AFTER_MS_MIN + roll(KILL_AFTER_MS_MAX - KILL_AFTER_MS_MIN));
    await server.kill();
    await all;
    // Those that were acknowledged since the kill before.
    const next = await shop.serve();
    const pending = new Set(clients.map(({ pending }) => pending?.order));
    await lookUp(shop, next.origin, [...shop.orders.keys()].filter((id) => !known.has(id) && !pending.has(id)));
    await next.kill();
    if (kill % CHECK_EVERY === 0) unsound += faults(store.db);
    if (shop.wrong.length > SHOWN_MAX) break;
  }
  const killed_s = (performance.now() - began) / 1000;
  const last = await shop.serve();
  const resolved = clients.map(async (each) => each.resolve((await client(last.origin, store.secret)).ask));
  for (const { reason } of await Promise.allSettled(resolved)) shop.hold(!reason, reason?.message);
  const { ended, open } = await settled(shop, last.origin);
  await lookUp(shop, last.origin, shop.orders.keys());
  const { ask, close } = await client(last.origin, store.secret);
  for (const [sku, units] of shop.on_hand) {
    const { body } = await ask("GET", `/v1/stock/main/${sku}`);
    shop.hold(body.on_hand === units, `${sku}: ${body.on_hand} on hand, ${units} by what was acknowledged`);
  }
  close();
  await last.stop();
  unsound += faults(store.db);
  [bank, mail].forEach((each) => each.close());

  const paid = [...shop.orders.values()].filter(({ reference }) => reference);
  const parcels = sum(paid.map((known) => known.parcels.size));
  const money = [...bank.wrong, ...paid.flatMap((known) => (ended.has(known.id) ? moneyOf(known, bank.agreements.get(known.reference), ended.get(known.id).order) : []))];
  // Nobody was told that it was ordered.
  for (const { order, captures } of bank.agreements.values()) if (captures.length && !shop.orders.has(order)) money.push(`${order} was captured and never ordered`);
  const letters = [...mail.wrong, ...[...shop.orders.values()].flatMap((known) => (ended.has(known.id) ? lettersOf(known, mail.boxes.get(known.to) ?? new Map(), ended.get(known.id).letters) : []))];
  const idle = paid.filter((known) => ((agreed) => agreed.releases && taken(agreed) === agreed.amount)(bank.agreements.get(known.reference))).length;
  const needless = [...bank.heard.needless, ...mail.heard.needless];
  for (const [what, list] of Object.entries({ requests: shop.wrong, money, letters, needless, "still to be done": open })) {
    list.slice(0, SHOWN_MAX).forEach((one) => note(`${what}: ${one}`));
  }
  const { there, absent } = shop.unanswered;
  must(`${engine}: kill -9 under ${CLIENTS} clients, ${KILLS} times`, `${shop.wrong.length} of ${shop.acknowledged} acknowledged requests lost, done in part or done twice`, "none", shop.wrong.length === 0 && shop.acknowledged > KILLS);
  must(`${engine}: orders of which something is still to be done outside`, `${open.length} of ${shop.orders.size}`, "0", open.length === 0);
  must(`${engine}: parcels paid once, to the cent, and only what left`, `${money.length} wrong of ${parcels} parcels`, "0", money.length === 0 && 0 < parcels);
  must(`${engine}: letters under one Message-ID each`, `${letters.length} wrong of ${mail.heard.names.size} letters`, "0", letters.length === 0 && 0 < mail.heard.names.size);
  must(`${engine}: asked or sent again by a server that was not killed and had its answer`, `${needless.length}`, "0", needless.length === 0);
  must(`${engine}: faults that \`ships-by check\` finds`, `${unsound}`, "0", unsound === 0);
  note(`${shop.orders.size} orders; of what was not answered ${there} were there wholly and ${absent} not at all`);
  note(`the bank was asked under ${bank.heard.told}`);
  note(`letters came under ${mail.heard.told}`);
  // Harmless, and needless: the bank may name what it took, and what has a name of its own is not counted as taken of the order's.
  note(`the bank was asked to let go of ${idle} orders of which nothing was left`);
  note(`${killed_s.toFixed(0)} s of kills, ${((performance.now() - began) / 1000).toFixed(0)} s in all`);
}

if (ENGINES.includes("SQLite")) await crashes("SQLite", "crashes");
if (ENGINES.includes("PostgreSQL")) await crashes("PostgreSQL", postgresDatabase("crashes"));
