// Makes dist/embed/ from what Trunk compiled and from the sources of the loader.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build, transform } from "esbuild";
import { minify } from "terser";

import { checkContract, customElements, types } from "./contract.mjs";

const COMPILED = "dist/trunk";
const OUT = "dist/embed";
const BROTLI_QUALITY = 11;
const GZIP_LEVEL = 9;

const read = (path) => readFileSync(path, "utf8");
const hash = (algorithm, bytes) => createHash(algorithm).update(bytes).digest();
// Hashes do not compress, and the loader is small: the shortest that browsers know.
const integrity = (bytes) => "sha256-" + hash("sha256", bytes).toString("base64");

// What the loader shares with later.js has the same short name in both.
const names = {};

/** Bundles one module. Names that begin with `_` are ours alone and become one letter. */
async function bundle(options, ours = /^_[a-z]/) {
  const bundled = await build({ bundle: true, write: false, format: "esm", target: "es2022", legalComments: "none", ...options });
  const { code } = await minify(bundled.outputFiles[0].text, {
    module: true,
    ecma: 2022,
    compress: { passes: 3, unsafe_arrows: true, pure_getters: true },
    mangle: ours ? { properties: { regex: ours } } : true,
    ...(ours && { nameCache: names }),
  });
  delete names.vars;
  return Buffer.from(code);
}

const css = async (style) => (await transform(style, { loader: "css", minify: true })).code.trim();
const stylesheet = read("style/tokens.css") + read("style/widget.css");
// wasm-bindgen also writes the classes of libraries. They fall away once nothing happens when they are defined.
const glue = read(`${COMPILED}/shipsby-widget.js`)
  .replaceAll(/^if \(Symbol\.dispose\).*$/gm, "")
  .replaceAll(": new FinalizationRegistry", ": /* @__PURE__ */ new FinalizationRegistry")
  .replaceAll(/^export class (?!View\b)/gm, "class ")
  .replace("export { initSync, ", "export { ");

// later.js knows the hash of extras.js as the loader knows its own, so that pages without extras do not carry it.
const later = (integrity) => bundle({ entryPoints: ["frontend/src/later.js"], define: { EXTRAS: JSON.stringify(integrity) } });
// The names that are shared are those that later.js has without it.
await later("");
const extras = await bundle({ entryPoints: ["frontend/src/extras.js"], define: { STYLE: JSON.stringify(await css(read("style/extras.css"))) } });

const files = {
  "widget.css": Buffer.from(await css(stylesheet)),
  "widget.wasm": readFileSync(`${COMPILED}/widget.wasm`),
  "widget.js": await bundle({ stdin: { contents: glue } }, null),
  "extras.js": extras,
  "later.js": await later(integrity(extras)),
};

const loaded = Object.fromEntries(["widget.css", "widget.wasm", "widget.js", "later.js"].map((name) => [name, integrity(files[name])]));
const loader = (version) =>
  bundle({ entryPoints: ["frontend/src/element.js"], define: { BUILD: JSON.stringify({ version, files: loaded }) } });

// The version names the bytes: the same sources give the same folder, other sources another one.
const crate = /^version = "(.+)"$/m.exec(read("Cargo.toml"))[1];
const contents = hash("sha256", Buffer.concat([await loader(""), ...Object.values(files)])).toString("hex");
const version = `${crate}-${contents.slice(0, 8)}`;

checkContract();
files["ships-by.js"] = await loader(version);
files["custom-elements.json"] = Buffer.from(JSON.stringify(customElements(version), null, 2) + "\n");
files["ships-by.d.ts"] = Buffer.from(types());
const listed = Object.entries(files).map(([name, bytes]) => [name, { integrity: integrity(bytes), bytes: bytes.length }]);
files["manifest.json"] = Buffer.from(JSON.stringify({ version, files: Object.fromEntries(listed) }, null, 2) + "\n");

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
for (const [name, bytes] of Object.entries(files)) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const compressed = brotliCompressSync(bytes, { params });
  writeFileSync(`${OUT}/${name}`, bytes);
  writeFileSync(`${OUT}/${name}.br`, compressed);
  writeFileSync(`${OUT}/${name}.gz`, gzipSync(bytes, { level: GZIP_LEVEL }));
  console.log(`${name.padEnd(22)}${String(bytes.length).padStart(8)} bytes${String(compressed.length).padStart(8)} brotli`);
}
console.log(`widget ${version}`);
