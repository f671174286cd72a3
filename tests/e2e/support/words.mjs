// What stands in an element, taken apart.

/** A product's or a cart line's answer: its words, and the look of its mark. */
export const promiseIn = (locator) =>
  locator.evaluate((element) => {
    const root = element.shadowRoot ?? element;
    const one = (selector) => root.querySelector(selector);
    const text = (node) => node?.textContent ?? null;
    const mark = (node) => {
      if (!node) return "nothing";
      const { backgroundColor, blockSize, borderTopStyle } = getComputedStyle(node, "::before");
      const filled = !/^(transparent|rgba\(.*, 0\))$/.test(backgroundColor);
      if (borderTopStyle === "none") return "nothing";
      return parseFloat(blockSize) < 3 ? "dash" : filled ? "dot" : "ring";
    };
    return {
      label: text(one("[part=label]")),
      date: text(one("[part=date]")),
      detail: text(one("[part=detail]")),
      reason: text(one("[part=reason]")),
      mark: mark(one("[part=label]")),
      slices: [...root.querySelectorAll(".slices li")].map(mark),
    };
  });

/** The same as the server's answer says it. */
export const promiseOf = ({ text, reason, orderable, status, slices }) => ({
  label: text.label,
  date: text.date,
  detail: text.detail,
  reason: reason?.text ?? null,
  mark: !orderable ? "dash" : ["in_stock", "low_stock"].includes(status) ? "dot" : "ring",
  slices: text.detail ? slices.map(({ ready }) => (ready ? "dot" : "ring")) : [],
});

/** The ways to send a cart, as they are drawn. */
export const optionsIn = (locator) =>
  locator.evaluate((element) => {
    const text = (node, selector) => node.querySelector(selector).textContent;
    return [...element.shadowRoot.querySelectorAll("[part=option]")].map((option) => ({
      name: text(option, ".name"),
      price: text(option, ".price"),
      when: text(option, ".when"),
      parcels: [...option.querySelectorAll(".parcels li")].map((parcel) => ({
        date: text(parcel, "strong"),
        items: parcel.lastChild.textContent.slice(2),
      })),
    }));
  });

/** The same as the server's answer says it. */
export const optionsOf = ({ options }) =>
  options.map(({ text: { name, price, when, parcels } }) => ({ name, price, when, parcels }));

/** The notices of a cart or a checkout. */
export const noticesIn = (locator) => locator.locator("[part=notice]").allTextContents();

/** What goes with a form for a way to send the cart. */
export const planOf = ({ kind, shipments, surcharge, last_ships_by }) => ({ kind, shipments, surcharge, last_ships_by });

export const escaped = (value) => JSON.stringify(value).replaceAll("&", "&amp;").replaceAll("'", "&#39;");

/** All that an answer without parts, reason and offer says, as it stands in the element. */
export const said = ({ label, date, delivery }) => [label, date, delivery].filter(Boolean).join(" ");
