// What a merchant decides in the dashboard: the first run, the second factor, what is ordered, and what another date would do.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";

import { until } from "./support/browser.mjs";
import { arrive, enter, go, settled, tabTo, violations } from "./support/dashboard.mjs";
import { startFresh } from "./support/fresh.mjs";
import { POTTER, sellMugs } from "./support/sales.mjs";
import { setStage } from "./support/stage.mjs";

const ME = { email: "ada@shop.example", password: "twelve letters and more" };

const stage = setStage();

const focused = (page) => page.evaluate(() => document.activeElement.id);

/** Makes the first owner of a fresh server, by keyboard. */
async function becomeOwner(t) {
  const { api, hash } = await startFresh(t);
  const page = await arrive(t, stage.browser, api, { hash });
  await page.locator("h1", { hasText: "Welcome" }).waitFor();
  await tabTo(page, "Your name");
  await page.keyboard.type("Ada");
  await page.keyboard.press("Tab");
  await page.keyboard.type(ME.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(ME.password);
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "Set up your store" }).waitFor();
  return { page, api };
}

/** A merchant's own page, elsewhere, with the tag that is pasted into it. */
async function ownShop(t) {
  const shop = { tag: "" };
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><html lang="en"><head>${shop.tag}</head><body><ships-by sku="mug">…</ships-by></body></html>`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  shop.origin = `http://127.0.0.1:${server.address().port}`;
  return shop;
}

test("the keyboard alone sets a store up, from the link that the server prints to goods that shoppers see", async (t) => {
  const { page } = await becomeOwner(t);
  const shop = await ownShop(t);
  assert.deepEqual(await violations(page), []);
  await settled(page);

  await tabTo(page, "Name of the store");
  await page.keyboard.type("Ada's mugs");
  await tabTo(page, "Address of your shop");
  await page.keyboard.type(`${shop.origin}/mugs?all`);
  await page.keyboard.press("Enter");
  await page.locator("h2", { hasText: "Bring your stock" }).waitFor();
  await page.locator(".brand", { hasText: "Ada's mugs" }).waitFor();
  await until("the next step has the focus", async () => (await focused(page)) === "step");

  // The browser is told to hand its dialog over while the way to the field is still being gone: that takes it a moment.
  const choosing = page.waitForEvent("filechooser", { timeout: 30_000 });
  await tabTo(page, "File");
  await page.keyboard.press("Space");
  const file = { name: "stock.csv", mimeType: "text/csv", buffer: Buffer.from("sku,on_hand\nmug,7\nbowl,0\n") };
  await (await choosing).setFiles(file);
  await tabTo(page, "Try it");
  await page.keyboard.press("Enter");
  await page.getByText("2 lines read").waitFor();
  await tabTo(page, "Take it in");
  await page.keyboard.press("Enter");
  await page.locator("#main").getByText("2 changed something").waitFor();
  // What was taken in is found again where one comes back, and the step too.
  await page.reload();
  await page.locator("h2", { hasText: "Bring your stock" }).waitFor();
  await page.locator("#main").getByText("2 changed something").waitFor();
  await tabTo(page, "Go on");
  await page.keyboard.press("Enter");

  await page.locator("h2", { hasText: "Copy the tag" }).waitFor();
  await tabTo(page, "Make the tag");
  await page.keyboard.press("Enter");
  shop.tag = await page.locator(".copied pre", { hasText: "pk_live_" }).textContent();
  assert.deepEqual(await violations(page), []);
  const shopper = await stage.browser.newPage();
  t.after(() => shopper.close());
  await shopper.goto(shop.origin);
  await shopper.getByText("In stock").waitFor();
  await page.bringToFront();
  await tabTo(page, "Go on");
  await page.keyboard.press("Enter");
  await page.locator("tr", { hasText: "mug" }).locator(".mark", { hasText: "In stock" }).waitFor();
  await tabTo(page, "Show");
  const opened = page.context().waitForEvent("page");
  await page.keyboard.press("Enter");
  const beside = await opened;
  await beside.getByText("In stock").waitFor();
  await beside.close();
  await page.bringToFront();
  assert.deepEqual(await violations(page), []);
  await tabTo(page, "Go to today");
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "Today" }).waitFor();
});

