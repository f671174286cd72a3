// The panel beside the page: what the merchant does in the warehouse. It speaks to the shop's own server, which holds the key.

"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const panel = byId("warehouse");
  if (!panel) return;
  const select = byId("warehouse-sku");
  const said = byId("warehouse-said");
  let asked = 0;

  /** Asks the shop's server, shows what it answers, and says what came of it. */
  async function ask(path, body, success) {
    const mine = ++asked;
    try {
      const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const response = await fetch(path, body ? post : {});
      const answer = await response.json();
      if (mine !== asked) return;
      if (!response.ok) return say(answer.detail, true);
      show(answer);
      say(success ?? "");
    } catch {
      if (mine === asked) say("The shop’s server does not answer. Is it running?", true);
    }
  }

  function say(words, failed = false) {
    said.textContent = words;
    said.classList.toggle("failed", failed);
  }

  function show({ on_hand, elsewhere, owed, supplier, purchase_orders }) {
    byId("on-hand").value = on_hand;
    byId("warehouse-else").textContent = elsewhere.map(({ name, on_hand }) => `${on_hand} more in the ${name}.`).join(" ");
    byId("warehouse-owed").textContent = owed > 0 ? `${owed} promised to others already.` : "";
    byId("warehouse-supplier").textContent = supplier ?? "";
    byId("warehouse-delay").hidden = !supplier || !purchase_orders.some(({ arrives_on }) => arrives_on);
    byId("warehouse-none").hidden = purchase_orders.length > 0;
    byId("warehouse-orders").replaceChildren(...purchase_orders.map(order));
  }

  /** What the supplier says of an order: the day, that it left, or nothing. */
  function told({ id, quantity, arrives_on, planned_on, has_left }) {
    if (arrives_on) return `${id}: ${quantity} ${has_left ? "have left, and " : ""}arrive on`;
    return `${id}: ${quantity}, no day told${planned_on ? `, planned for ${planned_on}` : ""}`;
  }

  function order(coming) {
    const { id, arrives_on } = coming;
    const item = byId("warehouse-order").content.firstElementChild.cloneNode(true);
    const day = item.querySelector("input");
    item.querySelector(".named").textContent = told(coming);
    day.value = arrives_on ?? "";
    item.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      ask("/warehouse/purchase-orders", { sku: select.value, id, arrives_on: day.value }, `Moved. ${id} arrives on ${day.value}.`);
    });
    return item;
  }

  const look = () => {
    if (panel.open && select.value) ask("/warehouse/shelves/" + encodeURIComponent(select.value));
  };

  byId("warehouse-stock").addEventListener("submit", (event) => {
    event.preventDefault();
    const on_hand = byId("on-hand").valueAsNumber;
    ask("/warehouse/stock", { sku: select.value, on_hand }, `Counted. ${on_hand} on the shelf.`);
  });

  byId("warehouse-delay").addEventListener("click", ({ target }) => {
    const days = Number(target.closest("button")?.value);
    if (days) ask("/warehouse/delays", { sku: select.value, days }, `Everything from there comes ${days} days later.`);
  });

  select.addEventListener("change", look);
  panel.addEventListener("toggle", look);
  document.addEventListener("shop:variant", ({ detail }) => {
    if (select.value === detail) return;
    select.value = detail;
    look();
  });

  panel.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !panel.open) return;
    panel.open = false;
    panel.querySelector("summary").focus();
  });
})();
