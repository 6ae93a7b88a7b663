// The two lists of the live view: what happened to the numbers, and the calls with their
// candidates.

import { keep, make, say, write } from "../../lib/dom.js";
import { clock, ground, percent, phone, span, poolName } from "../../lib/words.js";

/** How many events are shown; the interface keeps more. */
const EVENTS_SHOWN = 16;

const KINDS = {
  granted: ["lent to a new visitor", "выдан новому посетителю"],
  grant: ["lent to a new visitor", "выдан новому посетителю"],
  confirmed: ["visitor is really there", "посетитель подтверждён"],
  new_visit: ["kept by its visitor", "остался у своего посетителя"],
  active: ["visitor is active again", "посетитель снова активен"],
  idle: ["visitor idle, number may be lent on", "посетитель неактивен, номер можно передать"],
  reclaimed: ["taken back by its visitor", "вернулся к своему посетителю"],
  released: ["released", "освобождён"],
  expired: ["hold time over, released", "время закрепления вышло, освобождён"],
  left: ["visitor left, number held", "посетитель ушёл, номер держится"],
  leave: ["visitor left, number held", "посетитель ушёл, номер держится"],
  held: ["visitor left, number held", "посетитель ушёл, номер держится"],
  taken: ["taken from an idle visitor", "взят у неактивного посетителя"],
  tap: ["the telephone link was tapped", "нажали на ссылку с номером"],
  tapped: ["the telephone link was tapped", "нажали на ссылку с номером"],
  call: ["called", "на него позвонили"],
  call_ended: ["call over", "звонок окончен"],
  quarantined: ["put into quarantine", "отправлен в карантин"],
  reserve: ["no number free: reserve shown", "свободных нет: показан резервный"],
  overflow: ["no number free", "свободных номеров нет"],
};

const what = (kind) => (KINDS[kind] ? say(...KINDS[kind]) : String(kind).replaceAll("_", " "));

function updateEvent(row, event) {
  write(row.querySelector("time"), clock(event.at));
  write(
    row.querySelector(".what"),
    `${event.number ? phone(event.number) : poolName(event.pool)} · ${what(event.kind)}`,
  );
  const why = [event.source, ground(event.why)].filter(Boolean).join(": ");
  write(row.querySelector(".why"), why);
}

/** Shows the latest events of all pools, newest first. */
export function showEvents(list, empty, pools) {
  const events = pools
    .flatMap((pool) => (pool.events ?? []).map((event) => ({ ...event, pool })))
    .sort((a, b) => b.at - a.at)
    .slice(0, EVENTS_SHOWN);
  empty.hidden = events.length > 0;
  keep(
    list,
    events,
    (event) => `${event.pool.id} ${event.id}`,
    () =>
      make(
        "li",
        {},
        make("time"),
        make("div", {}, make("div", { class: "what" }), make("div", { class: "why" })),
      ),
    updateEvent,
  );
}

function createCall() {
  return make(
    "li",
    { class: "call" },
    make(
      "div",
      { class: "line" },
      make("b", { class: "phone from" }),
      make("span", { class: "to" }),
      make("span", { class: "badge" }),
      make("span", { class: "time" }),
    ),
    make("p", { class: "verdict" }),
    make("p", { class: "story soft" }),
    make(
      "details",
      {},
      make("summary"),
      make("ul", { class: "candidates" }),
      make("p", { class: "soft touches-head" }),
      make("ol", { class: "touches" }),
      make("p", { class: "soft before-head" }),
      make("ul", { class: "touches before" }),
    ),
  );
}

/** Shows the calls, newest first. `reading` turns a call of the interface into what is shown. */
export function showCalls(list, empty, calls) {
  empty.hidden = calls.length > 0;
  keep(list, calls, (call) => call.id, createCall, updateCall);
}

const STATUS = {
  ringing: ["ringing", "звонит", "cool"],
  talking: ["talking", "разговор", "good"],
  answered: ["answered", "отвечен", "good"],
  cancelled: ["caller hung up", "звонящий положил трубку", "warn"],
  missed: ["missed", "пропущен", "bad"],
  busy: ["busy", "занято", "warn"],
  failed: ["failed", "не прошёл", "bad"],
};

function updateCall(row, call) {
  write(
    row.querySelector(".from"),
    call.caller ? phone(call.caller) : say("number withheld", "номер скрыт"),
  );
  write(row.querySelector(".to"), `→ ${phone(call.dialed)}`);
  const [en, ru, tone] = STATUS[call.status] ?? [call.status ?? "", call.status ?? "", ""];
  const badge = row.querySelector(".badge");
  write(badge, call.talkSeconds ? `${say(en, ru)}, ${span(call.talkSeconds * 1000)}` : say(en, ru));
  badge.dataset.tone = tone;
  write(row.querySelector(".time"), call.startedAt ? clock(call.startedAt) : "");
  write(row.querySelector(".verdict"), verdict(call));
  const story = row.querySelector(".story");
  story.hidden = !call.story;
  write(story, call.story);
  const details = row.querySelector("details");
  const told = [call.candidates, call.touches, call.before];
  details.hidden = told.every((lines) => lines.length === 0);
  write(
    row.querySelector("summary"),
    say("Why, and who else it could have been", "Почему и кто ещё это мог быть"),
  );
  keep(
    row.querySelector(".candidates"),
    call.candidates,
    (candidate) => candidate.key,
    createCandidate,
    updateCandidate,
  );
  const list = (name, head, lines) => {
    const title = row.querySelector(`.${name}-head`);
    title.hidden = lines.length === 0;
    write(title, head);
    keep(
      row.querySelector(name === "before" ? ".before" : ".touches"),
      lines,
      (line) => line,
      () => make("li"),
      (item, line) => write(item, line),
    );
  };
  list("touches", say("What brought him", "Что его привело"), call.touches);
  list("before", say("Said of the call before", "Раньше считалось"), call.before);
}

function verdict(call) {
  if (call.isWaiting) return say("Being credited …", "Определяем источник …");
  if (!call.source)
    return `${say("Not credited", "Не отнесён")}${call.reason ? `: ${call.reason}` : ""}`;
  const sure =
    call.probability === null
      ? ""
      : `, ${say("sure to", "уверенность")} ${percent(call.probability)}`;
  return `${call.source}${sure}${call.reason ? `: ${call.reason}` : ""}`;
}

function createCandidate() {
  return make(
    "li",
    {},
    make("span", { class: "share" }),
    make("div", {}, make("div", { class: "whom" }), make("div", { class: "reason" })),
    make("meter", { min: 0, max: 1, "aria-label": say("probability", "вероятность") }),
  );
}

function updateCandidate(item, candidate) {
  write(item.querySelector(".share"), percent(candidate.probability));
  write(item.querySelector(".whom"), candidate.source);
  write(item.querySelector(".reason"), candidate.reason);
  item.querySelector("meter").value = candidate.probability;
}
