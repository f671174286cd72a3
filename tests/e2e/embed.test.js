// The files that a shop's page loads, and what is promised about them.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { request } from "node:http";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

import { compiled, painted, until, wordsOf } from "./support/browser.mjs";
import { PUBLISHABLE_KEY } from "./support/demo.mjs";
import { setStage } from "./support/stage.mjs";
import { escaped } from "./support/words.mjs";

const OWN_TEXT = "Usually ships in 2 days";
const FILES = ["custom-elements.json", "extras.js", "later.js", "ships-by.d.ts", "ships-by.js", "widget.css", "widget.js", "widget.wasm"];
const TYPES = { js: "text/javascript", css: "text/css", json: "application/json", wasm: "application/wasm", ts: /^(text\/plain|application\/typescript|text\/x\.typescript)/ };

const stage = setStage();

/** A file as it is on the wire: status, headers and the very bytes. */
function get(path, headers = {}) {
  return new Promise((resolve, reject) => {
    request(stage.demo.api + path, { headers }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks) });
    })
      .on("error", reject)
      .end();
  });
}

const json = async (path) => JSON.parse((await get(path)).bytes);
const integrity = (bytes) => `sha256-${createHash("sha256").update(bytes).digest("base64")}`;

test("the manifest lists every file with its size and its true hash, and pinned files never change", async () => {
  const { version, files } = await json("/embed/manifest.json");
  assert.match(version, /^\d+\.\d+\.\d+/);
  assert.deepEqual(Object.keys(files).sort(), FILES);
  for (const [name, listed] of Object.entries(files)) {
    const { status, headers, bytes } = await get(`/embed/${version}/${name}`, { origin: stage.merchant.origin });
    assert.equal(status, 200, name);
    assert.equal(integrity(bytes), listed.integrity, name);
    assert.equal(bytes.length, listed.bytes, name);
    assert.match(headers["cache-control"], /immutable/, name);
    assert.match(headers["cache-control"], /max-age=31536000/, name);
    assert.equal(headers["access-control-allow-origin"], "*", "integrity needs CORS");
    const type = TYPES[name.split(".").at(-1)];
    if (type instanceof RegExp) assert.match(headers["content-type"], type);
    else assert.equal(headers["content-type"].split(";")[0], type, name);
    assert.equal(headers["x-content-type-options"], "nosniff", name);
    if (/^text|json/.test(headers["content-type"])) assert.match(headers["content-type"], /charset=utf-8|json/, name);
  }
});

test("files come compressed to those who take it, and are the same files", async () => {
  const { version, files } = await json("/embed/manifest.json");
  for (const [name, listed] of Object.entries(files)) {
    for (const [encoding, unpack] of [["br", brotliDecompressSync], ["gzip", gunzipSync]]) {
      const { headers, bytes } = await get(`/embed/${version}/${name}`, { "accept-encoding": encoding });
      assert.equal(headers["content-encoding"], encoding, name);
      assert.match(headers.vary, /accept-encoding/i, name);
      assert.equal(integrity(unpack(bytes)), listed.integrity, name);
    }
  }
});

test("the evergreen script is the newest one, kept for minutes and asked after by its tag", async () => {
  const { version, files } = await json("/embed/manifest.json");
  const { headers, bytes } = await get("/embed/v1/ships-by.js");
  assert.equal(integrity(bytes), files["ships-by.js"].integrity);
  assert.ok(bytes.includes(version), "it names the folder of its parts");
  for (const name of ["later.js", "widget.css", "widget.js", "widget.wasm"]) assert.ok(bytes.includes(files[name].integrity), `it knows the hash of ${name}`);
  const later = await get(`/embed/${version}/later.js`);
  assert.ok(later.bytes.includes(files["extras.js"].integrity), "what is loaded last is known to what loads it");
  assert.doesNotMatch(headers["cache-control"], /immutable/);
  const [, seconds] = /max-age=(\d+)/.exec(headers["cache-control"]);
  assert.ok(Number(seconds) <= 3600);
  const again = await get("/embed/v1/ships-by.js", { "if-none-match": headers.etag });
  assert.deepEqual([again.status, again.bytes.length], [304, 0]);
});

