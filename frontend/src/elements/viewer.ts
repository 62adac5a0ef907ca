import { announce, keep, must, typing } from "../dom";
import { htmx } from "../htmx";
import { Stage } from "./stage";

const GROUNDS = ["black", "grey", "white"] as const;

/** `<studio-viewer>`: one picture in the whole window; every `a[data-picture]` of the page opens in it. */
export class StudioViewer extends HTMLElement {
  #current: HTMLAnchorElement | null = null;
  #stage: Stage | null = null;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const [box, picture, readout] = [".viewer-stage", ".viewer-stage img", ".viewer-zoom"] as const;
    this.#stage = new Stage(must(this, box), must(this, picture), must(this, readout), (step) => this.#walk(step));
    document.addEventListener("click", (event) => this.#clicked(event), { signal });
    addEventListener("hashchange", () => this.#fromAddress(), { signal });
    this.#dialog.addEventListener("close", () => this.#closed());
    document.addEventListener("keydown", (event) => this.#dialog.open && this.#key(event), { signal });
    this.#dialog.addEventListener("click", (event) => this.#act((event.target as Element).closest("[data-act]")));
    this.#fromAddress();
  }

  disconnectedCallback(): void {
    this.#leave.abort();
  }

  get #dialog(): HTMLDialogElement {
    return must(this, "dialog");
  }

  get #pictures(): HTMLAnchorElement[] {
    return [...document.querySelectorAll<HTMLAnchorElement>("a[data-picture]")];
  }

  #clicked(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-picture]");
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#show(link);
  }

  #fromAddress(): void {
    const wanted = location.hash.slice(1);
    const link = this.#pictures.find((each) => each.dataset["picture"] === wanted);
    if (link && link !== this.#current) this.#show(link);
  }

  #show(link: HTMLAnchorElement): void {
    this.#current = link;
    if (!this.#dialog.open) this.#dialog.showModal();
    const { picture = "", full = "", alt = "", details = "", download = "" } = link.dataset;
    this.#stage?.load(full, link.querySelector("img.picture")?.getAttribute("src") ?? full, alt, size(link));
    must<HTMLAnchorElement>(this, "[data-act=download]").href = download;
    const pictures = this.#pictures;
    const place = pictures.indexOf(link) + 1;
    const words = (this.getAttribute("label-place") ?? "%1 / %2")
      .replace("%1", String(place))
      .replace("%2", String(pictures.length));
    must(this, ".viewer-place").textContent = words;
    announce(`${words}. ${alt}`);
    must<HTMLButtonElement>(this, "[data-act=previous]").disabled = place <= 1;
    must<HTMLButtonElement>(this, "[data-act=next]").disabled = place >= pictures.length;
    history.replaceState(history.state, "", `#${picture}`);
    void htmx.ajax("GET", details, { target: must<HTMLElement>(this, ".viewer-details"), swap: "innerHTML" });
  }

  #walk(step: number): void {
    const pictures = this.#pictures;
    const here = pictures.findIndex((each) => each.dataset["picture"] === this.#current?.dataset["picture"]);
    const next = pictures[here + step];
    if (next) this.#show(next);
  }

  #closed(): void {
    const link = this.#current;
    this.#current = null;
    history.replaceState(history.state, "", location.pathname + location.search);
    link?.focus();
  }

  #key(event: KeyboardEvent): void {
    if (typing(event) || event.metaKey || event.ctrlKey || event.altKey) return;
    // A button that has the focus keeps its own meaning of the space bar.
    if (event.key === " " && event.target instanceof HTMLButtonElement) return;
    const act = KEYS[event.key];
    if (act === undefined) return;
    event.preventDefault();
    this.#act(must(this, `[data-act=${act}]`));
  }

  #act(control: Element | null): void {
    const stage = this.#stage;
    switch (control?.getAttribute("data-act")) {
      case "previous":
        return this.#walk(-1);
      case "next":
        return this.#walk(1);
      case "in":
        return stage?.zoom(1.25);
      case "out":
        return stage?.zoom(0.8);
      case "fit":
        return stage?.toggle();
      case "ground":
        return this.#ground();
      case "info":
        return this.#info();
      case "download":
        return;
      case "close":
        return this.#dialog.close();
    }
  }

  #ground(): void {
    const now = GROUNDS.indexOf((this.#dialog.dataset["ground"] ?? "black") as (typeof GROUNDS)[number]);
    const next = GROUNDS[(now + 1) % GROUNDS.length] ?? "black";
    this.#dialog.dataset["ground"] = next;
    keep("ground", next);
  }

  #info(): void {
    const shown = this.#dialog.toggleAttribute("data-info");
    must(this, "[data-act=info]").setAttribute("aria-expanded", String(shown));
    this.#stage?.fit();
  }
}

const KEYS: Record<string, string> = {
  ArrowLeft: "previous",
  ArrowRight: "next",
  "+": "in",
  "=": "in",
  "-": "out",
  "0": "fit",
  b: "ground",
  i: "info",
  " ": "close",
};

function size(link: HTMLAnchorElement): { width: number; height: number } {
  return { width: Number(link.dataset["width"]), height: Number(link.dataset["height"]) };
}
