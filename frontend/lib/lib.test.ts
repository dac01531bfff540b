import assert from "node:assert/strict";
import { test } from "node:test";
import { onAxis } from "./axis.ts";
import { indentOf } from "./indent.ts";
import { relative } from "./relative.ts";
import { smooth } from "./smooth.ts";

const NOW = Date.UTC(2026, 0, 31);

test("relative times use the largest whole unit", () => {
  assert.equal(relative(NOW - 5_000, NOW), "just now");
  assert.equal(relative(NOW - 90_000, NOW), "1 minute ago");
  assert.equal(relative(NOW - 26 * 3_600_000, NOW), "yesterday");
  assert.equal(relative(NOW + 89.9 * 86_400_000, NOW), "in 3 months");
  assert.equal(relative(NOW - 800 * 86_400_000, NOW), "2 years ago");
});

test("smoothing keeps a constant constant, from its first point on", () => {
  const line = smooth([[0, 2], [1, 2], [2, 2]], 0.9);
  for (const [, y] of line) assert.ok(Math.abs((y ?? 0) - 2) < 1e-12);
});

test("smoothing leaves gaps as gaps and weight 0 leaves the points", () => {
  assert.equal(smooth([[0, 1], [1, null], [2, 3]], 0.5)[1]?.[1], null);
  const points: [number, number][] = [[0, 1], [1, 5]];
  assert.equal(smooth(points, 0), points);
});

test("the time axis counts seconds from a run's own first point", () => {
  const points: [number, number, number][] = [[0, 5, 1_000], [1, 4, 3_500]];
  assert.deepEqual(onAxis(points, "time"), [[0, 5], [2.5, 4]]);
  assert.deepEqual(onAxis(points, "step"), [[0, 5], [1, 4]]);
  assert.deepEqual(onAxis([[3, 1]], "time"), []);
});

test("a file's indent is the commonest step of its lines", () => {
  assert.equal(indentOf("a:\n  b:\n    c: 1\n  d: 2\n"), "  ");
  assert.equal(indentOf("def f():\n    if x:\n        y\n"), "    ");
  assert.equal(indentOf("all:\n\ttrue\n"), "\t");
  assert.equal(indentOf(""), "    ");
});
