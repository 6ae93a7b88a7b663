// Sites, versions, keys, audit.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { siteConfig, visit, numbers } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const base = "/api/v1/sites";

test("a site is created, listed, read and deleted", async () => {
  const created = await worker.admin("POST", base, siteConfig({ site: "one" }));
  assert.equal(created.status, 201);
  assert.equal(created.headers.get("etag"), '"1"');
  assert.equal((await worker.admin("POST", base, siteConfig({ site: "one" }))).status, 409);
  await worker.seed(siteConfig({ site: "two" }));
  const { body } = await worker.admin("GET", base);
  assert.deepEqual(body.sites.map(({ site }) => site), ["one", "two"]);
  const page = await worker.admin("GET", `${base}?limit=1`);
  assert.equal(page.body.next, "one");
  assert.equal((await worker.admin("GET", `${base}?limit=1&cursor=one`)).body.sites[0].site, "two");
  assert.equal((await worker.admin("GET", `${base}/one`)).body.name, "Shop");
  const given = await visit(worker, { options: { site: "one" } });
  assert.equal(given.numbers[0].kind, "leased");
  assert.equal((await worker.admin("DELETE", `${base}/one`)).status, 204);
  assert.equal((await worker.admin("GET", `${base}/one`)).status, 404);
  assert.deepEqual((await worker.admin("GET", base)).body.sites.map(({ site }) => site), ["two"]);
});

test("that a site came and went stays in the deployer's audit log, once each", async () => {
  const own = await startWorker();
  try {
    const log = async () => (await own.admin("GET", "/api/v1/audit")).body.rows;
    assert.deepEqual(await log(), []);
    const created = await own.admin("POST", base, siteConfig({ site: "one" }));
    const headers = { "idempotency-key": "once" };
    await own.admin("PUT", `${base}/two/config`, siteConfig({ site: "two" }), headers);
    await own.admin("PUT", `${base}/two/config`, siteConfig({ site: "two" }), headers);
    await own.admin("PATCH", `${base}/two/config`, { name: "Changed" });
    const kept = await (await own.fetch(`${base}/one/export`, { headers: { authorization: `Bearer ${own.token}` } })).text();
    const deleted = await own.admin("DELETE", `${base}/one`);
    assert.equal((await own.admin("DELETE", `${base}/one`)).status, 404);
    const imported = await own.fetch(`${base}/one/import`, {
      method: "POST",
      headers: { authorization: `Bearer ${own.token}`, "content-type": "application/x-ndjson" },
      body: kept,
    });
    assert.equal(imported.status, 201);
    await own.crashAndRestart();
    const rows = await log();
    assert.deepEqual(rows.map(({ actor, action, subject }) => `${actor} ${action} ${subject}`).reverse(), [
      "deployer site.create site/one", "deployer site.create site/two", "deployer site.delete site/one", "deployer site.import site/one",
    ]);
    const requests = [created, deleted, imported].map(({ headers: told }) => told.get("x-request-id"));
    assert.deepEqual([rows[3], rows[1], rows[0]].map(({ request }) => request), requests);
    assert.ok(rows.every(({ hash }) => /^[0-9a-f]{64}$/.test(hash)));
  } finally {
    own.dispose();
  }
});

