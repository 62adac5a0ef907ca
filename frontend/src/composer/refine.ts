import { asThisPage, must, toast } from "../dom";

const NOBODY = "00000000-0000-0000-0000-000000000000";

interface Refined {
  open: boolean;
  prompt: string | null;
  why: string;
}

/** The button that has the prompt improved in its place; what stood there can be had back. */
export class Refine {
  #job = "";
  #before = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly prompt: HTMLTextAreaElement,
    signal: AbortSignal,
  ) {
    const button = this.#button;
    if (button === null) return;
    button.addEventListener("click", () => void this.#ask(), { signal });
    must(root, "[data-unrefine]").addEventListener("click", () => this.#undo(), { signal });
    document.addEventListener("studio:batch", (event) => this.#hear((event as CustomEvent<string | null>).detail), { signal });
    prompt.addEventListener("input", (event) => event.isTrusted && this.#line(false), { signal });
  }

  get #button(): HTMLButtonElement | null {
    return this.root.querySelector("[data-refine]");
  }

  async #ask(): Promise<void> {
    const button = this.#button;
    if (button === null || this.#busy) return;
    if (this.prompt.disabled || this.prompt.value.trim() === "") return this.prompt.focus();
    this.#wait(true);
    const form = new FormData();
    form.set("prompt", this.prompt.value.trim());
    form.set("board", button.dataset["board"] ?? "");
    form.set("key", key());
    form.set("csrfmiddlewaretoken", must<HTMLInputElement>(this.root, "input[name=csrfmiddlewaretoken]").value);
    const answer = await asked(button.dataset["refine"] ?? "", { method: "POST", body: form });
    const found = answer as { id?: string; message?: string } | null;
    if (!found?.id) return this.#fail(found?.message ?? document.body.dataset["labelOffline"] ?? "");
    this.#job = found.id;
    await this.#look();
  }

  #hear(id: string | null): void {
    if (this.#job !== "" && (id === null || id === this.#job)) void this.#look();
  }

  async #look(): Promise<void> {
    const job = this.#job;
    const url = (this.#button?.dataset["refined"] ?? "").replace(NOBODY, job);
    const found = (await asked(url, {})) as Refined | null;
    if (found === null || found.open || this.#job !== job) return; // it is told when that changes
    this.#job = "";
    if (found.prompt === null) return this.#fail(found.why);
    this.#before = this.prompt.value;
    this.#write(found.prompt);
    this.#wait(false);
    this.#line(true);
    this.prompt.focus();
  }

  #undo(): void {
    this.#write(this.#before);
    this.#line(false);
    this.prompt.focus();
  }

  #fail(why: string): void {
    this.#job = "";
    this.#wait(false);
    toast(why, "error");
  }

  #write(text: string): void {
    this.prompt.value = text;
    this.prompt.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #line(shown: boolean): void {
    must<HTMLElement>(this.root, ".composer-refined").hidden = !shown;
  }

  get #busy(): boolean {
    return this.prompt.readOnly;
  }

  #wait(busy: boolean): void {
    this.prompt.readOnly = busy;
    this.#button?.setAttribute("aria-busy", String(busy));
    this.root.toggleAttribute("data-refining", busy);
  }
}

/** What the server says as JSON, its complaints too; null where it did not answer. */
async function asked(url: string, request: RequestInit): Promise<unknown> {
  try {
    const response = await fetch(url, { ...request, headers: asThisPage() });
    return await response.json();
  } catch {
    return null;
  }
}

/** For sending twice what is meant once; `randomUUID` is not there on plain http. */
function key(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
