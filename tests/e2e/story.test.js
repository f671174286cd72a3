// One shopper's whole story: from the product page to the refund, with every letter on the way.
// SHIPSBY_PICTURES=folder keeps a picture of each page and letter.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { newContext, until } from "./support/browser.mjs";
import { answered, fillCart, MIXED, placeOrder } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage();
const pictures = process.env.SHIPSBY_PICTURES;

let taken = 0;
async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${String(++taken).padStart(2, "0")}-${name}.png`), fullPage: true });
}

test("a shopper orders, is charged by parcel, hears of a delay, cancels what waits and gets money back", async (t) => {
  const context = await newContext(t, stage.browser);
  // The script with which the tests watch pages is kept out of letters, as every script is.
  const expected = /document's frame is sandboxed/;
  const page = await stage.visit(t, "/products/cc-hoodie?variant=cc-hoodie-blue", { context, expected });
  await answered(page);
  assert.match(await page.locator("ships-by [part=date]:visible").first().innerText(), /Ships by/);
  await picture(page, "product");

  await fillCart(page, MIXED);
  await page.goto(stage.demo.shop + "/cart");
  await answered(page);
  await picture(page, "cart");
  await page.goto(stage.demo.shop + "/checkout");
  await until("there is a plan", () => page.evaluate(() => document.querySelector("#plan").value));
  await page.locator("#plan input[value=separate]").check({ force: true });
  await picture(page, "checkout");
  await placeOrder(page, "story@example.com");
  const number = await page.locator("#order-number").textContent();
  await picture(page, "confirmation");

  const order = () => stage.demo.call("GET", `/v1/orders/${number}`);
  /** Opens the letter with this subject, once it has come. */
  async function letter(subject, name) {
    const link = page.getByRole("link", { name: subject });
    await until(`the letter "${subject}" has come`, async () => {
      await page.goto(stage.demo.shop + "/mailbox");
      return (await link.count()) > 0;
    });
    assert.equal(await link.count(), 1, "it comes once");
    await link.click();
    await page.waitForURL("**/mailbox/*");
    await picture(page, name);
    return page.locator("pre").textContent();
  }

  const confirmed = await letter(`Your order ${number} at Plainsong`, "letter-confirmed");
  assert.match(confirmed, /1 × Hoodie, green[^]*Ships by [^]*2 × Hoodie, blue[^]*Ships by /);
  assert.match(confirmed, /You pay for each parcel when it leaves/);

  // The first parcel leaves, and only then it is charged.
  assert.equal((await order()).payment.captured.amount, 0);
  const first = (await stage.demo.call("GET", "/v1/shipments?status=ready&limit=200")).items.find((parcel) => parcel.order === number);
  await stage.demo.call("POST", `/v1/shipments/${first.id}/ship`, { carrier: "UPS", tracking_number: "1Z999AA10123456784" });
  await until("it is charged", async () => (await order()).payment.charges[0]?.status === "captured");
  const charged = (await order()).payment.captured.amount;
  assert.ok(0 < charged && charged < (await order()).total.amount);
  const shipped = await letter(`Order ${number} is on its way`, "letter-shipped");
  assert.match(shipped, new RegExp(`1Z999AA10123456784[^]*\\$${(charged / 100).toFixed(2).replace(".", "\\.")}`));
  assert.match(shipped, /Still to come[^]*Hoodie, blue/);

  // The supplier is late: the customer is told both dates and what silence means.
  await fetch(stage.demo.shop + "/warehouse/delays", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ sku: "cc-hoodie-blue", days: 14 }) });
  const delayed = await letter(`Order ${number}: a new date`, "letter-delayed");
  assert.match(delayed, /Ships by [^]* instead of /);
  assert.match(delayed, /cancel it at any time/);
  const [notice] = (await order()).notices;
  assert.equal(notice.status, "told");

  // The customer's own page: what has left, what changed, and a way out. A link alone does nothing.
  await page.goto(stage.demo.api + (await order()).page);
  await picture(page, "order-page");
  assert.match(await page.locator("main").innerText(), /instead of/);
  await page.goto(stage.demo.api + (await order()).page + "/cancel");
  await picture(page, "order-cancel");
  assert.equal((await order()).status, "part_shipped");
  await page.locator("form[method=post] button").click();
  await until("the rest is cancelled", async () => (await order()).lines[1].cancelled === 2);
  await picture(page, "order-page-cancelled");
  const cancelled = await letter(`Order ${number}: cancelled`, "letter-cancelled");
  assert.match(cancelled, /2 × Hoodie, blue[^]*Nothing was charged for it/);
  await until("what is left is let go", async () => (await order()).payment.status === "released");

  // And a scratch on the first one is made good.
  await stage.demo.call("POST", `/v1/orders/${number}/refunds`, { shipment: first.id, amount: { amount: 500, currency: "USD" }, reason: "a scratch" });
  await until("it is given back", async () => (await order()).payment.refunds[0]?.status === "done");
  await letter(`Order ${number}: $5.00 on its way back to you`, "letter-refunded");
  await page.goto(stage.demo.shop + "/bank");
  await picture(page, "bank");
  const entries = await page.locator("#ledger li").filter({ hasText: number }).allInnerTexts();
  assert.equal(entries.filter((entry) => /Charged/.test(entry)).length, 1, "one parcel left, one charge");
  assert.equal(entries.filter((entry) => /Given back/.test(entry)).length, 1);
  const { items } = await stage.demo.call("GET", `/v1/orders/${number}/evidence`);
  const kinds = new Set(items.map(({ what }) => what));
  for (const what of ["placed", "promised", "notice_told", "told", "shipped", "captured", "cancelled", "refunded", "mail_ended"]) {
    assert.ok(kinds.has(what), `${what} stands in the evidence`);
  }
});
