// Reports and files over HTTP: their figures are those of the calls that the API lists.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ORIGIN, callStart, report, siteConfig, visit } from "../support/site.mjs";
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

test("wrong parameters are named", async () => {
  for (const path of ["reports/source?model=best", "reports/source?from=yesterday", "reports/source?to=2026-01-01", "reports/source?time_zone=Mars", "reports/source?format=xml", "files/metrica.csv?id=name"]) {
    const { status, body } = await get(path);
    assert.equal(status, 400, path);
    assert.equal(body.code, "bad_parameter", path);
  }
  assert.equal((await get("reports/colour")).status, 404);
  assert.equal((await get("files/calls.xls")).status, 404);
});
