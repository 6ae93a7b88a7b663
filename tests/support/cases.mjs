// Numbers as they stand on pages: one page and one site for each case, swapped, left to itself,
// restored byte for byte, and swapped again.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser } from "./browser.mjs";
import { AS_VISITOR, configFor, newVisitor, page, servePages, settle } from "./pages.mjs";
import { until } from "./site.mjs";
import { startWorker } from "./worker.mjs";

/** What the agent needs to have its number on the page, and a while after that. */
const LATER_MS = { unasked: 1_500, after: 100 };

/** Runs `script` once, when a page has been given its number, or when none came for long; tells when
 * it has ended. Pages without the agent (`/p…`) do not wait. */
const laterScript = (script) => `{
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let hasBegun = false;
  const begin = async () => {
    if (hasBegun) return;
    hasBegun = true;
    await run();
    window.isLaterDone = true;
  };
  const run = async () => { ${script} };
  const isPlain = location.pathname.startsWith("/p");
  addEventListener("load", () => setTimeout(begin, isPlain ? 0 : ${LATER_MS.unasked}));
  document.addEventListener("ringlet:number", () => setTimeout(begin, ${LATER_MS.after}));
}`;

/**
 * Defines a test for each of `cases`.
 *
 * A case has `scenarios` with the one number that each pool can lend, the site's `changes`, the
 * `body` of the page and what it `becomes`. `later` is a script of the page that runs after the
 * first number, or after a while where none comes; it may `await pause(ms)`, and nothing is compared
 * before it has ended. `restores` is what the page has got by then. `shows` is a script that gives
 * what is compared: the body's HTML if there is none.
 *
 * @returns {{worker: TestWorker, browser: Browser}} there while the tests run
 */
export function testCases(cases) {
  const running = {};
  let site;
  const names = Object.keys(cases);

  before(async () => {
    running.worker = await startWorker();
    const { url } = running.worker;
    site = await servePages((path) => {
      const at = Number(path.slice(2));
      const it = cases[names[at]];
      if (!it) return undefined;
      const later = it.later ? `<script>${laterScript(it.later)}</script>` : "";
      const head = `<head><meta charset="utf-8">${later}</head>`;
      const plain = `<!doctype html><html>${head}<body>${it.body}</body></html>`;
      return path.startsWith("/p")
        ? plain
        : page(url, it.body, { site: `case-${at}`, head: later });
    });
    for (const [at, name] of names.entries()) {
      const { scenarios, changes } = cases[name];
      await running.worker.seed(configFor(`case-${at}`, site.url, scenarios, changes));
    }
    running.browser = await launchBrowser({ flags: AS_VISITOR });
  });

  after(async () => {
    await running.browser?.close();
    site?.close();
    running.worker?.dispose();
  });

  for (const [at, name] of names.entries()) {
    test(name, async () => {
      const { becomes, later, restores, shows = "document.body.innerHTML" } = cases[name];
      const visitor = await newVisitor(running.browser, running.worker.url);
      const page = await visitor.open(`${site.url}/c${at}`);
      const body = () => page.evaluate(shows);
      // From outside: a policy that forbids WebAssembly lets nobody in the page read code either.
      const isDone = async (one) => !later || (await one.evaluate("window.isLaterDone === true"));
      await until(() => isDone(page), 20_000);
      await until(async () => (await body()) === becomes, 20_000).catch(() => {});
      assert.equal(await body(), becomes);
      await settle(page, 200);
      assert.equal(await body(), becomes, "it stays");
      await page.evaluate(() => window.ringlet("restore"));
      const plain = await visitor.open(`${site.url}/p${at}`);
      await until(() => isDone(plain), 20_000);
      const own = await plain.evaluate(shows);
      assert.equal(await body(), own, "the page gets every byte back");
      if (restores) assert.equal(own, restores);
      await page.evaluate(() => window.ringlet("swap"));
      // A search lets the page have its turns.
      await until(async () => (await body()) === becomes, 20_000).catch(() => {});
      assert.equal(await body(), becomes, "and the number again");
      assert.deepEqual(visitor.faults, []);
      assert.equal(visitor.sent().filter((what) => what === "visit").length, 1);
      await visitor.close();
    });
  }
  return running;
}
