// Orders and holds of hot and cold SKUs while others cancel, ship, receive and count: is more promised than there is?
//
// Every answer is written down. In the end all is played again in the order of the commits: at no moment may an order or a
// hold have been promised units beyond what was on hand and the SKU's limit for backorders.

import { ENGINES, bar, deadlocks, dice, faults, must, newShop, note, postgresDatabase, serve, skuOf, stockFile } from "./lib.mjs";
import { Ledger, Units } from "./ledger.mjs";
import { client } from "./sockets.mjs";

const ATTEMPTS = Number(process.env.SHIPSBY_ATTEMPTS ?? 20_000);
const CLIENTS = 32;
const HOT = 4;
const PLAIN = 44;
const HOT_PERCENT = 60;
const UNITS_HOT = 200;
const UNITS_COLD = 30;
const LIMIT_HOT = 20;
const LIMIT_COLD = 5;
const HOLD_S = 1;
const LINES_MAX = 4;
const UNITS_OF_LINE_MAX = 3;
/** Open orders of a client above which it rather ends some than takes more. */
const OPEN_MAX = 12;
const ON_ITS_WAY = 100_000_000;
const DAY_MS = 86_400_000;
/** Orders that are looked up in the end. */
const LOOKED_UP_MAX = 5_000;
const SHOWN_MAX = 10;

const plain = Array.from({ length: PLAIN }, (_, number) => skuOf(number));
// Every second one may be sold beyond what is on the shelf.
const limits = new Map(plain.map((sku, number) => [sku, number % 2 === 0 ? 0 : number < HOT ? LIMIT_HOT : LIMIT_COLD]));
// A part of a kit waits on the shelf for the others.
const kits = new Map([
  ["kit-hot", [[skuOf(0), 2], [skuOf(1), 1]]],
  ["kit-both", [[skuOf(2), 2], [skuOf(5), 1]]],
  ["kit-cold", [[skuOf(7), 1], [skuOf(8), 3], [skuOf(9), 3]]],
]);

/** What units of a SKU take from the shelf. */
const takes = (sku, quantity) => (kits.get(sku) ?? [[sku, 1]]).map(([part, each]) => [part, each * quantity]);
const takesOfAll = (lines) => Units.of(lines.flatMap(({ sku, quantity }) => takes(sku, quantity)));

const planOf = (roll) => (roll(2) ? "together" : "separate");

class Shop {
  constructor(seed) {
    this.roll = dice(seed);
    this.ledger = new Ledger(plain.map((sku, number) => [sku, number < HOT ? UNITS_HOT : UNITS_COLD]), limits);
    /** What each order should be: its lines as they were last told. */
    this.orders = new Map();
    this.answers = new Map();
    this.attempts = 0;
    this.receipts = 0;
    this.strange = [];
  }

  /** Notes how a request was answered. True if it was done; a refusal that others' luck explains is none. */
  noted(what, { status, body }) {
    const name = `${what} ${status}${body?.code ? ` ${body.code}` : ""}`;
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
    const isDone = 200 <= status && status < 300;
    if (!isDone && status !== 409) this.strange.push(`${name}: ${body?.detail}`);
    return isDone;
  }

  sku() {
    const one = this.roll(100);
    if (one < 12) return [...kits.keys()][this.roll(kits.size)];
    return this.roll(100) < HOT_PERCENT ? plain[this.roll(HOT)] : plain[HOT + this.roll(PLAIN - HOT)];
  }

  /** Lines of a cart; some name a SKU twice. */
  cart() {
    const lines = Array.from({ length: 1 + this.roll(LINES_MAX) }, () => ({ sku: this.sku(), quantity: 1 + this.roll(UNITS_OF_LINE_MAX) }));
    if (this.roll(3) === 0) lines.push({ sku: lines[this.roll(lines.length)].sku, quantity: 1 });
    return lines;
  }
}

/** One of those who do all of it at once. */
class Client {
  constructor(shop, { ask }) {
    this.shop = shop;
    this.ask = ask;
    this.open = [];
    this.hold = undefined;
  }

  async run() {
    const { shop } = this;
    while (shop.attempts < ATTEMPTS) {
      const one = shop.roll(100);
      if (OPEN_MAX < this.open.length) await (one < 50 ? this.ship() : this.cancel());
      else if (one < 60) await this.order();
      else if (one < 72) await this.reserve();
      else if (one < 80) await this.cancel();
      else if (one < 89) await this.ship();
      else if (one < 94) await this.receive();
      else if (one < 97) await this.count();
      else await this.adjust();
    }
  }

