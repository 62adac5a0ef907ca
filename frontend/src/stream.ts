/** A message of the server: what kind of thing changed, and which; or the state of the stream itself. */
export interface Message {
  k: "batch" | "balance" | "asset" | "board" | "gallery" | "change" | "export" | "resync" | "up" | "down";
  i: string | null;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/** An event stream that comes back, also where the browser itself gives up (an answer other than 200). */
export class Stream {
  up = false;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = FIRST_RETRY_MS;

  constructor(
    private readonly url: string,
    private readonly tell: (message: Message) => void,
  ) {
    this.#open();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  #open(): void {
    const source = new EventSource(this.url);
    this.#source = source;
    source.onopen = () => {
      this.#wait = FIRST_RETRY_MS;
      this.#state(true);
    };
    source.onmessage = ({ data }: MessageEvent<string>) => this.tell(JSON.parse(data) as Message);
    source.onerror = () => {
      this.#state(false);
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      // Spread out: after a restart not every browser comes in the same moment.
      this.#timer = setTimeout(() => this.#open(), this.#wait * (0.5 + Math.random()));
      this.#wait = Math.min(this.#wait * 2, LONGEST_RETRY_MS);
    };
  }

  #state(up: boolean): void {
    if (this.up === up) return;
    this.up = up;
    this.tell({ k: up ? "up" : "down", i: null });
  }
}
