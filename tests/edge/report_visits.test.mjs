// Every visit is in a report, also those whose pages ask no pool; coverage is shown of visits.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, numbers, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const DIMENSIONS = ["source", "campaign", "keyword", "landing", "region", "number", "hour"];
const [EVERYBODY] = siteConfig().scenarios;
/** A scenario that shows the visitors of `source` a number of its own. */
const ofSource = (source, number) => ({
  id: source,
  name: source,
  enabled: true,
  kind: "static",
  bindings: [{ number, source }],
  priority: 2,
  targets: [{ class: "phone" }],
});

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const get = async (site, rest) => (await worker.admin("GET", `/api/v1/sites/${site}/${rest}`)).body;

/** The figures of today once `count` visits are counted; every dimension tells the same, row by row. */
async function counted(site, count) {
  await until(async () => ((await get(site, "reports/source")).total.now.visits ?? 0) >= count);
  let first;
  for (const dimension of DIMENSIONS) {
    const { rows, total } = await get(site, `reports/${dimension}`);
    const { now } = total;
    first ??= now;
    assert.deepEqual(now, first, dimension);
    assert.equal(now.coverage, now.shown / now.visits, dimension);
    for (const figure of ["visits", "visitors", "visitors_shown", "shown", "calls"]) {
      const sum = rows.reduce((all, row) => all + (row.now[figure] ?? 0), 0);
      assert.equal(sum, now[figure], `${dimension} ${figure}`);
    }
  }
  return first;
}

test("a site with static numbers only: every visit counts once, further pages do not", async () => {
  const site = "statics";
  await worker.seed(siteConfig({ site, pools: [], scenarios: [ofSource("yandex", "74950000501"), ofSource("leaflet", "74950000502")] }));
  assert.equal((await get(site, "reports/source")).total.now.visits, undefined, "nobody was here");
  assert.deepEqual(await get(site, "check"), { ok: true, faults: [] });
  const options = { site };
  const targets = ["yandex", "leaflet"];
  for (const source of ["yandex", "yandex", "leaflet", "radio"]) {
    const first = await visit(worker, { options, targets, url: `${ORIGIN}/?roistat=${source}` });
    assert.ok(first.numbers.every(({ kind }) => kind !== "leased"));
    await visit(worker, { options, targets, who: first, url: `${ORIGIN}/cart` });
  }
  // An answer that was lost: the page asks again with the same key.
  const lost = { options, targets, url: `${ORIGIN}/?roistat=leaflet`, key: "0123456789abcdef0123456789abcdef" };
  assert.equal((await visit(worker, lost)).visit, (await visit(worker, lost)).visit);
  // One of them comes again, by another advertisement.
  const again = await visit(worker, { options, targets, url: `${ORIGIN}/?roistat=yandex` });
  await visit(worker, { options, targets, who: again, url: `${ORIGIN}/?roistat=radio` });
  const now = await counted(site, 7);
  assert.deepEqual([now.visits, now.visitors, now.shown, now.visitors_shown], [7, 6, 5, 5]);
  const bySource = Object.fromEntries((await get(site, "reports/number")).rows.map((row) => [row.key, row.now.visits]));
  assert.deepEqual(bySource, { 74950000501: 3, 74950000502: 2, "(none)": 2 });
  await worker.crashAndRestart();
  assert.deepEqual(await counted(site, 7), now);
  assert.deepEqual(await get(site, "check"), { ok: true, faults: [] });
});

