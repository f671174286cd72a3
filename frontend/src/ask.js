// Questions to the server: as few requests as can be, and patience when it is away.

import { api, key } from "./place.js";

const SKUS_MAX = 100;
const ANSWERS_MAX = 500;
const TIMEOUT_MS = 10_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;

/** Question id -> `{data, said}`, or `{error}` where asking again is of no use. Answers that show the same say the same. */
export const answers = new Map();
const underway = new Map();
const stale = new Set();

let failures = 0;
let quietUntil = 0;
let skew;

/** The server's clock: the shopper's may be wrong. An answer out of a cache is old, so the newest one counts. */
export const now = () => Date.now() + (skew ?? 0);

/** How long to wait after so many failures in a row, spread so that not all pages come back at once. */
export const patience = (times) => Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** times) * (0.5 + Math.random() / 2);

/** The server is back, or somebody insists: no more waiting. */
export const hurry = () => (quietUntil = 0);

/** Lets the next `ask` ask again, past the browser's cache. */
export const doubt = (id) => stale.add(id);

/** Takes in an answer, unless a newer one is known. */
export function learn(id, data) {
  if (answers.get(id)?.data?.revision > data.revision) return;
  // Times change with every answer, and nothing shows them.
  answers.set(id, { data, said: JSON.stringify(data).replace(/"(as_of|valid_until)":("[^"]*"|null)/g, "") });
}

/**
 * Asks what is not known. Calls `settled` when there is something new, `failed(question, error)` for each question
 * without an answer. Resolves when nothing of `questions` is on the way.
 */
export function ask(questions, settled, failed) {
  // What is on the screen stays there; what nobody asks for any more is not kept for ever.
  if (ANSWERS_MAX + 2 * questions.length < answers.size) answers.clear();
  const groups = {};
  for (const question of questions) {
    const { id, body, quantity, lang } = question;
    if (Date.now() < quietUntil || underway.has(id) || (answers.has(id) && !stale.has(id))) continue;
    underway.set(id);
    const group = (groups[body ?? quantity + lang] ??= [[]]);
    if (group[0].push(question) === SKUS_MAX) group.unshift([]);
  }
  for (const group of Object.values(groups).flat().filter(([first]) => first)) {
    const ids = group.map(({ id }) => id);
    const done = request(group, ids.filter((id) => stale.delete(id)).length > 0)
      .then(
        (answer) => {
          failures = 0;
          skew = Math.max(skew ?? -Infinity, Date.parse(answer.as_of) - Date.now());
          for (const [at, id] of ids.entries()) learn(id, group[at].body ? answer : answer.items[at]);
        },
        (error) => {
          // What the server refuses it will refuse again; all else is worth another try.
          const final = 400 <= error.status && error.status < 500 && error.status !== 429;
          if (!final) {
            const wait = patience(failures++);
            quietUntil = Date.now() + wait;
            setTimeout(settled, wait + 1);
          }
          for (const question of group) {
            const { id } = question;
            if (answers.get(id)?.data) final || stale.add(id);
            else {
              if (final) answers.set(id, { error });
              failed(question, error.status ? error : { code: "unreachable", detail: String(error) });
            }
          }
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
  const [{ body, quantity, lang }] = group;
  const skus = group.map(({ sku }) => "sku=" + encodeURIComponent(sku)).join("&");
  const response = await fetch(
    api + (body ? "/v1/plans?" : `/v1/availability?${skus}&qty=${quantity}&lang=${lang}&`) + key,
    {
      ...(body && { method: "POST", headers: { "content-type": "application/json" }, body }),
      cache: fresh ? "no-cache" : "default",
      credentials: "omit",
      priority: "high",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    },
  );
  if (response.ok) return response.json();
  throw { ...(await response.json().catch(() => {})), status: response.status };
}
