// A whole site out and in again; the table of numbers and what can be done with them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../support/paths.mjs";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const base = "/api/v1/sites";

test("an export is restored byte for byte, and its visitors keep their numbers", async () => {
  await worker.seed(siteConfig());
  const given = await visit(worker, { url: `${ORIGIN}/?roistat=a_b` });
  await beat(worker, given, "keep");
  await report(worker, callStart(given.numbers[0].number));
  await worker.admin("POST", `${base}/shop/keys`, { name: "k", role: "viewer" });
  const exported = async (from) =>
    (await from.fetch(`${base}/shop/export`, { headers: { authorization: `Bearer ${from.token}` } })).text();
  const whole = await exported(worker);
  assert.ok(whole.split("\n").length > 8);
  const calls = (await worker.admin("GET", `${base}/shop/calls`)).body;

  const other = await startWorker();
  try {
    const put = (body) =>
      other.fetch(`${base}/shop/import`, {
        method: "POST",
        headers: { authorization: `Bearer ${other.token}`, "content-type": "application/x-ndjson" },
        body,
      });
    for (const wrong of ["", "{}", whole.replace('"site":"shop"', '"site":"else"'), `${whole}not json\n`]) {
      assert.equal((await put(wrong)).status, 422, wrong.slice(0, 40));
      assert.equal((await other.admin("GET", `${base}/shop`)).status, 404, "nothing was half-applied");
    }
    assert.equal((await put(whole)).status, 201);
    assert.equal(await exported(other), whole);
    assert.deepEqual((await other.admin("GET", `${base}/shop/calls`)).body, calls);
    const again = await visit(other, { who: given });
    assert.equal(again.numbers[0].lease, given.numbers[0].lease);
    assert.deepEqual((await other.admin("GET", `${base}/shop/check`)).body, { ok: true, faults: [] });
    assert.equal((await put(whole)).status, 409, "a site that is there is not overwritten");
  } finally {
    other.dispose();
  }
});

/** Tables that are not exported, and why; `_cf_` are the platform's. */
const NOT_EXPORTED = {
  site: {
    duty: "what is to be done when; it is found again",
    idempotency: "answers that nobody asks for after a day",
    schema_version: "the program's own",
    staging: "an import that is not whole yet",
    staged_version: "the same",
  },
  pool: { schema_version: "the program's own", packed: "its numbers are told in the journal's rows", past: "their past holders too" },
};

/** The tables that a file of the source says are exported, with their columns. */
function exportedBy(file) {
  const text = readFileSync(resolve(root, "edge/src", file), "utf8");
  const tables = text.matchAll(/Table = Table \{\s*name: "(\w+)",\s*columns: "([^"]+)"|Table \{\s*name: "(\w+)",\s*columns: "([^"]+)"/g);
  return Object.fromEntries([...tables].map(([, a, b, c, d]) => [a ?? c, (b ?? d).split(", ").sort()]));
}

test("every table with every column is exported, or is said not to be", async () => {
  const own = await startWorker();
  try {
    await own.seed(siteConfig());
    await visit(own);
    await own.stop();
    for (const [name, probe, file] of [
      ["site", "config_version", "site_object/export.rs"],
      ["pool", "journal", "pool_object/export.rs"],
    ]) {
      const told = exportedBy(file);
      const kept = NOT_EXPORTED[name];
      await agedDatabase(own.state, probe, (database) => {
        const query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'";
        const tables = database.prepare(query).all().map((row) => row.name);
        for (const table of tables) {
          const columns = database.prepare(`SELECT name FROM pragma_table_info('${table}')`).all().map((row) => row.name);
          if (table in kept) assert.ok(!(table in told), `${name}: ${table} is exported after all`);
          else assert.deepEqual(told[table], columns.sort(), `${name}: ${table}`);
        }
        for (const table of Object.keys(told)) assert.ok(tables.includes(table), `${name} has no table ${table}`);
      });
    }
  } finally {
    own.dispose();
  }
});

test("the table of numbers, by filter", async () => {
  await worker.seed(siteConfig({ site: "table" }));
  const given = await visit(worker, { options: { site: "table" } });
  await report(worker, callStart(given.numbers[0].number), { site: "table" });
  const list = async (filter) => (await worker.admin("GET", `${base}/table/numbers?filter=${filter}`)).body.numbers;
  const all = await list("all");
  assert.equal(all.length, 5);
  const shown = all.find(({ number }) => number === given.numbers[0].number);
  assert.equal(shown.calls, 1);
  assert.deepEqual(shown.scenarios, ["all"]);
  assert.ok(shown.last_call_at && shown.last_shown_at);
  // Used is what a scenario has, whoever looks at it now; free is what none has.
  assert.deepEqual(await list("used"), all);
  assert.deepEqual(await list("free"), []);
  await worker.admin("POST", `${base}/table/numbers`, { action: "add", numbers: "74950000077", city: "Moscow", connected: "2026-01-31" });
  const [free] = await list("free");
  assert.deepEqual([free.number, free.used_for, free.state, free.origin, free.connected, free.city], ["74950000077", "nothing", "free", "own", "2026-01-31", "Moscow"]);
  assert.equal((await list("used")).length, 5);
  assert.deepEqual((await list("reserve")).map(({ number }) => number), ["74950009999"]);
  assert.equal((await worker.admin("GET", `${base}/table/numbers?filter=odd`)).status, 400);
});

test("actions on numbers are versions; nonsense is listed back and changes nothing", async () => {
  await worker.seed(siteConfig({ site: "act" }));
  const act = (body) => worker.admin("POST", `${base}/act/numbers`, body);
  const added = await act({ action: "add", pool: "main", numbers: "8 (495) 123-45-67, +7 812 765-43-21" });
  assert.equal(added.status, 200);
  const config = async () => (await worker.admin("GET", `${base}/act/config`)).body;
  assert.deepEqual((await config()).pools[0].numbers, [...numbers(4), "74951234567", "78127654321"]);
  const wrong = await act({ action: "add", pool: "main", numbers: "8 (495) 123-45-68\nfoo\n12\n84951234568" });
  assert.equal(wrong.status, 422);
  assert.equal(wrong.body.faults.length, 3);
  assert.equal((await act({ action: "add", pool: "none", numbers: "84951234599" })).status, 422);
  assert.equal((await config()).pools[0].numbers.length, 6);

  assert.equal((await act({ action: "quarantine", numbers: "74950000001" })).status, 200);
  const quarantined = (await worker.admin("GET", `${base}/act/numbers?filter=quarantined`)).body.numbers;
  assert.deepEqual(quarantined.map(({ number }) => number), ["74950000001"]);
  assert.equal((await act({ action: "release", numbers: "74950000001" })).status, 200);
  assert.equal((await act({ action: "replace", number: "74950000002", by: "74950000222" })).status, 200);
  assert.equal((await act({ action: "make_reserve", number: "74950000003", scenario: "all" })).status, 200);
  assert.equal((await act({ action: "remove", numbers: "74950000004" })).status, 200);
  const last = await config();
  assert.deepEqual(last.pools[0].numbers, ["74950000001", "74950000222", "74951234567", "78127654321"]);
  assert.equal(last.scenarios[0].reserve_number, "74950000003");
  const versions = (await worker.admin("GET", `${base}/act/versions`)).body.versions;
  assert.equal(versions.length, 7);
  assert.equal(versions[0].note, "74950000004 removed");
});
