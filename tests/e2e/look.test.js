// The element as different people see it: from right to left, small, enlarged, in the dark, with colours of their own.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compiled, until } from "./support/browser.mjs";
import { placeOrder } from "./support/orders.mjs";
import { setStage } from "./support/stage.mjs";
import { escaped } from "./support/words.mjs";

const OWN_TEXT = "Usually ships in 2 days";
const LINES = [
  { sku: "e2e-ready", quantity: 1 },
  { sku: "e2e-slices", quantity: 3 },
  { sku: "e2e-gone", quantity: 1 },
];
const SKUS = ["e2e-ready", "e2e-low", "e2e-wait", "e2e-long", "e2e-preorder", "e2e-gone"];
const BODY = [
  ...SKUS.map((sku) => `<ships-by id="${sku}" sku="${sku}">${OWN_TEXT}</ships-by>`),
  `<ships-by id="slices" sku="e2e-slices" quantity="3">${OWN_TEXT}</ships-by>`,
  `<ships-by id="cart" view="cart" lines='${escaped(LINES)}'>${OWN_TEXT}</ships-by>`,
  `<form><ships-by id="checkout" view="checkout" name="plan" lines='${escaped(LINES)}'>${OWN_TEXT}</ships-by></form>`,
].join("\n<hr>\n");
const TALL = 6_000;
const LANGUAGES = ["en", "de", "fr", "es", "ja", "ar"];

const stage = setStage();

let order;

/** An order of which part has left and part is late. */
async function ordered() {
  const placed = await placeOrder(stage.demo, "LOOK-1");
  await placed.ship();
  await placed.slip("2027-02-26");
  return placed;
}

async function open(t, { width = 1000, lang = "en", ...options } = {}) {
  const dir = lang === "ar" ? "rtl" : undefined;
  order ??= await ordered();
  const body = `${BODY}<hr><ships-by id="order" view="order" order="${order.page}">${OWN_TEXT}</ships-by>`;
  const page = await stage.open(t, body, { rules: { lang, dir }, viewport: { width, height: TALL }, ...options });
  await until("all is drawn", async () => (await page.locator("[part=label]").count()) >= SKUS.length + 2 + LINES.length && (await page.locator("input").count()) === 2);
  await compiled(page);
  return page;
}

/** What sticks out of the page or of its own box, to the left or to the right. */
const overflowing = (page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.scrollingElement;
    const found = scrollWidth > clientWidth ? [`the page: ${scrollWidth} > ${clientWidth}`] : [];
    for (const element of document.querySelectorAll("ships-by")) {
      for (const each of element.shadowRoot.querySelectorAll("*")) {
        if (each.closest(".say")) continue;
        const { left, right } = each.getBoundingClientRect();
        const name = `${element.id} ${each.localName}.${each.className}`;
        if (left < 0 || right > clientWidth + 0.5) found.push(`${name}: ${left} to ${right}`);
        if (getComputedStyle(each).display !== "inline" && each.scrollWidth > each.clientWidth + 1) found.push(`${name}: ${each.scrollWidth} > ${each.clientWidth}`);
      }
    }
    return found;
  });

for (const lang of LANGUAGES) {
  test(`at 320 pixels nothing sticks out (${lang})`, async (t) => {
    assert.deepEqual(await overflowing(await open(t, { width: 320, lang })), []);
  });
}

for (const lang of ["en", "de", "ar"]) {
  test(`enlarged to 200 % nothing sticks out (${lang})`, async (t) => {
    // Twice as large is half as wide; then only the text is made twice as large again.
    const page = await open(t, { width: 640, lang, deviceScaleFactor: 2 });
    assert.deepEqual(await overflowing(page), []);
    await page.evaluate(() => (document.documentElement.style.fontSize = "32px"));
    assert.equal(await page.locator("#slices [part=label]").evaluate((label) => getComputedStyle(label).fontSize), "32px", "the page's size is the element's");
    assert.deepEqual(await overflowing(page), []);
  });
}

test("two ways stand side by side where there is room, and one below the other where there is not", async (t) => {
  const page = await open(t);
  const tops = () => page.locator("#checkout [part=option]").evaluateAll((cards) => cards.map((card) => card.getBoundingClientRect().top));
  const [first, second] = await tops();
  assert.equal(first, second);
  await page.setViewportSize({ width: 320, height: TALL });
  const [above, below] = await tops();
  assert.ok(above < below);
});

