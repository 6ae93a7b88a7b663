// A visitor's way with the real edge: his own number, over reloads, tabs, idleness and taps.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser } from "../support/browser.mjs";
import {
  AS_VISITOR,
  configFor,
  isPlain,
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
  `<header><a class="phone" id="top" href="tel:+74950001020">${OWN}</a></header>` +
  `<main><p>Звоните <span class="phone">${OWN}</span></p>` +
  `<a id="next" href="/next?roistat=later">next</a></main>`;

let worker;
let browser;
let site;

before(async () => {
  worker = await startWorker();
  site = await servePages((path) =>
    page(worker.url, path === "/late" ? late() : BODY, { site: siteOf(path) }),
  );
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  site?.close();
  worker?.dispose();
});

/** Pages of a test live below `/t/<site>/`, so that every test has a pool of its own. */
const siteOf = (path) => path.split("/")[2] ?? "shop";
const late = () => "<main></main>";

async function seed(id, count, pool = {}, changes = {}) {
  const scenario = { id: "all", numbers: numbers(count), targets: [{ class: "phone" }], pool };
  await worker.seed(configFor(id, site.url, [scenario], changes));
  return `${site.url}/t/${id}/`;
}

const live = async (id) => (await worker.admin("GET", `/api/v1/sites/${id}/live`)).body;
const digits = (text) => text.replace(/\D/g, "").replace(/^8/, "7");
const shown = async (page) => digits(await swapped(page, "#top", OWN));
const leased = async (id) =>
  (await live(id)).pools[0].numbers.filter(({ state }) => state !== "free");

test("two visitors see different numbers, in text and link, in the shape of the page", async () => {
  const url = await seed("two", 4);
  const [anna, boris] = [
    await newVisitor(browser, worker.url),
    await newVisitor(browser, worker.url),
  ];
  const [first, second] = [
    await anna.open(`${url}?roistat=direct_search_1`),
    await boris.open(url),
  ];
  const [one, two] = [await shown(first), await shown(second)];
  assert.notEqual(one, two);
  for (const number of [one, two]) assert.ok(numbers(4).includes(number), number);
  assert.match(await first.locator("#top").textContent(), /^8 \(495\) \d{3}-\d\d-\d\d$/);
  assert.equal(await first.locator("#top").getAttribute("href"), `tel:+${one}`);
  assert.equal(digits(await first.locator("span.phone").textContent()), one);
  const held = await leased("two");
  assert.equal(held.length, 2);
  assert.match(
    JSON.stringify(held.find(({ number }) => number === one)),
    /direct/,
    "the label is recorded",
  );
  assert.deepEqual([...anna.faults, ...boris.faults], []);
  await anna.close();
  await boris.close();
});

test("exactly the documented fields leave the page", async () => {
  const url = await seed("fields", 2);
  const visitor = await newVisitor(browser, worker.url);
  const page = await visitor.open(`${url}?roistat=direct_1`);
  await shown(page);
  await page.reload();
  await shown(page);
  await until(() => visitor.sent().filter((what) => what === "visit").length === 2);
  const [first, second] = visitor.messages.filter(({ name }) => name === "visit");
  const fields = (message) =>
    Object.keys(message)
      .filter((name) => name !== "name")
      .sort();
  const always = ["agent", "consent", "device", "key", "leases", "referrer", "targets", "url", "v"];
  assert.deepEqual(fields(first), always);
  const later = [...always, "visit", "visitor"];
  assert.deepEqual(
    fields(second).filter((name) => !["marker", "memory"].includes(name)),
    later.sort(),
  );
  assert.equal(first.url, `${url}?roistat=direct_1`);
  assert.deepEqual(first.targets, ["all"]);
  assert.equal(second.leases.length, 1);
  await visitor.close();
});

/** Every text that the number's element showed when a frame was about to be painted. */
const recordFrames = () => {
  window.frames_seen = [];
  const look = () => {
    const element = document.querySelector("#top");
    if (element && window[Symbol.for(`ringlet:${location.pathname.split("/")[2]}`)]) {
      window.frames_seen.push(element.textContent);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
};

test("reload, later page, second tab: right in the first frame after the tag ran", async () => {
  const url = await seed("frames", 3);
  const visitor = await newVisitor(browser, worker.url);
  const page = await visitor.open(url);
  const number = await shown(page);
  await visitor.context.addInitScript(recordFrames);
  // No answer of the edge may be needed.
  await visitor.context.route("**/v1/**", (route) => setTimeout(() => route.continue(), 1500));
  const second = await visitor.context.newPage();
  for (const [name, go] of [
    ["reload", () => page.reload()],
    ["later page", () => page.goto(`${url}catalogue`)],
    ["second tab", () => second.goto(url)],
  ]) {
    await go();
    const tab = name === "second tab" ? second : page;
    const seen = await tab.waitForFunction(
      () => window.frames_seen.length > 2 && window.frames_seen,
    );
    // Rules as JavaScript cannot be kept: they are there a moment later.
    if (isPlain()) assert.equal(await shown(tab), number, name);
    else assert.deepEqual(new Set((await seen.jsonValue()).map(digits)), new Set([number]), name);
  }
  await until(() => visitor.sent().filter((what) => what === "visit").length === 4);
  await settle(page, 1800);
  assert.equal((await leased("frames")).length, 1, "one visitor, one number");
  assert.equal(await shown(page), number);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("a remembered number stands before its request is made, which asks for every place", async () => {
  const url = await seed("order", 2);
  const visitor = await newVisitor(browser, worker.url);
  const page = await visitor.open(url);
  await shown(page);
  await visitor.context.addInitScript(() => {
    window.steps = [];
    const { fetch } = window;
    window.fetch = (address, ...more) => {
      if (/visit$/.test(address)) window.steps.push("visit");
      return fetch(address, ...more);
    };
    const seen = new MutationObserver((records) => {
      if (records.some(({ type }) => type === "characterData")) window.steps.push("swap");
    });
    seen.observe(document, { characterData: true, childList: true, subtree: true });
  });
  await page.reload();
  await page.waitForFunction(() => window.steps.includes("visit"));
  // Rules as JavaScript cannot be kept: the request is on its way when they come.
  if (!isPlain()) assert.equal(await page.evaluate(() => window.steps[0]), "swap");
  await settle(page);
  assert.deepEqual(visitor.sent().filter((what) => what === "page"), []);
  await visitor.close();
});

test("whatever is said before the first request, one is sent", async () => {
  // Each is called behind the swap of a remembered number, in the task of it.
  const words = {
    "put back and swapped": [["restore"], ["swap"]],
    "agreed to again": [["consent", "granted"]],
    "refused and agreed to": [["consent", "denied"], ["consent", "granted"]],
    "another source": [["param", "utm_source", "elsewhere"], ["swap"]],
  };
  for (const [at, [name, calls]] of Object.entries(Object.entries(words))) {
    const url = await seed(`once${at}`, 2);
    const visitor = await newVisitor(browser, worker.url);
    const page = await visitor.open(url);
    const number = await shown(page);
    await until(() => visitor.sent().includes("visit"));
    await visitor.context.addInitScript((calls) => {
      const seen = new MutationObserver((records) => {
        const text = records.find(({ type }) => type === "characterData");
        if (!text) return;
        seen.disconnect();
        window.said = window.ringlet.q === undefined;
        for (const call of calls) window.ringlet(...call);
      });
      seen.observe(document, { characterData: true, subtree: true });
    }, calls);
    visitor.messages.length = 0;
    await page.reload();
    await page.waitForFunction(() => window.said, undefined, { polling: 50 });
    await until(() => visitor.sent().includes("visit"));
    await settle(page);
    // Without kept rules the request is on its way before the number stands.
    const isNew = isPlain() && name.startsWith("refused");
    const visits = visitor.sent().filter((what) => what === "visit").length;
    assert.equal(visits, isNew ? 2 : 1, name);
    const again = await shown(page);
    if (!name.startsWith("refused")) assert.equal(again, number, name);
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  }
});

test("one tab closes, the visit lives; the last one leaves", async () => {
  const url = await seed("tabs", 3);
  const visitor = await newVisitor(browser, worker.url);
  const first = await visitor.open(url);
  const number = await shown(first);
  const second = await visitor.open(url);
  assert.equal(await shown(second), number);
  const state = async () =>
    (await live("tabs")).pools[0].numbers.find((one) => one.number === number).state;
  // Tabs see each other's writes late: one that is closed before that leaves as if it were alone.
  const known = (tab) =>
    tab.evaluate(() => Object.keys(JSON.parse(localStorage["ringlet:tabs"]).tabs).length);
  for (const tab of [first, second]) await until(async () => (await known(tab)) === 2);
  await second.close({ runBeforeUnload: true });
  await until(async () => (await known(first)) === 1);
  await settle(first, 500);
  assert.notEqual(await state(), "held", "the other tab is still open");
  assert.equal(digits(await first.locator("#top").textContent()), number);
  // A farewell is sent by beacon, which only the edge sees.
  await first.goto("about:blank");
  await until(async () => (await state()) === "held");
  await visitor.close();
});

/** Runs before the page: its clock may be set forward, its listeners are kept. */
const bent = () => {
  window.later = 0;
  const { now } = Date;
  Date.now = () => now() + window.later;
  window.heard = {};
  const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (type, act, options) {
    // Drivers have listeners of their own.
    const isAgent = this === window && new Error().stack.includes("/s/");
    if (isAgent) (window.heard[type] ||= []).push(options);
    return addEventListener.call(this, type, act, options);
  };
};
const keeps = (visitor) => visitor.sent().filter((what) => what === "keep").length;

test("pointer, key, wheel, scroll, touch and click are activity, looked at passively once a second", async () => {
  const url = await seed("kinds", 2);
  const visitor = await newVisitor(browser, worker.url, { hasTouch: true });
  await visitor.context.addInitScript(bent);
  const page = await visitor.open(url);
  await shown(page);
  await page.evaluate(() => document.body.insertAdjacentHTML("beforeend", '<div style="height:9000px"></div>'));
  const acts = {
    pointer: () => page.mouse.move(Math.random() * 90, 9),
    key: () => page.keyboard.press("Shift"),
    wheel: () => page.mouse.wheel(0, 50),
    scroll: () => page.evaluate(() => scrollTo(0, 900)),
    touch: () => page.touchscreen.tap(200, 300),
    click: () => page.mouse.click(200, 300),
    shown: () =>
      page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))),
  };
  let count = 0;
  for (const [name, act] of Object.entries(acts)) {
    await page.evaluate(() => (window.later += 61_000));
    await act();
    await until(() => keeps(visitor) === count + 1).catch(() => assert.fail(`${name} is no activity`));
    // Much of it is no more than one.
    for (let again = 0; again < 5; again += 1) await act();
    await settle(page, 100);
    assert.equal(keeps(visitor), (count += 1), name);
  }
  const heard = await page.evaluate(() => window.heard);
  for (const type of ["pointermove", "pointerdown", "keydown", "scroll", "touchstart", "wheel", "click"]) {
    assert.deepEqual(heard[type], [{ capture: true, passive: true }], type);
  }
  // Those keep pages from the back/forward cache.
  for (const type of ["unload", "beforeunload"]) assert.equal(heard[type], undefined);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("two tabs, one heartbeat: whichever the visitor is in", async () => {
  const url = await seed("beats", 2);
  const visitor = await newVisitor(browser, worker.url);
  await visitor.context.addInitScript(bent);
  const [first, second] = [await visitor.open(url), await visitor.open(url)];
  const number = await shown(first);
  assert.equal(await shown(second), number);
  for (let round = 1; round <= 3; round += 1) {
    for (const tab of [first, second]) await tab.evaluate(() => (window.later += 61_000));
    for (const tab of round % 2 ? [first, second] : [second, first]) {
      await tab.bringToFront();
      await tab.mouse.move(50 + round, 9);
      await settle(tab, 400);
    }
    assert.equal(keeps(visitor), round);
  }
  assert.equal(visitor.sent().filter((what) => what === "visit").length, 2, "one for each page");
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("two tabs that write in one moment: neither takes the other's number or its sign of life", async () => {
  const scenario = (id, at) => ({ id, numbers: numbers(2, at), targets: [{ class: id }], pool: {} });
  await worker.seed(configFor("moment", site.url, [scenario("one", 1), scenario("two", 11)]));
  const url = `${site.url}/t/moment/`;
  const visitor = await newVisitor(browser, worker.url);
  const [first, second] = [await visitor.open(url), await visitor.open(url)];
  const place = (id) => `<b class="${id}" id="${id}">${OWN}</b>`;
  const put = (tab, id) =>
    tab.evaluate((html) => void document.body.insertAdjacentHTML("beforeend", html), place(id));
  const record = (tab) => tab.evaluate(() => JSON.parse(localStorage["ringlet:moment"]));
  await put(first, "one");
  await put(second, "one");
  await swapped(first, "#one", OWN);
  await swapped(second, "#one", OWN);
  await until(async () => Object.keys((await record(first)).tabs).length === 2);
  // The second tab writes what it knew, as one does that has not been told of the first one's write.
  await second.evaluate(() => {
    const known = localStorage["ringlet:moment"];
    addEventListener("storage", ({ newValue }) => {
      if (window.wrote || !/"scenario":"two"/.test(newValue)) return;
      window.wrote = true;
      localStorage["ringlet:moment"] = known;
    }, true);
  });
  await put(first, "two");
  const number = digits(await swapped(first, "#two", OWN));
  await second.waitForFunction(() => window.wrote, undefined, { polling: 50 });
  const isWhole = ({ numbers, tabs }) => numbers.length === 2 && Object.keys(tabs).length === 2;
  await until(async () => isWhole(await record(first)));
  await settle(first);
  for (const tab of [first, second]) assert.ok(isWhole(await record(tab)));
  assert.equal(digits(await first.locator("#two").textContent()), number);
  await put(second, "two");
  assert.equal(digits(await swapped(second, "#two", OWN)), number, "the other tab knows it as well");
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("consent that is taken back in one tab is taken back in the others", async () => {
  for (const [consent, said] of [["granted", "cookieless"], ["granted", "denied"], ["wait", "denied"]]) {
    const id = `back-${consent}-${said}`;
    const url = await seed(id, 4, {}, { consent });
    const visitor = await newVisitor(browser, worker.url);
    const tabs = [];
    const seen = new Set();
    // One after the other: two new visitors at once would be two.
    for (let count = 0; count < 2; count += 1) {
      const tab = await visitor.open(url);
      if (consent === "wait") await tab.evaluate(() => ringlet("consent", "granted"));
      seen.add(await shown(tab));
      tabs.push(tab);
    }
    const [first, second] = tabs;
    assert.equal(seen.size, 1, "one visitor, one number");
    const stored = () => [Object.keys(localStorage), document.cookie];
    visitor.messages.length = 0;
    await first.evaluate((said) => ringlet("consent", said), said);
    if (consent === "wait") {
      const isOwn = (own) => document.querySelector("#top").textContent === own;
      for (const tab of tabs) await tab.waitForFunction(isOwn, OWN, { polling: 50 });
    } else {
      await until(() => visitor.messages.some(({ name, consent }) => name === "visit" && consent));
    }
    await settle(second);
    for (const tab of tabs) {
      // Whatever they do from now on.
      await tab.bringToFront();
      await tab.mouse.move(Math.random() * 90, 9);
      await settle(tab, 200);
      assert.deepEqual(await tab.evaluate(stored), [[], ""], id);
    }
    for (const { name, visitor: known, consent } of visitor.messages.filter(({ name }) => name === "visit")) {
      assert.deepEqual([name, known, consent], ["visit", undefined, "cookieless"], id);
    }
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  }
});

test("consent that is narrowed while a number is lent gives it back, once", async () => {
  const url = await seed("narrowed", 4, {}, { consent: "granted" });
  const visitor = await newVisitor(browser, worker.url);
  const page = await visitor.open(url);
  const number = digits(await shown(page));
  const [{ lease }] = (await page.evaluate(() => JSON.parse(localStorage["ringlet:narrowed"]))).numbers;
  visitor.messages.length = 0;
  const isAsked = () => visitor.messages.some(({ name, consent }) => name === "visit" && consent);
  await page.evaluate(() => ringlet("consent", "cookieless"));
  await until(isAsked);
  await settle(page);
  // It is the same the second time, and more is no less.
  await page.evaluate(() => ringlet("consent", "cookieless"));
  await page.evaluate(() => ringlet("consent", "granted"));
  await settle(page);
  const left = visitor.messages.filter(({ name }) => name === "leave");
  assert.deepEqual(left.map(({ leases }) => leases.map((one) => [one.lease, one.number])), [[[lease, number]]]);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("the owner's domain for cookies: the visitor and his label are known on every subdomain", async () => {
  const { port } = new URL(site.url);
  const hosts = ["www.shop.localhost", "msk.shop.localhost"].map((name) => `http://${name}:${port}`);
  const label = "direct_5.banner_топ";
  const open = async (id, changes) => {
    const all = { id: "all", numbers: numbers(3), targets: [{ class: "phone" }] };
    await worker.seed({ ...configFor(id, hosts[0], [all], changes), origins: hosts });
    const visitor = await newVisitor(browser, worker.url);
    const page = await visitor.open(`${hosts[0]}/t/${id}/?roistat=${label}`);
    const number = await shown(page);
    await page.waitForFunction(() => Object.values(localStorage).some((text) => text.includes("banner")));
    const cookie = await page.evaluate(() => document.cookie);
    await page.goto(`${hosts[1]}/t/${id}/`);
    const there = await shown(page);
    const { visitor: known, visit, marker } = visitor.messages.findLast(({ name }) => name === "visit");
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
    return { number, there, cookie, known, visit, marker };
  };
  const one = await open("domain", { cookie_domain: "shop.localhost" });
  assert.equal(one.there, one.number);
  assert.match(one.cookie, /^ringlet=[0-9a-z]{26}\.[0-9a-z]{26}\.direct_5\.banner/);
  assert.match(one.known, /^[0-9a-z]{26}$/);
  assert.match(one.visit, /^[0-9a-z]{26}$/);
  assert.equal(one.marker, label);
  const apart = await open("apart", {});
  assert.notEqual(apart.there, apart.number);
  assert.deepEqual([apart.cookie, apart.known, apart.marker], ["", undefined, undefined]);
});

test("an idle visitor's number goes to whoever needs it; activity asks for one again", async () => {
  // One number, and a short idle time: the shortest the edge takes.
  const url = await seed("idle", 1, { idle_release_ms: 5000, hold_ms: 10000 });
  const anna = await newVisitor(browser, worker.url);
  const first = await anna.open(url);
  const number = await shown(first);
  await until(() => anna.sent().includes("idle"), 15_000);
  const boris = await newVisitor(browser, worker.url);
  const second = await boris.open(url);
  assert.equal(await shown(second), number, "it is re-issued");
  // He stays active meanwhile, however slow the machine is.
  const move = () => second.mouse.move(Math.random() * 90, 9).catch(() => {});
  const moving = setInterval(move, 400).unref();
  await first.mouse.move(50, 60);
  await until(() => anna.sent().includes("active"), 30_000);
  // The only number is another's now: the page's own stands again, whole.
  await first.waitForFunction((own) => document.querySelector("#top").textContent === own, OWN);
  assert.equal(await first.locator("#top").getAttribute("href"), "tel:+74950001020");
  clearInterval(moving);
  assert.deepEqual([...anna.faults, ...boris.faults], []);
  await anna.close();
  await boris.close();
});

test("a visitor who comes back while his number is free has it again", async () => {
  const url = await seed("back", 2, { idle_release_ms: 5000 });
  const visitor = await newVisitor(browser, worker.url);
  const page = await visitor.open(url);
  const number = await shown(page);
  await until(() => visitor.sent().includes("idle"), 15_000);
  const given = page.waitForResponse(
    (response) =>
      response.url().endsWith("/beat") && /"active"/.test(response.request().postData()),
  );
  await page.mouse.move(80, 90);
  assert.equal((await (await given).json()).numbers[0].number, number);
  assert.equal(digits(await page.locator("#top").textContent()), number);
  await visitor.close();
});

test("a full pool leaves the page's own number", async () => {
  const url = await seed("full", 1);
  const [anna, boris] = [
    await newVisitor(browser, worker.url),
    await newVisitor(browser, worker.url),
  ];
  await shown(await anna.open(url));
  const page = await boris.open(url);
  await until(() => boris.sent().includes("visit"));
  await settle(page);
  assert.equal(await page.locator("#top").textContent(), OWN);
  assert.deepEqual(boris.faults, []);
  await anna.close();
  await boris.close();
});

test("a tap on the number's link is told at once", async () => {
  const url = await seed("tap", 2);
  const visitor = await newVisitor(browser, worker.url);
  const page = await visitor.open(url);
  const number = await shown(page);
  await page.evaluate(() => {
    window.taps = [];
    document.addEventListener("ringlet:tap", (event) => window.taps.push(event.detail));
    document.addEventListener("click", (event) => event.preventDefault());
  });
  await page.locator("#top").click();
  await until(() => visitor.sent().includes("tap"));
  const tap = visitor.messages.find(({ event }) => event === "tap");
  assert.equal(tap.number, number);
  assert.equal(tap.leases.length, 1);
  assert.deepEqual(await page.evaluate(() => window.taps), [{ scenario: "all", number }]);
  await page.locator("#next").click();
  assert.equal(
    visitor.sent().filter((what) => what === "tap").length,
    1,
    "other links are not taps",
  );
  await visitor.close();
});

test("the page can ask: ready, number, visit, and calls made before the agent came", async () => {
  const url = await seed("api", 2);
  const visitor = await newVisitor(browser, worker.url);
  await visitor.context.addInitScript(() => {
    window.ringlet = (...given) => window.ringlet.q.push(given);
    window.ringlet.q = [];
    window.ringlet("number", { scenario: "all" }, (number) => {
      window.early = number;
    });
  });
  const page = await visitor.open(url);
  const number = await shown(page);
  const early = await page.waitForFunction(() => window.early);
  assert.equal(await early.jsonValue(), number);
  const visit = await page.evaluate(
    () => new Promise((resolve) => window.ringlet("visit", resolve)),
  );
  assert.match(visit, /^[0-9a-z]{26}$/);
  await page.evaluate(() => window.ringlet("destroy"));
  assert.equal(await page.locator("#top").textContent(), OWN);
  await page.evaluate(() => window.ringlet("no such verb"));
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});
