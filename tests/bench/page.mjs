// A product page on a slow phone with nothing in its cache, beside the same view in Preact and in React.
//
// One server stands before all three: it passes on the widget and the answers of `ships-by serve`, and hands out the
// twins with the same compression and the same headers. The pages differ in nothing but the address of their script.

import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

import { build } from "esbuild";

import { allow, count, expect, launch, listen, openShop, page, watchView } from "./browser.mjs";
import { BENCH, availability, bar, median, newShop, note, serve, skuOf, sleep, stockFile } from "./lib.mjs";

const RUNS = 9;
const SLOWDOWN = 4;
const NETWORKS = [
  { name: "Slow 4G", latency_ms: 562, down_mbit: 1.44, up_mbit: 0.675, published: "Preact 1.85, Leptos in parallel 1.96, React 2.35 s" },
  { name: "Fast 4G", latency_ms: 165, down_mbit: 8.1, up_mbit: 1.35, published: "Preact 0.70, Leptos in parallel 0.69, React 0.94 s" },
];
const TEXT_BAR = 1.05;
const INTERACTIVE_BAR = 0.95;
const PATIENCE_MS = 30_000;
const WORDS = "Usually ships in 2 days";

/** One of the twins, bundled as its makers advise for production. */
async function twin(name) {
  const { outputFiles } = await build({
    entryPoints: [join(BENCH, "twins", name, "main.jsx")],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: name,
    loader: { ".css": "text" },
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    plugins: [minifiedCss],
  });
  const [{ contents }] = outputFiles;
  return brotliCompressSync(contents, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: contents.length },
  });
}

const minifiedCss = {
  name: "minified css",
  setup({ onLoad, esbuild }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { outputFiles } = await esbuild.build({ entryPoints: [path], minify: true, write: false });
      return { contents: outputFiles[0].text.trim(), loader: "text" };
    });
  },
};

const SHARED_HEADERS = { "access-control-allow-origin": "*", "timing-allow-origin": "*" };

/** The origin that serves scripts and answers to all three pages. */
const edge = (upstream, twins) =>
  listen((request, response) => {
    const name = /^\/twins\/(\w+)\.js$/.exec(request.url)?.[1];
    if (name) {
      if (!/\bbr\b/.test(request.headers["accept-encoding"])) throw Error("this browser takes no brotli");
      response.writeHead(200, {
        ...SHARED_HEADERS,
        "content-type": "text/javascript",
        "content-encoding": "br",
        "content-length": twins[name].length,
        "cache-control": "public, max-age=300",
        vary: "Accept-Encoding",
      });
      return response.end(twins[name]);
    }
    const { origin: _, ...headers } = request.headers;
    const passed = httpRequest(upstream + request.url, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode, { ...answer.headers, ...SHARED_HEADERS });
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    request.pipe(passed);
  });

/** Runs in each page: when the answer's words were painted, and how much moved. */
function watchPage(label) {
  const { bench } = globalThis;
  bench.shift = 0;
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) bench.shift += value;
  }).observe({ type: "layout-shift", buffered: true });
  bench.words = () => {
    const host = document.querySelector("ships-by");
    return host && (host.shadowRoot ?? host).querySelector(".head")?.textContent;
  };
  bench.changed = async () => {
    if (bench.seen || !bench.words()?.includes(label)) return;
    bench.seen = true;
    bench.text = await bench.painted();
  };
  new MutationObserver(bench.changed).observe(document, { childList: true, characterData: true, subtree: true });
}

/** Opens a page in a browser without a cache, on a slow phone. */
async function open(browser, address, network, label) {
  const context = await browser.newContext();
  try {
    const tab = await context.newPage();
    await tab.addInitScript(watchView);
    await tab.addInitScript(watchPage, label);
    const devtools = await context.newCDPSession(tab);
    await devtools.send("Network.enable");
    await devtools.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: network.latency_ms,
      downloadThroughput: (network.down_mbit * 1e6) / 8,
      uploadThroughput: (network.up_mbit * 1e6) / 8,
    });
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
    await tab.goto(address, { waitUntil: "commit" });

    await tab.waitForFunction(() => globalThis.bench.text && globalThis.bench.drawn, undefined, { timeout: PATIENCE_MS, polling: 50 });
    await sleep(1_000);
    const figures = await tab.evaluate(() => {
      const { text, drawn, shift } = globalThis.bench;
      const loaded = performance.getEntriesByType("resource").map(({ name, startTime, responseEnd, encodedBodySize }) => {
        return { name: name.replace(/^\w+:\/\/[^/]+/, ""), start: startTime, end: responseEnd, bytes: encodedBodySize };
      });
      return { text, interactive: drawn, shift, loaded };
    });

    // Whatever calls itself interactive has to answer now.
    const before = await tab.evaluate(() => globalThis.bench.words());
    await tab.fill("#quantity", "3");
    await tab.waitForFunction((before) => globalThis.bench.words() !== before, before, { timeout: PATIENCE_MS, polling: 50 });
    return figures;
  } finally {
    await context.close();
  }
}