  async order() {
    const { shop } = this;
    shop.attempts += 1;
    const lines = this.hold?.lines ?? shop.cart();
    const reservation = this.hold?.id;
    this.hold = undefined;
    const answer = await this.ask("POST", "/v1/orders", { lines, reservation, plan: planOf(shop.roll) });
    if (!shop.noted("order", answer)) return;
    const { id, revision, placed_at } = answer.body;
    shop.ledger.promise(revision, takesOfAll(lines), Date.parse(placed_at), { frees: reservation });
    this.open.push(id);
    shop.orders.set(id, answer.body.lines);
  }

  async reserve() {
    const { shop } = this;
    shop.attempts += 1;
    const lines = shop.cart();
    const answer = await this.ask("POST", "/v1/reservations", { lines, expires_in_s: HOLD_S, plan: planOf(shop.roll) });
    if (!shop.noted("hold", answer)) return;
    const { id, revision, created_at, expires_at } = answer.body;
    shop.ledger.promise(revision, takesOfAll(lines), Date.parse(created_at), { hold: id, expires_at: Date.parse(expires_at) });
    // Some are ordered later on, perhaps after they have ended.
    if (shop.roll(2)) this.hold = { id, lines };
  }

  async cancel() {
    const { shop } = this;
    const id = this.open[shop.roll(this.open.length)];
    if (!id) return;
    const line = shop.orders.get(id).find(({ quantity, shipped, cancelled }) => shipped + cancelled < quantity);
    const some = shop.roll(3) === 0 && line ? { lines: [{ line: line.line, quantity: 1 }] } : {};
    const answer = await this.ask("POST", `/v1/orders/${id}/cancel`, some);
    if (shop.noted("cancel", answer)) this.became(id, answer.body, "cancelled");
  }

  async ship() {
    const { shop } = this;
    const id = this.open[shop.roll(this.open.length)];
    if (!id) return;
    const found = await this.ask("GET", `/v1/orders/${id}`);
    if (!shop.noted("look up", found)) return;
    const ready = found.body.shipments.find(({ status }) => status === "ready");
    if (!ready) return;
    const answer = await this.ask("POST", `/v1/shipments/${ready.id}/ship`, {});
    if (!shop.noted("ship", answer)) return;
    // Nobody else changes this order, so its last change is this one.
    const after = await this.ask("GET", `/v1/orders/${id}`);
    if (shop.noted("look up", after)) this.became(id, after.body, "shipped");
  }

  /** Writes down what ended of an order since it was last told. */
  became(id, body, how) {
    const { shop } = this;
    const before = shop.orders.get(id);
    const ended = body.lines.flatMap((line, at) => takes(line.sku, line[how] - before[at][how]));
    const units = Units.of(ended.filter(([, count]) => count > 0));
    if (units.size > 0) shop.ledger.end(body.revision, units, how === "shipped");
    shop.orders.set(id, body.lines);
    if (body.lines.every(({ quantity, shipped, cancelled }) => shipped + cancelled === quantity)) this.open.splice(this.open.indexOf(id), 1);
  }

  async receive() {
    const { shop } = this;
    const sku = plain[1 + 2 * shop.roll(PLAIN / 2)];
    const quantity = 1 + shop.roll(4);
    const answer = await this.ask("POST", `/v1/purchase-orders/PO-${sku}/receipts`, { receipt: `r-${(shop.receipts += 1)}`, lines: [{ sku, quantity }] });
    if (shop.noted("receive", answer)) shop.ledger.stock(answer.body.purchase_order.revision, sku, quantity);
  }

  async count() {
    const { shop } = this;
    const sku = plain[shop.roll(PLAIN)];
    const found = await this.ask("GET", `/v1/stock/main/${sku}`);
    if (!shop.noted("look up", found)) return;
    const change = shop.roll(7) - 3;
    const quantity = Math.max(0, found.body.on_hand + change);
    const answer = await this.ask("PUT", `/v1/stock/main/${sku}`, { quantity, if_quantity: found.body.on_hand });
    if (shop.noted("count", answer)) shop.ledger.stock(answer.body.revision, sku, quantity - found.body.on_hand);
  }

