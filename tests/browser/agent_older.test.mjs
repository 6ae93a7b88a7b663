// Agents of earlier releases before today's Worker: pages that pinned one, or have it in their
// cache, go on as they did. See tests/support/older_agent/README.md.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { tagOf } from "../../www/install/tags.js";
import { launchBrowser } from "../support/browser.mjs";
import { edgeBetween } from "../support/edge_between.mjs";
import { AS_VISITOR, configFor, newVisitor, page, servePages, settle, swapped } from "../support/pages.mjs";
import { numbers, until } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const OWN = "8 (495) 000-10-20";
const BODY = `<a class="phone" id="top" href="tel:+74950001020">${OWN}</a>`;
const MASK = "+7 XXX XXX-XX-XX";
/** The oldest that is kept: its rules are one module. */
const FIRST = "b047552";
/** The last whose script fetched its rules, light and whole. */
const FETCHING = "3866336";
const RULES = { [FIRST]: ["27da7308de8eacbd.wasm"] };

const fileOf = (commit, name) =>
  new URL(`../support/older_agent/${commit}/${name}`, import.meta.url);
/** A file of the release as it was built; nothing where it has none of the name. */
function artefact(commit, name) {
  const file = [name, `${name}.txt`].map((one) => fileOf(commit, one)).find(existsSync);
  return file && readFileSync(file);
}

/** The configuration as the edge of the first release wrote it into the script. */
const firstConfig = (site) => ({
  v: 1,
  site,
  version: 1,
  country_code: "7",
  area_code: "495",
  consent: "granted",
  page: { data_layer: false },
  scenarios: [{ id: "all", targets: [{ class: "phone" }], ...(site.endsWith("masked") ? { mask: MASK } : {}) }],
});

let worker;
let edge;
let site;
let browser;
/** The scripts are today's. */
let isUpdated = false;
/** What stands in the pages of a site, where it is not the usual. */
const served = new Map();

before(async () => {
  worker = await startWorker();
  edge = await edgeBetween(worker);
  edge.fate = async (path) => {
    if (isUpdated) return undefined;
    const [, kind, name] = path.split("/");
    const script = { "content-type": "text/javascript; charset=utf-8" };
    if (kind === "a") {
      const body = [FIRST, FETCHING].map((commit) => artefact(commit, name)).find(Boolean);
      const type = name.endsWith(".wasm") ? { "content-type": "application/wasm" } : script;
      // Nothing of today's release may take the older one's place.
      return body ? { body, headers: type } : { status: 404 };
    }
    if (kind !== "s" || !name.endsWith(".js")) return undefined;
    const id = name.replace(".js", "");
    const [commit] = id.split("-");
    const isFirst = commit === FIRST;
    // A script that is kept holds the configuration of its day; today's edge writes more into it.
    const config = isFirst ? firstConfig(id) : await (await fetch(`${worker.url}/s/${id}.json`)).json();
    const loader = String(artefact(commit, "loader.txt"));
    return { body: loader.replace("__RINGLET_CONFIG__", () => JSON.stringify(config)), headers: script };
  };
  site = await servePages((path) => {
    if (path === "/favicon.ico") return undefined;
    const id = path.split("/")[1];
    const { body = BODY, tag } = served.get(id) ?? {};
    return tag
      ? `<!doctype html><meta charset="utf-8"><title>Shop</title>${tag}${body}`
      : page(edge.url, body, { site: id });
  });
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  site?.close();
  edge?.close();
  worker?.dispose();
});

async function seed(id, count, { pool = {}, mask, targets = [{ class: "phone" }], changes } = {}) {
  const all = { id: "all", numbers: numbers(count), targets, pool, mask };
  await worker.seed(configFor(id, site.url, [all], changes));
  edge.paths.length = edge.messages.length = 0;
  return `${site.url}/${id}/`;
}

const digits = (text) => text.replace(/\D/g, "").replace(/^8/, "7");

