// The check of the stored state: what is wrong is named, each by itself; what is whole is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { callStart, report, siteConfig, visit } from "../support/site.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

const path = "/api/v1/sites/shop/check";

/** What is done to a stopped Worker's database, and what the check says of it. */
const DAMAGES = [
  ["audit", "UPDATE audit SET actor = 'somebody' WHERE sequence = 2", [/^the audit log is broken at row 2$/]],
  ["audit", "DELETE FROM audit WHERE sequence = 1", [/^the audit log is broken at row [12]$/]],
  ["call", "DELETE FROM call_event", [/^1 calls have no event$/]],
  ["call", "DELETE FROM call", [/^1 events are of calls that are not kept$/, /^1 attributions are of calls that are not kept$/]],
  [
    "number_place",
    `DROP INDEX number_in_one_pool;
     INSERT INTO number_place (number, pool, since_ms) SELECT number, 'other', since_ms FROM number_place LIMIT 2`,
    [/^2 numbers are in two pools$/],
  ],
  ["config_version", "DELETE FROM config_version WHERE version = 1", [/^1 versions of the configuration are missing$/]],
  ["config_version", "UPDATE config_version SET document = '{' WHERE version = 1", [/^1 versions of the configuration cannot be read$/]],
  ["config_version", "UPDATE config_version SET document = '{}' WHERE version = 2", [/^the configuration in force is not accepted any more$/]],
  ["number_place", "DELETE FROM number_place WHERE number = '74950000002'", [/^1 numbers are not noted in their pools$/]],
  ["journal", "UPDATE journal SET entry = '{}' WHERE kind = 'grant'", [/^pool main: row \d+ of the journal cannot be read: /]],
  ["journal", "UPDATE journal SET entry = '-' WHERE kind = 'call_started'", [/^pool main: row \d+ of the journal cannot be read: /]],
  ["journal", "UPDATE packed SET numbers = x'02ff'", [/^pool main: the packed numbers are broken$/]],
  [
    "journal",
    `INSERT INTO journal (row, at_ms, kind, entry) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
     SELECT -i, 0, 'tap', '{}' FROM n`,
    [/^pool main: the journal has more rows than its last row's number$/],
  ],
];

for (const [table, damage, said] of DAMAGES) {
  test(`found: ${damage.split("\n")[0]}`, async () => {
    const worker = await startWorker();
    try {
      await worker.seed(siteConfig());
      await worker.admin("PATCH", "/api/v1/sites/shop/config", { name: "Second" });
      await worker.admin("POST", "/api/v1/sites/shop/keys", { name: "k", role: "viewer" });
      const given = await visit(worker);
      await report(worker, callStart(given.numbers[0].number));
      assert.deepEqual((await worker.admin("GET", path)).body, { ok: true, faults: [] });
      await worker.stop();
      await agedDatabase(worker.state, table, (database) => database.exec(damage));
      await worker.start();
      const { status, body } = await worker.admin("GET", path);
      assert.equal(status, 200);
      assert.equal(body.ok, false);
      assert.equal(body.faults.length, said.length, JSON.stringify(body.faults));
      for (const [place, fault] of said.entries()) assert.match(body.faults[place], fault);
    } finally {
      worker.dispose();
    }
  });
}
