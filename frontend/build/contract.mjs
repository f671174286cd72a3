// The element's contract as custom-elements.json and as TypeScript types.
//
// Both are made from the comment above the class in element.js and from the comments in tokens.css. The build stops where the comment,
// the code and the style do not agree.

import { readFileSync } from "node:fs";

const SOURCE = "frontend/src/element.js";
const element = readFileSync(SOURCE, "utf8");
const sources = ["element.js", "choice.js", "plain.js", "plans.js", "order.js", "extras.js"].map((name) => readFileSync(`frontend/src/${name}`, "utf8")).join("\n");
const later = readFileSync("frontend/src/later.js", "utf8");
const tokens = readFileSync("style/tokens.css", "utf8");

const block = /\/\*\*((?:(?!\*\/)[^])*@tag ships-by[^]*?)\*\//.exec(element)[1].replaceAll(/^ *\* ?/gm, "");
const summary = block.slice(0, block.indexOf("@")).trim();
const tags = [...block.matchAll(/^@(\w+) (?:\{(.+?)\} )?(\S+)(?: - ([^]*?))?(?=\n@|\n*$(?![^]))/gm)].map(
  ([, tag, type, name, description]) => ({ tag, type, name, description: description?.replaceAll(/\s+/g, " ").trim() }),
);
const tagged = (tag) => tags.filter((each) => each.tag === tag);

const properties = [...tokens.matchAll(/\/\*\* (.+?) \*\/\s*--_[\w-]+: var\((--ships-by-[\w-]+), ([^]+?)\);/g)].map(
  ([, description, name, fallback]) => ({ name, description, default: fallback.replaceAll("--_", "--ships-by-") }),
);

/** Stops the build where what is documented is not what is there. */
export function checkContract() {
  const listed = (list, source) => list.exec(source)[1].split(" ");
  const observed = [...listed(/static observedAttributes = "(.+?)"/, element), ...listed(/WISHES = "(.+?)"/, later)];
  const events = [...sources.matchAll(/_tell\("(\w+)"/g)].map(([, name]) => "ships-by:" + name);
  const parts = [...sources.matchAll(/\bpart\(\s*"\w+",\s*"(\w+)"/g)].map(([, name]) => name);
  same("attributes", names("attr"), observed);
  same("events", names("fires"), events);
  same("parts", names("csspart"), parts);
  same("tokens", properties.map(({ name }) => name), [...tokens.matchAll(/--ships-by-[\w-]+/g)].map(([name]) => name));
}

const names = (tag) => tagged(tag).map(({ name }) => name);

function same(what, documented, found) {
  const [ours, theirs] = [documented, found].map((list) => [...new Set(list)].sort().join(" "));
  if (ours === theirs) return;
  throw Error(`The ${what} documented above the class in ${SOURCE} are not those of the code.\n  documented: ${ours}\n  found:      ${theirs}`);
}

/** The manifest of https://github.com/webcomponents/custom-elements-manifest. */
export function customElements(version) {
  const plain = ({ name, description }) => ({ name, description });
  const typed = ({ name, type, description }) => ({ name, type: { text: type }, description });
  const declaration = {
    kind: "class",
    customElement: true,
    name: "ShipsBy",
    tagName: "ships-by",
    summary,
    superclass: { name: "HTMLElement" },
    attributes: tagged("attr").map(typed),
    members: [
      ...tagged("prop").map((each) => ({ kind: "field", ...typed(each) })),
      ...tagged("method").map(({ name, type, description }) => ({ kind: "method", name, return: { type: { text: type } }, description })),
    ],
    events: tagged("fires").map(typed),
    slots: [{ name: "", description: "What is shown until there is an answer, and where none can be had." }],
    cssParts: tagged("csspart").map(plain),
    cssProperties: properties,
  };
  const exports = [{ kind: "custom-element-definition", name: "ships-by", declaration: { name: "ShipsBy", module: "ships-by.js" } }];
  return {
    schemaVersion: "2.1.0",
    readme: `ShipsBy ${version}`,
    modules: [{ kind: "javascript-module", path: "ships-by.js", declarations: [declaration], exports }],
  };
}

/** Types for pages that are written in TypeScript. */
export function types() {
  const comment = (text, indent) => `${indent}/** ${text} */\n`;
  const attributes = tagged("attr").map(({ name, type, description }) => `${comment(description, "  ")}  ${name}?: ${type};\n`);
  const members = tagged("prop").map(
    ({ name, type, description }) => `${comment(description, "  ")}  ${name === "value" ? "readonly " : ""}${name}: ${type};\n`,
  );
  const methods = tagged("method").map(({ name, type, description }) => `${comment(description, "  ")}  ${name}(): ${type};\n`);
  const events = tagged("fires").map(({ name, type }) => `  "${name}": ${type};\n`);
  return `// Made by the build from the contract of <ships-by>. The shapes of the answers: /docs.

${readFileSync("frontend/src/wire.d.ts", "utf8").trim()}

export interface ShipsByAttributes {
${attributes.join("")}}

export interface ShipsByEventMap {
${events.join("")}}

${comment(summary, "")}export interface ShipsByElement extends HTMLElement {
${members.join("")}${methods.join("")}}

declare global {
  interface HTMLElementTagNameMap {
    "ships-by": ShipsByElement;
  }
  interface HTMLElementEventMap extends ShipsByEventMap {}
  namespace JSX {
    interface IntrinsicElements {
      "ships-by": ShipsByAttributes & { id?: string; class?: string; slot?: string; children?: unknown };
    }
  }
}
`;
}
