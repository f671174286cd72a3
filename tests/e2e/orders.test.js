// The demo's orders: from the checkout into the warehouse, to the bank and into the mailbox.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { compiled, newContext, until } from "./support/browser.mjs";
import { fillCart, MIXED, placeOrder } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";

const BANK_SECRET = "whsec_ZGVtbyBiYW5rLCBrbm93biB0byBldmVyeWJvZHk=";

const stage = setStage();

/** Orders in a page of its own; resolves on the confirmation. */
async function order(t, { lines = MIXED, kind = "separate", email, query = "", ...options } = {}) {
  const page = await stage.visit(t, "/", options);
  await fillCart(page, lines);
  await page.goto(stage.demo.shop + "/checkout" + query);
  await until("there is a plan", () => page.evaluate(() => document.querySelector("#plan").value));
  if (kind) await page.locator(`#plan input[value=${kind}]`).check({ force: true });
  await placeOrder(page, email);
  return page;
}

/** Something of which there is enough for all tests, in one parcel. */
const MUG = { lines: [{ sku: "cc-mug", quantity: 1 }], kind: null };

const numberOn = (page) => page.locator("#order-number").textContent();
const orderOf = (number) => stage.demo.call("GET", `/v1/orders/${number}`);

/** Posts a checkout's form as a browser would, with what it holds now. */
const formOf = (page) => page.locator("#checkout").evaluate((form) => [...new FormData(form)]);

function post(fields) {
  return fetch(stage.demo.shop + "/confirmation", { method: "POST", body: new URLSearchParams(fields) });
}

