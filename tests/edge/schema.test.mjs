// State that older versions of the objects' schemas left behind, opened by this one: nothing is
// lost, the stored state is whole, and the schema is the newest afterwards.
//
// `schema/site-N.sql` and `schema/pool-N.sql` are databases as version N wrote them, with a visit,
// a call credited to it, two versions of the configuration and a key. They are never edited: a new
// step of a schema needs a new file, and the first test below asks for it.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { root } from "../support/paths.mjs";
import { ORIGIN, callStart, report, siteConfig, visit } from "../support/site.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

/** What the databases hold. */
const KEPT = JSON.parse(readFileSync(resolve(import.meta.dirname, "schema/kept.json"), "utf8"));
const fixture = (name, version) => resolve(import.meta.dirname, `schema/${name}-${version}.sql`);

/** How many steps a schema has, as its source says. */
function steps(file) {
  const text = readFileSync(resolve(root, "edge/src", file), "utf8");
  return text.match(/STEPS: &\[&str\] = &\[([^\]]*)\]/)[1].split(",").filter((step) => step.trim()).length;
}
const newest = { site: steps("site_object/schema.rs"), pool: steps("pool_object/schema.rs"), stock: steps("stock_object/schema.rs"), directory: steps("directory_object/mod.rs") };
const probe = { site: "config_version", pool: "journal", stock: "loan", directory: "site" };

test("there is a database of every older version", () => {
  for (const [name, count] of Object.entries(newest)) {
    for (let version = 1; version < count; version += 1) assert.ok(existsSync(fixture(name, version)), fixture(name, version));
  }
});

/** Puts the database of a fixture in the place of the one that is there. */
const replace = (state, name, version) =>
  agedDatabase(state, probe[name], (database) => {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'");
    for (const { name: table } of tables.all()) database.exec(`DROP TABLE "${table}"`);
    database.exec(readFileSync(fixture(name, version), "utf8"));
  });

for (let version = 1; version < Math.max(newest.site, newest.pool); version += 1) {
  const [site, pool] = [newest.site, newest.pool].map((count) => Math.max(1, Math.min(version, count - 1)));
  test(`a site of schema version ${site} with a pool of version ${pool}`, async () => {
    const worker = await startWorker();
    try {
      await worker.seed(siteConfig());
      await visit(worker);
      await worker.stop();
      await replace(worker.state, "site", site);
      await replace(worker.state, "pool", pool);
      await worker.start();

      const get = async (path) => (await worker.admin("GET", `/api/v1/sites/shop/${path}`)).body;
      assert.equal((await get("config")).name, "Second");
      assert.deepEqual((await get("versions")).versions.map(({ note }) => note), ["renamed", ""]);
      const { calls } = await get("calls");
      assert.equal(calls.length, 1);
      assert.equal(calls[0].source, "vk4_post");
      assert.equal(calls[0].attribution.visit, KEPT.visit);
      const { leases } = await get(`leases?number=${KEPT.number}&at=${calls[0].started_at}`);
      assert.equal(leases[0].visit, KEPT.visit);
      assert.equal((await get("keys")).keys[0].key, KEPT.key);
      const answer = await worker.fetch("/api/v1/sites/shop/live", { headers: { authorization: `Bearer ${KEPT.token}` } });
      assert.equal(answer.status, 200, "the key opens what it opened");
      assert.deepEqual(await get("check"), { ok: true, faults: [] });

      // History that was stored then credits a call that is told of only now.
      const late = callStart(KEPT.number, { started_at: calls[0].started_at + 1000, caller: "79004445566" });
      await report(worker, late);
      const told = (await get("calls")).calls.find(({ caller }) => caller === "79004445566");
      assert.equal(told.attribution.visit, KEPT.visit);
      // And the site goes on.
      const given = await visit(worker, { url: `${ORIGIN}/?roistat=new_1` });
      assert.equal(given.numbers[0].kind, "leased");
      assert.deepEqual((await get("kept-events")).events, []);
      assert.deepEqual(await get("check"), { ok: true, faults: [] });

      await worker.stop();
      for (const name of ["site", "pool"]) {
        await agedDatabase(worker.state, probe[name], (database) => {
          assert.equal(database.prepare("SELECT version FROM schema_version").get().version, newest[name], name);
        });
      }
    } finally {
      worker.dispose();
    }
  });
}

for (let version = 1; version < newest.stock; version += 1) {
  test(`a stock of schema version ${version}`, async () => {
    const worker = await startWorker();
    const path = "/api/v1/stocks/old";
    try {
      await worker.admin("POST", path, { sites: ["shop"] });
      await worker.stop();
      await replace(worker.state, "stock", version);
      await worker.start();
      const told = (await worker.admin("GET", path)).body;
      assert.deepEqual(told.numbers.map(({ number, state }) => [number, state]), [["74950008801", "free"], ["74950008802", "free"]]);
      const { token } = (await worker.admin("POST", `${path}/keys`, { name: "new", role: "admin" })).body;
      assert.equal((await worker.fetch(path, { headers: { authorization: `Bearer ${token}` } })).status, 200);
      assert.deepEqual((await worker.admin("GET", `${path}/check`)).body, { ok: true, faults: [] });
      await worker.stop();
      await agedDatabase(worker.state, probe.stock, (database) => {
        assert.equal(database.prepare("SELECT version FROM schema_version").get().version, newest.stock);
      });
    } finally {
      worker.dispose();
    }
  });
}

for (let version = 1; version < newest.directory; version += 1) {
  test(`a list of sites of schema version ${version}`, async () => {
    const worker = await startWorker();
    try {
      await worker.seed(siteConfig());
      await worker.stop();
      await replace(worker.state, "directory", version);
      await worker.start();
      assert.deepEqual((await worker.admin("GET", "/api/v1/sites")).body.sites.map(({ site }) => site), ["old"]);
      await worker.seed(siteConfig({ site: "new" }));
      assert.deepEqual((await worker.admin("GET", "/api/v1/sites")).body.sites.map(({ site }) => site), ["new", "old"]);
      assert.deepEqual((await worker.admin("GET", "/api/v1/audit")).body.rows.map(({ subject }) => subject), ["site/new"]);
      await worker.stop();
      await agedDatabase(worker.state, probe.directory, (database) => {
        assert.equal(database.prepare("SELECT version FROM schema_version").get().version, newest.directory);
      });
    } finally {
      worker.dispose();
    }
  });
}

test("state of a newer program is refused, not spoilt", async () => {
  const worker = await startWorker();
  try {
    await worker.seed(siteConfig());
    await worker.stop();
    const table = "config_version";
    await agedDatabase(worker.state, table, (database) => database.exec("UPDATE schema_version SET version = 999"));
    await worker.start();
    assert.equal((await worker.admin("GET", "/api/v1/sites/shop/config")).status, 500);
    await worker.stop();
    await agedDatabase(worker.state, table, (database) => {
      assert.equal(database.prepare("SELECT version FROM schema_version").get().version, 999);
      database.exec(`UPDATE schema_version SET version = ${newest.site}`);
    });
    await worker.start();
    assert.equal((await worker.admin("GET", "/api/v1/sites/shop/config")).body.name, "Shop");
  } finally {
    worker.dispose();
  }
});
