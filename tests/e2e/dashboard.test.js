// The merchant's dashboard, by its owner: in a real browser, under its real policy.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { until } from "./support/browser.mjs";
import { OWNER, arrive, enter, go, settled, tabTo, violations } from "./support/dashboard.mjs";
import { draft, sellMugs } from "./support/sales.mjs";
import { setStage } from "./support/stage.mjs";

// Every page that has an address of its own; PO-1002 and the hoodie are the demo's.
const PAGES = [
  "/",
  "/stock",
  "/stock/cc-hoodie-blue",
  "/forecasts",
  "/forecasts/cc-mug",
  "/forecasts/cc-cap",
  "/reorders",
  "/reorders/policy",
  "/backorders",
  "/purchase-orders",
  "/purchase-orders/new",
  "/purchase-orders/of/PO-1002",
  "/suppliers",
  "/suppliers/atlantic-knit",
  "/orders",
  "/parcels",
  "/parcels/picking-list",
  "/promises",
  "/offers",
  "/posts",
  "/mail",
  "/mail/delayed/en-US",
  "/settings/store",
  "/settings/locations",
  "/settings/widget",
  "/settings/keys",
  "/settings/team",
  "/settings/account",
  "/set-up",
  "/set-up/file",
  "/set-up/tag",
  "/set-up/live",
  "/import",
];
const NARROW = { width: 320, height: 700 };

const stage = setStage();

const order = (sku, quantity) =>
  stage.demo.call("POST", "/v1/orders", {
    customer: { email: `${randomUUID()}@example.com`, name: "Ada Lovelace", country: "US", lang: "en-US" },
    lines: [{ sku, quantity, unit_price: { amount: 4500, currency: "USD" } }],
    plan: "separate",
  });

test("whoever is nobody signs in; a wrong password is told what to do", async (t) => {
  const page = await arrive(t, stage.browser, stage.demo.api);
  await page.locator("h1", { hasText: "Sign in" }).waitFor();
  assert.deepEqual(await violations(page), []);
  await page.getByLabel("E-mail").fill(OWNER.email);
  await page.getByLabel("Password").fill("not this one");
  await page.keyboard.press("Enter");
  await page.locator("[role=alert]", { hasText: "do not belong together" }).waitFor();
  await page.getByLabel("Password").fill(OWNER.password);
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "Today" }).waitFor();
  await page.reload();
  await page.locator("h1", { hasText: "Today" }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.locator("h1", { hasText: "Sign in" }).waitFor();
});

for (const [name, options] of Object.entries({ light: { colorScheme: "light" }, dark: { colorScheme: "dark" }, "320 px": { viewport: NARROW } })) {
  test(`axe has nothing against any page, and nothing is cut off: ${name}`, async (t) => {
    await order("cc-hoodie-blue", 2);
    await sellMugs(stage.demo);
    const { id } = await draft(stage.demo);
    const page = await enter(t, stage, "/", options);
    for (const path of [...PAGES, `/reorders/of/${id}`]) {
      await t.test(path, async () => {
        await go(page, path);
        assert.deepEqual(await violations(page), []);
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(beyond, 0, "no page is wider than the window");
        assert.equal(await page.locator("h1").count(), 1);
      });
    }
    const { violations: forbidden, markup } = await page.evaluate(() => seen);
    assert.deepEqual(forbidden, [], "nothing was done that the policy forbids");
    assert.deepEqual(markup, [], "no element was made from text");
  });
}

test("the keyboard alone goes past the navigation and to any page", async (t) => {
  const page = await enter(t, stage);
  await page.reload();
  await settled(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.getByRole("link", { name: "Stock" }).focus();
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "Stock" }).waitFor();
  await until("the name of the page has the focus", () => page.evaluate(() => document.activeElement.id === "title"));
  assert.equal(await page.locator("nav a[aria-current=page]").textContent(), "Stock");
  await page.goBack();
  await page.locator("h1", { hasText: "Today" }).waitFor();
});

test("on a narrow screen the menu opens, and closes behind whoever goes somewhere", async (t) => {
  const page = await enter(t, stage, "/", { viewport: NARROW });
  const menu = page.getByRole("button", { name: "Menu" });
  assert.equal(await page.getByRole("link", { name: "Offers" }).isVisible(), false);
  await menu.click();
  assert.equal(await menu.getAttribute("aria-expanded"), "true");
  await page.getByRole("link", { name: "Offers" }).click();
  await page.locator("h1", { hasText: "Offers" }).waitFor();
  assert.equal(await menu.getAttribute("aria-expanded"), "false");
});

