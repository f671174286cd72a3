// Shows a letter in a frame of its own, under the dashboard's strict policy.
//
// Letters carry their style in attributes, which the policy forbids to markup, and rightly. So the letter is read into a
// document that runs nothing, and what is harmless in it is built anew, element by element; style is set through objects.

const HARMLESS = new Set(
  "A B BODY BR CENTER DIV EM FONT H1 H2 H3 H4 HR I LI OL P SMALL SPAN STRONG TABLE TBODY TD TFOOT TH THEAD TR U UL".split(" "),
);
const KEPT = new Set("align bgcolor border cellpadding cellspacing class colspan dir height lang role rowspan title valign width".split(" "));

const policy = globalThis.trustedTypes?.createPolicy("letter", { createHTML: (text) => text });

/** Fills the frame, which may run no scripts, with the letter. */
export function showLetter(frame, html) {
  const sheets = [];
  // Style that is read as such would be reported as forbidden, though it is only text here.
  const text = html
    .replaceAll(/<style[^>]*>([^]*?)<\/style>/gi, (_, sheet) => (sheets.push(sheet), ""))
    .replaceAll(/\sstyle=/gi, " data-style=");
  const source = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");
  const target = frame.contentDocument;
  const { documentElement: root, head, body } = target;
  for (const [name, value] of [["lang", source.documentElement.lang], ["dir", source.documentElement.dir]]) root.setAttribute(name, value);
  head.replaceChildren();
  body.replaceChildren(...children(source.body, target));
  dress(body, source.body);
  const sheet = new frame.contentWindow.CSSStyleSheet();
  sheet.replaceSync(sheets.join("\n").replaceAll(/@import[^;]*;/g, ""));
  target.adoptedStyleSheets = [sheet];
  frame.style.blockSize = `${root.scrollHeight + 8}px`;
}

function children(from, target) {
  return [...from.childNodes].flatMap((node) => {
    if (node.nodeType === Node.TEXT_NODE) return [target.createTextNode(node.data)];
    if (node.nodeType !== Node.ELEMENT_NODE || !HARMLESS.has(node.tagName)) return [];
    const copy = target.createElement(node.tagName);
    dress(copy, node);
    copy.append(...children(node, target));
    return [copy];
  });
}

function dress(copy, node) {
  for (const { name, value } of node.attributes) {
    if (KEPT.has(name)) copy.setAttribute(name, value);
    if (name === "data-style") copy.style.cssText = value.replaceAll(/url\([^)]*\)/gi, "none");
  }
}
