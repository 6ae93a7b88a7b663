// Ids that other systems gave a visitor after his page had asked for a number: kept with the visit,
// once, and wherever the visit is read.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { entryOf, startReceiver } from "../support/receiver.mjs";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
let receiver;
before(async () => {
  worker = await startWorker();
  receiver = await startReceiver();
});
after(() => {
  worker.dispose();
  receiver.close();
});

const page = { analytics: ["google", "metrica", "uis"] };
const path = (site, rest) => `/api/v1/sites/${site}/${rest}`;
const contextOf = async (site, number) =>
  (await worker.admin("GET", path(site, `leases?number=${number}&at=${Date.now()}`))).body.leases[0].context;
const exported = async (of, site) =>
  (await of.fetch(path(site, "export"), { headers: { authorization: `Bearer ${of.token}` } })).text();

test("late ids are the visit's in the call log and at receivers, and none of the first ones changes", async () => {
  await worker.seed(siteConfig({ site: "late", page, receivers: [entryOf("crm", receiver)] }));
  const options = { site: "late" };
  const cookies = { _ym_uid: "1700000003" };
  const given = await visit(worker, { options, cookies, url: `${ORIGIN}/?roistat=vk4_post` });
  const [{ number }] = given.numbers;
  assert.deepEqual((await contextOf("late", number)).ids, { ym_client_id: "1700000003" });

  const ids = { ga_client_id: "12.34", ym_client_id: "999", calltouch_session_id: "<script>", user: "x" };
  const uis = { _comagic_idAb: "11.22.33", secret: "1" };
  const answer = await beat(worker, given, "ids", { ids, cookies: uis, memory: given.memory }, options);
  assert.deepEqual(answer.numbers, []);
  const wanted = {
    ga_client_id: "12.34",
    uis_session_id: "22",
    uis_visitor_id: "11",
    ym_client_id: "1700000003",
  };
  assert.deepEqual((await contextOf("late", number)).ids, wanted);
  await report(worker, callStart(number), options);
  const { calls } = (await worker.admin("GET", path("late", "calls"))).body;
  assert.deepEqual(calls[0].ids, wanted);
  await until(() => receiver.taken.length > 0);
  assert.deepEqual(receiver.taken[0].body.call.ids, wanted);

  // Once a visit: what comes later is not written.
  const rows = (text) => text.split("\n").filter((line) => line.includes('"table":"late_ids"')).length;
  await beat(worker, given, "ids", { ids: { ga_client_id: "56.78", ga_session_id: "9" } }, options);
  assert.deepEqual((await contextOf("late", number)).ids, wanted);
  const text = await exported(worker, "late");
  assert.equal(rows(text), 1);
  await worker.crashAndRestart();
  assert.deepEqual((await contextOf("late", number)).ids, wanted);

  // The next page of the visit and its numbers have them by what the page remembers.
  const memory = JSON.parse(answer.memory);
  assert.deepEqual(memory.visit.ids, wanted);
  const other = await startWorker();
  try {
    const headers = { authorization: `Bearer ${other.token}`, "content-type": "application/x-ndjson" };
    const put = await other.fetch(path("late", "import"), { method: "POST", headers, body: text });
    assert.equal(put.status, 201);
    assert.equal(await exported(other, "late"), text, "restored byte for byte");
  } finally {
    other.dispose();
  }
});

test("a further pool of the visit learns them from what the page remembers", async () => {
  const pool = (id, first) => ({ id, numbers: numbers(3, first), hold_ms: 150000, idle_release_ms: 60000 });
  const scenario = siteConfig().scenarios[0];
  const scenarios = ["one", "two"].map((id) => ({ ...scenario, id, pool: id, targets: [{ class: id }] }));
  await worker.seed(siteConfig({ site: "pools", page, pools: [pool("one", 500), pool("two", 510)], scenarios }));
  const options = { site: "pools" };
  const first = await visit(worker, { options, targets: ["one"] });
  const more = { ids: { ga_client_id: "1.2" }, memory: first.memory };
  const { memory } = await beat(worker, first, "ids", more, options);
  const second = await visit(worker, { options, targets: ["two"], who: { ...first, memory }, ids: { user_id: "7" } });
  assert.equal(second.visit, first.visit);
  assert.deepEqual((await contextOf("pools", second.numbers[0].number)).ids, { ga_client_id: "1.2", user_id: "7" });
});

test("who does not know the lease writes nothing, and nothing is prolonged or lent", async () => {
  await worker.seed(siteConfig({ site: "forged", page }));
  const options = { site: "forged" };
  const given = await visit(worker, { options });
  const before = await exported(worker, "forged");
  const [own] = given.numbers;
  const ids = { ga_client_id: "1.2" };
  for (const wrong of [
    { lease: "2f9fhp7dxhpxz0s5775vgx9spr" },
    { generation: own.generation + 1 },
    { number: "74950000009" },
    { scenario: "none" },
    { number: "not a number" },
  ]) {
    await beat(worker, { ...given, numbers: [{ ...own, ...wrong }] }, "ids", { ids }, options);
  }
  // Nothing that is an id of a system the site names.
  await beat(worker, given, "ids", { cookies: { calltrk_uuid: "a-b-c", _ga: "x" } }, options);
  await beat(worker, given, "ids", { ids: { ga_client_id: "  " } }, options);
  assert.equal(await exported(worker, "forged"), before);
  assert.equal((await contextOf("forged", own.number)).ids, undefined);
});
