/** A file on its way to the studio: through its server, or straight into its store where the server gives it a place. */

import { asThisPage, must } from "./dom";
import { mediaType } from "./elements/files";

export interface Routes {
  /** Takes the file itself. */
  upload: string;
  /** Gives a place in the store; empty where files go through the server. */
  expect: string;
  board: string;
}

/** What the server said; `body` has a message where it refused. */
export interface Reply {
  ok: boolean;
  /** The same again may be answered otherwise: the server was busy, or not there. */
  again: boolean;
  body: { id?: string; state?: string; message?: string } | null;
}

interface Place {
  url: string;
  headers: Record<string, string>;
  done: string;
}

/** One file's way; kept while it is tried again, so that what has arrived is not sent twice. */
export class Sending {
  #request: XMLHttpRequest | null = null;
  #stopped = false;
  /** Where the store's copy is told of, once it is there. */
  #done = "";

  constructor(
    private readonly file: File,
    private readonly routes: Routes,
    private readonly progress: (share: number) => void,
  ) {}

  /** Send it, or what is missing of it; `sha256` where it is known. */
  async go(sha256: string | null): Promise<Reply> {
    this.#stopped = false;
    if (this.routes.expect === "") return this.#ask("POST", this.routes.upload, this.#form({ file: this.file }));
    if (this.#done === "") {
      const { name, size } = this.file;
      const said = { name, size: String(size), type: mediaType(this.file), ...(sha256 === null ? {} : { sha256 }) };
      const expected = await this.#ask("POST", this.routes.expect, this.#form(said));
      if (!expected.ok) return expected;
      const { url, headers, done } = expected.body as Place;
      const put = await this.#ask("PUT", url, this.file, headers);
      // What the store says is for programs; a place that has run out is simply asked for anew.
      if (!put.ok) return { ok: false, again: true, body: null };
      this.#done = done;
    }
    const told = await this.#ask("POST", this.#done, this.#form({}));
    if (!told.ok && !told.again) this.#done = "";
    return told;
  }

  stop(): void {
    this.#stopped = true;
    this.#request?.abort();
  }

  #ask(method: string, url: string, body: FormData | File, headers: Record<string, string> = {}): Promise<Reply> {
    if (this.#stopped) return Promise.resolve({ ok: false, again: true, body: null });
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      this.#request = request;
      request.open(method, url);
      // The bucket is told nothing of ours.
      const said = method === "POST" ? { ...asThisPage(), ...headers } : headers;
      for (const [name, value] of Object.entries(said)) request.setRequestHeader(name, value);
      if (method === "POST") request.responseType = "json";
      request.upload.onprogress = ({ loaded, total }) => total > 0 && this.progress(loaded / total);
      request.onloadend = () => {
        this.#request = null;
        const { status } = request;
        const ok = status >= 200 && status < 300;
        const refused = status >= 400 && status < 500 && status !== 429;
        resolve({ ok, again: !ok && !refused, body: method === "POST" ? (request.response as Reply["body"]) : null });
      };
      request.send(body);
    });
  }

  #form(values: Record<string, string | File>): FormData {
    const form = new FormData();
    form.append("csrfmiddlewaretoken", must<HTMLInputElement>(document, "[name=csrfmiddlewaretoken]").value);
    if (this.routes.board !== "") form.append("board", this.routes.board);
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === "string") form.append(name, value);
      else form.append(name, value, value.name);
    }
    return form;
  }
}

/** How an element says where its files go. */
export function routesOf(element: HTMLElement): Routes {
  return {
    upload: element.getAttribute("upload") ?? "",
    expect: element.getAttribute("expect") ?? "",
    board: element.getAttribute("board") ?? "",
  };
}
