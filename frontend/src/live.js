// Changes as they happen: one stream for all tabs of a shop, none while nobody looks.
//
// A browser opens six connections to a server that speaks HTTP/1.1. So the tabs elect one that holds the stream and passes
// on what it hears; the lock goes to the next tab when that one closes or is hidden.

import { charactersOf, SKUS_CHARACTERS_MAX, SKUS_MAX } from "./limits.js";

const GATHER_MS = 50;
// How often the pages ask for SKUs that are too many for the stream.
const UNHEARD_MS = 30_000;

const me = Math.random();

let page; // what the loader shares
let wanted; // what this page wants to hear of: {skus, lang, hear}
let channel; // to the other tabs
let away; // aborted when this page leaves
let lead; // what the leader knows: the stream, its SKUs, those that have no place in it, each tab's SKUs, the last word on each SKU

/**
 * Says what this page wants to hear of. Calls `hear.item(item, lang)` with each Availability, for one unit, `hear.again()` when
 * everything should be asked again, and `hear.unheard(skus)` when that is so for SKUs that the stream cannot take.
 */
export function live(given, skus, lang, hear) {
  page = given;
  const before = wanted?.skus.join();
  wanted = { skus, lang, hear };
  if (skus.length === 0 || document.hidden) leave();
  else if (!away) join();
  else if (before !== skus.join()) tell();
}

function join() {
  const { signal } = (away = new AbortController());
  if (!navigator.locks || !self.BroadcastChannel) return begin();
  const name = "ships-by " + page._api + page._key;
  channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }) => receive(data);
  tell();
  navigator.locks
    .request(name, { signal }, () => {
      begin();
      return new Promise((resolve) => (signal.onabort = resolve));
    })
    // Some embedded pages have no access to locks; a stream of their own still works.
    .catch(() => signal.aborted || begin());
}

function leave() {
  if (!away) return;
  say({ from: me, skus: [] });
  lead?.source?.close();
  clearTimeout(lead?.timer);
  clearInterval(lead?.clock);
  channel?.close();
  away.abort();
  away = lead = channel = undefined;
}

const say = (message) => channel?.postMessage(message);

function tell() {
  if (lead) serve(me, wanted.skus);
  else say({ from: me, skus: wanted.skus });
}

function receive({ from, skus, who, ...word }) {
  if (who) tell();
  else if (!from) heard(word);
  else if (lead) serve(from, skus);
}

function heard({ item, lang, unheard }) {
  const { hear } = wanted;
  if (item) hear.item(item, lang);
  else if (unheard) hear.unheard(unheard);
  else hear.again();
}

function begin() {
  lead = { tabs: {}, skus: [], unheard: [], last: {}, failures: 0 };
  lead.clock = setInterval(() => lead.unheard.length > 0 && spread({ unheard: lead.unheard }), UNHEARD_MS);
  say({ who: 1 });
  tell();
}

// A tab that comes late is told what is known of its SKUs; for unknown ones the stream is opened anew.
function serve(tab, skus) {
  lead.tabs[tab] = skus;
  for (const sku of skus) if (lead.last[sku]) spread(lead.last[sku]);
  const all = [...new Set(Object.values(lead.tabs).flat())];
  let characters = 0;
  const some = all.filter((sku, at) => at < SKUS_MAX && (characters += charactersOf(sku)) <= SKUS_CHARACTERS_MAX);
  lead.unheard = all.filter((sku) => !some.includes(sku));
  if (some.every((sku) => lead.skus.includes(sku))) return;
  lead.skus = some;
  // When the stream changes hands all tabs speak up at once. One that waits to be opened again takes the new SKUs too.
  lead.timer ??= setTimeout(open, GATHER_MS);
}

function open() {
  if (!lead) return;
  lead.timer = undefined;
  lead.source?.close();
  const { lang } = wanted;
  const { _api: api, _key: key, _patience: patience } = page;
  const skus = lead.skus.map((sku) => "sku=" + encodeURIComponent(sku)).join("&");
  const source = (lead.source = new EventSource(`${api}/v1/stream?${skus}&lang=${lang}&${key}`));
  const again = () => spread({});
  source.addEventListener("resync", again);
  source.addEventListener("availability", ({ data }) => {
    const item = JSON.parse(data);
    spread((lead.last[item.sku] = { item, lang }));
  });
  source.onopen = () => {
    if (lead.failures) again();
    lead.failures = 0;
  };
  source.onerror = () => {
    source.close();
    clearTimeout(lead.timer);
    lead.timer = setTimeout(open, patience(lead.failures++));
  };
}

function spread(word) {
  if (1 < Object.keys(lead.tabs).length) say(word);
  heard(word);
}
