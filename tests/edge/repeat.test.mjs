// Every write that takes an Idempotency-Key, generated from the description: sent twice it is done
// once and answered the same; with another request the key is refused. And the keys of a stock.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { description } from "../support/openapi.mjs";
import { entryOf, startReceiver } from "../support/receiver.mjs";
import { callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const operations = Object.entries(description.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
);
const repeatable = operations.filter(({ parameters }) => parameters?.some(({ name }) => name === "Idempotency-Key"));
const site = "/api/v1/sites/shop";

/** What each of them is asked: the address, a body, and another body that asks for something else. */
async function questions(changes) {
  const given = await visit(worker);
  await report(worker, callStart(given.numbers[0].number));
  const call = (await worker.admin("GET", `${site}/calls`)).body.calls[0].id;
  const key = (await worker.admin("POST", `${site}/keys`, { name: "old", role: "viewer" })).body.key;
  await worker.admin("POST", "/api/v1/stocks/ours", { sites: ["shop"], add: "74950008801" });
  const stockKey = (await worker.admin("POST", "/api/v1/stocks/ours/keys", { name: "old", role: "viewer" })).body.key;
  const config = (name) => siteConfig({ ...changes, name });
  const scenario = siteConfig().scenarios[0];
  const days = { from: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10), to: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10) };
  return {
    site_create: ["/api/v1/sites", siteConfig({ site: "new" }), siteConfig({ site: "new", name: "Else" })],
    config_write: [`${site}/config`, config("One"), config("Two")],
    config_patch: [`${site}/config`, { name: "Three" }, { name: "Four" }],
    version_revert: [`${site}/versions/1/revert`, undefined, undefined, `${site}/versions/1/revert?note=else`],
    scenario_write: [`${site}/scenarios/all`, { ...scenario, name: "W" }, { ...scenario, name: "X" }],
    scenario_patch: [`${site}/scenarios/all`, { name: "Y" }, { name: "Z" }],
    scenario_delete: [`${site}/scenarios/spare`, undefined, undefined, `${site}/scenarios/spare?note=else`],
    number_act: [`${site}/numbers`, { action: "add", numbers: "74950007777" }, { action: "add", numbers: "74950007778" }],
    call_correct: [`${site}/calls/${call}/attribution`, { source: "vk", reason: "he said so" }, { source: "ok", reason: "no" }],
    // What it would do has to be asked just before.
    replay: [`${site}/replay`, async () => ({ ...days, apply: (await worker.admin("POST", `${site}/replay`, days)).body.plan }), { from: "2026-01-02", to: "2026-01-03" }],
    key_create: [`${site}/keys`, { name: "k", role: "viewer" }, { name: "l", role: "viewer" }],
    key_revoke: [`${site}/keys/${key}`, undefined, undefined, `${site}/keys/another`],
    delivery_send: [`${site}/deliveries/crm/all/send`, undefined, undefined, `${site}/deliveries/crm/7/send`],
    // No request but this one is of its route.
    stock_keep: [`${site}/stock`, undefined, undefined, `${site}/replay`],
    // One without classes takes back what was put, so that the pool is as it was.
    delay_write: [`${site}/pools/all/delays`, async () => ({ ...(await worker.admin("GET", `${site}/pools/all/delays`)).body.table, visits: 0, classes: [] }), {}],
    stock_change: ["/api/v1/stocks/ours", { add: "74950008802" }, { add: "74950008803" }],
    stock_key_create: ["/api/v1/stocks/ours/keys", { name: "k", role: "admin" }, { name: "l", role: "admin" }],
    stock_key_revoke: [`/api/v1/stocks/ours/keys/${stockKey}`, undefined, undefined, "/api/v1/stocks/ours/keys/another"],
  };
}

/** Writes that leave no row in the trails looked at, and why. */
const UNTOLD = {
  site_create: "it stands in the new site's own",
  stock_keep: "nothing is short: nothing is taken",
};

/** In tests of their own: an event that nobody understands, and a whole site. */
const ELSEWHERE = ["kept_event_retry", "import"];

/** What changes nothing, though it is no GET; and the one write that is sent once. */
const READS = ["config_check", "config_import", "sizing"];
const ONCE = ["site_delete"];

test("every other write of the administration takes a key", () => {
  const writes = operations.filter(({ method, security, operationId }) => method !== "GET" && (security || operationId === "sizing"));
  const names = writes.map(({ operationId }) => operationId).sort();
  assert.deepEqual(names, [...repeatable.map(({ operationId }) => operationId), ...READS, ...ONCE].sort());
});

