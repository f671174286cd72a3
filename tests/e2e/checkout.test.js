// The choice at checkout: by keyboard, by ear, by form, with and without WebAssembly.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compiled, painted, until } from "./support/browser.mjs";
import { setStage } from "./support/stage.mjs";
import { escaped, noticesIn, optionsIn, optionsOf, planOf } from "./support/words.mjs";

const LINES = [
  { sku: "e2e-ready", quantity: 1 },
  { sku: "e2e-slices", quantity: 3 },
];
const PLAIN = { rules: { wasm: false }, expected: /shown as plain text|Content Security Policy/ };
const MODES = [
  { mode: "with WebAssembly", ready: compiled },
  { mode: "without WebAssembly", ready: refused, ...PLAIN },
];

const stage = setStage();

const form = (lines = LINES, attributes = "") => `
<form id="order" method="post" action="/order">
  <p><label for="email">E-mail</label> <input id="email" name="email" value="a@example.com"></p>
  <label id="page-label" for="plan">Dispatch</label>
  <ships-by id="plan" view="checkout" name="ships_by_plan" lines='${escaped(lines)}' ${attributes}>We send it soon</ships-by>
  <button>Place order</button> <button type="reset">Start again</button>
</form>`;

async function refused(page) {
  await until("WebAssembly is refused", () => page.complaints.some((each) => each.includes("shown as plain text")));
}

/** Opens a checkout; resolves when the choice can be made. */
async function checkout(t, { ready = compiled, lines, attributes, ...options } = {}) {
  const page = await stage.open(t, form(lines, attributes), options);
  await page.locator("ships-by [part=option]").first().waitFor();
  await ready(page);
  return page;
}

// The whole card lies above its radio button, as its label.
const choose = (page, kind) => page.locator(`ships-by input[value=${kind}]`).check({ force: true });
const chosen = (page) => page.locator("ships-by input:checked").inputValue();
const valueOf = (page) => page.evaluate(() => document.querySelector("ships-by").value);
const formValue = (page) => page.evaluate(() => new FormData(document.querySelector("form")).get("ships_by_plan"));
/** What has the focus: a radio button's value, or the tag and words of anything else. */
const focus = (page) =>
  page.evaluate(() => {
    const { activeElement } = document;
    return activeElement.shadowRoot?.activeElement.value ?? `${activeElement.localName} ${activeElement.textContent}`;
  });

async function optionsByKind(lines = LINES) {
  const { options } = await stage.demo.plans(lines);
  return Object.fromEntries(options.map((option) => [option.kind, option]));
}

