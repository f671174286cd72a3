// The demo shop's own script, as a merchant's developer would write it. What it knows of ShipsBy: an attribute here, an event there.

"use strict";

const CART = "plainsong.cart";
const QUANTITY_MAX = 9999;

const byId = (id) => document.getElementById(id);
const data = (id) => JSON.parse(byId(id)?.textContent ?? "null");
const lang = document.documentElement.lang;
const money = (cents) => (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });
const href = (path) => (lang === "en" ? path : path + (path.includes("?") ? "&" : "?") + "lang=" + lang);

/* The cart: [{ sku, size, quantity }] in localStorage. */

function readCart() {
  try {
    const lines = JSON.parse(localStorage.getItem(CART) ?? "[]");
    return Array.isArray(lines) ? lines.filter(({ sku, quantity }) => typeof sku === "string" && Number.isInteger(quantity)) : [];
  } catch {
    return [];
  }
}

function writeCart(lines) {
  try {
    localStorage.setItem(CART, JSON.stringify(lines));
  } catch {
    // Without storage the cart lasts as long as the page.
  }
  countCart(lines);
}

function countCart(lines) {
  const units = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  byId("cart-count").value = units > 0 ? units : "";
}

function addToCart(sku, size, quantity) {
  const lines = readCart();
  const line = lines.find((each) => each.sku === sku && each.size === size);
  if (line) line.quantity = Math.min(line.quantity + quantity, QUANTITY_MAX);
  else lines.push({ sku, size, quantity });
  writeCart(lines);
  byId("added").firstElementChild.hidden = false;
}

// What ShipsBy needs to know of it.
const asked = (lines) => JSON.stringify(lines.map(({ sku, quantity }) => ({ sku, quantity })));

/* The product page. */

function startProduct(form) {
  const variants = data("variants");
  const picture = byId("picture").firstElementChild;
  const promise = byId("promise");
  let chosen = variants.find(({ sku }) => sku === promise.getAttribute("sku"));

  form.addEventListener("change", ({ target }) => {
    byId("added").firstElementChild.hidden = true;
    if (target.name !== "colour" && target.name !== "logo") return;
    const { colour, logo } = Object.fromEntries(new FormData(form));
    chosen = variants.find((each) => each.colour === (colour ?? null) && each.logo === (logo ? logo === "yes" : null)) ?? chosen;
    promise.setAttribute("sku", chosen.sku);
    picture.className = "art " + chosen.look;
    showPrice(chosen);
    history.replaceState(null, "", href(location.pathname + "?variant=" + encodeURIComponent(chosen.sku)));
    document.dispatchEvent(new CustomEvent("shop:variant", { detail: chosen.sku }));
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { size, quantity } = Object.fromEntries(new FormData(form));
    addToCart(chosen.sku, size ?? null, Number(quantity));
  });
}

function showPrice({ price, before }) {
  const place = byId("price");
  const amount = Object.assign(document.createElement("span"), { className: "amount", textContent: money(price) });
  const old = Object.assign(document.createElement("s"), { textContent: before ? money(before) : "" });
  place.replaceChildren(...(before ? [old, " "] : []), amount);
}

function startSet(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const sku of new FormData(form).getAll("sku")) addToCart(sku, null, 1);
  });
}

/* Cart and checkout. */

// Who was never here finds something to look at.
function prefillCart() {
  try {
    if (localStorage.getItem(CART) !== null) return;
  } catch {
    return;
  }
  writeCart(data("first-cart").map((line) => ({ ...line, size: null })));
  byId("prefilled").hidden = false;
}

function linesWithGoods() {
  prefillCart();
  const goods = data("goods");
  return readCart().flatMap((line) => (goods[line.sku] ? [{ ...line, ...goods[line.sku] }] : []));
}

const sum = (lines) => lines.reduce((total, { price, quantity }) => total + price * quantity, 0);
const fullName = ({ title, size }) => title + (size ? ", " + size.toLowerCase() : "");

function draw(row, line) {
  row.querySelector(".art").className = "art " + line.look;
  row.querySelector("use").setAttribute("href", "#art-" + line.picture);
  for (const name of row.querySelectorAll(".named")) name.textContent = fullName(line);
}

