// The pools of the live view: a bar of states, a row per lent number, the free ones as buttons.

import { keep, make, say, write } from "../../lib/dom.js";
import { inState, phone, plural, span, state, poolName } from "../../lib/words.js";

/** States in the order of the bar. */
const ORDER = [
  "active",
  "live",
  "provisional",
  "idle",
  "held",
  "cooling",
  "draining",
  "quarantined",
  "disabled",
  "reserve",
  "free",
];
const rank = (number) => (ORDER.indexOf(number.state) + ORDER.length + 1) % (ORDER.length + 1);

/** "3 on the page · 1 held after leaving · 4 free". */
function tally(states) {
  return Object.entries(states)
    .sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map(([key, count]) => inState(key, count))
    .join(" · ");
}

function createPool(pool) {
  return make(
    "section",
    { class: "card pool", "aria-label": poolName(pool) },
    make(
      "div",
      { class: "head" },
      make("h2", {}, poolName(pool)),
      make("span", { class: "tally" }),
    ),
    make("div", { class: "load", "aria-hidden": "true" }),
    make("ul", { class: "numbers" }),
    make("ul", { class: "spare" }),
  );
}

function callButton(number, call, text) {
  const shown = phone(number.number);
  return make(
    "button",
    {
      type: "button",
      class: "plain",
      on: { click: () => call(number.number) },
      "aria-label": say(`Call ${shown}`, `Позвонить на ${shown}`),
    },
    text,
  );
}

function createNumber(number, call) {
  return make(
    "li",
    { class: "number fresh" },
    make("span", { class: "phone" }, phone(number.number)),
    make(
      "span",
      { class: "state" },
      make("span", { class: "badge" }),
      make("span", { class: "since" }),
    ),
    make(
      "span",
      { class: "who" },
      make("span", { class: "source" }),
      make("span", { class: "visitor" }),
    ),
    callButton(number, call, say("Call", "Позвонить")),
  );
}

function updateNumber(row, number, now) {
  const word = state(number.state);
  const badge = row.querySelector(".badge");
  write(badge, word.text);
  badge.dataset.tone = word.tone;
  row.dataset.number = number.number;
  row.dataset.state = number.state;
  write(row.querySelector(".source"), number.source ?? "");
  write(
    row.querySelector(".visitor"),
    number.visitor ? `${say("visitor", "посетитель")} …${number.visitor.slice(-5)}` : "",
  );
  write(row.querySelector(".since"), number.since ? span(now - number.since) : "");
}

/**
 * Shows the pools.
 * @param {HTMLElement} container
 * @param {{now: number, pools: any[]}} live the answer of the live interface
 * @param {(digits: string) => void} call what the button of a number does
 */
export function showPools(container, live, call) {
  keep(
    container,
    live.pools,
    (pool) => pool.id,
    createPool,
    (section, pool) => {
      const numbers = pool.numbers ?? [];
      // Of all numbers, also those of pages that are not shown.
      const count = Object.values(pool.states).reduce((sum, of) => sum + of, 0);
      const many = plural(count, ["number", "numbers"], ["номер", "номера", "номеров"]);
      write(section.querySelector(".tally"), `${many} · ${tally(pool.states)}`);
      const bar = [...numbers].sort((a, b) => rank(a) - rank(b));
      keep(
        section.querySelector(".load"),
        bar,
        (number) => number.number,
        () => document.createElement("i"),
        (part, number) => {
          part.dataset.tone = state(number.state).tone;
        },
      );
      const lent = numbers.filter((number) => number.state !== "free");
      const spare = numbers.filter((number) => number.state === "free");
      // The key holds the visitor: a number lent on is a new row, lit up once.
      keep(
        section.querySelector(".numbers"),
        lent,
        (number) => `${number.number} ${number.visitor ?? ""}`,
        (number) => createNumber(number, call),
        (row, number) => updateNumber(row, number, live.now),
      );
      keep(
        section.querySelector(".spare"),
        spare,
        (number) => number.number,
        (number) =>
          make(
            "li",
            { "data-number": number.number },
            callButton(number, call, phone(number.number)),
          ),
        () => {},
      );
    },
  );
}
