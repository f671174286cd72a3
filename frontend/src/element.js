// <ships-by>: says when a thing ships, where a shop says it.
//
// This file is the element as pages know it: attributes in, events out, part of the page's own forms. Around it: ask.js
// (questions to the server), plain.js (the first words), engine.js (what else is loaded) and later.js (all the rest).

import { answers, ask, doubt, hurry, learn, now, patience } from "./ask.js";
import { engine, sheet, start, stop } from "./engine.js";
import { api, key } from "./place.js";
import { h, product } from "./plain.js";

const QUANTITY_MAX = 9_999;
const LINES_MAX = 100;
const LINES_CHARACTERS_MAX = 65_536;
const SKU_CHARACTERS_MAX = 128;
const LANG_CHARACTERS_MAX = 35;

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

function updateAll() {
  due = undefined;
  for (const element of removed) element.isConnected || element._end();
  removed.clear();
  for (const element of elements) {
    element._read();
    // What is on the screen at the start need not wait for the observer.
    element._near ??= isOnScreen(element);
  }
  const questions = [...elements].map(({ _question }) => _question).filter(Boolean);
  const near = [...elements].filter(({ _near }) => _near);
  if (near.length > 0) {
    ask(questions, update, fail);
    start(update);
    for (const element of near) element._show();
  }

  engine.later?.follow(questions, { api, key, answers, learn, doubt, now, patience, update, doubtAll });
}

function fail(question, error) {
  for (const element of elements) if (element._question?.id === question.id) element._fail(error);
}

// What was missed, or has had its time, is asked for again; at once, and when somebody looks.
function doubtAll() {
  hurry();
  if (!document.hidden) for (const { _question } of elements) if (_question) doubt(_question.id);
  update();
}

/**
 * Says when a thing ships; in a cart, when each line does; at checkout, lets the shopper choose between one parcel and more.
 *
 * @tag ships-by
 * @attr {string} sku - What to show, on a product page.
 * @attr {number | string} quantity - How many are wanted; 1 if it is not there.
 * @attr {string} for - Id of the page's quantity field to follow, instead of `quantity`.
 * @attr {"product" | "cart" | "checkout"} view - Where in the shop it stands; `product` if it is not there.
 * @attr {string} lines - The cart as JSON: `[{"sku": "a", "quantity": 1}]`. A JSON script inside the element does the same.
 * @attr {string} name - At checkout: the name under which the choice is sent with the page's form.
 * @attr {string} lang - Language of the words; the nearest ancestor's if it is not there.
 * @attr {"ltr" | "rtl" | "auto"} dir - Direction of the words; the nearest ancestor's if it is not there.
 * @attr {"off"} live - `off`: changes are not streamed.
 * @attr {boolean | ""} compact - One line: what and when.
 * @prop {{ sku: string; quantity: number }[] | string | undefined} lines - The cart; comes before the attribute.
 * @prop {string} value - At checkout: the chosen way as JSON, as it is sent with the page's form.
 * @method {Promise<void>} refresh - Asks the server again.
 * @fires {CustomEvent<Availability | Plans>} ships-by:change - There is a new answer.
 * @fires {CustomEvent<PlanOption>} ships-by:choose - Another way to send the cart is chosen.
 * @fires {CustomEvent<Failure>} ships-by:error - There is no answer; the page's own text stays.
 * @csspart label - The state in a word or two.
 * @csspart date - When it ships.
 * @csspart detail - How the quantity splits.
 * @csspart reason - Why there is a wait.
 * @csspart offer - What the merchant offers for the wait.
 * @csspart options - The ways to send the cart.
 * @csspart option - One of them.
 * @csspart notice - What the shopper must know first.
 */
