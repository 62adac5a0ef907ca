/** Small things that several elements need. */

/** The closest thing to `querySelector` that says what is missing. */
export function must<T extends Element>(root: ParentNode, selector: string): T {
  const found = root.querySelector<T>(selector);
  if (found === null) throw new Error(`nothing matches ${selector}`);
  return found;
}

/** What a script's own requests say, as htmx's do: a page of a workspace that one has left orders nothing in another. */
export function asThisPage(): Record<string, string> {
  const said = JSON.parse(document.body.getAttribute("hx-headers:inherited") ?? "{}") as Record<string, string>;
  return { Accept: "application/json", "X-Actor": said["X-Actor"] ?? "" };
}

/** Whether the person is typing: single-key shortcuts keep quiet. */
export function typing(event: Event): boolean {
  const target = event.composedPath()[0];
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Keep a choice for a year; the server reads it, so that the next page starts with it. */
export function keep(name: string, value: string): void {
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=lax`;
}

/** A copy of a `<template>`'s one element. */
export function stamp(template: HTMLTemplateElement): HTMLElement {
  const copy = template.content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`template ${template.id} is empty`);
  return copy;
}

/** Say something to those who do not see the page. */
export function announce(text: string): void {
  const region = document.getElementById("live-region");
  if (region === null || text === "") return;
  const line = document.createElement("p");
  line.textContent = text;
  region.append(line);
  while (region.childElementCount > 8) region.firstElementChild?.remove();
}

/** Show a sentence for a few seconds; `kind` picks the sign beside it. */
export function toast(text: string, kind: "info" | "error" = "info"): void {
  const template = document.getElementById(`toast-${kind}`);
  if (!(template instanceof HTMLTemplateElement)) return;
  const made = stamp(template);
  must(made, ".toast-text").textContent = text;
  document.getElementById("toasts")?.append(made);
}
