import { refresh } from "../htmx";

const POLL_MS = 2_000;

/**
 * `<studio-progress kind what url>`: long work inside a toast, drawn anew when its event comes. A file that is ready
 * is fetched by itself, once.
 */
export class StudioProgress extends HTMLElement {
  #timer = 0;
  #fetched = false;
  #leave = new AbortController();
  #watch = new MutationObserver(() => this.#look());

  connectedCallback(): void {
    this.#leave = new AbortController();
    const kind = this.getAttribute("kind") ?? "";
    document.addEventListener(`studio:${kind}`, (event) => this.#heard((event as CustomEvent<string | null>).detail), {
      signal: this.#leave.signal,
    });
    // Where no event comes through, it is asked for.
    this.#timer = window.setInterval(() => void this.#again(), POLL_MS);
    this.#watch.observe(this, { childList: true, subtree: true, attributes: true });
    this.#look();
  }

  disconnectedCallback(): void {
    this.#leave.abort();
    this.#watch.disconnect();
    clearInterval(this.#timer);
  }

  get #inner(): HTMLElement | null {
    return this.querySelector("[data-state]");
  }

  #heard(id: string | null): void {
    if (id === null || id === this.getAttribute("what")) void this.#again();
  }

  async #again(): Promise<void> {
    const inner = this.#inner;
    if (inner && inner.dataset["state"] === "working") await refresh(inner, this.getAttribute("url") ?? "");
  }

  #look(): void {
    const inner = this.#inner;
    if (inner === null || inner.dataset["state"] === "working") return;
    clearInterval(this.#timer);
    const link = inner.querySelector<HTMLAnchorElement>("a[data-fetch]");
    if (link && !this.#fetched) {
      this.#fetched = true;
      link.click();
    }
    this.dispatchEvent(new Event("studio:settled", { bubbles: true }));
  }
}
