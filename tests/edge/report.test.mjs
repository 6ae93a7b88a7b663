// Reports and files over HTTP: their figures are those of the calls that the API lists.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, beat, callStart, report, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
before(async () => {
  worker = await startWorker();
  await worker.seed(siteConfig());
  const sources = ["?utm_source=google&utm_medium=cpc&utm_campaign=spring&gclid=Cj0KCQ", "?roistat=leaflet_1"];
  for (const [place, query] of sources.entries()) {
    const given = await visit(worker, { url: `${ORIGIN}/${query}` });
    const start = callStart(given.numbers[0].number, { caller: `7900111223${place}` });
    await report(worker, start);
    const end = { phase: "end", status: "answered", answered_at: start.started_at + 4000, talk_s: 90, ended_at: start.started_at + 94000 };
    await report(worker, { ...start, ...end });
  }
  const stranger = callStart("74950000004", { caller: "79001112230" });
  await report(worker, { ...stranger, phase: "end", dialed: stranger.dialed, status: "missed" });
});
after(() => worker.dispose());

const get = (path) => worker.admin("GET", `/api/v1/sites/shop/${path}`);
const text = async (path) => {
  const headers = { authorization: `Bearer ${worker.token}` };
  const answer = await worker.fetch(`/api/v1/sites/shop/${path}`, { headers });
  return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
};

test("the total is the sum of the rows, and the calls that are listed", async () => {
  const { calls } = (await get("calls")).body;
  for (const dimension of ["source", "campaign", "keyword", "landing", "region", "number", "hour"]) {
    for (const model of ["first", "last_non_direct", "linear", "position"]) {
      const { body } = await get(`reports/${dimension}?model=${model}`);
      assert.equal(body.total.now.calls, calls.length, dimension);
      for (const figure of ["calls", "target", "missed", "unique_callers", "first_time", "repeat"]) {
        const sum = body.rows.reduce((total, row) => total + row.now[figure], 0);
        assert.equal(sum, body.total.now[figure], `${dimension} ${figure}`);
      }
      assert.equal(body.total.now.target, calls.filter((call) => call.is_target).length);
      assert.equal(body.total.now.unique_callers, 2);
    }
  }
  // The repeat call of a known caller goes to his own visit too.
  const lines = (await text("files/calls.jsonl")).text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const spring = lines.filter((line) => line.touches.at(-1)?.campaign === "spring");
  assert.ok(spring.length >= 1);
  const { body } = await get("reports/campaign");
  assert.equal(body.rows.find((row) => row.key === "spring").now.calls, spring.length);
});

test("files: calls for a spreadsheet, JSON Lines, conversions", async () => {
  const csv = await text("files/calls.csv");
  assert.match(csv.type, /^text\/csv/);
  assert.equal(csv.text.trimEnd().split("\r\n").length, 4);
  const lines = (await text("files/calls.jsonl")).text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(lines.length, 3);
  assert.equal(lines.filter((line) => line.is_first_call).length, 2);
  const google = await text("files/google.csv?name=Call&targets_only=0");
  const rows = google.text.trimEnd().split("\r\n");
  assert.equal(rows[0], "Parameters:TimeZone=Europe/Moscow");
  assert.equal(rows[1], "Google Click ID,Conversion Name,Conversion Time,Conversion Value,Conversion Currency");
  assert.equal(rows.length, 2, "a call of today may still change: it waits for tomorrow's file");
  assert.match((await text("files/metrica.csv?id=client_id")).text, /^ClientId,DateTime,StaticCall,/);
});

