import { must, toast } from "./dom";

const GAP = 4;
const EDGE = 8;

/** Menus open beside their button; the arrows walk in them; `data-copy` copies and says so. */
export function menus(): void {
  document.addEventListener("toggle", (event) => toggled(event as ToggleEvent), { capture: true });
  document.addEventListener("keydown", walk);
  document.addEventListener("click", (event) => {
    const source = (event.target as Element).closest<HTMLElement>("[data-copy]");
    if (source) void copy(source);
  });
  // What was asked for from a menu is under way.
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.target as Element;
    if (source instanceof HTMLFormElement) source.closest<HTMLElement>(".menu-popover")?.hidePopover();
  });
}

function toggled(event: ToggleEvent): void {
  const menu = event.target;
  if (!(menu instanceof HTMLElement) || !menu.matches(".menu-popover") || event.newState !== "open") return;
  const button = document.querySelector<HTMLElement>(`[popovertarget="${CSS.escape(menu.id)}"]`);
  if (button === null) return;
  place(menu, button);
  const watch = new ResizeObserver(() => place(menu, button)); // what it shows may come later
  watch.observe(menu);
  const closed = (again: Event): void => {
    if ((again as ToggleEvent).newState !== "closed") return; // the event that brought us here comes by as well
    watch.disconnect();
    menu.removeEventListener("toggle", closed);
  };
  menu.addEventListener("toggle", closed);
}

function place(menu: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + GAP + height <= innerHeight - EDGE;
  const top = below ? at.bottom + GAP : Math.max(EDGE, at.top - GAP - height);
  const rtl = getComputedStyle(menu).direction === "rtl";
  const left = rtl ? at.left : at.right - width;
  menu.style.setProperty("top", `${top}px`);
  menu.style.setProperty("left", `${Math.min(Math.max(EDGE, left), innerWidth - width - EDGE)}px`);
}

function walk(event: KeyboardEvent): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const open = document.querySelector<HTMLElement>(".menu-popover:popover-open");
  const here = document.activeElement;
  if (open === null || event.defaultPrevented || here instanceof HTMLInputElement) return;
  const opener = here?.getAttribute("popovertarget") === open.id;
  if (!opener && !open.contains(here)) return;
  const items = [...open.querySelectorAll<HTMLElement>(".menu-item")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  const next = (items.indexOf(here as HTMLElement) + step + items.length) % items.length;
  event.preventDefault();
  items[opener && step < 0 ? items.length - 1 : next]?.focus();
}

async function copy(source: HTMLElement): Promise<void> {
  const text = (source.dataset["copy"] ?? "").replaceAll("{origin}", location.origin);
  source.closest<HTMLElement>("[popover]")?.hidePopover();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    select(text); // without https browsers keep the clipboard closed
  }
  toast(source.dataset["copied"] ?? "");
}

function select(text: string): void {
  const field = document.createElement("textarea");
  field.value = text;
  must(document, "body").append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
