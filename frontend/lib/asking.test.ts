import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, forgetOthers, impossible, pages, recents, remember, type Hit } from "./asking.ts";

class Kept {
  map = new Map<string, string>();
  get length(): number {
    return this.map.size;
  }
  key(index: number): string | null {
    return [...this.map.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.map.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.map.set(key, value);
  }
  removeItem(key: string): void {
    this.map.delete(key);
  }
}
const hit = (url: string): Hit => ({ kind: "run", title: url, detail: "", url });

test("a prefix asks for one kind, in its place", () => {
  assert.deepEqual(asked(" forest ", true), { text: "forest", kind: "", here: true, everywhere: true });
  assert.deepEqual(asked("forest", false), { text: "forest", kind: "", here: false, everywhere: true });
  assert.deepEqual(asked("Run: best one", true), { text: "best one", kind: "run", here: true, everywhere: false });
  assert.deepEqual(asked("@ann", true), { text: "ann", kind: "owner", here: false, everywhere: true });
  assert.deepEqual(asked("project:wine", true), { text: "wine", kind: "project", here: false, everywhere: true });
  assert.deepEqual(asked("http://x", true).text, "http://x");
  assert.match(impossible(asked("file:x", false)), /open the project first/);
  assert.equal(impossible(asked("file:x", true)), "");
});

test("pages are this project's tabs by how their names begin", () => {
  const links = [{ ...hit("/a/b/src"), title: "Files" }, { ...hit("/a/b/data"), title: "Data" }];
  assert.deepEqual(pages(links, asked("DAT", true))[0]?.hits, [links[1]]);
  assert.deepEqual(pages(links, asked("ata", true)), []);
  assert.deepEqual(pages(links, asked("run:dat", true)), []);
  assert.deepEqual(pages(links, asked("zzz", true)), []);
});

test("recents are few, the last first, each once, and each person's own", () => {
  const store = new Kept();
  for (const number of [1, 2, 3, 4, 5, 6, 7, 8, 9, 3]) remember(store, "anna", hit(`/a/${number}`));
  assert.deepEqual(recents(store, "anna").map((one) => one.url), [3, 9, 8, 7, 6, 5, 4, 2].map((number) => `/a/${number}`));
  assert.deepEqual(recents(store, "ben"), []);
  remember(store, "", hit("/a/1"));
  assert.equal(store.length, 1);
});

test("after a sign-out, and with another person, nothing of the one before is left", () => {
  const store = new Kept();
  store.setItem("theme", "dark");
  remember(store, "anna", hit("/a/1"));
  remember(store, "ben", hit("/b/1"));
  forgetOthers(store, "ben");
  assert.deepEqual([...store.map.keys()], ["theme", "ropewalk:recent:ben"]);
  forgetOthers(store, "");
  assert.deepEqual([...store.map.keys()], ["theme"]);
});

test("what is kept leads nowhere else, and rubbish is no list", () => {
  const store = new Kept();
  for (const url of ["javascript:alert(1)", "//evil.example", "/\\evil.example", "https://evil.example"]) remember(store, "anna", hit(url));
  assert.equal(store.length, 0);
  store.setItem("ropewalk:recent:anna", JSON.stringify([hit("javascript:alert(1)"), null, 3, hit("/ok")]));
  assert.deepEqual(recents(store, "anna").map((one) => one.url), ["/ok"]);
  store.setItem("ropewalk:recent:anna", "{");
  assert.deepEqual(recents(store, "anna"), []);
});
