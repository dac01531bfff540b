// <rw-fragment src="…">: a part of a page that comes later: when it is seen (loading="lazy"), or at a click on one of its
// links with data-load; a form with data-again runs its failed job again in place. Without script the
// same links lead to a page of its own.
export class Fragment extends HTMLElement {
  private src = "";

  connectedCallback(): void {
    this.src = this.getAttribute("src") ?? "";
    this.addEventListener("click", (event) => this.clicked(event as MouseEvent));
    this.addEventListener("submit", (event) => this.submitted(event));
    this.addEventListener("rw:job-ended", (event) => {
      event.preventDefault();
      void this.load(this.src, false);
    });
    if (this.getAttribute("loading") !== "lazy") return;
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      void this.load(this.src, false);
    }, { rootMargin: "300px" });
    watcher.observe(this);
  }

  private clicked(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-load]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    void this.load(link.href, true);
  }

  private submitted(event: Event): void {
    const form = event.target as HTMLFormElement;
    if (form.matches("form[data-again]")) {
      event.preventDefault();
      void this.again(form);
      return;
    }
    if (!form.matches("form[data-load]")) return;
    event.preventDefault();
    const address = new URL(form.action, location.href);
    const values = new URLSearchParams();
    new FormData(form).forEach((value, name) => values.append(name, String(value)));
    address.search = values.toString();
    void this.load(address.href, true);
  }

  // A failed job's button: asked for again, this part shows how far it is. Where that is refused, the server's page says why.
  private async again(form: HTMLFormElement): Promise<void> {
    const body = new FormData(form);
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    if (answer?.ok) await this.load(this.src, true);
    else form.submit();
  }

  private async load(source: string, focus: boolean): Promise<void> {
    this.src = source;
    this.setAttribute("aria-busy", "true");
    const address = new URL(source, location.href);
    address.searchParams.set("fragment", "1");
    try {
      const answer = await fetch(address);
      const type = answer.headers.get("Content-Type") ?? "";
      const html = await answer.text();
      if (type.startsWith("text/html") && answer.headers.get("X-Fragment")) {
        this.innerHTML = html;
        if (this.querySelector("rw-pdf")) void import("./pdf.ts");
      } else this.say(`This part could not be loaded (${answer.status}).`, source);
    } catch {
      this.say("The server did not answer.", source);
    }
    this.removeAttribute("aria-busy");
    if (focus) this.querySelector<HTMLElement>("[tabindex], a[href]")?.focus({ preventScroll: true });
  }

  private say(text: string, source: string): void {
    const again = Object.assign(document.createElement("a"), { href: source, textContent: "Try again" });
    again.dataset.load = "";
    const line = document.createElement("p");
    line.className = "panel__body muted m-0";
    line.setAttribute("role", "alert");
    line.append(`${text} `, again);
    this.replaceChildren(line);
  }
}
customElements.define("rw-fragment", Fragment);
