// Keeps an open page of an order up to date. Without it, the page is as it was when it was opened.

const EVERY_MS = 20_000;

let tag = "";
let asking = false;

async function look() {
  const main = document.querySelector("main[data-order]");
  if (document.hidden || asking || !main) return;
  asking = true;
  try {
    const path = main.dataset.order;
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch(`${path}.json`, { headers, cache: "no-store", credentials: "omit" });
    if (!answer.ok) return;
    const isFirst = tag === "";
    const newest = answer.headers.get("ETag") ?? "";
    if (!isFirst && newest !== tag) await show(path);
    tag = newest;
  } catch {
    // The network is away: the next look tries again.
  } finally {
    asking = false;
  }
}

async function show(path) {
  const answer = await fetch(path, { cache: "no-store", credentials: "omit" });
  if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [old, fresh] = [document, page].map((one) => one.querySelector("main[data-order]"));
  if (!old || !fresh) throw new Error("the page has no order");
  const focused = old.contains(document.activeElement) ? place(old) : -1;
  old.replaceChildren(...fresh.childNodes);
  if (focused !== -1) old.querySelectorAll("a, button")[focused]?.focus();
  const told = document.querySelector("[data-updated]");
  if (told) told.textContent = told.dataset.updated;
}

function place(main) {
  return [...main.querySelectorAll("a, button")].indexOf(document.activeElement);
}

look();
setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", look);
