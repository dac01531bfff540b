// <rw-draft>: tabs over the editor: what is written, Markdown as it will look, and the lines that change. The server makes both
// looks from the form as it is; without script the buttons beside Commit do the same.
const PROSE = /\.(md|markdown|mdown)$/i;
const TABS = [["write", "Write"], ["preview", "Preview"], ["changes", "Changes"]] as const;
type Kind = (typeof TABS)[number][0];

export class Draft extends HTMLElement {
  private readonly buttons = new Map<Kind, HTMLButtonElement>();
  private readonly shown = document.createElement("div");
  private form: HTMLFormElement | null = null;
  private asked: AbortController | null = null;

  connectedCallback(): void {
    const written = this.firstElementChild as HTMLElement | null;
    this.form = this.closest("form");
    const path = this.form?.querySelector<HTMLInputElement>("input[name=path]");
    if (!written || !path) return;
    written.id ||= "draft-write";
    written.setAttribute("role", "tabpanel");
    this.shown.id = "draft-shown";
    this.shown.hidden = true;
    this.shown.tabIndex = -1;
    this.shown.setAttribute("role", "tabpanel");
    const list = document.createElement("div");
    list.className = "btn-group mb-2";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Content");
    for (const [kind, label] of TABS) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: label, id: `draft-tab-${kind}` });
      button.setAttribute("role", "tab");
      button.setAttribute("aria-controls", kind === "write" ? written.id : this.shown.id);
      button.addEventListener("click", () => this.choose(kind, written));
      this.buttons.set(kind, button);
      list.append(button);
    }
    list.addEventListener("keydown", (event) => this.moved(event));
    written.setAttribute("aria-labelledby", "draft-tab-write");
    this.prepend(list);
    this.append(this.shown);
    const offer = (): void => {
      const button = this.buttons.get("preview");
      if (button) button.hidden = !PROSE.test(path.value);
      this.suggest(path.value.trim(), path.defaultValue);
    };
    path.addEventListener("input", offer);
    offer();
    this.mark("write");
  }

  /** The message that the commit gets when nobody types one, said while the path is typed. */
  private suggest(path: string, first: string): void {
    const message = this.form?.querySelector<HTMLInputElement>("input[name=message]");
    if (!message || !path || path.endsWith("/")) return;
    const changed = path === first ? `Update ${path}` : `Rename ${first} to ${path}`;
    message.placeholder = message.dataset.deed === "create" ? `Create ${path}` : changed;
  }

  private moved(event: KeyboardEvent): void {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    const open = [...this.buttons.values()].filter((button) => !button.hidden);
    const next = open[(open.indexOf(event.target as HTMLButtonElement) + step + open.length) % open.length];
    next?.focus();
    next?.click();
  }

  private choose(kind: Kind, written: HTMLElement): void {
    this.asked?.abort();
    this.mark(kind);
    written.hidden = kind !== "write";
    written.classList.toggle("d-block", kind === "write"); // Bootstrap's class is stronger than the attribute
    this.shown.hidden = kind === "write";
    this.shown.setAttribute("aria-labelledby", `draft-tab-${kind}`);
    if (kind !== "write") void this.load(kind);
  }

  private mark(chosen: Kind): void {
    for (const [kind, button] of this.buttons) {
      button.setAttribute("aria-selected", String(kind === chosen));
      button.classList.toggle("active", kind === chosen);
      button.tabIndex = kind === chosen ? 0 : -1;
    }
  }

  private async load(kind: Kind): Promise<void> {
    if (!this.form) return;
    const asked = (this.asked = new AbortController());
    const body = new FormData(this.form);
    body.set("show", kind);
    body.set("fragment", "1");
    this.shown.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(this.form.action || location.href, { method: "POST", body, signal: asked.signal });
      const html = await answer.text();
      if (asked.signal.aborted) return;
      if (answer.headers.get("X-Fragment")) this.shown.innerHTML = html;
      else this.say(`It could not be shown (${answer.status}). What you wrote is still here.`);
    } catch {
      if (asked.signal.aborted) return;
      this.say("The server did not answer. What you wrote is still here.");
    }
    this.shown.removeAttribute("aria-busy");
  }

  private say(text: string): void {
    const line = Object.assign(document.createElement("p"), { className: "muted", textContent: text });
    line.setAttribute("role", "status");
    this.shown.replaceChildren(line);
  }
}
customElements.define("rw-draft", Draft);
