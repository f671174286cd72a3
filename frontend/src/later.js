// What may come a moment after the first words, and works without WebAssembly all the same.

import { LINES_CHARACTERS_MAX, LINES_MAX, ORDER_CHARACTERS_MAX, QUANTITY_MAX } from "./limits.js";
import { live } from "./live.js";

export { choose, settle } from "./choice.js";
export { draw } from "./view.js";

const LATE_MS = 15_000;
const SPREAD_MS = 1_000;
const TIMER_MS_MAX = 2 ** 31 - 1;
// So long after its time an answer is shown while a new one cannot be had.
const GRACE_MS = 600_000;
// So long an answer is shown while the one to another question is on its way.
const OLD_MS_MAX = 1_000;
const HEARD_MAX = 500;
// How often an order is looked at: as often as its own page looks.
const LOOK_MS = 20_000;
/** Attributes of what only few pages ask for: extras.js has it, whose hash `EXTRAS` is put in by frontend/build/pack.mjs. */
const WISHES = "share notify".split(" ");
const TRIES_MAX = 10;
const FILE_MS_MAX = 20_000;
const ORDER_PAGE = /^\/o\/[^/]+\/[^/]+\/[^/.]+$/;

/** What was last heard of each SKU, in each language. */
const heard = new Map();
const complaints = new Set();

let page;
let timer;
let looking;
let extras;
let wished;

/** Called once, with what the loader shares. */
export function begin(given) {
  page = given;
  const touch = () => {
    for (const element of page._elements) element._touch();
  };
  new MutationObserver(touch).observe(document.documentElement, { attributeFilter: ["lang", "dir"] });
  // What an order asks for is known only now.
  touch();
}

/** What an element asks for that shows an order, or nothing. */
export function order(element) {
  const address = pageOf(element.getAttribute("order") ?? "");
  if (!address) return;
  looking ??= setInterval(look, LOOK_MS);
  const { _lang: lang } = element;
  const url = `${address}.json?lang=${lang}`;
  return { id: url, url, page: address, quantity: url, skus: [], lang, live: element.getAttribute("live") !== "off" };
}

// Whoever knows the address can cancel the order: it is told to the server that this script came from, and to no other.
function pageOf(given) {
  try {
    const { origin, pathname } = new URL(given, page._api);
    if (given.length <= ORDER_CHARACTERS_MAX && origin === page._api && ORDER_PAGE.test(pathname)) return origin + pathname;
  } catch {}
}

function look() {
  const orders = [...page._elements].map(({ _question }) => _question).filter((question) => question?.page);
  if (orders.length === 0) looking = clearInterval(looking);
  if (document.hidden) return;
  for (const { id, live } of orders) {
    const known = page._answers.get(id);
    if (live && known && !known.final) page._doubt(id);
  }
  page._update();
}

/** Keeps the answers to these questions true: by the stream, and by the time until which each one holds. */
export function follow(questions) {
  const { _answers: answers, _elements: elements } = page;
  const answered = questions.filter(({ id }) => answers.get(id)?.data);

  // All live elements of the page share one stream. It begins when there is something that it could change.
  const tuned = answered.filter((question) => question.live);
  const skus = [...new Set(tuned.flatMap((question) => question.skus))].sort();
  live(page, skus, tuned[0]?.lang, {
    item: (item, lang) => hear(answered, item, lang),
    again: page._doubtAll,
    unheard: (skus) => {
      for (const question of answered) if (question.skus.some((sku) => skus.includes(sku))) page._doubt(question.id);
      page._update();
    },
  });

  clearTimeout(timer);
  timer = keep(answered.map(({ id }) => answers.get(id)));
  for (const element of elements) {
    leaveOld(element);
    complain(element);
    dress(element);
  }
}

function hear(answered, item, lang) {
  const key = item.sku + lang;
  const words = page._words(item);
  const before = heard.get(key);
  if (HEARD_MAX < heard.size) heard.clear();
  heard.set(key, words);
  // The shop's settings change what is said of a SKU without a new revision of the SKU.
  const changed = before && before !== words;
  for (const { id, quantity, body, lang: spoken } of answered) {
    const { data } = page._answers.get(id) ?? {};
    const known = data?.lines?.find(({ sku }) => sku === item.sku) ?? data;
    if (known?.sku !== item.sku) continue;
    if (!body && item.requested === quantity && lang === spoken) page._learn(id, item);
    else if (changed || known.revision < item.revision) page._doubt(id);
  }
  page._update();
}

