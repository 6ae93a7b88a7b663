// Pages made with real frameworks: hydrated without a word of complaint, re-rendered, swapped by
// pieces; the visitor's number stays, and the application does not notice.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launchBrowser } from "../support/browser.mjs";
import { forBrowser, onServer } from "../support/frameworks/bundle.mjs";
import {
  AS_VISITOR,
  configFor,
  newVisitor,
  servePages,
  settle,
  swapped,
  tag,
} from "../support/pages.mjs";
import { numbers } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const OWN = "8 (495) 000-10-20";
const OTHER = "8 (495) 000-30-40";

/** How each server renders the shop, and how a page takes it over. */
const hydrated = {
  React: {
    // Next.js is known by where its scripts are; the root's name says nothing.
    root: "shop",
    folder: "_next/static/",
    server: `import { createElement } from "react";
      import { renderToString } from "react-dom/server";
      import { Shop } from "./react.mjs";
      export default renderToString(createElement(Shop, { phone: ${JSON.stringify(OWN)} }));`,
    client: 'import "./react_client.mjs";',
  },
  Vue: {
    root: "__nuxt",
    folder: "_nuxt/",
    server: `import { createSSRApp } from "vue";
      import { renderToString } from "vue/server-renderer";
      import { Shop } from "./vue.mjs";
      export default await renderToString(createSSRApp(Shop, { phone: ${JSON.stringify(OWN)} }));`,
    client: 'import "./vue_client.mjs";',
  },
  Svelte: {
    root: "svelte",
    folder: "_app/",
    server: `import { render } from "svelte/server";
      import Shop from "./Shop.svelte";
      export default render(Shop, { props: { phone: ${JSON.stringify(OWN)} } }).body;`,
    client: `import { hydrate } from "svelte";
      import Shop from "./Shop.svelte";
      globalThis.hydrate = () =>
        hydrate(Shop, {
          target: document.querySelector("#svelte"),
          props: { phone: globalThis.phone },
        });`,
  },
};

let worker;
let browser;
let site;
/** What the site serves: path to page, or to a response. */
const pages = new Map();

before(async () => {
  worker = await startWorker();
  pages.set("/favicon.ico", { headers: { "content-type": "image/png" } });
  site = await servePages((path) => pages.get(path));
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  site?.close();
  worker?.dispose();
});

const script = (text) => ({ headers: { "content-type": "text/javascript" }, body: text });
const npm = (path) => readFileSync(new URL(`../../node_modules/${path}`, import.meta.url), "utf8");

async function seed(id, count = 3) {
  const all = { id: "all", numbers: numbers(count), targets: [{ class: "phone" }] };
  await worker.seed(configFor(id, site.url, [all]));
}

/** A visitor whose console is kept: frameworks complain there. */
async function watchfulVisitor() {
  const visitor = await newVisitor(browser, worker.url);
  visitor.complaints = [];
  visitor.context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) visitor.complaints.push(message.text());
  });
  return visitor;
}

const digits = (text) => text.replace(/\D/g, "").replace(/^8/, "7");
const textOf = async (page, selector) => digits(await page.locator(selector).textContent());

