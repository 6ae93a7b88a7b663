// Attribution over HTTP: corrected by hand, judged anew, with every touch that led to the call.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const path = (site, rest) => `/api/v1/sites/${site}/${rest}`;
const get = async (site, rest) => (await worker.admin("GET", path(site, rest))).body;
const post = (site, rest, body) => worker.admin("POST", path(site, rest), body);
const callOf = async (site, event) => (await get(site, "calls")).calls.find((call) => call.provider_call_id === event.provider_call_id);
const today = () => new Date(Date.now() + 3 * 3600_000).toISOString().slice(0, 10);
const period = () => ({ from: new Date(Date.now() - 40 * 86_400_000).toISOString().slice(0, 10), to: today() });

/** One number, lent to two visitors one after the other, and a call to it. */
async function twoVisitors(site, changes = {}) {
  const pools = [{ id: "main", numbers: numbers(1, 50), hold_ms: 10000, idle_release_ms: 5000 }];
  await worker.seed(siteConfig({ site, pools, ...changes }));
  const options = { site };
  const first = await visit(worker, { options, url: `${ORIGIN}/?roistat=first` });
  await beat(worker, first, "leave", {}, options);
  const second = await visit(worker, { options, url: `${ORIGIN}/?roistat=second` });
  await beat(worker, second, "leave", {}, options);
  const event = callStart(first.numbers[0].number, { caller: "79001119999" });
  assert.equal((await report(worker, event, options)).status, 200);
  return { first, second, event };
}

test("a correction is appended with author and reason; reports follow the last word", async () => {
  const { first, second, event } = await twoVisitors("corrected");
  const before = await callOf("corrected", event);
  // Whom the rules credit depends on how fast this machine is; the other one is right.
  const [wrong, right, name] = before.source === "second" ? [second, first, "first"] : [first, second, "second"];
  assert.equal(before.attribution.visit, wrong.visit);
  const correction = { visit: right.visit, reason: "he told us the advertisement", by: "Anna" };
  const done = await post("corrected", `calls/${before.id}/attribution`, correction);
  assert.equal(done.status, 200);
  const call = await callOf("corrected", event);
  assert.deepEqual(done.body, call);
  assert.equal(call.source, name);
  assert.equal(call.attribution.visit, right.visit);
  assert.equal(call.attribution.reason, "corrected");
  assert.equal(call.touches.at(-1).source, name);
  assert.deepEqual(
    call.revisions.map(({ revision, author, source, by, note }) => ({ revision, author, source, by, note })),
    [
      { revision: 1, author: "system", source: before.source, by: undefined, note: undefined },
      { revision: 2, author: "deployer", source: name, by: "Anna", note: "he told us the advertisement" },
    ],
  );
  const rows = async () => (await get("corrected", "reports/source")).rows.filter((row) => row.now.calls > 0).map((row) => row.key);
  assert.deepEqual(await rows(), [call.touches.at(-1).group]);
  // A late event changes nothing of it, nor does a replay.
  const end = { ...event, phase: "end", status: "answered", started_at: event.started_at - 1000, ended_at: event.started_at + 60_000, talk_s: 50 };
  await report(worker, end, { site: "corrected" });
  assert.equal((await callOf("corrected", event)).source, name);
  const replay = (await post("corrected", "replay", period())).body;
  assert.deepEqual([replay.calls, replay.by_hand, replay.changed], [0, 1, 0]);
  // A source without a visit; nobody at all.
  await post("corrected", `calls/${call.id}/attribution`, { source: "radio", reason: "x" });
  assert.deepEqual(await rows(), ["radio"]);
  await post("corrected", `calls/${call.id}/attribution`, { nobody: true, reason: "a wrong number" });
  assert.deepEqual(await rows(), ["(no visit: corrected)"]);
  assert.equal((await callOf("corrected", event)).revisions.length, 4);
  const audit = (await get("corrected", "audit")).rows.filter((row) => row.action === "call.correct");
  assert.equal(audit.length, 3);
});

