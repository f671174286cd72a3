// Pages follow the warehouse, with as few requests and connections as can be.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { compiled, hasten, hide, newContext, painted, until, visit, wordsOf } from "./support/browser.mjs";
import { PUBLISHABLE_KEY, startDemo } from "./support/demo.mjs";
import { startMerchant } from "./support/merchant.mjs";
import { stockShelves } from "./support/shelves.mjs";
import { setStage } from "./support/stage.mjs";
import { escaped, optionsIn, optionsOf, planOf, promiseIn, promiseOf } from "./support/words.mjs";

const OWN_TEXT = "Usually ships in 2 days";
const LINES = [
  { sku: "e2e-ready", quantity: 1 },
  { sku: "e2e-slices", quantity: 3 },
];
const TABS = 7;
const FOLLOWS_MS_MAX = 3_000;

const stage = setStage();

beforeEach(() => stage.network.reset());

const productOf = (sku, quantity = 1, more = "") => `<ships-by id="${sku}" sku="${sku}" quantity="${quantity}" ${more}>${OWN_TEXT}</ships-by>\n`;
const answered = (page, count = 1) => page.waitForFunction((count) => seen.events.filter(({ type }) => type === "change").length >= count, count);
const oneStream = () => until("one stream is open", () => stage.network.streams.size === 1 && [...stage.network.streams][0]);
const questions = () => stage.network.to("/v1/").filter(({ method, path }) => method !== "OPTIONS" && path !== "/v1/stream");

// What a page does by itself it has done by now: its own request, sent last, was answered.
async function settled(page) {
  await painted(page);
  await page.evaluate((address) => fetch(address).then((answer) => answer.text()), `${stage.network.api}/embed/manifest.json?last`);
}

// Resolves when an element says of a quantity what the server says now.
async function follows(page, id, sku, quantity) {
  const answer = await stage.demo.availability(sku, { quantity });
  const wanted = JSON.stringify(promiseOf(answer));
  let found;
  await until(
    `${id} shows ${wanted}`,
    async () => (found = JSON.stringify(await promiseIn(page.locator(`[id="${id}"]`)))) === wanted,
    FOLLOWS_MS_MAX,
  ).catch((error) => assert.fail(`${error.message}, but ${found}`));
  return answer;
}

test("an open page follows the count of the shelf, whatever quantity it shows", async (t) => {
  const sku = "e2e-low";
  const elements = productOf(sku) + productOf(sku, 4).replace(`id="${sku}"`, 'id="four"');
  const page = await stage.open(t, elements, { watched: true });
  await oneStream();
  await compiled(page);
  for (const count of [50, 3, 0, 2]) {
    await stage.demo.setStock(sku, count);
    const one = await follows(page, sku, sku, 1);
    await follows(page, "four", sku, 4);
    assert.equal(one.orderable, count > 0);
  }
});

test("an open page follows a purchase order's date", async (t) => {
  const sku = "e2e-dated";
  await stage.demo.setSku(sku, { title: "Dated", backorder: { policy: "allow", limit: 100 } });
  await stage.demo.setStock(sku, 0);
  await stage.demo.orderSupply("e2e-dated-1", sku, 10, "2027-01-11");
  const page = await stage.open(t, productOf(sku, 2), { watched: true });
  await oneStream();
  const before = await follows(page, sku, sku, 2);
  await stage.demo.call("PATCH", "/v1/purchase-orders/e2e-dated-1", { expected_on: "2027-01-25" });
  const after = await follows(page, sku, sku, 2);
  assert.ok(before.ships_by < after.ships_by);
});

test("cart and checkout are planned again when the stock changes", async (t) => {
  const element = (view) => `<ships-by id="${view}" view="${view}" name="plan" lines='${escaped(LINES)}'>${OWN_TEXT}</ships-by>`;
  const page = await stage.open(t, `<form>${element("cart")}${element("checkout")}</form>`, { watched: true });
  await oneStream();
  await answered(page, 2);
  await compiled(page);
  for (const count of [2, 30, 1]) {
    await stage.demo.setStock("e2e-slices", count);
    const plans = await stage.demo.plans(LINES);
    const wanted = JSON.stringify(optionsOf(plans));
    for (const view of ["cart", "checkout"]) {
      await until(
        `the ${view} shows ${wanted}`,
        async () => JSON.stringify(await optionsIn(page.locator(`#${view}`))) === wanted,
        FOLLOWS_MS_MAX,
      );
    }
    await until(
      "the form's value is the new plan",
      async () => (await page.evaluate(() => new FormData(document.querySelector("form")).get("plan"))) === JSON.stringify(planOf(plans.options[0])),
    );
    assert.equal(plans.options.length, count === 30 ? 1 : 2);
  }
});

