// What the demo shop sells in each state: kits, goods of two warehouses, late, undated and sent orders, made to order.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compiled, until } from "./support/browser.mjs";
import { fillCart, placeOrder } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";
import { escaped, noticesIn, optionsIn, optionsOf, promiseIn, promiseOf } from "./support/words.mjs";

const GOODS = [
  { name: "a kit", sku: "cc-listening-kit", status: "low_stock", says: ["Only 1 left", "Ships by Tuesday, November 24", null] },
  { name: "from two warehouses", sku: "cc-mug", quantity: 6, status: "in_stock", says: ["In stock", "Ships by Wednesday, November 25", null] },
  { name: "sent by the supplier", sku: "cc-hoodie-green-logo", status: "in_stock", says: ["In stock", "Ships by Tuesday, December 1", null] },
  {
    name: "overdue",
    sku: "cc-hoodie-blue-logo",
    status: "backorder",
    says: ["Backordered", "Ships by Friday, November 27", "Our supplier's delivery is late."],
  },
  {
    name: "planned from experience",
    sku: "cc-hoodie-red",
    status: "backorder",
    says: ["Backordered", "Ships by Wednesday, December 30", "The red is dyed in small lots; yours is in the next one."],
  },
  { name: "made to order", sku: "cc-crate", status: "backorder", says: ["Made to order", "Ships by Tuesday, December 15", "The joiner begins when you order."] },
  { name: "sold out", sku: "cc-t-shirt-green", status: "out_of_stock", says: ["Sold out", "No date known yet", null] },
  { name: "on order, and nobody knows for when", sku: "cc-corduroy-cap", status: "out_of_stock", says: ["Sold out", "No date known yet", null] },
].map((goods) => ({ quantity: 1, ...goods }));
const KIT = [
  { sku: "cc-listening-kit", quantity: 1 },
  { sku: "cc-slipmat", quantity: 1 },
];
const TWO_PLACES = [
  { sku: "cc-mug", quantity: 6 },
  { sku: "cc-hoodie-blue", quantity: 2 },
];
const SOLD_OUT = { sku: "cc-t-shirt-green", quantity: 1 };
const TALL = { width: 1000, height: 8_000 };
const DAY_MS = 86_400_000;

const stage = setStage();

const drawn = (page, count) =>
  until("all answers are drawn", async () => (await page.locator("[part=label], [part=notice], [part=option]").count()) >= count);

test("each is said on product, cart and checkout as the server says it", async (t) => {
  const elements = GOODS.flatMap(({ sku, quantity }, at) => [
    `<ships-by id="product-${at}" sku="${sku}" quantity="${quantity}"></ships-by>`,
    ...["cart", "checkout"].map((view) => `<ships-by id="${view}-${at}" view="${view}" lines='${escaped([{ sku, quantity }])}'></ships-by>`),
  ]);
  const page = await stage.open(t, elements.join("\n<hr>\n"), { viewport: TALL });
  await drawn(page, 4 * GOODS.length);
  await compiled(page);
  for (const [at, { name, sku, quantity, status, says }] of GOODS.entries()) {
    await t.test(name, async () => {
      const answer = await stage.demo.availability(sku, { quantity });
      const found = await promiseIn(page.locator(`#product-${at}`));
      assert.equal(answer.status, status);
      assert.deepEqual(found, promiseOf(answer));
      assert.deepEqual([found.label, found.date, found.reason], says);
      assert.equal(await page.locator(`#product-${at} [part=delivery]`).count(), answer.orderable ? 1 : 0);
      const plans = await stage.demo.plans([{ sku, quantity }]);
      assert.deepEqual(await promiseIn(page.locator(`#cart-${at} li.line`)), promiseOf(plans.lines[0]));
      for (const view of ["cart", "checkout"]) {
        assert.deepEqual(await optionsIn(page.locator(`#${view}-${at}`)), optionsOf(plans));
        assert.deepEqual(await noticesIn(page.locator(`#${view}-${at}`)), plans.text.notices);
      }
    });
  }
});

test("a kit and one of its parts are each there alone, and in one cart the second waits", async (t) => {
  for (const { sku } of KIT) assert.equal((await stage.demo.availability(sku)).status, "low_stock");
  const page = await stage.visit(t, "/products/cc-listening-kit");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.locator(".inside").getByRole("link", { name: "Slipmat" }).click();
  await page.waitForURL("**/cc-slipmat");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.locator("#added a").click();
  await page.waitForURL("**/cart");
  const cart = page.locator("#cart-promise");
  await until("the cart is answered", async () => (await cart.locator("li.line [part=date]").count()) === 2);
  const [kit, mat] = await cart.locator("li.line").all();
  assert.deepEqual([(await promiseIn(kit)).mark, (await promiseIn(mat)).mark], ["dot", "ring"]);
  assert.deepEqual(await optionsIn(cart), optionsOf(await stage.demo.plans(KIT)));
});

