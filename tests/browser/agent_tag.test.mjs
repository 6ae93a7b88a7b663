// The tag in all its forms: pinned with its hash, by major version, and with the fast snippet before
// it, which starts the visit before the script is there.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { tagOf } from "../../www/install/tags.js";
import { launchBrowser } from "../support/browser.mjs";
import { edgeBetween } from "../support/edge_between.mjs";
import { AS_VISITOR, configFor, newVisitor, servePages, settle, swapped } from "../support/pages.mjs";
import { numbers, until } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const OWN = "8 (495) 000-10-20";
const BODY = `<a class="phone" id="top" href="tel:+74950001020">${OWN}</a>`;
const DENIED = '<script>function gtag() { dataLayer.push(arguments) } dataLayer = [];' +
  'gtag("consent", "default", { analytics_storage: "denied" })</script>';

let worker;
let edge;
let site;
let browser;
let release;
/** Tag, head and headers of the pages now served. */
let served = {};

before(async () => {
  worker = await startWorker();
  edge = await edgeBetween(worker);
  site = await servePages((path) => {
    if (path === "/favicon.ico") return undefined;
    const { tag, head = "", headers, body = BODY } = served;
    return {
      headers,
      body: `<!doctype html><meta charset="utf-8"><title>Shop</title>${head}${tag}${body}`,
    };
  });
  release = await (await fetch(`${worker.url}/a/agent.json`)).json();
  browser = await launchBrowser({ flags: AS_VISITOR });
  for (const [index, consent] of ["granted", "cookieless", "wait"].entries()) {
    const all = { id: "all", numbers: numbers(30, 100 * index + 1), targets: [{ class: "phone" }] };
    await worker.seed(configFor(consent, site.url, [all], { consent }));
  }
  const found = { id: "all", numbers: numbers(9, 900), targets: [{ number: "74950001020" }] };
  await worker.seed(configFor("searched", site.url, [found]));
});

after(async () => {
  await browser?.close();
  site?.close();
  edge?.close();
  worker?.dispose();
});

/** Opens a page with the tag of `options` as a new visitor; what was sent is counted from here. */
async function open(id, options, { prepare = () => {}, fate = () => undefined, ...page } = {}) {
  served = { tag: tagOf(edge.url, id, release, { consent: id, ...options }), ...page };
  edge.fate = fate;
  edge.messages.length = 0;
  edge.paths.length = 0;
  const visitor = await newVisitor(browser, edge.url);
  await prepare(visitor.context);
  const tab = await visitor.open(site.url);
  const visits = () => edge.messages.filter(({ name }) => name === "visit");
  const close = async () => {
    assert.deepEqual(visitor.faults, [], "nothing is thrown into the page");
    await visitor.close();
    edge.fate = () => undefined;
  };
  return { tab, visits, close };
}

const digits = (text) => text.replace(/\D/g, "").replace(/^8/, "7");

test("a pinned script swaps, and so it does with rules that search", async () => {
  for (const id of ["granted", "searched"]) {
    const { tab, visits, close } = await open(id, { isPinned: true });
    assert.match(digits(await swapped(tab, "#top", OWN)), /^7495000/);
    assert.equal(visits().length, 1);
    assert.ok(!edge.paths.some((path) => /^\/s\/.*\.js$/.test(path)), "no other script");
    await close();
  }
});

test("a pinned script under a policy that names nothing but the edge", async () => {
  const headers = {
    "content-security-policy":
      `default-src 'none'; script-src ${edge.url} 'wasm-unsafe-eval'; connect-src ${edge.url}; ` +
      "require-trusted-types-for 'script'; trusted-types 'none'",
  };
  const { tab, close } = await open("granted", { isPinned: true }, { headers });
  await swapped(tab, "#top", OWN);
  await close();
});

test("other bytes than the pinned ones do not run: the page keeps its number", async () => {
  const fate = (path) =>
    path === release.script.path
      ? { body: "window.wasRun = 1", headers: { "content-type": "text/javascript" } }
      : undefined;
  const { tab, close } = await open("granted", { isPinned: true }, { fate });
  await until(() => edge.paths.includes(release.script.path));
  await settle(tab);
  assert.equal(await tab.locator("#top").textContent(), OWN);
  assert.equal(await tab.evaluate(() => window.wasRun), undefined);
  assert.deepEqual(edge.messages, []);
  await close();
});

