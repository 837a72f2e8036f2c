import assert from "node:assert/strict";
import { test } from "node:test";

import { Refused, UPLOADS, upload } from "../../../chat_app/ui/static/composer/upload.mjs";

const file = (name = "a b.png") => new File(["bytes"], name);
const address = "http://127.0.0.1/app/uploads";
const answering = (status, body, asked = []) => ({
  address,
  fetch: async (...request) => (asked.push(request), new Response(typeof body === "string" ? body : JSON.stringify(body), { status })),
});
const refusal = (promise) => promise.then(() => assert.fail("was taken"), (error) => error);

test("a file is posted as it is, with its name, the preset and the header that other sites cannot send", async () => {
  const asked = [];
  const part = await upload(file(), "Tutor & co", undefined, answering(200, { part: { type: "text", text: "x" } }, asked));
  assert.deepEqual(part, { type: "text", text: "x" });
  const [[where, { method, headers, body }]] = asked;
  assert.equal(where.href, `${address}?name=a+b.png&preset=Tutor+%26+co`);
  assert.deepEqual([method, headers["X-Chat-App"], await body.text()], ["POST", "1", "bytes"]);
});

test("it goes beside the folder of the modules, so that it is found below a path", () => {
  assert.ok(UPLOADS.href.endsWith("/chat_app/uploads"));
});

test("the server's own sentence and hint are told", async () => {
  const error = await refusal(upload(file(), "", undefined, answering(422, { sentence: "No.", hint: "Do." })));
  assert.deepEqual([error.constructor, error.sentence, error.hint], [Refused, "No.", "Do."]);
});

const ODD = {
  "a proxy's page": [413, "<html>Too large</html>", /too large/],
  "a logged out visitor": [401, "", /not logged in/],
  "an answer that is none": [200, "ok", /did not read it/],
  "a failure": [500, "Internal Server Error", /did not read it/],
};
for (const [what, [status, body, sentence]] of Object.entries(ODD)) {
  test(`${what} becomes a sentence`, async () => {
    assert.match((await refusal(upload(file(), "", undefined, answering(status, body)))).sentence, sentence);
  });
}

test("a connection that is gone is told, and so is a folder, which fails alike", async () => {
  const fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  assert.match((await refusal(upload(file(), "", undefined, { address, fetch }))).sentence, /could not reach/);
  const folder = { name: "folder", slice: () => ({ arrayBuffer: async () => Promise.reject(new Error("no")) }) };
  assert.match((await refusal(upload(folder, "", undefined, { address, fetch }))).sentence, /browser could not read/);
});

test("what the visitor has stopped is no refusal", async () => {
  const fetch = async () => {
    throw new DOMException("", "AbortError");
  };
  assert.equal((await refusal(upload(file(), "", undefined, { address, fetch }))).name, "AbortError");
});
