interface Size {
  width: number;
  height: number;
}

interface Point {
  x: number;
  y: number;
}

const MOST = 8;
const SWIPE_PX = 60;

/**
 * One picture or two in a box, fitted, zoomed and moved alike: wheel, drag, pinch, double click. Each lies in a pane
 * of its own; the second has the frame of the first, so that the same place is the same place in both.
 */
export class Stage {
  #size: Size = { width: 1, height: 1 };
  #scale = 1;
  #at: Point = { x: 0, y: 0 };
  #fitted = true;
  #fingers = new Map<number, Point>();
  #start: Point | null = null;

  constructor(
    private readonly box: HTMLElement,
    private readonly panes: readonly HTMLElement[],
    private readonly readout: Element,
    private readonly walk: (step: -1 | 1) => void,
  ) {
    box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    box.addEventListener("dblclick", (event) => this.toggle(this.#inside(event)));
    box.addEventListener("pointerdown", (event) => this.#down(event));
    box.addEventListener("pointermove", (event) => this.#move(event));
    box.addEventListener("pointerup", (event) => this.#up(event));
    box.addEventListener("pointercancel", (event) => this.#fingers.delete(event.pointerId));
    new ResizeObserver(() => this.#fitted && this.fit()).observe(box);
  }

  /** The size that everything is measured by: the first picture's. */
  frame(size: Size): void {
    this.#size = size;
    for (const picture of this.#pictures) {
      picture.width = size.width;
      picture.height = size.height;
    }
    this.fit();
  }

  fit(): void {
    this.#fitted = true;
    this.#scale = this.#fitScale();
    this.#at = { x: 0, y: 0 };
    this.#draw();
  }

  /** Fitted becomes actual size around `around`, anything else becomes fitted. */
  toggle(around: Point = { x: 0, y: 0 }): void {
    if (this.#fitted) this.zoom(1 / this.#scale, around);
    else this.fit();
  }

  /** Enlarge by `factor`; what lies under `around`, measured from the middle, stays there. */
  zoom(factor: number, around: Point = { x: 0, y: 0 }): void {
    const least = Math.min(this.#fitScale(), 1);
    const scale = Math.min(Math.max(this.#scale * factor, least), MOST);
    const ratio = scale / this.#scale;
    this.#at = { x: around.x - (around.x - this.#at.x) * ratio, y: around.y - (around.y - this.#at.y) * ratio };
    this.#scale = scale;
    this.#fitted = scale === this.#fitScale();
    this.#draw();
  }

  get #pictures(): HTMLImageElement[] {
    return this.panes.flatMap((pane) => [...pane.querySelectorAll("img")]);
  }

  get #room(): Size {
    const pane = this.panes[0] ?? this.box;
    return { width: pane.clientWidth, height: pane.clientHeight };
  }

  #fitScale(): number {
    const { width, height } = this.#room;
    return Math.min(width / this.#size.width, height / this.#size.height, 1) || 1;
  }

  #draw(): void {
    const { width, height } = this.#room;
    const roomX = Math.max(0, (this.#size.width * this.#scale - width) / 2);
    const roomY = Math.max(0, (this.#size.height * this.#scale - height) / 2);
    this.#at.x = Math.min(Math.max(this.#at.x, -roomX), roomX);
    this.#at.y = Math.min(Math.max(this.#at.y, -roomY), roomY);
    const transform = `translate(-50%, -50%) translate(${this.#at.x}px, ${this.#at.y}px) scale(${this.#scale})`;
    for (const picture of this.#pictures) picture.style.transform = transform;
    this.box.toggleAttribute("data-movable", roomX + roomY > 0);
    this.readout.textContent = `${Math.round(this.#scale * 100)} %`;
  }

  /** A place on the page, measured from the middle of the pane that it lies in. */
  #inside({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const boxes = this.panes.map((pane) => pane.getBoundingClientRect()).filter((box) => box.width > 0);
    const inside = boxes.find((box) => clientX >= box.left && clientX <= box.right) ?? boxes[0];
    const { left, top, width, height } = inside ?? this.box.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode === 0 ? 0.002 : 0.05)), this.#inside(event));
  }

  #down(event: PointerEvent): void {
    // A player and the slider have handles of their own.
    if (event.button !== 0 || (event.target as Element).closest("video, [role=slider]")) return;
    this.box.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.#start = this.#fingers.size === 1 ? { x: event.clientX, y: event.clientY } : null;
  }

  /** One finger across a fitted picture asks for its neighbour. */
  #up(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    if (this.#start === null || !this.#fitted || event.pointerType !== "touch") return;
    const across = event.clientX - this.#start.x;
    if (Math.abs(across) > SWIPE_PX && Math.abs(across) > 2 * Math.abs(event.clientY - this.#start.y)) {
      this.walk(across > 0 ? -1 : 1);
    }
  }

  #move(event: PointerEvent): void {
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.#fingers.set(event.pointerId, now);
    if (other === undefined) {
      this.#at = { x: this.#at.x + now.x - before.x, y: this.#at.y + now.y - before.y };
      this.#draw();
      return;
    }
    const middle = { clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 };
    this.zoom(distance(now, other) / Math.max(1, distance(before, other)), this.#inside(middle));
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
