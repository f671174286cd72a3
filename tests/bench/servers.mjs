// Several servers on one PostgreSQL: how soon a change on one is told by another, and what crashes do.

import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { NGINX_USER, bar, dice, freePort, median, merchant, note, percentile, postgresShop, scratch, serve, skuOf, stockFile } from "./lib.mjs";

const SKUS = 1_000;
const CHANGES_PER_S = 500;
const CHANGES_S = 20;
const FOLLOWS_BAR_MS = 300;
const SERVERS = 3;
const KILL_EVERY_MS = 2_000;
const KILLING_S = Number(process.env.SHIPSBY_KILLING_S ?? 120);
const WRITERS = 8;
const WATCHERS = 6;
const CHANGES_OF_SERVERS = 10;
const PLACES = 4;

const shop = postgresShop("servers", await stockFile(SKUS));

/** Reads a stream until it ends, and hands each event over. */
async function follow(origin, skus, told, signal) {
  const query = skus.map((sku) => `sku=${sku}`).join("&");
  const response = await fetch(`${origin}/v1/stream?${query}&key=${shop.publishable}`, { signal });
  if (!response.ok) throw Error(`the stream was answered with ${response.status}`);
  let rest = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
      const data = field("data");
      if (data) told({ event: field("event"), id: field("id"), ...JSON.parse(data) }, performance.now());
    }
  }
}

const adjust = async (origin, sku, change, key = crypto.randomUUID(), signal = AbortSignal.timeout(10_000)) => {
  const response = await fetch(`${origin}/v1/stock/adjustments`, {
    method: "POST",
    signal,
    headers: { authorization: `Bearer ${shop.secret}`, "content-type": "application/json", "idempotency-key": key },
    body: JSON.stringify({ reason: "bench", lines: [{ sku, change }] }),
  });
  const answer = await response.json();
  if (!response.ok) throw Error(`${response.status}: ${JSON.stringify(answer)}`);
  return answer;
};

/** The time from sending a change to A until B tells it, with 500 changes a second on A. */
async function changesFromAToB() {
  const [a, b] = [await serve(shop.db), await serve(shop.db)];
  const watched = skuOf(1);
  const told = new Map();
  const ending = new AbortController();
  const following = follow(b.origin, [watched], (event, at) => event.revision && told.set(event.revision, at), ending.signal).catch(() => {});
  await sleep(500);
  const sent = new Map();
  const roll = dice();
  let failed = 0;
  const pending = [];
  const began = performance.now();
  for (let number = 0; number < CHANGES_PER_S * CHANGES_S; number += 1) {
    const due = began + (number * 1000) / CHANGES_PER_S;
    while (performance.now() < due) await sleep(1);
    // One of ten is of the SKU that is watched.
    const isWatched = number % 10 === 0;
    const sku = isWatched ? watched : skuOf(2 + roll(SKUS - 2));
    const at = performance.now();
    pending.push(adjust(a.origin, sku, isWatched ? (number % 20 ? 1 : -1) : 1).then(
      ({ revision }) => isWatched && sent.set(revision, at),
      () => (failed += 1),
    ));
  }
  await Promise.all(pending);
  const took_s = (performance.now() - began) / 1000;
  await sleep(1_500);
  ending.abort();
  await following;
  // A message carries the whole answer, so one that is newer tells what is older too.
  const revisions = [...told.keys()].sort((one, other) => one - other);
  const delays = [...sent].map(([revision, at]) => {
    const by = revisions.filter((known) => known >= revision).map((known) => told.get(known));
    return by.length ? Math.min(...by) - at : Infinity;
  });
  const p99 = percentile(delays, 99);
  bar(`a change on A to an open stream of B, ${Math.round((CHANGES_PER_S * CHANGES_S) / took_s)} changes/s`, `p99 ${p99.toFixed(0)} ms`, `under ${FOLLOWS_BAR_MS} ms`, p99 < FOLLOWS_BAR_MS);
  note(`median ${median(delays).toFixed(0)} ms, slowest ${Math.max(...delays).toFixed(0)} ms of ${delays.length}; ${failed} changes failed; from sending the request on A`);
  await Promise.all([a.stop(), b.stop()]);
}

