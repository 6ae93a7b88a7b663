// The rule of a pool is configuration: what each of them does on the built Worker with two numbers,
// both before somebody's eyes, and with one whose visitor has left.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, numbers, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

let sites = 0;

/** A site whose pool of two numbers lends by `policy`; both are held by visitors who are active. */
async function held(policy, changes = {}) {
  const site = `rule-${(sites += 1)}`;
  const options = { options: { site } };
  const pools = [{ id: "main", numbers: numbers(2, 10 * sites), hold_ms: 150000, idle_release_ms: 60000, policy }];
  await worker.seed(siteConfig({ site, pools, ...changes }));
  const holders = [];
  for (const key of ["a", "b"]) {
    const holder = await visit(worker, options);
    assert.equal(holder.numbers[0].kind, "leased", key);
    await beat(worker, holder, "keep", {}, { site });
    holders.push(holder);
  }
  const next = async () => {
    const { numbers: [given] } = await visit(worker, options);
    const whose = holders.findIndex(({ numbers: [own] }) => own.number === given.number);
    return given.kind === "leased" ? ["first", "second"][whose] : given.kind;
  };
  const say = (holder, event) => beat(worker, holders[holder], event, {}, { site });
  return { site, next, say };
}

const passed = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What a newcomer gets while both are active; and where the first has left.
for (const [policy, full, left] of [
  ["ringlet", "reserve", "first"],
  ["ringlet_shared", "first|second", "first"],
  ["longest_idle", "reserve", "first"],
  ["reserve_on_exhaustion", "reserve", "reserve"],
  ["page_on_exhaustion", "page", "page"],
  ["take_oldest", "first", "first"],
  [{ demote_passive: { after_ms: 900000 } }, "reserve", "reserve"],
  [{ fixed_hold: { ms: 3600000 } }, "reserve", "reserve"],
  [{ tab_and_freeze: { ms: 150000 } }, "reserve", "reserve"],
  [{ idle_release_and_freeze: { idle_ms: 60000, freeze_ms: 240000 } }, "reserve", "reserve"],
  ["fixed_15", "reserve", "reserve"],
  ["zadarma", "reserve", "reserve"],
  ["roistat", "reserve", "reserve"],
  ["ringostat", "first", "first"],
  ["uis", "reserve", "reserve"],
  ["lptracker", "reserve", "first"],
  ["primegate", "reserve", "reserve"],
  ["invoca", "page", "page"],
]) {
  test(`${typeof policy === "string" ? policy : JSON.stringify(policy)}: all active, ${full}; one has left, ${left}`, async () => {
    assert.match(await (await held(policy)).next(), new RegExp(`^(${full})$`));
    const { next, say } = await held(policy);
    await say(0, "leave");
    assert.equal(await next(), left);
  });
}

test("the times of a rule are the owner's", async () => {
  const fixed = await held({ fixed_hold: { ms: 1500 } });
  const tab = await held({ tab_and_freeze: { ms: 1000 } });
  const idle = await held({ idle_release_and_freeze: { idle_ms: 1000, freeze_ms: 1000 } });
  const passive = await held({ demote_passive: { after_ms: 1000 } });
  await tab.say(0, "leave");
  for (const { say } of [idle, passive]) await say(0, "idle");
  await passed(2_100);
  // An active visitor keeps his number under all of them but the fixed time.
  assert.equal(await fixed.next(), "first");
  for (const { next } of [tab, idle, passive]) {
    assert.equal(await next(), "first");
    assert.equal(await next(), "reserve");
  }
  const { body } = await worker.admin("GET", `/api/v1/sites/${passive.site}/live`);
  const grounds = body.pools[0].events.filter(({ kind }) => kind === "granted").map(({ why }) => why);
  assert.equal(grounds[0], "demoted");
});

test("a pool divided among sources lends each its own numbers", async () => {
  const [one, two, three, rest] = numbers(4, 900);
  const records = [[one, "google"], [two, "direct1"], [three, "direct1_search"]].map(([number, source]) => ({ number, source }));
  const policies = [["pool_per_source", "by-need"], ["uis_by_source", "by-uis"]];
  for (const [policy, site] of policies) {
    const pools = [{ id: "main", numbers: [one, two, three, rest], policy }];
    await worker.seed(siteConfig({ site, pools, numbers: records }));
    const from = async (query) => {
      const given = await visit(worker, { url: `${ORIGIN}/${query}`, options: { site } });
      await beat(worker, given, "keep", {}, { site });
      return given.numbers[0].kind === "leased" ? given.numbers[0].number : given.numbers[0].kind;
    };
    // By the label's level, the most of it that has numbers; else by UTM; else those of nobody.
    assert.equal(await from("?roistat=direct1_search_55"), three);
    assert.equal(await from("?roistat=direct1_search_56"), "reserve", "others are another source's");
    assert.equal(await from("?roistat=direct1_context_1"), two);
    assert.equal(await from("?utm_source=Google"), one);
    assert.equal(await from("?utm_source=bing"), rest);
    assert.equal(await from(""), "reserve");
    await worker.admin("DELETE", `/api/v1/sites/${site}`);
  }
});
