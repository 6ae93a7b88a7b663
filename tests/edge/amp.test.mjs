// AMP pages: one request for a number, from the page's origin or from a cache.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { validate } from "../support/openapi.mjs";
import { ORIGIN, callStart, numbers, report, siteConfig, until } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
  await worker.seed(siteConfig({ pools: [{ id: "main", numbers: numbers(3), hold_ms: 150000, idle_release_ms: 60000 }] }));
});
after(() => worker.dispose());

const CACHE = "https://shop-example.cdn.ampproject.org";

async function ask({ scenario = "all", origin = CACHE, source = ORIGIN, client = "", url = `${ORIGIN}/amp?roistat=leaflet`, more = {} } = {}) {
  const query = new URLSearchParams({ url, referrer: "", client, __amp_source_origin: source });
  const answer = await worker.fetch(`/v1/sites/shop/amp/${scenario}?${query}`, { headers: { ...(origin ? { origin } : {}), ...more } });
  const text = await answer.text();
  const body = text ? JSON.parse(text) : null;
  validate("GET", `/v1/sites/shop/amp/${scenario}`, answer.status, answer.headers.get("content-type") ?? "", body);
  return { status: answer.status, headers: answer.headers, body };
}

test("a reader of a cached page gets a number in both forms, and his call is his", async () => {
  const { status, headers, body } = await ask({ client: "amp-one" });
  assert.equal(status, 200);
  assert.equal(headers.get("access-control-allow-origin"), CACHE);
  assert.equal(headers.get("access-control-allow-credentials"), "true", "the component asks with credentials");
  assert.match(body.phoneNumber, /^\+7495000\d{4}$/);
  assert.equal(body.formattedPhoneNumber.replace(/\D/g, "").slice(1), body.phoneNumber.slice(2));

  const again = await ask({ client: "amp-one" });
  assert.equal(again.body.phoneNumber, body.phoneNumber, "the same reader, the same number");
  const other = await ask({ client: "amp-two" });
  assert.notEqual(other.body.phoneNumber, body.phoneNumber);

  await report(worker, callStart(body.phoneNumber.slice(1)));
  const call = await until(async () => (await worker.admin("GET", "/api/v1/sites/shop/calls")).body.calls?.[0]);
  assert.equal(call.source, "leaflet");
});

test("the shop's own origin may ask too; another's page may not, whatever it says it is", async () => {
  assert.equal((await ask({ origin: ORIGIN, source: "" })).status, 200);
  assert.equal((await ask({ origin: "https://evil.example" })).status, 403);
  assert.equal((await ask({ origin: "https://evil-example.cdn.ampproject.org" })).status, 403);
  assert.equal((await ask({ source: "https://evil.example" })).status, 403);
  assert.equal((await ask({ scenario: "none" })).status, 404);
  // Where the Worker answers under the shop's own origin the browser names none: AMP says so.
  const same = { "amp-same-origin": "true" };
  const own = await ask({ origin: "", more: same });
  assert.equal(own.status, 200);
  assert.equal(own.headers.get("access-control-allow-origin"), ORIGIN);
  assert.equal((await ask({ origin: "" })).status, 403);
  assert.equal((await ask({ origin: "", source: "https://evil.example", more: same })).status, 403);
  assert.equal((await ask({ origin: "https://evil.example", more: same })).status, 403);
});

test("a full pool gives the reserve number", async () => {
  const given = await Promise.all(["a", "b", "c", "d", "e"].map((client) => ask({ client })));
  assert.ok(given.some(({ body }) => body.phoneNumber === "+74950009999"));
});
