// The demo shop's pages, and the way of a shopper through them.

import assert from "node:assert/strict";

import { until } from "./browser.mjs";

const CART = "plainsong.cart";

/** One part is on the shelf, one on its way. */
export const MIXED = [
  { sku: "cc-hoodie-green", quantity: 1 },
  { sku: "cc-hoodie-blue", quantity: 2 },
];

/** The paths of all pages that a shopper may come to. */
export async function pathsOf(demo) {
  const html = (await (await fetch(demo.shop + "/")).text()).replaceAll("&#x2f;", "/");
  const products = [...new Set([...html.matchAll(/href="(\/products\/[\w-]+)/g)].map(([, path]) => path))];
  assert.ok(products.length >= 10, "the category page has products");
  return ["/", ...products, "/cart", "/checkout", "/states", "/mailbox", "/bank", "/nowhere"];
}

/** Puts goods into the cart of a page's context, as the shop's own script keeps it. */
export const fillCart = (page, lines = MIXED) =>
  page.evaluate(([name, lines]) => localStorage.setItem(name, JSON.stringify(lines)), [CART, lines.map((line) => ({ size: null, ...line }))]);

/** Resolves when each element near the screen shows an answer, or its own text because there is none. */
export async function answered(page) {
  await page.waitForFunction(() => customElements.get("ships-by"));
  await until("all elements in sight have an answer", () =>
    page.evaluate(() =>
      [...document.querySelectorAll("ships-by")]
        .filter((element) => element.getClientRects().length > 0)
        .filter((element) => {
          const { top, bottom } = element.getBoundingClientRect();
          return top < innerHeight && 0 <= bottom;
        })
        .every((element) => {
          const drawn = element.shadowRoot.querySelector("[part=label], [part=option], [part=notice]");
          const asked = element.getAttribute("sku") ?? element.getAttribute("lines") ?? element.querySelector("script");
          return drawn || asked === null || element.getAttribute("sku") === "cc-not-imported";
        }),
    ),
  );
}

/** Fills in the checkout and sends it; resolves on the page that answers. */
export async function placeOrder(page, email = "ada@example.com") {
  for (const [name, value] of Object.entries({ email, name: "Ada", street: "Main Street 1", city: "Town", zip: "12345" })) {
    await page.locator(`#checkout [name=${name}]`).fill(value);
  }
  await page.locator("#checkout .sum button").click();
  await page.waitForURL("**/confirmation*");
}
