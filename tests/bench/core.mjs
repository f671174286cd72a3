// The core alone, as Criterion times it: one SKU with many deliveries, and a long cart over three locations.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ROOT, bar, note } from "./lib.mjs";

const AVAILABILITY_US_MAX = 20;
const RATIO_MAX = 12; // of 500 deliveries to 50: ten times as many may cost little more than ten times as much
const TIMEOUT_MS = 15 * 60 * 1000;

const { status, stdout, stderr } = spawnSync("cargo", ["bench", "--locked", "--package", "shipsby-shared", "--bench", "availability"], {
  cwd: ROOT,
  encoding: "utf8",
  timeout: TIMEOUT_MS,
});
if (status !== 0) throw Error(stderr + stdout);

const criterion = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "criterion");
const microseconds = (name) =>
  JSON.parse(readFileSync(join(criterion, name, "new/estimates.json"), "utf8")).median.point_estimate / 1000;

const few = microseconds("availability/50");
const many = microseconds("availability/500");
const ratio = many / few;
bar("availability, 50 deliveries and 200 claims", `${few.toFixed(1)} µs`, `under ${AVAILABILITY_US_MAX} µs`, few < AVAILABILITY_US_MAX);
bar("500 deliveries, beside 50", `${ratio.toFixed(1)} times`, `at most ${RATIO_MAX} times`, ratio <= RATIO_MAX);
note(`cart of 20 lines, 3 locations: ${microseconds("cart of 20 lines, 3 locations").toFixed(0)} µs`);