test("a version or a file that is not there is a clear 404 that nobody keeps", async () => {
  const { version } = await json("/embed/manifest.json");
  for (const path of ["/embed/0.0.0-none/ships-by.js", `/embed/${version}/other.js`, `/embed/${version}/..%2fmanifest.json`, "/embed/v2/ships-by.js"]) {
    const { status, headers, bytes } = await get(path);
    assert.equal(status, 404, path);
    assert.equal(headers["content-type"].split(";")[0], "application/problem+json");
    assert.ok(JSON.parse(bytes).code);
    assert.doesNotMatch(headers["cache-control"] ?? "", /immutable|max-age=[1-9]/);
  }
});

test("a page loads the parts from the pinned folder", async (t) => {
  await stage.network.reset();
  const { version } = await json("/embed/manifest.json");
  const page = await stage.open(t, `<ships-by sku="e2e-low">${OWN_TEXT}</ships-by>`, { watched: true });
  await compiled(page);
  const loaded = stage.network.to("/embed/").map(({ path }) => path).sort();
  assert.deepEqual(loaded, ["/embed/v1/ships-by.js", ...["later.js", "widget.css", "widget.js", "widget.wasm"].map((name) => `/embed/${version}/${name}`)].sort());
});

for (const [name, spoil, runs] of [
  ["is run with its hash on the tag", (hash) => hash, true],
  ["does not run where the hash is another one", () => integrity("other"), false],
]) {
  test(`the pinned script ${name}`, async (t) => {
    const { version, files } = await json("/embed/manifest.json");
    const head = `<script type="module" crossorigin src="${stage.demo.api}/embed/${version}/ships-by.js" integrity="${spoil(files["ships-by.js"].integrity)}" data-key="${PUBLISHABLE_KEY}"></script>`;
    const page = await stage.open(t, `<ships-by sku="e2e-low">${OWN_TEXT}</ships-by>`, { rules: { tags: 0, head }, expected: runs ? undefined : /integrity/ });
    if (runs) {
      await compiled(page);
      await page.locator("[part=label]").waitFor();
    } else {
      await until("it is refused", () => page.complaints.some((each) => each.includes("integrity")));
      assert.equal(await wordsOf(page.locator("ships-by")), OWN_TEXT);
    }
  });
}

test("custom-elements.json says what the element is", async (t) => {
  const { headers } = await get("/embed/custom-elements.json");
  assert.equal(headers["content-type"].split(";")[0], "application/json");
  const manifest = await json("/embed/custom-elements.json");
  const [declaration] = manifest.modules.flatMap(({ declarations }) => declarations);
  assert.equal(declaration.tagName, "ships-by");
  const lines = [{ sku: "e2e-ready", quantity: 1 }, { sku: "e2e-slices", quantity: 3 }, { sku: "e2e-gone", quantity: 1 }];
  const body = `<ships-by sku="e2e-slices" quantity="3"></ships-by><form><ships-by view="checkout" lines='${escaped(lines)}'></ships-by></form>`;
  const page = await stage.open(t, body);
  await compiled(page);
  await page.locator("input").first().waitFor();
  const names = (list) => list.map(({ name }) => name).sort();
  const found = await page.evaluate(() => {
    const element = document.querySelector("ships-by");
    const parts = [...document.querySelectorAll("ships-by")].flatMap(({ shadowRoot }) => [...shadowRoot.querySelectorAll("[part]")].flatMap(({ part }) => [...part]));
    const own = Object.getOwnPropertyNames(Object.getPrototypeOf(element)).filter((name) => !/^_|^constructor$|Callback$/.test(name) && name.length > 2);
    return { observed: [...element.constructor.observedAttributes].sort(), parts: [...new Set(parts)], members: own.sort() };
  });
  assert.deepEqual(names(declaration.attributes), [...found.observed, "share", "notify"].sort());
  assert.deepEqual(names(declaration.members), found.members);
  const documented = names(declaration.cssParts);
  for (const part of ["label", "date", "detail", "reason", "offer", "options", "option", "notice", "share", "notify"]) assert.ok(documented.includes(part), part);
  assert.deepEqual(found.parts.filter((part) => !documented.includes(part)), []);
  assert.deepEqual(names(declaration.events), ["ships-by:change", "ships-by:choose", "ships-by:error"]);
  const { bytes } = await get(`/embed/${(await json("/embed/manifest.json")).version}/widget.css`);
  const used = [...new Set([...bytes.toString().matchAll(/--ships-by-[\w-]+/g)].map(([name]) => name))].sort();
  assert.deepEqual(names(declaration.cssProperties), used);
  for (const each of [...declaration.attributes, ...declaration.events, ...declaration.cssParts, ...declaration.cssProperties]) assert.ok(each.description, each.name);
});

