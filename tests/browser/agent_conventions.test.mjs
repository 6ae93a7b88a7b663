// What owners already have on their pages: other systems' ids, interfaces and consent platforms;
// and what may leave a page at all.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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
const BODY = `<a class="phone" id="top" href="tel:+74950001020">${OWN}</a>`;

let worker;
let browser;
let site;
let head = "";
let first = 0;

before(async () => {
  worker = await startWorker();
  site = await servePages((path) =>
    path === "/favicon.ico"
      ? undefined
      : page(worker.url, BODY, { site: path.split("/")[1], head }),
  );
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  site?.close();
  worker?.dispose();
});

/** A site `id` with numbers of its own, and a new visitor on its page. */
async function open(id, { changes = {}, scenario = {}, script, cookies = [], more = [], clock } = {}) {
  head = script ? `<script>${script}</script>` : "";
  const all = { id: "all", numbers: numbers(4, first), targets: [{ class: "phone" }], ...scenario };
  first += 10;
  await worker.seed(configFor(id, site.url, [all, ...more], changes));
  const visitor = await newVisitor(browser, worker.url);
  if (clock) {
    await visitor.context.addInitScript(() => {
      window.later = 0;
      const { now } = Date;
      Date.now = () => now() + window.later;
    });
  }
  await visitor.context.addCookies(
    cookies.map(([name, value]) => ({ name, value, url: site.url })),
  );
  const tab = await visitor.open(`${site.url}/${id}/`);
  return { visitor, tab };
}

const number = async (tab) => {
  const text = await swapped(tab, "#top", OWN);
  return text.replace(/\D/g, "").replace(/^8/, "7");
};

test("what leaves a page is what the papers list, and nothing else", async () => {
  const { visitor, tab } = await open("fields", {
    cookies: [
      ["_ga", "GA1.1.1.2"],
      ["secret", "1"],
    ],
    more: [{ id: "late", numbers: numbers(1, 900), targets: [{ class: "late" }] }],
    clock: true,
  });
  const asked = [];
  visitor.context.on("request", (request) => request.url().startsWith(worker.url) && asked.push(request));
  await number(tab);
  await tab.evaluate(() => document.body.insertAdjacentHTML("beforeend", '<b class="late">8 495 000-00-01</b>'));
  // A further scenario's first place: asked for, and given its number.
  await until(() => visitor.sent().filter((what) => what === "visit").length === 2);
  assert.match(await swapped(tab, ".late", "8 495 000-00-01"), /000-09-00$/);
  await tab.evaluate(() => (window.later = 61_000));
  await tab.mouse.move(9, 9);
  await until(() => visitor.sent().includes("keep"));
  await tab.evaluate(() => {
    const hide = (value) => {
      Object.defineProperty(Document.prototype, "visibilityState", { configurable: true, get: () => value });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    };
    hide("hidden");
    window.later = 62_000;
    hide("visible");
  });
  await until(() => visitor.sent().includes("active"));
  await tab.locator("#top").click({ noWaitAfter: true });
  await until(() => visitor.sent().includes("tap"));
  await tab.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide")));
  const kinds = ["visit", "keep", "idle", "active", "tap", "leave"];
  await until(() => kinds.every((kind) => visitor.sent().includes(kind)));
  const always = ["agent", "key", "leases", "name", "tab", "targets", "v", "visit", "visitor"];
  const allowed = {
    visit: [...always, "consent", "device", "marker", "memory", "referrer", "roistat_visit", "url"],
    tap: [...always, "event", "memory", "number"],
    idle: [...always, "event", "memory", "quiet_ms"],
    leave: [...always, "event", "memory", "quiet_ms"],
    active: [...always, "event", "memory", "quiet_ms"],
    keep: [...always, "event", "memory", "quiet_ms"],
    // Of sites that name other systems: agent_ids.test.mjs.
    ids: [...always, "event", "memory", "ids", "cookies"],
  };
  for (const message of visitor.messages) {
    const kind = message.event ?? message.name;
    const fields = Object.keys(message);
    assert.deepEqual(
      fields.filter((field) => !allowed[kind].includes(field)),
      [],
      `${kind} tells more`,
    );
    for (const lease of message.leases) {
      assert.deepEqual(Object.keys(lease).sort(), ["generation", "lease", "number", "scenario"]);
    }
    assert.doesNotMatch(JSON.stringify(message), /secret|GA1/);
  }
  // Nor does a request say more beside its body.
  for (const request of asked) {
    const headers = await request.allHeaders();
    assert.deepEqual(Object.keys(headers).filter((name) => /^(cookie|authorization|x-)/.test(name)), []);
    assert.equal(new URL(request.url()).search, "");
  }
  await visitor.close();
});

