import { must } from "../dom";
import type { Limits } from "./limits";

const MICRO = 1_000_000;

/** Say on the button what is made and what it costs, and beside it what is left after. */
export function price(root: HTMLElement, limits: Limits, waiting: boolean): void {
  const name = limits.priceBy === "size" ? "size" : `parameter-${limits.priceBy}`;
  const by = root.querySelector<HTMLSelectElement>(`fieldset:not([disabled]) select[name="${CSS.escape(name)}"]`);
  const each = limits.prices[by?.value ?? ""] ?? Object.values(limits.prices)[0] ?? 0;
  const many = limits.maxVariants > 1;
  const count = many ? Number(must<HTMLSelectElement>(root, "select[name=variants]").value) : 1;
  // What is shown here is what is held: the server is told, and refuses to take more.
  const quoted = must<HTMLInputElement>(root, "input[name=quoted]");
  quoted.value = String(each);
  quoted.disabled = false;
  const total = each * count;
  const button = must<HTMLButtonElement>(root, "button[type=submit]");
  const verb = many ? `${limits.verb} ${count}` : limits.verb;
  must(button, ".verb").textContent = waiting ? root.getAttribute("label-waiting") : verb;
  const words = root.getAttribute(total === MICRO ? "label-credit" : "label-credits") ?? "%";
  must(button, ".cost").textContent = words.replace("%", shown(total));
  left(root, total);
}

function left(root: HTMLElement, total: number): void {
  const line = must<HTMLElement>(root, ".cost-left");
  const live = document.getElementById("balance")?.dataset["available"];
  const rest = Number(live ?? root.getAttribute("available") ?? "0") - total;
  line.toggleAttribute("data-short", rest < 0);
  line.textContent = (root.getAttribute(rest < 0 ? "label-short" : "label-left") ?? "%").replace(
    "%",
    shown(Math.abs(rest)),
  );
}

function shown(micro: number): string {
  return (micro / MICRO).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 });
}
