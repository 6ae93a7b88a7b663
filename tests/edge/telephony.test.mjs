// What telephone exchanges send, over HTTP: each proven its own way, read, stored and answered.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { ORIGIN, callStart, report, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const PATH_SECRET = "k7wq2m9x4t1v8r5n";
const OURS = "74950000001";
const CALLER = "79001112233";
const SHOP = "74957654321";

let worker;
before(async () => {
  worker = await startWorker();
  const config = siteConfig({
    telephony: {
      zadarma: { secrets: ["zadarma secret"], path_secrets: [PATH_SECRET] },
      mango: { secrets: ["mango salt"], key: "mango key" },
      megafon: { secrets: ["megafon token"], path_secrets: [PATH_SECRET] },
      twilio: { secrets: ["twilio token"], public_url: "https://calls.example/twilio" },
      uis: { path_secrets: [PATH_SECRET] },
      asterisk: { path_secrets: [PATH_SECRET] },
    },
  });
  config.scenarios[0].forward = { phone: SHOP, extension: "101", whisper: true };
  await worker.seed(config);
});
after(() => worker.dispose());

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const form = (fields) => new URLSearchParams(fields).toString();

const send = async (path, body, headers = FORM, method = "POST") => {
  const answer = await worker.fetch(`/v1/sites/shop/calls/${path}`, { method, headers, body });
  return { status: answer.status, text: await answer.text(), type: answer.headers.get("content-type") };
};

const admin = async (path) => (await worker.admin("GET", `/api/v1/sites/shop/${path}`)).body;
const calls = async () => (await admin("calls")).calls;
const callOf = async (id) => (await calls()).find((call) => call.provider_call_id === id);

/** Wall-clock text of Moscow, as Zadarma writes it. */
const moscow = (ms) => new Date(ms + 3 * 3600_000).toISOString().slice(0, 19).replace("T", " ");

const zadarma = (event, fields, signed) => {
  const hex = createHmac("sha1", "zadarma secret").update(signed).digest("hex");
  const signature = Buffer.from(hex).toString("base64");
  return send(`zadarma/${PATH_SECRET}`, form({ event, ...fields }), { ...FORM, signature });
};

test("Zadarma: the address check, a call told backwards, a forged end", async () => {
  const echo = await send(`zadarma/${PATH_SECRET}?zd_echo=4c8a91`, undefined, {}, "GET");
  assert.deepEqual([echo.status, echo.text], [200, "4c8a91"]);
  assert.match(echo.type, /^text\/plain/);
  const script = await send(`zadarma/${PATH_SECRET}?zd_echo=%3Cscript%3E`, undefined, {}, "GET");
  assert.equal(script.status, 401);
  const start = moscow(Date.now() - 60_000);
  const fields = { call_start: start, pbx_call_id: "in_1", caller_id: CALLER, called_did: OURS };
  const signed = CALLER + OURS + start;
  const end = { ...fields, duration: "50", disposition: "answered" };
  assert.equal((await zadarma("NOTIFY_END", end, signed)).status, 200);
  assert.equal((await callOf("in_1")).is_confirmed, false);
  const ring = await zadarma("NOTIFY_START", fields, signed);
  assert.equal(ring.status, 200);
  const call = await callOf("in_1");
  assert.deepEqual([call.status, call.talk_s, call.is_confirmed], ["answered", 50, true]);
  const before = (await calls()).length;
  const forged = await zadarma("NOTIFY_END", { ...end, caller_id: "79009999999" }, signed);
  assert.equal(forged.status, 401);
  assert.equal((await calls()).length, before);
});

test("Mango: paths below the address; one bit of the event", async () => {
  const now = Math.floor(Date.now() / 1000);
  const json = JSON.stringify({
    entry_id: "E1", call_id: "C1", timestamp: now, seq: 1, call_state: "Appeared", location: "ivr",
    from: { number: CALLER }, to: { number: OURS, line_number: OURS },
  });
  const sign = createHash("sha256").update(`mango key${json}mango salt`).digest("hex");
  const body = form({ vpbx_api_key: "mango key", sign, json });
  assert.equal((await send("mango/any/events/call", body)).status, 200);
  assert.equal((await callOf("E1")).caller, CALLER);
  assert.equal((await send("mango/any/events/call", body.replace("C1", "C3"))).status, 401);
});

