/** Everything that a search finds, as it was when it was asked for. */
export interface Everything {
  /** The search as a query string. */
  search: string;
  /** The newest picture there was: what came later was not meant. */
  upto: string;
  number: number;
  /** There are more than were counted. */
  more: boolean;
}

/**
 * What is picked on this page: pictures one by one, or everything that a search finds but for some. It knows ids and
 * nothing of tiles, so that what was picked stays picked when its tile leaves the page.
 */
export class Selection extends EventTarget {
  #ids = new Set<string>(); // picked; of everything: let go again
  #all: Everything | null = null;
  #facts = new Map<string, string>();
  /** Every id of the page in its order; a list that is longer than what is drawn says it here. */
  order: () => string[] = () => [...document.querySelectorAll<HTMLElement>("[data-pick]")].map(idOf);
  /** Where a range begins. */
  anchor: string | null = null;
  /** What is meant while nothing is picked: the picture that has the focus. */
  instead: string | null = null;

  get everything(): Everything | null {
    return this.#all;
  }

  get size(): number {
    return this.#all ? this.#all.number - this.#ids.size : this.#ids.size;
  }

  has(id: string): boolean {
    return this.#all ? id <= this.#all.upto && !this.#ids.has(id) : this.#ids.has(id);
  }

  /** What is known of a picture, in words: `video`, `favourite`, `approved`. */
  know(id: string, facts: string): void {
    this.#facts.set(id, facts);
  }

  /** Whether the word is true of every picked picture, of none, or of some. Of everything it is not known. */
  share(word: string): "all" | "some" | "none" | "unknown" {
    if (this.#all) return "unknown";
    const meant = this.ids();
    const found = meant.filter((id) => (this.#facts.get(id) ?? "").split(" ").includes(word)).length;
    return found === 0 ? "none" : found === meant.length ? "all" : "some";
  }

  /** Those that are meant one by one. */
  ids(): string[] {
    if (this.#all) return [];
    return this.#ids.size === 0 && this.instead !== null ? [this.instead] : [...this.#ids];
  }

  set(ids: Iterable<string>, picked: boolean): void {
    for (const id of ids) {
      if (picked === (this.#all === null)) this.#ids.add(id);
      else this.#ids.delete(id);
    }
    this.#tell();
  }

  toggle(id: string): void {
    this.anchor = id;
    this.set([id], !this.has(id));
  }

  /** These and no others. */
  only(ids: Iterable<string>): void {
    this.#all = null;
    this.#ids = new Set(ids);
    this.#tell();
  }

  /** From where the last range began to here, as the one it began at is. */
  range(to: string): void {
    const ids = this.between(this.anchor ?? to, to);
    this.set(ids, true);
    this.anchor ??= to;
  }

  between(one: string, other: string): string[] {
    const order = this.order();
    const [a, b] = [order.indexOf(one), order.indexOf(other)];
    return a < 0 || b < 0 ? [other] : order.slice(Math.min(a, b), Math.max(a, b) + 1);
  }

  pickAll(everything: Everything): void {
    this.#all = everything;
    this.#ids.clear();
    this.#tell();
  }

  /** The exact number, when it is known. */
  counted(number: number): void {
    if (this.#all === null) return;
    this.#all = { ...this.#all, number, more: false };
    this.#tell();
  }

  clear(): void {
    this.#all = null;
    this.#ids.clear();
    this.anchor = null;
    this.#tell();
  }

  /** What a form sends to name the selection. */
  fields(): [string, string][] {
    if (this.#all === null) return [["ids", this.ids().join(" ")]];
    return [["search", this.#all.search], ["upto", this.#all.upto], ["but", [...this.#ids].join(" ")]];
  }

  #tell(): void {
    this.dispatchEvent(new Event("change"));
  }
}

export function idOf(pick: HTMLElement): string {
  return pick.dataset["pick"] ?? "";
}

/** Of this page. */
export const selection = new Selection();

/** Show on a tile whether it is picked. */
export function paint(pick: HTMLElement): void {
  const picked = selection.has(idOf(pick));
  if (pick instanceof HTMLInputElement) pick.checked = picked;
  pick.closest(".tile")?.toggleAttribute("data-picked", picked);
}
