// <ships-by>: says when a thing ships, where a shop says it.
//
// This file is the element as pages know it: attributes in, events out, part of the page's own forms. Around it: ask.js
// (questions to the server), plain.js (the first words), engine.js (what else is loaded) and later.js (all the rest).

import { answers, ask, doubt, hurry, learn, now, patience, words } from "./ask.js";
import { engine, sheet, start, warn } from "./engine.js";
import { LANG_CHARACTERS_MAX, LINES_CHARACTERS_MAX, LINES_MAX, QUANTITY_MAX, SKU_BYTES_MAX } from "./limits.js";
import { api, key } from "./place.js";
import { h, product } from "./plain.js";

/** Elements in the document, and elements taken out of it since the last update. */
const elements = new Set();
const removed = new Set();

const watcher = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) target._near = isIntersecting;
    update();
  },
  { rootMargin: "100%" },
);

let due;

/** Many changes, one update. */
const update = () => (due ??= Promise.resolve().then(updateAll));

/** What later.js works with. */
const page = {
  _answers: answers,
  _api: api,
  _doubt: doubt,
  _doubtAll: doubtAll,
  _elements: elements,
  _engine: engine,
  _key: key,
  _learn: learn,
  _now: now,
  _patience: patience,
  _update: update,
  _warn: warn,
  _words: words,
};

function updateAll() {
  due = undefined;
  each(removed, (element) => element.isConnected || element._end());
  removed.clear();
  each(elements, (element) => {
    element._read();
    // What is on the screen at the start need not wait for the observer.
    element._near ??= isOnScreen(element);
  });
  const questions = [...elements].map(({ _question }) => _question).filter(Boolean);
  const near = [...elements].filter(({ _near }) => _near);
  if (near.length > 0) {
    ask(questions, update);
    start(page);
    each(near, (element) => element._show());
  }
  engine.later?.follow(questions);
}

// What one element cannot do, the others can.
function each(list, act) {
  for (const element of list) {
    try {
      act(element);
    } catch (error) {
      warn(error);
      element._clear();
    }
  }
}

// What was missed, or has had its time, is asked for again at once; what was refused only when somebody looks.
function doubtAll(looked) {
  hurry();
  if (!document.hidden) {
    for (const { _question } of elements) if (_question && (looked || !answers.get(_question.id)?.final)) doubt(_question.id);
  }
  update();
}

/**
 * Says when a thing ships; in a cart, when each line does; at checkout, lets the shopper choose between one parcel and more; afterwards, how
 * the order stands.
 *
 * @tag ships-by
 * @attr {string} sku - What to show, on a product page.
 * @attr {number | string} quantity - How many are wanted; 1 if it is not there.
 * @attr {string} for - Id of the page's quantity field to follow, instead of `quantity`.
 * @attr {"product" | "cart" | "checkout" | "order"} view - Where in the shop it stands; `product` if it is not there.
 * @attr {string} lines - The cart as JSON: `[{"sku": "a", "quantity": 1}]`. A JSON script inside the element does the same.
 * @attr {string} name - At checkout: the name under which the choice is sent with the page's form.
 * @attr {string} order - The order's own page: `page` of the answer to `POST /v1/orders`. Whoever knows it can cancel.
 * @attr {string} lang - Language of the words; the nearest ancestor's if it is not there.
 * @attr {"ltr" | "rtl" | "auto"} dir - Direction of the words; the nearest ancestor's if it is not there.
 * @attr {"off"} live - `off`: changes are not streamed.
 * @attr {boolean | ""} compact - One line: what and when.
 * @attr {boolean | ""} share - On a product page: a button that shares the product.
 * @attr {boolean | ""} notify - On a product page: a form for who wants to be told when what is sold out is back.
 * @prop {{ sku: string; quantity: number }[] | string | undefined} lines - The cart; comes before the attribute.
 * @prop {string} value - At checkout: the chosen way as JSON, as it is sent with the page's form.
 * @method {Promise<void>} refresh - Asks the server again.
 * @fires {CustomEvent<Availability | Plans | OrderPage>} ships-by:change - There is a new answer.
 * @fires {CustomEvent<PlanOption>} ships-by:choose - Another way to send the cart is chosen.
 * @fires {CustomEvent<Failure>} ships-by:error - There is no answer; the page's own text stays.
 * @csspart label - The state in a word or two.
 * @csspart date - When it ships.
 * @csspart delivery - When it is at the door.
 * @csspart detail - How the quantity splits.
 * @csspart reason - Why there is a wait.
 * @csspart offer - What the merchant offers for the wait.
 * @csspart options - The ways to send the cart.
 * @csspart option - One of them.
 * @csspart notice - What the shopper must know first.
 * @csspart action - A way to the order's own page.
 * @csspart share - The button that shares the product.
 * @csspart notify - The form for who wants to be told, and what is answered.
 */
