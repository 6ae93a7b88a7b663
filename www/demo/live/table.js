// The table of the site's numbers, and which of them it shows: all, those in a scenario, those in
// none. The choice stands in the address, so that it survives a reload and can be sent to somebody.

import { api } from "../../lib/session.js";
import { keep, language, make, say, write } from "../../lib/dom.js";
import { count, phone, plural, state } from "../../lib/words.js";

const FILTERS = ["all", "used", "free"];
const PARAMETER = "numbers";
/** Rows shown at once; as many more at a press of the button. */
const ROWS = 200;
/** Numbers asked for at once. The interface counts them before the filter. */
const PAGE_NUMBERS = 1_000;
/** States in which a number is lent to nobody, whatever it is for. */
const WITHDRAWN = ["quarantined", "disabled"];

let rows = ROWS;
const at = (id) => document.getElementById(id);

/** The filter that the address names. */
export function filter() {
  const asked = new URLSearchParams(location.search).get(PARAMETER);
  return FILTERS.includes(asked) ? asked : "all";
}

/** Puts the choice in the address and has `changed` called when it is another. */
export function offerFilter(changed) {
  for (const choice of document.querySelectorAll(`input[name="${PARAMETER}"]`)) {
    choice.checked = choice.value === filter();
    choice.addEventListener("change", () => {
      const address = new URL(location.href);
      if (choice.value === "all") address.searchParams.delete(PARAMETER);
      else address.searchParams.set(PARAMETER, choice.value);
      history.replaceState(history.state, "", address);
      rows = ROWS;
      changed();
    });
  }
  write(at("table-more"), say("Show more numbers", "Показать ещё номера"));
  at("table-more").addEventListener("click", () => {
    rows += ROWS;
    changed();
  });
}

/** The rows that the filter shows, as many as there is room for, and whether there are more. */
export async function readTable(site) {
  const table = { filter: filter(), numbers: [], more: false };
  let cursor = "";
  do {
    const path = `/sites/${site}/numbers?filter=${table.filter}&limit=${PAGE_NUMBERS}${cursor}`;
    const page = await api(path);
    table.numbers.push(...page.numbers);
    table.more = Boolean(page.next);
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  } while (table.more && table.numbers.length < rows);
  table.more ||= table.numbers.length > rows;
  table.numbers.length = Math.min(table.numbers.length, rows);
  return table;
}

const COLUMNS = [
  { name: "number", en: "Number", ru: "Номер" },
  { name: "scenario", en: "Scenario", ru: "Сценарий" },
  { name: "calls", en: "Calls", ru: "Звонки" },
  { name: "type", en: "Type", ru: "Тип" },
  { name: "connected", en: "Connected", ru: "Подключён" },
];

/** What a number is for: its scenarios, and how they use it where they lend it to nobody. */
function purpose(number) {
  const scenarios = number.scenarios.join(", ");
  if (number.used_for === "reserve") return `${scenarios} (${say("reserve", "резервный")})`;
  if (number.used_for === "static") return `${scenarios} (${number.source})`;
  if (number.used_for === "pool" && !scenarios)
    return say(`pool ${number.pool}, no scenario`, `пул ${number.pool}, без сценария`);
  return scenarios || say("none", "нет");
}

/** A day as people write it; what is no day stands as it came. */
function day(text) {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text ?? "");
  if (!parts) return text || "—";
  const local = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  return local.toLocaleDateString(language() === "ru" ? "ru-RU" : "en-GB");
}

function createRow() {
  // The roles stay where narrow windows have rows laid out otherwise than as a table's.
  const cells = COLUMNS.map(({ name, en, ru }) =>
    make("td", { role: "cell", class: name, "data-label": say(en, ru) }),
  );
  cells[0].classList.add("phone");
  cells[1].append(make("span"), make("span", { class: "badge", hidden: true }));
  return make("tr", { role: "row" }, ...cells);
}

function updateRow(row, number) {
  const [digits, scenario, calls, type, connected] = row.children;
  row.dataset.number = number.number;
  write(digits, phone(number.number));
  const [said, badge] = scenario.children;
  write(said, purpose(number));
  const withdrawn = WITHDRAWN.includes(number.state);
  const word = state(number.state);
  badge.hidden = !withdrawn;
  badge.dataset.tone = word.tone;
  write(badge, withdrawn ? word.text : "");
  write(calls, count(number.calls));
  write(type, number.origin === "rented" ? say("rented", "арендованный") : say("own", "внешний"));
  write(connected, day(number.connected));
}

/** Shows them, unless another choice was made meanwhile. */
export function showTable(table) {
  if (table.filter !== filter()) return;
  const heads = COLUMNS.map((column) => ({ ...column, text: say(column.en, column.ru) }));
  const headed = at("table").tHead.rows[0];
  const head = ({ text }) => make("th", { scope: "col", role: "columnheader" }, text);
  keep(headed, heads, ({ name }) => name, head, () => {});
  keep(at("table").tBodies[0], table.numbers, (of) => of.number, createRow, updateRow);
  const shown = table.numbers.length;
  const many = plural(shown, ["number", "numbers"], ["номер", "номера", "номеров"]);
  write(at("table-count"), table.more ? say(`first ${many}`, `первые ${many}`) : many);
  at("table").hidden = shown === 0;
  at("table-more").hidden = !table.more;
}
