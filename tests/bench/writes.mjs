// How many small writes a second, each durable before it is answered, beside a handler that does only the bare statement.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { BENCH, bar, cpu_s, median, newShop, note, postgresDatabase, program, scratch, serve, shipsBy, start, stockFile } from "./lib.mjs";

const SKUS = 1_000;
const CLIENTS = 32;
const ROUNDS = 5;
const ROUND_S = 5;
const BAR = 0.7;
const SLOWEST_BAR_MS = 100;

const run = promisify(execFile);
const peerProgram = program("shipsby-bench-peer", "shipsby-bench-writes");
let runs = 0;

/** Adjusts stock as fast as it goes, and says how it went. */
async function load({ server, key }, seconds = ROUND_S) {
  const cpu = cpu_s(server.pid);
  runs += 1;
  const script = ["-t1", `-c${CLIENTS}`, `-d${seconds}s`, "--timeout", "10s", "-s", join(BENCH, "writes.lua"), server.origin, "--", key, `${SKUS}`, `run-${runs}`];
  const { stdout } = await run("wrk", script, { timeout: (seconds + 20) * 1000 });
  const { requests, duration_us, errors, p50_us, p99_us, max_us } = JSON.parse(/^RESULT (\{.*\})$/m.exec(stdout)[1]);
  if (errors > 0 || requests === 0) throw Error(`${errors} of ${requests} writes failed:\n${stdout}`);
  return { per_s: (requests / duration_us) * 1e6, cpu_us: ((cpu_s(server.pid) - cpu) / requests) * 1e6, p50_ms: p50_us / 1000, p99_ms: p99_us / 1000, max_ms: max_us / 1000, requests };
}

async function compare(engine, peer, ours) {
  for (const each of [peer, ours]) await load(each, 2);
  const rounds = { peer: [], ours: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.peer.push(await load(peer));
    rounds.ours.push(await load(ours));
  }
  const of = (list, figure, choose) => choose(list.map((each) => each[figure]));
  const ratio = of(rounds.ours, "per_s", median) / of(rounds.peer, "per_s", median);
  bar(`${engine}: writes`, `${ratio.toFixed(2)} of the peer's writes/s`, `at least ${BAR}`, ratio >= BAR);
  const slowest = of(rounds.ours, "max_ms", (list) => Math.max(...list));
  bar(`${engine}: slowest write`, `${slowest.toFixed(0)} ms`, `under ${SLOWEST_BAR_MS} ms`, slowest < SLOWEST_BAR_MS);
  for (const [name, list] of Object.entries(rounds)) {
    const figure = (what) => of(list, what, median);
    note(
      `${name}: ${Math.round(figure("per_s"))} writes/s, ${figure("cpu_us").toFixed(0)} µs of processor each, ` +
        `p50 ${figure("p50_ms").toFixed(1)}, p99 ${figure("p99_ms").toFixed(1)}, slowest ${of(list, "max_ms", (all) => Math.max(...all)).toFixed(0)} ms`,
    );
  }
  return rounds;
}

async function engine(name, db, peerDb) {
  const shop = newShop(db, await stockFile(SKUS));
  const ours = { server: await serve(shop.db), key: shop.secret };
  const peer = { server: await start(peerProgram, (address) => [address, peerDb, `${SKUS}`], "/healthz"), key: "none" };
  await compare(name, peer, ours);
  await peer.server.stop();
  await ours.server.stop();
  shipsBy("check", "--db", shop.db);
  note("afterwards `ships-by check` finds the shop sound");
}

await engine("SQLite", "writes", join(scratch, "peer.sqlite"));
await engine("PostgreSQL", postgresDatabase("writes"), `${process.env.SHIPSBY_TEST_POSTGRES}/postgres`);