test("from right to left it is the same design, mirrored", async (t) => {
  const page = await open(t, { lang: "ar" });
  const { text } = await stage.demo.availability("e2e-slices", { quantity: 3, lang: "ar" });
  assert.equal(await page.locator("#slices [part=label]").textContent(), text.label);
  assert.equal(await page.locator("#slices [part=detail]").textContent(), text.detail);
  const found = await page.evaluate(() => {
    const root = (id) => document.querySelector(`#${id}`).shadowRoot;
    const middle = ({ left, right }) => (left + right) / 2;
    const label = root("slices").querySelector("[part=label]");
    const range = document.createRange();
    range.selectNodeContents(label);
    const [box, words] = [label.getBoundingClientRect(), range.getBoundingClientRect()];
    const item = root("slices").querySelector(".slices li");
    range.selectNodeContents(item.firstChild);
    const card = root("checkout").querySelector("[part=option]");
    const [first, second] = [...root("checkout").querySelectorAll("[part=option]")].map((each) => middle(each.getBoundingClientRect()));
    return {
      direction: getComputedStyle(label).direction,
      markRightOfLabel: box.right - words.right,
      markLeftOfLabel: words.left - box.left,
      markRightOfSlice: item.getBoundingClientRect().right - range.getBoundingClientRect().right,
      radioRightOfMiddle: middle(card.querySelector("input").getBoundingClientRect()) - middle(card.getBoundingClientRect()),
      firstRightOfSecond: first - second,
    };
  });
  assert.equal(found.direction, "rtl");
  assert.ok(found.markRightOfLabel >= 10, JSON.stringify(found));
  assert.ok(found.markLeftOfLabel < 1, JSON.stringify(found));
  assert.ok(found.markRightOfSlice >= 10, JSON.stringify(found));
  assert.ok(found.radioRightOfMiddle > 50, JSON.stringify(found));
  assert.ok(found.firstRightOfSecond > 50, JSON.stringify(found));
  assert.deepEqual(await overflowing(page), []);
});

test("an element may speak another language than its page, in that language's direction", async (t) => {
  const page = await stage.open(t, `<ships-by id="ar" lang="ar" sku="e2e-low"></ships-by><p lang="de-AT"><ships-by id="de" sku="e2e-low"></ships-by></p><ships-by id="forced" dir="rtl" sku="e2e-low"></ships-by>`);
  await until("all is drawn", async () => (await page.locator("[part=label]").count()) === 3);
  await compiled(page);
  for (const [id, lang, direction] of [["ar", "ar", "rtl"], ["de", "de-AT", "ltr"], ["forced", "en", "rtl"]]) {
    const label = page.locator(`#${id} [part=label]`);
    assert.equal(await label.textContent(), (await stage.demo.availability("e2e-low", { lang })).text.label);
    assert.equal(await label.evaluate((each) => getComputedStyle(each).direction), direction, id);
  }
});

// Contrast, as WCAG reckons it, of what is drawn; colours of any notation, half transparent ones too.
const contrasts = (page) =>
  page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const painted = (...layers) => {
      for (const colour of layers) {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = (rgb) => {
      const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one, other) => {
      const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
      return (high + 0.05) / (low + 0.05);
    };
    const ground = getComputedStyle(document.body).backgroundColor;
    const against = (colour, ...grounds) => contrast(painted("white", ground, ...grounds, colour), painted("white", ground, ...grounds));
    const found = {};
    for (const element of document.querySelectorAll("ships-by")) {
      for (const part of element.shadowRoot.querySelectorAll("[part]:not([part=root])")) {
        const { color, borderTopColor, borderTopStyle, backgroundColor } = getComputedStyle(part);
        const name = `${element.id} ${part.part}`;
        const mark = getComputedStyle(part, "::before");
        found[`${name}, text`] = Math.min(against(color, backgroundColor), found[`${name}, text`] ?? 99);
        if (part.part.contains("label")) found[`${name}, mark`] = against(mark.borderTopColor);
        if (part.part.contains("option") && borderTopStyle !== "none" && part.querySelector("input")) found[`${name}, border`] = against(borderTopColor);
      }
    }
    return found;
  });

