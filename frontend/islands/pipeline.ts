// <rw-pipeline>: the server's drawing of a pipeline, to be moved, zoomed and searched. A click on a stage shows its part of the
// page in place; arrow keys go from box to box along the arrows. Without script the boxes are links in a drawing that scrolls.
type View = { x: number; y: number; width: number; height: number };
const CLOSEST = 160; // drawing units across, at the nearest
const READABLE = 0.8; // pixels for each unit, to begin with
const MOST_HEIGHT = 480;

export class Pipeline extends HTMLElement {
  private svg!: SVGSVGElement;
  private boxes: SVGAElement[] = [];
  private whole: View = { x: 0, y: 0, width: 1, height: 1 };
  private view: View = this.whole;
  private status!: HTMLElement;

  connectedCallback(): void {
    const svg = this.querySelector<SVGSVGElement>("svg.pipeline-graph");
    if (!svg) return;
    this.svg = svg;
    this.boxes = [...svg.querySelectorAll<SVGAElement>("a.pipeline-box")];
    const { x, y, width, height } = svg.viewBox.baseVal;
    this.whole = { x, y, width, height };
    this.classList.add("is-live");
    this.addTools();
    this.begin();
    const place = svg.parentElement as HTMLElement;
    place.removeAttribute("tabindex"); // its links can be reached; it does not scroll any more
    this.listen(place);
    new ResizeObserver(() => this.show(this.view)).observe(place);
    const current = this.boxes.find((box) => box.getAttribute("aria-current"));
    if (!current) return;
    this.choose(current);
    this.reveal(current);
  }

