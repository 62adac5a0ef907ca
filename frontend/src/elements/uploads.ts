import { announce, asThisPage, must, stamp, toast } from "../dom";
import { Sending, routesOf } from "../send";
import { actions } from "../shortcuts";
import { carriesFiles, dropped, fingerprint, sorted, type Found } from "./files";

const PARALLEL = 3;
const TRIES = 3;
const BACK_OFF_MS = 1_500;

type State = "waiting" | "uploading" | "done" | "here" | "failed";

interface Item {
  file: File;
  row: HTMLElement;
  state: State;
  share: number;
  /** Trying again may help: the network broke off, or the server was busy. */
  again: boolean;
  /** Counts the times it was begun: work of an earlier time has nothing to say any more. */
  turn: number;
  sending: Sending;
}

interface Answer {
  state: string;
  message: string;
}

/**
 * `<studio-uploads upload expect known board max-bytes>`: many files at once onto a board, by drop, paste, picker or
 * folder, through the server or straight into its store. A file whose bytes are here already is not sent again, so a folder that broke off is simply dropped once more. What
 * failed stays in the list with its reason and can be tried again, all together or one by one.
 */
export class StudioUploads extends HTMLElement {
  #items: Item[] = [];
  #active = 0;
  #depth = 0;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    for (const input of this.querySelectorAll<HTMLInputElement>("input[type=file]")) {
      input.addEventListener("change", () => {
        this.#add(sorted([...(input.files ?? [])]));
        input.value = "";
      });
    }
    document.addEventListener("click", (event) => this.#choose(event), { signal });
    actions(signal, { upload: () => must<HTMLInputElement>(this, "input[type=file]:not([webkitdirectory])").click() });
    addEventListener("paste", (event) => this.#paste(event), { signal });
    addEventListener("dragenter", (event) => this.#drag(event, 1), { signal });
    addEventListener("dragleave", (event) => this.#drag(event, -1), { signal });
    addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault(), { signal });
    addEventListener("drop", (event) => this.#drop(event), { signal });
    addEventListener("online", () => this.#retry(), { signal });
    this.addEventListener("click", (event) => this.#pressed(event));
  }

  disconnectedCallback(): void {
    this.#leave.abort();
    removeEventListener("beforeunload", ask);
  }

  /** Whoever leaves while files are on their way is asked; a page at rest may be kept by the browser. */
  #guard(): void {
    removeEventListener("beforeunload", ask);
    if (this.#left > 0) addEventListener("beforeunload", ask);
  }

  get #left(): number {
    return this.#items.filter(({ state }) => state === "waiting" || state === "uploading").length;
  }

  #choose(event: MouseEvent): void {
    const kind = (event.target as Element).closest<HTMLElement>("[data-upload]")?.dataset["upload"];
    if (kind === undefined) return;
    must<HTMLInputElement>(this, kind === "folder" ? "input[webkitdirectory]" : "input[type=file]:not([webkitdirectory])").click();
  }

  #paste(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.#add(sorted(files));
  }

  #drop(event: DragEvent): void {
    this.#depth = 0;
    document.body.removeAttribute("data-dropping");
    if (!carriesFiles(event) || event.dataTransfer === null) return;
    event.preventDefault();
    void dropped(event.dataTransfer).then((found) => this.#add(found));
  }

  /** dragenter and dragleave come for every element on the way: count them. */
  #drag(event: DragEvent, step: number): void {
    if (!carriesFiles(event)) return;
    this.#depth = Math.max(0, this.#depth + step);
    document.body.toggleAttribute("data-dropping", this.#depth > 0);
  }

  #add({ pictures, others }: Found): void {
    if (others > 0) toast(this.#label(others === 1 ? "not-picture-one" : "not-picture").replace("%", String(others)), "error");
    if (this.#left === 0) this.#forget();
    for (const file of pictures) {
      const row = stamp(must<HTMLTemplateElement>(this, "template"));
      must(row, ".upload-name").textContent = file.name;
      must(this, ".upload-list").append(row);
      const progress = (share: number): void => {
        item.share = share;
        this.#draw(item);
      };
      const sending = new Sending(file, routesOf(this), progress);
      const item: Item = { file, row, state: "waiting", share: 0, again: true, turn: 0, sending };
      this.#items.push(item);
      if (file.size > Number(this.getAttribute("max-bytes") ?? Infinity)) {
        item.again = false;
        this.#set(item, "failed", this.#label("too-large"));
      } else this.#set(item, "waiting", "");
    }
    must<HTMLElement>(this, ".uploads").hidden = this.#items.length === 0;
    this.#pump();
  }

  /** A list that is worked off makes room for the next one. */
  #forget(): void {
    for (const item of this.#items.filter(({ state }) => state !== "failed")) item.row.remove();
    this.#items = this.#items.filter(({ state }) => state === "failed");
  }

  #pump(): void {
    while (this.#active < PARALLEL) {
      const item = this.#items.find(({ state }) => state === "waiting");
      if (item === undefined) break;
      this.#active += 1;
      this.#set(item, "uploading", "");
      void this.#work(item).finally(() => {
        this.#active -= 1;
        this.#pump();
        if (this.#left === 0 && this.#active === 0) this.#over();
      });
    }
  }

  async #work(item: Item): Promise<void> {
    const turn = (item.turn += 1);
    for (let attempt = 1; item.state === "uploading" && item.turn === turn; attempt += 1) {
      const answer = await this.#attempt(item);
      if (item.turn !== turn || item.state !== "uploading") return;
      if (answer !== null) return this.#set(item, answer.state as State, answer.message);
      if (attempt >= TRIES) return this.#set(item, "failed", this.#label("broken"));
      await new Promise((resolve) => setTimeout(resolve, BACK_OFF_MS * attempt));
    }
  }

  /** What the server says of the file; null where it did not say anything. */
  async #attempt(item: Item): Promise<Answer | null> {
    let sha256: string | null;
    try {
      sha256 = await fingerprint(item.file);
      if (sha256 !== null) {
        const known = await this.#known(item.file, sha256);
        if (known !== null) return known;
      }
    } catch {
      return null; // no answer: the network is gone, and so it would be for the file
    }
    if (item.state !== "uploading") return null; // stopped meanwhile
    const { ok, again, body } = await item.sending.go(sha256);
    if (ok) return { state: "done", message: "" };
    if (again) return null;
    item.again = false;
    return { state: "failed", message: body?.message ?? this.#label("broken") };
  }

  /** Bytes that are here already need not travel: `done` or `here`; null where they have to. */
  async #known(file: File, sha256: string): Promise<Answer | null> {
    const form = this.#form();
    form.append("sha256", sha256);
    form.append("name", file.name);
    const response = await fetch(this.getAttribute("known") ?? "", {
      method: "POST",
      body: form,
      headers: asThisPage(),
    });
    if (!response.ok) return null;
    const answer = (await response.json()) as { state: string };
    if (answer.state === "unknown") return null;
    return { state: answer.state === "here" ? "here" : "done", message: "" };
  }

  #form(): FormData {
    const form = new FormData();
    form.append("csrfmiddlewaretoken", must<HTMLInputElement>(document, "[name=csrfmiddlewaretoken]").value);
    form.append("board", this.getAttribute("board") ?? "");
    return form;
  }

  #set(item: Item, state: State, message: string): void {
    item.state = state;
    if (state === "done" || state === "here") item.share = 1;
    item.row.dataset["state"] = state;
    must(item.row, ".upload-state").textContent = message || this.#label(state);
    must<HTMLElement>(item.row, "[data-again]").hidden = state !== "failed" || !item.again;
    this.#draw(item);
    this.#guard();
  }

  #draw(item: Item): void {
    must<HTMLProgressElement>(item.row, "progress").value = 100 * item.share;
    const shares = this.#items.reduce((sum, { state, share }) => sum + (state === "failed" ? 1 : share), 0);
    must<HTMLProgressElement>(this, ".uploads-all").value = (100 * shares) / Math.max(1, this.#items.length);
    const done = this.#items.filter(({ state }) => state === "done" || state === "here").length;
    const failed = this.#items.filter(({ state }) => state === "failed").length;
    const words = this.#label(failed > 0 ? "sum-failed" : "sum");
    must(this, ".uploads-sum").textContent = words
      .replace("%1", String(done))
      .replace("%2", String(this.#items.length))
      .replace("%3", String(failed));
    must<HTMLElement>(this, "[data-again-all]").hidden = !this.#items.some((each) => each.state === "failed" && each.again);
    must<HTMLElement>(this, "[data-stop]").hidden = this.#left === 0;
    must<HTMLElement>(this, "[data-close]").hidden = this.#left > 0;
  }

  #over(): void {
    announce(must(this, ".uploads-sum").textContent ?? "");
    this.dispatchEvent(new CustomEvent("studio:uploaded", { bubbles: true }));
  }

  #retry(): void {
    for (const item of this.#items) if (item.state === "failed" && item.again) this.#set(item, "waiting", "");
    this.#pump();
  }

  #pressed(event: MouseEvent): void {
    const button = (event.target as Element).closest<HTMLElement>("button");
    if (button === null) return;
    if ("againAll" in button.dataset) this.#retry();
    if ("stop" in button.dataset) this.#stop();
    if ("close" in button.dataset) must<HTMLElement>(this, ".uploads").hidden = true;
    const item = this.#items.find(({ row }) => "again" in button.dataset && row.contains(button));
    if (item !== undefined) {
      this.#set(item, "waiting", "");
      this.#pump();
    }
  }

  /** What waits is let go; what is on its way is broken off. Both can be tried again. */
  #stop(): void {
    for (const item of this.#items) {
      if (item.state !== "waiting" && item.state !== "uploading") continue;
      this.#set(item, "failed", this.#label("stopped"));
      item.sending.stop();
    }
  }

  #label(name: string): string {
    return this.getAttribute(`label-${name}`) ?? "";
  }
}

function ask(event: Event): void {
  event.preventDefault();
}
