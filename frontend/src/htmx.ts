/** htmx with its types; the one place that imports it. */
import htmx from "htmx.org";

export { htmx };

/**
 * Fetch a fragment and put it in the place of `target`, keeping focus, open details and loaded pictures; with `select`
 * the part of a page that it matches.
 */
export async function refresh(target: Element, url: string, select?: string): Promise<number> {
  const asked = target.getAttribute("data-fresh");
  const response = await fetch(url, { headers: { "HX-Request": "true", Accept: "text/html" } });
  // It shows something else by now, another search: this answer is late.
  if (target.getAttribute("data-fresh") !== asked) return response.status;
  const elsewhere = response.headers.get("HX-Redirect");
  if (elsewhere !== null) location.assign(elsewhere); // signed out
  else if (response.status === 200 && target.isConnected) {
    await htmx.swap({ text: await response.text(), target, swap: "outerMorph", sourceElement: target, ...(select ? { select } : {}) });
  }
  return response.status;
}
