// `ships-by demo --plain`: the same shop where the pages' policy forbids WebAssembly.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newContext, until } from "./support/browser.mjs";
import { answered, fillCart, MIXED, pathsOf, placeOrder } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";
import { optionsIn, optionsOf, planOf, promiseIn, promiseOf } from "./support/words.mjs";

const expected = /shown as plain text|Content Security Policy/;

const stage = setStage({ plain: true });

test("its pages forbid WebAssembly", async () => {
  for (const path of await pathsOf(stage.demo)) {
    const { headers } = await fetch(stage.demo.shop + path);
    assert.doesNotMatch(headers.get("content-security-policy"), /unsafe/, path);
  }
});

test("every state is said in words all the same, and no WebAssembly is loaded", async (t) => {
  const context = await newContext(t, stage.browser, { viewport: { width: 1280, height: 6_000 } });
  const loaded = [];
  context.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  const page = await stage.visit(t, "/states", { context, expected });
  await answered(page);
  await until("WebAssembly is refused", () => page.complaints.some((each) => each.includes("plain text")));
  for (const element of await page.locator(".state:not(#unknown) ships-by").all()) {
    const [sku, quantity] = [await element.getAttribute("sku"), Number((await element.getAttribute("quantity")) ?? 1)];
    assert.deepEqual(await promiseIn(element), promiseOf(await stage.demo.availability(sku, { quantity })), sku);
  }
  const plans = optionsOf(await stage.demo.plans(MIXED));
  for (const id of ["mixed-cart", "mixed-checkout"]) assert.deepEqual(await optionsIn(page.locator(`#${id} ships-by`)), plans);
  assert.equal(await page.evaluate(() => seen.instances.length), 0);
  assert.deepEqual(loaded.filter((path) => /widget\.(wasm|js)$/.test(path)), []);
});

test("the choice is made by keyboard with plain radio buttons, and goes with the form", async (t) => {
  const page = await stage.visit(t, "/", { expected });
  await fillCart(page);
  await page.goto(stage.demo.shop + "/checkout");
  await page.locator("#plan input").first().waitFor();
  const { options } = await stage.demo.plans(MIXED);
  const sent = () => page.evaluate(() => JSON.parse(new FormData(document.querySelector("#checkout")).get("ships_by_plan")));
  assert.deepEqual(await sent(), planOf(options[0]));
  await page.locator("[name=zip]").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  assert.deepEqual(await sent(), planOf(options[1]));
  assert.equal(await page.locator("#plan [role=status]").textContent(), options[1].text.announcement);
  assert.equal(await page.locator("#shipping").textContent(), "$4.95");
  await placeOrder(page);
  assert.deepEqual(
    await page.locator(".parcel time").evaluateAll((times) => times.map(({ dateTime }) => dateTime)),
    options[1].shipments.map(({ ships_by }) => ships_by),
  );
});

test("open pages follow the warehouse", async (t) => {
  const page = await stage.visit(t, "/products/cc-scarf", { expected });
  await answered(page);
  await stage.demo.setStock("cc-scarf", 60);
  const wanted = JSON.stringify(promiseOf(await stage.demo.availability("cc-scarf")));
  await until(`the page says ${wanted}`, async () => JSON.stringify(await promiseIn(page.locator("#promise"))) === wanted, 3_000);
});

test("nothing moves while a page loads", async (t) => {
  for (const path of ["/", "/products/cc-hoodie", "/states"]) {
    const page = await stage.visit(t, path, { expected });
    await answered(page);
    await until("WebAssembly is refused", () => page.complaints.some((each) => each.includes("plain text")));
    assert.deepEqual(await page.evaluate(() => seen.shifts), [], path);
  }
});
