// The agent's times in a real Chromium against the built Worker; one line of JSON in the end.
//
// What is the agent's is read from the browser's own trace, on the clock of the page's thread (see
// trace.mjs). So neither the page's work nor the machine's pauses count.

import { readFileSync } from "node:fs";
import { launchBrowser } from "../../../../tests/support/browser.mjs";
import { edgeBetween } from "../../../../tests/support/edge_between.mjs";
import { AS_VISITOR, configFor, servePages } from "../../../../tests/support/pages.mjs";
import { numbers } from "../../../../tests/support/site.mjs";
import { startWorker } from "../../../../tests/support/worker.mjs";
import {
  KNOWN_PIECES,
  KNOWN_SCRIPT,
  LEAST_MEMORY,
  LEAST_SCRIPT,
  LEAST_SEARCHER,
  LEAST_WATCHER,
  OWN,
  bigPage,
  chattyPage,
  knownPage,
  plainPage,
} from "./documents.mjs";
import { comparePeers } from "./peers.mjs";
import { SLOWDOWN, trace, workOf } from "./trace.mjs";
import { REPORT, takeReport, visitor } from "./visit.mjs";

/** Injected into every answer of the edge for the cold swap. */
const LATENCY_MS = 100;
const ROUNDS = 15;
/** Rounds of whole traces. */
const TRACES = 7;
/** The instrument may read known work so far from right. */
const ERROR_MAX = 0.15;
/** Nodes inserted to see what each costs. */
const INSERTED = 20_000;
/** Routes of the chattering application. */
const ROUTES = 300;

/** Addresses of the site's script, and of what it asks for. */
const SCRIPT = /\/s\/\w+\.js/;
const ASKED = /\/(a|v1)\/|\.wasm/;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const { fast } = JSON.parse(readFileSync("build/agent/agent.json", "utf8"));

const worker = await startWorker();
const edge = await edgeBetween(worker);
const pages = await servePages((path) => {
  if (takeReport(path)) return "";
  if (path === "/known") return knownPage(`${edge.url}/s/known.js`);
  if (path === "/least") return plainPage(edge.url, "least");
  if (path === "/memory") return plainPage(edge.url, "memory");
  if (path === "/least_selected") return bigPage(edge.url, "least");
  if (path === "/fast") {
    return plainPage(edge.url, "selected", `${fast}("${edge.url}","selected","granted")`);
  }
  const chatty = /^\/chatty_(\w+)$/.exec(path);
  if (chatty) return chattyPage(edge.url, chatty[1], INSERTED);
  if (path.startsWith("/big")) return bigPage(edge.url, "found");
  if (path.startsWith("/selected")) return bigPage(edge.url, "selected");
  if (path.startsWith("/plain")) return plainPage(edge.url, "selected");
  return path === "/empty" || path === "/peers" ? bigPage() : undefined;
});
const scenario = (targets) => [{ id: "all", numbers: numbers(90), targets }];
await worker.seed(configFor("found", pages.url, scenario([{ number: "74950001020" }])));
await worker.seed(configFor("selected", pages.url, scenario([{ class: "phone" }])));
const browser = await launchBrowser({ flags: [...AS_VISITOR, "--enable-precise-memory-info"] });
const figures = {};

/** A page of a new visitor that the driver looks into. */
async function openPage() {
  const context = await browser.newContext();
  return { context, page: await context.newPage() };
}

/** What the page at `path` tells a new visitor. */
async function see(path) {
  const someone = await visitor(browser);
  const report = await someone.see(pages.url + path);
  await someone.leave();
  return report;
}

/** The same, and what the agent did meanwhile. */
async function seeTraced(path) {
  const someone = await visitor(browser);
  let report;
  const events = await trace(browser, async () => {
    report = await someone.see(pages.url + path);
  });
  await someone.leave();
  return { ...report, ...workOf(events) };
}

