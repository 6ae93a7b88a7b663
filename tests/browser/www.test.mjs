// The demonstration end to end: real Worker, real Chromium, real pages. A visitor arrives from an
// advertisement, sees a number of his own, the live view tells who he is, a pretended call is
// credited.

import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { resolve } from "node:path";
import { launchBrowser } from "../support/browser.mjs";
import { root } from "../support/paths.mjs";
import { startWorker } from "../support/worker.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const site = JSON.parse(readFileSync(resolve(root, "www/demo/site.json"), "utf8"));
const PAGE_NUMBER = { city: "8 (495) 000-10-20", free: "8 800 000-10-20" };
const CITY = site.pools.find((pool) => pool.id === "city").numbers;
const SECRET = "webhook-secret-of-this-test-run-0123456789";
const PATHS = { path_secrets: ["a-secret-of-the-path-0123456789"] };
/** The public key of the pair that the live view makes of the site's secret. */
function telnyxPublicKey(secret) {
  const seed = createHash("sha256").update(`telnyx ${secret}`).digest();
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]), format: "der", type: "pkcs8" });
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32).toString("base64");
}
/** The exchanges that the live view can pretend, as a site is set up for them. */
const TELEPHONY = {
  asterisk: PATHS,
  calltouch: PATHS,
  freeswitch: PATHS,
  generic: { secrets: [SECRET] },
  mango: { key: "the-key-of-an-exchange-0123456789", secrets: [SECRET] },
  megafon: { secrets: [SECRET] },
  novofon: { secrets: [SECRET], ...PATHS },
  telnyx: { secrets: [telnyxPublicKey(SECRET)] },
  twilio: { secrets: [SECRET] },
  uis: PATHS,
  zadarma: { secrets: [SECRET], ...PATHS },
};

let worker;
let browser;

before(async () => {
  worker = await startWorker();
  const answer = await fetch(`${worker.url}/api/v1/sites/demo/config`, {
    method: "PUT",
    headers: { authorization: `Bearer ${worker.token}`, "content-type": "application/json" },
    body: JSON.stringify({ ...site, origins: [worker.url], telephony: TELEPHONY }),
  });
  assert.ok(answer.ok, `the demonstration's configuration was refused: ${await answer.text()}`);
  // The agent keeps away from automated browsers; this one is to be taken for a visitor's.
  browser = await launchBrowser({ flags: ["--disable-blink-features=AutomationControlled"] });
});

after(async () => {
  await browser?.close();
  await worker?.stop();
});

/** A page of its own visitor; script errors fail the test that opened it. */
async function open(
  path,
  { width = 1280, scheme = "light", locale = "en-US", bypassCSP = false } = {},
) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    locale,
    bypassCSP,
  });
  const page = await context.newPage();
  const faults = [];
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(worker.url + path);
  return { page, asked, faults, close: () => context.close() };
}

const live = (path = "/demo/live/") => `${path}#token=${worker.token}`;
const digits = (text) => text.replace(/\D/g, "").replace(/^8/, "7");

/** Waits until the header's number is another than the page's own; returns its digits. */
async function swapped(frame, own = PAGE_NUMBER.city) {
  const header = frame.locator(".top .phone-city");
  try {
    await frame.waitForFunction(
      (text) => document.querySelector(".top .phone-city").textContent !== text,
      own,
    );
  } catch (fault) {
    const ask = () =>
      Promise.race([
        new Promise((resolve) => window.ringlet?.("debug", resolve)),
        new Promise((resolve) => setTimeout(resolve, 3_000, "no debugger")),
      ]);
    const state = JSON.stringify(await frame.evaluate(ask));
    throw new Error(`no number was swapped: ${state}\n${worker.log}`, { cause: fault });
  }
  return digits(await header.textContent());
}