test("stock is found by a part of its name, and what is counted is what shoppers are told", async (t) => {
  const page = await enter(t, stage, "/stock");
  await page.getByLabel("Search by SKU or name").fill("corduroy");
  await page.getByRole("link", { name: "cc-corduroy-cap" }).click();
  await settled(page);
  const shelf = page.locator(".shelf", { hasText: "Main warehouse" });
  await shelf.getByLabel("Counted").fill("7");
  await shelf.getByRole("button", { name: "Set" }).click();
  await page.locator(".said", { hasText: "Set to 7." }).waitFor();
  await page.locator(".told .mark", { hasText: "In stock" }).waitFor();
  assert.equal((await stage.demo.availability("cc-corduroy-cap")).status, "in_stock");
});

test("before a date is saved it says whom it hurts, and then it is on the backorders", async (t) => {
  const placed = await order("cc-hoodie-blue", 1);
  const page = await enter(t, stage, "/purchase-orders/of/PO-1002");
  await page.getByLabel("Expected on").fill("2027-03-01");
  await page.locator(".hurt", { hasText: placed.id }).waitFor();
  const [before] = (await stage.demo.call("GET", "/v1/purchase-orders/PO-1002")).lines;
  assert.notEqual(before.expected_on, "2027-03-01", "looking changes nothing");
  await page.getByRole("button", { name: "Save the date" }).click();
  await page.locator(".said", { hasText: "It is expected on" }).waitFor();
  const [after] = (await stage.demo.call("GET", "/v1/purchase-orders/PO-1002")).lines;
  assert.equal(after.expected_on, "2027-03-01");
  await go(page, "/backorders");
  await page.getByLabel("Only those that will miss their date").check();
  await page.locator("tr", { hasText: placed.id }).locator(".mark", { hasText: "Will miss" }).waitFor();
});

test("why one waits is said on the page of what is on its way, and shoppers read it beside the date", async (t) => {
  const page = await enter(t, stage, "/purchase-orders/of/PO-1002");
  const save = page.locator("form", { has: page.getByLabel("Why one waits") }).getByRole("button", { name: "Save" });
  const said = async () => (await stage.demo.call("GET", "/v1/purchase-orders/PO-1002")).wait_reason;
  await page.getByLabel("Why one waits").selectOption({ label: "Customs" });
  await page.getByText("In your own words").click();
  await page.locator("details").getByLabel("Deutsch").fill("Der Zoll prüft gerade viel.");
  assert.deepEqual(await violations(page), []);
  await save.click();
  await page.locator(".said", { hasText: "Saved" }).waitFor();
  const { code, words } = await said();
  assert.deepEqual([code, words.de], ["customs", "Der Zoll prüft gerade viel."]);
  await page.reload();
  await settled(page);
  await page.getByLabel("Why one waits").selectOption({ label: "Only the kind of wait" });
  await page.locator("details").getByLabel("Deutsch").fill("");
  await save.click();
  await until("nothing is said any more", async () => (await said()) === null);
});

test("a parcel is handed over with its number, and is on the picking list until then", async (t) => {
  await stage.demo.setStock("cc-hoodie-green", 50);
  const placed = await order("cc-hoodie-green", 1);
  const page = await enter(t, stage, "/parcels/picking-list");
  await page.locator(".picking", { hasText: placed.id }).waitFor();
  await go(page, `/orders/${placed.id}`);
  await page.locator("summary", { hasText: "Hand over" }).click();
  await page.getByLabel("Carrier").fill("Penny Post");
  await page.getByLabel("Tracking number").fill("PP-1");
  await page.getByRole("button", { name: "It has left" }).click();
  await page.locator(".parcel .mark", { hasText: "Left" }).waitFor();
  const { status, shipments } = await stage.demo.call("GET", `/v1/orders/${placed.id}`);
  assert.equal(status, "shipped");
  assert.deepEqual([shipments[0].carrier, shipments[0].tracking_number], ["Penny Post", "PP-1"]);
});

test("a letter is made up while it is written, in a frame that runs nothing", async (t) => {
  const page = await enter(t, stage, "/mail/delayed/en-US");
  const subject = page.getByLabel("Subject");
  await page.frameLocator("iframe").getByText("It takes longer than we told you").waitFor();
  await subject.fill("A word about {{ subject }}");
  await page.locator(".preview strong", { hasText: "A word about" }).waitFor();
  assert.equal(await page.locator("iframe").getAttribute("sandbox"), "allow-same-origin");
});

