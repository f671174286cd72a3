// Questions to the server: as few requests as can be, and patience when it is away.

import { charactersOf, SKUS_CHARACTERS_MAX, SKUS_MAX } from "./limits.js";
import { api, key } from "./place.js";

const ANSWERS_MAX = 500;
const TIMEOUT_MS = 10_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;

/**
 * Question id -> `{data, said, error, final}`. Answers that show the same say the same. `error` is why the last try failed, `final`
 * where another one is of no use.
 */
export const answers = new Map();
const underway = new Map();
const stale = new Set();
const halves = {};

let failures = 0;
let quietUntil = 0;
let trouble;
let skew;

/** The server's clock: the shopper's may be wrong. An answer out of a cache is old, so the newest one counts. */
export const now = () => Date.now() + (skew ?? 0);

/** How long to wait after so many failures in a row, spread so that not all pages come back at once. */
export const patience = (times) => Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** times) * (0.5 + Math.random() / 2);

/** The server is back, or somebody insists: no more waiting. */
export const hurry = () => (quietUntil = 0);

/** Lets the next `ask` ask again, past the browser's cache. */
export const doubt = (id) => stale.add(id);

/** What an answer says. Times change with every answer, and nothing shows them. */
export const words = (data) => JSON.stringify(data).replace(/"(as_of|valid_until)":("[^"]*"|null)/g, "");

/** Takes in an answer, unless a newer one is known. */
export function learn(id, data) {
  if (!(answers.get(id)?.data?.revision > data.revision)) answers.set(id, { data, said: words(data) });
}

/** Asks what is not known. Calls `settled` when there is something new. Resolves when nothing of `questions` is on the way. */
export function ask(questions, settled) {
  // What is on the screen stays there; what nobody asks for any more is not kept for ever.
  if (ANSWERS_MAX + 2 * questions.length < answers.size) answers.clear();
  const groups = {};
  for (const question of questions) {
    const { id, sku, body, quantity, lang } = question;
    const known = answers.get(id);
    if (underway.has(id) || (known && !stale.has(id))) continue;
    if (Date.now() < quietUntil) {
      if (!known) answers.set(id, { error: trouble });
      doubt(id);
      continue;
    }
    underway.set(id);
    const group = (groups[body ?? quantity + lang + halves[id]] ??= [[]]);
    const [open] = group;
    open._characters = (open._characters ?? 0) + charactersOf(sku);
    if (open.push(question) === SKUS_MAX || SKUS_CHARACTERS_MAX < open._characters) group.unshift([]);
  }
  for (const group of Object.values(groups).flat().filter(([first]) => first)) {
    const ids = group.map(({ id }) => id);
    const done = request(group, ids.filter((id) => stale.delete(id)).length > 0)
      .then(
        ([asOf, items]) => {
          failures = 0;
          skew = Math.max(skew ?? -Infinity, asOf - Date.now());
          ids.forEach((id, at) => learn(id, items[at]));
        },
        (error) => {
          // What the server refuses it will refuse again; all else is worth another try.
          const { status } = error;
          const final = 400 <= status && status < 500 && status !== 429;
          // One that is wrong must not silence the others: what was refused together is asked again in halves.
          const divided = group[1] && /400|414|422/.test(status);
          trouble = status ? error : { code: "unreachable", detail: String(error) };
          if (!final) {
            const wait = patience(failures++);
            quietUntil = Date.now() + wait;
            setTimeout(settled, wait + 1);
          }
          ids.forEach((id, at) => {
            if (divided) halves[id] = [halves[id], 2 * at < ids.length];
            else answers.set(id, { ...answers.get(id), error: trouble, final });
            if (divided || !final) doubt(id);
          });
        },
      )
      .finally(() => {
        for (const id of ids) underway.delete(id);
        settled();
      });
    for (const id of ids) underway.set(id, done);
  }
  return Promise.all(questions.map(({ id }) => underway.get(id)));
}

// A plain GET without headers of ours needs no preflight.
async function request(group, fresh) {
  const [{ body, quantity, lang, url }] = group;
  const skus = group.map(({ sku }) => "sku=" + encodeURIComponent(sku)).join("&");
  const response = await fetch(
    url ?? api + (body ? "/v1/plans?" : `/v1/availability?${skus}&qty=${quantity}&lang=${lang}&`) + key,
    {
      ...(body && { method: "POST", headers: { "content-type": "application/json" }, body }),
      cache: fresh ? "reload" : "default",
      credentials: "omit",
      priority: "high",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    },
  );
  if (!response.ok) throw { ...(await response.json().catch(() => {})), status: response.status };
  const answer = await response.json();
  const asOf = Date.parse(answer.as_of);
  const items = body ? answer.lines && answer.options && [answer] : url ? [answer] : answer.items;
  if (!asOf || !group.every((_, at) => items[at].text)) throw Error("a strange answer");
  return [asOf, items];
}
