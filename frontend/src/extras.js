// What an element shows below its answer where the page asks for it: a button that shares the product, a form for who waits for it.
//
// Loaded only where some element has `share` or `notify`. It stands beside what each answer draws anew, so that nothing is lost of what
// a shopper types, nor where they are.

import { h, part, styled } from "./plain.js";

const ASK_MS_MAX = 10_000;
const TRIES_MAX = 10;
const COPIED_MS = 6_000;
const EMAIL_CHARACTERS_MAX = 254;
const SVG = "http://www.w3.org/2000/svg";
// An arrow out of a box.
const ICON = "M8 10V1.8M4.8 4.8 8 1.6l3.2 3.2M5 7H3v7.2h10V7h-2";

const sheet = new CSSStyleSheet();
// `STYLE` is put in by frontend/build/pack.mjs.
sheet.replaceSync(STYLE);

/** What the server says of buttons and forms, by language; undefined while it is on its way. */
const told = new Map();
const made = new WeakMap();

/** Shows what an element asks for below what it says, and hides what it does not. */
export function dress(page, element) {
  const { _view: view, _shown: shown, _shownId: id } = element;
  const asks = (name) => view === "product" && element.hasAttribute(name) && !element.hasAttribute("compact");
  let extras = made.get(element);
  if (!asks("share") && !asks("notify")) return extras?.show({});
  const { _lang: lang, _dir: dir } = element;
  const words = wordsIn(page, lang);
  const answer = shown && page._answers.get(id)?.data;
  // What is on its way will be there in a moment; until then it stands as it is.
  if (shown && !(words && answer)) return;
  if (!extras) {
    if (!shown) return;
    made.set(element, (extras = begin(page, element)));
  }
  extras.show({
    answer,
    words,
    dir,
    share: answer && asks("share"),
    // What can be had is no reason to wait, nor is what never comes again.
    notify: answer?.status === "out_of_stock" && words.back_in_stock && asks("notify"),
  });
}

function wordsIn(page, lang) {
  if (!told.has(lang)) {
    told.set(lang);
    askFor(page, lang, 0);
  }
  return told.get(lang);
}

async function askFor(page, lang, times) {
  try {
    told.set(lang, await json(await fetch(`${page._api}/v1/extras?lang=${lang}&${keyOf(page)}`, asking())));
    page._update();
  } catch {
    if (times < TRIES_MAX) setTimeout(askFor, page._patience(times), page, lang, times + 1);
  }
}

const asking = () => ({ credentials: "omit", signal: AbortSignal.timeout(ASK_MS_MAX) });

// Who looks is nobody's business here.
const keyOf = ({ _key: key }) => "key=" + encodeURIComponent(new URLSearchParams(key).get("key"));

async function json(response) {
  if (!response.ok) throw response;
  return response.json();
}

// One element's form and button, each made when it is first asked for, and kept.
function begin(page, element) {
  let form, button;
  const root = styled("div", "extras");
  element.shadowRoot.adoptedStyleSheets.push(sheet);
  element._voice.before(root);
  return {
    show({ answer, words, dir, share, notify }) {
      if (words) {
        root.lang = words.lang;
        root.dir = dir;
      }
      if (notify && !form) root.prepend((form = signUp(page)).box);
      if (share && !button) root.append((button = sharing(page)).box);
      form?.show(notify && answer, words);
      button?.show(share && answer, words);
    },
  };
}

// The form. The address goes to the server and stands nowhere else.
function signUp(page) {
  let sku, words, lang, wrong, busy;
  const label = h("label", { for: "email" });
  const field = h("input", { id: "email", type: "email", name: "email", autocomplete: "email", maxlength: EMAIL_CHARACTERS_MAX, dir: "ltr", "aria-describedby": "wrong once" });
  field.required = true;
  const button = h("button");
  const mistake = h("p", { id: "wrong", class: "wrong", role: "status" });
  const once = h("p", { id: "once", class: "soft" });
  const form = h("form", {}, label, styled("div", "row", field, button), mistake, once);
  const said = h("p", { class: "told", role: "status", tabindex: -1 });
  const box = part("div", "notify", form, said);

  const blame = (what) => {
    wrong = what;
    say(mistake, words[wrong]);
    field.ariaInvalid = wrong === "no_email" || null;
  };
  const end = (text) => {
    const here = form.contains(box.getRootNode().activeElement);
    form.hidden = !!text;
    // First who hears the page is led here, then it is said, so that it is said once.
    if (text && here) said.focus();
    say(said, text);
  };

  field.oninput = () => wrong && blame();
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = button.ariaDisabled = true;
    blame();
    const asked = sku;
    try {
      const body = JSON.stringify({ sku, email: field.value, lang });
      const headers = { "content-type": "application/json" };
      const { text } = await json(await fetch(`${page._api}/v1/back-in-stock?${keyOf(page)}`, { method: "POST", headers, body, ...asking() }));
      if (sku === asked) {
        field.value = "";
        end(text);
      }
    } catch ({ status }) {
      blame(status === 422 ? "no_email" : status === 429 ? "often" : "failed");
      if (status === 422) field.focus();
    }
    busy = false;
    button.ariaDisabled = null;
  };

  return {
    box,
    show(answer, given) {
      box.hidden = !answer;
      if (answer) {
        ({ text: words, lang } = given);
        say(label, words.email);
        say(button, words.notify);
        say(once, words.once);
        if (wrong) blame(wrong);
      }
      // What was said was about those goods, and that time.
      if (sku !== answer?.sku) {
        sku = answer?.sku;
        end();
      }
    },
  };
}

// The button: what the system shares with, or else the link to paste somewhere.
function sharing(page) {
  let what, words, timer;
  const name = h("span");
  const button = part("button", "share", icon(), name);
  button.type = "button";
  const said = h("span", { class: "soft", role: "status" });
  const box = styled("p", "sharing", button, " ", said);

  button.onclick = async () => {
    try {
      if (navigator.share) return await navigator.share(what);
    } catch ({ name }) {
      if (name === "AbortError") return;
    }
    clearTimeout(timer);
    try {
      await navigator.clipboard.writeText(what.url);
      said.replaceChildren(words.copied);
      timer = setTimeout(() => said.replaceChildren(), COPIED_MS);
    } catch {
      // Where nothing may be put into the clipboard, the link can be copied by hand.
      said.replaceChildren(h("bdi", { dir: "ltr" }, what.url));
    }
  };

  return {
    box,
    show(answer, given) {
      box.hidden = !answer;
      if (!answer) return;
      const { sku, title, text } = answer;
      const { share_page } = given;
      words = given.text;
      what = { title: title ?? document.title, text: [text.label, text.date].filter(Boolean).join(" · "), url: addressOf(page, sku, share_page) };
      say(name, words.share);
      button.ariaLabel = title ? `${words.share}: ${title}` : null;
    },
  };
}

// The page to share; the page itself where the shop has switched those off.
function addressOf(page, sku, share_page) {
  if (share_page) return new URL(share_page.replace("{sku}", () => encodeURIComponent(sku)), page._api).href;
  return document.querySelector("link[rel=canonical]")?.href || location.href;
}

// Says it, unless it is said: who hears the page should not hear it twice.
function say(node, text = "") {
  if (node.textContent !== text) node.textContent = text;
}

function icon() {
  const made = (name, attributes, ...children) => {
    const node = document.createElementNS(SVG, name);
    for (const name in attributes) node.setAttribute(name, attributes[name]);
    node.append(...children);
    return node;
  };
  return made("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, made("path", { d: ICON }));
}
