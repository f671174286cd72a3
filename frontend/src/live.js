// Changes as they happen: one stream for all tabs of a shop, none while nobody looks.
//
// A browser opens six connections to a server that speaks HTTP/1.1. So the tabs elect one that holds the stream and passes
// on what it hears; the lock goes to the next tab when that one closes or is hidden.

const SKUS_MAX = 100;
const GATHER_MS = 50;

const me = Math.random();

let place; // where the server is: {api, key, patience}
let wanted; // what this page wants to hear of: {skus, lang, hear}
let channel; // to the other tabs
let away; // aborted when this page leaves
let lead; // what the leader knows: the stream, its SKUs, each tab's SKUs, the last word on each SKU

/**
 * Says what this page wants to hear of. `hear(item, lang)` gets each Availability, for one unit; `hear()` is the advice
 * to ask again.
 */
export function live(where, skus, lang, hear) {
  place = where;
  const before = wanted?.skus.join();
  wanted = { skus, lang, hear };
  if (skus.length === 0 || document.hidden) leave();
  else if (!away) join();
  else if (before !== skus.join()) tell();
}

function join() {
  const { signal } = (away = new AbortController());
  if (!navigator.locks || !self.BroadcastChannel) return begin();
  const name = "ships-by " + place.api + place.key;
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
  channel?.close();
  away.abort();
  away = lead = channel = undefined;
}

const say = (message) => channel?.postMessage(message);

function tell() {
  if (lead) serve(me, wanted.skus);
  else say({ from: me, skus: wanted.skus });
}

function receive({ from, skus, item, lang, who, again }) {
  if (who) tell();
  else if (item || again) wanted.hear(item, lang);
  else if (lead) serve(from, skus);
}

function begin() {
  lead = { tabs: {}, skus: [], last: {}, failures: 0 };
  say({ who: 1 });
  tell();
}

// A tab that comes late is told what is known of its SKUs; for unknown ones the stream is opened anew.
function serve(tab, skus) {
  lead.tabs[tab] = skus;
  for (const sku of skus) if (lead.last[sku]) spread(lead.last[sku]);
  const all = [...new Set(Object.values(lead.tabs).flat())].slice(0, SKUS_MAX);
  if (all.every((sku) => lead.skus.includes(sku))) return;
  lead.skus = all;
  // When the stream changes hands all tabs speak up at once. One that waits to be opened again takes the new SKUs too.
  lead.timer ??= setTimeout(open, GATHER_MS);
}

function open() {
  lead.timer = undefined;
  lead.source?.close();
  const { lang } = wanted;
  const { api, key, patience } = place;
  const skus = lead.skus.map((sku) => "sku=" + encodeURIComponent(sku)).join("&");
  const source = (lead.source = new EventSource(`${api}/v1/stream?${skus}&lang=${lang}&${key}`));
  const again = () => spread({ again: 1 });
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
    lead.timer = setTimeout(open, patience(lead.failures++));
  };
}

function spread(word) {
  if (1 < Object.keys(lead.tabs).length) say(word);
  wanted.hear(word.item, word.lang);
}
