// What a site's configuration says of its pages, as they meet it: whose origins are its own, and what
// the served script does on them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { siteConfig } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const visitFrom = (site, origin) =>
  worker.fetch(`/v1/sites/${site}/visit`, {
    method: "POST",
    headers: { "content-type": "text/plain", ...(origin ? { origin } : {}) },
    body: JSON.stringify({ v: 1, url: `${origin ?? "https://shop.example"}/`, referrer: "", targets: ["all"], consent: "granted", key: `key-${origin}` }),
  });

test("a wildcard stands for one label of subdomains, not for the domain itself nor for what ends like it", async () => {
  await worker.seed(siteConfig({ site: "wild", origins: ["https://*.shop.example", "https://other.example:8443"] }));
  for (const origin of ["https://a.shop.example", "https://other.example:8443"]) {
    const answer = await visitFrom("wild", origin);
    assert.equal(answer.status, 200, origin);
    assert.equal(answer.headers.get("access-control-allow-origin"), origin);
    assert.equal((await answer.json()).numbers[0].kind, "leased", origin);
  }
  const strangers = [
    "https://shop.example",
    "https://a.b.shop.example",
    "https://ashop.example",
    "https://a.shop.example.evil.example",
    "http://a.shop.example",
    "https://a.shop.example:444",
    "https://other.example",
    "null",
  ];
  for (const origin of strangers) {
    const answer = await visitFrom("wild", origin);
    assert.equal(answer.status, 403, origin);
    assert.equal(answer.headers.get("access-control-allow-origin"), null, origin);
  }
});

test("targets, exclusions, masks and the consent mode go from the API into the served script at once", async () => {
  const site = "served";
  const base = `/api/v1/sites/${site}`;
  await worker.seed(siteConfig({ site }));
  const script = async () => (await worker.fetch(`/s/${site}.js`)).text();
  const published = async () => JSON.parse(await (await worker.fetch(`/s/${site}.json`)).text());
  const change = async (patch) => {
    const etag = (await worker.admin("GET", `${base}/config`)).headers.get("etag");
    const answer = await worker.admin("PATCH", `${base}/scenarios/all`, patch, { "if-match": etag });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
  };
  const targets = [{ class: "header-phone" }, { selector: "footer a[href^='tel:']" }, { element_id: "call-us" }, { name: "phone" }, { number: "84951112233" }];
  await change({ targets, exclusions: [{ class: "no-swap" }, { selector: "[data-fixed]" }], mask: "8 (XXX) XXX-XX-XX" });
  const text = JSON.stringify(await published());
  for (const told of ["header-phone", "footer a[href^='tel:']", "call-us", "no-swap", "[data-fixed]", "4951112233"]) {
    assert.ok(text.includes(told), `${told} is not in ${text}`);
    assert.ok((await script()).includes(told), told);
  }
  for (const consent of ["cookieless", "wait", "granted"]) {
    const etag = (await worker.admin("GET", `${base}/config`)).headers.get("etag");
    assert.equal((await worker.admin("PATCH", `${base}/config`, { consent }, { "if-match": etag })).status, 200);
    assert.ok(JSON.stringify(await published()).includes(`"consent":"${consent}"`), consent);
  }
});
