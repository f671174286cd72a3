// The demo shop as a program that runs, and its API as a merchant's own server would call it.

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The moment at which the demo's clock begins: a Monday, seven in the morning on the West Coast. */
export const NOW = "2026-11-23T15:00:00Z";
export const PUBLISHABLE_KEY = "pk_demo_shipsby";
export const SECRET_KEY = "sk_demo_shipsby";

const BIN = process.env.SHIPSBY_BIN ?? `${process.env.HOME}/.cache/shipsby/target/release/ships-by`;
const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 12_000;
const LOG_CHARACTERS_MAX = 20_000;

/** A port nobody listens on at the moment. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts the demo shop with a database of its own. `stop()` ends it and removes what it left. */
export async function startDemo({ plain = false, now = NOW } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "ships-by-e2e-"));
  const [port, apiPort] = [await freePort(), await freePort()];
  const options = ["--now", now, "--port", port, "--api-port", apiPort, "--db", join(folder, "demo.sqlite"), ...(plain ? ["--plain"] : [])];
  const demo = {
    shop: `http://127.0.0.1:${port}`,
    api: `http://127.0.0.1:${apiPort}`,
    /** Where ShipsBy puts its letters. */
    mail: join(folder, "demo-mail"),

    /** Begins anew, or with the data of before. */
    async start({ fresh }) {
      const child = spawn(BIN, ["demo", ...options.map(String), ...(fresh ? ["--fresh"] : [])], { stdio: ["ignore", "pipe", "pipe"] });
      let log = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log = (log + text).slice(-LOG_CHARACTERS_MAX)));
      let gone;
      child.on("error", (error) => (gone = error.message));
      child.on("exit", (code, signal) => (gone = `exit ${code ?? signal}`));
      demo.child = child;
      const deadline = Date.now() + READY_MS_MAX;
      while (!(await answers(demo.api + "/readyz")) || !(await answers(demo.shop + "/"))) {
        if (gone) throw Error(`the demo did not start (${BIN} ${options.join(" ")}): ${gone}\n${log}`);
        if (deadline < Date.now()) throw Error(`the demo is not ready after ${READY_MS_MAX} ms\n${log}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },

    /** Ends as when a machine loses its power. */
    async kill() {
      await end(demo.child, "SIGKILL");
    },

    async stop() {
      await end(demo.child, "SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },

    /** Calls the API as the merchant; the answer must be a success. */
    async call(method, path, body, headers = {}) {
      const response = await fetch(demo.api + path, {
        method,
        headers: {
          authorization: `Bearer ${SECRET_KEY}`,
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(method === "POST" && { "idempotency-key": randomUUID() }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw Error(`${method} ${path} ${JSON.stringify(body)}: ${response.status} ${text}`);
      return text && JSON.parse(text);
    },

    /** What the server says about SKUs, asked as a shop's page asks. */
    async availability(skus, { quantity = 1, lang = "en-US" } = {}) {
      const query = new URLSearchParams([...[skus].flat().map((sku) => ["sku", sku]), ["qty", quantity], ["lang", lang], ["key", PUBLISHABLE_KEY]]);
      const { items } = await demo.call("GET", `/v1/availability?${query}`, undefined, { authorization: "", origin: demo.shop });
      return Array.isArray(skus) ? items : items[0];
    },

    plans(lines, lang = "en-US") {
      const headers = { authorization: "", origin: demo.shop, "x-shipsby-key": PUBLISHABLE_KEY };
      return demo.call("POST", "/v1/plans", { lines, lang }, headers);
    },

    /** Counts the shelf, whatever was there before. */
    async setStock(sku, onHand) {
      demo.location ??= (await demo.call("GET", "/v1/store")).location;
      return demo.call("PUT", `/v1/stock/${demo.location}/${sku}`, { quantity: onHand, if_quantity: null });
    },

    setSku: (sku, facts) => demo.call("PUT", `/v1/skus/${sku}`, facts),

    /** Orders units of one SKU; they arrive on `arrivesOn`. */
    orderSupply: (id, sku, quantity, arrivesOn) =>
      demo.call("POST", "/v1/purchase-orders", { id, expected_on: arrivesOn, lines: [{ sku, quantity }] }),

    /** Allows one more origin to ask. */
    async allowOrigin(origin) {
      const store = await demo.call("GET", "/v1/store");
      await demo.call("PUT", "/v1/store", { ...store, origins: [...store.origins, origin] });
    },
  };
  await demo.start({ fresh: true }).catch(async (error) => {
    await demo.stop();
    throw error;
  });
  return demo;
}

async function answers(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
  await ended;
  clearTimeout(late);
}
