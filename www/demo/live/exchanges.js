// What telephone exchanges send about one call, each in its own form and signed its own way, as
// the providers' papers and the Worker's adapters have it. Pure: a call in, requests out.

import {
  FORM,
  RING_MS,
  TALK_S,
  callbacks,
  endOf,
  form,
  path,
  seconds,
  wallClock,
} from "./exchange-parts.js";
import { telnyx, telnyxTexml } from "./exchanges-telnyx.js";
import { asterisk, calltouch, freeswitch, uis } from "./exchanges-unsigned.js";

/**
 * @typedef {{id: string, dialed: string, caller: string | null, answered: boolean,
 *   startedAt: number, zone: string, origin: string, site: string}} Call `zone` is the
 *   site's time zone
 * @typedef {{secrets?: string[], path_secrets?: string[], key?: string}} Settings of one provider
 * @typedef {{path: string, headers: Record<string, string>, body: string}} Sending
 */

const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) =>
  [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const base64 = (text) => btoa(text);

async function mac(hash, secret, text) {
  const key = await crypto.subtle.importKey("raw", bytes(secret), { name: "HMAC", hash }, false, [
    "sign",
  ]);
  return crypto.subtle.sign("HMAC", key, bytes(text));
}

/** Signed JSON of the product's own making. */
async function generic(call, settings) {
  const common = {
    provider_call_id: call.id,
    direction: "in",
    caller: call.caller,
    dialed: call.dialed,
    started_at: call.startedAt,
  };
  const answer = { answered_at: call.startedAt + RING_MS };
  const events = [{ ...common, phase: "start", status: "ringing" }];
  if (call.answered) events.push({ ...common, ...answer, phase: "answer", status: "answered" });
  const end = call.answered
    ? { ...answer, status: "answered", talk_s: TALK_S }
    : { status: "missed" };
  events.push({ ...common, ...end, phase: "end", ended_at: endOf(call) });
  return Promise.all(
    events.map(async (event) => {
      const body = JSON.stringify(event);
      const now = seconds(Date.now());
      const tag = hex(await mac("SHA-256", settings.secrets[0], `${now}.${body}`));
      const headers = {
        "content-type": "application/json",
        "ringlet-signature": `t=${now},v1=${tag}`,
      };
      return { path: path(call, "generic", settings), headers, body };
    }),
  );
}

/** Zadarma: forms; the signature is base 64 of the hexadecimal text of HMAC-SHA1. */
const zadarma = (call, settings) => asZadarma(call, settings, "zadarma");

/** Novofon speaks the same language. */
const novofon = (call, settings) => asZadarma(call, settings, "novofon");

async function asZadarma(call, settings, provider) {
  const start = wallClock(call.startedAt, call.zone);
  const caller = call.caller ?? "anonymous";
  const common = { call_start: start, pbx_call_id: `in_${call.id}`, caller_id: caller };
  const events = [
    {
      event: "NOTIFY_START",
      ...common,
      called_did: call.dialed,
      signed: caller + call.dialed + start,
    },
  ];
  if (call.answered) {
    events.push({
      event: "NOTIFY_ANSWER",
      ...common,
      destination: "100",
      internal: "100",
      signed: `${caller}100${start}`,
    });
  }
  events.push({
    event: "NOTIFY_END",
    ...common,
    called_did: call.dialed,
    internal: "100",
    duration: call.answered ? String(TALK_S) : "0",
    disposition: call.answered ? "answered" : "no answer",
    status_code: call.answered ? "16" : "19",
    signed: caller + call.dialed + start,
  });
  return Promise.all(
    events.map(async ({ signed, ...fields }) => ({
      path: path(call, provider, settings),
      headers: { ...FORM, signature: base64(hex(await mac("SHA-1", settings.secrets[0], signed))) },
      body: form(fields),
    })),
  );
}

/** Mango Office: a form around JSON; SHA-256 of key, json and salt. */
async function mango(call, settings) {
  const entry = { entry_id: call.id, from: { number: call.caller ?? "" } };
  const to = { number: call.dialed, line_number: call.dialed };
  const at = (ms) => ({ timestamp: seconds(ms) });
  const leg = { ...entry, to, call_id: `${call.id}-1`, location: "ivr" };
  const events = [{ ...leg, ...at(call.startedAt), seq: 1, call_state: "Appeared" }];
  if (call.answered) {
    events.push({
      ...leg,
      ...at(call.startedAt + RING_MS),
      location: "abonent",
      seq: 2,
      call_state: "Connected",
    });
  }
  events.push({
    ...entry,
    ...at(endOf(call)),
    to: { extension: "100", number: "100" },
    line_number: call.dialed,
    call_direction: 1,
    create_time: seconds(call.startedAt),
    forward_time: seconds(call.startedAt + 1000),
    talk_time: call.answered ? seconds(call.startedAt + RING_MS) : 0,
    end_time: seconds(endOf(call)),
    entry_result: call.answered ? 1 : 0,
    disconnect_reason: 1110,
  });
  return Promise.all(
    events.map(async (event) => {
      const json = JSON.stringify(event);
      const sign = hex(
        await crypto.subtle.digest("SHA-256", bytes(settings.key + json + settings.secrets[0])),
      );
      return {
        path: path(call, "mango", settings),
        headers: FORM,
        body: form({ vpbx_api_key: settings.key, sign, json }),
      };
    }),
  );
}

/** MegaFon VATS: forms with a shared token. */
async function megafon(call, settings) {
  const common = {
    callid: call.id,
    phone: call.caller ?? "",
    diversion: call.dialed,
    user: "master",
    ext: "100",
    crm_token: settings.secrets[0],
  };
  const stamp = `${new Date(call.startedAt).toISOString().replace(/[-:]/g, "").slice(0, 15)}Z`;
  const events = [{ cmd: "event", type: "INCOMING", ...common }];
  if (call.answered) events.push({ cmd: "event", type: "ACCEPTED", ...common });
  events.push({
    cmd: "history",
    type: "in",
    ...common,
    start: stamp,
    duration: call.answered ? String(TALK_S) : "0",
    status: call.answered ? "Success" : "missed",
  });
  return events.map((fields) => ({
    path: path(call, "megafon", settings),
    headers: FORM,
    body: form(fields),
  }));
}

/** Twilio: forms; HMAC-SHA1 over the whole address and the sorted fields. */
async function twilio(call, settings) {
  const common = {
    CallSid: `CA${call.id.replaceAll("-", "")}`,
    AccountSid: "AC0",
    Direction: "inbound",
    ApiVersion: "2010-04-01",
    From: call.caller ? `+${call.caller}` : "Anonymous",
    To: `+${call.dialed}`,
  };
  const events = callbacks(call, common);
  const where = path(call, "twilio", settings);
  return Promise.all(
    events.map(async (fields) => {
      const text = Object.keys(fields)
        .sort()
        .map((name) => name + fields[name])
        .join("");
      const tag = await mac("SHA-1", settings.secrets[0], call.origin + where + text);
      const signature = base64(String.fromCharCode(...new Uint8Array(tag)));
      return {
        path: where,
        headers: { ...FORM, "x-twilio-signature": signature },
        body: form(fields),
      };
    }),
  );
}

/** The provider's name in the webhook's path; each of several languages of one is a choice. */
export const providerOf = (choice) => choice.split("-")[0];

/** The exchanges that can be pretended: a call and the settings of the provider in, and of all. */
export const exchanges = {
  generic,
  zadarma,
  novofon,
  mango,
  megafon,
  uis,
  twilio,
  telnyx,
  "telnyx-texml": telnyxTexml,
  calltouch,
  asterisk,
  freeswitch,
};

/** Their names for people. */
export const exchangeNames = {
  generic: ["signed JSON (generic)", "подписанный JSON (generic)"],
  zadarma: ["Zadarma", "Zadarma"],
  mango: ["Mango Office", "Mango Office"],
  megafon: ["MegaFon VATS", "МегаФон ВАТС"],
  twilio: ["Twilio", "Twilio"],
  telnyx: ["Telnyx (JSON)", "Telnyx (JSON)"],
  "telnyx-texml": ["Telnyx (TeXML)", "Telnyx (TeXML)"],
  novofon: ["Novofon", "Novofon"],
  uis: ["UIS, CoMagic", "UIS, CoMagic"],
  calltouch: ["Calltouch", "Calltouch"],
  asterisk: ["Asterisk", "Asterisk"],
  freeswitch: ["FreeSWITCH", "FreeSWITCH"],
};