const isSwapped = (own) => !document.querySelector(".phone").textContent.includes(own);
const untilSwapped = (page) => page.waitForFunction(isSwapped, OWN, { polling: 50 });

const ANSWERS = {
  "/s/known.js": KNOWN_SCRIPT,
  "/s/least.js": LEAST_SCRIPT,
  "/s/memory.js": LEAST_MEMORY,
  "/s/watcher.js": LEAST_WATCHER,
  "/s/searcher.js": LEAST_SEARCHER,
  "/v1/least": "8 (495) 000-00-77",
};
/** What this bench answers itself; all else is the Worker's, `after_ms` later as well. */
const fateOf = (after_ms) => async (path) => {
  if (!ANSWERS[path]) return { after_ms };
  await pause(after_ms);
  const headers = { "content-type": "text/javascript; charset=utf-8" };
  return { headers, body: ANSWERS[path] };
};

/** Work whose amount is known, as the instrument reads it. What is known is read by the clock on
 * the wall, where that was disturbed least: the lower quarter. */
async function readKnownWork() {
  edge.fate = fateOf(0);
  const walls = [];
  const rests = [];
  const totals = [];
  const slowed = [];
  for (let round = 0; round < TRACES; round += 1) {
    const { pieces, rest, total } = await seeTraced("/known");
    walls.push(...pieces);
    rests.push(rest);
    totals.push(total);
    slowed.push(await readSlowed());
  }
  const least = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)];
  const known = least(walls) * KNOWN_PIECES + least(rests);
  const errorOf = (read) => Math.abs(median(read) / (known * SLOWDOWN) - 1);
  figures.instrument_error = errorOf(totals);
  figures.throttling_error = errorOf(slowed);
  if (figures.instrument_error > ERROR_MAX) {
    throw new Error(`known work was read wrong by ${figures.instrument_error}`);
  }
}

/** The same where the browser slows the page down itself, and a driver is attached to say so. */
async function readSlowed() {
  const { context, page } = await openPage();
  const session = await context.newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
  const events = await trace(browser, async () => {
    const told = page.waitForRequest((request) => request.url().includes(REPORT));
    await page.goto(`${pages.url}/known`);
    await told;
  });
  await context.close();
  return workOf(events).total / SLOWDOWN;
}

/** From the script's arrival to the swap, less the last request that the swap waits for: what is
 * left is the agent's, and the browser's between its tasks. */
async function coldSwap() {
  edge.fate = fateOf(LATENCY_MS);
  const own = { plain: [], least: [], fast: [] };
  const whole = { plain: [], least: [], fast: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const path of Object.keys(own)) {
      const { swappedAt, begunAt, entries } = await see(`/${path}`);
      const script = entries.find(({ name }) => SCRIPT.test(name));
      const asked = entries.filter(
        ({ name, startTime }) => ASKED.test(name) && startTime < swappedAt,
      );
      if (begunAt) asked.push(script);
      const last = asked.toSorted((a, b) => b.responseEnd - a.responseEnd)[0];
      // The browser may note the end of an answer after the page had it.
      const lastEnd = Math.min(last.responseEnd, swappedAt);
      // Browsers ask for a script as soon as they have read of it, before earlier ones have run.
      const from = begunAt ?? script.responseEnd;
      own[path].push(swappedAt - lastEnd + Math.max(0, last.startTime - from));
      whole[path].push(swappedAt - Math.min(script.startTime, begunAt ?? Infinity));
    }
  }
  edge.fate = () => undefined;
  figures.cold_swap_own_ms = median(own.plain);
  figures.cold_swap_snippet_own_ms = median(own.fast);
  figures.cold_swap_least_own_ms = median(own.least);
  figures.cold_swap_at_100_ms_latency_ms = median(whole.plain);
  figures.cold_swap_snippet_at_100_ms_latency_ms = median(whole.fast);
}

/** The remembered number, from page to page in one tab: from when both script and element are
 * there to the swap. */