test("a correction that says nothing, too much, or names a stranger is refused", async () => {
  const { event } = await twoVisitors("refusing");
  const call = await callOf("refusing", event);
  const where = `calls/${call.id}/attribution`;
  for (const body of [
    { reason: "x" },
    { source: "a", nobody: true, reason: "x" },
    { source: "a", reason: " " },
    { source: "a", reason: "x".repeat(501) },
    { source: "x".repeat(121), reason: "x" },
    { visit: "00000000000000000000000000", reason: "x" },
  ]) {
    assert.equal((await post("refusing", where, body)).status, 422, JSON.stringify(body));
  }
  assert.equal((await post("refusing", where, { visit: "x", reason: "x" })).status, 400);
  assert.equal((await post("refusing", "calls/00000000000000000000000000/attribution", { nobody: true, reason: "x" })).status, 404);
  assert.equal((await callOf("refusing", event)).revisions.length, 1);
});

test("a replay tells what would change and changes nothing; applied, it is appended", async () => {
  const { first, second, event } = await twoVisitors("replayed", { attribution: { late_calls: "current_holder" } });
  const told = await post("replayed", "replay", period());
  assert.equal(told.status, 200);
  assert.deepEqual([told.body.calls, told.body.changed, told.body.applied], [1, 0, false], JSON.stringify(told.body));
  // The owner changes the rule: the number is the last holder's.
  const config = path("replayed", "config");
  const { headers, body } = await worker.admin("GET", config);
  const document = { ...body, attribution: { late_calls: "current_holder", window_days: 30 } };
  document.attribution.late_calls = "likeliest";
  const put = await worker.admin("PUT", config, document, { "if-match": headers.get("etag") });
  assert.equal(put.status, 200);
  const call = await callOf("replayed", event);
  const again = (await post("replayed", "replay", period())).body;
  assert.equal(again.calls, 1);
  assert.deepEqual(await callOf("replayed", event), call, "nothing was changed");
  if (call.attribution.kind === "unattributed") {
    assert.equal(again.changed, 1);
    assert.equal(again.changes[0].before.reason, "held_by_nobody");
  }
  assert.equal((await post("replayed", "replay", { ...period(), apply: "0".repeat(64) })).status, 409);
  const applied = (await post("replayed", "replay", { ...period(), apply: again.plan })).body;
  assert.equal(applied.applied, true);
  const now = await callOf("replayed", event);
  assert.ok([first.visit, second.visit].includes(now.attribution.visit));
  if (again.changed + again.reweighed > 0) {
    assert.deepEqual(now.revisions.map(({ author }) => author), ["system", "replay"]);
  }
  const still = (await post("replayed", "replay", period())).body;
  assert.deepEqual([still.changed, still.reweighed], [0, 0], "the same history and rules say the same");
});

test("a replay judges by the pool as it was then, also after a crash", async () => {
  await worker.seed(siteConfig({ site: "then" }));
  const options = { site: "then" };
  const events = [];
  for (let index = 0; index < 6; index += 1) {
    const given = await visit(worker, { options, url: `${ORIGIN}/?roistat=source_${index}` });
    await beat(worker, given, index % 2 ? "tap" : "keep", { number: given.numbers[0].number }, options);
    if (index > 2) await beat(worker, given, "leave", {}, options);
    const event = callStart(given.numbers[0].number, { caller: `7900200000${index}` });
    await report(worker, event, options);
    events.push(event);
  }
  await worker.crashAndRestart();
  const { body } = await post("then", "replay", period());
  assert.deepEqual([body.calls, body.changed, body.by_hand], [6, 0, 0], JSON.stringify(body.changes));
  assert.deepEqual(body.sources, []);
});

