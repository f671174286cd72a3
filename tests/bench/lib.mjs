// What the benchmarks share: bars, servers, stock files, a folder for all of it.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, createWriteStream, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export { sleep };

export const BENCH = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(BENCH, "../..");
export const SHIPS_BY = process.env.SHIPSBY_BIN;
export const CHROMIUM = process.env.SHIPSBY_CHROMIUM;
if (!SHIPS_BY || !CHROMIUM) throw Error("Run it as: make bench ARGS=NAME");

const READY_MS_MAX = 180_000;
const STOP_MS_MAX = 12_000;
const MEBIBYTE = 1024 * 1024;
// What run.sh takes for a bar that must be met, and was not.
const BROKEN_PROMISE = 3;

// nginx's workers would else be a user who may not read our folders.
export const NGINX_USER = process.getuid() === 0 ? "user root;" : "";

/** Databases and stock files of this run; gone when the run ends. */
export const scratch = mkdtempSync(join(tmpdir(), "shipsby-bench-"));

const running = new Set();

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    console.error(`Ended by ${signal}.`);
    process.exit(1);
  });
}

/** Prints one bar with what was measured, and keeps it for the table at the end. */
export function bar(what, measured, wanted, met) {
  const verdict = met ? "PASS" : "MISS";
  console.log(`  ${verdict}  ${what}: ${measured} (bar: ${wanted})`);
  const { SHIPSBY_BENCH_NAME: bench, SHIPSBY_BENCH_RESULTS: results } = process.env;
  if (results) appendFileSync(results, JSON.stringify({ bench, what, measured, wanted, verdict }) + "\n");
}

/** Prints a bar that no machine is too slow for: missing it ends the benchmark with an exit code of its own. */
export function must(what, measured, wanted, met) {
  bar(what, measured, wanted, met);
  if (!met) process.exitCode = BROKEN_PROMISE;
}

/** Prints what is worth knowing and has no bar. */
export const note = (text) => console.log(`        ${text}`);

export const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
export const median = (numbers) => percentile(numbers, 50);

/** The smallest of `numbers` that `percent` of them do not exceed; between the middle two for the median of an even count. */
export function percentile(numbers, percent) {
  const list = sorted(numbers);
  if (percent === 50 && list.length % 2 === 0) return (list[list.length / 2 - 1] + list[list.length / 2]) / 2;
  return list[Math.max(0, Math.ceil((list.length * percent) / 100) - 1)];
}

