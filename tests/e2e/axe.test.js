// Every page of the demo shop, as axe sees it.

import assert from "node:assert/strict";
import { test } from "node:test";

import AxeBuilder from "@axe-core/playwright";

import { compiled, painted } from "./support/browser.mjs";
import { answered, fillCart, MIXED, pathsOf, placeOrder } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";

const SCHEMES = ["light", "dark"];

const stage = setStage();

/** What axe has against a page; all its rules, and the size of targets. */
async function violations(page) {
  // What fades or slides is judged when it has come to rest.
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {}))));
  const { violations } = await new AxeBuilder({ page }).options({ rules: { "target-size": { enabled: true } } }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.flat().join(" ")} (${failureSummary})`).join("; ")}`);
}

async function inBothSchemes(page, what) {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await painted(page);
    assert.deepEqual(await violations(page), [], `${what}, ${colorScheme}`);
  }
}

test("axe has nothing against any page, light or dark", async (t) => {
  const page = await stage.visit(t, "/", { expected: /404/ });
  await fillCart(page);
  for (const path of await pathsOf(stage.demo)) {
    await t.test(path, async () => {
      await page.goto(stage.demo.shop + path);
      if (path !== "/nowhere") await answered(page);
      await inBothSchemes(page, path);
    });
  }
});

for (const lang of ["ar", "de", "ja"]) {
  test(`nor against the pages in ${lang}`, async (t) => {
    const page = await stage.visit(t, `/states?lang=${lang}`);
    await answered(page);
    await compiled(page);
    await inBothSchemes(page, lang);
  });
}

test("nor against empty cart and checkout, a choice that was made, a confirmation, an open warehouse", async (t) => {
  const page = await stage.visit(t, "/cart");
  await inBothSchemes(page, "the cart of a first visit");
  await fillCart(page, []);
  await page.reload();
  await inBothSchemes(page, "the empty cart");
  await page.goto(stage.demo.shop + "/checkout");
  await inBothSchemes(page, "the empty checkout");

  await fillCart(page, [...MIXED, { sku: "cc-t-shirt-green", quantity: 1 }]);
  await page.goto(stage.demo.shop + "/checkout");
  await compiled(page);
  await page.locator("ships-by input[value=separate]").focus();
  await page.keyboard.press("Space");
  await inBothSchemes(page, "the checkout");
  await placeOrder(page);
  await inBothSchemes(page, "the confirmation");

  await page.goto(stage.demo.shop + "/products/cc-hoodie");
  await answered(page);
  await page.locator("#warehouse summary").click();
  await page.locator("#on-hand").waitFor();
  await inBothSchemes(page, "the warehouse");
});

test("nor against the element without WebAssembly", async (t) => {
  const lines = JSON.stringify([{ sku: "e2e-ready", quantity: 1 }, { sku: "e2e-slices", quantity: 3 }, { sku: "e2e-gone", quantity: 1 }]);
  const body = `<main><h1>Shop</h1><ships-by sku="e2e-slices" quantity="3"></ships-by><ships-by view="cart" lines='${lines}'></ships-by><form><ships-by view="checkout" lines='${lines}'></ships-by></form></main>`;
  const page = await stage.open(t, body, { rules: { wasm: false }, expected: /shown as plain text|Content Security Policy/ });
  await page.locator("input").first().waitFor();
  await inBothSchemes(page, "plain");
});
