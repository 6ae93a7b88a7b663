// Scenarios on the real runtime: every dimension and operator a condition may have, how conditions
// combine, several numbers at once, static numbers, and numbers bound to parameters.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../support/paths.mjs";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const [{ reserve_number: _, ...dynamic }] = siteConfig().scenarios;
const openstat = Buffer.from("yandex;autumn;ad7;place1").toString("base64");
const geo = { headers: { "x-ringlet-geo": "country=RU;region=Moscow;city=Khimki" } };

/** Dimension, a value of it, and the visit that has the value. No other visit below has it. */
const DIMENSIONS = [
  ["label", "vk4_magazine_post1", { url: "?roistat=vk4_magazine_post1" }],
  ...[1, 2, 3, 4, 5, 6, 7].map((level) => [`label_level_${level}`, `lev${level}x`, { url: "?roistat=lev1x_lev2x_lev3x_lev4x_lev5x_lev6x_lev7x" }]),
  ...[1, 2, 3, 4, 5].map((at) => [`label_param_${at}`, `par${at}x`, { url: `?roistat=z&roistat_param${at}=par${at}x` }]),
  ...["source", "medium", "campaign", "term", "content"].map((name) => [`utm_${name}`, `utm${name}x`, { url: `?utm_${name}=utm${name}x` }]),
  ["openstat_service", "yandex", { url: `?_openstat=${openstat}` }],
  ["openstat_campaign", "autumn", { url: `?_openstat=${openstat}` }],
  ["openstat_ad", "ad7", { url: `?_openstat=${openstat}` }],
  ["openstat_source", "place1", { url: `?_openstat=${openstat}` }],
  ["click_id", "yclid", { url: "?yclid=17" }],
  ["channel", "social", { referrer: "https://vk.com/wall" }],
  ["source", "VK", { referrer: "https://vk.com/wall" }],
  ["referrer_domain", "forum.example", { referrer: "https://www.forum.example/thread/9" }],
  ["referrer", "https://www.forum.example/thread/9", { referrer: "https://www.forum.example/thread/9" }],
  ["search_engine", "Yandex", { referrer: "https://yandex.ru/search/?text=windows" }],
  ["search_phrase", "windows", { referrer: "https://yandex.ru/search/?text=windows" }],
  ["landing_page", `${ORIGIN}/sale`, { url: "/sale" }],
  ["country", "RU", { options: geo }],
  ["region", "Moscow", { options: geo }],
  ["city", "Khimki", { options: geo }],
  ["device", "mobile", { device: "mobile" }],
  ["visitor", "returning", { who: { visitor: "0273v8wpnvbgf0ywy6vh9q2k0t" } }],
];

/** The same value as each operator says it. */
const OPERATORS = {
  equals: (value) => value,
  contains: (value) => value.slice(1),
  wildcard: (value) => `*${value.slice(1)}`,
  regex: (value) => `^${value.replace(/[.?*+^$()[\]{}|\\/]/g, "\\$&")}$`,
};
/** Of these the values are few and known; a part of one is a fault of the configuration. */
const WORDS = ["channel", "click_id", "device", "visitor"];

const come = ({ url = "/", options = {}, ...more }, site, targets) =>
  visit(worker, { url: url.startsWith("?") ? `${ORIGIN}/${url}` : ORIGIN + url, targets, options: { site, ...options }, ...more });
const shown = (given) => given.numbers.map(({ scenario }) => scenario).sort();

test("every dimension there is stands in the table of this test", () => {
  const source = readFileSync(resolve(root, "core/src/condition/mod.rs"), "utf8");
  const rows = source.slice(source.indexOf("const DIMENSIONS"), source.indexOf("const VISITOR"));
  const names = [...rows.matchAll(/"(\w+)",/g)].map(([, name]) => name);
  assert.deepEqual(DIMENSIONS.map(([name]) => name).sort(), [...names, "visitor"].sort());
});

test("each dimension by each operator admits its visit, keeps others out, and excludes when negated", async () => {
  const scenario = (id, operator, negate, [dimension, value]) => ({
    ...dynamic, id, name: id, overflow: "page", targets: [{ class: id }],
    conditions: [{ dimension, operator, values: WORDS.includes(dimension) ? [value] : ["no such value", OPERATORS[operator](value)], negate }],
  });
  const operators = (name) => Object.keys(OPERATORS).filter((operator) => operator === "equals" || !WORDS.includes(name));
  const ins = (row) => operators(row[0]).map((operator) => [`${row[0]}-${operator}`, operator, false]);
  const scenarios = DIMENSIONS.flatMap((row) =>
    [...ins(row), [`${row[0]}-not`, "equals", true]].map(([id, operator, negate]) => scenario(id, operator, negate, row)),
  );
  await worker.seed(siteConfig({ site: "dims", pools: [{ id: "main", numbers: numbers(400, 1000), hold_ms: 150000 }], scenarios }));
  for (const row of DIMENSIONS) {
    const admitted = ins(row).map(([id]) => id).sort();
    const given = await come(row[2], "dims", [...admitted, `${row[0]}-not`]);
    assert.deepEqual(shown(given), admitted, row[0]);
  }
  const others = shown(await come({}, "dims", scenarios.map(({ id }) => id)));
  assert.deepEqual(others, DIMENSIONS.map(([name]) => `${name}-not`).sort(), "a visit that has none of the values");
});

