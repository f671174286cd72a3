// The panel beside the page: what the merchant does in the warehouse. It speaks to the shop's own server, which holds the key.

"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const panel = byId("warehouse");
  if (!panel) return;
  const select = byId("warehouse-sku");
  const said = byId("warehouse-said");
  let asked = 0;
  let listed = 0;

  const post = (body) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

  /** Asks the shop's server, shows what it answers, and says what came of it. */
  async function ask(path, body, success) {
    const mine = ++asked;
    try {
      const response = await fetch(path, body ? post(body) : {});
      const answer = await response.json();
      if (mine !== asked) return;
      // What is counted, moved or refused may change what can leave.
      list();
      if (!response.ok) return say(answer.detail, true);
      show(answer);
      say(success ?? "");
    } catch {
      if (mine === asked) say("The shop’s server does not answer. Is it running?", true);
    }
  }

  /** Shows what can leave and who waits. */
  async function list() {
    const mine = ++listed;
    try {
      const response = await fetch("/warehouse/dispatch");
      if (response.ok && mine === listed) showDispatch(await response.json());
    } catch {
      // What else was asked says that nobody answers.
    }
  }

  /** Hands a parcel over; shows the shelf anew, from which it was taken. */
  async function handOver(parcel, button) {
    button.disabled = true;
    try {
      const response = await fetch("/warehouse/parcels", post({ id: parcel.id }));
      const answer = await response.json();
      const success = `Handed over. Order ${parcel.order} travels as ${answer.tracking_number}.`;
      await ask("/warehouse/shelves/" + encodeURIComponent(select.value), undefined, success);
      if (!response.ok) say(answer.detail, true);
    } catch {
      say("The shop’s server does not answer. Is it running?", true);
    }
    button.disabled = false;
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
    const item = copied("warehouse-order");
    const day = item.querySelector("input");
    item.querySelector(".named").textContent = told(coming);
    day.value = arrives_on ?? "";
    item.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      ask("/warehouse/purchase-orders", { sku: select.value, id, arrives_on: day.value }, `Moved. ${id} arrives on ${day.value}.`);
    });
    item.querySelector(".arrived").addEventListener("click", () => {
      ask("/warehouse/arrivals", { sku: select.value, id }, `${coming.quantity} of ${id} are on the shelf now.`);
    });
    return item;
  }

  const words = ({ quantity, title }) => `${quantity} × ${title}`;
  const copied = (id) => byId(id).content.firstElementChild.cloneNode(true);

  function showDispatch({ ready, waiting }) {
    byId("warehouse-ready-none").hidden = ready.length > 0;
    byId("warehouse-ready").replaceChildren(...ready.map(parcel));
    byId("warehouse-waiting-none").hidden = waiting.length > 0;
    byId("warehouse-waiting").replaceChildren(...waiting.map(wait));
  }

  function parcel(parcel) {
    const item = copied("warehouse-parcel");
    item.querySelector(".named").textContent = parcel.order;
    item.querySelector(".from").textContent = parcel.from;
    const lines = parcel.lines.map((line) => Object.assign(document.createElement("li"), { textContent: words(line) }));
    item.querySelector("ul").replaceChildren(...lines);
    item.querySelector("button").addEventListener("click", ({ target }) => handOver(parcel, target));
    return item;
  }

  function wait({ order, lines, ships_by, late, purchase_orders }) {
    const item = copied("warehouse-wait");
    item.querySelector(".named").textContent = order;
    item.querySelector(".what").textContent = lines.map(words).join(", ");
    const day = ships_by ? `by ${ships_by}` : "no day known";
    const from = purchase_orders.length > 0 ? `, from ${purchase_orders.join(", ")}` : "";
    item.querySelector(".aside").textContent = `Leaves ${day}${late ? ", later than was told first" : ""}${from}`;
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

  // Orders are placed in other tabs.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && panel.open) list();
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
