// Rates: floods are dammed, ordinary visitors never, and no page ever hears of a refusal.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { beat, callStart, numbers, report, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const from = (address, site = "shop") => ({ site, headers: { "cf-connecting-ip": address } });
const kinds = (given) => given.map((one) => one.numbers[0].kind);

test("a robot farm gets its share of a pool, and everybody else gets numbers", async () => {
  const pools = [{ id: "main", numbers: numbers(20), hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ site: "robots", pools }));
  const farm = [];
  for (let robot = 0; robot < 40; robot += 1) {
    farm.push(await visit(worker, { options: from(`203.0.113.${robot}`, "robots") }));
  }
  const lent = farm.filter((one) => one.numbers[0].kind === "leased");
  assert.equal(lent.length, 11, "until more than half is in use");
  for (const one of farm.slice(11)) {
    assert.deepEqual([one.numbers[0].kind, one.numbers[0].number], ["reserve", "74950009999"]);
  }
  const people = [];
  for (let person = 0; person < 9; person += 1) {
    people.push(await visit(worker, { options: from(`198.51.${person}.7`, "robots") }));
  }
  assert.deepEqual(kinds(people), Array(9).fill("leased"));
  // Who has a number keeps it, whatever his neighbours do.
  const again = await visit(worker, { who: lent[0], options: from("203.0.113.0", "robots") });
  assert.equal(again.numbers[0].lease, lent[0].numbers[0].lease);
  const { pools: live } = (await worker.admin("GET", "/api/v1/sites/robots/live")).body;
  assert.equal(live[0].events.filter((event) => event.kind === "limited").length, 29);
  assert.deepEqual((await worker.admin("GET", "/api/v1/sites/robots/check")).body, { ok: true, faults: [] });
});

test("new visitors of one network come at a rate; those of others are not concerned", async () => {
  const pools = [{ id: "main", numbers: numbers(300, 1000), hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ site: "rate", pools }));
  const begun = Date.now();
  const one = [];
  for (let robot = 0; robot < 120; robot += 1) one.push(await visit(worker, { options: from("2001:db8:1:2ff::1", "rate") }));
  const lent = kinds(one).filter((kind) => kind === "leased").length;
  const seconds = (Date.now() - begun) / 1000;
  assert.ok(lent >= 60 && lent <= 61 + seconds, `${lent} in ${seconds} s`);
  assert.equal(kinds([await visit(worker, { options: from("2001:db8:1:300::1", "rate") })])[0], "leased");
});

test("ordinary visitors are never limited", async () => {
  const pools = [{ id: "main", numbers: numbers(60, 2000), hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ site: "calm", pools }));
  const given = [];
  for (let person = 0; person < 56; person += 1) {
    const options = from(`10.${person}.1.2`, "calm");
    const one = await visit(worker, { options });
    given.push(one, await visit(worker, { who: one, options }), await beat(worker, one, "keep", {}, options));
  }
  // Four of one office on the last free numbers, and visitors of no known address on none.
  for (let mate = 0; mate < 4; mate += 1) given.push(await visit(worker, { options: from(`192.0.2.${mate}`, "calm") }));
  assert.ok(kinds(given.filter((one) => one.numbers.length)).every((kind) => kind === "leased"));
});

// Where it is counted how much there is, nothing comes back: how fast the machine is changes nothing.
const still = { variables: { RINGLET_RATES_STILL: "1" } };

test("a network that floods a site is told what its pages show anyway", async () => {
  const flooded = await startWorker(still);
  try {
    await flooded.seed(siteConfig());
    const options = from("203.0.113.9");
    const first = await visit(flooded, { options });
    assert.equal(first.numbers[0].kind, "leased");
    const answers = [];
    for (let batch = 0; batch < 26; batch += 1) {
      answers.push(...(await Promise.all(Array.from({ length: 50 }, () => beat(flooded, first, "keep", {}, options)))));
    }
    const told = answers.filter((answer) => answer.retry_after_ms > 0);
    assert.equal(answers.length - told.length, 1199, "1,200 messages of a network, its visit among them");
    assert.ok(told.every((answer) => answer.numbers.length === 0), "nothing on the page changes");
    const again = await visit(flooded, { options });
    assert.equal(again.numbers[0].kind, "reserve", "and who comes from there is shown what there is without a lease");
    assert.equal((await visit(flooded, { options: from("198.51.100.1") })).numbers[0].kind, "leased");
  } finally {
    flooded.dispose();
  }
});