test("an advertisement's visitor sees a number of his own, everywhere on the page", async () => {
  const { page, asked, faults, close } = await open("/demo/");
  await page.getByRole("link", { name: "Yandex Direct", exact: true }).click();
  await page.waitForURL(/roistat=direct4_search/);
  assert.doesNotMatch(page.url(), /demo_/, "the turnstile's parameters must not reach the tag");
  const number = await swapped(page);
  assert.ok(CITY.includes(number), number);

  const late = page.locator("#bench .phone-city");
  await late.waitFor();
  await page.waitForFunction(
    (own) => document.querySelector("#bench .phone-city").textContent !== own,
    PAGE_NUMBER.city,
  );
  const shown = await page.locator(".phone-city.phone").allTextContents();
  assert.equal(shown.length, 4);
  for (const text of shown) assert.match(text, /^8 \(495\) \d{3}-\d\d-\d\d$/);
  assert.deepEqual(new Set(shown.map(digits)), new Set([number]));
  const links = await page
    .locator(".phone-city")
    .evaluateAll((found) => found.map((link) => link.getAttribute("href")));
  assert.deepEqual(new Set(links), new Set([`tel:+${number}`]));
  assert.equal((await page.locator(".button.phone-city").innerText()).trim(), "Call the mechanic");

  const free = await page.locator(".phone-free").allTextContents();
  for (const text of free) assert.match(text, /^8 800 000-12-\d\d$/);
  // What `cargo xtask size` calls the first load.
  const agent = asked.filter((path) => /^\/[as]\//.test(path));
  assert.deepEqual(new Set(agent), new Set(["/s/demo.js"]));
  assert.deepEqual(faults, []);
  await close();
});

test("the live view shows who holds the number, and a pretended call finds him", async () => {
  const shop = await open("/demo/?lang=en");
  await shop.page.locator("#arrive-vk").click();
  await shop.page.waitForURL(/vk4_reklama/);
  const number = await swapped(shop.page);

  const view = await open(live());
  const row = view.page.locator(`.numbers [data-number="${number}"]`);
  await row.waitFor();
  assert.match(await row.locator(".source").textContent(), /vk4/);
  await row.getByRole("button").click();
  await view.page.locator('#said[data-tone="good"]').waitFor();
  const call = view.page.locator("#calls > li").first();
  await call.waitFor();
  assert.equal(digits((await call.locator(".to").textContent()).replace("→ ", "")), number);
  assert.match(await call.locator(".verdict").textContent(), /vk4/);
  assert.equal(await view.page.locator("#calls > li").count(), 1);
  assert.deepEqual(view.faults, []);
  await shop.close();
  await view.close();
});

test("a call explains itself in both languages; the same caller is known again", async () => {
  const shop = await open("/demo/?lang=en");
  await shop.page.locator("#arrive-vk").click();
  await shop.page.waitForURL(/vk4_reklama/);
  const number = await swapped(shop.page);
  const view = await open(live());
  const button = view.page.locator(`.numbers [data-number="${number}"]`).getByRole("button");
  const first = view.page.locator("#calls > li").first();
  const told = async (pattern, part = ".verdict") => {
    await view.page.waitForFunction(
      ([part, source]) => new RegExp(source).test(document.querySelector(`#calls > li ${part}`)?.textContent),
      [part, pattern.source],
    );
    return first.locator(part).textContent();
  };
  await button.click();
  await told(/vk4.*, sure to \d+ %: .*(active on the site|page open)/);
  assert.match(await first.locator(".story").textContent(), /^visit 1 · pages seen: \d+ · from visit to call /);
  await first.locator("summary").click();
  assert.match(await first.locator(".candidates .reason").first().textContent(), /active on the site|page open/);
  await view.page.locator("summary", { hasText: "What kind of call" }).click();
  await view.page.locator("#caller").selectOption("same");
  await button.click();
  await told(/this caller has called for this visitor before|earlier call/);
  await view.page.locator("#tongue").click();
  await told(/уверенность \d+ %: /);
  assert.match(await first.locator(".story").textContent(), /^визит 1 · страниц: \d+ · от визита до звонка /);
  assert.deepEqual(view.faults, []);
  await shop.close();
  await view.close();
});

test("the same event sent twice stays one call", async () => {
  const view = await open(live());
  await view.page.locator("#view").waitFor();
  const calls = view.page.locator("#calls > li");
  await view.page.waitForFunction(() => document.querySelectorAll(".spare button").length > 0);
  const earlier = await calls.count();
  await view.page.locator("summary", { hasText: "What kind of call" }).click();
  await view.page.locator("#delivery").selectOption("twice");
  await view.page.locator(".spare button").first().click();
  await view.page.locator('#said[data-tone="good"]').waitFor();
  await view.page.waitForFunction(
    (count) => document.querySelectorAll("#calls > li").length > count,
    earlier,
  );
  const answer = await fetch(`${worker.url}/api/v1/sites/demo/calls`, {
    headers: { authorization: `Bearer ${worker.token}` },
  });
  const body = await answer.json();
  assert.equal((body.calls ?? body.items).length, earlier + 1);
  await view.close();
});

/** Every language of an exchange that can be chosen; one has two. */
const CHOICES = [...Object.keys(TELEPHONY), "telnyx-texml"];

test("a call in the form of every exchange is understood: missed, answered, late, doubled, backwards", async () => {
  const view = await open(live());
  await view.page.locator(".spare button, .numbers button").first().waitFor();
  await view.page.locator("summary", { hasText: "What kind of call" }).click();
  const offered = await view.page.locator("#provider option").evaluateAll((all) => all.map((option) => option.value));
  assert.deepEqual([...offered].sort(), [...CHOICES].sort(), "every adapter can be chosen");
  const authorization = `Bearer ${worker.token}`;
  const allCalls = async () => {
    const answer = await fetch(`${worker.url}/api/v1/sites/demo/calls?limit=100`, { headers: { authorization } });
    const { calls, next } = await answer.json();
    assert.ok(!next, "one page has them all");
    return calls;
  };
  // A pretended caller may by chance be one who has called before.
  const known = new Set((await allCalls()).map(({ id }) => id));
  const newCalls = async () => {
    const calls = (await allCalls()).filter(({ id }) => !known.has(id));
    for (const { id } of calls) known.add(id);
    return calls;
  };
  for (const provider of CHOICES) {
    await view.page.locator("#provider").selectOption(provider);
    for (const [outcome, delivery] of [["missed", "prompt"], ["answered", "twice"], ["answered", "late"], ["missed", "backwards"]]) {
      const what = `${provider} ${outcome} ${delivery}`;
      await view.page.locator("#outcome").selectOption(outcome);
      await view.page.locator("#delivery").selectOption(delivery);
      const before = await view.page.locator("#said").textContent();
      await view.page.locator(".spare button, .numbers button").first().click();
      await view.page.waitForFunction((text) => {
        const said = document.querySelector("#said");
        return said.dataset.tone && said.textContent !== text && !said.textContent.endsWith("…");
      }, before);
      assert.equal(await view.page.locator("#said").getAttribute("data-tone"), "good", `${what}: ${await view.page.locator("#said").textContent()}`);
      const caller = digits((await view.page.locator("#said").textContent()).split(" called ")[0]);
      const calls = await newCalls();
      assert.equal(calls.length, 1, `${what}: one call of ${JSON.stringify(calls)}`);
      assert.equal(calls[0].caller, caller, what);
      const startedBefore = Date.now() - (delivery === "late" ? 9 * 60_000 : 0);
      assert.ok(calls[0].started_at < startedBefore, what);
      assert.equal(calls[0].status, outcome, what);
      assert.equal(calls[0].provider, provider.split("-")[0], what);
      if (outcome === "answered") assert.equal(calls[0].talk_s, 95, what);
      assert.ok(calls[0].attribution, `${what}: judged`);
    }
  }
  // What it tells stands in the list too.
  await view.page.locator("#calls > li .badge", { hasText: "missed" }).first().waitFor();
  assert.deepEqual(view.faults, []);
  await view.close();
});

test("a leaflet's code shows the number of the leaflet", async () => {
  const { page, close } = await open("/demo/?lang=en");
  await page.locator("#arrive-leaflet").click();
  await page.waitForURL(/leaflet_metro/);
  assert.equal(await swapped(page), "74950001401");
  await close();
});

test("two arrivals in one browser are two visitors; a reload is none", async () => {
  const { page, close } = await open("/demo/?lang=en");
  await page.locator("#arrive-google-ads").click();
  await page.waitForURL(/gclid/);
  const first = await swapped(page);
  await page.reload();
  assert.equal(await swapped(page), first);
  await page.locator("#arrive-letter").click();
  await page.waitForURL(/newsletter/);
  assert.notEqual(await swapped(page), first);
  await close();
});

for (const width of [1280, 390]) {
  test(`nothing moves while the number changes, ${width} px`, async () => {
    const { page, close } = await open("/demo/", { width });
    await swapped(page);
    await page.locator("#bench .phone-city").waitFor();
    const moved = await page.evaluate(
      () =>
        new Promise((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const shift of list.getEntries()) sum += shift.value;
            resolve(sum);
          }).observe({ type: "layout-shift", buffered: true });
          // Without a shift the observer is never called: two painted frames are enough to know.
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
        }),
    );
    assert.equal(moved, 0);
    await close();
  });
}

