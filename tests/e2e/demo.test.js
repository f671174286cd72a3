// The demo shop, as a shopper and as its merchant use it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compiled, newContext, painted, until, wordsOf } from "./support/browser.mjs";
import { answered, fillCart, MIXED, pathsOf, placeOrder } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";
import { noticesIn, optionsIn, optionsOf, promiseIn, promiseOf } from "./support/words.mjs";

const FOLLOWS_MS_MAX = 3_000;
const STATES = [
  "backorder", "in_stock", "kit", "long", "low", "made_to_order", "no_date", "overdue", "preorder", "slices", "sold_out", "suppressed", "two_places", "undated",
];
const NARROW = { width: 320, height: 640 };

const stage = setStage();

const promiseOn = (page) => page.locator("#promise");

/** Resolves when the product page says what the server says, and that is something else than before. */
async function follows(page, sku, quantity, before) {
  let found;
  await until(
    `the page says something else than ${before}, as the server does`,
    async () => {
      const wanted = JSON.stringify(promiseOf(await stage.demo.availability(sku, { quantity })));
      found = JSON.stringify(await promiseIn(promiseOn(page)));
      return wanted !== before && found === wanted;
    },
    FOLLOWS_MS_MAX,
  );
  return found;
}

async function shiftsOn(page) {
  await answered(page);
  await painted(page);
  return page.evaluate(() => seen.shifts);
}

for (const [name, viewport] of [["a desk", { width: 1280, height: 800 }], ["a telephone", { width: 390, height: 844 }]]) {
  test(`nothing moves while a page loads, on ${name}`, async (t) => {
    for (const path of await pathsOf(stage.demo)) {
      await t.test(path, async (t) => {
        const context = await newContext(t, stage.browser, { viewport });
        const first = await context.newPage();
        await first.goto(stage.demo.shop + "/assets/icon.svg");
        await fillCart(first);
        const page = await stage.visit(t, path, { context, expected: /404/ });
        if (await page.locator("ships-by").count()) {
          if (await page.locator("ships-by").first().isVisible()) await compiled(page);
          assert.deepEqual(await shiftsOn(page), []);
        }
      });
    }
  });
}

test("a first visit finds something in the cart, and who empties it is left alone", async (t) => {
  const page = await stage.visit(t, "/checkout");
  assert.equal(await page.locator("#prefilled").isVisible(), true);
  await until("there is a choice", async () => (await page.locator("ships-by input[type=radio]").count()) === 2);

  await page.goto(stage.demo.shop + "/cart");
  assert.equal(await page.locator("#prefilled").isVisible(), false);
  for (let left = await page.locator("#cart-rows button").count(); left > 0; left -= 1) await page.locator("#cart-rows button").first().click();
  await page.reload();
  assert.equal(await page.locator("#cart-empty").isVisible(), true);
});

for (const [name, query, options] of [
  ["at 320 pixels", "", { viewport: NARROW }],
  ["at 320 pixels from right to left", "?lang=ar", { viewport: NARROW }],
  ["at 320 pixels in German", "?lang=de", { viewport: NARROW }],
  ["enlarged to 200 %", "", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }],
]) {
  test(`no page is wider than its window, ${name}`, async (t) => {
    const page = await stage.visit(t, "/", { expected: /404/, ...options });
    await fillCart(page);
    for (const path of await pathsOf(stage.demo)) {
      await page.goto(stage.demo.shop + path + query);
      await page.waitForFunction(() => customElements.get("ships-by"));
      if (path !== "/nowhere") await answered(page);
      const [scrolled, seen] = await page.evaluate(() => [document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]);
      assert.ok(scrolled <= seen, `${path}: ${scrolled} > ${seen}`);
    }
  });
}

for (const width of [1280, 700, 390]) {
  test(`every drawing of the category page has its height, ${width} pixels wide`, async (t) => {
    const page = await stage.visit(t, "/", { viewport: { width, height: 800 } });
    for (const drawing of await page.locator(".card .art").all()) {
      const { width, height } = await drawing.boundingBox();
      assert.ok(width <= 2.2 * height, `${width} by ${height}`);
    }
  });
}

