// What the site's receivers are told of its calls, over real HTTP, with failures and crashes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { serveConfiguration } from "../support/paths.mjs";
import { entryOf, startReceiver } from "../support/receiver.mjs";
import { ORIGIN, callStart, report, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const LONG = 60_000;
let worker;
const open = [];
const receiverOf = async (answer) => {
  const receiver = await startReceiver(answer);
  open.push(receiver);
  return receiver;
};
before(async () => {
  worker = await startWorker();
});
after(() => {
  worker.dispose();
  for (const receiver of open) receiver.close();
});

const endOf = (start, more = {}) => ({
  ...start,
  phase: "end",
  status: "answered",
  answered_at: start.started_at + 4000,
  ended_at: start.started_at + 99_000,
  talk_s: 95,
  ...more,
});
const path = (site, rest) => `/api/v1/sites/${site}/${rest}`;
const deliveries = async (site, query = "") => (await worker.admin("GET", path(site, `deliveries${query}`))).body.deliveries;
const callOf = async (site, id) =>
  (await worker.admin("GET", path(site, "calls"))).body.calls.find((call) => call.provider_call_id === id);

test("a call is told at its start and at its end, signed, with its attribution; a correction after", async () => {
  const receiver = await receiverOf();
  await worker.seed(siteConfig({ site: "told", receivers: [entryOf("crm", receiver)] }));
  const options = { site: "told" };
  const given = await visit(worker, { options, url: `${ORIGIN}/?roistat=google_ads_7&gclid=Cj0K-1&utm_campaign=spring` });
  const start = callStart(given.numbers[0].number);
  for (const event of [start, start]) assert.equal((await report(worker, event, options)).status, 200);
  await until(() => receiver.taken.length === 1);
  const [first] = receiver.taken;
  assert.equal(first.event, "call.start");
  assert.ok(first.isSigned);
  assert.equal(first.body.event, "call.start");
  assert.equal(first.body.site, "told");
  const { call } = first.body;
  assert.equal(call.attribution.visit, given.visit);
  assert.deepEqual(call.levels, ["google", "ads", "7"]);
  assert.equal(call.labels.gclid, "Cj0K-1");
  assert.equal(call.labels.utm_campaign, "spring");
  assert.equal(call.revision, 1);
  await report(worker, endOf(start), options);
  await until(() => receiver.taken.length === 2);
  assert.equal(receiver.taken[1].event, "call.end");
  assert.equal(receiver.taken[1].body.call.talk_s, 95);
  const correction = { source: "billboard", reason: "the caller said so", by: "Anna" };
  const done = await worker.admin("POST", path("told", `calls/${call.id}/attribution`), correction);
  assert.equal(done.status, 200);
  await until(() => receiver.taken.length === 3);
  assert.equal(receiver.taken[2].event, "call.changed");
  assert.equal(receiver.taken[2].body.call.source, "billboard");
  assert.equal(receiver.taken[2].body.call.revision, 2);
  assert.deepEqual(await deliveries("told"), []);
  const { rows } = (await worker.admin("GET", path("told", "outbox"))).body;
  assert.deepEqual(rows.map((row) => row.event), ["call.start", "call.end", "call.changed"]);
  assert.deepEqual(rows.map((row) => row.revision), [1, 1, 2]);
});

test("every attribution leaves its row, receivers or none; no row for what is not told", async () => {
  await worker.seed(siteConfig({ site: "quiet" }));
  const options = { site: "quiet" };
  await report(worker, callStart("74950000001"), options);
  await report(worker, callStart("74950000002", { direction: "out" }), options);
  const { rows } = (await worker.admin("GET", path("quiet", "outbox"))).body;
  assert.deepEqual(rows.map((row) => row.event), ["call.start"]);
  assert.deepEqual(await deliveries("quiet"), []);
});

test("one receiver's failure delays neither another nor the webhook; order holds per call", { timeout: LONG }, async () => {
  const good = await receiverOf();
  // Fails at first; then takes everything.
  const flaky = await receiverOf((delivery) => (delivery.attempt === 1 && delivery.event === "call.start" ? [500, {}, "out of order"] : 200));
  // Hangs at first: the edge gives up waiting and tries again.
  const slow = await receiverOf((delivery) => (delivery.attempt === 1 && delivery.event === "call.start" ? new Promise(() => {}) : 200));
  const gone = await receiverOf(() => [410, {}, "we moved"]);
  const ends = await receiverOf();
  await worker.seed(
    siteConfig({
      site: "many",
      receivers: [
        entryOf("good", good),
        entryOf("flaky", flaky),
        entryOf("slow", slow),
        entryOf("gone", gone),
        entryOf("ends", ends, { events: ["call.end"] }),
        entryOf("off", ends, { enabled: false }),
      ],
    }),
  );
  const options = { site: "many" };
  const start = callStart("74950000001");
  await report(worker, start, options);
  await report(worker, endOf(start), options);
  const other = callStart("74950000002", { caller: "79001110003" });
  await report(worker, other, options);
  await until(() => good.taken.length === 3);
  const events = (receiver, id = start.provider_call_id) =>
    receiver.taken.filter(({ body }) => body.call.provider_call_id === id).map(({ event }) => event);
  assert.deepEqual(events(good), ["call.start", "call.end"]);
  // The other call does not wait for the one that failed.
  await until(() => events(flaky, other.provider_call_id).length === 0 && flaky.asked.length >= 2);
  assert.deepEqual(events(flaky), [], "the end waits for the start");
  await until(() => gone.asked.length === 3);
  const dead = await until(async () => {
    const rows = await deliveries("many", "?state=dead");
    return rows.length === 3 && rows;
  });
  assert.ok(dead.every((row) => row.receiver === "gone" && row.why === "410 we moved" && row.attempts === 1));
  assert.deepEqual(events(ends), ["call.end"]);
  assert.equal(ends.asked.length, 1, "nothing is sent to a receiver that is off");
  await until(() => events(flaky).length === 2, LONG);
  assert.deepEqual(events(flaky), ["call.start", "call.end"]);
  await until(() => events(slow).length === 2, LONG);
  assert.deepEqual(events(slow), ["call.start", "call.end"]);
  const [hung, again] = slow.asked.filter(({ body }) => body.call.provider_call_id === start.provider_call_id);
  assert.equal(hung.id, again.id, "the same delivery, so that the receiver can tell doubles");
  assert.deepEqual([hung.attempt, again.attempt], [1, 2]);
});

test("a delivery that was given up is sent again on demand", async () => {
  const receiver = await receiverOf(() => [422, {}, "no such field"]);
  await worker.seed(siteConfig({ site: "dead", receivers: [entryOf("crm", receiver)] }));
  const options = { site: "dead" };
  await report(worker, callStart("74950000001"), options);
  await report(worker, callStart("74950000002", { caller: null }), options);
  const dead = await until(async () => {
    const rows = await deliveries("dead", "?state=dead&receiver=crm");
    return rows.length === 2 && rows;
  });
  receiver.answer = () => 204;
  const send = (which) => worker.admin("POST", path("dead", `deliveries/crm/${which}/send`));
  assert.deepEqual((await send(dead[0].delivery)).body, { sent: 1 });
  await until(() => receiver.taken.length === 1);
  assert.equal(receiver.taken[0].id, String(dead[0].delivery));
  assert.deepEqual((await send("all")).body, { sent: 1 });
  await until(() => receiver.taken.length === 2);
  assert.deepEqual(await until(async () => (await deliveries("dead")).length === 0 && []), []);
  assert.equal((await send(dead[0].delivery)).status, 404);
  assert.equal((await worker.admin("POST", path("dead", "deliveries/nobody/1/send"))).status, 404);
});

test("a crash in the middle sends again; nothing is lost", { timeout: LONG }, async () => {
  let hang = true;
  const receiver = await receiverOf(() => (hang ? new Promise(() => {}) : 200));
  await worker.seed(siteConfig({ site: "crash", receivers: [entryOf("crm", receiver)] }));
  const options = { site: "crash" };
  const start = callStart("74950000001");
  await report(worker, start, options);
  await report(worker, endOf(start), options);
  await until(() => receiver.asked.length === 1);
  hang = false;
  await worker.crashAndRestart();
  await worker.admin("GET", path("crash", "deliveries"));
  await until(() => receiver.taken.length === 2, LONG);
  assert.deepEqual(receiver.taken.map(({ event }) => event), ["call.start", "call.end"]);
  assert.equal(receiver.taken[0].id, receiver.asked[0].id);
});

test("an edge in production sends nothing into its own machine or network", async () => {
  const receiver = await receiverOf();
  const edge = await startWorker({ dev: false });
  try {
    await edge.seed(siteConfig({ receivers: [entryOf("crm", receiver)] }));
    await report(edge, callStart("74950000001"));
    const rows = await until(async () => {
      const { body } = await edge.admin("GET", path("shop", "deliveries?state=dead"));
      return body.deliveries.length === 1 && body.deliveries;
    });
    assert.equal(rows[0].why, "not sent: the address is of a private network");
    assert.equal(receiver.asked.length, 0);
  } finally {
    edge.dispose();
  }
});

test("the runtime of production lets nothing into its own network, whatever a name resolves to", async () => {
  const receiver = await receiverOf();
  // As if the name were public: the edge's own check is off in a development run.
  const edge = await startWorker({ configuration: serveConfiguration });
  try {
    await edge.seed(siteConfig({ receivers: [entryOf("crm", receiver)] }));
    await report(edge, callStart("74950000001"));
    await until(async () => {
      const { body } = await edge.admin("GET", path("shop", "deliveries"));
      return body.deliveries[0]?.attempts === 1 && body.deliveries[0].state === "waiting";
    });
    assert.equal(receiver.asked.length, 0);
  } finally {
    edge.dispose();
  }
});

test("faults of receivers are named", async () => {
  const receivers = [
    { id: "a", url: "https://127.1/", secrets: ["0123456789abcdef"] },
    { id: "b", url: "https://crm.example/", secrets: ["short"] },
    { id: "b", url: "https://crm.example/", secrets: ["0123456789abcdef"], events: ["call.begin"] },
  ];
  const { status, body } = await worker.admin("POST", path("told", "config/check"), siteConfig({ site: "told", receivers }));
  assert.equal(status, 422);
  assert.deepEqual(
    body.faults.map(({ pointer, code }) => `${pointer} ${code}`).sort(),
    ["/receivers/0/url bad_receiver_url", "/receivers/1/secrets/0 short_secret", "/receivers/2/events/0 unknown_value", "/receivers/2/id id_taken"],
  );
});
