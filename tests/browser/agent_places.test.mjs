// Numbers in places that few pages have: the second part of the agent, loaded when it is needed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { testCases } from "../support/cases.mjs";
import { configFor, newVisitor, page, servePages, settle } from "../support/pages.mjs";
import { until } from "../support/site.mjs";

const moscow = ["74950000099"];
const byClass = [{ id: "a", numbers: moscow, targets: [{ class: "phone" }] }];
const byText = [{ id: "a", numbers: moscow, targets: [{ number: "74950000001" }] }];
const withPage = (page) => ({ page });

/** An open shadow root in `host` with `html` in it. */
const shadow = (host, html) =>
  `document.querySelector("${host}").attachShadow({ mode: "open" }).innerHTML = \`${html}\`;`;
const inShadow = (host) => `document.querySelector("${host}").shadowRoot.innerHTML`;

const LINKS =
  '<a class="phone" href="sms:+74950000001?body=Hi">8 495 000-00-01</a>' +
  '<a class="phone" href="https://wa.me/74950000001?text=8">WhatsApp</a>' +
  '<a class="phone" href="https://api.whatsapp.com/send?phone=74950000001&amp;text=1">W</a>' +
  '<a class="phone" href="viber://chat?number=%2B74950000001">Viber</a>' +
  '<a class="phone" href="https://t.me/+74950000001">Telegram</a>' +
  '<a class="phone" href="https://t.me/shop">Our channel</a>' +
  '<a class="phone" href="https://wa.me/message/ABC123">Chat</a>' +
  '<a class="phone" href="mailto:a@b.example">Mail</a>';

