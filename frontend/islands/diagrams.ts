// Diagrams by Mermaid. The result becomes an image: whatever is in it, an image runs no script and asks nobody for anything.
import mermaid from "mermaid";

const MOST = 30;
let drawn = 0;

async function draw(block: HTMLElement): Promise<void> {
  const source = block.querySelector("code")?.textContent ?? "";
  const dark = document.documentElement.dataset.bsTheme === "dark";
  mermaid.initialize({
    startOnLoad: false, securityLevel: "strict", theme: dark ? "dark" : "neutral", htmlLabels: false, flowchart: { htmlLabels: false },
    maxTextSize: 20_000, maxEdges: 300, suppressErrorRendering: true, fontFamily: "system-ui, sans-serif", deterministicIds: true,
  });
  const id = `rw-diagram-${++drawn}`;
  try {
    const { svg } = await mermaid.render(id, source);
    const parsed = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
    if (!parsed) throw new Error("no image");
    const [, , width, height] = (parsed.getAttribute("viewBox") ?? "").split(/[\s,]+/).map(Number);
    parsed.setAttribute("width", String(Math.ceil(width || 600)));
    parsed.setAttribute("height", String(Math.ceil(height || 400)));
    const text = new XMLSerializer().serializeToString(parsed);
    const image = Object.assign(document.createElement("img"), { alt: `Diagram: ${source.trim().slice(0, 300)}`, className: "diagram" });
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    block.nextElementSibling?.matches("img.diagram") && block.nextElementSibling.remove();
    block.after(image);
    block.hidden = true;
  } catch {
    block.title = "This diagram can't be drawn";
    document.getElementById(`d${id}`)?.remove();
  }
}

export async function drawDiagrams(root: ParentNode): Promise<void> {
  const blocks = [...root.querySelectorAll<HTMLElement>("pre.mermaid")].slice(0, MOST);
  const all = async (): Promise<void> => {
    for (const block of blocks) await draw(block);
  };
  document.addEventListener("rw:theme", () => void all());
  await all();
}
