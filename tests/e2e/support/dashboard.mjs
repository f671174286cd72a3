// The merchant's dashboard, by its owner: signing in, going to a page, and what stands in the way of somebody there.

import AxeBuilder from "@axe-core/playwright";

import { painted, until, visit } from "./browser.mjs";

/** Who owns the demo. */
export const OWNER = { email: "owner@plainsong.example", password: "plainsong-demo" };

/** What the browser says of whoever is not signed in yet. */
const EXPECTED = /status of 401/;

/** Opens the dashboard of `api` as nobody; `hash` is the page. */
export const arrive = (t, browser, api, { hash = "", ...options } = {}) =>
  visit(t, browser, `${api}/dashboard${hash}`, { expected: EXPECTED, ...options });

/** Opens the dashboard as its owner, at this page. */
export async function enter(t, { browser, demo }, path = "/", options) {
  const page = await arrive(t, browser, demo.api, options);
  await signIn(page);
  await go(page, path);
  return page;
}

/** Fills in the sign-in. */
export async function signIn(page, { email, password } = OWNER) {
  await page.locator("input[type=email]").fill(email);
  await page.locator("input[type=password]").fill(password);
  await page.keyboard.press("Enter");
  await page.locator("#main[tabindex]").waitFor();
}

/** Goes to a page by its address. */
export async function go(page, path) {
  await page.evaluate((path) => void (location.hash = path), path);
  await settled(page);
}

/** Resolves when nothing is being read any more. */
export async function settled(page) {
  await page.locator("#title").waitFor();
  await until("the page has read all", async () => {
    await painted(page);
    return (await page.locator(".waiting").count()) === 0;
  });
}

/** What axe has against the page as it is. */
export async function violations(page) {
  // The frame of a letter runs no scripts, axe's neither.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).exclude("iframe");
  const { violations } = await axe.options({ rules: { "target-size": { enabled: true } } }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target.flat().join(" ")} (${failureSummary})`).join("; ")}`);
}

/** Presses Tab until what has the focus is called this. */
export async function tabTo(page, name) {
  for (let pressed = 0; pressed < 80; pressed++) {
    await page.keyboard.press("Tab");
    const { role, names } = await page.evaluate(() => {
      const { activeElement: element } = document;
      return {
        role: element.tagName,
        names: [element.getAttribute("aria-label"), element.textContent, ...[...(element.labels ?? [])].map((label) => label.querySelector("span")?.textContent)],
      };
    });
    if (role !== "BODY" && names.some((each) => each?.trim() === name)) return;
  }
  throw Error(`nothing that can be reached with Tab is called ${name}`);
}
