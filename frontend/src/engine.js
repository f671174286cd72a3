// What is loaded besides: the style, later.js and the WebAssembly view. Each is checked against the hash it had when it was built.

import { patience } from "./ask.js";
import { folder } from "./place.js";

const TRIES_MAX = 20;
const VIEW_TRIES_MAX = 3;
// So long the first words wait for their style.
const STYLE_MS_MAX = 3_000;
const FILE_MS_MAX = 20_000;

/** The one style sheet of all elements. Constructed, so that no page has to allow inline styles. */
export const sheet = new CSSStyleSheet();

/** `styled`: an answer may be shown. `later`: the module later.js. `view`: the compiled view, while it works. */
export const engine = {};

let started;

/** Loads everything at once, the first time an element comes near the screen. */
export function start(page) {
  if (started) return;
  started = true;
  // Without the style the words are still right.
  const styled = () => {
    engine.styled = true;
    page._update();
  };
  setTimeout(styled, STYLE_MS_MAX);
  insist(TRIES_MAX, (again) =>
    file("widget.css", again, "high")
      .then((response) => response.text())
      .then((style) => sheet.replace(style))
      .finally(styled),
  );
  insist(TRIES_MAX, async (again) => {
    engine.later = await module("later.js", again);
    engine.later.begin(page);
    page._update();
  });
  try {
    // Where the page's policy forbids WebAssembly, the smallest module shows it, and nothing more is loaded.
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  } catch (error) {
    return warn(error);
  }
  insist(VIEW_TRIES_MAX, async (again) => {
    const [code, view] = await Promise.all([file("widget.wasm", again, "low"), module("widget.js", again)]);
    await view.default({ module_or_path: code });
    engine.view = view;
    page._update();
  });
}

// Loads something, with growing patience. Each try has an address of its own, since browsers remember what failed.
function insist(triesMax, load, times = 0) {
  load(times ? "?" + times : "").catch((error) => {
    warn(error);
    if (times + 1 < triesMax) setTimeout(insist, patience(times), triesMax, load, times + 1);
  });
}

const file = (name, again, priority) =>
  fetch(folder + name + again, { integrity: BUILD.files[name], priority, signal: AbortSignal.timeout(FILE_MS_MAX) });

// Loads one of our modules. `import()` cannot check a hash, a script tag can; the import then takes what was checked.
async function module(name, again) {
  const tag = document.createElement("script");
  const checked = new Promise((resolve, reject) => {
    tag.onload = resolve;
    tag.onerror = () => reject(Error(name));
    setTimeout(tag.onerror, FILE_MS_MAX);
  });
  tag.type = "module";
  tag.crossOrigin = "";
  tag.integrity = BUILD.files[name];
  tag.src = folder + name + again;
  document.head.append(tag);
  await checked.finally(() => tag.remove());
  return import(tag.src);
}

let warned;

/** Tells the page's author, once. */
export function warn(error) {
  if (!warned) console.warn("ships-by: shown as plain text", error);
  warned = true;
}
