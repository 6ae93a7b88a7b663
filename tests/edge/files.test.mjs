// The site's script, the agent's parts and our own pages.

import assert from "node:assert/strict";
import { get } from "node:http";
import { after, before, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { siteConfig } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
  await worker.seed(siteConfig());
});
after(() => worker.dispose());

/** A GET whose body is left as it came. */
function raw(path, headers = {}, method = "GET") {
  return new Promise((resolve, reject) => {
    const request = get(worker.url + path, { headers, method }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    request.on("error", reject);
  });
}

test("the site's script carries its public configuration and nothing else of it", async () => {
  const { status, headers, body } = await raw("/s/shop.js");
  assert.equal(status, 200);
  assert.match(headers["content-type"], /^text\/javascript/);
  assert.match(headers["cache-control"], /max-age=60, stale-while-revalidate=/);
  assert.equal(headers["access-control-allow-origin"], "*");
  const text = body.toString();
  assert.ok(text.includes('"site":"shop"'));
  assert.ok(!text.includes("__RINGLET_CONFIG__"));
  for (const secret of ["7495000000", "a-secret-of", "conditions"]) assert.ok(!text.includes(secret), secret);
  assert.doesNotThrow(() => new Function(text), "it is a script");
});

test("brotli, gzip and plain are the same bytes, each with an ETag of its own", async () => {
  const part = /([0-9a-f]{16}\.wasm)/.exec((await raw("/s/shop.js")).body.toString())[1];
  for (const path of ["/s/shop.js", `/a/${part}`, "/demo/"]) {
    const plain = await raw(path);
    const br = await raw(path, { "accept-encoding": "gzip, deflate, br, zstd" });
    const gzip = await raw(path, { "accept-encoding": "gzip, br;q=0" });
    assert.equal(plain.headers["content-encoding"], undefined, path);
    assert.equal(br.headers["content-encoding"], "br", path);
    assert.equal(gzip.headers["content-encoding"], "gzip", path);
    assert.deepEqual(brotliDecompressSync(br.body), plain.body);
    assert.deepEqual(gunzipSync(gzip.body), plain.body);
    assert.ok(br.body.length <= gzip.body.length && gzip.body.length < plain.body.length);
    assert.match(plain.headers.vary, /accept-encoding/);
    const tags = [plain, br, gzip].map(({ headers }) => headers.etag);
    assert.equal(new Set(tags).size, 3);
    const unchanged = await raw(path, { "accept-encoding": "br", "if-none-match": br.headers.etag });
    assert.equal(unchanged.status, 304);
    assert.equal(unchanged.body.length, 0);
    assert.equal(unchanged.headers.etag, br.headers.etag);
    const changed = await raw(path, { "accept-encoding": "br", "if-none-match": '"other"' });
    assert.equal(changed.status, 200);
    const head = await raw(path, {}, "HEAD");
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
  }
  const { headers } = await raw(`/a/${part}`);
  assert.equal(headers["content-type"], "application/wasm");
  assert.match(headers["cache-control"], /immutable/);
});

test("a new version of the configuration has a new ETag", async () => {
  await worker.seed(siteConfig({ site: "changing" }));
  const { headers } = await raw("/s/changing.js");
  const [scenario] = siteConfig().scenarios;
  const next = siteConfig({ site: "changing", scenarios: [{ ...scenario, mask: "8 (XXX) XXX-XX-XX" }] });
  await worker.admin("PUT", "/api/v1/sites/changing/config", next, { "if-match": '"1"' });
  const after = await raw("/s/changing.js", { "if-none-match": headers.etag });
  assert.equal(after.status, 200);
  assert.ok(after.body.toString().includes("8 (XXX) XXX-XX-XX"));
});

test("our pages keep to themselves", async () => {
  const { status, headers } = await raw("/demo/");
  assert.equal(status, 200);
  const policy = headers["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'/);
  assert.doesNotMatch(policy, /unsafe-inline|\*/);
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.ok(headers["referrer-policy"]);
  const folder = await raw("/demo");
  assert.equal(folder.status, 308);
  assert.equal(folder.headers.location, "/demo/");
  for (const path of ["/../edge.wasm", "/demo/../../package.json", "/a/nothing.wasm", "/s/nobody.js", "/s/shop"]) {
    assert.equal((await raw(path)).status, 404, path);
  }
});
