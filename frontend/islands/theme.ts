// Runs before the first paint, so that a chosen scheme does not flash. Loaded as a blocking script.
const chosen = localStorage.getItem("rw-theme");
const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset.bsTheme = dark ? "dark" : "light";

export {};
