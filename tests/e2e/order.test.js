// <ships-by view="order">: how an order stands, on the merchant's own page.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import AxeBuilder from "@axe-core/playwright";

import { hasten, hide, newContext, painted, until, wordsOf } from "./support/browser.mjs";
import { placeOrder, sentencesOf } from "./support/orders.mjs";
import { answered, fillCart, placeOrder as buy } from "./support/shop.mjs";
import { setStage } from "./support/stage.mjs";

const OWN_TEXT = "Your order is being packed.";
const NETWORK = /ERR_|Failed to load resource|CORS policy/;
const PLAIN = /shown as plain text|Content Security Policy/;

const stage = setStage();

beforeEach(() => stage.network.reset());

let count = 0;
const place = (options) => placeOrder(stage.demo, `E2E-${++count}`, options);

const elementOf = (order, more = "") => `<main><h1>Shop</h1><ships-by view="order" order="${order}" ${more}>${OWN_TEXT}</ships-by></main>`;
const open = (t, order, { more, ...options } = {}) => stage.open(t, elementOf(order.page ?? order, more), options);
const asked = () => stage.network.to("/o/").filter(({ method }) => method !== "OPTIONS");
const eventsOf = (page, type) => page.evaluate((type) => seen.events.filter((event) => event.type === type), type);

