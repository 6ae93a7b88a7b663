// Whatever goes wrong, the page's own number stands and nothing is thrown; and what must not be
// sent is not sent.

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
/** Body and headers of the pages now served. */
let served = {};

before(async () => {
  worker = await startWorker();
  site = await servePages((path) =>
    path === "/favicon.ico"
      ? undefined
      : {
          headers: served.headers,
          body: page(worker.url, served.body ?? BODY, {
            head: served.head,
            site: served.site ?? "shop",
          }),
        },
  );
  const scenario = { id: "all", numbers: numbers(60), targets: [{ class: "phone" }] };
  await worker.seed(configFor("shop", site.url, [scenario]));
  await worker.seed(
    configFor("wait", site.url, [{ ...scenario, numbers: numbers(2, 100) }], { consent: "wait" }),
  );
  await worker.seed(
    configFor("cookieless", site.url, [{ ...scenario, numbers: numbers(4, 200) }], {
      consent: "cookieless",
    }),
  );
  await worker.seed(
    configFor("bold", site.url, [{ ...scenario, numbers: numbers(4, 300) }], {
      privacy_signals: "ignore",
    }),
  );
  await worker.seed(
    configFor("strict", site.url, [{ ...scenario, numbers: numbers(4, 310) }], {
      privacy_signals: "wait",
    }),
  );
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  site?.close();
  worker?.dispose();
});

/** Opens the page for a new visitor after `prepare`, lets everything happen, checks the harm. */
async function check({
  prepare = () => {},
  serve = {},
  sends,
  shows,
  more = () => {},
  browserOf = browser,
  onlyAsks,
  options,
}) {
  served = serve;
  const visitor = await newVisitor(browserOf, worker.url, options);
  await prepare(visitor.context);
  const page = await visitor.open(site.url);
  if (shows === "lent") await swapped(page, "#top", OWN);
  else await settle(page);
  const text = await page.locator("#top").first().textContent();
  const href = await page.locator("#top").first().getAttribute("href");
  if (shows === "own") {
    assert.equal(text, OWN);
    assert.equal(href, "tel:+74950001020");
  } else {
    assert.match(href, /^tel:\+7495000\d{4}$/);
  }
  await more(page, visitor);
  if (sends)
    assert.deepEqual(
      visitor.sent().filter((what) => what !== "leave"),
      sends,
    );
  // What failed may have been sent again by then.
  if (onlyAsks) assert.deepEqual([...new Set(visitor.sent())], ["visit"]);
  assert.deepEqual(visitor.faults, [], "nothing is thrown into the page");
  await visitor.close();
}

const answer = (reply) => (context) => context.route("**/v1/**", (route) => reply(route));

test("what was looked into for shadow roots is let go of when one is found", async () => {
  await check({
    shows: "lent",
    more: async (page) => {
      await page.evaluate(() => {
        for (const id of ["one", "two"]) {
          document.body.append(Object.assign(document.createElement("section"), { id }));
        }
      });
      await settle(page);
      await page.evaluate((own) => {
        const host = document.createElement("div");
        host.attachShadow({ mode: "open" }).innerHTML = `<b class="phone">${own}</b>`;
        const text = document.createElement("p");
        window.gone = new WeakRef(text);
        document.querySelector("#one").append(host);
        document.querySelector("#two").append(text);
      }, OWN);
      const isSwapped = (own) =>
        document.querySelector("#one div").shadowRoot.textContent !== own;
      await page.waitForFunction(isSwapped, OWN, { polling: 50 });
      await page.evaluate(() => document.querySelector("#two").replaceChildren());
      const session = await page.context().newCDPSession(page);
      await settle(page);
      await session.send("HeapProfiler.collectGarbage");
      assert.equal(await page.evaluate(() => window.gone.deref() === undefined), true);
    },
  });
});

test("the edge is unreachable", () =>
  check({ prepare: answer((route) => route.abort()), onlyAsks: true, shows: "own" }));

test("the edge answers 500", () =>
  check({
    prepare: answer((route) => route.fulfill({ status: 500, body: "{}" })),
    onlyAsks: true,
    shows: "own",
  }));

test("the edge answers with a page of HTML", () =>
  check({
    prepare: answer((route) =>
      route.fulfill({
        contentType: "text/html",
        body: "<html>please log in</html>",
        headers: { "access-control-allow-origin": "*" },
      }),
    ),
    onlyAsks: true,
    shows: "own",
  }));

