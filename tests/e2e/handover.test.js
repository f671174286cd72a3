// First words first: the server's text before WebAssembly is there, and nothing lost or moved when it comes.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { compiled, painted, until } from "./support/browser.mjs";
import { setStage } from "./support/stage.mjs";
import { escaped, optionsIn, optionsOf, promiseIn, promiseOf } from "./support/words.mjs";

const LINES = [
  { sku: "e2e-ready", quantity: 1 },
  { sku: "e2e-slices", quantity: 3 },
];
const CODE = /\/widget\.(wasm|js)$/;

const stage = setStage();

beforeEach(() => stage.network.reset());

/** Keeps requests whose path matches on their way until the function that is returned is called. */
function holdBack(pattern) {
  let release;
  const kept = new Promise((resolve) => (release = resolve));
  stage.network.hold = ({ path }) => (pattern.test(path) ? kept : undefined);
  return release;
}

const asked = (pattern) => stage.network.requests.some(({ path }) => pattern.test(path));
const shifts = (page) => page.evaluate(() => seen.shifts.length);

for (const [view, body] of [
  ["product", '<ships-by sku="e2e-slices" quantity="3">Soon</ships-by>'],
  ["cart", `<ships-by view="cart" lines='${escaped(LINES)}'>Soon</ships-by>`],
  ["checkout", `<ships-by view="checkout" lines='${escaped(LINES)}'>Soon</ships-by>`],
]) {
  test(`in the ${view} view the words are there before WebAssembly, and do not move when it comes`, async (t) => {
    const release = holdBack(CODE);
    const page = await stage.open(t, `${body}<p id="below">What stands below</p>`, { watched: true });
    await page.locator("[part=label], [part=option]").first().waitFor();
    await until("the code was asked for", () => asked(/widget\.wasm$/) && asked(/widget\.js$/));
    assert.equal(await page.evaluate(() => seen.instances.length), 0);
    const words = () => (view === "product" ? promiseIn(page.locator("ships-by")) : optionsIn(page.locator("ships-by")));
    const early = await words();
    const answer = view === "product" ? await stage.demo.availability("e2e-slices", { quantity: 3 }) : await stage.demo.plans(LINES);
    assert.deepEqual(early, view === "product" ? promiseOf(answer) : optionsOf(answer));
    await painted(page);
    const places = () =>
      page.evaluate(() =>
        [...document.querySelector("ships-by").shadowRoot.querySelectorAll("[part], li, span, p, strong, input"), document.querySelector("#below")].map((each) => {
          const { x, y, width, height } = each.getBoundingClientRect();
          return [each.localName, each.getAttribute("part"), x, y, width, height].join();
        }),
      );
    const [before, shiftsBefore, eventsBefore] = [await places(), await shifts(page), await page.evaluate(() => seen.events.length)];
    release();
    await compiled(page);
    assert.deepEqual(await words(), early, "not a word changes");
    assert.deepEqual(await places(), before, "nothing moves");
    assert.equal(await shifts(page), shiftsBefore);
    assert.equal(await page.evaluate(() => seen.events.length), eventsBefore, "nothing is told twice");
  });
}

test("what was chosen before WebAssembly is there stays chosen and keeps the focus", async (t) => {
  const release = holdBack(CODE);
  const page = await stage.open(t, `<form><ships-by view="checkout" name="plan" lines='${escaped(LINES)}'>Soon</ships-by></form>`, { watched: true });
  await page.locator("ships-by input").first().waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("ArrowDown");
  const state = () =>
    page.evaluate(() => {
      const { shadowRoot, value } = document.querySelector("ships-by");
      return {
        kind: JSON.parse(value).kind,
        sent: JSON.parse(new FormData(document.querySelector("form")).get("plan")).kind,
        checked: shadowRoot.querySelector("input:checked").value,
        focused: shadowRoot.activeElement.value,
      };
    });
  const separate = { kind: "separate", sent: "separate", checked: "separate", focused: "separate" };
  assert.deepEqual(await state(), separate);
  release();
  await compiled(page);
  assert.deepEqual(await state(), separate);
  await page.keyboard.press("ArrowUp");
  assert.equal((await state()).checked, "together");
});

for (const [held, other] of [
  [/^\/v1\/availability/, /widget\.wasm$/],
  [/widget\.(wasm|js|css)$/, /^\/v1\/availability/],
]) {
  test(`${other} is asked for while ${held} is still on its way`, async (t) => {
    const release = holdBack(held);
    const page = await stage.open(t, '<ships-by sku="e2e-low">Soon</ships-by>', { watched: true });
    await until("both are asked for", () => asked(held) && asked(other));
    release();
    await compiled(page);
    await page.locator("[part=label]").waitFor();
  });
}

test("the page's own script tag is the only thing that a page loads before an element needs more", async (t) => {
  const page = await stage.open(t, "<p>No element here</p>", { watched: true });
  await page.waitForFunction(() => customElements.get("ships-by"));
  await painted(page);
  assert.deepEqual(stage.network.requests.map(({ path }) => path), ["/embed/v1/ships-by.js"]);
  await page.evaluate(() => {
    const element = document.createElement("ships-by");
    element.setAttribute("sku", "e2e-low");
    document.body.append(element);
  });
  await compiled(page);
  await page.locator("[part=label]").waitFor();
});

test("a date that changes fades, unless the reader wants no motion", async (t) => {
  for (const [reducedMotion, moves] of [["no-preference", true], ["reduce", false]]) {
    await stage.demo.setStock("e2e-slices", 1);
    const page = await stage.open(t, '<ships-by sku="e2e-slices">Soon</ships-by>', { reducedMotion });
    await compiled(page);
    await page.locator("[part=label]").waitFor();
    await page.evaluate(() => {
      const { animate } = Element.prototype;
      seen.animated = [];
      Element.prototype.animate = function (frames, options) {
        seen.animated.push(typeof options === "number" ? options : options.duration);
        return animate.call(this, frames, options);
      };
    });
    const date = await page.locator("[part=date]").textContent();
    await stage.demo.setStock("e2e-slices", 0);
    await until("the date changed", async () => (await page.locator("[part=date]").textContent()) !== date);
    await painted(page);
    const animated = await page.evaluate(() => seen.animated);
    assert.equal(animated.length > 0, moves, reducedMotion);
    assert.ok(animated.every((ms) => ms <= 200));
    await until("what faded is gone", async () => (await page.locator("[data-old]").count()) === 0);
  }
  await stage.demo.setStock("e2e-slices", 1);
});
