// Takes the pictures of the README, and one of every page in every light, size and direction for looking at.
//
//     make screenshots                     all
//     make screenshots ARGS="readme"       only those of the README

import { mkdirSync } from "node:fs";

import { painted, startBrowser } from "./support/browser.mjs";
import { startDemo } from "./support/demo.mjs";
import { answered, fillCart, pathsOf, placeOrder } from "./support/shop.mjs";

const README = "docs/images";
const LOOK = "target/screenshots";
const DESK = { width: 1280, height: 800 };
const MARGIN = 32;
const VARIANTS = {
  light: {},
  dark: { colorScheme: "dark" },
  320: { viewport: { width: 320, height: 640 } },
  rtl: { lang: "ar" },
};
const CART = [
  { sku: "cc-hoodie-green", quantity: 1 },
  { sku: "cc-hoodie-blue", quantity: 2 },
];

const demo = await startDemo();
const browser = await startBrowser();

async function open(path, { lang, ...options } = {}) {
  const context = await browser.newContext({ viewport: DESK, deviceScaleFactor: 2, colorScheme: "light", reducedMotion: "reduce", locale: "en-US", ...options });
  const page = await context.newPage();
  await page.goto(demo.shop + "/");
  await fillCart(page, CART);
  await page.goto(demo.shop + path + (lang ? `${path.includes("?") ? "&" : "?"}lang=${lang}` : ""), { waitUntil: "load" });
  await settled(page);
  return page;
}

async function settled(page) {
  if (await page.locator("ships-by").count()) {
    // Elements far below draw when they are near: all of them, once.
    await page.evaluate(async () => {
      for (const element of document.querySelectorAll("ships-by")) {
        element.scrollIntoView();
        await new Promise(requestAnimationFrame);
      }
      scrollTo(0, 0);
    });
    await answered(page);
  }
  await page.evaluate(() => document.fonts.ready);
  await painted(page);
}

/** The page from its top to a little below the lowest of these. */
async function crop(page, path, ...selectors) {
  await page.evaluate(() => document.activeElement.blur());
  await settled(page);
  const bottoms = await Promise.all(selectors.map((selector) => page.locator(selector).evaluate((element) => element.getBoundingClientRect().bottom)));
  const height = Math.ceil(Math.max(...bottoms)) + MARGIN;
  await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width: DESK.width, height } });
}

async function takeReadme() {
  mkdirSync(README, { recursive: true });
  const product = await open("/products/cc-hoodie-with-pocket");
  await product.locator("#quantity").fill("3");
  await product.locator("#promise [part=detail]").waitFor();
  await crop(product, `${README}/product.png`, "#picture", "#promise");
  await product.context().close();

  const checkout = await open("/checkout");
  await checkout.locator("#plan input").first().waitFor();
  for (const [name, value] of Object.entries({ email: "ada@example.com", name: "Ada Lovelace", street: "12 Mill Lane", city: "Portland", zip: "97201" })) {
    await checkout.locator(`[name=${name}]`).fill(value);
  }
  await crop(checkout, `${README}/checkout.png`, "#plan");
  await checkout.context().close();
}

async function takeAll() {
  mkdirSync(LOOK, { recursive: true });
  const paths = await pathsOf(demo);
  for (const [variant, options] of Object.entries(VARIANTS)) {
    for (const path of paths) {
      const page = await open(path, { deviceScaleFactor: 1, ...options });
      const name = path === "/" ? "category" : path.slice(1).replaceAll("/", "-");
      await page.screenshot({ path: `${LOOK}/${name}-${variant}.png`, fullPage: true });
      if (path === "/checkout") {
        await page.locator("#plan input[value=separate]").check({ force: true });
        await placeOrder(page);
        await page.screenshot({ path: `${LOOK}/confirmation-${variant}.png`, fullPage: true });
      }
      if (path === "/products/cc-hoodie") {
        await page.locator("#warehouse summary").click();
        await page.locator("#on-hand").waitFor();
        await painted(page);
        await page.screenshot({ path: `${LOOK}/warehouse-${variant}.png`, fullPage: true });
      }
      await page.context().close();
    }
    console.log(`${variant}: ${paths.length} pages`);
  }
}

try {
  await takeReadme();
  console.log(`${README}/product.png and ${README}/checkout.png`);
  if (!process.argv.includes("readme")) {
    await takeAll();
    console.log(`All pages: ${LOOK}`);
  }
} finally {
  await browser.close();
  await demo.stop();
}
