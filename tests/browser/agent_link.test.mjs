// A visitor who goes on to another domain of the same owner stays who he is.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser } from "../support/browser.mjs";
import { edgeBetween } from "../support/edge_between.mjs";
import { AS_VISITOR, configFor, newVisitor, page, servePages, settle, swapped } from "../support/pages.mjs";
import { numbers, until } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const OWN = "8 (495) 000-10-20";
const TOKEN = /[?&]ringlet_link=([^&#]*)/;

let worker;
let edge;
let pages;
let browser;
let first;
let second;
let stranger;
/** Addresses that pages were asked for by, with their queries. */
const asked = [];

before(async () => {
  worker = await startWorker();
  edge = await edgeBetween(worker);
  pages = await servePages((path) => {
    if (path === "/favicon.ico") return undefined;
    const body =
      `<a class="phone" id="top" href="tel:+74950001020">${OWN}</a>` +
      `<p><a id="over" href="${second}${path}?a=%20b&amp;c#part">Spare parts</a>` +
      `<a id="bare" href="${second}${path}">Bare</a>` +
      `<a id="out" href="${stranger}${path}">Elsewhere</a>` +
      `<a id="own" href="${path}?own">Here</a>` +
      `<form id="get" action="${second}${path}?gone"><input name="q" value="pump"><button>Find</button></form>` +
      `<form id="post" action="${second}${path}?a=1#part" method="post"><input name="action" value="x">` +
      `<button>Send</button><button id="other" formaction="${stranger}${path}" formmethod="get">Ask</button></form>` +
      `<form id="chosen" action="${path}"><button formaction="${second}${path}" formmethod="post">Go</button></form>` +
      `<form id="away" action="${stranger}${path}" method="post"><button>Send</button></form>`;
    return page(edge.url, body, { site: path.split("/")[1] });
  });
  const { port } = new URL(pages.url);
  [first, second, stranger] = ["first", "second", "stranger"].map((name) => `http://${name}.localhost:${port}`);
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  pages?.close();
  edge?.close();
  worker?.dispose();
});

let from = 1;

/** Seeds a site of both domains and opens its page on the first as a new visitor. */
async function open(id, { linked_domains = ["first.localhost", "second.localhost"], ...changes } = {}) {
  const all = { id: "all", numbers: numbers(6, from), targets: [{ class: "phone" }] };
  from += 10;
  const config = configFor(id, first, [all], { page: { linked_domains }, ...changes });
  await worker.seed({ ...config, origins: [first, second] });
  edge.messages.length = 0;
  const visitor = await newVisitor(browser, edge.url);
  asked.length = 0;
  visitor.context.on("request", (request) => request.isNavigationRequest() && asked.push(request.url()));
  const tab = await visitor.open(`${first}/${id}/`);
  const number = await swapped(tab, "#top", OWN);
  const isReady = () => edge.paths.some((path) => path.endsWith(".js") && path.startsWith("/a/"));
  if (linked_domains.length) await until(isReady);
  await settle(tab);
  return { visitor, tab, number };
}

const who = async (tab) => {
  const visit = await tab.evaluate(() => new Promise((done) => window.ringlet("visit", done)));
  const record = await tab.evaluate(() => Object.entries(localStorage).find(([name]) => /^ringlet:/.test(name))[1]);
  return { visit, visitor: JSON.parse(record).visitor };
};

test("a link to the other domain passes the visitor on, and leaves no trace", async () => {
  const { visitor, tab, number } = await open("passed");
  await tab.evaluate(() => history.replaceState(null, "", "?roistat=direct_9"));
  await tab.reload();
  assert.equal(await swapped(tab, "#top", OWN), number);
  await settle(tab);
  const before = await who(tab);
  // A click that the page keeps to itself shows the address that the browser would follow.
  const [followed, left] = await tab.evaluate(async () => {
    const link = document.querySelector("#over");
    const own = link.getAttribute("href");
    let followed;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      followed = link.getAttribute("href");
    }, { once: true });
    link.click();
    await new Promise((done) => setTimeout(done, 50));
    return [followed, link.getAttribute("href") === own];
  });
  assert.match(followed, /\?a=%20b&c&ringlet_link=[\w.-]+#part$/);
  assert.ok(left, "the link has its own address again");
  await tab.locator("#over").click();
  await tab.waitForURL(`${second}/**`);
  assert.equal(await swapped(tab, "#top", OWN), number);
  assert.deepEqual(await who(tab), before);
  await tab.waitForFunction(() => !location.href.includes("ringlet_link"));
  assert.equal(tab.url(), `${second}/passed/?a=%20b&c#part`);
  const visits = edge.messages.filter(({ name }) => name === "visit");
  assert.equal(visits.filter(({ origin }) => origin === second).length, 1);
  const { body } = await worker.admin("GET", "/api/v1/sites/passed/live");
  assert.equal(body.pools[0].numbers.filter((one) => one.visitor).length, 1, "one number for one visitor");
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("forged and foreign tokens are nobody's, and go from the address as well", async () => {
  const one = await open("shop-one");
  await one.tab.locator("#bare").click();
  await one.tab.waitForURL(`${second}/**`);
  const [, token] = TOKEN.exec(asked.find((url) => TOKEN.test(url)));
  const { visitor: known } = await who(one.tab);
  await one.visitor.close();
  const other = await open("shop-two");
  const mine = await who(other.tab);
  const flipped = token.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
  for (const [id, wrong] of [["shop-two", token], ["shop-one", flipped], ["shop-one", "x"]]) {
    const visitor = await newVisitor(browser, edge.url);
    const tab = await visitor.open(`${second}/${id}/?ringlet_link=${wrong}`);
    await swapped(tab, "#top", OWN);
    await tab.waitForFunction(() => location.search === "");
    const { visitor: given } = await who(tab);
    assert.notEqual(given, known);
    assert.notEqual(given, mine.visitor);
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  }
  const right = await newVisitor(browser, edge.url);
  const tab = await right.open(`${second}/shop-one/?ringlet_link=${token}`);
  await swapped(tab, "#top", OWN);
  assert.equal((await who(tab)).visitor, known, "the same token unspoilt is somebody's");
  await right.close();
  await other.visitor.close();
});

/** What the browser asks for when `act` has happened on a new visitor's page: method, address, body. */
async function navigated(id, act, options) {
  const { visitor, tab } = await open(id, options);
  const before = await tab.evaluate(() => document.body.innerHTML);
  const seen = [];
  visitor.context.on("request", (request) => {
    if (request.isNavigationRequest()) seen.push([request.method(), request.url(), request.postData()]);
  });
  await act(tab);
  await until(() => seen.length > 0);
  await settle(tab, 300);
  assert.equal(seen.length, 1, `one navigation, not ${JSON.stringify(seen)}`);
  return { tab, visitor, before, seen: seen[0] };
}

test("forms to the other domain pass the visitor on, whatever their method", async () => {
  for (const [id, selector, method, address, body] of [
    ["form-get", "#get button", "GET", /\/form-get\/\?q=pump&ringlet_link=[\w.-]+$/, null],
    ["form-post", "#post button", "POST", /\?a=1&ringlet_link=[\w.-]+(#part)?$/, "action=x"],
    ["form-chosen", "#chosen button", "POST", /\?ringlet_link=[\w.-]+$/, null],
  ]) {
    const { visitor, tab, seen } = await navigated(id, (tab) => tab.locator(selector).first().click({ noWaitAfter: true }));
    assert.equal(seen[0], method, id);
    assert.match(seen[1], address);
    assert.equal(seen[2] || null, body);
    await tab.waitForURL(`${second}/**`);
    await swapped(tab, "#top", OWN);
    await tab.waitForFunction(() => !location.href.includes("ringlet_link"));
    const { body: live } = await worker.admin("GET", `/api/v1/sites/${id}/live`);
    assert.equal(live.pools[0].numbers.filter((one) => one.visitor).length, 1, "one number for one visitor");
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  }
});

test("forms that the page keeps, and forms elsewhere, are the page's own", async () => {
  const { visitor, tab } = await open("form-kept");
  const told = await tab.evaluate(async () => {
    const before = document.body.innerHTML;
    const told = [];
    for (const id of ["get", "post"]) {
      const form = document.getElementById(id);
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        told.push([...new FormData(form).keys()].join(), form.getAttribute("action").includes("ringlet_link"));
      });
      form.querySelector("button").click();
      told.push([...new FormData(form).keys()].join());
    }
    await new Promise((done) => setTimeout(done, 50));
    return [...told, document.body.innerHTML === before];
  });
  assert.deepEqual(told, ["q", false, "q", "action", false, "action", true]);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
  for (const [id, selector] of [["form-away", "#away button"], ["form-asked", "#other"]]) {
    const away = await navigated(id, (tab) => tab.locator(selector).click({ noWaitAfter: true }));
    assert.doesNotMatch(away.seen.join(), TOKEN, id);
    await away.visitor.close();
  }
});

test("forms that a script sends pass the visitor on as well", async () => {
  const submit = (id) => HTMLFormElement.prototype.submit.call(document.getElementById(id));
  for (const [id, form, method, address, body] of [
    ["script-post", "post", "POST", /\?a=1&ringlet_link=[\w.-]+(#part)?$/, "action=x"],
    ["script-get", "get", "GET", /\?q=pump&ringlet_link=[\w.-]+$/, null],
  ]) {
    const { visitor, tab, seen } = await navigated(id, (tab) => tab.evaluate(submit, form));
    assert.deepEqual([seen[0], seen[2] || null], [method, body]);
    assert.match(seen[1], address);
    await tab.waitForURL(`${second}/**`);
    await swapped(tab, "#top", OWN);
    const { body: live } = await worker.admin("GET", `/api/v1/sites/${id}/live`);
    assert.equal(live.pools[0].numbers.filter((one) => one.visitor).length, 1, "one number for one visitor");
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  }
  const away = await navigated("script-form-away", (tab) => tab.evaluate(submit, "away"));
  assert.doesNotMatch(away.seen.join(), TOKEN);
  await away.visitor.close();
  const { visitor, tab } = await open("script-form-looks");
  const looks = () => {
    const { submit } = HTMLFormElement.prototype;
    const action = Element.prototype.getAttribute.call(document.getElementById("post"), "action");
    return [submit.name, submit.length, `${submit}`.includes("[native code]"), action];
  };
  assert.deepEqual(await tab.evaluate(looks), ["submit", 0, true, `${second}/script-form-looks/?a=1#part`]);
  await visitor.close();
});

test("scripts that go to the other domain take the visitor along", async () => {
  const to = (id) => `${second}/${id}/?a=1#part`;
  for (const [id, act] of [
    ["script-assign", (address) => location.assign(address)],
    ["script-replace", (address) => location.replace(address)],
    ["script-href", (address) => { location.href = address; }],
    ["refresh", (address) => {
      const refresh = { httpEquiv: "refresh", content: `0;url=${address}` };
      document.head.append(Object.assign(document.createElement("meta"), refresh));
    }],
    ["script-open", (address) => void window.open(address)],
    ["script-self", (address) => void window.open(new URL(address), "_self")],
    ["script-asked", (address) => window.ringlet("link", address, (whole) => location.assign(whole))],
  ]) {
    const { visitor, seen } = await navigated(id, (tab) => tab.evaluate(act, to(id)));
    assert.equal(seen[0], "GET");
    assert.match(seen[1], /\?a=1&ringlet_link=[\w.-]+/, id);
    assert.deepEqual(visitor.faults, []);
    const tab = visitor.context.pages().at(-1);
    await tab.waitForURL(`${second}/**`);
    await swapped(tab, "#top", OWN);
    const { body: live } = await worker.admin("GET", `/api/v1/sites/${id}/live`);
    assert.equal(live.pools[0].numbers.filter((one) => one.visitor).length, 1, id);
    if (id !== "script-open") assert.equal(await tab.evaluate(() => history.length), /replace|refresh/.test(id) ? 2 : 3, id);
    await visitor.close();
  }
  const away = await navigated("script-away", (tab) => tab.evaluate((address) => location.assign(address), `${stranger}/script-away/`));
  assert.doesNotMatch(away.seen.join(), TOKEN);
  await away.visitor.close();
  const { visitor, tab } = await open("script-looks");
  assert.deepEqual(
    await tab.evaluate(() => [window.open.name, window.open.length, `${window.open}`.includes("[native code]")]),
    ["open", 0, true],
  );
  await visitor.close();
});

/** Links of every kind, as they come into a page: `at` is where they lead. */
function addLinks(at) {
  const make = (html) => document.body.insertAdjacentHTML("beforeend", html);
  make(`<a id="late" href="${at}"><b>Late</b></a><a id="blank" href="${at}" target="_blank" rel="noopener">Blank</a>`);
  make(`<img usemap="#map" width="40" height="40" src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">
    <map name="map"><area id="area" shape="rect" coords="0,0,40,40" href="${at}"></map>`);
  make(`<svg width="90" height="30"><a id="svg" href="${at}"><text y="15">SVG</text></a></svg>`);
  make(`<svg width="90" height="30"><a id="old" xlink:href="${at}"><text y="15">Old</text></a></svg>`);
  make('<p><x-open></x-open></p><a id="around" href="' + at + '"><x-icon></x-icon></a>');
  const inside = document.querySelector("x-open").attachShadow({ mode: "open" });
  inside.innerHTML = `<a id="inside" href="${at}">Inside</a>`;
  const icon = document.querySelector("x-icon").attachShadow({ mode: "open" });
  icon.innerHTML = "<b>Icon</b>";
}

test("links of every kind, by mouse, middle button and keyboard", async () => {
  const click = (selector, options) => (tab) => tab.locator(selector).click({ noWaitAfter: true, ...options });
  const ways = {
    late: click("#late b"),
    blank: click("#blank"),
    middle: click("#late", { button: "middle" }),
    control: click("#late", { modifiers: ["Control"] }),
    area: (tab) => tab.locator("img[usemap]").click({ noWaitAfter: true }),
    svg: click("#svg text"),
    old: click("#old text"),
    inside: click("#inside"),
    around: click("x-icon b"),
    keyboard: (tab) => tab.locator("#late").press("Enter", { noWaitAfter: true }),
  };
  for (const [name, act] of Object.entries(ways)) {
    const id = `link-${name}`;
    const { visitor, tab: from, number } = await open(id);
    await from.evaluate(addLinks, `${second}/${id}/?a=1#part`);
    // What browsers with the Navigation API do besides must not be what passes him on.
    await from.evaluate(() => {
      window.navigation.addEventListener("navigate", (event) => event.stopImmediatePropagation(), true);
    });
    await act(from);
    // A driver is told of no request of a tab in the background, but of the tab.
    const tab = await until(() => visitor.context.pages().find((page) => page.url().startsWith(second)));
    await tab.bringToFront();
    assert.equal(await swapped(tab, "#top", OWN), number, name);
    await tab.waitForFunction(() => location.search === "?a=1");
    const { body: live } = await worker.admin("GET", `/api/v1/sites/${id}/live`);
    assert.equal(live.pools[0].numbers.filter((one) => one.visitor).length, 1, name);
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  }
});

test("links elsewhere, and those of a site that names no domains, stay as they are", async () => {
  const elsewhere = async (id, options, selector) => {
    const { visitor, tab } = await open(id, options);
    asked.length = 0;
    await tab.locator(selector).click();
    await until(() => asked.length > 0);
    assert.doesNotMatch(asked[0], TOKEN, `${id} ${selector}`);
    await visitor.close();
  };
  const { visitor, tab } = await open("denied");
  await tab.evaluate(() => window.ringlet("consent", "denied"));
  asked.length = 0;
  await tab.locator("#over").click();
  await until(() => asked.length > 0);
  assert.doesNotMatch(asked[0], TOKEN, "a visitor who does not want to be known is not");
  await visitor.close();
  await elsewhere("stays", {}, "#out");
  await elsewhere("stays-here", {}, "#own");
  await elsewhere("unnamed", { linked_domains: [] }, "#over");
  await elsewhere("nobody", { consent: "cookieless" }, "#over");
});

test("a domain that no origin of the site covers is a fault with its place", async () => {
  const all = { id: "all", numbers: numbers(1, 900), targets: [{ class: "phone" }] };
  const config = configFor("fault", first, [all], { page: { linked_domains: ["first.localhost", "x.example"] } });
  const { status, body } = await worker.admin("POST", "/api/v1/sites/fault/config/check", config);
  const text = JSON.stringify(body);
  assert.ok(status >= 200 && text.includes("/page/linked_domains/1"), text);
  assert.ok(!text.includes("/page/linked_domains/0"), text);
});
