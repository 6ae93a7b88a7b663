// The installer's page: what to paste, what to allow, and whether visits arrive.

import { language, say, switchLanguage, write } from "../lib/dom.js";
import { api, ApiError, takeToken } from "../lib/session.js";
import { plural } from "../lib/words.js";
import { tagOf } from "./tags.js";

const STATUS_MS = 3000;
const at = (id) => document.getElementById(id);
let timer = 0;
/** What the edge serves now, and the site's consent mode. */
let release;
let consent;

/** What to paste, for the site in the field. */
function showSnippets() {
  const site = encodeURIComponent(at("site").value.trim());
  const isFast = at("fast").checked && Boolean(release);
  const isPinned = at("pinned").checked && Boolean(release);
  write(at("tag"), tagOf(location.origin, site, release, { isFast, isPinned, consent }));
  const waits = consent === "wait";
  at("fast").disabled = waits;
  at("waits").hidden = !waits;
  write(at("mark"), `<a class="phone-city" href="tel:+74950001020">8 (495) 000-10-20</a>`);
  write(
    at("policy"),
    `script-src ${location.origin} 'wasm-unsafe-eval'; connect-src ${location.origin}`,
  );
}

/** Whether the edge knows the site: its script is public. */
async function checkSite() {
  const fresh = (path) => fetch(path, { cache: "no-store" }).catch(() => null);
  const answer = await fresh(`/s/${encodeURIComponent(at("site").value.trim())}.json`);
  const known = answer?.ok ?? false;
  consent = known ? (await answer.json()).consent : undefined;
  release ??= await fresh("/a/agent.json").then((given) => given?.json());
  showSnippets();
  at("found").dataset.tone = known ? "good" : "bad";
  const missing = answer
    ? say(
        "The edge knows no such site. Create it first.",
        "Такого сайта здесь нет. Сначала создайте его.",
      )
    : say("The edge does not answer.", "Сервер не отвечает.");
  write(
    at("found"),
    known
      ? say("The site is known, its script is served.", "Сайт известен, его скрипт отдаётся.")
      : missing,
  );
}

function showState(tone, word, text) {
  at("state").dataset.tone = tone;
  write(at("state"), word);
  write(at("state-text"), text);
}

/** States of a number that a visitor has. */
const LENT = ["provisional", "active", "idle", "held", "draining"];

/** Visits seen, for whoever holds the token; others are told how to see them. */
async function showStatus() {
  clearTimeout(timer);
  if (document.hidden) return;
  if (!takeToken()) {
    showState(
      "",
      say("unknown", "неизвестно"),
      say(
        "Open this page with #token=… to watch visits arrive.",
        "Откройте страницу с #token=…, чтобы видеть приходящие визиты.",
      ),
    );
    return;
  }
  try {
    const live = await api(`/sites/${encodeURIComponent(at("site").value.trim())}/live`);
    const lent = live.pools
      .flatMap((pool) => LENT.map((state) => pool.states[state] ?? 0))
      .reduce((sum, count) => sum + count, 0);
    if (lent)
      showState(
        "good",
        say("working", "работает"),
        plural(
          lent,
          ["number is lent now", "numbers are lent now"],
          ["номер выдан сейчас", "номера выданы сейчас", "номеров выдано сейчас"],
        ),
      );
    else
      showState(
        "warn",
        say("waiting", "ждём"),
        say("Waiting for the first visit.", "Ждём первого визита."),
      );
  } catch (error) {
    const refused = error instanceof ApiError && [401, 403].includes(error.status);
    showState(
      "bad",
      say("no answer", "нет ответа"),
      refused ? say("The token is not accepted.", "Ключ не подходит.") : error.message,
    );
    if (refused) return;
  }
  timer = setTimeout(showStatus, STATUS_MS);
}

async function copy(button) {
  const name = button.textContent;
  try {
    await navigator.clipboard.writeText(at(button.dataset.copy).textContent);
    write(button, say("Copied", "Скопировано"));
  } catch {
    getSelection().selectAllChildren(at(button.dataset.copy));
    write(button, say("Press Ctrl+C", "Нажмите Ctrl+C"));
  }
  setTimeout(() => write(button, name.trim()), 2000);
}

if (language() === "ru") document.title = "Установка · Ringlet";
at("tongue").addEventListener("click", switchLanguage);
for (const id of ["site", "fast", "pinned"]) at(id).addEventListener("input", showSnippets);
at("choice").addEventListener("submit", (event) => {
  event.preventDefault();
  checkSite();
  showStatus();
});
for (const button of document.querySelectorAll("[data-copy]")) {
  button.textContent = say("Copy", "Скопировать");
  button.addEventListener("click", () => copy(button));
}
document.addEventListener("visibilitychange", showStatus);
showSnippets();
checkSite();
showStatus();
