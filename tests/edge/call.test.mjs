// The whole way of a call over HTTP.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
  await worker.seed(siteConfig());
});
after(() => worker.dispose());

const calls = async (site = "shop", query = "") => (await worker.admin("GET", `/api/v1/sites/${site}/calls${query}`)).body.calls;
const callOf = async (event, site) => (await calls(site)).find((call) => call.provider_call_id === event.provider_call_id);

test("a call is credited to the visit that held the number at that moment", async () => {
  const given = await visit(worker, { url: `${ORIGIN}/?roistat=google_ads_7&utm_source=google` });
  await beat(worker, given, "keep");
  const event = callStart(given.numbers[0].number);
  assert.equal((await report(worker, event)).status, 200);
  const call = await callOf(event);
  assert.equal(call.caller, "79001112233");
  assert.equal(call.status, "ringing");
  assert.equal(call.attribution.kind, "visit");
  assert.equal(call.attribution.visit, given.visit);
  assert.equal(call.source, "google_ads_7");
  assert.ok(call.attribution.probability > 0.9);
  assert.equal(call.attribution.candidates[0].lease, given.numbers[0].lease);
  assert.equal(call.touches[0].source, "google_ads_7");
  const one = await worker.admin("GET", `/api/v1/sites/shop/calls/${call.id}`);
  assert.deepEqual(one.body, call);
});

test("sent twice, it is one call; the end makes the record whole", async () => {
  const given = await visit(worker);
  const start = callStart(given.numbers[0].number, { caller: "79001110002" });
  const end = { ...start, phase: "end", status: "answered", answered_at: start.started_at + 4000, ended_at: start.started_at + 99000, talk_s: 95 };
  const before = (await calls()).length;
  for (const event of [end, start, start, end]) assert.equal((await report(worker, event)).status, 200);
  assert.equal((await calls()).length, before + 1);
  const call = await callOf(start);
  assert.equal(call.status, "answered");
  assert.equal(call.talk_s, 95);
  assert.equal(call.is_target, true);
  assert.equal(call.attribution.visit, given.visit);
  const check = await worker.admin("GET", "/api/v1/sites/shop/check");
  assert.deepEqual(check.body, { ok: true, faults: [] });
});

test("a call keeps its number from being lent on until it ends, and no longer", async () => {
  const pools = [{ id: "main", numbers: numbers(2, 80), hold_ms: 10000, idle_release_ms: 5000 }];
  await worker.seed(siteConfig({ site: "pinned", pools }));
  const options = { site: "pinned" };
  const given = await visit(worker, { options });
  const number = given.numbers[0].number;
  const live = async () => (await worker.admin("GET", "/api/v1/sites/pinned/live")).body;
  const shown = async () => (await live()).pools[0].numbers.find((one) => one.number === number);
  const start = callStart(number);
  assert.equal((await report(worker, start, options)).status, 200);
  assert.equal((await shown()).in_call, true);
  const times = { answered_at: start.started_at + 4000, talk_s: 95 };
  const end = { ...start, ...times, phase: "end", status: "answered" };
  for (const event of [end, end]) assert.equal((await report(worker, event, options)).status, 200);
  assert.equal((await shown()).in_call, false);
});

test("the last holder is credited after he left; leases tell who held a number when", async () => {
  const pools = [{ id: "main", numbers: numbers(1, 50), hold_ms: 10000, idle_release_ms: 5000 }];
  await worker.seed(siteConfig({ site: "late", pools }));
  const options = { site: "late" };
  const first = await visit(worker, { options, url: `${ORIGIN}/?roistat=first` });
  const number = first.numbers[0].number;
  await beat(worker, first, "leave", {}, options);
  const second = await visit(worker, { options, url: `${ORIGIN}/?roistat=second` });
  assert.equal(second.numbers[0].number, number);
  await beat(worker, second, "leave", {}, options);
  const event = callStart(number, { caller: "79001119999" });
  await report(worker, event, { site: "late" });
  const call = await callOf(event, "late");
  assert.equal(call.attribution.visit, second.visit);
  assert.deepEqual(call.attribution.candidates.map((candidate) => candidate.source).sort(), ["first", "second"]);
  const { leases } = (await worker.admin("GET", `/api/v1/sites/late/leases?number=${number}`)).body;
  assert.deepEqual(leases.map((lease) => lease.visit), [second.visit, first.visit]);
  assert.equal(leases[1].ended_at, leases[0].granted_at);
  const then = (await worker.admin("GET", `/api/v1/sites/late/leases?number=${number}&at=${leases[1].granted_at}`)).body;
  assert.deepEqual(then.leases.map((lease) => lease.visit), leases[0].granted_at === leases[1].granted_at ? [second.visit, first.visit] : [first.visit]);
});