/** Each sentence that stands in the element, in the order in which it is read. */
const sentencesIn = (page) =>
  page.locator("ships-by").evaluate(({ shadowRoot }) => {
    const alone = (node) => [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    const read = (node) => {
      if (node.className === "say" || node.localName === "slot") return [];
      const own = node.localName === "li" && node.querySelector(":scope > .date") ? [...node.childNodes].filter((child) => child.nodeType === Node.TEXT_NODE || child.className === "date") : undefined;
      if (own) return [own.map((child) => child.textContent).join("").trim(), ...[...node.children].filter((child) => !own.includes(child)).flatMap(read)];
      return alone(node) || node.localName === "bdi" ? [node.textContent.trim()] : [...node.children].flatMap(read);
    };
    return [...shadowRoot.children].flatMap(read);
  });

async function saysWhatItsPageSays(page, order, lang) {
  let wanted, found;
  await until("it says what the order's page says", async () => {
    // The server counts who asks for orders.
    await new Promise((resolve) => setTimeout(resolve, 200));
    [wanted, found] = [sentencesOf(await order.told(lang)), await sentencesIn(page)];
    return JSON.stringify(wanted) === JSON.stringify(found);
  }).catch(() => assert.deepEqual(found, wanted));
  return wanted;
}

async function settled(page) {
  await painted(page);
  await page.evaluate((address) => fetch(address).then((answer) => answer.text()), `${stage.network.api}/embed/manifest.json?last`);
}

for (const wasm of [true, false]) {
  test(`it says all that the order's own page says, ${wasm ? "with" : "without"} WebAssembly`, async (t) => {
    const order = await place();
    const page = await open(t, order, { rules: { wasm }, expected: wasm ? undefined : PLAIN });
    const first = await saysWhatItsPageSays(page, order);
    for (const sentence of ["Nothing has left yet.", "2 × Mug, blue", "1 × Ships by Tuesday, November 24", "1 × Ships by Tuesday, December 15", "Our <b>potter</b> fires on Fridays.", "Nothing was charged yet.", "$58.95"]) {
      assert.ok(first.includes(sentence), `${sentence} in ${first}`);
    }
    await order.ship();
    await order.slip("2027-02-26");
    await page.locator("ships-by").evaluate((element) => element.refresh());
    const later = await saysWhatItsPageSays(page, order);
    for (const sentence of ["Part of it has left. The rest is still to come.", "Will you wait?", "Why it changed: Our next delivery has another date or size.", "Tracking number: 1Z999AA10123456784"]) {
      assert.ok(later.includes(sentence), `${sentence} in ${later}`);
    }
    assert.equal(await page.locator("ships-by [role=status]").textContent(), (await order.told()).text.updated);
    assert.deepEqual(await page.evaluate(() => [seen.markup, seen.violations]), [[], wasm ? [] : ["script-src: wasm-eval"]]);
  });
}

test("each way out leads to the order's own page, which asks once more; who comes back sees what became of it", async (t) => {
  const order = await place();
  await order.slip("2027-02-26");
  const page = await open(t, order);
  await saysWhatItsPageSays(page, order);
  const ways = () => page.locator("ships-by a").evaluateAll((links) => links.map(({ href, rel }) => [href, rel]));
  const below = (path) => [stage.demo.api + order.page + path, "noreferrer"];
  assert.deepEqual(await ways(), ["/consent", "/cancel?line=0", "/cancel?line=1", "/cancel", ""].map(below));
  await page.getByRole("link", { name: "Cancel this: Scarf" }).click();
  await page.waitForURL("**/cancel?line=1");
  assert.match(await page.locator("main").innerText(), /1 × Scarf/);
  const standing = () => stage.demo.call("GET", `/v1/orders/${order.id}`);
  assert.equal((await standing()).lines[1].cancelled, 0, "a link changes nothing");
  const answered = page.waitForURL((url) => !url.search.includes("line=1"));
  await page.locator("form[method=post] button").click();
  await answered;
  await until("it is cancelled", async () => (await standing()).lines[1].cancelled === 1);
  await page.goBack();
  await page.goBack();
  await saysWhatItsPageSays(page, order);
});

test("a last period can be set, runs, and leads out of the contract when it has passed", async (t) => {
  const order = await place();
  const period = (status) => ({ status, heading: `It is ${status}`, items: [{ quantity: 1, title: "Scarf" }], text: "By January 13." });
  const told = { ...(await order.told()), extra_periods: ["passed", "offered", "running"].map(period) };
  stage.network.alter = ({ path }) => path.startsWith("/o/") && JSON.stringify(told);
  const page = await open(t, order, { watched: true });
  await page.locator("[part=notice]").first().waitFor();
  assert.deepEqual(await sentencesIn(page), sentencesOf(told));
  const ways = await page.locator("[part=notice] a").evaluateAll((links) => links.map(({ href }) => new URL(href).pathname));
  assert.deepEqual(ways, [`${order.page}/cancel`, `${order.page}/extra-period`]);
});

test("what changes is seen by itself, and not looked for while nobody looks", async (t) => {
  const order = await place();
  const context = await newContext(t, stage.browser);
  await hasten(context, 40);
  const page = await open(t, order, { watched: true, context });
  await saysWhatItsPageSays(page, order);
  await order.ship();
  await saysWhatItsPageSays(page, order);
  await hide(page, true);
  await settled(page);
  const before = asked().length;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(asked().length, before);
  await order.slip("2027-01-08");
  await hide(page, false);
  await saysWhatItsPageSays(page, order);
  await page.locator("ships-by").evaluate((element) => element.setAttribute("live", "off"));
  await settled(page);
  const then = asked().length;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(asked().length, then, "live=off");
  await page.locator("ships-by").evaluate((element) => element.remove());
  await settled(page);
  assert.deepEqual(await page.evaluate(() => seen.shifts), []);
});

for (const [name, fault] of [["cannot be reached", "cut"], ["answers 503", 503]]) {
  test(`while the server ${name} the merchant's text stays; afterwards the answer comes by itself and stays`, async (t) => {
    const order = await place();
    stage.network.fault = ({ path }) => path.startsWith("/o/") && fault;
    const page = await open(t, order, { watched: true, expected: NETWORK });
    await until("it failed", async () => (await eventsOf(page, "error")).length > 0);
    assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
    stage.network.fault = undefined;
    await saysWhatItsPageSays(page, order);
    stage.network.fault = ({ path }) => path.startsWith("/o/") && fault;
    const before = asked().length;
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await until("it was asked again", () => asked().length > before);
    await settled(page);
    await saysWhatItsPageSays(page, order);
  });
}

test("an address that is wrong, or elsewhere, leaves the merchant's text; nothing is sent elsewhere, and its author is told without it", async (t) => {
  const order = await place();
  const elsewhere = [];
  const context = await newContext(t, stage.browser);
  context.on("request", (request) => elsewhere.push(request.url()));
  const wrong = [stage.merchant.origin + order.page, `//127.0.0.1:1${order.page}`, order.token, `/v1/orders${order.page}`, order.page + "/cancel", "javascript:alert(1)", "/o/" + "x".repeat(1_000_000), "http://["];
  const body = wrong.map((each) => `<ships-by view="order" order="${each}">${OWN_TEXT}</ships-by>`).join("\n");
  const page = await stage.open(t, body, { context, expected: /is not the page of an order/ });
  await until("it is told", () => page.complaints.length > 0);
  await painted(page);
  for (const element of await page.locator("ships-by").all()) assert.equal(await wordsOf(element), OWN_TEXT);
  assert.equal(page.complaints.length, 1);
  assert.ok(!page.complaints[0].includes(order.token));
  assert.deepEqual(elsewhere.filter((url) => url.includes(order.token)), []);
});

test("a token that is another's leaves the merchant's text, is told once, and is not asked again and again", async (t) => {
  const order = await place();
  const context = await newContext(t, stage.browser);
  await hasten(context, 40);
  const page = await open(t, order.page + "x", { watched: true, context, expected: NETWORK });
  await until("it failed", async () => (await eventsOf(page, "error")).length > 0);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const errors = await eventsOf(page, "error");
  assert.deepEqual(errors.map(({ detail }) => [detail.status, detail.code]), [[404, "not_found"]]);
  assert.equal(asked().length, 1);
  assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
});

test("a page on an origin that the store does not list cannot read an order, whatever its token", async (t) => {
  const order = await place();
  const { origins, ...store } = await stage.demo.call("GET", "/v1/store");
  await stage.demo.call("PUT", "/v1/store", { ...store, origins: origins.filter((origin) => origin !== stage.merchant.origin) });
  t.after(() => stage.demo.call("PUT", "/v1/store", { ...store, origins }));
  const page = await open(t, order, { expected: NETWORK });
  await until("it is refused", async () => (await eventsOf(page, "error")).length > 0);
  assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
});

test("the token goes to our server alone, and into no event and no message", async (t) => {
  const order = await place();
  const context = await newContext(t, stage.browser);
  const sent = [];
  context.on("request", (request) => sent.push([request.url(), JSON.stringify(request.headers())]));
  const page = await open(t, order, { context });
  await saysWhatItsPageSays(page, order);
  await order.slip("2027-01-08");
  await page.locator("ships-by").evaluate((element) => element.refresh());
  await saysWhatItsPageSays(page, order);
  assert.equal((await eventsOf(page, "change")).length, 2);
  assert.ok(!(await page.evaluate(() => JSON.stringify(seen.events))).includes(order.token));
  const withIt = sent.filter((request) => request.join(" ").includes(order.token));
  assert.ok(withIt.length > 0 && withIt.every(([url]) => new URL(url).origin === stage.demo.api), JSON.stringify(withIt));
  assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [0, 0, ""]);
});

