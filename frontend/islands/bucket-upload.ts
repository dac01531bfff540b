// <rw-bucket-upload endpoint="/api/…">: files and folders, chosen or dropped, go into the bucket three at a time with progress. What
// would be replaced is asked about; what failed stays to be tried again. Without script the form itself sends what a form may bring.
import { chosen, dropped, type Named } from "../lib/dropped.ts";
import { addressOf, Fault, folderOf, Sending } from "../lib/sending.ts";

const AT_ONCE = 3;
type Item = Named & { key: string; replace: boolean; sent: number };

export class BucketUpload extends HTMLElement {
  private waiting: Item[] = [];
  private active = new Map<Item, Sending>();
  private asked = new Map<Item, HTMLElement>();
  private failed = new Map<Item, HTMLElement>();
  private paused = false; // the server has no room, or lets nothing more in
  private items: Item[] = [];
  private done = 0;
  private folder = "";

  connectedCallback(): void {
    for (const part of this.querySelectorAll<HTMLElement>("[data-scripted]")) part.hidden = false;
    for (const part of this.querySelectorAll<HTMLElement>("[data-plain]")) part.hidden = true;
    for (const input of this.querySelectorAll<HTMLInputElement>('input[type="file"]')) {
      input.required = false;
      const take = (): void => {
        this.add(chosen(input.files));
        input.value = "";
      };
      input.addEventListener("change", take);
      // Chosen before this script came: sent, too. What a browser put back by itself (reload, history) nobody chose now.
      if (restored()) input.value = "";
      else queueMicrotask(take);
    }
    this.querySelector("form")?.addEventListener("submit", (event) => event.preventDefault());
    const zone = this.querySelector<HTMLElement>("[data-drop]");
    zone?.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("drop-zone--over");
    });
    zone?.addEventListener("dragleave", () => zone.classList.remove("drop-zone--over"));
    zone?.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("drop-zone--over");
      if (event.dataTransfer) void dropped(event.dataTransfer.items).then((files) => this.add(files));
    });
    this.button("[data-cancel]", () => this.cancel());
    addEventListener("pagehide", () => {
      this.waiting = [];
      for (const sending of this.active.values()) sending.leave();
    });
    this.button("[data-replace-all]", () => this.answer(true));
    this.button("[data-keep-all]", () => this.answer(false));
    this.button("[data-again-all]", () => this.again([...this.failed.keys()]));
  }

  private button(which: string, act: () => void): void {
    this.querySelector<HTMLButtonElement>(which)?.addEventListener("click", act);
  }

  private add(files: Named[]): void {
    if (!files.length) return;
    this.folder = folderOf(this.querySelector<HTMLInputElement>('[name="folder"]')?.value ?? "");
    const replace = this.querySelector<HTMLInputElement>('[name="replace"]')?.checked ?? false;
    const items = files.map((one) => ({ ...one, key: this.folder + one.path, replace, sent: 0 }));
    this.items.push(...items);
    this.waiting.push(...items);
    addEventListener("beforeunload", stay);
    this.pump();
  }

  private pump(): void {
    while (!this.paused && this.active.size < AT_ONCE && this.waiting.length) void this.start(this.waiting.shift() as Item);
    this.tell();
    if (this.active.size || this.waiting.length) return;
    removeEventListener("beforeunload", stay);
    if (this.asked.size || this.failed.size || !this.done) return;
    location.assign(`${this.getAttribute("back") ?? ""}${this.folder && `?${new URLSearchParams({ prefix: this.folder })}`}`);
  }

  private async start(item: Item): Promise<void> {
    const row = this.row(item.key);
    const bar = row.querySelector<HTMLElement>(".progress-line > span");
    const address = addressOf(this.getAttribute("endpoint") ?? "", item.key);
    const csrf = this.querySelector<HTMLInputElement>('[name="csrfmiddlewaretoken"]')?.value ?? "";
    const sending = new Sending(item.file, address, csrf, (bytes) => {
      item.sent = Math.min(bytes, item.file.size);
      if (bar) bar.style.width = `${item.file.size ? Math.floor((item.sent / item.file.size) * 100) : 0}%`;
      this.tell();
    });
    this.active.set(item, sending);
    row.append(press("Cancel", `Cancel ${item.key}`, () => sending.cancel()));
    try {
      if (!address) throw new Fault("no address can carry “.” or “..” as the name of a folder or file.");
      if (await sending.run(item.replace)) this.stored(item, row);
      else this.ask(item, row);
    } catch (error) {
      this.fail(item, row, error);
    }
    this.active.delete(item);
    this.pump();
  }

  private stored(item: Item, row: HTMLElement): void {
    item.sent = item.file.size;
    this.done += 1;
    row.remove();
  }

  private ask(item: Item, row: HTMLElement): void {
    item.sent = 0;
    row.replaceChildren(words(item.key, " is there already."));
    row.append(press("Replace", `Replace ${item.key}`, () => this.decide(item, true)), press("Keep", `Keep ${item.key}`, () => this.decide(item, false)));
    this.asked.set(item, row);
  }

  private decide(item: Item, replace: boolean): void {
    this.asked.get(item)?.remove();
    this.asked.delete(item);
    if (replace) this.waiting.push(Object.assign(item, { replace }));
    else this.items = this.items.filter((one) => one !== item);
    this.pump();
  }

  private answer(replace: boolean): void {
    for (const item of [...this.asked.keys()]) this.decide(item, replace);
  }

  private fail(item: Item, row: HTMLElement, error: unknown): void {
    this.failed.set(item, row);
    item.sent = 0;
    if (error instanceof Fault && error.final) this.paused = true;
    row.replaceChildren(words(item.key, `: ${error instanceof Fault ? error.message : String(error)}`, "text-danger"));
    row.append(press("Try again", `Try ${item.key} again`, () => this.again([item])));
  }

  private again(items: Item[]): void {
    for (const item of items) {
      this.failed.get(item)?.remove();
      this.failed.delete(item);
    }
    this.paused = false;
    this.waiting.push(...items);
    addEventListener("beforeunload", stay);
    this.pump();
  }

  private cancel(): void {
    this.items = this.items.filter((item) => !this.waiting.includes(item));
    this.waiting = [];
    for (const sending of this.active.values()) sending.cancel();
    this.tell();
  }

  private row(key: string): HTMLElement {
    const row = document.createElement("li");
    row.className = "d-flex align-items-center gap-2 mb-2";
    const text = words(key, "");
    const bar = document.createElement("div");
    bar.className = "progress-line mt-1";
    const filled = document.createElement("span");
    filled.style.width = "0%"; // of nothing sent yet
    bar.append(filled);
    text.append(bar);
    row.append(text);
    this.querySelector("[data-rows]")?.append(row);
    return row;
  }

  private tell(): void {
    const all = this.items.reduce((sum, item) => sum + item.file.size, 0);
    const sent = this.items.reduce((sum, item) => sum + item.sent, 0);
    const status = this.querySelector<HTMLElement>("[data-status]");
    const there = this.asked.size ? ` ${count(this.asked.size)} there already.` : "";
    const failed = this.failed.size ? ` ${count(this.failed.size)} failed.` : "";
    const stored = `${count(this.done)} of ${count(this.items.length)} files stored`;
    if (status) status.textContent = `${stored}, ${size(sent)} of ${size(all)} sent.${there}${failed}`;
    this.show("[data-cancel]", this.active.size + this.waiting.length > 0);
    this.show("[data-replace-all], [data-keep-all]", this.asked.size > 1);
    this.show("[data-again-all]", this.failed.size > 1);
  }

  private show(which: string, shown: boolean): void {
    for (const part of this.querySelectorAll<HTMLElement>(which)) part.hidden = !shown;
  }
}

function restored(): boolean {
  const [visit] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return visit !== undefined && visit.type !== "navigate";
}

function stay(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

function words(key: string, text: string, look = ""): HTMLElement {
  const line = document.createElement("div");
  line.className = `flex-fill wrap ${look}`;
  const name = document.createElement("span");
  name.className = "mono";
  name.textContent = key;
  line.append(name, text);
  return line;
}

function press(text: string, label: string, act: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm flex-shrink-0";
  button.textContent = text;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", act);
  return button;
}

function count(number: number): string {
  return number.toLocaleString("en");
}

function size(bytes: number): string {
  const step = bytes < 2 ** 10 ? 0 : bytes < 2 ** 20 ? 1 : bytes < 2 ** 30 ? 2 : 3;
  return `${(bytes / 1024 ** step).toFixed(step ? 1 : 0)} ${["B", "KiB", "MiB", "GiB"][step]}`;
}

customElements.define("rw-bucket-upload", BucketUpload);
