// A page's life beside its view: made before anybody looks, printed, and open for an hour.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bareChromium } from "../support/bare_chromium.mjs";
import { launchBrowser } from "../support/browser.mjs";
import { edgeBetween } from "../support/edge_between.mjs";
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
const PHONE = `<a class="phone" id="top" href="tel:+74950001020">${OWN}</a><main></main>`;
/** Has the browser make the page of the link while nobody looks at it. */
const RULES =
  '<script type="speculationrules">{"prerender":[{"source":"list","urls":["/contacts"],' +
  '"eagerness":"immediate"}]}</script>';

let worker;
let edge;
let site;
let browser;
const asked = [];

before(async () => {
  worker = await startWorker();
  edge = await edgeBetween(worker);
  site = await servePages((path) => {
    asked.push(path);
    if (path === "/from") return `<!doctype html><a id="go" href="/contacts">→</a>${RULES}`;
    if (path === "/printed") {
      const late = `<p class="phone" id="late">${OWN}</p>`;
      const print = `onbeforeprint = () => document.body.insertAdjacentHTML("beforeend", '${late}');
        onafterprint = () => { window.printed = ["#top", "#late"].map((css) =>
          document.querySelector(css).textContent); };`;
      return page(edge.url, PHONE, { head: `<script>${print}</script>` });
    }
    const early = "<script>window.wasPrerendered = document.prerendering;</script>";
    return page(edge.url, PHONE, { head: early });
  });
  const all = { id: "all", numbers: numbers(9), targets: [{ class: "phone" }] };
  await worker.seed(configFor("shop", site.url, [all]));
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  site?.close();
  edge?.close();
  worker?.dispose();
});

const held = async () => {
  const { body } = await worker.admin("GET", "/api/v1/sites/shop/live");
  return body.pools[0].numbers.filter(({ state }) => state !== "free").length;
};

test("a prerendered page takes no number and says nothing until it is shown", async (t) => {
  const chromium = await bareChromium();
  t.after(() => chromium.close());
  await chromium.go(`${site.url}/from`);
  // The prerendered page has run the tag by then.
  await until(() => edge.paths.includes("/s/shop.js"), 30_000);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.ok(asked.includes("/contacts"));
  assert.deepEqual(edge.sent(site.url), []);
  assert.equal(await held(), 0);
  await chromium.run('document.querySelector("#go").click()');
  await until(async () => {
    const text = await chromium.run('document.querySelector("#top")?.textContent');
    return text && text !== OWN;
  }, 30_000);
  const [was, activated] = JSON.parse(
    await chromium.run(
      "JSON.stringify([window.wasPrerendered, " +
        'performance.getEntriesByType("navigation")[0].activationStart > 0])',
    ),
  );
  assert.ok(was && activated, "it was the prerendered page that was shown");
  assert.equal(asked.filter((path) => path === "/contacts").length, 1);
  assert.deepEqual(edge.sent(site.url), ["visit"]);
  assert.equal(await held(), 1);
});

test("what is printed shows the visitor's number, late additions too", async () => {
  const visitor = await newVisitor(browser, edge.url);
  const view = await visitor.open(`${site.url}/printed`);
  const number = await swapped(view, "#top", OWN);
  const sent = visitor.messages.length;
  await view.pdf();
  const printed = await view.waitForFunction(() => window.printed);
  assert.deepEqual(await printed.jsonValue(), [number, number]);
  await view.emulateMedia({ media: "print" });
  assert.equal(await view.locator("#top").textContent(), number);
  await settle(view);
  assert.equal(visitor.messages.length, sent, "printing is no leaving");
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

/** Runs in the page: `count` routes, a second each by the page's clock, of an application that
 * builds its view anew; the number of views that are still in memory is counted later. */
const chatter = async ([count, own]) => {
  const main = document.querySelector("main");
  const turn = new MessageChannel();
  for (let at = 0; at < count; at += 1) {
    window.later += 1_000;
    history.pushState({}, "", `?route=${window.later}`);
    const rows = `<x-row><b class="phone">${own}</b><a href="tel:84950001020">→</a></x-row>`;
    main.innerHTML = `<h1>Route ${at}</h1>${rows.repeat(20)}`;
    main.firstChild.firstChild.nodeValue = `Route ${at} of ${count}`;
    main.lastChild.setAttribute("name", `row-${at}`);
    dispatchEvent(new PointerEvent("pointermove"));
    window.views.push(new WeakRef(main.firstChild), new WeakRef(main.lastChild.firstChild));
    await new Promise((resolve) => {
      turn.port2.onmessage = resolve;
      turn.port1.postMessage(0);
    });
  }
  main.textContent = "";
};

test("an hour of an application that never rests leaves nothing in memory", async () => {
  const visitor = await newVisitor(browser, edge.url);
  await visitor.context.addInitScript(() => {
    window.later = 0;
    window.views = [];
    const { now } = Date;
    Date.now = () => now() + window.later;
  });
  const view = await visitor.open(`${site.url}/`);
  await swapped(view, "#top", OWN);
  const session = await visitor.context.newCDPSession(view);
  const kept = async () => {
    // What waits until the page is idle has been looked at.
    await view.evaluate(
      () => new Promise((done) => requestIdleCallback(() => requestIdleCallback(done))),
    );
    await settle(view, 300);
    await session.send("HeapProfiler.collectGarbage");
    await session.send("HeapProfiler.collectGarbage");
    const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
    const views = await view.evaluate(() => {
      window.views = window.views.filter((one) => one.deref());
      return window.views.length;
    });
    return { nodes, jsEventListeners, views };
  };
  await view.evaluate(chatter, [600, OWN]);
  const before = await kept();
  await view.evaluate(chatter, [3_000, OWN]);
  const after = await kept();
  // Each route has 62 elements; of 3,000 not even one may stay.
  assert.ok(after.nodes < before.nodes + 60, `${before.nodes} nodes, then ${after.nodes}`);
  assert.equal(after.jsEventListeners, before.jsEventListeners);
  assert.ok(after.views <= 2, `${after.views} parts of old views`);
  assert.ok(visitor.sent().includes("keep"), "the visit lived through it");
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});
