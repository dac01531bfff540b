// One file into a project's bucket, in S3's protocol with the session of the page: whole, or in parts when it is large.

export const PART = 16 * 2 ** 20;
const MOST_PARTS = 9_000;
const TRIES = 3;

/** Why something was not stored, in the server's own words; `final` when the next file would not be stored either. */
export class Fault extends Error {
  constructor(
    message: string,
    readonly final = false,
  ) {
    super(message);
  }
}

/** Where an object lies; empty for a key that no address can carry, since browsers resolve dots in a path. */
export function addressOf(endpoint: string, key: string): string {
  const pieces = key.split("/");
  return key && !pieces.some((piece) => piece === "." || piece === "..") ? `${endpoint}/${pieces.map(encodeURIComponent).join("/")}` : "";
}

/** Bytes of each part but the last: as few parts as there may be. */
export function partSize(size: number): number {
  return Math.max(PART, Math.ceil(size / MOST_PARTS / 2 ** 20) * 2 ** 20);
}

/** The folder as keys have it: no slash before it, one behind it, nothing for the bucket itself. */
export function folderOf(text: string): string {
  const kept = text.trim().replace(/^\/+|\/+$/g, "");
  return kept && `${kept}/`;
}

/** What an answer of S3's says: the text of one of its elements. */
export function said(xml: string, element: string): string {
  const found = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1] ?? "";
  return found.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&amp;/g, "&");
}

export function faultIn(status: number, text: string): Fault {
  const code = said(text, "Code");
  return new Fault(said(text, "Message") || `the server answered ${status}.`, ["QuotaExceeded", "AccessDenied"].includes(code) && !/policy/i.test(text));
}

type Sent = { status: number; text: string; etag: string };
type Body = Blob | string | null;

export class Sending {
  private current?: XMLHttpRequest;
  private upload = ""; // the query that names the upload in parts which is under way
  private cancelled = false;

  constructor(
    readonly file: File,
    private readonly address: string,
    private readonly csrf: string,
    private readonly progress: (bytes: number) => void,
  ) {}

  cancel(): void {
    this.cancelled = true;
    this.current?.abort();
  }

  /** The page goes: nothing that awaits an answer runs any more, so parts are given up in a request that outlives it. */
  leave(): void {
    this.cancel();
    this.giveUp();
  }

  private giveUp(): void {
    if (this.upload) void fetch(`${this.address}?${this.upload}`, { method: "DELETE", headers: { "X-CSRFToken": this.csrf }, keepalive: true });
    this.upload = "";
  }

  /** Stores the file; false when something is there already and is not to be replaced. Throws a Fault. */
  async run(replace: boolean): Promise<boolean> {
    const unless: Record<string, string> = replace ? {} : { "If-None-Match": "*" };
    if (this.file.size > partSize(0)) return this.inParts(unless, replace);
    const headers = { ...unless, "Content-Type": this.file.type || "application/octet-stream" };
    return this.judged(await this.send("PUT", "", this.file, headers, 0));
  }

  private judged(answer: Sent): boolean {
    if (answer.status === 412) return false;
    if (answer.status !== 200 || answer.text.includes("<Error>")) throw faultIn(answer.status, answer.text);
    return true;
  }

  private async inParts(unless: Record<string, string>, replace: boolean): Promise<boolean> {
    if (!replace && (await this.send("HEAD", "", null)).status === 200) return false;
    const begun = await this.send("POST", "?uploads", null, { "Content-Type": this.file.type || "application/octet-stream" });
    const upload = `uploadId=${said(begun.text, "UploadId")}`;
    if (begun.status !== 200) throw faultIn(begun.status, begun.text);
    this.upload = upload;
    try {
      const size = partSize(this.file.size);
      let list = "";
      for (let start = 0, number = 1; start < this.file.size; start += size, number += 1) {
        const part = this.file.slice(start, start + size);
        const { etag } = await this.tried(`?partNumber=${number}&${upload}`, part, start);
        list += `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replace(/"/g, "&quot;")}</ETag></Part>`;
      }
      const whole = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`;
      const stored = this.judged(await this.send("POST", `?${upload}`, whole, { ...unless, "Content-Type": "application/xml" }));
      if (stored) this.upload = "";
      return stored;
    } finally {
      this.giveUp();
    }
  }

  private async tried(query: string, part: Blob, before: number): Promise<Sent> {
    for (let tries = 1; ; tries += 1) {
      let fault: Fault;
      try {
        const answer = await this.send("PUT", query, part, {}, before);
        if (answer.status === 200) return answer;
        fault = faultIn(answer.status, answer.text);
        if (answer.status < 500) throw fault;
      } catch (error) {
        fault = error as Fault;
        if (fault.final || this.cancelled || tries >= TRIES) throw error;
      }
      if (tries >= TRIES) throw fault;
      await new Promise((resolve) => setTimeout(resolve, 1000 * tries));
    }
  }

  private send(method: string, query: string, body: Body, headers: Record<string, string> = {}, before = -1): Promise<Sent> {
    return new Promise((resolve, reject) => {
      if (this.cancelled) return reject(new Fault("cancelled."));
      const request = (this.current = new XMLHttpRequest());
      if (before >= 0) request.upload.onprogress = (event) => this.progress(before + event.loaded);
      request.onload = () => resolve({ status: request.status, text: request.responseText, etag: request.getResponseHeader("ETag") ?? "" });
      request.onerror = () => reject(new Fault("the connection broke. Try again."));
      request.onabort = () => reject(new Fault("cancelled."));
      request.open(method, this.address + query);
      request.setRequestHeader("X-CSRFToken", this.csrf);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.send(body);
    });
  }
}
