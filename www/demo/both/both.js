// The shop on the left, the live view on the right, the ways in above. The two are ordinary pages
// in frames: this page only chooses the shop's address and hands the token on through the tab's
// storage.

import { addressOf, arrivals } from "../arrivals.js";
import { language, make, say, switchLanguage } from "../../lib/dom.js";
import { takeToken } from "../../lib/session.js";

const at = (id) => document.getElementById(id);

/** Marks the arrival the shop was last opened with. */
function mark(chosen) {
  for (const link of at("arrivals").querySelectorAll("a")) {
    if (link === chosen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function showArrivals() {
  for (const arrival of arrivals) {
    const link = make(
      "a",
      { href: addressOf(arrival), target: "shop", id: `arrive-${arrival.id}` },
      arrival[language()],
    );
    link.addEventListener("click", () => mark(link));
    at("arrivals").append(make("li", {}, link));
  }
}

takeToken();
at("tongue").addEventListener("click", switchLanguage);
if (language() === "ru") document.title = "Магазин и живой вид · Ringlet";
at("shop").title = say("The shop", "Магазин");
at("live").title = say("The live view", "Живой вид");
showArrivals();
at("live").src = "/demo/live/";
// Without a referrer: that the shop is shown inside this page is nobody's advertisement.
at("shop").src = "/demo/?demo_referrer=";
