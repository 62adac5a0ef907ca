import { announce, keep, must } from "../dom";
import { htmx } from "../htmx";
import { type Action, type ActionName, actions, type Handlers } from "../shortcuts";
import { Compare, MODES, type Mode } from "./compare";
import { toasts } from "./dialogs";
import { pictures, show, sizeOf } from "./picture";
import { Stage } from "./stage";

const GROUNDS = ["black", "grey", "white"] as const;
const STRIP = 24;
const PANEL: ActionName[] = ["favourite", "approve", "reject", "trash", "edit", "upscale", "vary"];
const REUSE: ActionName[] = ["reuse-all", "reuse-prompt", "reuse-seed", "remix"];

/**
 * `<studio-viewer link>`: one picture, or two compared, in the whole window. Every `a[data-picture]` opens in it; what
 * the page does not show (an ancestor, an address) is asked for at `link`. Details never touch the composer; the
 * buttons that do say so.
 */
export class StudioViewer extends HTMLElement {
  #current: HTMLAnchorElement | null = null;
  #opener: HTMLElement | null = null;
  #stage!: Stage;
  #compare!: Compare;
  #mode: Mode = "slider";
  #details: Promise<unknown> = Promise.resolve();
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const panes = [must<HTMLElement>(this, ".pane-current"), must<HTMLElement>(this, ".pane-other")];
    this.#stage = new Stage(must(this, ".viewer-stage"), panes, must(this, ".viewer-zoom"), (step) => this.#walk(step));
    this.#compare = new Compare(this.#dialog, this.#stage);
    document.addEventListener("click", (event) => this.#clicked(event), { signal });
    actions(signal, this.#handlers());
    document.addEventListener("studio:changed", (event) => this.#changed(event as CustomEvent<Changed>), { signal });
    for (const kind of ["studio:reuse", "studio:refer"]) {
      document.addEventListener(kind, () => this.#dialog.open && this.#dialog.close(), { signal });
    }
    addEventListener("hashchange", () => void this.#fromAddress(), { signal });
    this.#dialog.addEventListener("close", () => this.#closed());
    this.#dialog.addEventListener("click", (event) => this.#pressed(event));
    // An answer that comes when the viewer is closed would only ask for more, of a picture that may be gone by then.
    must(this, ".viewer-details").addEventListener("htmx:before:swap", (event) => {
      if (event.target === event.currentTarget && !this.#dialog.open) event.preventDefault();
    });
    void this.#fromAddress();
  }

  disconnectedCallback(): void {
    this.#leave.abort();
  }

  get #dialog(): HTMLDialogElement {
    return must(this, "dialog");
  }

  #clicked(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-picture]");
    if (link === null || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!this.#dialog.open) this.#opener = link;
    this.#show(link);
  }

  async #fromAddress(): Promise<void> {
    const wanted = /^#([0-9a-f-]{36})$/.exec(location.hash)?.[1];
    if (wanted === undefined || wanted === this.#current?.dataset["picture"]) return;
    const link = pictures().find((each) => each.dataset["picture"] === wanted) ?? (await this.#link(wanted));
    if (link) this.#show(link);
  }

  /** The link of a picture that the page does not show; null where there is none. */
  async #link(id: string): Promise<HTMLAnchorElement | null> {
    const url = (this.getAttribute("link") ?? "").replace("00000000-0000-0000-0000-000000000000", id);
    const response = await fetch(url, { headers: { "HX-Request": "true", Accept: "text/html" } });
    if (response.status !== 200) return null;
    const holder = document.createElement("template");
    holder.innerHTML = await response.text();
    return holder.content.querySelector("a[data-picture]");
  }

  #show(link: HTMLAnchorElement): void {
    this.#current = link;
    if (!this.#dialog.open) {
      this.#dialog.showModal();
      this.#dialog.append(...toasts()); // what is said meanwhile, and its undo, is within reach
    }
    const { picture = "", alt = "", details = "", download = "", media = "" } = link.dataset;
    show(must(this, ".pane-current"), link);
    this.#compare.reframe(link);
    this.#dialog.toggleAttribute("data-video", media.startsWith("video/"));
    must<HTMLAnchorElement>(this, "[data-save]").href = download;
    this.#place(link, alt);
    history.replaceState(history.state, "", `#${picture}`);
    this.#read(details, "innerHTML");
    if (this.#compare.other !== null) this.#strip();
  }

  #read(details: string, swap: "innerHTML" | "innerMorph"): void {
    const panel = must<HTMLElement>(this, ".viewer-details");
    this.#details = htmx.ajax("GET", details, { source: panel, target: panel, swap });
  }

  /** Something was done with pictures: the panel tells how this one is now; what is in the trash is left. */
  #changed({ detail }: CustomEvent<Changed>): void {
    const link = this.#current;
    if (!this.#dialog.open || link === null) return;
    if (detail?.action === "trash" && detail.state === "done") {
      const next = this.#neighbour(link, 1) ?? this.#neighbour(link, -1);
      if (next) this.#show(next);
      else this.#dialog.close();
    } else this.#read(link.dataset["details"] ?? "", "innerMorph");
  }

  /** Which of how many: a page that shows only a part of a long list says both itself. */
  #place(link: HTMLAnchorElement, alt: string): void {
    const shown = pictures();
    const here = shown.findIndex((each) => each.dataset["picture"] === link.dataset["picture"]);
    const place = Number(link.dataset["place"] ?? here + 1);
    const total = Number(document.querySelector<HTMLElement>("[data-total]")?.dataset["total"] ?? shown.length);
    const words = (this.getAttribute("label-place") ?? "%1 / %2")
      .replace("%1", String(place))
      .replace("%2", String(Math.max(total, shown.length)));
    must(this, ".viewer-place").textContent = place > 0 ? words : "";
    announce(place > 0 ? `${words}. ${alt}` : alt);
    must<HTMLButtonElement>(this, "[data-do=previous]").disabled = here <= 0 && !link.dataset["place"];
    must<HTMLButtonElement>(this, "[data-do=next]").disabled =
      here < 0 || (here >= shown.length - 1 && place >= total);
  }

  /** To the neighbour; at the edge of what is on the page, whoever shows a longer list is asked for it. */
  #walk(step: -1 | 1): void {
    const next = this.#neighbour(this.#current, step);
    if (next) return this.#show(next);
    const asked = { from: this.#current?.dataset["picture"] ?? "", step, take: (link: HTMLAnchorElement) => this.#show(link) };
    document.dispatchEvent(new CustomEvent("studio:neighbour", { detail: asked }));
  }

  #neighbour(link: HTMLAnchorElement | null, step: -1 | 1): HTMLAnchorElement | undefined {
    const shown = pictures();
    const here = shown.findIndex((each) => each.dataset["picture"] === link?.dataset["picture"]);
    return here < 0 ? undefined : shown[here + step];
  }

  #closed(): void {
    document.body.append(...toasts());
    const id = this.#current?.dataset["picture"];
    this.#current = null;
    this.#compare.stop();
    must(this, ".pane-current").replaceChildren(); // a clip goes silent
    history.replaceState(history.state, "", location.pathname + location.search);
    const link = pictures().find((each) => each.dataset["picture"] === id) ?? this.#opener;
    link?.focus();
  }

