// A pretended call: the very webhooks a telephone exchange sends, signed with the site's secrets.
// Nothing here is a short cut: the Worker cannot tell it from a real call.

import { exchanges, providerOf } from "./exchanges.js";
import { api } from "../../lib/session.js";
import { say } from "../../lib/dom.js";

const SITE = "demo";
/** How late "late" is: longer than any hold time of the demonstration. */
const LATE_MS = 10 * 60 * 1000;

/** The caller of the last pretended call, for "the same caller again". */
let lastCaller = null;

/** A telephone number nobody has: +7 900 000-xx-xx. */
function stranger() {
  const [random] = crypto.getRandomValues(new Uint32Array(1));
  return `7900000${String(random % 10_000).padStart(4, "0")}`;
}

function callerFor(choice) {
  if (choice === "withheld") return null;
  const caller = choice === "same" && lastCaller ? lastCaller : stranger();
  lastCaller = caller;
  return caller;
}

/** Sends one webhook; throws with the server's words when it is refused. */
async function send({ path, headers, body }) {
  const answer = await fetch(path, { method: "POST", headers, body });
  if (answer.ok) return;
  const problem = await answer.json().catch(() => null);
  throw new Error(
    problem?.detail || problem?.title || say(`status ${answer.status}`, `статус ${answer.status}`),
  );
}

/** The site's configuration, with its telephony secrets. */
async function loadConfig() {
  const answer = await api(`/sites/${SITE}/config`);
  return answer.config ?? answer;
}

/** The exchanges the site is set up for, in the order of the list. */
export async function knownExchanges() {
  const { telephony } = await loadConfig();
  return Object.keys(exchanges).filter((name) => telephony?.[providerOf(name)]);
}

/**
 * Pretends a call to a number of the demonstration.
 * @param {string} dialed digits of the number
 * @param {{outcome: string, caller: string, delivery: string, provider: string}} choice
 *   as the form says
 * @returns {Promise<{caller: string | null, events: number}>} what was sent
 */
export async function pretendCall(dialed, { outcome, caller, delivery, provider }) {
  if (!crypto.subtle)
    throw new Error(
      say(
        "browsers sign on https and localhost only",
        "браузер подписывает только на https и localhost",
      ),
    );
  const config = await loadConfig();
  const settings = config.telephony?.[providerOf(provider)];
  if (!settings)
    throw new Error(
      say("the site has no secret of this provider", "у сайта нет секрета этого провайдера"),
    );
  const call = {
    id: crypto.randomUUID(),
    dialed,
    caller: callerFor(caller),
    answered: outcome === "answered",
    startedAt: Date.now() - (delivery === "late" ? LATE_MS : 0),
    zone: config.time_zone ?? "UTC",
    origin: location.origin,
    site: SITE,
  };
  const sendings = await exchanges[provider](call, settings, config.telephony);
  if (delivery === "backwards") sendings.reverse();
  if (delivery === "twice") sendings.push(...sendings);
  for (const sending of sendings) await send(sending);
  return { caller: call.caller, events: sendings.length };
}
