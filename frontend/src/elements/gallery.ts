import { keep, must, toast } from "../dom";
import { Band, grid, places, type Box } from "../gallery/band";
import { before, BLOCK, Blocks, cellId, cellOf, type Part } from "../gallery/blocks";
import { paint, selection } from "../gallery/selection";
import { actions, type Action } from "../shortcuts";

const SOON_MS = 300;
const REMEMBERED = 20_000;
const STEPS: Record<string, (columns: number) => number> = {
  ArrowLeft: () => -1,
  ArrowRight: () => 1,
  ArrowUp: (columns) => -columns,
  ArrowDown: (columns) => columns,
  Home: () => -Infinity,
  End: () => Infinity,
};

/**
 * `<studio-gallery page search everything order>`: an endless list of pictures. Its first sixty are in the page as the
 * server gave them; the rest is read as it is scrolled to, and what is far from the window leaves the page again.
 */
export class StudioGallery extends HTMLElement {
  #blocks!: Blocks;
  #current: string | null = null;
  #extending: { base: string[]; from: string } | null = null;
  #banding: string[] = [];
  #soon = 0;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const list = this.#list;
    const first = list.querySelector<HTMLElement>("[data-cell]");
    // Only a list that begins with the newest has something that could come before it.
    const top = first && this.getAttribute("order") === "newest" ? before(cellId(first)) : null;
    this.#blocks = new Blocks(list, top, (after) => this.#read(after), (tile, index) => this.#drawn(tile, index),
      () => this.#changed(), this.#scroller);
    this.#current = this.#blocks.ids[0] ?? null;
    selection.order = () => this.#blocks.ids;
    this.#recall();
    new Band(list, this.#scroller, (event) => this.#bandBegins(event), (box) => this.#bandOver(box), signal);
    this.addEventListener("focusin", (event) => this.#focused(event), { signal });
    this.addEventListener("click", (event) => this.#click(event), { signal });
    document.addEventListener("input", (event) => this.#slide(event), { signal });
    selection.addEventListener("change", () => this.#paint(), { signal });
    for (const kind of ["asset", "gallery", "changed"]) {
      document.addEventListener(`studio:${kind}`, () => this.#look(kind === "changed"), { signal });
    }
    document.addEventListener("studio:let-go", () => this.#focus(this.#current), { signal });
    document.addEventListener("studio:neighbour", (event) => void this.#neighbour(event as CustomEvent<Neighbour>), { signal });
    addEventListener("pagehide", () => this.#remember(), { signal });
    actions(signal, {
      move: (action) => this.#here && this.#move(action, false),
      extend: (action) => this.#here && this.#move(action, true),
      open: () => this.#here && this.#open(),
      toggle: () => this.#here && this.#toggle(),
      "select-all": () => this.#everything(),
    });
  }

  disconnectedCallback(): void {
    this.#leave.abort();
    clearTimeout(this.#soon);
    this.#blocks.stop();
  }

  get #list(): HTMLElement {
    return must(this, "[data-list]");
  }

  get #scroller(): HTMLElement {
    return this.closest("main") ?? document.documentElement;
  }

  get #pill(): HTMLElement {
    return must(this, "[data-news]");
  }

  /** Whether a key is meant for the list: it has the focus, or nothing has. */
  get #here(): boolean {
    const focus = document.activeElement;
    return focus === null || focus === document.body || focus.id === "main" || this.#list.contains(focus);
  }

  async #read(after: string | null): Promise<Part | null> {
    const url = this.getAttribute("page") ?? "";
    const response = await fetch(after === null ? url : `${url}${url.includes("?") ? "&" : "?"}after=${after}`, {
      headers: { "HX-Request": "true", Accept: "text/html" },
    }).catch(() => null);
    const elsewhere = response?.headers.get("HX-Redirect");
    if (elsewhere) location.assign(elsewhere); // signed out
    if (response?.status !== 200) {
      toast(document.body.dataset["labelOffline"] ?? "", "error");
      return null;
    }
    const holder = document.createElement("template");
    holder.innerHTML = await response.text();
    const list = must<HTMLElement>(holder.content, "ul");
    return { tiles: [...list.querySelectorAll<HTMLElement>("[data-cell]")], more: list.dataset["more"] !== undefined };
  }

  #drawn(tile: HTMLElement, index: number): void {
    const id = cellId(tile);
    const link = tile.querySelector<HTMLElement>("a[data-picture], [data-rest]");
    if (link) {
      link.tabIndex = id === this.#current ? 0 : -1;
      link.dataset["place"] = String(index + 1);
    }
    const pick = tile.querySelector<HTMLElement>("[data-pick]");
    if (pick) {
      pick.tabIndex = id === this.#current ? 0 : -1;
      paint(pick);
    }
    selection.know(id, tile.dataset["facts"] ?? "");
  }

  /** Something of the list has gone or come. */
  #changed(): void {
    const { ids } = this.#blocks;
    if (this.#current === null || !ids.includes(this.#current)) this.#rest(ids[0] ?? null);
    must<HTMLElement>(this, "[data-none]").hidden = ids.length > 0;
  }

  #paint(): void {
    for (const pick of this.querySelectorAll<HTMLElement>("[data-pick]")) paint(pick);
    if (selection.size === 0) this.#extending = null;
  }

  // --- The focus ------------------------------------------------------------------------------------------------

  #focused(event: FocusEvent): void {
    const tile = cellOf(event.target as Element);
    if (tile) this.#rest(cellId(tile));
  }

  /** One tile of the list is reached by Tab; the arrows reach the others. */
  #rest(id: string | null): void {
    const [old, now] = [this.#current, id].map((each) => each && this.#blocks.shown(each));
    for (const part of old ? old.querySelectorAll<HTMLElement>("a[data-picture], [data-rest], [data-pick]") : []) part.tabIndex = -1;
    for (const part of now ? now.querySelectorAll<HTMLElement>("a[data-picture], [data-rest], [data-pick]") : []) part.tabIndex = 0;
    this.#current = id;
    selection.instead = id;
  }

  #focus(id: string | null): void {
    const tile = id === null ? null : this.#blocks.shown(id);
    tile?.querySelector<HTMLElement>("a[data-picture], [data-rest]")?.focus();
  }

