// The calculator's page: asks `POST /api/v1/sizing` and shows what it says. No formula lives here.

import { drawLines } from "../lib/chart.js";
import { draw, language, make, say, switchLanguage, write } from "../lib/dom.js";
import { count, percent, plural } from "../lib/words.js";

/** A question is asked when typing has paused this long. */
const PAUSE_MS = 150;

const at = (id) => document.getElementById(id);
let timer = 0;
let asked = 0;
let shown = null;

const LINES = [
  {
    class: "usual",
    key: "usual",
    name: () => say("calls that find their visit", "звонки, нашедшие свой визит"),
  },
  {
    class: "slow",
    key: "slow",
    name: () => say("the same, callers three times as slow", "то же, звонят втрое позже"),
  },
  {
    class: "cover",
    key: "coverage",
    name: () =>
      say(
        "visitors with a number of their own, fixed hold",
        "посетители со своим номером, фиксированное закрепление",
      ),
  },
];

const FIELDS = {
  "/visits_per_day": "visits",
  "/numbers": "numbers",
  "/hold_s": "hold",
  "/active_s": "active",
  "/accuracy": "accuracy",
};

/** A number as people type it: "10 000", "1,5". */
const typed = (id) =>
  Number(
    at(id)
      .value.replace(/[\s\u00a0]/g, "")
      .replace(",", "."),
  );

/** The question in the fields, or null with the faulty field marked. */
function question() {
  const values = {
    visits_per_day: typed("visits"),
    accuracy: Number(at("accuracy").value) / 100,
    numbers: Math.round(typed("numbers")),
    hold_s: typed("hold") * 60,
    active_s: typed("active"),
  };
  const wrong = Object.entries(values).filter(([, value]) => !Number.isFinite(value));
  markFaults(wrong.map(([name]) => ({ pointer: `/${name}`, detail: "" })));
  return wrong.length ? null : values;
}

const RANGES = {
  "/visits_per_day": () =>
    say("Visits a day: a number from 1 to 1,000,000.", "Визитов в день: число от 1 до 1 000 000."),
  "/numbers": () => say("Numbers: up to 100,000.", "Номеров: не больше 100 000."),
  "/hold_s": () =>
    say(
      "Hold: from a second to seven days (10,080 minutes).",
      "Закрепление: от секунды до семи дней (10 080 минут).",
    ),
  "/active_s": () => say("Activity: from 1 to 3,600 seconds.", "Активность: от 1 до 3600 секунд."),
};

function markFaults(faults) {
  const pointers = faults.map((fault) => fault.pointer);
  for (const [pointer, id] of Object.entries(FIELDS)) {
    if (pointers.includes(pointer)) at(id).setAttribute("aria-invalid", "true");
    else at(id).removeAttribute("aria-invalid");
  }
  write(at("fault"), faults.map((fault) => RANGES[fault.pointer]?.() ?? fault.detail).join(" "));
}

async function ask() {
  const body = question();
  if (!body) return;
  asked += 1;
  const mine = asked;
  let answer = null;
  let figured = null;
  try {
    answer = await fetch("/api/v1/sizing", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    figured = await answer.json();
  } catch {
    write(at("fault"), say("The server does not answer.", "Сервер не отвечает."));
    return;
  }
  if (mine !== asked) return;
  if (!answer.ok) {
    if (figured?.faults?.length) markFaults(figured.faults);
    else write(at("fault"), figured?.title ?? String(answer.status));
    return;
  }
  shown = { body, figured };
  show();
}

const numbersOf = (many) => plural(many, ["number", "numbers"], ["номер", "номера", "номеров"]);

function show() {
  const { body, figured } = shown;
  write(at("usual-need"), numbersOf(figured.usual.numbers_needed));
  write(at("slow-need"), numbersOf(figured.slow.numbers_needed));
  write(at("hold-need"), numbersOf(figured.hold.numbers_for_all));
  const have = (figures) =>
    figures.accuracy === undefined
      ? ""
      : say(
          `with ${numbersOf(body.numbers)}: ${percent(figures.accuracy)} of calls`,
          `с вашими (${count(body.numbers)}): ${percent(figures.accuracy)} звонков`,
        );
  write(
    at("usual-have"),
    have(figured.usual) ||
      say(
        `so that ${percent(body.accuracy)} of calls find their visit`,
        `чтобы ${percent(body.accuracy)} звонков нашли свой визит`,
      ),
  );
  write(at("slow-have"), have(figured.slow) || say("for the same accuracy", "для той же точности"));
  const covered = percent(figured.hold.coverage ?? 0);
  write(
    at("hold-have"),
    figured.hold.coverage === undefined
      ? say("so that every visitor sees his own", "чтобы каждый увидел свой")
      : say(
          `with ${numbersOf(body.numbers)}: ${covered} of visitors see their own`,
          `с вашими (${count(body.numbers)}): свой видят ${covered} посетителей`,
        ),
  );
  showCurve(figured.curve, body.accuracy);
}

function showCurve(curve, wanted) {
  drawLines(at("chart"), {
    xs: curve.map((point) => point.numbers),
    lines: LINES.map((line) => ({ class: line.class, ys: curve.map((point) => point[line.key]) })),
    wanted,
    label: say("Accuracy against the number of numbers", "Точность в зависимости от числа номеров"),
    xLabel: count,
    yLabel: percent,
    point: (index) => read(curve[index]),
  });
  const met = curve.find((point) => point.usual >= wanted) ?? curve.at(-1);
  read(met);
}

/** Tells one point of the curve in words. */
function read(point) {
  const parts = LINES.map((line) => `${line.name()} ${percent(point[line.key])}`);
  write(at("readout"), `${numbersOf(point.numbers)}: ${parts.join("; ")}.`);
}

function showLegend() {
  for (const line of LINES) {
    const sample = draw(
      "svg",
      { viewBox: "0 0 36 12", "aria-hidden": "true" },
      draw("line", { class: `line ${line.class}`, x1: 2, x2: 34, y1: 6, y2: 6 }),
    );
    at("legend").append(make("li", {}, sample, line.name()));
  }
}

if (language() === "ru") document.title = "Сколько номеров · Ringlet";
at("tongue").addEventListener("click", switchLanguage);
at("question").addEventListener("submit", (event) => event.preventDefault());
at("question").addEventListener("input", () => {
  write(at("accuracy-shown"), percent(Number(at("accuracy").value) / 100));
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
});
new ResizeObserver(() => shown && showCurve(shown.figured.curve, shown.body.accuracy)).observe(
  at("chart"),
);
showLegend();
ask();