test("a network that was dammed is heard again after the time it was told", async () => {
  await worker.seed(siteConfig({ site: "flood" }));
  const options = from("203.0.113.9", "flood");
  const first = await visit(worker, { options });
  // Until the dam holds, or the machine is too slow to flood it: then nobody was refused wrongly.
  const begun = Date.now();
  let told;
  for (let batch = 0; batch < 60 && !told; batch += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => beat(worker, first, "keep", {}, options)));
    told = answers.find((answer) => answer.retry_after_ms > 0);
  }
  if (!told) assert.ok(Date.now() - begun > (3000 - 1200) * 20, "3,000 messages went through in too short a time");
  await until(async () => {
    const { retry_after_ms: wait } = await beat(worker, first, "keep", {}, options);
    return !wait;
  });
});

test("a key that asks too much hears 429 with Retry-After; other keys do not", async () => {
  const asked = await startWorker(still);
  try {
    await asked.seed(siteConfig());
    const key = async (name) => (await asked.admin("POST", "/api/v1/sites/shop/keys", { name, role: "viewer" })).body.token;
    const [busy, calm] = [await key("busy"), await key("calm")];
    const ask = (token) => asked.admin("GET", "/api/v1/sites/shop", undefined, { authorization: `Bearer ${token}` });
    const answers = [];
    for (let batch = 0; batch < 13; batch += 1) answers.push(...(await Promise.all(Array.from({ length: 50 }, () => ask(busy)))));
    const refused = answers.filter((answer) => answer.status === 429);
    assert.equal(answers.length - refused.length, 600);
    assert.equal(refused[0].body.code, "too_many_requests");
    assert.ok(Number(refused[0].headers.get("retry-after")) >= 1);
    assert.equal((await ask(calm)).status, 200);
    assert.equal((await asked.admin("GET", "/api/v1/sites/shop")).status, 200);
  } finally {
    asked.dispose();
  }
});

test("guessed keys and unsigned webhooks are dammed; the exchange's own are not", async () => {
  const asked = await startWorker(still);
  try {
    await asked.seed(siteConfig());
    const guess = (index) => asked.admin("GET", "/api/v1/sites/shop", undefined, { authorization: `Bearer guessed-key-${String(index).padStart(8, "0")}` });
    const statuses = [];
    for (let index = 0; index < 310; index += 1) statuses.push((await guess(index)).status);
    assert.deepEqual(statuses, [...Array(300).fill(401), ...Array(10).fill(429)]);
    const wrong = [];
    for (let index = 0; index < 70; index += 1) wrong.push((await report(asked, callStart("74950000001"), { secret: "another" })).status);
    assert.deepEqual(wrong, [...Array(60).fill(401), ...Array(10).fill(429)]);
    assert.equal((await report(asked, callStart("74950000001"))).status, 200);
  } finally {
    asked.dispose();
  }
});

test("what one site answers the deployer and takes of a provider has an end, each its own", async () => {
  const asked = await startWorker(still);
  try {
    await asked.seed(siteConfig());
    await asked.seed(siteConfig({ site: "other" }));
    const event = callStart("74950000001");
    assert.equal((await report(asked, event)).status, 200);
    const all = async (count, ask) => {
      const statuses = [];
      while (statuses.length < count) {
        statuses.push(...(await Promise.all(Array.from({ length: Math.min(100, count - statuses.length) }, ask))));
      }
      return statuses;
    };
    const of = (statuses, wanted) => statuses.filter((status) => status === wanted).length;
    // The same event again and again: it is counted each time and changes nothing.
    const events = await all(6010, async () => (await report(asked, event)).status);
    assert.deepEqual([of(events, 200), of(events, 429)], [5999, 11]);
    const refused = await report(asked, event);
    assert.equal(refused.headers.get("content-type"), "application/problem+json");
    assert.ok(Number(refused.headers.get("retry-after")) >= 1);
    assert.equal((await report(asked, event, { site: "other" })).status, 200);
    const headers = { authorization: `Bearer ${asked.token}` };
    const reads = await all(5010, async () => (await asked.fetch("/api/v1/sites/shop", { method: "HEAD", headers })).status);
    // What made the site came before there was one to count it.
    assert.deepEqual([of(reads, 200), of(reads, 429)], [5000, 10]);
    assert.equal((await asked.admin("GET", "/api/v1/sites/other")).status, 200);
    assert.equal((await visit(asked)).numbers[0].kind, "leased", "and pages go on");
  } finally {
    asked.dispose();
  }
});