test("nobody had it, not ours, reserve and static numbers", async () => {
  await worker.seed(
    siteConfig({
      site: "odd",
      scenarios: [
        ...siteConfig().scenarios,
        { id: "print", name: "Print", enabled: true, kind: "static", bindings: [{ number: "74950000900", source: "flyer", offline: true }], targets: [{ class: "p" }] },
      ],
    }),
  );
  const expected = [
    ["74950000004", "unattributed", "never_lent"],
    ["74959999999", "unattributed", "number_not_ours"],
    ["74950009999", "reserve", "reserve_number"],
    ["74950000900", "static", "static_number"],
  ];
  for (const [dialed, kind, reason] of expected) {
    const event = callStart(dialed);
    assert.equal((await report(worker, event, { site: "odd" })).status, 200);
    const call = await callOf(event, "odd");
    assert.equal(call.attribution.kind, kind, dialed);
    assert.equal(call.attribution.reason, reason, dialed);
  }
  const flyer = (await calls("odd")).find((call) => call.dialed === "74950000900");
  assert.equal(flyer.source, "flyer");
});

test("a known caller goes back to his own visitor", async () => {
  await worker.seed(siteConfig({ site: "known" }));
  const options = { site: "known" };
  const given = await visit(worker, { options, url: `${ORIGIN}/?roistat=mail_1` });
  await report(worker, callStart(given.numbers[0].number, { caller: "79005556677" }), { site: "known" });
  const again = callStart("74950000004", { caller: "79005556677", started_at: Date.now() + 5 });
  await report(worker, again, { site: "known" });
  const call = await callOf(again, "known");
  assert.equal(call.attribution.visitor, given.visitor);
  assert.equal(call.source, "mail_1");
});

test("a number that was taken away still leads to its last holder", async () => {
  await worker.seed(siteConfig({ site: "taken" }));
  const options = { site: "taken" };
  const given = await visit(worker, { options, url: `${ORIGIN}/?roistat=old` });
  const taken = given.numbers[0].number;
  const rest = numbers(4).filter((number) => number !== taken);
  const pools = [{ id: "main", numbers: rest, hold_ms: 150000, idle_release_ms: 60000 }];
  const path = "/api/v1/sites/taken/config";
  const etag = (await worker.admin("GET", path)).headers.get("etag");
  const put = await worker.admin("PUT", path, siteConfig({ site: "taken", pools }), { "if-match": etag });
  assert.equal(put.status, 200);
  const live = (await worker.admin("GET", "/api/v1/sites/taken/live")).body.pools[0].numbers;
  assert.equal(live.find(({ number }) => number === taken).state, "draining");
  const event = callStart(taken, { caller: null });
  await report(worker, event, { site: "taken" });
  const call = await callOf(event, "taken");
  assert.equal(call.attribution.visit, given.visit);
  for (let count = 0; count < 4; count += 1) {
    const [number] = (await visit(worker, { options })).numbers;
    assert.notEqual(number.number, taken, "a draining number is lent to nobody");
  }
});

test("calls page by cursor, newest first, and by number and time", async () => {
  await worker.seed(siteConfig({ site: "paged" }));
  const start = Date.now();
  for (let index = 0; index < 5; index += 1) {
    const event = callStart("74950000001", { started_at: start - index * 1000 });
    assert.equal((await report(worker, event, { site: "paged" })).status, 200);
  }
  const seen = [];
  let cursor = "";
  do {
    const { body } = await worker.admin("GET", `/api/v1/sites/paged/calls?limit=2${cursor && `&cursor=${cursor}`}`);
    seen.push(...body.calls.map((call) => call.started_at));
    cursor = body.next;
  } while (cursor);
  assert.deepEqual(seen, [0, 1, 2, 3, 4].map((index) => start - index * 1000));
  assert.equal((await calls("paged", "?number=74950000002")).length, 0);
  assert.equal((await calls("paged", `?from=${start - 1500}`)).length, 2);
});

test("callers kept as hashes: the number stands nowhere", async () => {
  const retention = { visit_days: 400, call_days: 1095, callers: "hashed" };
  await worker.seed(siteConfig({ site: "hashed", retention }));
  const event = callStart("74950000001", { caller: "79007778899" });
  await report(worker, event, { site: "hashed" });
  const call = await until(() => callOf(event, "hashed"));
  assert.equal(call.caller, "…8899");
  assert.ok(!JSON.stringify(call).includes("79007778899"));
});
