// Every refusal: its status, its problem+json, and that nothing was written.

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { ORIGIN, callStart, report, send, siteConfig } from "../support/site.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
  await worker.seed(siteConfig());
});
after(() => worker.dispose());

/** What the site and its pool hold: equal before and after whatever must not write. */
async function stored() {
  const paths = ["live", "calls", "audit", "versions", "keys"];
  const answers = await Promise.all(paths.map((path) => worker.admin("GET", `/api/v1/sites/shop/${path}`)));
  const [live, ...rest] = answers.map((answer) => answer.body);
  // Expected calls fall by themselves as time goes by.
  return JSON.stringify([live.pools, rest], (name, value) => (name === "expected_calls" ? undefined : value));
}

async function refused(answer, status, code) {
  assert.equal(answer.status, status);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  const problem = JSON.parse(typeof answer.text === "string" ? answer.text : await answer.text());
  assert.equal(problem.status, status);
  assert.equal(problem.code, code);
  assert.ok(problem.title);
  return problem;
}

test("pages", async () => {
  const before = await stored();
  await refused(await send(worker, "visit", {}, { site: "nobody" }), 404, "unknown_site");
  await refused(await send(worker, "visit", {}, { site: "Not A Site!" }), 404, "unknown_site");
  await refused(await send(worker, "visit", {}, { origin: "https://evil.example" }), 403, "wrong_origin");
  await refused(await send(worker, "visit", {}, { origin: null }), 403, "wrong_origin");
  await refused(await send(worker, "visit", {}, { origin: "null" }), 403, "wrong_origin");
  await refused(await send(worker, "visit", "not json"), 400, "not_json");
  const at = JSON.stringify({ v: 1, url: "" });
  const exactly = at.replace('""', `"${"x".repeat(8192 - at.length)}"`);
  assert.equal(exactly.length, 8192);
  const longer = exactly.replace("x", "xx");
  await refused(await send(worker, "visit", longer), 413, "body_too_large");
  assert.equal(await stored(), before, "nothing was written for any of them");
  assert.equal((await send(worker, "visit", exactly)).status, 200, "the limit itself is taken");
});

test("a body that does not tell its length is cut at the limit", async () => {
  const answer = await new Promise((resolve, reject) => {
    const sending = request(`${worker.url}/v1/sites/shop/visit`, { method: "POST", headers: { origin: ORIGIN } }, (got) => {
      const chunks = [];
      got.on("data", (chunk) => chunks.push(chunk));
      got.on("end", () =>
        resolve({ status: got.statusCode, headers: new Headers(got.headers), text: Buffer.concat(chunks).toString() }),
      );
    });
    sending.on("error", reject);
    for (let sent = 0; sent < 9; sent += 1) sending.write("x".repeat(1000));
    sending.end();
  });
  await refused(answer, 413, "body_too_large");
});

test("webhooks", async () => {
  const before = await stored();
  const event = callStart("74950000001");
  const forged = () => "t=1,v1=00";
  await refused(await report(worker, event, { sign: forged }), 401, "unauthorized");
  await refused(await report(worker, event, { secret: "another-secret-of-enough-length" }), 401, "unauthorized");
  await refused(await report(worker, event, { site: "nobody" }), 401, "unauthorized");
  const unsigned = await worker.fetch("/v1/sites/shop/calls/generic", { method: "POST", body: JSON.stringify(event) });
  await refused(unsigned, 401, "unauthorized");
  const unknown = await worker.fetch("/v1/sites/shop/calls/nobody", { method: "POST", body: "{}" });
  await refused(unknown, 401, "unauthorized");
  const notSetUp = await worker.fetch("/v1/sites/shop/calls/zadarma/0123456789abcdef", { method: "POST", body: "{}" });
  await refused(notSetUp, 401, "unauthorized");
  await refused(await report(worker, JSON.stringify({ ...event, note: "x".repeat(64_000) })), 413, "body_too_large");
  assert.equal(await stored(), before, "nothing was stored");
});

