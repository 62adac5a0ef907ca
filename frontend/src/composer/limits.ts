import { must } from "../dom";

/** What a model takes and costs, as its entry in the menu says it. */
export interface Limits {
  id: string;
  title: string;
  operation: string;
  verb: string;
  ratios: string[];
  maxVariants: number;
  minReferences: number;
  maxReferences: number;
  maxStyles: number;
  maxPrompt: number;
  needsPrompt: boolean;
  negative: boolean;
  priceBy: string;
  prices: Record<string, number>;
}

/** The models that can be ordered; the others stand in the menu with their reason and are never chosen. */
export function radios(root: ParentNode): HTMLInputElement[] {
  return [...root.querySelectorAll<HTMLInputElement>("input[name=model]:not([data-unavailable])")];
}

/** The switch that sends the words to the studio, not to a model that makes pictures; there is none without one that writes. */
export function talkSwitch(root: ParentNode): HTMLInputElement | null {
  return root.querySelector<HTMLInputElement>("input[name=mode]");
}

/** Who gets the words: the studio while one talks, else the model of the menu. */
export function chosen(root: ParentNode): HTMLInputElement {
  const talk = talkSwitch(root);
  if (talk?.checked) return talk;
  const all = radios(root);
  const found = all.find((radio) => radio.checked) ?? all[0];
  if (found === undefined) throw new Error("the catalogue offers no model");
  return found;
}

export function limitsOf({ value, dataset }: HTMLInputElement): Limits {
  const number = (name: string): number => Number(dataset[name] ?? "0");
  return {
    id: value,
    title: dataset["title"] ?? value,
    operation: dataset["operation"] ?? "",
    verb: dataset["verb"] ?? "",
    ratios: (dataset["ratios"] ?? "").split(" ").filter(Boolean),
    maxVariants: number("maxVariants"),
    minReferences: number("minReferences"),
    maxReferences: number("maxReferences"),
    maxStyles: number("maxStyles"),
    maxPrompt: number("maxPrompt"),
    needsPrompt: dataset["needsPrompt"] === "1",
    negative: dataset["negative"] === "1",
    priceBy: dataset["priceBy"] ?? "",
    prices: JSON.parse(dataset["prices"] ?? "{}") as Record<string, number>,
  };
}

/** Show what the model takes; what it does not take is neither shown nor sent. */
export function apply(root: HTMLElement, limits: Limits, about: boolean): void {
  must(root, ".model-now").textContent = limits.title;
  must<HTMLElement>(root, ".models").hidden = limits.operation === "reply";
  shape(root, limits.ratios);
  counts(root, limits.maxVariants);
  for (const group of root.querySelectorAll<HTMLFieldSetElement>("fieldset[data-model]")) {
    group.hidden = group.disabled = group.dataset["model"] !== limits.id;
  }
  const sized = root.querySelector(`.more fieldset[data-model="${CSS.escape(limits.id)}"]`) !== null;
  must<HTMLElement>(root, ".more").hidden = limits.ratios.length === 0 && !sized && !limits.negative;
  show(root.querySelector(".negative"), must(root, "input[name=negative]"), limits.negative);
  must<HTMLElement>(root, ".style-add").hidden = limits.maxStyles === 0;

  const drop = must<HTMLElement>(root, "studio-drop");
  // A follow-up's picture is the first reference; a model that edits takes no other.
  const room = about ? (limits.operation === "edit" ? 0 : limits.maxReferences - 1) : limits.maxReferences;
  drop.setAttribute("max", String(room));
  drop.setAttribute("max-styles", String(limits.maxStyles));
  drop.toggleAttribute("data-closed", room === 0);

  const prompt = must<HTMLTextAreaElement>(root, "textarea[name=prompt]");
  prompt.required = limits.needsPrompt || (about && limits.maxPrompt > 0);
  prompt.hidden = prompt.disabled = limits.maxPrompt === 0;
  if (limits.maxPrompt > 0) prompt.maxLength = limits.maxPrompt;
  must<HTMLElement>(root, ".composer-wordless").hidden = limits.maxPrompt > 0;
}

/** Models that cannot be used now say why and cannot be chosen; the chosen one stays. */
export function close(root: HTMLElement, pictures: number): void {
  for (const radio of radios(root)) {
    const { minReferences, operation } = limitsOf(radio);
    const missing = pictures < minReferences;
    radio.disabled = missing && !radio.checked;
    const why = must<HTMLElement>(radio.closest(".model") ?? root, ".model-why");
    const label = operation === "edit" ? "label-why-picture" : "label-why-photo";
    why.hidden = !missing;
    why.textContent = missing ? `${root.getAttribute(label) ?? ""}.` : "";
  }
}

function shape(root: HTMLElement, ratios: string[]): void {
  const fields = [...root.querySelectorAll<HTMLInputElement>("input[name=ratio]")];
  for (const field of fields) show(field.closest("label"), field, ratios.includes(field.value));
  if (!fields.some((field) => field.checked && !field.disabled)) {
    const first = fields.find((field) => !field.disabled);
    if (first) first.checked = true;
  }
  must<HTMLElement>(root, ".shape").hidden = ratios.length === 0;
  const now = fields.find((field) => field.checked && !field.disabled)?.closest("label");
  if (now) must(root, ".shape-now").innerHTML = now.innerHTML.replace(/<input[^>]*>/, "");
}

function counts(root: HTMLElement, most: number): void {
  const variants = must<HTMLSelectElement>(root, "select[name=variants]");
  for (const option of variants.options) option.disabled = option.hidden = Number(option.value) > most;
  if (most > 1 && Number(variants.value) > most) variants.value = String(most);
  show(variants.closest("label"), variants, most > 1);
}

function show(box: HTMLElement | null, field: HTMLInputElement | HTMLSelectElement, wanted: boolean): void {
  if (box) box.hidden = !wanted;
  field.disabled = !wanted;
}
