// A pretended call: the very webhook a telephone exchange sends, signed with the site's secret. Nothing
// here is a short cut: the Worker cannot tell it from a real one.

import { api } from "../../lib/session.js";
import { say } from "../../lib/dom.js";

const SITE = "demo";
/** How late "late" is: longer than any hold time of the demonstration. */
const LATE_MS = 10 * 60 * 1000;
const RING_MS = 4_000;
const TALK_S = 95;

/** The caller of the last pretended call, for "the same caller again". */
let lastCaller = null;

/** A telephone number nobody has: +7 900 000-xx-xx. */
function stranger() {
  const [random] = crypto.getRandomValues(new Uint32Array(1));
  return `7900000${String(random % 10_000).padStart(4, "0")}`;
}

/** Hex of HMAC-SHA256. */
async function hmac(secret, message) {
  const bytes = (text) => new TextEncoder().encode(text);
  const key = await crypto.subtle.importKey("raw", bytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, bytes(message));
  return [...new Uint8Array(mac)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends one event as the generic provider does; throws with the server's words when it is refused. */
async function send(secret, event) {
  const body = JSON.stringify(event);
  const seconds = Math.floor(Date.now() / 1000);
  const mac = await hmac(secret, `${seconds}.${body}`);
  const answer = await fetch(`/v1/sites/${SITE}/calls/generic/${encodeURIComponent(secret)}`, {
    method: "POST",
    headers: { "content-type": "application/json", "ringlet-signature": `t=${seconds},v1=${mac}` },
    body,
  });
  if (!answer.ok) {
    const problem = await answer.json().catch(() => null);
    throw new Error(problem?.detail || problem?.title || say(`refused: ${answer.status}`, `отказ: ${answer.status}`));
  }
}

/** The events of one call in the generic provider's form, in the order in which they happen. */
function eventsOf({ dialed, caller, outcome, startedAt }) {
  const common = {
    provider_call_id: crypto.randomUUID(),
    direction: "in",
    caller,
    dialed,
    started_at: startedAt,
  };
  const answeredAt = startedAt + RING_MS;
  if (outcome === "missed") {
    return [
      { ...common, phase: "start", status: "ringing" },
      { ...common, phase: "end", status: "missed", ended_at: startedAt + 5 * RING_MS },
    ];
  }
  return [
    { ...common, phase: "start", status: "ringing" },
    { ...common, phase: "answer", status: "answered", answered_at: answeredAt },
    {
      ...common,
      phase: "end",
      status: "answered",
      answered_at: answeredAt,
      ended_at: answeredAt + TALK_S * 1000,
      talk_s: TALK_S,
    },
  ];
}

/**
 * Pretends a call to a number of the demonstration.
 * @param {string} dialed digits of the number
 * @param {{outcome: string, caller: string, delivery: string}} choice as the form says
 * @returns {Promise<{caller: string | null, events: number}>} what was sent
 */
export async function pretendCall(dialed, { outcome, caller, delivery }) {
  const { config } = await loadConfig();
  const secret = config.telephony?.generic?.secrets?.[0];
  if (!secret) throw new Error(say("the site has no secret of the generic provider", "у сайта нет секрета провайдера generic"));
  let who = null;
  if (caller === "same") who = lastCaller ?? stranger();
  else if (caller === "stranger") who = stranger();
  lastCaller = who ?? lastCaller;
  const startedAt = delivery === "late" ? Date.now() - LATE_MS : Date.now();
  const events = eventsOf({ dialed, caller: who, outcome, startedAt });
  if (delivery === "backwards") events.reverse();
  if (delivery === "twice") events.push(...events);
  for (const event of events) await send(secret, event);
  return { caller: who, events: events.length };
}

/** The site's configuration, however the interface wraps it. */
async function loadConfig() {
  const answer = await api(`/sites/${SITE}/config`);
  return { config: answer.config ?? answer };
}