test("the administration", async () => {
  const before = await stored();
  const path = "/api/v1/sites/shop/config";
  for (const headers of [{}, { authorization: "Bearer wrong-token-0123456789" }, { authorization: "Basic eDp5" }]) {
    await refused(await worker.fetch(path, { headers }), 401, "unauthorized");
    await refused(await worker.fetch("/api/v1/sites", { headers }), 401, "unauthorized");
  }
  const whole = await worker.admin("GET", path);
  const etag = whole.headers.get("etag");
  const again = await worker.admin("PUT", path, { ...siteConfig(), name: "x" });
  assert.equal(again.status, 428);
  const stale = await worker.admin("PUT", path, { ...siteConfig(), name: "x" }, { "if-match": '"77"' });
  assert.equal(stale.status, 412);
  const faulty = { ...siteConfig(), name: 7, origins: ["nonsense"], pools: [{ id: "main", numbers: ["12x", "74950000001"] }], extra: 1 };
  const put = await worker.admin("PUT", path, faulty, { "if-match": etag });
  assert.equal(put.status, 422);
  assert.equal(put.headers.get("content-type"), "application/problem+json");
  const pointers = put.body.faults.map((fault) => fault.pointer);
  for (const pointer of ["/name", "/origins/0", "/pools/0/numbers/0", "/extra"]) {
    assert.ok(pointers.includes(pointer), `${pointer} is not among ${pointers}`);
  }
  assert.ok(put.body.faults.every((fault) => fault.code && fault.detail));
  const check = await worker.admin("POST", `${path}/check`, faulty);
  assert.equal(check.status, 422);
  assert.deepEqual(check.body.faults, put.body.faults);
  assert.equal((await worker.admin("POST", `${path}/check`, siteConfig())).body.ok, true);
  const other = await worker.admin("PUT", path, siteConfig({ site: "else" }), { "if-match": etag });
  assert.equal(other.status, 422);
  assert.equal((await worker.admin("GET", "/api/v1/sites/nobody/config")).status, 404);
  assert.equal((await worker.admin("GET", "/api/v1/sites/shop/calls/unknown")).status, 404);
  assert.equal((await worker.admin("GET", "/api/v1/sites/shop/calls?limit=0")).status, 400);
  assert.equal((await worker.admin("DELETE", path)).status, 405);
  assert.equal(await stored(), before, "nothing was half-applied");
});

test("a Worker without a token has no administrator", async () => {
  const bare = await startWorker({ token: null });
  try {
    for (const token of ["", "undefined", "null", "0123456789abcdef0123456789abcdef"]) {
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await bare.fetch("/api/v1/sites", { headers })).status, 401, token);
    }
  } finally {
    bare.dispose();
  }
});

test("unknown addresses and methods", async () => {
  await refused(await worker.fetch("/api/v1/nothing"), 404, "not_found");
  await refused(await worker.fetch("/no/such/page"), 404, "not_found");
  const get = await worker.fetch("/v1/sites/shop/visit");
  await refused(get, 405, "method_not_allowed");
  assert.equal(get.headers.get("allow"), "POST");
  const russian = await worker.fetch("/no/such/page", { headers: { "accept-language": "ru-RU,ru" } });
  assert.equal((await russian.json()).title, "Здесь ничего нет");
});

test("a stored version that this program does not accept is told, compared with nothing and never in force", async () => {
  const own = await startWorker();
  try {
    const site = "/api/v1/sites/shop";
    await own.seed(siteConfig());
    assert.equal((await own.admin("PATCH", `${site}/config`, { name: "Second" })).status, 200);
    await own.stop();
    const document = JSON.stringify({ ...siteConfig(), name: 7 });
    await agedDatabase(own.state, "config_version", (database) => {
      database.prepare("UPDATE config_version SET document = ? WHERE version = 1").run(document);
    });
    await own.start();
    assert.equal((await own.admin("GET", `${site}/versions/1`)).body.document, document);
    const diff = await own.admin("GET", `${site}/versions/2/diff?with=1`);
    assert.deepEqual([diff.status, diff.body.code, diff.body.detail], [422, "unprocessable", "version 1 is not accepted any more"]);
    const revert = await own.admin("POST", `${site}/versions/1/revert`, undefined, { "if-match": '"2"' });
    assert.deepEqual([revert.status, revert.body.code, revert.body.faults[0].pointer], [422, "config_faults", "/name"]);
    assert.equal((await own.admin("GET", `${site}/config`)).body.name, "Second");
    // Where it is the one in force, what leaves its fault in is refused, and what mends it is not.
    await own.stop();
    await agedDatabase(own.state, "config_version", (database) => {
      database.prepare("UPDATE config_version SET document = ? WHERE version = 2").run(document);
    });
    await own.start();
    const removed = await own.admin("DELETE", `${site}/scenarios/all`);
    assert.deepEqual([removed.status, removed.body.code, removed.body.faults[0].pointer], [422, "config_faults", "/name"]);
    assert.equal((await own.admin("PATCH", `${site}/config`, { name: "Third" })).status, 200);
    assert.equal((await own.admin("DELETE", `${site}/scenarios/all`)).status, 200);
    assert.deepEqual((await own.admin("GET", `${site}/check`)).body, { ok: true, faults: [] });
  } finally {
    own.dispose();
  }
});