class ShipsBy extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = "sku quantity for view lines order name lang dir live compact".split(" ");

  _internals = this.attachInternals();

  connectedCallback() {
    if (!this._root) this._begin();
    removed.delete(this);
    elements.add(this);
    watcher.observe(this);
    this._touch();
  }

  disconnectedCallback() {
    elements.delete(this);
    watcher.unobserve(this);
    removed.add(this);
    update();
  }

  attributeChangedCallback() {
    this._touch();
  }

  formDisabledCallback(disabled) {
    this._disabled = disabled;
    this._settle();
  }

  formResetCallback() {
    this._chosen = undefined;
    this._settle();
  }

  formStateRestoreCallback(plan) {
    this._chosen = parsed(plan);
    this._settle();
  }

  get lines() {
    return this._lines;
  }

  set lines(lines) {
    this._lines = lines;
    this._touch();
  }

  get value() {
    return this._value ?? "";
  }

  async refresh() {
    this._read();
    const { _question: question } = this;
    if (!question) return;
    hurry();
    doubt(question.id);
    await ask([question], update);
    await update();
  }

  _begin() {
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [sheet];
    this._slot = h("slot");
    this._root = h("div");
    // It stays while the view changes, so that what is put into it is heard.
    this._voice = h("div", { class: "say", role: "status" });
    shadow.append(this._slot, this._root, this._voice);
    shadow.addEventListener("slotchange", () => this._touch());
    // Not on the shadow root: there the page's own fields are heard too, where they stand in the slot.
    this._root.addEventListener("change", ({ target }) => engine.later.choose(this, target.value));
    // A label of the page that names this element leads to the choice.
    this.addEventListener("click", (event) => {
      if (event.composedPath()[0] === this) this._root.querySelector(":checked")?.focus();
    });
    // A property may have been set before the element was defined.
    if (Object.hasOwn(this, "lines")) {
      const { lines } = this;
      delete this.lines;
      this.lines = lines;
    }
  }

  _end() {
    this._clear();
    this._near = undefined;
  }

  _touch() {
    this._dirty = true;
    if (this._root) update();
  }

  // What the attributes ask for. Nonsense asks for nothing: the merchant's own text stays.
  _read() {
    if (!this._dirty) return;
    this._dirty = false;
    const lang = (this._lang = spoken(nearest(this, "lang")) ?? spoken(navigator.language) ?? "en");
    this._dir = nearest(this, "dir") || "auto";
    const view = this.getAttribute("view");
    this._view = /^(cart|checkout|order)$/.test(view) ? view : "product";
    this._question = undefined;
    if (view === "order") return (this._question = engine.later?.order(this));
    const product = this._view === "product";
    const lines = (this._asked = product ? [this._line()] : this._cart());
    if (!Array.isArray(lines) || lines.length === 0 || LINES_MAX < lines.length || !lines.every(isLine)) return;
    const [{ sku, quantity }] = lines;
    const body = JSON.stringify({ lines: lines.map(({ sku, quantity }) => ({ sku, quantity })), lang });
    this._question = {
      id: product + body,
      body: product ? undefined : body,
      sku,
      quantity,
      skus: lines.map(({ sku }) => sku),
      lang,
      live: this.getAttribute("live") !== "off",
    };
  }

  _line() {
    const field = this.getAttribute("for");
    const raw = field === null ? this.getAttribute("quantity") : this.getRootNode().getElementById?.(field)?.value;
    return { sku: this.getAttribute("sku")?.trim(), quantity: Number(raw || 1) };
  }

  _cart() {
    const lines = this._lines ?? this.getAttribute("lines") ?? this.querySelector("script")?.textContent ?? [];
    if (typeof lines !== "string") return lines;
    return lines.length <= LINES_CHARACTERS_MAX ? parsed(lines) : null;
  }

  _show() {
    const { _question: question, _root: root, _view: view } = this;
    const { later, styled, view: compiled } = engine;
    if (!question) return this._clear();
    const { data, said, error } = answers.get(question.id) ?? {};
    if (data ? (data.lines ?? [data]).every(({ status }) => status === "unknown") : error) {
      return this._fail(data ? { code: "unknown_sku" } : error);
    }
    if (!data || !styled || !(view === "product" || later)) return this._settle();
    root.dir = this._dir;
    this._shownId = question.id;
    const look = [view, this._lang, this.hasAttribute("compact")];
    const shown = look + said;
    const same = this._shown === shown;
    if (same && (!later || !compiled === !this._compiled)) return this._settle();
    if (later) later.draw(page, this, data, look, this._shown && !same);
    else root.replaceChildren(product(data, look[2]));
    root.lang = data.lang;
    this._slot.style.display = "none";
    this._shown = shown;
    this._failed = undefined;
    if (!same) this._tell("change", data);
  }

  _settle() {
    engine.later?.settle(this);
  }

  _clear() {
    const { _compiled: compiled } = this;
    this._root.replaceChildren();
    this._slot.style.display = "";
    this._compiled = this._options = this._shown = this._shownId = undefined;
    this._settle();
    compiled?.free();
  }

  // Another question's answer must not stand for this one, nor one whose time is over.
  _fail(error) {
    const failed = this._question.id + error.code;
    this._clear();
    if (this._failed === failed) return;
    this._failed = failed;
    this._tell("error", error);
  }

  _tell(name, detail) {
    this.dispatchEvent(new CustomEvent("ships-by:" + name, { detail, bubbles: true, composed: true }));
  }
}

