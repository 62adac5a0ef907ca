import type { Picked, Reuse } from "./composer/reuse";

/** A picture to be put into the composer, and as what. */
export interface Refer extends Picked {
  as: "reference" | "style" | "follow";
}

/**
 * Requests and pictures are picked up anywhere (`data-reuse`, `data-refer`, or the events of these names) and put into
 * the composer of the page; a page without one goes to the first that has one.
 */
export function pickups(): void {
  document.addEventListener("click", (event) => {
    const source = (event.target as Element).closest<HTMLElement>("[data-reuse], [data-refer]");
    if (source === null) return;
    const { reuse, refer } = source.dataset;
    source.closest<HTMLElement>("[popover]")?.hidePopover();
    if (reuse !== undefined) send("reuse", JSON.parse(reuse) as Reuse);
    if (refer !== undefined) send("refer", JSON.parse(refer) as Refer);
  });
  for (const kind of ["reuse", "refer"] as const) {
    document.addEventListener(`studio:${kind}`, (event) => {
      if (document.querySelector("studio-composer") === null) leave(kind, (event as CustomEvent<unknown>).detail);
    });
  }
}

/** What the address says is to be picked up; it is taken out of the address. */
export function fromAddress(): void {
  const found = /^#(reuse|refer)=(.+)$/.exec(location.hash);
  if (found === null) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  const [, kind, text] = found;
  try {
    send(kind as "reuse" | "refer", JSON.parse(decodeURIComponent(text ?? "")) as Reuse | Refer);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof URIError)) throw error; // an address that somebody cut
  }
}

function send(kind: "reuse" | "refer", detail: Reuse | Refer): void {
  document.dispatchEvent(new CustomEvent(`studio:${kind}`, { detail }));
}

function leave(kind: string, detail: unknown): void {
  const home = document.body.dataset["composer"] ?? "/";
  const address = (detail as { board?: string }).board ?? home;
  location.assign(`${address}#${kind}=${encodeURIComponent(JSON.stringify(detail))}`);
}
