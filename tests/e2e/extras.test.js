// What an element shows below its answer where the page asks for it: a button to share the product, a form for who waits for it.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import AxeBuilder from "@axe-core/playwright";

import { compiled, painted, until } from "./support/browser.mjs";
import { PUBLISHABLE_KEY } from "./support/demo.mjs";
import { setStage } from "./support/stage.mjs";
import { promiseIn } from "./support/words.mjs";

const OWN_TEXT = "Usually ships in 2 days";
const SHARED = `<ships-by sku="e2e-wait" share>${OWN_TEXT}</ships-by>`;
const AWAITED = `<ships-by sku="e2e-gone" notify>${OWN_TEXT}</ships-by>`;
const BOTH = `<main><h1>Shop</h1><ships-by sku="e2e-gone" share notify>${OWN_TEXT}</ships-by></main>`;
const PLAIN = { rules: { wasm: false }, expected: /shown as plain text|Content Security Policy/ };
const LANGUAGES = ["en", "de", "fr", "es", "ja", "ar"];
const SIGN_UP = "/v1/back-in-stock";

const stage = setStage();

const shareIn = (page) => page.locator("[part=share]");
const formIn = (page) => page.locator("[part=notify]");
const fieldIn = (page) => formIn(page).getByRole("textbox");
const postsOf = () => stage.network.to(SIGN_UP).filter(({ method }) => method === "POST");
const words = (lang) => stage.demo.call("GET", `/v1/extras?lang=${lang}&key=${PUBLISHABLE_KEY}`, undefined, { authorization: "", origin: stage.demo.shop });

/** Makes the page's system share, or fail to; what was shared stands in `shared`, what was copied in `copied`. */
const setSystem = (page, { share, copy }) =>
  page.evaluate(
    ([share, copy]) => {
      Object.assign(seen, { shared: [], copied: [] });
      const act = (list, error) => async (what) => {
        list.push(what);
        if (error) throw new DOMException("by the test", error);
      };
      Object.defineProperty(navigator, "share", { configurable: true, value: share === undefined ? undefined : act(seen.shared, share) });
      Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText: act(seen.copied, copy) } });
    },
    [share, copy],
  );
const system = (page) => page.evaluate(() => ({ shared: seen.shared, copied: seen.copied }));
const saidBeside = (page) => page.locator(".sharing [role=status]");

const LOOKS = [{ colorScheme: "light" }, { colorScheme: "dark" }];

