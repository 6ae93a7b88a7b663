// AMP's `amp-call-tracking` before the real edge: a browser holds its request to what the component
// sends. AMP's own script comes from its servers alone, so a component stands in for it that asks and
// shows as the documents say: one request for each address, with credentials, `phoneNumber` into the
// link, `formattedPhoneNumber` or else that into its text.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchBrowser } from "../support/browser.mjs";
import { AS_VISITOR, configFor, newVisitor, servePages, settle, swapped } from "../support/pages.mjs";
import { numbers } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const OWN = "8 (495) 000-10-20";

/** The component; `location.origin` is the page's source as well. */
const COMPONENT = () => {
  const asked = {};
  const ask = (address) => {
    const url = new URL(address);
    url.searchParams.set("__amp_source_origin", location.origin);
    const headers = { accept: "application/json" };
    return (asked[address] ||= fetch(url, { credentials: "include", headers }).then((answer) => answer.json()));
  };
  customElements.define(
    "amp-call-tracking",
    class extends HTMLElement {
      connectedCallback() {
        const values = {
          SOURCE_URL: location.href,
          DOCUMENT_REFERRER: document.referrer,
          "CLIENT_ID(ringlet)": localStorage.client,
        };
        const address = this.getAttribute("config").replace(
          /SOURCE_URL|DOCUMENT_REFERRER|CLIENT_ID\(ringlet\)/g,
          (name) => encodeURIComponent(values[name]),
        );
        ask(address).then(
          ({ phoneNumber, formattedPhoneNumber }) => {
            if (!phoneNumber) return;
            const link = this.firstElementChild;
            link.href = `tel:${phoneNumber}`;
            link.textContent = formattedPhoneNumber || phoneNumber;
          },
          () => {},
        );
      }
    },
  );
};

let worker;
let browser;
let site;

before(async () => {
  worker = await startWorker();
  site = await servePages((path) => {
    if (path === "/favicon.ico") return undefined;
    const [, id, scenario] = path.split("/");
    const config =
      `${worker.url}/v1/sites/${id}/amp/${scenario}` +
      "?url=SOURCE_URL&amp;referrer=DOCUMENT_REFERRER&amp;client=CLIENT_ID(ringlet)";
    const element = (name) =>
      `<amp-call-tracking config="${config}"><a id="${name}" href="tel:+74950001020">${OWN}</a></amp-call-tracking>`;
    return (
      `<!doctype html><html amp><meta charset="utf-8"><script>localStorage.client ||= "amp-" + Math.random();` +
      `(${COMPONENT})()</script>${element("top")}${element("low")}`
    );
  });
  const all = { id: "all", numbers: numbers(4), targets: [{ class: "phone" }], mask: "8 (XXX) XXX-XX-XX" };
  await worker.seed(configFor("shop", site.url, [all]));
  await worker.seed(configFor("full", site.url, [{ ...all, numbers: numbers(1, 50) }]));
  await worker.seed(configFor("other", "https://other.example", [{ ...all, numbers: numbers(1, 60) }]));
  browser = await launchBrowser({ flags: AS_VISITOR });
});

after(async () => {
  await browser?.close();
  site?.close();
  worker?.dispose();
});

test("a reader sees his number in text and link, by one request, and keeps it on the next page", async () => {
  const visitor = await newVisitor(browser, worker.url);
  const tab = await visitor.open(`${site.url}/shop/all?roistat=leaflet_5`);
  const text = await swapped(tab, "#top", OWN);
  assert.match(text, /^8 \(495\) 000-\d\d-\d\d$/);
  assert.equal(await tab.locator("#low").textContent(), text);
  const digits = text.replace(/\D/g, "").slice(1);
  assert.equal(await tab.locator("#top").getAttribute("href"), `tel:+7${digits}`);
  assert.equal(visitor.messages.length, 1);
  const { body } = await worker.admin("GET", "/api/v1/sites/shop/live");
  assert.match(JSON.stringify(body.pools[0].numbers.find(({ number }) => number === `7${digits}`)), /leaflet/);
  await tab.goto(`${site.url}/shop/all?page=2`);
  assert.equal(await swapped(tab, "#top", OWN), text);
  const other = await newVisitor(browser, worker.url);
  assert.notEqual(await swapped(await other.open(`${site.url}/shop/all`), "#top", OWN), text);
  assert.deepEqual([...visitor.faults, ...other.faults], []);
  await visitor.close();
  await other.close();
});

test("where nothing can be given, and on another's page, the link stays as it is", async () => {
  const first = await newVisitor(browser, worker.url);
  await swapped(await first.open(`${site.url}/full/all`), "#top", OWN);
  for (const path of ["full/all", "full/none", "other/all"]) {
    const visitor = await newVisitor(browser, worker.url);
    const tab = await visitor.open(`${site.url}/${path}`);
    await settle(tab);
    assert.equal(visitor.messages.length, 1, path);
    assert.equal(await tab.locator("#top").textContent(), OWN, path);
    assert.equal(await tab.locator("#top").getAttribute("href"), "tel:+74950001020");
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  }
  await first.close();
});
