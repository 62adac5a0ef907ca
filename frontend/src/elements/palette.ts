import { must } from "../dom";
import { act, actions, taken } from "../shortcuts";

const DEBOUNCE_MS = 80;
const SAY_AFTER_MS = 400;
const ON_PAGE = "main input[type=search]:not([disabled])";

/** `<studio-palette src>`: one field that finds boards, pictures, pages and what can be done here. */
export class StudioPalette extends HTMLElement {
  #leave = new AbortController();
  #asked = new AbortController();
  #debounce = 0;
  #say = 0;
  /** Whether the server has yet to answer the words that stand in the field. */
  #pending = false;
  #enter = false;

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    actions(signal, { palette: () => this.#toggle(), search: () => this.#search() });
    this.#field.addEventListener("input", () => this.#typed(), { signal });
    this.#dialog.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#dialog.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.#dialog.addEventListener("pointermove", (event) => this.#point(event), { signal });
    this.#dialog.addEventListener("close", () => this.#asked.abort(), { signal });
  }

  disconnectedCallback(): void {
    this.#leave.abort();
  }

  get #dialog(): HTMLDialogElement {
    return must(this, "dialog");
  }

  get #field(): HTMLInputElement {
    return must(this, "input[role=combobox]");
  }

  get #found(): HTMLElement {
    return must(this, "[data-found]");
  }

  get #options(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[role=option]")].filter((option) => option.checkVisibility());
  }

  get #chosen(): HTMLElement | null {
    return this.querySelector("[role=option][aria-selected=true]");
  }

  #toggle(): void {
    if (this.#dialog.open) return this.#dialog.close();
    this.#field.value = "";
    this.#dialog.showModal();
    this.#typed();
  }

  /** A page with a search of its own keeps it. */
  #search(): void {
    const own = [...document.querySelectorAll<HTMLInputElement>(ON_PAGE)].find((each) => each.checkVisibility());
    if (own === undefined) return this.#toggle();
    own.focus();
    own.select();
  }

  #typed(): void {
    clearTimeout(this.#debounce);
    this.#asked.abort();
    this.#pending = true;
    this.#enter = false;
    const words = this.#field.value.trim();
    this.#filter(words);
    this.#debounce = window.setTimeout(() => void this.#ask(words), words === "" ? 0 : DEBOUNCE_MS);
  }

  /** What the page itself knows: without words after the boards worked on last, with words before the rest. */
  #filter(text: string): void {
    const list = must(this, "[role=listbox]");
    const words = folded(text).split(/\s+/).filter(Boolean);
    for (const option of this.querySelectorAll<HTMLElement>("[data-local] [role=option]")) {
      const name = folded(must(option, ".palette-name").textContent ?? "");
      option.hidden = !words.every((word) => name.includes(word)) || !this.#offered(option);
    }
    for (const group of this.querySelectorAll<HTMLElement>("[data-local]")) {
      group.hidden = group.querySelector("[role=option]:not([hidden])") === null;
    }
    const first = list.firstElementChild === this.#found;
    if (first && words.length > 0) list.append(this.#found);
    else if (!first && words.length === 0) list.prepend(this.#found);
    this.#settle();
  }

  /** An action is offered where somebody takes it. */
  #offered({ dataset }: HTMLElement): boolean {
    const { actionName, actionScopes = "" } = dataset;
    if (actionName === undefined) return true;
    return actionName !== "palette" && actionScopes.split(" ").includes("page") && taken(actionName);
  }

  async #ask(words: string): Promise<void> {
    this.#asked = new AbortController();
    const url = `${this.getAttribute("src") ?? ""}?${new URLSearchParams({ q: words })}`;
    const headers = { "HX-Request": "true", Accept: "text/html" };
    try {
      const response = await fetch(url, { headers, signal: this.#asked.signal });
      const elsewhere = response.headers.get("HX-Redirect");
      if (elsewhere !== null) return location.assign(elsewhere); // signed out
      this.#found.innerHTML = response.ok ? await response.text() : "";
    } catch (problem) {
      if (problem instanceof DOMException && problem.name === "AbortError") return;
      this.#found.replaceChildren(); // offline: what the page knows is still there
    }
    this.#pending = false;
    this.#settle();
    if (this.#enter) this.#chosen?.click();
  }

  /** The options have changed: keep the chosen one while it is shown, else choose the first. */
  #settle(): void {
    const options = this.#options;
    options.forEach((option, place) => (option.id = `palette-option-${place}`));
    const kept = this.#chosen;
    const moved = this.#dialog.hasAttribute("data-moved");
    this.#choose(moved && kept !== null && options.includes(kept) ? kept : (options[0] ?? null));
    must<HTMLElement>(this, ".palette-none").hidden = this.#pending || options.length > 0;
    clearTimeout(this.#say);
    const words = (this.getAttribute("label-results") ?? "%1").replace("%1", String(options.length));
    this.#say = window.setTimeout(() => (must(this, "[data-count]").textContent = words), SAY_AFTER_MS);
  }

  #choose(option: HTMLElement | null, moved = false): void {
    for (const each of this.querySelectorAll("[aria-selected=true]")) each.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    this.#dialog.toggleAttribute("data-moved", moved);
    if (option === null) this.#field.removeAttribute("aria-activedescendant");
    else this.#field.setAttribute("aria-activedescendant", option.id);
    if (moved) option?.scrollIntoView({ block: "nearest" });
    else must(this, "[role=listbox]").scrollTop = 0;
  }

  #key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && !event.altKey) {
      const options = this.#options;
      const here = options.findIndex((option) => option === this.#chosen);
      this.#choose(options.at((here + step) % Math.max(options.length, 1)) ?? null, true);
    } else if (event.key === "Enter" && event.target === this.#field) {
      // Fast fingers: the words are answered before the key is.
      if (this.#chosen === null) this.#enter = this.#pending;
      else this.#chosen.click();
    } else if (event.key === "k" && (event.metaKey || event.ctrlKey)) {
      this.#dialog.close();
    } else return;
    event.preventDefault();
  }

  #point({ target, movementX, movementY }: PointerEvent): void {
    const option = (target as Element).closest<HTMLElement>("[role=option]");
    // A list that moves under a still pointer chooses nothing.
    if (option && (movementX !== 0 || movementY !== 0)) this.#choose(option, true);
  }

  #clicked({ target }: MouseEvent): void {
    const option = (target as Element).closest<HTMLElement>("[role=option]");
    if (target !== this.#dialog && option === null) return;
    this.#dialog.close();
    const action = option?.dataset["actionName"];
    if (action !== undefined) act(action);
  }
}

/** Without case and accents, so that 'cafe' finds 'Café'. */
function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
