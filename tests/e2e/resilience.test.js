// What can go wrong on a shop's page and on the way to it, and what the shopper sees then.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { compiled, hasten, newContext, painted, until, visit, wordsOf } from "./support/browser.mjs";
import { PUBLISHABLE_KEY, startDemo } from "./support/demo.mjs";
import { startMerchant } from "./support/merchant.mjs";
import { stockShelves } from "./support/shelves.mjs";
import { setStage } from "./support/stage.mjs";
import { escaped, noticesIn, optionsIn, optionsOf, promiseIn, promiseOf, said } from "./support/words.mjs";

const OWN_TEXT = "Usually ships in 2 days";
const PLAIN = /shown as plain text|Content Security Policy/;
const NETWORK = /ERR_|Failed to load resource|CORS policy/;
const MIXED = [
  { sku: "e2e-ready", quantity: 1 },
  { sku: "e2e-slices", quantity: 3 },
];
const ROUNDS = 1_000;
const OLD_MS_MAX = 3_000;

const stage = setStage();

beforeEach(() => stage.network.reset());

const productOf = (sku, more = "") => `<ships-by sku="${sku}" ${more}>${OWN_TEXT}</ships-by>\n`;
const cartOf = (view, lines, more = "") => `<ships-by view="${view}" lines='${escaped(lines)}' ${more}>${OWN_TEXT}</ships-by>\n`;
const eventsOf = (page, type) => page.evaluate((type) => seen.events.filter((event) => event.type === type), type);
const untilEvent = (page, type, count = 1) => until(`${count} × ships-by:${type}`, async () => (await eventsOf(page, type)).length >= count);
const questions = () => stage.network.to("/v1/").filter(({ method, path }) => method !== "OPTIONS" && path !== "/v1/stream");

async function settled(page) {
  await painted(page);
  await page.evaluate((address) => fetch(address).then((answer) => answer.text()), `${stage.network.api}/embed/manifest.json?last`);
}

async function saysWhatTheServerSays(page, sku, demo = stage.demo) {
  const wanted = JSON.stringify(promiseOf(await demo.availability(sku)));
  await until(`it says ${wanted}`, async () => JSON.stringify(await promiseIn(page.locator("ships-by"))) === wanted);
}

for (const [name, fault] of [["cannot be reached", "cut"], ["answers 500", 500], ["answers 503", 503], ["answers 429", 429], ["does not answer", "hang"]]) {
  test(`while the server ${name} the merchant's text stays; afterwards the answer comes by itself`, async (t) => {
    stage.network.fault = ({ path }) => path.startsWith("/v1/") && fault;
    const page = await stage.open(t, productOf("e2e-low"), { watched: true, expected: NETWORK });
    await until("it was asked", () => questions().length > 0);
    if (fault !== "hang") await untilEvent(page, "error");
    await settled(page);
    assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
    stage.network.fault = undefined;
    stage.network.cut();
    await saysWhatTheServerSays(page, "e2e-low");
    // A browser may ask again by itself when a connection breaks before the answer.
    const told = (await eventsOf(page, "error")).length;
    assert.ok(told === 1 || (told === 0 && fault === "hang"), `it is told once, not ${told} times`);
  });
}

test("a server that dies and comes back: the words stay, then follow again", async (t) => {
  const demo = await startDemo();
  t.after(() => demo.stop());
  const merchant = await startMerchant();
  t.after(() => merchant.stop());
  await demo.allowOrigin(merchant.origin);
  await stockShelves(demo);
  const page = await visit(t, stage.browser, merchant.page(productOf("e2e-low"), { api: demo.api }), { expected: NETWORK });
  await saysWhatTheServerSays(page, "e2e-low", demo);
  const before = await wordsOf(page.locator("ships-by"));
  await demo.kill();
  await until("the page noticed", () => page.complaints.length > 0);
  assert.equal(await wordsOf(page.locator("ships-by")), before);
  await demo.start({ fresh: false });
  await demo.setStock("e2e-low", 40);
  await saysWhatTheServerSays(page, "e2e-low", demo);
  assert.notEqual(await wordsOf(page.locator("ships-by")), before);
});