const shop = newShop("page", await stockFile(1_000));
const server = await serve(shop.db);
const pages = {};
const front = await openShop(pages);
const location = await allow(server, shop.secret, front.origin);

// One is on the shelf, so that another quantity has another answer.
const sku = skuOf(1);
await expect(server, shop.secret, [{ sku, units: 50, in_days: 21 }]);
await count(server, shop.secret, location, sku, 1);
const { label } = (await availability(server.origin, shop.publishable, [sku])).items[0].text;

const twins = { preact: await twin("preact"), react: await twin("react") };
const cdn = await edge(server.origin, twins);
const body = `<h1>A blanket</h1>
<p>Woven from the wool of hill sheep. It keeps you warm, and it lasts.</p>
<label for="quantity">Quantity</label> <input id="quantity" type="number" value="1" min="1">
<ships-by sku="${sku}" for="quantity">${WORDS}</ships-by>
<p>Free returns within 30 days.</p>`;
const scripts = { ours: "/embed/v1/ships-by.js", preact: "/twins/preact.js", react: "/twins/react.js" };
const kinds = Object.keys(scripts);
for (const kind of kinds) pages[`/${kind}`] = page(cdn.origin + scripts[kind], shop.publishable, body);

const browser = await launch();
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
for (const network of NETWORKS) {
  const runs = Object.fromEntries(kinds.map((kind) => [kind, []]));
  for (let run = 0; run <= RUNS; run += 1) {
    for (let turn = 0; turn < kinds.length; turn += 1) {
      const kind = kinds[(run + turn) % kinds.length];
      const figures = await open(browser, `${front.origin}/${kind}`, network, label);
      // The first time warms up the servers and the disk, not the page.
      if (run > 0) runs[kind].push(figures);
    }
  }
  const middle = (kind, figure) => median(runs[kind].map((each) => each[figure]));
  const shift = Math.max(...runs.ours.map((each) => each.shift));
  note(`${network.name} (${network.down_mbit} Mbit/s, ${network.latency_ms} ms), processor slowed down ${SLOWDOWN} times, ${RUNS} runs each in turn`);
  for (const kind of kinds) {
    const { loaded } = runs[kind][0];
    const bytes = loaded.reduce((sum, each) => sum + each.bytes, 0);
    const list = (figure) => runs[kind].map((each) => (each[figure] / 1000).toFixed(2)).sort().join(" ");
    note(`${kind.padEnd(6)} text ${seconds(middle(kind, "text"))}, interactive ${seconds(middle(kind, "interactive"))}, ${(bytes / 1000).toFixed(1)} kB in ${loaded.length} requests`);
    note(`       text: ${list("text")}; interactive: ${list("interactive")}`);
  }
  note(`published, bare twins measured elsewhere: ${network.published}`);

  const text = middle("ours", "text") / middle("preact", "text");
  const interactive = middle("ours", "interactive") / middle("react", "interactive");
  bar(`${network.name}: text visible`, `${text.toFixed(3)} of Preact's ${seconds(middle("preact", "text"))}`, `at most ${TEXT_BAR}`, text <= TEXT_BAR);
  bar(`${network.name}: interactive`, `${interactive.toFixed(3)} of React's ${seconds(middle("react", "interactive"))}`, `at most ${INTERACTIVE_BAR}`, interactive <= INTERACTIVE_BAR);
  bar(`${network.name}: layout shift, worst run`, shift.toFixed(4), "0", shift === 0);

  // In parallel: neither begins after the other has ended, or even a round trip later.
  const gaps = runs.ours.map(({ loaded }) => {
    const [code, data] = [/\.wasm$/, /^\/v1\/availability/].map((name) => loaded.find((each) => name.test(each.name)));
    return Math.abs(code.start - data.start);
  });
  const gap = Math.max(...gaps);
  bar(`${network.name}: WASM and data in parallel`, `begun at most ${gap.toFixed(0)} ms apart`, `under half a round trip`, gap < network.latency_ms / 2);
  for (const { name, start, end, bytes } of runs.ours[0].loaded) {
    note(`${name.split("?")[0].padEnd(40)} ${start.toFixed(0).padStart(5)} to ${end.toFixed(0).padStart(5)} ms ${String(bytes).padStart(7)} bytes`);
  }
}

await browser.close();
await cdn.close();
await front.close();
await server.stop();