test("a pinned script holds no site's data and may be kept for ever", async () => {
  const answer = await fetch(worker.url + release.script.path);
  assert.match(answer.headers.get("cache-control"), /immutable/);
  assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  const before = await answer.text();
  assert.ok(!before.includes("__RINGLET_CONFIG__") && !before.includes('"site"'));
  const all = { id: "all", numbers: numbers(1, 990), targets: [{ class: "phone" }] };
  await worker.seed(configFor("another", site.url, [all]));
  assert.equal(await (await fetch(worker.url + release.script.path)).text(), before);
  const config = await (await fetch(`${worker.url}/s/granted.json`)).json();
  assert.equal(config.site, "granted");
  assert.equal(config.pools, undefined);
});

test("a pinned script waits for consent and reads it from its platform", async () => {
  const { tab, visits, close } = await open("wait", { isPinned: true }, { head: DENIED });
  await until(() => edge.paths.includes("/s/wait.json"));
  await settle(tab, 1_200);
  assert.deepEqual(edge.messages, []);
  await tab.evaluate(() => window.gtag("consent", "update", { analytics_storage: "granted" }));
  await swapped(tab, "#top", OWN);
  assert.equal(visits().length, 1);
  await close();
});

test("the address by major version is the script; another major is not there", async () => {
  const of = async (name) => {
    const answer = await fetch(`${worker.url}/s/${name}`);
    return answer.ok ? answer.text() : answer.status;
  };
  assert.equal(await of(`granted.v${release.major}.js`), await of("granted.js"));
  assert.equal(await of(`granted.v${release.major + 1}.js`), 404);
});

/** One round trip: the script is held back until what was asked before it has arrived, and nothing
 * that is asked after it is answered. */
function oneRound() {
  let isOver = false;
  return async (path) => {
    if (isOver) return "hang";
    if (!/^\/s\/.*\.js$/.test(path)) return undefined;
    await until(() => edge.paths.some((one) => one.endsWith("/visit")));
    isOver = true;
    return undefined;
  };
}

test("with the fast snippet the number is there after one round trip, with rules that search too", async () => {
  for (const id of ["granted", "searched"]) {
    const { tab, visits, close } = await open(id, { isFast: true, consent: "granted" }, { fate: oneRound() });
    await swapped(tab, "#top", OWN);
    assert.equal(visits().length, 1);
    assert.equal(visits()[0].early, true);
    await close();
  }
});

test("the plain tag needs two: what it asks for after the script it waits for", async () => {
  let isOver = false;
  const fate = (path) => {
    const was = isOver;
    isOver ||= path.startsWith("/s/");
    return was ? "hang" : undefined;
  };
  const { tab, visits, close } = await open("granted", {}, { fate });
  await until(() => visits().length === 1);
  await settle(tab);
  assert.equal(await tab.locator("#top").textContent(), OWN);
  await close();
});

test("the next page of the same visitor: the same visit and number, one request a page", async () => {
  const { tab, visits, close } = await open("granted", { isFast: true });
  const first = await swapped(tab, "#top", OWN);
  const visit = () => tab.evaluate(() => new Promise((done) => window.ringlet("visit", done)));
  const id = await visit();
  await tab.reload();
  await until(() => visits().length === 2);
  assert.equal(visits()[1].visit, id);
  assert.equal(visits()[1].early, true);
  assert.deepEqual(Object.keys(visits()[1].leases[0]).sort(), ["generation", "lease", "number", "scenario"]);
  assert.equal(await swapped(tab, "#top", OWN), first);
  assert.equal(await visit(), id);
  await settle(tab);
  assert.equal(visits().length, 2);
  await close();
});

test("what the snippet sends is what the papers list", async () => {
  const { tab, visits, close } = await open("granted", { isFast: true });
  await swapped(tab, "#top", OWN);
  assert.deepEqual(Object.keys(visits()[0]).sort(), [
    "consent", "device", "early", "key", "leases", "name", "origin", "referrer", "url", "v",
  ]);
  await close();
});

test("an answer that fails is asked for again by the agent", async () => {
  let asked = 0;
  const fate = (path) => (path.endsWith("/visit") && !asked++ ? { status: 500 } : undefined);
  const { tab, visits, close } = await open("granted", { isFast: true }, { fate });
  await settle(tab);
  await tab.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() + 60_000;
  });
  await tab.mouse.move(30, 40);
  await until(() => visits().length === 2);
  assert.equal(visits()[1].early, undefined);
  await swapped(tab, "#top", OWN);
  await close();
});

