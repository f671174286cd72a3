// How much is taken from a page, and asked in one question.

export const QUANTITY_MAX = 9_999;
export const LINES_MAX = 100;
export const LINES_CHARACTERS_MAX = 65_536;
export const SKU_BYTES_MAX = 128;
/** Of the address of an order's page. */
export const ORDER_CHARACTERS_MAX = 500;
export const LANG_CHARACTERS_MAX = 35;
export const SKUS_MAX = 100;
/** Of all SKUs in an address. With one more of the longest, it stays under 7 kB. */
export const SKUS_CHARACTERS_MAX = 6_400;

/** How many characters a SKU takes in an address. */
export const charactersOf = (sku) => encodeURIComponent(sku).length + "&sku=".length;
