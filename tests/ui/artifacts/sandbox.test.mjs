import assert from "node:assert/strict";
import test from "node:test";
import { documentOf, hasScripts } from "../../../chat_app/ui/static/artifacts/sandbox.mjs";

test("the policy is before any byte of the model's", () => {
  for (const html of ["", "<p>", "<!doctype html><html lang=en><head><title>T</title></head><body>", "<meta http-equiv=Content-Security-Policy content=''>"]) {
    const made = documentOf(html);
    assert.match(made, /^<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; [^"]+">/);
    assert.ok(made.endsWith(html));
    assert.match(documentOf(html, { scripts: true }), /^<!doctype html><meta http-equiv="Content-Security-Policy"[^>]+><meta charset="utf-8"><script>/);
  }
});

test("the first script is one element, whatever stands in it", () => {
  const made = documentOf("", { scripts: true });
  const inside = made.slice(made.indexOf("<script>") + 8, -"</script>".length);
  assert.ok(made.endsWith("</script>"));
  assert.doesNotMatch(inside, /<\/?script|<!--/i);
});

test("a document in the document cannot be written", () => {
  assert.doesNotMatch(documentOf("<iframe SrcDoc='<script>1</script>'>"), /srcdoc/i);
});

test("scripts are seen, also where there are perhaps none", () => {
  for (const html of ["<script>", "<SCRIPT src=a>", "<p onclick='a()'>", "<svg onload = a>", "<a href='javascript:a()'>"]) assert.ok(hasScripts(html), html);
  for (const html of ["<p>one</p>", "<style>a{}</style>", "<description>", ""]) assert.ok(!hasScripts(html), html);
});