test("a phone is enrolled with a picture, and from then on its codes are asked for", async (t) => {
  const { page } = await becomeOwner(t);
  await go(page, "/settings/account");
  await page.getByRole("button", { name: "Turn it on" }).click();
  await page.getByRole("img", { name: "The secret as a picture for a camera" }).waitFor();
  assert.deepEqual(await violations(page), []);
  const secret = await page.locator(".copied pre").textContent();
  const step = Math.floor(Date.now() / 30_000);
  await page.getByLabel("Code").fill(codeOf(secret, step));
  await page.getByRole("button", { name: "Confirm" }).click();
  const recovery = await page.locator(".notice pre").textContent();
  assert.equal(recovery.trim().split("\n").length, 10);

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.locator("h1", { hasText: "Sign in" }).waitFor();
  await page.getByLabel("E-mail").fill(ME.email);
  await page.getByLabel("Password").fill(ME.password);
  await page.keyboard.press("Enter");
  const code = page.getByLabel("Code");
  await code.fill("000000");
  await page.keyboard.press("Enter");
  await page.locator("[role=alert]", { hasText: "six digits" }).waitFor();
  assert.equal(await page.locator("#main[tabindex]").count(), 0, "a wrong code opens nothing");
  // The code that confirmed the phone is used up; the next one is taken a little early.
  await code.fill(codeOf(secret, step + 1));
  await page.keyboard.press("Enter");
  await page.locator("#main[tabindex]").waitFor();
});

test("a draft is approved, sent after a question, and confirmed: then it is a purchase order and in a letter", async (t) => {
  await sellMugs(stage.demo);
  const page = await enter(t, stage, "/reorders");
  await page.getByText(`The next drafts for ${POTTER} come`).waitFor();
  await page.getByRole("button", { name: "Draft what is due now" }).click();
  await page.locator(".said", { hasText: "1 draft is made." }).waitFor();
  await go(page, "/");
  await page.locator("section", { hasText: "1 draft waits for approval" }).locator("tbody a").click();
  await settled(page);

  const line = page.locator("tr", { hasText: "cc-mug" });
  await line.getByText("on hand").waitFor();
  await page.getByText("of a budget of").waitFor();
  await page.getByRole("button", { name: "Approve" }).click();
  await page.locator(".mark", { hasText: "Approved" }).waitFor();
  const send = page.getByRole("button", { name: "Send to the supplier" });
  await send.focus();
  await page.keyboard.press("Enter");
  await page.getByText("orders@potter.example").waitFor();
  await until("the question has the focus", async () => (await focused(page)).startsWith("sure-"));
  assert.deepEqual(await violations(page), []);
  await page.getByRole("button", { name: "Not yet" }).click();
  await until("the button has it again", async () => (await focused(page)).startsWith("ask-"));
  const { items: [before] } = await stage.demo.call("GET", "/v1/reorders?status=approved");
  assert.equal(before.status, "approved", "a question sends nothing");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Send it" }).click();
  await page.locator(".said", { hasText: "It is sent" }).waitFor();

  const sent = await stage.demo.call("GET", `/v1/reorders/${before.id}`);
  assert.equal(sent.status, "sent");
  await page.getByRole("link", { name: sent.purchase_order }).waitFor();
  await until("the letter has gone", () => readdirSync(stage.demo.mail).some((file) => readFileSync(`${stage.demo.mail}/${file}`, "utf8").includes("orders@potter.example")));
  await page.getByLabel("Expected on").fill("2027-01-15");
  await page.getByRole("button", { name: "The supplier said yes" }).click();
  await page.locator(".mark", { hasText: "Confirmed" }).waitFor();
  const order = await stage.demo.call("GET", `/v1/purchase-orders/${sent.purchase_order}`);
  assert.equal(order.lines[0].expected_on, "2027-01-15");
});