test("every version is kept; an older one comes back; a stale write changes nothing", async () => {
  const path = `${base}/versions/config`;
  const first = siteConfig({ site: "versions" });
  assert.equal((await worker.admin("PUT", path, first)).status, 201);
  const second = siteConfig({ site: "versions", name: "Second" });
  const put = await worker.admin("PUT", `${path}?note=renamed`, second, { "if-match": '"1"' });
  assert.equal(put.status, 200);
  assert.equal(put.headers.get("etag"), '"2"');
  const lost = await worker.admin("PUT", path, siteConfig({ site: "versions", name: "Third" }), { "if-match": '"1"' });
  assert.equal(lost.status, 412);
  assert.equal(lost.body.code, "stale");
  assert.equal((await worker.admin("GET", path)).body.name, "Second");
  const unchanged = await worker.fetch(path, {
    headers: { authorization: `Bearer ${worker.token}`, "if-none-match": '"2"' },
  });
  assert.equal(unchanged.status, 304);

  const list = (await worker.admin("GET", `${base}/versions/versions`)).body.versions;
  assert.deepEqual(list.map(({ version, note }) => [version, note]), [[2, "renamed"], [1, ""]]);
  const one = (await worker.admin("GET", `${base}/versions/versions/1`)).body;
  assert.deepEqual(JSON.parse(one.document), first);
  const revert = await worker.admin("POST", `${base}/versions/versions/1/revert`, undefined, { "if-match": '"2"' });
  assert.equal(revert.status, 200);
  assert.equal(revert.body.version, 3);
  assert.deepEqual((await worker.admin("GET", path)).body, first);
  const rows = (await worker.admin("GET", `${base}/versions/audit`)).body.rows;
  assert.deepEqual(rows.map(({ action }) => action), ["config.revert", "config.write", "config.write"]);
  assert.equal(rows[0].before_hash, rows[1].after_hash);
});

test("a version without a note says what it changed, in the language of who wrote it", async () => {
  const path = `${base}/noted`;
  await worker.seed(siteConfig({ site: "noted" }));
  const noted = async (method, to, body, language) => {
    const headers = { "if-match": "*", "accept-language": language };
    const { status, body: version } = await worker.admin(method, path + to, body, headers);
    assert.equal(status, 200, JSON.stringify(version));
    return version.note;
  };
  assert.equal(await noted("PATCH", "/config", { name: "Noted" }, "en"), "some members changed");
  assert.equal(await noted("PATCH", "/config", { name: "Again" }, "ru"), "изменены некоторые поля");
  assert.equal(await noted("PATCH", "/scenarios/all", { priority: 3 }, "en"), "scenario all changed");
  assert.equal(await noted("PATCH", "/scenarios/all", { priority: 4 }, "ru"), "изменён сценарий all");
  assert.equal(await noted("POST", "/versions/1/revert", undefined, "en"), "version 1 again");
  assert.equal(await noted("POST", "/versions/2/revert", undefined, "ru"), "снова версия 2");
  const quarantine = (numbers) => ({ action: "quarantine", numbers });
  assert.equal(await noted("POST", "/numbers", quarantine("74950000001, 74950000002"), "en"), "2 numbers quarantined");
  assert.equal(await noted("POST", "/numbers", quarantine("74950000003, 74950000004"), "ru"), "в карантин: номеров 2");
});

test("of ten writes at once exactly one wins", async () => {
  const path = `${base}/race/config`;
  await worker.admin("PUT", path, siteConfig({ site: "race" }));
  const writes = Array.from({ length: 10 }, (_, index) =>
    worker.admin("PUT", path, siteConfig({ site: "race", name: `Writer ${index}` }), { "if-match": '"1"' }),
  );
  const statuses = (await Promise.all(writes)).map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, ...Array(9).fill(412)]);
});

test("a write with the same idempotency key is done once", async () => {
  const path = `${base}/keyed/config`;
  await worker.admin("PUT", path, siteConfig({ site: "keyed" }));
  const body = siteConfig({ site: "keyed", name: "Once" });
  const headers = { "if-match": '"1"', "idempotency-key": "abc" };
  const first = await worker.admin("PUT", path, body, headers);
  const again = await worker.admin("PUT", path, body, headers);
  assert.equal(again.status, first.status);
  assert.deepEqual(again.body, first.body);
  assert.equal((await worker.admin("GET", `${base}/keyed/versions`)).body.versions.length, 2);
  const other = await worker.admin("PUT", path, siteConfig({ site: "keyed", name: "Else" }), headers);
  assert.equal(other.status, 409);
});