for (const commit of [FIRST, FETCHING]) {
  test(`${commit}: lent a number, keeps it over a reload, and says farewell`, async () => {
    const url = await seed(`${commit}-older`, 2);
    const visitor = await newVisitor(browser, edge.url);
    const tab = await visitor.open(`${url}?roistat=direct_1`);
    const number = digits(await swapped(tab, "#top", OWN));
    assert.ok(numbers(2).includes(number));
    assert.equal(await tab.locator("#top").getAttribute("href"), `tel:+${number}`);
    const rules = edge.paths.filter((path) => path.endsWith(".wasm"));
    assert.equal(rules.length, 1, "rules were fetched");
    if (RULES[commit]) assert.deepEqual(rules, RULES[commit].map((name) => `/a/${name}`));
    await tab.reload();
    assert.equal(digits(await swapped(tab, "#top", OWN)), number);
    const { body } = await worker.admin("GET", `/api/v1/sites/${commit}-older/live`);
    assert.match(JSON.stringify(body.pools[0].numbers), /direct/, "the label is recorded");
    await tab.goto("about:blank");
    await until(() => edge.sent(site.url).includes("leave"));
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  test(`${commit}: the site's mask is kept to`, async () => {
    const url = await seed(`${commit}-masked`, 2, { mask: MASK });
    const visitor = await newVisitor(browser, edge.url);
    const tab = await visitor.open(url);
    assert.match(await swapped(tab, "#top", OWN), /^\+7 495 000-\d\d-\d\d$/);
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  test(`${commit}: its visitor keeps number and visit when today's agent comes, and back`, async () => {
    const url = await seed(`${commit}-updated`, 3);
    const visitor = await newVisitor(browser, edge.url);
    const tab = await visitor.open(url);
    const number = digits(await swapped(tab, "#top", OWN));
    for (isUpdated of [true, false]) {
      edge.paths.length = 0;
      const other = await visitor.open(url);
      assert.equal(digits(await swapped(other, "#top", OWN)), number);
      await until(() => edge.paths.some((path) => path.endsWith("/visit")));
      await settle(other);
      const { body } = await worker.admin("GET", `/api/v1/sites/${commit}-updated/live`);
      assert.equal(body.pools[0].numbers.filter((one) => one.visitor).length, 1);
      assert.equal(digits(await other.locator("#top").textContent()), number);
    }
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  test(`${commit}: an idle visitor gives his number up and has it again`, async () => {
    const url = await seed(`${commit}-idle`, 1, { pool: { idle_release_ms: 5000, hold_ms: 10000 } });
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
}

test("a script that fetches its rules: the whole ones for a place the light ones do not know", async () => {
  const id = `${FETCHING}-whole`;
  const own = "000-10-20";
  served.set(id, { body: `<b class="phone" id="top">${own}</b>` });
  const url = await seed(id, 2);
  const visitor = await newVisitor(browser, edge.url);
  const tab = await visitor.open(url);
  assert.match(await swapped(tab, "#top", own), /^000-\d\d-\d\d$/);
  assert.equal(edge.paths.filter((path) => path.endsWith(".wasm")).length, 2);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});

test("a script that fetches its rules, pinned: it reads today's configuration, and its own part", async () => {
  const id = `${FETCHING}-pinned`;
  const release = JSON.parse(artefact(FETCHING, "agent.json"));
  const body =
    `${BODY}<div id="host"></div><script>document.querySelector("#host")` +
    `.attachShadow({ mode: "open" }).innerHTML = '<i class="phone">${OWN}</i>'</script>`;
  served.set(id, { body, tag: tagOf(edge.url, id, release, { isPinned: true }) });
  const url = await seed(id, 2, { changes: { page: { attributes: ["title"] } } });
  const visitor = await newVisitor(browser, edge.url);
  const tab = await visitor.open(url);
  const number = digits(await swapped(tab, "#top", OWN));
  assert.ok(numbers(2).includes(number));
  assert.ok(edge.paths.includes(release.script.path) && edge.paths.includes(`/s/${id}.json`));
  await tab.waitForFunction(
    (own) => document.querySelector("#host").shadowRoot.textContent !== own,
    OWN,
    { polling: 50 },
  );
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
});