test("Twilio: the address signed is the one the provider knows; the answer is markup", async () => {
  const fields = { CallSid: "CA1", From: `+${CALLER}`, To: `+${OURS}`, CallStatus: "ringing", Direction: "inbound" };
  const text = Object.keys(fields).sort().map((name) => name + fields[name]).join("");
  const sign = (url) => createHmac("sha1", "twilio token").update(url + text).digest("base64");
  const right = { ...FORM, "x-twilio-signature": sign("https://calls.example/twilio") };
  const ring = await send("twilio/call", form(fields), right);
  assert.equal(ring.status, 200);
  assert.match(ring.type, /^text\/xml/);
  assert.match(ring.text, new RegExp(`<Dial answerOnBridge="true"><Number>\\+${SHOP}</Number></Dial>`));
  const other = { ...FORM, "x-twilio-signature": sign("https://other.example/twilio") };
  assert.equal((await send("twilio/call", form(fields), other)).status, 401);
});

test("Asterisk and UIS: where the call goes, in their own language", async () => {
  const ring = form({ event: "start", uid: "17.5", caller: CALLER, did: OURS });
  const line = await send(`asterisk/${PATH_SECRET}`, ring);
  assert.equal(line.status, 200);
  assert.match(line.text, new RegExp(`^${SHOP}\\|`));
  const ask = await send(`uis/${PATH_SECRET}?cdr_id=9&numa=${CALLER}&numb=${OURS}`, undefined, {}, "GET");
  assert.deepEqual(JSON.parse(ask.text).phones, [SHOP]);
});

test("what is proven and not understood is kept, without secrets; what is not proven is not", async () => {
  const dance = form({ cmd: "dance", crm_token: "megafon token" });
  assert.equal((await send(`megafon/${PATH_SECRET}`, dance)).status, 200);
  const twice = `${dance}&cmd=event`;
  const unreadable = await send(`megafon/${PATH_SECRET}`, twice);
  assert.equal(unreadable.status, 400);
  assert.match(unreadable.text, /given twice/);
  assert.equal((await send("megafon/a-wrong-path-secret", twice)).status, 401);
  const { events } = await admin("kept-events");
  assert.equal(events.length, 2);
  assert.equal(events[0].reason, 'field "cmd" is given twice');
  assert.equal(events[1].reason, 'cmd "dance" is not known');
  assert.ok(events.every((event) => event.body.includes("cmd=dance")));
  for (const secret of [PATH_SECRET, "megafon"]) {
    assert.ok(!events.some((event) => `${event.query} ${event.body}`.includes(secret)), secret);
  }
});

