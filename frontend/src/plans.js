// A cart's and a checkout's answer as plain elements; see plain.js.

import { h, own, part, promise, styled, tone } from "./plain.js";

/** The whole view of an answer. */
export function plans({ lines, options, text, lang }, view, compact) {
  return styled(
    "div",
    view,
    view === "cart" && styled("ul", "lines", lines.map((line) => cartLine(line, lang, compact))),
    text.notices.map((words) => part("p", "notice", words)),
    options.length > 0 && choice(view, options, text.legend, compact),
  );
}

function cartLine(line, lang, compact) {
  const { title, sku, requested, status } = line;
  return styled(
    "li",
    "line " + tone(line),
    styled("p", "title", requested > 1 && requested.toLocaleString(lang) + " × ", own(title ?? sku)),
    // Of a SKU that we do not know we claim nothing: the shop may sell it all the same.
    promise(status === "unknown" ? { text: {} } : line, compact),
  );
}

// A choice where there is one, at checkout. Elsewhere the ways to send it are only told.
function choice(view, options, legend, compact) {
  const open = view === "checkout" && options.length > 1;
  const cards = part("div", "options", options.map((option) => card(option, open, compact)));
  return open ? h("fieldset", { role: "radiogroup" }, h("legend", {}, legend), cards) : cards;
}

function card({ kind, text }, open, compact) {
  return part(
    "div",
    "option",
    h(
      open ? "label" : "p",
      {},
      open && h("input", { type: "radio", name: "plan", value: kind }),
      ...["name", "price", "when"].flatMap((name) => [styled("span", name, text[name]), " "]),
    ),
    !compact &&
      styled(
        "ul",
        "parcels",
        text.parcels.map(({ date, items }) => h("li", {}, h("strong", {}, date), h("span", {}, ": " + items))),
      ),
  );
}