test("pages come under a strict policy, from an origin of their own", async () => {
  assert.notEqual(new URL(stage.demo.shop).origin, new URL(stage.demo.api).origin);
  for (const path of await pathsOf(stage.demo)) {
    const { headers } = await fetch(stage.demo.shop + path);
    const policy = Object.fromEntries(headers.get("content-security-policy").split(";").map((rule) => rule.trim().split(/ (.*)/).slice(0, 2)));
    assert.equal(policy["default-src"], "'none'", path);
    assert.equal(policy["script-src"], `'self' ${stage.demo.api} 'wasm-unsafe-eval'`);
    assert.equal(policy["style-src"], "'self'");
    assert.doesNotMatch(JSON.stringify(policy), /unsafe-inline|'unsafe-eval'|\*/);
  }
});

test("the page of all states shows them all", async (t) => {
  const page = await stage.visit(t, "/states", { viewport: { width: 1280, height: 6_000 } });
  await answered(page);
  await compiled(page);
  const labels = {};
  for (const section of await page.locator(".state").all()) {
    const element = section.locator("ships-by");
    const [id, sku, quantity] = [await section.getAttribute("id"), await element.getAttribute("sku"), Number((await element.getAttribute("quantity")) ?? 1)];
    if (id === "unknown") {
      assert.equal(await wordsOf(element), "Usually ships in 2 days");
      continue;
    }
    const answer = await stage.demo.availability(sku, { quantity });
    const found = await promiseIn(element);
    assert.deepEqual(found, promiseOf(answer), id);
    labels[id] = `${answer.status} ${found.slices.length} ${found.reason ? "reason" : ""}`.trim();
  }
  assert.deepEqual(Object.keys(labels).sort(), STATES);
  assert.deepEqual(
    ["in_stock", "low", "suppressed", "two_places", "kit", "backorder", "overdue", "undated", "made_to_order", "sold_out", "no_date"].map((id) => labels[id]),
    ["in_stock 0", "low_stock 0", "in_stock 0", "in_stock 2", "low_stock 0", ...Array(4).fill("backorder 0 reason"), ...Array(2).fill("out_of_stock 0")],
  );
  assert.match(labels.preorder, /^preorder/);
  assert.match(labels.slices, /^backorder [2-9]/);
  assert.match(labels.long, /^backorder/);
  const plans = await stage.demo.plans(MIXED);
  for (const id of ["mixed-cart", "mixed-checkout"]) assert.deepEqual(await optionsIn(page.locator(`#${id} ships-by`)), optionsOf(plans));
});

test("the category page makes one request for all its goods", async (t) => {
  const context = await newContext(t, stage.browser);
  const asked = [];
  context.on("request", (request) => request.url().includes("/v1/availability") && asked.push(request.url()));
  const page = await stage.visit(t, "/", { context });
  await compiled(page);
  await answered(page);
  await page.locator("footer").scrollIntoViewIfNeeded();
  await answered(page);
  await painted(page);
  assert.equal(asked.length, 1);
  assert.ok(new URL(asked[0]).searchParams.getAll("sku").length >= 8);
});

test("variants and quantity change the promise", async (t) => {
  const page = await stage.visit(t, "/products/cc-hoodie?variant=cc-hoodie-green");
  await compiled(page);
  const green = await follows(page, "cc-hoodie-green", 1, "");
  await page.locator("input[name=colour][value=Blue]").check({ force: true });
  await page.locator("input[name=logo][value=no]").check({ force: true });
  const blue = await follows(page, "cc-hoodie-blue", 1, green);
  await page.locator("#quantity").fill("9000");
  await follows(page, "cc-hoodie-blue", 9_000, blue);
  assert.equal(await page.locator("#promise").getAttribute("sku"), "cc-hoodie-blue");
});

