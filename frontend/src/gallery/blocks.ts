/** A part of a page's list, as the server gives it. */
export interface Part {
  tiles: HTMLElement[];
  more: boolean;
}

export const BLOCK = 60;
const KEPT = 900;
/** Addresses of pictures are good for an hour; older tiles are read again. */
const GOOD_MS = 40 * 60 * 1000;

interface Kept {
  tile: HTMLElement;
  html: string;
  until: number;
}

/**
 * A list of tiles in blocks of sixty, of which only those near the window have their tiles in the page. The order of
 * all ids read so far is kept; a block that comes near is filled from what is kept, or read again after the id before
 * it. What others have changed meanwhile is taken over where a block is read.
 */
export class Blocks {
  ids: string[] = [];
  more: boolean;
  #kept = new Map<string, Kept>();
  #near = new Set<Element>();
  #reading = new Set<string>();
  #watch: IntersectionObserver;

  /**
   * `read` asks the server for what follows an id (null: from the beginning) and gives null, having told why, where it
   * got no answer; `drawn` hears of every tile that is put
   * into the page. `top` is the id before the first one: what is newer is not shown before it is asked for.
   */
  constructor(
    private readonly root: HTMLElement,
    private top: string | null,
    private readonly read: (after: string | null) => Promise<Part | null>,
    private readonly drawn: (tile: HTMLElement, index: number) => void,
    private readonly changed: () => void,
    scroller: Element | null,
  ) {
    const first = [...root.querySelectorAll<HTMLElement>(":scope > ul > [data-cell]")];
    this.more = root.dataset["more"] !== undefined;
    this.ids = first.map(cellId);
    for (const tile of first) this.#keep(tile);
    this.#watch = new IntersectionObserver((entries) => this.#moved(entries), {
      root: scroller,
      rootMargin: "150% 0px",
    });
    this.#layout();
    this.ids.forEach((id, index) => this.drawn(this.#tile(id), index));
  }

  stop(): void {
    this.#watch.disconnect();
  }

  get blocks(): HTMLElement[] {
    return [...this.root.querySelectorAll<HTMLElement>(":scope > ul")];
  }

  /** The tile, when it is in the page. */
  shown(id: string): HTMLElement | null {
    return this.root.querySelector(`[data-cell="${CSS.escape(id)}"]`);
  }

  /** Put a tile into the page, however far from the window it is. */
  async show(index: number): Promise<HTMLElement | null> {
    while (index >= this.ids.length && this.more) {
      const before = this.ids.length;
      await this.next();
      if (this.ids.length === before) break;
    }
    const at = Math.floor(index / BLOCK);
    const block = this.blocks[at];
    const id = this.ids[index];
    if (block === undefined || id === undefined) return null;
    this.#near.add(block);
    await this.#fill(at);
    return this.shown(this.ids[index] ?? id);
  }

  /** Read on at the end. */
  async next(): Promise<void> {
    if (this.more) await this.#readAfter(this.ids.at(-1) ?? this.top);
  }

  /** What is shown may have changed: read again what is near, and the rest when it comes near. */
  async refresh(): Promise<void> {
    for (const kept of this.#kept.values()) kept.until = 0;
    const near = this.blocks.flatMap((block, index) => (this.#near.has(block) ? [index] : []));
    for (const index of near.length > 0 ? near : [0]) {
      await this.#readAfter(index === 0 ? this.top : (this.ids[index * BLOCK - 1] ?? this.top));
    }
  }

  /** How many there are now before the first one that is shown; the second says that there may be more. */
  async news(): Promise<[number, boolean]> {
    const part = await this.read(null);
    if (part === null) return [0, false];
    const known = new Set(this.ids);
    const first = part.tiles.findIndex((tile) => known.has(cellId(tile)) || (this.top ?? "~") > cellId(tile));
    return first < 0 ? [part.tiles.length, part.more] : [first, false];
  }

  /** Begin at the newest one again. */
  async fromTheTop(): Promise<void> {
    this.top = null;
    await this.#readAfter(null);
    this.top = this.ids[0] === undefined ? null : before(this.ids[0]);
  }

  /** Take over a longer list of before; the tiles come as they are needed. */
  restore(ids: string[], more: boolean): boolean {
    const here = ids.indexOf(this.ids.at(-1) ?? "");
    if (here < 0) return false;
    this.ids = [...this.ids, ...ids.slice(here + 1)];
    this.more = more;
    this.#layout();
    return true;
  }

  #moved(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#near.add(target);
      else this.#near.delete(target);
    }
    this.blocks.forEach((block, index) => void (this.#near.has(block) ? this.#fill(index) : this.#empty(block)));
    const last = this.blocks.at(-1);
    if (this.more && last && this.#near.has(last)) void this.next();
  }

  /** Take the tiles out of a block that nobody sees, but never the one that has the focus. */
  #empty(block: HTMLElement): void {
    if (block.contains(document.activeElement)) return;
    block.replaceChildren();
    block.toggleAttribute("data-empty", true);
  }

  async #fill(index: number): Promise<void> {
    this.#draw(index);
    const now = Date.now();
    const part = this.#slice(index);
    if (part.some((id) => (this.#kept.get(id)?.until ?? 0) < now)) {
      await this.#readAfter(index === 0 ? this.top : (this.ids[index * BLOCK - 1] ?? this.top));
    }
  }

  #slice(index: number): string[] {
    return this.ids.slice(index * BLOCK, (index + 1) * BLOCK);
  }

  /** Bring a block's children into the list's order, touching only what differs: the focus stays. */
  #draw(index: number): void {
    const block = this.blocks[index];
    if (block === undefined) return;
    const wanted = this.#slice(index).flatMap((id) => this.#kept.get(id) ?? []);
    const stay = new Set<Element>(wanted.map(({ tile }) => tile));
    for (const child of [...block.children]) if (!stay.has(child)) child.remove();
    wanted.forEach(({ tile }, place) => {
      if (block.children[place] !== tile) block.insertBefore(tile, block.children[place] ?? null);
      this.drawn(tile, index * BLOCK + place);
    });
    block.toggleAttribute("data-empty", wanted.length === 0);
    for (const { tile } of wanted) this.#touch(cellId(tile));
  }

  async #readAfter(after: string | null): Promise<void> {
    const key = after ?? "";
    if (this.#reading.has(key)) return;
    this.#reading.add(key);
    try {
      const part = await this.read(after);
      if (part) this.#merge(after, part);
    } finally {
      this.#reading.delete(key);
    }
  }

  /** What the server says follows `after` stands there from now on. */
  #merge(after: string | null, { tiles, more }: Part): void {
    const at = after === this.top ? 0 : this.ids.indexOf(after ?? "") + 1;
    if (at === 0 && after !== this.top) return; // that one has gone meanwhile; its block is read anew when it is near
    const focused = cellOf(document.activeElement);
    const place = focused ? this.ids.indexOf(cellId(focused)) : -1;
    const found = tiles.map(cellId);
    const last = found.at(-1);
    const known = last === undefined ? -1 : this.ids.indexOf(last, at);
    const rest = !more ? [] : known >= 0 ? this.ids.slice(known + 1) : [];
    if (!more || known < 0) this.more = more;
    this.ids = [...this.ids.slice(0, at), ...found, ...rest];
    for (const tile of tiles) this.#keep(tile);
    this.#layout();
    this.changed();
    if (focused && !focused.isConnected) this.#refocus(cellId(focused), place);
  }

  /** The focus goes to the tile itself, drawn anew, or to the one that is now in its place. */
  #refocus(id: string, place: number): void {
    const next = this.shown(id) ?? this.shown(this.ids[Math.min(place, this.ids.length - 1)] ?? "");
    next?.querySelector<HTMLElement>("a[data-picture], [tabindex]")?.focus({ preventScroll: true });
  }

  /** As many blocks as the list needs; those near are drawn, the others keep their height. */
  #layout(): void {
    const wanted = Math.ceil(this.ids.length / BLOCK);
    const blocks = this.blocks;
    for (const surplus of blocks.slice(wanted)) {
      this.#watch.unobserve(surplus);
      this.#near.delete(surplus);
      surplus.remove();
    }
    for (let index = blocks.length; index < wanted; index += 1) {
      const made = document.createElement("ul");
      made.className = "gallery-page";
      made.setAttribute("role", "list");
      made.toggleAttribute("data-empty", true);
      this.root.append(made);
    }
    this.blocks.forEach((block, index) => {
      block.style.setProperty("--count", String(this.#slice(index).length));
      this.#watch.observe(block);
      if (this.#near.has(block)) this.#draw(index);
    });
    // The observer tells of a block once; one that has grown or moved is asked for anew.
    const last = this.blocks.at(-1);
    if (last) {
      this.#watch.unobserve(last);
      this.#watch.observe(last);
    }
  }

  #tile(id: string): HTMLElement {
    const kept = this.#kept.get(id);
    if (kept === undefined) throw new Error(`no tile of ${id}`);
    return kept.tile;
  }

  /** The newest copy of a tile; one that says the same stays, with its picture loaded and its focus. */
  #keep(tile: HTMLElement): void {
    const id = cellId(tile);
    const html = tile.outerHTML;
    const before = this.#kept.get(id);
    const until = Date.now() + GOOD_MS;
    if (before?.html === html) before.until = until;
    else this.#kept.set(id, { tile, html, until });
    this.#touch(id);
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      if (!this.#kept.get(old)?.tile.isConnected) this.#kept.delete(old);
    }
  }

  /** The least used are forgotten first. */
  #touch(id: string): void {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    this.#kept.delete(id);
    this.#kept.set(id, kept);
  }
}

export function cellOf(element: Element | null): HTMLElement | null {
  return element?.closest<HTMLElement>("[data-cell]") ?? null;
}

export function cellId(tile: HTMLElement): string {
  return tile.dataset["cell"] ?? "";
}

/** The next larger id: what a list that begins with `id`, newest first, is read after. */
export function before(id: string): string {
  const next = (BigInt(`0x${id.replaceAll("-", "")}`) + 1n).toString(16).padStart(32, "0");
  return next.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
