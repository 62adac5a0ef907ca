import { announce } from "../dom";

/** A person's own prompts, newest first, walked like a shell's; what was being written waits at the near end. */
export class History {
  #found: Promise<string[]> | null = null;
  #place = -1;
  #written = "";

  constructor(
    private readonly prompt: HTMLTextAreaElement,
    private readonly url: string,
  ) {
    prompt.addEventListener("keydown", (event) => this.#key(event));
    prompt.addEventListener("input", () => (this.#place = -1));
  }

  /** One step back (1) or forward (-1); false where there is nothing to step from. */
  step(by: 1 | -1): boolean {
    if (document.activeElement !== this.prompt || (by === -1 && this.#place < 0)) return false;
    void this.#walk(by);
    return true;
  }

  /** A prompt was sent: the next look at the history asks for it anew. */
  forget(): void {
    this.#found = null;
    this.#place = -1;
  }

  async #walk(by: 1 | -1): Promise<void> {
    this.#found ??= this.#fetch();
    const found = await this.#found;
    const next = this.#place + by;
    if (next >= found.length) return;
    if (this.#place < 0) this.#written = this.prompt.value;
    this.#place = Math.max(-1, next);
    const text = found[this.#place] ?? this.#written;
    this.prompt.value = text;
    this.prompt.setSelectionRange(text.length, text.length);
    const place = this.#place;
    this.prompt.dispatchEvent(new Event("input", { bubbles: true }));
    this.#place = place; // the event above is ours, not the person's
    announce(text);
  }

  async #fetch(): Promise<string[]> {
    const response = await fetch(this.url, { headers: { Accept: "application/json" } });
    if (!response.ok) {
      this.#found = null; // asked again next time
      return [];
    }
    return ((await response.json()) as { prompts: string[] }).prompts;
  }

  /** Arrows alone walk where they would not move the caret: in an empty prompt and in one that was only recalled. */
  #key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.isComposing) return;
    const { value, selectionStart, selectionEnd } = this.prompt;
    if (selectionStart !== selectionEnd || (value !== "" && this.#place < 0)) return;
    const first = !value.slice(0, selectionStart).includes("\n");
    const last = !value.slice(selectionStart).includes("\n");
    if (event.key === "ArrowUp" && first && this.step(1)) event.preventDefault();
    else if (event.key === "ArrowDown" && last && this.step(-1)) event.preventDefault();
  }
}
