// What docs/cdn.md promises of a cache in front of the server.

import assert from "node:assert/strict";
import { createServer, get } from "node:http";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";

import { ORIGIN, freePort, sleep, startNginx, startServer, until } from "./stand.mjs";

const MAX_AGE_MS = 5_000;
const STALE_MS = 5_000;
const OTHER = "https://other.example";

/** Asks as a browser does that opens a page of the shop: `fetch` would add headers of its own. */
const plainly = (address, path, headers = { origin: ORIGIN }) =>
  new Promise((resolve, reject) => {
    get(address + path, { headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part) => (text += part));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, cache: answer.headers["x-cache"], text }));
    }).on("error", reject);
  });

describe("nginx in front of a server", { concurrency: true }, () => {
  let server, nginx;
  const stops = [];
  before(async () => {
    const own = { after: (stop) => stops.unshift(stop) };
    server = await startServer(own);
    nginx = await startNginx(own, server.port);
  });
  after(async () => {
    for (const stop of stops) await stop();
  });
  const path = (sku, more = "") => `/v1/availability?sku=${sku}${more}&key=${server.publishable}`;
  const ask = (where, headers) => plainly(nginx.address, where, headers);
  const labelOf = ({ text }) => JSON.parse(text).items[0].status;

  test("a hundred pages cost the server one question", async () => {
    const before = await server.asked("/v1/availability");
    const all = await Promise.all(Array.from({ length: 100 }, () => ask(path("cap"))));
    for (const { status, text } of all) assert.deepEqual([status, text], [200, all[0].text]);
    assert.deepEqual(all.map(({ cache }) => cache).sort().slice(-2), ["HIT", "MISS"], "one was passed on");
    assert.equal((await ask(path("cap"))).cache, "HIT");
    // Other tests ask about other goods meanwhile, each a few times.
    assert.ok((await server.asked("/v1/availability")) - before < 20);
  });

  test("each language, quantity and origin has its own answer", async () => {
    const english = await ask(path("mug", "&lang=en"));
    assert.equal(english.headers["access-control-allow-origin"], ORIGIN);
    assert.equal((await ask(path("mug", "&lang=en"))).cache, "HIT");
    const german = await ask(path("mug", "&lang=de"));
    assert.notEqual(JSON.parse(german.text).items[0].text.label, JSON.parse(english.text).items[0].text.label);
    assert.equal(JSON.parse((await ask(path("mug", "&lang=en&qty=3"))).text).items[0].requested, 3);
    const other = await ask(path("mug", "&lang=en"), { origin: OTHER });
    assert.deepEqual([other.cache, other.headers["access-control-allow-origin"]], ["MISS", OTHER]);
    const nobody = await ask(path("mug", "&lang=en"), {});
    assert.deepEqual([nobody.cache, nobody.headers["access-control-allow-origin"]], ["MISS", undefined]);
    for (const _ of [1, 2]) {
      const refused = await ask(path("mug", "&lang=en"), { origin: "https://thief.example" });
      assert.deepEqual([refused.status, refused.cache], [403, "MISS"]);
    }
  });

  test("the rules know every header that answers vary by", async () => {
    const { headers } = await fetch(server.address + path("mug"));
    assert.equal(headers.get("vary"), "Origin, Accept-Encoding, Authorization, X-ShipsBy-Key");
    assert.equal(headers.get("content-encoding"), null);
  });

  test("who shows a key in a header is answered by the server, and nobody else is given that answer", async () => {
    const bare = "/v1/availability?sku=mug";
    for (const headers of [{ "x-shipsby-key": server.publishable, origin: ORIGIN }, { authorization: `Bearer ${server.secret}` }]) {
      for (const _ of [1, 2]) {
        const answer = await ask(bare, headers);
        assert.deepEqual([answer.status, answer.cache], [200, "BYPASS"]);
      }
    }
    assert.equal((await ask(bare)).status, 401);
    const merchants = await ask("/v1/store", { authorization: `Bearer ${server.secret}` });
    assert.deepEqual([merchants.status, merchants.cache], [200, undefined]);
    assert.equal((await ask("/v1/store", {})).status, 401);
  });

  test("a page that was told of a change gets the new answer at once, and so do all after it", async () => {
    await ask(path("belt"));
    await server.setStock("belt", 0);
    const old = await ask(path("belt"));
    assert.deepEqual([old.cache, labelOf(old)], ["HIT", "in_stock"]);
    const insisting = await ask(path("belt"), { origin: ORIGIN, "cache-control": "no-cache" });
    assert.deepEqual([insisting.cache, labelOf(insisting)], ["BYPASS", "out_of_stock"]);
    const after = await ask(path("belt"));
    assert.deepEqual([after.cache, labelOf(after)], ["HIT", "out_of_stock"]);
  });

  test("a change of the stock is seen after max-age, and an older answer never later than the time for asking anew", async (t) => {
    await ask(path("scarf"));
    const fetched = Date.now();
    await server.setStock("scarf", 0);
    let seen;
    const statuses = new Set();
    while (seen === undefined && Date.now() - fetched < MAX_AGE_MS + STALE_MS) {
      const asked = Date.now() - fetched;
      const answer = await ask(path("scarf"));
      statuses.add(answer.cache);
      if (labelOf(answer) === "out_of_stock") seen = asked;
      // Cache times are whole seconds. After them an old answer is given only while a new one is asked for.
      else if (answer.cache === "HIT") assert.ok(asked <= MAX_AGE_MS + 1_000, `an old answer after ${asked} ms`);
      await sleep(50);
    }
    assert.ok(seen < MAX_AGE_MS + STALE_MS, "it was seen");
    t.diagnostic(`the change was seen after ${seen} ms`);
    assert.ok(statuses.has("HIT") && statuses.has("STALE"), [...statuses].join());
  });

  test("of goods that nobody looked at for a while no old answer is left", async () => {
    await ask(path("shirt"));
    await server.setStock("shirt", 0);
    await sleep(MAX_AGE_MS + STALE_MS + 1_000);
    assert.equal(labelOf(await ask(path("shirt"))), "out_of_stock");
  });

  test("a stream is passed on as it comes, and never out of a cache", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const stream = await fetch(`${nginx.address}/v1/stream?sku=cap&key=${server.publishable}`, { headers: { origin: ORIGIN }, signal });
    assert.equal(stream.headers.get("content-type"), "text/event-stream");
    let heard = "";
    const listening = (async () => {
      for await (const part of stream.body) heard += Buffer.from(part);
    })().catch(() => {});
    await until("the first answer", () => heard.includes("event: availability"), 1_000);
    heard = "";
    const began = Date.now();
    await server.setStock("cap", 50);
    await server.setStock("cap", 0);
    await until("the change", () => heard.includes("out_of_stock"), 2_000);
    assert.ok(Date.now() - began < 1_000);
    const second = await fetch(`${nginx.address}/v1/stream?sku=cap&key=${server.publishable}`, { headers: { origin: ORIGIN }, signal });
    assert.equal(second.headers.get("x-cache"), null);
    controller.abort();
    await listening;
  });

  test("the widget's files are kept in each encoding", async () => {
    const file = "/embed/v1/ships-by.js";
    const direct = await plainly(server.address, file, {});
    if (direct.status === 404) return assert.match(direct.text, /widget_not_built/);
    for (const encoding of ["br", "gzip", undefined]) {
      const headers = { "accept-encoding": encoding ?? "identity" };
      const caches = [];
      for (const _ of [1, 2]) {
        const answer = await ask(file, headers);
        assert.equal(answer.headers["content-encoding"], encoding);
        caches.push(answer.cache);
      }
      assert.deepEqual(caches, ["MISS", "HIT"]);
    }
  });

  test("what is for those who run the server is not for the world", async () => {
    for (const path of ["/metrics", "/readyz", "/healthz"]) assert.equal((await ask(path)).status, 404);
    assert.equal((await ask("/docs", {})).status, 200);
  });

  test("a server that was killed is not missed until it is back, but no answer outlives its end", async (t) => {
    const server = await startServer(t);
    const nginx = await startNginx(t, server.port);
    const path = `/v1/availability?sku=cap&key=${server.publishable}`;
    const first = await plainly(nginx.address, path);
    await server.kill();
    await sleep(MAX_AGE_MS + 1_100);
    for (let round = 0; round < 5; round++) {
      const stale = await plainly(nginx.address, path);
      assert.deepEqual([stale.status, stale.cache, stale.text], [200, "STALE", first.text]);
      await sleep(100);
    }
    assert.equal((await plainly(nginx.address, path.replace("cap", "mug"))).status, 502, "of what nobody asked before nothing is known");
    await server.start();
    await server.setStock("cap", 0);
    const back = await until("the new answer", async () => {
      const answer = await plainly(nginx.address, path);
      return JSON.parse(answer.text).items[0].status === "out_of_stock" && answer;
    }, 1_000 + STALE_MS);
    assert.equal(back.status, 200);
  });

  test("how long an old answer is given while the server is away is for the answer to say", async (t) => {
    const port = await freePort();
    const short = createServer((_, response) => response.writeHead(200, { "cache-control": "public, max-age=1, stale-while-revalidate=1, stale-if-error=2" }).end("{}"));
    short.listen(port, "127.0.0.1");
    await once(short, "listening");
    const nginx = await startNginx(t, port);
    const ask = () => plainly(nginx.address, "/v1/availability?sku=a");
    assert.equal((await ask()).cache, "MISS");
    short.closeAllConnections();
    short.close();
    await once(short, "close");
    await sleep(2_200);
    const stale = await ask();
    assert.deepEqual([stale.status, stale.cache], [200, "STALE"]);
    await sleep(2_500);
    assert.equal((await ask()).status, 502);
  });
});
