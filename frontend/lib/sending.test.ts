import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, faultIn, folderOf, PART, partSize, said } from "./sending.ts";

test("keys become addresses that browsers leave alone", () => {
  assert.equal(addressOf("/b", "a b/ü%?#&+.txt"), "/b/a%20b/%C3%BC%25%3F%23%26%2B.txt");
  assert.equal(addressOf("/b", "a//b"), "/b/a//b");
  for (const key of ["", "..", "a/../b", "./a"]) assert.equal(addressOf("/b", key), "");
});

test("a large file has fewer parts than there may be", () => {
  assert.equal(partSize(1), PART);
  assert.equal(partSize(PART * 9_000), PART);
  for (const size of [2 ** 40, 5 * 2 ** 40]) {
    assert.ok(Math.ceil(size / partSize(size)) <= 10_000);
    assert.equal(partSize(size) % 2 ** 20, 0);
  }
});

test("folders", () => {
  assert.deepEqual([" /a/b// ", "a", "/", ""].map(folderOf), ["a/b/", "a/", "", ""]);
});

test("what the server says", () => {
  const full = "<Error><Code>QuotaExceeded</Code><Message>5 &gt; 4 &amp;lt; no</Message></Error>";
  assert.equal(said(full, "Message"), "5 > 4 &lt; no");
  assert.ok(faultIn(403, full).final);
  assert.ok(!faultIn(403, "<Error><Code>AccessDenied</Code><Message>The bucket's policy denies it</Message></Error>").final);
  assert.equal(faultIn(502, "").message, "the server answered 502.");
});