const cases = {
  "an open shadow root, searched by class": {
    scenarios: byClass,
    body:
      '<b class="phone">8 495 000-00-02</b><shop-phone></shop-phone>' +
      `<script>${shadow("shop-phone", '<i class="phone">8 495 000-00-01</i>')}</script>`,
    shows: inShadow("shop-phone"),
    becomes: '<i class="phone">8 495 000-00-99</i>',
  },
  "a shadow root inside a shadow root, searched by text": {
    scenarios: byText,
    body:
      "<p>8 495 000-00-01</p><div></div>" +
      `<script>${shadow("div", "<p>8 (495) 000-00-01, <span></span></p>")}` +
      'const span = document.querySelector("div").shadowRoot.querySelector("span");' +
      'span.attachShadow({ mode: "open" }).innerHTML = "+7 495 000-00-01"</script>',
    shows:
      `${inShadow("div")} + ` +
      'document.querySelector("div").shadowRoot.querySelector("span").shadowRoot.innerHTML',
    becomes: "<p>8 (495) 000-00-99, <span></span></p>+7 495 000-00-99",
  },
  "an open shadow root behind thousands of elements that could have one": {
    scenarios: byClass,
    body:
      `<b class="phone">8 495 000-00-02</b>${"<p>1<i>2</i></p>".repeat(9_000)}<section></section>` +
      `<script>${shadow("section", '<i class="phone">8 495 000-00-01</i>')}</script>`,
    shows: inShadow("section"),
    becomes: '<i class="phone">8 495 000-00-99</i>',
  },
  "a custom element that is defined later, and changes what is in it": {
    scenarios: byClass,
    body: '<b class="phone">8 495 000-00-02</b><shop-phone></shop-phone>',
    later:
      'customElements.define("shop-phone", class extends HTMLElement { connectedCallback() {' +
      ' const root = this.attachShadow({ mode: "open" });' +
      ` setTimeout(() => { root.innerHTML = '<i class="phone">8 495 000-00-01</i>'; }, 50) } });` +
      " await pause(100)",
    shows: 'document.querySelector("shop-phone").shadowRoot?.innerHTML',
    becomes: '<i class="phone">8 495 000-00-99</i>',
  },
  "a frame of the page's own origin": {
    scenarios: byClass,
    body:
      '<b class="phone">8 495 000-00-02</b>' +
      `<iframe srcdoc="<a class=phone href='tel:+74950000001'>8 495 000-00-01</a>"></iframe>`,
    shows: 'document.querySelector("iframe").contentDocument.body.innerHTML',
    becomes: '<a class="phone" href="tel:+74950000099">8 495 000-00-99</a>',
  },
  "links to messengers, where the site wants them": {
    scenarios: byClass,
    changes: withPage({ links: ["sms", "whatsapp", "viber", "telegram"] }),
    body: LINKS,
    becomes: LINKS.replaceAll("4950000001", "4950000099").replace("000-00-01", "000-00-99"),
  },
  "a message to several: in an owner's element each number is meant, and one message is enough": {
    scenarios: byClass,
    changes: withPage({ links: ["sms"] }),
    body:
      '<a class="phone" href="sms:+74950000001,84950000002?body=1,2">SMS</a>' +
      '<a class="phone" href="sms:84950000001,+74950000001">SMS</a>',
    becomes:
      '<a class="phone" href="sms:+74950000099?body=1,2">SMS</a>' +
      '<a class="phone" href="sms:+74950000099">SMS</a>',
  },
  "a message to several: the page's number wherever it stands, and no other": {
    scenarios: byText,
    changes: withPage({ links: ["sms"] }),
    body:
      '<a href="sms:+74950000002,84950000001,+7-495-000-00-01">SMS</a>' +
      '<a href="sms:+74950000002,+74950000003">SMS</a>',
    becomes:
      '<a href="sms:+74950000002,+74950000099">SMS</a>' +
      '<a href="sms:+74950000002,+74950000003">SMS</a>',
  },
  "links to messengers stay without a policy": {
    scenarios: byClass,
    body: `<b class="phone">8 495 000-00-02</b>${LINKS.replaceAll("phone", "x")}`,
    becomes: `<b class="phone">8 495 000-00-99</b>${LINKS.replaceAll("phone", "x")}`,
  },
  "attributes that people read, where the site wants them": {
    scenarios: byClass,
    changes: withPage({ attributes: ["title", "aria-label", "alt"] }),
    body:
      '<a class="phone" href="tel:84950000001" title="8 495 000-00-01" ' +
      'aria-label="Call +7 (495) 000-00-01">8 495 000-00-01' +
      '<img alt="8 (495) 000-00-01"><i title="Moscow"></i></a><p title="8 495 000-00-01"></p>',
    becomes:
      '<a class="phone" href="tel:+74950000099" title="8 495 000-00-99" ' +
      'aria-label="Call +7 (495) 000-00-99">8 495 000-00-99' +
      '<img alt="8 (495) 000-00-99"><i title="Moscow"></i></a><p title="8 495 000-00-01"></p>',
  },
  "attributes stay without a policy": {
    scenarios: byClass,
    body: '<b class="phone" title="8 495 000-00-01">8 495 000-00-01</b>',
    becomes: '<b class="phone" title="8 495 000-00-01">8 495 000-00-99</b>',
  },
  "pictures of numbers": {
    scenarios: byClass,
    changes: withPage({ image: "/phones/{number}.svg" }),
    body:
      '<img class="phone" src="/own.svg"><p class="phone"><img src="/logo.svg" alt="Shop">' +
      '<img src="/p/84950000001.svg">8 495 000-00-01</p><img src="/p/84950000001.svg">',
    becomes:
      '<img class="phone" src="/phones/74950000099.svg"><p class="phone">' +
      '<img src="/logo.svg" alt="Shop">' +
      '<img src="/phones/74950000099.svg">8 495 000-00-99</p><img src="/p/84950000001.svg">',
  },
  "a class for each part of a number": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ parts: "roistat-phone" }] }],
    body:
      '<a href="tel:84950000001"><span class="roistat-phone-country">8</span> ' +
      '<div class="roistat-phone-region">(495)</div>' +
      '<b class="roistat-phone-number">000-00-01</b></a>',
    becomes:
      '<a href="tel:+74950000099"><span class="roistat-phone-country">8</span> ' +
      '<div class="roistat-phone-region">(495)</div>' +
      '<b class="roistat-phone-number">000-00-99</b></a>',
  },
  "data about the page stays": {
    scenarios: byText,
    body:
      '<script type="application/ld+json">{"telephone":"+7-495-000-00-01"}</script>' +
      '<meta itemprop="telephone" content="+7 495 000-00-01"><p>8 495 000-00-01</p>',
    becomes:
      '<script type="application/ld+json">{"telephone":"+7-495-000-00-01"}</script>' +
      '<meta itemprop="telephone" content="+7 495 000-00-01"><p>8 495 000-00-99</p>',
  },
  "data about the page, where the site wants it": {
    scenarios: byText,
    changes: withPage({ structured_data: "swap" }),
    body:
      '<script type="application/ld+json">{"telephone":"+7-495-000-00-01"}</script>' +
      '<meta itemprop="telephone" content="+7 495 000-00-01"><p>8 495 000-00-01</p>',
    becomes:
      '<script type="application/ld+json">{"telephone":"+7-495-000-00-99"}</script>' +
      '<meta itemprop="telephone" content="+7 495 000-00-99"><p>8 495 000-00-99</p>',
  },
  "an empty link": {
    scenarios: byClass,
    body: '<a class="phone" href="tel:"></a><a class="phone" href="tel:84950000001"></a>',
    becomes: '<a class="phone" href="tel:+74950000099"></a>'.repeat(2),
  },
  "halves of characters beside a number": {
    scenarios: byClass,
    body: '<b class="phone">8 495 000-00-01 \u{1f4de}</b>',
    later: 'document.querySelector("b").firstChild.nodeValue = "8 495 000-00-01 \u{1f4de}\\ud83d"',
    becomes: '<b class="phone">8 495 000-00-99 \u{1f4de}\ud83d</b>',
  },
};

