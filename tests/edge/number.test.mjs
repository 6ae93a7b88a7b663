// What a number goes through on the real runtime: every state, every action of its owner, and calls
// to a number that was taken away.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, until, visit } from "../support/site.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const base = (site) => `/api/v1/sites/${site}`;
const whole = { ok: true, faults: [] };
const liveOf = async (site, number) =>
  (await worker.admin("GET", `${base(site)}/live`)).body.pools.flatMap((pool) => pool.numbers).find((one) => one.number === number);
const stateOf = async (site, number) => (await liveOf(site, number))?.state;
const rowOf = async (site, number) =>
  (await worker.admin("GET", `${base(site)}/numbers`)).body.numbers.find((row) => row.number === number);
const act = async (site, body) => {
  const answer = await worker.admin("POST", `${base(site)}/numbers`, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};
const come = (site, source = "x") => visit(worker, { url: `${ORIGIN}/?roistat=${source}`, options: { site } });
/** Two signs of life: what a person gives. */
const stay = async (site, given) => {
  await beat(worker, given, "active", {}, { site });
  return given;
};
const callTo = async (site, number, more = {}) => {
  const event = callStart(number, { caller: "79005550000", ...more });
  assert.equal((await report(worker, event, { site })).status, 200);
  // While it lasts its number stays where it is.
  const end = { ...event, phase: "end", status: "answered", talk_s: 5, ended_at: event.started_at + 5000 };
  assert.equal((await report(worker, end, { site })).status, 200);
  const { calls } = (await worker.admin("GET", `${base(site)}/calls?limit=200`)).body;
  return calls.find((call) => call.provider_call_id === event.provider_call_id);
};
const seed = (site, count, first, more = {}, changes = {}) =>
  worker.seed(siteConfig({ site, pools: [{ id: "main", numbers: numbers(count, first), hold_ms: 10000, idle_release_ms: 5000, ...more }], ...changes }));

test("free, provisional, active, idle, held, cooling, free again", async () => {
  const site = "states";
  await seed(site, 1, 1, { cooldown_ms: 20000, cooldown_rule: "required" });
  const [number] = numbers(1, 1);
  assert.equal(await stateOf(site, number), "free");
  const given = await come(site);
  assert.equal(given.numbers[0].number, number);
  assert.equal(await stateOf(site, number), "provisional");
  await stay(site, given);
  assert.equal(await stateOf(site, number), "active");
  await beat(worker, given, "idle", {}, { site });
  assert.equal(await stateOf(site, number), "idle");
  await beat(worker, given, "active", {}, { site });
  assert.equal(await stateOf(site, number), "active");
  await beat(worker, given, "leave", {}, { site });
  assert.equal(await stateOf(site, number), "held");
  await until(async () => (await stateOf(site, number)) === "cooling", 30_000);
  await until(async () => (await stateOf(site, number)) === "free", 30_000);
  const row = await rowOf(site, number);
  assert.equal(row.state, "free");
  assert.ok(row.last_shown_at);
});

test("reserve: shown to whom no number is left for, and to none by itself", async () => {
  const site = "reserve";
  await seed(site, 2, 10);
  await act(site, { action: "make_reserve", number: "74950000011", scenario: "all" });
  assert.equal((await rowOf(site, "74950000011")).state, "reserve");
  const first = await stay(site, await come(site));
  assert.deepEqual([first.numbers[0].kind, first.numbers[0].number], ["leased", "74950000010"]);
  const second = await come(site);
  assert.deepEqual([second.numbers[0].kind, second.numbers[0].number], ["reserve", "74950000011"]);
  const call = await callTo(site, "74950000011");
  assert.equal(call.attribution.kind, "reserve");
});

for (const action of ["quarantine", "disable"]) {
  const state = { quarantine: "quarantined", disable: "disabled" }[action];
  test(`${state}: lent to nobody until it is released; its visitor keeps it till he is gone`, async () => {
    const site = state;
    await seed(site, 2, 20);
    const given = await stay(site, await come(site, "before"));
    const { number } = given.numbers[0];
    await act(site, { action, numbers: number });
    const again = await visit(worker, { who: given, options: { site } });
    assert.equal(again.numbers[0].number, number, "it is not taken from him");
    for (let count = 0; count < 4; count += 1) {
      const other = await come(site);
      assert.notEqual(other.numbers[0].number, number);
    }
    const call = await callTo(site, number);
    assert.equal(call.attribution.visit, given.visit, "a call to it is still his");
    await beat(worker, again, "leave", {}, { site });
    await until(async () => (await rowOf(site, number)).state === state, 30_000);
    if (action === "quarantine") {
      const { body } = await worker.admin("GET", `${base(site)}/numbers?filter=quarantined`);
      assert.deepEqual(body.numbers.map((row) => row.number), [number]);
    }
    await act(site, { action: "release", numbers: number });
    await until(async () => (await stateOf(site, number)) === "free");
    assert.deepEqual((await worker.admin("GET", `${base(site)}/check`)).body, whole);
  });
}

for (const action of ["remove", "delete"]) {
  test(`${action}: it drains, is lent to nobody new, and its calls are its last holder's`, async () => {
    const site = `${action}d`;
    await seed(site, 2, 30);
    const given = await stay(site, await come(site, "holder"));
    const { number } = given.numbers[0];
    await act(site, { action, numbers: number });
    assert.equal(await stateOf(site, number), "draining");
    assert.equal((await rowOf(site, number)).state, "draining");
    const again = await visit(worker, { who: given, options: { site } });
    assert.equal(again.numbers[0].number, number, "he keeps it while he is here");
    const other = await come(site);
    assert.notEqual(other.numbers[0].number, number);
    await beat(worker, again, "leave", {}, { site });
    await until(async () => !["draining", "held"].includes(await stateOf(site, number)), 30_000);
    const row = await rowOf(site, number);
    if (action === "remove") assert.equal(row.used_for, "nothing");
    else assert.equal(row, undefined, "it is the site's no more");
    for (let count = 0; count < 3; count += 1) assert.notEqual((await come(site)).numbers[0].number, number);
    const call = await callTo(site, number);
    assert.equal(call.attribution.visit, given.visit);
    assert.equal(call.source, "holder");
    await worker.crashAndRestart();
    const later = await callTo(site, number, { caller: "79005550001" });
    assert.equal(later.attribution.visit, given.visit, "after a crash too");
    assert.deepEqual((await worker.admin("GET", `${base(site)}/check`)).body, whole);
  });
}

test("replace: the other takes its place at once, and the visitor of the first keeps his", async () => {
  const site = "replaced";
  await seed(site, 1, 40);
  const given = await stay(site, await come(site, "holder"));
  const version = await act(site, { action: "replace", number: "74950000040", by: "8 (495) 000-00-41" });
  assert.equal(version.note, "74950000041 in the place of 74950000040");
  const next = await come(site, "next");
  assert.equal(next.numbers[0].number, "74950000041");
  const again = await visit(worker, { who: given, options: { site } });
  assert.equal(again.numbers[0].number, "74950000040");
  assert.equal((await callTo(site, "74950000040")).attribution.visit, given.visit);
  assert.equal((await callTo(site, "74950000041", { caller: "79005550009" })).attribution.visit, next.visit);
  const refused = await worker.admin("POST", `${base(site)}/numbers`, { action: "replace", number: "74950000041", by: "nonsense" });
  assert.equal(refused.status, 422);
});

test("assign: from pool to pool, with its visitor and the calls of before", async () => {
  const site = "moved";
  const [first] = siteConfig().scenarios;
  const pools = ["main", "spare"].map((id, at) => ({ id, numbers: numbers(1, 50 + at), hold_ms: 10000, idle_release_ms: 5000 }));
  const { reserve_number: _, ...second } = { ...first, id: "second", pool: "spare", targets: [{ class: "second" }] };
  await worker.seed(siteConfig({ site, pools, scenarios: [first, second] }));
  const given = await stay(site, await come(site, "holder"));
  assert.equal(given.numbers[0].number, "74950000050");
  await act(site, { action: "assign", numbers: "74950000050", pool: "spare" });
  const call = await callTo(site, "74950000050");
  assert.equal(call.attribution.visit, given.visit);
  assert.deepEqual((await worker.admin("GET", `${base(site)}/check`)).body, whole);
});

test("a call to a removed number beyond the window is nobody's", async () => {
  const site = "window";
  await seed(site, 1, 60, {}, { attribution: { window_days: 1 } });
  const given = await stay(site, await come(site, "holder"));
  await beat(worker, given, "leave", {}, { site });
  await act(site, { action: "delete", numbers: "74950000060" });
  assert.equal((await callTo(site, "74950000060")).attribution.visit, given.visit);
  await worker.stop();
  // Two days later: everything that was written down is older by that.
  const aged = (database) => {
    const rows = database.prepare("SELECT row, entry FROM journal").all();
    const older = (text) => text.replace(/\b1[0-9]{12}\b/g, (at) => String(Number(at) - 2 * 86_400_000));
    for (const { row, entry } of rows) {
      database.prepare("UPDATE journal SET at_ms = at_ms - 172800000, entry = ? WHERE row = ?").run(older(entry), row);
    }
  };
  await agedDatabase(worker.state, "journal", aged);
  await worker.start();
  const late = await callTo(site, "74950000060", { caller: "79005550002" });
  assert.equal(late.attribution.kind, "unattributed");
  assert.equal(late.attribution.visit, undefined);
});

test("numbers as they are pasted: what is none, or twice, is listed back and nothing is done", async () => {
  const site = "pasted";
  await seed(site, 1, 70);
  const add = "8 (495) 000-00-71, +7 495 000 00 72\n7 (495) 000-00-73 000-00-74; foo, 12";
  const refused = await worker.admin("POST", `${base(site)}/numbers`, { action: "add", pool: "main", numbers: add });
  assert.equal(refused.status, 422);
  const told = refused.body.faults.map(({ detail }) => detail).join("\n");
  for (const text of ["foo", "12"]) assert.ok(told.includes(`"${text}"`), told);
  assert.match(told, /^"foo": Piece \d in line 2: this is no telephone number\.$/m);
  const twice = { action: "add", pool: "main", numbers: "8 495 000-00-75, 74950000075" };
  const listed = await worker.admin("POST", `${base(site)}/numbers`, twice);
  assert.deepEqual(listed.body.faults.map(({ code, detail }) => [code, detail]), [["duplicate", '"74950000075": Piece 2 in line 1: the same number as piece 1.']]);
  const russian = await worker.admin("POST", `${base(site)}/numbers`, twice, { "accept-language": "ru" });
  assert.match(russian.body.faults[0].detail, /Фрагмент 2 в строке 1: тот же номер, что во фрагменте 1\./);
  assert.equal((await worker.admin("GET", `${base(site)}/numbers`)).body.numbers.length, 2);
  await act(site, { action: "add", pool: "main", numbers: "8 (495) 000-00-71, +7 495 000 00 72", rented: true, city: "Moscow", connected: "2026-02-03" });
  const row = await rowOf(site, "74950000072");
  assert.deepEqual([row.origin, row.city, row.connected, row.scenarios], ["rented", "Moscow", "2026-02-03", ["all"]]);
});
