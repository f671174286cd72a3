// Makes dist/dashboard/ from what was compiled, from the style and from the words.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build, transform } from "esbuild";
import { minify } from "terser";

const COMPILED = "dist/dashboard-compiled";
const OUT = "dist/dashboard";
const SOURCE = "frontend/dashboard";
// Unoptimized, the module is large, and nobody waits for it over a line.
const BROTLI_QUALITY = process.argv[2] === "widget" ? 11 : 4;
const GZIP_LEVEL = 9;

const read = (path) => readFileSync(path, "utf8");

// wasm-bindgen also writes the classes of libraries, which nobody here calls; and it starts nothing by itself.
const glue = read(`${COMPILED}/dashboard.js`).replaceAll(/^if \(Symbol\.dispose\).*$/gm, "");
writeFileSync(`${COMPILED}/start.js`, 'import start from "./dashboard.js";\nstart();\n');
writeFileSync(`${COMPILED}/dashboard.js`, glue);
const bundled = await build({ entryPoints: [`${COMPILED}/start.js`], bundle: true, write: false, format: "esm", target: "es2022", legalComments: "none" });
const started = bundled.outputFiles[0].text;

const files = {
  "index.html": Buffer.from(read(`${SOURCE}/index.html`)),
  "dashboard.js": Buffer.from((await minify(started, { module: true, ecma: 2022, compress: { passes: 3 }, mangle: true })).code),
  "dashboard_bg.wasm": readFileSync(`${COMPILED}/dashboard_bg.wasm`),
  "dashboard.css": Buffer.from((await transform(read("style/dashboard.css"), { loader: "css", minify: true })).code.trim()),
};
for (const name of readdirSync(`${SOURCE}/words`).sort()) {
  files[`words-${name}`] = readFileSync(`${SOURCE}/words/${name}`);
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
for (const [name, bytes] of Object.entries(files)) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  const compressed = brotliCompressSync(bytes, { params });
  writeFileSync(`${OUT}/${name}`, bytes);
  writeFileSync(`${OUT}/${name}.br`, compressed);
  writeFileSync(`${OUT}/${name}.gz`, gzipSync(bytes, { level: GZIP_LEVEL }));
  console.log(`${name.padEnd(22)}${String(bytes.length).padStart(8)} bytes${String(compressed.length).padStart(8)} brotli`);
}
