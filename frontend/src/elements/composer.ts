import { Draft } from "../composer/draft";
import { History } from "../composer/history";
import { apply, chosen, close, limitsOf, radios, talkSwitch, type Limits } from "../composer/limits";
import { price } from "../composer/price";
import { Refine } from "../composer/refine";
import { fill, read, type Picked, type Reuse } from "../composer/reuse";
import { must } from "../dom";
import { fromAddress, type Refer } from "../pickup";
import { actions } from "../shortcuts";
import { fetchChips, type StudioDrop } from "./drop";

const NARROW = "(max-width: 47.99rem)";

/** `<studio-composer>`: the form that asks for work. It knows the models' limits and says the price beforehand. */
export class StudioComposer extends HTMLElement {
  #waiting = false;
  #sent = ""; // the prompt as it was sent
  #before: string | null = null; // the model that a follow-up has taken the place of
  #draft!: Draft;
  #history!: History;
  #leave = new AbortController();

  connectedCallback(): void {
    this.#leave = new AbortController();
    const { signal } = this.#leave;
    this.#history = new History(this.#prompt, this.getAttribute("prompts") ?? "");
    this.#draft = new Draft(this, this.getAttribute("draft") ?? "", () => read(this), (kept) => this.#reuse(kept));
    new Refine(this, this.#prompt, signal);
    for (const name of ["input", "change"]) this.addEventListener(name, () => this.#changed(), { signal });
    this.addEventListener("change", (event) => this.#picked(event), { signal });
    this.addEventListener("studio:references", () => this.#references(), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    // In the capture phase: before htmx sees it.
    this.addEventListener("submit", (event) => this.#hold(event), { capture: true, signal });
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("htmx:after:request", (event) => this.#answered(event), { signal });
    document.addEventListener("htmx:after:swap", () => this.#update(), { signal });
    document.addEventListener("studio:reuse", (event) => this.#take((event as CustomEvent<Reuse>).detail), { signal });
    document.addEventListener("studio:refer", (event) => this.#refer((event as CustomEvent<Refer>).detail), { signal });
    for (const name of ["click", "focusin"]) document.addEventListener(name, (event) => this.#menus(event), { signal });
    addEventListener("hashchange", fromAddress, { signal });
    actions(signal, {
      prompt: () => this.#prompt.focus(),
      talk: () => this.#talk(),
      generate: () => (this.contains(document.activeElement) ? this.#form.requestSubmit() : false),
      "history-back": () => this.#history.step(1),
      "history-forward": () => this.#history.step(-1),
    });
    this.#prompt.addEventListener("focus", () => this.toggleAttribute("data-open", true), { signal });
    this.#draft.restore();
    this.#update();
    fromAddress();
  }

  disconnectedCallback(): void {
    this.#leave.abort();
  }

  get #form(): HTMLFormElement {
    return must(this, "form.composer");
  }

  get #prompt(): HTMLTextAreaElement {
    return must(this, "textarea[name=prompt]");
  }

  get #drop(): StudioDrop {
    return must(this, "studio-drop");
  }

  get #limits(): Limits {
    return limitsOf(chosen(this));
  }

  get #about(): HTMLInputElement {
    return must(this, "input[name=refers_to]");
  }

  #changed(): void {
    this.#update();
    this.#draft.changed();
  }

  #update(): void {
    const about = !this.#about.disabled;
    apply(this, this.#limits, about);
    this.#placeholder(about);
    close(this, this.#drop.products + Number(about));
    this.#seed();
    this.#grow();
    price(this, this.#limits, this.#waiting);
  }

  #placeholder(about: boolean): void {
    const { dataset } = this.#prompt;
    dataset["placeholder"] ??= this.#prompt.placeholder;
    const name = about ? "aboutPlaceholder" : this.#talking ? "talkPlaceholder" : "placeholder";
    this.#prompt.placeholder = dataset[name] ?? "";
  }

  get #talking(): boolean {
    return talkSwitch(this)?.checked ?? false;
  }

  /** Talk, or ask for pictures again; false where nobody answers. */
  #talk(): boolean {
    const talk = talkSwitch(this);
    talk?.click();
    this.#prompt.focus();
    return talk !== null;
  }

  #seed(): void {
    const lock = must<HTMLInputElement>(this, "input[name=lock]");
    const seed = must<HTMLInputElement>(this, "input[name=seed]");
    if (lock.checked && seed.value === "") seed.value = String(randomSeed());
    seed.disabled = !lock.checked;
  }

  #grow(): void {
    const prompt = this.#prompt;
    prompt.style.height = "auto";
    prompt.style.height = `${Math.min(prompt.scrollHeight, innerHeight * 0.35)}px`;
  }

  #references(): void {
    this.#complain("");
    if (this.#waiting && this.#drop.pending === 0) {
      this.#waiting = false;
      if (this.querySelector(".chip[data-state=rejected]") === null) this.#form.requestSubmit();
    }
    this.#changed();
  }

  /** Nothing is sent while a photo is on its way; the press of the button is kept. */
  #hold(event: Event): void {
    if (event.target !== this.#form) return;
    const drop = this.#drop;
    const there = drop.products + Number(!this.#about.disabled);
    if (this.#limits.minReferences > there) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#complain(this.getAttribute("label-needs-photo") ?? "");
      return;
    }
    this.#complain("");
    if (drop.pending > 0) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#waiting = true;
      this.#update();
      return;
    }
    this.#sent = this.#prompt.value;
  }

  /** Taken: what was sent is no draft any more, and a follow-up has been made. */
  #answered(event: Event): void {
    const { ctx } = (event as CustomEvent<{ ctx: { response?: { status: number } } }>).detail;
    if (event.target !== this.#form || ctx.response?.status !== 200) return;
    this.#history.forget();
    if (this.#prompt.value !== this.#sent) return; // somebody writes on already: nothing of that is lost
    if (!this.#about.disabled || this.#talking) {
      this.#prompt.value = "";
      this.#forgetAbout();
    }
    this.#update();
    this.#draft.sent();
    if (this.#talking) this.#draft.changed(); // that one talks here is kept
    if (matchMedia(NARROW).matches) this.#fold(); // the sheet makes way for what it asked for
  }

  #fold(): void {
    this.removeAttribute("data-open");
    if (this.contains(document.activeElement)) (document.activeElement as HTMLElement).blur();
  }

  #complain(text: string): void {
    const line = must<HTMLElement>(this, ".composer-problem");
    line.textContent = text;
    line.hidden = text === "";
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    const menu = this.querySelector<HTMLDetailsElement>("details[data-menu][open]");
    if (menu !== null) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    } else if (this.hasAttribute("data-open")) {
      this.#fold();
    }
  }