test("a cart, other quantities and other languages follow the shop's settings", async (t) => {
  const { location } = await stage.demo.call("GET", "/v1/store");
  const path = `/v1/locations/${location}`;
  const before = await stage.demo.call("GET", path);
  const cart = `<ships-by id="cart" view="cart" lines='${escaped(LINES)}'>${OWN_TEXT}</ships-by>`;
  const four = productOf("e2e-ready", 4).replace('id="e2e-ready"', 'id="four"');
  const page = await stage.open(t, cart + four + productOf("e2e-ready", 1, 'lang="de"').replace('id="e2e-ready"', 'id="german"'), { watched: true });
  await oneStream();
  await answered(page, 3);
  const dates = () => page.locator("ships-by").evaluateAll((elements) => elements.map(({ shadowRoot }) => shadowRoot.querySelector("[part=date]").textContent));
  const first = await dates();
  const { id: _id, ...settings } = before;
  await stage.demo.call("PUT", path, { ...settings, processing_days: before.processing_days + 2 });
  await until("all dates are later", async () => (await dates()).every((date, at) => date !== first[at]), FOLLOWS_MS_MAX);
  const plans = await stage.demo.plans(LINES);
  assert.deepEqual(await optionsIn(page.locator("#cart")), optionsOf(plans));
  await follows(page, "four", "e2e-ready", 4);
  await stage.demo.call("PUT", path, settings);
  await until("and back", async () => JSON.stringify(await dates()) === JSON.stringify(first), FOLLOWS_MS_MAX);
});

test("each change is told as an event with the whole answer", async (t) => {
  t.after(() => stage.demo.setStock("e2e-low", 2));
  const page = await stage.open(t, productOf("e2e-low"), { watched: true });
  await oneStream();
  await answered(page);
  await stage.demo.setStock("e2e-low", 77);
  const detail = await until("the event", () => page.evaluate(() => seen.events.find(({ detail }) => detail.status === "in_stock")?.detail));
  const { valid_until: _until, ...answer } = await stage.demo.availability("e2e-low");
  const { valid_until: _then, ...told } = detail;
  assert.deepEqual(told, answer);
  await settled(page);
  assert.equal(questions().length, 1, "the stream brought it, nothing was asked again");
});

test("a page has one stream, however many elements, and it names each SKU once", async (t) => {
  const elements = ["e2e-low", "e2e-gone", "e2e-ready", "e2e-low"].map((sku) => productOf(sku)).join("");
  const cart = `<ships-by view="cart" lines='${escaped(LINES)}'></ships-by>`;
  const page = await stage.open(t, elements + cart, { watched: true });
  await answered(page, 5);
  const { query } = await oneStream();
  await until("all are in it", () => [...stage.network.streams][0]?.query.getAll("sku").length === 4);
  assert.equal(stage.network.streams.size, 1);
  assert.deepEqual([...stage.network.streams][0].query.getAll("sku").sort(), ["e2e-gone", "e2e-low", "e2e-ready", "e2e-slices"]);
  assert.equal(query.get("key"), PUBLISHABLE_KEY);
});

test("the stream is closed while the page is hidden; what was missed is shown when it is seen again", async (t) => {
  const page = await stage.open(t, productOf("e2e-low") + '<ships-by id="off" live="off" sku="e2e-other"></ships-by>', { watched: true });
  await oneStream();
  await answered(page, 2);
  await hide(page, true);
  await until("the stream is closed", () => stage.network.streams.size === 0);
  const before = await wordsOf(page.locator("ships-by").first());
  await stage.demo.setStock("e2e-low", 500);
  await stage.demo.setStock("e2e-other", 0);
  await settled(page);
  assert.equal(await wordsOf(page.locator("ships-by").first()), before);
  await hide(page, false);
  await follows(page, "e2e-low", "e2e-low", 1);
  await follows(page, "off", "e2e-other", 1);
  await oneStream();
  await stage.demo.setStock("e2e-other", 50);
  await stage.demo.setStock("e2e-low", 2);
  await follows(page, "e2e-low", "e2e-low", 1);
});

