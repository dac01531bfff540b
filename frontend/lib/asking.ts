// What somebody means by what they type into the palette, what they chose before, and the order of the answers.
export type Hit = { kind: string; title: string; detail: string; url: string };
export type Group = { kind: string; more: boolean; hits: Hit[] };
export type Asked = { text: string; kind: string; here: boolean; everywhere: boolean };
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const PREFIX = "ropewalk:recent:";
const KEPT = 8;
const HERE = ["file", "run", "model", "experiment", "branch", "tag"];
const EVERYWHERE = ["project", "owner"];
const LABELS: Record<string, string> = {
  recent: "Recent",
  page: "Pages of this project",
  file: "Files",
  run: "Runs",
  model: "Models",
  experiment: "Experiments",
  branch: "Branches",
  tag: "Tags",
  project: "Projects",
  owner: "People and organizations",
  further: "Search",
};
const ICONS: Record<string, string> = {
  page: "arrow-right",
  file: "file",
  run: "run",
  model: "cube",
  experiment: "flask",
  branch: "branch",
  tag: "tag",
  project: "database",
  owner: "user",
  further: "search",
};

export const labelOf = (kind: string): string => LABELS[kind] ?? kind;
export const iconOf = (kind: string): string => ICONS[kind] ?? "arrow-right";

/** `run: forest` asks for runs alone, `@ann` for people; anything else for everything, here and everywhere. */
export function asked(typed: string, inProject: boolean): Asked {
  const text = typed.trim();
  if (text.startsWith("@")) return { text: text.slice(1).trim(), kind: "owner", here: false, everywhere: true };
  const [, word = "", rest = ""] = /^([a-z]+):(.*)$/is.exec(text) ?? [];
  const kind = word.toLowerCase();
  if (HERE.includes(kind)) return { text: rest.trim(), kind, here: inProject, everywhere: false };
  if (EVERYWHERE.includes(kind)) return { text: rest.trim(), kind, here: false, everywhere: true };
  return { text, kind: "", here: inProject, everywhere: true };
}

/** Why a question can't be answered where it is asked; empty when it can. */
export function impossible({ here, everywhere, kind }: Asked): string {
  return here || everywhere ? "" : `A ${kind} is found inside its project: open the project first.`;
}

/** This project's pages whose name begins with the text. */
export function pages(links: Hit[], { text, kind }: Asked): Group[] {
  const wanted = text.toLowerCase();
  const hits = kind ? [] : links.filter((link) => link.title.toLowerCase().startsWith(wanted));
  return hits.length ? [{ kind: "page", more: false, hits }] : [];
}

/** An address of this site, as the palette may open it: what the browser keeps may have been changed by anybody. */
const ours = (url: unknown): url is string => typeof url === "string" && /^\/(?![/\\])/.test(url);

/** What this person opened last. */
export function recents(store: Store, user: string): Hit[] {
  if (!user) return [];
  try {
    const kept: unknown = JSON.parse(store.getItem(PREFIX + user) ?? "[]");
    if (!Array.isArray(kept)) return [];
    return (kept as Partial<Hit>[]).filter((hit) => ours(hit?.url) && !!hit.title).slice(0, KEPT) as Hit[];
  } catch {
    return []; // not ours, or the browser lets nobody keep anything
  }
}

/** Put what was chosen before the others. Nothing is kept of somebody who did not sign in. */
export function remember(store: Store, user: string, hit: Hit): void {
  if (!user || !ours(hit.url) || ["page", "further"].includes(hit.kind)) return;
  const { kind, title, detail, url } = hit;
  const list = [{ kind, title, detail, url }, ...recents(store, user).filter((other) => other.url !== url)];
  try {
    store.setItem(PREFIX + user, JSON.stringify(list.slice(0, KEPT)));
  } catch {
    // full or forbidden: then there are no recents
  }
}

/** Forget what others opened in this browser: after a sign-out it is nobody's turn, and all goes. */
export function forgetOthers(store: Store, user: string): void {
  const keys = Array.from({ length: store.length }, (_, index) => store.key(index) ?? "");
  for (const key of keys) if (key.startsWith(PREFIX) && key !== PREFIX + user) store.removeItem(key);
}
