// Ids of other systems that come after the visit request: asked as those systems say, told once,
// only of visitors who agreed, and never to the harm of the page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser } from "../support/browser.mjs";
import { AS_VISITOR, configFor, newVisitor, page, servePages, settle, swapped } from "../support/pages.mjs";
import { numbers, until } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const OWN = "8 (495) 000-10-20";
const BODY = `<a class="phone" id="top" href="tel:+74950001020">${OWN}</a>`;
const ALL = ["google", "metrica", "calltouch", "callrail", "uis"];
/** All systems on one page; `how` is what each does when it is asked. */
const SYSTEMS = (how) => `
  window.calls = [];
  const answer = (name, act, ...given) => { calls.push(name); (${how})(name, () => act(...given)); };
  window.dataLayer = [];
  window.gtag = function () { dataLayer.push(arguments);
    const [command, tag, field, act] = arguments;
    if (command === "get") answer(field, act, field === "client_id" ? "12.34" : 1700000001); };
  gtag("js", new Date()); gtag("config", "AW-1/x"); gtag("config", "G-ABC123");
  window.ym = (counter, command, act) => answer("ym " + counter, act, "1700000003");
  ym.a = [[555, "init", {}]];
  window.ct = (command, mod) => { let told; answer("ct " + mod, () => { told = { sessionId: 987 }; }); return told; };
  window.Comagic = { getCredentials: () => {
    let told = { visitor_id: NaN, session_id: NaN };
    answer("uis", () => { told = { site_key: "x", visitor_id: 11, hit_id: 33, session_id: 22 }; });
    return told; } };
</script><script type="text/plain" src="https://mod.calltouch.ru/init.js?id=x1y2">`;
const WHOLE = {
  ym_client_id: "1700000003",
  ga_client_id: "12.34",
  ga_session_id: "1700000001",
  calltouch_session_id: "987",
  uis_visitor_id: "11",
  uis_session_id: "22",
};

let worker;
let browser;
let site;
let head = "";
let first = 1;

before(async () => {
  worker = await startWorker();
  const given = (path) => page(worker.url, BODY, { site: path.split("/")[1], head });
  site = await servePages((path) => (path === "/favicon.ico" ? undefined : given(path)));
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  site?.close();
  worker?.dispose();
});

/** A site `id` with the systems `names`, and a new visitor on its page. */
async function open(id, { analytics = ALL, how, cookies = [], changes = {}, bend } = {}) {
  const script = bend ? `<script>(${bend})()</script>` : "";
  head = how ? `<script>${SYSTEMS(how)}</script>${script}` : "";
  const all = { id: "all", numbers: numbers(4, first), targets: [{ class: "phone" }] };
  first += 10;
  await worker.seed(configFor(id, site.url, [all], { page: { analytics }, ...changes }));
  const visitor = await newVisitor(browser, worker.url);
  await visitor.context.addCookies(cookies.map(([name, value]) => ({ name, value, url: site.url })));
  const parts = [];
  visitor.context.on("request", (request) => /\/a\/\w+\.js$/.test(request.url()) && parts.push(request.url()));
  const tab = await visitor.open(`${site.url}/${id}/`);
  return { visitor, tab, parts };
}

const told = (visitor) => visitor.messages.filter(({ event }) => event === "ids");
const idsOf = async (id, number) => {
  const digits = number.replace(/\D/g, "").replace(/^8/, "7");
  const { body } = await worker.admin("GET", `/api/v1/sites/${id}/leases?number=${digits}&at=${Date.now()}`);
  return body.leases[0].context.ids;
};
const leaves = (tab) => tab.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide")));

