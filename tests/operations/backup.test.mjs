// Copies of a shop that is open, and the way back to one.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { BIN, startServer, until } from "../cdn/stand.mjs";

const run = promisify(execFile);
const WRITERS = 8;
const COPIES = 3;
const FACTS = { if_quantity: null };

/** What is on hand of a SKU, in a server that is started on `db` for the moment. */
const movements = async (server, sku) => (await server.call("GET", `/v1/stock/main/${sku}`)).on_hand;

test("a copy of a shop that is written to is sound, and has every write that was acknowledged before it began", async (t) => {
  const server = await startServer(t);
  // Each writer counts its own SKU upwards, so that the count tells which writes are there.
  const acknowledged = Array.from({ length: WRITERS }, () => 0);
  let going = true;
  await Promise.all(acknowledged.map((_, at) => server.call("PUT", `/v1/skus/w${at}`, { title: `w${at}` })));
  const writers = acknowledged.map(async (_, at) => {
    for (let count = 1; going; count++) {
      await server.call("PUT", `/v1/stock/main/w${at}`, { quantity: count, ...FACTS });
      acknowledged[at] = count;
    }
  });
  const copies = [];
  await until("everybody writes", () => acknowledged.every((count) => 3 < count));
  for (let round = 0; round < COPIES; round++) {
    const before = [...acknowledged];
    const target = `${server.db}.copy-${round}`;
    const { stdout } = await run(BIN, ["backup", target, "--db", server.db]);
    assert.match(stdout, /found it sound/);
    copies.push({ target, before, after: [...acknowledged] });
  }
  going = false;
  await Promise.all(writers);
  assert.ok(copies.some(({ before, after }) => before.some((count, at) => count < after[at])), "it was written meanwhile");

  for (const { target, before } of copies) {
    const { stdout } = await run(BIN, ["check", "--db", target]);
    assert.match(stdout, /is sound/);
    const copied = await startServer(t, { db: target, keys: server });
    for (const [at, count] of before.entries()) {
      const found = await movements(copied, `w${at}`);
      assert.ok(count <= found, `w${at}: ${count} was acknowledged before the copy began, it has ${found}`);
    }
    await copied.kill();
  }
});

test("a copy never takes the place of a file that is there", async (t) => {
  const server = await startServer(t);
  const target = `${server.db}.there`;
  writeFileSync(target, "somebody's");
  await assert.rejects(run(BIN, ["backup", target, "--db", server.db]), /is there already/);
});

test("going back to a copy takes a server away for a moment only", async (t) => {
  const server = await startServer(t);
  const copy = `${server.db}.copy`;
  await run(BIN, ["backup", copy, "--db", server.db]);
  await server.setStock("cap", 7);

  // Without a word about waiting it refuses, and changes nothing.
  await assert.rejects(run(BIN, ["restore", copy, "--db", server.db]), /another server is running/);
  await assert.rejects(run(BIN, ["restore", copy, "--db", server.db, "--wait", "0"]), /another server is running/);
  assert.equal(await movements(server, "cap"), 7);

  const restoring = spawn(BIN, ["restore", copy, "--db", server.db, "--wait", "30"], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  restoring.stdout.on("data", (text) => (said += text));
  await until("the copy is ready", () => said.includes("Stop the server now"));
  assert.equal(await movements(server, "cap"), 7, "the shop is open while it is made ready");
  await assert.rejects(run(BIN, ["restore", copy, "--db", server.db, "--wait", "1"]), /cannot put a copy/);
  const began = performance.now();
  const restored = once(restoring, "exit");
  await server.stop();
  const stopped = performance.now();
  assert.deepEqual(await restored, [0, null]);
  const swapped = performance.now();
  await server.start();
  const back = performance.now();
  const ms = (from, to) => `${Math.round(to - from)} ms`;
  t.diagnostic(`stopping ${ms(began, stopped)}, taking its place ${ms(stopped, swapped)}, starting ${ms(swapped, back)}`);
  assert.ok(swapped - stopped < 2_000);

  assert.equal(await movements(server, "cap"), 100);
  const names = readdirSync(dirname(server.db));
  const kept = names.find((name) => name.includes(".before-"));
  assert.ok(kept && existsSync(join(dirname(server.db), kept)));
  assert.ok(!names.some((name) => name.includes("restoring")), names.join());
});
