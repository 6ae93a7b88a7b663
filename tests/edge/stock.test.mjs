// A stock of numbers shared by the sites of one owner: lent as peaks grow, given back after two
// weeks of nothing, never at two sites at once, whatever crashes in between.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { agedDatabase } from "../support/state.mjs";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

const stockPath = (stock) => `/api/v1/stocks/${stock}`;
const stockOf = async (stock) => (await worker.admin("GET", stockPath(stock))).body;
const keep = async (site) => (await worker.admin("POST", `/api/v1/sites/${site}/stock`)).body;
const live = async (site) => (await worker.admin("GET", `/api/v1/sites/${site}/live`)).body.pools[0].numbers;
const whole = { ok: true, faults: [] };

/** Site `site` with `own` numbers of its own, drawing from `stock`. */
async function seed(site, stock, own, first) {
  const pools = [{ id: "main", numbers: numbers(own, first), hold_ms: 150000, idle_release_ms: 60000, stock: { id: stock } }];
  await worker.seed(siteConfig({ site, pools }));
}

async function fill(stock, sites, count, first) {
  const answer = await worker.admin("POST", stockPath(stock), { sites, add: numbers(count, first).join(", ") });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

/** No number is at two sites, and every site lends exactly what is its own or lent to it. */
async function assertExclusive(stock, own) {
  const told = await stockOf(stock);
  for (const [site, ownNumbers] of Object.entries(own)) {
    const lent = told.numbers.filter((number) => number.site === site).map(({ number }) => number);
    for (const number of await live(site)) {
      const held = ["provisional", "active", "idle", "held", "draining"].includes(number.state);
      const may = ownNumbers.includes(number.number) || lent.includes(number.number);
      assert.ok(may || !held, `${site} holds ${number.number}, ${number.state}`);
    }
  }
}

test("a stock takes numbers as they are pasted, and lists nonsense back", async () => {
  await seed("mine", "pasted", 2, 100);
  const add = "8 (495) 000-02-01, +7 495 000 02 02\n74950000202; abc, 74950000100";
  const { body } = await worker.admin("POST", stockPath("pasted"), { sites: ["mine"], add });
  assert.deepEqual(body.numbers.map(({ number, state }) => [number, state]), [["74950000201", "free"], ["74950000202", "free"]]);
  const reasons = Object.fromEntries(body.refused.map(({ text, reason, detail }) => [text, `${reason}: ${detail}`]));
  assert.deepEqual(reasons, {
    "74950000202": "duplicate: the same number as piece 2.",
    abc: "not_a_number: this is no telephone number.",
    "74950000100": "owned: the site mine has it of its own.",
  });
  const russian = await worker.admin("POST", stockPath("pasted"), { add: "8 495 12", remove: "8 495 000-02-07/08" }, { "accept-language": "ru" });
  assert.deepEqual(russian.body.refused.map(({ reason, detail }) => [reason, detail]), [
    ["too_short", "слишком мало цифр."],
    ["several", "несколько номеров или диапазон одной записью: напишите каждый номер целиком."],
  ]);
  const removed = await worker.admin("POST", stockPath("pasted"), { remove: "74950000202" });
  assert.deepEqual([removed.body.free, removed.body.sites], [1, ["mine"]]);
  const { rows } = (await worker.admin("GET", `${stockPath("pasted")}/audit`)).body;
  assert.deepEqual(rows.map((row) => row.action), Array(3).fill("stock.change"));
  assert.deepEqual((await worker.admin("GET", `${stockPath("pasted")}/check`)).body, whole);
  assert.equal((await worker.admin("GET", stockPath("nothing"))).status, 404);
  assert.equal((await worker.admin("POST", stockPath("pasted"), { sites: ["No"] })).status, 422);
  assert.equal((await worker.admin("POST", stockPath("pasted"), { ad: "x" })).status, 400);
});

test("a key of a site opens no stock, and a site that is no member gets nothing", async () => {
  await seed("alien", "closed", 1, 120);
  await fill("closed", ["somebody"], 3, 210);
  const { token } = (await worker.admin("POST", "/api/v1/sites/alien/keys", { name: "k", role: "admin" })).body;
  const bearer = { authorization: `Bearer ${token}` };
  assert.equal((await worker.admin("GET", stockPath("closed"), undefined, bearer)).status, 401);
  await visit(worker, { options: { site: "alien" } });
  assert.deepEqual((await keep("alien")).taken, []);
  assert.equal((await stockOf("closed")).free, 3);
});

test("two sites under load share a stock, and no number is at both", async () => {
  await seed("one", "load", 2, 300);
  await seed("two", "load", 2, 310);
  await fill("load", ["one", "two"], 14, 320);
  const own = { one: numbers(2, 300), two: numbers(2, 310) };
  const held = new Map();
  const arrive = async (site) => {
    const given = await visit(worker, { options: { site } });
    const [number] = given.numbers;
    if (number.kind !== "leased") return false;
    assert.ok(!held.has(number.number), `${number.number} is with two visitors`);
    held.set(number.number, given);
    await beat(worker, given, "keep", {}, { site });
    return true;
  };
  // Both peaks grow until the stock is empty; nobody asks for numbers but the pools themselves.
  await until(async () => {
    await Promise.all(["one", "two", "one", "two"].map(arrive));
    await assertExclusive("load", own);
    return held.size === 18;
  }, 60_000);
  const told = await stockOf("load");
  assert.deepEqual([told.free, told.lent], [0, 14]);
  assert.equal(new Set(told.numbers.map(({ site }) => site)).size, 2, "each site got some");
  assert.deepEqual((await worker.admin("GET", `${stockPath("load")}/check`)).body, whole);
  for (const site of ["one", "two"]) assert.deepEqual((await worker.admin("GET", `/api/v1/sites/${site}/check`)).body, whole);
  // A call to a borrowed number is its visitor's.
  const borrowed = told.numbers.find(({ site }) => site === "two").number;
  await report(worker, callStart(borrowed), { site: "two" });
  const call = (await worker.admin("GET", `/api/v1/sites/two/calls?number=${borrowed}`)).body.calls[0];
  assert.equal(call.attribution.visit, held.get(borrowed).visit);
  // A new configuration of the owner's touches nothing that is borrowed.
  const path = "/api/v1/sites/two/config";
  const etag = (await worker.admin("GET", path)).headers.get("etag");
  const pools = [{ id: "main", numbers: numbers(2, 310), hold_ms: 150000, idle_release_ms: 60000, stock: { id: "load", most: 50 } }];
  assert.equal((await worker.admin("PUT", path, siteConfig({ site: "two", pools }), { "if-match": etag })).status, 200);
  const again = await visit(worker, { who: held.get(borrowed), options: { site: "two" } });
  assert.equal(again.numbers[0].number, borrowed);
});

test("a call to a shared number goes to the site that has it, whichever of them it is reported to", async () => {
  await seed("east", "routed", 1, 700);
  await seed("west", "routed", 1, 710);
  await seed("alone", "routed", 1, 715);
  await fill("routed", ["east", "west"], 1, 720);
  const [shared] = numbers(1, 720);
  const options = (site) => ({ options: { site }, url: `${ORIGIN}/?roistat=${site}` });
  const callsOf = async (site) => (await worker.admin("GET", `/api/v1/sites/${site}/calls`)).body.calls;
  const tell = async (site, event) => assert.equal((await report(worker, event, { site })).status, 200);
  // The stock's only number is lent to east.
  await visit(worker, options("east"));
  await keep("east");
  const given = await visit(worker, options("east"));
  assert.equal(given.numbers[0].number, shared);
  await beat(worker, given, "active", {}, { site: "east" });
  const event = callStart(shared);
  await tell("west", event);
  await worker.crashAndRestart();
  // What follows of the call names no number, and goes the same way.
  const { dialed: _, ...rest } = event;
  await tell("west", { ...rest, phase: "end", status: "answered", talk_s: 9 });
  const [call, ...others] = await callsOf("east");
  assert.deepEqual(others, []);
  assert.deepEqual([call.attribution.visit, call.source, call.status, call.talk_s], [given.visit, "east", "answered", 9]);
  assert.deepEqual(await callsOf("west"), []);
  // Told to the right one it stays there; again to the wrong one it is still one call.
  await tell("east", { ...event });
  await tell("west", { ...event });
  assert.equal((await callsOf("east")).length, 1);
  // Numbers of its own, and of nobody, stay where they are told of.
  await tell("west", callStart("74950000710"));
  await tell("west", callStart("74950000799"));
  assert.equal((await callsOf("west")).length, 2);
  // A site that does not share the stock learns nothing of it and gives nothing away.
  await tell("alone", callStart(shared));
  assert.equal((await callsOf("alone")).length, 1);
  assert.equal((await callsOf("east")).length, 1);
  for (const site of ["east", "west"]) assert.deepEqual((await worker.admin("GET", `/api/v1/sites/${site}/check`)).body, whole);
});

test("crashes between the steps lose and double nothing", async () => {
  await seed("left", "crash", 1, 400);
  await seed("right", "crash", 1, 410);
  await fill("crash", ["left", "right"], 10, 420);
  const answered = [];
  for (let round = 0; round < 5; round += 1) {
    const asking = ["left", "right"].flatMap((site) => [
      visit(worker, { options: { site } }).then((given) => answered.push([site, given]), () => {}),
      keep(site).catch(() => {}),
      visit(worker, { options: { site } }).then((given) => answered.push([site, given]), () => {}),
    ]);
    // Somewhere in the middle: after one, two, three … of the answers.
    let done = 0;
    await new Promise((resolve) => {
      for (const one of asking) one.then(() => (done += 1) > round && resolve());
    });
    await worker.stop("SIGKILL");
    await Promise.all(asking);
    await worker.start();
    // A second sign of life: who never gave one may lose his number to who needs it.
    for (const [site, given] of answered) await visit(worker, { who: given, options: { site } });
    await assertExclusive("crash", { left: numbers(1, 400), right: numbers(1, 410) });
  }
  for (const site of ["left", "right"]) {
    await keep(site);
    assert.deepEqual((await worker.admin("GET", `/api/v1/sites/${site}/check`)).body, whole);
  }
  assert.deepEqual((await worker.admin("GET", `${stockPath("crash")}/check`)).body, whole);
  const told = await stockOf("crash");
  assert.equal(told.free + told.lent, 10);
  assert.ok(told.lent > 0);
  const seen = new Set();
  for (const [site, given] of answered) {
    const [number] = given.numbers;
    if (number.kind !== "leased") continue;
    assert.ok(!seen.has(number.number), "two visitors were never given one number");
    seen.add(number.number);
    const again = await visit(worker, { who: given, options: { site } });
    assert.equal(again.numbers[0].lease, number.lease, "what was answered is durable");
  }
});

test("after two weeks of no call and no show a number goes back; used ones stay", async () => {
  await seed("idle", "weeks", 1, 500);
  await fill("weeks", ["idle"], 6, 520);
  const options = { site: "idle" };
  const first = await visit(worker, { options });
  await keep("idle");
  await keep("idle");
  // The second visitor is shown a borrowed number; two more at least are shown to nobody. How many
  // are taken at once follows the load that was seen so far.
  const shown = [first, await visit(worker, { options, url: `${ORIGIN}/?roistat=seen` })];
  const lentHere = async () =>
    (await stockOf("weeks")).numbers.filter(({ site }) => site === "idle").map(({ number }) => number);
  const isUsed = (number) => shown.some((given) => given.numbers[0].number === number);
  let borrowed = await lentHere();
  for (let round = 0; round < 4 && borrowed.filter((number) => !isUsed(number)).length < 2; round += 1) {
    shown.push(await visit(worker, { options }));
    await keep("idle");
    borrowed = await lentHere();
  }
  const used = borrowed.filter(isUsed);
  assert.ok(borrowed.length >= used.length + 2, `${borrowed}: ${used} were shown`);
  const [called] = borrowed.filter((number) => !used.includes(number));
  await report(worker, callStart(called), { site: "idle" });
  await worker.stop();
  await agedDatabase(worker.state, "borrowed", (database) => database.exec("UPDATE borrowed SET since_ms = since_ms - 15 * 86400000 WHERE stock = 'weeks'"));
  await worker.start();
  const kept = await keep("idle");
  const gone = borrowed.filter((number) => !used.includes(number) && number !== called).sort();
  await until(async () => (await stockOf("weeks")).lent === borrowed.length - gone.length || (await keep("idle"), false));
  const left = await lentHere();
  assert.deepEqual(left.sort(), [...used, called].sort());
  assert.deepEqual(kept.taken, []);
  assert.deepEqual((await worker.admin("GET", `${stockPath("weeks")}/check`)).body, whole);
  assert.deepEqual((await worker.admin("GET", "/api/v1/sites/idle/check")).body, whole);
  const audit = (await worker.admin("GET", "/api/v1/sites/idle/audit")).body.rows.map((row) => row.action);
  assert.ok(audit.includes("stock.take") && audit.includes("stock.returned"), `${audit}`);
});

test("a number leaves the stock when its visitor has gone; a deleted site gives all back", async () => {
  await seed("gone", "leaving", 1, 600);
  await fill("leaving", ["gone"], 2, 620);
  const options = { site: "gone" };
  await visit(worker, { options });
  await keep("gone");
  const given = await visit(worker, { options });
  const { number } = given.numbers[0];
  assert.ok(numbers(2, 620).includes(number));
  await worker.admin("POST", stockPath("leaving"), { remove: number });
  await keep("gone");
  assert.equal((await stockOf("leaving")).numbers.find((one) => one.number === number).state, "leaving");
  assert.equal((await live("gone")).find((one) => one.number === number).state, "draining");
  const again = await visit(worker, { who: given, options });
  assert.equal(again.numbers[0].number, number, "his number is not taken from him");
  await worker.admin("DELETE", "/api/v1/sites/gone");
  const told = await stockOf("leaving");
  assert.deepEqual(told.numbers.map(({ state }) => state), ["free"]);
});

/** Two days in which forty visitors an hour looked at the site of the pool that lends `number`. */
async function lived(number) {
  await worker.stop();
  let pools = 0;
  await agedDatabase(worker.state, "journal", (database) => {
    const last = database.prepare("SELECT max(row) AS row, max(at_ms) AS at FROM journal");
    if (!database.prepare("SELECT 1 FROM journal WHERE number = ?").get(number)) return;
    pools += 1;
    const { row, at } = last.get();
    const insert = database.prepare("INSERT INTO journal (row, at_ms, kind, entry) VALUES (?, ?, 'hour', ?)");
    for (let hour = 1; hour <= 48; hour += 1) {
      const began = (Math.floor(at / 3_600_000) - 49 + hour) * 3_600_000;
      insert.run(row + hour, at, JSON.stringify({ entry: "hour", began, asked: 40, granted: 40, peak_active: 3, active_ms: 4_000_000 }));
    }
  });
  assert.equal(pools, 1);
  await worker.start();
}

test("kept at 95 %: what is short is told in words, taken from the stock, and then suffices", async () => {
  const pool = { id: "main", numbers: numbers(4, 800), hold_ms: 150000, idle_release_ms: 60000, accuracy_percent: 95, stock: { id: "kept" } };
  const [scenario] = siteConfig().scenarios;
  const config = (changes) => siteConfig({ site: "kept", scenarios: [{ ...scenario, name: "Moscow" }], pools: [{ ...pool, ...changes }] });
  await worker.seed(config());
  const path = "/api/v1/sites/kept";
  const load = async () => (await worker.admin("GET", `${path}/pools/all`)).body;
  const given = await visit(worker, { options: { site: "kept" } });
  assert.equal((await load()).recommendation.colour, "grey");
  await lived(given.numbers[0].number);

  const before = await load();
  assert.equal(before.recommendation.colour, "red");
  assert.equal(before.recommendation.wanted, 0.95);
  const more = before.recommendation.need - before.recommendation.have;
  assert.ok(more > 10 && more < 200, `${more} more`);
  const now = Math.round(100 * before.recommendation.accuracy);
  assert.equal(before.sentence.en, `Add ${more} numbers in Moscow: ${now} % of calls find their visit now, 95 % are wanted.`);
  assert.match(before.sentence.ru, new RegExp(`^Добавьте ${more} номер(а|ов)? \\(Moscow\\): сейчас свой визит находят ${now} % звонков, нужно 95 %\\.$`));

  // The stock has five of them: it lends those, and the rest is asked of the owner.
  await fill("kept", ["kept"], 5, 1000);
  const some = await keep("kept");
  assert.deepEqual([some.taken.length, some.missing], [5, more - 5]);
  assert.match((await load()).sentence.en, new RegExp(`^Add ${more - 5} numbers in Moscow: `));
  await fill("kept", ["kept"], 200, 1005);
  const rest = await keep("kept");
  assert.deepEqual([rest.taken.length, rest.missing], [more - 5, 0]);
  const after = await load();
  assert.deepEqual([after.numbers, after.recommendation.colour], [4 + more, "green"]);
  assert.ok(after.recommendation.accuracy >= 0.95);
  assert.match(after.sentence.en, /^Moscow: the numbers suffice, 95 % of calls find their visit\.$/);
  assert.deepEqual((await keep("kept")).taken, []);

  // An owner who wants less is told how many he could do without.
  const etag = (await worker.admin("GET", `${path}/config`)).headers.get("etag");
  assert.equal((await worker.admin("PUT", `${path}/config`, config({ accuracy_percent: 80 }), { "if-match": etag })).status, 200);
  assert.match((await load()).sentence.en, /^Moscow: 80 % of calls find their visit with \d+ numbers fewer\.$/);
  assert.deepEqual((await worker.admin("GET", `${path}/check`)).body, whole);
});
