// Rates: floods are dammed, ordinary visitors never, and no page ever hears of a refusal.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { beat, callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const from = (address, site) => ({ site, headers: { "cf-connecting-ip": address } });
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

test("a network that floods a site is told what its pages show anyway", async () => {
  await worker.seed(siteConfig({ site: "flood" }));
  const options = from("203.0.113.9", "flood");
  const first = await visit(worker, { options });
  assert.equal(first.numbers[0].kind, "leased");
  const answers = [];
  for (let batch = 0; batch < 40; batch += 1) {
    answers.push(...(await Promise.all(Array.from({ length: 50 }, () => beat(worker, first, "keep", {}, options)))));
  }
  const told = answers.filter((answer) => answer.retry_after_ms > 0);
  assert.ok(told.length > 0, "the flood is dammed");
  assert.ok(told.every((answer) => answer.numbers.length === 0), "and nothing on the page changes");
  const flooded = await visit(worker, { options });
  assert.ok(["reserve", "leased"].includes(flooded.numbers[0].kind));
  assert.equal((await visit(worker, { options: from("198.51.100.1", "flood") })).numbers[0].kind, "leased");
});

test("a key that asks too much hears 429 with Retry-After; other keys do not", async () => {
  await worker.seed(siteConfig({ site: "keyed" }));
  const key = async (name) => (await worker.admin("POST", "/api/v1/sites/keyed/keys", { name, role: "viewer" })).body.token;
  const [busy, calm] = [await key("busy"), await key("calm")];
  const ask = (token) => worker.admin("GET", "/api/v1/sites/keyed", undefined, { authorization: `Bearer ${token}` });
  let refused;
  for (let batch = 0; batch < 60 && !refused; batch += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(busy)));
    refused = answers.find((answer) => answer.status === 429);
  }
  assert.equal(refused.body.code, "too_many_requests");
  assert.ok(Number(refused.headers.get("retry-after")) >= 1);
  assert.equal((await ask(calm)).status, 200);
  assert.equal((await worker.admin("GET", "/api/v1/sites/keyed")).status, 200);
});

test("guessed keys and unsigned webhooks are dammed; the exchange's own are not", async () => {
  await worker.seed(siteConfig({ site: "guess" }));
  const guess = (index) => worker.admin("GET", "/api/v1/sites/guess", undefined, { authorization: `Bearer guessed-key-${String(index).padStart(8, "0")}` });
  const statuses = new Set();
  for (let index = 0; index < 400; index += 1) statuses.add((await guess(index)).status);
  assert.deepEqual([...statuses], [401, 429]);
  const wrong = new Set();
  for (let index = 0; index < 100; index += 1) {
    wrong.add((await report(worker, callStart("74950000001"), { site: "guess", secret: "another" })).status);
  }
  assert.deepEqual([...wrong], [401, 429]);
  assert.equal((await report(worker, callStart("74950000001"), { site: "guess" })).status, 200);
});
