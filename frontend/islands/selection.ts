// <rw-selection>: counts the checked boxes inside it, enables its submit buttons from `min` on (or from what
// the button's data-needs-selection says), and offers "select all".
export class Selection extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("change", (event) => {
      const box = event.target as HTMLInputElement;
      if (box.matches("[data-select-all]")) this.boxes().forEach((other) => (other.checked = box.checked));
      this.refresh();
    });
    this.refresh();
  }

  private boxes(): HTMLInputElement[] {
    return [...this.querySelectorAll<HTMLInputElement>("input[data-select]")];
  }

  private refresh(): void {
    const count = this.boxes().filter((box) => box.checked).length;
    this.querySelectorAll("[data-selected-count]").forEach((place) => (place.textContent = String(count)));
    this.querySelectorAll<HTMLButtonElement>("button[data-needs-selection]").forEach((button) => {
      button.disabled = count < Number(button.dataset.needsSelection || this.getAttribute("min") || 1);
    });
  }
}
customElements.define("rw-selection", Selection);