  async adjust() {
    const { shop } = this;
    const sku = plain[2 * shop.roll(PLAIN / 2)];
    const change = 1 + shop.roll(6);
    const answer = await this.ask("POST", "/v1/stock/adjustments", { reason: "bench", lines: [{ sku, change }] });
    if (shop.noted("adjust", answer)) shop.ledger.stock(answer.body.revision, sku, change);
  }
}

async function stocked(merchant) {
  const done = async (...asked) => {
    const { status, body } = await merchant.ask(...asked);
    if (status < 200 || 300 <= status) throw Error(`${asked[0]} ${asked[1]} was answered with ${status}: ${JSON.stringify(body)}`);
  };
  const expected_on = new Date(Date.now() + 14 * DAY_MS).toISOString().slice(0, 10);
  for (const [number, sku] of plain.entries()) {
    const limit = limits.get(sku);
    await done("PUT", `/v1/skus/${sku}`, limit > 0 ? { backorder: { policy: "allow", limit } } : {});
    await done("PUT", `/v1/stock/main/${sku}`, { quantity: number < HOT ? UNITS_HOT : UNITS_COLD, if_quantity: null });
    if (limit > 0) await done("POST", "/v1/purchase-orders", { id: `PO-${sku}`, lines: [{ sku, quantity: ON_ITS_WAY, expected_on }] });
  }
  for (const [kit, parts] of kits) await done("PUT", `/v1/skus/${kit}`, { backorder: { policy: "allow" }, kit: parts.map(([sku, quantity]) => ({ sku, quantity })) });
}

/** What the server tells in the end that is other than what its answers add up to. */
async function differences(shop, merchant, { on_hand }) {
  const different = [];
  for (const sku of plain) {
    const { body } = await merchant.ask("GET", `/v1/stock/main/${sku}`);
    if (body.on_hand !== on_hand.count(sku)) different.push(`${sku}: ${body.on_hand} on hand, ${on_hand.count(sku)} by the answers`);
  }
  const step = Math.max(1, Math.ceil(shop.orders.size / LOOKED_UP_MAX));
  for (const [id, lines] of [...shop.orders].filter((_, at) => at % step === 0)) {
    const { body } = await merchant.ask("GET", `/v1/orders/${id}`);
    const isSo = lines.every((line, at) => {
      const told = body.lines[at];
      const waiting = told.slices.reduce((sum, { quantity }) => sum + quantity, 0);
      return told.shipped === line.shipped && told.cancelled === line.cancelled && waiting === line.quantity - line.shipped - line.cancelled;
    });
    if (!isSo) different.push(`order ${id}: ${JSON.stringify(body.lines)}, ${JSON.stringify(lines)} by the answers`);
  }
  return different;
}

async function oversold(engine, db) {
  const store = newShop(db, await stockFile(PLAIN));
  const server = await serve(store.db);
  const before = await client(server.origin, store.secret);
  await stocked(before);
  before.close();
  const shop = new Shop(1);
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => client(server.origin, store.secret)));
  const began = performance.now();
  await Promise.all(clients.map((each) => new Client(shop, each).run()));
  const took_s = (performance.now() - began) / 1000;

  const played = shop.ledger.replay();
  played.over.slice(0, SHOWN_MAX).forEach(note);
  must(`${engine}: units oversold in ${shop.attempts} attempts`, `${played.oversold} of ${played.promised} promised`, "0", played.oversold === 0 && played.promised > 0);
  const merchant = await client(server.origin, store.secret);
  const different = await differences(shop, merchant, played);
  different.slice(0, SHOWN_MAX).forEach(note);
  must(`${engine}: counts and orders that are other than the answers add up to`, `${different.length}`, "0", different.length === 0);
  shop.strange.slice(0, SHOWN_MAX).forEach(note);
  bar(`${engine}: answers that nobody's luck explains`, `${shop.strange.length}`, "0", shop.strange.length === 0);
  clients.forEach((each) => each.close());
  merchant.close();
  await server.stop();
  const found = faults(store.db);
  must(`${engine}: faults that \`ships-by check\` finds`, `${found}`, "0", found === 0);
  note(`${Math.round(shop.attempts / took_s)} attempts a second; ${[...shop.answers].sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, times]) => `${times} ${name}`).join(", ")}`);
}

if (ENGINES.includes("SQLite")) await oversold("SQLite", "oversold");
if (ENGINES.includes("PostgreSQL")) {
  await oversold("PostgreSQL", postgresDatabase("oversold"));
  const found = deadlocks("oversold");
  must("PostgreSQL: deadlocks", `${found}`, "0", found === 0);
}