/** Sends the bank a message; `signed` false bends the signature. */
async function askBank(message, { id = randomUUID(), signed = true } = {}) {
  const body = JSON.stringify(message);
  // The demo's own clock stands where the tests set it, and runs on from there.
  const at = Math.floor(Date.parse((await stage.demo.plans(MIXED)).as_of) / 1000);
  const key = Buffer.from(BANK_SECRET.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
  const response = await fetch(stage.demo.shop + "/bank", {
    method: "POST",
    headers: { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": at, "webhook-signature": `v1,${signed ? signature : "AAAA"}` },
    body,
  });
  return { status: response.status, ...(await response.json()) };
}

const money = (amount) => ({ amount, currency: "USD" });

test("a checkout places an order with its prices, its customer and the dates that were shown", async (t) => {
  const plans = await stage.demo.plans(MIXED);
  const page = await order(t, { query: "?lang=de" });
  const found = await orderOf(await numberOn(page));
  assert.equal(found.plan, "separate");
  assert.deepEqual(found.customer, { email: "ada@example.com", name: "Ada", lang: "de", country: "US" });
  assert.deepEqual(found.lines.map(({ sku, quantity }) => ({ sku, quantity })), MIXED);
  const separate = plans.options.find(({ kind }) => kind === "separate");
  const lastOf = (sku) => separate.shipments.filter(({ lines }) => lines.some((line) => line.sku === sku)).at(-1).ships_by;
  assert.deepEqual(found.lines.map(({ shown }) => shown), MIXED.map(({ sku }) => lastOf(sku)));
  assert.deepEqual(found.total, money(3 * 4500 + 495));
  assert.equal(found.payment.provider, "external");
  assert.deepEqual(found.payment.authorized, found.total);
  assert.equal(await page.locator("#order-page").getAttribute("href"), stage.demo.api + found.page);
});

test("a form that is sent twice, even at once, is one order", async (t) => {
  const page = await stage.visit(t, "/");
  await fillCart(page, [{ sku: "cc-mug", quantity: 1 }]);
  await page.goto(stage.demo.shop + "/checkout");
  await until("there is a plan", () => page.evaluate(() => document.querySelector("#plan").value));
  const fields = Object.fromEntries(await formOf(page));
  Object.assign(fields, { email: "twice@example.com", name: "Ada" });
  const both = await Promise.all([post(fields), post(fields)]);
  const third = await post(fields);
  const numbers = await Promise.all([...both, third].map(async (response) => [response.status, /id="order-number"[^>]*>([^<]+)/.exec(await response.text())?.[1]]));
  assert.deepEqual(numbers, Array(3).fill([200, fields.number]));
  const other = await post({ ...fields, email: "somebody@example.com" });
  assert.equal(other.status, 409);
  assert.doesNotMatch(await other.text(), /\/o\//, "whoever only knows the number does not get its page");
});

test("a date that got later since it was shown is said beside the first, and nothing is ordered", async (t) => {
  const sku = "cc-scarf";
  const page = await stage.visit(t, "/", { expected: /409/ });
  await fillCart(page, [{ sku, quantity: 1 }]);
  await page.goto(stage.demo.shop + "/checkout");
  await compiled(page);
  await until("there is a plan", () => page.evaluate(() => document.querySelector("#plan").value));
  const fields = Object.fromEntries(await formOf(page));
  const { ships_by: shown } = await stage.demo.availability(sku);
  await fetch(stage.demo.shop + "/warehouse/delays", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ sku, days: 7 }) });
  const { ships_by: now } = await stage.demo.availability(sku);
  assert.ok(shown < now);
  const answer = await post({ ...fields, email: "ada@example.com", name: "Ada" });
  assert.equal(answer.status, 409);
  const words = await answer.text();
  assert.match(words, /Nothing was ordered yet/);
  assert.deepEqual([...words.matchAll(/datetime="([^"]+)"/g)].map(([, day]) => day), [shown, now]);
  const response = await fetch(`${stage.demo.api}/v1/orders/${fields.number}`, { headers: { authorization: "Bearer sk_demo_shipsby" } });
  assert.equal(response.status, 404);
});

test("sending it in parts never costs more than was shown", async (t) => {
  const page = await stage.visit(t, "/");
  await fillCart(page, MIXED);
  await page.goto(stage.demo.shop + "/checkout");
  await page.locator("#plan input[value=separate]").check({ force: true });
  const fields = Object.fromEntries(await formOf(page));
  const plan = JSON.parse(fields.ships_by_plan);
  plan.surcharge.amount = 1;
  const answer = await post({ ...fields, email: "ada@example.com", name: "Ada", ships_by_plan: JSON.stringify(plan) });
  assert.equal(answer.status, 409);
  assert.match(await answer.text(), /\$0\.01[^]*\$4\.95/);
});

test("what somebody else bought in between is said kindly", async (t) => {
  const page = await stage.visit(t, "/");
  await fillCart(page, [{ sku: "cc-belt", quantity: 1 }]);
  await page.goto(stage.demo.shop + "/checkout");
  await until("there is a plan", () => page.evaluate(() => document.querySelector("#plan").value));
  const fields = Object.fromEntries(await formOf(page));
  const gone = await post({ ...fields, email: "ada@example.com", name: "Ada", cart: JSON.stringify([{ sku: "cc-belt", quantity: 9000 }, { sku: "cc-mug", quantity: 1 }]), ships_by_plan: JSON.stringify({ ...JSON.parse(fields.ships_by_plan), shipments: [{ ships_by: "2026-11-24", lines: [{ sku: "cc-belt", quantity: 9000 }, { sku: "cc-mug", quantity: 1 }] }] }) });
  assert.equal(gone.status, 409);
  assert.match(await gone.text(), /Somebody was faster/);
});

test("the warehouse hands over what is ready, the rest leaves when it has arrived", async (t) => {
  const context = await newContext(t, stage.browser);
  const page = await order(t, { context });
  const number = await numberOn(page);
  await page.locator("#warehouse summary").click();
  const ready = page.locator("#warehouse-ready > li").filter({ hasText: number });
  const waiting = page.locator("#warehouse-waiting > li").filter({ hasText: number });
  await ready.waitFor();
  assert.match(await ready.innerText(), /1 × Hoodie, green/);
  assert.match(await waiting.innerText(), /2 × Hoodie, blue[^]*from PO-/);
  await ready.getByRole("button", { name: "Hand over to the carrier" }).click();
  await until("the panel says so", async () => (await page.locator("#warehouse-said").textContent()).includes(number));
  await until("it is not ready any more", async () => (await ready.count()) === 0);
  assert.equal((await orderOf(number)).status, "part_shipped");

  assert.equal(await page.locator("#warehouse-sku").inputValue(), "cc-hoodie-blue", "the panel begins with what is waited for");
  const arrived = page.locator("#warehouse-orders").getByRole("button", { name: "It has arrived" });
  await arrived.first().click();
  await until("it waits no more", async () => (await waiting.count()) === 0);
  await ready.getByRole("button", { name: "Hand over to the carrier" }).click();
  await until("all of it has left", async () => (await orderOf(number)).status === "shipped");
});

test("the panel says why a parcel cannot leave", async (t) => {
  const page = await order(t, { ...MUG, expected: /422/ });
  const number = await numberOn(page);
  await page.locator("#warehouse summary").click();
  const ready = page.locator("#warehouse-ready > li").filter({ hasText: number });
  await ready.waitFor();
  await stage.demo.call("POST", `/v1/orders/${number}/cancel`, {});
  await ready.getByRole("button", { name: "Hand over to the carrier" }).click();
  await until("it says that the parcel is another", async () => /not what it was/.test(await page.locator("#warehouse-said").textContent()));
  await until("the list is new", async () => (await ready.count()) === 0);
});

test("the bank answers what is signed, does it once, and lists it", async (t) => {
  const page = await order(t, MUG);
  const number = await numberOn(page);
  const { total } = await orderOf(number);
  const capture = { type: "payment.capture", order: number, shipment: `${number}-a`, amount: money(4500), reference: null };
  const id = randomUUID();
  const first = await askBank(capture, { id });
  assert.equal(first.status, "captured");
  assert.deepEqual(await askBank(capture, { id }), first);
  assert.equal((await askBank(capture, { signed: false })).status, 401);
  assert.equal((await askBank({ ...capture, order: "nobody" })).status, 404);
  assert.equal((await askBank({ ...capture, type: "payment.refund", amount: money(500) })).status, "refunded");
  await page.goto(stage.demo.shop + "/bank");
  const entries = page.locator("#ledger li").filter({ hasText: number });
  const shown = await entries.evaluateAll((items) => items.map((item) => [item.querySelector(".what").textContent, item.querySelector(".cost").textContent]));
  assert.deepEqual(shown.at(-1), ["Agreed at checkout", `$${(total.amount / 100).toFixed(2)}`]);
  assert.deepEqual(shown.filter(([what]) => what === "Given back"), [["Given back", "$5.00"]]);
  assert.deepEqual(shown.filter(([, cost]) => cost === "$45.00"), [["Charged for a parcel", "$45.00"]]);

  const refused = await numberOn(await order(t, { ...MUG, email: "ada.declines@example.com" }));
  assert.equal((await askBank({ ...capture, order: refused })).status, "declined");
});

test("the mailbox shows letters as they look and as text, and runs nothing in them", async (t) => {
  const page = await stage.visit(t, "/mailbox", { expected: /script|sandbox|Content Security Policy/i });
  rmSync(stage.demo.mail, { recursive: true, force: true });
  await page.reload();
  assert.match(await page.locator("main").innerText(), /No letter yet/);
  mkdirSync(stage.demo.mail, { recursive: true });
  t.after(() => rmSync(stage.demo.mail, { recursive: true, force: true }));
  const letter = [
    "Subject: =?utf-8?b?SWhyZSBCZXN0ZWxsdW5nIOKAkyBncsO8w59l?=", "To: Ada <ada@example.com>", "Date: Mon, 23 Nov 2026 15:00:00 +0000", "MIME-Version: 1.0",
    'Content-Type: multipart/alternative; boundary="x"', "", "--x", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", "Gr=C3=BC=C3=9Fe", "--x",
    "Content-Type: text/html; charset=utf-8", "", '<p style="color: rgb(1, 2, 3)">Hello</p><script>document.body.textContent = "ran"</script>', "--x--", "",
  ];
  writeFileSync(join(stage.demo.mail, "0b8f.eml"), letter.join("\r\n"));
  await page.reload();
  await page.getByRole("link", { name: "Ihre Bestellung – grüße" }).click();
  await page.waitForURL("**/mailbox/0b8f");
  assert.equal((await page.locator("pre").textContent()).trim(), "Grüße");
  const words = page.frameLocator("iframe").locator("p");
  assert.equal(await words.textContent(), "Hello");
  assert.equal(await words.evaluate((element) => getComputedStyle(element).color), "rgb(1, 2, 3)");
  const { status } = await fetch(stage.demo.shop + "/mailbox/..%2Fdemo.sqlite");
  assert.equal(status, 404);
});
