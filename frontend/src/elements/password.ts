/** `<pk-password>`: a password field with a button that shows what was typed. */
export class PkPassword extends HTMLElement {
  connectedCallback(): void {
    const field = this.querySelector("input");
    if (field === null || this.querySelector("button") !== null) return;
    const { labelShow = "Show", labelHide = "Hide" } = document.body.dataset;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-small";
    button.textContent = labelShow;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.textContent = shown ? labelHide : labelShow;
      button.setAttribute("aria-pressed", String(shown));
    });
    this.append(button);
  }
}