test("a visitor from another region is lent a number of that region", async () => {
  const { page, close } = await open("/demo/?lang=en");
  await page.locator("#arrive-saint-petersburg").click();
  await page.waitForURL(/roistat=direct4/);
  assert.match(await swapped(page), /^7812000130[12]$/);
  await close();
});

test("five more visitors take five more numbers", async () => {
  const view = await open(live());
  await view.page.locator("#crowd").click();
  await view.page.locator('#said[data-tone="good"]').waitFor();
  assert.match(await view.page.locator("#said").textContent(), /^\d of 5 got/);
  await view.close();
});

test("the table of numbers shows all of them, the used or the free, as the address says", async () => {
  const path = "/api/v1/sites/demo/numbers";
  const spare = { action: "add", numbers: "8 (495) 777-00-01", rented: true, connected: "2026-03-09" };
  assert.equal((await worker.admin("POST", path, spare)).status, 200);
  const { numbers: known } = (await worker.admin("GET", path)).body;
  const free = known.filter((row) => row.used_for === "nothing").map((row) => row.number);
  assert.deepEqual(free, ["74957770001"]);
  const view = await open(live("/demo/live/?lang=ru&numbers=free"));
  const { page } = view;
  const shown = () => page.locator("#table tbody tr").evaluateAll((rows) => rows.map((row) => row.dataset.number));
  const until = async (wanted) => {
    await page.waitForFunction(
      (count) => document.querySelectorAll("#table tbody tr").length === count,
      wanted.length,
    );
    assert.deepEqual(await shown(), wanted);
  };
  await until(free);
  assert.deepEqual(await page.locator("#table th").allTextContents(), ["Номер", "Сценарий", "Звонки", "Тип", "Подключён"]);
  assert.deepEqual(await page.locator("#table td").allTextContents(), ["8 (495) 777-00-01", "нет", "0", "арендованный", "09.03.2026"]);
  assert.equal(await page.locator("#table-count").textContent(), "1 номер");
  // By the keyboard: the group is one stop, arrows choose.
  await page.getByRole("radio", { name: "свободные" }).focus();
  await page.keyboard.press("ArrowLeft");
  await until(known.filter((row) => row.used_for !== "nothing").map((row) => row.number));
  assert.ok(await page.getByRole("radio", { name: "занятые" }).isChecked());
  assert.equal(new URL(page.url()).search, "?lang=ru&numbers=used");
  await page.keyboard.press("ArrowLeft");
  await until(known.map((row) => row.number));
  assert.equal(new URL(page.url()).search, "?lang=ru", "all is no choice");
  await page.getByRole("radio", { name: "занятые" }).check();
  // The choice survives another language and a reload.
  await page.locator("#tongue").click();
  await page.getByRole("columnheader", { name: "Connected" }).waitFor();
  await until(known.filter((row) => row.used_for !== "nothing").map((row) => row.number));
  assert.equal(new URL(page.url()).search, "?lang=en&numbers=used");
  const leaflet = page.locator("#table tr", { hasText: "leaflet" });
  assert.match(await leaflet.textContent(), /own/);
  assert.equal((await worker.admin("POST", path, { action: "delete", numbers: free })).status, 200);
  await page.getByRole("radio", { name: "free" }).check();
  await page.waitForFunction(() => document.getElementById("table-count").textContent === "0 numbers");
  assert.ok(await page.locator("#table").isHidden());
  assert.deepEqual(view.faults, []);
  await view.close();
});

