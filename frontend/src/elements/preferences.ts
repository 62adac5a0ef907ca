import { keep } from "../dom";

type Theme = "system" | "light" | "dark";
const NEXT: Record<Theme, Theme> = { system: "dark", dark: "light", light: "system" };

/** `<studio-theme>`: a button that walks system, dark, light; the server renders the next page with the choice. */
export class StudioTheme extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", () => {
      const root = document.documentElement;
      const theme = NEXT[(root.dataset["theme"] ?? "system") as Theme];
      if (theme === "system") delete root.dataset["theme"];
      else root.dataset["theme"] = theme;
      keep("theme", theme);
      this.#name(theme);
    });
    this.#name((document.documentElement.dataset["theme"] ?? "system") as Theme);
  }

  #name(theme: Theme): void {
    const label = this.getAttribute(`label-${theme}`) ?? theme;
    const button = this.querySelector("button");
    button?.setAttribute("aria-label", label);
    button?.setAttribute("title", label);
  }
}

/** `<studio-rail>`: opens and closes the rail's words. */
export class StudioRail extends HTMLElement {
  connectedCallback(): void {
    const button = this.querySelector("button");
    button?.addEventListener("click", () => {
      const root = document.documentElement;
      const open = root.dataset["rail"] !== "open";
      root.dataset["rail"] = open ? "open" : "closed";
      button.setAttribute("aria-expanded", String(open));
      keep("rail", open ? "open" : "closed");
    });
  }
}
