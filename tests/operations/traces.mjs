// Traces of a server that is built with them (`--features otel`). scripts/test-otel.sh builds it and runs this.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import { startServer, until } from "../cdn/stand.mjs";

const bin = process.env.SHIPSBY_OTEL_BIN;
assert.ok(bin, "SHIPSBY_OTEL_BIN names no program");

/** A collector that keeps what it is sent, as bytes: names and values stand in them as they are. */
async function startSink(t) {
  const sink = { requests: [], text: "" };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    sink.text += Buffer.concat(parts).toString("latin1");
    sink.requests.push(`${request.method} ${request.url} ${request.headers["content-type"]}`);
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  sink.address = `http://127.0.0.1:${server.address().port}`;
  return sink;
}

test("what a merchant does arrives at a collector as a trace", async (t) => {
  const sink = await startSink(t);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: sink.address, OTEL_BSP_SCHEDULE_DELAY: "100" };
  const server = await startServer(t, { bin, env });
  await server.setStock("cap", 3);
  await until("the spans", () => sink.text.includes("/v1/stock/{location}/{sku}"));
  assert.ok(sink.requests.every((line) => line === "POST /v1/traces application/x-protobuf"), sink.requests.join());
  for (const said of ["ships-by", "request", "write", "route"]) assert.ok(sink.text.includes(said), `no ${said}`);
  // Nobody is told of keys.
  assert.ok(!sink.text.includes(server.secret) && !sink.text.includes(server.publishable));

  // What happened last is not lost.
  await server.call("PUT", "/v1/skus/last-words", { title: "Last" });
  const before = sink.requests.length;
  await server.stop();
  assert.ok(before < sink.requests.length);
});

test("without an address nobody is told anything", async (t) => {
  const server = await startServer(t, { bin, env: { OTEL_EXPORTER_OTLP_ENDPOINT: "" } });
  await server.setStock("cap", 3);
  await server.stop();
});
