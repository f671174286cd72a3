// Shows openapi.json. All text is set as text.

const api = await (await fetch("/openapi.json")).json();

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

// What stands between backticks is code.
const said = (text) => (text ?? "").split("`").map((part, at) => (at % 2 ? element("code", {}, part) : part));

const resolved = (schema) => (schema?.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema);
const nameOf = (schema) => schema?.$ref?.split("/").pop();

function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return nameOf(schema);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return choices.map(typeOf).join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const type = [schema.type].flat().join(" or ");
  return type.includes("array") ? `${typeOf(schema.items)}[]` : type + (schema.format ? ` (${schema.format})` : "");
}

// An example of a schema: every field once. Types that contain themselves end in null.
function example(schema, within = []) {
  const name = nameOf(schema);
  if (name && within.includes(name)) return null;
  const inside = name ? [...within, name] : within;
  const plain = resolved(schema) ?? {};
  if (plain.example !== undefined) return plain.example;
  if (plain.default !== undefined) return plain.default;
  if (plain.enum) return plain.enum[0];
  if (plain.allOf) return Object.assign({}, ...plain.allOf.map((part) => example(part, inside)));
  const choice = (plain.oneOf ?? plain.anyOf)?.find((part) => part.type !== "null");
  if (choice) return example(choice, inside);
  const type = [plain.type].flat().find((one) => one !== "null");
  if (type === "object") return Object.fromEntries(Object.entries(plain.properties ?? {}).map(([key, part]) => [key, example(part, inside)]));
  if (type === "array") return [example(plain.items, inside)];
  if (type === "integer" || type === "number") return plain.minimum ?? 0;
  if (type === "boolean") return true;
  return type === "string" ? (plain.format === "date" ? "2026-12-15" : "text") : null;
}

const row = (name, what, text) => element("tr", {}, element("td", {}, name), element("td", {}, ...said(text), what ? element("br") : null, what ? element("small", {}, what) : null));
const table = (rows) => element("table", {}, element("tbody", {}, ...rows));

function fields(schema) {
  const plain = resolved(schema);
  if (!plain?.properties) return null;
  const required = plain.required ?? [];
  return table(Object.entries(plain.properties).map(([name, part]) => row(name + (required.includes(name) ? "" : "?"), typeOf(part), part.description)));
}

function content(heading, body, shown) {
  if (!body?.content) return [];
  return Object.entries(body.content).flatMap(([kind, { schema }]) => [
    element("h4", {}, `${heading}: ${kind}`),
    fields(schema),
    shown && kind.includes("json") && Object.keys(resolved(schema) ?? {}).some((key) => key !== "description") ? element("pre", { tabindex: "0" }, JSON.stringify(example(schema), null, 2)) : null,
  ]);
}

function operation(method, path, about) {
  const id = `${method}-${path}`;
  const parameters = about.parameters ?? [];
  const keys = (about.security ?? []).flatMap(Object.keys);
  const answers = Object.entries(about.responses ?? {});
  const good = answers.find(([status]) => status.startsWith("2"))?.[1];
  return element(
    "section",
    { id },
    element("h3", {}, element("span", { class: "method" }, method.toUpperCase()), path),
    element("p", {}, ...said(about.summary)),
    about.description ? element("p", {}, ...said(about.description)) : null,
    keys.length ? element("p", {}, element("small", {}, `Key: ${keys.join(" or ")}`)) : null,
    parameters.length ? element("h4", {}, "Parameters") : null,
    parameters.length ? table(parameters.map((one) => row(one.name + (one.required ? "" : "?"), `${one.in}, ${typeOf(one.schema)}`, one.description))) : null,
    ...content("Body", about.requestBody, true),
    ...content("Answer", good, true),
    element("h4", {}, "Answers"),
    table(answers.map(([status, answer]) => row(status, "", answer.description))),
  );
}

document.querySelector("#version").textContent = api.info.version;
document.querySelector("#about").replaceChildren(...said(api.info.description));
const groups = { shoppers: [], merchants: [] };
for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, about] of Object.entries(methods)) if (about.responses) (groups[about.tags?.[0] ?? "other"] ??= []).push([method, path, about]);
}
const contents = document.querySelector("#contents");
const operations = document.querySelector("#operations");
for (const [group, all] of Object.entries(groups)) {
  contents.append(element("h2", {}, group));
  for (const [method, path, about] of all) {
    contents.append(element("a", { href: `#${method}-${path}` }, `${method.toUpperCase()} ${path}`));
    operations.append(operation(method, path, about));
  }
}
if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
