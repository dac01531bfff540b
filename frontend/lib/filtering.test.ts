import assert from "node:assert/strict";
import { test } from "node:test";
import { isText, matching, next, operators, quoted } from "./filtering.ts";

test("the grammar is followed to the caret", () => {
  const places: [string, string, string, string][] = [
    ["", "key", "", ""],
    ["met", "key", "met", ""],
    ["metrics.loss ", "operator", "", "metrics.loss"],
    ["metrics.loss >", "operator", ">", "metrics.loss"],
    ["metrics.loss > ", "value", "", "metrics.loss"],
    ["metrics.loss > 0.5 ", "joiner", "", "metrics.loss"],
    ["metrics.loss > 0.5 AND ", "key", "", "metrics.loss"],
    ["params.model = 'for", "value", "'for", "params.model"],
    ["params.model = 'forest' ", "joiner", "", "params.model"],
    ["params.model IN ('a', ", "value", "", "params.model"],
    ["params.model IN ('a', 'b') AND tags.x", "key", "tags.x", "params.model"],
    ["tags.`a b` = ", "value", "", "tags.`a b`"],
    ["tags.`a b", "key", "tags.`a b", ""],
    ["params.a IS NOT NULL AND ", "key", "", "params.a"],
    ["params.a NOT IN ", "value", "", "params.a"],
  ];
  for (const [text, place, word, key] of places) {
    const found = next(text);
    assert.deepEqual([found.place, found.word, found.place === "key" ? key : found.key], [place, word, key], text);
  }
});

test("what is offered fits the kind of key", () => {
  assert.ok(operators("metrics.loss").includes(">="));
  assert.ok(!operators("metrics.loss").includes("LIKE"));
  assert.ok(operators("params.model").includes("LIKE"));
  assert.equal(isText("attributes.start_time"), false);
  assert.equal(quoted("it's"), `"it's"`);
  assert.equal(quoted(`'"`), null);
  assert.deepEqual(matching(["metrics.loss", "params.loss", "loss"], "lo", 5), ["loss", "metrics.loss", "params.loss"]);
  assert.deepEqual(matching(["'forest'", "'tree'"], "'fo", 5), ["'forest'"]);
});