  #move({ key }: Action, extend: boolean): boolean {
    const step = STEPS[key];
    const block = this.#blocks.blocks[0];
    if (step === undefined || block === undefined) return false;
    const { ids } = this.#blocks;
    const here = Math.max(0, ids.indexOf(this.#current ?? ""));
    const inside = this.#list.contains(document.activeElement);
    const rtl = getComputedStyle(block).direction === "rtl" && /Left|Right/.test(key) ? -1 : 1;
    const wanted = inside ? here + rtl * step(grid(block)[0]) : here;
    void this.#go(wanted, extend);
    return true;
  }

  async #go(wanted: number, extend: boolean): Promise<void> {
    const last = this.#blocks.ids.length - 1;
    const here = this.#blocks.ids.indexOf(this.#current ?? "");
    // A row further than the last, but not the end of all: stay in the column where there is one.
    let index = Math.max(0, wanted);
    if (index > last && (wanted === Infinity || !this.#blocks.more)) index = last;
    const tile = await this.#blocks.show(index);
    const id = tile ? cellId(tile) : this.#blocks.ids.at(-1);
    if (id === undefined) return;
    if (extend) this.#extend(this.#blocks.ids[here] ?? id, id);
    else this.#extending = null;
    if (tile === null) await this.#blocks.show(this.#blocks.ids.length - 1);
    this.#rest(id);
    this.#focus(id);
  }

  #extend(from: string, to: string): void {
    this.#extending ??= { base: selection.ids().filter((id) => selection.has(id)), from };
    selection.anchor = this.#extending.from;
    const ids = [...this.#extending.base, ...selection.between(this.#extending.from, to)];
    if (selection.everything === null) selection.only(ids);
  }

  #open(): boolean {
    const tile = this.#current === null ? null : this.#blocks.shown(this.#current);
    const link = tile?.querySelector<HTMLElement>("a[data-picture]");
    link?.click();
    return link !== null && link !== undefined;
  }

  #toggle(): boolean {
    if (this.#current === null) return false;
    this.#extending = null;
    selection.toggle(this.#current);
    return true;
  }

  async #everything(): Promise<void> {
    const found = await this.#count(this.getAttribute("order") === "newest" ? this.#blocks.ids[0] : undefined);
    if (found === null || found.upto === null) return;
    const { upto, number, more } = found;
    selection.pickAll({ search: this.getAttribute("search") ?? "", upto, number, more });
    if (!more) return;
    const exact = await this.#count(upto, true);
    if (exact) selection.counted(exact.number);
  }

  /** How many pictures the search finds up to one, or now; null where the server does not say. */
  async #count(upto = "", exact = false): Promise<Count | null> {
    const base = this.getAttribute("everything") ?? "";
    const url = `${base}${base.includes("?") ? "&" : "?"}upto=${upto}${exact ? "&exact=1" : ""}`;
    const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(() => null);
    return answer?.status === 200 ? ((await answer.json()) as Count) : null;
  }

