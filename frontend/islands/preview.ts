// <rw-preview src="…" field="…">: while somebody types in the field, the server's answer to its value is shown in [data-preview].
const PAUSE = 250;

export class Preview extends HTMLElement {
  private timer = 0;
  private turn = 0;

  connectedCallback(): void {
    const field = this.querySelector<HTMLInputElement>(`[name="${this.getAttribute("field") ?? ""}"]`);
    field?.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.show(field), PAUSE);
    });
  }

  private async show(field: HTMLInputElement): Promise<void> {
    const turn = ++this.turn;
    const address = new URL(this.getAttribute("src") ?? "", location.href);
    address.searchParams.set(field.name, field.value);
    try {
      const answer = await fetch(address);
      const html = await answer.text();
      const place = this.querySelector("[data-preview]");
      if (place && turn === this.turn && answer.headers.get("X-Fragment")) place.innerHTML = html;
    } catch {
      // The line that was there stays: saving shows the truth.
    }
  }
}
customElements.define("rw-preview", Preview);
