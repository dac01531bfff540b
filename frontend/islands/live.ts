// <rw-live every="5">: a part of this page that is asked for again every so many seconds while somebody looks at it. What was
// checked stays checked, and the focus where it was. A button with data-live inside does its change without leaving the page.
import { beside, moved } from "../lib/columns.ts";

export class Live extends HTMLElement {
  private timer = 0;
  private asking = false;
  private text = "";

  connectedCallback(): void {
    this.addEventListener("click", (event) => this.clicked(event));
    document.addEventListener("visibilitychange", this.wake);
    this.wait();
    this.arrange();
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.wake);
  }

  private wake = (): void => {
    if (!document.hidden) void this.refresh();
  };

  private wait(): void {
    clearTimeout(this.timer);
    const seconds = Number(this.getAttribute("every") || 30);
    this.timer = window.setTimeout(() => (document.hidden ? this.wait() : void this.refresh()), seconds * 1000);
  }

  private async refresh(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      const address = new URL(location.href);
      address.searchParams.set("fragment", "1");
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      const html = answer.headers.get("X-Fragment") ? await answer.text() : "";
      if (html && html !== this.text) this.replace(html);
    } catch {
      // The next time will tell; what is shown stays.
    }
    this.asking = false;
    this.wait();
  }

  private replace(html: string): void {
    const checked = new Set([...this.querySelectorAll<HTMLInputElement>("input[data-select]:checked")].map((box) => box.value));
    const focus = this.contains(document.activeElement) ? key(document.activeElement as HTMLElement) : "";
    const scroll = this.querySelector(".scroll")?.scrollLeft ?? 0;
    this.innerHTML = html;
    this.text = html;
    this.querySelectorAll<HTMLInputElement>("input[data-select]").forEach((box) => (box.checked = checked.has(box.value)));
    const pane = this.querySelector(".scroll");
    if (pane) pane.scrollLeft = scroll;
    if (focus) [...this.querySelectorAll<HTMLElement>("a, button, input, [tabindex]")].find((one) => key(one) === focus)?.focus({ preventScroll: true });
    this.arrange();
    this.dispatchEvent(new Event("change", { bubbles: true })); // the number of the chosen is told anew
  }

  private clicked(event: Event): void {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-live]");
    const form = button?.form;
    if (!button || !form) return;
    event.preventDefault();
    void this.change(button, form);
  }

  // Where the change is refused, the server's own page says why.
  private async change(button: HTMLButtonElement, form: HTMLFormElement): Promise<void> {
    const body = new FormData();
    body.set(button.name, button.value);
    body.set("csrfmiddlewaretoken", String(new FormData(form).get("csrfmiddlewaretoken") ?? ""));
    const answer = await fetch(button.formAction, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok) await this.refresh();
    else form.requestSubmit(button);
  }

  // Heads of columns are dragged to another place; pinned ones stay in sight at the left.
  private arrange(): void {
    const table = this.querySelector("table");
    if (!table) return;
    let left = 0;
    table.querySelectorAll<HTMLElement>("thead th.is-pinned").forEach((head) => {
      const place = [...head.parentElement!.children].indexOf(head);
      const width = head.getBoundingClientRect().width;
      for (const row of table.rows) row.cells[place]?.style.setProperty("left", `${left}px`);
      left += width;
    });
    table.querySelectorAll<HTMLElement>("thead th[data-column]").forEach((head) => {
      head.draggable = true;
      head.addEventListener("dragstart", (event) => event.dataTransfer?.setData("text/x-column", head.dataset.column ?? ""));
      head.addEventListener("dragover", (event) => {
        if (event.dataTransfer?.types.includes("text/x-column")) event.preventDefault();
      });
      head.addEventListener("drop", (event) => {
        const name = event.dataTransfer?.getData("text/x-column");
        const target = head.dataset.column;
        if (!name || !target || name === target) return;
        event.preventDefault();
        const shown = [...table.querySelectorAll<HTMLElement>("thead th[data-column]")].map((one) => one.dataset.column ?? "");
        location.href = beside(location.href, moved(shown, name, target));
      });
    });
  }
}

// What is the same element after the part came anew.
function key(element: HTMLElement): string {
  const given = element as HTMLInputElement & HTMLAnchorElement;
  return [element.tagName, given.name ?? "", element.tagName === "BUTTON" ? (given.value ?? "").split(":").at(-1) : given.value ?? "", element.getAttribute("href") ?? ""].join(" ");
}
customElements.define("rw-live", Live);