for (const [name, body] of Object.entries({
  null: null,
  "numbers of another kind": { v: 1, numbers: "none" },
  "a number that is none": {
    v: 1,
    numbers: [{ scenario: "all", kind: "leased", number: "call me" }, null, 7],
  },
  "a scenario nobody knows": {
    v: 1,
    numbers: [{ scenario: "other", kind: "leased", number: "74950000001" }],
  },
})) {
  test(`the edge answers ${name}`, () =>
    check({
      prepare: answer((route) =>
        route.fulfill({ json: body, headers: { "access-control-allow-origin": "*" } }),
      ),
      shows: "own",
    }));
}

test("one lost connection costs no visitor his number", async () => {
  const cors = { "access-control-allow-origin": "*" };
  const faults = [
    (route) => route.abort(),
    (route) => route.fulfill({ status: 503, headers: cors }),
    (route) => route.fulfill({ body: "other bytes", headers: cors }),
  ];
  for (const fault of faults) {
    await check({
      prepare: (context) => context.route("**/v1/**/visit", fault, { times: 1 }),
      shows: "lent",
    });
  }
});

test("what the edge refuses is not asked again", () =>
  check({
    prepare: answer((route) =>
      route.fulfill({
        status: 403,
        body: "{}",
        headers: { "access-control-allow-origin": "*" },
      }),
    ),
    shows: "own",
    more: async (page, visitor) => {
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      await page.mouse.move(200, 200);
      await settle(page);
      assert.deepEqual(visitor.sent(), ["visit"]);
    },
  }));

test("the script itself is blocked", () =>
  check({
    prepare: (context) => context.route("**/s/*.js", (route) => route.abort()),
    sends: [],
    shows: "own",
  }));

test("a strict policy with one line for the agent lets it work", () =>
  check({
    serve: {
      headers: {
        "content-security-policy":
          `default-src 'self'; script-src ${worker.url} 'wasm-unsafe-eval'; ` +
          `connect-src ${worker.url}; require-trusted-types-for 'script'; trusted-types 'none'`,
      },
    },
    shows: "lent",
  }));

test("a policy that forbids WebAssembly, and one that forbids the edge", async () => {
  const policy = (text) => ({ headers: { "content-security-policy": text } });
  await check({
    serve: policy(`script-src ${worker.url}; connect-src ${worker.url}`),
    shows: "lent",
    sends: ["visit"],
  });
  await check({
    serve: policy(`script-src ${worker.url} 'wasm-unsafe-eval'; connect-src 'self'`),
    shows: "own",
  });
});

test("storage that is blocked, full or spoilt: the visit lives with the page", async () => {
  const script = (act) => (context) => context.addInitScript(act);
  await check({
    prepare: script(() =>
      Object.defineProperty(window, "localStorage", {
        get() {
          throw new Error("denied");
        },
      }),
    ),
    shows: "lent",
  });
  await check({
    prepare: script(() => {
      Storage.prototype.setItem = () => {
        throw new Error("quota");
      };
    }),
    shows: "lent",
  });
  for (const spoilt of [
    "{",
    "null",
    "[]",
    '{"known":"x","numbers":{},"tabs":5}',
    '{"numbers":[{"number":7}],"known":[9,9,9,9,9,9]}',
    // Fresh, of a scenario that is no more.
    JSON.stringify({
      known: [1, Date.now(), Date.now(), Date.now(), 0, 0],
      numbers: [{ scenario: "gone", kind: "leased", number: "74950000005", hold_ms: 9e8 }],
    }),
  ]) {
    const spoil = (text) => {
      // The empty page before the first has no storage.
      if (location.protocol === "http:") localStorage["ringlet:shop"] = text;
    };
    await check({ prepare: (context) => context.addInitScript(spoil, spoilt), shows: "lent" });
  }
});

