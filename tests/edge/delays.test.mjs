// How long callers take to call, as their owner sees it: learnt from calls to the built Worker, told in
// a sentence, exported, imported elsewhere, taken back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { terminal } from "../support/cli.mjs";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const base = "/api/v1/sites";
const delays = (site) => `${base}/${site}/pools/all/delays`;
const get = async (path, of = worker) => (await of.admin("GET", path)).body;
const pool = (count, more = {}) => ({ ...siteConfig().pools[0], numbers: numbers(count), ...more });

/** Visitors of a site who call at once. */
async function callers(site, count, first = 0) {
  const options = { site };
  for (let n = first; n < first + count; n += 1) {
    const given = await visit(worker, { options });
    assert.equal(given.numbers[0].kind, "leased");
    const call = callStart(given.numbers[0].number, { caller: `7900${String(n).padStart(7, "0")}` });
    assert.equal((await report(worker, call, options)).status, 200);
  }
}

/** A table of which one class was counted: so many calls, each five minutes after the visit. */
async function table(site, calls) {
  const { table } = await get(delays(site));
  const place = table.bin_starts_ms.findLastIndex((start) => start <= 300_000);
  const row = (value) => table.bin_starts_ms.map((_, bin) => (bin === place ? value : 0));
  const one = { device: "desktop", engagement: "engaged", intent: false, tab: "closed", tapped: false };
  return { ...table, visits: 1000, classes: [{ ...one, calls: row(calls), seconds: row(50_000) }] };
}

test("nothing is known of callers who have not called", async () => {
  await worker.seed(siteConfig({ site: "none" }));
  const { status, body } = await worker.admin("GET", delays("none"));
  assert.equal(status, 200);
  assert.equal(body.callers.basis, "assumed");
  assert.match(body.callers.sentence.en, /^Assumed until enough of your calls .* within 14 s .* within 2 h\.$/);
  assert.match(body.callers.sentence.ru, /^Пока своих звонков мало/);
  assert.deepEqual(body.table.classes, []);
  assert.equal(body.imported_at, undefined);
  assert.equal((await get(`${base}/none/pools/all`)).callers.basis, "assumed");
  assert.equal((await worker.admin("GET", `${base}/none/pools/else/delays`)).status, 404);
});

test("after enough calls the sentence is of the site's own callers, and outlives a stop", async () => {
  await worker.seed(siteConfig({ site: "own", pools: [pool(60)] }));
  await callers("own", 20);
  assert.equal((await get(delays("own"))).callers.basis, "assumed");
  await callers("own", 25, 20);
  const told = await get(delays("own"));
  assert.equal(told.callers.basis, "learnt");
  assert.ok(told.callers.own_calls >= 40 && told.callers.own_calls <= 45, told.callers.own_calls);
  assert.match(told.callers.sentence.en, /^Half of your callers call within /);
  assert.match(told.callers.sentence.ru, /^Половина звонящих звонит в течение /);
  const load = await get(`${base}/own/pools/all`);
  assert.deepEqual(load.callers.sentence, told.callers.sentence);
  assert.equal(load.callers.basis, "learnt", "the recommendation is made by it");
  assert.equal(told.table.visits, 45);

  const calls = (answer) => answer.table.classes.map(({ calls }) => calls);
  await worker.restart();
  assert.deepEqual(calls(await get(delays("own"))), calls(told));
  assert.deepEqual(await get(`${base}/own/check`), { ok: true, faults: [] });
});

test("a table begins another site, is told from what that site learns, and is taken back", async () => {
  await worker.seed(siteConfig({ site: "other", pools: [pool(120, { shards: 2 })] }));
  const imported = await table("other", 400);
  const before = await get(`${base}/other/audit`);
  const put = await worker.admin("PUT", delays("other"), imported);
  assert.equal(put.status, 200);
  assert.equal(put.body.callers.basis, "imported");
  assert.equal(put.body.callers.own_calls, 0);
  assert.match(put.body.callers.sentence.en, /^By the imported table, half of the callers call within [45] min /);
  assert.ok(put.body.imported_at > 0);
  assert.deepEqual(put.body.table.classes, imported.classes, "of two shards it counts once");
  const { rows } = await get(`${base}/other/audit`);
  assert.equal(rows.length, before.rows.length + 1);
  assert.deepEqual([rows[0].action, rows[0].subject], ["delays.write", "pool/main"]);
  assert.match(rows[0].after_hash, /^[0-9a-f]{64}$/);
  assert.equal(rows[0].before_hash, "");

  // The site's own calls come on top, and win as soon as they are enough.
  await callers("other", 45);
  const told = await get(delays("other"));
  assert.equal(told.callers.basis, "learnt");
  const sum = (answer) => answer.table.classes.flatMap(({ calls }) => calls).reduce((a, b) => a + b, 0);
  assert.ok(sum(told) > 440 && sum(told) < 446, sum(told));

  await worker.restart();
  assert.equal(sum(await get(delays("other"))), sum(told));
  const exported = await (await worker.fetch(`${base}/other/export`, { headers: { authorization: `Bearer ${worker.token}` } })).text();
  assert.match(exported, /"table":"delay_table"/);

  const none = await worker.admin("PUT", delays("other"), { ...imported, visits: 0, classes: [] });
  assert.equal(none.body.imported_at, undefined);
  assert.ok(sum(none.body) < 46);
  assert.deepEqual(await get(`${base}/other/check`), { ok: true, faults: [] });
});

