import { must } from "../dom";
import { actions, type Handlers } from "../shortcuts";

/** A part of the header that unfolds: its button opens it, and so does its key. */
abstract class Unfolding extends HTMLElement {
  #leave = new AbortController();
  protected abstract readonly keys: Handlers;

  connectedCallback(): void {
    this.#leave = new AbortController();
    actions(this.#leave.signal, this.keys);
  }

  disconnectedCallback(): void {
    this.#leave.abort();
  }

  protected toggle(): void {
    must<HTMLElement>(this, "[popover]").togglePopover();
  }
}

/** `<studio-queue>`: what is under way. */
export class StudioQueue extends Unfolding {
  protected readonly keys: Handlers = { queue: () => this.toggle() };
}

/** `<studio-balance>`: what there is to spend. */
export class StudioBalance extends Unfolding {
  protected readonly keys: Handlers = { credits: () => this.toggle() };
}
