// The front page's own script.

import { language, switchLanguage } from "./lib/dom.js";
import { takeToken } from "./lib/session.js";

takeToken();
if (language() === "ru") document.title = "Ringlet, динамический коллтрекинг";
document.getElementById("tongue").addEventListener("click", switchLanguage);
