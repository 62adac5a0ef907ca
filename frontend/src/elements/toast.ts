import { actions } from "../shortcuts";

const STAY_MS = 6_000;
const STAY_WITH_ACTION_MS = 10_000;

/**
 * `<studio-toast>`: goes by itself, later when it offers an action; not while it is pointed at or focused, nor while
 * something in it is to stay: work under way, a file to be fetched.
 */
export class StudioToast extends HTMLElement {
  #timer = 0;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    actions(this.#leave.signal, { undo: () => this.#undo() });
    this.querySelector("[data-close]")?.addEventListener("click", () => this.remove());
    this.addEventListener("htmx:finally:request", () => this.remove());
    for (const name of ["pointerenter", "focusin"]) this.addEventListener(name, () => clearTimeout(this.#timer));
    for (const name of ["pointerleave", "focusout", "studio:settled"]) this.addEventListener(name, () => this.#wait());
    this.#wait();
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer);
    this.#leave.abort();
  }

  /** What was told last is undone first. */
  #undo(): boolean {
    const last = [...document.querySelectorAll("studio-toast:has(form)")].at(-1);
    if (last !== this) return false;
    this.querySelector("form")?.requestSubmit();
    return true;
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.querySelector("[data-stay]") !== null) return;
    const stay = this.querySelector("form, a") === null ? STAY_MS : STAY_WITH_ACTION_MS;
    this.#timer = window.setTimeout(() => this.remove(), stay);
  }
}
