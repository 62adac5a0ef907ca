import { asThisPage, must } from "../dom";
import { paint, selection } from "../gallery/selection";
import { type ActionName, actions } from "../shortcuts";

const MICRO = 1_000_000;
const LONG_MS = 450;
const STILL_PX = 10;
const QUOTE_AFTER_MS = 120;
/** Acts after which the pictures are no longer where they were picked. */
const PARTING = ["move", "trash", "restore", "erase"];
const KEYS: ActionName[] = ["favourite", "approve", "reject", "tag", "move-to-board", "download", "remove-background",
  "upscale", "vary", "trash"];

/**
 * `<studio-bulk>`: the bar that slides in when something is picked. Picking is by the check of any `[data-pick]` on the
 * page, by Ctrl- and Shift-click on its picture and by a long press. Forms with `data-selection` name the selection.
 */
export class StudioBulk extends HTMLElement {
  #touched = false;
  #press = 0;
  #pressed = false;
  #from = { x: 0, y: 0 };
  #soon = 0;
  #asked = 0;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    selection.addEventListener("change", () => this.#show(), { signal });
    document.addEventListener("click", (event) => this.#click(event), { signal, capture: true });
    document.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    for (const name of ["pointerup", "pointercancel"]) {
      document.addEventListener(name, () => clearTimeout(this.#press), { signal });
    }
    document.addEventListener("pointermove", (event) => this.#move(event), { signal });
    document.addEventListener("contextmenu", (event) => this.#pressed && event.preventDefault(), { signal });
    document.addEventListener("formdata", (event) => name(event), { signal });
    document.addEventListener("studio:changed", (event) => this.#changed(event as CustomEvent<Done>), { signal });
    this.addEventListener("click", (event) => {
      if ((event.target as Element).closest("[data-let-go]")) this.#letGo();
    }, { signal });
    const keys = Object.fromEntries(KEYS.map((key) => [key, () => this.#act(key)]));
    actions(signal, { ...keys, "select-none": () => this.#letGo() });
    this.#show();
  }

  disconnectedCallback(): void {
    this.#leave.abort();
    clearTimeout(this.#soon);
    selection.clear();
    delete document.body.dataset["picking"];
  }

  // --- Picking --------------------------------------------------------------------------------------------------

  #click(event: MouseEvent): void {
    const target = event.target as Element;
    const box = target.closest<HTMLElement>("[data-pick]");
    const tile = target.closest(".tile");
    const pick = box ?? tile?.querySelector<HTMLElement>("[data-pick]");
    const link = target.closest("a[data-picture]");
    if (!pick || (!box && !link)) return;
    const id = pick.dataset["pick"] ?? "";
    const held = event.ctrlKey || event.metaKey;
    const tap = this.#touched && selection.size > 0;
    if (!box && !held && !event.shiftKey && !tap && !this.#pressed) return; // it opens the viewer
    if (!box) {
      event.preventDefault();
      event.stopPropagation();
    }
    selection.know(id, tile instanceof HTMLElement ? (tile.dataset["facts"] ?? "") : "");
    if (this.#pressed) this.#pressed = false; // the long press has done it
    else if (event.shiftKey && selection.anchor !== null) selection.range(id);
    else selection.toggle(id);
    if (link) (link as HTMLElement).focus({ preventScroll: true });
  }

  /** A long press picks; the tap that ends it is none. */
  #down(event: PointerEvent): void {
    this.#touched = event.pointerType === "touch";
    this.#pressed = false;
    clearTimeout(this.#press);
    const pick = (event.target as Element).closest(".tile")?.querySelector<HTMLElement>("[data-pick]");
    if (!this.#touched || !pick || (event.target as Element).closest("[data-pick], button")) return;
    this.#from = { x: event.clientX, y: event.clientY };
    this.#press = window.setTimeout(() => {
      this.#pressed = true;
      const id = pick.dataset["pick"] ?? "";
      selection.know(id, pick.closest<HTMLElement>(".tile")?.dataset["facts"] ?? "");
      selection.toggle(id);
    }, LONG_MS);
  }

  #move({ clientX, clientY }: PointerEvent): void {
    if (Math.hypot(clientX - this.#from.x, clientY - this.#from.y) > STILL_PX) clearTimeout(this.#press);
  }

  #letGo(): boolean {
    if (selection.size === 0) return false;
    selection.clear();
    return true;
  }

  // --- The bar --------------------------------------------------------------------------------------------------

  get #bar(): HTMLElement {
    return must(this, "[role=toolbar]");
  }

  #show(): void {
    const { size } = selection;
    const bar = this.#bar;
    for (const pick of document.querySelectorAll<HTMLElement>("[data-pick]")) paint(pick);
    document.body.toggleAttribute("data-picking", size > 0);
    if (size === 0 && bar.contains(document.activeElement)) document.dispatchEvent(new Event("studio:let-go"));
    bar.hidden = size === 0;
    const more = selection.everything?.more ?? false;
    const words = this.getAttribute(size === 1 ? "label-one" : "label-many") ?? "%";
    const shown = size.toLocaleString(document.documentElement.lang) + (more ? "+" : "");
    must(bar, "[data-count]").textContent = size === 0 ? "" : words.replace("%", shown);
    this.#offer();
  }

  /** Only what makes sense for all that is picked, at the price for all of it. */
  #offer(): void {
    const meant = selection.everything ? selection.size : selection.ids().length;
    for (const button of this.querySelectorAll<HTMLButtonElement>("[data-key]")) {
      const { when, unless, some } = button.dataset;
      button.hidden =
        (when !== undefined && selection.share(when) !== "all") ||
        (unless !== undefined && selection.share(unless) === "all") ||
        (some !== undefined && some.split(" ").some((word) => /all|some/.test(selection.share(word))));
      if (button.dataset["most"] !== undefined) button.disabled = meant > Number(button.dataset["most"]);
    }
    const like = this.querySelector<HTMLAnchorElement>("a[data-like]");
    if (like) {
      like.hidden = meant !== 1 || selection.everything !== null;
      like.href = `${like.dataset["like"]}?like=${selection.ids()[0] ?? ""}`;
    }
    clearTimeout(this.#soon);
    if (selection.size > 0) this.#soon = window.setTimeout(() => void this.#quote(meant), QUOTE_AFTER_MS);
  }

  /** The server says what the orders would cost: pictures of one selection may have different prices. */
  async #quote(meant: number): Promise<void> {
    const buttons = [...this.querySelectorAll<HTMLButtonElement>("[data-orders] button")];
    const asked = (this.#asked += 1);
    const most = buttons.some((button) => meant > Number(button.dataset["most"]));
    const prices = buttons.length === 0 || most ? {} : await this.#prices();
    if (asked !== this.#asked) return; // something else is picked by now
    for (const button of buttons) {
      const price = prices[button.value];
      const total = (price ?? 0) / MICRO;
      const words = this.getAttribute(total === 1 ? "label-credit" : "label-credits") ?? "%";
      const shown = total.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 });
      button.disabled = price == null;
      // What is shown here is what is held: the server is told, and refuses to take more.
      must<HTMLInputElement>(this, `input[name="quoted-${button.value}"]`).value = String(price ?? "");
      must(button, ".cost").textContent = most
        ? (this.getAttribute("label-most") ?? "")
        : price == null ? "" : words.replace("%", shown);
    }
  }

  async #prices(): Promise<Record<string, number | null>> {
    const form = must<HTMLFormElement>(this, "[data-orders]");
    const response = await fetch(this.getAttribute("quote") ?? "", {
      method: "POST",
      body: new FormData(form),
      headers: asThisPage(),
    }).catch(() => null);
    return response?.status === 200 ? ((await response.json()) as Record<string, number | null>) : {};
  }

  /** What a key asks for is done to what is picked, else to the picture that has the focus. */
  #act(key: string): boolean {
    if (document.querySelector("dialog:modal") !== null) return false;
    if (selection.size === 0 && (selection.instead === null || !onPicture())) return false;
    this.#offer();
    const button = [...this.querySelectorAll<HTMLButtonElement>(`[data-key="${CSS.escape(key)}"]`)].find(
      (each) => !each.hidden && !each.disabled,
    );
    button?.click();
    return button !== undefined;
  }

  #changed({ detail }: CustomEvent<Done>): void {
    if (PARTING.includes(detail.action)) selection.clear();
  }
}

interface Done {
  action: string;
}

function onPicture(): boolean {
  return document.activeElement?.closest(".tile")?.querySelector("[data-pick]") != null;
}

/** Name the selection in what a form sends. */
function name({ target, formData }: FormDataEvent): void {
  if (!(target instanceof HTMLFormElement) || target.dataset["selection"] === undefined) return;
  for (const [field, value] of selection.fields()) formData.set(field, value);
}
