// <rw-job src="…/jobs/<id>.json">: follows a job's progress; when it ends, loads the page again to show the result.
type JobState = { state: string; percent: number; message: string };

export class JobProgress extends HTMLElement {
  private timer = 0;

  connectedCallback(): void {
    this.schedule(700);
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
  }

  private schedule(wait: number): void {
    this.timer = window.setTimeout(() => void this.poll(wait), wait);
  }

  private async poll(wait: number): Promise<void> {
    try {
      const answer = await fetch(this.getAttribute("src") ?? "", { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const job = (await answer.json()) as JobState;
        if (job.state === "succeeded" || job.state === "failed") {
          // A part of a page that was loaded later loads itself again; anything else is shown by the whole page.
          const ended = new CustomEvent("rw:job-ended", { bubbles: true, cancelable: true });
          if (this.dispatchEvent(ended)) location.reload();
          return;
        }
        const bar = this.querySelector<HTMLElement>("[data-bar]");
        if (bar) bar.style.width = `${job.percent}%`;
        for (const pill of this.querySelectorAll<HTMLElement>("[data-state]")) pill.hidden = pill.dataset.state !== job.state;
        const waits = job.state === "queued" ? "Waiting for a worker" : "Working";
        this.querySelector("[data-message]")?.replaceChildren(job.message || waits);
      }
    } catch {
      // The connection is away; the next poll tries again.
    }
    this.schedule(Math.min(wait * 1.3, 5000));
  }
}
customElements.define("rw-job", JobProgress);
