// The answer as plain elements: before WebAssembly is there, and instead of it where it never comes.
//
// Every element, class and part stands just as in widget/*.rs, so that nothing moves when the view takes over.
// Carts and checkouts are in plans.js, which comes a moment later.

const TONES = { in_stock: "ready", low_stock: "ready", backorder: "wait", preorder: "wait" };

export const tone = ({ orderable, status }) => (orderable && TONES[status]) || "gone";

/** Makes an element. What is empty is left out; text is only ever text. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  element.append(...children.flat().filter(Boolean));
  return element;
}

export const styled = (tag, name, ...children) => h(tag, { class: name }, ...children);
export const part = (tag, name, ...children) => h(tag, { part: name, class: name }, ...children);

/** The merchant's words, which may be in another language than the page: they read in their own direction. */
export const own = (text) => h("bdi", {}, text);

/** A product's answer. */
export const product = (answer, compact) => styled("div", "product " + tone(answer), promise(answer, compact));

// One sentence first: what and when. Then how the quantity splits, then why.
export function promise({ text, reason, slices, offer }, compact) {
  return [
    styled("p", "head", part("span", "label", text.label), " ", text.date && part("span", "date", text.date)),
    ...(compact
      ? []
      : [
          text.delivery && part("p", "delivery", text.delivery),
          text.detail && part("div", "detail", timeline(text.detail, slices)),
          reason && part("p", "reason", own(reason.text)),
          offer && part("p", "offer", own(offer.text)),
        ]),
  ];
}

// The sentence stays whole for those who hear it; those who see it see one parcel below the other.
function timeline(detail, slices) {
  const [first, second] = slices;
  const between = detail.slice(first.text.length).split(second.text)[0];
  return styled(
    "ul",
    "slices",
    slices.map(({ ready, text }, at) =>
      styled("li", ready ? "ready" : "wait", text, slices[at + 1] && styled("span", "say", between)),
    ),
  );
}
