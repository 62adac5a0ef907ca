import { must } from "../dom";
import { actions } from "../shortcuts";

const SOON_MS = 250;

/** `<studio-search>`: the form that says which pictures are shown; it is sent as it is changed. */
export class StudioSearch extends HTMLElement {
  #soon = 0;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const form = must<HTMLFormElement>(this, "form");
    const words = must<HTMLInputElement>(form, "input[type=search]");
    form.addEventListener("input", (event) => event.target === words && this.#send(form, SOON_MS), { signal });
    form.addEventListener("change", (event) => event.target !== words && this.#send(form, 0), { signal });
    document.addEventListener("click", (event) => this.#close(event), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    actions(signal, { search: () => (words.focus(), words.select()) });
  }

  disconnectedCallback(): void {
    this.#leave.abort();
    clearTimeout(this.#soon);
  }

  #send(form: HTMLFormElement, after: number): void {
    clearTimeout(this.#soon);
    this.#soon = window.setTimeout(() => form.requestSubmit(), after);
  }

  get #menu(): HTMLDetailsElement | null {
    return this.querySelector("details[data-menu][open]");
  }

  /** The panel closes when something beside it is meant. */
  #close(event: Event): void {
    const menu = this.#menu;
    if (menu && !menu.contains(event.target as Node)) menu.open = false;
  }

  #key(event: KeyboardEvent): void {
    const menu = this.#menu;
    if (event.key !== "Escape" || menu === null) return;
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
}
