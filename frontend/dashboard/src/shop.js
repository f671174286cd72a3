// What a browser knows of a shop better than we do.

/** The reader's time zone. */
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The address of a page that somebody typed, with or without `https://`; nothing if it is none. */
function address_of(typed) {
  const text = typed.trim();
  try {
    const address = new URL(text.includes("://") ? text : `https://${text}`);
    return /^https?:$/.test(address.protocol) ? address : undefined;
  } catch {
    return undefined;
  }
}

/** The origin of a page whose address somebody typed; what is no address stays as it is, for the server to say so. */
export const origin_of = (typed) => address_of(typed)?.origin ?? typed.trim();

/** The whole address of a page whose address somebody typed; empty for what is none. */
export const page_of = (typed) => address_of(typed)?.href ?? "";

/** Shows a page in a small window beside this one, as on a phone. */
export const show_beside = (page) => void open(page, "_blank", "noopener,popup,width=420,height=780");