test("a call shows first and last touch, those between, visits, pages and the time to the call", async () => {
  await worker.seed(siteConfig({ site: "touches" }));
  const options = { site: "touches" };
  const first = await visit(worker, { options, url: `${ORIGIN}/?utm_source=yandex&utm_medium=cpc&utm_campaign=spring&utm_term=boots` });
  const page = await visit(worker, { options, who: first, url: `${ORIGIN}/boots`, referrer: `${ORIGIN}/` });
  assert.equal(page.visit, first.visit);
  const second = await visit(worker, { options, who: page, url: `${ORIGIN}/?utm_source=newsletter&utm_medium=email` });
  const third = await visit(worker, { options, who: { ...second, visit: second.visit }, url: `${ORIGIN}/sale?utm_source=vk&utm_medium=social&yclid=15000` });
  assert.notEqual(first.visit, second.visit);
  assert.notEqual(second.visit, third.visit);
  const event = callStart(third.numbers[0].number);
  await report(worker, event, options);
  const call = await callOf("touches", event);
  assert.equal(call.attribution.visit, third.visit);
  assert.deepEqual(call.touches.map(({ source }) => source), ["yandex / spring", "newsletter", "vk"]);
  assert.equal(call.first_touch.campaign, "spring");
  assert.equal(call.first_touch.keyword, "boots");
  assert.equal(call.last_non_direct_touch.source, "vk");
  assert.equal(call.touches_between, 1);
  assert.equal(call.visits, 3);
  assert.equal(call.pages, 4);
  assert.ok(call.visit_to_call_s >= 0 && call.visit_to_call_s < 60);
  // Who gets the credit is chosen with the report.
  const bySource = async (model) => {
    const { rows } = await get("touches", `reports/campaign?model=${model}`);
    return Object.fromEntries(rows.filter((row) => row.now.calls > 0).map((row) => [row.key, Math.round(row.now.calls * 1000) / 1000]));
  };
  assert.deepEqual(await bySource("first"), { spring: 1 });
  assert.deepEqual(await bySource("last"), { "(not set)": 1 });
  assert.deepEqual(await bySource("linear"), { "(not set)": 0.667, spring: 0.333 });
  assert.deepEqual(await bySource("position"), { "(not set)": 0.6, spring: 0.4 });
  const names = Object.keys(await bySource("time_decay"));
  assert.equal(names.length, 2);
});

test("a direct visit after an advertisement: the last touch that is not direct is the advertisement", async () => {
  await worker.seed(siteConfig({ site: "direct" }));
  const options = { site: "direct" };
  const first = await visit(worker, { options, url: `${ORIGIN}/?utm_source=yandex&utm_medium=cpc` });
  // Another visit begins where the first is long over: its memory says so.
  const memory = JSON.parse(first.memory);
  memory.at -= 3_600_000;
  memory.visit.began_at -= 3_600_000;
  const second = await visit(worker, { options, who: { ...first, memory: JSON.stringify(memory) }, url: `${ORIGIN}/` });
  assert.notEqual(second.visit, first.visit);
  const event = callStart(second.numbers[0].number);
  await report(worker, event, options);
  const call = await callOf("direct", event);
  assert.deepEqual(call.touches.map(({ channel }) => channel), ["paid", "direct"]);
  assert.equal(call.first_touch.source, "yandex");
  assert.equal(call.last_non_direct_touch.source, "yandex");
  assert.equal(call.touches.at(-1).is_direct, true);
});

test("who left and is back a moment later is credited with the visit he is back for, once", async () => {
  const pools = [{ id: "main", numbers: numbers(1, 60), hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ site: "back", pools }));
  const options = { site: "back" };
  let given = await visit(worker, { options, url: `${ORIGIN}/?utm_source=yandex` });
  await beat(worker, given, "tap", {}, options);
  for (const source of ["vk", "mail"]) {
    await beat(worker, given, "leave", {}, options);
    given = await visit(worker, { options, who: given, url: `${ORIGIN}/?utm_source=${source}` });
    await beat(worker, given, "keep", {}, options);
  }
  const event = callStart(given.numbers[0].number);
  await report(worker, event, options);
  const call = await callOf("back", event);
  assert.equal(call.attribution.visit, given.visit);
  assert.equal(call.source, "mail");
  assert.ok(call.attribution.probability > 0.9, `${call.attribution.probability}`);
  const his = call.attribution.candidates.filter((candidate) => candidate.visitor === given.visitor);
  assert.deepEqual(his.slice(1).map((candidate) => candidate.probability), his.slice(1).map(() => 0));
  assert.deepEqual(call.touches.map(({ source }) => source), ["yandex", "vk", "mail"]);
});