test("a whole site that is exported and put back has learnt the same, and was told the same", async () => {
  await worker.seed(siteConfig({ site: "whole", pools: [pool(120, { shards: 2 })] }));
  assert.equal((await worker.admin("PUT", delays("whole"), await table("whole", 400))).status, 200);
  await callers("whole", 45);
  const told = await get(delays("whole"));
  assert.deepEqual([told.callers.basis, told.callers.own_calls > 40], ["learnt", true]);
  const exported = async (of) => {
    const answer = await of.fetch(`${base}/whole/export`, { headers: { authorization: `Bearer ${of.token}` } });
    return answer.text();
  };
  const whole = await exported(worker);
  const other = await startWorker();
  try {
    const headers = { authorization: `Bearer ${other.token}`, "content-type": "application/x-ndjson" };
    const answer = await other.fetch(`${base}/whole/import`, { method: "POST", headers, body: whole });
    assert.equal(answer.status, 201);
    assert.equal(await exported(other), whole);
    // Time goes on, and with it the seconds in which nobody called.
    const seconds = ({ table }) => table.classes.flatMap((of) => of.seconds).reduce((a, b) => a + b, 0);
    const still = ({ callers: { basis, own_calls }, imported_at, table }) => [basis, own_calls, imported_at, table.visits, table.classes.map(({ calls }) => calls)];
    const restored = await get(delays("whole"), other);
    assert.deepEqual(still(restored), still(told));
    assert.ok(seconds(restored) >= seconds(told), `${seconds(restored)} of ${seconds(told)}`);
    assert.deepEqual(await get(`${base}/whole/check`, other), { ok: true, faults: [] });
    // It is the pools' own: taken back, what the site learnt stays.
    const none = await other.admin("PUT", delays("whole"), { ...told.table, visits: 0, classes: [] });
    assert.deepEqual([none.body.imported_at, none.body.callers.own_calls], [undefined, told.callers.own_calls]);
  } finally {
    other.dispose();
  }
});

test("of a table that is none every fault is named, in the reader's language, and nothing is taken", async () => {
  await worker.seed(siteConfig({ site: "faulty" }));
  const good = await table("faulty", 5);
  const [one] = good.classes;
  const bad = { ...good, v: 2, visits: "x", extra: 1, bin_starts_ms: [0], classes: [{ ...one, device: "fridge", calls: [1] }, 7] };
  const { status, body } = await worker.admin("PUT", delays("faulty"), bad);
  assert.equal(status, 422);
  const at = body.faults.map(({ pointer }) => pointer).sort();
  assert.deepEqual(at, ["/bin_starts_ms", "/classes/0/calls", "/classes/0/device", "/classes/1", "/extra", "/v", "/visits"]);
  const russian = await worker.admin("PUT", delays("faulty"), bad, { "accept-language": "ru" });
  assert.match(russian.body.faults.find(({ pointer }) => pointer === "/classes/1").detail, /Нужен объект/);
  assert.equal((await get(delays("faulty"))).imported_at, undefined);
});

test("from a terminal: told, kept in a file, put elsewhere", async () => {
  await worker.seed(siteConfig({ site: "from" }));
  await worker.seed(siteConfig({ site: "into" }));
  await worker.admin("PUT", delays("from"), await table("from", 400));
  const { ok, json, run, read, write, dispose } = terminal(worker, { RINGLET_SITE: "from" });
  try {
    assert.match(await ok(["delays", "all"]), /By the imported table, half of the callers call within/);
    await ok(["delays", "all", "-o", "callers.json"]);
    const kept = JSON.parse(read("callers.json"));
    assert.equal(kept.classes.length, 1);
    const put = await json(["--site", "into", "delays", "all", "--put", "callers.json"]);
    assert.deepEqual(put.table, kept);
    const refused = await run(["delays", "all", "--put", write("wrong.json", { v: 1 })]);
    assert.equal(refused.code, 6);
    assert.match(refused.stderr, /\/classes /);
  } finally {
    dispose();
  }
});

test("who opens the page of contacts is known to want to get in touch", async () => {
  await worker.seed(siteConfig({ site: "contacts", pools: [pool(8)] }));
  const options = { site: "contacts" };
  const opens = (path, more = {}) => visit(worker, { url: `${ORIGIN}${path}`, options, ...more });
  const reasons = async (given) => {
    // Everybody from his own telephone: a caller who is known would be the one who called before.
    const { number } = given.numbers[0];
    const event = callStart(number, { caller: `7900${number.slice(-7)}` });
    assert.equal((await report(worker, event, options)).status, 200);
    const { calls } = await get(`${base}/contacts/calls`);
    const call = calls.find(({ provider_call_id: id }) => id === event.provider_call_id);
    assert.equal(call.attribution.visit, given.visit);
    return call.attribution.candidates[0].reasons.map(({ code }) => code);
  };
  const landed = await opens("/contacts/");
  const walked = await opens("/");
  await opens("/%D0%BA%D0%BE%D0%BD%D1%82%D0%B0%D0%BA%D1%82%D1%8B", { who: walked });
  const routed = await opens("/");
  await beat(worker, routed, "page", { url: `${ORIGIN}/#/kontakty` }, options);
  const other = await opens("/contact-lenses/");
  for (const given of [landed, walked, routed]) assert.ok((await reasons(given)).includes("intent"));
  assert.ok(!(await reasons(other)).includes("intent"));
  const counted = (await get(delays("contacts"))).table.classes;
  const calls = (intent) => counted.filter((one) => one.intent === intent).flatMap((one) => one.calls);
  const sum = (cells) => Math.round(cells.reduce((a, b) => a + b, 0));
  assert.deepEqual([sum(calls(true)), sum(calls(false))], [3, 1]);
});