test("the stream ends when the last element leaves the page", async (t) => {
  const page = await stage.open(t, productOf("e2e-low") + productOf("e2e-gone"), { watched: true });
  await oneStream();
  await page.evaluate(() => document.querySelector("ships-by").remove());
  await settled(page);
  assert.equal(stage.network.streams.size, 1);
  await page.evaluate(() => document.querySelector("ships-by").remove());
  await until("no stream is open", () => stage.network.streams.size === 0);
});

test('live="off" opens no stream', async (t) => {
  const page = await stage.open(t, productOf("e2e-low", 1, 'live="off"'), { watched: true });
  await answered(page);
  await compiled(page);
  await settled(page);
  assert.equal(stage.network.to("/v1/stream").length, 0);
  await page.evaluate(() => document.querySelector("ships-by").removeAttribute("live"));
  await oneStream();
});

test("a stream that breaks is opened again, and what was missed is shown", async (t) => {
  const page = await stage.open(t, productOf("e2e-low"), { watched: true, expected: /ERR_|Failed to load/ });
  await oneStream();
  await answered(page);
  stage.network.fault = ({ path }) => path === "/v1/stream" && "cut";
  stage.network.cut();
  await until("it was tried again", () => stage.network.to("/v1/stream").length > 1);
  await stage.demo.setStock("e2e-low", 321);
  stage.network.fault = undefined;
  await oneStream();
  await follows(page, "e2e-low", "e2e-low", 1);
  await stage.demo.setStock("e2e-low", 2);
});

test("seven tabs of one shop all load over HTTP/1.1, all follow, and share one stream", async (t) => {
  const context = await newContext(t, stage.browser);
  const skus = ["e2e-low", "e2e-gone", "e2e-ready", "e2e-preorder", "e2e-long", "e2e-wait", "e2e-other"];
  const pages = [];
  for (const sku of skus.slice(0, TABS)) {
    const body = productOf(sku) + (sku === "e2e-low" ? "" : productOf("e2e-low"));
    const page = await stage.open(t, body, { watched: true, context });
    await answered(page, sku === "e2e-low" ? 1 : 2);
    pages.push(page);
  }
  assert.equal(pages.length, TABS);
  await until("the one stream has all SKUs", () => [...stage.network.streams].some(({ query }) => query.getAll("sku").length === TABS));
  await until("it is the only one", () => stage.network.streams.size === 1);
  await stage.demo.setStock("e2e-low", 9);
  for (const page of pages) await follows(page, "e2e-low", "e2e-low", 1);

  // The tab that holds the stream closes: another one takes over.
  await pages.shift().close();
  await stage.demo.setStock("e2e-low", 2);
  for (const page of pages) await follows(page, "e2e-low", "e2e-low", 1);
  await until("one stream again", () => stage.network.streams.size === 1);
});

test("a category page with 100 elements makes one request", async (t) => {
  const known = ["e2e-low", "e2e-gone", "e2e-ready", "e2e-preorder", "e2e-wait"];
  const elements = Array.from({ length: 100 }, (_, at) => productOf(known[at] ?? `e2e-nothing-${at}`));
  const page = await stage.open(t, elements.join(""), { watched: true });
  await answered(page, known.length);
  await compiled(page);
  await settled(page);
  const asked = questions();
  assert.equal(asked.length, 1, asked.map(({ path }) => path).join());
  assert.equal(asked[0].query.getAll("sku").length, 100);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await settled(page);
  assert.equal(questions().length, 1, "nor does scrolling make another one");
});

test("more than 100 SKUs are asked for in as few requests as the API allows", async (t) => {
  const elements = Array.from({ length: 201 }, (_, at) => productOf(at === 0 ? "e2e-low" : `e2e-nothing-${at}`));
  const page = await stage.open(t, elements.join(""), { watched: true });
  await answered(page);
  await until("three answers", () => questions().length === 3);
  assert.deepEqual(questions().map(({ query }) => query.getAll("sku").length).sort(), [1, 100, 100]);
});