function isOnScreen(element) {
  const box = element.getClientRects()[0];
  return box?.top < innerHeight && box.bottom >= 0;
}

// What a SKU may not have, as shared/src/ids.rs says: nothing in it, what cannot be seen, or white space at an end.
const REFUSED = /^$|^\s|\s$|[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

const isLine = (line) =>
  typeof line?.sku === "string" &&
  !REFUSED.test(line.sku) &&
  new TextEncoder().encode(line.sku).length <= SKU_BYTES_MAX &&
  Number.isInteger(line.quantity) &&
  0 < line.quantity &&
  line.quantity <= QUANTITY_MAX;

// The nearest value of an attribute, outside of shadow roots too.
function nearest(node, name) {
  for (; node; node = node.getRootNode().host) {
    const found = node.closest(`[${name}]`);
    if (found) return found[name];
  }
}

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {}
}

// A language tag that `Intl` takes, or nothing. To ask it takes a moment when the page begins, and most tags are plain.
function spoken(tag) {
  try {
    if (/^[a-z]{2}(-[A-Z]{2})?$/.test(tag)) return tag;
    if (tag.length <= LANG_CHARACTERS_MAX) return Intl.getCanonicalLocales(tag)[0];
  } catch {}
}

if (!customElements.get("ships-by")) {
  // Before the elements become ours and change, the page's layout stands, and looking costs nothing.
  for (const element of document.querySelectorAll("ships-by")) element._near = isOnScreen(element);
  customElements.define("ships-by", ShipsBy);

  // Quantity fields of the page are heard here, so that it does not matter when they come and go.
  for (const type of ["input", "change"]) {
    document.addEventListener(type, ({ target }) => {
      for (const element of elements) if (element.getAttribute("for") === target.id) element._touch();
    });
  }

  document.addEventListener("visibilitychange", doubtAll);
}
