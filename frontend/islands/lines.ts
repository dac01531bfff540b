// <rw-lines>: a table of numbered lines. A click on a number selects the line, with shift up to it: #L3 and #L3-L9.
// On a number, Enter does the same; shift with the arrow keys makes the selection longer or shorter.
const RANGE = /^#L(\d+)(?:-L?(\d+))?$/;

function range(hash: string): [number, number] | null {
  const found = RANGE.exec(hash);
  if (!found) return null;
  const first = Number(found[1]), last = Number(found[2] ?? found[1]);
  return first <= last ? [first, last] : [last, first];
}

export class Lines extends HTMLElement {
  private anchor = 0;

  connectedCallback(): void {
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("keydown", (event) => this.pressed(event));
    window.addEventListener("hashchange", () => this.show(false));
    this.show(true);
  }

  private number(target: EventTarget | null): number {
    const link = (target as Element | null)?.closest<HTMLAnchorElement>(".ln a");
    return link ? Number(link.hash.slice(2)) : 0;
  }

  private clicked(event: MouseEvent): void {
    const number = this.number(event.target);
    if (!number || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (event.shiftKey) document.getSelection()?.removeAllRanges();
    this.select(event.shiftKey && this.anchor ? this.anchor : number, number);
  }

  private pressed(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const number = this.number(event.target);
    if (!step || !number || !event.shiftKey) return;
    const next = this.querySelector<HTMLAnchorElement>(`#L${number + step} .ln a`);
    if (!next) return;
    event.preventDefault();
    next.focus();
    this.select(this.anchor || number, number + step);
  }

  private select(anchor: number, end: number): void {
    this.anchor = anchor;
    const [first, last] = anchor <= end ? [anchor, end] : [end, anchor];
    history.replaceState(null, "", first === last ? `#L${first}` : `#L${first}-L${last}`);
    this.mark(first, last);
  }

  private show(scroll: boolean): void {
    const found = range(location.hash);
    if (!found) return;
    this.anchor = found[0];
    this.mark(...found);
    if (scroll) this.querySelector(`#L${found[0]}`)?.scrollIntoView({ block: "center" });
  }

  private mark(first: number, last: number): void {
    for (const row of this.querySelectorAll("tr.selected")) row.classList.remove("selected");
    for (let number = first; number <= Math.min(last, first + 20000); number++) {
      const row = this.querySelector(`#L${number}`);
      if (!row) break;
      row.classList.add("selected");
    }
  }
}
customElements.define("rw-lines", Lines);

// A link to a line of a file that is shown by a viewer leads to its source.
if (range(location.hash) && !document.querySelector("rw-lines")) {
  const code = document.querySelector<HTMLAnchorElement>('a[href$="?view=code"]');
  if (code) location.replace(code.href + location.hash);
}