/** The same sequence in each run. */
export function dice(seed = 1) {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

export const skuOf = (number) => `bench-${String(number).padStart(7, "0")}`;

/**
 * Writes a stock file: so many units of each SKU, up to 500 unless said otherwise. Its rows are in no order, as a shop's file
 * is in none that helps a database.
 */
export async function stockFile(rows, units = undefined) {
  const path = join(scratch, `stock-${rows}-${units ?? "some"}.csv`);
  const file = createWriteStream(path);
  const stride = 7_919; // a prime, so that each row comes once
  const roll = dice();
  let chunk = "sku,on_hand\n";
  for (let row = 0; row < rows; row += 1) {
    chunk += `${skuOf((row * stride) % rows)},${units ?? 1 + roll(500)}\n`;
    if (chunk.length > MEBIBYTE) {
      if (!file.write(chunk)) await new Promise((resolve) => file.once("drain", resolve));
      chunk = "";
    }
  }
  await new Promise((resolve) => file.end(chunk, resolve));
  return path;
}

/** Runs `ships-by` to its end and returns what it printed. */
export function shipsBy(...args) {
  const { status, stdout, stderr } = spawnSync(SHIPS_BY, args, { encoding: "utf8" });
  if (status !== 0) throw Error(`ships-by ${args.join(" ")} ended with ${status}:\n${stderr}${stdout}`);
  return stdout;
}

/** Builds a program that is measured against, and says where it is. */
export function program(crate, name = crate) {
  const built = execFileSync("cargo", ["build", "--locked", "--release", "--package", crate, "--message-format=json"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  const artifacts = built.trim().split("\n").map((line) => JSON.parse(line));
  return artifacts.find(({ executable, target }) => executable && target.name === name).executable;
}

/** Imports a stock file into a new database and makes keys for it. */
export function newShop(name, file) {
  const db = name.includes("://") ? name : join(scratch, `${name}.sqlite`);
  shipsBy("import", file, "--db", db, "--format", "shipsby");
  return { db, publishable: newKey(db, "publishable"), secret: newKey(db, "secret") };
}

/** The address of a new database of PostgreSQL for the role that serves, with its tables. */
export function postgresDatabase(name) {
  const admin = process.env.SHIPSBY_TEST_POSTGRES;
  if (!admin) throw Error("Run it as: make bench ARGS=NAME, which starts PostgreSQL");
  const sql = (text) => execFileSync("psql", ["--quiet", "--no-psqlrc", `${admin}/postgres`, "--command", text], { stdio: ["ignore", "ignore", "pipe"] });
  for (const role of ["ships_by_owner", "ships_by"]) {
    sql(`DO $$ BEGIN CREATE ROLE ${role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`);
  }
  sql(`DROP DATABASE IF EXISTS ${name}`);
  sql(`CREATE DATABASE ${name} OWNER ships_by_owner`);
  const as = (role) => `${admin.replace("//postgres@", `//${role}@`)}/${name}`;
  shipsBy("migrate", "--db", as("ships_by_owner"));
  return as("ships_by");
}

/** How often PostgreSQL ended a transaction of a database because two waited for each other. */
export function deadlocks(name) {
  const asked = `SELECT deadlocks FROM pg_stat_database WHERE datname = '${name}'`;
  const told = execFileSync("psql", ["--quiet", "--no-psqlrc", "--tuples-only", `${process.env.SHIPSBY_TEST_POSTGRES}/postgres`, "--command", asked], { encoding: "utf8" });
  return Number(told.trim() || NaN);
}

/** The same as `newShop`, on PostgreSQL. */
export function postgresShop(name, file) {
  const shop = newShop(postgresDatabase(name), file);
  return { ...shop, faults: () => faults(shop.db) };
}

/** How many faults `ships-by check` finds. */
export function faults(db) {
  const { status, stdout, stderr } = spawnSync(SHIPS_BY, ["check", "--db", db], { encoding: "utf8" });
  if (status === 0) return 0;
  console.error(`\`ships-by check\` says:\n${stdout}${stderr}`);
  return (stdout.match(/^not so:/gm) ?? []).length || 1;
}

/** The databases that a benchmark is to run on: both, or those of SHIPSBY_ENGINES. */
export const ENGINES = (process.env.SHIPSBY_ENGINES ?? "SQLite PostgreSQL").split(/[ ,]+/);

export const newKey = (db, kind) => /\b[ps]k_\S+/.exec(shipsBy("keys", "create", kind, "--db", db))[0];

export const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/** Serves a database on loopback. */
export const serve = (db, ...options) => {
  const { env, port } = options.find((option) => typeof option === "object") ?? {};
  const words = options.filter((option) => typeof option === "string");
  return start(SHIPS_BY, (address) => ["serve", "--db", db, "--listen", address, "--no-rate-limit", ...words], "/readyz", env, port);
};

/** Starts a server and waits until `path` answers. `ready_ms` is how long that took. */
export async function start(program, args, path, env = {}, port = undefined) {
  const address = `127.0.0.1:${port ?? (await freePort())}`;
  const log = join(scratch, `${address.replace(/\W/g, "-")}.log`);
  const output = openSync(log, "w");
  const began = performance.now();
  const child = spawn(program, args(address), { stdio: ["ignore", output, output], env: { ...process.env, ...env } });
  running.add(child);
  const gone = new Promise((resolve) => child.once("exit", resolve)).finally(() => running.delete(child));
  const origin = `http://${address}`;
  while (!(await fetch(origin + path).then(({ ok }) => ok, () => false))) {
    if (child.exitCode !== null || performance.now() - began > READY_MS_MAX) {
      child.kill("SIGKILL");
      throw Error(`${program} ${args(address).join(" ")} does not answer at ${path}:\n${readFileSync(log, "utf8").slice(-2_000)}`);
    }
    await sleep(20);
  }
  const ready_ms = performance.now() - began;
  return {
    origin,
    pid: child.pid,
    log,
    ready_ms,
    /** As a power cut would end it. */
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
    async stop() {
      child.kill("SIGTERM");
      await Promise.race([gone, sleep(STOP_MS_MAX, undefined, { ref: false })]);
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** A figure of /proc/PID/status, in MB (10^6 bytes). */
export function memory_mb(pid, field = "VmRSS") {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1];
  return (Number(kib) * 1024) / 1e6;
}

/** Processor time of a process so far, in seconds. */
export function cpu_s(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
  const ticks_per_s = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticks_per_s;
}

/** A request to the merchant's part of the API. */
export async function merchant(origin, secret, method, path, body) {
  const response = await fetch(origin + path, {
    method,
    headers: { authorization: `Bearer ${secret}`, "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw Error(`${method} ${path} was answered with ${response.status}: ${await response.text()}`);
  return response.json().catch(() => undefined);
}

/** The availability that shoppers get. */
export async function availability(origin, key, skus) {
  const response = await fetch(`${origin}/v1/availability?${skus.map((sku) => `sku=${sku}`).join("&")}&lang=en-US&key=${key}`);
  if (!response.ok) throw Error(`availability was answered with ${response.status}: ${await response.text()}`);
  return response.json();
}
