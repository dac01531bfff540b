// <rw-pdf src="…" worker="…">: draws a document's pages when they come into view. No script of the document is run.
import * as pdfjs from "pdfjs-dist/legacy/build/pdf.mjs";

const MOST = 300;

export class PdfViewer extends HTMLElement {
  async connectedCallback(): Promise<void> {
    pdfjs.GlobalWorkerOptions.workerSrc = this.getAttribute("worker") ?? "";
    const status = this.querySelector("[data-status]");
    try {
      const file = await pdfjs.getDocument({
        url: new URL(this.getAttribute("src") ?? "", location.href).href, isEvalSupported: false, enableXfa: false, useWasm: false,
        // Only the parts that a page needs: of a document of hundreds of megabytes few are ever looked at.
        disableStream: true, disableAutoFetch: true, rangeChunkSize: 1 << 18,
        stopAtErrors: false, maxImageSize: 40_000_000, disableFontFace: false,
      }).promise;
      const watcher = new IntersectionObserver((entries) => {
        for (const entry of entries.filter((one) => one.isIntersecting)) {
          watcher.unobserve(entry.target);
          void this.draw(file, entry.target as HTMLElement);
        }
      }, { rootMargin: "600px" });
      const first = (await file.getPage(1)).getViewport({ scale: 1 });
      for (let number = 1; number <= Math.min(file.numPages, MOST); number++) {
        const place = Object.assign(document.createElement("div"), { className: "pdf-page" });
        place.dataset.page = String(number);
        place.style.aspectRatio = `${first.width} / ${first.height}`;
        this.append(place);
        watcher.observe(place);
      }
      status?.prepend(`${file.numPages} page${file.numPages === 1 ? "" : "s"}${file.numPages > MOST ? `, the first ${MOST} are shown` : ""}. `);
    } catch {
      status?.prepend("This document can't be shown here. ");
    }
  }

  private async draw(file: pdfjs.PDFDocumentProxy, place: HTMLElement): Promise<void> {
    const page = await file.getPage(Number(place.dataset.page));
    const width = place.clientWidth * Math.min(devicePixelRatio, 2);
    const base = page.getViewport({ scale: 1 });
    const viewport = page.getViewport({ scale: Math.min(width / base.width, 4) });
    const canvas = Object.assign(document.createElement("canvas"), { width: viewport.width, height: viewport.height });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Page ${place.dataset.page}`);
    place.style.aspectRatio = `${viewport.width} / ${viewport.height}`;
    place.replaceChildren(canvas);
    await page.render({ canvas, viewport }).promise;
  }
}
customElements.define("rw-pdf", PdfViewer);
