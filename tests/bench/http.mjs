// How many answers a second, beside a server that only hands out what it has ready.

import { execFile, execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { BENCH, ROOT, bar, cpu_s, dice, median, newShop, note, scratch, serve, skuOf, start, stockFile } from "./lib.mjs";

const SKUS = 100_000;
const CONNECTIONS = 32;
const ROUNDS = 5;
const ROUND_S = 5;
const TWENTY = 20;
const TWENTY_PATHS = 5_000;
const ONE_BAR = 0.6;
const TWENTY_BAR = 0.3;

const run = promisify(execFile);

const peerProgram = () => {
  const built = execFileSync(
    "cargo",
    ["build", "--locked", "--release", "--package", "shipsby-bench-peer", "--message-format=json"],
    { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8", maxBuffer: 2 ** 26 },
  );
  const artifacts = built.trim().split("\n").map((line) => JSON.parse(line));
  return artifacts.find(({ executable, target }) => executable && target.name === "shipsby-bench-peer").executable;
};

/** Asks `server` for the paths in a file, and says how it went. */
async function load(server, file, order, seconds = ROUND_S) {
  const cpu = cpu_s(server.pid);
  const script = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "-s", join(BENCH, "wrk.lua"), server.origin, "--", file, order];
  const { stdout } = await run("wrk", script, { timeout: (seconds + 20) * 1000 });
  const { requests, duration_us, failed, p99_us } = JSON.parse(/^\{.*\}$/m.exec(stdout)[0]);
  if (failed > 0 || requests === 0) throw Error(`${failed} of ${requests} requests failed:\n${stdout}`);
  return { per_s: (requests / duration_us) * 1e6, cpu_us: ((cpu_s(server.pid) - cpu) / requests) * 1e6, p99_us };
}

/** Peer, ours, peer, ours: what else the machine does hits both. */
async function compare(peer, ours) {
  await load(peer.server, peer.file, "each");
  await load(ours.server, ours.file, "each");
  const rounds = { peer: [], ours: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.peer.push(await load(peer.server, peer.file, "random"));
    rounds.ours.push(await load(ours.server, ours.file, "random"));
  }
  const middle = (list) => Object.fromEntries(Object.keys(list[0]).map((figure) => [figure, median(list.map((each) => each[figure]))]));
  return { peer: middle(rounds.peer), ours: middle(rounds.ours) };
}

function tell(what, { peer, ours }, wanted) {
  const ratio = ours.per_s / peer.per_s;
  bar(what, `${ratio.toFixed(2)} of the peer's requests/s`, `at least ${wanted}`, ratio >= wanted);
  for (const [name, { per_s, cpu_us, p99_us }] of Object.entries({ peer, ours })) {
    note(`${name}: ${Math.round(per_s)} requests/s, ${cpu_us.toFixed(1)} µs of processor each, p99 ${(p99_us / 1000).toFixed(2)} ms`);
  }
  note(`processor time per request: ${(ours.cpu_us / peer.cpu_us).toFixed(2)} of the peer's`);
}

const file = (name, contents) => {
  const path = join(scratch, name);
  writeFileSync(path, contents);
  return path;
};

const program = peerProgram();
const shop = newShop("http", await stockFile(SKUS));
const ours = await serve(shop.db);

// The address that the widget asks for.
const ask = (skus) => `/v1/availability?${skus.map((sku) => `sku=${sku}`).join("&")}&qty=1&lang=en-US&key=${shop.publishable}`;
const roll = dice();
const ones = Array.from({ length: SKUS }, (_, number) => [skuOf(number)]);
const twenties = Array.from({ length: TWENTY_PATHS }, () => Array.from({ length: TWENTY }, () => skuOf(roll(SKUS))));
const body = async (skus) => {
  const response = await fetch(ours.origin + ask(skus));
  const text = await response.text();
  const { items } = JSON.parse(text);
  if (items.length !== skus.length || items.some(({ status }) => status === "unknown")) throw Error(`not an answer: ${text}`);
  return text;
};
const [one, twenty] = [await body(ones[0]), await body(twenties[0])];
const lines = (list) => list.join("\n") + "\n";

const skus = file("skus.txt", lines(ones));
const oneBody = file("one.json", one);
const twentyBody = file("twenty.json", twenty);
const peer = await start(program, (address) => [address, skus, oneBody, twentyBody], "/twenty");

const onePaths = file("one-paths.txt", lines(ones.map(ask)));
const twentyPaths = file("twenty-paths.txt", lines(twenties.map(ask)));
const twentyPeer = file("twenty-peer.txt", lines(twenties.map(ask).map((path) => path.replace("/v1/availability", "/twenty"))));

note(`${SKUS} SKUs, ${CONNECTIONS} connections, medians of ${ROUNDS} rounds of ${ROUND_S} s, bodies of ${one.length} and ${twenty.length} bytes`);
tell("one SKU", await compare({ server: peer, file: onePaths }, { server: ours, file: onePaths }), ONE_BAR);
tell("20 SKUs", await compare({ server: peer, file: twentyPeer }, { server: ours, file: twentyPaths }), TWENTY_BAR);

await peer.stop();
await ours.stop();
