// What the demo sold before it began, so that there is something to forecast and to order.

import { randomUUID } from "node:crypto";

import { SECRET_KEY } from "./demo.mjs";

/** The mugs' maker. */
export const POTTER = "cobalt-and-clay";

/** Two years of mugs, hardly any left, and a potter who is written to. */
export async function sellMugs(demo) {
  const lines = ["sku,date,quantity"];
  for (let month = 0; month < 24; month++) {
    const first = new Date(Date.UTC(2024, 10 + month, 1)).toISOString().slice(0, 8);
    for (const [day, units] of [["05", 9 + (month % 4)], ["14", 10], ["23", 11 - (month % 3)]]) lines.push(`cc-mug,${first}${day},${units}`);
  }
  const answer = await fetch(`${demo.api}/v1/imports/sales`, {
    method: "POST",
    headers: { authorization: `Bearer ${SECRET_KEY}`, "content-type": "text/csv", "idempotency-key": randomUUID() },
    body: lines.join("\n"),
  });
  if (!answer.ok) throw Error(`sales: ${answer.status} ${await answer.text()}`);
  await demo.setStock("cc-mug", 3);
  const dollars = (amount) => ({ amount, currency: "USD" });
  await demo.call("PUT", "/v1/reorders/policy", {
    email: "buyer@plainsong.example",
    suppliers: [
      {
        supplier: POTTER,
        email: "orders@potter.example",
        budget: dollars(80_000),
        schedule: { on: true, weekdays: ["tue", "fri"], time: "08:00", on_holiday: "next" },
        by_itself: { approves_up_to: dollars(20_000), sends: false },
      },
    ],
  });
  await demo.call("PUT", "/v1/reorders/skus", { items: [{ sku: "cc-mug", unit_cost: dollars(450), pack: 6, minimum: 12 }] });
}

/** Drafts what is due: the draft. */
export async function draft(demo) {
  const { items } = await demo.call("POST", "/v1/reorders/run", {});
  const found = items.find(({ supplier }) => supplier === POTTER);
  if (!found) throw Error(`no mugs are due: ${JSON.stringify(items)}`);
  return found;
}
