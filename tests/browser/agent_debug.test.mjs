// The debugger: what it tells, in JSON and on the panel; that the page cannot reach it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readFileSync } from "node:fs";
import { launchBrowser } from "../support/browser.mjs";
import {
  AS_VISITOR,
  configFor,
  newVisitor,
  page,
  servePages,
  settle,
  swapped,
} from "../support/pages.mjs";
import { numbers, until } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const OWN = "8 (495) 000-10-20";
const BODY =
  `<a class="phone" id="top" href="tel:+74950001020">${OWN}</a>` + `<b class="phone">${OWN}</b>`;

let worker;
let browser;
let site;

before(async () => {
  worker = await startWorker();
  site = await servePages((path) =>
    path === "/favicon.ico" ? undefined : page(worker.url, BODY, { site: path.split("/")[1] }),
  );
  const all = { id: "all", numbers: numbers(3), targets: [{ class: "phone" }] };
  const none = { id: "none", numbers: numbers(1, 50), targets: [{ class: "elsewhere" }] };
  await worker.seed(configFor("shop", site.url, [all, none]));
  const when = (conditions, more = {}) => ({ more: { conditions, ...more } });
  const scenario = (id, at, more) => ({ ...all, id, numbers: numbers(1, at), ...more });
  const by = (dimension, operator, values, negate = false) => [
    { dimension, operator, values, negate },
  ];
  const google = [
    ...by("utm_source", "equals", ["google", "bing"]),
    ...by("device", "equals", ["desktop"], true),
    ...by("channel", "equals", ["paid", "social", "referral", "direct"]),
  ];
  await worker.seed(
    configFor("why", site.url, [
      scenario("google", 70, when(google)),
      scenario("off", 71, when([], { enabled: false })),
      scenario("first", 72, when(by("utm_source", "contains", ["yan"]))),
      scenario("second", 73, when([])),
    ]),
  );
  const one = { ...all, numbers: numbers(1, 60) };
  await worker.seed(configFor("full", site.url, [one]));
  await worker.seed(configFor("wait", site.url, [one], { consent: "wait" }));
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  site?.close();
  worker?.dispose();
});

const reportOf = (view) =>
  view.evaluate(() => new Promise((resolve) => window.ringlet("debug", resolve)));

