// Whatever configuration is accepted can be served; whatever is refused changes nothing.
//
// Documents are made by breaking a good one in seeded random ways; a failure names its seed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { numbers, send, siteConfig } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

/** Documents tried: some half of them are accepted. */
const DOCUMENTS = 200;

/** The generator of Lehmer, seeded: the same documents every time. */
function random(seed) {
  let state = seed;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
  next();
  return { below: (count) => Math.floor(next() * count), pick: (list) => list[Math.floor(next() * list.length)] };
}

const VALUES = [
  null, true, false, 0, 1, -1, 7, 1e9, 0.5, "", "a", "Я", "ru", "en", "wait", "cookieless", "74950000001", "+7 495 000-00-02", "x".repeat(600),
  [], {}, [[]], ["74950000003"], "https://a.example", "*", "8 (XXX) XXX-XX-XX", "utm_source", "regex", "(", "page", "reserve", "static", "main",
  { class: "phone" }, [{ class: "b" }], { dimension: "city", operator: "regex", values: ["^M"] }, "\u0000", "__proto__",
];

/** Changes that an owner might make, most of them accepted. */
const EDITS = [
  (it, { pick }) => (it.consent = pick(["granted", "cookieless", "wait"])),
  (it, { pick }) => (it.locale = pick(["ru", "en"])),
  (it, { below }) => (it.pools[0].hold_ms = 5_000 + below(700_000_000)),
  (it, { below }) => (it.pools[1].cooldown_ms = below(700_000_000)),
  (it, { below }) => it.pools[0].numbers.push(...numbers(1 + below(40), 200)),
  (it, { below }) => (it.scenarios[0].priority = below(2200) - 1100),
  (it, { pick }) => (it.scenarios[1].enabled = pick([true, false])),
  (it, { pick }) => (it.scenarios[1].overflow = pick(["reserve", "page", "take_oldest", "grow"])),
  (it, { pick }) => (it.scenarios[0].mask = pick(["+7 XXX XXX-XX-XX", "+# (###) ###-##-##", "8 495 777-01-95", "{country} {city} {phone}", "no digits"])),
  (it, { pick }) => it.scenarios[0].targets.push(pick([{ selector: "#a .b" }, { element_id: "x" }, { name: "tel" }, { number: "74951112233" }, { selector: "a[" }])),
  (it, { pick }) => it.scenarios[1].conditions.push({ dimension: pick(["city", "label_level_2", "channel", "visitor"]), operator: pick(["equals", "regex"]), values: [pick(["a", "social", "returning", "^x"])] }),
  (it) => Object.assign(it.scenarios[1], { kind: "params", params: ["utm_source", "utm_campaign"] }),
  (it) => it.scenarios.pop(),
  (it) => it.origins.push("https://*.shop.example"),
];

/** Every place in a document. */
function places(value, path = []) {
  const here = path.length ? [path] : [];
  if (value === null || typeof value !== "object") return here;
  return [...here, ...Object.keys(value).flatMap((name) => places(value[name], [...path, name]))];
}

function broken(seed) {
  const { below, pick } = random(seed);
  const document = siteConfig({
    site: "any",
    retention: { visit_days: 90 },
    numbers: [{ number: "74950000008", city: "Moscow" }],
    pools: [
      { id: "main", numbers: numbers(3), hold_ms: 150000, idle_release_ms: 60000 },
      { id: "more", numbers: numbers(2, 50), hold_ms: 20000, cooldown_ms: 1000, policy: "ringlet" },
    ],
  });
  const [first] = document.scenarios;
  document.scenarios.push({ ...first, id: "more", pool: "more", reserve_number: "74950000009", mask: "8 (XXX) XXX-XX-XX", targets: [{ selector: ".a > b" }],
    conditions: [{ dimension: "utm_source", operator: "contains", values: ["a"] }], forward: { phone: "74951112233" } });
  for (let edits = below(4); edits > 0; edits -= 1) {
    const edit = pick(EDITS);
    if (document.scenarios.length > 1) edit(document, { below, pick });
  }
  for (let faults = below(2) * below(3); faults > 0; faults -= 1) {
    const path = pick(places(document).filter(([name]) => name !== "site"));
    if (!path) break;
    const parent = path.slice(0, -1).reduce((value, name) => value[name], document);
    const name = path.at(-1);
    const how = below(4);
    if (how === 0 && Array.isArray(parent)) parent.splice(Number(name), 1);
    else if (how === 0) delete parent[name];
    else if (how === 1 && Array.isArray(parent)) parent.push(structuredClone(pick(parent)));
    else if (how === 1) parent[pick(["mask", "overflow", "enabled", "cooldown_ms", "note", "area_code", "target_talk_s"])] = pick(VALUES);
    else parent[name] = structuredClone(pick(VALUES));
  }
  return document;
}

test("any accepted configuration can be served, any rejected one changes nothing", async () => {
  const path = "/api/v1/sites/any";
  await worker.seed(siteConfig({ site: "any" }));
  const counts = { accepted: 0, refused: 0 };
  let etag = '"1"';
  let before = JSON.stringify((await worker.admin("GET", `${path}/config`)).body);
  for (let seed = 1; seed <= DOCUMENTS; seed += 1) {
    const document = broken(seed);
    const put = await worker.admin("PUT", `${path}/config`, document, { "if-match": etag });
    const told = `seed ${seed}: ${JSON.stringify(document)}`;
    const now = await worker.admin("GET", `${path}/config`);
    if (put.status === 422) {
      counts.refused += 1;
      assert.ok(put.body.faults.length > 0 && put.body.faults.every(({ pointer, code, detail }) => pointer !== undefined && code && detail), told);
      assert.equal(now.headers.get("etag"), etag, told);
      assert.equal(JSON.stringify(now.body), before, told);
      continue;
    }
    assert.equal(put.status, 200, told);
    counts.accepted += 1;
    etag = put.headers.get("etag");
    before = JSON.stringify(now.body);
    assert.equal(before, JSON.stringify(document), told);
    const script = await worker.fetch("/s/any.js");
    assert.equal(script.status, 200, told);
    assert.ok((await script.text()).length > 1000, told);
    const origin = document.origins[0].replace("*", "www");
    const request = { v: 1, url: `${origin}/?utm_source=a`, targets: [], consent: "granted", key: String(seed) };
    const given = await send(worker, "visit", request, { site: "any", origin });
    assert.equal(given.status, 200, `${told} ${given.text}`);
    for (const list of ["numbers", "scenarios", "live"]) {
      assert.equal((await worker.admin("GET", `${path}/${list}`)).status, 200, told);
    }
  }
  assert.ok(counts.accepted > 50 && counts.refused > 50, JSON.stringify(counts));
  assert.deepEqual((await worker.admin("GET", `${path}/check`)).body, { ok: true, faults: [] });
});
