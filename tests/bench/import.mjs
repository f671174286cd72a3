// A large stock file by the command line, beside what SQLite itself needs to read the file into an indexed table.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { SHIPS_BY, availability, bar, median, memory_mb, newKey, note, scratch, serve, skuOf, stockFile } from "./lib.mjs";

const ROWS = 1_000_000;
const ROUNDS = 3;
const RATIO_BAR = 3;
const MEMORY_BAR_MB = 600;
const TIMEOUT_MS = 10 * 60 * 1000;

const figures = join(scratch, "figures");

/** Runs a program to its end: seconds by the clock, and the most memory it had. */
function timed(program, args, input) {
  const { status, stdout, stderr } = spawnSync("/usr/bin/time", ["-f", "%e %M", "-o", figures, program, ...args], {
    input,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  if (status !== 0) throw Error(`${program} ${args.join(" ")} ended with ${status}:\n${stderr}${stdout}`);
  const [seconds, kib] = readFileSync(figures, "utf8").trim().split("\n").at(-1).split(" ").map(Number);
  return { seconds, mb: (kib * 1024) / 1e6, told: stdout + stderr };
}

const fresh = (name) => {
  const path = join(scratch, name);
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
  return path;
};

const file = await stockFile(ROWS);
const rounds = { sqlite: [], ours: [] };
let db;
for (let round = 0; round < ROUNDS; round += 1) {
  const table = "CREATE TABLE stock (sku TEXT PRIMARY KEY, on_hand INTEGER NOT NULL);";
  const sqlite = timed("sqlite3", [fresh("peer.sqlite")], `${table}\n.import --csv --skip 1 ${file} stock\n`);
  db = fresh("import.sqlite");
  const ours = timed(SHIPS_BY, ["import", file, "--db", db, "--format", "shipsby"]);
  rounds.sqlite.push(sqlite);
  rounds.ours.push(ours);
}

const seconds = (list) => median(list.map((each) => each.seconds));
const ratio = seconds(rounds.ours) / seconds(rounds.sqlite);
const most = Math.max(...rounds.ours.map(({ mb }) => mb));
note(`${ROWS} rows, ${(statSync(file).size / 1e6).toFixed(0)} MB, medians of ${ROUNDS} rounds`);
note(`sqlite3 ${seconds(rounds.sqlite).toFixed(2)} s; ours ${seconds(rounds.ours).toFixed(2)} s: ${Math.round(ROWS / seconds(rounds.ours))} rows/s`);
note(`ours said: ${rounds.ours[0].told.trim().split("\n").at(-1)}`);
bar(`${ROWS} rows`, `${ratio.toFixed(2)} times sqlite3 .import`, `at most ${RATIO_BAR}`, ratio <= RATIO_BAR);
bar("memory of the import", `${most.toFixed(0)} MB at most`, `under ${MEMORY_BAR_MB} MB`, most < MEMORY_BAR_MB);

const key = newKey(db, "publishable");
const server = await serve(db);
const skus = [0, ROWS / 2, ROWS - 1].map(skuOf);
const { items } = await availability(server.origin, key, skus);
const answered = items.filter(({ status }) => status === "in_stock" || status === "low_stock").length;
bar("availability afterwards", `${answered} of ${skus.length} answered`, "all", answered === skus.length);
note(`serving them: ready after ${(server.ready_ms / 1000).toFixed(1)} s, ${memory_mb(server.pid).toFixed(0)} MB`);
await server.stop();
