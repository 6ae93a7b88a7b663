// The live view: polls the administration's interface and shows numbers, events and calls as they
// are.

import { bringVisitors } from "./crowd.js";
import { knownExchanges, pretendCall } from "./pretend.js";
import { exchangeNames } from "./exchanges.js";
import { readCall } from "./reading.js";
import { showCalls, showEvents } from "./history.js";
import { showPools } from "./pools.js";
import { offerFilter, readTable, showTable } from "./table.js";
import { api, ApiError, dropToken, keepToken, takeToken } from "../../lib/session.js";
import { language, say, switchLanguage, write } from "../../lib/dom.js";
import { phone } from "../../lib/words.js";

const SITE = "demo";
const POLL_MS = 1000;
/** After a failure the next attempt waits longer, up to this. */
const POLL_MAX_MS = 15_000;
const VISITORS_PER_PRESS = 5;
/** Numbers asked for at once; a page more at a press of the button. */
const PAGE_NUMBERS = 200;

const at = (id) => document.getElementById(id);
let pages = 1;
let waitMs = POLL_MS;
let timer = 0;

const OPTIONS = {
  outcome: { answered: ["answered", "ответили"], missed: ["missed", "не ответили"] },
  caller: {
    stranger: ["a new caller", "новый человек"],
    same: ["the same caller again", "тот же человек снова"],
    withheld: ["a withheld number", "скрытый номер"],
  },
  delivery: {
    prompt: ["at once", "сразу"],
    twice: ["twice (must stay one call)", "дважды (звонок один)"],
    late: ["ten minutes late", "с опозданием на десять минут"],
    backwards: ["end before start", "конец раньше начала"],
  },
};

/** Options hold no elements, so their two languages cannot stand side by side in the page. */
function nameOptions() {
  for (const [id, options] of Object.entries(OPTIONS)) {
    for (const option of at(id).options) option.textContent = say(...options[option.value]);
  }
}

/** Offers the exchanges the site has secrets for; once, because secrets seldom change. */
async function offerExchanges() {
  if (at("provider").options.length) return;
  for (const name of await knownExchanges())
    at("provider").append(new Option(say(...exchangeNames[name]), name));
}

function showEntrance(why) {
  at("entrance").hidden = false;
  at("view").hidden = true;
  showTrouble(why);
}

function showTrouble(text) {
  at("trouble").hidden = !text;
  write(at("trouble"), text ?? "");
}

function tell(text, tone) {
  at("said").dataset.tone = tone;
  write(at("said"), text);
}

async function call(digits) {
  tell(say(`Calling ${phone(digits)} …`, `Звоним на ${phone(digits)} …`), "");
  try {
    await offerExchanges();
    const fields = ["outcome", "caller", "delivery", "provider"];
    const choice = Object.fromEntries(fields.map((id) => [id, at(id).value]));
    const sent = await pretendCall(digits, choice);
    const who = sent.caller ? phone(sent.caller) : say("A withheld number", "скрытого номера");
    tell(
      say(
        `${who} called ${phone(digits)}. Webhooks sent: ${sent.events}.`,
        `Звонок с ${who} на ${phone(digits)}. Отправлено вебхуков: ${sent.events}.`,
      ),
      "good",
    );
    await refresh();
  } catch (error) {
    tell(
      say(`The call was refused: ${error.message}`, `Звонок не принят: ${error.message}`),
      "bad",
    );
  }
}

async function crowd() {
  at("crowd").disabled = true;
  try {
    const served = await bringVisitors(VISITORS_PER_PRESS);
    tell(
      say(
        `${served} of ${VISITORS_PER_PRESS} got a number of their own, the rest see the reserve.`,
        `Свой номер получили ${served} из ${VISITORS_PER_PRESS}, остальные видят резервный.`,
      ),
      "good",
    );
    await refresh();
  } catch (error) {
    tell(
      say(`The visits were refused: ${error.message}`, `Визиты не приняты: ${error.message}`),
      "bad",
    );
  } finally {
    at("crowd").disabled = false;
  }
}

/** The first pages of the live view as one. */
async function readLive() {
  const live = await api(`/sites/${SITE}/live?limit=${PAGE_NUMBERS}`);
  for (let page = 1; page < pages && live.next; page += 1) {
    const cursor = encodeURIComponent(live.next);
    const more = await api(`/sites/${SITE}/live?limit=${PAGE_NUMBERS}&cursor=${cursor}`);
    for (const [place, pool] of live.pools.entries())
      pool.numbers.push(...(more.pools[place]?.numbers ?? []));
    live.next = more.next;
  }
  return live;
}

function showMore() {
  pages += 1;
  poll();
}

async function refresh() {
  const [live, calls, table] = await Promise.all([
    readLive(),
    api(`/sites/${SITE}/calls?limit=20`),
    readTable(SITE),
  ]);
  at("more").hidden = !live.next;
  at("entrance").hidden = true;
  at("view").hidden = false;
  showPools(at("pools"), live, call);
  showEvents(at("events"), at("no-events"), live.pools);
  showTable(table);
  await offerExchanges();
  showCalls(at("calls"), at("no-calls"), (calls.calls ?? calls.items ?? []).map(readCall));
}

/** One poll, and the appointment for the next. A hidden page does not poll. */
async function poll() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    await refresh();
    showTrouble(null);
    waitMs = POLL_MS;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      dropToken();
      showEntrance(say("This token is not accepted.", "Этот ключ не подходит."));
      return;
    }
    waitMs = Math.min(waitMs * 2, POLL_MAX_MS);
    showTrouble(
      say(
        `No answer (${error.message}). Trying again.`,
        `Нет ответа (${error.message}). Пробуем ещё.`,
      ),
    );
  }
  timer = setTimeout(poll, waitMs);
}

if (language() === "ru") document.title = "Живой вид · Ringlet";
nameOptions();
at("tongue").addEventListener("click", switchLanguage);
at("crowd").addEventListener("click", crowd);
write(at("more"), say("Show more numbers", "Показать ещё номера"));
at("more").addEventListener("click", showMore);
offerFilter(poll);
at("entrance").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(at("token").value);
  poll();
});
document.addEventListener("visibilitychange", poll);
if (takeToken()) poll();
else showEntrance(null);
