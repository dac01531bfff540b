// <rw-copy text="…">: wraps a button that copies; <rw-copy for="id"> copies that element's text.
export class CopyButton extends HTMLElement {
  connectedCallback(): void {
    this.querySelector("button")?.addEventListener("click", async () => {
      const source = this.getAttribute("for");
      const text = source ? (document.getElementById(source)?.textContent ?? "") : (this.getAttribute("text") ?? "");
      await navigator.clipboard.writeText(text.trim());
      this.querySelector("[role=status]")?.replaceChildren("Copied");
      this.classList.add("copied");
      setTimeout(() => {
        this.classList.remove("copied");
        this.querySelector("[role=status]")?.replaceChildren("");
      }, 1500);
    });
  }
}
customElements.define("rw-copy", CopyButton);