  /** What keys, buttons of the bar and the palette ask for; nobody's while the viewer is closed. */
  #handlers(): Handlers {
    const acts: Handlers = {
      previous: () => this.#walk(-1),
      next: () => this.#walk(1),
      "zoom-in": () => this.#stage.zoom(1.25),
      "zoom-out": () => this.#stage.zoom(0.8),
      fit: () => this.#stage.toggle(),
      ground: () => this.#ground(),
      info: () => this.#info(),
      compare: () => this.#toggle(),
      "compare-mode": () => this.#with(this.#compare.other, next(MODES, this.#mode)),
      "compare-turn": () => this.#compare.turn(),
      "compare-swap": () => this.#swap(),
      "compare-previous": () => this.#with(this.#neighbour(this.#compare.other, -1) ?? null, this.#mode),
      "compare-next": () => this.#with(this.#neighbour(this.#compare.other, 1) ?? null, this.#mode),
      original: () => this.#original(),
      lineage: () => this.#lineage(),
      download: () => must<HTMLAnchorElement>(this, "[data-save]").click(),
      // A player that has the focus keeps its own meaning of the space bar.
      close: () => (document.activeElement instanceof HTMLVideoElement ? false : this.#dialog.close()),
    };
    for (const name of [...PANEL, ...REUSE]) acts[name] = () => this.#panel(name);
    return Object.fromEntries(
      Object.entries(acts).map(([name, work]) => [name, (action: Action) => (this.#dialog.open ? work(action) : false)]),
    );
  }

  /** Approve, favourite, reuse and the like are buttons of the panel, by their names. */
  async #panel(name: string): Promise<void> {
    await this.#details;
    this.querySelector<HTMLElement>(`.viewer-details [data-key="${name}"]`)?.click();
  }

  #pressed(event: MouseEvent): void {
    const control = (event.target as Element).closest<HTMLElement>("[data-mode], [data-beside]");
    const { mode, beside } = control?.dataset ?? {};
    if (mode !== undefined) this.#with(this.#compare.other, mode as Mode);
    else if (beside !== undefined) void this.#beside(beside);
  }

  async #original(): Promise<void> {
    await this.#details;
    const before = this.querySelector<HTMLAnchorElement>(".viewer-details a[data-before]");
    if (before) this.#show(before);
  }