function startCart(cart) {
  const lines = linesWithGoods();
  for (const line of lines) {
    const row = byId("cart-row").content.firstElementChild.cloneNode(true);
    const quantity = row.querySelector("input");
    const cost = row.querySelector(".cost");
    draw(row, line);
    row.querySelector(".title").textContent = fullName(line);
    for (const link of row.querySelectorAll("a")) link.href = href(line.href);
    row.querySelector(".each").textContent = money(line.price);
    cost.textContent = money(line.price * line.quantity);
    quantity.value = line.quantity;
    quantity.addEventListener("change", () => {
      if (!quantity.reportValidity()) return;
      line.quantity = quantity.valueAsNumber;
      cost.textContent = money(line.price * line.quantity);
      changed();
    });
    row.querySelector("button").addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      lines.splice(lines.indexOf(line), 1);
      row.remove();
      changed();
      (next?.querySelector("button") ?? byId("content")).focus();
    });
    byId("cart-rows").append(row);
  }
  const show = () => {
    cart.hidden = lines.length === 0;
    byId("cart-empty").hidden = lines.length > 0;
    byId("subtotal").textContent = money(sum(lines));
    cart.style.setProperty("--lines", lines.length);
    byId("cart-promise").setAttribute("lines", asked(lines));
  };
  const changed = () => {
    writeCart(lines.map(({ sku, size, quantity }) => ({ sku, size, quantity })));
    show();
    document.dispatchEvent(new CustomEvent("shop:cart", { detail: lines }));
  };
  show();
}

const units = (lines, wanted) => lines.reduce((count, { sku, quantity }) => (sku === wanted ? count + quantity : count), 0);

/** What a line costs; struck out is what is left out of it. */
function showCost(place, price, sent, asked) {
  const cost = (units) => document.createTextNode(money(price * units));
  const out = document.createElement("s");
  out.append(cost(asked));
  place.replaceChildren(...(sent < asked ? [out] : []), ...(sent < asked && sent > 0 ? [" "] : []), ...(sent > 0 ? [cost(sent)] : []));
}

function startCheckout(form) {
  const lines = linesWithGoods();
  const rows = lines.map((line) => {
    const row = byId("brief-row").content.firstElementChild.cloneNode(true);
    draw(row, line);
    row.querySelector(".named").textContent = `${line.quantity} × ${fullName(line)}`;
    byId("brief").append(row);
    return row;
  });
  form.hidden = lines.length === 0;
  byId("cart-empty").hidden = lines.length > 0;
  form.style.setProperty("--lines", lines.length);
  byId("cart-lines").value = asked(lines);

  // The shop's server works the price out again; this is only shown. What is in no parcel costs nothing.
  const shipping = byId("shipping");
  const plan = byId("plan");
  const total = () => {
    const { shipments = [{ lines }], surcharge } = JSON.parse(plan.value || "{}");
    const sent = shipments.flatMap((parcel) => parcel.lines);
    let goods = 0;
    for (const [at, { sku, price }] of lines.entries()) {
      // Sizes are not counted apart, so what there is goes to the lines in their order.
      const before = lines.slice(0, at).filter((line) => line.sku === sku);
      const left = units(sent, sku) - units(before, sku);
      const quantity = Math.max(0, Math.min(lines[at].quantity, left));
      goods += price * quantity;
      showCost(rows[at].querySelector(".cost"), price, quantity, lines[at].quantity);
    }
    const fee = surcharge?.amount ?? 0;
    byId("subtotal").textContent = money(goods);
    shipping.textContent = fee > 0 ? money(fee) : shipping.dataset.free;
    byId("total").textContent = money(goods + fee);
  };
  plan.addEventListener("ships-by:choose", total);
  plan.addEventListener("ships-by:change", total);
  total();
  plan.setAttribute("lines", asked(lines));
}

/* After the order. */

function startOrdered() {
  writeCart([]);
}

function sayDays() {
  const days = new Intl.DateTimeFormat(lang, { weekday: "long", month: "long", day: "numeric", timeZone: "UTC" });
  const instants = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.textContent = (time.dateTime.includes("T") ? instants : days).format(new Date(time.dateTime));
  }
}

const starts = { buy: startProduct, "buy-all": startSet, cart: startCart, checkout: startCheckout, ordered: startOrdered };
for (const [id, start] of Object.entries(starts)) if (byId(id)) start(byId(id));
sayDays();
countCart(readCart());
addEventListener("storage", ({ key }) => key === CART && countCart(readCart()));
