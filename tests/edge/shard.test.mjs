// A pool divided among objects and joined again while visitors come, stay, leave and call: every
// call is its visit's, no number is ever with two visitors, and whoever has a number keeps it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, callStart, numbers, report, send, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const whole = { ok: true, faults: [] };
const poolOf = (count, first, shards, more = {}) => ({
  id: "main",
  numbers: numbers(count, first),
  hold_ms: 150000,
  idle_release_ms: 60000,
  shards,
  ...more,
});

/** Divides the pool of `site` anew; tried again while the last division is not settled. */
async function divide(site, pool) {
  const path = `/api/v1/sites/${site}/config`;
  await until(async () => {
    const etag = (await worker.admin("GET", path)).headers.get("etag");
    const answer = await worker.admin("PUT", path, siteConfig({ site, pools: [pool] }), { "if-match": etag });
    if (answer.status === 200) return true;
    assert.equal(answer.status, 409, JSON.stringify(answer.body));
    return false;
  });
}

/** What the page of `given` remembers, as the agent sends it. */
const remembered = (given) => ({
  leases: given.numbers.map(({ scenario, lease, generation, number }) => ({ scenario, lease, generation, number })),
});
const again = (given, site) => visit(worker, { who: given, ...remembered(given), options: { site } });
const check = async (site) => (await worker.admin("GET", `/api/v1/sites/${site}/check`)).body;

test("divided and joined under load: nothing is lost and nothing is with two", async () => {
  const site = "busy";
  await worker.seed(siteConfig({ site, pools: [poolOf(120, 1, 1)] }));
  const holders = new Map();
  const visitors = [];
  const called = [];
  let running = true;
  let shown = 0;
  const arrive = async (index) => {
    const given = await visit(worker, { url: `${ORIGIN}/?roistat=from_${index}`, options: { site } });
    shown += 1;
    const [number] = given.numbers;
    if (number.kind !== "leased") return;
    const other = holders.get(number.number);
    assert.ok(!other, `${number.number} is with two visitors`);
    holders.set(number.number, given);
    visitors.push(given);
  };
  const live = async (given) => {
    const [number] = given.numbers;
    const kept = await beat(worker, given, "keep", {}, { site });
    assert.deepEqual(kept.numbers.map((one) => [one.number, one.lease]), [[number.number, number.lease]], "he keeps his number");
    const seen = await again(given, site);
    assert.deepEqual([seen.numbers[0].number, seen.numbers[0].lease], [number.number, number.lease], "on his next page too");
  };
  const call = async (given) => {
    const event = callStart(given.numbers[0].number, { caller: `7900${String(called.length).padStart(7, "0")}` });
    called.push([event, given]);
    assert.equal((await report(worker, event, { site })).status, 200);
  };
  const pick = () => visitors[Math.floor(Math.random() * visitors.length)];
  const load = async (lane) => {
    for (let round = 0; running; round += 1) {
      if (visitors.length < 80) await arrive(`${lane}_${round}`);
      if (visitors.length) await live(pick());
      if (visitors.length && round % 5 === 0) await call(pick());
    }
  };
  const lanes = [0, 1, 2, 3].map(load);
  await until(() => visitors.length >= 30);
  for (const shards of [4, 2, 3, 1]) {
    await divide(site, poolOf(120, 1, shards));
    const before = shown + called.length;
    await until(() => shown + called.length > before + 4);
    assert.deepEqual(await check(site), whole, `${shards} shards`);
  }
  running = false;
  await Promise.all(lanes);
  assert.ok(visitors.length >= 30 && called.length >= 8, `${visitors.length} visitors, ${called.length} calls`);
  for (const given of visitors) await live(given);
  for (const [event, given] of called) {
    const calls = (await worker.admin("GET", `/api/v1/sites/${site}/calls?number=${event.dialed}&limit=200`)).body.calls;
    const one = calls.find(({ provider_call_id: id }) => id === event.provider_call_id);
    assert.equal(one.attribution.visit, given.visit, "every call is its visit's");
    assert.match(one.source, /^from_/, "with the source that was known when the number was lent");
  }
  const numbersLive = (await worker.admin("GET", `/api/v1/sites/${site}/live`)).body.pools[0].numbers;
  const listed = numbersLive.map(({ number }) => number);
  assert.equal(new Set(listed).size, 120);
  assert.equal(listed.length, 120);
});

