// The documents that the agent is measured on.

/** The number that all of them show. */
export const OWN = "8 (495) 000-10-20";

const tag = (edge, site) =>
  edge ? `<script async src="${edge}/s/${site}.js"></script>` : "";

/** Notes when the first number was there and when it was swapped, and how far things moved. */
const WATCH = `<script>
new MutationObserver(() => {
  const element = document.querySelector(".phone");
  if (!element) return;
  window.existsAt ??= performance.now();
  if (element.textContent !== "${OWN}") window.swappedAt ??= performance.now();
}).observe(document, { childList: true, characterData: true, subtree: true });
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
</script>`;

const html = (head, body) =>
  `<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>Shop</title>${head}</head>` +
  `<body>${body}</body></html>`;

/** A small page with two numbers. */
export const plainPage = (edge, site) =>
  html(
    WATCH + tag(edge, site),
    `<header><a class="phone" href="tel:+74950001020">${OWN}</a></header>` +
      `<main><p>Звоните: <span class="phone">${OWN}</span></p></main>`,
  );

/** Cards of a shop: ten elements each, prices, article numbers and dates in them. */
const card = (at) =>
  `<article><h3>Товар <b>№ ${10_000 + at}</b></h3><p>Цена <i>${at * 7 + 990} ₽</i>, ` +
  `в наличии <em>${at % 40} шт.</em></p><ul><li>Артикул ${400_000 + at}</li>` +
  `<li>Доставка завтра</li></ul><button>Купить</button></article>`;

/** 10,000 elements with 20 numbers among them, 10 of them links. */
export function bigPage(edge, site) {
  const cards = Array.from({ length: 1_000 }, (_, at) => {
    const kind = at % 100 === 50 ? `<a class="phone" href="tel:+74950001020">${OWN}</a>` : "";
    const text = `<p>Звоните: <span class="phone">${OWN}</span></p>`;
    return card(at) + (at % 100 === 0 ? text : kind);
  });
  return html(WATCH + tag(edge, site), cards.join(""));
}

/** Runs in the page: appends `count` rows of two nodes, as an application does. */
export const list = async ([count, own]) => {
  for (let from = 0; from < count; from += 500) {
    const rows = document.createElement("ul");
    for (let at = from; at < from + 500; at += 1) {
      const row = document.createElement("li");
      row.textContent = at % 50 ? `Строка, цена ${at} ₽` : `Звоните: ${own}`;
      rows.append(row);
    }
    document.body.append(rows);
    await new Promise((resolve) => setTimeout(resolve));
  }
};