for (const [name, { root, folder, server, client }] of Object.entries(hydrated)) {
  const id = name.toLowerCase();
  const open = (visitor, how) => visitor.open(`${site.url}/${id}/${how}`);

  test(`${name}: the shop is hydrated and lives on with the number`, async () => {
    await seed(id);
    const html = await onServer(server);
    const at = `/${folder}client.js`;
    pages.set(at, script(await forBrowser(client)));
    const body = (hydrate) =>
      `<!doctype html><html><head><meta charset="utf-8"><title>Shop</title>` +
      `${tag(worker.url, id)}</head><body><div id="${root}">${html}</div>` +
      `<script>window.phone = ${JSON.stringify(OWN)}</script>` +
      `<script src="${at}"></script><script>${hydrate}</script></body></html>`;
    pages.set(`/${id}/at-once`, body("hydrate()"));
    pages.set(`/${id}/later`, body("setTimeout(hydrate, 700)"));

    const visitor = await watchfulVisitor();
    const page = await open(visitor, "at-once");
    const number = digits(await swapped(page, "#top", OWN));
    await page.evaluate(() => {
      window.kept = document.querySelector("#top").firstChild;
    });
    await page.locator("#more").click();
    await page.locator("#more").click();
    await page.waitForFunction(() => document.querySelector("output").textContent === "2");
    assert.equal(await textOf(page, "#top"), number, "a new render keeps it");
    assert.equal(await textOf(page, "span.phone"), number);
    assert.ok(await page.evaluate(() => document.querySelector("#top").firstChild === window.kept));
    // The application takes a block away, and shows another number of its own.
    await page.evaluate((phone) => window.shop.show({ phone, block: false }), OTHER);
    await page.waitForFunction(() => !document.querySelector("#low"));
    assert.equal(digits(await swapped(page, "#top", OTHER)), number, "its own change is met");
    await page.evaluate((phone) => window.shop.show({ phone, block: true }), OTHER);
    await page.waitForSelector("#low");
    assert.equal(digits(await swapped(page, "#low", OTHER)), number, "and what comes later");
    await page.evaluate(() => window.ringlet("restore"));
    for (const selector of ["#top", "span.phone", "#low"]) {
      assert.equal(await page.locator(selector).textContent(), OTHER, "the application's own");
    }
    assert.deepEqual(visitor.complaints, []);
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  test(`${name}: a remembered number does not disturb a late hydration`, async () => {
    const visitor = await watchfulVisitor();
    const first = await open(visitor, "at-once");
    const number = digits(await swapped(first, "#top", OWN));
    const page = await open(visitor, "later");
    await page.waitForFunction(() => window.shop);
    await settle(page, 300);
    assert.deepEqual(visitor.complaints, []);
    assert.equal(digits(await swapped(page, "#top", OWN)), number);
    await page.locator("#more").click();
    await page.waitForFunction(() => document.querySelector("output").textContent === "1");
    assert.equal(await textOf(page, "#top"), number);
    assert.equal(await textOf(page, "span.phone"), number);
    assert.deepEqual(visitor.complaints, []);
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });
}

test("React: a part that is taken over later than the page around it", async () => {
  await seed("parts");
  const html = await onServer(`import { createElement } from "react";
    import { renderToString } from "react-dom/server";
    import { Shop } from "./react_parts.mjs";
    export default renderToString(createElement(Shop, { phone: ${JSON.stringify(OWN)} }));`);
  assert.match(html, /<!--\$--><footer>.*<!--\/\$-->/);
  const client = `import { createElement } from "react";
    import { hydrateRoot } from "react-dom/client";
    import { Shop } from "./react_parts.mjs";
    globalThis.code = new Promise((resolve) => { globalThis.bring = resolve; });
    hydrateRoot(document.querySelector("#__next"), createElement(Shop, { phone: ${JSON.stringify(OWN)} }), {
      onRecoverableError: (error) => console.error("recovered: " + error.message),
    });`;
  const at = "/parts.js";
  pages.set(at, script(await forBrowser(client)));
  const body =
    `<!doctype html><html><head><meta charset="utf-8"><title>Shop</title>${tag(worker.url, "parts")}` +
    `</head><body><div id="__next">${html}</div><script src="${at}"></script></body></html>`;
  pages.set("/parts", body);
  const visitor = await watchfulVisitor();
  for (const round of ["first", "remembered"]) {
    const page = await visitor.open(`${site.url}/parts`);
    const number = digits(await swapped(page, "#top", OWN));
    await page.waitForFunction(() => window.isBegun);
    // What the page's own code has put in, and a part that is there, need not wait.
    for (const id of ["#raw", "#end"]) assert.equal(digits(await swapped(page, id, OWN)), number, id);
    await settle(page, 300);
    assert.equal(await page.locator("#low").textContent(), OWN, `${round}: nobody has it yet`);
    await page.evaluate(() => window.bring());
    await page.waitForFunction(() => window.isWhole);
    assert.equal(digits(await swapped(page, "#low", OWN)), number, round);
    assert.deepEqual(visitor.complaints, [], round);
    await page.close();
  }
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

const plain = (id, body, head = "") =>
  `<!doctype html><html><head><meta charset="utf-8"><title>Shop</title>${head}` +
  `${tag(worker.url, id)}</head><body>${body}</body></html>`;

test("jQuery: classes, texts, copies and fragments", async () => {
  await seed("jquery");
  pages.set("/jquery.js", script(npm("jquery/dist/jquery.min.js")));
  const body = `<p id="a">${OWN}</p><p id="b" class="phone">${OWN}</p><div id="c"></div>`;
  pages.set("/jquery", plain("jquery", body, '<script src="/jquery.js"></script>'));
  const visitor = await watchfulVisitor();
  const page = await visitor.open(`${site.url}/jquery`);
  const number = digits(await swapped(page, "#b", OWN));
  await page.evaluate(
    ([own, other]) => {
      window.$("#a").addClass("phone");
      window.$("#b").text(other);
      window.$("#c").html(`<i class="phone" id="d">${own}</i>`).on("click", "i", () => {
        window.clicked = true;
      });
    },
    [OWN, OTHER],
  );
  for (const [selector, own] of [["#a", OWN], ["#b", OTHER], ["#d", OWN]]) {
    assert.equal(digits(await swapped(page, selector, own)), number, selector);
  }
  await page.evaluate(() => window.$("#d").clone(true).attr("id", "e").appendTo("#c"));
  await page.locator("#e").click();
  assert.ok(await page.evaluate(() => window.clicked));
  assert.equal(await textOf(page, "#e"), number, "a copy of what was swapped stays right");
  assert.deepEqual([...visitor.complaints, ...visitor.faults], []);
  await visitor.close();
});

test("Turbo: a visit and the way back replace the body, not the visitor", async () => {
  await seed("turbo");
  pages.set("/turbo.js", script(npm("@hotwired/turbo/dist/turbo.es2017-umd.js")));
  const head = '<script src="/turbo.js"></script>';
  const body = (at) =>
    `<h1>${at}</h1><b class="phone" id="top">${OWN}</b><a id="go" href="/turbo/two">two</a>`;
  pages.set("/turbo/one", plain("turbo", body("one"), head));
  pages.set("/turbo/two", plain("turbo", body("two"), head));
  const visitor = await watchfulVisitor();
  const page = await visitor.open(`${site.url}/turbo/one`);
  const number = digits(await swapped(page, "#top", OWN));
  await page.evaluate(() => {
    window.same = true;
  });
  const at = (name) =>
    page.waitForFunction((name) => document.querySelector("h1").textContent === name, name);
  await page.locator("#go").click();
  await at("two");
  assert.equal(digits(await swapped(page, "#top", OWN)), number);
  await page.evaluate(() => history.back());
  await at("one");
  assert.equal(digits(await swapped(page, "#top", OWN)), number);
  assert.ok(await page.evaluate(() => window.same), "no page was loaded anew");
  await settle(page);
  assert.equal(visitor.sent().filter((what) => what === "visit").length, 1);
  assert.deepEqual([...visitor.complaints, ...visitor.faults], []);
  await visitor.close();
});

test("htmx: fragments from the server are met before they are seen", async () => {
  await seed("htmx");
  pages.set("/htmx.js", script(npm("htmx.org/dist/htmx.min.js")));
  const body =
    `<b class="phone" id="top">${OWN}</b>` +
    '<button id="get" hx-get="/htmx/part" hx-target="#place">get</button><div id="place"></div>';
  pages.set("/htmx", plain("htmx", body, '<script src="/htmx.js"></script>'));
  pages.set("/htmx/part", `<i class="phone" id="part">${OWN}</i>`);
  const visitor = await watchfulVisitor();
  const page = await visitor.open(`${site.url}/htmx`);
  const number = digits(await swapped(page, "#top", OWN));
  for (let round = 0; round < 3; round += 1) {
    const answer = page.waitForResponse(/htmx\/part/);
    await page.locator("#get").click();
    await answer;
    await page.waitForSelector("#part");
    assert.equal(digits(await swapped(page, "#part", OWN)), number, `round ${round}`);
  }
  assert.deepEqual([...visitor.complaints, ...visitor.faults], []);
  await visitor.close();
});