test("keys open what their role allows, on their own site only, until they are revoked", async () => {
  await worker.seed(siteConfig({ site: "keys" }));
  await worker.seed(siteConfig({ site: "others", pools: [{ id: "main", numbers: numbers(2, 700), hold_ms: 150000 }] }));
  const made = {};
  for (const role of ["admin", "viewer", "telephony"]) {
    const { status, body } = await worker.admin("POST", `${base}/keys/keys`, { name: `a ${role}`, role });
    assert.equal(status, 201);
    assert.ok(body.token.length > 40);
    made[role] = body;
  }
  const ask = async (role, path, method = "GET") => {
    const headers = { authorization: `Bearer ${made[role].token}` };
    return (await worker.fetch(base + path, { method, headers })).status;
  };
  const expected = [
    ["/keys/config", [200, 200, 403]],
    ["/keys/scenarios/all", [200, 200, 403]],
    ["/keys/versions/1", [200, 200, 403]],
    ["/keys/keys", [200, 403, 403]],
    ["/keys/export", [200, 403, 403]],
    ["/keys/live", [200, 200, 403]],
    ["/keys/calls", [200, 200, 403]],
    ["/keys/leases?number=74950000001", [200, 200, 200]],
    ["/others/live", [401, 401, 401]],
    ["/others/leases?number=74950000700", [401, 401, 401]],
    ["/nobody/live", [401, 401, 401]],
    ["", [401, 401, 401]],
  ];
  for (const [path, statuses] of expected) {
    const got = [];
    for (const role of ["admin", "viewer", "telephony"]) got.push(await ask(role, path));
    assert.deepEqual(got, statuses, path);
  }
  const list = (await worker.admin("GET", `${base}/keys/keys`)).body.keys;
  assert.equal(list.length, 3);
  assert.ok(list.every((key) => key.token === undefined && key.last_used_at > 0));
  const exported = JSON.stringify(list);
  assert.ok(!exported.includes(made.admin.token));
  assert.equal((await worker.admin("DELETE", `${base}/keys/keys/${made.viewer.key}`)).status, 204);
  assert.equal(await ask("viewer", "/keys/live"), 401);
  assert.equal((await worker.admin("DELETE", `${base}/keys/keys/${made.viewer.key}`)).status, 404);
});

test("a viewer reads how the site is set up, and no secret of it", async () => {
  const config = (secret, host) => siteConfig({
    site: "shown",
    telephony: { generic: { secrets: [`SECRET-${secret}-0123456789`], path_secrets: [`SECRET-${secret}-path-0123`], addresses: ["192.0.2.1"] } },
    receivers: [{ id: "crm", url: `https://crm.example/SECRET-${secret}`, secrets: [`SECRET-${secret}-0123456789-0123456789`], events: ["call.end"] }],
    origins: [`https://${host}.example`],
  });
  const path = `${base}/shown`;
  await worker.seed(config("one", "first"));
  await worker.admin("PUT", `${path}/config`, config("two", "second"), { "if-match": '"1"' });
  const { body: key } = await worker.admin("POST", `${path}/keys`, { name: "reader", role: "viewer" });
  const read = (address, headers) => worker.admin("GET", path + address, undefined, { authorization: `Bearer ${key.token}`, ...headers });
  const told = await read("/config");
  assert.deepEqual(told.body.telephony, { generic: { addresses: ["192.0.2.1"] } });
  assert.deepEqual(told.body.receivers, [{ id: "crm", events: ["call.end"] }]);
  assert.deepEqual(told.body.scenarios, config().scenarios);
  const answers = [told, await read("/versions/1"), await read("/versions/2/diff"), await read("/versions"), await read("/scenarios/all")];
  for (const { status, body } of answers) {
    assert.equal(status, 200);
    assert.ok(!JSON.stringify(body).includes("SECRET"), JSON.stringify(body));
  }
  assert.deepEqual(answers[2].body.changes.map(({ path }) => path).filter((at) => !at.startsWith("/origins")), [
    "/receivers/crm/secrets", "/receivers/crm/url", "/telephony/generic/path_secrets", "/telephony/generic/secrets",
  ]);
  // It is another text than an admin's, so it has another tag; and put back it is refused, not in force without secrets.
  const etag = told.headers.get("etag");
  assert.notEqual(etag, (await worker.admin("GET", `${path}/config`)).headers.get("etag"));
  assert.equal((await read("/config", { "if-none-match": etag })).status, 304);
  const put = await worker.admin("PUT", `${path}/config`, told.body, { "if-match": '"2"' });
  assert.equal(put.status, 422);
  assert.ok(put.body.faults.length >= 2);
});

