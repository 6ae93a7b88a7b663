// The agent's times in a real Chromium against the built Worker; one line of JSON in the end.
//
// What is the agent's is read from the browser's own profiler: samples whose stack goes through
// the agent's script or its wasm. So neither the page's work nor the machine's pauses count.

import { launchBrowser } from "../../../../tests/support/browser.mjs";
import { edgeBetween } from "../../../../tests/support/edge_between.mjs";
import { AS_VISITOR, configFor, servePages } from "../../../../tests/support/pages.mjs";
import { numbers } from "../../../../tests/support/site.mjs";
import { startWorker } from "../../../../tests/support/worker.mjs";
import { OWN, bigPage, list, plainPage } from "./documents.mjs";
import { comparePeers } from "./peers.mjs";
import { AGENT, longest, profile, profiler, total } from "./profile.mjs";

/** Injected into every answer of the edge for the cold swap. */
const LATENCY_MS = 100;
const ROUNDS = 9;
/** Nodes inserted to see what each costs. */
const INSERTED = 50_000;
/** Routes of the chattering application. */
const ROUTES = 300;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const worker = await startWorker();
const edge = await edgeBetween(worker);
const pages = await servePages((path) => {
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

/** A new visitor's page. */
async function visitor() {
  const context = await browser.newContext();
  const page = await context.newPage();
  return { context, page, session: await profiler(browser, page) };
}

const isSwapped = (own) => !document.querySelector(".phone").textContent.includes(own);
const untilSwapped = (page) => page.waitForFunction(isSwapped, OWN, { polling: 50 });

/** Script, then wasm and visit at once: what is left of the time is the agent's. */
async function coldSwap() {
  edge.fate = (path) => ({ after_ms: path === "/healthz" ? 0 : LATENCY_MS });
  const own = [];
  const whole = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { context, page } = await visitor();
    await page.goto(`${pages.url}/plain`);
    await untilSwapped(page);
    const { swappedAt, entries } = await page.evaluate(() => ({
      swappedAt: window.swappedAt,
      entries: performance.getEntriesByType("resource").map((one) => one.toJSON()),
    }));
    const of = (part) => entries.filter(({ name }) => name.includes(part));
    const [script] = of("/s/");
    const last = Math.max(...[...of("/a/"), ...of("/v1/")].map((one) => one.responseEnd));
    const first = Math.min(...[...of("/a/"), ...of("/v1/")].map((one) => one.startTime));
    own.push(first - script.responseEnd + (swappedAt - last));
    whole.push(swappedAt - script.startTime);
    await context.close();
  }
  edge.fate = () => undefined;
  figures.cold_swap_own_ms = median(own);
  figures.cold_swap_at_100_ms_latency_ms = median(whole);
}

/** The remembered number: from when both script and element are there to the swap. */
async function warmSwap() {
  const { context, page } = await visitor();
  await page.goto(`${pages.url}/plain`);
  await untilSwapped(page);
  await page.waitForTimeout(500);
  const waits = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await page.goto(`${pages.url}/plain?${round}`);
    await untilSwapped(page);
    waits.push(
      await page.evaluate(() => {
        const entries = performance.getEntriesByType("resource");
        const script = entries.find(({ name }) => name.includes("/s/"));
        return window.swappedAt - Math.max(window.existsAt, script.responseEnd);
      }),
    );
  }
  figures.warm_swap_ms = median(waits);
  await context.close();
}

/** 10,000 elements, 20 numbers, a processor four times slower. */
async function bigDocuments() {
  for (const [kind, path] of [
    ["", "selected"],
    ["_search", "big"],
  ]) {
    const totals = [];
    const runs = [];
    let shift = 0;
    for (let round = 0; round < 5; round += 1) {
      const { context, page, session } = await visitor();
      await page.goto(`${pages.url}/empty`);
      await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
      const samples = await profile(session, async () => {
        await page.goto(`${pages.url}/${path}`);
        await untilSwapped(page);
        await page.waitForTimeout(300);
      });
      totals.push(total(samples, AGENT));
      runs.push(longest(samples, AGENT));
      shift = Math.max(shift, await page.evaluate(() => window.shift));
      await context.close();
    }
    figures[`main_thread_ms_10k${kind}`] = median(totals);
    figures[`longest_task_ms_10k${kind}`] = median(runs);
    figures[`layout_shift${kind}`] = shift;
  }
}

/** Rows that an application appends, a number in one of fifty. */
async function mutations() {
  const { context, page, session } = await visitor();
  await page.goto(`${pages.url}/big`);
  await untilSwapped(page);
  await page.waitForTimeout(500);
  const samples = await profile(session, async () => {
    await page.evaluate(list, [INSERTED / 2, OWN]);
    await page.waitForTimeout(500);
  });
  figures.mutation_us_per_1k = (total(samples, AGENT) * 1000) / (INSERTED / 1000);
  await context.close();
}

/** Routes come and go; what stays in memory in the end is compared with the first fifth. */
async function memory() {
  const { context, page, session } = await visitor();
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

try {
  await coldSwap();
  await warmSwap();
  await bigDocuments();
  await mutations();
  await memory();
  Object.assign(figures, await comparePeers(browser, await visitor(), pages.url, untilSwapped));
} finally {
  await browser.close();
  pages.close();
  edge.close();
  worker.dispose();
}
console.log(JSON.stringify(figures));
