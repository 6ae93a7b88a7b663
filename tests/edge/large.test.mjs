// A pool large enough for its snapshot to have several parts and its lists several pages.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, numbers, siteConfig, visit } from "../support/site.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

const NUMBERS = 900;
/** More than the rows after which a pool of that size is written down whole. */
const VISITS = 2_600;
const AT_ONCE = 40;
const base = "/api/v1/sites/shop";

let worker;
const known = [];

before(async () => {
  worker = await startWorker();
  // Everybody is lent a number, however many came before him.
  await worker.seed(siteConfig({ pools: [{ id: "main", numbers: numbers(NUMBERS), hold_ms: 150000, policy: "take_oldest" }] }));
  for (let done = 0; done < VISITS; done += AT_ONCE) {
    const views = Array.from({ length: AT_ONCE }, () => visit(worker, { url: `${ORIGIN}/?roistat=a_${done}` }));
    const given = await Promise.all(views);
    if (done >= VISITS - 10 * AT_ONCE) known.push(...given);
  }
});
after(() => worker.dispose());

/** Every item of a list, page by page, and the pages. */
async function pages(of, path, member, limit) {
  const all = [];
  let cursor = "";
  for (;;) {
    const { status, body } = await of.admin("GET", `${base}/${path}?limit=${limit}${cursor}`);
    assert.equal(status, 200);
    all.push(member(body));
    if (!body.next) return all;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
}
const inPool = (body) => body.pools[0].numbers;
const row = ({ number }) => number;

/** Parts of snapshots, and how many of them have their numbers packed. */
async function parts(state) {
  const found = [];
  await agedDatabase(state, "journal", (database) => {
    const query = `SELECT count(*) AS parts, count(numbers) AS packed, max(entry ->> '$.last') AS whole, max(length(entry)) AS longest,
                     sum(row >= (SELECT CAST(value AS INTEGER) FROM fact WHERE name = 'replay_from')) AS needed
                   FROM journal LEFT JOIN packed USING (row) WHERE kind = 'snapshot' AND entry ->> '$.part' > 0`;
    found.push({ ...database.prepare(query).get() });
  });
  // Small pools have none.
  return found.sort((one, other) => other.parts - one.parts)[0];
}

test("an object that was stopped wakes for everybody at once, with every lease", async () => {
  await worker.crashAndRestart();
  const again = await Promise.all(known.slice(0, 30).map((who) => visit(worker, { who })));
  for (const [place, given] of again.entries()) assert.equal(given.numbers[0].lease, known[place].numbers[0].lease);
  for (const who of known.slice(30, 40)) assert.equal((await beat(worker, who, "keep")).numbers[0].lease, who.numbers[0].lease);
  assert.deepEqual((await worker.admin("GET", `${base}/check`)).body, { ok: true, faults: [] });
});

test("the live view and the table of numbers come by pages, every number once", async () => {
  const wanted = numbers(NUMBERS);
  for (const limit of [1_000, 250, 300]) {
    const live = await pages(worker, "live", inPool, limit);
    assert.equal(live.length, Math.ceil(NUMBERS / limit));
    assert.deepEqual(live.flat().map(row), wanted);
    const table = await pages(worker, "numbers", (body) => body.numbers, limit);
    // The reserve number stands in the table and in no pool.
    assert.equal(table.length, Math.ceil((NUMBERS + 1) / limit));
    assert.deepEqual(table.flat().map(row), [...wanted, "74950009999"]);
  }
  const { body } = await worker.admin("GET", `${base}/live?limit=10`);
  assert.ok(body.pools[0].events.length > 0);
  assert.ok(body.pools[0].numbers.every(({ source, visitor }) => source && visitor));
  const counted = Object.values(body.pools[0].states).reduce((sum, count) => sum + count, 0);
  assert.equal(counted, NUMBERS, "states are those of all pages");
  const second = (await worker.admin("GET", `${base}/live?limit=10&cursor=${body.next}`)).body;
  assert.deepEqual(second.pools[0].events, [], "what happened is told once");
  for (const path of ["live", "numbers"]) {
    for (const query of ["limit=0", "limit=1001", "limit=x", "cursor=nonsense"]) {
      const answer = await worker.admin("GET", `${base}/${path}?${query}`);
      assert.deepEqual([answer.status, answer.body.code], [400, "bad_parameter"], `${path}?${query}`);
    }
  }
});

test("numbers of several pools come one pool after the other", async () => {
  const pools = [
    { id: "b", numbers: numbers(3, 5000) },
    { id: "a", numbers: numbers(3, 6000) },
    { id: "c", numbers: numbers(2, 4000) },
  ];
  const scenarios = pools.map(({ id }) => ({ ...siteConfig().scenarios[0], id: `of-${id}`, pool: id }));
  await worker.seed(siteConfig({ site: "several", pools, scenarios }));
  const seen = [];
  let cursor = "";
  for (let page = 0; page < 8; page += 1) {
    const { body } = await worker.admin("GET", `/api/v1/sites/several/live?limit=2${cursor}`);
    assert.deepEqual(body.pools.map(({ id }) => id), ["b", "a", "c"], "every page tells of every pool");
    assert.ok(body.pools.every(({ states }) => Object.values(states)[0] >= 2));
    seen.push(...body.pools.flatMap(inOne));
    if (!body.next) break;
    cursor = `&cursor=${body.next}`;
  }
  assert.deepEqual(seen, pools.flatMap((pool) => pool.numbers));
});
const inOne = ({ numbers: of }) => of.map(row);

test("a snapshot is kept packed, told as text, and packed again where it is put back", async () => {
  await worker.stop();
  const stored = await parts(worker.state);
  assert.ok(stored.parts > 1, `it has several parts: ${JSON.stringify(stored)}`);
  assert.equal(stored.packed, stored.parts);
  assert.equal(stored.whole, 1, "it was written to its end");
  assert.ok(stored.longest < 100_000, "the text of a part holds no number");
  await worker.start();
  const exported = async (from) => (await from.fetch(`${base}/export`, { headers: { authorization: `Bearer ${from.token}` } })).text();
  const whole = await exported(worker);
  const told = whole.split("\n").filter((line) => line.includes('"snapshot"') && line.includes("holders\\\":"));
  assert.ok(stored.needed > 0);
  assert.equal(told.length, stored.needed, "what an earlier one told is in no export");
  const other = await startWorker();
  try {
    const headers = { authorization: `Bearer ${other.token}`, "content-type": "application/x-ndjson" };
    assert.equal((await other.fetch(`${base}/import`, { method: "POST", headers, body: whole })).status, 201);
    assert.ok(told.at(-1).includes("last"));
    assert.ok((await exported(other)) === whole, "restored byte for byte");
    assert.deepEqual((await other.admin("GET", `${base}/check`)).body, { ok: true, faults: [] });
    const again = await visit(other, { who: known.at(-1) });
    assert.equal(again.numbers[0].lease, known.at(-1).numbers[0].lease);
    await other.stop();
    const restored = await parts(other.state);
    assert.deepEqual([restored.packed, restored.whole], [restored.parts, 1]);
  } finally {
    other.dispose();
  }
});
