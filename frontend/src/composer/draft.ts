import { must } from "../dom";
import type { Reuse } from "./reuse";

const SOON_MS = 300;

function written({ prompt, about, negative, styles }: Reuse): boolean {
  return Boolean(prompt?.trim() || about || negative || styles?.length);
}

/** What is being written, kept by this browser until it is sent; signing out clears it. */
export class Draft {
  #timer = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly key: string,
    private readonly state: () => Reuse,
    private readonly fill: (kept: Reuse) => void,
  ) {
    must(root, "[data-discard]").addEventListener("click", () => this.#discard());
    addEventListener("pagehide", () => this.#timer && this.#write());
  }

  restore(): boolean {
    const text = localStorage.getItem(this.#name);
    if (text === null) return false;
    const kept = JSON.parse(text) as Reuse;
    this.fill(kept);
    this.#line.hidden = !written(kept); // who only talked here last goes on talking: nothing is restored by that
    return true;
  }

  /** Something was changed: write it down in a moment. */
  changed(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#write(), SOON_MS);
  }

  sent(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    localStorage.removeItem(this.#name);
    this.#line.hidden = true;
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const state = this.state();
    if (!written(state) && state.mode === undefined) {
      localStorage.removeItem(this.#name);
    } else localStorage.setItem(this.#name, JSON.stringify(state));
  }

  #discard(): void {
    this.sent();
    this.fill({ prompt: "", about: null, styles: [], references: [], negative: "", seed: null });
    this.sent();
  }

  get #name(): string {
    return `draft:${this.key}`;
  }

  get #line(): HTMLElement {
    return must(this.root, ".composer-draft");
  }
}
