// Every state that goods can be in, in every view, with WebAssembly and without.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compiled, until, wordsOf } from "./support/browser.mjs";
import { setStage } from "./support/stage.mjs";
import { escaped, noticesIn, optionsIn, optionsOf, promiseIn, promiseOf } from "./support/words.mjs";

const OWN_TEXT = "Usually ships in 2 days";

const STATES = [
  { name: "in stock", sku: "e2e-ready", status: "in_stock", says: ["In stock", "Ships by Tuesday, November 24", null, null], mark: "dot" },
  { name: "low", sku: "e2e-low", status: "low_stock", says: ["Only 2 left", "Ships by Tuesday, November 24", null, null], mark: "dot" },
  {
    name: "backorder with its reason",
    sku: "e2e-wait",
    status: "backorder",
    says: ["Backordered", "Ships by Tuesday, December 15", null, "Our weaver ships on the first of the month."],
    mark: "ring",
  },
  {
    name: "backorder in slices",
    sku: "e2e-slices",
    quantity: 3,
    status: "backorder",
    says: ["Backordered", "Ships by Tuesday, December 15", "1 ready now, 2 more by December 15", "The pockets are sewn on by hand."],
    mark: "ring",
  },
  {
    name: "long backorder",
    sku: "e2e-long",
    quantity: 2,
    status: "backorder",
    says: ["Backordered", "Ships by Friday, April 2", null, "This wool is spun in March."],
    mark: "ring",
  },
  {
    name: "preorder",
    sku: "e2e-preorder",
    status: "preorder",
    says: ["Preorder", /^Released March 3, ships by March [45]$/, null, "The record is being pressed."],
    mark: "ring",
  },
  { name: "sold out", sku: "e2e-gone", status: "out_of_stock", says: ["Sold out", "No date known yet", null, null], mark: "dash" },
  { name: "more than there is", sku: "e2e-low", quantity: 9, status: "low_stock", says: ["Only 2 can be ordered", null, null, null], mark: "dash" },
].map((state) => ({ quantity: 1, ...state }));
const UNKNOWN = { sku: "e2e-unknown", quantity: 1 };
const MIXED = [
  { sku: "e2e-ready", quantity: 1 },
  { sku: "e2e-slices", quantity: 3 },
  { sku: "e2e-gone", quantity: 1 },
];

const MODES = [
  { mode: "with WebAssembly", rules: {}, instances: 1 },
  { mode: "without WebAssembly", rules: { wasm: false }, instances: 0, expected: /shown as plain text|Content Security Policy/ },
];
const TALL = { width: 1000, height: 8_000 };

const stage = setStage();

const lineOf = ({ sku, quantity }) => ({ sku, quantity });
const cartOf = (view, id, lines) => `<ships-by id="${id}" view="${view}" lines='${escaped(lines)}'>${OWN_TEXT}</ships-by>`;

async function shown(page, instances, count) {
  await until("all answers are drawn", async () => (await page.locator("[part=label], [part=notice], [part=option]").count()) >= count);
  if (instances) await compiled(page);
  else await until("WebAssembly is refused", () => page.complaints.some((each) => each.includes("shown as plain text")));
  assert.equal(await page.evaluate(() => seen.instances.length), instances);
}

