// One demo shop and one browser for all tests of a file.

import { after, before } from "node:test";

import { startBrowser, visit } from "./browser.mjs";
import { startDemo } from "./demo.mjs";
import { startMerchant } from "./merchant.mjs";
import { startNetwork } from "./network.mjs";
import { stockShelves } from "./shelves.mjs";

/** Call it at the top of a file; what it returns is filled before the first test. */
export function setStage(options = {}) {
  const stage = {};
  const stops = [];
  before(async () => {
    const add = async (name, starting) => {
      stage[name] = await starting;
      stops.unshift(() => stage[name].stop?.() ?? stage[name].close());
    };
    await add("demo", startDemo(options));
    await add("network", startNetwork(stage.demo.api));
    await add("merchant", startMerchant());
    await add("browser", startBrowser());
    await stage.demo.allowOrigin(stage.merchant.origin);
    await stockShelves(stage.demo);
  });
  after(async () => {
    for (const stop of stops) await stop();
  });

  /** Opens a page of the demo shop, by its path. */
  stage.visit = (t, path, options) => visit(t, stage.browser, stage.demo.shop + path, options);

  /** Opens a merchant's page with this body; `rules` are those of `merchant.page`, and `watched` goes through the network. */
  stage.open = (t, body, { watched = false, rules, ...options } = {}) => {
    const { api } = watched ? stage.network : stage.demo;
    return visit(t, stage.browser, stage.merchant.page(body, { api, ...rules }), options);
  };
  return stage;
}