test("what the server refuses is not asked again and again", async (t) => {
  stage.network.fault = ({ path }) => path.startsWith("/v1/") && 422;
  const page = await stage.open(t, productOf("e2e-low"), { watched: true, expected: NETWORK });
  await untilEvent(page, "error");
  const [{ detail }] = await eventsOf(page, "error");
  assert.equal(detail.status, 422);
  assert.equal(detail.code, "trouble");
  await page.evaluate(() => document.body.append(document.querySelector("ships-by")));
  await settled(page);
  assert.equal(questions().length, 1);
  assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
});

const WRONG_FORMS = ["{}", "[]", "null", '{"items":[]}', '{"items":[{}]}', '{"items":[],"as_of":"2026-11-23T15:00:00Z"}', '{"items":null,"as_of":"soon"}'];

test("an answer of another form is a failure like others: it is asked again with patience", async (t) => {
  for (const form of WRONG_FORMS) {
    await stage.network.reset();
    stage.network.alter = ({ path }) => path.startsWith("/v1/availability") && form;
    const page = await stage.open(t, productOf("e2e-low"), { watched: true });
    await untilEvent(page, "error");
    await settled(page);
    assert.ok(questions().length <= 2, `${form} was asked for ${questions().length} times`);
    assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
    stage.network.alter = undefined;
    await saysWhatTheServerSays(page, "e2e-low");
    await page.close();
  }
});

test("one SKU that the server refuses does not silence the others", async (t) => {
  stage.network.fault = ({ query }) => query.getAll("sku").includes("e2e-refused") && 422;
  const skus = ["e2e-low", "e2e-ready", "e2e-refused", "e2e-other", "e2e-wait", "e2e-preorder"];
  const page = await stage.open(t, skus.map((sku) => productOf(sku, `id="${sku}"`)).join(""), { watched: true, expected: NETWORK });
  await untilEvent(page, "change", skus.length - 1);
  await untilEvent(page, "error");
  const refused = questions().filter(({ query }) => query.getAll("sku").includes("e2e-refused"));
  assert.equal(refused.at(-1).query.getAll("sku").length, 1);
  assert.ok(questions().length <= 7, `${questions().length} questions`);
  assert.equal(await wordsOf(page.locator("#e2e-refused")), OWN_TEXT);
  assert.deepEqual((await eventsOf(page, "error")).map(({ id }) => id), ["e2e-refused"]);
});

test("what is no SKU is not asked for, and its author is told once", async (t) => {
  const page = await stage.open(t, "<main></main>" + productOf("e2e-low"), { watched: true, expected: /a SKU is empty, too long/ });
  await page.waitForFunction(() => customElements.get("ships-by"));
  await page.evaluate(() => {
    for (const sku of ["ü".repeat(65), "a\u0000b", "a\u202eb", "a\u200b", "\ud800", "x".repeat(129)]) {
      const element = document.createElement("ships-by");
      element.setAttribute("sku", sku);
      document.querySelector("main").append(element);
    }
  });
  await untilEvent(page, "change");
  await until("it is told", () => page.complaints.length > 0);
  await settled(page);
  assert.equal(questions().length, 1);
  assert.deepEqual(questions()[0].query.getAll("sku"), ["e2e-low"]);
  assert.equal(page.complaints.length, 1);
});

test("an answer to another question does not stand for one that cannot be had", async (t) => {
  const page = await stage.open(t, productOf("e2e-low", 'id="one"') + productOf("e2e-other", 'id="two"'), { watched: true, expected: NETWORK });
  await untilEvent(page, "change", 2);
  stage.network.fault = ({ path }) => path === "/v1/availability" && 503;
  const set = (id, sku) => page.evaluate(([id, sku]) => document.getElementById(id).setAttribute("sku", sku), [id, sku]);
  await set("two", "e2e-wait");
  await untilEvent(page, "error");
  await set("one", "e2e-ready");
  await painted(page);
  assert.equal(await wordsOf(page.locator("#one")), OWN_TEXT, "the server is left alone for a moment, and the old date is gone");
  stage.network.fault = undefined;
  const { text } = await stage.demo.availability("e2e-ready");
  await until("its own answer", async () => (await wordsOf(page.locator("#one"))) === said(text));
});

