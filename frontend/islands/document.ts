// <rw-document>: text out of a repository. Formulas and diagrams are drawn by bundled libraries, loaded only where there is one.
export class RepositoryDocument extends HTMLElement {
  connectedCallback(): void {
    if (this.querySelector(".math")) void import("./math.ts").then(({ drawMath }) => drawMath(this));
    if (this.querySelector("pre.mermaid")) void import("./diagrams.ts").then(({ drawDiagrams }) => drawDiagrams(this));
  }
}
customElements.define("rw-document", RepositoryDocument);
