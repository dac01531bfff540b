import assert from "node:assert/strict";
import { test } from "node:test";
import { beside, moved } from "./columns.ts";

test("a column takes the place of the one that it is dropped on, from either side", () => {
  assert.deepEqual(moved(["a", "b", "c", "d"], "a", "c"), ["b", "c", "a", "d"]);
  assert.deepEqual(moved(["a", "b", "c", "d"], "d", "b"), ["a", "d", "b", "c"]);
});

test("the address keeps the rest of a table's state", () => {
  assert.equal(beside("http://x/e?q=1&column=a&column=b&page=3", ["b", "a"]), "http://x/e?q=1&column=b&column=a");
});
