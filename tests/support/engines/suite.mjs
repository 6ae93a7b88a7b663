// What a visitor must see in every engine: the core of the agent's behaviour.
//
// Each visitor has an origin of his own (`v1.localhost`, `v2.localhost` …), so that storage keeps
// them apart as two machines would; the browser is started once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { edgeBetween } from "../edge_between.mjs";
import { configFor, servePages, tag } from "../pages.mjs";
import { numbers, until } from "../site.mjs";
import { startWorker } from "../worker.mjs";
import { ODD_PAGES } from "./odd_pages.mjs";
import { pause, seen } from "./page.mjs";

const OWN = "8 (495) 000-10-20";
const BODY =
  `<header><a class="phone" id="top" href="tel:+74950001020">${OWN}</a></header>` +
  `<main><p>Звоните <span class="phone">${OWN}</span></p></main>`;

const DOCUMENT =
  `<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>Shop</title>` +
  `{early}{head}{tag}</head><body>{body}</body></html>`;
/** Scripts as XHTML has them. */
const inXml = (html) =>
  html
    .replace(" async ", ' async="" ')
    .replace(/(<script nonce="early">)(.*?)(<\/script>)/gs, "$1//<![CDATA[\n$2\n//]]>$3");

/** Runs before the agent: no robot, faults are kept, and every painted text of the number is. */
const EARLY = `<script nonce="early">
Object.defineProperty(Navigator.prototype, "webdriver", { get: () => false });
window.faults = []; window.painted = [];
// Asked by the page itself: what a driver runs is not under the page's policy everywhere.
window.isForbidden = (() => {
  try {
    // WebKit lets it be compiled and refuses to run it.
    const module = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    return !new WebAssembly.Instance(module);
  } catch {
    return true;
  }
})();
addEventListener("error", (event) => event.message && faults.push(event.message));
addEventListener("unhandledrejection", (event) => faults.push(String(event.reason)));
(function look() {
  const top = document.querySelector("#top");
  if (top && window[Symbol.for("ringlet:" + location.pathname.split("/")[2])]) {
    painted.push(top.textContent);
  }
  requestAnimationFrame(look);
})();
</script>`;

const digits = (text) => text.replace(/\D/g, "").replace(/^8/, "7");
const ownText = () => document.querySelector("#top").textContent;

