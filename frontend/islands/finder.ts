// <rw-finder list="…/file-list/<sha>" base="…/src/<rev>">: `t` opens a dialog that goes to a file. The list is fetched at the first use.
import { LitElement, html, type TemplateResult } from "lit";
import { isTyping } from "../lib/typing.ts";
import { ranked } from "../lib/fuzzy.ts";

const MOST = 50;

export class Finder extends LitElement {
  static override properties = { found: { state: true }, chosen: { state: true }, note: { state: true } };
  declare found: string[];
  declare chosen: number;
  declare note: string;
  private names: string[] | null = null;
  private link: Element | null;
  private question = "";

  constructor() {
    super();
    this.found = [];
    this.chosen = 0;
    this.note = "";
    this.link = this.querySelector("a");
    this.link?.remove();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", (event) => {
      if (event.key !== "t" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      event.preventDefault();
      void this.open();
    });
    this.link?.addEventListener("click", (event) => {
      const mouse = event as MouseEvent;
      if (mouse.ctrlKey || mouse.metaKey || mouse.shiftKey) return;
      event.preventDefault();
      void this.open();
    });
  }

  private async open(): Promise<void> {
    this.querySelector("dialog")?.showModal();
    this.querySelector("input")?.focus();
    if (this.names) return;
    this.note = "Reading the file names …";
    try {
      const answer = await fetch(this.getAttribute("list") ?? "");
      if (!answer.ok) throw new Error(String(answer.status));
      const list = (await answer.json()) as { files: string[]; truncated: boolean };
      this.names = list.files;
      this.note = list.truncated ? "There are more files than are looked at." : "";
    } catch {
      this.note = "The file names could not be read. Close this and try again.";
    }
    this.search();
  }

  private search(): void {
    this.found = ranked(this.question, this.names ?? [], MOST);
    this.chosen = 0;
  }

  private typed(event: Event): void {
    this.question = (event.target as HTMLInputElement).value;
    this.search();
  }

  private pressed(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !this.found.length) return;
    event.preventDefault();
    this.chosen = (this.chosen + step + this.found.length) % this.found.length;
    void this.updateComplete.then(() => this.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }));
  }

  private address(name: string): string {
    return `${this.getAttribute("base")}/${name.split("/").map(encodeURIComponent).join("/")}`;
  }

  private submit(event: Event): void {
    event.preventDefault();
    const name = this.found[this.chosen];
    if (name) location.assign(this.address(name));
  }

  private row(name: string, index: number): TemplateResult {
    const chosen = index === this.chosen;
    return html`<li role="option" id="file-${index}" aria-selected=${chosen}><a class="rw-menu__item mono ${chosen ? "chosen" : ""}" tabindex="-1" href=${this.address(name)}>${name}</a></li>`;
  }

  protected override render(): TemplateResult {
    const empty = this.names && !this.found.length;
    return html`${this.link}<dialog class="palette finder" aria-label="Go to file" @click=${this.outside}>
      <form @submit=${this.submit}><input class="form-control border-0" type="text" role="combobox" aria-expanded="true" aria-controls="finder-list" aria-activedescendant=${this.found.length ? `file-${this.chosen}` : ""} autocomplete="off" spellcheck="false" placeholder="Letters of the path, in their order" aria-label="Letters of the path" @input=${this.typed} @keydown=${this.pressed}></form>
      <ul id="finder-list" role="listbox" aria-label="Files">${this.found.map((name, index) => this.row(name, index))}</ul>
      ${empty ? html`<p class="muted px-3 mb-2">No file has these letters in its path.</p>` : ""}
      ${this.note ? html`<p class="muted px-3 mb-2" role="status">${this.note}</p>` : ""}
    </dialog>`;
  }

  private outside(event: MouseEvent): void {
    if (event.target === event.currentTarget) (event.currentTarget as HTMLDialogElement).close();
  }
}
customElements.define("rw-finder", Finder);