const running = testCases(cases);

test("a search before the answer, which nobody waits for, has a task of its own", async () => {
  const { browser, worker } = running;
  const site = await servePages(() => page(worker.url, "<p>8 495 000-00-01</p>", { site: "own" }));
  await worker.seed(configFor("own", site.url, byText));
  const visitor = await newVisitor(browser, worker.url);
  await visitor.context.addInitScript(() => {
    window.steps = [];
    const { fetch, setTimeout } = window;
    window.fetch = (address, ...more) => {
      if (/visit$/.test(address)) window.steps.push("visit");
      return fetch(address, ...more);
    };
    window.setTimeout = (act, pause, ...more) => {
      if (pause === 0) window.steps.push("rest");
      return setTimeout(act, pause, ...more);
    };
    document.addEventListener("ringlet:number", () => window.steps.push("swap"));
  });
  const tab = await visitor.open(site.url);
  await tab.waitForFunction(() => document.querySelector("p").textContent.endsWith("99"));
  const steps = await tab.evaluate(() => window.steps);
  assert.deepEqual(steps.slice(0, 2), ["visit", "rest"]);
  await visitor.close();
  site.close();
});

test("a long page is searched in slices", async () => {
  const { browser, worker } = running;
  const rows = "<p>Row <b>17</b> of 20</p>".repeat(40_000);
  const site = await servePages(() =>
    page(worker.url, `${rows}<p id="last">8 495 000-00-01</p>`, { site: "long" }),
  );
  await worker.seed(configFor("long", site.url, byText));
  const visitor = await newVisitor(browser, worker.url);
  await visitor.context.addInitScript(() => {
    // A clock of its own: each look at it takes a millisecond, however fast the machine is.
    let now = Date.now();
    Date.now = () => ++now;
    window.rests = 0;
    const { setTimeout } = window;
    window.setTimeout = (act, pause, ...more) => {
      if (pause === 0) window.rests++;
      return setTimeout(act, pause, ...more);
    };
  });
  const tab = await visitor.open(site.url);
  await tab.waitForFunction(() => document.querySelector("#last").textContent.endsWith("99"));
  const rests = await tab.evaluate(() => window.rests);
  assert.ok(rests > 20, `${rests} rests`);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
  site.close();
});

test("a search in many slices is one effort, and what the page has by itself is no copy", async () => {
  const { browser, worker } = running;
  const [own, lent] = ["8 495 000-00-01", "8 495 000-00-99"];
  const body = `${`<p>${own}</p>`.repeat(300)}<p>${lent}</p>`;
  const site = await servePages(() => page(worker.url, body, { site: "effort" }));
  await worker.seed(configFor("effort", site.url, byText));
  const visitor = await newVisitor(browser, worker.url);
  await visitor.context.addInitScript(() => {
    // As above: a slow machine, on which a slice is a number or two.
    let now = Date.now();
    Date.now = () => ++now;
  });
  const tab = await visitor.open(site.url);
  const texts = () => tab.evaluate(() => [...document.querySelectorAll("p")].map((p) => p.textContent));
  const isWhole = async () => (await texts()).every((text) => text === lent);
  await until(isWhole, 20_000).catch(async () => assert.fail(`${await texts()}`));
  await tab.evaluate(() => window.ringlet("restore"));
  assert.deepEqual(await texts(), [...Array.from({ length: 300 }, () => own), lent]);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
  site.close();
});

test("the second part is loaded by the pages that need it and by no other", async () => {
  const { browser, worker } = running;
  const plain = '<b class="phone">8 495 000-00-01</b><iframe></iframe><x-y></x-y>';
  const site = await servePages(() => page(worker.url, plain, { site: "plain" }));
  await worker.seed(configFor("plain", site.url, byClass));
  const visitor = await newVisitor(browser, worker.url);
  // A part is fetched to be checked, and imported from the cache: one file, at times two requests.
  const asked = [];
  visitor.context.on("request", (request) => asked.push(...request.url().split("/a/").slice(1)));
  const parts = () => [...new Set(asked)].map((file) => file.split(".")[1]);
  const tab = await visitor.open(site.url);
  await tab.waitForFunction(() => document.querySelector(".phone").textContent.endsWith("99"));
  await settle(tab);
  assert.deepEqual(parts(), []);
  await tab.evaluate(() => document.querySelector("x-y").attachShadow({ mode: "open" }));
  await tab.evaluate(() => document.querySelector("x-y").append("!"));
  await until(() => parts().length > 0);
  await settle(tab);
  assert.deepEqual(parts(), ["js"]);
  assert.ok(asked.length <= 2, asked.join(" "));
  await visitor.close();
  site.close();
});