test("the types name the same attributes, members and events", async () => {
  const { bytes } = await get("/embed/ships-by.d.ts");
  const types = bytes.toString();
  const [declaration] = (await json("/embed/custom-elements.json")).modules.flatMap(({ declarations }) => declarations);
  const block = (name) => new RegExp(`interface ${name}[^{]*\\{\\n([^]*?)\\n\\}`).exec(types)[1];
  const typed = [...block("ShipsByAttributes").matchAll(/^ {2}"?(\w+)"?\?:/gm)].map(([, name]) => name);
  assert.deepEqual(typed.sort(), declaration.attributes.map(({ name }) => name).sort());
  const events = [...block("ShipsByEventMap").matchAll(/"(ships-by:\w+)"/g)].map(([, name]) => name);
  assert.deepEqual(events.sort(), declaration.events.map(({ name }) => name).sort());
  assert.match(types, /interface HTMLElementEventMap extends ShipsByEventMap/);
  assert.doesNotMatch(types, /addEventListener/, "other events keep their types");
  for (const { name } of declaration.members) assert.match(block("ShipsByElement"), new RegExp(`\\b${name}\\b`));
});

test("the script sets nothing on the page's window, and no cookie", async (t) => {
  const page = await stage.open(t, `<ships-by sku="e2e-low">${OWN_TEXT}</ships-by>`, { rules: { tags: 0 } });
  const before = await page.evaluate(() => Object.getOwnPropertyNames(window));
  await page.evaluate(
    ([src, key]) => new Promise((resolve, reject) => {
      const tag = Object.assign(document.createElement("script"), { type: "module", src, onload: resolve, onerror: reject });
      tag.dataset.key = key;
      document.head.append(tag);
    }),
    [`${stage.demo.api}/embed/v1/ships-by.js`, PUBLISHABLE_KEY],
  );
  await compiled(page);
  await page.locator("[part=label]").waitFor();
  await painted(page);
  const after = await page.evaluate(() => Object.getOwnPropertyNames(window));
  assert.deepEqual(after.filter((name) => !before.includes(name)), []);
  assert.deepEqual(await page.context().cookies(), []);
  assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length]), [0, 0]);
});

test("no element is made from a string", async (t) => {
  const lines = [{ sku: "e2e-ready", quantity: 1 }, { sku: "e2e-slices", quantity: 3 }];
  const body = `<ships-by sku="e2e-slices" quantity="3"></ships-by><ships-by view="cart" lines='${escaped(lines)}'></ships-by><ships-by view="checkout" lines='${escaped(lines)}'></ships-by>`;
  const page = await stage.open(t, body);
  await until("all is drawn", async () => (await page.locator("[part=label]").count()) === 3 && (await page.locator("input").count()) === 2);
  await compiled(page);
  assert.deepEqual(await page.evaluate(() => [seen.markup, seen.violations]), [[], []]);
});
