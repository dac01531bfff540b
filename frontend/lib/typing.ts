// Whether a key belongs to a field that somebody types into, so that it is no shortcut.
export function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.("input, textarea, select, [contenteditable=true]") || !!document.querySelector("dialog[open]");
}
