// <rw-theme-switch>: buttons with data-theme="system|light|dark" inside it choose the scheme.
export class ThemeSwitch extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLButtonElement>("button[data-theme]");
      if (!button) return;
      const theme = button.dataset.theme ?? "system";
      if (theme === "system") localStorage.removeItem("rw-theme");
      else localStorage.setItem("rw-theme", theme);
      this.apply();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.apply());
    this.apply();
  }

  private apply(): void {
    const chosen = localStorage.getItem("rw-theme") ?? "system";
    const dark = chosen === "dark" || (chosen === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
    for (const button of this.querySelectorAll<HTMLButtonElement>("button[data-theme]")) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === chosen));
    }
    document.dispatchEvent(new CustomEvent("rw:theme"));
  }
}
customElements.define("rw-theme-switch", ThemeSwitch);
