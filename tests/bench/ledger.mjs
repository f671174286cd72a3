// What was told to have happened, put into the order of its commits: how much was promised beyond what was there.

/** Units by SKU. */
export class Units extends Map {
  static of(entries) {
    const units = new Units();
    for (const [sku, count] of entries) units.add(sku, count);
    return units;
  }
  add(sku, count) {
    this.set(sku, (this.get(sku) ?? 0) + count);
  }
  count(sku) {
    return this.get(sku) ?? 0;
  }
}

/** How long a hold is remembered after its end: requests are not done in the order of their instants. */
const REMEMBERED_MS = 60_000;

/**
 * Events with the revision of their commit: `stock` moves what is on hand, `end` ends claims of orders and, where it `left`,
 * takes it from the shelf, `promise` claims for an order or, with `expires_at`, for a hold.
 */
export class Ledger {
  constructor(on_hand, limits) {
    this.on_hand = Units.of(on_hand);
    this.limits = limits;
    this.events = [];
  }

  stock(revision, sku, change) {
    this.events.push({ kind: "stock", revision, units: [[sku, change]] });
  }
  end(revision, units, left) {
    this.events.push({ kind: "end", revision, units: [...units], left });
  }
  promise(revision, units, at, { hold, expires_at, frees } = {}) {
    this.events.push({ kind: "promise", revision, units: [...units], at, hold, expires_at, frees });
  }

  /** Plays everything in the order of the commits. Returns the units that were promised beyond stock and limit, and what there is in the end. */
  replay() {
    const [on_hand, ordered, holds] = [Units.of(this.on_hand), new Units(), new Map()];
    const over = [];
    let [oversold, promised] = [0, 0];
    this.events.sort((one, other) => one.revision - other.revision);
    for (const event of this.events) {
      if (event.kind === "stock") for (const [sku, change] of event.units) on_hand.add(sku, change);
      if (event.kind === "end") {
        for (const [sku, count] of event.units) {
          ordered.add(sku, -count);
          if (event.left) on_hand.add(sku, -count);
        }
      }
      if (event.kind !== "promise") continue;
      if (event.frees) holds.delete(event.frees);
      const held = new Units();
      for (const [id, hold] of holds) {
        if (hold.expires_at + REMEMBERED_MS < event.at) holds.delete(id);
        else if (event.at < hold.expires_at) for (const [sku, count] of hold.units) held.add(sku, count);
      }
      for (const [sku, count] of event.units) {
        promised += count;
        const beyond = ordered.count(sku) + held.count(sku) + count - on_hand.count(sku) - (this.limits.get(sku) ?? 0);
        if (beyond <= 0) continue;
        oversold += Math.min(beyond, count);
        over.push(`${sku} at revision ${event.revision}: ${Math.min(beyond, count)} of ${count} units beyond ${on_hand.count(sku)} on hand and ${this.limits.get(sku) ?? 0}`);
      }
      if (event.expires_at) holds.set(event.hold, { units: event.units, expires_at: event.expires_at });
      else for (const [sku, count] of event.units) ordered.add(sku, count);
    }
    return { oversold, over, promised, on_hand, ordered };
  }
}