for (const { mode, ready, ...rest } of MODES) {
  test(`${mode}, the choice is made and sent by keyboard alone`, async (t) => {
    const { together, separate } = await optionsByKind();
    const page = await checkout(t, { ready, ...rest });
    await page.locator("#email").focus();
    await page.keyboard.press("Tab");
    assert.equal(await focus(page), "together", "Tab leads to the chosen way");
    assert.deepEqual(JSON.parse(await valueOf(page)), planOf(together));
    await page.keyboard.press("ArrowDown");
    assert.equal(await focus(page), "separate");
    assert.equal(await chosen(page), "separate", "an arrow chooses");
    await page.keyboard.press("ArrowUp");
    assert.equal(await chosen(page), "together");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    assert.equal(await chosen(page), "separate", "Space leaves what is chosen");
    await page.keyboard.press("Tab");
    assert.equal(await focus(page), "button Place order", "the group is one stop");
    await page.keyboard.press("Shift+Tab");
    assert.equal(await focus(page), "separate", "and coming back leads to what was chosen");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/order");
    const { body } = stage.merchant.posts.pop();
    assert.deepEqual(JSON.parse(body.get("ships_by_plan")), planOf(separate));
    assert.equal(body.get("plan"), null, "the radio buttons themselves send nothing");
  });

  test(`${mode}, Space chooses where the focus came without choosing`, async (t) => {
    const page = await checkout(t, { ready, ...rest });
    await page.locator("ships-by input[value=separate]").focus();
    assert.equal(await chosen(page), "together");
    await page.keyboard.press("Space");
    assert.equal(await chosen(page), "separate");
  });

  test(`${mode}, a click anywhere on a card chooses it`, async (t) => {
    const page = await checkout(t, { ready, ...rest });
    for (const kind of ["separate", "together"]) {
      const card = page.locator("[part=option]").filter({ has: page.locator(`input[value=${kind}]`) });
      const { width, height } = await card.boundingBox();
      await card.click({ position: { x: width - 4, y: height - 4 } });
      assert.equal(await chosen(page), kind);
    }
  });

  test(`${mode}, a paid way is never chosen beforehand`, async (t) => {
    const { separate, together } = await optionsByKind();
    assert.ok(separate.surcharge.amount > 0 && together.surcharge.amount === 0);
    const page = await checkout(t, { ready, ...rest });
    assert.equal(await chosen(page), "together");
    assert.deepEqual(JSON.parse(await formValue(page)), planOf(together));
  });

  test(`${mode}, the choice is told: by event, by value and to those who listen`, async (t) => {
    const { separate } = await optionsByKind();
    const page = await checkout(t, { ready, ...rest });
    const status = page.locator("ships-by [role=status]");
    assert.equal(await status.textContent(), "", "nothing is announced that nobody did");
    await choose(page, "separate");
    assert.equal(await status.textContent(), separate.text.announcement);
    const events = await page.evaluate(() => seen.events.filter(({ type }) => type === "choose"));
    assert.deepEqual(events.map(({ detail }) => detail), [separate]);
    assert.deepEqual(JSON.parse(await valueOf(page)), planOf(separate));
    assert.equal(await formValue(page), await valueOf(page));
  });

  test(`${mode}, a screen reader meets a named group of radio buttons with date and price`, async (t) => {
    const { together, separate } = await optionsByKind();
    const page = await checkout(t, { ready, ...rest });
    const cdp = await page.context().newCDPSession(page);
    const { nodes } = await cdp.send("Accessibility.getFullAXTree");
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    const shown = nodes.filter(({ ignored }) => !ignored);
    const radios = shown.filter(({ role }) => role.value === "radio");
    for (const [at, { text }] of [together, separate].entries()) {
      assert.equal(radios[at].name.value.replaceAll(/\s+/g, " ").trim(), `${text.name} ${text.price} ${text.when}`);
      const checked = radios[at].properties.find(({ name }) => name === "checked").value.value;
      assert.equal(String(checked), at === 0 ? "true" : "false");
      let group = byId.get(radios[at].parentId);
      while (group && group.role?.value !== "radiogroup") group = byId.get(group.parentId);
      assert.equal(group?.name.value, "How should we send it?");
    }
    assert.equal(radios.length, 2);
    const status = shown.find(({ role }) => role.value === "status");
    assert.ok(status, "there is a live region before there is something to say");
    assert.equal(status.properties.find(({ name }) => name === "live").value.value, "polite");
    const parcels = await page.locator("ships-by").ariaSnapshot();
    for (const { date, items } of separate.text.parcels) assert.ok(parcels.includes(date) && parcels.includes(items), parcels);
  });

  test(`${mode}, the page's reset button brings the free way back`, async (t) => {
    const { together } = await optionsByKind();
    const page = await checkout(t, { ready, ...rest });
    await choose(page, "separate");
    await page.getByText("Start again").click();
    assert.equal(await chosen(page), "together");
    assert.deepEqual(JSON.parse(await formValue(page)), planOf(together));
  });

  test(`${mode}, in a disabled part of a form there is nothing to choose and nothing is sent`, async (t) => {
    const page = await checkout(t, { ready, ...rest });
    await page.evaluate(() => {
      const set = document.createElement("fieldset");
      set.disabled = true;
      document.querySelector("#order").prepend(set);
      set.append(document.querySelector("#plan"));
    });
    await until("the radio buttons are disabled", () => page.locator("ships-by input[value=separate]").isDisabled());
    assert.equal(await formValue(page), null);
    await page.evaluate(() => (document.querySelector("#order > fieldset").disabled = false));
    await until("they can be used again", () => page.locator("ships-by input[value=separate]").isEnabled());
    assert.notEqual(await formValue(page), null);
  });

  test(`${mode}, going back to the page keeps what was chosen`, async (t) => {
    const page = await checkout(t, { ready, ...rest });
    await choose(page, "separate");
    await page.getByText("Place order").click();
    await page.waitForURL("**/order");
    await page.goBack();
    await until("the paid way is still chosen", async () => (await page.locator("ships-by input:checked").count()) === 1 && (await chosen(page)) === "separate");
    assert.equal(JSON.parse(await formValue(page)).kind, "separate");
  });

  test(`${mode}, a cart that changes is planned again and the choice stays where it can`, async (t) => {
    const page = await checkout(t, { ready, ...rest });
    await choose(page, "separate");
    const fewer = [LINES[0], { ...LINES[1], quantity: 2 }];
    const { separate } = await optionsByKind(fewer);
    const set = (lines) => page.evaluate((lines) => document.querySelector("ships-by").setAttribute("lines", JSON.stringify(lines)), lines);
    await set(fewer);
    await until("the new plan is the value", async () => (await valueOf(page)) === JSON.stringify(planOf(separate)));
    assert.deepEqual(await optionsIn(page.locator("ships-by")), optionsOf(await stage.demo.plans(fewer)));
    assert.equal(await chosen(page), "separate");

    // One parcel is all there is: nothing to choose, and that is said.
    const { together } = await optionsByKind([LINES[0]]);
    await set([LINES[0]]);
    await until("the choice is gone", async () => (await page.locator("ships-by input").count()) === 0);
    assert.deepEqual(JSON.parse(await valueOf(page)), planOf(together));
    assert.equal(await page.locator("ships-by [role=status]").textContent(), together.text.announcement);
  });

  test(`${mode}, a line that cannot be ordered is named and rides in no parcel`, async (t) => {
    const lines = [...LINES, { sku: "e2e-gone", quantity: 1 }];
    const { text, options } = await stage.demo.plans(lines);
    const page = await checkout(t, { ready, lines, ...rest });
    assert.deepEqual(await noticesIn(page.locator("ships-by")), text.notices);
    assert.match(text.notices.join(), /Cap/);
    const value = JSON.parse(await valueOf(page));
    assert.deepEqual(value, planOf(options[0]));
    assert.ok(!JSON.stringify(value).includes("e2e-gone"));
  });
}