class ShipsBy extends HTMLElement {
  static formAssociated = true;
  static observedAttributes = "sku quantity for view lines name lang dir live compact".split(" ");

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
    this._mark();
  }

  formResetCallback() {
    this._chosen = undefined;
    this._settle();
    this._mark();
  }

  formStateRestoreCallback(plan) {
    this._chosen = parsed(plan);
    this._settle();
    this._mark();
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
    await ask([question], update, fail);
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
    shadow.addEventListener("change", ({ target }) => this._choose(target.value));
    // A label of the page that names this element leads to the choice.
    this.addEventListener("click", (event) => {
      if (event.composedPath()[0] === this) shadow.querySelector(":checked")?.focus();
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
    const { lang } = this.closest("[lang]") ?? document.documentElement;
    this._lang = spoken(lang) ?? spoken(navigator.language) ?? "en";
    const view = this.getAttribute("view");
    this._view = /^(cart|checkout)$/.test(view) ? view : "product";
    this._question = this._view === "product" ? this._productQuestion() : this._planQuestion();
    if (this._question) this._question.live = this.getAttribute("live") !== "off";
  }

  _productQuestion() {
    const sku = this.getAttribute("sku")?.trim();
    const field = this.getAttribute("for");
    const raw = field === null ? this.getAttribute("quantity") : this.getRootNode().getElementById?.(field)?.value;
    const quantity = Number(raw || 1);
    if (!isLine({ sku, quantity })) return;
    return { id: JSON.stringify([sku, quantity, this._lang]), sku, skus: [sku], quantity, lang: this._lang };
  }

  _planQuestion() {
    let lines = this._lines ?? this.getAttribute("lines") ?? this.querySelector("script")?.textContent;
    if (typeof lines === "string") lines = lines.length <= LINES_CHARACTERS_MAX ? parsed(lines) : null;
    if (!Array.isArray(lines) || lines.length === 0 || LINES_MAX < lines.length || !lines.every(isLine)) return;
    const body = JSON.stringify({ lines: lines.map(({ sku, quantity }) => ({ sku, quantity })), lang: this._lang });
    return { id: body, body, skus: lines.map(({ sku }) => sku), lang: this._lang };
  }

  _show() {
    const { _question: question, _view: view } = this;
    const { data, said, error } = answers.get(question?.id) ?? {};
    if (!question) return this._clear();
    if (error) return this._fail(error);
    if (data?.status === "unknown") return this._clear() ?? this._fail({ code: "unknown_sku" });
    if (!data || !engine.styled || !(view === "product" || engine.later || engine.view)) return;
    const look = [view, this._lang, this.hasAttribute("compact")];
    const shown = look + said;
    const same = this._shown === shown;
    if (same && !engine.view === !this._compiled) return;

    const before = this._shown && this._dates().map((date) => date.textContent);
    try {
      this._draw(data, look);
    } catch (error) {
      if (!engine.view) throw error;
      stop(error);
      for (const element of elements) element._compiled = undefined;
      this._draw(data, look);
    }
    this._shown = shown;
    this._shownId = question.id;
    this._failed = undefined;
    if (same) return;
    if (before) engine.later?.fade(this._dates(), before);
    this._tell("change", data);
  }

  _draw(data, look) {
    const { _root: root } = this;
    const { activeElement: focused } = this.shadowRoot;
    if (engine.view && !this._compiled) {
      this._compiled = new engine.view.View();
      root.replaceChildren();
    }
    // The same code that the server uses computes the ways to send it; without it, the server's list serves.
    this._options = this._compiled?.read(data, ...look, now()) ?? data.options ?? [];
    this._settle();
    if (this._compiled) this._compiled.draw(root);
    else {
      const drawn = look[0] === "product" ? product(data, look[2]) : engine.later.plans(data, ...look);
      if (!root.firstChild?.isEqualNode(drawn)) root.replaceChildren(drawn);
    }
    root.lang = data.lang;
    root.dir = this.closest("[dir]")?.dir || "auto";
    this._slot.style.display = "none";
    this._mark();
    if (focused && !focused.isConnected) root.querySelector(`[value=${focused.value}]`)?.focus();
  }

  // Keeps what the shopper chose while it is offered for no more than they agreed to; else takes what costs nothing.
  _settle() {
    const { _options: options, _chosen: chosen } = this;
    const kept = options?.find(({ kind, surcharge }) => kind === chosen?.kind && surcharge.amount <= chosen.surcharge.amount);
    this._option = kept ?? options?.find(({ surcharge }) => surcharge.amount === 0);
    if (chosen && options && !kept) {
      this._chosen = undefined;
      if (this._option) this._speak();
    }
    if (this._view !== "checkout") return;
    this._value = this._option && JSON.stringify({ ...this._option, text: undefined });
    this._internals.setFormValue(this._value ?? null);
  }

  _choose(kind) {
    this._chosen = this._options.find((option) => option.kind === kind);
    this._settle();
    this._speak();
  }

  _speak() {
    this._voice.textContent = this._option.text.announcement;
    this._tell("choose", this._option);
  }

  _mark() {
    for (const input of this._root?.querySelectorAll("input") ?? []) {
      input.checked = input.value === this._option?.kind;
      input.disabled = this._disabled;
    }
  }

  _dates() {
    return [...this._root.querySelectorAll(".date")];
  }

  _clear() {
    this._compiled?.free();
    this._root.replaceChildren();
    this._slot.style.display = "";
    this._compiled = this._options = this._shown = this._shownId = undefined;
    this._settle();
  }

  // Another question's answer must not stand for this one.
  _fail(error) {
    const { id } = this._question;
    if (this._shownId !== id) this._clear();
    if (this._failed === id + error.code) return;
    this._failed = id + error.code;
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

const isLine = (line) =>
  typeof line?.sku === "string" &&
  0 < line.sku.length &&
  line.sku.length <= SKU_CHARACTERS_MAX &&
  Number.isInteger(line.quantity) &&
  0 < line.quantity &&
  line.quantity <= QUANTITY_MAX;

function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {}
}

// A language tag that `Intl` takes, or nothing.
function spoken(tag) {
  try {
    if (tag.length <= LANG_CHARACTERS_MAX) return Intl.getCanonicalLocales(tag)[0];
  } catch {}
}

if (!customElements.get("ships-by")) {
  customElements.define("ships-by", ShipsBy);

  // Quantity fields of the page are heard here, so that it does not matter when they come and go.
  for (const type of ["input", "change"]) {
    document.addEventListener(type, ({ target }) => {
      for (const element of elements) if (element.getAttribute("for") === target.id) element._touch();
    });
  }

  document.addEventListener("visibilitychange", doubtAll);
}
