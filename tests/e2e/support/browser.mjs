// Debian's Chromium, and pages that complain when something goes wrong in them.

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

const WAIT_MS_MAX = 10_000;

export const startBrowser = () =>
  chromium.launch({
    executablePath: process.env.SHIPSBY_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

// What a page would not tell by itself: compiled instances, what elements were made from, layout shifts, forbidden things.
function watch() {
  const seen = (globalThis.seen = { instances: [], markup: [], shifts: [], violations: [], events: [] });
  const { instantiate, instantiateStreaming } = WebAssembly;
  const keep = (made) => made.then((result) => (seen.instances.push(result.instance ?? result), result));
  WebAssembly.instantiate = (...args) => keep(instantiate.apply(WebAssembly, args));
  WebAssembly.instantiateStreaming = (...args) => keep(instantiateStreaming.apply(WebAssembly, args));
  for (const [type, names] of [[Element, ["innerHTML", "outerHTML"]], [ShadowRoot, ["innerHTML"]]]) {
    for (const name of names) {
      const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
      Object.defineProperty(type.prototype, name, {
        ...descriptor,
        set(markup) {
          seen.markup.push(String(markup));
          descriptor.set.call(this, markup);
        },
      });
    }
  }
  addEventListener("securitypolicyviolation", (event) => seen.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
  for (const type of ["change", "choose", "error"]) {
    addEventListener(`ships-by:${type}`, (event) => seen.events.push({ type, detail: structuredClone(event.detail), tag: event.target.localName, id: event.target.id }));
  }
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (hadRecentInput) continue;
      const moved = sources.map(({ node, previousRect, currentRect }) => [node?.nodeName, node?.className, previousRect, currentRect]);
      seen.shifts.push(`${value}: ${JSON.stringify(moved)}`);
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/**
 * Opens a page in a context of its own, which ends with the test `t`. The test fails when the page has an error that `expected` does
 * not match, in its console or uncaught.
 */
export async function visit(t, browser, url, { expected, context: given, ...options } = {}) {
  const context = given ?? (await newContext(t, browser, options));
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.complaints = complaints;
  t.after(() => {
    const surprising = complaints.filter((each) => !expected?.test(each));
    assert.deepEqual(surprising, [], "the page has nothing to complain about");
  });
  // The rest is waited for where it is needed; some tests keep back what a page loads.
  await page.goto(url, { waitUntil: "domcontentloaded" });
  return page;
}

export async function newContext(t, browser, options) {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(WAIT_MS_MAX);
  await context.addInitScript(watch);
  t.after(() => context.close());
  return context;
}

/** Lets all waits of a second and more pass so many times as fast in a context's pages. */
export const hasten = (context, times) =>
  context.addInitScript((times) => {
    const { setTimeout, setInterval } = globalThis;
    const faster = (wait) => (act, ms, ...rest) => wait(act, ms < 1_000 ? ms : ms / times, ...rest);
    Object.assign(globalThis, { setTimeout: faster(setTimeout), setInterval: faster(setInterval) });
  }, times);

/** Resolves with what `probe` returns as soon as it is truthy; fails after a while, saying what it was. */
export async function until(what, probe, limitMs = WAIT_MS_MAX) {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (deadline < Date.now()) throw new assert.AssertionError({ message: `it never happened: ${what}` });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Resolves after the compiled view has drawn: the module runs, and two pictures have been painted since. */
export async function compiled(page) {
  await page.waitForFunction(() => seen.instances.length > 0);
  await painted(page);
}

/** Two pictures later, all that was due in this moment is on the screen. */
export const painted = (page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

/** Hides a page from its reader, or shows it again. Headless browsers have no window to minimise, so this says what such a page is told. */
export const hide = (page, hidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (hidden ? "hidden" : "visible") });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);

/** The words of an element as a shopper reads them; the slot's, where the merchant's own text stands. */
export const wordsOf = (locator) =>
  locator.evaluate((element) => {
    const words = (node) => node.innerText.replaceAll(/\s+/g, " ").trim();
    const slot = element.shadowRoot?.querySelector("slot");
    if (!slot || getComputedStyle(slot).display !== "none") return words(element);
    return words(slot.nextElementSibling);
  });