test("a first visit and a returning one", async () => {
  const of = (id, value, negate) => ({
    ...dynamic, id, name: id, overflow: "page", targets: [{ class: id }],
    conditions: [{ dimension: "visitor", operator: "equals", values: [value], negate }],
  });
  const scenarios = [of("first", "first", false), of("returning", "returning", false), of("not-first", "first", true)];
  await worker.seed(siteConfig({ site: "firsts", pools: [{ id: "main", numbers: numbers(9, 6000), hold_ms: 150000 }], scenarios }));
  const targets = scenarios.map(({ id }) => id);
  const given = await come({}, "firsts", targets);
  assert.deepEqual(shown(given), ["first"]);
  const { visit: _visit, ...again } = given;
  assert.deepEqual(shown(await come({ who: again }, "firsts", targets)), ["not-first", "returning"]);
});

test("AND between dimensions, OR inside one", async () => {
  const conditions = [
    { dimension: "utm_source", operator: "equals", values: ["a", "b"] },
    { dimension: "landing_page", operator: "contains", values: ["/sale"] },
    { dimension: "city", operator: "equals", values: ["Khimki"], negate: true },
  ];
  await worker.seed(siteConfig({ site: "logic", scenarios: [{ ...dynamic, overflow: "page", conditions }] }));
  const got = async (how) => shown(await come(how, "logic", ["all"])).length;
  assert.equal(await got({ url: "/sale?utm_source=a" }), 1);
  assert.equal(await got({ url: "/sale?utm_source=b" }), 1);
  assert.equal(await got({ url: "/sale?utm_source=c" }), 0);
  assert.equal(await got({ url: "/?utm_source=a" }), 0);
  assert.equal(await got({ url: "/sale?utm_source=a", options: geo }), 0);
});

test("several numbers at once; of those that claim the same elements the greater priority wins", async () => {
  const of = (id, priority, target, more = {}) => ({ ...dynamic, id, name: id, pool: id, overflow: "page", priority, targets: [{ class: target }], ...more });
  const scenarios = [of("low", 1, "header"), of("high", 9, "header"), of("footer", 1, "footer"), of("off", 99, "header", { enabled: false })];
  const pools = scenarios.map(({ id }, at) => ({ id, numbers: numbers(3, 2000 + 10 * at), hold_ms: 150000 }));
  await worker.seed(siteConfig({ site: "several", pools, scenarios }));
  const given = await come({}, "several", ["low", "high", "footer", "off"]);
  assert.deepEqual(shown(given), ["footer", "high"]);
  assert.equal(new Set(given.numbers.map(({ number }) => number)).size, 2);
  assert.deepEqual(shown(await come({}, "several", ["footer"])), ["footer"], "only what the page has");
});

test("static: shown only when label, UTM or channel names the source", async () => {
  const bindings = [
    { number: "74950003001", source: "vk4_reklama" },
    { number: "74950003002", source: "yandex" },
    { number: "74950003003", source: "print", offline: true },
  ];
  const scenario = { id: "fixed", name: "Fixed", kind: "static", bindings, targets: [{ class: "phone" }] };
  await worker.seed(siteConfig({ site: "static", scenarios: [scenario] }));
  const number = async (how) => (await come(how, "static", ["fixed"])).numbers[0]?.number;
  assert.equal(await number({ url: "?roistat=vk4_reklama" }), "74950003001");
  assert.equal(await number({ url: "?utm_source=yandex" }), "74950003002");
  assert.equal(await number({}), undefined, "no label, no number");
  assert.equal(await number({ url: "?roistat=print" }), undefined, "what is printed only is on no page");
  await report(worker, callStart("74950003003"), { site: "static" });
  const [call] = (await worker.admin("GET", "/api/v1/sites/static/calls")).body.calls;
  assert.equal(call.attribution.kind, "static");
  assert.equal(call.source, "print");
});

