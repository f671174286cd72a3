// An order as plain elements: what leaves when and why, what changed, what has left, what is paid.
//
// Nothing is done from here. Each way out is a link to the order's own page, which asks once more and takes the answer by a form.

import { h, own, part, styled } from "./plain.js";

const TONES = { shipped: "ready", ready: "ready", cancelled: "gone" };

/** The whole view of an order whose own page is at `address`. */
export function order(address, { status, status_text, lines, offer, asked, extra_periods, parcels, money, cancellable, text, lang }, compact) {
  const count = (quantity) => quantity.toLocaleString(lang) + " × ";
  const way = (below, words, about) => link(address + below, words, about);
  const state = styled("p", "head", part("span", "label", status_text), compact && way("", text.see));
  const content = [
    offer && part("div", "offer", h("p", {}, own(offer.text)), h("p", {}, offer.how)),
    asked && notice(asked.heading, asked.silence, !asked.answered && way("/consent", text.wait)),
    extra_periods.map((period) => notice(period.heading, [itemsOf(period, count), h("p", {}, period.text)], wayOut(period, way, text))),
    money?.due.map((due) => notice(due.text, due.kept, due.pay_url && link(due.pay_url, text.pay))),
    topic(
      "goods",
      text.goods,
      styled("ul", "lines", lines.map((line) => lineOf(line, text, count, lines.length > 1 && way))),
      cancellable && way("/cancel", text.cancel_all),
    ),
    parcels.length > 0 && topic("parcels", text.parcels, styled("ul", "lines", parcels.map((parcel) => parcelOf(parcel, text, count)))),
    money && topic("pays", text.pays, styled("ul", "facts", money.facts.map((fact) => h("li", {}, fact))), total(money, text)),
    styled("p", "see", way("", text.see)),
  ];
  return styled("div", "order " + (TONES[status] ?? "wait"), state, !compact && content.flat());
}

// What can be done about a last period: set it, or end the contract when it has passed in vain.
function wayOut({ status }, way, text) {
  if (status === "offered") return way("/extra-period", text.set_period);
  return status === "passed" && way("/cancel", text.cancel_all);
}

function lineOf({ line, title, quantity, parts, reason, changes, waiting }, text, count, way) {
  return styled(
    "li",
    "line",
    styled("p", "title", count(quantity), own(title)),
    styled(
      "ul",
      "slices",
      parts.map((each) =>
        styled(
          "li",
          TONES[each.state] ?? "wait",
          parts.length > 1 && count(each.quantity),
          part("span", "date", each.text),
          each.state === "ready" && [" ", styled("span", "soft", text.ready)],
          each.delivery && [" ", part("span", "delivery", each.delivery)],
        ),
      ),
    ),
    reason && part("p", "reason", own(reason)),
    changes.map((change) => notice(change.text, change.cause)),
    waiting > 0 && way && way("/cancel?line=" + line, text.cancel_line, title),
  );
}

function parcelOf({ text: left, carrier, tracking_number: number, items }, text, count) {
  const named = (name, value) => value && styled("p", "soft", name + ": ", own(value));
  return styled(
    "li",
    "line ready",
    styled("p", "title", left),
    itemsOf({ items }, count),
    named(text.carrier, carrier),
    named(text.tracking, number),
  );
}

const itemsOf = ({ items }, count) => h("ul", {}, items.map(({ quantity, title }) => h("li", {}, count(quantity), own(title))));

const total = (money, text) => styled("p", "total", h("span", {}, text.total), " ", h("span", {}, money.total));

// A group by name. Which level a heading would have is the page's to know.
const topic = (id, words, ...content) =>
  h("div", { class: "topic", role: "group", "aria-labelledby": id }, h("p", { id, class: "name" }, words), ...content);

const notice = (words, why, way) => part("div", "notice", h("p", {}, h("strong", {}, words)), typeof why === "string" ? h("p", {}, why) : why, way);

// The address is as good as a key: where it leads is not told where the shopper came from.
function link(address, words, about) {
  const made = part("a", "action", words);
  made.href = address;
  made.rel = "noreferrer";
  if (about) made.ariaLabel = `${words}: ${about}`;
  return made;
}
