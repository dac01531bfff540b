// <rw-palette src="/api/v1/search">: Ctrl-K opens a dialog that finds projects and this project's pages.
import { LitElement, html, type TemplateResult } from "lit";

type Hit = { title: string; url: string; detail: string };

export class Palette extends LitElement {
  static override properties = { hits: { state: true } };
  declare hits: Hit[];
  private timer = 0;
  private asked = 0;

  constructor() {
    super();
    this.hits = [];
  }

  protected override createRenderRoot(): HTMLElement {
    return this; // in the page's styles
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        this.open();
      }
    });
  }

  private open(): void {
    this.hits = this.local("");
    this.querySelector("dialog")?.showModal();
    const input = this.querySelector("input");
    if (input) input.value = "";
    input?.focus();
  }

  private local(text: string): Hit[] {
    const links = [...document.querySelectorAll<HTMLAnchorElement>(".rw-tabs a[href]")];
    return links
      .filter((link) => link.textContent?.toLowerCase().includes(text.toLowerCase()))
      .map((link) => ({ title: link.textContent?.trim() ?? "", url: link.href, detail: "this project" }));
  }

  private typed(event: Event): void {
    const text = (event.target as HTMLInputElement).value.trim();
    clearTimeout(this.timer);
    this.hits = this.local(text);
    if (text) this.timer = window.setTimeout(() => void this.find(text), 150);
  }

  private async find(text: string): Promise<void> {
    const number = ++this.asked;
    const answer = await fetch(`${this.getAttribute("src")}?q=${encodeURIComponent(text)}`);
    if (!answer.ok || number !== this.asked) return;
    const found = (await answer.json()) as { groups: { hits: Hit[] }[] };
    this.hits = [...this.local(text), ...found.groups.flatMap((group) => group.hits)];
  }

  private submit(event: Event): void {
    event.preventDefault();
    const first = this.hits[0];
    if (first) location.assign(first.url);
  }

  protected override render(): TemplateResult {
    return html`<dialog class="palette" aria-label="Go to">
      <form @submit=${this.submit} class="p-2">
        <input class="form-control" type="search" placeholder="Go to a project or page…" aria-label="Go to" @input=${this.typed} />
      </form>
      <ul>
        ${this.hits.slice(0, 20).map(
          (hit) => html`<li><a class="rw-menu__item" href=${hit.url}><span>${hit.title}</span><span class="muted">${hit.detail}</span></a></li>`,
        )}
      </ul>
    </dialog>`;
  }
}
customElements.define("rw-palette", Palette);
