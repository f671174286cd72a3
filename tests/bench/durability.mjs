// What an acknowledged write survives: a server that is killed, 200 times, and a power cut, 500 times.

import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { BENCH, SHIPS_BY, bar, dice, newShop, note, scratch, serve, skuOf, sleep, stockFile } from "./lib.mjs";

const SKUS = 1_000;
const WRITERS = 32;
const KILLS = Number(process.env.SHIPSBY_KILLS ?? 200);
const KILL_AFTER_MS = 250;
const CUTS = Number(process.env.SHIPSBY_CUTS ?? 500);
const RECORDED_MS = 3_000;
const SECTOR = 4_096;
/** After one kill of so many `ships-by check` looks as well. */
const CHECK_EVERY = 10;

const now_ns = () => process.hrtime.bigint();

/** Writes from 32 clients until told to stop. Keeps what was acknowledged, and when. */
function writers(server, secret, run) {
  const acknowledged = [];
  let running = true;
  const writer = async (number) => {
    for (let count = 0; running; count += 1) {
      const body = { reason: "bench", lines: [{ sku: skuOf((number * 31 + count) % SKUS), change: 1 }] };
      const sent = fetch(`${server.origin}/v1/stock/adjustments`, {
        method: "POST",
        headers: { authorization: `Bearer ${secret}`, "content-type": "application/json", "idempotency-key": `${run}-${number}-${count}` },
        body: JSON.stringify(body),
      });
      const answer = await sent.then((response) => (response.ok ? response.json() : Promise.reject(Error(response.status)))).catch(() => undefined);
      if (!answer) return;
      acknowledged.push({ revision: answer.revision, sku: body.lines[0].sku, at_ns: now_ns() });
    }
  };
  const all = Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)));
  return { acknowledged, stop: () => ((running = false), all) };
}

const sqlite = (db, sql) => execFileSync("sqlite3", [db, sql], { encoding: "utf8" }).trim();
const isSound = (db) => spawnSync(SHIPS_BY, ["check", "--db", db]).status === 0;

/** The server is killed in the middle of writes, again and again; then each acknowledged write is looked for. */
async function kills() {
  const shop = newShop("kills", await stockFile(SKUS));
  const units = new Map();
  let [lost, all, unsound] = [0, 0, 0];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const server = await serve(shop.db);
    const load = writers(server, shop.secret, `kill-${kill}`);
    await sleep(KILL_AFTER_MS);
    await server.kill();
    await load.stop();
    const known = new Set(sqlite(shop.db, "SELECT revision FROM act WHERE act = 'adjust_stock'").split("\n").map(Number));
    for (const { revision, sku } of load.acknowledged) {
      all += 1;
      if (!known.has(revision)) lost += 1;
      units.set(sku, (units.get(sku) ?? 0) + 1);
    }
    if (kill % CHECK_EVERY === 0 && !isSound(shop.db)) unsound += 1;
  }
  if (!isSound(shop.db)) unsound += 1;
  bar(`kill -9 under ${WRITERS} writers, ${KILLS} times`, `${lost} of ${all} acknowledged writes lost, ${unsound} checks found faults`, "none lost", lost === 0 && unsound === 0 && all > KILLS);
}

/** What was written to which file and made durable when. */
function* recorded(log) {
  const bytes = readFileSync(log);
  for (let at = 0; at < bytes.length; ) {
    const field = (number) => Number(bytes.readBigUInt64LE(at + number * 8));
    const at_ns = bytes.readBigUInt64LE(at + 8);
    const [kind, offset, length, named] = [field(0), field(2), field(3), field(4)];
    const name = bytes.toString("utf8", at + 48, at + 48 + named);
    const begins = at + 48 + named;
    const isWrite = kind === 1;
    yield { kind, at_ns, offset, length, name, data: isWrite ? bytes.subarray(begins, begins + length) : undefined };
    at = begins + (isWrite ? length : 0);
  }
}

class Image {
  constructor(bytes) {
    this.room = Buffer.from(bytes);
    this.length = bytes.length;
  }
  get bytes() {
    return this.room.subarray(0, this.length);
  }
  resize(length) {
    if (this.room.length < length) {
      const room = Buffer.alloc(2 * length);
      this.room.copy(room, 0, 0, this.length);
      this.room = room;
    }
    if (length < this.length) this.room.fill(0, length, this.length);
    this.length = length;
  }
  apply({ kind, offset, length, data }, keeps = () => true) {
    if (kind === 3) return this.resize(offset);
    if (this.length < offset + length) this.resize(offset + length);
    // A write that was under way is torn where sectors meet.
    for (let at = 0; at < length; ) {
      const end = Math.min(length, at + SECTOR - ((offset + at) % SECTOR));
      if (keeps()) data.copy(this.room, offset + at, at, end);
      at = end;
    }
  }
}