for (const [lang, dir] of [["de", "ltr"], ["fr", "ltr"], ["es", "ltr"], ["ja", "ltr"], ["ar", "rtl"]]) {
  test(`it speaks the page's language: ${lang}`, async (t) => {
    const order = await place({ customer: { lang: "en", country: "US" } });
    const page = await open(t, order, { rules: { lang, dir } });
    await until("it is drawn", async () => (await page.locator("[part=date]").count()) > 0);
    const { text, lines } = await order.told(lang);
    assert.equal(await page.locator("#goods").textContent(), text.goods);
    assert.equal(await page.locator("[part=date]").first().textContent(), lines[0].parts[0].text);
    assert.equal(await page.locator("#goods").evaluate((element) => getComputedStyle(element).direction), dir);
  });
}

test("axe has nothing against it: light, dark, forced colours, 320 pixels, right to left", async (t) => {
  const order = await place();
  await order.ship();
  await order.slip("2027-02-26");
  for (const [lang, dir] of [["en", "ltr"], ["ar", "rtl"]]) {
    const page = await open(t, order, { rules: { lang, dir }, viewport: { width: 320, height: 800 } });
    await until("it is drawn", async () => (await page.locator("[part=notice]").count()) > 0);
    for (const media of [{ colorScheme: "light" }, { colorScheme: "dark" }, { colorScheme: "light", forcedColors: "active" }]) {
      await page.emulateMedia({ forcedColors: "none", ...media });
      await painted(page);
      const { violations } = await new AxeBuilder({ page }).options({ rules: { "target-size": { enabled: true } } }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ failureSummary }) => failureSummary)}`), [], JSON.stringify(media));
    }
  }
});

test("the keyboard alone reaches every way out, and stays where it was when the order changes", async (t) => {
  const order = await place();
  const page = await open(t, order);
  await saysWhatItsPageSays(page, order);
  const focused = () => page.evaluate(() => document.activeElement.shadowRoot?.activeElement?.getAttribute("href"));
  for (const path of ["/cancel?line=0", "/cancel?line=1"]) {
    await page.keyboard.press("Tab");
    assert.equal(await focused(), stage.demo.api + order.page + path);
  }
  await order.slip("2027-01-08");
  await page.locator("ships-by").evaluate((element) => element.refresh());
  await saysWhatItsPageSays(page, order);
  assert.equal(await focused(), `${stage.demo.api}${order.page}/cancel?line=1`);
});

test("in one line it says how the order stands, and where more is said", async (t) => {
  const order = await place();
  const page = await open(t, order, { more: "compact" });
  const { status_text, text } = await order.told();
  await until("it is drawn", async () => (await wordsOf(page.locator("ships-by"))) === `${status_text} ${text.see}`);
});

test("where room is reserved for it nothing moves, and it stands beside other elements", async (t) => {
  const order = await place();
  const room = stage.merchant.script("const room = new CSSStyleSheet(); room.replaceSync('ships-by { display: block; min-block-size: 50lh }'); document.adoptedStyleSheets = [room];");
  const body = elementOf(order.page) + `<p>Below</p><ships-by id="product" sku="${order.scarf}">${OWN_TEXT}</ships-by>`;
  const page = await stage.open(t, body, { rules: { head: `<script src="${room}"></script>` }, viewport: { width: 800, height: 2_400 } });
  await page.locator("#product [part=label]").waitFor();
  await page.locator("[view=order] [part=date]").first().waitFor();
  await painted(page);
  assert.deepEqual(await page.evaluate(() => seen.shifts), []);
  await stage.demo.setStock(order.scarf, 40);
  const text = () => page.locator("#product [part=label]").textContent();
  await until("the product follows the warehouse", async () => (await text()) === "In stock");
});

test("after the demo's checkout the order stands on the shop's own page, and nothing moves", async (t) => {
  for (const viewport of [{ width: 1280, height: 800 }, { width: 320, height: 700 }]) {
    const page = await stage.visit(t, "/", { viewport });
    await fillCart(page);
    await page.goto(stage.demo.shop + "/checkout");
    await until("there is a plan", () => page.evaluate(() => document.querySelector("#plan").value));
    await buy(page);
    await page.locator("#order [part=date]").first().waitFor();
    await answered(page);
    await painted(page);
    assert.deepEqual(await page.evaluate(() => seen.shifts), []);
    assert.equal(await page.locator("#order .line").count(), 2);
    assert.equal(await page.locator("#order a").last().getAttribute("href"), await page.locator("#order-page").getAttribute("href"));
  }
});