async function isFine(page, looks = LOOKS) {
  for (const media of looks) {
    await page.emulateMedia(media);
    const { violations } = await new AxeBuilder({ page }).options({ rules: { "target-size": { enabled: true } } }).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ failureSummary }) => failureSummary)}`), [], JSON.stringify(media));
  }
}

for (const [how, options] of [["", {}], [" without WebAssembly", PLAIN]]) {
  test(`what is shared is what the element says, and the page of the product${how}`, async (t) => {
    const page = await stage.open(t, SHARED, options);
    await setSystem(page, { share: "" });
    await shareIn(page).click();
    const { title, text } = await stage.demo.availability("e2e-wait");
    const url = `${stage.demo.api}/s/default/e2e-wait`;
    const { shared, copied } = await system(page);
    assert.deepEqual([shared, copied], [[{ title, text: `${text.label} · ${text.date}`, url }], []]);
    assert.match(await (await fetch(url)).text(), /Scarf, blue/);
    assert.equal(await saidBeside(page).textContent(), "");
  });
}

test("who shares shares what they read: the language, and the variant that is chosen", async (t) => {
  const page = await stage.open(t, SHARED, { rules: { lang: "de" } });
  await setSystem(page, { share: "" });
  assert.equal(await shareIn(page).innerText(), "Teilen");
  await page.locator("ships-by").evaluate((element) => element.setAttribute("sku", "e2e-low"));
  await until("the other variant is shown", async () => (await promiseIn(page.locator("ships-by"))).mark === "dot");
  await shareIn(page).click();
  const [{ url, title }] = (await system(page)).shared;
  assert.deepEqual([url, title], [`${stage.demo.api}/s/default/e2e-low?lang=de`, "Belt"]);
});

test("where nothing can share, the link is copied, and that is said; where that fails too, the link is shown", async (t) => {
  const page = await stage.open(t, SHARED);
  const url = `${stage.demo.api}/s/default/e2e-wait`;
  for (const share of [undefined, "NotAllowedError"]) {
    await setSystem(page, { share });
    await shareIn(page).focus();
    await page.keyboard.press("Enter");
    await until("it is said", async () => (await saidBeside(page).textContent()) === "Link copied");
    assert.deepEqual((await system(page)).copied, [url]);
    await until("it is said for a while", async () => (await saidBeside(page).textContent()) === "");
  }
  await setSystem(page, { share: "AbortError" });
  await shareIn(page).click();
  await painted(page);
  assert.deepEqual((await system(page)).copied, [], "who changed their mind wants no link");
  await setSystem(page, { copy: "NotAllowedError" });
  await shareIn(page).click();
  await until("the link is shown", async () => (await saidBeside(page).textContent()) === url);
});

test("where the shop has no pages to share, its own page is shared", async (t) => {
  const store = await stage.demo.call("GET", "/v1/store");
  await stage.demo.call("PUT", "/v1/store", { ...store, share_pages: false });
  t.after(() => stage.demo.call("PUT", "/v1/store", { ...store, share_pages: true }));
  for (const [head, url] of [["", undefined], [`<link rel="canonical" href="https://shop.example/scarf">`, "https://shop.example/scarf"]]) {
    const page = await stage.open(t, SHARED, { rules: { head } });
    await setSystem(page, { share: "" });
    await shareIn(page).click();
    assert.equal((await system(page)).shared[0].url, url ?? page.url());
  }
});

for (const [how, options] of [["", {}], [" without WebAssembly", PLAIN]]) {
  test(`who waits signs up by keyboard alone, and the address stands nowhere else${how}`, async (t) => {
    await stage.network.reset();
    const page = await stage.open(t, AWAITED, { watched: true, ...options });
    const email = `ada${options.rules ? ".plain" : ""}@example.com`;
    await formIn(page).getByLabel("Your e-mail address").focus();
    assert.equal(await fieldIn(page).getAttribute("autocomplete"), "email");
    await page.keyboard.press("Enter");
    assert.equal(await fieldIn(page).evaluate(({ validity }) => validity.valueMissing), true);
    await page.keyboard.type("ada");
    await page.keyboard.press("Enter");
    await painted(page);
    assert.deepEqual(postsOf(), [], "the browser does not send what is no address");
    await fieldIn(page).fill("");
    await page.keyboard.type(email);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.shadowRoot.activeElement.textContent), "Tell me when it is back");
    await page.keyboard.press("Space");
    const told = formIn(page).locator(".told");
    await until("the server's words", async () => /^Look at your mail/.test(await told.textContent()));
    assert.equal(await told.getAttribute("role"), "status");
    assert.equal(await told.evaluate((node) => node.getRootNode().activeElement === node), true, "who was in the form is where the answer is");
    assert.equal(await fieldIn(page).isVisible(), false);
    const [{ body, query }, ...more] = postsOf();
    assert.deepEqual([JSON.parse(body), query.get("key"), more], [{ sku: "e2e-gone", email, lang: "en-US" }, PUBLISHABLE_KEY, []]);
    const left = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie, JSON.stringify(seen.events), document.querySelector("ships-by").shadowRoot.querySelector("[type=email]").value]);
    assert.deepEqual(left.filter((each) => each && `${each}`.includes(email)), []);
    assert.deepEqual([left[0], left[1], left[4]], [0, 0, ""]);
    await until("a letter asks its owner", () => {
      const letters = (existsSync(stage.demo.mail) ? readdirSync(stage.demo.mail, { recursive: true }) : []).filter((name) => name.endsWith(".eml"));
      return letters.some((name) => readFileSync(join(stage.demo.mail, name), "utf8").includes(`To: ${email}`));
    });
  });
}

test("what the server refuses is said in words beside the field, and can be put right", async (t) => {
  await stage.network.reset();
  const page = await stage.open(t, AWAITED, { watched: true, expected: /422|429|500|ERR/ });
  const { text } = await words("en");
  const wrong = formIn(page).locator(".wrong");
  const button = formIn(page).getByRole("button");
  // The browser takes this for an address, the server does not.
  await fieldIn(page).fill("ada..b@example.com");
  await button.click();
  await until("what is wrong", async () => (await wrong.textContent()) === text.no_email);
  assert.equal(await fieldIn(page).getAttribute("aria-invalid"), "true");
  assert.match(await fieldIn(page).getAttribute("aria-describedby"), /\bwrong\b/);
  assert.equal(await fieldIn(page).evaluate((node) => node.getRootNode().activeElement === node), true);
  await fieldIn(page).fill("ada@example.com");
  assert.deepEqual([await wrong.textContent(), await fieldIn(page).getAttribute("aria-invalid")], ["", null]);
  for (const [fault, said] of [[429, text.often], [500, text.failed], ["cut", text.failed]]) {
    stage.network.fault = ({ path }) => path === SIGN_UP && fault;
    await button.click();
    await until(`${fault} is said`, async () => (await wrong.textContent()) === said);
    assert.deepEqual([await fieldIn(page).inputValue(), await fieldIn(page).getAttribute("aria-invalid")], ["ada@example.com", null]);
    await fieldIn(page).press("End");
    await page.keyboard.press("Backspace");
    await page.keyboard.type("m");
  }
  stage.network.fault = undefined;
  await button.click();
  await until("it works again", async () => /^Look at your mail/.test(await formIn(page).locator(".told").textContent()));
});

for (const [how, options] of [["", {}], [" without WebAssembly", PLAIN]]) {
  test(`what is typed, and where, stays through live changes until the goods are there${how}`, async (t) => {
    const sku = options.rules ? "e2e-typed-plain" : "e2e-typed";
    await stage.demo.setSku(sku, { title: "Gloves" });
    await stage.demo.setStock(sku, 0);
    const page = await stage.open(t, `<ships-by sku="${sku}" notify>${OWN_TEXT}</ships-by>`, options);
    await fieldIn(page).click();
    await page.keyboard.type("ada@exle.com");
    for (let times = 0; times < 6; times++) await page.keyboard.press("ArrowLeft");
    for (const title of ["Gloves, red", "Gloves, blue"]) {
      await stage.demo.setSku(sku, { title });
      await until("the page hears of it", () => page.evaluate((title) => seen.events.some(({ detail }) => detail.title === title), title), 5_000);
    }
    await page.keyboard.type("amp");
    assert.equal(await fieldIn(page).inputValue(), "ada@example.com");
    await stage.demo.setStock(sku, 5);
    await until("it can be had", async () => (await promiseIn(page.locator("ships-by"))).mark === "dot", 5_000);
    await until("nobody is asked to wait", async () => !(await formIn(page).isVisible()));
    await stage.demo.setStock(sku, 0);
    await until("sold out again", async () => formIn(page).isVisible(), 5_000);
    assert.equal(await fieldIn(page).inputValue(), "ada@example.com");
  });
}

test("nobody is asked to wait for what can be had, in whatever number, nor for what never comes again or nobody knows", async (t) => {
  await stage.demo.setSku("e2e-over", { title: "Single", discontinued: true });
  const asked = [["e2e-ready"], ["e2e-low"], ["e2e-low", 9], ["e2e-wait"], ["e2e-preorder"], ["e2e-slices", 3], ["e2e-over"], ["e2e-nobody-knows"]];
  const elements = asked.map(([sku, quantity = 1]) => `<ships-by sku="${sku}" quantity="${quantity}" share notify>${OWN_TEXT}</ships-by>`);
  const others = [`<ships-by sku="e2e-gone" compact share notify></ships-by>`, `<ships-by view="cart" lines='[{"sku":"e2e-gone","quantity":1}]' share notify></ships-by>`];
  const page = await stage.open(t, [...elements, ...others].join("\n"), { viewport: { width: 1000, height: 4_000 } });
  await until("all can be shared but what nobody knows", async () => (await shareIn(page).count()) === asked.length - 1);
  await until("all is drawn", async () => (await page.locator("[part=label]").count()) === asked.length + 1);
  await painted(page);
  assert.equal(await page.locator("[part=notify]:visible").count(), 0);
  assert.equal(await page.locator("[part=share]:visible").count(), asked.length - 1);
});

test("pages that ask for neither load nothing of it; those that do load it once, however many ask and whenever", async (t) => {
  await stage.network.reset();
  const extras = () => [stage.network.requests.filter(({ path }) => path.endsWith("/extras.js")).length, stage.network.to("/v1/extras").length];
  const body = ["e2e-gone", "e2e-wait", "e2e-low"].map((sku) => `<ships-by sku="${sku}">${OWN_TEXT}</ships-by>`).join("");
  const page = await stage.open(t, body, { watched: true });
  await compiled(page);
  await page.locator("[part=label]").nth(2).waitFor();
  await painted(page);
  assert.deepEqual(extras(), [0, 0]);
  assert.equal(await page.locator(".extras").count(), 0);
  await page.evaluate(() => document.querySelectorAll("ships-by").forEach((element) => element.toggleAttribute("share", true)));
  await until("all have a button", async () => (await shareIn(page).count()) === 3);
  await page.evaluate(() => document.querySelector("ships-by").toggleAttribute("notify", true));
  await fieldIn(page).waitFor();
  assert.deepEqual(extras(), [1, 1]);
  await page.evaluate(() => document.querySelectorAll("ships-by").forEach((element) => element.removeAttribute("share")));
  await until("no button is left", async () => (await page.locator("[part=share]:visible").count()) === 0);
  assert.equal(await fieldIn(page).isVisible(), true);
});

test("a part that is late or altered leaves the rest as it is, and comes when it can", async (t) => {
  await stage.network.reset();
  let tries = 0;
  stage.network.alter = ({ path }, body) => path.endsWith("/extras.js") && tries++ === 0 && Buffer.concat([body, Buffer.from("//")]);
  const page = await stage.open(t, BOTH, { watched: true, expected: /integrity|could not be loaded|Failed/ });
  await fieldIn(page).waitFor();
  assert.equal(tries, 2);
  assert.deepEqual(await promiseIn(page.locator("ships-by")).then(({ label }) => label), "Sold out");
});

for (const lang of LANGUAGES) {
  test(`both speak ${lang}, fit into 320 pixels, and axe has nothing against them`, async (t) => {
    const { text } = await words(lang);
    const english = (await words("en")).text;
    const page = await stage.open(t, BOTH, { rules: { lang, dir: lang === "ar" ? "rtl" : undefined }, viewport: { width: 320, height: 640 } });
    await compiled(page);
    await fieldIn(page).waitFor();
    for (const [name, value] of Object.entries(text)) assert.ok(lang === "en" ? value : value && value !== english[name], name);
    const found = await formIn(page).evaluate((box) => [box.querySelector("label"), box.querySelector("button"), box.querySelector("#once")].map(({ textContent }) => textContent));
    assert.deepEqual([...found, await shareIn(page).textContent()], [text.email, text.notify, text.once, text.share]);
    const side = await fieldIn(page).evaluate((field) => [getComputedStyle(field.closest("form")).direction, document.documentElement.scrollWidth]);
    assert.deepEqual(side, [lang === "ar" ? "rtl" : "ltr", 320]);
    await isFine(page, [...LOOKS, { forcedColors: "active" }]);
    assert.deepEqual(await page.evaluate(() => [seen.markup, seen.violations]), [[], []]);
  });
}

test("the demo shop shows both, nothing moves, and axe has nothing against it", async (t) => {
  for (const [path, part] of [["/products/cc-crate", "share"], ["/products/cc-corduroy-cap", "notify"]]) {
    const page = await stage.visit(t, path);
    await page.locator(`#promise [part=${part}]`).waitFor();
    await painted(page);
    assert.equal(await page.locator("#promise :is([part=share], [part=notify]):visible").count(), 1, path);
    assert.deepEqual(await page.evaluate(() => seen.shifts), [], path);
    await isFine(page);
  }
});
