// The promise algorithm against a brute force that hands out single units, in many more cases than `make test` tries.

import { spawnSync } from "node:child_process";

import { ROOT, bar, note } from "./lib.mjs";

const CASES = 100_000;
const TIMEOUT_MS = 20 * 60 * 1000;

const cargo = (...args) =>
  spawnSync("cargo", ["test", "--locked", "--release", "--package", "shipsby-shared", "--test", "properties", ...args], {
    cwd: ROOT,
    env: { ...process.env, PROPTEST_CASES: String(CASES) },
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });

const built = cargo("--no-run");
if (built.status !== 0) throw Error(built.stderr);
const began = performance.now();
const { status, stdout, stderr } = cargo();
const seconds = (performance.now() - began) / 1000;
const [, passed, failed] = /^test result: .* (\d+) passed; (\d+) failed/m.exec(stdout) ?? [];
if (!passed) throw Error(stderr + stdout);
if (status !== 0) process.stdout.write(stdout);
const held = status === 0 && Number(passed) > 0;
bar(`properties, ${CASES} cases each`, `${passed} hold, ${failed} do not`, "all hold", held);
note(`${seconds.toFixed(0)} s`);
