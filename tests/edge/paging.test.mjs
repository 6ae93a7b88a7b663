// Every list that pages by cursor, generated from the description: page after page it tells what it tells at once,
// nothing twice and nothing left out.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { description } from "../support/openapi.mjs";
import { entryOf, startReceiver } from "../support/receiver.mjs";
import { callStart, numbers, report, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const paged = Object.entries(description.paths)
  .filter(([, item]) => item.get?.parameters?.some(({ name }) => name === "cursor"))
  .map(([path, item]) => ({ path, name: item.get.operationId }));
const filled = (path) => path.replace("{site}", "shop").replace("{stock}", "shared");

/** The rows that an answer has, each as a text. */
const rows = {
  live: ({ pools }) => pools.flatMap(({ id, numbers: all }) => all.map(({ number }) => `${id} ${number}`)),
};
const rowsOf = (name, body) => {
  if (rows[name]) return rows[name](body);
  const [list] = Object.values(body).filter(Array.isArray);
  return list.map((row) => JSON.stringify(row));
};

test("page after page every list tells what it tells at once", async () => {
  const crm = await startReceiver(() => 410);
  try {
    const pools = [{ id: "main", numbers: numbers(5), hold_ms: 150000 }, { id: "second", numbers: numbers(3, 50), hold_ms: 150000 }];
    await worker.seed(siteConfig({ pools, receivers: [entryOf("crm", crm)] }));
    for (const name of ["a", "b", "c"]) {
      await worker.seed(siteConfig({ site: name }));
      await worker.admin("PATCH", "/api/v1/sites/shop/config", { name });
      await worker.admin("POST", "/api/v1/stocks/shared", { sites: ["shop"], add: numbers(2, 700).join(" ") });
    }
    for (let call = 0; call < 4; call += 1) {
      const given = await visit(worker);
      // Two in one instant: an order by the time alone would lose one.
      await report(worker, callStart(given.numbers[0].number, { started_at: 1_800_000_000_000 + 1000 * (call >> 1) - 80_000_000_000 }));
    }
    await until(async () => (await worker.admin("GET", "/api/v1/sites/shop/deliveries?state=dead")).body.deliveries.length >= 4);
    assert.deepEqual(paged.map(({ name }) => name).sort(), [
      "audit_list", "call_list", "delivery_list", "live", "number_list", "outbox_list", "site_audit", "site_list", "stock_audit", "version_list",
    ]);
    for (const { path, name } of paged) {
      const address = filled(path);
      const whole = rowsOf(name, (await worker.admin("GET", `${address}?limit=200`)).body);
      assert.ok(whole.length >= 3, `${name}: ${whole.length}`);
      for (const limit of [1, 2]) {
        const all = [];
        let cursor = "";
        // Some lists tell where to go on even at their end.
        for (let pages = 0; pages <= whole.length + 1; pages += 1) {
          const { status, body } = await worker.admin("GET", `${address}?limit=${limit}${cursor}`);
          assert.equal(status, 200, name);
          const page = rowsOf(name, body);
          assert.ok(page.length <= limit, `${name}: a page of ${page.length}`);
          all.push(...page);
          if (body.next === undefined || page.length === 0 && name !== "number_list") break;
          cursor = `&cursor=${encodeURIComponent(body.next)}`;
        }
        assert.deepEqual(all, whole, `${name} by ${limit}`);
      }
    }
  } finally {
    crm.close();
  }
});