test("a shopper buys: product, cart, checkout, the paid way, confirmation", async (t) => {
  const page = await stage.visit(t, "/products/cc-hoodie?variant=cc-hoodie-green");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.goto(stage.demo.shop + "/products/cc-hoodie?variant=cc-hoodie-blue");
  await page.locator("#quantity").fill("2");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.locator("#added a").click();
  await page.waitForURL("**/cart");
  const plans = await stage.demo.plans(MIXED);
  const cart = page.locator("#cart-promise");
  await until("the cart is answered", async () => (await cart.locator("li.line").count()) === 2);
  assert.deepEqual(await optionsIn(cart), optionsOf(plans));
  await page.getByRole("link", { name: "To checkout" }).click();
  await page.locator("#plan input").first().waitFor();
  const free = await page.locator("#total").textContent();
  await page.locator("#plan input[value=separate]").check({ force: true });
  assert.equal(await page.locator("#shipping").textContent(), "$4.95");
  assert.equal(await page.locator("#total").textContent(), `$${(Number(free.replace("$", "")) + 4.95).toFixed(2)}`);
  await placeOrder(page);
  const shipments = plans.options[1].shipments;
  assert.deepEqual(await page.locator(".parcel time").evaluateAll((times) => times.map(({ dateTime }) => dateTime)), shipments.map(({ ships_by }) => ships_by));
  assert.equal(await page.locator(".parcel").count(), 2);
  assert.match(await page.locator(".bill").innerText(), /\$4\.95/);
  assert.equal(await page.locator("#cart-count").textContent(), "", "the cart is empty after the order");
});

test("with nothing but the keyboard a shopper chooses and orders", async (t) => {
  const page = await stage.visit(t, "/");
  await fillCart(page);
  await page.goto(stage.demo.shop + "/checkout");
  await compiled(page);
  await page.locator("#plan input").first().waitFor();
  await page.locator("[name=email]").focus();
  for (const words of ["ada@example.com", "Ada", "Main Street 1", "Town", "12345"]) {
    await page.keyboard.type(words);
    await page.keyboard.press("Tab");
  }
  assert.equal(await page.evaluate(() => document.activeElement.shadowRoot?.activeElement.value), "together");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/confirmation*");
  assert.equal(await page.locator(".parcel").count(), 2);
});

test("the cart follows its quantities", async (t) => {
  const page = await stage.visit(t, "/");
  await fillCart(page);
  await page.goto(stage.demo.shop + "/cart");
  const cart = page.locator("#cart-promise");
  await until("the cart is answered", async () => (await cart.locator("li.line").count()) === 2);
  await page.locator(".row input").last().fill("3");
  await page.locator(".row input").last().blur();
  const wanted = JSON.stringify(optionsOf(await stage.demo.plans([MIXED[0], { ...MIXED[1], quantity: 3 }])));
  await until("the new plan", async () => JSON.stringify(await optionsIn(cart)) === wanted);
  await page.locator(".row .quiet").first().click();
  await until("one line", async () => (await cart.locator("li.line").count()) === 1);
  assert.deepEqual(await noticesIn(cart), []);
});

test("in the warehouse stock, a purchase order and a supplier's delay are changed, and the open pages follow", async (t) => {
  const sku = "cc-scarf";
  const context = await newContext(t, stage.browser);
  const page = await stage.visit(t, `/products/${sku}`, { context });
  const other = await stage.visit(t, `/products/${sku}`, { context });
  await compiled(page);
  let before = await follows(page, sku, 1, "");
  const both = async () => {
    before = await follows(page, sku, 1, before);
    await until("the other tab too", async () => JSON.stringify(await promiseIn(promiseOn(other))) === before, FOLLOWS_MS_MAX);
  };
  await page.locator("#warehouse summary").click();
  const order = page.locator("#warehouse-orders li").first();
  await order.waitFor();

  await order.locator("input").fill("2027-01-20");
  await order.getByRole("button", { name: "Move" }).click();
  await both();
  const told = await order.locator("input").inputValue();
  await page.getByRole("button", { name: "A week later" }).click();
  await both();
  assert.equal(Date.parse(await order.locator("input").inputValue()) - Date.parse(told), 7 * 86_400_000);
  await page.locator("#on-hand").fill("40");
  await page.getByRole("button", { name: "Count" }).click();
  await both();
  assert.match(before, /"In stock"/);
  assert.match(await page.locator("#warehouse-said").textContent(), /40/);
});

for (const [lang, words] of Object.entries({ de: "Versand bis", fr: "Expédié", es: "Se envía", ja: "発送", ar: "يُشحن" })) {
  test(`the shop speaks ${lang}, and ShipsBy with it`, async (t) => {
    const page = await stage.visit(t, `/products/cc-hoodie?variant=cc-hoodie-blue&lang=${lang}`);
    await compiled(page);
    await answered(page);
    assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector("#promise").shadowRoot.querySelector("[part=date]")).direction), lang === "ar" ? "rtl" : "ltr");
    assert.ok((await promiseOn(page).locator("[part=date]").textContent()).includes(words));
  });
}
