// Draws an answer: by the compiled view where there is one, else as plain elements.

import { settle } from "./choice.js";
import { order } from "./order.js";
import { product } from "./plain.js";
import { plans } from "./plans.js";

const FADE_MS = 200;

/** Draws an answer into an element. `changed`: another one stood there. */
export function draw(page, element, data, look, changed) {
  const { _engine: engine } = page;
  const { _root: root } = element;
  const { activeElement: focused } = element.shadowRoot;
  // As in a form without a shadow: Enter on a choice sends it.
  root.onkeydown = ({ key, target }) => {
    if (key === "Enter" && target.type === "radio") element._internals.form?.requestSubmit();
  };
  const before = changed && datesIn(root).map((date) => date.textContent);
  try {
    paint(page, element, data, look);
  } catch (error) {
    if (!engine.view) throw error;
    // After a panic nothing in the instance can be trusted: the plain view takes over for good.
    engine.view = undefined;
    page._warn(error);
    for (const each of page._elements) each._compiled = undefined;
    paint(page, element, data, look);
  }
  settle(element);
  if (focused && !focused.isConnected) {
    const again = focused.href ? `[href="${focused.getAttribute("href")}"]` : `[value=${focused.value}]`;
    root.querySelector(again)?.focus();
  }
  if (changed && look[0] === "order") element._voice.textContent = data.text.updated;
  if (before) fade(datesIn(root), before);
}

function paint({ _engine: { view }, _now: now }, element, data, look) {
  const { _root: root } = element;
  const [place, , compact] = look;
  // Of an order every word is the server's, and nothing is computed.
  if (place === "order") {
    element._compiled?.free();
    element._compiled = undefined;
    return show(root, order(element._question.page, data, compact));
  }
  if (view && !element._compiled) {
    element._compiled = new view.View();
    root.replaceChildren();
  }
  const { _compiled: compiled } = element;
  // The same code that the server uses computes the ways to send it; without it, the server's list serves.
  element._options = compiled?.read(data, ...look, now()) ?? data.options ?? [];
  if (compiled) return compiled.draw(root);
  show(root, place === "product" ? product(data, compact) : plans(data, place, compact));
}

function show(root, drawn) {
  if (!root.firstChild?.isEqualNode(drawn)) root.replaceChildren(drawn);
}

const datesIn = (root) => [...root.querySelectorAll(".date")];

// A date that changed fades its old value out. It takes no room, so nothing moves.
function fade(dates, before) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const [at, date] of dates.entries()) {
    if (!before[at] || before[at] === date.textContent) continue;
    date.dataset.old = before[at];
    date.animate([{ webkitTextFillColor: "transparent" }, {}], FADE_MS);
    const old = date.animate({ opacity: [1, 0] }, { duration: FADE_MS, pseudoElement: "::after" });
    old.onfinish = () => delete date.dataset.old;
  }
}