test("frozen prototypes, clobbered names and overridden functions", async () => {
  await check({
    prepare: (context) =>
      context.addInitScript(() => {
        for (const it of [Object, Array, String, Promise, Map]) Object.freeze(it.prototype);
      }),
    shows: "lent",
  });
  await check({
    serve: {
      body:
        '<form name="body"><input name="parentNode"><input name="closest">' +
        '<input name="localName"></form>' +
        '<img name="cookie"><img name="currentScript"><img name="querySelectorAll">' +
        '<img name="createTreeWalker">' +
        '<img name="referrer"><a id="ringlet"></a><form><input name="nodeType">' +
        '<input name="querySelectorAll">' +
        BODY +
        "</form>",
    },
    shows: "lent",
  });
  await check({
    prepare: (context) =>
      context.addInitScript(() => {
        window.fetch = () => {
          throw new Error("no");
        };
      }),
    shows: "own",
  });
  await check({
    prepare: (context) =>
      context.addInitScript(() => {
        JSON.parse = () => {
          throw new Error("no");
        };
      }),
    shows: "lent",
  });
});

test("a page that fights back is given way to", () =>
  check({
    serve: {
      head:
        "<script>addEventListener('DOMContentLoaded', () => { window.fights = 0;" +
        " const own = () => { const it = document.querySelector('#top');" +
        ` if (it.textContent !== '${OWN}') { window.fights++; it.textContent = '${OWN}'; } };` +
        " new MutationObserver(own).observe(document," +
        " { subtree: true, childList: true, characterData: true }); })</script>",
    },
    shows: "fought",
    sends: ["visit"],
    more: async (page) => {
      await page.waitForFunction(() => window.fights > 0);
      await settle(page);
      const fights = await page.evaluate(() => window.fights);
      assert.ok(fights > 0 && fights <= 6, `${fights} rounds`);
      assert.equal(await page.locator("#top").textContent(), OWN);
      assert.equal(await page.locator("#top").getAttribute("href"), "tel:+74950001020", "text and link agree");
    },
  }));

test("so many nodes at once that no call takes them as arguments", () =>
  check({
    shows: "lent",
    more: async (page) => {
      const shown = await page.locator("#top").first().textContent();
      await page.evaluate((own) => {
        const much = document.createDocumentFragment();
        for (let n = 0; n < 200_000; n++) much.append(document.createElement("i"));
        const late = document.createElement("a");
        late.className = "phone";
        late.id = "late";
        late.textContent = own;
        much.append(late);
        document.body.append(much);
      }, OWN);
      await page.waitForFunction(
        (text) => document.querySelector("#late").textContent === text,
        shown,
      );
    },
  }));

test("another swapper on the page: neither runs for ever, and text and link are of one", async () => {
  /** Shows its own number wherever another stands, as often as it takes. */
  const other = (writes) =>
    "<script>addEventListener('DOMContentLoaded', () => { window.writes = 0;" +
    " const swap = () => { const it = document.querySelector('#top');" +
    ` if (it.textContent !== '8 (495) 000-77-77') { window.writes++; ${writes} } };` +
    " swap(); new MutationObserver(swap).observe(document," +
    " { subtree: true, childList: true, characterData: true, attributes: true });" +
    " setInterval(swap, 50); })</script>";
  const text = "it.firstChild.nodeValue = '8 (495) 000-77-77';";
  for (const writes of [
    text,
    `${text} it.href = 'tel:+74950007777';`,
    "it.outerHTML = '<a class=\"phone\" id=\"top\" href=\"tel:+74950007777\">8 (495) 000-77-77</a>';",
  ]) {
    await check({
      serve: { head: other(writes) },
      shows: "fought",
      sends: ["visit"],
      more: async (page) => {
        await page.waitForFunction(() => window.writes > 0);
        await settle(page);
        const before = await page.evaluate(() => window.writes);
        await settle(page);
        assert.equal(await page.evaluate(() => window.writes), before, "it has come to rest");
        // New nodes each time are met no more than thirty times.
        assert.ok(before <= 31, `${before} rounds`);
        assert.equal(await page.locator("#top").textContent(), "8 (495) 000-77-77");
        const own = writes === text ? "tel:+74950001020" : "tel:+74950007777";
        assert.equal(await page.locator("#top").getAttribute("href"), own);
      },
    });
  }
});

test("no target on the page: nothing is asked", () =>
  check({
    serve: { body: `<p id="top" href="tel:+74950001020">${OWN}</p>` },
    sends: [],
    shows: "own",
  }));

