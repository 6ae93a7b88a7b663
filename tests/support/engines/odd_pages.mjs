// Pages unlike those that anybody planned, each with what it must become: every engine shows them.
//
// A page is a `body` and what it `becomes`, or a whole `document`; `¤` stands for the number, the
// page's before and the lent one after.

const OWN = "8 (495) 000-00-01";
const LENT = "8 (812) 777-77-99";
const byNumber = [{ number: "74950000001" }];
const byClass = [{ class: "phone" }];

/** A page of pieces: `[what stands there, what it becomes]`, or only what is to be filled in. */
const pieces = (list, more = {}) => {
  const join = (at, number) =>
    list
      .map((piece) => `<section>${[piece].flat().at(at).replaceAll("¤", number)}</section>`)
      .join("");
  return { body: join(0, OWN), becomes: join(-1, LENT), ...more };
};
/** What stays as it is, the number and all. */
const stays = (html) => html.replaceAll("¤", OWN);
const CANARY = "<p>¤</p>";

/** What libraries of old days and defensive pages do to the language, before the agent. */
const PROTOTYPE_JS = `
  Array.from = function (list) {
    if (!list) return [];
    let { length } = list;
    const all = new Array(length || 0);
    while (length--) all[length] = list[length];
    return all;
  };
  Array.prototype.toJSON = function () { return "[" + this.map(String) + "]"; };
  Array.prototype.find = function (test) { return this.filter(test)[0]; };
  Array.prototype.entries = function () { return this; };
  Object.keys = function (it) { const names = []; for (const name in it) names.push(name); return names; };
  Function.prototype.bind = function (self, ...first) {
    const act = this;
    return function (...rest) { return act.apply(self, [...first, ...rest]); };
  };
  String.prototype.startsWith = function (text) { return this.lastIndexOf(text, 0) === 0; };
`;
const WRAPPED = `
  { const own = window.fetch; window.fetch = function () { return own.apply(this, arguments).then((a) => a); }; }
  { const Own = window.Promise; window.Promise = class extends Own {}; }
  { const Own = window.MutationObserver;
    window.MutationObserver = class extends Own { constructor(act) { super((list, me) => act(list, me)); } }; }
  { const own = JSON.parse; JSON.parse = function (text) { return own(text); }; }
  { const own = window.setTimeout; window.setTimeout = function () { return own.apply(window, arguments); }; }
  { const own = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (...given) { return own.apply(this, given); }; }
  window.Map = class extends Map {}; window.Set = class extends Set {}; window.WeakMap = class extends WeakMap {};
`;
const FROZEN = `
  for (const name of ["Object", "Function", "Array", "String", "RegExp", "Promise", "Map", "Set", "WeakMap",
    "Node", "Element", "Document", "History", "Storage", "EventTarget", "HTMLFormElement", "Navigator"]) {
    Object.freeze(window[name].prototype); Object.freeze(window[name]);
  }
  Object.freeze(JSON); Object.freeze(Math); Object.freeze(history);
`;
/** A page's script that runs when the number has been lent and shown. */
const later = (script) => `<script>document.addEventListener("ringlet:number", () => setTimeout(() => {${script}}, 60))</script>`;

export const PAGE_NUMBER = OWN;

