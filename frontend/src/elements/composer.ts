import { must, typing } from "../dom";
import type { StudioDrop } from "./drop";

const MICRO = 1_000_000;

/** `<studio-composer>`: the form that asks for work. It knows the models' limits and says the price beforehand. */
export class StudioComposer extends HTMLElement {
  #waiting = false;

  connectedCallback(): void {
    this.addEventListener("input", () => this.#update());
    this.addEventListener("change", () => this.#update());
    this.addEventListener("studio:references", () => this.#references());
    this.addEventListener("keydown", (event) => this.#key(event));
    // In the capture phase: before htmx sees it.
    this.addEventListener("submit", (event) => this.#hold(event), { capture: true });
    this.addEventListener("click", (event) => this.#click(event));
    this.addEventListener("htmx:after:swap", () => this.#update());
    document.addEventListener("click", (event) => this.#fill(event));
    document.addEventListener("click", (event) => this.#menus(event));
    this.addEventListener("focusin", (event) => this.#menus(event));
    document.addEventListener("keydown", (event) => {
      if (event.key === "p" && !typing(event) && !event.metaKey && !event.ctrlKey && !modal()) {
        event.preventDefault();
        this.#prompt.focus();
      }
    });
    this.#prompt.addEventListener("focus", () => this.toggleAttribute("data-open", true));
    this.#model();
    this.#update();
  }

  get #form(): HTMLFormElement {
    return must(this, "form");
  }

  get #prompt(): HTMLTextAreaElement {
    return must(this, "textarea[name=prompt]");
  }

  get #drop(): StudioDrop {
    return must(this, "studio-drop");
  }

  get #option(): HTMLOptionElement {
    const select = must<HTMLSelectElement>(this, "select[name=model]");
    const option = select.selectedOptions[0] ?? select.options[0];
    if (option === undefined) throw new Error("the catalogue offers no model");
    return option;
  }

  #update(): void {
    this.#model();
    this.#grow();
    this.#price();
  }

  /** Show what the chosen model takes; what it does not take is neither shown nor sent. */
  #model(): void {
    const { dataset } = this.#option;
    const ratios = (dataset["ratios"] ?? "").split(" ").filter(Boolean);
    const fields = [...this.querySelectorAll<HTMLInputElement>("input[name=ratio]")];
    for (const field of fields) show(field.closest("label"), field, ratios.includes(field.value));
    if (!fields.some((field) => field.checked && !field.disabled)) {
      const first = fields.find((field) => !field.disabled);
      if (first) first.checked = true;
    }
    must<HTMLElement>(this, ".shape").hidden = ratios.length === 0;
    const chosen = fields.find((field) => field.checked && !field.disabled)?.closest("label");
    if (chosen) must(this, ".shape-now").innerHTML = chosen.innerHTML.replace(/<input[^>]*>/, "");
    const most = Number(dataset["maxVariants"] ?? "1");
    const variants = must<HTMLSelectElement>(this, "select[name=variants]");
    for (const option of variants.options) option.disabled = option.hidden = Number(option.value) > most;
    if (most > 1 && Number(variants.value) > most) variants.value = String(most);
    show(variants.closest("label"), variants, most > 1);
    const sized = this.querySelector(`.more fieldset[data-model="${CSS.escape(this.#option.value)}"]`) !== null;
    must<HTMLElement>(this, ".more").hidden = ratios.length === 0 && !sized;
    for (const group of this.querySelectorAll<HTMLFieldSetElement>("fieldset[data-model]")) {
      group.hidden = group.disabled = group.dataset["model"] !== this.#option.value;
    }
    this.#drop.setAttribute("max", dataset["maxReferences"] ?? "1");
    this.#drop.hidden = dataset["maxReferences"] === "0";
    const words = Number(dataset["maxPrompt"] ?? "0");
    const prompt = this.#prompt;
    prompt.required = dataset["needsPrompt"] === "1";
    prompt.hidden = prompt.disabled = words === 0;
    if (words > 0) prompt.maxLength = words;
    must<HTMLElement>(this, ".composer-wordless").hidden = words > 0;
    const lock = this.querySelector<HTMLInputElement>("input[name=lock]");
    const seed = this.querySelector<HTMLInputElement>("input[name=seed]");
    if (lock && seed) {
      if (lock.checked && seed.disabled && seed.value === "") seed.value = String(randomSeed());
      seed.disabled = !lock.checked;
    }
  }

  #grow(): void {
    const prompt = this.#prompt;
    prompt.style.height = "auto";
    prompt.style.height = `${Math.min(prompt.scrollHeight, innerHeight * 0.35)}px`;
  }

  #price(): void {
    const { dataset } = this.#option;
    const prices = JSON.parse(dataset["prices"] ?? "{}") as Record<string, number>;
    const rule = dataset["priceBy"] ?? "";
    const name = rule === "size" ? "size" : `parameter-${rule}`;
    const by = this.querySelector<HTMLSelectElement>(`fieldset:not([disabled]) select[name="${CSS.escape(name)}"]`);
    const each = prices[by?.value ?? ""] ?? Object.values(prices)[0] ?? 0;
    const most = Number(dataset["maxVariants"] ?? "1");
    const count = most > 1 ? Number(must<HTMLSelectElement>(this, "select[name=variants]").value) : 1;
    const total = (each * count) / MICRO;
    const shown = total.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 });
    const button = must<HTMLButtonElement>(this, "button[type=submit]");
    const verb = dataset["verb"] ?? "";
    must(button, ".verb").textContent = this.#waiting
      ? (this.getAttribute("label-waiting") ?? "")
      : most > 1
        ? `${verb} ${count}`
        : verb;
    const words = this.getAttribute(total === 1 ? "label-credit" : "label-credits") ?? "%";
    must(button, ".cost").textContent = words.replace("%", shown);
  }

