// <rw-palette user="…" project="owner/name" search="/search" icons="…">: Ctrl-K or / opens a dialog that finds projects and people,
// and on a project's pages its files, runs, models, branches and tags first.
import { LitElement, html, svg, type TemplateResult } from "lit";
import { asked, forgetOthers, iconOf, impossible, labelOf, pages, recents, remember, type Asked, type Group, type Hit } from "../lib/asking.ts";
import { isTyping } from "../lib/typing.ts";

const PAUSE = 120; // ms between the last key and the question

export class Palette extends LitElement {
  static override properties = { groups: { state: true }, chosen: { state: true }, note: { state: true }, busy: { state: true } };
  declare groups: Group[];
  declare chosen: number;
  declare note: string;
  declare busy: boolean;
  private timer = 0;
  private running: AbortController | null = null;
  private eager = false; // Enter was pressed before the answer came

  constructor() {
    super();
    this.groups = [];
    this.chosen = 0;
    this.note = "";
    this.busy = false;
  }

  protected override createRenderRoot(): HTMLElement {
    return this; // in the page's styles
  }

  override connectedCallback(): void {
    super.connectedCallback();
    forgetOthers(localStorage, this.user);
    document.addEventListener("keydown", (event) => {
      const plain = !event.altKey && !event.shiftKey;
      const control = (event.ctrlKey || event.metaKey) && plain && event.key.toLowerCase() === "k";
      const slash = event.key === "/" && !event.altKey && !event.ctrlKey && !event.metaKey && !isTyping(event.target);
      if (!control && !slash) return;
      event.preventDefault();
      this.open();
    });
    document.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || !(event.target as Element | null)?.closest?.("[data-palette]")) return;
      event.preventDefault();
      this.open();
    });
  }

  private get user(): string {
    return this.getAttribute("user") ?? "";
  }

  private get project(): string {
    return this.getAttribute("project") ?? "";
  }

  private get hits(): Hit[] {
    return this.groups.flatMap((group) => group.hits);
  }

  private open(): void {
    const dialog = this.querySelector("dialog");
    if (!dialog || dialog.open || document.querySelector("dialog[open]")) return;
    dialog.showModal();
    const input = this.querySelector("input");
    if (input) input.value = "";
    input?.focus();
    this.ask("");
  }

  private close(): void {
    this.running?.abort();
    clearTimeout(this.timer);
    this.querySelector("dialog")?.close();
  }

  private links(): Hit[] {
    return [...document.querySelectorAll<HTMLAnchorElement>(".rw-tabs a[href]")].map((link) => ({
      kind: "page",
      title: link.textContent?.trim() ?? "",
      detail: "",
      url: link.getAttribute("href") ?? "",
    }));
  }

  private ask(typed: string): void {
    this.eager = false;
    this.running?.abort();
    clearTimeout(this.timer);
    const question = asked(typed, !!this.project);
    const why = impossible(question);
    if (!question.text || why) {
      const before = question.kind ? [] : recents(localStorage, this.user);
      this.show([...(before.length ? [{ kind: "recent", more: false, hits: before }] : []), ...pages(this.links(), question)], why);
      return;
    }
    this.busy = true;
    this.timer = window.setTimeout(() => void this.find(question), PAUSE);
  }

  private show(groups: Group[], note: string): void {
    this.busy = false;
    this.groups = groups;
    this.note = note;
    this.chosen = 0;
    if (this.eager && groups[0]?.hits[0]) this.go(groups[0].hits[0], false);
  }

  private async find(question: Asked): Promise<void> {
    const running = new AbortController();
    this.running = running;
    const places = [question.here ? `/api/v1/repos/${this.project}/search` : "", question.everywhere ? "/api/v1/search" : ""];
    const answers = await Promise.allSettled(places.filter(Boolean).map((place) => this.fetched(place, question, running.signal)));
    if (running.signal.aborted) return;
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.groups : []));
    const missed = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.missed : []));
    const failed = answers.find((answer) => answer.status === "rejected");
    const groups = [...pages(this.links(), question), ...found];
    let note = groups.length ? "" : `Nothing is called “${question.text}” here.`;
    if (missed.length) note = `Not looked through in time: ${missed.map((kind) => labelOf(kind).toLowerCase()).join(", ")}. Give more of the name.`;
    if (failed) note = String((failed.reason as Error).message);
    this.show([...groups, this.further(question)], note);
  }

  private async fetched(place: string, { text, kind }: Asked, signal: AbortSignal): Promise<{ groups: Group[]; missed: string[] }> {
    const query = new URLSearchParams(kind ? { q: text, kind } : { q: text });
    const answer = await fetch(`${place}?${query}`, { signal, headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.status === 429) throw new Error("That were many searches. Wait a minute, then go on.");
    if (!answer?.ok) throw new Error("The search does not answer. Type on to try again.");
    return (await answer.json()) as { groups: Group[]; missed: string[] };
  }

  /** Where the search goes on: its page, and the code. */
  private further({ text }: Asked): Group {
    const query = new URLSearchParams({ q: text });
    if (this.project) query.set("project", this.project);
    const hits = [{ kind: "further", title: `All results for “${text}”`, detail: "", url: `${this.getAttribute("search")}?${query}` }];
    const code = { kind: "further", title: `“${text}” in the code`, detail: this.project, url: `/${this.project}/search/HEAD?${new URLSearchParams({ q: text })}` };
    return { kind: "further", more: false, hits: this.project ? [code, ...hits] : hits };
  }

  private pressed(event: KeyboardEvent): void {
    const last = this.hits.length - 1;
    const next = { ArrowDown: this.chosen + 1, ArrowUp: this.chosen - 1, Home: 0, End: last }[event.key];
    if (event.key === "Enter") {
      event.preventDefault();
      const hit = this.hits[this.chosen];
      if (this.busy) this.eager = true;
      else if (hit) this.go(hit, event.ctrlKey || event.metaKey);
    } else if (next !== undefined && last >= 0 && !event.shiftKey) {
      event.preventDefault();
      this.chosen = (next + last + 1) % (last + 1);
      void this.updateComplete.then(() => this.querySelector("[role=option][aria-selected=true]")?.scrollIntoView({ block: "nearest" }));
    }
  }

  private go(hit: Hit, apart: boolean): void {
    remember(localStorage, this.user, hit);
    if (apart) window.open(hit.url, "_blank", "noopener");
    else {
      this.close();
      location.assign(hit.url);
    }
  }

  private option(hit: Hit, index: number): TemplateResult {
    const chosen = index === this.chosen;
    const icon = svg`<use href="${this.getAttribute("icons")}#${iconOf(hit.kind)}" />`;
    return html`<a role="option" id="palette-${index}" aria-selected=${chosen} tabindex="-1" class="rw-menu__item" href=${hit.url}
      @click=${() => remember(localStorage, this.user, hit)}><svg class="icon" aria-hidden="true">${icon}</svg><span class="palette__title">${hit.title}</span><span class="palette__detail">${hit.detail}</span></a>`;
  }

  private group(group: Group, first: number): TemplateResult {
    const id = `palette-${group.kind}`;
    return html`<div role="group" aria-labelledby=${id}><div class="palette__group" id=${id} role="presentation">${labelOf(group.kind)}${group.more ? html` <span>the best ${group.hits.length}</span>` : ""}</div>
      ${group.hits.map((hit, index) => this.option(hit, first + index))}</div>`;
  }

  protected override render(): TemplateResult {
    let first = 0;
    const groups = this.groups.map((group) => {
      first += group.hits.length;
      return this.group(group, first - group.hits.length);
    });
    const count = this.hits.length;
    return html`<dialog class="palette" aria-label="Search and go to" @click=${this.outside}>
      <input class="form-control border-0" type="text" role="combobox" aria-expanded=${count > 0} aria-controls="palette-list" aria-autocomplete="list" aria-activedescendant=${count ? `palette-${this.chosen}` : ""}
        autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="200" placeholder=${this.project ? "Files, runs, models, projects …" : "Projects, people …"} aria-label="Search and go to"
        @input=${(event: Event) => this.ask((event.target as HTMLInputElement).value)} @keydown=${this.pressed}>
      <div id="palette-list" class="palette__list" role="listbox" aria-label="What was found" ?hidden=${!count} aria-busy=${this.busy}>${groups}</div>
      <p class="palette__note" role="status">${this.busy ? "" : this.note}</p>
      <p class="palette__keys" aria-hidden="true"><span><kbd>↑</kbd> <kbd>↓</kbd> choose</span><span><kbd>Enter</kbd> open</span><span><kbd>Ctrl Enter</kbd> new tab</span><span class="palette__wide">${this.project ? html`<kbd>run:</kbd> <kbd>file:</kbd> <kbd>model:</kbd> <kbd>branch:</kbd> ` : ""}<kbd>@</kbd>person</span></p>
    </dialog>`;
  }

  private outside(event: MouseEvent): void {
    if (event.target === event.currentTarget) this.close();
  }
}
customElements.define("rw-palette", Palette);
