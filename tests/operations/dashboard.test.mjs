// What an operator sees.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ORIGIN, startServer } from "../cdn/stand.mjs";

const DASHBOARD = new URL("../../packaging/grafana/ships-by.json", import.meta.url);

async function scraped(server) {
  const text = await (await fetch(`${server.address}/metrics`)).text();
  const samples = text.split("\n").filter((line) => line && !line.startsWith("#"));
  return new Map(samples.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}

test("every number of the dashboard is told by a running server", async (t) => {
  const server = await startServer(t);
  const asked = await fetch(`${server.address}/v1/availability?sku=cap&key=${server.publishable}`, { headers: { origin: ORIGIN } });
  assert.equal(asked.status, 200);
  const names = new Set([...(await scraped(server)).keys()].map((sample) => sample.replace(/\{.*/, "")));

  const dashboard = JSON.parse(readFileSync(DASHBOARD, "utf8"));
  const targets = dashboard.panels.flatMap(({ title, targets }) => (targets ?? []).map(({ expr }) => ({ title, expr })));
  assert.ok(targets.length >= 10);
  const shown = new Set();
  for (const { title, expr } of targets) {
    const used = expr.match(/\bshipsby_\w+/g);
    assert.ok(used, `${title}: ${expr} names nothing of ours`);
    for (const name of used) {
      assert.ok(names.has(name), `${title}: no server tells ${name}`);
      shown.add(name.replace(/_(bucket|sum|count)$/, ""));
    }
  }
  // And nothing that is told is left out.
  const told = new Set([...names].map((name) => name.replace(/_(bucket|sum|count)$/, "")));
  assert.deepEqual([...told].filter((name) => !shown.has(name)), []);
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
});

test("the numbers are those of what happened", async (t) => {
  const server = await startServer(t);
  const before = await scraped(server);
  for (const count of [1, 2, 3]) await server.setStock("cap", count);
  const controller = new AbortController();
  await fetch(`${server.address}/v1/stream?sku=cap&key=${server.publishable}`, { signal: controller.signal });
  await fetch(`${server.address}/v1/stream?sku=cap&key=nonsense`);
  const after = await scraped(server);
  controller.abort();
  const grown = (name) => after.get(name) - (before.get(name) ?? 0);
  assert.equal(grown('shipsby_http_requests_total{route="/v1/stock/{location}/{sku}",status="200"}'), 3);
  assert.equal(grown('shipsby_http_requests_total{route="/v1/stream",status="401"}'), 1);
  assert.ok(grown("shipsby_database_write_duration_seconds_count") >= 3);
  assert.ok(grown("shipsby_database_turn_wait_seconds_count") >= 3);
  assert.ok(after.get("shipsby_database_journal_bytes") > 0);
  assert.equal(after.get("shipsby_streams_open"), 1);
  assert.equal(after.get("shipsby_stores"), 1);
  assert.equal(after.get('shipsby_skus{store="default"}'), 5);
  assert.equal(after.get('shipsby_revisions_behind{store="default"}'), 0);
  assert.equal(after.get("shipsby_database_up"), 1);
  assert.ok(after.get("shipsby_facts_age_seconds") < 1);
});
