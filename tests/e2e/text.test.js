// The server writes dates, amounts and counts from tables of its own. Here they are held against the browser's, for every day of a year.

import assert from "node:assert/strict";
import { test } from "node:test";

import { compiled, until } from "./support/browser.mjs";
import { startDemo } from "./support/demo.mjs";
import { setStage } from "./support/stage.mjs";
import { escaped, optionsIn, optionsOf, promiseIn, promiseOf } from "./support/words.mjs";

const LANGUAGES = ["en-US", "en-GB", "de", "fr", "es", "ja", "ar"];
const SKUS_MAX = 100;
const AT_ONCE = 20;
const DAY_MS = 86_400_000;
/** Further ahead a date is shown with its year. */
const YEAR_SHOWN_AFTER_DAYS = 180;

const stage = setStage();

const day = (start, days) => new Date(Date.parse(start) + days * DAY_MS).toISOString().slice(0, 10);

/** Of each SKU one is there and one comes on a day of its own; the warehouse never rests. */
async function stockDays(demo, start, count) {
  const { location } = await demo.call("GET", "/v1/store");
  await demo.call("PUT", `/v1/locations/${location}`, {
    time_zone: "UTC",
    working_days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    holidays: [],
    cut_off: "23:59",
    processing_days: 0,
    receiving_days: 0,
  });
  const days = Array.from({ length: count }, (_, at) => ({ sku: `e2e-day-${at + 1}`, on: day(start, at + 1) }));
  for (let at = 0; at < days.length; at += AT_ONCE) {
    const batch = days.slice(at, at + AT_ONCE);
    await Promise.all(batch.map(({ sku }) => demo.setSku(sku, { title: sku, backorder: { policy: "allow", limit: 9 } })));
  }
  for (let at = 0; at < days.length; at += SKUS_MAX) {
    const lines = days.slice(at, at + SKUS_MAX).map(({ sku }) => ({ sku, change: 1 }));
    await demo.call("POST", "/v1/stock/adjustments", { reason: "one of each", lines });
  }
  await demo.call("POST", "/v1/purchase-orders", { id: `e2e-days-${start}`, lines: days.map(({ sku, on }) => ({ sku, quantity: 1, expected_on: on })) });
  return days;
}

async function said(demo, days, lang) {
  const items = [];
  for (let at = 0; at < days.length; at += SKUS_MAX) {
    items.push(...(await demo.availability(days.slice(at, at + SKUS_MAX).map(({ sku }) => sku), { quantity: 2, lang })));
  }
  return items;
}

const browserPage = async (t) => {
  const context = await stage.browser.newContext();
  t.after(() => context.close());
  return context.newPage();
};

/** What is around the browser's words must be the same for all of them. */
function sameAround(found, expected, what) {
  const around = new Set();
  for (const [at, words] of found.entries()) {
    const place = words?.indexOf(expected[at]) ?? -1;
    assert.notEqual(place, -1, `${what}: "${words}" should have "${expected[at]}" in it`);
    around.add(words.slice(0, place) + "…" + words.slice(place + expected[at].length));
  }
  assert.equal(around.size, 1, `${what}: ${[...around].join(" | ")}`);
}

test("each day of a year is written as the browser writes it, in every language", async (t) => {
  const page = await browserPage(t);
  const seen = new Set();
  for (const now of ["2026-11-23", "2027-05-20", "2027-11-10"]) {
    const demo = await startDemo({ now: `${now}T12:00:00Z` });
    t.after(() => demo.stop());
    const count = now === "2026-11-23" ? 365 : YEAR_SHOWN_AFTER_DAYS;
    const days = await stockDays(demo, now, count);
    for (const lang of LANGUAGES) {
      const expected = await page.evaluate(
        ([lang, dates, near]) =>
          dates.map((date, at) => {
            const write = (extra) => new Intl.DateTimeFormat(lang, { timeZone: "UTC", month: "long", day: "numeric", ...extra }).format(new Date(date));
            const far = at >= near && write({ year: "numeric" });
            return { weekday: far || write({ weekday: "long" }), day: far || write({}) };
          }),
        [lang, days.map(({ on }) => on), YEAR_SHOWN_AFTER_DAYS],
      );
      const items = await said(demo, days, lang);
      assert.deepEqual(items.map(({ ships_by }) => ships_by), days.map(({ on }) => on));
      sameAround(items.map(({ text }) => text.date), expected.map(({ weekday }) => weekday), `${lang}, with the day of the week`);
      sameAround(items.map(({ text }) => text.detail), expected.map(({ day }) => day), `${lang}, in a part`);
    }
    for (const { on } of days.slice(0, YEAR_SHOWN_AFTER_DAYS)) seen.add(on.slice(5));
    await demo.stop();
  }
  assert.equal(seen.size, 366, "all days, also the 29th of February, were seen with their weekday");
});

