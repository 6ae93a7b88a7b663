// Odd documents, pages that have changed the language under the agent's feet, engines without some
// API, clocks that jump: nothing is thrown into the page, and where it can be done the number shows.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser } from "../support/browser.mjs";
import { edgeBetween } from "../support/edge_between.mjs";
import {
  AS_VISITOR,
  configFor,
  newVisitor,
  servePages,
  settle,
  swapped,
  tag,
} from "../support/pages.mjs";
import { numbers, until } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const OWN = "8 (495) 000-10-20";
const PHONE = `<a class="phone" id="top" href="tel:+74950001020">${OWN}</a>`;

let worker;
let browser;
let site;
const served = new Map();

before(async () => {
  worker = await startWorker();
  site = await servePages((path) => served.get(path));
  browser = await launchBrowser({ flags: AS_VISITOR });
  const all = { id: "all", numbers: numbers(200), targets: [{ class: "phone" }] };
  await worker.seed(configFor("shop", site.url, [all]));
  const found = { id: "all", numbers: numbers(9, 300), targets: [{ number: "74950001020" }] };
  await worker.seed(configFor("found", site.url, [found]));
  const pool = { hold_ms: 30_000, idle_release_ms: 20_000 };
  const brief = { ...all, numbers: numbers(3, 400), pool };
  await worker.seed(configFor("brief", site.url, [brief]));
});

after(async () => {
  await browser?.close();
  site?.close();
  worker?.dispose();
});

/** Opens `document` for a new visitor on whose pages `early` runs first. */
async function open(document, { early, given } = {}) {
  served.set("/", document);
  const visitor = await newVisitor(browser, worker.url);
  if (early) await visitor.context.addInitScript(early, given);
  visitor.page = await visitor.open(site.url);
  return visitor;
}

/** The number shows and nothing was thrown. */
async function works(document, options) {
  const visitor = await open(document, options);
  const text = await swapped(visitor.page, "#top", OWN);
  assert.match(text.replace(/\D/g, ""), /^[78]495000\d{4}$/);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
}

/** The page's own number stands and nothing was thrown. */
async function stands(document, options) {
  const visitor = await open(document, options);
  await settle(visitor.page);
  assert.equal(await visitor.page.locator("#top").textContent(), OWN);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
}

const page = (body = PHONE) =>
  `<!doctype html><html><head><meta charset="utf-8">${tag(worker.url)}</head><body>${body}`;

test("documents of all kinds", async (kinds) => {
  const documents = {
    "quirks mode": `<html><head>${tag(worker.url)}</head><body>${PHONE}`,
    "no head, no body": `<!doctype html><title>Shop</title>${tag(worker.url)}${PHONE}`,
    "a base elsewhere":
      `<!doctype html><base href="https://elsewhere.example/x/">${tag(worker.url)}${PHONE}`,
    "the tag at the end": `<!doctype html><body>${PHONE}${tag(worker.url)}`,
    "the tag deferred": `<!doctype html>${tag(worker.url).replace("async", "defer")}${PHONE}`,
    "the tag blocking": `<!doctype html>${tag(worker.url).replace("async", "")}${PHONE}`,
    "a tag manager's element":
      `<!doctype html><body>${PHONE}<script>const it = document.createElement("script");` +
      `it.async = true; it.src = "${worker.url}/s/shop.js"; document.head.append(it);</script>`,
    "written by document.write":
      `<!doctype html><body>${PHONE}<script>document.write(` +
      `'<script src="${worker.url}/s/shop.js"></' + 'script>')</script>`,
    "a frameset beside it": `<!doctype html><body>${PHONE}${tag(worker.url)}<noframes>x</noframes>`,
    XHTML: {
      headers: { "content-type": "application/xhtml+xml" },
      body:
        `<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head>` +
        `<title>Shop</title><script async="async" src="${worker.url}/s/shop.js"></script></head>` +
        `<body>${PHONE}</body></html>`,
    },
    "windows-1251": {
      headers: { "content-type": "text/html; charset=windows-1251" },
      body: page(),
    },
  };
  for (const [name, document] of Object.entries(documents)) {
    await kinds.test(name, () => works(document));
  }
});