test("a key was used, whatever its request was answered", async () => {
  await worker.seed(siteConfig({ site: "used" }));
  const path = `${base}/used`;
  await worker.admin("POST", "/api/v1/stocks/used", { sites: ["used"] });
  /** Makes a key, asks with it once, and says how that was answered and when the key was used last. */
  const asked = async (role, method, address, body, headers = {}, keys = `${path}/keys`) => {
    const { body: made } = await worker.admin("POST", keys, { name: address, role });
    const all = { authorization: `Bearer ${made.token}`, "content-type": "application/json", ...headers };
    const { status } = await worker.fetch(address, { method, headers: all, body });
    const key = (await worker.admin("GET", keys)).body.keys.find((one) => one.key === made.key);
    return [status, key.last_used_at];
  };
  const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  for (const [wanted, ...request] of [
    [200, "telephony", "GET", `${path}/leases?number=74950000001`],
    [403, "telephony", "GET", `${path}/config`],
    [403, "viewer", "PATCH", `${path}/config`, "{}"],
    [422, "admin", "PATCH", `${path}/config`, '{"name":7}'],
    [400, "admin", "PATCH", `${path}/config`, "{"],
    [400, "viewer", "GET", `${path}/calls?form=1`],
    [415, "admin", "PATCH", `${path}/config`, "{}", { "content-type": "text/plain" }],
    [413, "admin", "POST", `${path}/keys`, " ".repeat(5000)],
    [404, "viewer", "GET", `${path}/scenarios/none`],
    [403, "admin", "POST", `${path}/import`, "", { "content-type": "text/plain" }],
    [403, "viewer", "POST", "/api/v1/stocks/used", "{}", {}, "/api/v1/stocks/used/keys"],
    [415, "admin", "POST", "/api/v1/stocks/used", "{}", { "content-type": "text/plain" }, "/api/v1/stocks/used/keys"],
  ]) {
    assert.deepEqual(await asked(...request), [wanted, today], request.slice(0, 3).join(" "));
  }
  const unused = (await worker.admin("POST", `${path}/keys`, { name: "unused", role: "viewer" })).body.key;
  assert.ok((await worker.admin("GET", `${path}/keys`)).body.keys.some((one) => one.key === unused && one.last_used_at === null));
});

test("a new configuration is in force for the next page view", async () => {
  await worker.seed(siteConfig({ site: "fresh" }));
  const options = { site: "fresh" };
  assert.equal((await visit(worker, { options })).numbers[0].kind, "leased");
  const [scenario] = siteConfig().scenarios;
  const off = siteConfig({ site: "fresh", scenarios: [{ ...scenario, enabled: false }] });
  await worker.admin("PUT", `${base}/fresh/config`, off, { "if-match": '"1"' });
  assert.deepEqual((await visit(worker, { options })).numbers, []);
});

test("a scenario's load and what it should have", async () => {
  await worker.seed(siteConfig({ site: "load" }));
  await visit(worker, { options: { site: "load" } });
  const { body } = await worker.admin("GET", `${base}/load/pools/all`);
  assert.equal(body.numbers, 4);
  assert.equal(body.active, 1);
  assert.equal(body.recommendation.colour, "grey");
  assert.ok(body.sentence.en && body.sentence.ru);
  assert.equal((await worker.admin("GET", `${base}/load/pools/none`)).status, 404);
});
