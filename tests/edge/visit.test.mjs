// The whole way of a page view over HTTP.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, numbers, send, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
  await worker.seed(siteConfig());
});
after(() => worker.dispose());

const live = async (site = "shop") => (await worker.admin("GET", `/api/v1/sites/${site}/live`)).body;

test("a visitor gets a number of the pool and keeps it on his next page", async () => {
  const first = await visit(worker, { url: `${ORIGIN}/?roistat=direct1_search_55` });
  assert.equal(first.v, 1);
  const [given] = first.numbers;
  assert.equal(given.kind, "leased");
  assert.ok(numbers(4).includes(given.number));
  assert.equal(given.hold_ms, 150000);
  assert.equal(given.idle_ms, 60000);
  assert.ok(given.beat_ms > 0);
  assert.equal(first.marker, "direct1_search_55");
  assert.match(first.visitor, /^[0-7][0-9a-z]{25}$/);

  const second = await visit(worker, { who: first, url: `${ORIGIN}/contacts`, referrer: `${ORIGIN}/` });
  assert.equal(second.numbers[0].number, given.number);
  assert.equal(second.numbers[0].lease, given.lease);
  assert.equal(second.visit, first.visit);
  const row = (await live()).pools[0].numbers.find((number) => number.number === given.number);
  assert.equal(row.source, "direct1_search_55");
  assert.equal(row.visitor, first.visitor);
});

test("a page view sent twice is one", async () => {
  const key = "the-same-key-0123456789";
  const first = await visit(worker, { key });
  const again = await visit(worker, { key });
  assert.deepEqual(again.numbers, first.numbers);
  assert.equal(again.visit, first.visit);
  assert.equal(again.visitor, first.visitor);
});

test("a new advertisement begins a new visit with the same number", async () => {
  const site = siteConfig({ site: "again" });
  await worker.seed(site);
  const options = { site: "again" };
  const first = await visit(worker, { url: `${ORIGIN}/?utm_source=google`, options });
  const second = await visit(worker, { who: first, url: `${ORIGIN}/?utm_source=yandex`, options });
  assert.notEqual(second.visit, first.visit);
  assert.equal(second.visitor, first.visitor);
  assert.equal(second.numbers[0].number, first.numbers[0].number);
});

test("a full pool gives the reserve number, or the page's where there is none", async () => {
  const pools = [{ id: "main", numbers: numbers(2, 100), hold_ms: 150000, idle_release_ms: 60000 }];
  const [scenario] = siteConfig().scenarios;
  await worker.seed(siteConfig({ site: "full", pools, scenarios: [{ ...scenario, reserve_number: "74950009998" }] }));
  const options = { site: "full" };
  const held = [await visit(worker, { options }), await visit(worker, { options })];
  for (const holder of held) await beat(worker, holder, "keep", {}, options);
  const [reserve] = (await visit(worker, { options })).numbers;
  assert.equal(reserve.kind, "reserve");
  assert.equal(reserve.number, "74950009998");
  assert.equal(reserve.lease, undefined);

  const { reserve_number: _, ...without } = scenario;
  const numbersOf = [{ ...pools[0], numbers: numbers(1, 200) }];
  await worker.seed(siteConfig({ site: "fuller", pools: numbersOf, scenarios: [without] }));
  const other = { site: "fuller" };
  await beat(worker, await visit(worker, { options: other }), "keep", {}, other);
  const [page] = (await visit(worker, { options: other })).numbers;
  assert.equal(page.kind, "page");
  assert.equal(page.number, undefined);
});

test("an idle visitor's number goes to who needs it; he reclaims it when it is free again", async () => {
  const pools = [{ id: "main", numbers: numbers(1, 300), hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ site: "idle", pools }));
  const options = { site: "idle" };
  const first = await visit(worker, { options });
  await beat(worker, first, "keep", {}, options);
  assert.equal((await visit(worker, { options })).numbers[0].kind, "reserve");

  await beat(worker, first, "idle", {}, options);
  const kept = await beat(worker, first, "active", {}, options);
  assert.equal(kept.numbers[0].lease, first.numbers[0].lease, "coming back is free while nobody needed it");

  await beat(worker, first, "idle", {}, options);
  const second = await visit(worker, { options });
  assert.equal(second.numbers[0].number, first.numbers[0].number);
  assert.notEqual(second.numbers[0].lease, first.numbers[0].lease);
  await beat(worker, second, "keep", {}, options);
  const gone = await beat(worker, first, "active", {}, options);
  assert.equal(gone.numbers[0].kind, "reserve", "his number is another's now");

  await beat(worker, second, "leave", {}, options);
  const back = await beat(worker, first, "active", {}, options);
  assert.equal(back.numbers[0].kind, "leased");
  assert.equal(back.numbers[0].number, first.numbers[0].number);
  assert.equal(back.visit, first.visit);
});

test("a sign for a lease that is not the page's changes nothing", async () => {
  await worker.seed(siteConfig({ site: "fence" }));
  const options = { site: "fence" };
  const mine = await visit(worker, { options });
  const forged = structuredClone(mine);
  forged.numbers[0].lease = "00000000000000000000000000";
  const answer = await beat(worker, forged, "active", {}, options);
  assert.equal(answer.numbers[0].kind, "reserve", "no lease is given for a guessed one");
  const older = structuredClone(mine);
  older.numbers[0].generation = 77;
  await beat(worker, older, "leave", {}, options);
  const row = (await live("fence")).pools[0].numbers.find(({ number }) => number === mine.numbers[0].number);
  assert.notEqual(row.state, "held");
});