test("without a token the live view says how to get one, and a wrong one is refused", async () => {
  const { page, close } = await open("/demo/live/");
  await page.locator("#entrance").waitFor();
  assert.match(await page.locator("#entrance").innerText(), /cargo xtask dev/);
  await page.locator("#token").fill("wrong");
  await page.locator("#token").press("Enter");
  await page.locator("#trouble").waitFor();
  assert.ok(await page.locator("#view").isHidden());
  await close();
});

test("the split view carries the token to its frame and opens the shop beside it", async () => {
  const { page, close } = await open(live("/demo/both/"));
  assert.doesNotMatch(page.url(), /token/, "a token must not stay in the address");
  await page.locator("#arrive-direct-ad").click();
  await page.frameLocator("#live").locator(".numbers li").first().waitFor();
  const shop = () => page.frames().find((frame) => frame.name() === "shop");
  await page.waitForFunction(() =>
    document.getElementById("shop").contentWindow.location.search.includes("direct4"),
  );
  assert.ok(CITY.includes(await swapped(shop())));
  await close();
});

test("the calculator answers, and names a fault", async () => {
  const { page, close } = await open("/calculator/?lang=en");
  await page.waitForFunction(() => /\d/.test(document.getElementById("usual-need").textContent));
  const before = await page.locator("#usual-need").textContent();
  await page.locator("#visits").fill("10 000");
  await page.waitForFunction(
    (text) => document.getElementById("usual-need").textContent !== text,
    before,
  );
  await page.locator("#hold").fill("0");
  await page.waitForFunction(() => document.getElementById("fault").textContent.startsWith("Hold"));
  assert.equal(await page.locator("#hold").getAttribute("aria-invalid"), "true");
  await close();
});

