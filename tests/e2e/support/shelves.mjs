// Goods of the tests' own, one in each state, so that the demo shop may sell what it likes.

/** Stocks them. The demo's clock stands at Monday, 2026-11-23; its warehouse works Monday to Friday. */
export async function stockShelves(demo) {
  for (const [sku, { onHand = 0, arrives, ...facts }] of Object.entries(GOODS)) {
    await demo.setSku(sku, facts);
    await demo.setStock(sku, onHand);
    if (arrives) await demo.orderSupply(`po-${sku}`, sku, 20, arrives);
  }
}

const waits = (reason) => ({ policy: "allow", limit: 20, reason });

const GOODS = {
  "e2e-ready": { title: "Mug", onHand: 500 },
  "e2e-low": { title: "Belt", onHand: 2, low_stock_threshold: 3 },
  "e2e-wait": { title: "Scarf, blue", backorder: waits("Our weaver ships on the first of the month."), arrives: "2026-12-11" },
  "e2e-slices": { title: "Hoodie", onHand: 1, backorder: waits("The pockets are sewn on by hand."), arrives: "2026-12-11" },
  "e2e-long": { title: "Beanie", backorder: waits("This wool is spun in March."), arrives: "2027-03-31" },
  "e2e-far": { title: "Quilt", onHand: 1, backorder: waits("It is sewn in summer."), arrives: "2027-06-14" },
  "e2e-preorder": { title: "Album", released_on: "2027-03-03", backorder: waits("The record is being pressed."), arrives: "2027-02-15" },
  "e2e-gone": { title: "Cap" },
  "e2e-other": { title: "Candle", onHand: 50 },
};