  private listen(place: HTMLElement): void {
    let from: { x: number; y: number; view: View } | null = null;
    let moved = false;
    place.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      from = { x: event.clientX, y: event.clientY, view: this.view };
      moved = false;
    });
    window.addEventListener("pointermove", (event) => {
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      moved ||= Math.hypot(dx, dy) > 4;
      const unit = this.unit();
      if (moved) this.show({ ...from.view, x: from.view.x - dx * unit, y: from.view.y - dy * unit });
    });
    for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => (from = null));
    place.addEventListener("dragstart", (event) => event.preventDefault());
    place.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page itself scrolls
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY * 0.002), event.clientX, event.clientY);
    }, { passive: false });
    place.addEventListener("click", (event) => {
      const box = (event.target as Element).closest<SVGAElement>("a.pipeline-box");
      if (moved) event.preventDefault();
      else if (box && !event.ctrlKey && !event.metaKey && !event.shiftKey) this.clicked(box, event);
    });
    place.addEventListener("keydown", (event) => this.key(event));
    place.addEventListener("focusin", (event) => {
      const box = (event.target as Element).closest<SVGAElement>("a.pipeline-box");
      if (box?.matches(":focus-visible")) this.reveal(box); // Tab goes to boxes outside the window, too
    });
  }

  private addTools(): void {
    const row = document.createElement("div");
    row.className = "pipeline-tools";
    const search = Object.assign(document.createElement("input"), { type: "search", className: "form-control", placeholder: "Find in the graph" });
    search.setAttribute("aria-label", "Find in the graph");
    search.addEventListener("input", () => this.find(search.value));
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.boxes.find((box) => box.classList.contains("is-near"))?.focus();
    });
    const button = (text: string, label: string, act: () => void): HTMLButtonElement => {
      const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: text });
      made.setAttribute("aria-label", label);
      made.addEventListener("click", act);
      return made;
    };
    this.status = document.createElement("span");
    this.status.className = "muted";
    this.status.setAttribute("role", "status");
    row.append(search, button("+", "Zoom in", () => this.zoom(0.75)), button("−", "Zoom out", () => this.zoom(1.33)),
      button("Fit", "Fit the whole graph", () => this.fit()), this.status);
    this.prepend(row);
  }

  // Units of the drawing for each pixel of the window.
  private unit(): number {
    const { width, height } = this.svg.getBoundingClientRect();
    return Math.max(this.view.width / Math.max(width, 1), this.view.height / Math.max(height, 1));
  }

  // The left of the drawing in a size that can be read; all of it where it fits.
  private begin(): void {
    const wide = this.wide();
    const scale = Math.max(Math.min(wide / this.whole.width, 1), READABLE);
    const height = Math.min(Math.max(this.whole.height * scale, 110), MOST_HEIGHT);
    this.style.setProperty("--graph-height", `${Math.round(height)}px`);
    const view = { width: wide / scale, height: height / scale };
    this.show({ ...view, x: Math.min(0, (this.whole.width - view.width) / 2), y: (this.whole.height - view.height) / 2 });
    const first = this.boxes[0];
    if (first) this.reveal(first);
  }

  private fit(): void {
    const width = Math.max(this.whole.width, this.wide()); // what is smaller than its place stays as large as it is
    this.show({ ...this.whole, width, x: (this.whole.width - width) / 2 });
  }

  private wide(): number {
    return Math.max(this.svg.parentElement?.clientWidth ?? 800, 200);
  }

  private show(view: View): void {
    this.view = view;
    this.svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  }

  private zoom(by: number, clientX?: number, clientY?: number): void {
    const factor = Math.min(Math.max(this.view.width * by, CLOSEST), this.whole.width * 3 + 1000) / this.view.width;
    const area = this.svg.getBoundingClientRect();
    const unit = this.unit();
    const middle = { x: this.view.x + this.view.width / 2, y: this.view.y + this.view.height / 2 };
    const x = clientX === undefined ? middle.x : middle.x + (clientX - area.left - area.width / 2) * unit;
    const y = clientY === undefined ? middle.y : middle.y + (clientY - area.top - area.height / 2) * unit;
    this.show({
      x: x + (this.view.x - x) * factor, y: y + (this.view.y - y) * factor,
      width: this.view.width * factor, height: this.view.height * factor,
    });
  }

  private clicked(box: SVGAElement, event: Event): void {
    if (!box.matches(".is-stage, .is-gone")) return; // groups and data are links to other pages
    event.preventDefault();
    this.choose(box);
    const address = box.href.baseVal;
    const part = document.getElementById("stage-part");
    if (!part) return void (location.href = address);
    history.replaceState(null, "", address);
    const link = Object.assign(document.createElement("a"), { href: address, hidden: true });
    link.dataset.load = "";
    part.append(link);
    link.click(); // the part loads what its links name
    const loaded = new MutationObserver(() => {
      if (!part.querySelector("#stage")) return;
      loaded.disconnect();
      part.scrollIntoView({ block: "nearest" });
    });
    loaded.observe(part, { childList: true });
  }

  private choose(box: SVGAElement): void {
    for (const one of this.boxes) one.toggleAttribute("aria-current", false);
    box.setAttribute("aria-current", "true");
    const near = new Set([box.dataset.id]);
    for (const arrow of this.arrows()) {
      const touches = arrow.dataset.from === box.dataset.id || arrow.dataset.to === box.dataset.id;
      arrow.classList.toggle("is-near", touches);
      if (touches) near.add(arrow.dataset.from).add(arrow.dataset.to);
    }
    this.light((one) => near.has(one.dataset.id));
  }

  private find(text: string): void {
    const wanted = text.trim().toLowerCase();
    for (const arrow of this.arrows()) arrow.classList.remove("is-near");
    if (!wanted) {
      this.svg.classList.remove("has-choice");
      this.status.textContent = "";
      return;
    }
    const count = this.light((box) => (box.dataset.name ?? "").toLowerCase().includes(wanted));
    this.status.textContent = count === 1 ? "1 found" : `${count} found`;
    const first = this.boxes.find((box) => box.classList.contains("is-near"));
    if (first) this.reveal(first);
  }

  private light(chosen: (box: SVGAElement) => boolean): number {
    this.svg.classList.add("has-choice");
    let count = 0;
    for (const box of this.boxes) {
      const near = chosen(box);
      box.classList.toggle("is-near", near);
      count += Number(near);
    }
    return count;
  }

  private arrows(): SVGPathElement[] {
    return [...this.svg.querySelectorAll<SVGPathElement>(".pipeline-arrow")];
  }

  private place(box: SVGAElement): { x: number; y: number } {
    const { e, f } = box.transform.baseVal.consolidate()?.matrix ?? { e: 0, f: 0 };
    return { x: e, y: f };
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "+" || event.key === "-") this.zoom(event.key === "+" ? 0.75 : 1.33);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape") this.svg.classList.remove("has-choice");
    else if (event.key.startsWith("Arrow")) this.step(event);
  }

  // Left and right along the arrows, up and down within the column.
  private step(event: KeyboardEvent): void {
    const box = (event.target as Element).closest<SVGAElement>("a.pipeline-box");
    if (!box) return;
    event.preventDefault();
    const here = this.place(box);
    const across = event.key === "ArrowLeft" || event.key === "ArrowRight";
    const ids = new Set(this.arrows().flatMap(({ dataset }) =>
      event.key === "ArrowRight" && dataset.from === box.dataset.id ? [dataset.to] : event.key === "ArrowLeft" && dataset.to === box.dataset.id ? [dataset.from] : []));
    const others = this.boxes.filter((one) => {
      const at = this.place(one);
      return across ? ids.has(one.dataset.id) : at.x === here.x && (event.key === "ArrowDown" ? at.y > here.y : at.y < here.y);
    });
    others.sort((a, b) => Math.abs(this.place(a).y - here.y) - Math.abs(this.place(b).y - here.y));
    if (!others[0]) return;
    others[0].focus({ preventScroll: true });
    this.reveal(others[0]);
  }

  private reveal(box: SVGAElement): void {
    const { x, y } = this.place(box);
    const { view } = this;
    if (x >= view.x && y >= view.y && x + 212 <= view.x + view.width && y + 46 <= view.y + view.height) return;
    this.show({ ...view, x: Math.max(x + 106 - view.width / 2, -40), y: this.within(y + 23 - view.height / 2) });
  }

  // The nearest top of the window at which no empty space shows above or below the drawing, if it can fill the window.
  private within(y: number): number {
    const rest = this.whole.height - this.view.height;
    return rest < 0 ? rest / 2 : Math.min(Math.max(y, 0), rest);
  }
}
customElements.define("rw-pipeline", Pipeline);
