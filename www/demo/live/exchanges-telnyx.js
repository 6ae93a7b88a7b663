// What Telnyx sends: call control in JSON, or TeXML, which is Twilio's language in forms. Both are
// signed with Ed25519. Pure, as exchanges.js, whose types these are.
//
// The exchange has the private key and the site the public one. The demonstration has no exchange,
// so whoever sets the site up makes the pair of SHA-256 over a text that this page can make too.

import { FORM, RING_MS, callbacks, endOf, form, path, seconds } from "./exchange-parts.js";

/** What stands before the 32 bytes of a private key in PKCS 8 (RFC 8410, section 7). */
const PKCS8_HEAD = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

const bytes = (text) => new TextEncoder().encode(text);
const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));

async function privateKey(telephony) {
  const text = `telnyx ${telephony.generic.secrets[0]}`;
  const secret = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes(text)));
  const key = new Uint8Array([...PKCS8_HEAD, ...secret]);
  return crypto.subtle.importKey("pkcs8", key, "Ed25519", false, ["sign"]);
}

async function signed(bodies, type, call, settings, telephony) {
  const key = await privateKey(telephony);
  return Promise.all(
    bodies.map(async (body) => {
      const now = String(seconds(Date.now()));
      const tag = await crypto.subtle.sign("Ed25519", key, bytes(`${now}|${body}`));
      const headers = {
        ...type,
        "telnyx-timestamp": now,
        "telnyx-signature-ed25519": base64(tag),
      };
      return { path: path(call, "telnyx", settings), headers, body };
    }),
  );
}

/** Call control: the company's answer is told by the leg to the company. */
export function telnyx(call, settings, telephony) {
  const iso = (ms) => new Date(ms).toISOString();
  const notice = (type, ms, more) => ({
    data: {
      record_type: "event",
      event_type: type,
      id: crypto.randomUUID(),
      occurred_at: iso(ms),
      payload: {
        call_session_id: call.id,
        call_leg_id: `${call.id}-${more.direction}`,
        from: call.caller ? `+${call.caller}` : "anonymous",
        to: `+${call.dialed}`,
        start_time: iso(call.startedAt),
        ...more,
      },
    },
    meta: { attempt: 1 },
  });
  const incoming = { direction: "incoming" };
  const notices = [notice("call.initiated", call.startedAt, { ...incoming, state: "parked" })];
  if (call.answered) {
    const leg = { direction: "outgoing", state: "answered" };
    notices.push(notice("call.answered", call.startedAt + RING_MS, leg));
  }
  const end = {
    ...incoming,
    state: "hangup",
    end_time: iso(endOf(call)),
    hangup_cause: call.answered ? "normal_clearing" : "timeout",
  };
  notices.push(notice("call.hangup", endOf(call), end));
  const type = { "content-type": "application/json" };
  const bodies = notices.map((body) => JSON.stringify(body));
  return signed(bodies, type, call, settings, telephony);
}

/** TeXML: the status callbacks of a call. */
export function telnyxTexml(call, settings, telephony) {
  const common = {
    CallSid: `v3:${call.id}`,
    Direction: "inbound",
    From: call.caller ? `+${call.caller}` : "anonymous",
    To: `+${call.dialed}`,
  };
  const bodies = callbacks(call, common).map((fields) => form(fields));
  return signed(bodies, FORM, call, settings, telephony);
}
