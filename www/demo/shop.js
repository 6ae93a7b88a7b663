// The shop's own script, as any shop has one: a block that comes late, the language switch, and the
// demonstration's strip of arrivals. It knows nothing about call tracking.

import { addressOf, arrivals } from "./arrivals.js";
import { language, make, say, switchLanguage } from "../lib/dom.js";

/** The block is fetched by a real shop; here it only comes as late as such a request. */
const BENCH_DELAY_MS = 900;

function showBench() {
  const bench = document.getElementById("bench");
  const phone = make(
    "a",
    { class: "phone phone-city", href: "tel:+74950001020" },
    "8 (495) 000-10-20",
  );
  bench.replaceChildren(
    make("span", { class: "dot", "aria-hidden": "true" }, say("A", "А")),
    make(
      "div",
      {},
      make("p", { class: "who" }, say("Andrey is in today", "Сегодня на месте Андрей")),
      make(
        "p",
        { class: "when" },
        say("a place is free at half past two", "место свободно в половине третьего"),
      ),
    ),
    make("p", { class: "call" }, phone),
  );
}

function showArrivals() {
  const list = document.getElementById("arrivals");
  for (const arrival of arrivals) {
    const link = make(
      "a",
      { href: addressOf(arrival), id: `arrive-${arrival.id}` },
      arrival[language()],
    );
    list.append(make("li", {}, link));
  }
}

if (language() === "ru") document.title = "Спица, веломастерская в Москве";
document.getElementById("tongue").addEventListener("click", switchLanguage);
showArrivals();
setTimeout(showBench, BENCH_DELAY_MS);