  async #lineage(): Promise<void> {
    if (!this.#dialog.hasAttribute("data-info")) this.#info();
    await this.#details;
    this.querySelector<HTMLElement>(".viewer-details .lineage a[aria-current]")?.focus();
  }

  /** Compare with what the picture was made from, else with its neighbour; again: no more. */
  async #toggle(): Promise<void> {
    if (this.#compare.other !== null) {
      this.#compare.stop();
      return;
    }
    await this.#details;
    const before = this.querySelector<HTMLAnchorElement>(".viewer-details a[data-before]");
    const other = before ?? this.#neighbour(this.#current, -1) ?? this.#neighbour(this.#current, 1);
    this.#with(other ?? null, this.#mode);
  }

  async #beside(id: string): Promise<void> {
    const known = [...document.querySelectorAll<HTMLAnchorElement>(`a[data-picture="${id}"]`)][0];
    this.#with(known ?? (await this.#link(id)), this.#mode);
  }

  #with(other: HTMLAnchorElement | null, mode: Mode): void {
    const current = this.#current;
    if (other === null || current === null) return;
    this.#mode = mode;
    this.#compare.start(other, mode);
    this.#compare.reframe(current);
    this.#strip();
  }

  #swap(): void {
    const { other } = this.#compare;
    const current = this.#current;
    if (other === null || current === null) return;
    this.#show(other);
    this.#with(current, this.#mode);
  }

  /** What else could stand beside the picture: its neighbours on the page. */
  #strip(): void {
    const shown = pictures();
    const here = shown.findIndex((each) => each.dataset["picture"] === this.#current?.dataset["picture"]);
    const from = Math.max(0, Math.min(here - STRIP / 2, shown.length - STRIP));
    const buttons = shown.slice(from, from + STRIP).filter((each) => each !== this.#current).map((link) => {
      const button = document.createElement("button");
      const small = new Image();
      button.type = "button";
      button.dataset["beside"] = link.dataset["picture"] ?? "";
      button.setAttribute("aria-pressed", String(link.dataset["picture"] === this.#compare.other?.dataset["picture"]));
      small.src = link.querySelector("img.picture")?.getAttribute("src") ?? "";
      small.alt = link.dataset["alt"] ?? "";
      button.append(small);
      return button;
    });
    must(this, ".compare-strip").replaceChildren(...buttons);
  }

  #ground(): void {
    const now = (this.#dialog.dataset["ground"] ?? "black") as (typeof GROUNDS)[number];
    const ground = next(GROUNDS, now);
    this.#dialog.dataset["ground"] = ground;
    keep("ground", ground);
  }

  #info(): void {
    const shown = this.#dialog.toggleAttribute("data-info");
    must(this, "[data-do=info]").setAttribute("aria-expanded", String(shown));
    if (this.#current) this.#stage.frame(sizeOf(this.#current));
  }
}

/** What was done, and how far it is (packshot/studio/assets/change_views.py). */
type Changed = { action: string; state: string } | null;

/** What comes after this one, round and round. */
function next<T>(all: readonly T[], now: T): T {
  return all[(all.indexOf(now) + 1) % all.length] as T;
}