test("the panel of a kit counts its parts", async (t) => {
  const page = await stage.visit(t, "/products/cc-listening-kit");
  await compiled(page);
  await page.locator("#warehouse summary").click();
  await page.locator("#on-hand").waitFor();
  assert.deepEqual(await page.locator("#warehouse-sku option").allTextContents(), ["Slipmat", "Single"]);
});

test("from two warehouses even all together is two parcels, which costs nothing; what is sold out costs nothing either", async (t) => {
  const page = await stage.visit(t, "/");
  const plans = await stage.demo.plans([...TWO_PLACES, SOLD_OUT]);
  assert.deepEqual(
    plans.options.map(({ kind, shipments }) => [kind, shipments.length]),
    [["together", 2], ["separate", 3]],
  );
  for (const [kind, shipping, total, parcels] of [["together", "free", "$186.00", 2], ["separate", "$4.95", "$190.95", 3]]) {
    await fillCart(page, [...TWO_PLACES, SOLD_OUT]);
    await page.goto(stage.demo.shop + "/checkout");
    await page.locator("#plan input").first().waitFor();
    await page.locator(`#plan input[value=${kind}]`).check({ force: true });
    await until("the price of this way", async () => (await page.locator("#shipping").textContent()) === shipping);
    assert.equal(await page.locator("#subtotal").textContent(), "$186.00");
    assert.equal(await page.locator("#total").textContent(), total);
    assert.deepEqual(await page.locator("#brief s").allTextContents(), ["$25.00"]);
    await placeOrder(page);
    assert.equal(await page.locator(".parcel").count(), parcels);
    assert.match(await page.locator(".left-out").innerText(), /T-Shirt, green/);
    assert.ok((await page.locator(".bill").innerText()).includes(total));
    assert.match(await page.locator(".lead").innerText(), kind === "together" ? /one from each warehouse/ : /as soon as it is ready/);
    // What was ordered is free for the next one.
    await stage.demo.call("POST", `/v1/orders/${await page.locator("#order-number").textContent()}/cancel`, {});
  }
});

test("what is on order for no known day cannot be ordered, until the panel names a day", async (t) => {
  const sku = "cc-corduroy-cap";
  const { orderable, ships_by, max_orderable } = await stage.demo.availability(sku);
  assert.deepEqual([orderable, ships_by, max_orderable], [false, null, 0]);
  assert.deepEqual((await stage.demo.plans([{ sku, quantity: 1 }])).options, []);
  const ordered = await fetch(stage.demo.shop + "/confirmation", {
    method: "POST",
    body: new URLSearchParams({ number: "PS-0000-0001", email: "ada@example.com", name: "Ada", cart: JSON.stringify([{ sku, quantity: 1 }]) }),
  });
  assert.equal(ordered.status, 422);
  assert.match(await ordered.text(), /Nothing of this order can be had now/);
  const page = await stage.visit(t, `/products/${sku}`);
  await compiled(page);
  const promise = page.locator("#promise");
  await until("the page says it", async () => (await promiseIn(promise)).date === "No date known yet");
  await page.locator("#warehouse summary").click();
  const coming = page.locator("#warehouse-orders li");
  await coming.first().waitFor();
  assert.deepEqual(await coming.locator(".named").allTextContents(), ["PO-1014: 30, no day told"]);
  await coming.locator("input").fill("2026-12-14");
  await coming.getByRole("button", { name: "Move" }).click();
  await until("the open page has a date", async () => /^Ships by /.test((await promiseIn(promise)).date));
  const found = await promiseIn(promise);
  assert.deepEqual([found.label, found.reason], ["Backordered", "The first of them are being sewn."]);
  assert.ok(!(await page.locator("#warehouse-delay").isVisible()), "nobody is there who could be late");
});

test("the panel makes a supplier late: all its dates move, and the page that is open with them", async (t) => {
  const sku = "cc-hoodie-blue";
  const page = await stage.visit(t, `/products/cc-hoodie?variant=${sku}`);
  await compiled(page);
  const before = await stage.demo.availability(sku);
  await until("the page says it", async () => (await promiseIn(page.locator("#promise"))).date === before.text.date);
  await page.locator("#warehouse summary").click();
  await page.locator("#warehouse-orders li").first().waitFor();
  await page.getByRole("button", { name: "A week later" }).click();
  const after = await until("the server says another day", async () => {
    const answer = await stage.demo.availability(sku);
    return answer.ships_by !== before.ships_by && answer;
  });
  assert.ok(7 * DAY_MS <= Date.parse(after.ships_by) - Date.parse(before.ships_by));
  await until("the open page too", async () => (await promiseIn(page.locator("#promise"))).date === after.text.date);
  await until("the panel says so", async () => /7 days later/.test(await page.locator("#warehouse-said").textContent()));
});