test("a memory that was tampered with, cut or far too long harms nothing", async () => {
  await worker.seed(siteConfig({ site: "tampered" }));
  const options = { site: "tampered" };
  const given = await visit(worker, { options, url: `${ORIGIN}/?utm_source=a` });
  for (const memory of ["", "{", "[]", "null", "x".repeat(5000), given.memory.slice(0, -3), JSON.stringify({ earlier: [[1, "paid"]] }), JSON.stringify({ at: -1 })]) {
    const again = await visit(worker, { options, who: { ...given, memory } });
    assert.equal(again.numbers[0].kind, "leased", memory.slice(0, 20));
  }
  // Thirty visits by long addresses: what is remembered stays within its limit, the first touch too.
  let who = { ...given };
  for (let index = 0; index < 30; index += 1) {
    who = { ...who, ...(await visit(worker, { options, who, url: `${ORIGIN}/${"p".repeat(300)}?utm_source=source_${index}&utm_campaign=${"c".repeat(200)}` })) };
    assert.ok([...who.memory].length <= 2048);
  }
  const { visit: context, earlier } = JSON.parse(who.memory);
  assert.equal(context.labels.utm.source, "source_29");
  assert.equal(context.visits, 31);
  assert.equal(earlier[0][2], "a", "the first touch stays");
  assert.match(earlier.at(-1)[2], /^source_28 /);
  assert.equal(earlier.length + context.earlier_left_out, 30, "what found no room is counted");
});

test("a number pasted into a page for good is found out", async () => {
  await worker.seed(siteConfig({ site: "pasted" }));
  const options = { site: "pasted" };
  const reasons = [];
  for (let index = 0; index < 4; index += 1) {
    const event = callStart("74950000004", { caller: `7900300000${index}` });
    await report(worker, event, options);
    reasons.push((await callOf("pasted", event)).attribution.reason);
  }
  assert.deepEqual(reasons, ["never_lent", "never_lent", "number_pasted", "number_pasted"]);
  const rows = (await get("pasted", "numbers")).numbers;
  assert.deepEqual(rows.filter((row) => row.is_pasted).map((row) => row.number), ["74950000004"]);
  assert.equal(rows.find((row) => row.number === "74950000004").strange_callers, 4);
});

test("an own number forwarded to the exchange's line is the one the call is tracked by", async () => {
  await worker.seed(siteConfig({ site: "forwarded" }));
  const options = { site: "forwarded" };
  const given = await visit(worker, { options, url: `${ORIGIN}/?roistat=yandex_1` });
  const event = callStart("74990000077", { forwarded_from: given.numbers[0].number });
  await report(worker, event, options);
  const call = await callOf("forwarded", event);
  assert.equal(call.attribution.visit, given.visit);
  assert.equal(call.source, "yandex_1");
  assert.equal((await get("forwarded", `calls?number=${given.numbers[0].number}`)).calls.length, 1);
  assert.deepEqual((await get("forwarded", "check")), { ok: true, faults: [] });
});

test("a known caller keeps his visit for the days the site says, unless he himself is on the site", async () => {
  await worker.seed(siteConfig({ site: "memory", attribution: { caller_memory_days: 90 } }));
  const options = { site: "memory" };
  const day = 86_400_000;
  const caller = "79005550001";
  const given = await visit(worker, { options, url: `${ORIGIN}/?roistat=mail_1` });
  await beat(worker, given, "keep", {}, options);
  const first = callStart(given.numbers[0].number, { caller });
  await report(worker, first, options);
  const to = (at) => ({ caller, started_at: first.started_at + at });
  const soon = callStart("74950000003", to(1000));
  await report(worker, soon, options);
  assert.equal((await callOf("memory", soon)).attribution.visitor, given.visitor);
  const within = callStart("74950000004", to(89 * day));
  await report(worker, within, options);
  assert.equal((await callOf("memory", within)).attribution.reason, "known_caller");
  const beyond = callStart("74950000004", to(89 * day + 91 * day));
  await report(worker, beyond, options);
  assert.notEqual((await callOf("memory", beyond)).attribution.reason, "known_caller");
  // He is on the site again, by another advertisement: the call is his new visit's.
  const again = await visit(worker, { options, who: given, url: `${ORIGIN}/?roistat=search_2` });
  await beat(worker, again, "keep", {}, options);
  const own = callStart(again.numbers[0].number, { caller, started_at: Date.now() });
  await report(worker, own, options);
  const call = await callOf("memory", own);
  assert.equal(call.attribution.visitor, given.visitor);
  assert.equal(call.attribution.visit, again.visit);
  assert.equal(call.source, "search_2");
});
