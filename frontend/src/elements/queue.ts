import { must } from "../dom";
import { actions } from "../shortcuts";

/** `<studio-queue>`: what is under way, opened by its key too. */
export class StudioQueue extends HTMLElement {
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    actions(this.#leave.signal, { queue: () => void must<HTMLElement>(this, "#queue").togglePopover() });
  }

  disconnectedCallback(): void {
    this.#leave.abort();
  }
}
