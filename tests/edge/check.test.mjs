// The check of the stored state: what is wrong is named, each by itself; what is whole is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

const path = "/api/v1/sites/shop/check";

const RESTORE = "restore an export made before: delete the site and import it";
const ANY_CHANGE = "change the configuration in any way";

/** What is done to a stopped Worker's database, and what the check says of it: what is wrong and what to do. */
const DAMAGES = [
  ["audit", "UPDATE audit SET actor = 'somebody' WHERE sequence = 2", ["the audit log is broken at row 2; somebody wrote to the database past this program; compare with an export"]],
  ["audit", "DELETE FROM audit WHERE sequence = 1", [/^the audit log is broken at row [12]; somebody wrote to the database/]],
  ["call", "DELETE FROM call_event", [`1 calls have no event; ${RESTORE}`]],
  [
    "call",
    "DELETE FROM call",
    [
      `1 events are of calls that are not kept; ${RESTORE}`,
      `1 attributions are of calls that are not kept; ${RESTORE}`,
      `1 entries of the outbox are of calls that are not kept; ${RESTORE}`,
    ],
  ],
  ["call", "UPDATE call SET record = '{}'", [`1 calls cannot be read; ${RESTORE}`]],
  ["call_event", "UPDATE call_event SET event = '[]'", [`1 events of calls cannot be read; ${RESTORE}`]],
  ["attribution", "DELETE FROM attribution", ["1 calls that were credited have no attribution; say by hand whose they were, or restore an export made before"]],
  ["attribution", "UPDATE attribution SET outcome = '{'", [`1 attributions cannot be read; ${RESTORE}`]],
  ["attribution", "UPDATE attribution SET revision = 2", [`1 calls lack a revision of their attribution; ${RESTORE}`]],
  ["delivery", "UPDATE delivery SET entry = '{}'", [/^[12] deliveries cannot be read; restore an export/]],
  ["kept_event", "INSERT INTO kept_event VALUES (7, 0, 'no')", [`1 events that were not understood cannot be read; ${RESTORE}`]],
  ["delay_table", "INSERT INTO delay_table VALUES ('main', 0, '[]')", [`1 tables of delays cannot be read; ${RESTORE}`]],
  ["api_key", "UPDATE api_key SET role = 'king'", [`1 keys have a role that there is not; ${RESTORE}`]],
  ["duty", "DELETE FROM duty", [`1 duty is missing: nothing says when to let go of what is old; ${ANY_CHANGE}, which says so`]],
  [
    "number_place",
    `DROP INDEX number_in_one_pool;
     INSERT INTO number_place (number, pool, since_ms) SELECT number, 'other', since_ms FROM number_place LIMIT 2`,
    ["2 numbers are in two pools; take each out of one of them"],
  ],
  ["number_place", "UPDATE number_place SET until_ms = since_ms - 1 WHERE number = '74950000002'", [`1 places of numbers cannot be; ${RESTORE}`, `1 numbers are not noted in their pools; ${ANY_CHANGE}, which notes them`]],
  ["number_place", "DELETE FROM number_place WHERE number = '74950000002'", [`1 numbers are not noted in their pools; ${ANY_CHANGE}, which notes them`]],
  ["config_version", "DELETE FROM config_version WHERE version = 1", [`1 versions of the configuration are missing; ${RESTORE}`]],
  ["config_version", "UPDATE config_version SET document = '{' WHERE version = 1", [`1 versions of the configuration cannot be read; ${RESTORE}`]],
  ["config_version", "UPDATE config_version SET document = '{}' WHERE version = 2", ["the configuration in force is not accepted any more; put another, or revert to an older"]],
  ["journal", "UPDATE journal SET entry = '{}' WHERE kind = 'grant'", [/^pool main: row \d+ of the journal cannot be read: .*; restore an export/]],
  ["journal", "UPDATE journal SET entry = '-' WHERE kind = 'call_started'", [/^pool main: row \d+ of the journal cannot be read: .*; restore an export/]],
  ["journal", "UPDATE packed SET numbers = x'02ff'", [`pool main: the packed numbers are broken; ${RESTORE}`]],
  [
    "journal",
    `INSERT INTO journal (row, at_ms, kind, entry) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
     SELECT -i, 0, 'tap', '{}' FROM n`,
    [`pool main: the journal has more rows than its last row's number; ${RESTORE}`],
  ],
  ["visit", "INSERT INTO visit (at_ms, visit, visitor, context) VALUES (0, 'x', 'y', '{')", [`pool main: 1 visits cannot be read; ${RESTORE}`]],
  ["late_ids", "INSERT INTO late_ids VALUES (1, 0, 'x', 'no')", [`pool main: 1 ids of visits cannot be read; ${RESTORE}`]],
];

for (const [table, damage, said] of DAMAGES) {
  test(`found: ${damage.split("\n")[0]}`, async () => {
    const worker = await startWorker();
    try {
      const receivers = [{ id: "crm", url: "http://127.0.0.1:9/", secrets: ["0123456789abcdef"] }];
      await worker.seed(siteConfig({ receivers }));
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
      for (const [place, fault] of said.entries()) {
        if (fault instanceof RegExp) assert.match(body.faults[place], fault);
        else assert.equal(body.faults[place], fault);
      }
      // The same in Russian.
      const { faults: russian } = (await worker.admin("GET", path, undefined, { "accept-language": "ru" })).body;
      assert.equal(russian.length, said.length);
      for (const [place, fault] of russian.entries()) {
        assert.ok(!/[а-яё]/i.test(body.faults[place]), body.faults[place]);
        const [wrong, ...advice] = fault.split("; ");
        for (const part of [wrong, ...advice]) assert.match(part, /[а-яё]{3}/i, fault);
        assert.equal(advice.length, body.faults[place].split("; ").length - 1, fault);
        const named = (text) => text.replace(/^(pool|пул) \w+: /, "").match(/\d+/g) ?? [];
        assert.deepEqual(named(wrong), named(body.faults[place].split("; ")[0]), fault);
      }
    } finally {
      worker.dispose();
    }
  });
}

test("what changes while the check reads is no fault", async () => {
  const worker = await startWorker();
  try {
    const moving = numbers(2_600, 1_000);
    const config = (round) => {
      const pools = ["one", "other"].map((id, place) => ({
        id, numbers: [`7495000000${place + 1}`, ...(round % 2 === place ? moving : [])], hold_ms: 150000, shards: id === "other" ? 2 : 1,
      }));
      const scenarios = pools.map(({ id }, place) => ({ ...siteConfig().scenarios[0], id, pool: id, priority: place + 1, targets: [{ class: id }] }));
      return siteConfig({ name: `Round ${round}`, pools, scenarios });
    };
    await worker.seed(config(0));
    for (const target of ["one", "other"]) for (let count = 0; count < 20; count += 1) await visit(worker, { targets: [target] });
    let done = false;
    const put = (async () => {
      for (let round = 1; round <= 40; round += 1) {
        const answer = await worker.admin("PUT", "/api/v1/sites/shop/config", config(round), { "if-match": "*" });
        assert.ok([200, 409].includes(answer.status), JSON.stringify(answer.body));
      }
      done = true;
    })();
    let checks = 0;
    const check = async () => {
      for (; !done; checks += 1) {
        const { status, body } = await worker.admin("GET", path);
        assert.deepEqual([status, body.faults], [200, []]);
      }
    };
    await Promise.all([put, check(), check()]);
    assert.ok(checks >= 10, `${checks}`);
    assert.deepEqual((await worker.admin("GET", path)).body, { ok: true, faults: [] });
  } finally {
    worker.dispose();
  }
});