  #references(): void {
    this.#complain("");
    if (this.#waiting && this.#drop.pending === 0) {
      this.#waiting = false;
      if (this.querySelector(".chip[data-state=rejected]") === null) this.#form.requestSubmit();
    }
    this.#update();
  }

  /** Nothing is sent while a photo is on its way; the press of the button is kept. */
  #hold(event: Event): void {
    const drop = this.#drop;
    const missing = Number(this.#option.dataset["minReferences"] ?? "0") - drop.ready - drop.pending;
    if (missing > 0) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#complain(this.getAttribute("label-needs-photo") ?? "");
      return;
    }
    this.#complain("");
    if (drop.pending > 0) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#waiting = true;
      this.#update();
    }
  }

  #complain(text: string): void {
    const line = must<HTMLElement>(this, ".composer-problem");
    line.textContent = text;
    line.hidden = text === "";
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      this.#form.requestSubmit();
    } else if (event.key === "Escape" && this.querySelector("details[data-menu][open]") !== null) {
      this.#close();
    } else if (event.key === "Escape" && this.hasAttribute("data-open")) {
      this.removeAttribute("data-open");
      (document.activeElement as HTMLElement | null)?.blur();
    }
  }

  #close(): void {
    const menu = this.querySelector<HTMLDetailsElement>("details[data-menu][open]");
    if (menu === null) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }

  /** The menu of shapes closes when something else is meant. */
  #menus(event: Event): void {
    for (const menu of this.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]")) {
      if (!menu.contains(event.target as Node)) menu.open = false;
    }
  }

  #click(event: Event): void {
    if ((event.target as Element).closest("[data-fold]")) this.toggleAttribute("data-open");
  }

  /** A prompt offered elsewhere on the page, or a request to be used again. */
  #fill(event: Event): void {
    const source = (event.target as Element).closest<HTMLElement>("[data-reuse]");
    if (source === null) return;
    const wanted = JSON.parse(source.dataset["reuse"] ?? "{}") as Record<string, string>;
    const select = must<HTMLSelectElement>(this, "select[name=model]");
    if (wanted["model"] && [...select.options].some(({ value }) => value === wanted["model"])) {
      select.value = wanted["model"];
    }
    if (wanted["prompt"] !== undefined) this.#prompt.value = wanted["prompt"];
    this.#model();
    for (const field of this.querySelectorAll<HTMLInputElement>("input[name=ratio]")) {
      if (field.value === wanted["ratio"] && !field.disabled) field.checked = true;
    }
    const lock = this.querySelector<HTMLInputElement>("input[name=lock]");
    const seed = this.querySelector<HTMLInputElement>("input[name=seed]");
    if (wanted["seed"] !== undefined && lock && seed) {
      lock.checked = true;
      seed.value = wanted["seed"];
    }
    this.#update();
    const photo = wanted["photo"];
    if (photo !== undefined) void this.#sample(photo);
    this.#prompt.focus();
  }

  async #sample(url: string): Promise<void> {
    const response = await fetch(url);
    if (!response.ok) return;
    const blob = await response.blob();
    const name = url.split("/").pop() ?? "photo.jpg";
    this.#drop.add([new File([blob], name, { type: blob.type })]);
  }
}

function show(box: HTMLElement | null, field: HTMLInputElement | HTMLSelectElement, wanted: boolean): void {
  if (box) box.hidden = !wanted;
  field.disabled = !wanted;
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

function modal(): boolean {
  return document.querySelector("dialog[open]") !== null;
}