test("ids of analytics that the site names go with the visit", async () => {
  const { visitor, tab } = await open("ids", {
    changes: { page: { analytics: ["google", "metrica"] } },
    cookies: [
      ["_ga", "GA1.1.123.456"],
      ["_ga_X1", "GS1.1.1700000000.1"],
      ["_ym_uid", "17000000001"],
      ["_ct_session_id", "5"],
      ["other", "1"],
    ],
  });
  const lent = await number(tab);
  assert.deepEqual(Object.keys(visitor.messages[0].cookies).sort(), ["_ga", "_ga_X1", "_ym_uid"]);
  const address = `/api/v1/sites/ids/leases?number=${lent}&at=${Date.now()}`;
  const text = JSON.stringify((await worker.admin("GET", address)).body);
  for (const id of ["ga_client_id", "123.456", "ga_session_id", "ym_client_id"]) {
    assert.ok(text.includes(id), `${id} in ${text}`);
  }
  await visitor.close();
});

test("a label that first appears in a route is read, and is the visit's", async () => {
  const { visitor, tab } = await open("route");
  await number(tab);
  await tab.evaluate(() => history.pushState({}, "", "?page=2"));
  await tab.evaluate(() => document.body.append("!"));
  await settle(tab, 300);
  assert.equal(visitor.sent().filter((what) => what === "visit").length, 1);
  await tab.evaluate(() => history.pushState({}, "", "?roistat=direct_7_banner"));
  await tab.evaluate(() => document.body.append("!"));
  await until(() => visitor.sent().filter((what) => what === "visit").length === 2);
  assert.match(visitor.messages.findLast(({ name }) => name === "visit").url, /direct_7_banner/);
  await tab.waitForFunction(() =>
    Object.values(localStorage).some((text) => text.includes("direct_7_banner")),
  );
  await visitor.close();
});

