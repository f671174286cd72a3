// A browser, pages of a shop for it to open, and the goods that stand on them.

import { createServer } from "node:http";

import { chromium } from "playwright-core";

import { CHROMIUM, merchant } from "./lib.mjs";

const DAY_MS = 86_400_000;

export const launch = () => chromium.launch({ executablePath: CHROMIUM });

/** Listens on loopback, and closes with all connections. */
export async function listen(handler) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The shop: an origin of its own, as in life. `pages` is path -> HTML, and may grow later. */
export async function openShop(pages) {
  return listen((request, response) => {
    const html = pages[request.url];
    response.writeHead(html ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
    response.end(html ?? "");
  });
}

/** Lets the pages of `origin` ask, and shoppers choose between one parcel and several. Returns the location that ships. */
export async function allow(server, secret, origin) {
  const { name, location, currency } = await merchant(server.origin, secret, "GET", "/v1/store");
  const split = { split: "free", parcels_max: 20 };
  await merchant(server.origin, secret, "PUT", "/v1/store", { name, location, currency, split, origins: [origin] });
  return location;
}

/** Counts what is on hand. */
export const count = (server, secret, location, sku, quantity) =>
  merchant(server.origin, secret, "PUT", `/v1/stock/${location}/${sku}`, { quantity, if_quantity: null });

/** Makes goods that can be ordered before they are there; more of them arrive in so many days. */
export async function expect(server, secret, arrivals) {
  const backorder = { policy: "allow", reason: "The weaver ships on the first of the month." };
  for (const { sku } of arrivals) {
    await merchant(server.origin, secret, "PUT", `/v1/skus/${sku}`, { title: `Blanket ${sku}`, backorder });
  }
  const day = (ahead) => new Date(Date.now() + ahead * DAY_MS).toISOString().slice(0, 10);
  const lines = arrivals.map(({ sku, units, in_days }) => ({ sku, quantity: units, expected_on: day(in_days) }));
  await merchant(server.origin, secret, "POST", "/v1/purchase-orders", { lines });
}

/** A page with the script tag, and whatever else it shall have. */
export const page = (script, key, body) => `<!doctype html>
<html lang="en-US">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A blanket</title>
<link rel="icon" href="data:,">
<style>body { font: 1rem/1.5 system-ui; margin: 2rem } ships-by { display: block; min-block-size: 9rem }</style>
<script type="module" src="${script}" data-key="${key}"></script>
</head>
<body>
${body}
</body>
</html>
`;

/**
 * Runs in each page before all scripts. `bench.drawn`, in ms after navigation: the view stands there with its handlers,
 * and is painted. Ours: the compiled view has drawn. A twin: its component has mounted with the answer, and says so by a mark.
 */
export function watchView() {
  const bench = (globalThis.bench = {});
  let compiled = false;
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const instantiate = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const result = await instantiate.apply(WebAssembly, args);
      compiled = true;
      return result;
    };
  }
  // A message that is sent before a frame is painted arrives after it.
  bench.painted = () =>
    new Promise((resolve) => {
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now());
        port2.postMessage(0);
      });
    });
  const drawn = async () => {
    if (bench.drawing) return;
    bench.drawing = true;
    bench.drawn = await bench.painted();
  };
  const { mark } = performance;
  performance.mark = (name, ...rest) => {
    if (name === "interactive") drawn();
    return mark.call(performance, name, ...rest);
  };
  const attachShadow = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attachShadow.call(this, options);
    new MutationObserver(() => {
      bench.changed?.();
      if (compiled && root.querySelector(".product, .cart, .checkout")) drawn();
    }).observe(root, { childList: true, characterData: true, subtree: true });
    return root;
  };
}

/** Waits until the view stands in the page. */
export const drawn = (tab) => tab.waitForFunction(() => globalThis.bench.drawn, undefined, { timeout: 30_000 });
