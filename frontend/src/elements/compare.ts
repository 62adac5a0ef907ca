import { must } from "../dom";
import { show, sizeOf } from "./picture";
import type { Stage } from "./stage";

export const MODES = ["slider", "side", "flicker"] as const;
export type Mode = (typeof MODES)[number];

const FLICKER_MS = 800;
const STEP = 5;

/**
 * Two pictures compared in the viewer: one over the other with a slider between, side by side, or by turns. The second
 * lies in the pane `.pane-other`; the mode stands in `data-compare` of the dialog, where the style sheet reads it.
 */
export class Compare {
  #other: HTMLAnchorElement | null = null;
  #share = 50;
  #timer = 0;

  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly stage: Stage,
  ) {
    const slider = this.#slider;
    slider.addEventListener("keydown", (event) => this.#key(event));
    slider.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      slider.focus();
      slider.setPointerCapture(event.pointerId);
    });
    slider.addEventListener("pointermove", (event) => slider.hasPointerCapture(event.pointerId) && this.#drag(event));
  }

  get other(): HTMLAnchorElement | null {
    return this.#other;
  }

  get mode(): Mode | null {
    return (this.dialog.dataset["compare"] as Mode | undefined) ?? null;
  }

  /** Put this one beside the current picture, in the mode that was used last. */
  start(other: HTMLAnchorElement, mode: Mode): void {
    this.#other = other;
    this.dialog.dataset["compare"] = mode;
    show(this.#pane, other);
    must(this.dialog, ".compare-name").textContent = other.dataset["name"] ?? "";
    this.#to(50);
    this.#flicker(mode === "flicker");
    for (const button of this.dialog.querySelectorAll("[data-mode]")) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-mode") === mode));
    }
    this.stage.fit();
  }

  stop(): void {
    this.#other = null;
    this.#flicker(false);
    delete this.dialog.dataset["compare"];
    this.#pane.replaceChildren();
    this.stage.fit();
  }

  /** The other picture has to have the frame of the current one. */
  reframe(current: HTMLAnchorElement): void {
    this.stage.frame(sizeOf(current));
  }

  /** By turns: the one that is not seen now. */
  turn(): void {
    this.dialog.toggleAttribute("data-turned");
  }

  get #pane(): HTMLElement {
    return must(this.dialog, ".pane-other");
  }

  get #slider(): HTMLElement {
    return must(this.dialog, ".compare-slider");
  }

  #flicker(on: boolean): void {
    clearInterval(this.#timer);
    this.dialog.removeAttribute("data-turned");
    // Whoever wants no motion turns by hand.
    if (on && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.#timer = window.setInterval(() => this.turn(), FLICKER_MS);
    }
  }

  #key(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowLeft: this.#share - STEP,
      ArrowRight: this.#share + STEP,
      Home: 0,
      End: 100,
    };
    const next = steps[event.key];
    if (next === undefined || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#to(next);
  }

  #drag(event: PointerEvent): void {
    const { left, width } = this.#pane.getBoundingClientRect();
    this.#to((100 * (event.clientX - left)) / width);
  }

  #to(share: number): void {
    this.#share = Math.min(100, Math.max(0, share));
    this.#slider.style.left = `${this.#share}%`;
    this.#slider.setAttribute("aria-valuenow", String(Math.round(this.#share)));
    this.#pane.style.setProperty("--share", `${this.#share}%`);
  }
}