test("another way to order is tried on what was sold, told in a sentence, and then switched on", async (t) => {
  await sellMugs(stage.demo);
  const page = await enter(t, stage, "/reorders/policy");
  const form = page.locator("section", { has: page.getByRole("heading", { name: "What would have been" }) });
  await form.getByLabel("Of 100").fill("60");
  await form.getByText("in 60 nothing is missing").waitFor();
  await form.getByRole("button", { name: "Try it" }).click();
  await form.locator(".verdict", { hasText: "of what was wanted would have left at once" }).waitFor({ timeout: 60_000 });
  await form.getByRole("img", { name: "What you try beside what you have" }).waitFor();
  assert.deepEqual(await violations(page), []);
  assert.equal((await stage.demo.call("GET", "/v1/reorders/policy")).service.percent, 95, "trying changes nothing");
  await form.getByRole("button", { name: "Order like this from now on" }).click();
  await page.locator(".said", { hasText: "Saved." }).waitFor();
  const policy = await stage.demo.call("GET", "/v1/reorders/policy");
  assert.equal(policy.service.percent, 60);
  assert.equal(policy.suppliers[0].schedule.time, "08:00", "all else stays");
});

test("a forecast is found by its name, drawn with a table behind it, and says how far off it was", async (t) => {
  await sellMugs(stage.demo);
  await until("the forecast is made", async () => (await stage.demo.call("GET", "/v1/forecasts?sku=cc-mug")).items.length === 1);
  const page = await enter(t, stage, "/forecasts");
  await page.getByLabel("Search by SKU or name").fill("mug");
  await page.getByRole("link", { name: "cc-mug" }).click();
  await page.getByRole("img", { name: /^Units sold by month/ }).waitFor();
  await page.getByText("Tried on the last 12 months").waitFor();
  const table = page.locator("figure.demand");
  await table.getByText("As a table").click();
  await table.locator("tr", { hasText: "Oct 2026" }).getByText("31").first().waitFor();
  await page.getByRole("link", { name: "Its stock and dates" }).click();
  await page.getByRole("link", { name: "What will be wanted of it" }).waitFor();
});

for (const [name, options, later] of [
  ["from left to right", {}, "ArrowRight"],
  ["from right to left", { locale: "ar" }, "ArrowLeft"],
]) {
  test(`a date is moved by the keys of the keyboard, and whom it hurts is seen before it is saved: ${name}`, async (t) => {
    const supply = `PO-${randomUUID().slice(0, 8)}`;
    const sku = supply.toLowerCase();
    await stage.demo.setSku(sku, { title: "Blanket", backorder: { policy: "allow", limit: 20 } });
    await stage.demo.orderSupply(supply, sku, 20, "2027-02-10");
    const placed = await stage.demo.call("POST", "/v1/orders", {
      customer: { email: `${randomUUID()}@example.com`, name: "Ada", country: "US", lang: "en-US" },
      lines: [{ sku, quantity: 1, unit_price: { amount: 4500, currency: "USD" } }],
      plan: "together",
    });
    const page = await enter(t, stage, `/purchase-orders/of/${supply}`, options);
    const slider = page.getByRole("slider");
    await slider.focus();
    const day = () => slider.getAttribute("aria-valuetext");
    const before = await day();
    const at = Number(await slider.getAttribute("aria-valuenow"));
    for (let pressed = 0; pressed < 3; pressed++) await page.keyboard.press(later);
    assert.equal(Number(await slider.getAttribute("aria-valuenow")), at + 3);
    assert.equal(await page.locator("input[type=date]").first().inputValue(), "2027-02-13");
    for (let pressed = 0; pressed < 3; pressed++) await page.keyboard.press("PageUp");
    assert.notEqual(await day(), before);
    await page.locator(".hurt", { hasText: placed.id }).waitFor();
    const [line] = (await stage.demo.call("GET", `/v1/purchase-orders/${supply}`)).lines;
    assert.equal(line.expected_on, "2027-02-10", "moving changes nothing yet");
    assert.deepEqual(await violations(page), []);

    await page.keyboard.press("Home");
    assert.equal(await slider.getAttribute("aria-valuenow"), "0");
  });
}

