// What a shopper's browser loads, compressed.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { ROOT, bar, note } from "./lib.mjs";

const TOTAL_BAR_KB = 60;
const LOADER_BAR_KB = 4;
// The same measure of others (brotli 11).
const REFERENCES = "Leptos counter 26 kB, React counter 59 kB, Shopify Buy Button 50 kB, PayPal messages 49 kB, Preact counter 5 kB";

const { stdout, stderr } = spawnSync(join(ROOT, "scripts/check-size.sh"), { encoding: "utf8" });
process.stdout.write(stdout.replace(/^/gm, "        ").trimEnd() + "\n");
process.stderr.write(stderr);
const brotli = (name) => Number(new RegExp(`^${name}\\S*\\s+\\S+\\s+(\\S+)`, "m").exec(stdout)?.[1]);
const [total, loader] = [brotli("together"), brotli("(?:loader|ships-by)[^\\s]*\\.m?js")];
if (!total || !loader) throw Error("scripts/check-size.sh did not print the table");
bar("all of the widget", `${total.toFixed(1)} kB brotli`, `at most ${TOTAL_BAR_KB} kB, aim 45`, total <= TOTAL_BAR_KB);
bar("its loader", `${loader.toFixed(2)} kB brotli`, `at most ${LOADER_BAR_KB} kB`, loader <= LOADER_BAR_KB);
note(REFERENCES);
