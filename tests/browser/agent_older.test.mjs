// An agent of an earlier release before today's Worker: pages that pinned it, or have it in their
// cache, go on as they did. See tests/support/older_agent/README.md.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launchBrowser } from "../support/browser.mjs";
import { edgeBetween } from "../support/edge_between.mjs";
import { AS_VISITOR, configFor, newVisitor, page, servePages, swapped } from "../support/pages.mjs";
import { numbers, until } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const OWN = "8 (495) 000-10-20";
const BODY = `<a class="phone" id="top" href="tel:+74950001020">${OWN}</a>`;
const WASM = "27da7308de8eacbd.wasm";
const MASK = "+7 XXX XXX-XX-XX";

const artefact = (name) => readFileSync(new URL(`../support/older_agent/${name}`, import.meta.url));

/** The configuration as the edge of that release wrote it into the script. */
const config = (site, mask) => ({
  v: 1,
  site,
  version: 1,
  country_code: "7",
  area_code: "495",
  consent: "granted",
  page: { data_layer: false },
  scenarios: [{ id: "all", targets: [{ class: "phone" }], ...(mask ? { mask } : {}) }],
});

let worker;
let edge;
let site;
let browser;

before(async () => {
  worker = await startWorker();
  edge = await edgeBetween(worker);
  const loader = String(artefact("loader.txt"));
  const script = { "content-type": "text/javascript; charset=utf-8" };
  edge.fate = (path) => {
    const [, kind, name] = path.split("/");
    if (kind === "a") {
      return { body: artefact(WASM), headers: { "content-type": "application/wasm" } };
    }
    if (kind !== "s") return undefined;
    const id = name.replace(".js", "");
    const text = JSON.stringify(config(id, id === "masked" ? MASK : undefined));
    return { body: loader.replace("__RINGLET_CONFIG__", text), headers: script };
  };
  site = await servePages((path) =>
    path === "/favicon.ico" ? undefined : page(edge.url, BODY, { site: path.split("/")[1] }),
  );
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  site?.close();
  edge?.close();
  worker?.dispose();
});

async function seed(id, count, { pool = {}, mask } = {}) {
  const all = { id: "all", numbers: numbers(count), targets: [{ class: "phone" }], pool, mask };
  await worker.seed(configFor(id, site.url, [all]));
  return `${site.url}/${id}/`;
}

const digits = (text) => text.replace(/\D/g, "").replace(/^8/, "7");

test("an older agent is lent a number, keeps it over a reload, and says farewell", async () => {
  const url = await seed("older", 2);
  const visitor = await newVisitor(browser, edge.url);
  const tab = await visitor.open(`${url}?roistat=direct_1`);
  const number = digits(await swapped(tab, "#top", OWN));
  assert.ok(numbers(2).includes(number));
  assert.equal(await tab.locator("#top").getAttribute("href"), `tel:+${number}`);
  assert.ok(edge.paths.includes(`/a/${WASM}`), "the older rules ran");
  await tab.reload();
  assert.equal(digits(await swapped(tab, "#top", OWN)), number);
  const { body } = await worker.admin("GET", "/api/v1/sites/older/live");
  assert.match(JSON.stringify(body.pools[0].numbers), /direct/, "the label is recorded");
  await tab.goto("about:blank");
  await until(() => edge.sent(site.url).includes("leave"));
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("an older agent writes its mask itself", async () => {
  const url = await seed("masked", 2, { mask: MASK });
  const visitor = await newVisitor(browser, edge.url);
  const tab = await visitor.open(url);
  assert.match(await swapped(tab, "#top", OWN), /^\+7 495 000-\d\d-\d\d$/);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("an older agent's idle visitor gives his number up and has it again", async () => {
  const url = await seed("idle", 1, { pool: { idle_release_ms: 5000, hold_ms: 10000 } });
  const visitor = await newVisitor(browser, edge.url);
  const tab = await visitor.open(url);
  const number = digits(await swapped(tab, "#top", OWN));
  const count = (what) => edge.sent(site.url).filter((one) => one === what).length;
  const idle = count("idle");
  await until(() => count("idle") > idle, 20_000);
  const active = count("active");
  await tab.mouse.move(40, 50);
  await until(() => count("active") > active, 20_000);
  assert.equal(digits(await swapped(tab, "#top", OWN)), number);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});
