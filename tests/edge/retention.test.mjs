// Retention: what is past its time goes by itself, with an audit row; what may still be called
// about stays; the stored state is whole afterwards.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, until, visit } from "../support/site.mjs";
import { entryOf, startReceiver } from "../support/receiver.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

const DAY = 86_400_000;
const base = "/api/v1/sites/shop";

const exported = async (worker) =>
  (await worker.fetch(`${base}/export`, { headers: { authorization: `Bearer ${worker.token}` } })).text();
const imported = (worker, body) =>
  worker.fetch(`${base}/import`, { method: "POST", headers: { authorization: `Bearer ${worker.token}`, "content-type": "application/x-ndjson" }, body });

/** The export as it would be had the rows that `age` tells of happened so many days earlier. */
function aged(text, age) {
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const line of lines) {
    const days = line.table ? age(line) : undefined;
    if (days) line.row[1] -= days * DAY;
  }
  return `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
}

test("old visits and calls go; what a call may still be credited to stays", async () => {
  const pools = [{ id: "main", numbers: numbers(4), hold_ms: 150000, idle_release_ms: 60000 }];
  const retention = { visit_days: 1, call_days: 60 };
  const worker = await startWorker();
  const other = await startWorker();
  // Takes nothing: what it was to be told stays, caller and all.
  const closed = await startReceiver(() => [410, {}, "we moved"]);
  try {
    await worker.seed(siteConfig({ pools, retention, receivers: [entryOf("crm", closed)] }));
    const given = [];
    for (const source of ["old", "late", "fresh"]) {
      given.push(await visit(worker, { url: `${ORIGIN}/?roistat=${source}` }));
    }
    await beat(worker, given[2], "keep");
    const number = given.map((one) => one.numbers[0].number);
    const call0 = callStart(number[0], { caller: "79001110001" });
    for (const phase of ["start", "end"]) await report(worker, { ...call0, phase, status: phase === "end" ? "answered" : "ringing" });
    await report(worker, callStart(number[2], { caller: "79001110003" }));
    await until(async () => {
      const { deliveries } = (await worker.admin("GET", `${base}/deliveries?state=dead`)).body;
      return deliveries.length >= 3;
    });
    const before = await exported(worker);
    assert.match(before, /"table":"delivery".*79001110001/);
    const days = { [number[0]]: 100, [number[1]]: 29 };
    const cutoff = JSON.parse(before.split("\n").find((line) => line.includes(`"grant","${number[1]}"`))).row[0];
    const text = aged(before, ({ table, row }) => {
      if (table === "journal" && row[2] === "grant") return days[row[3]];
      // What stood before the second visit is as old as the first.
      if (table === "journal" && row[0] < cutoff) return 100;
      if (table === "call") return days[row[2]];
      return undefined;
    });
    assert.equal((await imported(other, text)).status, 201);

    const audit = async () => (await other.admin("GET", `${base}/audit`)).body.rows.filter((row) => row.action === "retention.apply");
    const rows = await until(async () => ((await audit()).length === 2 ? audit() : null));
    assert.deepEqual(rows.map((row) => [row.actor, row.subject]).sort(), [["system", "calls/1"], ["system", "pool/main/visits/1"]]);
    const { calls } = (await other.admin("GET", `${base}/calls`)).body;
    assert.deepEqual(calls.map((call) => call.dialed), [number[2]]);
    const leases = async (of) => (await other.admin("GET", `${base}/leases?number=${of}`)).body.leases;
    assert.deepEqual(await leases(number[0]), []);
    assert.equal((await leases(number[1]))[0].visit, given[1].visit);
    assert.equal((await leases(number[2]))[0].visit, given[2].visit);

    // 29 days after the visit, within the window of 30.
    await report(other, callStart(number[1], { caller: "79001110002" }));
    const call = (await other.admin("GET", `${base}/calls?number=${number[1]}`)).body.calls[0];
    assert.equal(call.attribution.visit, given[1].visit);
    assert.equal(call.source, "late");

    for (const restart of [false, true]) {
      if (restart) await other.crashAndRestart();
      assert.deepEqual((await other.admin("GET", `${base}/check`)).body, { ok: true, faults: [] });
      const again = await visit(other, { who: given[2] });
      assert.equal(again.numbers[0].lease, given[2].numbers[0].lease);
    }
    const text2 = await exported(other);
    assert.ok(!text2.includes("79001110001"), "nothing of the old caller is left");
    assert.ok(!text2.includes('"source":"old"'), "nor of the old visit");
    assert.ok(text2.includes("79001110003"), "what is not old stays");
    const { deliveries } = (await other.admin("GET", `${base}/deliveries?state=dead`)).body;
    assert.ok(deliveries.some((of) => of.call === calls[0].id), "nor is what is told of it lost");
    assert.ok(deliveries.every((of) => [calls[0].id, call.id].includes(of.call)));
  } finally {
    closed.close();
    worker.dispose();
    other.dispose();
  }
});

test("a long journal is made small, and gives back the same state", async () => {
  const worker = await startWorker();
  const other = await startWorker();
  try {
    const pools = [{ id: "main", numbers: numbers(4), hold_ms: 150000, idle_release_ms: 60000 }];
    await worker.seed(siteConfig({ pools }));
    const one = await visit(worker);
    for (let call = 0; call < 300; call += 1) {
      const start = callStart(one.numbers[0].number, { started_at: Date.now() - call });
      await report(worker, start);
      await report(worker, { ...start, phase: "end", status: "answered", talk_s: 1 });
    }
    const whole = await exported(worker);
    const marks = (text) => text.split("\n").filter((line) => line.includes('"journal"')).length;
    assert.ok(marks(whole) > 600, `${marks(whole)}`);
    assert.equal((await imported(other, whole)).status, 201);
    // An import by itself is told again as it came; what happens afterwards is the site's.
    await report(other, callStart(one.numbers[0].number));
    await other.stop();
    // A day later; an object that wakes with no alarm sets it.
    await agedDatabase(other.state, "duty", (database) => database.exec("UPDATE duty SET due_ms = 0; DELETE FROM _cf_METADATA"));
    await agedDatabase(other.state, "_cf_ALARM", (database) => database.exec("DELETE FROM _cf_ALARM"));
    await other.start();
    await until(async () => marks(await exported(other)) < 20);
    // What no export tells goes next.
    await until(async () => {
      await other.stop();
      let rows = 0;
      await agedDatabase(other.state, "journal", (database) => {
        rows = Math.max(rows, database.prepare("SELECT count(*) AS rows FROM journal").get().rows);
      });
      await other.start();
      await other.admin("GET", base);
      return rows < 20;
    }, 60_000);
    await other.crashAndRestart();
    assert.equal((await visit(other, { who: one })).numbers[0].lease, one.numbers[0].lease);
    assert.deepEqual((await other.admin("GET", `${base}/check`)).body, { ok: true, faults: [] });
    assert.equal((await other.admin("GET", `${base}/calls?limit=200`)).body.calls.length, 200);
  } finally {
    worker.dispose();
    other.dispose();
  }
});

test("a number that comes again after its visitors are forgotten is lent again", async () => {
  const worker = await startWorker();
  const other = await startWorker();
  try {
    const pool = { id: "main", numbers: numbers(2), hold_ms: 150000, idle_release_ms: 60000 };
    await worker.seed(siteConfig({ pools: [pool], retention: { visit_days: 365 } }));
    const old = [await visit(worker), await visit(worker)];
    const text = aged(await exported(worker), ({ table }) => (table === "journal" ? 40 : undefined));
    assert.equal((await imported(other, text)).status, 201);
    const put = async (list) => assert.equal((await other.admin("PATCH", `${base}/config`, { pools: [{ ...pool, numbers: list }] })).status, 200);
    await put(numbers(1, 900));
    assert.equal((await visit(other)).numbers[0].number, "74950000900");
    await put(numbers(2));
    const given = [await visit(other), await visit(other)];
    assert.deepEqual(given.map((one) => one.numbers[0].kind), ["leased", "leased"]);
    // Tabs of then change nothing for those of now.
    for (const one of old) await beat(other, one, "leave");
    for (const restart of [false, true]) {
      if (restart) await other.crashAndRestart();
      for (const one of given) assert.equal((await visit(other, { who: one })).numbers[0].lease, one.numbers[0].lease);
      const { leases } = (await other.admin("GET", `${base}/leases?number=${old[0].numbers[0].number}`)).body;
      assert.equal(leases.length, 2);
      assert.equal(leases[1].visit, old[0].visit);
      assert.equal(leases[1].ended_at, leases[0].granted_at);
      assert.ok(leases[0].generation > leases[1].generation);
      assert.deepEqual((await other.admin("GET", `${base}/check`)).body, { ok: true, faults: [] });
    }
  } finally {
    worker.dispose();
    other.dispose();
  }
});