test("SKUs for which the stream has no room are asked for now and then", async (t) => {
  const context = await newContext(t, stage.browser);
  await hasten(context, 15);
  const sku = "e2e-ready";
  const elements = Array.from({ length: 100 }, (_, at) => productOf(`e2e-nothing-${at}`)).join("");
  const page = await stage.open(t, productOf(sku) + elements, { watched: true, context });
  await answered(page);
  await until("the stream is full", () => [...stage.network.streams].some(({ query }) => query.getAll("sku").length === 100));
  assert.ok(![...stage.network.streams][0].query.getAll("sku").includes(sku));
  await stage.demo.setStock(sku, 0);
  await follows(page, sku, sku, 1);
  await stage.demo.setStock(sku, 500);
  await follows(page, sku, sku, 1);
  assert.ok(questions().slice(2).every(({ query }) => query.getAll("sku").join() === sku), "nothing else is asked again");
});

test("no address is longer than servers take", async (t) => {
  // 128 bytes each, and three characters for each byte.
  const skus = Array.from({ length: 60 }, (_, at) => `${10 + at}${"ü".repeat(63)}`);
  await stage.demo.setSku(encodeURIComponent(skus[0]), { title: "Long" });
  await stage.demo.setStock(encodeURIComponent(skus[0]), 5);
  const page = await stage.open(t, skus.map((sku) => productOf(sku)).join(""), { watched: true });
  await answered(page);
  await until("each has its answer", () => page.evaluate(() => seen.events.length === 60));
  await oneStream();
  const asked = [...questions(), ...stage.network.to("/v1/stream")];
  assert.ok(questions().length > 1);
  for (const { path, query } of asked) assert.ok(`${path}?${query}`.length < 8_000, `${path} has ${query.toString().length} characters`);
});

test("a stream that breaks while it is about to be opened anew is forgotten with the page's interest", async (t) => {
  const context = await newContext(t, stage.browser);
  await context.addInitScript(() => {
    globalThis.EventSource = class extends EventTarget {
      constructor() {
        super();
        seen.source = this;
      }
      close() {}
    };
  });
  const page = await stage.open(t, productOf("e2e-low") + "<main></main>", { watched: true, context });
  await page.waitForFunction(() => seen.source);
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        const element = document.createElement("ships-by");
        element.setAttribute("sku", "e2e-other");
        element.addEventListener("ships-by:change", () =>
          setTimeout(() => {
            seen.source.onerror();
            Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
            document.dispatchEvent(new Event("visibilitychange"));
            // Longer than a stream gathers SKUs, and than the first wait after it broke.
            setTimeout(resolve, 1_200);
          }),
        );
        document.querySelector("main").append(element);
      }),
  );
});

test("an element far off the screen does nothing until it comes near", async (t) => {
  const page = await stage.open(t, `<div class="far">${productOf("e2e-low")}</div>`, { watched: true });
  const watched = () =>
    page.evaluate(
      () =>
        new Promise((resolve) => {
          const watcher = new IntersectionObserver(([{ isIntersecting }]) => resolve(isIntersecting), { rootMargin: "100%" });
          watcher.observe(document.querySelector("ships-by"));
        }),
    );
  await page.waitForFunction(() => customElements.get("ships-by"));
  assert.equal(await watched(), false);
  await settled(page);
  const loaded = () => stage.network.requests.map(({ path }) => path).filter((path) => !path.endsWith("manifest.json"));
  assert.deepEqual(loaded(), ["/embed/v1/ships-by.js"]);
  assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
  await page.locator("ships-by").scrollIntoViewIfNeeded();
  await follows(page, "e2e-low", "e2e-low", 1);
  assert.equal(questions().length, 1);
});

test("many changes of attributes make one update and one question", async (t) => {
  const page = await stage.open(t, productOf("e2e-gone"), { watched: true });
  await answered(page);
  await page.evaluate(() => {
    const element = document.querySelector("ships-by");
    for (let quantity = 1; quantity <= 50; quantity++) {
      element.setAttribute("sku", quantity % 2 ? "e2e-ready" : "e2e-wait");
      element.setAttribute("quantity", quantity);
      element.setAttribute("lang", quantity % 2 ? "fr" : "en");
    }
  });
  await answered(page, 2);
  await settled(page);
  const asked = questions().map(({ query }) => [query.get("sku"), query.get("qty"), query.get("lang")].join());
  assert.deepEqual(asked, ["e2e-gone,1,en", "e2e-wait,50,en"]);
  const changes = await page.evaluate(() => seen.events.filter(({ type }) => type === "change").map(({ detail }) => `${detail.sku} ${detail.requested}`));
  assert.deepEqual(changes, ["e2e-gone 1", "e2e-wait 50"]);
});

