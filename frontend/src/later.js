// What may come a moment after the first words, and works without WebAssembly all the same.

import { live } from "./live.js";

export { plans } from "./plans.js";

const FADE_MS = 200;
const SPREAD_MS = 1_000;
const LATE_MS = 15_000;
const TIMER_MS_MAX = 2 ** 31 - 1;

let timer;

/** Keeps the answers to these questions true: by the stream, and by the time until which each one holds. */
export function follow(questions, page) {
  const { answers, learn, doubt, now, update, doubtAll } = page;
  const answered = questions.filter(({ id }) => answers.get(id)?.data);

  // All live elements of the page share one stream. It begins when there is something that it could change.
  const tuned = answered.filter((question) => question.live);
  const skus = [...new Set(tuned.flatMap((question) => question.skus))].sort();
  live(page, skus, tuned[0]?.lang, (item, lang) => {
    if (!item) return doubtAll();
    for (const { id, quantity, lang: spoken } of answered) {
      const { data } = answers.get(id) ?? {};
      const known = data?.lines?.find(({ sku }) => sku === item.sku) ?? data;
      if (known?.sku !== item.sku) continue;
      if (item.requested === quantity && lang === spoken) learn(id, item);
      else if (known.revision < item.revision) doubt(id);
    }
    update();
  });

  clearTimeout(timer);
  const ends = answered
    .map(({ id }) => answers.get(id).data)
    .flatMap(({ lines, valid_until }) => lines?.map((line) => line.valid_until) ?? valid_until)
    .map(Date.parse)
    .filter(Boolean);
  if (ends.length === 0) return;
  // A little later than the earliest end, and not all pages at once. What came too late already is not asked for in a loop.
  const left = Math.min(...ends) - now();
  const wait = (0 < left ? left : LATE_MS) + SPREAD_MS * (1 + Math.random());
  timer = setTimeout(doubtAll, Math.min(wait, TIMER_MS_MAX));
}

/** A date that changed fades its old value out. It takes no room, so nothing moves. */
export function fade(dates, before) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const [at, date] of dates.entries()) {
    if (!before[at] || before[at] === date.textContent) continue;
    date.dataset.old = before[at];
    date.animate([{ webkitTextFillColor: "transparent" }, {}], FADE_MS);
    const old = date.animate({ opacity: [1, 0] }, { duration: FADE_MS, pseudoElement: "::after" });
    old.onfinish = () => delete date.dataset.old;
  }
}