test("each is done once and answered the same; the key is refused to another request", async () => {
  const crm = await startReceiver();
  try {
    const scenarios = [siteConfig().scenarios[0], { ...siteConfig().scenarios[0], id: "spare", targets: [{ class: "spare" }] }];
    const changes = { scenarios, receivers: [entryOf("crm", crm)] };
    await worker.seed(siteConfig(changes));
    const asked = await questions(changes);
    assert.deepEqual(repeatable.map(({ operationId }) => operationId).sort(), [...Object.keys(asked), ...ELSEWHERE].sort());
    const trail = async () => {
      const of = ["/api/v1/stocks/ours", site].map((base) => worker.admin("GET", `${base}/audit?limit=200`));
      return (await Promise.all(of)).map(({ body }) => body.rows.length).join(" ");
    };
    for (const operation of repeatable) {
      if (ELSEWHERE.includes(operation.operationId)) continue;
      const [address, asks, other, elsewhere = address] = asked[operation.operationId];
      const body = typeof asks === "function" ? await asks() : asks;
      const headers = { "idempotency-key": `k-${operation.operationId}`, "if-match": "*" };
      const before = await trail();
      const first = await worker.admin(operation.method, address, body, headers);
      assert.ok(first.status < 300, `${operation.operationId}: ${first.status} ${JSON.stringify(first.body)}`);
      const written = await trail();
      const rows = (of) => of.split(" ").reduce((sum, count) => sum + Number(count), 0);
      const expected = UNTOLD[operation.operationId] === undefined ? 1 : 0;
      assert.equal(rows(written) - rows(before), expected, `audit rows of ${operation.operationId}`);
      const again = await worker.admin(operation.method, address, body, headers);
      if (operation.operationId.endsWith("key_create")) {
        assert.equal(again.status, 409, "a token is told once");
        assert.match(again.body.detail, new RegExp(first.body.key));
      } else {
        assert.equal(again.status, first.status, `${operation.operationId}: ${JSON.stringify(again.body)}`);
        assert.deepEqual(again.body, first.body, operation.operationId);
        assert.equal(again.headers.get("etag"), first.headers.get("etag"));
      }
      assert.equal(await trail(), written, `${operation.operationId} was done twice`);
      const refused = await worker.admin(operation.method, elsewhere, other, headers);
      assert.equal(refused.status, 409, operation.operationId);
      assert.equal(refused.body.code, "conflict");
      assert.equal(await trail(), written);
    }
  } finally {
    crm.close();
  }
});

test("many with one key at once: one is done", async () => {
  await worker.seed(siteConfig({ site: "race" }));
  const ask = (name) => worker.admin("PATCH", "/api/v1/sites/race/config", { name }, { "idempotency-key": "same" });
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask("Raced")));
  assert.deepEqual(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size, 1);
  assert.equal((await worker.admin("GET", "/api/v1/sites/race/versions")).body.versions.length, 2);
});

test("an owner manages a stock with its keys; which sites share it the deployer alone says", async () => {
  await worker.seed(siteConfig({ site: "own" }));
  const stock = "/api/v1/stocks/keyed";
  await worker.admin("POST", stock, { sites: ["own"], add: numbers(2, 900).join(", ") });
  await worker.admin("POST", "/api/v1/stocks/foreign", { sites: [], add: "74950009901" });
  const make = async (role) => (await worker.admin("POST", `${stock}/keys`, { name: role, role })).body;
  const as = (token) => ({ authorization: `Bearer ${token}` });
  const [admin, viewer] = [await make("admin"), await make("viewer")];
  const own = await worker.admin("POST", stock, { add: "74950000910", remove: "74950000900" }, as(admin.token));
  assert.equal(own.status, 200, JSON.stringify(own.body));
  assert.deepEqual(own.body.numbers.map(({ number }) => number), ["74950000901", "74950000910"]);
  assert.equal((await worker.admin("POST", stock, { sites: ["shop"] }, as(admin.token))).status, 403);
  assert.deepEqual((await worker.admin("GET", stock)).body.sites, ["own"]);
  assert.equal((await worker.admin("GET", `${stock}/check`, undefined, as(admin.token))).body.ok, true);
  assert.equal((await worker.admin("GET", stock, undefined, as(viewer.token))).status, 200);
  for (const [method, path, body] of [["POST", stock, { add: "" }], ["GET", `${stock}/audit`], ["GET", `${stock}/check`], ["GET", `${stock}/keys`], ["POST", `${stock}/keys`, { name: "x", role: "admin" }]]) {
    assert.equal((await worker.admin(method, path, body, as(viewer.token))).status, 403, `${method} ${path}`);
    // Of one stock, and of no other and no site.
    assert.equal((await worker.admin(method, path.replace("keyed", "foreign"), body, as(admin.token))).status, 401);
    assert.equal((await worker.admin(method, path.replace("keyed", "none"), body, as(admin.token))).status, 401);
  }
  assert.equal((await worker.admin("GET", "/api/v1/sites/own", undefined, as(admin.token))).status, 401);
  const keys = (await worker.admin("GET", `${stock}/keys`, undefined, as(admin.token))).body.keys;
  assert.deepEqual(keys.map(({ name, role }) => [name, role]), [["admin", "admin"], ["viewer", "viewer"]]);
  assert.ok(!JSON.stringify(keys).includes(admin.token));
  const { rows } = (await worker.admin("GET", `${stock}/audit`, undefined, as(admin.token))).body;
  const actions = rows.map(({ actor, action }) => `${actor} ${action}`);
  assert.ok(actions.includes(`key:${admin.key} stock.change`), `${actions}`);
  const page = (await worker.admin("GET", `${stock}/audit?limit=2`)).body;
  assert.equal(page.rows.length, 2);
  assert.equal((await worker.admin("GET", `${stock}/audit?limit=2&cursor=${page.next}`)).body.rows[0].sequence, page.rows[1].sequence - 1);
  await worker.restart();
  assert.equal((await worker.admin("GET", stock, undefined, as(viewer.token))).status, 200);
  assert.equal((await worker.admin("DELETE", `${stock}/keys/${viewer.key}`, undefined, as(admin.token))).status, 204);
  assert.equal((await worker.admin("GET", stock, undefined, as(viewer.token))).status, 401);
});