test("automation, prerendering, hidden pages: nothing is asked until somebody looks", async () => {
  await check({
    prepare: (context) =>
      context.addInitScript(() =>
        Object.defineProperty(Navigator.prototype, "webdriver", { get: () => true }),
      ),
    sends: [],
    shows: "own",
  });
  await check({
    prepare: (context) =>
      context.addInitScript(() => {
        window.prerendering = true;
        Object.defineProperty(Document.prototype, "prerendering", {
          configurable: true,
          get: () => window.prerendering,
        });
      }),
    shows: "own",
    more: async (page, visitor) => {
      assert.deepEqual(visitor.sent(), []);
      await page.evaluate(() => {
        window.prerendering = false;
        document.dispatchEvent(new Event("prerenderingchange"));
      });
      await swapped(page, "#top", OWN);
    },
    sends: ["visit"],
  });
  await check({
    prepare: (context) =>
      context.addInitScript(() => {
        window.hidden = true;
        Object.defineProperty(Document.prototype, "visibilityState", {
          get: () => (window.hidden ? "hidden" : "visible"),
        });
      }),
    shows: "own",
    more: async (page, visitor) => {
      assert.deepEqual(visitor.sent(), []);
      await page.evaluate(() => {
        window.hidden = false;
        document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
      });
      await swapped(page, "#top", OWN);
    },
  });
});

const stored = (page) => page.evaluate(() => [Object.keys(localStorage), document.cookie]);

test("consent: with `wait` nothing is sent or stored until the visitor agrees", () =>
  check({
    serve: { site: "wait" },
    shows: "own",
    more: async (page, visitor) => {
      assert.deepEqual(visitor.sent(), []);
      assert.deepEqual(await stored(page), [[], ""]);
      await page.evaluate(() => window.ringlet("consent", "granted"));
      await swapped(page, "#top", OWN);
      assert.ok((await stored(page))[0].includes("ringlet:wait"));
      await page.evaluate(() => window.ringlet("consent", "denied"));
      assert.equal(await page.locator("#top").textContent(), OWN);
      assert.deepEqual(await stored(page), [[], ""]);
    },
  }));

test("consent: without cookies a number is lent for the page view and nothing is stored", () =>
  check({
    serve: { site: "cookieless" },
    shows: "lent",
    more: async (page, visitor) => {
      assert.deepEqual(await stored(page), [[], ""]);
      assert.equal(visitor.messages[0].consent, "cookieless");
    },
  }));

test("Global Privacy Control means: without cookies", () =>
  check({
    prepare: (context) =>
      context.addInitScript(() =>
        Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }),
      ),
    shows: "lent",
    more: async (page, visitor) => {
      assert.deepEqual(await stored(page), [[], ""]);
      assert.equal(visitor.messages[0].consent, "cookieless");
    },
  }));

test("Do Not Track means the same; a site may say that both mean more, or nothing", async () => {
  const signal = (name, value) => (context) =>
    context.addInitScript(
      ([name, value]) => Object.defineProperty(Navigator.prototype, name, { get: () => value }),
      [name, value],
    );
  for (const [name, value, site, consent] of [
    ["doNotTrack", "1", "shop", "cookieless"],
    ["doNotTrack", "0", "shop", "granted"],
    ["doNotTrack", "1", "bold", "granted"],
    ["globalPrivacyControl", true, "bold", "granted"],
  ]) {
    await check({
      prepare: signal(name, value),
      serve: { site },
      shows: "lent",
      more: async (page, visitor) => {
        assert.equal(visitor.messages[0].consent, consent, `${name} ${value} ${site}`);
        if (consent === "cookieless") assert.deepEqual(await stored(page), [[], ""]);
      },
    });
  }
  await check({
    prepare: signal("globalPrivacyControl", true),
    serve: { site: "strict" },
    shows: "own",
    more: async (page, visitor) => {
      assert.deepEqual(visitor.sent(), []);
      assert.deepEqual(await stored(page), [[], ""]);
      await page.evaluate(() => window.ringlet("consent", "granted"));
      await swapped(page, "#top", OWN);
    },
  });
});

test("after an hour in the back/forward cache the number is asked for before it is shown", () =>
  check({
    shows: "lent",
    more: async (page, visitor) => {
      await visitor.context.route("**/v1/**", (route) => route.abort());
      await page.evaluate(() => {
        const now = Date.now;
        Date.now = () => now() + 3_600_000;
        window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
      });
      assert.equal(await page.locator("#top").textContent(), OWN);
      await until(() => visitor.sent().filter((what) => what === "visit").length === 2);
    },
  }));
