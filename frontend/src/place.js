// Where this script came from, and for which shop.

const here = import.meta.url.split(/[?#]/)[0];

// `document.currentScript` is null in a module, so the tag is found by its address.
const tags = [...document.querySelectorAll("script[data-key]")];
const tag = tags.find((each) => each.src.split(/[?#]/)[0] === here) ?? tags[0];

const { key: publishable, shopper } = tag?.dataset ?? {};

/** The publishable key, as it goes into every address; and who looks, where the shop says so. */
export const key = "" + new URLSearchParams({ key: publishable ?? "", ...(shopper && { shopper }) });

/** The server answers on the origin that served this script. */
export const api = new URL(here).origin;

/** The folder of one version: its files never change. `BUILD` is put in by frontend/build/pack.mjs. */
export const folder = new URL(`../${BUILD.version}/`, here).href;
