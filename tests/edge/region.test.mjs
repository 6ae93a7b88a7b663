// Regions as evidence: of visitors by the network, of callers by their area code.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { beat, callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const MOSCOW = "country=RU;region=Moscow;region_code=MOW";
const PETERSBURG = "country=RU;region=St.-Petersburg;region_code=SPE";
const from = (site, geo) => ({ site, headers: { "x-ringlet-geo": geo } });

/** A visitor from `geo` who came and left. */
async function passed(site, geo) {
  const given = await visit(worker, { options: from(site, geo) });
  await beat(worker, given, "leave", {}, { site });
  return given;
}

async function called(site, number, caller) {
  const event = callStart(number, { caller });
  assert.equal((await report(worker, event, { site })).status, 200);
  const { calls } = (await worker.admin("GET", `/api/v1/sites/${site}/calls`)).body;
  return calls.find((call) => call.provider_call_id === event.provider_call_id);
}

const words = (candidate) => candidate.reasons.map((reason) => reason.code);

test("of two visitors who saw one number the caller's area code tells which he is", async () => {
  for (const callers of ["plain", "hashed"]) {
    const site = `area-${callers}`;
    const pools = [{ id: "main", numbers: numbers(1, callers === "plain" ? 700 : 701) }];
    await worker.seed(siteConfig({ site, pools, retention: { callers } }));
    const [first, second] = [await passed(site, MOSCOW), await passed(site, PETERSBURG)];
    const { number } = first.numbers[0];
    assert.equal(second.numbers[0].number, number);
    const ofFirst = await called(site, number, "74957001122");
    assert.equal(ofFirst.attribution.visit, first.visit);
    assert.ok(words(ofFirst.attribution.candidates[0]).includes("same_region"));
    assert.ok(words(ofFirst.attribution.candidates[1]).includes("other_region"));
    const ofSecond = await called(site, number, "78127001122");
    assert.equal(ofSecond.attribution.visit, second.visit);
  }
});

test("a mobile number has no region; a site may leave regions out of account", async () => {
  const pools = [{ id: "main", numbers: numbers(1, 705) }];
  await worker.seed(siteConfig({ site: "mobile", pools }));
  const given = await passed("mobile", MOSCOW);
  const call = await called("mobile", given.numbers[0].number, "79161112233");
  assert.deepEqual(words(call.attribution.candidates[0]).filter((word) => word.endsWith("_region")), []);
  const ignoring = [{ id: "main", numbers: numbers(1, 706) }];
  const attribution = { ignore_regions: true };
  await worker.seed(siteConfig({ site: "ignoring", pools: ignoring, attribution }));
  const other = await passed("ignoring", MOSCOW);
  const landline = await called("ignoring", other.numbers[0].number, "74957001122");
  assert.deepEqual(words(landline.attribution.candidates[0]).filter((word) => word.endsWith("_region")), []);
});

test("an answer less sure than the owner wants is none", async () => {
  const pools = [{ id: "main", numbers: numbers(1, 707) }];
  const attribution = { abstain_below_percent: 99 };
  await worker.seed(siteConfig({ site: "careful", pools, attribution }));
  const given = await passed("careful", MOSCOW);
  await passed("careful", MOSCOW);
  const call = await called("careful", given.numbers[0].number, "79161112233");
  assert.equal(call.attribution.kind, "unattributed");
  assert.equal(call.attribution.reason, "not_sure");
  assert.equal(call.attribution.candidates.length, 2);
});

test("a coloured pool lends a number last seen in another region, and says why", async () => {
  const pools = [{ id: "main", numbers: numbers(3, 710), region_colouring: "on" }];
  await worker.seed(siteConfig({ site: "coloured", pools }));
  const seen = [];
  for (const geo of [MOSCOW, PETERSBURG, MOSCOW]) {
    seen.push(await visit(worker, { options: from("coloured", geo) }));
  }
  for (const given of seen) await beat(worker, given, "leave", {}, { site: "coloured" });
  const fourth = await visit(worker, { options: from("coloured", MOSCOW) });
  assert.equal(fourth.numbers[0].number, seen[1].numbers[0].number);
  const live = (await worker.admin("GET", "/api/v1/sites/coloured/live")).body;
  const granted = live.pools[0].events.find((event) => event.kind === "granted");
  assert.equal(granted.why, "other_region");
});
