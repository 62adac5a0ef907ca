import { must } from "../dom";
import { radios, talkSwitch } from "./limits";

export interface Picked {
  asset: string;
  name?: string;
}

/** A request, or a part of one, to be put into the form; what is not named stays as it is. */
export interface Reuse {
  prompt?: string;
  /** `talk`: the words are said to the studio; a named model means that they are not. */
  mode?: string;
  model?: string;
  ratio?: string;
  size?: number | string;
  variants?: number | string;
  negative?: string;
  parameters?: Record<string, unknown>;
  /** null: a new one for each request. */
  seed?: string | number | null;
  about?: Picked | null;
  references?: Picked[];
  styles?: Picked[];
  /** The address of a sample photo. */
  photo?: string;
}

/** Put the plain fields of a request into the form; its pictures are the caller's. */
export function fill(root: HTMLElement, wanted: Reuse): void {
  const { prompt, model, ratio, size, variants, negative, parameters, seed } = wanted;
  const radio = radios(root).find(({ value }) => value === model);
  if (radio) {
    radio.disabled = false; // its pictures come with the rest
    radio.checked = true;
  }
  const talk = talkSwitch(root);
  if (talk && (model !== undefined || wanted.mode !== undefined)) talk.checked = wanted.mode === "talk";
  if (prompt !== undefined) must<HTMLTextAreaElement>(root, "textarea[name=prompt]").value = prompt;
  if (negative !== undefined) must<HTMLInputElement>(root, "input[name=negative]").value = negative;
  for (const field of root.querySelectorAll<HTMLInputElement>("input[name=ratio]")) {
    if (field.value === ratio) field.checked = true;
  }
  if (variants !== undefined) choose(must(root, "select[name=variants]"), String(variants));
  const own = model === undefined ? "" : `fieldset[data-model="${CSS.escape(model)}"] `;
  if (size !== undefined) choose(root.querySelector(`${own}select[name=size]`), String(size));
  for (const [name, value] of Object.entries(parameters ?? {})) {
    choose(root.querySelector(`${own}select[name="parameter-${CSS.escape(name)}"]`), String(value));
  }
  if (seed !== undefined) {
    must<HTMLInputElement>(root, "input[name=lock]").checked = seed !== null;
    must<HTMLInputElement>(root, "input[name=seed]").value = seed === null ? "" : String(seed);
  }
}

/** The form as it stands, the other way round. */
export function read(root: HTMLElement): Reuse {
  const form = new FormData(must(root, "form"));
  const text = (name: string): string => String(form.get(name) ?? "");
  const seed = text("seed");
  return {
    prompt: must<HTMLTextAreaElement>(root, "textarea[name=prompt]").value,
    ...(form.has("mode") && { mode: text("mode") }),
    model: text("model"),
    ratio: text("ratio"),
    ...(form.has("size") && { size: text("size") }),
    variants: text("variants") || "1",
    negative: must<HTMLInputElement>(root, "input[name=negative]").value,
    parameters: Object.fromEntries(
      [...form].filter(([name]) => name.startsWith("parameter-")).map(([name, value]) => [name.slice(10), value]),
    ),
    seed: seed === "" ? null : seed,
    about: form.has("refers_to") ? { asset: text("refers_to") } : null,
    references: form.getAll("reference").filter(Boolean).map((asset) => ({ asset: String(asset) })),
    styles: form.getAll("style").filter(Boolean).map((asset) => ({ asset: String(asset) })),
  };
}

function choose(select: HTMLSelectElement | null, value: string): void {
  if (select && [...select.options].some((option) => option.value === value)) select.value = value;
}
