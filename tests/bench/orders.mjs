// Orders of three lines over HTTP, each durable before it is answered, beside what the databases do without us.

import { execFile } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { BENCH, ENGINES, bar, cpu_s, faults, median, must, newShop, note, postgresDatabase, program, scratch, serve, stockFile } from "./lib.mjs";

const SKUS = 1_000;
const UNITS = 1_000_000;
const CLIENTS = 32;
const LINES = 3;
const ROUNDS = Number(process.env.SHIPSBY_ROUNDS ?? 5);
const ROUND_S = Number(process.env.SHIPSBY_ROUND_S ?? 5);
const SQLITE_BAR = 0.5;
const POSTGRES_BAR = 0.3;
const ORDERS_PER_S_BAR = 1_000;
const P99_BAR_MS = 250;

const run = promisify(execFile);
const statements = readFileSync(join(BENCH, "orders.sql"), "utf8");
let runs = 0;

/** Orders as fast as it goes, and says how it went. */
async function load({ server, key, skus = SKUS, lines = LINES }) {
  const cpu = cpu_s(server.pid);
  runs += 1;
  const script = ["-t1", `-c${CLIENTS}`, `-d${ROUND_S}s`, "--latency", "--timeout", "10s", "-s", join(BENCH, "orders.lua"), server.origin, "--", key, `${skus}`, `${lines}`, `run-${runs}`];
  const { stdout } = await run("wrk", script, { timeout: (ROUND_S + 20) * 1000 });
  const { requests, duration_us, errors, p50_us, p99_us, max_us } = JSON.parse(/^RESULT (\{.*\})$/m.exec(stdout)[1]);
  if (requests === 0) throw Error(`nothing was answered:\n${stdout}`);
  const taken = Math.max(0, requests - errors);
  return { per_s: (taken / duration_us) * 1e6, requests: taken, errors, cpu_us: ((cpu_s(server.pid) - cpu) / requests) * 1e6, p50_ms: p50_us / 1000, p99_ms: p99_us / 1000, max_ms: max_us / 1000 };
}

/** Runs both in turns; says the ratio of the medians and the longest p99 beside their bars. */
async function compare(name, bare, ours, ratio_bar, per_s_bar = undefined) {
  const rounds = { bare: [], ours: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.bare.push(await bare());
    rounds.ours.push(await load(ours));
  }
  const per_s = (list) => median(list.map((round) => round.per_s));
  const [theirs, rate] = [per_s(rounds.bare), per_s(rounds.ours)];
  const ratio = rate / theirs;
  bar(`${name}, ${CLIENTS} clients`, `${Math.round(rate)} orders/s, ${ratio.toFixed(2)} of the bare ${Math.round(theirs)}/s`, `at least ${ratio_bar}`, ratio >= ratio_bar);
  if (per_s_bar) bar(`${name}: orders a second`, `${Math.round(rate)}`, `at least ${per_s_bar}`, rate >= per_s_bar);
  const p99 = Math.max(...rounds.ours.map((round) => round.p99_ms));
  bar(`${name}: p99`, `${p99.toFixed(0)} ms`, `under ${P99_BAR_MS} ms`, p99 < P99_BAR_MS);
  const errors = rounds.ours.reduce((sum, round) => sum + round.errors, 0);
  bar(`${name}: orders that were not taken`, `${errors}`, "0", errors === 0);
  const of = (what) => median(rounds.ours.map((round) => round[what]));
  note(`p50 ${of("p50_ms").toFixed(1)} ms, ${of("cpu_us").toFixed(0)} µs of the server's processor each, slowest ${Math.max(...rounds.ours.map((round) => round.max_ms)).toFixed(0)} ms`);
  // What is ordered and has not left stays in the tables: later rounds meet more of it.
  note(`orders/s round by round: ${rounds.ours.map((round) => Math.round(round.per_s)).join(", ")}; ${rounds.ours.reduce((sum, round) => sum + round.requests, 0)} orders open in the end`);
}

async function served(name, db, ratios) {
  const shop = newShop(db, await stockFile(SKUS, UNITS));
  const server = await serve(shop.db);
  await ratios({ server, key: shop.secret });
  await server.stop();
  const found = faults(shop.db);
  must(`${name}: faults that \`ships-by check\` finds`, `${found}`, "0", found === 0);
}