for (const [name, options] of [
  ["in the light", { colorScheme: "light" }],
  ["in the dark", { colorScheme: "dark" }],
  ["with forced colours", { forcedColors: "active" }],
  ["with forced colours in the dark", { forcedColors: "active", colorScheme: "dark" }],
]) {
  test(`${name}, words have 4.5 to 1 and marks and borders 3 to 1 against the page`, async (t) => {
    const page = await open(t, options);
    const found = await contrasts(page);
    const kinds = Object.keys(found).map((key) => key.split(", ")[1]);
    assert.deepEqual([...new Set(kinds)].sort(), ["border", "mark", "text"]);
    const low = Object.entries(found).filter(([key, value]) => value < (key.endsWith("text") ? 4.5 : 3));
    assert.deepEqual(low, []);
  });
}

test("dark and light look different, so that the page's colour scheme is followed", async (t) => {
  const colours = {};
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(t, { colorScheme });
    colours[colorScheme] = await page.locator("#e2e-ready [part=label]").evaluate((label) => getComputedStyle(label).color);
  }
  assert.notEqual(colours.light, colours.dark);
});

test("with forced colours a dot is still filled, a ring is not, and the chosen way stands out", async (t) => {
  const page = await open(t, { forcedColors: "active" });
  const found = await page.evaluate(() => {
    const mark = (id) => {
      const { borderTopColor, borderTopStyle, backgroundColor, blockSize } = getComputedStyle(document.querySelector(`#${id}`).shadowRoot.querySelector("[part=label]"), "::before");
      return { filled: backgroundColor === borderTopColor, drawn: borderTopStyle === "solid" && parseFloat(blockSize) > 0 };
    };
    const cards = [...document.querySelector("#checkout").shadowRoot.querySelectorAll("[part=option]")].map((card) => {
      const { borderTopWidth, borderTopStyle, borderTopColor, outlineStyle } = getComputedStyle(card);
      return { border: borderTopStyle === "solid" && parseFloat(borderTopWidth) >= 1, look: `${borderTopColor} ${outlineStyle}` };
    });
    return { ready: mark("e2e-ready"), wait: mark("e2e-wait"), cards };
  });
  assert.deepEqual(found.ready, { filled: true, drawn: true });
  assert.deepEqual(found.wait, { filled: false, drawn: true });
  assert.ok(found.cards.every(({ border }) => border));
  assert.notEqual(found.cards[0].look, found.cards[1].look);
});

test("a shop styles it by custom properties and parts", async (t) => {
  const sheet = "ships-by { --ships-by-ready: rgb(1, 2, 3) } ships-by::part(date) { font-weight: 800 } ships-by::part(label) { letter-spacing: 2px }";
  const page = await open(t);
  await page.evaluate((sheet) => {
    const own = new CSSStyleSheet();
    own.replaceSync(sheet);
    document.adoptedStyleSheets.push(own);
  }, sheet);
  const found = await page.evaluate(() => {
    const root = document.querySelector("#e2e-ready").shadowRoot;
    const style = (part) => getComputedStyle(root.querySelector(`[part=${part}]`));
    return [style("label").color, style("date").fontWeight, style("label").letterSpacing];
  });
  assert.deepEqual(found, ["rgb(1, 2, 3)", "800", "2px"]);
});

test("it takes its font and its text colour from the page", async (t) => {
  const page = await open(t);
  const found = await page.evaluate(() => {
    document.body.style.fontFamily = "monospace";
    document.body.style.color = "rgb(9, 9, 99)";
    const { fontFamily, color } = getComputedStyle(document.querySelector("#e2e-ready").shadowRoot.querySelector("[part=date]"));
    return [fontFamily, color];
  });
  assert.deepEqual(found, ["monospace", "rgb(9, 9, 99)"]);
});

for (const timezoneId of ["Pacific/Kiritimati", "America/Los_Angeles", "Asia/Kathmandu"]) {
  test(`a reader in ${timezoneId} sees the warehouse's days`, async (t) => {
    const page = await open(t, { timezoneId });
    for (const sku of SKUS) {
      const { text, ships_by } = await stage.demo.availability(sku);
      assert.equal((await page.locator(`#${sku} [part=date]`).textContent()) || null, text.date);
      if (!ships_by) continue;
      const [, month, day] = ships_by.split("-").map(Number);
      const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
      assert.ok(text.date.includes(`${months[month - 1]} ${day}`), text.date);
    }
    const plans = await stage.demo.plans(LINES);
    const parcels = await page.locator("#checkout .parcels strong").allTextContents();
    assert.deepEqual(parcels, plans.options.flatMap(({ text }) => text.parcels.map(({ date }) => date)));
  });
}
