// How many answers a second, beside a server that only hands out what it has ready and beside nginx with a file, and how
// long an answer takes at half of that.

import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { BENCH, NGINX_USER, bar, cpu_s, dice, median, newShop, note, program as built, scratch, serve, skuOf, start, stockFile } from "./lib.mjs";

const SKUS = 100_000;
const CONNECTIONS = [32, 256];
const ROUNDS = 5;
const ROUND_S = 4;
const TWENTY = 20;
const TWENTY_PATHS = 5_000;
const ONE_BAR = 0.7;
const NGINX_BAR = 0.8;
const CPU_BAR = 1.4;
const TWENTY_BAR = 0.65;
const PACE_S = 10;
const PACE_P99_BAR_MS = 5;

const run = promisify(execFile);
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);
const server_cpu_s = ({ pids, pid }) => sum((pids?.() ?? [pid]).map(cpu_s));

/** Asks `server` for the paths in a file, and says how it went. */
async function load({ server, file }, connections, order) {
  const cpu = server_cpu_s(server);
  const script = ["-t1", `-c${connections}`, `-d${ROUND_S}s`, "-s", join(BENCH, "wrk.lua"), server.origin, "--", file, order];
  const { stdout } = await run("wrk", script, { timeout: (ROUND_S + 20) * 1000 });
  const { requests, duration_us, failed, p99_us } = JSON.parse(/^\{.*\}$/m.exec(stdout)[0]);
  if (failed > 0 || requests === 0) throw Error(`${failed} of ${requests} requests failed:\n${stdout}`);
  return { per_s: (requests / duration_us) * 1e6, cpu_us: ((server_cpu_s(server) - cpu) / requests) * 1e6, p99_us };
}

/** Each of them in turn, several times over: what else the machine does hits all. Medians. */
async function compare(contestants, connections) {
  const rounds = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, contestant] of Object.entries(contestants)) rounds[name].push(await load(contestant, connections, "random"));
  }
  const middle = (list) => Object.fromEntries(Object.keys(list[0]).map((figure) => [figure, median(list.map((each) => each[figure]))]));
  const figures = Object.fromEntries(Object.entries(rounds).map(([name, list]) => [name, middle(list)]));
  for (const [name, { per_s, cpu_us, p99_us }] of Object.entries(figures)) {
    note(`${name}: ${Math.round(per_s)} requests/s, ${cpu_us.toFixed(1)} µs of processor each, p99 ${(p99_us / 1000).toFixed(2)} ms`);
  }
  return figures;
}

const atLeast = (what, ratio, of, wanted) => bar(what, `${ratio.toFixed(2)} of ${of}`, `at least ${wanted}`, ratio >= wanted);

const file = (name, contents) => {
  const path = join(scratch, name);
  writeFileSync(path, contents);
  return path;
};

/** nginx with one file, as many workers as processors, no log, and the file kept open. */
async function nginx(body) {
  const folder = join(scratch, "nginx");
  mkdirSync(join(folder, "html"), { recursive: true });
  writeFileSync(join(folder, "html", "one.json"), body);
  const server = await start(
    "nginx",
    (address) => {
      const config = file(
        "nginx.conf",
        `${NGINX_USER}
        worker_processes ${availableParallelism()};
        daemon off;
        pid ${folder}/pid;
        error_log stderr;
        events { worker_connections 4096; }
        http {
          access_log off;
          sendfile on;
          tcp_nopush on;
          keepalive_requests 1000000000;
          open_file_cache max=16;
          types { application/json json; }
          client_body_temp_path ${folder}/body;
          proxy_temp_path ${folder}/proxy;
          fastcgi_temp_path ${folder}/fastcgi;
          uwsgi_temp_path ${folder}/uwsgi;
          scgi_temp_path ${folder}/scgi;
          server { listen ${address}; root ${folder}/html; }
        }`,
      );
      return ["-c", config, "-e", "stderr"];
    },
    "/one.json",
  );
  const workers = () => execFileSync("pgrep", ["-P", String(server.pid)], { encoding: "utf8" }).trim().split("\n").map(Number);
  return { ...server, pids: workers };
}

/** The 99th percentile at a constant rate, counted from when each request was due. */
async function pace({ server, file }, connections, per_s) {
  const { stdout } = await run(program, ["pace", new URL(server.origin).host, file, String(connections), String(per_s), String(PACE_S)]);
  const figures = JSON.parse(stdout);
  if (figures.failed > 0) throw Error(`${figures.failed} of ${figures.requests} requests failed`);
  return figures;
}

const program = built("shipsby-bench-peer");
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

const files = [file("skus.txt", lines(ones)), file("one.json", one), file("item.json", JSON.stringify(JSON.parse(one).items[0]))];
const peer = await start(program, (address) => ["serve", address, ...files], `/v1/availability?sku=${skuOf(0)}`);
const web = await nginx(one);

const onePaths = file("one-paths.txt", lines(ones.map(ask)));
const twentyPaths = file("twenty-paths.txt", lines(twenties.map(ask)));
const joinedPaths = file("joined-paths.txt", lines(twenties.map(ask).map((path) => path.replace("/v1/availability", "/several"))));
const single = {
  peer: { server: peer, file: onePaths },
  nginx: { server: web, file: file("nginx-paths.txt", "/one.json\n") },
  ours: { server: ours, file: onePaths },
};
const several = { peer: { server: peer, file: joinedPaths }, ours: { server: ours, file: twentyPaths } };

note(`${SKUS} SKUs, medians of ${ROUNDS} rounds of ${ROUND_S} s, bodies of ${one.length} and ${twenty.length} bytes`);
for (const contestant of [single.peer, single.ours]) await load(contestant, CONNECTIONS[0], "each");
for (const connections of CONNECTIONS) {
  note(`one SKU, ${connections} connections:`);
  const { peer, nginx, ours } = await compare(single, connections);
  const what = `one SKU, ${connections} connections`;
  atLeast(what, ours.per_s / peer.per_s, "the peer's requests/s", ONE_BAR);
  atLeast(what, ours.per_s / nginx.per_s, "nginx's requests/s", NGINX_BAR);
  const cpu = ours.cpu_us / peer.cpu_us;
  bar(what, `${cpu.toFixed(2)} of the peer's processor time each`, `at most ${CPU_BAR}`, cpu <= CPU_BAR);

  const per_s = Math.round(ours.per_s / 2);
  const paced = await pace(single.ours, connections, per_s);
  const p99_ms = paced.p99_us / 1000;
  bar(`${what}, ${per_s} requests/s`, `p99 ${p99_ms.toFixed(2)} ms`, `under ${PACE_P99_BAR_MS} ms`, p99_ms < PACE_P99_BAR_MS);
  note(`median ${(paced.p50_us / 1000).toFixed(2)} ms, one in a thousand over ${(paced.p999_us / 1000).toFixed(2)} ms, slowest ${(paced.max_us / 1000).toFixed(2)} ms`);
}
for (const contestant of Object.values(several)) await load(contestant, CONNECTIONS[0], "each");
for (const connections of CONNECTIONS) {
  note(`${TWENTY} SKUs, ${connections} connections:`);
  const { peer, ours } = await compare(several, connections);
  atLeast(`${TWENTY} SKUs, ${connections} connections`, ours.per_s / peer.per_s, "the peer's requests/s", TWENTY_BAR);
  note(`processor time of each: ${(ours.cpu_us / peer.cpu_us).toFixed(2)} of the peer's`);
}

for (const server of [web, peer, ours]) await server.stop();