// Asks again when the first of these answers has had its time, and takes away what had it long ago.
function keep(known) {
  const now = page._now();
  let next = Infinity;
  for (const entry of known) {
    const { data, error } = entry;
    const ends = (data.lines ?? [data]).map(({ valid_until }) => Date.parse(valid_until) || Infinity);
    const end = Math.min(...ends) + (error ? GRACE_MS : 0);
    if (!error || now < end) next = Math.min(next, end);
    else {
      entry.data = undefined;
      page._update();
    }
  }
  if (next === Infinity) return;
  // A little later than the earliest end, and not all pages at once. What came too late already is not asked for in a loop.
  const wait = (now < next ? next - now : LATE_MS) + SPREAD_MS * (1 + Math.random());
  return setTimeout(page._doubtAll, Math.min(wait, TIMER_MS_MAX));
}

// Gives way to the merchant's own text where the answer to a new question takes long.
function leaveOld(element) {
  const id = element._question?.id;
  if (element._awaited === id) return;
  element._awaited = id;
  clearTimeout(element._late);
  if (!element._shown || element._shownId === id) return;
  element._late = setTimeout(() => {
    if (element._shownId === element._question?.id) return;
    element._clear();
    dress(element);
  }, OLD_MS_MAX);
}

const wishing = new MutationObserver(() => page._update());

// What the others do without is loaded when the first element near the screen asks for it.
function dress(element) {
  wishing.observe(element, { attributeFilter: WISHES });
  if (extras) extras.dress(page, element);
  else if (element._near && WISHES.some((name) => element.hasAttribute(name))) wished ??= load(0);
}

// As engine.js loads its modules, with a hash that the loader need not know.
async function load(times) {
  const tag = document.createElement("script");
  try {
    await new Promise((resolve, reject) => {
      tag.onload = resolve;
      tag.onerror = reject;
      setTimeout(reject, FILE_MS_MAX);
      tag.type = "module";
      tag.crossOrigin = "";
      tag.integrity = EXTRAS;
      tag.src = new URL("extras.js" + (times ? "?" + times : ""), import.meta.url).href;
      document.head.append(tag);
    });
    extras = await import(tag.src);
    page._update();
  } catch {
    if (times === 0) console.warn("ships-by: `share` and `notify` could not be loaded");
    if (times < TRIES_MAX) setTimeout(load, page._patience(times), times + 1);
  }
  tag.remove();
}

// Tells the page's author, once for each kind of mistake. An empty cart is none, nor is what a shopper types.
function complain(element) {
  const { _asked: lines, _question, _view } = element;
  if (_view === "order") return complainOfOrder(element);
  if (_question || (_view === "product" && (!lines[0].sku || element.hasAttribute("for")))) return;
  const wrong = mistake(lines);
  if (!wrong || complaints.has(wrong)) return;
  complaints.add(wrong);
  console.warn(`ships-by: ${wrong}.`, element);
}

// The element itself is not shown: what is in the console may be sent elsewhere, and its address is as good as a key.
function complainOfOrder(element) {
  const wrong = "`order` is not the page of an order on the server of this script";
  if (element._question || !element.getAttribute("order") || complaints.has(wrong)) return;
  complaints.add(wrong);
  console.warn(`ships-by: ${wrong}.`);
}

function mistake(lines) {
  const typed = (name, type) => lines.every((line) => typeof line?.[name] === type);
  if (!Array.isArray(lines) || !typed("sku", "string") || !typed("quantity", "number")) {
    return `the lines are not of the form [{"sku": "a", "quantity": 1}], or have more than ${LINES_CHARACTERS_MAX} characters`;
  }
  if (LINES_MAX < lines.length) return `there are more than ${LINES_MAX} lines`;
  const whole = ({ quantity }) => Number.isInteger(quantity) && 0 < quantity && quantity <= QUANTITY_MAX;
  if (!lines.every(whole)) return `a quantity is not a whole number from 1 to ${QUANTITY_MAX}`;
  return lines.length > 0 && "a SKU is empty, too long, or has characters that cannot be seen";
}
