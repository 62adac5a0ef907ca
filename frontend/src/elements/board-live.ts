import { refresh } from "../htmx";

const SETTLE_MS = 120;

/**
 * `<studio-board>`: what a page tells of boards is read again when one has changed. Each `[data-fresh]` is read from
 * its address; a list as long as it is shown (`data-shown`: what to count), and nothing under the person's hands.
 * `data-stand` says what the person may do: where that has changed the whole page is read again, and where the board
 * is gone it goes home.
 */
export class StudioBoard extends HTMLElement {
  #timer = 0;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    document.addEventListener("studio:board", () => this.#soon(), { signal: this.#leave.signal });
  }

  disconnectedCallback(): void {
    this.#leave.abort();
    clearTimeout(this.#timer);
  }

  /** One act is heard of twice, from its answer and from the stream. */
  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#read(), SETTLE_MS);
  }

  async #read(): Promise<void> {
    const stand = this.#stand();
    const place = placeOf(document.activeElement);
    for (const part of document.querySelectorAll<HTMLElement>("[data-fresh]")) {
      if (part.querySelector("input:focus, textarea:focus, select:focus")) continue;
      const status = await refresh(part, address(part)).catch(() => 0);
      if (status === 404 && this.dataset["home"]) return this.#home(this.dataset["home"]);
    }
    const main = document.getElementById("main");
    if (stand !== this.#stand() && main) await refresh(main, location.pathname + location.search, "#main");
    place?.();
  }

  /** Unless an answer to the person leads there, with words to say: going a second time would lose them. */
  #home(address: string): void {
    if (document.querySelector(".htmx-request")) this.#soon(); // htmx leaves the class where it leads away
    else location.assign(address);
  }

  #stand(): string {
    return document.querySelector<HTMLElement>("[data-stand]")?.dataset["stand"] ?? "";
  }
}

function address(part: HTMLElement): string {
  const url = part.dataset["fresh"] ?? "";
  const counted = part.dataset["shown"];
  return counted ? `${url}&shown=${part.querySelectorAll(counted).length}` : url;
}

/** Puts the focus on the neighbour where the card that has it is taken away. */
function placeOf(focused: Element | null): (() => void) | null {
  const card = focused?.closest(".board-card");
  const list = card?.parentElement;
  if (!card || !list) return null;
  const here = [...list.children].indexOf(card);
  return () => {
    if (card.isConnected || document.activeElement !== document.body) return;
    const rest = [...document.querySelectorAll<HTMLElement>(".board-card :is(a.board-link, .board-foot button)")];
    const cards = [...document.querySelectorAll(".board-card")];
    const next = cards[Math.min(here, cards.length - 1)];
    rest.find((each) => next?.contains(each))?.focus();
  };
}