test("an answer gives way to the merchant's text when the next one takes long", async (t) => {
  const page = await stage.open(t, productOf("e2e-low"), { watched: true });
  await saysWhatTheServerSays(page, "e2e-low");
  const before = await wordsOf(page.locator("ships-by"));
  let release;
  const kept = new Promise((resolve) => (release = resolve));
  stage.network.hold = ({ path }) => (path === "/v1/availability" ? kept : undefined);
  await page.evaluate(() => document.querySelector("ships-by").setAttribute("sku", "e2e-ready"));
  await painted(page);
  assert.equal(await wordsOf(page.locator("ships-by")), before, "nothing flickers");
  await until("the merchant's text", async () => (await wordsOf(page.locator("ships-by"))) === OWN_TEXT, OLD_MS_MAX);
  release();
  await saysWhatTheServerSays(page, "e2e-ready");
});

for (const [name, fault, heals] of [["a revoked key", 401, false], ["a server that is away", "cut", true]]) {
  test(`a promise whose time is over is taken back where ${name} keeps it from being made again`, async (t) => {
    const context = await newContext(t, stage.browser);
    await hasten(context, 20);
    stage.network.alter = ({ path }, bytes) =>
      path === "/v1/availability" && bytes.toString().replaceAll(/"valid_until":"[^"]*"/g, '"valid_until":"2026-11-23T14:00:00Z"');
    const page = await stage.open(t, productOf("e2e-low", 'live="off"'), { watched: true, context, expected: NETWORK });
    await untilEvent(page, "change");
    stage.network.fault = ({ path }) => path === "/v1/availability" && fault;
    await until("the merchant's text", async () => (await wordsOf(page.locator("ships-by"))) === OWN_TEXT);
    const [{ detail }] = await eventsOf(page, "error");
    assert.ok(heals ? detail.code === "unreachable" : detail.status === 401, JSON.stringify(detail));
    if (!heals) {
      const asked = questions().length;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assert.equal(questions().length, asked, "a refusal is final");
    }
    stage.network.fault = stage.network.alter = undefined;
    if (!heals) await page.evaluate(() => document.querySelector("ships-by").refresh());
    await saysWhatTheServerSays(page, "e2e-low");
  });
}

test("one element that cannot be drawn keeps its own text and does not stop the others", async (t) => {
  stage.network.alter = ({ path }, bytes) => {
    if (path !== "/v1/availability") return;
    const answer = JSON.parse(bytes);
    answer.items[0] = { ...answer.items[0], slices: null, text: { ...answer.items[0].text, detail: "1 now, 2 later" } };
    return JSON.stringify(answer);
  };
  const page = await stage.open(t, productOf("e2e-slices", 'live="off"') + productOf("e2e-low", 'live="off"'), { watched: true, expected: PLAIN });
  await until("it is told", () => page.complaints.some((each) => each.includes("plain text")));
  const { text } = await stage.demo.availability("e2e-low");
  await until("the other one is drawn", async () => (await wordsOf(page.locator("ships-by").last())) === said(text));
  assert.equal(await wordsOf(page.locator("ships-by").first()), OWN_TEXT);
});

test("language and direction are followed, through shadow roots too", async (t) => {
  const page = await stage.open(t, productOf("e2e-wait") + '<section lang="de" dir="rtl"></section>');
  await untilEvent(page, "change");
  const root = (element) => element.evaluate(({ shadowRoot }) => [shadowRoot.querySelector("slot + div").lang, shadowRoot.querySelector("slot + div").dir]);
  const element = page.locator("ships-by").first();
  assert.deepEqual(await root(element), ["en-US", "auto"]);
  await element.evaluate((each) => each.setAttribute("dir", "ltr"));
  await until("its own direction", async () => (await root(element)).join() === "en-US,ltr");
  await element.evaluate((each) => each.removeAttribute("dir"));
  await page.evaluate(() => Object.assign(document.documentElement, { lang: "ar", dir: "rtl" }));
  await until("the page's", async () => (await root(element)).join() === "ar,rtl");
  assert.equal(await element.locator("[part=label]").textContent(), (await stage.demo.availability("e2e-wait", { lang: "ar" })).text.label);
  await page.evaluate(() => {
    const inner = document.createElement("ships-by");
    inner.setAttribute("sku", "e2e-low");
    document.querySelector("section").attachShadow({ mode: "open" }).append(inner);
  });
  await until("the host's", async () => (await root(page.locator("section ships-by"))).join() === "de,rtl");
});

test("a wrong key is told as such, and the merchant's text stays", async (t) => {
  const tag = `<script type="module" src="${stage.demo.api}/embed/v1/ships-by.js" data-key="pk_demo_wrong"></script>`;
  const page = await stage.open(t, productOf("e2e-low"), { rules: { tags: 0, head: tag }, expected: NETWORK });
  await untilEvent(page, "error");
  assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
});

