// Breaks the server on purpose, one guard at a time, and shows that the random histories notice (server/tests/histories).
//
// `make guards` does it in a copy of the checkout: 15 minutes on two cores. SHIPSBY_HISTORIES says how many histories are played
// before a guard counts as unnoticed; names of guards as arguments break only these.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const COPY = join(process.env.SHIPSBY_CACHE ?? "/tmp", "guards");
const HISTORIES = process.env.SHIPSBY_HISTORIES ?? "120";
const wanted = process.argv.slice(2);
const guards = JSON.parse(readFileSync(join(ROOT, "tests/guards/guards.json"), "utf8"));

function copied() {
  rmSync(COPY, { recursive: true, force: true });
  const { stdout } = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 });
  for (const file of stdout.split("\0").filter(Boolean)) {
    mkdirSync(dirname(join(COPY, file)), { recursive: true });
    cpSync(join(ROOT, file), join(COPY, file), { preserveTimestamps: true });
  }
  // The server carries the widget in itself; the histories do not look at it.
  cpSync(join(ROOT, "dist"), join(COPY, "dist"), { recursive: true, preserveTimestamps: true });
}

/** Plays the histories in the copy: what they say, and whether all was well. */
function played() {
  const command = ["test", "--locked", "--package", "shipsby-server", "--test", "histories"];
  const env = { ...process.env, SHIPSBY_HISTORIES: HISTORIES, RUST_BACKTRACE: "0", CARGO_TARGET_DIR: join(COPY, "../guards-target") };
  const { status, stdout, stderr } = spawnSync("cargo", command, { cwd: COPY, env, encoding: "utf8", maxBuffer: 1 << 28 });
  const said = `${stdout}${stderr}`;
  if (/^error(\[|:).*$/m.test(said) && !/test result: FAILED/.test(said)) throw Error(`it does not build:\n${said.slice(-4000)}`);
  return { isWell: status === 0, rule: /panicked at server\/tests\/histories\/(?:rules|world|doings|requests)\.rs[^\n]*\n([^\n]{0,150})/.exec(said)?.[1] ?? said.slice(-300) };
}

function write(file, text) {
  writeFileSync(join(COPY, file), text);
  const now = new Date();
  utimesSync(join(COPY, file), now, now);
}

copied();
const whole = played();
if (!whole.isWell) throw Error(`the whole server is not well: ${whole.rule}`);
console.log(`whole: ${HISTORIES} histories are well`);
let unnoticed = 0;
for (const { name, file, find, broken } of guards) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const text = readFileSync(join(COPY, file), "utf8");
  if (text.split(find).length !== 2) throw Error(`${name}: ${file} has to have this once:\n${find}`);
  write(file, text.replace(find, () => broken));
  const { isWell, rule } = played();
  write(file, text);
  console.log(`${isWell ? "UNNOTICED" : "noticed"}  ${name}${isWell ? "" : `: ${rule}`}`);
  unnoticed += isWell ? 1 : 0;
}
rmSync(COPY, { recursive: true, force: true });
console.log(`${guards.length - unnoticed} passed, ${unnoticed} failed`);
process.exit(unnoticed === 0 ? 0 : 1);
