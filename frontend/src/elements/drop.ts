import { announce, must, stamp, toast } from "../dom";
import { Sending, routesOf } from "../send";

interface Answer {
  id: string;
  state: "checking" | "ready" | "rejected";
  message: string;
}

type Kind = "reference" | "style";

const PARALLEL = 3;
const DRAG_PX = 6;

/**
 * `<studio-drop upload expect state max max-styles max-bytes board>`: photos by drop, paste or picker. Each becomes a chip that
 * shows the picture at once and says how far it is; a ready chip carries its asset's id in the form around it. Chips are
 * ordered by dragging or with the arrow keys: products first, then pictures whose style is followed.
 */
export class StudioDrop extends HTMLElement {
  #queue: (() => Promise<void>)[] = [];
  #active = 0;
  #depth = 0;
  #fetching = 0;
  #dragged: { chip: HTMLElement; x: number } | null = null;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const input = must<HTMLInputElement>(this, "input[type=file]");
    input.addEventListener("change", () => {
      this.add([...(input.files ?? [])]);
      input.value = "";
    });
    this.addEventListener("click", (event) => {
      const chip = (event.target as Element).closest("[data-remove]")?.closest<HTMLElement>(".chip");
      if (chip) this.#remove(chip);
    });
    this.addEventListener("keydown", (event) => this.#arrow(event), { signal });
    this.addEventListener("pointerdown", (event) => this.#grab(event), { signal });
    this.addEventListener("pointermove", (event) => this.#pull(event), { signal });
    for (const end of ["pointerup", "pointercancel"]) {
      this.addEventListener(end, () => (this.#dragged = null), { signal });
    }
    addEventListener("paste", (event) => this.#take(event, event.clipboardData), { signal });
    addEventListener("dragenter", (event) => this.#drag(event, 1), { signal });
    addEventListener("dragleave", (event) => this.#drag(event, -1), { signal });
    addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault(), { signal });
    addEventListener(
      "drop",
      (event) => {
        this.#depth = 0;
        document.body.removeAttribute("data-dropping");
        this.#take(event, event.dataTransfer);
      },
      { signal },
    );
    document.addEventListener("studio:asset", (event) => this.#ask((event as CustomEvent<string | null>).detail), {
      signal,
    });
  }

  disconnectedCallback(): void {
    this.#leave.abort();
  }

  /** Chips that are not decided yet; the composer waits for them. */
  get pending(): number {
    return this.querySelectorAll(".chip[data-state=uploading], .chip[data-state=checking]").length + this.#fetching;
  }

  /** Product photos that are there, or on their way. */
  get products(): number {
    return this.#chips("reference").filter(({ dataset }) => dataset["state"] !== "rejected").length;
  }

  static get observedAttributes(): string[] {
    return ["max", "max-styles"];
  }

  attributeChangedCallback(): void {
    this.#fit();
  }

  #max(kind: Kind): number {
    return Number(this.getAttribute(kind === "style" ? "max-styles" : "max") ?? "1");
  }

  #chips(kind: Kind): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>(`.chips .chip[data-kind=${kind}]`)];
  }

  /** What the model has no room for is kept, but not sent. */
  #fit(): void {
    for (const kind of ["reference", "style"] as const) {
      for (const [at, chip] of this.#chips(kind).entries()) {
        const unused = at >= this.#max(kind);
        chip.toggleAttribute("data-unused", unused);
        must<HTMLInputElement>(chip, "input").disabled = unused || chip.dataset["state"] === "rejected";
      }
    }
  }

  /** Make room for one more: it takes the oldest one's place. */
  #room(kind: Kind): boolean {
    const chips = this.#chips(kind);
    if (this.#max(kind) === 0) return false;
    if (chips.length >= this.#max(kind)) chips[0]?.remove();
    return true;
  }

  #put(chip: HTMLElement, kind: Kind): void {
    const last = this.#chips(kind).at(-1) ?? (kind === "style" ? this.#chips("reference").at(-1) : undefined);
    if (last) last.after(chip);
    else must(this, ".chips").prepend(chip);
    this.#changed();
  }

  /** Take pictures of the studio, in their order; with `instead`, they are all there is. */
  async pick(ids: string[], kind: Kind, instead = false): Promise<void> {
    if (instead) for (const chip of this.#chips(kind)) chip.remove();
    const wanted = ids.filter((id) => this.querySelector(`.chip[data-asset="${CSS.escape(id)}"]`) === null);
    if (wanted.length === 0) return this.#changed();
    this.#fetching += 1;
    this.#changed();
    const chips = await fetchChips(this.closest("[chips]")?.getAttribute("chips") ?? "", wanted, kind);
    this.#fetching -= 1;
    for (const chip of chips) if (this.#room(kind)) this.#put(chip, kind);
    this.#changed();
  }

  /** Upload files, as many as there is room for. */
  add(files: File[], kind: Kind = "reference"): void {
    const pictures = files.filter((file) => file.type.startsWith("image/") || file.type === "");
    if (pictures.length < files.length) toast(this.getAttribute("label-not-picture") ?? "", "error");
    for (const file of pictures.slice(0, this.#max(kind))) {
      if (this.#room(kind)) this.#send(file, kind);
    }
  }

  #send(file: File, kind: Kind): void {
    const chip = stamp(must<HTMLTemplateElement>(this, "template"));
    const preview = URL.createObjectURL(file);
    const picture = must<HTMLImageElement>(chip, "img");
    picture.addEventListener("error", () => (picture.hidden = true));
    picture.src = preview;
    chip.dataset["preview"] = preview;
    must(chip, ".chip-name").textContent = file.name;
    chip.dataset["kind"] = kind;
    must<HTMLInputElement>(chip, "input").name = kind;
    must(chip, "[data-move]").setAttribute("aria-label", file.name);
    this.#put(chip, kind);
    if (file.size > Number(this.getAttribute("max-bytes") ?? Infinity)) {
      this.#reject(chip, this.getAttribute("label-too-large") ?? "");
      return;
    }
    this.#queue.push(() => this.#upload(file, chip));
    this.#pump();
  }

  #pump(): void {
    while (this.#active < PARALLEL) {
      const work = this.#queue.shift();
      if (work === undefined) return;
      this.#active += 1;
      void work().finally(() => {
        this.#active -= 1;
        this.#pump();
      });
    }
  }

  async #upload(file: File, chip: HTMLElement): Promise<void> {
    const bar = must<HTMLProgressElement>(chip, "progress");
    const sending = new Sending(file, routesOf(this), (share) => (bar.value = 100 * share));
    chip.addEventListener("studio:removed", () => sending.stop());
    const { ok, body } = await sending.go(null);
    if (ok && body?.id) this.#state(chip, body as Answer);
    else this.#reject(chip, body?.message ?? this.getAttribute("label-failed") ?? "");
  }

  /** Ask how far the photos are that the server still looks at; `asset` null means all of them. */
  #ask(asset: string | null): void {
    for (const chip of this.querySelectorAll<HTMLElement>(".chip[data-state=checking]")) {
      const id = chip.dataset["asset"] ?? "";
      if (asset !== null && asset !== id) continue;
      void this.#read(id).then((answer) => answer && this.#state(chip, answer));
    }
  }

  async #read(id: string): Promise<Answer | null> {
    const url = (this.getAttribute("state") ?? "").replace("00000000-0000-0000-0000-000000000000", id);
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    return response.ok ? ((await response.json()) as Answer) : null;
  }

  #state(chip: HTMLElement, answer: Answer): void {
    if (!chip.isConnected || chip.dataset["state"] === answer.state) return;
    if (answer.state === "rejected") {
      this.#reject(chip, answer.message);
      return;
    }
    chip.dataset["asset"] = answer.id;
    chip.dataset["state"] = answer.state;
    must<HTMLInputElement>(chip, "input[type=hidden]").value = answer.id;
    must(chip, ".chip-state").textContent = this.getAttribute(`label-${answer.state}`);
    this.#changed();
    // The check may have ended before this chip knew its id.
    if (answer.state === "checking") void this.#read(answer.id).then((now) => now && this.#state(chip, now));
  }