test("the tag twice, once by a manager: one agent, one request", async () => {
  const visitor = await open(
    page(`${PHONE}${tag(worker.url)}<script>document.body.append(Object.assign(` +
      `document.createElement("script"), { src: "${worker.url}/s/shop.js?again" }))</script>`),
  );
  await swapped(visitor.page, "#top", OWN);
  await settle(visitor.page);
  assert.equal(visitor.sent().filter((what) => what === "visit").length, 1);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("languages bent by the page", async (ways) => {
  const bends = {
    "everything frozen": () => {
      const names = ["Object", "Array", "String", "Promise", "Map", "Set", "Element", "Node"];
      for (const name of names) {
        Object.freeze(window[name].prototype);
        Object.freeze(window[name]);
      }
    },
    "arrays with guests": () => {
      // eslint-disable-next-line no-extend-native
      Array.prototype.guest = () => "guest";
      Object.prototype.other = "other";
    },
    "bind and includes of its own": () => {
      Function.prototype.bind = function bind(self, ...first) {
        return (...rest) => this.apply(self, [...first, ...rest]);
      };
      Array.prototype.includes = function includes(wanted) {
        return this.indexOf(wanted) !== -1;
      };
    },
    "a proxy for fetch": () => {
      const { fetch } = window;
      window.fetch = (...given) => fetch(...given).then((answer) => answer);
    },
    "JSON as an old library spoils it": () => {
      Array.prototype.toJSON = function toJSON() {
        return JSON.stringify([...this]);
      };
      Object.prototype.toJSON = () => "spoilt";
      String.prototype.toJSON = () => "spoilt";
    },
    "names of the window taken": () => {
      for (const name of ["ringlet", "event", "name", "config", "page"]) window[name] = 7;
    },
  };
  for (const [name, early] of Object.entries(bends)) {
    await ways.test(name, () => works(page(), { early }));
  }
  const refusals = {
    "fetch throws": () => {
      window.fetch = () => {
        throw new Error("no");
      };
    },
    "fetch answers nonsense": () => {
      window.fetch = () => Promise.resolve({ ok: true, json: () => Promise.resolve("no") });
    },
    "fetch never answers": () => {
      window.fetch = () => new Promise(() => {});
    },
    "Object.defineProperty throws": () => {
      const { defineProperty } = Object;
      Object.defineProperty = (target, name, how) => {
        if (typeof name === "symbol") throw new Error("no");
        return defineProperty(target, name, how);
      };
    },
  };
  for (const [name, early] of Object.entries(refusals)) {
    await ways.test(name, () => stands(page(), { early }));
  }
});

test("engines without something", async (lacks) => {
  const lacking = [
    "CustomEvent",
    "crypto",
    "localStorage",
    "sessionStorage",
    "matchMedia",
    "requestIdleCallback",
    "requestAnimationFrame",
    "scheduler",
    "navigation",
    "PerformanceObserver",
    "performance",
    "ResizeObserver",
  ];
  const without = (name) => {
    Object.defineProperty(window, name, { configurable: true, value: undefined });
  };
  for (const given of lacking) {
    const early = without;
    await lacks.test(`no ${given}: the number shows`, () => works(page(), { early, given }));
  }
  const needed = ["fetch", "MutationObserver", "Promise", "WebAssembly", "URL", "WeakMap", "Map"];
  for (const given of [...needed, "Symbol", "Set", "CSS", "Element", "Node", "Document"]) {
    await lacks.test(`no ${given}: nothing is thrown`, async () => {
      const visitor = await open(page(), { early: without, given });
      await settle(visitor.page);
      assert.match(await visitor.page.locator("#top").textContent(), /^8 \(495\) 000-\d\d-\d\d$/);
      assert.deepEqual(visitor.faults, []);
      await visitor.close();
    });
  }
  await lacks.test("no bytes of base64 by the browser itself: the number shows", () => {
    const early = () => {
      Uint8Array.fromBase64 = undefined;
    };
    return works(page(), { early });
  });
  await lacks.test("no sendBeacon: farewells go another way", async () => {
    const edge = await edgeBetween(worker);
    const document = page().replaceAll(worker.url, edge.url);
    const early = () => {
      Navigator.prototype.sendBeacon = undefined;
    };
    const visitor = await open(document, { early });
    await swapped(visitor.page, "#top", OWN);
    await visitor.page.goto("about:blank");
    await until(() => edge.sent(site.url).includes("leave"));
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
    edge.close();
  });
});

test("restore leaves what the page has written since", async () => {
  const visitor = await open(page());
  const number = await swapped(visitor.page, "#top", OWN);
  const texts = await visitor.page.evaluate(() => {
    const top = document.querySelector("#top");
    top.firstChild.nodeValue = "Closed today";
    window.ringlet("restore");
    return [top.textContent, top.getAttribute("href")];
  });
  assert.deepEqual(texts, ["Closed today", "tel:+74950001020"]);
  const other = "8 (495) 000-10-21";
  await visitor.page.evaluate((text) => {
    window.ringlet("swap");
    document.querySelector("#top").firstChild.nodeValue = text;
  }, other);
  assert.equal(await swapped(visitor.page, "#top", other), number);
  await visitor.page.evaluate(() => window.ringlet("restore"));
  assert.equal(await visitor.page.locator("#top").textContent(), other);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("a page may have its number put back and swapped as often as it likes", async () => {
  const visitor = await open(page());
  const number = await swapped(visitor.page, "#top", OWN);
  const texts = await visitor.page.evaluate(() =>
    Array.from({ length: 20 }, () => {
      window.ringlet("restore");
      const before = document.querySelector("#top").textContent;
      window.ringlet("swap");
      return [before, document.querySelector("#top").textContent];
    }),
  );
  assert.deepEqual(texts, Array(20).fill([OWN, number]));
  await visitor.close();
});

test("a document of 100,000 nodes stays usable", async () => {
  const rows = Array.from({ length: 25_000 }, (_, at) => `<p>Row <b>${at}</b></p>`).join("");
  served.set("/big", `<!doctype html><meta charset="utf-8">${tag(worker.url, "found")}<body>` +
    `<p id="top">${OWN}</p>${rows}<p id="low">${OWN}</p>`);
  const visitor = await newVisitor(browser, worker.url);
  const big = await visitor.open(`${site.url}/big`);
  const text = await swapped(big, "#low", OWN);
  assert.equal(await big.locator("#top").textContent(), text);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("a storm of changes ends, and the number stands in it", async () => {
  const visitor = await open(page(`${PHONE}<div id="storm"></div>`));
  const number = await swapped(visitor.page, "#top", OWN);
  const left = await visitor.page.evaluate(async (own) => {
    const storm = document.querySelector("#storm");
    for (let round = 0; round < 200; round += 1) {
      storm.innerHTML = `<p class="phone">${own}</p>`.repeat(50);
      storm.firstChild.className = round % 2 ? "phone" : "";
      if (round % 10 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    storm.innerHTML = "";
    await new Promise((resolve) => setTimeout(resolve, 300));
    return document.querySelector("#top").textContent;
  }, OWN);
  assert.equal(left, number);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("nodes that are moved, copied and adopted keep their number and their handlers", async () => {
  const visitor = await open(page(`<div id="here">${PHONE}</div><div id="there"></div>`));
  const number = await swapped(visitor.page, "#top", OWN);
  const seen = await visitor.page.evaluate(async () => {
    const top = document.querySelector("#top");
    let clicks = 0;
    top.addEventListener("click", (event) => {
      event.preventDefault();
      clicks += 1;
    });
    const text = top.firstChild;
    document.querySelector("#there").append(top);
    await new Promise((resolve) => setTimeout(resolve, 50));
    top.click();
    return [clicks, top.firstChild === text, top.textContent];
  });
  assert.deepEqual(seen, [1, true, number]);
  await visitor.close();
});

test("the computer sleeps: a number that is too old is not shown", async () => {
  served.set("/brief", page().replace("/s/shop.js", "/s/brief.js"));
  const visitor = await newVisitor(browser, worker.url);
  const view = await visitor.open(`${site.url}/brief`);
  await swapped(view, "#top", OWN);
  await view.evaluate(() => {
    window.snapshot = document.querySelector("#top").cloneNode(true);
  });
  // Asleep for an hour: the edge cannot be reached yet, and the clock has moved on.
  await visitor.context.route("**/v1/**", (route) => route.abort());
  await view.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() + 3_600_000;
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await view.waitForFunction((own) => document.querySelector("#top").textContent === own, OWN);
  // Nor in a copy that the page has kept of what it showed.
  await view.evaluate(() => {
    window.snapshot.id = "copy";
    document.body.append(window.snapshot);
  });
  const copy = view.locator("#copy");
  await until(async () => (await copy.textContent()) === OWN);
  assert.equal(await copy.getAttribute("href"), "tel:+74950001020");
  await visitor.context.unroute("**/v1/**");
  // The network is back a minute later: the visitor moves, and is given a number again.
  await view.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() + 60_000;
  });
  await view.mouse.move(50, 60);
  await view.waitForFunction((own) => document.querySelector("#top").textContent !== own, OWN);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("clocks that jump back or stand in 1970 do not stop the visit", async () => {
  for (const shift of [-86_400_000, 86_400_000 * 400, -1e15]) {
    const early = (shift) => {
      const now = Date.now;
      Date.now = () => Math.max(0, now() + shift);
    };
    await works(page(), { early, given: shift });
  }
  const visitor = await open(page());
  const number = await swapped(visitor.page, "#top", OWN);
  await visitor.page.evaluate(() => {
    const now = Date.now;
    Date.now = () => now() - 7_200_000;
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await visitor.page.mouse.move(30, 40);
  await settle(visitor.page);
  assert.equal(await visitor.page.locator("#top").textContent(), number);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});