/** What a disk holds after a power cut: all that was synced, and of the rest whatever happened to get there. */
function cut(before, records, cut_ns, roll, honours) {
  const images = new Map([...before].map(([name, bytes]) => [name, new Image(bytes)]));
  const pending = new Map();
  for (const [number, record] of records.entries()) {
    if (cut_ns < record.at_ns) break;
    const waiting = pending.get(record.name) ?? pending.set(record.name, []).get(record.name);
    if (record.kind !== 2) waiting.push(record);
    else if (honours(record, records[number + 1])) for (const write of waiting.splice(0)) imageOf(images, record.name).apply(write);
  }
  // Writes that nobody waited for get there in any order, wholly, in part or not at all.
  for (const [name, waiting] of pending) {
    const gone = roll(3);
    for (const write of waiting) imageOf(images, name).apply(write, () => (gone === 0 ? false : gone === 1 ? roll(2) === 0 : true));
  }
  return images;
}

const imageOf = (images, name) => images.get(name) ?? images.set(name, new Image(Buffer.alloc(0))).get(name);

async function powerCuts() {
  const shim = join(scratch, "record.so");
  execFileSync("cc", ["-shared", "-fPIC", "-O2", "-o", shim, join(BENCH, "powercut/record.c"), "-ldl", "-lpthread"]);
  const shop = newShop("powercut", await stockFile(SKUS));
  sqlite(shop.db, "PRAGMA wal_checkpoint(TRUNCATE)");
  const log = join(scratch, "writes.log");
  const before = new Map([[shop.db, readFileSync(shop.db)]]);
  const server = await serve(shop.db, { env: { LD_PRELOAD: shim, RECORD_LOG: log, RECORD_MATCH: "powercut.sqlite" } });
  const began = now_ns();
  const load = writers(server, shop.secret, "cut");
  await sleep(RECORDED_MS);
  await load.stop();
  const ended = now_ns();
  await server.kill();

  const files = new Set([shop.db, `${shop.db}-wal`]);
  const records = [...recorded(log)].filter(({ name }) => files.has(name));
  const syncs = records.filter(({ kind }) => kind === 2).length;
  note(`${records.length} writes and syncs recorded (${syncs} syncs), ${load.acknowledged.length} writes acknowledged`);
  const image = join(scratch, "image");

  /** Cuts the power so many times, and counts images that lost an acknowledged write or are broken. */
  const cuts = (honours) => {
    const roll = dice(11);
    let [losing, broken] = [0, 0];
    for (let number = 0; number < CUTS; number += 1) {
      const cut_ns = began + (BigInt(roll(1_000_000)) * (ended - began)) / 1_000_000n;
      rmSync(image, { recursive: true, force: true });
      mkdirSync(image);
      for (const [name, { bytes }] of cut(before, records, cut_ns, roll, honours)) writeFileSync(join(image, name.slice(scratch.length + 1)), bytes);
      const db = join(image, "powercut.sqlite");
      const told = load.acknowledged.filter(({ at_ns }) => at_ns <= cut_ns).reduce((most, { revision }) => Math.max(most, revision), 0);
      let found;
      try {
        found = Number(sqlite(db, "SELECT revision FROM store"));
      } catch {
        found = NaN;
      }
      // Whether it is whole only our own SQLite can say: the tables call functions that Debian's does not know.
      if (Number.isNaN(found) || !isSound(db)) broken += 1;
      else if (found < told) losing += 1;
    }
    return { losing, broken };
  };
  const ours = cuts(() => true);
  bar(`power cut, ${CUTS} images`, `${ours.losing} lost an acknowledged write, ${ours.broken} broken`, "none", ours.losing + ours.broken === 0 && load.acknowledged.length > CUTS);
  // What synchronous=NORMAL leaves out are the syncs of the write-ahead log, but for those before it is folded into the file.
  const control = cuts(({ name }, next) => !name.endsWith("-wal") || next?.name === shop.db);
  bar("the same without the syncs that synchronous=NORMAL leaves out", `${control.losing} of ${CUTS} images lost an acknowledged write, ${control.broken} broken`, "some must", control.losing > 0);
}

await kills();
await powerCuts();
