// Reads a call of the interface into what the page shows, and its reasons into words.

import { say } from "../../lib/dom.js";
import { clock, span } from "../../lib/words.js";

const REASONS = {
  tapped: ["tapped the number", "нажал на номер"],
  tap: ["tapped the number", "нажал на номер"],
  known_caller: ["this caller’s earlier call was his", "прежний звонок с этого номера был его"],
  active: ["was active on the site during the call", "во время звонка был активен на сайте"],
  live_lease: ["the number was his at that moment", "номер в тот момент был его"],
  page_open: ["had the page open, last active", "страница была открыта, последняя активность"],
  left: ["had left, last active", "уже ушёл, последняя активность"],
  last_holder: ["had the number last", "держал номер последним"],
  given_on: ["the number was given to another after him", "после него номер отдали другому"],
  shown_another: ["was shown another number since", "потом ему показали другой номер"],
  came_again: ["came again later: weighed by that visit", "позже пришёл снова: учтён в том визите"],
  called_already: ["had called already", "уже звонил"],
  same_region: ["the caller’s number is from his region", "номер звонящего из его региона"],
  other_region: [
    "the caller’s number is from another region",
    "номер звонящего из другого региона",
  ],
  intent: ["showed that he wants to get in touch", "показал, что хочет связаться"],
  too_long_ago: ["too long ago", "слишком давно"],
  static_number: ["the number belongs to this source", "номер закреплён за этим источником"],
  reserve_number: [
    "the reserve number: no pool number was free",
    "резервный номер: свободных в пуле не было",
  ],
  nobody_had_it: ["nobody had the number", "номер никому не выдавали"],
  never_lent: ["nobody was ever shown the number", "номер никому не показывали"],
  held_by_nobody: ["nobody had the number at that moment", "в тот момент номер никто не держал"],
  not_sure: ["the likeliest was not likely enough", "самый вероятный недостаточно вероятен"],
  number_not_ours: ["the number is not the site’s", "номер не этого сайта"],
  number_unknown: [
    "the exchange did not say which number was dialled",
    "станция не сообщила набранный номер",
  ],
};

/** One reason in words. The interface says a word, or `{code, ago_ms?}`. */
function reasonWords(reason) {
  if (!reason) return "";
  const name = reason.code ?? reason;
  const ago = reason.ago_ms;
  const words = REASONS[name] ? say(...REASONS[name]) : String(name).replaceAll("_", " ");
  return ago === undefined ? words : `${words} ${span(ago)} ${say("before", "до звонка")}`;
}

function readCandidate(candidate, index) {
  const reasons = candidate.reasons ?? [candidate.reason];
  return {
    key: candidate.lease ?? candidate.visit ?? index,
    probability: candidate.probability ?? candidate.share ?? 0,
    source: candidate.source || say("unknown source", "источник неизвестен"),
    reason: reasons.map(reasonWords).filter(Boolean).join("; "),
  };
}

/** The words of a candidate: the interface's own, else made of his reasons. */
const wordsOf = (call, index) => {
  const words = call.explanation?.candidates?.[index];
  return words ? say(words.en, words.ru) : "";
};

/** How the visitor came to call, in one line. */
function storyOf(call) {
  const parts = [];
  const { first_touch: first, visits, pages } = call;
  if (visits) parts.push(`${say("visit", "визит")} ${visits}`);
  if (pages) parts.push(`${say("pages seen", "страниц")}: ${pages}`);
  if (typeof call.visit_to_call_s === "number")
    parts.push(
      `${say("from visit to call", "от визита до звонка")} ${span(call.visit_to_call_s * 1000)}`,
    );
  if (first && call.touches?.length > 1)
    parts.push(`${say("first came by", "впервые пришёл")}: ${first.source || first.channel}`);
  return parts.join(" · ");
}

/** What was said of the call before, and by whom, where it was something else than the next. */
function historyOf(call) {
  const revisions = call.revisions ?? [];
  const said = (revision) => `${revision.kind} ${revision.source}`;
  const isChanged = (revision, place) => {
    const next = revisions[place + 1];
    return next && said(revision) !== said(next);
  };
  return revisions.filter(isChanged).map((revision) => {
    const who = revision.by ?? revision.author;
    const source = revision.source ?? say("nobody", "никто");
    return `${clock(revision.at)} · ${source} (${who})`;
  });
}

/** The candidates, and the chance that it was nobody of them where that is worth a line. */
function candidatesOf(call, attribution) {
  const candidates = (attribution.candidates ?? []).map((candidate, index) => {
    const read = readCandidate(candidate, index);
    return { ...read, reason: wordsOf(call, index) || read.reason };
  });
  const stranger = attribution.stranger ?? 0;
  if (candidates.length === 0 || stranger < 0.005) return candidates;
  const nobody = {
    key: "stranger",
    probability: stranger,
    source: say("none of them", "никто из них"),
    reason: say(
      "a wrong number, or one noted elsewhere",
      "ошибка или номер, записанный где-то ещё",
    ),
  };
  return [...candidates, nobody].sort((a, b) => b.probability - a.probability);
}

/** A call as the page shows it. */
export function readCall(call) {
  const attribution = call.attribution ?? {};
  const credited = attribution.kind !== "unattributed" && attribution.kind !== "reserve";
  const touches = call.touches ?? attribution.touches ?? [];
  return {
    id: call.id,
    caller: call.caller ?? null,
    dialed: call.dialed,
    status: call.status,
    talkSeconds: call.talk_s ?? 0,
    startedAt: call.started_at ?? null,
    isWaiting: !call.attribution,
    source: credited ? (call.source ?? attribution.source ?? null) : null,
    probability: attribution.kind === "static" ? null : (attribution.probability ?? null),
    reason: call.explanation
      ? say(call.explanation.en, call.explanation.ru)
      : reasonWords(attribution.reason),
    story: storyOf(call),
    candidates: candidatesOf(call, attribution),
    touches: touches.map((touch) => `${clock(touch.at)} · ${touch.source || touch.channel}`),
    before: historyOf(call),
  };
}