test("an origin that is not listed gets no answer, and its own text stays", async (t) => {
  const stranger = await startMerchant();
  t.after(() => stranger.stop());
  const url = stranger.page(productOf("e2e-low") + cartOf("cart", MIXED), { api: stage.demo.api });
  const page = await visit(t, stage.browser, url, { expected: NETWORK });
  await untilEvent(page, "error", 2);
  for (const element of await page.locator("ships-by").all()) assert.equal(await wordsOf(element), OWN_TEXT);
  for (const [path, init] of [
    ["/v1/availability?sku=e2e-low", {}],
    ["/v1/plans", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ lines: MIXED }) }],
    ["/v1/stream?sku=e2e-low", {}],
  ]) {
    const read = (origin) =>
      fetch(`${stage.demo.api}${path}${path.includes("?") ? "&" : "?"}key=${PUBLISHABLE_KEY}`, {
        ...init,
        headers: { ...init.headers, origin },
        signal: AbortSignal.timeout(5_000),
      }).then(({ headers, body }) => (body?.cancel(), headers.get("access-control-allow-origin")));
    assert.equal(await read(stranger.origin), null, path);
    assert.equal(await read(stage.merchant.origin), stage.merchant.origin, path);
  }
});

for (const fault of ["cut", 503]) {
  test(`what the element loads is tried again after an outage (${fault})`, async (t) => {
    stage.network.fault = ({ path }) => /^\/embed\/(?!v1\/)/.test(path) && fault;
    const body = productOf("e2e-low") + `<form>${cartOf("checkout", MIXED, 'name="plan"')}</form>`;
    const page = await stage.open(t, body, { watched: true, expected: /plain text|integrity|ERR_|Failed to load/ });
    await page.locator("[part=label]").waitFor();
    assert.equal(stage.network.streams.size, 0);
    await until("all were tried twice", () => ["widget.css", "later.js"].every((name) => stage.network.requests.filter(({ path }) => path.endsWith(name)).length > 1));
    stage.network.fault = undefined;
    await page.locator("ships-by input").first().waitFor();
    await compiled(page);
    await until("one stream", () => stage.network.streams.size === 1);
    // Each part has its own patience, so the style may be the last to come.
    await until("the style", () => page.locator(".head").first().evaluate((head) => getComputedStyle(head).display === "flex"));
    assert.deepEqual(await optionsIn(page.locator("ships-by[view=checkout]")), optionsOf(await stage.demo.plans(MIXED)));
  });
}

test("what is never right is tried a few times, and no more", async (t) => {
  const context = await newContext(t, stage.browser);
  await hasten(context, 100);
  stage.network.alter = ({ path }, bytes) => path.endsWith("/widget.js") && Buffer.concat([bytes, Buffer.from(" ")]);
  const page = await stage.open(t, productOf("e2e-low"), { watched: true, context, expected: /integrity|plain text/ });
  const tried = () => stage.network.requests.filter(({ path }) => path.endsWith("/widget.js")).length;
  await until("three tries", () => tried() === 3);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assert.equal(tried(), 3);
});

test("a style that does not come holds the words up for a few seconds only", async (t) => {
  stage.network.fault = ({ path }) => path.endsWith("/widget.css") && "hang";
  const page = await stage.open(t, productOf("e2e-low"), { watched: true, expected: /plain text|ERR_|Failed to load/ });
  const { text } = await stage.demo.availability("e2e-low");
  await until("the words", async () => (await page.locator("[part=label]").count()) > 0);
  assert.equal(await wordsOf(page.locator("ships-by")), said(text));
  stage.network.fault = undefined;
  stage.network.cut();
  await until("the style", () => page.locator(".head").evaluate((head) => getComputedStyle(head).display === "flex"));
});

const evil = (name) => Buffer.from(`\n;globalThis.executed = ${JSON.stringify(name)};\n`);
// A custom section changes the bytes of a module and nothing else: without the check it would run.
const section = Buffer.from([0, 2, 1, 0x78]);