/** @type {Record<string, object>} */
export const ODD_PAGES = {
  "split over nodes, tags and marks": pieces([
    ["<p><b>8</b> <i>(<u>495</u>)</i> <s>0</s>00<small>-00</small>-<em>01</em></p>",
      "<p><b>8</b> <i>(<u>812</u>)</i> <s>7</s>77<small>-77</small>-<em>99</em></p>"],
    ['<a href="tel:+74950000001"><span>8 (495)</span> <strong>000</strong><strong>-00-01</strong></a>',
      '<a href="tel:+78127777799"><span>8 (812)</span> <strong>777</strong><strong>-77-99</strong></a>'],
    ["<p>8\u00a0<bdi>(495)</bdi>\u2009000\u2011<wbr>00\u2011<wbr>01</p>", "<p>8\u00a0<bdi>(812)</bdi>\u2009777\u2011<wbr>77\u2011<wbr>99</p>"],
    ["<p>8 <my-code>(495)</my-code> <my-rest>000-00-01</my-rest></p>", "<p>8 <my-code>(812)</my-code> <my-rest>777-77-99</my-rest></p>"],
    ["<p>т.&#8203;8 (495) 000&shy;-00&shy;-01.</p>", "<p>т.&#8203;8 (812) 777&shy;-77&shy;-99.</p>"],
    "<ruby>¤<rt>phone</rt></ruby>",
    "<pre>\n  Phone:\t¤\n  Fax:\t8 (495) 000-00-02\n</pre>",
    stays("<p>8 (495) <input value=\"9\"> 000-00-01</p>"),
  ]),

  "texts in pieces that lie side by side": {
    body: '<p id="own"></p><p id="cut">8 (495) 000-00-01</p>',
    early: `addEventListener("DOMContentLoaded", () => {
      document.querySelector("#own").append("8 (4", "95) 000", "", "-00-0", "1, ждём");
      document.querySelector("#cut").firstChild.splitText(5).splitText(4);
    });`,
    becomes: `<p id="own">${LENT}, ждём</p><p id="cut">${LENT}</p>`,
  },

  "an extension that makes links of numbers, after the swap": {
    body: `<p id="text">Звоните: ${OWN}!</p><p>${OWN}</p>${later(`
      const text = document.querySelector("#text").firstChild;
      const number = text.splitText(text.nodeValue.indexOf("8 ("));
      number.splitText(number.nodeValue.length - 1);
      const link = Object.assign(document.createElement("a"), { href: "tel:" + number.nodeValue.replace(/[^0-9]/g, "") });
      number.replaceWith(link); link.append(number);`)}`,
    shows: 'document.querySelector("#text").textContent + document.querySelector("p + p").textContent',
    becomes: `Звоните: ${LENT}!${LENT}`,
    // The piece is known: the same stands elsewhere on the page.
    restores: `Звоните: ${OWN}!${OWN}`,
  },

  "prices, orders, accounts and dates in the same lines": pieces([
    CANARY,
    ["<p>Order 84950000001 — call 84950000001</p>", "<p>Order 84950000001 — call 88127777799</p>"],
    ["<p>Для заказа: 84950000001, заказ № 84950000001</p>", "<p>Для заказа: 88127777799, заказ № 84950000001</p>"],
    ["<p>ИНН 7700000001 / тел. 8 495 000 00 01</p>", "<p>ИНН 7700000001 / тел. 8 812 777 77 99</p>"],
    "<p>8 495 000 ₽ в месяц, звоните: ¤</p>",
    "<p>c 10.12.2024 по 31.12.2024 тел. ¤ (9–18)</p>",
    "<p>from $84.95, 000-001 pcs, ¤</p>",
    "<li>VAT 84950000001</li>",
    "<p>IBAN 8495 0000 0010 0001</p>",
    "<p>55.849500, 37.000001</p>",
    "<p>SKU-84950000001</p>",
    "<p>84950000001.pdf</p>",
    "<p>2024-84950000001</p>",
    "<p>8 495 000 00 01 руб.</p>",
  ]),

  "shadow roots inside shadow roots, slots between": {
    body: `<p>${OWN}</p><div id="one"><b class="phone">${OWN}</b></div>`,
    early: `addEventListener("DOMContentLoaded", () => {
      const one = document.querySelector("#one").attachShadow({ mode: "open" });
      one.innerHTML = "<style>b{color:red}</style><slot></slot><div></div>";
      const two = one.querySelector("div").attachShadow({ mode: "open" });
      two.innerHTML = "<p>Тел. <slot name=x></slot></p>";
      setTimeout(() => {
        const section = document.createElement("section");
        section.attachShadow({ mode: "open" }).innerHTML = '<a href="tel:84950000001">8 (495) 000-00-01</a>';
        two.append(section);
      }, 700);
    });`,
    shows: `(() => {
      const inner = document.querySelector("#one").shadowRoot?.querySelector("div").shadowRoot;
      return document.querySelector("p").textContent + document.querySelector("#one").textContent +
        inner?.querySelector("section")?.shadowRoot.innerHTML;
    })()`,
    becomes: `${LENT}${LENT}<a href="tel:+78127777799">${LENT}</a>`,
  },

  "frames of the page's own that come late, one inside the other": {
    body: `<p>${OWN}</p>`,
    early: `addEventListener("DOMContentLoaded", () => setTimeout(() => {
      const frame = document.createElement("iframe");
      document.body.append(frame);
      frame.contentDocument.open();
      frame.contentDocument.write("<p>8 (495) 000-00-01</p><iframe srcdoc=\\"<a href='tel:84950000001'>8 (495) 000-00-01</a>\\"></iframe>");
      frame.contentDocument.close();
    }, 700));`,
    shows: `(() => {
      const outer = document.querySelector("iframe")?.contentDocument;
      const inner = outer?.querySelector("iframe")?.contentDocument;
      return document.querySelector("p").textContent + outer?.querySelector("p")?.textContent + inner?.body?.innerHTML;
    })()`,
    becomes: `${LENT}${LENT}<a href="tel:+78127777799">${LENT}</a>`,
  },

  "a frame whose page changes, in a shadow root": {
    body: `<p>${OWN}</p><div></div>`,
    early: `addEventListener("DOMContentLoaded", () => {
      const root = document.querySelector("div").attachShadow({ mode: "open" });
      const frame = document.createElement("iframe");
      frame.srcdoc = "<p>One</p>";
      root.append(frame);
      setTimeout(() => { frame.srcdoc = "<p>8 (495) 000-00-01</p>"; }, 900);
    });`,
    shows: `document.querySelector("div").shadowRoot?.querySelector("iframe").contentDocument?.body?.innerHTML`,
    becomes: `<p>${LENT}</p>`,
  },

  "malformed addresses of calls": pieces(
    [
      ["tel:8 (495) 000-00-01"],
      ["tel: +7(495)0000001"],
      ["tel:+7%20(495)%20000-00-01"],
      ["tel:8-495-000-00-01 "],
      ["Tel:+7.495.000.00.01"],
      ["tel:"],
      ["tel://8(495)0000001"],
      ["tel:+7(495)000-00-01?call"],
      ["tel:&#43;74950000001"],
      ["tel:тел. 8 495 000 00 01"],
      ["tel:84950000001tel:84950000001", "tel:+78127777799"],
    ].map(([href]) => [`<a href="${href}">¤</a>`, '<a href="tel:+78127777799">¤</a>']),
  ),

  "addresses that only look like those of calls": pieces([
    CANARY,
    // White space before it: text and address stay together.
    ...["http://tel:84950000001", "//tel:84950000001", "/tel:84950000001", " tel:84950000001", "skype:+74950000001?call", "fax:84950000001"].map(
      (href) => stays(`<a href="${href}">¤</a>`),
    ),
    '<a href="/hotel:1">¤</a>',
    '<a href="#">¤</a>',
    '<a href="javascript:void(0)">¤</a>',
    "<a>¤</a>",
    '<a href="">¤</a>',
  ]),

  "messengers in forms that nobody lists": {
    scenarios: byClass,
    changes: { page: { links: ["sms", "whatsapp", "viber", "telegram"] } },
    ...(() => {
      const list = [
        ["https://wa.me/+74950000001", "https://wa.me/+78127777799"],
        ["https://wa.me/74950000001/?text=8", "https://wa.me/78127777799/?text=8"],
        ["https://example.com/wa.me/", "https://example.com/wa.me/"],
        ["https://api.whatsapp.com/send/?phone=74950000001&amp;text&amp;type=phone_number", "https://api.whatsapp.com/send/?phone=78127777799&amp;text&amp;type=phone_number"],
        ["whatsapp://send?text=Hi&amp;phone=%2B74950000001", "whatsapp://send?text=Hi&amp;phone=%2B78127777799"],
        ["https://web.whatsapp.com/send?phone=+74950000001", "https://web.whatsapp.com/send?phone=+78127777799"],
        ["viber://add?number=74950000001", "viber://add?number=78127777799"],
        ["viber://chat/?number=%2B74950000001&amp;draft=x", "viber://chat/?number=%2B78127777799&amp;draft=x"],
        ["tg://resolve?phone=74950000001", "tg://resolve?phone=78127777799"],
        ["https://t.me/+74950000001?text=hi", "https://t.me/+78127777799?text=hi"],
        ["https://t.me/+AbCdEfGh1234567", "https://t.me/+AbCdEfGh1234567"],
        ["https://t.me/joinchat/AAAA74950000001", "https://t.me/joinchat/AAAA74950000001"],
        ["sms:84950000001?body=8", "sms:+78127777799?body=8"],
        ["viber://pa?chatURI=shop84950000001", "viber://pa?chatURI=shop84950000001"],
      ];
      const join = (at) => list.map((pair) => `<a class="phone" href="${pair[at]}">Написать</a>`).join("");
      return { body: join(0), becomes: join(1) };
    })(),
  },

  "a class for each part, twice on a page": {
    scenarios: [{ parts: "roistat-phone" }],
    ...(() => {
      const one = (country, code, rest, link) =>
        `<div><p><a href="tel:${link}"><i class="roistat-phone-country">${country}</i> (<i class="roistat-phone-region">${code}</i>) ` +
        `<b class="roistat-phone-number">${rest}</b></a></p></div>`;
      const body = (...given) => `${one("+7", ...given)}<hr>${one("8", ...given)}`;
      return { body: body("495", "000-00-01", "+74950000001"), becomes: body("812", "777-77-99", "+78127777799") };
    })(),
  },

  "data about the page, its title and its descriptions": {
    head: `<title>Shop ${OWN}</title><meta name="description" content="${OWN}"><meta property="og:phone_number" content="+74950000001">
      <script type="application/ld+json">{"@type":"Store","telephone":"+7-495-000-00-01","name":"8 (495) 000-00-01"}</script>
      <style>/* 8 (495) 000-00-01 */</style>`,
    body:
      `<p itemscope itemtype="https://schema.org/Store"><meta itemprop="telephone" content="${OWN}">` +
      `<span itemprop="telephone" content="+74950000001">${OWN}</span></p>`,
    shows: "document.head.innerHTML.replace(/<script (nonce|async).*?<\\/script>/gs, '') + document.body.innerHTML",
    becomes:
      `<meta charset="utf-8"><title>Shop</title><title>Shop ${OWN}</title><meta name="description" content="${OWN}"><meta property="og:phone_number" content="+74950000001">
      <script type="application/ld+json">{"@type":"Store","telephone":"+7-495-000-00-01","name":"8 (495) 000-00-01"}</script>
      <style>/* 8 (495) 000-00-01 */</style>` +
      `<p itemscope="" itemtype="https://schema.org/Store"><meta itemprop="telephone" content="${OWN}">` +
      `<span itemprop="telephone" content="+74950000001">${LENT}</span></p>`,
  },

  "XHTML with namespaces and sections": {
    headers: { "content-type": "application/xhtml+xml; charset=utf-8" },
    document:
      `<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml" xml:lang="ru"><head><title>x</title>{early}{tag}</head>` +
      `<body><p>8 (495) <b>000</b>-00-01<br/><![CDATA[8 (495) 000-00-01 & co]]></p>` +
      `<a href="TEL:84950000001">${OWN}</a>` +
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><a href="tel:84950000001"><text>${OWN}</text></a></svg></body></html>`,
    shows: '[...document.querySelectorAll("p,a")].map((one) => one.textContent + (one.getAttribute("href") || "")).join("|")',
    becomes: `${LENT}8 (495) 000-00-01 & co|${LENT}tel:+78127777799|${LENT}tel:+78127777799`,
  },

  "quirks, tables, upper case and nothing closed": {
    document:
      `<HTML><HEAD>{early}{tag}<BODY BGCOLOR=white><CENTER><FONT SIZE=5>ТЕЛ. ${OWN}</FONT></CENTER>` +
      `<TABLE><TR><TD>Тел.<TD><NOBR>${OWN}</NOBR><TR><TD COLSPAN=2><A HREF=tel:84950000001><B>${OWN}</TABLE><P>${OWN}<P>${OWN}<LI>${OWN}`,
    shows: '[...document.body.innerText.matchAll(/8 \\(\\d+\\) [\\d-]+/g)].join() + document.querySelector("a").getAttribute("href")',
    becomes: `${Array(6).fill(LENT).join()}tel:+78127777799`,
  },

  "a base that leads all addresses elsewhere": {
    head: '<base href="https://elsewhere.example/deep/" target="_blank">',
    body: `<p>${OWN}</p><a href="tel:84950000001">${OWN}</a><a href="?2">${OWN}</a>`,
    becomes: `<p>${LENT}</p><a href="tel:+78127777799">${LENT}</a><a href="?2">${LENT}</a>`,
  },

  "no head, no body, a number at the top": {
    document: `{early}{tag}${OWN} <i>или</i> 8 (495) 000-00-02`,
    shows: "document.body.innerText.trim()",
    becomes: `${LENT} или 8 (495) 000-00-02`,
  },

  "everything frozen before and after": {
    early: `${FROZEN}; document.addEventListener("ringlet:number", () => { Object.freeze(window.ringlet); });`,
    body: `<p>${OWN}</p><a href="tel:84950000001">${OWN}</a>`,
    becomes: `<p>${LENT}</p><a href="tel:+78127777799">${LENT}</a>`,
  },

  "a library of 2007 under everything": {
    early: PROTOTYPE_JS,
    body: `<p>${OWN}</p><a href="tel:84950000001">${OWN}</a><b class="phone">${OWN} \u{1f4de}</b>`,
    becomes: `<p>${LENT}</p><a href="tel:+78127777799">${LENT}</a><b class="phone">${LENT} \u{1f4de}</b>`,
  },

  "everything wrapped by a monitor of errors": {
    early: WRAPPED,
    body: `<p>${OWN}</p><a href="tel:84950000001">${OWN}</a>`,
    becomes: `<p>${LENT}</p><a href="tel:+78127777799">${LENT}</a>`,
  },

  "names of the page taken by forms and pictures": {
    body: [
      "body", "head", "documentElement", "createTreeWalker", "getElementsByTagName", "querySelectorAll", "cookie", "readyState",
      "visibilityState", "currentScript", "createRange", "prerendering", "referrer", "dispatchEvent", "fetch", "ringlet", "location",
      "addEventListener", "requestAnimationFrame", "q",
    ].map((name) => `<form name="${name}" id="${name}"></form><img name="${name}" alt="">`).join("") +
      `<form id="whole">${[
        "parentNode", "nodeType", "nodeValue", "localName", "childNodes", "firstChild", "lastChild", "nextSibling", "previousSibling",
        "shadowRoot", "isConnected", "closest", "getRootNode", "getAttributeNode", "querySelectorAll", "textContent", "contentDocument",
        "attributes", "ownerDocument", "matches", "href",
      ].map((name) => `<input name="${name}">`).join("")}<p>#</p>8 (495) 000-00-01 <a class="phone" href="tel:84950000001">#</a></form><p>#</p>`.replaceAll("#", OWN),
    // Of the form nothing can be asked by its own names.
    shows: `(() => {
      const { get } = Object.getOwnPropertyDescriptor(Node.prototype, "textContent");
      return [...Document.prototype.querySelectorAll.call(document, "p,a,#whole")].map((one) => get.call(one)).join();
    })()`,
    becomes: `${LENT}${LENT} ${LENT},${LENT},${LENT},${LENT}`,
  },

  "custom elements that render when they like": {
    body:
      `<p>${OWN}</p><shop-line number="8 (495) 000-00-01">Тел.</shop-line><shop-card><b class="phone">${OWN}</b></shop-card>`,
    early: `addEventListener("load", () => setTimeout(() => {
      customElements.define("shop-line", class extends HTMLElement {
        static observedAttributes = ["number"];
        attributeChangedCallback() { this.textContent = "Тел. " + this.getAttribute("number"); }
      });
      customElements.define("shop-card", class extends HTMLElement {
        connectedCallback() {
          if (this.shadowRoot) return;
          this.attachShadow({ mode: "open" }).append(...this.childNodes);
          setTimeout(() => this.remove(), 10); setTimeout(() => document.body.append(this), 20);
        }
        disconnectedCallback() { this.wasOut = true; }
      });
      document.querySelector("shop-line").setAttribute("number", "8 (495) 000-00-01");
    }, 500));`,
    shows: `document.querySelector("p").textContent + document.querySelector("shop-line").textContent +
      document.querySelector("shop-card")?.shadowRoot?.textContent`,
    becomes: `${LENT}Тел. ${LENT}${LENT}`,
  },

  "what is typed, hidden or no text": pieces([
    CANARY,
    ...[
      "<textarea>¤</textarea>",
      '<input value="¤" placeholder="¤" title="¤">',
      "<p contenteditable>¤</p>",
      '<div contenteditable="true"><p>¤</p></div>',
      "<noscript>¤</noscript>",
      "<template><p>¤</p></template>",
      "<script type=\"text/template\"><p>¤</p></script>",
      "<style>p::before { content: '¤' }</style>",
      "<!-- ¤ -->",
      '<p data-ringlet-skip="">¤</p>',
      '<iframe title="¤"></iframe>',
      '<img alt="¤">',
      "<datalist><option value=\"¤\"></option></datalist>",
    ].map(stays),
    '<div contenteditable="false"><p>¤</p></div>',
    "<select><option>¤</option><option value=\"1\">¤</option></select>",
    "<button>¤</button><output>¤</output><label>¤</label><legend>¤</legend>",
    '<p hidden="">¤</p><p aria-hidden="true">¤</p><details><summary>¤</summary><p>¤</p></details><dialog>¤</dialog>',
  ]),

  "right to left": pieces([
    '<p dir="rtl">اتصل بنا: <bdo dir="ltr">¤</bdo></p>',
    ['<p dir="rtl">התקשרו \u200e+7 495 000-00-01\u200e עכשיו</p>', '<p dir="rtl">התקשרו \u200e+7 812 777-77-99\u200e עכשיו</p>'],
    ['<p dir="rtl">\u2067\u2066+7 (495) 000-00-01\u2069\u2069</p>', '<p dir="rtl">\u2067\u2066+7 (812) 777-77-99\u2069\u2069</p>'],
    ['<p dir="rtl">هاتف\u200f:\u200f 84950000001</p>', '<p dir="rtl">هاتف\u200f:\u200f 88127777799</p>'],
    '<p dir="rtl">هاتف: ٨٤٩٥٠٠٠٠٠٠١</p>',
  ]),

  "emoji, full-width digits and half a character": pieces([
    "<p>\u260e\ufe0f¤ \u{1f1f7}\u{1f1fa}</p>",
    "<p>\u{1f4f1}\u{1f3fb}¤\u{1f468}\u200d\u{1f469}\u200d\u{1f467}</p>",
    stays("<p>8\ufe0f\u20e34\ufe0f\u20e39\ufe0f\u20e35\ufe0f\u20e30\ufe0f\u20e30\ufe0f\u20e30\ufe0f\u20e30\ufe0f\u20e30\ufe0f\u20e30\ufe0f\u20e31\ufe0f\u20e3</p>"),
    stays("<p>８（４９５）０００－００－０１</p>"),
    "<p>電話＃</p>".replace("＃", "¤"),
    "<p>（¤）</p>",
    ["<p>𝟖 8 495 000-00-01</p>", "<p>𝟖 8 812 777-77-99</p>"],
  ]),

  "numbers of other countries beside the site's": {
    scenarios: [{ number: "442079460958" }],
    lent: "442079460123",
    changes: { country_code: "44", area_code: "20" },
    ...(() => {
      const list = [
        ["020 7946 0958", "020 7946 0123"],
        ["(020) 7946 0958", "(020) 7946 0123"],
        ["+44 20 7946 0958", "+44 20 7946 0123"],
        ["+44 (0)20 7946 0958", "+44 (0)20 7946 0123"],
        ["0207-946-0958", "0207-946-0123"],
        ["7946 0958", "7946 0123"],
        ["+442079460958", "+442079460123"],
        ["02079460958", "02079460123"],
        ["8 (495) 000-00-01", "8 (495) 000-00-01"],
        ["+1 (212) 555-0123", "+1 (212) 555-0123"],
        ["+49 30 23125 958", "+49 30 23125 958"],
        ["01 99 00 79 46", "01 99 00 79 46"],
        ["Order 02079460958", "Order 02079460958"],
        ["VAT no. 2079460958", "VAT no. 2079460958"],
      ];
      const join = (at) => list.map((pair) => `<p>${pair[at]}</p>`).join("");
      return { body: join(0), becomes: join(1) };
    })(),
  },

  "American numbers": {
    scenarios: [{ number: "12125550123" }],
    lent: "16465550177",
    changes: { country_code: "1", area_code: "212", locale: "en" },
    ...(() => {
      const list = [
        ["(212) 555-0123", "(646) 555-0177"],
        ["212-555-0123", "646-555-0177"],
        ["212.555.0123", "646.555.0177"],
        ["1-212-555-0123", "1-646-555-0177"],
        ["+1 212 555 0123", "+1 646 555 0177"],
        ["1 (212) 555-0123 ext. 5", "1 (646) 555-0177 ext. 5"],
        ["Call 212-555-0123 x12", "Call 646-555-0177 x12"],
        ["212-555-0124", "212-555-0124"],
        ["$212,555,012.30", "$212,555,012.30"],
        ["Invoice 2125550123", "Invoice 2125550123"],
        ["To order: 1 212 555 0123", "To order: 1 646 555 0177"],
      ];
      const join = (at) => list.map((pair) => `<p>${pair[at]}</p>`).join("");
      return { body: join(0), becomes: join(1) };
    })(),
  },

  "three numbers in one element": {
    scenarios: [{ class: "phone" }, { number: "74950000001" }],
    body:
      '<p class="phone">8 (495) 000-00-01, +7 495 000-00-02<br>8 800 000 00 03</p>' +
      "<p>8 (495) 000-00-02, 8 (495) 000-00-01; 8 (495) 000-00-03</p>",
    becomes:
      '<p class="phone">8 (812) 777-77-99, +7 812 777-77-99<br>8 812 777 77 99</p>' +
      "<p>8 (495) 000-00-02, 8 (812) 777-77-99; 8 (495) 000-00-03</p>",
  },

  "two scenarios on one page, one inside the other": {
    scenarios: byClass,
    second: { targets: [{ number: "74950000002" }, { class: "free" }], lent: "78000000077" },
    body:
      '<div class="phone"><b class="free">8 (800) 000-00-03</b> 8 (495) 000-00-01</div>' +
      "<p>8 (495) 000-00-02</p><i class=\"free phone\">8 (495) 000-00-02</i>",
    becomes:
      '<div class="phone"><b class="free">8 (812) 777-77-99</b> 8 (812) 777-77-99</div>' +
      "<p>8 (800) 000-00-77</p><i class=\"free phone\">8 (812) 777-77-99</i>",
  },

  "a document that is written anew": {
    body: `<p>${OWN}</p>`,
    early: `addEventListener("load", () => setTimeout(() => {
      document.documentElement.innerHTML = "<head><title>New</title></head><body><p>8 (495) 000-00-01</p><b>8 (495) 000-00-01</b></body>";
    }, 900));`,
    shows: 'document.title + document.body.innerHTML',
    becomes: `New<p>${LENT}</p><b>${LENT}</b>`,
  },

  "a body that is put in another's place": {
    body: `<p>${OWN}</p>`,
    early: `addEventListener("load", () => setTimeout(() => {
      const body = document.createElement("body");
      body.innerHTML = "<main>8 (495) 000-00-01</main>";
      document.body = body;
    }, 900));`,
    becomes: `<main>${LENT}</main>`,
  },

  "a megabyte in one text": {
    body: `<p>${"Слова и 12 цифр, ".repeat(60_000)}тел. ${OWN}</p>`,
    shows: 'document.querySelector("p").textContent.slice(-30)',
    becomes: `${"Слова и 12 цифр, ".repeat(3)}тел. ${LENT}`.slice(-30),
  },

  "copies that the page makes of what is shown": {
    body: `<p id="from">${OWN}</p><div id="to"></div>${later(`
      const copy = document.querySelector("#from").cloneNode(true);
      copy.id = ""; document.querySelector("#to").append(copy);`)}`,
    shows: 'document.querySelector("#from").textContent + document.querySelector("#to").textContent',
    becomes: LENT + LENT,
    restores: OWN + OWN,
  },
};
for (const page of Object.values(ODD_PAGES)) page.scenarios ??= byNumber;
