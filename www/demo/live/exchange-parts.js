// What all pretended exchanges share: times, forms, the webhook's address.

/** How long an answered call rings. */
export const RING_MS = 4_000;
/** How long they talk. */
export const TALK_S = 95;
/** A missed call rings this long. */
const PATIENCE_MS = 20_000;

/** The webhook's path; a signed provider without a secret of the path takes any last part. */
export const path = (call, provider, settings) => {
  const last = encodeURIComponent(settings.path_secrets?.[0] ?? "signed");
  return `/v1/sites/${call.site}/calls/${provider}/${last}`;
};

export const form = (fields) => new URLSearchParams(fields).toString();
export const FORM = { "content-type": "application/x-www-form-urlencoded" };
export const seconds = (ms) => Math.floor(ms / 1000);

/** An instant as wall-clock text of the site's zone: "2026-01-15 10:00:00". */
export const wallClock = (ms, timeZone) => new Date(ms).toLocaleString("sv-SE", { timeZone });

/** The status callbacks of a call in Twilio's language, each with its time and its place. */
export function callbacks(call, common) {
  const stamp = (ms) => new Date(ms).toUTCString().replace("GMT", "+0000");
  const told = [[call.startedAt, { CallStatus: "ringing" }]];
  if (call.answered) told.push([call.startedAt + RING_MS, { CallStatus: "in-progress" }]);
  const end = call.answered
    ? { CallStatus: "completed", CallDuration: String(TALK_S) }
    : { CallStatus: "no-answer", CallDuration: "0" };
  told.push([endOf(call), end]);
  return told.map(([ms, status], place) => ({
    ...common,
    ...status,
    CallbackSource: "call-progress-events",
    SequenceNumber: String(place),
    Timestamp: stamp(ms),
  }));
}

export const endOf = (call) =>
  call.startedAt + (call.answered ? RING_MS + TALK_S * 1000 : PATIENCE_MS);
