// A site for tests, and what its pages and its telephone exchange send.

import { createHmac, randomUUID } from "node:crypto";

export const ORIGIN = "https://shop.example";
export const SECRET = "a-secret-of-the-generic-provider-0123456789";

/** `count` numbers from 7495000xxxx, starting at `first`. */
export const numbers = (count, first = 1) =>
  Array.from({ length: count }, (_, index) => `7495000${String(first + index).padStart(4, "0")}`);

/** A configuration with one pool and one dynamic scenario; `changes` replace whole members. */
export function siteConfig(changes = {}) {
  return {
    v: 1,
    site: "shop",
    name: "Shop",
    origins: [ORIGIN],
    time_zone: "Europe/Moscow",
    locale: "en",
    country_code: "7",
    area_code: "495",
    consent: "granted",
    pools: [{ id: "main", numbers: numbers(4), hold_ms: 150000, idle_release_ms: 60000 }],
    scenarios: [
      {
        id: "all",
        name: "Everybody",
        enabled: true,
        kind: "dynamic",
        pool: "main",
        priority: 1,
        conditions: [],
        targets: [{ class: "phone" }],
        reserve_number: "74950009999",
        overflow: "reserve",
      },
    ],
    telephony: { generic: { secrets: [SECRET] } },
    ...changes,
  };
}

/** A page's message; `path` is `visit`, `beat` or `leave`. Gives status, headers and JSON. */
export async function send(worker, path, body, { site = "shop", origin = ORIGIN, headers = {} } = {}) {
  const answer = await worker.fetch(`/v1/sites/${site}/${path}`, {
    method: "POST",
    headers: {
      "content-type": "text/plain",
      "user-agent": "Mozilla/5.0 (Windows NT 10.0; rv:153.0) Gecko/20100101 Firefox/153.0",
      ...(origin === null ? {} : { origin }),
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  const given = text ? JSON.parse(text) : null;
  return { status: answer.status, headers: answer.headers, text, body: given };
}

/** A page view of a new visitor, or of `who`: what an earlier [`visit`] gave. */
export async function visit(worker, { who, url = `${ORIGIN}/`, referrer = "", targets = ["all"], options, ...more } = {}) {
  const request = {
    v: 1,
    url,
    referrer,
    targets,
    consent: "granted",
    key: randomUUID(),
    ...(who ? { visit: who.visit, visitor: who.visitor, memory: who.memory } : {}),
    ...more,
  };
  const answer = await send(worker, "visit", request, options);
  if (answer.status !== 200) throw new Error(`visit: ${answer.status} ${answer.text}`);
  return answer.body;
}

/** A sign of a page that got `given` from [`visit`]. */
export async function beat(worker, given, event, more = {}, options = {}) {
  const leases = given.numbers
    .filter((number) => number.kind === "leased")
    .map(({ scenario, lease, generation, number }) => ({ scenario, lease, generation, number }));
  const request = { v: 1, visit: given.visit, visitor: given.visitor, event, leases, key: randomUUID(), ...more };
  const answer = await send(worker, event === "leave" ? "leave" : "beat", request, options);
  if (answer.status !== 200) throw new Error(`beat: ${answer.status} ${answer.text}`);
  return answer.body;
}

/** The signature of the generic provider. */
export function signature(body, { secret = SECRET, at = Math.floor(Date.now() / 1000) } = {}) {
  const mac = createHmac("sha256", secret).update(`${at}.${body}`).digest("hex");
  return `t=${at},v1=${mac}`;
}

/** Sends an event of a call; gives the whole response. */
export async function report(worker, event, { site = "shop", secret = SECRET, sign = signature, path = "" } = {}) {
  const body = typeof event === "string" ? event : JSON.stringify(event);
  return worker.fetch(`/v1/sites/${site}/calls/generic${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", "ringlet-signature": sign(body, { secret }) },
    body,
  });
}

/** The start of a call to `dialed`, now. */
export const callStart = (dialed, more = {}) => ({
  provider_call_id: randomUUID(),
  phase: "start",
  direction: "in",
  caller: "79001112233",
  dialed,
  started_at: Date.now(),
  status: "ringing",
  ...more,
});

/** Waits until `check` gives something truthy, and gives that. */
export async function until(check, limitMs = 10_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`never happened: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
