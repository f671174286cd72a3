// The choice at checkout: which way is taken, what the form sends, and what is said about it.

/** Takes what the shopper chose. */
export function choose(element, kind) {
  element._chosen = element._options.find((option) => option.kind === kind);
  settle(element);
  speak(element);
}

/** Keeps what the shopper chose while it is offered for no more than they agreed to; else takes what costs nothing. */
export function settle(element) {
  const { _options: options, _chosen: chosen, _disabled, _root, _view } = element;
  const kept = options?.find(({ kind, surcharge }) => kind === chosen?.kind && surcharge.amount <= chosen.surcharge.amount);
  const option = (element._option = kept ?? options?.find(({ surcharge }) => surcharge.amount === 0));
  if (chosen && options && !kept) {
    element._chosen = undefined;
    if (option) speak(element);
  }
  // The form sends nothing while the answer to what is asked now is on its way.
  const answered = _view === "checkout" && element._shownId === element._question?.id;
  const value = answered && option ? JSON.stringify({ ...option, text: undefined }) : undefined;
  if (element._value !== value) element._internals.setFormValue((element._value = value) ?? null);
  for (const input of _root?.querySelectorAll("input") ?? []) {
    input.checked = input.value === option?.kind;
    input.disabled = _disabled;
  }
}

function speak(element) {
  element._voice.textContent = element._option.text.announcement;
  element._tell("choose", element._option);
}
