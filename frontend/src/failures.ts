import { toast } from "./dom";

/** A request that never got an answer is told; one that did brings its own words. */
export function offline(): void {
  document.addEventListener("htmx:error", () => {
    toast(document.body.dataset["labelOffline"] ?? "", "error");
  });
}
