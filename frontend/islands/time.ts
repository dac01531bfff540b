// <rw-time><time datetime="…">…</time></rw-time>: keeps a relative time fresh; the absolute one is its title.
import { relative } from "../lib/relative.ts";

export class RelativeTime extends HTMLElement {
  connectedCallback(): void {
    const time = this.querySelector("time");
    const stamp = Date.parse(time?.dateTime ?? "");
    if (!time || Number.isNaN(stamp)) return;
    time.title = new Date(stamp).toLocaleString();
    const show = (): void => {
      time.textContent = relative(stamp, Date.now());
    };
    show();
    setInterval(show, 60_000);
  }
}
customElements.define("rw-time", RelativeTime);
