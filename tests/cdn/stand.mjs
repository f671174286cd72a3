// A real nginx with packaging/nginx/ships-by.conf, in front of a real server.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const BIN = process.env.SHIPSBY_BIN ?? `${process.env.HOME}/.cache/shipsby/target/release/ships-by`;
const NGINX = process.env.SHIPSBY_NGINX ?? "/usr/sbin/nginx";
const RULES = new URL("../../packaging/nginx/ships-by.conf", import.meta.url);
const READY_MS_MAX = 15_000;

export const ORIGIN = "https://shop.example";
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves with what `probe` returns as soon as it is truthy. */
export async function until(what, probe, limitMs = READY_MS_MAX) {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (deadline < Date.now()) throw Error(`it never happened: ${what}`);
    await sleep(20);
  }
}

/** A port nobody listens on at the moment. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

const folderOf = (t, name) => {
  const folder = mkdtempSync(join(tmpdir(), `ships-by-${name}-`));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

const answers = (url) => fetch(url).then((answer) => answer.arrayBuffer().then(() => true), () => false);

/**
 * Starts a server with one store, two keys and goods. It believes the proxy beside it. With `db` it is a shop that is there
 * already, with the keys of the server `keys`; `bin` is another program, `options` are further ones of the command, `env` is added to
 * its environment.
 */
export async function startServer(t, { db: given, keys, bin = BIN, options: more = [], env = {} } = {}) {
  const db = given ?? join(folderOf(t, "server"), "shop.sqlite");
  const keyOf = (kind) => execFileSync(bin, ["keys", "create", kind, "--db", db], { stdio: ["ignore", "pipe", "ignore"] }).toString().trim();
  const { publishable, secret } = keys ?? { publishable: keyOf("publishable"), secret: keyOf("secret") };
  const server = { db, port: await freePort(), publishable, secret };
  server.address = `http://127.0.0.1:${server.port}`;

  server.start = async () => {
    const options = ["serve", "--db", db, "--listen", `127.0.0.1:${server.port}`, "--trusted-proxy", "127.0.0.1", ...more];
    server.child = spawn(bin, options, { stdio: "ignore", env: { ...process.env, ...env } });
    await until("the server answers", () => answers(`${server.address}/readyz`));
  };
  server.kill = () => end(server.child, "SIGKILL");
  server.stop = () => end(server.child, "SIGTERM");
  t.after(() => server.kill());

  /** As the merchant, past nginx. */
  server.call = async (method, path, body) => {
    const headers = { authorization: `Bearer ${server.secret}`, "content-type": "application/json" };
    const answer = await fetch(server.address + path, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw Error(`${method} ${path}: ${answer.status} ${text}`);
    return text && JSON.parse(text);
  };
  server.setStock = (sku, quantity) => server.call("PUT", `/v1/stock/main/${sku}`, { quantity, if_quantity: null });

  /** How many requests of a route reached the server. */
  server.asked = async (route) => {
    const text = await (await fetch(`${server.address}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line.startsWith("shipsby_http_requests_total{") && line.includes(`route="${route}"`));
    return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  };

  await server.start();
  if (given) return server;
  const store = await server.call("GET", "/v1/store");
  await server.call("PUT", "/v1/store", { ...store, origins: [ORIGIN, "https://other.example"] });
  for (const sku of ["cap", "mug", "scarf", "belt", "shirt"]) {
    await server.call("PUT", `/v1/skus/${sku}`, { title: sku });
    await server.setStock(sku, 100);
  }
  return server;
}

/** Starts nginx with our rules in front of `port`. */
export async function startNginx(t, port) {
  const folder = folderOf(t, "cdn-nginx");
  const own = await freePort();
  const put = (text, from, to) => {
    if (!text.includes(from)) throw Error(`the rules have no "${from}" any more`);
    return text.replaceAll(from, to);
  };
  let rules = readFileSync(RULES, "utf8");
  rules = put(rules, "listen 80;", `listen 127.0.0.1:${own};`);
  rules = put(rules, "server 127.0.0.1:8080;", `server 127.0.0.1:${port};`);
  rules = put(rules, "/var/lib/nginx/ships-by", join(folder, "cache"));
  writeFileSync(join(folder, "rules.conf"), rules);
  mkdirSync(join(folder, "temporary"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/temporary/${name};`);
  const whole = [
    process.getuid() === 0 ? "user root;" : "",
    `pid ${folder}/pid; error_log ${folder}/error.log; daemon off; worker_processes 1;`,
    "events { worker_connections 256; }",
    `http { access_log off; ${temporary.join(" ")} include ${folder}/rules.conf; }`,
  ].join("\n");
  writeFileSync(join(folder, "nginx.conf"), whole);
  const child = spawn(NGINX, ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: ["ignore", "ignore", "inherit"] });
  t.after(() => end(child, "SIGTERM"));
  const address = `http://127.0.0.1:${own}`;
  await until("nginx answers", () => answers(`${address}/healthz`));
  return { address };
}