  #reject(chip: HTMLElement, message: string): void {
    chip.dataset["state"] = "rejected";
    must<HTMLInputElement>(chip, "input[type=hidden]").disabled = true;
    must(chip, ".chip-state").textContent = message;
    this.#changed();
  }

  #remove(chip: HTMLElement): void {
    chip.dispatchEvent(new Event("studio:removed"));
    URL.revokeObjectURL(chip.dataset["preview"] ?? "");
    chip.remove();
    this.#changed();
    must<HTMLInputElement>(this, "input[type=file]").focus();
  }

  #changed(): void {
    this.#fit();
    this.dispatchEvent(new Event("studio:references", { bubbles: true }));
  }

  #arrow(event: KeyboardEvent): void {
    const handle = (event.target as Element).closest<HTMLElement>("[data-move]");
    const chip = handle?.closest<HTMLElement>(".chip");
    if (!handle || !chip || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    const forward = (event.key === "ArrowRight") !== (getComputedStyle(this).direction === "rtl");
    this.#shift(chip, forward ? 1 : -1);
    handle.focus();
  }

  #shift(chip: HTMLElement, by: 1 | -1): void {
    const chips = this.#chips(chip.dataset["kind"] as Kind);
    const at = chips.indexOf(chip) + by;
    const other = chips[at];
    if (other === undefined) return;
    if (by > 0) other.after(chip);
    else other.before(chip);
    const words = this.getAttribute("label-moved") ?? "";
    announce(words.replace("%1", String(at + 1)).replace("%2", String(chips.length)));
    this.#changed();
  }

  #grab(event: PointerEvent): void {
    const chip = (event.target as Element).closest("[data-move]")?.closest<HTMLElement>(".chip");
    if (chip && event.button === 0) this.#dragged = { chip, x: event.clientX };
  }

  /** A chip that is drawn over its neighbour's middle changes places with it. */
  #pull(event: PointerEvent): void {
    const held = this.#dragged;
    if (held === null || Math.abs(event.clientX - held.x) < DRAG_PX) return;
    const over = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>(".chip");
    if (!over || over === held.chip || over.dataset["kind"] !== held.chip.dataset["kind"]) return;
    const after = Boolean(held.chip.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING);
    this.#shift(held.chip, after ? 1 : -1);
    held.x = event.clientX;
  }

  #take(event: Event, data: DataTransfer | null): void {
    const files = [...(data?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.add(files);
  }

  /** dragenter and dragleave come for every element on the way: count them. */
  #drag(event: DragEvent, step: number): void {
    if (!carriesFiles(event)) return;
    this.#depth = Math.max(0, this.#depth + step);
    document.body.toggleAttribute("data-dropping", this.#depth > 0);
  }
}

/** The server's chips of these pictures; those that are gone are left out. */
export async function fetchChips(address: string, ids: string[], kind: string): Promise<HTMLElement[]> {
  const query = new URLSearchParams([["as", kind], ...ids.map((id) => ["asset", id])]);
  const response = await fetch(`${address}?${query}`, { headers: { "HX-Request": "true", Accept: "text/html" } });
  if (response.status !== 200) return [];
  const holder = document.createElement("template");
  holder.innerHTML = await response.text();
  return [...holder.content.querySelectorAll<HTMLElement>(".chip")];
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
