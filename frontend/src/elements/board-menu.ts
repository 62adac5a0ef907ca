const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

/** `<studio-menu>`: a list of actions that closes when one is chosen; arrows walk it, from the button into it too. */
export class StudioMenu extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", (event) => {
      const chosen = (event.target as Element).closest(".menu-list :is(a, button)");
      // The focus goes back to the button, so that a dialog that opens now gives it back there.
      if (chosen) this.#list?.hidePopover();
    });
    this.addEventListener("keydown", (event) => this.#walk(event));
  }

  get #list(): HTMLElement | null {
    return this.querySelector<HTMLElement>(".menu-list");
  }

  #walk(event: KeyboardEvent): void {
    const list = this.#list;
    const items = [...(list?.querySelectorAll<HTMLElement>("a, button") ?? [])];
    const step = STEPS[event.key];
    if (list === null || items.length === 0) return;
    const here = items.indexOf(document.activeElement as HTMLElement);
    let next: number;
    if (step !== undefined) next = here < 0 && step < 0 ? items.length - 1 : (here + step + items.length) % items.length;
    else if (event.key === "Home" && here >= 0) next = 0;
    else if (event.key === "End" && here >= 0) next = items.length - 1;
    else return;
    event.preventDefault();
    if (!list.matches(":popover-open")) list.showPopover();
    items[next]?.focus();
  }
}
