// Reads a call of the interface into what the page shows.

import { say } from "../../lib/dom.js";
import { clock } from "../../lib/words.js";

/** A source as the page names it: the interface's own words, else the label, else the channel. */
export const sourceOf = (visit) => visit?.source ?? visit?.label ?? visit?.channel ?? null;

export function readCall(call) {
  const attribution = call.attribution ?? {};
  const candidates = (attribution.candidates ?? call.candidates ?? []).map((candidate, index) => ({
    key: candidate.lease ?? candidate.visit ?? index,
    probability: candidate.probability ?? 0,
    source: candidate.source ?? candidate.label ?? say("unknown", "неизвестно"),
    reason: candidate.reason ?? "",
  }));
  return {
    id: call.id,
    caller: call.caller ?? null,
    dialed: call.dialed,
    status: call.status,
    talkSeconds: call.talk_s ?? 0,
    startedAt: call.started_at ?? null,
    source: sourceOf(attribution) ?? sourceOf(call),
    probability: attribution.probability ?? null,
    reason: attribution.reason ?? "",
    candidates,
    touches: (call.touches ?? attribution.touches ?? []).map((touch) => `${touch.at ? `${clock(touch.at)} · ` : ""}${sourceOf(touch) ?? ""}`),
  };
}