/** Three servers, one of which is killed every two seconds, under readers, writers and streams. */
async function kills() {
  const alive = await Promise.all(Array.from({ length: SERVERS }, () => serve(shop.db)));
  const roll = dice(7);
  const any = () => alive[roll(alive.length)].origin;
  let running = true;
  let [done, retried, backwards, told, reads, readsFailed, kills] = [0, 0, 0, 0, 0, 0, 0];
  const sums = new Map();

  // A writer sends each change until it is acknowledged, with one key, to whichever server is there.
  const writer = async (number) => {
    for (let count = 0; running; count += 1) {
      const sku = skuOf(10 + number * 50 + (count % 50));
      const key = `kill-${number}-${count}`;
      for (;;) {
        try {
          await adjust(any(), sku, 1, key, AbortSignal.timeout(5_000));
          break;
        } catch (error) {
          if (/^4(?!09)/.test(error.message)) throw error;
          retried += 1;
          await sleep(20);
        }
      }
      sums.set(sku, (sums.get(sku) ?? 0) + 1);
      done += 1;
    }
  };
  const watcher = async (number) => {
    const skus = [skuOf(10 + number * 50), skuOf(11 + number * 50)];
    while (running) {
      const newest = new Map();
      const ended = AbortSignal.timeout(15_000);
      await follow(any(), skus, ({ sku, revision }) => {
        if (!sku) return;
        told += 1;
        if (revision < (newest.get(sku) ?? 0)) backwards += 1;
        newest.set(sku, revision);
      }, ended).catch(() => {});
      await sleep(20);
    }
  };
  const reader = async () => {
    while (running) {
      await fetch(`${any()}/v1/availability?sku=${skuOf(roll(SKUS))}&key=${shop.publishable}`).then((response) => response.text().then(() => (response.ok ? (reads += 1) : (readsFailed += 1))), () => (readsFailed += 1));
      await sleep(2);
    }
  };
  const before = new Map();
  for (let number = 0; number < WRITERS * 50; number += 1) before.set(skuOf(10 + number), await onHand(any(), skuOf(10 + number)));
  const work = [...Array.from({ length: WRITERS }, (_, number) => writer(number)), ...Array.from({ length: WATCHERS }, (_, number) => watcher(number)), reader()];
  const ends = performance.now() + KILLING_S * 1000;
  while (performance.now() < ends) {
    await sleep(KILL_EVERY_MS);
    const at = roll(alive.length);
    await alive[at].kill();
    alive[at] = await serve(shop.db);
    kills += 1;
  }
  running = false;
  await Promise.all(work);
  let wrong = 0;
  for (const [sku, units] of before) if ((await onHand(any(), sku)) !== units + (sums.get(sku) ?? 0)) wrong += 1;
  await Promise.all(alive.map((server) => server.stop()));
  const faults = shop.faults();
  bar(`${kills} kills of one of ${SERVERS} servers: acknowledged changes`, `${done} sent, counts of ${wrong} SKUs wrong`, "each there once", wrong === 0 && done > 0);
  bar("revisions that went backwards on a stream", `${backwards} of ${told} messages`, "0", backwards === 0 && told > 0);
  bar("faults that `ships-by check` finds", `${faults}`, "0", faults === 0);
  note(`${retried} attempts were repeated; ${reads} reads, ${readsFailed} failed while their server was down`);
}

/** Servers come and go behind a load balancer while clients ask and write: nobody may notice. */
async function comesAndGoes() {
  const folder = join(scratch, "balancer");
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  // Addresses are fixed, as those of machines are: one that nobody answers at is passed over. A write whose connection
  // ends may be sent to another: it has an Idempotency-Key, and is done once.
  const places = await Promise.all(Array.from({ length: PLACES }, freePort));
  const begin = (number) => serve(shop.db, "--leave", "2", { port: places[number % PLACES] });
  writeFileSync(
    join(folder, "nginx.conf"),
    `${NGINX_USER} daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
     events { worker_connections 1024; }
     http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
       upstream ships_by { ${places.map((place) => `server 127.0.0.1:${place} max_fails=1 fail_timeout=1s;`).join(" ")} keepalive 32; }
       server { listen 127.0.0.1:${port};
         location / { proxy_pass http://ships_by; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_next_upstream error timeout non_idempotent; } } }`,
  );
  const alive = [await begin(0), await begin(1)];
  const balancer = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: "ignore" });
  const origin = `http://127.0.0.1:${port}`;
  await sleep(500);
  let [running, asked, failed] = [true, 0, 0];
  const first = new Map();
  const client = async (number) => {
    for (let count = 0; running; count += 1) {
      const request =
        count % 4 === 0
          ? adjust(origin, skuOf(500 + number), 1).then(() => true)
          : fetch(`${origin}/v1/availability?sku=${skuOf(count % SKUS)}&key=${shop.publishable}`).then(async (response) => (await response.text(), response.ok || Promise.reject(Error(response.status))));
      asked += 1;
      await request.catch((error) => {
        failed += 1;
        first.set(error.message, (first.get(error.message) ?? 0) + 1);
      });
      await sleep(2);
    }
  };
  const clients = Array.from({ length: 8 }, (_, number) => client(number));
  for (let change = 0; change < CHANGES_OF_SERVERS; change += 1) {
    await sleep(500);
    alive.push(await begin(change + 2));
    await alive.shift().stop();
  }
  running = false;
  await Promise.all(clients);
  balancer.kill("SIGQUIT");
  await Promise.all(alive.map((server) => server.stop()));
  bar(`${CHANGES_OF_SERVERS} servers came and ${CHANGES_OF_SERVERS} left behind a load balancer`, `${failed} of ${asked} requests failed`, "none", failed === 0 && asked > 0);
  for (const [message, times] of first) note(`${times} times: ${message}`);
}

const onHand = async (origin, sku) => (await merchant(origin, shop.secret, "GET", `/v1/stock/main/${sku}`)).on_hand;

await changesFromAToB();
await comesAndGoes();
await kills();
