// The page of a product that is shared, and the pages of who waits, as a person finds them.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import AxeBuilder from "@axe-core/playwright";

import { PUBLISHABLE_KEY } from "./support/demo.mjs";
import { setStage } from "./support/stage.mjs";

const WIDTHS = [320, 1280];

const stage = setStage();

async function isFine(page, what) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations.map(({ id }) => id), [], `${what}, ${colorScheme}`);
  }
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 640 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `${what} is ${wide} wide in ${width}`);
  }
}

/** Where the newest letter with such a link leads. */
async function linkInMail(pattern) {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const letters = readdirSync(stage.demo.mail, { recursive: true }).filter((name) => name.endsWith(".eml"));
    const texts = letters.sort().map((name) => readFileSync(join(stage.demo.mail, name), "utf8").replaceAll("=\r\n", ""));
    const found = texts.findLast((text) => pattern.test(text))?.match(pattern);
    if (found) return found[0];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw Error(`no letter has ${pattern}`);
}

test("a page to share is fine in every direction, light and width, and has its picture", async (t) => {
  const page = await stage.visit(t, "/");
  for (const lang of ["en-US", "de", "ja", "ar"]) {
    await page.goto(`${stage.demo.api}/s/default/cc-hoodie-blue?lang=${lang}`);
    assert.equal(await page.locator("h1").innerText(), "Hoodie, blue");
    await isFine(page, lang);
    const picture = await page.locator("meta[property='og:image']").getAttribute("content");
    const answer = await fetch(picture);
    assert.equal(answer.headers.get("content-type"), "image/png");
    const bytes = new DataView(await answer.arrayBuffer());
    assert.deepEqual([bytes.getUint32(16), bytes.getUint32(20)], [1200, 630]);
  }
});

test("who waits confirms, is told, and leaves, each with one button", async (t) => {
  const headers = { "Content-Type": "application/json", "X-ShipsBy-Key": PUBLISHABLE_KEY };
  const body = JSON.stringify({ sku: "cc-t-shirt-green", email: "ada@example.com" });
  const answer = await fetch(`${stage.demo.api}/v1/back-in-stock`, { method: "POST", headers, body });
  assert.equal(answer.status, 202);
  const page = await stage.visit(t, "/");
  await page.goto(await linkInMail(/http:[^\s>]+\/b\/default\/[0-9a-f]{64}(?=\s)/));
  await isFine(page, "the page that asks");
  await page.getByRole("button", { name: "Yes, write to me" }).click();
  await page.getByRole("heading", { name: "We will write to you" }).waitFor();
  await isFine(page, "the page that says so");
  await page.getByRole("link", { name: "Write to me no more" }).click();
  await isFine(page, "the page before leaving");
  await page.getByRole("button", { name: "Stop writing" }).click();
  await page.getByRole("heading", { name: "We write no more" }).waitFor();
});