test("while another cart is planned the form sends nothing, and the choice is kept", async (t) => {
  await stage.network.reset();
  const page = await checkout(t, { watched: true });
  await choose(page, "separate");
  let release;
  const kept = new Promise((resolve) => (release = resolve));
  stage.network.hold = ({ path }) => (path === "/v1/plans" ? kept : undefined);
  const fewer = [LINES[0], { ...LINES[1], quantity: 2 }];
  await page.evaluate((lines) => document.querySelector("ships-by").setAttribute("lines", JSON.stringify(lines)), fewer);
  await painted(page);
  assert.equal(await formValue(page), null);
  assert.equal(await valueOf(page), "");
  await page.locator("ships-by input[value=together]").check({ force: true });
  assert.equal(await formValue(page), null, "nor does a choice among the old ways count");
  await choose(page, "separate");
  release();
  const { separate } = await optionsByKind(fewer);
  await until("the new plan is sent", async () => (await formValue(page)) === JSON.stringify(planOf(separate)));
  assert.equal(await chosen(page), "separate");
});

test("an element that is no checkout any more sends nothing", async (t) => {
  const page = await checkout(t);
  assert.notEqual(await formValue(page), null);
  await page.evaluate(() => document.querySelector("ships-by").setAttribute("view", "cart"));
  await page.locator("ships-by li.line").first().waitFor();
  assert.equal(await formValue(page), null);
  assert.equal(await valueOf(page), "");
  await page.evaluate(() => document.querySelector("ships-by").setAttribute("view", "checkout"));
  await until("it is sent again", async () => (await formValue(page)) !== null);
});

