// The documents that the agent is measured on.

import { REPORT } from "./visit.mjs";

/** A page has done all it does for a number after this time: the rest of its thread's time. */
const REST_MS = 1_500;
/** One look at whether it has, its own work and not the agent's. */
const LOOK_MS = 250;
/** What is kept for the next page has been written so long after the swap. */
const AFTER_MS = 500;

/** The number that all of them show. */
export const OWN = "8 (495) 000-10-20";

const tag = (edge, site) =>
  edge ? `<script async src="${edge}/s/${site}.js"></script>` : "";

/** Tells what the page saw, see visit.mjs: all that it wrote on the window. A picture would be
 * asked for after the function that wants it, which nobody could tell from the agent's work. */
const TELL = `
const tell = (more) => {
  navigator.sendBeacon("${REPORT}" + encodeURIComponent(JSON.stringify(more)));
};
const isSwapped = () =>
  document.readyState === "complete" && !document.body.textContent.includes("${OWN}");`;

/** Tells, when all numbers are swapped and the page has come to rest, how far things moved. */
const SHIFT = `<script>{
${TELL}
let shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
const look = () => {
  if (!isSwapped()) return setTimeout(look, ${LOOK_MS});
  setTimeout(() => tell({ shift }), ${REST_MS});
};
setTimeout(look, ${LOOK_MS});
}</script>`;

/** Tells when the first number was there and when it was swapped. */
const WATCH = `<script>{
${TELL}
let existsAt;
let swappedAt;
new MutationObserver(() => {
  const element = document.querySelector(".phone");
  if (!element || swappedAt) return;
  existsAt ??= performance.now();
  if (element.textContent === "${OWN}") return;
  swappedAt = performance.now();
  setTimeout(() => {
    const entries = performance.getEntriesByType("resource").map((one) => one.toJSON());
    tell({ existsAt, swappedAt, begunAt: window.begunAt, entries });
    // The visitor goes on to so many further pages.
    const left = Number(location.search.slice(1));
    if (left) setTimeout(() => location.assign("?" + (left - 1)), ${AFTER_MS});
  }, ${AFTER_MS});
}).observe(document, { childList: true, characterData: true, subtree: true });
}</script>`;

const html = (head, body) =>
  `<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>Shop</title>${head}</head>` +
  `<body>${body}</body></html>`;

/** A small page with two numbers; `fast` is the snippet that begins before the script is there. */
export const plainPage = (edge, site, fast) =>
  html(
    WATCH + (fast ? `<script>begunAt = performance.now();${fast}</script>` : "") + tag(edge, site),
    `<header><a class="phone" href="tel:+74950001020">${OWN}</a></header>` +
      `<main><p>Звоните: <span class="phone">${OWN}</span></p></main>`,
  );

/** Cards of a shop: ten elements each, prices, article numbers and dates in them. */
const card = (at) =>
  `<article><h3>Товар <b>№ ${10_000 + at}</b></h3><p>Цена <i>${at * 7 + 990} ₽</i>, ` +
  `в наличии <em>${at % 40} шт.</em></p><ul><li>Артикул ${400_000 + at}</li>` +
  `<li>Доставка завтра</li></ul><button>Купить</button></article>`;

const cards = () =>
  Array.from({ length: 1_000 }, (_, at) => {
    const kind = at % 100 === 50 ? `<a class="phone" href="tel:+74950001020">${OWN}</a>` : "";
    const text = `<p>Звоните: <span class="phone">${OWN}</span></p>`;
    return card(at) + (at % 100 === 0 ? text : kind);
  }).join("");

/** 10,000 elements with 20 numbers among them, 10 of them links. */
export const bigPage = (edge, site) =>
  html(edge ? SHIFT + tag(edge, site) : "", cards());

/** That page, and an application in it that appends `count` nodes when the page has its numbers:
 * rows of two, a number in one of fifty, of the class that numbers have. It keeps no promises: what
 * those take is not told apart from what the agent's take. */