for (const name of ["widget.wasm", "widget.js"]) {
  test(`where ${name} is not what was built nothing of it runs, and the words are there all the same`, async (t) => {
    stage.network.alter = ({ path }, bytes) => path.endsWith(`/${name}`) && Buffer.concat([bytes, name.endsWith(".js") ? evil(name) : section]);
    const page = await stage.open(t, `<form>${cartOf("checkout", MIXED, 'name="plan"')}</form>`, { watched: true, expected: /integrity|plain text/ });
    await until("it is told on the console", () => page.complaints.some((each) => each.includes("plain text")));
    const plans = await stage.demo.plans(MIXED);
    assert.deepEqual(await optionsIn(page.locator("ships-by")), optionsOf(plans));
    await page.locator("ships-by input[value=separate]").check({ force: true });
    assert.equal(JSON.parse(await page.evaluate(() => document.querySelector("ships-by").value)).kind, "separate");
    assert.deepEqual(await page.evaluate(() => [seen.instances.length, globalThis.executed]), [0, undefined]);
  });
}

test("where later.js is not what was built nothing of it runs, and products still say when they ship", async (t) => {
  stage.network.alter = ({ path }, bytes) => path.endsWith("/later.js") && Buffer.concat([bytes, evil("later.js")]);
  const page = await stage.open(t, productOf("e2e-low"), { watched: true, expected: /integrity|plain text/ });
  await until("it is told on the console", () => page.complaints.some((each) => each.includes("plain text")));
  await saysWhatTheServerSays(page, "e2e-low");
  assert.equal(await page.evaluate(() => globalThis.executed), undefined);
});

test("where the style is not what was built it is not used, and the words are there all the same", async (t) => {
  stage.network.alter = ({ path }, bytes) => path.endsWith("/widget.css") && Buffer.concat([bytes, Buffer.from(":host { opacity: 0.01 }")]);
  const page = await stage.open(t, productOf("e2e-low"), { watched: true, expected: /integrity|plain text/ });
  await page.locator("[part=label]").waitFor();
  assert.equal(await page.locator("[part=label]").textContent(), (await stage.demo.availability("e2e-low")).text.label);
  assert.equal(await page.locator("ships-by").evaluate((element) => getComputedStyle(element).opacity), "1");
});

test("an answer of a later server that the compiled view does not understand is shown as the server words it", async (t) => {
  stage.network.alter = ({ path }, bytes) => path === "/v1/availability" && bytes.toString().replaceAll('"low_stock"', '"reserved_for_friends"');
  const page = await stage.open(t, productOf("e2e-low"), { watched: true, expected: PLAIN });
  await until("the view gave up", () => page.complaints.some((each) => each.includes("plain text")));
  const { text } = await stage.demo.availability("e2e-low");
  assert.equal(await wordsOf(page.locator("ships-by")), said(text));
});

for (const [name, tags] of [
  ["twice", (src) => src.repeat(2)],
  ["twice, under two addresses", (src) => src + src.replace("ships-by.js", "ships-by.js?again")],
]) {
  test(`the script included ${name} makes one element`, async (t) => {
    const tag = `<script type="module" src="${stage.network.api}/embed/v1/ships-by.js" data-key="${PUBLISHABLE_KEY}"></script>\n`;
    const page = await stage.open(t, productOf("e2e-low") + productOf("e2e-gone"), { watched: true, rules: { tags: 0, head: tags(tag) } });
    await untilEvent(page, "change", 2);
    await compiled(page);
    await until("one stream", () => stage.network.streams.size === 1);
    await settled(page);
    assert.equal(questions().length, 1);
    assert.equal(stage.network.to("/v1/stream").length, 1);
    assert.equal(await page.evaluate(() => seen.instances.length), 1);
    assert.equal((await eventsOf(page, "change")).length, 2);
    await stage.demo.setStock("e2e-low", 90);
    await untilEvent(page, "change", 3);
    await settled(page);
    assert.equal((await eventsOf(page, "change")).length, 3, "and one change is told once");
    await stage.demo.setStock("e2e-low", 2);
  });
}

test("the evergreen and a pinned script on one page make one element", async (t) => {
  const { version } = await (await fetch(`${stage.network.api}/embed/manifest.json`)).json();
  const tag = (folder) => `<script type="module" src="${stage.network.api}/embed/${folder}/ships-by.js" data-key="${PUBLISHABLE_KEY}"></script>\n`;
  await stage.network.reset();
  const page = await stage.open(t, productOf("e2e-low"), { watched: true, rules: { tags: 0, head: tag("v1") + tag(version) } });
  await untilEvent(page, "change");
  await compiled(page);
  await settled(page);
  assert.equal(questions().length, 1);
  assert.equal(await page.evaluate(() => seen.instances.length), 1);
});