  // --- What has changed -----------------------------------------------------------------------------------------

  #look(mine: boolean): void {
    clearTimeout(this.#soon);
    this.#soon = window.setTimeout(() => void this.#lookNow(), mine ? 0 : SOON_MS);
  }

  async #lookNow(): Promise<void> {
    if (document.hidden) return;
    void this.#count().then((found) => found && (must(this, ".count").textContent = found.words));
    if (this.#blocks.ids.length === 0) return this.#blocks.fromTheTop();
    await this.#blocks.refresh();
    const [number, more] = await this.#blocks.news();
    const pill = this.#pill;
    pill.hidden = number === 0;
    if (number === 0) return;
    const words = this.getAttribute(number === 1 ? "label-news-one" : "label-news") ?? "%";
    must(pill, "[data-words]").textContent = words.replace("%", more ? `${number}+` : String(number));
  }

  #click(event: MouseEvent): void {
    const target = event.target as Element;
    if (target.closest("[data-news] button")) void this.#showNews();
    if (target.closest("[data-more-link]")) {
      event.preventDefault();
      void this.#blocks.next();
    }
    if (target.closest("[data-all]")) void this.#everything();
  }

  async #showNews(): Promise<void> {
    this.#pill.hidden = true;
    await this.#blocks.fromTheTop();
    this.#scroller.scrollTop = 0;
    await this.#blocks.show(0);
    this.#rest(this.#blocks.ids[0] ?? null);
    this.#focus(this.#current);
  }

  // --- The mouse ------------------------------------------------------------------------------------------------

  #bandBegins(event: PointerEvent): void {
    const add = event.shiftKey || event.ctrlKey || event.metaKey;
    this.#banding = add ? selection.ids().filter((id) => selection.has(id)) : [];
  }

  #bandOver(box: Box): void {
    const ids = new Set(this.#banding);
    this.#blocks.blocks.forEach((block, index) => {
      const part = this.#blocks.ids.slice(index * BLOCK, (index + 1) * BLOCK);
      for (const place of places(block, this.#list, box, part.length)) ids.add(part[place] ?? "");
    });
    selection.only(ids);
  }

  /** The slider of the cells' size; the server draws the next page with it. */
  #slide(event: Event): void {
    const slider = event.target;
    if (!(slider instanceof HTMLInputElement) || slider.dataset["cells"] === undefined) return;
    const tile = this.#current === null ? null : this.#blocks.shown(this.#current);
    this.#list.dataset["size"] = slider.value;
    keep("cells", slider.value);
    tile?.scrollIntoView({ block: "nearest" });
  }

  async #neighbour(event: CustomEvent<Neighbour>): Promise<void> {
    const { from, step, take } = event.detail;
    const here = this.#blocks.ids.indexOf(from);
    const tile = here < 0 || here + step < 0 ? null : await this.#blocks.show(here + step);
    const link = tile?.querySelector<HTMLAnchorElement>("a[data-picture]");
    if (link) take(link);
    tile?.scrollIntoView({ block: "nearest" });
  }

  // --- Coming back ----------------------------------------------------------------------------------------------

  get #key(): string {
    return `gallery ${location.pathname}${location.search}`;
  }

  #remember(): void {
    const { ids, more } = this.#blocks;
    const kept = { ids: ids.slice(0, REMEMBERED), more: more || ids.length > REMEMBERED,
      top: this.#scroller.scrollTop, current: this.#current };
    for (const key of Object.keys(sessionStorage)) if (key.startsWith("gallery ")) sessionStorage.removeItem(key);
    sessionStorage.setItem(this.#key, JSON.stringify(kept));
  }

  #recall(): void {
    const [way] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    const kept = sessionStorage.getItem(this.#key);
    if (kept === null || !["back_forward", "reload"].includes(way?.type ?? "")) return;
    const { ids, more, top, current } = JSON.parse(kept) as { ids: string[]; more: boolean; top: number; current: string };
    if (ids.length > this.#blocks.ids.length && !this.#blocks.restore(ids, more)) return;
    this.#rest(current);
    this.#scroller.scrollTop = top;
  }
}

/** What "all" means: `words` say the number, `upto` is the newest that is meant. */
interface Count {
  number: number;
  more: boolean;
  words: string;
  upto: string | null;
}

interface Neighbour {
  from: string;
  step: 1 | -1;
  take: (link: HTMLAnchorElement) => void;
}