  /** A menu closes when something else is meant. */
  #menus(event: Event): void {
    for (const menu of this.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]")) {
      if (!menu.contains(event.target as Node)) menu.open = false;
    }
  }

  #click(event: Event): void {
    const target = event.target as Element;
    if (target.closest("[data-fold]")) this.toggleAttribute("data-open");
    if (target.closest("[data-about-away]")) {
      this.#forgetAbout();
      this.#changed();
      this.#prompt.focus();
    }
    const words = target.closest<HTMLElement>("[data-insert]")?.dataset["insert"];
    if (words !== undefined) this.#insert(words);
    // What is kept as a snippet is the prompt as it stands.
    const keep = target.closest<HTMLElement>(".snippet-keep")?.querySelector<HTMLInputElement>("[data-from-prompt]");
    if (keep) keep.value = this.#prompt.value;
  }

  /** A snippet goes where the caret is, with a blank on either side where words would touch. */
  #insert(words: string): void {
    const prompt = this.#prompt;
    const { selectionStart: from, selectionEnd: to, value } = prompt;
    const lead = from > 0 && !/\s$/.test(value.slice(0, from)) ? " " : "";
    const trail = /^\S/.test(value.slice(to)) && !/^[,.;:]/.test(value.slice(to)) ? " " : "";
    must<HTMLElement>(this, "#snippets").hidePopover();
    prompt.focus();
    prompt.setRangeText(lead + words + trail, from, to, "end");
    prompt.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #picked(event: Event): void {
    const input = event.target;
    if (!(input instanceof HTMLInputElement)) return;
    if (input.name === "model" || input.name === "mode") this.#before = null;
    if (!input.matches("[data-style]")) return;
    this.#drop.add([...(input.files ?? [])], "style");
    input.value = "";
  }

  // --- Picked up elsewhere --------------------------------------------------------------------------------------

  /** A prompt offered on the page, or a request to be used again: the person goes on writing here. */
  #take(wanted: Reuse): void {
    this.#reuse(wanted);
    this.#changed();
    this.toggleAttribute("data-open", true);
    this.#prompt.focus();
  }

  #reuse(wanted: Reuse): void {
    if (wanted.about === null) this.#forgetAbout();
    fill(this, wanted);
    this.#update();
    if (wanted.about) void this.#follow(wanted.about, false);
    const { references, styles, photo } = wanted;
    if (references) void this.#drop.pick(references.map(({ asset }) => asset), "reference", true);
    if (styles) void this.#drop.pick(styles.map(({ asset }) => asset), "style", true);
    if (photo !== undefined) void this.#sample(photo);
    this.#update();
  }

  #refer(wanted: Refer): void {
    this.toggleAttribute("data-open", true);
    if (wanted.as === "follow") void this.#follow(wanted, true);
    else {
      const takes = (limits: Limits): number => (wanted.as === "style" ? limits.maxStyles : limits.maxReferences);
      if (takes(this.#limits) === 0) this.#choose((limits) => takes(limits) > 0);
      void this.#drop.pick([wanted.asset], wanted.as);
    }
    this.#prompt.focus();
  }

  /** The words are about this picture; a model that changes pictures is meant, where there is one. */
  async #follow(picture: Picked, choose: boolean): Promise<void> {
    const field = this.#about;
    field.value = picture.asset;
    field.disabled = false;
    if (choose && !this.#talking && this.#limits.operation !== "edit") {
      const before = chosen(this).value;
      if (this.#choose(({ operation }) => operation === "edit")) this.#before = before;
    }
    this.#changed();
    const [chip] = await fetchChips(this.getAttribute("chips") ?? "", [picture.asset], "follow");
    if (field.value !== picture.asset) return;
    if (chip === undefined) return this.#forgetAbout();
    const box = must<HTMLElement>(this, ".about");
    must<HTMLImageElement>(box, "img").src = must<HTMLImageElement>(chip, "img").src;
    must(box, ".about-name").textContent = must(chip, ".chip-name").textContent;
    box.hidden = false;
  }

  #forgetAbout(): void {
    const field = this.#about;
    field.value = "";
    field.disabled = true;
    must<HTMLElement>(this, ".about").hidden = true;
    if (this.#before !== null) this.#choose(({ id }) => id === this.#before);
    this.#before = null;
    this.#update();
  }

  /** Choose the first model that fits; whether there is one. */
  #choose(fits: (limits: Limits) => boolean): boolean {
    const radio = radios(this).find((each) => fits(limitsOf(each)));
    if (radio === undefined) return false;
    radio.disabled = false;
    radio.checked = true;
    const talk = talkSwitch(this);
    if (talk) talk.checked = false;
    this.#update();
    return true;
  }

  async #sample(url: string): Promise<void> {
    const response = await fetch(url);
    if (!response.ok) return;
    const blob = await response.blob();
    const name = url.split("/").pop() ?? "photo.jpg";
    this.#drop.add([new File([blob], name, { type: blob.type })]);
  }
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