test("who held a number when is told across divisions, and an export restores a divided pool", async () => {
  const site = "told";
  const pools = [poolOf(8, 200, 1)];
  await worker.seed(siteConfig({ site, pools }));
  const given = await visit(worker, { url: `${ORIGIN}/?roistat=early`, options: { site } });
  await divide(site, poolOf(8, 200, 3));
  const number = given.numbers[0].number;
  const { leases } = (await worker.admin("GET", `/api/v1/sites/${site}/leases?number=${number}`)).body;
  assert.deepEqual(leases.map((lease) => lease.visit), [given.visit]);
  assert.equal(leases[0].context.source, "early");
  const authorization = `Bearer ${worker.token}`;
  const base = `/api/v1/sites/${site}`;
  const text = await (await worker.fetch(`${base}/export`, { headers: { authorization } })).text();
  const other = await startWorker();
  try {
    const put = await other.fetch(`${base}/import`, { method: "POST", headers: { authorization, "content-type": "application/x-ndjson" }, body: text });
    assert.equal(put.status, 201);
    assert.equal(await (await other.fetch(`${base}/export`, { headers: { authorization } })).text(), text);
    const seen = await visit(other, { who: given, ...remembered(given), options: { site } });
    assert.equal(seen.numbers[0].lease, given.numbers[0].lease);
    assert.deepEqual((await other.admin("GET", `${base}/check`)).body, whole);
  } finally {
    other.dispose();
  }
});

test("a crash in the middle of a division loses nothing", async () => {
  const site = "crash";
  await worker.seed(siteConfig({ site, pools: [poolOf(40, 300, 1)] }));
  const given = [];
  for (let index = 0; index < 25; index += 1) given.push(await visit(worker, { options: { site } }));
  let division = 1;
  for (const delay of [0, 2, 5, 9, 14, 20, 30]) {
    division = division === 1 ? 4 : 1;
    const path = `/api/v1/sites/${site}/config`;
    const asked = (async () => {
      const etag = (await worker.admin("GET", path)).headers.get("etag");
      await worker.admin("PUT", path, siteConfig({ site, pools: [poolOf(40, 300, division)] }), { "if-match": etag });
    })().catch(() => {});
    // Wherever it is by then: before, in the middle or after.
    await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, delay * 3))]);
    await worker.crashAndRestart();
    await asked;
    await until(async () => JSON.stringify(await check(site)) === JSON.stringify(whole), 20_000);
    for (const one of given) {
      const seen = await again(one, site);
      assert.equal(seen.numbers[0].lease, one.numbers[0].lease, "whoever had a number has it");
    }
    const config = JSON.parse(JSON.stringify((await worker.admin("GET", path)).body));
    division = config.pools[0].shards;
  }
  const strangers = await Promise.all(Array.from({ length: 10 }, () => visit(worker, { options: { site } })));
  const all = [...given, ...strangers].map((one) => one.numbers[0]).filter(({ kind }) => kind === "leased");
  assert.equal(new Set(all.map(({ number }) => number)).size, all.length);
});

test("a request sent twice meets the same shard; a division under way refuses the next", async () => {
  const site = "twice";
  await worker.seed(siteConfig({ site, pools: [poolOf(32, 400, 4)] }));
  for (let index = 0; index < 6; index += 1) {
    const request = { v: 1, url: `${ORIGIN}/`, referrer: "", targets: ["all"], consent: "granted", key: `key-${index}` };
    const [one, two] = await Promise.all([0, 1].map(() => send(worker, "visit", request, { site })));
    assert.equal(one.body.numbers[0].lease, two.body.numbers[0].lease);
  }
  assert.deepEqual(await check(site), whole);
  // A pool whose numbers stand for combinations of parameters stays one.
  const scenario = { ...siteConfig().scenarios[0], kind: "params", params: ["utm_source"] };
  await worker.seed(siteConfig({ site: "params", pools: [poolOf(4, 500, 4)], scenarios: [scenario] }));
  const url = `${ORIGIN}/?utm_source=mail`;
  const first = await visit(worker, { url, options: { site: "params" } });
  const second = await visit(worker, { url, options: { site: "params" } });
  assert.equal(first.numbers[0].kind, "static");
  assert.equal(first.numbers[0].number, second.numbers[0].number);
});
