// PostgreSQL crashes and comes back, and the network to it is cut: how soon the server writes again, and what is left behind.

import { execFile } from "node:child_process";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

import { ROOT, bar, note, postgresShop, serve, skuOf, sleep, stockFile } from "./lib.mjs";

const SKUS = 1_000;
const TIMES = Number(process.env.SHIPSBY_CUTOFFS ?? 20);
const CUT_MS = 3_000;
const CALM_MS = 1_500;
const RECOVERS_BAR_S = 10;
const DELAY_MS = 5_000;
const WRITERS = 8;

const restart = promisify(execFile);
const shop = postgresShop("cutoff", await stockFile(SKUS));

/** Stands between the server and the database. `mode`: open, silent, reset or slow. */
async function proxy(host, port) {
  const gate = { mode: "open", pairs: new Set(), opened: Promise.resolve(), open: () => {} };
  const listener = createServer((near) => {
    if (gate.mode === "reset") return near.resetAndDestroy();
    const far = connect(port, host);
    const pair = { near, far };
    gate.pairs.add(pair);
    // Bytes keep their order, and none is lost: TCP sends again what a network swallowed.
    const pass = (from, to) => {
      let before = Promise.resolve();
      from.on("data", (chunk) => {
        const due = performance.now() + (gate.mode === "slow" ? DELAY_MS : 0);
        const open = gate.opened;
        before = Promise.all([before, open]).then(() => sleep(Math.max(0, due - performance.now()))).then(() => to.writable && to.write(chunk));
      });
      from.on("error", () => {});
      from.on("close", () => (gate.pairs.delete(pair), to.destroy()));
    };
    pass(near, far);
    pass(far, near);
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  gate.port = listener.address().port;
  gate.cut = (mode) => {
    gate.mode = mode;
    gate.open();
    if (mode === "silent") gate.opened = new Promise((resolve) => (gate.open = resolve));
    if (mode === "reset") for (const { near, far } of gate.pairs) near.resetAndDestroy(), far.destroy();
  };
  gate.close = () => (listener.close(), gate.pairs.forEach(({ near, far }) => (near.destroy(), far.destroy())));
  return gate;
}

/** Adjusts stock all the time, each change until it is acknowledged. */
function writers(server, run) {
  const state = { running: true, lastDone: 0, sums: new Map(), repeated: 0 };
  const writer = async (number) => {
    for (let count = 0; state.running; count += 1) {
      const sku = skuOf(number * 100 + (count % 100));
      for (;;) {
        const response = await fetch(`${server.origin}/v1/stock/adjustments`, {
          method: "POST",
          signal: AbortSignal.timeout(15_000),
          headers: { authorization: `Bearer ${shop.secret}`, "content-type": "application/json", "idempotency-key": `${run.replaceAll(" ", "-")}-${number}-${count}` },
          body: JSON.stringify({ reason: "bench", lines: [{ sku, change: 1 }] }),
        }).catch(() => undefined);
        if (response?.ok) break;
        if (response && response.status < 500 && response.status !== 409) throw Error(`${response.status}: ${await response.text()}`);
        state.repeated += 1;
        await sleep(50);
      }
      state.lastDone = performance.now();
      state.sums.set(sku, (state.sums.get(sku) ?? 0) + 1);
    }
  };
  const all = Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)));
  state.stop = () => ((state.running = false), all);
  return state;
}

const ask = (server, path) => fetch(server.origin + path, { headers: { authorization: `Bearer ${shop.secret}` }, signal: AbortSignal.timeout(15_000) });
const onHand = async (server, sku) => (await (await ask(server, `/v1/stock/main/${sku}`)).json()).on_hand;

/** Cuts and mends again and again under load. */
async function trial(name, server, cut, mend) {
  const before = new Map();
  for (let number = 0; number < WRITERS * 100; number += 1) before.set(skuOf(number), await onHand(server, skuOf(number)));
  const load = writers(server, name);
  const waits_s = [];
  for (let time = 0; time < TIMES; time += 1) {
    await sleep(CALM_MS);
    await cut();
    await mend();
    const mended = performance.now();
    while (load.lastDone < mended) await sleep(10);
    waits_s.push((load.lastDone - mended) / 1000);
  }
  await load.stop();
  let wrong = 0;
  for (const [sku, units] of before) if ((await onHand(server, sku)) !== units + (load.sums.get(sku) ?? 0)) wrong += 1;
  const faults = shop.faults();
  const slowest = Math.max(...waits_s);
  bar(`${name}, ${TIMES} times: writes again after`, `at most ${slowest.toFixed(1)} s`, `${RECOVERS_BAR_S} s`, slowest <= RECOVERS_BAR_S);
  const sum = [...load.sums.values()].reduce((all, one) => all + one, 0);
  bar(`${name}: what is left behind`, `${wrong} counts wrong after ${sum} changes, ${faults} faults`, "none", wrong === 0 && faults === 0 && sum > 0);
  note(`${load.repeated} attempts were repeated`);
}

const url = new URL(shop.db);
const direct = await serve(shop.db);
await trial("pg_ctl restart -m immediate", direct, () => restart(join(ROOT, "scripts/postgres.sh"), ["restart"]), () => sleep(0));
await direct.stop();

const gate = await proxy(url.hostname, Number(url.port));
url.port = String(gate.port);
const behind = await serve(url.href);
for (const [mode, name] of [["reset", "connections reset"], ["silent", "network silent"], ["slow", "5 s of delay"]]) {
  await trial(name, behind, async () => (gate.cut(mode), await sleep(CUT_MS)), () => gate.cut("open"));
}
await behind.stop();

// Cut off for good: it says so, answers from memory for its time, then stops answering.
const lonely = await serve(url.href, "--stale", "9");
gate.cut("silent");
const began = performance.now();
const seen = [];
while (performance.now() - began < 14_000) {
  const ready = (await fetch(`${lonely.origin}/readyz`).catch(() => undefined))?.status;
  const answer = await fetch(`${lonely.origin}/v1/availability?sku=${skuOf(1)}&key=${shop.publishable}`);
  seen.push({ s: (performance.now() - began) / 1000, ready, status: answer.status, stale: answer.headers.get("shipsby-stale-s") });
  await sleep(250);
}
const first = (is) => seen.find(is)?.s ?? Infinity;
const [unready, marked, ended] = [first(({ ready }) => ready === 503), first(({ stale }) => stale !== null), first(({ status }) => status === 503)];
bar("cut off: /readyz says so", `after ${unready.toFixed(1)} s`, "7 s", unready <= 7);
bar("cut off: answers are marked as stale", `after ${marked.toFixed(1)} s`, "7 s", marked <= 7);
bar("cut off: with --stale 9 it answers shoppers until", `${ended.toFixed(1)} s`, "9 to 11 s", 8.5 <= ended && ended <= 11);
gate.cut("open");
gate.close();
await lonely.kill();
