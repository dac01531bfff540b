// <rw-image-diff>: two versions of an image beside each other (as the HTML has them), one under a moving edge, or blended.
// The modes are classes; the style sheet lays the images over each other and reads --at, the place of the slider.
export class ImageDiff extends HTMLElement {
  connectedCallback(): void {
    const bar = this.querySelector<HTMLElement>("[data-bar]");
    if (!bar) return;
    bar.hidden = false;
    this.classList.add("is-live");
    bar.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLButtonElement>("button[data-mode]");
      if (button) this.show(button.dataset.mode ?? "sides");
    });
    const slider = bar.querySelector<HTMLInputElement>("input");
    slider?.addEventListener("input", () => this.style.setProperty("--at", `${slider.value}%`));
    const stage = this.querySelector<HTMLElement>(".image-diff__sides");
    stage?.addEventListener("pointermove", (event) => {
      if (!slider || !this.classList.contains("is-swipe") || (event.pointerType !== "mouse" && !event.buttons)) return;
      const place = stage.getBoundingClientRect();
      slider.value = String(Math.max(0, Math.min(100, (100 * (event.clientX - place.left)) / place.width)));
      this.style.setProperty("--at", `${slider.value}%`);
    });
    this.show("sides");
  }

  private show(mode: string): void {
    for (const button of this.querySelectorAll<HTMLButtonElement>("button[data-mode]")) {
      const mine = button.dataset.mode === mode;
      button.setAttribute("aria-pressed", String(mine));
      this.classList.toggle(`is-${button.dataset.mode}`, mine);
    }
    const slide = this.querySelector<HTMLElement>("[data-slide]");
    if (slide) slide.hidden = mode !== "swipe" && mode !== "onion";
    slide?.querySelector("input")?.setAttribute("aria-label", mode === "swipe" ? "Where the edge between old and new is" : "How much of the new image is seen");
  }
}
customElements.define("rw-image-diff", ImageDiff);