test("scenarios by condition, several pools in one answer, statics without a lease", async () => {
  const base = siteConfig().scenarios[0];
  const { reserve_number: _, ...dynamic } = base;
  await worker.seed(
    siteConfig({
      site: "many",
      pools: [
        { id: "a", numbers: numbers(2, 400), hold_ms: 150000, idle_release_ms: 60000 },
        { id: "b", numbers: numbers(2, 410), hold_ms: 150000, idle_release_ms: 60000 },
      ],
      scenarios: [
        { ...dynamic, id: "moscow", pool: "a", targets: [{ class: "a" }], conditions: [{ dimension: "city", operator: "equals", values: ["Moscow"] }] },
        { ...dynamic, id: "all", pool: "b", targets: [{ class: "b" }] },
        {
          id: "print",
          name: "Print",
          enabled: true,
          kind: "static",
          bindings: [{ number: "74950000420", source: "flyer" }],
          targets: [{ class: "c" }],
          conditions: [],
        },
      ],
    }),
  );
  const options = { site: "many", headers: { "x-ringlet-geo": "country=RU;region=Moscow;city=Moscow" } };
  const targets = ["moscow", "all", "print"];
  const url = `${ORIGIN}/?utm_source=flyer`;
  const inMoscow = await visit(worker, { options, targets, url });
  const byScenario = Object.fromEntries(inMoscow.numbers.map((number) => [number.scenario, number]));
  assert.equal(byScenario.moscow.kind, "leased");
  assert.ok(numbers(2, 400).includes(byScenario.moscow.number));
  assert.ok(numbers(2, 410).includes(byScenario.all.number));
  assert.equal(byScenario.print.kind, "static");
  assert.equal(byScenario.print.number, "74950000420");
  const elsewhere = await visit(worker, { options: { site: "many" }, targets });
  assert.deepEqual(elsewhere.numbers.map((number) => number.scenario), ["all"]);
});

test("twenty visitors at once get twenty different numbers", async () => {
  const pools = [{ id: "main", numbers: numbers(20, 500), hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ site: "crowd", pools }));
  const options = { site: "crowd" };
  const given = await Promise.all(Array.from({ length: 20 }, () => visit(worker, { options })));
  const shown = given.map((answer) => answer.numbers[0].number);
  assert.equal(new Set(shown).size, 20);
  assert.deepEqual((await worker.admin("GET", "/api/v1/sites/crowd/check")).body, { ok: true, faults: [] });
});

test("consent without storage gives no visitor id", async () => {
  const answer = await visit(worker, { consent: "cookieless" });
  assert.equal(answer.visitor, undefined);
  assert.ok(answer.visit);
});

test("a page of the site may read the answer, nobody else's", async () => {
  const { headers } = await send(worker, "visit", { v: 1, targets: ["all"] });
  assert.equal(headers.get("access-control-allow-origin"), ORIGIN);
  assert.match(headers.get("vary"), /origin/i);
  const preflight = await worker.fetch("/v1/sites/shop/visit", {
    method: "OPTIONS",
    headers: { origin: ORIGIN, "access-control-request-method": "POST" },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), ORIGIN);
  const stranger = await worker.fetch("/v1/sites/shop/visit", { method: "OPTIONS", headers: { origin: "https://evil.example" } });
  assert.equal(stranger.status, 403);
  assert.equal(stranger.headers.get("access-control-allow-origin"), null);
});

test("what a browser says never fails", async () => {
  const odd = [
    {},
    { url: "\u0000\uffff%%%", referrer: "::::", targets: ["", "all", "нет"], leases: [{}] },
    { v: 99, visit: "x", visitor: "y", memory: "{", marker: "%ff", device: "toaster", unknown: { deep: [1] } },
    { url: "x".repeat(7000), key: "k" },
    { memory: JSON.stringify({ at: -1, visit: 7 }) },
    { memory: JSON.stringify({ at: Date.now() + 1e12 }), visit: "zzzzzzzzzzzzzzzzzzzzzzzzzz" },
  ];
  for (const body of odd) {
    assert.equal((await send(worker, "visit", body)).status, 200, JSON.stringify(body).slice(0, 80));
  }
  for (const event of ["active", "idle", "tap", "leave", "page", "keep", "dance"]) {
    const leases = [{ scenario: "all", lease: "?", generation: 1e9, number: "x" }, { scenario: "ЖЖЖ" }, {}];
    assert.equal((await send(worker, "beat", { event, leases })).status, 200, event);
  }
  let seed = 12345;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
  const whole = JSON.stringify({ v: 1, url: `${ORIGIN}/?roistat=a_b`, targets: ["all"], key: "fuzz" });
  for (let round = 0; round < 60; round += 1) {
    const at = random() % whole.length;
    const text = whole.slice(0, at) + String.fromCharCode(random() % 128) + whole.slice(at + 1);
    const { status, headers } = await send(worker, "visit", text);
    assert.ok(status === 200 || status === 400, `${status} for ${text}`);
    if (status === 400) assert.equal(headers.get("content-type"), "application/problem+json");
  }
});
