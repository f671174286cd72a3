// A merchant's web server: pages of our own making, on an origin of their own, under the content security policy that we publish.

import { once } from "node:events";
import { createServer } from "node:http";

import { PUBLISHABLE_KEY } from "./demo.mjs";

/** The policy of widget pages; `wasm: false` forbids WebAssembly. */
export function policy(api, { wasm = true } = {}) {
  return [
    "default-src 'none'",
    `script-src 'self' ${api}${wasm ? " 'wasm-unsafe-eval'" : ""}`,
    `connect-src ${api}`,
    "style-src 'self'",
    "form-action 'self'",
  ].join("; ");
}

const SHEET = `
html { color-scheme: light dark; font: 16px/1.5 sans-serif; }
body { margin: 16px; background: light-dark(#fff, #14161a); color: light-dark(#1b1d21, #eceef1); }
.far { margin-block-start: 500vh; }
`;

/** Starts it. `page(body, options)` is the address of a new page. */
export async function startMerchant() {
  const pages = new Map([["/page.css", { type: "text/css", content: SHEET, headers: {} }]]);
  const posts = [];
  const server = createServer(async (request, response) => {
    const [path] = request.url.split("?");
    if (request.method === "POST") {
      let body = "";
      for await (const chunk of request) body += chunk;
      posts.push({ path, body: new URLSearchParams(body) });
    }
    const { type, content, headers } = pages.get(path) ?? { type: "text/html; charset=utf-8", content: "<!doctype html><title>Thank you</title>", headers: {} };
    response.writeHead(200, { "content-type": type, "cache-control": "no-cache", ...headers }).end(content);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  let count = 0;
  return {
    origin,
    /** Forms that were sent here: `{path, body}`. */
    posts,

    /** A page with the script tag of `api`, twice or not at all if `tags` says so. */
    page(body, { api, lang = "en", dir, head = "", tags = 1, ...rules }) {
      const path = `/page-${++count}`;
      const tag = `<script type="module" src="${api}/embed/v1/ships-by.js" data-key="${PUBLISHABLE_KEY}"></script>\n`;
      const content = `<!doctype html>
<html lang="${lang}"${dir ? ` dir="${dir}"` : ""}>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A shop</title>
<link rel="stylesheet" href="/page.css">
${tag.repeat(tags)}${head}
<body>
${body}
`;
      pages.set(path, { type: "text/html; charset=utf-8", content, headers: { "content-security-policy": policy(api, rules) } });
      return origin + path;
    },

    /** A script of the merchant's own: its address. */
    script(content) {
      const path = `/script-${++count}.js`;
      pages.set(path, { type: "text/javascript", content, headers: {} });
      return path;
    },

    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