test("without cookies: one visit, one tab, nothing stored", async () => {
  const { tab, visits, close } = await open("cookieless", { isFast: true });
  await swapped(tab, "#top", OWN);
  assert.equal(visits().length, 1);
  assert.equal(visits()[0].consent, "cookieless");
  assert.deepEqual(await tab.evaluate(() => [Object.keys(localStorage), document.cookie]), [[], ""]);
  await tab.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide")));
  // A visitor before may only now be saying farewell: he has no tab of his own.
  const alone = () => edge.messages.filter(({ tab }) => tab);
  await until(() => alone().length > 1);
  assert.equal(new Set(alone().map(({ tab }) => tab)).size, 1);
  await close();
});

test("a snippet older than the site's mode is held to it", async () => {
  const stale = await open("cookieless", { isFast: true, consent: "granted" });
  await swapped(stale.tab, "#top", OWN);
  assert.equal(stale.visits().length, 1);
  assert.deepEqual(await stale.tab.evaluate(() => Object.keys(localStorage)), []);
  await stale.close();
  const lent = async () => {
    const { body } = await worker.admin("GET", "/api/v1/sites/wait/live");
    return body.pools[0].numbers.filter(({ visitor }) => visitor).length;
  };
  const before = await lent();
  const early = await open("wait", { isFast: true, consent: "granted" });
  await until(() => early.visits().length === 1);
  await settle(early.tab);
  assert.equal(await early.tab.locator("#top").textContent(), OWN);
  assert.equal(await lent(), before, "nothing is lent to whoever has not agreed");
  await early.tab.evaluate(() => window.ringlet("consent", "granted"));
  await swapped(early.tab, "#top", OWN);
  assert.equal(await lent(), before + 1);
  await early.close();
});

test("where the page must wait the installer has no snippet", () => {
  assert.equal(tagOf("", "wait", release, { isFast: true, consent: "wait" }), tagOf("", "wait", release));
});

test("privacy signals, robots, hidden pages, blocked storage, old libraries: the snippet is silent", async () => {
  const define = (target, name, value) => `Object.defineProperty(${target}, "${name}", { get: () => ${value} });`;
  const cases = {
    gpc: define("Navigator.prototype", "globalPrivacyControl", "true"),
    robot: define("Navigator.prototype", "webdriver", "true"),
    storage: 'Object.defineProperty(window, "localStorage", { get() { throw new Error("denied") } })',
    library: "Array.prototype.toJSON = () => 'spoilt'",
    hidden: define("Document.prototype", "visibilityState", '"hidden"'),
  };
  for (const [name, script] of Object.entries(cases)) {
    const prepare = (context) => context.addInitScript(script);
    const { tab, visits, close } = await open("granted", { isFast: true }, { prepare });
    const isServed = !["robot", "hidden"].includes(name);
    if (isServed) await swapped(tab, "#top", OWN);
    else await settle(tab);
    assert.deepEqual(visits().map(({ early }) => early), isServed ? [undefined] : [], name);
    if (isServed) assert.ok(Array.isArray(visits()[0].leases), name);
    await close();
  }
});

test("a nonce lets snippet and script through, a policy without it lets neither", async () => {
  const headers = (nonce) => ({
    "content-security-policy":
      `script-src 'nonce-${nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; connect-src ${edge.url}`,
  });
  const right = await open("granted", { isFast: true, nonce: "n1" }, { headers: headers("n1") });
  await swapped(right.tab, "#top", OWN);
  assert.equal(right.visits().length, 1);
  await right.close();
  const wrong = await open("granted", { isFast: true, nonce: "n1" }, { headers: headers("n2") });
  await settle(wrong.tab);
  assert.deepEqual(wrong.visits(), []);
  assert.equal(await wrong.tab.locator("#top").textContent(), OWN);
  await wrong.close();
});

test("pinned and fast together", async () => {
  const { tab, visits, close } = await open("granted", { isFast: true, isPinned: true });
  await swapped(tab, "#top", OWN);
  assert.equal(visits().length, 1);
  const rules = edge.paths.filter((path) => path.endsWith(".wasm"));
  assert.deepEqual(rules, [], "the rules come with the script");
  await close();
});
