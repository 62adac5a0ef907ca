import { actions } from "../shortcuts";

/** `<studio-proposal>`: an order that the studio suggests; the key that sends a request makes it while it has the focus. */
export class StudioProposal extends HTMLElement {
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    actions(this.#leave.signal, { generate: () => this.#make() });
  }

  disconnectedCallback(): void {
    this.#leave.abort();
  }

  #make(): boolean {
    const form = this.querySelector<HTMLFormElement>("form[data-make]");
    if (form === null || !this.contains(document.activeElement)) return false;
    form.requestSubmit();
    return true;
  }
}