test("visits, those shown a number, coverage and conversion by every dimension", async () => {
  const pools = [{ id: "main", numbers: ["74950000001", "74950000002"], hold_ms: 150000, idle_release_ms: 60000 }];
  await worker.seed(siteConfig({ site: "visits", pools }));
  const options = { site: "visits" };
  const sources = ["vk", "vk", "yandex", "yandex", "yandex"];
  const given = [];
  for (const source of sources) {
    const page = { options: { ...options, headers: { "x-ringlet-geo": "country=RU;region=Tver;city=Tver" } }, url: `${ORIGIN}/shoes?utm_source=${source}&utm_campaign=c_${source}&utm_term=boots` };
    const one = await visit(worker, page);
    given.push(one);
    await beat(worker, one, "keep", {}, options);
    // A second page of the same visit is no second visit.
    await visit(worker, { ...page, who: one, url: `${ORIGIN}/cart` });
  }
  await report(worker, callStart(given[0].numbers[0].number), options);
  const shown = given.filter((one) => one.numbers[0].kind === "leased").length;
  assert.ok(shown >= 2 && shown < 5, `${shown}`);
  for (const dimension of ["source", "campaign", "keyword", "landing", "region", "number", "hour"]) {
    const { body } = await worker.admin("GET", `/api/v1/sites/visits/reports/${dimension}`);
    assert.equal(body.total.now.visits, 5, dimension);
    assert.equal(body.total.now.visitors, 5, dimension);
    assert.equal(body.total.now.shown, shown, dimension);
    assert.equal(body.total.now.coverage, shown / 5);
    assert.equal(body.total.now.conversion, 1 / 5);
    assert.equal(body.total.before.visits, undefined, "nobody came in the week before");
    for (const figure of ["visits", "visitors", "shown", "calls"]) {
      const sum = body.rows.reduce((total, row) => total + (row.now[figure] ?? 0), 0);
      assert.equal(sum, body.total.now[figure], `${dimension} ${figure}`);
    }
    assert.equal(body.period.time_zone, "Europe/Moscow");
    assert.equal(body.period.start, body.period_before.end);
  }
  const rows = async (dimension) => (await worker.admin("GET", `/api/v1/sites/visits/reports/${dimension}`)).body.rows;
  const byCampaign = Object.fromEntries((await rows("campaign")).map((row) => [row.key, row.now.visits]));
  assert.deepEqual(byCampaign, { c_vk: 2, c_yandex: 3 });
  assert.deepEqual((await rows("keyword")).map((row) => row.key), ["boots"]);
  assert.deepEqual((await rows("region")).map((row) => row.key), ["Tver"]);
  const numbersShown = (await rows("number")).filter((row) => row.key !== "(none)").map((row) => row.key);
  assert.deepEqual(numbersShown.sort(), ["74950000001", "74950000002"]);
  await worker.crashAndRestart();
  const again = (await worker.admin("GET", "/api/v1/sites/visits/reports/source")).body.total.now;
  assert.deepEqual([again.visits, again.shown], [5, shown]);
});

test("ids read on the page go into the file; who is left out is told with the reason", async () => {
  await worker.seed(siteConfig({ site: "ids" }));
  const options = { site: "ids" };
  const pages = [
    { url: `${ORIGIN}/?utm_source=a`, ids: { ym_client_id: "1700000000123456789", user_id: "=1+1" } },
    { url: `${ORIGIN}/?utm_source=b&yclid=15000` },
    { url: `${ORIGIN}/?utm_source=c` },
  ];
  for (const [place, page] of pages.entries()) {
    const given = await visit(worker, { options, ...page });
    const start = callStart(given.numbers[0].number, { caller: `7900444000${place}` });
    const end = { phase: "end", status: "answered", answered_at: start.started_at + 4000, talk_s: 90, ended_at: start.started_at + 94000 };
    await report(worker, { ...start, ...end }, options);
  }
  const file = async (query) => {
    const answer = await worker.fetch(`/api/v1/sites/ids/files/metrica.csv?${query}`, { headers: { authorization: `Bearer ${worker.token}` } });
    return { text: await answer.text(), rows: answer.headers.get("ringlet-rows"), leftOut: answer.headers.get("ringlet-left-out") };
  };
  const young = await file("id=client_id");
  assert.deepEqual([young.rows, young.leftOut], ["0", "without_id=0, not_target=0, not_settled=3"]);
  const { body } = await worker.admin("GET", "/api/v1/sites/ids/calls");
  assert.deepEqual(body.calls.map((call) => call.ids?.ym_client_id).filter(Boolean), ["1700000000123456789"]);
  assert.ok(body.calls.every((call) => call.ids?.user_id === undefined), "what cannot be an id is none");
});