test("granted after denied works at once, without a new page", async () => {
  const { visitor, tab } = await open("again");
  await number(tab);
  await tab.evaluate(() => window.ringlet("consent", "denied"));
  assert.equal(await tab.locator("#top").textContent(), OWN);
  await tab.evaluate(() => document.body.append("!"));
  await settle(tab, 300);
  assert.equal(await tab.locator("#top").textContent(), OWN);
  await tab.evaluate(() => window.ringlet("consent", "granted"));
  await number(tab);
  assert.ok(await tab.evaluate(() => Object.keys(localStorage).includes("ringlet:again")));
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("a tab that sees no other says which it is", async () => {
  const { visitor, tab } = await open("tabs", { changes: { consent: "cookieless" } });
  await number(tab);
  await tab.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide")));
  await until(() => visitor.messages.length > 1);
  const tabs = new Set(visitor.messages.map(({ tab }) => tab));
  assert.equal(tabs.size, 1);
  assert.ok([...tabs][0] > 0);
  await visitor.close();
});

const STORE = "window.told = []; window.tell = (...given) => { told.push(given.join()); };";

test("Roistat's interface, where it is absent", async () => {
  const { visitor, tab } = await open("roistat", {
    changes: { page: { compatibility: ["roistat"] } },
    scenario: { mask: "8 (XXX) XXX-XX-XX" },
    script:
      `${STORE} window.onRoistatModuleLoaded = () => { tell("loaded");` +
      " roistat.registerOnCalltrackingPhoneReceivedCallback(tell); };",
  });
  const lent = await number(tab);
  await tab.waitForFunction(() => window.told.length > 1);
  const { told, raw, visit } = await tab.evaluate(() => ({
    told: window.told,
    raw: window.roistat.callTracking.rawPhone,
    visit: window.roistat.getVisit(),
  }));
  assert.equal(told[0], "loaded");
  assert.match(told[1], new RegExp(`^8 \\(495\\) .*,${lent}$`));
  assert.equal(raw, lent);
  assert.match(visit, /^[0-9a-z]{26}$/);
  await visitor.close();
});

test("another system's own interface is left alone", async () => {
  const { visitor, tab } = await open("present", {
    changes: { page: { compatibility: ["roistat", "callrail"] } },
    script: "window.roistat = { own: 1 }; window.CallTrk = { own: 1 };",
  });
  await number(tab);
  await settle(tab);
  const kept = await tab.evaluate(() => [window.roistat, window.CallTrk]);
  assert.deepEqual(kept, [{ own: 1 }, { own: 1 }]);
  await visitor.close();
});

test("CallRail's and Google's interfaces", async () => {
  const { visitor, tab } = await open("others", {
    changes: { page: { compatibility: ["callrail", "google"] } },
    script:
      `${STORE} window.dataLayer = []; function gtag() { dataLayer.push(arguments); }` +
      ` gtag("config", "AW-1/x", { phone_conversion_number: "${OWN}",` +
      " phone_conversion_callback: tell });",
  });
  const lent = await number(tab);
  await tab.waitForFunction(() => window.CallTrk && window.told.length);
  assert.match((await tab.evaluate(() => window.told))[0], new RegExp(`,\\+${lent}$`));
  const swapped = await tab.evaluate(
    () => new Promise((done) => window.CallTrk.getSwapNumbers(["74950001020"], done)),
  );
  assert.deepEqual(swapped, { 74950001020: lent });
  await visitor.close();
});

test("a marker and a visit that Roistat has left are told, and the label is the visit's", async () => {
  const { visitor, tab } = await open("marks", {
    cookies: [
      ["roistat_marker", "direct_3_banner"],
      ["roistat_visit", "1234567"],
    ],
  });
  const lent = await number(tab);
  assert.deepEqual(
    [visitor.messages[0].marker, visitor.messages[0].roistat_visit],
    ["direct_3_banner", "1234567"],
  );
  const address = `/api/v1/sites/marks/leases?number=${lent}&at=${Date.now()}`;
  const text = JSON.stringify((await worker.admin("GET", address)).body);
  for (const part of ["direct_3_banner", "1234567"]) assert.ok(text.includes(part), text);
  await visitor.close();
});

test("events on the document, and in dataLayer where the site wants them", async () => {
  const { visitor, tab } = await open("events", {
    changes: { page: { data_layer: true } },
    script:
      "window.dataLayer = []; window.heard = [];" +
      ' for (const name of ["visit", "number", "release", "tap"])' +
      " document.addEventListener(`ringlet:${name}`, ({ type, detail }) => heard.push([type, detail]));",
  });
  const lent = await number(tab);
  await tab.locator("#top").click({ noWaitAfter: true });
  await tab.evaluate(() => window.ringlet("consent", "denied"));
  await tab.waitForFunction(() => window.heard.length >= 3);
  const { heard, layer } = await tab.evaluate(() => ({ heard: window.heard, layer: window.dataLayer }));
  const named = Object.fromEntries(heard);
  assert.match(named["ringlet:visit"].visit, /^[0-9a-z]{26}$/);
  assert.deepEqual(
    [named["ringlet:number"].scenario, named["ringlet:number"].number],
    ["all", lent],
  );
  assert.deepEqual(named["ringlet:tap"], { scenario: "all", number: lent });
  assert.deepEqual(layer, heard.map(([event, detail]) => ({ event, ...detail })));
  await visitor.close();
  const without = await open("eventless", { script: "window.dataLayer = [];" });
  await number(without.tab);
  assert.deepEqual(await without.tab.evaluate(() => window.dataLayer), []);
  await without.visitor.close();
});

test("consent mode: defaults for regions grant nothing, refuse everything", async () => {
  const head = "window.dataLayer = []; function gtag() { dataLayer.push(arguments); }";
  const by = (...commands) =>
    head + commands.map((command) => `gtag("consent", ...${JSON.stringify(command)});`).join("");
  const v2 = (value, more = {}) => ({
    ad_storage: value,
    ad_user_data: value,
    ad_personalization: value,
    analytics_storage: value,
    ...more,
  });
  const region = { region: ["DE", "FR"] };
  for (const [id, commands, isGranted] of [
    ["mode-all", [["default", v2("granted")]], true],
    ["mode-one", [["default", v2("granted", region)]], false],
    ["mode-eu", [["default", v2("granted")], ["default", v2("denied", region)]], false],
    ["mode-us", [["default", v2("denied", region)], ["default", v2("granted")]], false],
    ["mode-said", [["default", v2("denied", region)], ["update", v2("granted")]], true],
    ["mode-ads", [["default", { ad_storage: "granted", ad_user_data: "granted" }]], false],
  ]) {
    const { visitor, tab } = await open(id, { changes: { consent: "wait" }, script: by(...commands) });
    if (isGranted) await number(tab);
    else await settle(tab, 900);
    assert.deepEqual(visitor.sent(), isGranted ? ["visit"] : [], id);
    await visitor.close();
  }
});

test("TCF: what counts, and what is taken back", async () => {
  const tcf = (eventStatus, consents, gdprApplies = true) => ({
    eventStatus,
    gdprApplies,
    purpose: { consents },
  });
  const platform = (first) =>
    "window.__tcfapi = (command, version, act) => { window.tcf = act;" +
    ` act(${JSON.stringify(first)}, true); };`;
  const both = { 1: true, 7: true };
  for (const [id, first, isGranted] of [
    ["tcf-shown", tcf("cmpuishown", both), false],
    ["tcf-one", tcf("tcloaded", { 1: true }), false],
    ["tcf-both", tcf("useractioncomplete", both), true],
    ["tcf-elsewhere", tcf("tcloaded", {}, false), true],
    ["tcf-odd", {}, false],
  ]) {
    const { visitor, tab } = await open(id, { changes: { consent: "wait" }, script: platform(first) });
    if (isGranted) await number(tab);
    else await settle(tab, 900);
    assert.deepEqual(visitor.sent(), isGranted ? ["visit"] : [], id);
    assert.deepEqual(visitor.faults, []);
    if (id === "tcf-both") {
      await tab.evaluate((word) => window.tcf(word, true), tcf("useractioncomplete", { 1: false }));
      await tab.waitForFunction(() => !Object.keys(localStorage).includes("ringlet:tcf-both"));
      assert.equal(await tab.locator("#top").textContent(), OWN);
    }
    await visitor.close();
  }
});

test("consent mode: nothing before it is granted, cookies after", async () => {
  const { visitor, tab } = await open("mode", {
    changes: { consent: "wait" },
    script:
      "window.dataLayer = []; function gtag() { dataLayer.push(arguments); }" +
      ' gtag("consent", "default", { analytics_storage: "denied" });',
  });
  await settle(tab, 1_200);
  assert.deepEqual(visitor.sent(), []);
  await tab.evaluate(() => window.gtag("consent", "update", { analytics_storage: "granted" }));
  await number(tab);
  await tab.evaluate(() => window.gtag("consent", "update", { analytics_storage: "denied" }));
  await tab.waitForFunction(() => !Object.keys(localStorage).includes("ringlet:mode"));
  assert.equal(await tab.locator("#top").textContent(), OWN);
  await visitor.close();
});

test("consent mode: a layer whose old entries are dropped, or that begins anew", async () => {
  // As Google's tag manager does it: it keeps the last three hundred.
  const layer =
    "window.dataLayer = [undefined]; const { push } = dataLayer;" +
    " dataLayer.push = (...given) => { push.apply(dataLayer, given);" +
    " while (dataLayer.length > 300) dataLayer.shift(); return dataLayer.length; };" +
    " window.gtag = function () { dataLayer.push(arguments); };" +
    ' gtag("consent", "default", { analytics_storage: "denied" });' +
    " for (let at = 0; at < 400; at += 1) dataLayer.push({ event: `e${at}` });";
  const { visitor, tab } = await open("long", { changes: { consent: "wait" }, script: layer });
  await settle(tab, 1_200);
  assert.deepEqual(visitor.sent(), []);
  const say = (word) =>
    tab.evaluate((word) => window.gtag("consent", "update", { analytics_storage: word }), word);
  const isKept = () => Object.keys(localStorage).includes("ringlet:long");
  await say("granted");
  await number(tab);
  await tab.waitForFunction(isKept);
  await say("denied");
  await tab.waitForFunction(() => !Object.keys(localStorage).includes("ringlet:long"));
  await tab.evaluate(() => {
    window.dataLayer = [["consent", "update", { analytics_storage: "granted" }]];
  });
  await number(tab);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("TCF: a site without cookies keeps them when the visitor agreed", async () => {
  const tcf = (consents) => ({ eventStatus: "tcloaded", gdprApplies: true, purpose: { consents } });
  const { visitor, tab } = await open("tcf", {
    changes: { consent: "cookieless" },
    script:
      "window.__tcfapi = (command, version, act) => { window.tcf = act;" +
      ` act(${JSON.stringify(tcf({ 1: false }))}, true); };`,
  });
  await number(tab);
  assert.equal(visitor.messages[0].consent, "cookieless");
  const stored = () => tab.evaluate(() => Object.keys(localStorage));
  assert.deepEqual(await stored(), []);
  await tab.evaluate((data) => window.tcf(data, true), tcf({ 1: true, 7: true }));
  await until(async () => (await stored()).includes("ringlet:tcf"));
  assert.equal(visitor.messages.findLast(({ name }) => name === "visit").consent, "granted");
  await visitor.close();
});