test("amounts are written as the browser writes them, in every language", async (t) => {
  const page = await browserPage(t);
  const demo = await startDemo();
  t.after(() => demo.stop());
  const [{ sku: near }, { sku: far }] = await stockDays(demo, "2026-11-23", 2);
  const store = await demo.call("GET", "/v1/store");
  for (const [currency, exponent] of [["USD", 2], ["EUR", 2], ["GBP", 2], ["JPY", 0], ["CHF", 2]]) {
    for (const amount of [1, 495, 100_000, 123_456_789]) {
      await demo.call("PUT", "/v1/store", { ...store, currency, split: { split: "flat", amount: { amount, currency }, parcels_max: 3 } });
      for (const lang of LANGUAGES) {
        const { options } = await demo.plans([{ sku: near, quantity: 1 }, { sku: far, quantity: 2 }], lang);
        const expected = await page.evaluate(
          ([lang, currency, amount]) => new Intl.NumberFormat(lang, { style: "currency", currency }).format(amount),
          [lang, currency, amount / 10 ** exponent],
        );
        assert.deepEqual(options[1].surcharge, { amount, currency });
        assert.equal(options[1].text.price, `+ ${expected}`, `${amount} ${currency} in ${lang}`);
      }
    }
  }
});

test("counts are written as the browser writes them, in every language", async (t) => {
  const page = await browserPage(t);
  for (const count of [1, 23, 999, 1_000, 1_234, 9_998]) {
    await stage.demo.setSku("e2e-count", { title: "Counted" });
    await stage.demo.setStock("e2e-count", count);
    for (const lang of LANGUAGES) {
      const { text } = await stage.demo.availability("e2e-count", { quantity: 9_999, lang });
      const expected = await page.evaluate(([lang, count]) => new Intl.NumberFormat(lang).format(count), [lang, count]);
      assert.match(text.label, new RegExp(`(?<!\\d)${expected.replaceAll(".", "\\.")}(?!\\d)`), `${count} in ${lang}`);
    }
  }
});

test("the sentences are in the language that was asked for", async () => {
  const LABELS = { "en-US": "Backordered", "en-GB": "Backordered", de: "Nachbestellt", fr: "En réapprovisionnement", es: "Pendiente de reposición", ja: "お取り寄せ", ar: "طلب مسبق التوريد" };
  for (const [lang, label] of Object.entries(LABELS)) {
    assert.equal((await stage.demo.availability("e2e-wait", { lang })).text.label, label);
  }
  assert.equal((await stage.demo.availability("e2e-wait", { lang: "de-CH" })).text.label, LABELS.de);
  assert.equal((await stage.demo.availability("e2e-wait", { lang: "tlh" })).text.label, LABELS["en-US"]);
});

for (const { mode, rules, expected } of [
  { mode: "with WebAssembly", rules: {} },
  { mode: "without WebAssembly", rules: { wasm: false }, expected: /shown as plain text|Content Security Policy/ },
]) {
  for (const lang of LANGUAGES) {
    test(`${mode}, each part of a quantity stands below the other, far dates too (${lang})`, async (t) => {
      const page = await stage.open(t, `<ships-by sku="e2e-far" quantity="3"></ships-by>`, { rules: { ...rules, lang }, expected });
      await page.locator("[part=label]").waitFor();
      if (expected) await until("WebAssembly is refused", () => page.complaints.length > 0);
      else await compiled(page);
      const answer = await stage.demo.availability("e2e-far", { quantity: 3, lang });
      assert.match(answer.text.detail, /2027/);
      assert.deepEqual(await promiseIn(page.locator("ships-by")), promiseOf(answer));
      const seenTexts = await page.locator(".slices li").evaluateAll((items) => items.map((item) => item.firstChild.textContent));
      assert.deepEqual(seenTexts, answer.slices.map(({ text }) => text));
    });
  }
}

test("a count is written in the answer's language, whatever region the page names", async (t) => {
  for (const wasm of [true, false]) {
    const body = `<ships-by view="cart" lines='[{"sku":"e2e-ready","quantity":1234}]'></ships-by>`;
    const page = await stage.open(t, body, { rules: { lang: "de-CH", wasm }, expected: /shown as plain text|Content Security Policy/ });
    await page.locator("li.line").waitFor();
    if (wasm) await compiled(page);
    assert.equal(await page.locator(".title").textContent(), "1.234 × Mug");
  }
});

for (const lang of LANGUAGES) {
  test(`the compiled view words an answer as the server does (${lang})`, async (t) => {
    const lines = [{ sku: "e2e-ready", quantity: 2 }, { sku: "e2e-slices", quantity: 3 }, { sku: "e2e-long", quantity: 1 }];
    const body = `<ships-by id="product" sku="e2e-slices" quantity="3"></ships-by><form><ships-by id="checkout" view="checkout" lines='${escaped(lines)}'></ships-by></form>`;
    const page = await stage.open(t, body, { rules: { lang } });
    await until("all is drawn", async () => (await page.locator("[part=label]").count()) === 1 && (await page.locator("input").count()) === 2);
    await compiled(page);
    assert.deepEqual(await promiseIn(page.locator("#product")), promiseOf(await stage.demo.availability("e2e-slices", { quantity: 3, lang })));
    const plans = await stage.demo.plans(lines, lang);
    assert.deepEqual(await optionsIn(page.locator("#checkout")), optionsOf(plans));
    assert.equal(await page.locator("legend").textContent(), plans.text.legend);
    await page.locator("input[value=separate]").check({ force: true });
    assert.equal(await page.locator("#checkout [role=status]").textContent(), plans.options[1].text.announcement);
  });
}