for (const { mode, rules, instances, expected } of MODES) {
  test(`${mode}, the product view`, async (t) => {
    const elements = STATES.map(({ sku, quantity }, at) => `<p><ships-by id="state-${at}" sku="${sku}" quantity="${quantity}">${OWN_TEXT}</ships-by>`);
    const page = await stage.open(t, elements.join("\n"), { rules, expected, viewport: TALL });
    await shown(page, instances, STATES.length);
    for (const [at, { name, sku, quantity, status, says, mark }] of STATES.entries()) {
      await t.test(name, async () => {
        const answer = await stage.demo.availability(sku, { quantity });
        assert.equal(answer.status, status);
        const found = await promiseIn(page.locator(`#state-${at}`));
        assert.deepEqual(found, promiseOf(answer));
        assert.equal(found.mark, mark);
        for (const [part, words] of ["label", "date", "detail", "reason"].map((part, at) => [part, says[at]])) {
          if (words instanceof RegExp) assert.match(found[part], words);
          else assert.equal(found[part], words);
        }
        assert.ok(!(await wordsOf(page.locator(`#state-${at}`))).includes(OWN_TEXT), "the merchant's text has made way");
      });
    }
  });

  test(`${mode}, an unknown SKU keeps the merchant's text and says so`, async (t) => {
    const page = await stage.open(t, `<ships-by sku="${UNKNOWN.sku}">${OWN_TEXT}</ships-by>`, { rules, expected });
    const [event] = await until("an event", () => page.evaluate(() => seen.events.length > 0 && seen.events));
    assert.equal(event.type, "error");
    assert.equal(event.detail.code, "unknown_sku");
    assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
    assert.ok(await page.getByText(OWN_TEXT).isVisible());
  });

  test(`${mode}, of an unknown SKU in a cart nothing is claimed`, async (t) => {
    const lines = [...MIXED.slice(0, 2), { ...UNKNOWN, quantity: 2 }];
    const page = await stage.open(t, cartOf("cart", "cart", lines) + cartOf("checkout", "checkout", lines), { rules, expected });
    await shown(page, instances, 4);
    const plans = await stage.demo.plans(MIXED.slice(0, 2));
    for (const view of ["cart", "checkout"]) {
      assert.deepEqual(await optionsIn(page.locator(`#${view}`)), optionsOf(plans));
      assert.deepEqual(await noticesIn(page.locator(`#${view}`)), []);
    }
    const line = page.locator("#cart li.line").nth(2);
    assert.equal((await line.innerText()).trim(), `2 × ${UNKNOWN.sku}`);
    assert.equal((await page.locator("#cart li.line").nth(1).locator("[part=label]").innerText()).trim(), plans.lines[1].text.label);
  });

  for (const view of ["cart", "checkout"]) {
    test(`${mode}, a ${view} of which nothing is known keeps the merchant's text and says so`, async (t) => {
      const page = await stage.open(t, cartOf(view, view, [UNKNOWN, { sku: "e2e-unknown-too", quantity: 1 }]), { rules, expected });
      const [event] = await until("an event", () => page.evaluate(() => seen.events.length > 0 && seen.events));
      assert.deepEqual([event.type, event.detail.code], ["error", "unknown_sku"]);
      assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
    });
  }

  test(`${mode}, a compact element is one line`, async (t) => {
    const { sku, quantity } = STATES[3];
    const page = await stage.open(t, `<ships-by compact sku="${sku}" quantity="${quantity}"></ships-by>`, { rules, expected });
    await shown(page, instances, 1);
    const { text } = await stage.demo.availability(sku, { quantity });
    assert.equal(await wordsOf(page.locator("ships-by")), `${text.label} ${text.date}`);
  });

  for (const view of ["cart", "checkout"]) {
    test(`${mode}, the ${view} view`, async (t) => {
      const carts = [...STATES.map((state) => ({ name: state.name, lines: [lineOf(state)] })), { name: "a mixed cart", lines: MIXED }];
      const elements = carts.map(({ lines }, at) => cartOf(view, `cart-${at}`, lines));
      const page = await stage.open(t, elements.join("\n<hr>\n"), { rules, expected, viewport: TALL });
      await shown(page, instances, carts.length);
      for (const [at, { name, lines }] of carts.entries()) {
        await t.test(name, async () => {
          const plans = await stage.demo.plans(lines);
          const element = page.locator(`#cart-${at}`);
          assert.deepEqual(await optionsIn(element), optionsOf(plans));
          assert.deepEqual(await noticesIn(element), plans.text.notices);
          const stranded = plans.lines.filter(({ orderable }) => !orderable);
          assert.equal(plans.text.notices.length, stranded.length);
          if (view === "cart") {
            const drawn = element.locator("li.line");
            assert.equal(await drawn.count(), lines.length);
            for (const [row, line] of plans.lines.entries()) {
              const title = (line.requested > 1 ? `${line.requested} × ` : "") + line.title;
              assert.equal(await drawn.nth(row).locator(".title").textContent(), title);
              assert.deepEqual(await promiseIn(drawn.nth(row)), promiseOf(line));
            }
            assert.equal(await element.locator("input").count(), 0, "a cart tells, it does not ask");
          } else {
            assert.equal(await element.locator("li.line").count(), 0);
            const radios = element.locator("input[type=radio]");
            assert.equal(await radios.count(), plans.options.length > 1 ? plans.options.length : 0);
            if (plans.options.length > 1) {
              assert.equal(await element.locator("legend").textContent(), plans.text.legend);
              assert.equal(await element.locator("input:checked").inputValue(), "together");
            }
          }
        });
      }
    });
  }

  test(`${mode}, a cart may stand in a JSON script inside of the element`, async (t) => {
    const script = `<script type="application/json">${JSON.stringify(MIXED)}</script>`;
    const page = await stage.open(t, `<ships-by view="cart">${script}</ships-by>`, { rules, expected });
    await shown(page, instances, 3);
    assert.deepEqual(await optionsIn(page.locator("ships-by")), optionsOf(await stage.demo.plans(MIXED)));
  });

  test(`${mode}, the cart may be given as a property, before and after the element is defined`, async (t) => {
    const lines = MIXED.slice(0, 2);
    const early = stage.merchant.script(`
      if (customElements.get("ships-by")) throw Error("it is too late to be early");
      document.querySelector("ships-by").lines = ${JSON.stringify(lines)};
    `);
    const page = await stage.open(t, `<ships-by view="cart">${OWN_TEXT}</ships-by><script src="${early}"></script>`, { rules, expected });
    await shown(page, instances, 2);
    assert.equal(await page.locator("li.line").count(), 2);
    await page.evaluate((lines) => (document.querySelector("ships-by").lines = lines.slice(0, 1)), lines);
    await until("the shorter cart is drawn", async () => (await page.locator("li.line").count()) === 1);
  });
}