test("bound to parameters: a number for each combination, the reserve beyond the pool", async () => {
  const pool = { id: "main", numbers: numbers(2, 4000), hold_ms: 150000 };
  const scenario = {
    ...dynamic, kind: "params", params: ["utm_source", "utm_campaign"], overflow: "reserve", reserve_number: "74950004999",
  };
  await worker.seed(siteConfig({ site: "params", pools: [pool], scenarios: [scenario] }));
  const number = async (query) => (await come({ url: query }, "params", ["all"])).numbers[0];
  const first = await number("?utm_source=a&utm_campaign=1");
  const other = await number("?utm_source=a&utm_campaign=2");
  assert.notEqual(first.number, other.number);
  assert.equal((await number("?utm_source=a&utm_campaign=1")).number, first.number, "another visitor of the same combination");
  const beyond = await number("?utm_source=b&utm_campaign=1");
  assert.deepEqual([beyond.kind, beyond.number], ["reserve", "74950004999"]);
  assert.equal((await number("?utm_source=a&utm_campaign=2")).number, other.number, "what was bound stays bound");
});

test("a number taken from a live visitor drains: he keeps it, nobody else gets it, its calls stay his", async () => {
  const site = "drain";
  const options = { site };
  await worker.seed(siteConfig({ site, pools: [{ id: "main", numbers: numbers(2, 5000), hold_ms: 150000, idle_release_ms: 60000 }] }));
  const given = await come({ url: "?roistat=vk4_post" }, site, ["all"]);
  await beat(worker, given, "keep", {}, options);
  const taken = given.numbers[0].number;
  for (const action of ["remove", "delete"]) {
    const done = await worker.admin("POST", `/api/v1/sites/${site}/numbers`, { action, numbers: taken });
    assert.equal(done.status, 200);
    const again = await visit(worker, { who: given, url: `${ORIGIN}/next`, targets: ["all"], options });
    assert.equal(again.numbers[0].number, taken, `he looks at it still after ${action}`);
  }
  for (let other = 0; other < 3; other += 1) {
    const [number] = (await come({}, site, ["all"])).numbers;
    assert.notEqual(number.number, taken);
  }
  await report(worker, callStart(taken), { site });
  const [call] = (await worker.admin("GET", `/api/v1/sites/${site}/calls`)).body.calls;
  assert.deepEqual([call.source, call.attribution.visit], ["vk4_post", given.visit]);
  assert.deepEqual((await worker.admin("GET", `/api/v1/sites/${site}/check`)).body, { ok: true, faults: [] });
});

test("scenarios of Roistat and UIS come in, with everything that has no counterpart told", async () => {
  const site = "imports";
  await worker.seed(siteConfig({ site }));
  const path = `/api/v1/sites/${site}/config/import`;
  const roistat = {
    data: [
      {
        name: "Vk", is_enabled: 1,
        options: {
          calltracking_type: "static", segments: [["marker_level_1", "=", "vk4"], ["moon", "=", "full"]],
          phone_format: "8 (XXX) XXX-XX-XX", css_selector: [".podmena"], replaceable_numbers: ["84951112233"],
          redirect: { type: "phone", value: "74951112233" },
        },
        integration: { google_analytics: { id: 7 } },
      },
    ],
  };
  const uis = {
    rules: [{ id: 1, name: "Search", rule_type: "site_calls", call_tracking_type: "dynamic", state: "active", reserve_phone_numbers_time: 30,
      conditions: { condition: "and", filters: [{ field: "utm_source", operator: "=", value: "yandex" }, { field: "tarot", operator: "=", value: "moon" }] } }],
    replacement_phones_groups: [{ id: 2, name: "Header", phone_selectors: [{ element_attribute: "class", element_attribute_value: "comagic_phone" }] }],
  };
  for (const [from, body] of [["roistat", roistat], ["uis", uis]]) {
    const answer = await worker.admin("POST", `${path}?from=${from}`, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.ok(answer.body.added.length >= 1, from);
    const lost = answer.body.notes.filter(({ outcome }) => outcome === "lost");
    assert.ok(lost.some(({ message }) => /moon|tarot/.test(message.en)), `${from}: ${JSON.stringify(lost)}`);
    assert.ok(answer.body.notes.every(({ message }) => message.en && message.ru));
    const check = await worker.admin("POST", `/api/v1/sites/${site}/config/check`, answer.body.config);
    assert.equal(check.status, 200, "what comes out can be put as it stands");
    const scenario = answer.body.config.scenarios.find(({ id }) => id === answer.body.added[0]);
    assert.equal(scenario.enabled, false, "one that lost a condition comes switched off");
  }
  assert.equal((await worker.admin("POST", `${path}?from=roistat`, { no: "scenario" })).status, 422);
  assert.equal((await worker.admin("POST", `${path}?from=calltouch`, {})).status, 400);
  assert.equal((await worker.admin("GET", `/api/v1/sites/${site}/versions`)).body.versions.length, 1, "nothing is written unasked");
});