export const chattyPage = (edge, site, count) =>
  html(
    `<script>{
${TELL}
let at = 0;
const append = () => {
  const rows = document.createElement("ul");
  for (const end = at + 500; at < end; at += 1) {
    const row = document.createElement("li");
    row.textContent = at % 50 ? "Строка, цена " + at + " ₽" : "Звоните: ${OWN}";
    if (at % 50 === 0) row.className = "phone";
    rows.append(row);
  }
  document.body.append(rows);
  if (at < ${count / 2}) return setTimeout(append);
  setTimeout(() => tell({ isSwapped: isSwapped() }), ${REST_MS});
};
const begin = () => {
  if (!isSwapped()) return setTimeout(begin, 50);
  // The trace begins here.
  tell({ isSwapped: true });
  setTimeout(append, ${REST_MS});
};
setTimeout(begin, ${REST_MS});
}</script>` + tag(edge, site),
    cards(),
  );

/** A script that does the least there is to do: asks for a number, and writes it when that and all
 * of the page are there. */
export const LEAST_SCRIPT = `
const base = document.currentScript.src.replace(/\\/s\\/.*/, "");
const sent = [
  fetch(base + "/v1/least", { method: "POST", body: location.href })
    .then((answer) => answer.text()),
];
if (document.readyState === "loading") {
  sent.push(new Promise((resolve) => addEventListener("DOMContentLoaded", resolve)));
}
Promise.all(sent).then(([text]) => {
  for (const element of document.querySelectorAll(".phone")) element.firstChild.nodeValue = text;
});
`;

/** A script that does the least there is to do with a remembered number: reads it and writes it. */
export const LEAST_MEMORY = `
const text = localStorage.getItem("least") || "8 (495) 000-00-77";
const write = () => {
  for (const element of document.querySelectorAll(".phone")) element.firstChild.nodeValue = text;
  localStorage.setItem("least", text);
};
if (document.readyState === "loading") addEventListener("DOMContentLoaded", write);
else write();
`;

/** What any swapper must do with what an application appends: hear of it, find its texts by
 * `nodes`, and write. */
const leastWatcher = (nodes) => `
const write = (node) => {
  const text = node.nodeValue;
  if (text.includes("${OWN}")) node.nodeValue = text.replace("${OWN}", "8 (495) 000-00-77");
};
const swap = (root) => {
  ${nodes}
};
const observer = new MutationObserver((records) => {
  for (const { addedNodes } of records) addedNodes.forEach(swap);
  observer.takeRecords();
});
observer.observe(document, { characterData: true, childList: true, subtree: true });
const begin = () => swap(document.body);
if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
else begin();
`;

/** Where the owner named a class. */
export const LEAST_WATCHER = leastWatcher(
  `for (const { firstChild } of root.querySelectorAll(".phone")) write(firstChild);`,
);

/** Where the number is searched. */
export const LEAST_SEARCHER = leastWatcher(
  `const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) write(walker.currentNode);`,
);

/** How often the script below does its piece of work. */
export const KNOWN_PIECES = 18;
/** A page and its script that do as much as is known, in the ways an agent does: when it is run, by
 * timers, after an answer, for a change of the page, with waits between. Each piece notes the time
 * on the wall, and so does what sets them going (`rest`). Nothing in it waits for another process,
 * as cookies and storage do: that is on the wall and not on the thread's clock. */
export const KNOWN_SCRIPT = `
const rest = performance.now();
const pieces = [];
const known = { pieces };
const piece = () => {
  const began = performance.now();
  window.work();
  pieces.push(performance.now() - began);
  if (pieces.length === ${KNOWN_PIECES}) window.known = known;
};
for (let at = 0; at < 10; at += 1) setTimeout(piece, at * 7);
const answer = fetch("/empty");
for (let at = 0; at < 5; at += 1) answer.then(piece);
new MutationObserver(piece).observe(document.body, { childList: true });
setTimeout(() => document.body.append("new"), 90);
setTimeout(piece, 100);
known.rest = performance.now() - rest;
piece();
`;
export const knownPage = (script) =>
  html(
    "",
    `<script>
${TELL}
// The page tells: that takes time, and would be read as the script's.
const look = () => (window.known ? tell(window.known) : setTimeout(look, 50));
setTimeout(look, 500);
window.work = () => {
  let sum = 1;
  for (let at = 0; at < 100_000; at += 1) sum = (sum * 1103515245 + 12345) % 2147483648;
  window.sum = sum;
};
for (let at = 0; at < 50; at += 1) work();
setTimeout(() => {
  const script = document.createElement("script");
  script.src = "${script}";
  document.head.append(script);
}, 200);
</script>`,
  );
