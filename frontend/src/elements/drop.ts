import { must, stamp, toast } from "../dom";

interface Answer {
  id: string;
  state: "checking" | "ready" | "rejected";
  message: string;
}

const PARALLEL = 3;

/**
 * `<studio-drop upload state max max-bytes>`: photos by drop, paste or picker. Each becomes a chip that shows the picture
 * at once and says how far it is; a ready chip carries its asset's id in the form around it.
 */
export class StudioDrop extends HTMLElement {
  #queue: (() => Promise<void>)[] = [];
  #active = 0;
  #depth = 0;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    const input = must<HTMLInputElement>(this, "input[type=file]");
    input.addEventListener("change", () => {
      this.add([...(input.files ?? [])]);
      input.value = "";
    });
    this.addEventListener("click", (event) => {
      const chip = (event.target as Element).closest("[data-remove]")?.closest<HTMLElement>(".chip");
      if (chip) this.#remove(chip);
    });
    addEventListener("paste", (event) => this.#take(event, event.clipboardData), { signal });
    addEventListener("dragenter", (event) => this.#drag(event, 1), { signal });
    addEventListener("dragleave", (event) => this.#drag(event, -1), { signal });
    addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault(), { signal });
    addEventListener(
      "drop",
      (event) => {
        this.#depth = 0;
        document.body.removeAttribute("data-dropping");
        this.#take(event, event.dataTransfer);
      },
      { signal },
    );
    document.addEventListener("studio:asset", (event) => this.#ask((event as CustomEvent<string | null>).detail), {
      signal,
    });
  }

  disconnectedCallback(): void {
    this.#leave.abort();
  }

  /** Chips that are not decided yet; the composer waits for them. */
  get pending(): number {
    return this.querySelectorAll(".chip[data-state=uploading], .chip[data-state=checking]").length;
  }

  get ready(): number {
    return this.querySelectorAll(".chip[data-state=ready]").length;
  }

  /** Upload files, as many as there is room for. */
  add(files: File[]): void {
    const max = Number(this.getAttribute("max") ?? "1");
    const pictures = files.filter((file) => file.type.startsWith("image/") || file.type === "");
    if (pictures.length < files.length) toast(this.getAttribute("label-not-picture") ?? "", "error");
    for (const file of pictures.slice(0, max)) {
      // One place only: the new photo takes the old one's.
      const chips = this.querySelectorAll<HTMLElement>(".chip");
      const oldest = chips[0];
      if (chips.length >= max && oldest) this.#remove(oldest);
      this.#send(file);
    }
  }

  #send(file: File): void {
    const chip = stamp(must<HTMLTemplateElement>(this, "template"));
    const preview = URL.createObjectURL(file);
    const picture = must<HTMLImageElement>(chip, "img");
    picture.addEventListener("error", () => (picture.hidden = true));
    picture.src = preview;
    chip.dataset["preview"] = preview;
    must(chip, ".chip-name").textContent = file.name;
    must(this, ".chips").append(chip);
    this.#changed();
    if (file.size > Number(this.getAttribute("max-bytes") ?? Infinity)) {
      this.#reject(chip, this.getAttribute("label-too-large") ?? "");
      return;
    }
    this.#queue.push(() => this.#upload(file, chip));
    this.#pump();
  }

  #pump(): void {
    while (this.#active < PARALLEL) {
      const work = this.#queue.shift();
      if (work === undefined) return;
      this.#active += 1;
      void work().finally(() => {
        this.#active -= 1;
        this.#pump();
      });
    }
  }

  #upload(file: File, chip: HTMLElement): Promise<void> {
    const bar = must<HTMLProgressElement>(chip, "progress");
    const form = new FormData();
    form.append("file", file, file.name);
    form.append("csrfmiddlewaretoken", must<HTMLInputElement>(document, "[name=csrfmiddlewaretoken]").value);
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", this.getAttribute("upload") ?? "");
      request.setRequestHeader("Accept", "application/json");
      request.responseType = "json";
      request.upload.onprogress = ({ loaded, total }) => (bar.value = total > 0 ? (100 * loaded) / total : 0);
      request.onloadend = () => {
        const answer = request.response as Partial<Answer> | null;
        if (request.status >= 200 && request.status < 300 && answer?.id) this.#state(chip, answer as Answer);
        else this.#reject(chip, answer?.message ?? this.getAttribute("label-failed") ?? "");
        resolve();
      };
      chip.addEventListener("studio:removed", () => request.abort());
      request.send(form);
    });
  }

  /** Ask how far the photos are that the server still looks at; `asset` null means all of them. */
  #ask(asset: string | null): void {
    for (const chip of this.querySelectorAll<HTMLElement>(".chip[data-state=checking]")) {
      const id = chip.dataset["asset"] ?? "";
      if (asset !== null && asset !== id) continue;
      void this.#read(id).then((answer) => answer && this.#state(chip, answer));
    }
  }

  async #read(id: string): Promise<Answer | null> {
    const url = (this.getAttribute("state") ?? "").replace("00000000-0000-0000-0000-000000000000", id);
    const response = await fetch(url, { headers: { Accept: "application/json" } });
    return response.ok ? ((await response.json()) as Answer) : null;
  }

  #state(chip: HTMLElement, answer: Answer): void {
    if (!chip.isConnected || chip.dataset["state"] === answer.state) return;
    if (answer.state === "rejected") {
      this.#reject(chip, answer.message);
      return;
    }
    chip.dataset["asset"] = answer.id;
    chip.dataset["state"] = answer.state;
    must<HTMLInputElement>(chip, "input[name=reference]").value = answer.id;
    must(chip, ".chip-state").textContent = this.getAttribute(`label-${answer.state}`);
    this.#changed();
    // The check may have ended before this chip knew its id.
    if (answer.state === "checking") void this.#read(answer.id).then((now) => now && this.#state(chip, now));
  }

  #reject(chip: HTMLElement, message: string): void {
    chip.dataset["state"] = "rejected";
    must<HTMLInputElement>(chip, "input[name=reference]").disabled = true;
    must(chip, ".chip-state").textContent = message;
    this.#changed();
  }

  #remove(chip: HTMLElement): void {
    chip.dispatchEvent(new Event("studio:removed"));
    URL.revokeObjectURL(chip.dataset["preview"] ?? "");
    chip.remove();
    this.#changed();
    must<HTMLInputElement>(this, "input[type=file]").focus();
  }

  #changed(): void {
    this.dispatchEvent(new Event("studio:references", { bubbles: true }));
  }

  #take(event: Event, data: DataTransfer | null): void {
    const files = [...(data?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    this.add(files);
  }

  /** dragenter and dragleave come for every element on the way: count them. */
  #drag(event: DragEvent, step: number): void {
    if (!carriesFiles(event)) return;
    this.#depth = Math.max(0, this.#depth + step);
    document.body.toggleAttribute("data-dropping", this.#depth > 0);
  }
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