async function sqlite() {
  const peer = process.env.SHIPSBY_ORDERS_PEER ?? program("shipsby-bench-peer", "shipsby-bench-orders");
  const { db } = newShop("bare", await stockFile(SKUS, UNITS));
  const bare = async () => {
    runs += 1;
    const { stdout } = await run(peer, [db, join(BENCH, "orders.sql"), `${SKUS}`, `${ROUND_S}`, `${runs}`]);
    const { orders } = JSON.parse(stdout);
    return { per_s: orders / ROUND_S };
  };
  await served("SQLite", "orders", (ours) => compare("SQLite: orders of 3 lines", bare, ours, SQLITE_BAR, ORDERS_PER_S_BAR));
}

/** Runs a script of statements with 32 clients, and says how many times a second. */
async function pgbench(db, script) {
  const [version] = readdirSync("/usr/lib/postgresql").sort((one, other) => Number(other) - Number(one));
  const options = ["--no-vacuum", `--client=${CLIENTS}`, "--jobs=2", `--time=${ROUND_S}`, "--protocol=prepared", `--define=run=${++runs}`, "--define=number=0", `--file=${script}`, db];
  const { stdout } = await run(`/usr/lib/postgresql/${version}/bin/pgbench`, options);
  const failed = Number(/failed transactions: (\d+)/.exec(stdout)?.[1] ?? 0);
  if (failed > 0) throw Error(`pgbench failed:\n${stdout}`);
  return { per_s: Number(/tps = ([\d.]+)/.exec(stdout)[1]) };
}

/** The statements of an order as a script of pgbench. Whoever runs it passes over row-level security. */
function orderScript() {
  const sku = (line) => `'bench-' || lpad(CAST((CAST(:number AS BIGINT) * ${LINES} + ${line} + :client_id * 97) * 7919 % ${SKUS} AS text), 7, '0')`;
  const id = "'ord-' || CAST(:run AS text) || '-' || CAST(:client_id AS text) || '-' || CAST(:number AS text)";
  const values = { 1: id, 2: sku(0), 3: sku(1), 4: sku(2), 5: ":revision", 6: "CAST(repeat('x', 1743) AS bytea)", 7: "CAST(repeat('x', 32) AS bytea)" };
  const [raised, ...others] = statements.replace(/^--.*\n/gm, "").replace(/\$(\d)/g, (_, number) => `(${values[number]})`).trim().split(/;\n?/).filter(Boolean);
  const path = join(scratch, "orders.pgbench");
  // A statement of pgbench's may go over lines, one that ends with \gset may not.
  const one = [`${raised.replace(/\n/g, " ")} RETURNING revision \\gset`, ...others.map((statement) => `${statement};`)];
  writeFileSync(path, ["\\set number :number + 1", "BEGIN;", ...one, "COMMIT;"].join("\n") + "\n");
  return path;
}

async function postgres() {
  const admin = process.env.SHIPSBY_TEST_POSTGRES;
  newShop(postgresDatabase("bare"), await stockFile(SKUS, UNITS));
  const order = orderScript();
  await served("PostgreSQL", postgresDatabase("orders"), (ours) => compare("PostgreSQL: orders of 3 lines", () => pgbench(`${admin}/bare`, order), ours, POSTGRES_BAR));

  const script = join(scratch, "hot.pgbench");
  writeFileSync(script, "UPDATE hot SET units = units - 1 WHERE sku = 1;\n");
  await run("psql", ["--quiet", `${admin}/bare`, "--command", "CREATE TABLE hot (sku INTEGER PRIMARY KEY, units BIGINT NOT NULL) WITH (fillfactor = 20); INSERT INTO hot VALUES (1, 0)"]);
  await served("PostgreSQL, hot", postgresDatabase("hot"), (ours) => compare("PostgreSQL: orders of one hot SKU", () => pgbench(`${admin}/bare`, script), { ...ours, skus: 1, lines: 1 }, 1));
}

if (ENGINES.includes("SQLite")) await sqlite();
if (ENGINES.includes("PostgreSQL")) await postgres();
