// Robots get the page's number and lease nothing; so does a browser that says it is driven.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  // Not a development run: there browsers driven by tests are served as people are.
  worker = await startWorker({ dev: false });
  await worker.seed(siteConfig());
});
after(() => worker.dispose());

test("robots lease nothing", async () => {
  const robot = { headers: { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" } };
  for (const request of [{ options: robot }, { webdriver: true }]) {
    const answer = await visit(worker, request);
    assert.deepEqual(answer.numbers.map(({ scenario, kind }) => [scenario, kind]), [["all", "page"]]);
    assert.equal(answer.visit, undefined);
  }
  const live = (await worker.admin("GET", "/api/v1/sites/shop/live")).body;
  assert.ok(live.pools[0].numbers.every(({ state }) => state === "free"));
  assert.deepEqual(live.pools[0].events, []);
});

test("outside development nobody chooses his place", async () => {
  const [scenario] = siteConfig().scenarios;
  const conditions = [{ dimension: "city", operator: "equals", values: ["Moscow"] }];
  await worker.seed(siteConfig({ site: "moscow", scenarios: [{ ...scenario, conditions }] }));
  const options = { site: "moscow", headers: { "x-ringlet-geo": "city=Moscow" } };
  assert.deepEqual((await visit(worker, { options })).numbers, []);
});