// How much of what there is, after the rubbish has been taken out.
async function weigh(page, cdp) {
  await settled(page);
  // An element that comes back opens the stream again, a moment later.
  await until("one stream", () => stage.network.streams.size === 1);
  await page.evaluate(() => (seen.events.length = 0));
  for (let round = 0; round < 2; round++) await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const metric = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  const { result } = await cdp.send("Runtime.evaluate", { expression: 'customElements.get("ships-by").prototype' });
  const { objects } = await cdp.send("Runtime.queryObjects", { prototypeObjectId: result.objectId, objectGroup: "weighing" });
  const { result: length } = await cdp.send("Runtime.callFunctionOn", {
    objectId: objects.objectId,
    functionDeclaration: "function () { return this.length; }",
  });
  await cdp.send("Runtime.releaseObjectGroup", { objectGroup: "weighing" });
  return {
    heap: metric.JSHeapUsedSize,
    listeners: metric.JSEventListeners,
    nodes: metric.Nodes,
    instances: length.value,
    wasm: await page.evaluate(() => seen.instances[0].exports.memory.buffer.byteLength),
    streams: stage.network.streams.size,
  };
}

const HEAP_GROWTH_MAX = 200_000;

for (const [view, body] of [["product", productOf("e2e-low")], ["checkout", `<form>${cartOf("checkout", MIXED, 'name="plan"')}</form>`]]) {
  test(`a ${view} element that is moved, removed and put back ${ROUNDS} times leaves nothing behind`, async (t) => {
    const page = await stage.open(t, `<main>${body}</main><aside></aside>`, { watched: true });
    await untilEvent(page, "change");
    await compiled(page);
    await until("one stream", () => stage.network.streams.size === 1);
    const cdp = await page.context().newCDPSession(page);
    for (const domain of ["Performance", "HeapProfiler", "Runtime"]) await cdp.send(`${domain}.enable`);
    const move = (rounds) =>
      page.evaluate(async (rounds) => {
        // A turn of the event loop: what the element does when it comes or goes, it has done.
        const { port1, port2 } = new MessageChannel();
        const turn = () => new Promise((resolve) => ((port1.onmessage = resolve), port2.postMessage(0)));
        const element = document.querySelector("ships-by");
        const home = element.parentNode;
        for (let round = 0; round < rounds; round++) {
          document.querySelector("aside").append(element);
          if (round % 2) await turn();
          element.remove();
          await turn();
          if (element.isConnected || element.shadowRoot.querySelector("[part=label], [part=option]")) throw Error("it was not removed");
          home.append(element);
          await turn();
          if (!element.shadowRoot.querySelector("[part=label], [part=option]")) throw Error("it shows nothing");
        }
        port1.close();
      }, rounds);
    await move(ROUNDS / 10);
    const before = await weigh(page, cdp);
    await move(ROUNDS);
    const after = await weigh(page, cdp);
    t.diagnostic(`heap ${before.heap} -> ${after.heap}, nodes ${before.nodes} -> ${after.nodes}, listeners ${before.listeners} -> ${after.listeners}`);
    assert.ok(after.heap - before.heap < HEAP_GROWTH_MAX, `the heap grew by ${after.heap - before.heap} bytes`);
    // Listeners of what was loaded may only now be collected; more of them would be a leak.
    assert.ok(after.listeners <= before.listeners, `${before.listeners} listeners became ${after.listeners}`);
    const counted = ({ nodes, instances, wasm, streams }) => ({ nodes, instances, wasm, streams });
    assert.deepEqual(counted(after), counted(before));
    assert.deepEqual([after.instances, after.streams], [1, 1]);
    assert.equal(questions().length, 1, "nothing was asked again");

    await stage.demo.setStock(view === "product" ? "e2e-low" : "e2e-slices", 60);
    await untilEvent(page, "change");
    await stage.demo.setStock("e2e-low", 2);
    await stage.demo.setStock("e2e-slices", 1);
  });
}

