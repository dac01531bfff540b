// <rw-tabs>: turns <section data-tab="git" aria-label="git"> children into tabs; without script they stand below each other.
export class Tabs extends HTMLElement {
  connectedCallback(): void {
    const sections = [...this.querySelectorAll<HTMLElement>("section[data-tab]")];
    if (sections.length < 2) return;
    const list = document.createElement("div");
    list.className = "rw-tabs";
    list.setAttribute("role", "tablist");
    const buttons = sections.map((section, index) => {
      const button = document.createElement("button");
      section.id ||= `${this.id || "tabs"}-${section.dataset.tab}`;
      button.id = `${section.id}-tab`;
      button.type = "button";
      button.className = "rw-menu__item";
      button.textContent = section.getAttribute("aria-label");
      button.setAttribute("role", "tab");
      button.setAttribute("aria-controls", section.id);
      section.setAttribute("role", "tabpanel");
      section.setAttribute("aria-labelledby", button.id);
      button.addEventListener("click", () => select(index));
      button.addEventListener("keydown", (event) => {
        const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (!step) return;
        const next = (index + step + sections.length) % sections.length;
        select(next);
        buttons[next]?.focus();
      });
      list.append(button);
      return button;
    });
    const select = (chosen: number): void => {
      sections.forEach((section, index) => (section.hidden = index !== chosen));
      buttons.forEach((button, index) => {
        button.setAttribute("aria-selected", String(index === chosen));
        button.tabIndex = index === chosen ? 0 : -1;
        button.classList.toggle("is-info", index === chosen);
      });
    };
    this.prepend(list);
    select(0);
  }
}
customElements.define("rw-tabs", Tabs);
