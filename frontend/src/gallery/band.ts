/** A rectangle in the coordinates of what is scrolled. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const FAR_PX = 6;
const EDGE_PX = 48;
const FASTEST_PX_S = 1_600;
const LONGEST_FRAME_S = 0.1;
/** What means something else by being pressed. */
const TAKEN = "button, input, label, summary, select, form, dialog, a:not([data-picture]), [role=toolbar]";

/**
 * The rubber band: the mouse is pressed, drawn, and what lies under it is told. At the upper and lower edge of the
 * window the list moves along. A press that was not drawn far stays a click.
 */
export class Band {
  #from: { x: number; y: number } | null = null;
  #at = { clientX: 0, clientY: 0 };
  #drawn: HTMLElement | null = null;
  #frame = 0;

  constructor(
    private readonly ground: HTMLElement,
    private readonly scroller: HTMLElement,
    private readonly begin: (event: PointerEvent) => void,
    private readonly over: (box: Box) => void,
    signal: AbortSignal,
  ) {
    // It may begin beside the list as well.
    scroller.addEventListener("pointerdown", (event) => this.#down(event), { signal });
    addEventListener("pointermove", (event) => this.#move(event), { signal });
    addEventListener("pointerup", () => this.#end(), { signal });
    addEventListener("pointercancel", () => this.#end(), { signal });
    addEventListener("keydown", (event) => event.key === "Escape" && this.#end(), { signal });
    scroller.addEventListener("scroll", () => this.#drawn && this.#draw(), { signal, passive: true });
    // Pictures and links would be dragged away instead.
    ground.addEventListener("dragstart", (event) => event.preventDefault(), { signal });
    // The click that ends a band is none.
    addEventListener("click", (event) => this.#click(event), { signal, capture: true });
  }

  #down(event: PointerEvent): void {
    if (event.pointerType !== "mouse" || event.button !== 0 || (event.target as Element).closest(TAKEN)) return;
    const { left } = this.scroller.getBoundingClientRect();
    if (event.clientX - left > this.scroller.clientWidth) return; // the scroll bar
    this.#at = event;
    this.#from = this.#inside(event);
  }

  #move(event: PointerEvent): void {
    if (this.#from === null) return;
    this.#at = event;
    const { x, y } = this.#inside(event);
    if (this.#drawn === null) {
      if (Math.hypot(x - this.#from.x, y - this.#from.y) < FAR_PX) return;
      this.#start(event);
    }
    event.preventDefault();
    this.#draw();
  }

  #start(event: PointerEvent): void {
    this.#drawn = document.createElement("div");
    this.#drawn.className = "band";
    this.ground.append(this.#drawn);
    getSelection()?.removeAllRanges();
    this.ground.toggleAttribute("data-banding", true);
    this.begin(event);
    this.#creep(performance.now());
  }

  #draw(): void {
    if (this.#from === null || this.#drawn === null) return;
    const { x, y } = this.#inside(this.#at);
    const box = {
      left: Math.min(x, this.#from.x),
      top: Math.min(y, this.#from.y),
      right: Math.max(x, this.#from.x),
      bottom: Math.max(y, this.#from.y),
    };
    const { style } = this.#drawn;
    style.transform = `translate(${box.left}px, ${box.top}px)`;
    style.inlineSize = `${box.right - box.left}px`;
    style.blockSize = `${box.bottom - box.top}px`;
    this.over(box);
  }

  /** Near an edge the list moves, faster the nearer. */
  #creep(before: number): void {
    this.#frame = requestAnimationFrame((now) => {
      if (this.#drawn === null) return;
      const { top, bottom } = this.scroller.getBoundingClientRect();
      const { clientY } = this.#at;
      const beyond = Math.min(0, clientY - top - EDGE_PX) + Math.max(0, clientY - bottom + EDGE_PX);
      const share = Math.max(-1, Math.min(1, beyond / EDGE_PX));
      const seconds = Math.min(LONGEST_FRAME_S, Math.max(0, now - before) / 1000);
      if (share !== 0) this.scroller.scrollTop += share * FASTEST_PX_S * seconds;
      this.#creep(now);
    });
  }

  #end(): void {
    cancelAnimationFrame(this.#frame);
    const was = this.#drawn;
    this.#from = null;
    // The click comes after this and has to see that there was a band.
    setTimeout(() => {
      was?.remove();
      if (this.#drawn === was) this.#drawn = null;
      this.ground.toggleAttribute("data-banding", false);
    });
  }

  #click(event: MouseEvent): void {
    if (this.#drawn === null) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** The point in the ground's own coordinates: they move with what is scrolled. */
  #inside({ clientX, clientY }: { clientX: number; clientY: number }): { x: number; y: number } {
    const { left, top } = this.ground.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }
}

/** Which of a block's places a box touches: computed, since the tiles may not be in the page. */
export function places(block: HTMLElement, ground: HTMLElement, box: Box, count: number): number[] {
  const outer = ground.getBoundingClientRect();
  const inner = block.getBoundingClientRect();
  const [columns, gap] = grid(block);
  const cell = (inner.width - (columns - 1) * gap) / columns;
  const step = cell + gap;
  const left = box.left - (inner.left - outer.left);
  const right = box.right - (inner.left - outer.left);
  const top = box.top - (inner.top - outer.top);
  const bottom = box.bottom - (inner.top - outer.top);
  const found: number[] = [];
  const rows = Math.ceil(count / columns);
  const ends = getComputedStyle(block).direction === "rtl";
  for (let row = Math.max(0, Math.floor(top / step)); row <= Math.min(rows - 1, Math.floor(bottom / step)); row += 1) {
    if (row * step + cell < top) continue;
    for (let column = 0; column < columns; column += 1) {
      const from = (ends ? columns - 1 - column : column) * step;
      if (from > right || from + cell < left) continue;
      const place = row * columns + column;
      if (place < count) found.push(place);
    }
  }
  return found;
}

/** How many columns a block has now, and the gap between them in pixels. */
export function grid(block: HTMLElement): [number, number] {
  const style = getComputedStyle(block);
  return [Number(style.getPropertyValue("--columns")) || 1, parseFloat(style.columnGap) || 0];
}