test(`${ROUNDS} elements that came and went are gone`, async (t) => {
  const page = await stage.open(t, productOf("e2e-low") + "<main></main>", { watched: true });
  await untilEvent(page, "change");
  await compiled(page);
  await until("one stream", () => stage.network.streams.size === 1);
  const cdp = await page.context().newCDPSession(page);
  for (const domain of ["Performance", "HeapProfiler", "Runtime"]) await cdp.send(`${domain}.enable`);
  const come = (rounds) =>
    page.evaluate(async (rounds) => {
      const { port1, port2 } = new MessageChannel();
      const turn = () => new Promise((resolve) => ((port1.onmessage = resolve), port2.postMessage(0)));
      const main = document.querySelector("main");
      for (let round = 0; round < rounds; round++) {
        const element = document.createElement("ships-by");
        element.setAttribute("sku", "e2e-low");
        main.replaceChildren(element);
        await turn();
        if (!element.shadowRoot.querySelector("[part=label], [part=option]")) throw Error("it shows nothing");
      }
      main.replaceChildren();
      port1.close();
    }, rounds);
  await come(ROUNDS / 10);
  const before = await weigh(page, cdp);
  await come(ROUNDS);
  const after = await weigh(page, cdp);
  t.diagnostic(`heap ${before.heap} -> ${after.heap}`);
  assert.ok(after.heap - before.heap < HEAP_GROWTH_MAX, `the heap grew by ${after.heap - before.heap} bytes`);
  assert.deepEqual([after.instances, after.listeners, after.nodes, after.wasm, after.streams], [1, before.listeners, before.nodes, before.wasm, 1]);
});

const deep = "[".repeat(30_000) + "]".repeat(30_000);
const BAD_LINES = [
  "{", "null", "{}", "[]", "[1]", "[null]", '"e2e-low"', '[{"sku":"e2e-low"}]', '[{"sku":"e2e-low","quantity":"1"}]',
  '[{"sku":"e2e-low","quantity":0}]', '[{"sku":"e2e-low","quantity":1e30}]', '[{"sku":"","quantity":1}]', '[{"quantity":1}]',
  deep,
  JSON.stringify(Array.from({ length: 101 }, (_, at) => ({ sku: `e2e-${at}`, quantity: 1 }))),
  JSON.stringify([{ sku: "x".repeat(1_000_000), quantity: 1 }]),
];

test("a cart that is none keeps the merchant's text and asks nothing", async (t) => {
  const body = BAD_LINES.map((lines) => `<ships-by view="cart" lines='${lines}'>${OWN_TEXT}</ships-by>`).join("\n");
  const expected = /ships-by: (the lines are not of the form|there are more than 100 lines|a quantity is not|a SKU is empty)/;
  const page = await stage.open(t, body + productOf("e2e-low"), { watched: true, viewport: { width: 1000, height: 4_000 }, expected });
  await untilEvent(page, "change");
  await compiled(page);
  await settled(page);
  assert.deepEqual(questions().map(({ path }) => path), ["/v1/availability"]);
  const elements = await page.locator("ships-by[view]").all();
  assert.equal(elements.length, BAD_LINES.length);
  for (const element of elements) assert.equal(await wordsOf(element), OWN_TEXT);
  assert.equal(page.complaints.length, 4, `each kind of mistake is told once: ${page.complaints.join("\n")}`);
});

test("attributes of a megabyte do no harm", async (t) => {
  const page = await stage.open(t, productOf("e2e-low") + productOf("e2e-gone"), { watched: true, expected: /a SKU is empty, too long/ });
  await untilEvent(page, "change", 2);
  await compiled(page);
  await page.evaluate(() => {
    const megabyte = "x".repeat(1_000_000);
    const element = document.querySelector("ships-by");
    for (const name of ["sku", "quantity", "for", "lang", "dir", "name", "lines", "view", "live", "compact"]) element.setAttribute(name, megabyte);
  });
  await settled(page);
  assert.equal(await wordsOf(page.locator("ships-by").first()), OWN_TEXT);
  assert.equal(questions().length, 1);
  await page.evaluate(() => {
    const element = document.querySelector("ships-by");
    for (const name of element.getAttributeNames()) element.removeAttribute(name);
    element.setAttribute("sku", "e2e-low");
  });
  await until("it recovers", async () => (await wordsOf(page.locator("ships-by").first())) !== OWN_TEXT);
});

