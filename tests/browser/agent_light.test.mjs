// Most pages do with the light rules, which come with the script: they ask for no others. A page with
// a place that these do not know loads the whole rules once, and its visitor's next page starts with
// them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { tagOf } from "../../www/install/tags.js";
import { launchBrowser } from "../support/browser.mjs";
import { edgeBetween } from "../support/edge_between.mjs";
import { AS_VISITOR, configFor, newVisitor, servePages, settle, swapped } from "../support/pages.mjs";
import { numbers, until } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const OWN = "8 (495) 000-10-20";
const PLAIN = `<a class="phone" id="top" href="tel:+74950001020">${OWN}</a>`;
/** A local number: the light rules do not know the area. */
const LOCAL = "000 10 20";
const ODD = `${PLAIN}<b class="phone" id="odd">${LOCAL}</b>`;

let worker;
let edge;
let site;
let browser;
let release;
let served = {};

before(async () => {
  worker = await startWorker();
  edge = await edgeBetween(worker);
  site = await servePages((path) => {
    if (path === "/favicon.ico") return undefined;
    const { tag, headers, body } = served;
    return { headers, body: `<!doctype html><meta charset="utf-8"><title>Shop</title>${tag}${body}` };
  });
  release = await (await fetch(`${worker.url}/a/agent.json`)).json();
  browser = await launchBrowser({ flags: AS_VISITOR });
  const all = { id: "all", numbers: numbers(90, 1), targets: [{ class: "phone" }] };
  await worker.seed(configFor("chosen", site.url, [all], { area_code: "495" }));
  const found = { id: "all", numbers: numbers(30, 200), targets: [{ number: "74950001020" }] };
  await worker.seed(configFor("searched", site.url, [found]));
});

after(async () => {
  await browser?.close();
  site?.close();
  edge?.close();
  worker?.dispose();
});

/** Opens a page with the tag of `options`; `rules()` are the rules that were asked for since. */
async function open(body, { id = "chosen", visitor, fate = () => undefined, headers, ...options } = {}) {
  served = { tag: tagOf(edge.url, id, release, { consent: "granted", ...options }), headers, body };
  edge.fate = fate;
  edge.paths.length = 0;
  visitor ??= await newVisitor(browser, edge.url);
  const tab = await visitor.open(site.url);
  const rules = () => edge.paths.filter((path) => path.endsWith(".wasm"));
  const close = async () => {
    assert.deepEqual(visitor.faults, [], "nothing is thrown into the page");
    await visitor.close();
    edge.fate = () => undefined;
  };
  return { tab, visitor, rules, close };
}

test("what most pages hold is known to the light rules: no page asks for others", async (shapes) => {
  const all = {
    "a link": `<a class="phone" id="top" href="tel:+74950001020">8 495 000 10 20</a>`,
    "white space around": `<span class="phone" id="top">\n  ${OWN}\n</span>`,
    "a class on the link and one on the span inside":
      `<a class="phone" href="tel:74950001020"><span class="phone" id="top">${OWN}</span></a>`,
    "a wrapper with two copies and hours":
      `<div class="phone"><b id="top">+7(495)-000-10-20</b><div>+7(495)-000-10-20</div>9:00–21:00</div>`,
    "a number in several tags": `<span class="phone" id="top">8 <i>(495)</i> <b>000-10-20</b></span>`,
    "words beside it": `<p class="phone" id="top">Тел.: ${OWN}, ежедневно</p>`,
    "a button and a number":
      `<a class="phone" href="tel:+74950001020">Позвонить</a><i class="phone" id="top">${OWN}</i>`,
  };
  for (const [name, body] of Object.entries(all)) {
    await shapes.test(name, async () => {
      const { tab, rules, close } = await open(body);
      const digits = async () => (await tab.locator("#top").textContent()).replace(/\D/g, "");
      await until(async () => /^[78]495000(?!1020)\d{4}$/.test(await digits()));
      await settle(tab);
      assert.deepEqual(rules(), []);
      await close();
    });
  }
});

