import { announce } from "../dom";
import { htmx, refresh } from "../htmx";
import { Stream, type Message } from "../stream";

const THROTTLE_MS = 200;
const POLL_MS = 10_000;
const NOTICE_AFTER_MS = 3_000;
const FRESH_MS = 30_000;
/** What elements of the page hear of under the name `studio:<kind>`; they know themselves what to ask. */
const KINDS = ["asset", "board", "gallery", "change", "export"];

/**
 * `<studio-live events worker actor>`: keeps what the page shows true. A message says only what has changed;
 * the fragment is read again from its own address. Without a stream the page says so and asks now and then.
 */
export class StudioLive extends HTMLElement {
  #port: MessagePort | null = null;
  #stream: Stream | null = null;
  #timers = new Map<string, number>();
  #strangers = new Set<string>();
  #missed = new Set<string>();
  #poll = 0;
  #notice = 0;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    addEventListener("pagehide", () => this.#stop(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#start(), { signal });
    document.addEventListener("studio:stale", (event) => {
      const id = (event as CustomEvent<string>).detail;
      this.#soon(`batch-${id}`, () => this.#batch(id));
    }, { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && this.#catchUp(), { signal });
    this.#start();
    // After the parser has read the rest of the page, and the region that speaks with it.
    setTimeout(tellFresh);
  }

  disconnectedCallback(): void {
    this.#leave.abort();
    this.#stop();
  }

  #start(): void {
    const url = this.getAttribute("events") ?? "";
    if ("SharedWorker" in window) {
      const worker = new SharedWorker(this.getAttribute("worker") ?? "", { type: "module", name: "packshot" });
      this.#port = worker.port;
      this.#port.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
      this.#port.postMessage({ hello: { url, actor: this.getAttribute("actor") ?? "" } });
    } else {
      this.#stream = new Stream(url, (message) => this.#hear(message));
    }
  }

  #stop(): void {
    this.#port?.postMessage("bye");
    this.#port?.close();
    this.#port = null;
    this.#stream?.close();
    this.#stream = null;
    this.#connection(true);
  }

  #hear({ k, i }: Message): void {
    if (k === "up" || k === "down") this.#connection(k === "up");
    else if (document.hidden) this.#miss(k, i);
    else if (k === "resync") this.#resync();
    else if (k === "balance") this.#soon("balance", () => this.#fragment("balance"));
    else if (k === "batch" && i !== null) {
      this.#soon(`batch-${i}`, () => this.#batch(i));
      this.#soon("running", () => this.#fragment("running"));
      this.#emit("batch", i);
    } else if (KINDS.includes(k)) this.#emit(k, i);
  }

  /** Nobody looks at this tab: it reads when it is looked at again, and leaves the server to those that are. */
  #miss(kind: Message["k"], id: string | null): void {
    if (kind === "batch" && id !== null) this.#missed.add(id);
  }

  #catchUp(): void {
    const missed = [...this.#missed];
    this.#missed.clear();
    for (const id of missed) this.#soon(`batch-${id}`, () => this.#batch(id));
    this.#resync();
  }

  /** Once now and at most once every THROTTLE_MS after: a burst of messages is one or two requests. */
  #soon(key: string, work: () => Promise<unknown>): void {
    if (this.#timers.has(key)) {
      this.#timers.set(key, 1);
      return;
    }
    this.#timers.set(key, 0);
    void work().catch(() => undefined).finally(() =>
      setTimeout(() => {
        const again = this.#timers.get(key) === 1;
        this.#timers.delete(key);
        if (again) this.#soon(key, work);
      }, THROTTLE_MS),
    );
  }

  async #fragment(name: string): Promise<void> {
    const target = document.querySelector(`[data-live="${name}"]`);
    const url = target?.getAttribute("data-url");
    if (target && url) await refresh(target, url);
    const queue = name === "running" ? document.querySelector("#queue:popover-open") : null;
    if (queue) await htmx.ajax("GET", queue.getAttribute("hx-get") ?? "", { target: queue, swap: "innerMorph" });
  }

  async #batch(id: string): Promise<void> {
    const shown = [...document.querySelectorAll(`[data-batch="${CSS.escape(id)}"]`)];
    await Promise.all(shown.map((each) => this.#read(each)));
    if (document.getElementById(`batch-${id}`) === null) await this.#newcomer(id);
  }

  async #read(shown: Element): Promise<void> {
    const before = faces(shown);
    await refresh(shown, shown.getAttribute("data-url") ?? "");
    const after = document.getElementById(shown.id);
    if (after === null) return;
    for (const [tile, said] of faces(after)) {
      if (before.has(tile) && before.get(tile) !== said) announce(said);
    }
  }

  /** A batch that another tab, or another person, has started on this board. */
  async #newcomer(id: string): Promise<void> {
    const thread = document.querySelector("[data-thread]");
    if (thread === null || this.#strangers.has(id)) return;
    const url = (thread.getAttribute("data-thread") ?? "").replace("00000000-0000-0000-0000-000000000000", id);
    const response = await fetch(url, { headers: { "HX-Request": "true", Accept: "text/html" } });
    if (response.status === 404) this.#strangers.add(id);
    if (response.status !== 200) return;
    // The answer to its own form has come meanwhile, and may be older than what was told.
    if (document.getElementById(`batch-${id}`) !== null) return this.#batch(id);
    await htmx.swap({ text: await response.text(), target: thread, swap: "beforeend", sourceElement: thread });
  }

  #resync(): void {
    for (const batch of document.querySelectorAll("[data-batch][data-open]")) {
      const id = batch.getAttribute("data-batch") ?? "";
      this.#soon(`batch-${id}`, () => this.#batch(id));
    }
    this.#soon("balance", () => this.#fragment("balance"));
    this.#soon("running", () => this.#fragment("running"));
    for (const kind of ["asset", "batch", "board", "change", "export"]) this.#emit(kind, null);
  }

  #emit(kind: string, id: string | null): void {
    document.dispatchEvent(new CustomEvent(`studio:${kind}`, { detail: id }));
  }

  #connection(up: boolean): void {
    clearTimeout(this.#notice);
    clearInterval(this.#poll);
    if (up) {
      this.hidden = true;
      return;
    }
    // A reconnect of a second is nobody's business.
    this.#notice = window.setTimeout(() => (this.hidden = false), NOTICE_AFTER_MS);
    this.#poll = window.setInterval(() => !document.hidden && this.#resync(), POLL_MS);
  }
}

/** What to say of each tile, by its id. */
function faces(batch: Element): Map<string, string> {
  const tiles = batch.querySelectorAll<HTMLElement>("[data-face]");
  return new Map([...tiles].map((tile) => [tile.id, tile.dataset["said"] ?? ""]));
}

/** Work that was done before its page was there: nothing changes on it any more, so it is told once. */
function tellFresh(): void {
  const last = [...document.querySelectorAll("[data-batch]")].at(-1);
  const made = last?.querySelector("time")?.dateTime;
  if (!last || !made || Date.now() - Date.parse(made) > FRESH_MS) return;
  const over = last.querySelectorAll<HTMLElement>("[data-face=done], [data-face=failed]");
  for (const tile of over) announce(tile.dataset["said"] ?? "");
}