test("a date is dragged with the pointer too", async (t) => {
  const supply = `PO-${randomUUID().slice(0, 8)}`;
  await stage.demo.orderSupply(supply, "e2e-long", 5, "2027-03-31");
  const page = await enter(t, stage, `/purchase-orders/of/${supply}`);
  const thumb = await page.getByRole("slider").boundingBox();
  const [x, y] = [thumb.x + thumb.width / 2, thumb.y + thumb.height / 2];
  const at = Number(await page.getByRole("slider").getAttribute("aria-valuenow"));
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 60, y, { steps: 5 });
  await page.mouse.up();
  const moved = Number(await page.getByRole("slider").getAttribute("aria-valuenow"));
  assert.ok(at < moved, `from ${at} to ${moved}`);
  await page.getByText("No customer's date would move.").waitFor();
  await page.getByRole("button", { name: "Save the date" }).click();
  await page.locator(".said", { hasText: "It is expected on" }).waitFor();
  const [line] = (await stage.demo.call("GET", `/v1/purchase-orders/${supply}`)).lines;
  assert.ok("2027-03-31" < line.expected_on, line.expected_on);
});

test("an amount and a gift can be given, in the store's own money", async (t) => {
  const page = await enter(t, stage, "/offers");
  const id = `amount-${randomUUID().slice(0, 8)}`;
  await page.getByLabel("Id").fill(id);
  await page.getByLabel("Gives").selectOption("amount");
  await page.getByLabel("Amount (USD)").fill("7.50");
  await page.getByRole("button", { name: "Save rule" }).click();
  await page.locator("tr", { hasText: id }).getByText("$7.50 off").waitFor();
  await page.getByLabel("Id").fill(`gift-${id}`);
  await page.getByLabel("Gives").selectOption("gift");
  await page.getByLabel(/^SKU/).fill("e2e-ready");
  await page.getByRole("button", { name: "Save rule" }).click();
  await page.locator("tr", { hasText: `gift-${id}` }).getByText("A gift: e2e-ready").waitFor();
});

test("each choice of the store says what shoppers will see, and all of them are kept", async (t) => {
  const page = await enter(t, stage, "/settings/store");
  const known = await stage.demo.call("GET", "/v1/store");
  await page.getByLabel("Days for which overdue goods count").fill("12");
  await page.getByText("When a delivery is 12 days late").waitFor();
  await page.getByLabel("Working days for goods that are nearly there").fill("");
  await page.getByText("Only what is on the shelf reads").waitFor();
  await page.getByLabel("When goods are ready on different days").selectOption("flat");
  await page.getByLabel("Price (USD)").fill("5");
  await page.getByLabel("Where a customer does not answer").selectOption("never");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".said", { hasText: "Saved." }).waitFor();
  const kept = await stage.demo.call("GET", "/v1/store");
  const { split, delays } = known;
  assert.deepEqual(kept, {
    ...known,
    overdue_fence_days: 12,
    suppress_within_days: null,
    split: { ...split, split: "flat", amount: { amount: 500, currency: "USD" } },
    delays: { ...delays, auto_cancel: false },
  });
  await stage.demo.call("PUT", "/v1/store", known);
});

/** The six digits that a phone with this secret shows in this step of 30 seconds (RFC 6238). */
function codeOf(secret, step) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replaceAll(/[\s=]/g, "")].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac("sha1", key).update(counter).digest();
  const number = digest.readUInt32BE(digest[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}