test("a place that they do not know loads the whole rules once, and the next page starts with them", async () => {
  const first = await open(ODD);
  await swapped(first.tab, "#odd", LOCAL);
  const shown = await first.tab.locator("#odd").textContent();
  assert.match(shown, /^000 \d\d \d\d$/);
  await first.tab.evaluate(() => {
    document.body.insertAdjacentHTML("beforeend", '<b class="phone" id="more">000-10-20</b>');
  });
  await swapped(first.tab, "#more", "000-10-20");
  await settle(first.tab);
  assert.deepEqual(first.rules(), [release.whole_rules.path]);
  await first.tab.evaluate(() => window.ringlet("restore"));
  assert.equal(await first.tab.locator("#odd").textContent(), LOCAL);
  assert.equal(await first.tab.locator("#top").textContent(), OWN);
  await first.tab.close();
  const next = await open(ODD, { visitor: first.visitor });
  await swapped(next.tab, "#odd", LOCAL);
  await settle(next.tab);
  assert.equal(await next.tab.locator("#odd").textContent(), shown);
  assert.deepEqual(next.rules(), []);
  await next.close();
});

test("until the whole rules are there such a place keeps its number, and others do not wait", async () => {
  let letThrough;
  const held = new Promise((done) => {
    letThrough = done;
  });
  const fate = (path) => (path === release.whole_rules.path ? held : undefined);
  const { tab, rules, close } = await open(ODD, { fate });
  await swapped(tab, "#top", OWN);
  await until(() => rules().length === 1);
  await settle(tab);
  assert.equal(await tab.locator("#odd").textContent(), LOCAL);
  letThrough();
  await swapped(tab, "#odd", LOCAL);
  assert.equal(rules().length, 1);
  await close();
});

test("where the whole rules cannot be loaded it keeps its number for good", async () => {
  const others = { body: "other bytes" };
  for (const fault of ["cut", { status: 500 }, others]) {
    const fate = (path) => (path === release.whole_rules.path ? fault : undefined);
    const { tab, rules, close } = await open(ODD, { fate });
    await swapped(tab, "#top", OWN);
    // Browsers ask again where a connection was cut.
    await until(() => rules().includes(release.whole_rules.path));
    await settle(tab);
    assert.equal(await tab.locator("#odd").textContent(), LOCAL);
    await close();
  }
});

test("the script of a site that searches brings the whole rules; a pinned one asks for them, once", async () => {
  for (const options of [{}, { isFast: true }]) {
    const { tab, rules, close } = await open(PLAIN, { id: "searched", ...options });
    await swapped(tab, "#top", OWN);
    assert.deepEqual(rules(), []);
    await close();
  }
  const chosen = await open(PLAIN, { isPinned: true });
  await swapped(chosen.tab, "#top", OWN);
  assert.deepEqual(chosen.rules(), []);
  await chosen.close();
  const first = await open(PLAIN, { id: "searched", isPinned: true });
  const shown = await swapped(first.tab, "#top", OWN);
  assert.deepEqual(first.rules(), [release.whole_rules.path]);
  await settle(first.tab);
  const next = await open(PLAIN, { id: "searched", isPinned: true, visitor: first.visitor });
  assert.equal(await swapped(next.tab, "#top", OWN), shown);
  assert.deepEqual(next.rules(), []);
  await next.close();
});

test("one lost connection costs a page of the pinned script no rules", async () => {
  for (const fault of ["cut", { status: 503 }, { body: "other bytes" }]) {
    let asked = 0;
    const fate = (path) => (path === release.whole_rules.path && !asked++ ? fault : undefined);
    const { tab, close } = await open(PLAIN, { id: "searched", isPinned: true, fate });
    await swapped(tab, "#top", OWN);
    await close();
  }
});

test("a pinned script without the whole rules that it needs shows the page's number and keeps none", async () => {
  const cors = { "access-control-allow-origin": "*" };
  const faults = [
    "cut",
    { status: 500 },
    { body: "\0asm", headers: cors },
    { body: "<html>", headers: cors },
  ];
  for (const fault of faults) {
    const fate = (path) => (path === release.whole_rules.path ? fault : undefined);
    edge.messages.length = 0;
    const { tab, rules, close } = await open(PLAIN, { id: "searched", isPinned: true, fate });
    await until(() => rules().includes(release.whole_rules.path));
    const leave = () => edge.messages.find(({ name }) => name === "leave");
    await until(leave);
    assert.equal(leave().leases.length, 1);
    assert.equal(await tab.locator("#top").textContent(), OWN);
    await close();
  }
});

test("the whole rules as JavaScript know every place: no others are asked for", async () => {
  const headers = { "content-security-policy": "script-src * 'unsafe-inline'" };
  const { tab, rules, close } = await open(ODD, { headers });
  await swapped(tab, "#odd", LOCAL);
  await settle(tab);
  assert.deepEqual(rules(), []);
  await close();
});
