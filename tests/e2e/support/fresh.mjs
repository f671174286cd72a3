// A server that nobody can sign in to yet, as a merchant starts it for the first time.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { until } from "./browser.mjs";
import { freePort } from "./demo.mjs";

const BIN = process.env.SHIPSBY_BIN ?? `${process.env.HOME}/.cache/shipsby/target/release/ships-by`;
const LINK = /(http:\/\/\S+)\/dashboard(#setup=\S+)/;

/** Starts it: its address, and what stands behind the address in the link that it prints. It ends with the test. */
export async function startFresh(t) {
  const folder = mkdtempSync(join(tmpdir(), "ships-by-fresh-"));
  const db = join(folder, "shop.sqlite");
  // The first key makes the store.
  execFileSync(BIN, ["keys", "create", "publishable", "--db", db], { stdio: "ignore" });
  const child = spawn(BIN, ["serve", "--db", db, "--listen", `127.0.0.1:${await freePort()}`], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(async () => {
    const ended = child.exitCode === null ? once(child, "exit") : undefined;
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += text));
  const [, api, hash] = await until("the server prints a link", () => LINK.exec(log));
  await until("the server answers", () => fetch(`${api}/readyz`).then(({ ok }) => ok, () => false));
  return { api, hash };
}