test("a day later the files hold the calls that can be uploaded, and only those with the id", async () => {
  await worker.seed(siteConfig({ site: "upload" }));
  const options = { site: "upload" };
  const pages = [
    { url: `${ORIGIN}/?utm_source=google&gclid=Cj0KCQ-upload`, ids: { ym_client_id: "1700000000123456789" } },
    { url: `${ORIGIN}/?utm_source=yandex&yclid=15000` },
  ];
  for (const [place, page] of pages.entries()) {
    const given = await visit(worker, { options, ...page });
    const start = callStart(given.numbers[0].number, { caller: `7900666000${place}` });
    const end = { phase: "end", status: "answered", answered_at: start.started_at + 4000, talk_s: 90, ended_at: start.started_at + 94000 };
    await report(worker, { ...start, ...end }, options);
  }
  // Two days later: as an export that is so old tells it.
  const authorization = `Bearer ${worker.token}`;
  const exported = await (await worker.fetch("/api/v1/sites/upload/export", { headers: { authorization } })).text();
  const lines = exported.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const { row } of lines.filter((line) => line.table === "call")) {
    row[1] -= 2 * 86_400_000;
    const record = JSON.parse(row[4]);
    for (const at of ["started_at", "answered_at", "ended_at"]) record[at] -= 2 * 86_400_000;
    row[4] = JSON.stringify(record);
  }
  const other = await startWorker();
  try {
    const body = `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
    assert.equal((await other.fetch("/api/v1/sites/upload/import", { method: "POST", headers: { authorization, "content-type": "application/x-ndjson" }, body })).status, 201);
    const file = async (query) => {
      const answer = await other.fetch(`/api/v1/sites/upload/files/${query}`, { headers: { authorization } });
      return { rows: (await answer.text()).trimEnd().split("\r\n"), left: answer.headers.get("ringlet-left-out") };
    };
    const google = await file("google.csv?name=Call");
    assert.equal(google.rows.length, 3, google.rows.join("\n"));
    assert.match(google.rows[2], /^Cj0KCQ-upload,Call,\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+03:00,,$/);
    assert.equal(google.left, "without_id=1, not_target=0, not_settled=0");
    const byClient = await file("metrica.csv?id=client_id");
    assert.equal(byClient.rows.length, 2);
    assert.match(byClient.rows[1], /^1700000000123456789,\d{10},0,,,\+79006660000,90,4,0,/);
    const byYclid = await file("metrica.csv?id=yclid");
    assert.match(byYclid.rows[1], /^15000,\d{10},0,/);
    assert.equal(byYclid.rows.length, 2);
  } finally {
    other.dispose();
  }
});

test("calls credited to nobody have rows of their own, by reason", async () => {
  await worker.seed(siteConfig({ site: "nobody" }));
  const options = { site: "nobody" };
  const given = await visit(worker, { options, url: `${ORIGIN}/?roistat=yandex` });
  const number = given.numbers[0].number;
  const late = Date.now() + 31 * 86_400_000;
  const call = (dialed, more) => report(worker, callStart(dialed, more), options);
  await call(number, { caller: "79004440001" });
  await call(number, { caller: "79004440002", started_at: late });
  await call("74950000004", { caller: "79004440003" });
  await call("74959999999", { caller: "79004440004" });
  await call("74950009999", { caller: "79004440005" });
  for (const last of [6, 7, 8]) await call("74950000003", { caller: `7900444000${last}` });
  const day = (ms) => new Date(ms).toISOString().slice(0, 10);
  const { body } = await worker.admin("GET", `/api/v1/sites/nobody/reports/source?from=${day(Date.now() - 86_400_000)}&to=${day(late + 86_400_000)}`);
  const rows = Object.fromEntries(body.rows.filter((row) => row.now.calls > 0).map((row) => [row.key, row.now.calls]));
  const credited = body.rows.find((row) => row.key.includes("yandex"));
  assert.equal(credited.now.calls, 1);
  delete rows[credited.key];
  assert.deepEqual(rows, {
    "(no visit: too_long_ago)": 1,
    "(no visit: never_lent)": 3,
    "(no visit: number_not_ours)": 1,
    "(no visit: reserve_number)": 1,
    "(no visit: number_pasted)": 1,
  });
  assert.equal(body.total.now.calls, 8);
  assert.equal(body.total.now.attributed, 1);
});

test("wrong parameters are named", async () => {
  for (const path of ["reports/source?model=best", "reports/source?from=yesterday", "reports/source?to=2026-01-01", "reports/source?time_zone=Mars", "reports/source?format=xml", "files/metrica.csv?id=name"]) {
    const { status, body } = await get(path);
    assert.equal(status, 400, path);
    assert.equal(body.code, "bad_parameter", path);
  }
  assert.equal((await get("reports/colour")).status, 404);
  assert.equal((await get("files/calls.xls")).status, 404);
});
