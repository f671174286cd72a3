// What a browser knows of a shop better than we do.

/** The reader's time zone. */
export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The origin of a page whose address somebody typed; what is no address stays as it is, for the server to say so. */
export function origin_of(typed) {
  const text = typed.trim();
  try {
    return new URL(text.includes("://") ? text : `https://${text}`).origin;
  } catch {
    return text;
  }
}
