// A panic ends one request: nothing else fails, nothing half done is kept.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, numbers, send, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
const COUNT = 12;
before(async () => {
  worker = await startWorker();
  const pools = [{ id: "main", numbers: numbers(COUNT), hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ pools }));
});
after(() => worker.dispose());

const pageView = (headers) =>
  send(worker, "visit", { v: 1, url: `${ORIGIN}/`, referrer: "", targets: ["all"], consent: "granted" }, { headers });

async function inUse() {
  const { body } = await worker.admin("GET", "/api/v1/sites/shop/live");
  return body.pools[0].numbers.filter((number) => number.visitor).length;
}

for (const point of ["worker", "engine", "transaction"]) {
  test(`a panic in the ${point} answers its own request with a problem and undoes what it did`, async () => {
    const held = await visit(worker);
    const before = await inUse();

    const answer = await pageView({ "x-ringlet-panic": point });

    assert.ok(answer.status === 500 || answer.status === 503, `status ${answer.status}`);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.equal(await inUse(), before, "no number was lent");
    const again = await visit(worker, { who: held });
    assert.equal(again.numbers[0].lease, held.numbers[0].lease, "who was here before keeps his lease");
    await beat(worker, held, "active");
    const check = await worker.admin("GET", "/api/v1/sites/shop/check");
    assert.deepEqual(check.body, { ok: true, faults: [] });
  });
}

test("what others ask at the same time is answered or refused whole, and leases stay exclusive", async () => {
  const before = await inUse();
  const asked = Array.from({ length: 6 }, (_, index) =>
    index === 3 ? pageView({ "x-ringlet-panic": "transaction" }) : pageView({}),
  );
  const answers = await Promise.all(asked);
  const given = answers.filter((answer) => answer.status === 200).map((answer) => answer.body);
  assert.ok(answers.every(({ status }) => status === 200 || status === 500 || status === 503));
  assert.ok(answers[3].status >= 500);
  const leased = given.flatMap((body) => body.numbers).filter((number) => number.kind === "leased");
  assert.equal(new Set(leased.map((number) => number.number)).size, leased.length);
  assert.equal(await inUse(), before + leased.length, "just what was answered is lent");
});

test("each panic is in the log, with its place, and the site goes on lending", async () => {
  const shown = await visit(worker);
  assert.equal(shown.numbers[0].kind, "leased");
  for (const place of ["Worker", "Engine", "Transaction"]) {
    assert.ok(worker.log.includes(`asked to panic at ${place}`), place);
  }
});

test("without RINGLET_DEV the header means nothing", async () => {
  const strict = await startWorker({ dev: false });
  try {
    await strict.seed(siteConfig());
    const answer = await send(
      strict,
      "visit",
      { v: 1, url: `${ORIGIN}/`, referrer: "", targets: ["all"], consent: "granted" },
      { headers: { "x-ringlet-panic": "worker" } },
    );
    assert.equal(answer.status, 200);
  } finally {
    await strict.dispose();
  }
});
