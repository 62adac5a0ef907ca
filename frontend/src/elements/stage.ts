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

/** A picture that is fitted, zoomed and moved inside a box: wheel, drag, pinch, double click. */
export class Stage {
  #size: Size = { width: 1, height: 1 };
  #scale = 1;
  #at: Point = { x: 0, y: 0 };
  #fitted = true;
  #fingers = new Map<number, Point>();
  #start: Point | null = null;

  constructor(
    private readonly box: HTMLElement,
    private readonly picture: HTMLImageElement,
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

  /** Show the small picture at once, in the place and size of the large one, which follows. */
  load(full: string, small: string, alt: string, size: Size): void {
    this.#size = size;
    this.picture.alt = alt;
    this.picture.width = size.width;
    this.picture.height = size.height;
    this.picture.src = small;
    this.fit();
    const large = new Image();
    large.src = full;
    void large.decode().then(() => {
      if (this.picture.alt === alt && this.picture.getAttribute("src") === small) this.picture.src = full;
    }, () => undefined);
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

  #fitScale(): number {
    const { clientWidth, clientHeight } = this.box;
    return Math.min(clientWidth / this.#size.width, clientHeight / this.#size.height, 1) || 1;
  }

  #draw(): void {
    const { clientWidth, clientHeight } = this.box;
    const roomX = Math.max(0, (this.#size.width * this.#scale - clientWidth) / 2);
    const roomY = Math.max(0, (this.#size.height * this.#scale - clientHeight) / 2);
    this.#at.x = Math.min(Math.max(this.#at.x, -roomX), roomX);
    this.#at.y = Math.min(Math.max(this.#at.y, -roomY), roomY);
    this.picture.style.transform =
      `translate(-50%, -50%) translate(${this.#at.x}px, ${this.#at.y}px) scale(${this.#scale})`;
    this.box.toggleAttribute("data-movable", roomX + roomY > 0);
    this.readout.textContent = `${Math.round(this.#scale * 100)} %`;
  }

  #inside({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const { left, top, width, height } = this.box.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.deltaMode === 0 ? 0.002 : 0.05)), this.#inside(event));
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
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
