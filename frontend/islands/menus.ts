// Menus are <details class="rw-menu">: they work without script. Script closes them on Escape and on a click elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.rw-menu[open]")) {
    if (!menu.contains(event.target as Node)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.rw-menu[open]")) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

// A choice with data-submits sends its form at once; without script the form has a button.
document.addEventListener("change", (event) => {
  const field = event.target as HTMLSelectElement;
  if (field.matches("select[data-submits]")) field.form?.requestSubmit();
});

// On a narrow screen the present tab may lie outside the row of tabs.
document.querySelector<HTMLElement>('.rw-tabs a[aria-current="page"]')?.scrollIntoView({ inline: "center", block: "nearest", behavior: "instant" });

export {};