test("fields of the page's own text are the page's", async (t) => {
  await stage.network.reset();
  stage.network.fault = ({ path }) => path === "/v1/plans" && 500;
  const own = '<label>Parcels <select id="own"><option>one</option><option>two</option></select></label> <input type="radio" name="own" checked aria-label="Own">';
  const page = await stage.open(t, form().replace("We send it soon", own), { watched: true, expected: /500/ });
  await until("an error", () => page.evaluate(() => seen.events.some(({ type }) => type === "error")));
  await page.locator("#own").selectOption("two");
  stage.network.fault = undefined;
  await page.locator("ships-by [part=option]").first().waitFor();
  await page.evaluate(() => document.querySelector("#own").dispatchEvent(new Event("change", { bubbles: true })));
  const { together } = await optionsByKind();
  assert.deepEqual(JSON.parse(await formValue(page)), planOf(together));
});

test("choosing makes no request", async (t) => {
  await stage.network.reset();
  const page = await checkout(t, { watched: true });
  await until("the stream is open", () => stage.network.streams.size === 1);
  const before = stage.network.requests.length;
  for (const kind of ["separate", "together", "separate"]) await choose(page, kind);
  await painted(page);
  // What choosing had asked for would have arrived before this.
  await page.evaluate((api) => fetch(`${api}/v1/availability?sku=e2e-low&key=pk_demo_shipsby`).then((answer) => answer.text()), stage.network.api);
  const after = stage.network.requests.slice(before).map(({ path, query }) => `${path} ${query.get("sku")}`);
  assert.deepEqual(after, ["/v1/availability e2e-low"]);
});

test("the ways to send a cart are computed in the browser, from the lines and the policy", async (t) => {
  await stage.network.reset();
  stage.network.alter = ({ path }, body) => {
    if (path !== "/v1/plans") return;
    const plans = JSON.parse(body);
    assert.equal(plans.options.length, 2);
    return JSON.stringify({ ...plans, options: [] });
  };
  const page = await stage.open(t, form(), { watched: true });
  await page.locator("ships-by [part=option]").first().waitFor();
  const plans = await stage.demo.plans(LINES);
  assert.deepEqual(await optionsIn(page.locator("ships-by")), optionsOf(plans));
  assert.deepEqual(JSON.parse(await valueOf(page)), planOf(plans.options[0]));
  await choose(page, "separate");
  assert.deepEqual(JSON.parse(await valueOf(page)), planOf(plans.options[1]));
});

test("the focus is seen, and only where the keyboard is used", async (t) => {
  const page = await checkout(t);
  const outlines = () =>
    page.locator("[part=option]").evaluateAll((cards) => cards.map((card) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(card);
      return outlineStyle === "none" ? 0 : parseFloat(outlineWidth);
    }));
  await page.locator("[part=option]").first().click();
  assert.deepEqual(await outlines(), [0, 0]);
  await page.locator("#email").focus();
  await page.keyboard.press("Tab");
  assert.deepEqual(await outlines(), [3, 0]);
  await page.keyboard.press("ArrowDown");
  assert.deepEqual(await outlines(), [0, 3]);
});

test("a label of the page that names the element leads to the choice", async (t) => {
  const page = await checkout(t);
  await page.locator("#page-label").click();
  assert.equal(await focus(page), "together");
});

test("without an answer the form sends nothing for it, and the merchant's text stays", async (t) => {
  await stage.network.reset();
  stage.network.fault = ({ path }) => path === "/v1/plans" && 500;
  const page = await stage.open(t, form(), { watched: true, expected: /500/ });
  await until("an error", () => page.evaluate(() => seen.events.some(({ type }) => type === "error")));
  assert.ok(await page.getByText("We send it soon").isVisible());
  assert.equal(await formValue(page), null);
  assert.equal(await valueOf(page), "");
});