/** Defines the tests of one engine; `launch` starts it. */
export function testEngine(launch) {
  let worker;
  let edge;
  let browser;
  let pages;
  let hosts = 0;
  /** Body, headers and head of the pages of a site, where they are not the usual ones. */
  const served = new Map();

  before(async () => {
    worker = await startWorker();
    edge = await edgeBetween(worker);
    pages = await servePages((path) => {
      const [, kind, site] = path.split("/");
      if (!site) return undefined;
      const page = served.get(site) ?? {};
      const { body = BODY, head = "", headers = {}, tagOf = tag, document = DOCUMENT } = page;
      // What the page is without the agent.
      const script = kind === "o" ? "" : tagOf(edge.url, site);
      const isXml = headers["content-type"]?.includes("xml");
      const early = `${EARLY}${page.early ? `<script nonce="early">${page.early}</script>` : ""}`;
      const parts = { early: isXml ? inXml(early) : early, head, tag: isXml ? inXml(script) : script, body };
      return { headers, body: document.replace(/\{(early|head|tag|body)\}/g, (_, name) => parts[name]) };
    });
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    pages?.close();
    edge?.close();
    worker?.dispose();
  });

  /** A site with `count` numbers of its own whose visitors are the next `visitors` hosts. */
  async function seed(id, count, { visitors = 1, pool = {}, changes = {}, scenario = {} } = {}) {
    const { port } = new URL(pages.url);
    const origins = Array.from({ length: visitors }, () => `http://v${++hosts}.localhost:${port}`);
    const all = { id: "all", numbers: numbers(count), targets: [{ class: "phone" }], pool };
    const config = configFor(id, origins[0], [{ ...all, ...scenario }], { origins, ...changes });
    await worker.seed(config);
    const list = origins.map((origin) => ({ origin, url: `${origin}/t/${id}/` }));
    return visitors === 1 ? list[0] : list;
  }

  const at = async (url) => {
    const tab = await browser.open();
    await tab.go(url);
    return tab;
  };
  const shown = async (tab) =>
    digits(await seen(tab, (own) => {
      const text = document.querySelector("#top")?.textContent;
      return text !== own && text;
    }, OWN));
  const noFaults = async (...tabs) => {
    // As text: a page may have its own idea of how lists are told.
    for (const tab of tabs) assert.equal(await tab.run(() => window.faults.join("\n")), "");
  };
  const held = async (id) => {
    const { body } = await worker.admin("GET", `/api/v1/sites/${id}/live`);
    return body.pools[0].numbers.filter(({ state }) => state !== "free");
  };
  const visits = (origin) => edge.sent(origin).filter((what) => what === "visit").length;

  test("two visitors see different numbers, in text and link, written as on the page", async () => {
    const [anna, boris] = await seed("two", 4, { visitors: 2 });
    const first = await at(`${anna.url}?roistat=direct_search_1`);
    const one = await shown(first);
    const second = await at(boris.url);
    const two = await shown(second);
    assert.notEqual(one, two);
    for (const number of [one, two]) assert.ok(numbers(4).includes(number), number);
    const look = () => [
      document.querySelector("#top").textContent,
      document.querySelector("#top").getAttribute("href"),
      document.querySelector("span.phone").textContent,
    ];
    const [text, href, span] = await first.run(look);
    assert.match(text, /^8 \(495\) \d{3}-\d\d-\d\d$/);
    assert.equal(href, `tel:+${one}`);
    assert.equal(digits(span), one);
    const label = JSON.stringify((await held("two")).find(({ number }) => number === one));
    assert.match(label, /direct/, "the label is recorded");
    await noFaults(first, second);
    await first.close();
    await second.close();
  });

  test("a mask writes the number its own way, and stopping gives every byte back", async () => {
    const scenario = { mask: "+7 XXX XXX-XX-XX" };
    const { url } = await seed("mask", 2, { scenario });
    const tab = await at(url);
    await shown(tab);
    const [mask, whole] = await tab.run(() => {
      const text = document.querySelector("#top").textContent;
      window.ringlet("restore");
      return [text, document.body.innerHTML];
    });
    assert.match(mask, /^\+7 495 \d{3}-\d\d-\d\d$/);
    assert.equal(whole, BODY);
    await noFaults(tab);
    await tab.close();
  });

  test("reload, later page, second tab: right in the first frame after the tag ran", async () => {
    const { url, origin } = await seed("frames", 3);
    const tab = await at(url);
    const number = await shown(tab);
    // No answer of the edge may be needed.
    edge.fate = (path) => (path.startsWith("/v1/") ? { after_ms: 1500 } : undefined);
    const second = await browser.open();
    const steps = {
      reload: () => tab.reload(),
      "later page": () => tab.go(`${url}catalogue`),
      "second tab": () => second.go(url),
    };
    for (const [name, go] of Object.entries(steps)) {
      await go();
      const seenBy = name === "second tab" ? second : tab;
      const painted = await seen(seenBy, () => window.painted?.length > 2 && window.painted);
      assert.deepEqual(new Set(painted.map(digits)), new Set([number]), name);
    }
    edge.fate = () => undefined;
    await until(() => visits(origin) === 4, 20_000);
    await pause(1800);
    assert.equal((await held("frames")).length, 1, "one visitor, one number");
    assert.equal(await shown(second), number);
    await noFaults(second);
    await second.close();
    await tab.front();
    await pause(300);
    const [{ state }] = await held("frames");
    assert.notEqual(state, "held", "the other tab is still open");
    assert.equal(await shown(tab), number);
    await tab.close();
  });

  test("an idle visitor's number goes to whoever needs it; activity asks again", async () => {
    const [anna, boris] = await seed("idle", 1, {
      visitors: 2,
      pool: { idle_release_ms: 5000, hold_ms: 10000 },
    });
    // A window that opens later may move the pointer over another: that is activity.
    const second = await browser.open();
    const first = await at(anna.url);
    const number = await shown(first);
    await until(() => edge.sent(anna.origin).includes("idle"), 20_000);
    await first.move(40, 40);
    await until(() => edge.sent(anna.origin).includes("active"), 20_000);
    await pause(300);
    assert.equal(await shown(first), number, "nobody needed it: it is his again");
    const idles = () => edge.sent(anna.origin).filter((what) => what === "idle").length;
    await until(() => idles() === 2, 30_000);
    await second.go(boris.url);
    assert.equal(await shown(second), number, "it is re-issued");
    await first.front();
    const before = edge.sent(anna.origin).length;
    await first.move(80, 60);
    await until(() => edge.sent(anna.origin).length > before, 20_000);
    // He has none or another one; never the one that is another's now.
    await seen(first, (own) => document.querySelector("#top").textContent === own, OWN);
    assert.equal(await first.run(() => document.querySelector("#top").getAttribute("href")),
      "tel:+74950001020");
    await noFaults(first, second);
    await first.close();
    await second.close();
  });

  test("a full pool leaves the page's own number", async () => {
    const [anna, boris] = await seed("full", 1, { visitors: 2 });
    const first = await at(anna.url);
    await shown(first);
    const second = await at(boris.url);
    await until(() => visits(boris.origin) === 1);
    await pause(600);
    assert.equal(await second.run(ownText), OWN);
    await noFaults(first, second);
    await first.close();
    await second.close();
  });

  test("a tap on the number's link is told at once", async () => {
    const { url, origin } = await seed("tap", 2);
    const tab = await at(url);
    const number = await shown(tab);
    await tab.run(() => {
      document.addEventListener("click", (event) => event.preventDefault());
    });
    await tab.click("#top");
    const tap = await until(() =>
      edge.messages.find((one) => one.event === "tap" && one.origin === origin),
    );
    assert.equal(tap.number, number);
    await tab.close();
  });

  test("late blocks, routes of an application and a page that writes back", async () => {
    const { url } = await seed("living", 2);
    const tab = await at(url);
    const number = await shown(tab);
    await tab.run((own) => {
      history.pushState({}, "", "cart");
      document.querySelector("main").innerHTML = `<b class="phone" id="late">${own}</b>`;
    }, OWN);
    const late = await seen(tab, (own) => {
      const text = document.querySelector("#late").textContent;
      return text !== own && text;
    }, OWN);
    assert.equal(digits(late), number);
    const writes = await tab.run(async (own) => {
      let count = 0;
      const text = document.querySelector("#late").firstChild;
      const observer = new MutationObserver(() => {
        if (text.nodeValue === own) return;
        count += 1;
        text.nodeValue = own;
      });
      observer.observe(document, { characterData: true, subtree: true });
      text.nodeValue = `${own} `;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      observer.disconnect();
      return count;
    }, OWN);
    assert.ok(writes < 20, `it gives way: ${writes}`);
    await noFaults(tab);
    await tab.close();
  });

  test("routes of every kind: the block that comes is swapped, the label is read", async () => {
    const { url, origin } = await seed("routes", 3);
    const tab = await at(url);
    await shown(tab);
    // Not every engine has the Navigation API; every engine has the others.
    const has = await tab.run(() => typeof window.navigation?.navigate === "function");
    for (const kind of ["push", "replace", "hash", "back", ...(has ? ["navigation"] : [])]) {
      await tab.run((kind, own) => {
        const to = `roistat=by_${kind}`;
        const show = () => {
          const block = document.createElement("b");
          Object.assign(block, { className: "phone", id: kind, textContent: own });
          document.querySelector("main").replaceChildren(block);
        };
        const ways = {
          push: () => history.pushState({}, "", `?${to}`),
          replace: () => history.replaceState({}, "", `?${to}`),
          hash: () => { location.hash = to; },
          back: () => {
            history.pushState({}, "", `?${to}`);
            history.pushState({}, "", "?page=9");
            addEventListener("popstate", show, { once: true });
            history.back();
          },
          navigation: () => {
            const take = (event) => event.intercept({ handler: async () => show() });
            window.navigation.addEventListener("navigate", take, { once: true });
            window.navigation.navigate(`?${to}`);
          },
        };
        ways[kind]();
        if (kind !== "back" && kind !== "navigation") show();
      }, kind, OWN);
      await seen(tab, (kind, own) => {
        const text = document.querySelector(`#${kind}`)?.textContent;
        return text !== own && text === document.querySelector("#top").textContent;
      }, kind, OWN);
      await until(() =>
        edge.messages.some(
          (one) => one.origin === origin && one.name === "visit" && one.url.includes(`by_${kind}`),
        ),
      );
    }
    assert.equal((await held("routes")).length, 1, "one visitor, one number");
    await noFaults(tab);
    await tab.close();
  });

  test("to the owner's other domain: by link, form and script, as far as the engine lets us", async () => {
    const ways = {
      link: () => document.querySelector("#over").click(),
      form: () => document.querySelector("#send button").click(),
      submitted: () => HTMLFormElement.prototype.submit.call(document.querySelector("#send")),
      script: () => location.assign(document.querySelector("#over").href),
      asked: () =>
        window.ringlet("link", document.querySelector("#over").href, (whole) => location.assign(whole)),
    };
    for (const [name, go] of Object.entries(ways)) {
      const id = `to-${name}`;
      const names = [1, 2].map((next) => `v${hosts + next}.localhost`);
      const over = `http://${names[1]}:${new URL(pages.url).port}/t/${id}/`;
      const links =
        `<a id="over" href="${over}">Parts</a><form id="send" method="post" action="${over}"><button>Go</button></form>`;
      served.set(id, { body: BODY + links });
      const before = edge.paths.length;
      const changes = { page: { linked_domains: names } };
      const [{ url }] = await seed(id, 3, { visitors: 2, changes });
      const tab = await at(url);
      const number = await shown(tab);
      await until(() => edge.paths.slice(before).some((path) => /^\/a\/\w+\.js$/.test(path)));
      await pause(300);
      const has = await tab.run(() => typeof window.navigation?.addEventListener === "function");
      await tab.run(new Function(`setTimeout(${go}, 0)`));
      await seen(tab, (name) => location.hostname === name, names[1]);
      const there = await shown(tab);
      await seen(tab, () => !location.href.includes("ringlet_link"));
      // Without the Navigation API a script's own way is let go: another visitor there, no harm.
      if (name !== "script" || has) assert.equal(there, number, name);
      else assert.notEqual(there, number);
      await noFaults(tab);
      await tab.close();
    }
  });

  test("back from another page, from the cache of whole pages or not", async () => {
    const { url } = await seed("back", 2);
    const tab = await at(url);
    const number = await shown(tab);
    await tab.go(`${url}next`);
    await shown(tab);
    await tab.run(() => void setTimeout(() => history.back(), 0));
    await seen(tab, () => !location.pathname.endsWith("next") && window.painted?.length);
    assert.equal(await shown(tab), number);
    await noFaults(tab);
    await tab.close();
  });

  test("pages that nobody planned", async (pagesOf) => {
    for (const [at, [name, page]] of Object.entries(ODD_PAGES).entries()) {
      await pagesOf.test(name, () => checkOdd(`odd-${at}`, page));
    }
  });

  /** An odd page becomes what it must, stays so, and gets back what it had. */
  async function checkOdd(id, page) {
    const { changes, lent = "78127777799", scenarios, second } = page;
    const shows = new Function(`return ${page.shows ?? "document.body.innerHTML"}`);
    const origin = `http://v${++hosts}.localhost:${new URL(pages.url).port}`;
    const all = [{ id: "a", numbers: [lent], targets: scenarios }];
    if (second) all.push({ id: "b", numbers: [second.lent], targets: second.targets });
    served.set(id, page);
    await worker.seed(configFor(id, origin, all, changes));
    const tab = await at(`${origin}/t/${id}/`);
    // As the engine itself writes it.
    const becomes = page.shows ? page.becomes : await tab.run((html) => {
      const { body } = document.implementation.createHTMLDocument("");
      body.innerHTML = html;
      return body.innerHTML;
    }, page.becomes);
    // What was seen is told: a moment later the page may be on its way to the next.
    const becoming = async (tab, wanted) => {
      for (const end = Date.now() + 8_000; Date.now() < end; await pause(50)) {
        if ((await tab.run(shows).catch(() => {})) === wanted) return wanted;
      }
      return tab.run(shows);
    };
    assert.equal(await becoming(tab, becomes), becomes);
    await pause(400);
    assert.equal(await tab.run(shows), becomes, "it stays");
    await noFaults(tab);
    await tab.run(() => window.ringlet("restore"));
    const given = await tab.run(shows);
    await tab.close();
    if (page.restores) return assert.equal(given, page.restores);
    const plain = await at(`${origin}/o/${id}/`);
    assert.equal(given, await becoming(plain, given), "the page gets every byte back");
    return plain.close();
  }

  const failures = {
    "the edge cannot be reached": [/^\/v1\//, "cut"],
    "the edge never answers": [/^\/v1\//, "hang"],
    "the edge answers 500": [/^\/v1\//, { status: 500, body: "{}" }],
    "the edge answers with a page of HTML": [/^\/v1\//, { body: "<html>please log in</html>" }],
    "the edge answers numbers of another kind": [/^\/v1\//, { body: '{"v":1,"numbers":"none"}' }],
    "the edge answers a number that is none": [
      /^\/v1\//,
      { body: '{"v":1,"numbers":[{"scenario":"all","kind":"leased","number":"call me"},null,7]}' },
    ],
    "the rules cannot be loaded": [/^\/a\//, "cut"],
    "the rules never come": [/^\/a\//, "hang"],
    "the rules are cut short": [/^\/a\//, { body: "\0asm" }],
    "the rules are a page of HTML": [/^\/a\//, { body: "<html>" }],
    "the script is not there": [/^\/s\//, { status: 404 }],
    "the script is a page of HTML": [
      /^\/s\//,
      { body: "<html>please log in</html>", headers: { "content-type": "text/html" }, faults: 1 },
    ],
  };
  // Those that came with the script cannot be read there: others are fetched.
  const withoutRules = { head: "<script>window.btoa = undefined</script>" };
  for (const [name, [path, fate]] of Object.entries(failures)) {
    test(`${name}: the page's own number stands`, async () => {
      const site = `fail-${Object.keys(failures).indexOf(name)}`;
      if (name.startsWith("the rules")) served.set(site, withoutRules);
      const { url } = await seed(site, 2);
      edge.fate = (asked) => (path.test(asked) ? fate : undefined);
      const tab = await at(url);
      await pause(800);
      assert.equal(await tab.run(() => document.body.innerHTML), BODY);
      // HTML in place of the script is a fault of its syntax, told by the browser itself.
      if (!fate.faults) await noFaults(tab);
      await tab.close();
      edge.fate = () => undefined;
    });
  }

  test("storage that is blocked or full: the visit lives with the page", async () => {
    const heads = {
      blocked: 'Object.defineProperty(window, "localStorage", { get() { throw new Error("no") } })',
      full: 'Storage.prototype.setItem = () => { throw new Error("quota") }',
    };
    for (const [name, script] of Object.entries(heads)) {
      served.set(`store-${name}`, { head: `<script>${script}</script>` });
      const { url } = await seed(`store-${name}`, 2);
      const tab = await at(url);
      assert.ok(numbers(2).includes(await shown(tab)), name);
      await noFaults(tab);
      await tab.close();
    }
  });

  test("consent: nothing before it, nothing kept without it, the page's number after no", async () => {
    const kept = () => [Object.keys(localStorage), document.cookie];
    const wait = await seed("wait", 2, { changes: { consent: "wait" } });
    const tab = await at(wait.url);
    await pause(700);
    assert.equal(await tab.run(ownText), OWN);
    assert.deepEqual(edge.sent(wait.origin), []);
    assert.deepEqual(await tab.run(kept), [[], ""]);
    await tab.run(() => window.ringlet("consent", "granted"));
    await shown(tab);
    await tab.run(() => window.ringlet("consent", "denied"));
    assert.equal(await tab.run(ownText), OWN);
    await noFaults(tab);
    await tab.close();
    const cookieless = await seed("cookieless", 2, { changes: { consent: "cookieless" } });
    const other = await at(cookieless.url);
    await shown(other);
    assert.deepEqual(await other.run(kept), [[], ""]);
    await other.close();
  });

  test("interfaces of other systems, and events, where the site wants them", async () => {
    const head = `<script nonce="early">
      window.told = [];
      const tell = (name) => (...given) => told.push([name, ...given].join());
      window.onRoistatModuleLoaded = () => {
        told.push("loaded");
        roistat.setJSONPRequestTimeout(5);
        roistat.setVisit("1");
        roistat.event.send("name", {});
        roistat.registerOnCalltrackingPhoneReceivedCallback(tell("roistat"));
      };
      window.dataLayer = [["config", "AW-1/x", { phone_conversion_callback: tell("google") }]];
      document.addEventListener("ringlet:number", ({ detail }) => tell("event")(detail.number));
    </script>`;
    served.set("systems", { head });
    const compatibility = ["roistat", "callrail", "google"];
    const { url } = await seed("systems", 2, { changes: { page: { compatibility, data_layer: true } } });
    const tab = await at(url);
    const number = await shown(tab);
    await seen(tab, () => window.CallTrk && told.some((text) => text.startsWith("roistat")));
    const swapped = () => new Promise((done) => window.CallTrk.getSwapNumbers(["74950001020"], done));
    assert.deepEqual(await tab.run(swapped), { 74950001020: number });
    const told = await tab.run(() => window.told);
    assert.ok(told.includes("loaded"));
    for (const name of ["roistat", "google", "event"]) {
      const said = told.filter((text) => text.startsWith(name));
      assert.ok(said.length > 0, name);
      for (const text of said) assert.equal(digits(text.split(",").at(-1)), number, text);
    }
    const events = () => window.dataLayer.map((entry) => entry.event).filter(Boolean);
    assert.deepEqual((await tab.run(events)).toSorted(), ["ringlet:number", "ringlet:visit"]);
    const manual = () => window.roistat.setCallTrackingManualMode() || document.querySelector("#top").textContent;
    assert.equal(await tab.run(manual), OWN, "the page writes itself");
    await noFaults(tab);
    await tab.close();
  });

  test("a script that is pinned by its hash runs, and one with other bytes does not", async () => {
    const { script } = await (await fetch(`${edge.url}/a/agent.json`)).json();
    const other = script.integrity.replace(/-.{4}/, "-AAAA");
    for (const [id, integrity] of [["pinned", script.integrity], ["unpinned", other]]) {
      const tagOf = (base, site) =>
        `<script async crossorigin="anonymous" src="${base}${script.path}" integrity="${integrity}" data-site="${site}"></script>`;
      served.set(id, { tagOf });
      const { url, origin } = await seed(id, 2);
      const tab = await at(url);
      if (id === "pinned") assert.ok(numbers(2).includes(await shown(tab)));
      else {
        await pause(800);
        assert.equal(await tab.run(ownText), OWN);
        assert.deepEqual(edge.sent(origin), []);
      }
      await noFaults(tab);
      await tab.close();
    }
  });

  /** Whether the page may not compile WebAssembly: the number came without it then. */
  const isForbidden = (tab) => tab.run(() => window.isForbidden);

  /** Everything that is loaded on demand, under the policy of `page`: the whole rules for a local
   * number, the part for a shadow root, links and systems, the reader of ids, the debugger. */
  async function checkParts(id, page) {
    const head = `<script nonce="early">
      window.ym = (counter, command, act) => act("1700000003");
      ym.a = [[555, "init", {}]];
      addEventListener("DOMContentLoaded", () => {
        const inner = Object.assign(document.createElement("i"), { className: "phone", textContent: "${OWN}" });
        document.querySelector("#host").attachShadow({ mode: "open" }).append(inner);
      });
    </script>`;
    const body = `${BODY}<b class="phone" id="local">000 10 20</b><div id="host"></div>`;
    served.set(id, { ...page, body, head });
    const names = [`v${hosts + 1}.localhost`];
    const changes = { page: { analytics: ["metrica"], links: ["sms"], linked_domains: names } };
    const { url, origin } = await seed(id, 2, { changes });
    const tab = await at(url);
    const number = await shown(tab);
    const local = await seen(tab, () => {
      const text = document.querySelector("#local").textContent;
      return text !== "000 10 20" && text;
    });
    assert.equal(local.replaceAll(" ", ""), number.slice(4), id);
    const inside = await seen(tab, (own) => {
      const text = document.querySelector("#host").shadowRoot.textContent;
      return text !== own && text;
    }, OWN);
    assert.equal(digits(inside), number, id);
    const ids = () => edge.messages.find((one) => one.origin === origin && one.event === "ids");
    assert.equal((await until(ids, 20_000)).ids.ym_client_id, "1700000003");
    const site = await tab.run(() => new Promise((done) => window.ringlet("debug", (report) => done(report.site))));
    assert.equal(site, id);
    await noFaults(tab);
    await tab.close();
  }

  test("a strict policy of the page's", async () => {
    const rest = `connect-src ${edge.url}; default-src 'self'; base-uri 'none'`;
    const types = "require-trusted-types-for 'script'; trusted-types 'none'";
    const early = "'nonce-early'";
    const byNonce = (url, site) =>
      `<script async nonce="early" src="${url}/s/${site}.js"></script>`;
    const policies = {
      origin: [`script-src ${early} ${edge.url} 'wasm-unsafe-eval'; ${types}`, tag],
      nonce: [`script-src ${early} 'wasm-unsafe-eval'; ${types}`, byNonce],
      dynamic: [`script-src ${early} 'strict-dynamic' 'wasm-unsafe-eval'`, byNonce],
      // Without WebAssembly the same rules run as JavaScript.
      "plain-origin": [`script-src ${early} ${edge.url}; ${types}`, tag],
      "plain-nonce": [`script-src ${early}; ${types}`, byNonce],
      "plain-dynamic": [`script-src ${early} 'strict-dynamic'; ${types}`, byNonce],
    };
    for (const [name, [policy, tagOf]] of Object.entries(policies)) {
      const headers = { "content-security-policy": `${policy}; ${rest}` };
      served.set(`policy-${name}`, { headers, tagOf });
      const { url } = await seed(`policy-${name}`, 2);
      const tab = await at(url);
      assert.ok(numbers(2).includes(await shown(tab)), name);
      assert.equal(await isForbidden(tab), name.startsWith("plain"), name);
      await noFaults(tab);
      await tab.close();
    }
    const parts = {
      origin: [`script-src ${early} ${edge.url} 'wasm-unsafe-eval'; ${types}`, tag],
      dynamic: [`script-src ${early} 'strict-dynamic' 'wasm-unsafe-eval'; ${types}`, byNonce],
      plain: [`script-src ${early} 'strict-dynamic'; ${types}`, byNonce],
    };
    for (const [name, [policy, tagOf]] of Object.entries(parts)) {
      await checkParts(`parts-${name}`, { tagOf, headers: { "content-security-policy": `${policy}; ${rest}` } });
    }
    const deaf = `script-src ${early} ${edge.url} 'wasm-unsafe-eval'; connect-src 'self'`;
    const headers = { "content-security-policy": deaf };
    served.set("policy-deaf", { headers });
    const { url } = await seed("policy-deaf", 2);
    const tab = await at(url);
    await pause(800);
    assert.equal(await tab.run(() => document.body.innerHTML), BODY);
    await noFaults(tab);
    await tab.close();
  });
}
