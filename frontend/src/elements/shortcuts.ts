import { must } from "../dom";
import { actions } from "../shortcuts";

/** `<studio-shortcuts>`: the sheet of all shortcuts, opened by `?`. */
export class StudioShortcuts extends HTMLElement {
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const dialog = must<HTMLDialogElement>(this, "dialog");
    actions(signal, { shortcuts: () => dialog.showModal() });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(), { signal });
    dialog.addEventListener("keydown", (event) => this.#key(event, dialog), { signal });
  }

  disconnectedCallback(): void {
    this.#leave.abort();
  }

  /** The key that opened it closes it. */
  #key(event: KeyboardEvent, dialog: HTMLDialogElement): void {
    if (event.key !== "?") return;
    event.preventDefault();
    dialog.close();
  }
}