for (const [mode, rules, expected] of [["with WebAssembly", {}, undefined], ["without WebAssembly", { wasm: false }, PLAIN]]) {
  test(`${mode}, markup in a title or a reason is text`, async (t) => {
    const markup = `<img src=x onerror="document.title='broken in'"><b>bold</b>&amp;{date}`;
    const sku = `e2e-markup-${rules.wasm ?? true}`;
    await stage.demo.setSku(sku, { title: `Title ${markup}`, backorder: { policy: "allow", limit: 50, reason: `Reason ${markup}` } });
    await stage.demo.setStock(sku, 1);
    await stage.demo.orderSupply(`${sku}-1`, sku, 50, "2026-12-14");
    await stage.demo.setSku("e2e-sold-out", { title: `Gone ${markup}` });
    await stage.demo.setStock("e2e-sold-out", 0);
    const lines = [{ sku, quantity: 3 }, { sku: "e2e-sold-out", quantity: 1 }];
    const page = await stage.open(t, productOf(sku, 'quantity="2"') + cartOf("cart", lines) + cartOf("checkout", lines), { rules, expected });
    await untilEvent(page, "change", 3);
    if (rules.wasm === false) await until("WebAssembly is refused", () => page.complaints.some((each) => each.includes("plain text")));
    else await compiled(page);
    assert.equal(await page.locator("ships-by").first().locator("[part=reason]").textContent(), `Reason ${markup}`);
    assert.equal(await page.locator("ships-by[view=cart] .title").first().textContent(), `3 × Title ${markup}`);
    for (const view of ["cart", "checkout"]) {
      const element = page.locator(`ships-by[view=${view}]`);
      assert.ok((await noticesIn(element))[0].includes(`Gone ${markup}`));
      assert.ok(JSON.stringify(await optionsIn(element)).includes(JSON.stringify(`Title ${markup}`).slice(1, -1)));
    }
    assert.equal(await page.locator("ships-by img, ships-by b").count(), 0);
    assert.equal(await page.title(), "A shop");
    const { markup: written, violations } = await page.evaluate(() => seen);
    assert.deepEqual(written.filter((each) => each.includes("onerror") || each.includes("Title")), [], "no element was made from data");
    assert.deepEqual(violations.filter((each) => !each.startsWith("script-src: wasm-eval")), []);
  });
}

test("events bubble and leave the shadow trees that the element stands in", async (t) => {
  const page = await stage.open(t, "<section></section>");
  await page.waitForFunction(() => customElements.get("ships-by"));
  await page.evaluate(
    ({ lines, text }) => {
      seen.told = [];
      const root = document.querySelector("section").attachShadow({ mode: "open" });
      for (const type of ["change", "choose", "error"]) {
        addEventListener(`ships-by:${type}`, ({ bubbles, composed, detail, target, constructor }) => {
          seen.told.push({ type, bubbles, composed, detail: !!detail, target: target.localName, constructor: constructor.name });
        });
      }
      for (let count = 0; count < 2; count++) root.append(document.createElement("ships-by"));
      root.firstChild.textContent = text;
      root.firstChild.setAttribute("view", "checkout");
      root.firstChild.setAttribute("lines", JSON.stringify(lines));
      root.lastChild.setAttribute("sku", "e2e-unknown");
    },
    { lines: MIXED, text: OWN_TEXT },
  );
  await page.locator("ships-by input[value=separate]").check({ force: true });
  const told = await until("all three are heard outside", async () => {
    const told = await page.evaluate(() => seen.told);
    return ["change", "choose", "error"].every((each) => told.some(({ type }) => type === each)) && told;
  });
  for (const { type, ...event } of told) {
    assert.deepEqual(event, { bubbles: true, composed: true, detail: true, target: "section", constructor: "CustomEvent" }, type);
  }
});

test("a broken connection in the middle of a choice costs nothing: the form still has the plan", async (t) => {
  const context = await newContext(t, stage.browser, {});
  const page = await stage.open(t, `<form method="post" action="/order">${cartOf("checkout", MIXED, 'name="plan"')}<button>Order</button></form>`, { watched: true, context, expected: NETWORK });
  await untilEvent(page, "change");
  stage.network.fault = () => "cut";
  stage.network.cut();
  await page.locator("ships-by input[value=separate]").check({ force: true });
  await page.getByText("Order").click();
  await page.waitForURL("**/order");
  assert.equal(JSON.parse(stage.merchant.posts.pop().body.get("plan")).kind, "separate");
});
