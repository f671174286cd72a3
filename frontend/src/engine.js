// What is loaded besides: the style, and the WebAssembly view. Each is checked against the hash it had when it was built.

import { folder } from "./place.js";

/** The one style sheet of all elements. Constructed, so that no page has to allow inline styles. */
export const sheet = new CSSStyleSheet();

/** `styled`: an answer may be shown. `later`: the module later.js. `view`: the compiled view, while it works. */
export const engine = {};

let started;

/** Loads everything at once, the first time an element comes near the screen. `changed` is called when a part is there. */
export function start(changed) {
  if (started) return;
  started = true;
  const part = (name, promise) => promise.then((value) => (engine[name] = value), warn).then(changed);
  part("styled", style().finally(() => (engine.styled = true)));
  part("later", module("later.js"));
  part("view", compiled());
}

/** After a panic nothing in the instance can be trusted: the plain view takes over for good. */
export function stop(error) {
  engine.view = undefined;
  warn(error);
}

const file = (name, priority) => fetch(folder + name, { integrity: BUILD.files[name], priority });

// Without the style the words are still right.
const style = async () => sheet.replace(await (await file("widget.css", "high")).text());

// Loads one of our modules. `import()` cannot check a hash, a script tag can; the import then takes what was checked.
async function module(name) {
  const tag = document.createElement("script");
  const checked = new Promise((resolve, reject) => {
    tag.onload = resolve;
    tag.onerror = () => reject(Error(name));
  });
  tag.type = "module";
  tag.crossOrigin = "";
  tag.integrity = BUILD.files[name];
  tag.src = folder + name;
  document.head.append(tag);
  await checked;
  tag.remove();
  return import(tag.src);
}

async function compiled() {
  // Where the page's policy forbids WebAssembly, the smallest module shows it, and nothing more is loaded.
  new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  const [code, view] = await Promise.all([file("widget.wasm", "low"), module("widget.js")]);
  await view.default({ module_or_path: code });
  return view;
}

let warned;

function warn(error) {
  if (!warned) console.warn("ships-by: shown as plain text.", error);
  warned = true;
}