test("the installer shows a tag that works", async () => {
  const { page, close } = await open("/install/");
  const tag = await page.locator("#tag").textContent();
  const [, address] = /src="([^"]+)"/.exec(tag);
  assert.ok((await fetch(address)).ok);
  await page.locator('#found[data-tone="good"]').waitFor();
  await page.locator("#pinned").check();
  const pinned = await page.locator("#tag").textContent();
  const [, bytes] = /src="([^"]+)"/.exec(pinned);
  const text = await (await fetch(bytes)).text();
  const digest = createHash("sha256").update(text).digest("base64");
  assert.ok(pinned.includes(`integrity="sha256-${digest}"`), pinned);
  await page.locator("#fast").check();
  const fast = await page.locator("#tag").textContent();
  assert.match(fast, /^<script>\(function.*"demo","granted"\)<\/script>\n<script async /);
  await close();
});

for (const path of ["/", "/demo/", "/demo/live/", "/demo/both/", "/calculator/", "/install/"]) {
  for (const scheme of ["light", "dark"]) {
    for (const [width, locale] of [
      [1280, "en-US"],
      [390, "ru-RU"],
    ]) {
      test(`${path} is accessible and fits, ${scheme}, ${width} px, ${locale}`, async () => {
        const { page, close } = await open(live(path), { scheme, width, locale, bypassCSP: true });
        await page.waitForLoadState("networkidle");
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() =>
          globalThis.axe.run(document, { iframes: false }),
        );
        const told = violations.map(
          (found) => `${found.id}: ${found.nodes.map((node) => node.target.join(" ")).join(", ")}`,
        );
        assert.deepEqual(told, []);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wider <= 0, `the page is ${wider} px wider than the window`);
        await close();
      });
    }
  }
}