test("visits outside every scenario, and such as come to a number on a later page", async () => {
  const site = "mixed";
  const pools = [{ id: "main", numbers: numbers(2, 510), hold_ms: 150000, idle_release_ms: 60000 }];
  const conditions = [{ dimension: "utm_source", operator: "equals", values: ["vk"] }];
  const shop = { ...EVERYBODY, id: "shop", conditions: [] };
  await worker.seed(siteConfig({ site, pools, scenarios: [{ ...EVERYBODY, conditions }, shop, ofSource("leaflet", "74950000520")] }));
  const options = { site };
  // By no condition, by a static number, and by a lease at once.
  await visit(worker, { options, targets: ["all"], url: `${ORIGIN}/?utm_source=radio` });
  await visit(worker, { options, targets: ["leaflet"], url: `${ORIGIN}/?roistat=leaflet` });
  const leased = await visit(worker, { options, targets: ["all"], url: `${ORIGIN}/?utm_source=vk` });
  await beat(worker, leased, "keep", {}, options);
  // Its first page has nothing of the shop's, the second has.
  const late = await visit(worker, { options, targets: ["all"], url: `${ORIGIN}/?utm_source=mail` });
  assert.deepEqual(late.numbers, []);
  const cart = await visit(worker, { options, targets: ["shop"], who: late, url: `${ORIGIN}/cart` });
  assert.equal(cart.numbers[0].kind, "leased");
  const now = await counted(site, 4);
  assert.deepEqual([now.visits, now.shown, now.coverage], [4, 3, 0.75]);
  const { rows } = await get(site, "reports/source");
  const shown = Object.fromEntries(rows.map((row) => [row.key.split(": ").at(-1), row.now.shown]));
  assert.deepEqual(shown, { radio: 0, leaflet: 1, vk: 1, mail: 1 });

  // They leave with the site's export and come back with it; a deleted site has none.
  const authorization = `Bearer ${worker.token}`;
  const exported = await (await worker.fetch(`/api/v1/sites/${site}/export`, { headers: { authorization } })).text();
  const other = await startWorker();
  try {
    const body = exported;
    const put = await other.fetch(`/api/v1/sites/${site}/import`, { method: "POST", headers: { authorization, "content-type": "application/x-ndjson" }, body });
    assert.equal(put.status, 201);
    const { total } = (await other.admin("GET", `/api/v1/sites/${site}/reports/source`)).body;
    assert.deepEqual(total.now, now);
    const again = await (await other.fetch(`/api/v1/sites/${site}/export`, { headers: { authorization } })).text();
    const kept = (text) => text.split("\n").filter((line) => line.includes('"table":"visit"'));
    assert.equal(kept(exported).length, 3);
    assert.deepEqual(kept(again), kept(exported));
  } finally {
    other.dispose();
  }
  assert.equal((await worker.admin("DELETE", `/api/v1/sites/${site}`)).status < 300, true);
  await worker.seed(siteConfig({ site, pools, scenarios: [EVERYBODY] }));
  assert.equal((await get(site, "reports/source")).total.now.visits, undefined);
});

test("robots and further pages write no visit", async () => {
  const production = await startWorker({ dev: false });
  try {
    const site = "robots";
    await production.seed(siteConfig({ site, pools: [], scenarios: [ofSource("yandex", "74950000501")] }));
    const robot = { site, headers: { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" } };
    const page = { targets: ["yandex"], url: `${ORIGIN}/?roistat=yandex` };
    await visit(production, { ...page, options: robot });
    await visit(production, { ...page, webdriver: true, options: { site } });
    const person = await visit(production, { ...page, options: { site } });
    await visit(production, { ...page, url: `${ORIGIN}/cart`, who: person, options: { site } });
    const visits = async () => (await production.admin("GET", `/api/v1/sites/${site}/reports/source`)).body.total.now.visits;
    assert.equal(await until(visits), 1);
    const authorization = `Bearer ${production.token}`;
    const exported = await (await production.fetch(`/api/v1/sites/${site}/export`, { headers: { authorization } })).text();
    const rows = exported.split("\n").filter((line) => line.includes('"table":"visit"'));
    assert.equal(rows.length, 1, "one row a visit, and none of robots and further pages");
  } finally {
    production.dispose();
  }
});

test("more visits than a pool tells of at once are all counted", async () => {
  const site = "many";
  const pools = [{ id: "main", numbers: numbers(3, 530), hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ site, pools, scenarios: [{ ...EVERYBODY, id: "lent" }, ofSource("leaflet", "74950000540")] }));
  const options = { site };
  let left = 4_200;
  const arrive = async () => {
    while (left > 0) {
      left -= 1;
      const page = left % 2 ? { targets: ["lent"], url: `${ORIGIN}/?utm_source=vk` } : { targets: ["leaflet"], url: `${ORIGIN}/?roistat=leaflet` };
      await visit(worker, { options, ...page });
    }
  };
  await Promise.all(Array.from({ length: 24 }, arrive));
  const now = await counted(site, 4_200);
  assert.equal(now.visits, 4_200);
  assert.equal(now.visitors, 4_200);
  assert.ok(now.shown >= 2_100 + 3 && now.shown <= 4_200, `${now.shown}`);
});
