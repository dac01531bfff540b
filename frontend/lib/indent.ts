// How a file is indented: the commonest step of its lines, four spaces where none is.
export function indentOf(text: string): string {
  const counts = new Map<string, number>();
  let before = 0;
  for (const line of text.slice(0, 100_000).split("\n").slice(0, 2000)) {
    if (!line.trim()) continue;
    if (line.startsWith("\t")) {
      counts.set("\t", (counts.get("\t") ?? 0) + 1);
      continue;
    }
    const width = line.length - line.trimStart().length;
    const step = width - before;
    before = width;
    if (step === 2 || step === 4 || step === 8) counts.set(" ".repeat(step), (counts.get(" ".repeat(step)) ?? 0) + 1);
  }
  const best = [...counts].sort((a, b) => b[1] - a[1])[0];
  return best ? best[0] : "    ";
}
