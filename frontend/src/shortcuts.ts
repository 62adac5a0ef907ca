/**
 * Keys become actions. The sheet in the page (`packshot/web/shortcuts.py`) says which key means what and where; this
 * sends `studio:action` from the focused element up, and whoever knows the action takes it with `preventDefault()`.
 */

/** A name in `packshot/web/shortcuts.py`; `tests/web/test_shortcuts.py` compares the lists and handlers of it. */
export type ActionName = string;

export interface Action {
  action: ActionName;
  /** The key as the browser names it, for actions that several keys ask for; empty from the palette. */
  key: string;
}

/** Gives false, or a promise of nothing, or nothing: only false means that somebody else may take it. */
type Handler = (action: Action) => unknown;
export type Handlers = Record<ActionName, Handler>;

interface Shortcut {
  action: string;
  scopes: string[];
  typing: boolean;
  repeats: boolean;
}

const known = new Map<string, number>();
const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const NATIVE: Record<string, string> = {
  " ": "button, summary, input, select, textarea",
  Enter: "button, summary, a[href], input, select",
};
const OWN_ARROWS = "input[type=radio], input[type=range], select, [role=slider], [role=menuitem], [role=option]";
const WRITTEN = "textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=submit])";

/** Take these actions until `signal` says stop; the palette offers those that somebody takes. */
export function actions(signal: AbortSignal, handlers: Handlers): void {
  for (const name of Object.keys(handlers)) known.set(name, (known.get(name) ?? 0) + 1);
  signal.addEventListener("abort", () => {
    for (const name of Object.keys(handlers)) known.set(name, (known.get(name) ?? 1) - 1);
  });
  document.addEventListener(
    "studio:action",
    (event) => {
      const detail = (event as CustomEvent<Action>).detail;
      if (event.defaultPrevented || !Object.hasOwn(handlers, detail.action)) return;
      if (handlers[detail.action]?.(detail) !== false) event.preventDefault();
    },
    { signal },
  );
}

/** Whether anybody on this page takes the action. */
export function taken(action: string): boolean {
  return (known.get(action) ?? 0) > 0;
}

/** Ask for an action as its key would; whether somebody took it. */
export function act(action: string, key = ""): boolean {
  const from = document.activeElement ?? document.body;
  const detail: Action = { action, key };
  return !from.dispatchEvent(new CustomEvent("studio:action", { detail, bubbles: true, cancelable: true }));
}

/** Listen to the keyboard and to buttons with `data-do`, on every page that has the sheet. */
export function shortcuts(): void {
  const sheet = document.getElementById("shortcuts");
  if (sheet === null) return;
  const keys = read(sheet);
  if (MAC) for (const key of document.querySelectorAll("[data-mod]")) key.textContent = "⌘";
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-do]");
    if (button) act(button.dataset["do"] ?? "");
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    const found = keys.get(combination(event))?.find((each) => fits(each, event));
    if (found && act(found.action, event.key)) event.preventDefault();
  });
}

function read(sheet: Element): Map<string, Shortcut[]> {
  const keys = new Map<string, Shortcut[]>();
  for (const row of sheet.querySelectorAll<HTMLElement>("[data-action]")) {
    const { action = "", scopes = "", typing, repeats } = row.dataset;
    const shortcut = {
      action,
      scopes: scopes.split(" "),
      typing: typing !== undefined,
      repeats: repeats !== undefined,
    };
    for (const each of (row.dataset["keys"] ?? "").split(" ")) {
      keys.set(each, [...(keys.get(each) ?? []), shortcut]);
    }
  }
  return keys;
}

/** The keys held, as the sheet writes them. */
function combination(event: KeyboardEvent): string {
  // AltGr is how many layouts write a sign: it is part of the sign.
  const third = event.getModifierState("AltGraph");
  const mod = MAC ? event.metaKey : event.ctrlKey && !third;
  const foreign = MAC ? event.ctrlKey : event.metaKey;
  const key = named(event);
  const letter = /^\p{L}$/u.test(key);
  const held = [
    mod && "Mod",
    event.altKey && !third && "Alt",
    event.shiftKey && (letter || key.length > 1) && "Shift", // a sign that needs Shift is that sign
    foreign && "Foreign",
  ];
  return [...held.filter(Boolean), key].join("+");
}

/** The letter that is written on the key; on layouts without Latin letters, the one at its place. */
function named({ key, code }: KeyboardEvent): string {
  if (key === " ") return "Space";
  if (key === "Backspace") return "Delete"; // the key that Macs have for it
  if (key.length > 1) return key;
  const place = /^Key([A-Z])$/.exec(code)?.[1];
  return (/[^\u0000-\u024f]/.test(key) && place ? place : key).toLowerCase();
}

function fits(shortcut: Shortcut, event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (event.repeat && !shortcut.repeats) return false;
  if (target instanceof HTMLElement) {
    if (!shortcut.typing && (target.isContentEditable || target.matches(WRITTEN))) return false;
    if (target.matches(NATIVE[event.key] ?? ":not(*)") && !event.ctrlKey && !event.metaKey) return false;
    if (event.key.startsWith("Arrow") && target.matches(OWN_ARROWS)) return false;
  }
  return shortcut.scopes.includes(scope());
}

/** An open dialog hears its own actions only. */
function scope(): string {
  const dialog = [...document.querySelectorAll<HTMLDialogElement>("dialog:modal")].at(-1);
  return dialog === undefined ? "page" : (dialog.dataset["scope"] ?? "");
}