test("systems that answer late are told of once, in one message of listed fields", async () => {
  // Each answers some time after it is asked, those that are looked at the second time.
  const how = `(name, act) => /^(ct|uis)/.test(name)
    ? calls.filter((one) => one === name).length > 1 && act() : setTimeout(act, 700)`;
  const { visitor, tab } = await open("answer", { how, analytics: ALL.filter((name) => name !== "callrail") });
  const number = await swapped(tab, "#top", OWN);
  await until(() => told(visitor).length === 1);
  const [message] = told(visitor);
  const listed = ["agent", "cookies", "event", "ids", "key", "leases", "memory", "name", "targets", "v", "visit", "visitor"];
  assert.deepEqual(Object.keys(message).sort(), listed);
  assert.deepEqual(message.ids, WHOLE);
  assert.deepEqual(message.cookies, {});
  await until(async () => await idsOf("answer", number));
  assert.deepEqual(await idsOf("answer", number), WHOLE);
  const calls = await tab.evaluate(() => window.calls);
  assert.deepEqual(calls.filter((name) => !/^(ct|uis)/.test(name)), ["client_id", "session_id", "ym 555"]);
  assert.ok(calls.includes("ct x1y2"));
  // Neither the same page nor the next one of the visit tells it again; the next one remembers.
  await leaves(tab);
  await tab.waitForFunction(() => Object.values(localStorage).some((text) => text.includes("ga_client_id")));
  await tab.reload();
  await swapped(tab, "#top", OWN);
  await settle(tab);
  await leaves(tab);
  await settle(tab);
  assert.equal(told(visitor).length, 1);
  assert.match(visitor.messages.findLast(({ name }) => name === "visit").memory, /12\.34/);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("several tabs of one visitor: told of once, and one row of the log has them", async () => {
  const how = "(name, act) => setTimeout(act, 1500)";
  const { visitor, tab } = await open("tabs", { how, analytics: ["google", "metrica"] });
  const others = await Promise.all([1, 2].map(() => visitor.open(tab.url())));
  const number = await swapped(tab, "#top", OWN);
  for (const other of others) assert.equal(await swapped(other, "#top", OWN), number);
  await until(() => told(visitor).length > 0);
  await settle(tab, 2_500);
  for (const one of [tab, ...others]) await leaves(one);
  await settle(tab);
  assert.equal(told(visitor).length, 1);
  const { ym_client_id, ga_client_id, ga_session_id } = WHOLE;
  assert.deepEqual(told(visitor)[0].ids, { ym_client_id, ga_client_id, ga_session_id });
  const digits = number.replace(/\D/g, "").replace(/^8/, "7");
  const address = `/api/v1/sites/tabs/leases?number=${digits}&at=${Date.now()}`;
  const { leases } = (await worker.admin("GET", address)).body;
  assert.equal(leases.length, 1);
  assert.deepEqual(leases[0].context.ids, { ym_client_id, ga_client_id, ga_session_id });
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("cookies that are written later go as they stand, and only those of the systems named", async () => {
  const { visitor, tab } = await open("cookies", { analytics: ["google", "uis"] });
  const number = await swapped(tab, "#top", OWN);
  await tab.evaluate(() => {
    for (const one of ["_ga=GA1.1.5.6", "_ga_X=GS1.1.77.1", "_ym_uid=9", "secret=1"]) document.cookie = one;
    setTimeout(() => { document.cookie = "_comagic_idAb=44.55.66"; }, 600);
  });
  await until(() => told(visitor).length === 1);
  const [{ cookies, ids }] = told(visitor);
  assert.deepEqual(cookies, { _ga: "GA1.1.5.6", _ga_X: "GS1.1.77.1", _comagic_idAb: "44.55.66" });
  assert.deepEqual(ids, {});
  const wanted = { ga_client_id: "5.6", ga_session_id: "77", uis_visitor_id: "44", uis_session_id: "55" };
  await until(async () => await idsOf("cookies", number));
  assert.deepEqual(await idsOf("cookies", number), wanted);
  await visitor.close();
});

test("what never answers and what throws harms nobody; nothing is told", async () => {
  for (const [id, how] of [
    ["never", "() => 0"],
    ["throws", "() => { throw new Error('theirs'); }"],
    ["nonsense", "(name, act) => setTimeout(() => act.call(null), 0)"],
  ]) {
    const bend = () => {
      window.gtag = (command, tag, field, act) => { window.calls.push(field); act({}); act(null); act("<b>".repeat(99)); act(); };
      window.ym = (counter, command, act) => { window.calls.push("ym"); act(Symbol("x")); };
      window.ym.a = 7;
      window.ct = () => ({ sessionId: { toString() { throw new Error("theirs"); } } });
      window.Comagic = { get getCredentials() { window.calls.push("uis"); throw new Error("theirs"); } };
    };
    const { visitor, tab } = await open(id, { how, bend: id === "nonsense" ? bend : undefined });
    await swapped(tab, "#top", OWN);
    await tab.waitForFunction(() => window.calls.includes("uis") && window.calls.includes("client_id"));
    await leaves(tab);
    await settle(tab);
    assert.deepEqual(told(visitor), [], id);
    assert.deepEqual(visitor.faults, [], id);
    assert.notEqual(await tab.locator("#top").textContent(), OWN);
    await visitor.close();
  }
});

test("whoever calls is told of at once with what is known", async () => {
  const how = `(name, act) => name === "client_id" && act()`;
  const { visitor, tab } = await open("tapped", { how });
  await swapped(tab, "#top", OWN);
  await tab.waitForFunction(() => window.calls.includes("client_id"));
  await tab.locator("#top").click({ noWaitAfter: true });
  await until(() => told(visitor).length === 1);
  assert.deepEqual(told(visitor)[0].ids, { ga_client_id: "12.34" });
  await visitor.close();
});

test("without consent nobody is asked; with it, from then on", async () => {
  const how = "(name, act) => act()";
  const { visitor, tab } = await open("consent", { how, analytics: ["google", "metrica"], changes: { consent: "cookieless" } });
  await swapped(tab, "#top", OWN);
  await settle(tab, 1_500);
  assert.deepEqual(await tab.evaluate(() => window.calls), []);
  assert.deepEqual(told(visitor), []);
  await tab.evaluate(() => window.ringlet("consent", "granted"));
  await until(() => told(visitor).length === 1);
  await visitor.close();
  // And whoever takes it back is not told of.
  const slow = await open("denied", { how: "(name, act) => setTimeout(act, 900)" });
  await swapped(slow.tab, "#top", OWN);
  await slow.tab.waitForFunction(() => window.calls.length > 0);
  await slow.tab.evaluate(() => window.ringlet("consent", "denied"));
  await settle(slow.tab, 2_500);
  await leaves(slow.tab);
  await settle(slow.tab, 300);
  assert.deepEqual(told(slow.visitor), []);
  await slow.visitor.close();
});

test("who has all cookies at once is asked nothing, and a site that names none loads nothing", async () => {
  const how = "(name, act) => act()";
  const cookies = [["_ga", "GA1.1.1.2"], ["_ga_A", "GS1.1.3.4"], ["_ym_uid", "5"]];
  const { visitor, tab } = await open("known", { how, cookies, analytics: ["google", "metrica"] });
  const number = await swapped(tab, "#top", OWN);
  await until(async () => (await tab.evaluate(() => JSON.parse(localStorage["ringlet:known"]).told)) !== undefined);
  assert.deepEqual(await tab.evaluate(() => window.calls), []);
  assert.deepEqual(told(visitor), []);
  assert.deepEqual(await idsOf("known", number), { ga_client_id: "1.2", ga_session_id: "3", ym_client_id: "5" });
  await visitor.close();
  const plain = await open("plain", { how, analytics: [] });
  await swapped(plain.tab, "#top", OWN);
  await settle(plain.tab, 1_500);
  assert.deepEqual(plain.parts, []);
  assert.deepEqual(await plain.tab.evaluate(() => window.calls), []);
  await plain.visitor.close();
});
