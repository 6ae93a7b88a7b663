// The description of the API against what is served, route by route.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { check, description, validate } from "../support/openapi.mjs";
import { ORIGIN, callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const operations = Object.entries(description.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
);
const guarded = operations.filter((operation) => operation.security);
const base = "/api/v1/sites";

/** An address of `path` with the names of `site` put in. */
const filled = (path, names) => path.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? "x");

test("what is served is what is committed", async () => {
  const answer = await worker.fetch("/openapi.json");
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), description);
});

test("the check of answers finds what is wrong", () => {
  assert.throws(() => check({ $ref: "#/components/schemas/Health" }, {}), /lacks ok/);
  assert.throws(() => check({ type: "integer" }, 1.5), /no integer/);
  assert.throws(() => validate("GET", "/healthz", 418, "text/plain", ""), /not described/);
});

test("a key of one site opens nothing of another, on any route", async () => {
  await worker.seed(siteConfig({ site: "ours" }));
  await worker.seed(siteConfig({ site: "theirs", pools: [{ id: "main", numbers: numbers(2, 800), hold_ms: 150000 }] }));
  const given = await visit(worker, { options: { site: "theirs" } });
  const event = callStart(given.numbers[0].number);
  await report(worker, event, { site: "theirs" });
  const call = (await worker.admin("GET", `${base}/theirs/calls`)).body.calls[0];
  const { token } = (await worker.admin("POST", `${base}/ours/keys`, { name: "ours", role: "admin" })).body;
  const theirKey = (await worker.admin("POST", `${base}/theirs/keys`, { name: "theirs", role: "admin" })).body;
  await worker.admin("POST", "/api/v1/stocks/theirs", { sites: ["theirs"], add: "74950000899" });
  const names = { site: "theirs", version: "1", call: call.id, scenario: "all", key: theirKey.key, stock: "theirs" };
  const before = (await worker.admin("GET", `${base}/theirs/audit`)).body;
  assert.ok(guarded.length >= 20);
  for (const { path, method, requestBody } of guarded) {
    const body = requestBody ? JSON.stringify(siteConfig({ site: "theirs" })) : undefined;
    const kind = requestBody ? { "content-type": Object.keys(requestBody.content)[0] } : {};
    const address = filled(path, names);
    const answer = await worker.fetch(address, {
      method,
      headers: { authorization: `Bearer ${token}`, "if-match": "*", ...kind },
      body,
    });
    const text = await answer.text();
    assert.equal(answer.status, 401, `${method} ${address}: ${text}`);
    for (const secret of [given.visitor, given.visit, call.id, "7495000080"]) {
      assert.ok(!text.includes(secret), `${method} ${address} tells ${secret}`);
    }
    validate(method, address, 401, answer.headers.get("content-type"), JSON.parse(text));
    const nobody = await worker.fetch(address, { method, body, headers: kind });
    assert.equal(nobody.status, 401, `${method} ${address} without a token`);
  }
  assert.deepEqual((await worker.admin("GET", `${base}/theirs/audit`)).body, before);
});

test("what has an ETag is not sent twice, and HEAD is GET without the body", async () => {
  await worker.seed(siteConfig({ site: "tagged" }));
  const names = { site: "tagged", script: "tagged.js", part: "agent.json", version: "1", scenario: "all" };
  const tagged = operations.filter(({ responses }) => "304" in responses);
  assert.equal(tagged.length, 6);
  for (const { path } of tagged) {
    const headers = { authorization: `Bearer ${worker.token}` };
    const first = await worker.fetch(filled(path, names), { headers });
    const etag = first.headers.get("etag");
    assert.ok(first.status === 200 && etag, path);
    assert.ok((await first.arrayBuffer()).byteLength > 0);
    for (const tags of [etag, `"other", W/${etag}`, "*"]) {
      const again = await worker.fetch(filled(path, names), { headers: { ...headers, "if-none-match": tags } });
      assert.deepEqual([again.status, (await again.arrayBuffer()).byteLength], [304, 0], `${path} ${tags}`);
      assert.equal(again.headers.get("etag"), etag);
    }
    const other = await worker.fetch(filled(path, names), { headers: { ...headers, "if-none-match": '"other"' } });
    assert.equal(other.status, 200, path);
    const head = await worker.fetch(filled(path, names), { method: "HEAD", headers });
    assert.deepEqual([head.status, head.headers.get("etag"), await head.text()], [200, etag, ""], path);
  }
});

test("HEAD is served wherever GET is, with the same head and no body, and Allow says so", async () => {
  await worker.seed(siteConfig({ site: "heads" }));
  const given = await visit(worker, { options: { site: "heads" } });
  await report(worker, callStart(given.numbers[0].number), { site: "heads" });
  const [call] = (await worker.admin("GET", `${base}/heads/calls`)).body.calls;
  await worker.admin("POST", "/api/v1/stocks/heads", { sites: ["heads"], add: "74950000802" });
  const names = {
    site: "heads",
    script: "heads.js",
    part: "agent.json",
    version: "1",
    call: call.id,
    scenario: "all",
    dimension: "source",
    file: "calls.csv",
    stock: "heads",
    provider: "zadarma",
    secret: "none",
  };
  const headers = { authorization: `Bearer ${worker.token}`, origin: ORIGIN };
  // What says of itself when or as which request it was made.
  const own = ["x-request-id", "date", "server-timing", "connection", "content-length", "transfer-encoding", "ringlet-longest-turn-ms", "ringlet-turns-ms"];
  const head = (answer) => [...answer.headers].filter(([name]) => !own.includes(name));
  for (const { path, method } of operations) {
    const address = filled(path, names) + (path.endsWith("/leases") ? "?number=74950000001" : "");
    const refused = await worker.fetch(address, { method: "PROPFIND", headers });
    const allowed = refused.headers.get("allow").split(", ");
    assert.ok(allowed.includes(method), `${method} ${address}: ${allowed}`);
    assert.equal(allowed.includes("HEAD"), allowed.includes("GET"), address);
    if (method !== "GET") continue;
    const [read, asked] = [await worker.fetch(address, { headers }), await worker.fetch(address, { method: "HEAD", headers })];
    await read.arrayBuffer();
    const { responses } = description.paths[path].get;
    if (read.headers.get("etag")) assert.ok("304" in responses, `${address} has an ETag and no 304`);
    assert.equal(asked.status, read.status, address);
    assert.deepEqual(head(asked), head(read), address);
    assert.equal((await asked.arrayBuffer()).byteLength, 0, address);
  }
});

test("every read of a site answers as described", async () => {
  await worker.seed(siteConfig({ site: "read" }));
  const given = await visit(worker, { options: { site: "read" } });
  await report(worker, callStart(given.numbers[0].number), { site: "read" });
  const call = (await worker.admin("GET", `${base}/read/calls`)).body.calls[0];
  const names = {
    site: "read",
    version: "1",
    call: call.id,
    scenario: "all",
    dimension: "source",
    file: "calls.csv",
    stock: "read",
  };
  await worker.admin("POST", "/api/v1/stocks/read", { sites: ["read"], add: "74950000801" });
  const reads = guarded.filter(({ method, path }) => method === "GET" && !path.endsWith("/export"));
  for (const { path } of reads) {
    const query = path.endsWith("/leases") ? "?number=74950000001" : "";
    const answer = await worker.admin("GET", filled(path, names) + query);
    assert.equal(answer.status, 200, path);
  }
});