async function warmSwap() {
  edge.fate = fateOf(0);
  for (const [kind, path] of [
    ["", "/plain"],
    ["_least", "/memory"],
  ]) {
    const someone = await visitor(browser);
    const waits = [];
    await someone.see(`${pages.url}${path}?${ROUNDS}`, async (next) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const { existsAt, swappedAt, entries } = await next();
        const script = entries.find(({ name }) => SCRIPT.test(name));
        waits.push(swappedAt - Math.max(existsAt, script.responseEnd));
      }
    });
    figures[`warm_swap${kind}_ms`] = median(waits);
    await someone.leave();
  }
}

/** 10,000 elements, 20 numbers, a processor four times slower. */
async function bigDocuments() {
  edge.fate = fateOf(0);
  for (const [kind, path] of [
    ["", "/selected"],
    ["_search", "/big"],
    ["_least", "/least_selected"],
  ]) {
    const totals = [];
    const runs = [];
    let moved = 0;
    for (let round = 0; round < TRACES; round += 1) {
      const { shift, total, longest } = await seeTraced(path);
      moved = Math.max(moved, shift);
      totals.push(total);
      runs.push(longest);
    }
    figures[`main_thread_ms_10k${kind}`] = median(totals);
    figures[`longest_task_ms_10k${kind}`] = median(runs);
    figures[`layout_shift${kind}`] = moved;
  }
}

/** Rows that an application appends, a number in one of fifty: what they cost with the agent, by
 * class and where it searches, and with the least that any swapper does. */
async function mutations() {
  edge.fate = fateOf(0);
  for (const [kind, path] of [
    ["", "/chatty_selected"],
    ["_least", "/chatty_watcher"],
    ["_search", "/chatty_found"],
    ["_search_least", "/chatty_searcher"],
  ]) {
    const costs = [];
    for (let round = 0; round < TRACES; round += 1) {
      const someone = await visitor(browser);
      await someone.see(pages.url + path, async (next) => {
        const events = await trace(browser, async () => {
          const { isSwapped } = await next();
          if (!isSwapped) throw new Error("an inserted number is the page's");
        });
        costs.push((workOf(events).total / SLOWDOWN / INSERTED) * 1_000_000);
      });
      await someone.leave();
    }
    figures[`mutation_us_per_1k${kind}`] = median(costs);
  }
}

/** Routes come and go; what stays in memory in the end is compared with the first fifth. */
async function memory() {
  const { context, page } = await openPage();
  const session = await context.newCDPSession(page);
  await page.goto(`${pages.url}/plain`);
  await untilSwapped(page);
  const used = async () => {
    // What waits until the page is idle is looked at first.
    await page.waitForTimeout(500);
    await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize;
  };
  const routes = (count) =>
    page.evaluate(
      async ([count, own]) => {
        const main = document.querySelector("main");
        for (let at = 0; at < count; at += 1) {
          history.pushState({}, "", `?route=${at}`);
          main.innerHTML = `<p>route ${at}</p><b class="phone">${own}</b>`.repeat(40);
          await new Promise((resolve) => setTimeout(resolve));
        }
        main.innerHTML = "";
      },
      [count, OWN],
    );
  await routes(ROUTES / 5);
  const before = await used();
  await routes(ROUTES);
  figures.memory_growth_kb = ((await used()) - before) / 1024;
  await context.close();
}

async function peers() {
  Object.assign(figures, await comparePeers(browser, await openPage(), pages.url, untilSwapped));
}

const parts = { readKnownWork, coldSwap, warmSwap, bigDocuments, mutations, memory, peers };
// By itself a part of it can be run: `node run.mjs coldSwap warmSwap`.
const wanted = process.argv.slice(2);
try {
  for (const [name, measure] of Object.entries(parts)) {
    if (!wanted.length || wanted.includes(name)) await measure();
  }
} finally {
  await browser.close();
  pages.close();
  edge.close();
  worker.dispose();
}
console.log(JSON.stringify(figures));