test("the report names visit, label, scenarios, lease and the next heartbeat", async () => {
  const visitor = await newVisitor(browser, worker.url);
  const view = await visitor.open(`${site.url}/shop/?roistat=direct_7`);
  const number = (await swapped(view, "#top", OWN)).replace(/\D/g, "").replace(/^8/, "7");
  const report = await reportOf(view);
  assert.equal(report.site, "shop");
  assert.equal(report.phase, "active");
  assert.match(report.visit, /^[0-9a-z]{26}$/);
  assert.match(report.label.source, /^direct/);
  assert.equal(report.label.read_from.split("?")[0], `${site.url}/shop/`);
  const [all, none] = report.scenarios;
  assert.deepEqual([all.id, all.outcome, all.number], ["all", "given", number]);
  assert.match(all.lease, /^[0-9a-z]{26}$/);
  assert.deepEqual(all.targets, [{ selector: ".phone", numbers: [], mask: null, elements: 2 }]);
  assert.deepEqual([none.id, none.outcome, none.number], ["none", "absent", null]);
  assert.ok(Date.parse(report.next_heartbeat_at) > Date.now());
  assert.equal(report.last_status, 200);
  assert.equal(report.last_error, null);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("why others gave no number: each condition with what the visit has", async () => {
  const visitor = await newVisitor(browser, worker.url);
  const view = await visitor.open(`${site.url}/why/?utm_source=Yandex`);
  await swapped(view, "#top", OWN);
  const sent = visitor.messages.length;
  const { label, scenarios } = await reportOf(view);
  const why = Object.fromEntries(scenarios.map(({ id, why }) => [id, why]));
  assert.equal(why.google.outcome, "refused");
  const tests = why.google.conditions.map(({ dimension, operator, values, seen, refuses }) => [
    dimension,
    operator,
    values,
    seen,
    refuses,
  ]);
  assert.deepEqual(tests.slice(0, 2), [
    ["utm_source", "equals", ["google", "bing"], ["Yandex"], true],
    ["device", "equals", ["desktop"], ["desktop"], true],
  ]);
  assert.equal(why.off.outcome, "disabled");
  assert.equal(why.first.outcome, "matched");
  assert.deepEqual([why.second.outcome, why.second.by], ["shadowed", "first"]);
  assert.deepEqual(label.found, [
    { name: "utm_source", value: "Yandex", place: "query", used: true },
  ]);
  // One question, for which nothing was lent; a second look asks nothing.
  assert.deepEqual(visitor.messages.slice(sent).map(({ explain }) => explain), [true]);
  await reportOf(view);
  assert.equal(visitor.messages.length, sent + 1);
  const { body } = await worker.admin("GET", "/api/v1/sites/why/live");
  const held = body.pools.map(({ id, numbers }) => [
    id,
    numbers.filter(({ state }) => state !== "free").length,
  ]);
  assert.deepEqual(Object.fromEntries(held), { google: 0, off: 0, first: 1, second: 0 });
  // Who does not ask is told nothing of conditions.
  const plain = await visitor.context.request.post(`${worker.url}/v1/sites/why/visit`, {
    headers: { origin: site.url },
    data: JSON.stringify({ v: 1, url: `${site.url}/why/`, targets: ["google"] }),
  });
  assert.doesNotMatch(await plain.text(), /scenarios|bing/);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("the panel stays for the tab, out of the page's reach, until it is closed", async () => {
  const visitor = await newVisitor(browser, worker.url);
  const view = await visitor.open(`${site.url}/shop/?ringlet_debug=1`);
  await swapped(view, "#top", OWN);
  const host = view.locator("ringlet-debug");
  await host.waitFor({ state: "attached" });
  assert.equal(await host.evaluate((element) => element.shadowRoot), null);
  assert.equal(await host.textContent(), "");
  const box = await host.boundingBox();
  assert.ok(box.width > 100 && box.height > 50, "it is seen");
  await view.goto(`${site.url}/shop/later`);
  await host.waitFor({ state: "attached" });
  const other = await visitor.open(`${site.url}/shop/`);
  await swapped(other, "#top", OWN);
  await settle(other);
  assert.equal(await other.locator("ringlet-debug").count(), 0, "another tab has none");
  // The button is below the list, on the left.
  const last = await host.boundingBox();
  await view.mouse.click(last.x + 25, last.y + last.height - 18);
  await until(async () => (await host.count()) === 0);
  await view.reload();
  await swapped(view, "#top", OWN);
  await settle(view);
  assert.equal(await host.count(), 0);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("each fault has a name, and the name a page", async () => {
  const doc = new URL("../../docs/reference/agent-errors.md", import.meta.url);
  const text = readFileSync(doc, "utf8");
  const faultOn = async (wanted, path, { spoil, prepare, before: act } = {}) => {
    const visitor = await newVisitor(browser, worker.url);
    if (prepare) await visitor.context.addInitScript(prepare);
    if (spoil) await visitor.context.route(spoil[0], spoil[1]);
    const view = await visitor.open(`${site.url}/${path}`);
    if (act) {
      await swapped(view, "#top", OWN);
      await view.evaluate(act);
    }
    // What is under way is no fault yet, and rules that are still loading look like missing ones.
    const fault = await until(async () => {
      const { last_error: told } = await reportOf(view);
      return told?.code === wanted && told;
      // The panel's part, the second attempt at the rules: on a machine with other work.
    }, 30_000);
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
    assert.match(text, new RegExp(`^## ${fault.code}$`, "m"));
  };
  const holder = await newVisitor(browser, worker.url);
  await swapped(await holder.open(`${site.url}/full/`), "#top", OWN);
  await faultOn("no-number", "full/");
  await holder.close();
  await faultOn("consent-awaited", "wait/");
  const abort = (route) => route.abort();
  await faultOn("edge-unreachable", "shop/", { spoil: ["**/v1/**", abort] });
  const refuse = (route) =>
    route.fulfill({ status: 403, headers: { "access-control-allow-origin": "*" } });
  await faultOn("edge-refused", "shop/", { spoil: ["**/v1/**", refuse] });
  // The rules that came with the script cannot be read, and others not be fetched.
  const prepare = () => {
    window.btoa = undefined;
  };
  await faultOn("rules-missing", "shop/", { prepare, spoil: ["**/a/*.wasm", abort] });
  const restore = () => window.ringlet("restore");
  await faultOn("paused", "shop/", { before: restore });
  const destroy = () => window.ringlet("destroy");
  await faultOn("stopped", "shop/", { before: destroy });
});
