// What thousands of open streams cost, and how long a change takes to the last of those who watch.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { bar, cpu_s, memory_mb, newShop, note, percentile, program as built, scratch, serve, skuOf, sleep, start, stockFile } from "./lib.mjs";

const STREAMS = 10_000;
const FIRST_STREAMS = 2_000;
const SKUS = 1_000;
const ROUNDS = 100;
const IDLE_MS = 5_000;
const MEMORY_BAR_KB = 16;
const P99_BAR_MS = 250;
const LOCATION = "main";

/** A request as it goes over the wire, in a file. */
function request(name, origin, method, path, headers, body) {
  const head = [`${method} ${path} HTTP/1.1`, `host: ${new URL(origin).host}`, ...headers];
  // The number of the round is written over as many places, so that the length holds.
  const file = join(scratch, name);
  writeFileSync(file, `${head.join("\r\n")}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  return file;
}

/** Opens the streams, weighs the server while they idle, and changes what all of them watch. */
async function measure(name, server, path, change) {
  // What is left free of the start would be taken for nothing: so the first streams do not count.
  const first = spawn(program, ["streams", new URL(server.origin).host, path, String(FIRST_STREAMS), "0", change], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await new Promise((resolve) => first.stdout.once("data", resolve));
  await sleep(IDLE_MS);
  const before = memory_mb(server.pid);
  const listeners = spawn(program, ["streams", new URL(server.origin).host, path, String(STREAMS), String(ROUNDS), change], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: listeners.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw Error(`the listeners of ${name} ended early`);
    return value;
  };
  if ((await line()) !== "open") throw Error("the streams are not open");
  await sleep(IDLE_MS);
  const after = memory_mb(server.pid);
  const kb = ((after - before) * 1000) / STREAMS;
  first.kill();
  const idle_cpu_s = cpu_s(server.pid);
  await sleep(IDLE_MS);
  const idle_cpu_percent = ((cpu_s(server.pid) - idle_cpu_s) / (IDLE_MS / 1000)) * 100;
  const cpu = cpu_s(server.pid);
  listeners.stdin.write("\n");
  const times_ms = JSON.parse(await line()).map((us) => us / 1000);
  const cpu_us = ((cpu_s(server.pid) - cpu) / ROUNDS / STREAMS) * 1e6;
  await new Promise((resolve) => listeners.once("exit", resolve));
  const [median, p99] = [percentile(times_ms, 50), percentile(times_ms, 99)];
  note(
    `${name}: ${kb.toFixed(1)} kB each (${before.toFixed(0)} MB with ${FIRST_STREAMS}, ${after.toFixed(0)} MB with ${STREAMS} more), idle ${idle_cpu_percent.toFixed(1)} % of a processor, a change reaches the last after ${median.toFixed(0)} ms (p99 ${p99.toFixed(0)} ms), ${cpu_us.toFixed(1)} µs of processor for each told`,
  );
  return { kb, p99 };
}

const program = built("shipsby-bench-peer");
const shop = newShop("streams", await stockFile(SKUS));
const many = String(2 * STREAMS);
const sku = skuOf(0);
const path = `/v1/stream?sku=${sku}&lang=en-US&key=${shop.publishable}`;

const answer = join(scratch, "one.txt");
writeFileSync(answer, "{}");
const skus = join(scratch, "skus.txt");
writeFileSync(skus, sku);
const peer = await start(program, (address) => ["serve", address, skus, answer, answer], `/v1/availability?sku=${sku}`);
const told = JSON.stringify({ sku, round: "{round}" }).padEnd(300);
await measure("peer", peer, "/v1/stream", request("peer.txt", peer.origin, "POST", "/change", ["content-type: text/plain"], told));
await peer.stop();

const ours = await serve(shop.db, "--streams-per-store", many, "--streams-per-address", many, "--connections", many);
// The merchant counts: another number each time.
const count = '{"quantity":{round},"if_quantity":null}';
const headers = [`authorization: Bearer ${shop.secret}`, "content-type: application/json"];
const change = request("ours.txt", ours.origin, "PUT", `/v1/stock/${LOCATION}/${sku}`, headers, count);
const { kb, p99 } = await measure("ours", ours, path, change);
await ours.stop();

bar(`${STREAMS} idle streams`, `${kb.toFixed(1)} kB of memory each`, `at most ${MEMORY_BAR_KB} kB`, kb <= MEMORY_BAR_KB);
bar("a change that all of them watch, until the last is told", `p99 ${p99.toFixed(0)} ms of ${ROUNDS}`, `under ${P99_BAR_MS} ms`, p99 < P99_BAR_MS);
