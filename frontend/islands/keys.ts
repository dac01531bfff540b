// <rw-keys permalink="…">: `y` turns the address into one that always shows this content; its link copies that address.
import { isTyping } from "../lib/typing.ts";

export class Keys extends HTMLElement {
  connectedCallback(): void {
    document.addEventListener("keydown", (event) => {
      if (event.key !== "y" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      history.replaceState(null, "", this.address());
    });
    this.querySelector("a")?.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      history.replaceState(null, "", this.address());
      void navigator.clipboard?.writeText(location.href).then(() => this.say("Permalink copied"));
    });
  }

  private address(): string {
    return (this.getAttribute("permalink") ?? location.pathname) + location.search + location.hash;
  }

  private say(text: string): void {
    this.querySelector("[role=status]")?.replaceChildren(text);
    const label = this.querySelector("a span");
    const before = label?.textContent ?? "";
    label?.replaceChildren("Copied");
    setTimeout(() => {
      label?.replaceChildren(before);
      this.querySelector("[role=status]")?.replaceChildren("");
    }, 1500);
  }
}
customElements.define("rw-keys", Keys);
