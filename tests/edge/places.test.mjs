// In which pools the numbers of a large configuration are: noted after it came into force, whatever comes between.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

/** More than are noted with the configuration. */
const NUMBERS = 3_000;
const base = "/api/v1/sites/shop";
const FAULTLESS = { ok: true, faults: [] };

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const all = numbers(NUMBERS);
const two = (first, second) => [
  { id: "main", numbers: first },
  { id: "other", numbers: second },
];

/** Puts a configuration in place of the one in force. */
async function put(pools) {
  const now = await worker.admin("GET", `${base}/config`);
  const headers = now.status === 200 ? { "if-match": now.headers.get("etag") } : {};
  const answer = await worker.admin("PUT", `${base}/config`, siteConfig({ pools }), headers);
  assert.ok([200, 201].includes(answer.status), JSON.stringify(answer.body));
}

/** What is stored of the places of numbers. */
async function stored(change = () => {}) {
  const seen = [];
  await worker.stop();
  await agedDatabase(worker.state, "number_place", (database) => {
    change(database);
    const open = database.prepare("SELECT number, pool FROM number_place WHERE until_ms IS NULL ORDER BY number").all();
    const duty = database.prepare("SELECT count(*) AS due FROM duty WHERE name = 'places'").get();
    seen.push({ open: open.map(({ number, pool }) => `${number} ${pool}`), due: duty.due });
  });
  await worker.start();
  return seen[0];
}
const placed = (pools) => pools.flatMap(({ id, numbers: of }) => of.map((number) => `${number} ${id}`)).sort();

test("every number is noted, those that left are closed, those that moved are where they went", async () => {
  for (const pools of [two(all.slice(0, 2_700), all.slice(2_700, 2_900)), two(all.slice(200, 2_600), all.slice(2_600))]) {
    await put(pools);
    assert.deepEqual(await stored(), { open: placed(pools), due: 0 });
    assert.deepEqual((await worker.admin("GET", `${base}/check`)).body, FAULTLESS);
  }
});

test("who asks while they are noted finds all of them", async () => {
  const pools = two(all.slice(0, 2_900), all.slice(2_900));
  let done = false;
  const change = put(pools).finally(() => {
    done = true;
  });
  const answered = new Set();
  while (!done) answered.add((await worker.admin("GET", `${base}/calls`)).status);
  await change;
  assert.deepEqual([...answered], [200]);
  assert.deepEqual((await worker.admin("GET", `${base}/check`)).body, FAULTLESS);
  const given = await visit(worker);
  const event = callStart(given.numbers[0].number);
  assert.equal((await report(worker, event)).status, 200);
  const { calls } = (await worker.admin("GET", `${base}/calls`)).body;
  assert.equal(calls.find((call) => call.provider_call_id === event.provider_call_id).attribution.visit, given.visit);
  assert.deepEqual(await stored(), { open: placed(pools), due: 0 });
});

test("a stop before all were noted loses none", async () => {
  const given = await visit(worker);
  const left = await stored((database) => {
    // As it is when the Worker is stopped after the configuration and before its numbers.
    database.exec("DELETE FROM number_place; INSERT INTO duty VALUES ('places', 9000000000000)");
  });
  assert.deepEqual(left, { open: [], due: 1 });
  const event = callStart(given.numbers[0].number, { caller: "79001110044" });
  assert.equal((await report(worker, event)).status, 200);
  const { calls } = (await worker.admin("GET", `${base}/calls`)).body;
  assert.equal(calls.find((call) => call.provider_call_id === event.provider_call_id).attribution.visit, given.visit);
  const { open, due } = await stored();
  assert.deepEqual([open.length, due], [NUMBERS, 0]);
  assert.deepEqual((await worker.admin("GET", `${base}/check`)).body, FAULTLESS);
});
