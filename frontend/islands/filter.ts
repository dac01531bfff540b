// <rw-filter values="…/values">: completes the field inside it, as a combobox: keys (from the JSON inside), operators, values that
// runs have (asked of the server), AND. Enter without a chosen option sends the form as ever.
import { isText, matching, next, operators, quoted } from "../lib/filtering.ts";

const MOST = 12;
const PAUSE = 150; // ms between the last key and the question

export class Filter extends HTMLElement {
  private field!: HTMLInputElement;
  private list!: HTMLUListElement;
  private keys: string[] = [];
  private options: string[] = [];
  private from = 0;
  private chosen = -1;
  private timer = 0;
  private known = new Map<string, string[]>();

  connectedCallback(): void {
    const field = this.querySelector("input");
    if (!field) return;
    this.field = field;
    this.keys = JSON.parse(this.querySelector('script[type="application/json"]')?.textContent ?? "[]") as string[];
    this.list = Object.assign(document.createElement("ul"), { id: `${field.id}-options`, className: "filter-options", hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Completions");
    this.append(this.list);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id })) {
      field.setAttribute(name, value);
    }
    field.addEventListener("input", () => this.offer());
    field.addEventListener("click", () => this.offer());
    field.addEventListener("keydown", (event) => this.pressed(event));
    field.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const option = (event.target as Element).closest<HTMLElement>("[role=option]");
      if (option) this.take(this.options[Number(option.dataset.place)] ?? "");
    });
  }

  private offer(): void {
    const caret = this.field.selectionStart ?? this.field.value.length;
    const { place, from, word, key } = next(this.field.value.slice(0, caret));
    this.from = from;
    clearTimeout(this.timer);
    if (place === "key") this.show(matching(this.keys, word, MOST));
    else if (place === "operator") this.show(matching(operators(key), word, MOST));
    else if (place === "joiner") this.show(matching(["AND"], word, MOST));
    else if (!isText(key)) this.close();
    else this.timer = window.setTimeout(() => void this.ask(key, word), this.known.has(key) ? 0 : PAUSE);
  }

  private async ask(key: string, word: string): Promise<void> {
    const before = this.field.value;
    if (!this.known.has(key)) {
      const address = new URL(this.getAttribute("values") ?? "", location.href);
      address.searchParams.set("key", key);
      const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
      if (!answer?.ok) return this.close();
      const values = ((await answer.json()) as { values: string[] }).values;
      this.known.set(key, values.map(quoted).filter((value) => value !== null));
    }
    if (this.field.value === before) this.show(matching(this.known.get(key) ?? [], word, MOST));
  }

  private show(options: string[]): void {
    this.options = options;
    this.chosen = -1;
    if (!options.length) return this.close();
    this.list.replaceChildren(
      ...options.map((option, place) => {
        const item = Object.assign(document.createElement("li"), { id: `${this.list.id}-${place}`, textContent: option, className: "mono" });
        item.setAttribute("role", "option");
        item.dataset.place = String(place);
        return item;
      }),
    );
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.mark();
  }

  private close(): void {
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.chosen = -1;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  private pressed(event: KeyboardEvent): void {
    if (event.key === "ArrowDown" && this.list.hidden) return event.preventDefault(), this.offer();
    if (this.list.hidden) return;
    const count = this.options.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.chosen = this.chosen < 0 && step < 0 ? count - 1 : (this.chosen + step + count) % count;
      this.mark();
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if ((event.key === "Enter" || event.key === "Tab") && this.chosen >= 0) {
      event.preventDefault();
      this.take(this.options[this.chosen] ?? "");
    }
  }

  private mark(): void {
    [...this.list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === this.chosen)));
    const active = this.list.children[this.chosen];
    active?.scrollIntoView({ block: "nearest" });
    if (active) this.field.setAttribute("aria-activedescendant", active.id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  private take(option: string): void {
    const caret = this.field.selectionStart ?? this.field.value.length;
    const head = `${this.field.value.slice(0, this.from)}${option} `;
    this.field.value = head + this.field.value.slice(caret).trimStart();
    this.field.setSelectionRange(head.length, head.length);
    this.offer();
  }
}
customElements.define("rw-filter", Filter);
