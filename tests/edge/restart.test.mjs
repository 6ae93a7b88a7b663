// Crashes and restarts over the same state.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
  const pools = [{ id: "main", numbers: numbers(12), hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ pools }));
});
after(() => worker.dispose());

test("leases, configuration, calls and history survive a crash", async () => {
  const held = [];
  for (let index = 0; index < 6; index += 1) {
    const given = await visit(worker, { url: `${ORIGIN}/?roistat=source_${index}` });
    await beat(worker, given, "keep");
    held.push(given);
  }
  const event = callStart(held[0].numbers[0].number);
  await report(worker, event);
  const before = (await worker.admin("GET", "/api/v1/sites/shop/calls")).body;

  await worker.crashAndRestart();

  for (const given of held) {
    const again = await visit(worker, { who: given });
    assert.equal(again.numbers[0].lease, given.numbers[0].lease);
    assert.equal(again.numbers[0].generation, given.numbers[0].generation);
  }
  const strangers = await Promise.all(Array.from({ length: 6 }, () => visit(worker)));
  const shown = [...held, ...strangers].map((given) => given.numbers[0].number);
  assert.equal(new Set(shown).size, 12, "nobody was given a number that another holds");
  assert.deepEqual((await worker.admin("GET", "/api/v1/sites/shop/calls")).body, before);
  await report(worker, event);
  assert.deepEqual((await worker.admin("GET", "/api/v1/sites/shop/calls")).body, before);
  assert.deepEqual((await worker.admin("GET", "/api/v1/sites/shop/check")).body, { ok: true, faults: [] });
});

test("a crash in the middle of a crowd loses nothing that was answered and lends nothing twice", async () => {
  const pools = [{ id: "main", numbers: numbers(40, 1000), hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ site: "crowd", pools }));
  const options = { site: "crowd" };
  for (let round = 0; round < 3; round += 1) {
    const answered = [];
    const asking = Array.from({ length: 10 }, () => visit(worker, { options }).then((given) => answered.push(given), () => {}));
    await Promise.race(asking);
    await worker.stop("SIGKILL");
    await Promise.all(asking);
    await worker.start();
    assert.ok(answered.length > 0);
    for (const given of answered) {
      const [number] = given.numbers;
      const again = await visit(worker, { who: given, options });
      assert.equal(again.numbers[0].lease, number.lease, "what was answered is durable");
    }
    const check = await worker.admin("GET", "/api/v1/sites/crowd/check");
    assert.deepEqual(check.body, { ok: true, faults: [] });
  }
});
