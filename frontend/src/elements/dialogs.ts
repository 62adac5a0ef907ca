import { paint, selection } from "../gallery/selection";
import { refresh } from "../htmx";

/**
 * `<studio-dialog stay>`: opens the dialog inside it as soon as it is put into the page, and goes with it. What is asked
 * for from inside closes it, unless it is to `stay`.
 */
export class StudioDialog extends HTMLElement {
  connectedCallback(): void {
    const dialog = this.querySelector("dialog");
    if (dialog === null) return;
    dialog.addEventListener("close", () => this.remove());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    this.addEventListener("htmx:finally:request", (event) => {
      if (this.hasAttribute("stay") || event.target instanceof HTMLInputElement) return; // a field only looks
      // What was asked for from inside is under way, or has said why not.
      if (event.target !== this) dialog.close();
    });
    dialog.showModal();
    dialog.append(...toasts());
  }

  disconnectedCallback(): void {
    const said = this.querySelector("#toasts");
    if (said) document.body.append(said);
  }
}

/** Where messages stand; it goes along into a dialog, since all around one is out of reach. */
export function toasts(): Element[] {
  const found = document.getElementById("toasts");
  return found ? [found] : [];
}

/** `<studio-title>`: a heading that is a field; Escape gives back what was there, leaving it saves. */
export class StudioTitle extends HTMLElement {
  connectedCallback(): void {
    const field = this.querySelector("input[name=title]");
    if (!(field instanceof HTMLInputElement)) return;
    if ("unnamed" in this.dataset) {
      // A board that has just been opened is named first; a reload does not ask again.
      history.replaceState(history.state, "", location.pathname + location.hash);
      field.select();
    }
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") field.value = field.defaultValue;
      if (event.key === "Escape" || event.key === "Enter") field.blur();
      if (event.key === "Enter") event.preventDefault();
    });
    field.addEventListener("blur", () => {
      const title = field.value.trim();
      if (title === "" || title === field.defaultValue) {
        field.value = field.defaultValue;
        return;
      }
      field.defaultValue = title;
      field.form?.requestSubmit();
    });
  }
}

const NEAR_PX = 240;

/** `<studio-thread>`: starts at its end, and follows what is added there unless one is reading further up. */
export class StudioThread extends HTMLElement {
  #leave = new AbortController();
  #observer: MutationObserver | null = null;
  #growth: ResizeObserver | null = null;
  #near = true;

  connectedCallback(): void {
    if (location.hash === "") this.scrollTop = this.scrollHeight;
    this.addEventListener("scroll", () => this.#look(), { passive: true });
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    document.addEventListener("studio:changed", () => this.#read(), { signal });
    selection.addEventListener("change", () => this.#paint(), { signal });
    this.#observer = new MutationObserver((changes) => {
      const added = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node instanceof Element);
      added.forEach(replaceEarlier);
      const mine = document.activeElement?.closest("studio-composer") !== null;
      if (this.#near || mine) added.at(-1)?.scrollIntoView({ block: "nearest" });
    });
    const thread = this.querySelector("[data-thread]") ?? this;
    this.#observer.observe(thread, { childList: true });
    // What a request tells at its end stands under its tiles: whoever reads there shall see it.
    this.#growth = new ResizeObserver(() => this.#near && (this.scrollTop = this.scrollHeight));
    this.#growth.observe(thread);
  }

  disconnectedCallback(): void {
    this.#leave.abort();
    this.#observer?.disconnect();
    this.#growth?.disconnect();
  }

  #paint(): void {
    for (const pick of this.querySelectorAll<HTMLElement>("[data-pick]")) paint(pick);
  }

  /** Something was done with pictures: the requests that are looked at are read again. */
  #read(): void {
    const { top, bottom } = this.getBoundingClientRect();
    for (const request of this.querySelectorAll<HTMLElement>("[data-batch][data-url]")) {
      const box = request.getBoundingClientRect();
      if (box.bottom < top || box.top > bottom) continue;
      void refresh(request, request.dataset["url"] ?? "").then(() => this.#paint());
    }
  }

  #look(): void {
    this.#near = this.scrollHeight - this.scrollTop - this.clientHeight < NEAR_PX;
  }
}

/**
 * The stream may tell of a request before the answer to it has come: whichever was drawn later stays, and is read again,
 * because what it was made from may be older.
 */
function replaceEarlier(added: Element): void {
  if (added.id === "") return;
  for (const same of document.querySelectorAll(`#${CSS.escape(added.id)}`)) {
    if (same === added || !added.isConnected) continue;
    same.remove();
    const detail = added.getAttribute("data-batch");
    if (detail !== null) document.dispatchEvent(new CustomEvent("studio:stale", { detail }));
  }
}