test("a variant picker changes what is shown, and what is known is not asked for again", async (t) => {
  const page = await stage.open(t, productOf("e2e-wait"), { watched: true });
  await answered(page);
  const pick = (sku) => page.evaluate((sku) => document.querySelector("ships-by").setAttribute("sku", sku), sku);
  for (const sku of ["e2e-ready", "e2e-preorder", "e2e-wait"]) {
    await pick(sku);
    await follows(page, "e2e-wait", sku, 1);
  }
  await settled(page);
  assert.deepEqual(questions().map(({ query }) => query.get("sku")), ["e2e-wait", "e2e-ready", "e2e-preorder"]);
});

test("`for` follows the page's quantity field, also one that comes later", async (t) => {
  const sku = "e2e-slices";
  const page = await stage.open(t, `<input id="quantity" type="number" value="1" aria-label="Quantity"> <ships-by id="${sku}" sku="${sku}" for="quantity">${OWN_TEXT}</ships-by>`);
  await answered(page);
  await follows(page, sku, sku, 1);
  await page.locator("#quantity").fill("3");
  const three = await follows(page, sku, sku, 3);
  assert.equal(three.slices.length, 2);
  await page.evaluate(() => {
    const select = document.createElement("select");
    select.id = "units";
    select.append(new Option("1"), new Option("2"));
    document.body.append(select);
    document.querySelector("ships-by").setAttribute("for", "units");
  });
  await follows(page, sku, sku, 1);
  await page.locator("#units").selectOption("2");
  await follows(page, sku, sku, 2);
  await page.evaluate(() => {
    document.querySelector("ships-by").removeAttribute("for");
    document.querySelector("ships-by").setAttribute("quantity", "4");
  });
  await follows(page, sku, sku, 4);
});

test("a quantity that is none keeps the merchant's text", async (t) => {
  const page = await stage.open(t, ["0", "-1", "1.5", "1e30", "many", "10000"].map((quantity) => `<p>${productOf("e2e-low", quantity)}</p>`).join("") + productOf("e2e-gone"), { watched: true, expected: /a quantity is not a whole number from 1 to 9999/ });
  await answered(page);
  await settled(page);
  assert.equal(questions().length, 1);
  assert.equal(questions()[0].query.getAll("sku").join(), "e2e-gone");
  for (const element of await page.locator("p ships-by").all()) assert.equal(await wordsOf(element), OWN_TEXT);
});

test("refresh() asks again", async (t) => {
  const page = await stage.open(t, productOf("e2e-low", 1, 'live="off"'), { watched: true });
  await answered(page);
  await stage.demo.setStock("e2e-low", 250);
  await page.evaluate(() => document.querySelector("ships-by").refresh());
  await follows(page, "e2e-low", "e2e-low", 1);
  assert.equal(questions().length, 2);
  await stage.demo.setStock("e2e-low", 2);
});

test("a page that is open at the cut-off shows the next date by itself", async (t) => {
  const demo = await startDemo({ now: "2026-11-24T21:59:52Z" });
  t.after(() => demo.stop());
  const merchant = await startMerchant();
  t.after(() => merchant.stop());
  await demo.allowOrigin(merchant.origin);
  await stockShelves(demo);
  const url = merchant.page(productOf("e2e-ready", 1, 'live="off"'), { api: demo.api });
  const page = await visit(t, stage.browser, url);
  await answered(page);
  const first = await page.evaluate(() => seen.events[0].detail);
  assert.equal(first.valid_until, "2026-11-24T22:00:00Z");
  await answered(page, 2);
  const second = await page.evaluate(() => seen.events[1].detail);
  assert.ok(first.ships_by < second.ships_by);
  assert.equal((await promiseIn(page.locator("ships-by"))).date, second.text.date);
});
