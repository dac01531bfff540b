// Paths that have the asked-for letters in their order, the best first: whole in the name, whole in the path, then with few gaps.
// The same rule as the server's page without script.
export function ranked(question: string, names: string[], most: number): string[] {
  const letters = question.toLowerCase().replaceAll(" ", "");
  if (!letters) return names.slice(0, most);
  const found: [number, string][] = [];
  for (const name of names) {
    const score = scoreOf(letters, name.toLowerCase());
    if (score !== null) found.push([score, name]);
  }
  found.sort((a, b) => a[0] - b[0] || a[1].length - b[1].length || (a[1] < b[1] ? -1 : 1));
  return found.slice(0, most).map(([, name]) => name);
}

function scoreOf(letters: string, name: string): number | null {
  const whole = name.lastIndexOf(letters);
  if (whole >= 0) return whole > name.lastIndexOf("/") ? -1000 : -500;
  let gaps = 0;
  let end = name.length;
  for (let index = letters.length - 1; index >= 0; index--) {
    if (end === 0) return null;
    const at = name.lastIndexOf(letters[index]!, end - 1);
    if (at < 0) return null;
    gaps += end - at - 1;
    end = at;
  }
  return gaps;
}