test("a supplier is added with the keyboard alone, is written to where that is said, and is changed on its page", async (t) => {
  const page = await enter(t, stage, "/suppliers");
  await tabTo(page, "Id");
  for (const typed of ["tin-smith", "Tin Smith", "tin@example.com", "Deu", "21"]) {
    await page.keyboard.type(typed);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "tin-smith" }).waitFor();
  const supplier = () => stage.demo.call("GET", "/v1/suppliers/tin-smith");
  const { name, lang, lead_time_days, working_days } = await supplier();
  assert.deepEqual([name, lang, lead_time_days], ["Tin Smith", "de", 21]);
  const { suppliers } = await stage.demo.call("GET", "/v1/reorders/policy");
  assert.equal(suppliers.find((one) => one.supplier === "tin-smith").email, "tin@example.com");

  await settled(page);
  await page.getByLabel("Days from order to arrival").fill("30");
  await page.getByText("What is ordered today is there in 30 days").waitFor();
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".said", { hasText: "Saved." }).waitFor();
  const changed = await supplier();
  assert.deepEqual([changed.name, changed.lead_time_days, changed.working_days], ["Tin Smith", 30, working_days]);

  await go(page, "/suppliers");
  await page.getByRole("textbox", { name: /^Id/ }).fill("tin-smith");
  await page.getByRole("button", { name: "Add supplier" }).click();
  await page.locator("[role=alert]", { hasText: "has this id already" }).waitFor();
  assert.equal((await supplier()).name, "Tin Smith", "nobody is replaced");
});

test("what is posted by itself is tried while it is written, and a post of one's own can be cancelled", async (t) => {
  const page = await enter(t, stage, "/posts");
  await page.getByLabel("Goods are back on the shelf").check();
  await page.locator(".made .post", { hasText: "is back." }).waitFor();
  await page.getByLabel("Posts in 24 hours at most").fill("3");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".said", { hasText: "Saved." }).waitFor();
  const { moments, per_day, approve } = await stage.demo.call("GET", "/v1/posts/policy");
  assert.deepEqual([moments.back_in_stock, moments.new_date, per_day, approve], ["{title} is back. {link}", null, 3, true]);

  await settled(page);
  await page.getByLabel("SKU", { exact: true }).fill("cc-mug");
  await page.getByLabel("Words").fill("Look at {title}.");
  await page.locator(".made .post", { hasText: "Look at" }).waitFor();
  await page.locator("input[type=datetime-local]").fill("2027-06-01T10:00");
  await page.getByRole("button", { name: "Post it" }).click();
  const post = page.locator(".parcel", { hasText: "Look at" });
  await post.locator(".mark", { hasText: "Planned" }).waitFor();
  await post.getByRole("button", { name: "Cancel" }).click();
  await post.locator(".mark", { hasText: "Cancelled" }).waitFor();
  const { items } = await stage.demo.call("GET", "/v1/posts");
  assert.deepEqual(items.map(({ sku, status }) => [sku, status]), [["cc-mug", "cancelled"]]);

  await page.getByLabel("Goods are back on the shelf").uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await until("nothing is posted by itself", async () => (await stage.demo.call("GET", "/v1/posts/policy")).moments.back_in_stock === null);
});

test("a key is shown once, and a rule for offers begins switched off", async (t) => {
  const page = await enter(t, stage, "/settings/keys");
  await page.getByRole("button", { name: "Make the key" }).click();
  const key = await page.locator(".notice pre").textContent();
  assert.match(key, /^pk_/);
  await page.reload();
  await settled(page);
  assert.equal((await page.content()).includes(key), false);

  await go(page, "/offers");
  await page.getByLabel("Id").fill("long-waits");
  await page.getByRole("button", { name: "Save rule" }).click();
  await page.locator("tr", { hasText: "long-waits" }).locator(".mark", { hasText: "Off" }).waitFor();
});

test("the language is switched in place and kept, and Arabic runs from right to left", async (t) => {
  const page = await enter(t, stage, "/stock");
  await page.getByLabel("Language").selectOption("ar");
  await page.locator("html[dir=rtl][lang=ar]").waitFor();
  await until("the page speaks Arabic", async () => (await page.locator("h1").textContent()) === "المخزون");
  await settled(page);
  assert.deepEqual(await violations(page), []);
  await page.reload();
  await page.locator("html[dir=rtl]").waitFor();
});
