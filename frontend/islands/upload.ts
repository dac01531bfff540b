// <rw-upload to="…/upload/">: sends the chosen files of its form one after the other, each as the body of a PUT, with
// progress. Without script the form itself sends what a form may bring.
export class UploadFiles extends HTMLElement {
  connectedCallback(): void {
    this.querySelector("form")?.addEventListener("submit", (event) => {
      const files = this.querySelector<HTMLInputElement>('input[type="file"]')?.files;
      if (!files?.length) return;
      event.preventDefault();
      void this.send([...files]);
    });
  }

  private async send(files: File[]): Promise<void> {
    const button = this.querySelector<HTMLButtonElement>("button");
    if (button) button.disabled = true;
    const leave = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", leave);
    let failed = false;
    for (const file of files) failed = !(await this.put(file)) || failed;
    removeEventListener("beforeunload", leave);
    if (button) button.disabled = false;
    if (!failed) location.reload();
  }

  private put(file: File): Promise<boolean> {
    const line = document.createElement("li");
    line.setAttribute("role", "status");
    const bar = document.createElement("div");
    bar.className = "progress-line mt-1 mb-2";
    const done = bar.appendChild(document.createElement("span"));
    done.style.width = "0%";
    line.append(file.name, bar);
    this.querySelector("[data-progress]")?.append(line);
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const end = (fault: string): void => {
        if (fault) {
          line.className = "text-danger";
          line.replaceChildren(`${file.name}: ${fault}`);
        }
        resolve(!fault);
      };
      request.upload.onprogress = (event) => {
        done.style.width = `${event.total ? Math.floor((event.loaded / event.total) * 100) : 0}%`;
      };
      request.onload = () => end(request.status === 201 ? "" : faultIn(request));
      request.onerror = () => end("the connection broke. Try again.");
      request.open("PUT", (this.getAttribute("to") ?? "") + encodeURIComponent(file.name));
      request.setRequestHeader("X-CSRFToken", this.querySelector<HTMLInputElement>('[name="csrfmiddlewaretoken"]')?.value ?? "");
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.send(file);
    });
  }
}

/** The server's own words, which come as plain text. */
function faultIn(answer: XMLHttpRequest): string {
  const plain = answer.getResponseHeader("Content-Type")?.startsWith("text/plain");
  return plain ? answer.responseText.trim().replaceAll("\n", " ") : `the server answered ${answer.status}.`;
}

customElements.define("rw-upload", UploadFiles);
