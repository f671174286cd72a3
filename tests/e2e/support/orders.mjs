// Orders as a merchant's own server places them, and what their pages say.

import { until } from "./browser.mjs";

const money = (amount) => ({ amount, currency: "USD" });

/** Stocks goods of its own under `name` and orders them: one of two is there, and another thing comes later. */
export async function placeOrder(demo, name, { customer = { lang: "en", country: "US" } } = {}) {
  const [mug, scarf] = [`${name}-mug`, `${name}-scarf`];
  const waits = (reason) => ({ policy: "allow", limit: 20, reason });
  await demo.setSku(mug, { title: "Mug, blue", backorder: waits("Our <b>potter</b> fires on Fridays.") });
  await demo.setSku(scarf, { title: "Scarf", backorder: waits("The weaver is away.") });
  await demo.setStock(mug, 1);
  await demo.setStock(scarf, 0);
  await demo.orderSupply(`${name}-po-1`, mug, 20, "2026-12-11");
  await demo.orderSupply(`${name}-po-2`, scarf, 20, "2026-12-18");
  const placed = await demo.call("POST", "/v1/orders", {
    id: name,
    plan: "separate",
    lines: [{ sku: mug, quantity: 2, unit_price: money(1_200) }, { sku: scarf, quantity: 1, unit_price: money(3_000) }],
    shipping: money(495),
    payment: { provider: "external", reference: name },
    customer,
  });
  const token = placed.page.split("/").at(-1);
  return {
    ...placed,
    token,
    mug,
    scarf,
    /** What the order's own page says, as JSON. */
    async told(lang = "en") {
      return (await fetch(`${demo.api}${placed.page}.json?lang=${lang}`)).json();
    },
    /** The supplier of the scarves is late. */
    slip: (day) => demo.call("PATCH", `/v1/purchase-orders/${name}-po-2`, { expected_on: day }),
    /** What is on the shelf leaves. The demo's bank knows nothing of this order, and says so a moment later. */
    async ship() {
      const { items } = await demo.call("GET", "/v1/shipments?status=ready&limit=200");
      const parcel = items.find(({ order }) => order === name);
      await demo.call("POST", `/v1/shipments/${parcel.id}/ship`, { carrier: "UPS", tracking_number: "1Z999AA10123456784" });
      await until("the bank has answered", async () => (await demo.call("GET", `/v1/orders/${name}`)).payment.charges.some(({ status }) => status === "payment_needed"));
    },
  };
}

/** All that an order's page says about it, sentence by sentence, as the element shows it. */
export function sentencesOf({ status_text, lines, asked, extra_periods, parcels, money, cancellable, text }) {
  const many = lines.length > 1;
  return [
    status_text,
    ...(asked ? [asked.heading, asked.silence, ...(asked.answered ? [] : [text.wait])] : []),
    ...extra_periods.flatMap((period) => [
      period.heading,
      ...period.items.map(({ quantity, title }) => `${quantity} × ${title}`),
      period.text,
      ...{ offered: [text.set_period], running: [], passed: [text.cancel_all] }[period.status],
    ]),
    ...(money?.due ?? []).flatMap((due) => [due.text, ...(due.kept ? [due.kept] : []), ...(due.pay_url ? [text.pay] : [])]),
    text.goods,
    ...lines.flatMap(({ title, quantity, parts, reason, changes, waiting }) => [
      `${quantity} × ${title}`,
      ...parts.flatMap((part) => [(parts.length > 1 ? `${part.quantity} × ` : "") + part.text, ...(part.state === "ready" ? [text.ready] : []), ...(part.delivery ? [part.delivery] : [])]),
      ...(reason ? [reason] : []),
      ...changes.flatMap((change) => [change.text, change.cause]),
      ...(waiting > 0 && many ? [text.cancel_line] : []),
    ]),
    ...(cancellable ? [text.cancel_all] : []),
    ...(parcels.length > 0 ? [text.parcels] : []),
    ...parcels.flatMap((parcel) => [
      parcel.text,
      ...parcel.items.map(({ quantity, title }) => `${quantity} × ${title}`),
      ...(parcel.carrier ? [`${text.carrier}: ${parcel.carrier}`] : []),
      ...(parcel.tracking_number ? [`${text.tracking}: ${parcel.tracking_number}`] : []),
    ]),
    ...(money ? [text.pays, ...money.facts, text.total, money.total] : []),
    text.see,
  ];
}
