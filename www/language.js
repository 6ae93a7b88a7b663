// Chooses the language before the first paint, so that no page is painted twice: `?lang=`, then the
// remembered choice, then the browser's. A classic script on purpose: modules run after the parser.
(function () {
  "use strict";
  var root = document.documentElement;
  var asked = new URLSearchParams(location.search).get("lang");
  var kept = null;
  try {
    if (asked === "ru" || asked === "en") localStorage.setItem("page-language", asked);
    kept = localStorage.getItem("page-language");
  } catch (blocked) {
    // Storage may be forbidden: the choice then lives as long as the address.
  }
  var wanted = asked || kept || navigator.language || "en";
  root.lang = wanted.slice(0, 2) === "ru" ? "ru" : "en";
  // A page shown inside the split view leaves its own bars to the page around it.
  if (window.top !== window) root.dataset.framed = "";
})();