test("the quarantine is bounded and expires", async () => {
  await worker.seed(siteConfig({ site: "quarantine", telephony: { asterisk: { path_secrets: [PATH_SECRET] } } }));
  const path = "/api/v1/sites/quarantine/";
  const dance = (step) => worker.fetch(`/v1/sites/quarantine/calls/asterisk/${PATH_SECRET}`, { method: "POST", headers: FORM, body: form({ event: `dance ${step}` }) });
  for (let step = 0; step < 203; step += 1) assert.equal((await dance(step)).status, 200);
  const kept = async (of) => (await of.admin("GET", `${path}kept-events`)).body.events;
  const events = await kept(worker);
  assert.equal(events.length, 200);
  assert.match(events[0].body, /dance\+202/);
  assert.match(events.at(-1).body, /dance\+3$/);

  // Fifteen days later: as an export that is so old tells it.
  const authorization = `Bearer ${worker.token}`;
  const text = await (await worker.fetch(`${path}export`, { headers: { authorization } })).text();
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const rows = lines.filter((line) => line.table === "kept_event");
  assert.equal(rows.length, 200);
  for (const { row } of rows.slice(0, 199)) row[1] -= 15 * 86_400_000;
  const other = await startWorker();
  try {
    const body = `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
    assert.equal((await other.fetch(`${path}import`, { method: "POST", headers: { authorization, "content-type": "application/x-ndjson" }, body })).status, 201);
    assert.equal((await kept(other)).length, 1, "what is too old is not shown");
    await until(async () => {
      const left = await (await other.fetch(`${path}export`, { headers: { authorization } })).text();
      return left.split("\n").filter((line) => line.includes('"table":"kept_event"')).length === 1;
    });
  } finally {
    other.dispose();
  }
});

test("what is refused leaves nothing, whoever sends it", async () => {
  const path_secrets = [PATH_SECRET];
  const secrets = ["a secret of this site alone"];
  const telephony = {
    asterisk: { path_secrets }, calltouch: { path_secrets }, freeswitch: { path_secrets }, uis: { path_secrets },
    generic: { secrets }, mango: { secrets, key: "key" }, megafon: { secrets }, telnyx: { secrets: [Buffer.alloc(32, 7).toString("base64")] },
    twilio: { secrets }, novofon: { secrets, path_secrets }, zadarma: { secrets, path_secrets },
  };
  await worker.seed(siteConfig({ site: "refusing", telephony }));
  const exported = async () => (await worker.fetch("/api/v1/sites/refusing/export", { headers: { authorization: `Bearer ${worker.token}` } })).text();
  const before = await exported();
  const call = { event: "start", uid: "1", did: OURS, caller: CALLER, cmd: "event", type: "INCOMING", diversion: OURS, callid: "1", crm_token: "another", CallSid: "CA1", CallStatus: "ringing", To: `+${OURS}`, vpbx_api_key: "key", sign: "0".repeat(64), json: "{}" };
  const signatures = { signature: "x", "x-twilio-signature": "x", "ringlet-signature": `t=${Math.floor(Date.now() / 1000)},v1=00`, "telnyx-timestamp": `${Math.floor(Date.now() / 1000)}`, "telnyx-signature-ed25519": Buffer.alloc(64).toString("base64") };
  for (const provider of Object.keys(telephony)) {
    for (const [headers, body] of [[FORM, form(call)], [{ "content-type": "application/json" }, JSON.stringify(call)], [FORM, "not=readable&not=readable"]]) {
      for (const last of ["another-secret-of-the-path", ...(telephony[provider].path_secrets && !telephony[provider].secrets ? [] : [PATH_SECRET])]) {
        const answer = await worker.fetch(`/v1/sites/refusing/calls/${provider}/${last}`, { method: "POST", headers: { ...headers, ...signatures }, body });
        // What came by the right secret of the path may be kept for inspection; it is no call.
        const may = last === PATH_SECRET && telephony[provider].path_secrets ? [400, 401] : [401];
        assert.ok(may.includes(answer.status), `${provider} ${last} ${answer.status}`);
      }
    }
  }
  const kept = (text) => text.split("\n").filter((line) => !/"table":"kept_event"|ringlet_export_end/.test(line));
  const after = await exported();
  assert.deepEqual(kept(after), kept(before));
  const { events } = (await worker.admin("GET", "/api/v1/sites/refusing/kept-events")).body;
  assert.ok(events.every((event) => ["novofon", "zadarma"].includes(event.provider)), JSON.stringify(events.map((event) => event.provider)));
});

test("nobody unknown is told anything", async () => {
  const ring = form({ event: "start", uid: "1", did: OURS });
  const texts = new Set();
  for (const path of ["telnyx/x", "novofon/x", `asterisk/${PATH_SECRET}x`, "asterisk", "phone/x"]) {
    const answer = await send(path, ring);
    assert.equal(answer.status, 401, path);
    texts.add(answer.text);
  }
  assert.equal(texts.size, 1);
  const large = await send(`asterisk/${PATH_SECRET}`, `${ring}&x=${"x".repeat(70_000)}`);
  assert.equal(large.status, 413);
});

test("the one who takes the call is told the source: whisper, display, extension", async () => {
  const given = await visit(worker, { url: `${ORIGIN}/?roistat=yandex_<1>` });
  const ours = given.numbers[0].number;
  const fields = { CallSid: "CA77", From: `+${CALLER}`, To: `+${ours}`, CallStatus: "ringing", Direction: "inbound" };
  const sign = (url, of) => {
    const text = Object.keys(of).sort().map((name) => name + of[name]).join("");
    return createHmac("sha1", "twilio token").update(url + text).digest("base64");
  };
  const known = "https://calls.example/twilio";
  const ring = await send("twilio/call", form(fields), { ...FORM, "x-twilio-signature": sign(known, fields) });
  assert.equal(ring.status, 200);
  const url = ring.text.match(/<Number url="([^"]+)">/)[1].replaceAll("&amp;", "&");
  assert.match(url, /^https:\/\/calls\.example\/twilio\?ringlet_whisper=/);
  const { search } = new URL(url);
  const leg = { CallSid: "CA78", ParentCallSid: "CA77", CallStatus: "in-progress", Direction: "outbound-dial" };
  const said = await send(`twilio/call${search}`, form(leg), { ...FORM, "x-twilio-signature": sign(url, leg) });
  assert.equal(said.status, 200);
  assert.match(said.text, /<Say language="en-US">A call from the site, source: yandex_&lt;1&gt;<\/Say>/);
  const forged = await send(`twilio/call${search}x`, form(leg), { ...FORM, "x-twilio-signature": sign(url, leg) });
  assert.equal(forged.status, 401);
  // Its clock has whole seconds: not before the number was lent.
  const start = moscow(Date.now() + 1000);
  const notice = { call_start: start, pbx_call_id: "in_w", caller_id: CALLER, called_did: ours };
  const zadarma_ = JSON.parse((await zadarma("NOTIFY_START", notice, CALLER + ours + start)).text);
  assert.deepEqual(zadarma_, { redirect: "101", return_timeout: 0, rewrite_forward_number: SHOP, caller_name: "yandex_<1>" });
  const line = await send(`asterisk/${PATH_SECRET}`, form({ event: "start", uid: "17.9", caller: CALLER, did: ours }));
  assert.equal(line.text, `${SHOP}|yandex_1`);
});

test("an event that was kept is read again once it can be", async () => {
  const config = siteConfig({ site: "mended", country_code: "44" });
  delete config.area_code;
  await worker.seed(config);
  // A number written as Russia dials abroad: no number where the site says it is in Britain.
  const event = callStart("810491512345678901");
  const refused = await report(worker, event, { site: "mended" });
  assert.equal(refused.status, 400);
  const path = "/api/v1/sites/mended/";
  const kept = async () => (await worker.admin("GET", `${path}kept-events`)).body.events;
  const [only] = await kept();
  assert.match(only.reason, /dialed/);
  const retry = () => worker.admin("POST", `${path}kept-events/${only.id}/retry`);
  const russian = { "accept-language": "ru" };
  const told = (await worker.admin("GET", `${path}kept-events`, undefined, russian)).body.events[0];
  assert.equal(told.reason, "событие 0: dialed нет или это не номер");
  assert.deepEqual({ ...told, reason: only.reason }, only, "nothing else differs");
  const still = await worker.admin("POST", `${path}kept-events/${only.id}/retry`, undefined, russian);
  assert.deepEqual([still.status, still.body.detail], [422, "событие не понято: событие 0: dialed нет или это не номер"]);
  assert.equal((await retry()).status, 422);
  assert.equal((await kept()).length, 1);
  const { headers } = await worker.admin("GET", `${path}config`);
  await worker.admin("PUT", `${path}config`, { ...config, country_code: "7" }, { "if-match": headers.get("etag") });
  const keyed = { "idempotency-key": "once" };
  const read = await worker.admin("POST", `${path}kept-events/${only.id}/retry`, undefined, keyed);
  assert.equal(read.status, 200);
  assert.equal(read.body.events, 1);
  const again = await worker.admin("POST", `${path}kept-events/${only.id}/retry`, undefined, keyed);
  assert.deepEqual([again.status, again.body], [200, read.body], "asked again, it is answered the same");
  const audit = (await worker.admin("GET", `${path}audit`)).body.rows;
  assert.equal(audit.filter(({ action }) => action === "event.retry").length, 1, "what was refused or answered again is no change");
  const { calls } = (await worker.admin("GET", `${path}calls`)).body;
  assert.deepEqual(calls.map((call) => [call.id, call.dialed]), [[read.body.calls[0], "491512345678901"]]);
  assert.equal(calls[0].attribution.reason, "number_not_ours");
  assert.deepEqual(await kept(), []);
  assert.equal((await retry()).status, 404);
});
