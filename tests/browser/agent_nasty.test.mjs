// Markup that nobody planned: each place gets the whole number or stays as it is, never half of one
// and never a stranger's. The number lent is of another area than the page's, so that whatever is
// left of the old one would show.

import { testCases } from "../support/cases.mjs";

const OWN = "8 (495) 000-00-01";
const LENT = "8 (812) 777-77-99";
const lent = ["78127777799"];
const byNumber = [{ id: "a", numbers: lent, targets: [{ number: "74950000001" }] }];
const byClass = [{ id: "a", numbers: lent, targets: [{ class: "phone" }] }];
const byBoth = [{ id: "a", numbers: lent, targets: [{ class: "phone" }, { number: "74950000001" }] }];

/** A page of pieces: `[what stands there, what it becomes]`, or only what stays. */
const page = (scenarios, pieces, more = {}) => ({
  scenarios,
  body: pieces.map((piece) => `<section>${[piece].flat()[0]}</section>`).join(""),
  becomes: pieces.map((piece) => `<section>${[piece].flat().at(-1)}</section>`).join(""),
  ...more,
});
/** The same text around the number before and after. */
const swap = (text) => [text.replaceAll("#", OWN), text.replaceAll("#", LENT)];
/** A place that is the canary of its page: the others had their chance when it is swapped. */
const CANARY = swap("<p>#</p>");

testCases({
  "words, hours, dates and extensions beside a number": page(byNumber, [
    swap("<p># доб. 123</p>"),
    swap("<p># ext. 123</p>"),
    swap("<p>#, доб. 12-34</p>"),
    swap("<p># (9:00-18:00)</p>"),
    swap("<p># с 9:00 до 18:00</p>"),
    swap("<p>9:00–18:00 #</p>"),
    swap("<p># 9-18</p>"),
    swap("<p>10.12.2024 #</p>"),
    swap("<p>12.05.2024 # 10:00</p>"),
    swap("<p>101000, Москва, #</p>"),
    swap("<p>Тел/факс: #</p>"),
    swap("<p>☎#📞</p>"),
    swap("<p>#* <small>бесплатно</small></p>"),
    swap("<p>#, 8 (495) 000-00-02</p>"),
    swap("<p>#, #</p>"),
    swap("<p>#<br>8 (495) 000-00-02</p>"),
    swap("<table><tbody><tr><td>12</td><td>#</td><td>34</td></tr></tbody></table>"),
    swap("<p><span>2024</span> <span>#</span> <span>5</span></p>"),
    swap('<p><i>1</i><b title="2">#</b></p>'.replace("<i>1</i>", "<i>1</i> ")),
  ]),

  "the lent number stands in the page itself: what the agent did not write is the page's": page(
    byClass,
    [
      swap('<b class="phone">#</b>'),
      `<p>${LENT}</p>`,
      `<b class="phone">${LENT}</b>`,
      `<a href="tel:+78127777799">${LENT}</a>`,
    ],
  ),

  "the same where it is searched, and again after the page was looked at": page(
    byNumber,
    [CANARY, `<p>${LENT}</p>`, `<a href="tel:+78127777799">${LENT}</a>`],
    { later: "window.ringlet?.('swap')" },
  ),

  "the same where it is searched and selected": page(
    byBoth,
    [CANARY, swap('<b class="phone">#</b>'), `<p>${LENT}</p>`],
    { later: "window.ringlet?.('swap')" },
  ),

  "copies that the page makes of what it shows go back with the others": page(
    byClass,
    [swap('<b class="phone">#</b>'), swap('<i class="phone">#</i>')],
    {
      later: "document.body.append(document.querySelector('section').cloneNode(true))",
      becomes:
        `<section><b class="phone">${LENT}</b></section>` +
        `<section><i class="phone">${LENT}</i></section>` +
        `<section><b class="phone">${LENT}</b></section>`,
    },
  ),

  "a scenario that gives no number leaves the place to the next, however often it is looked at": page(
    [
      {
        ...byClass[0],
        id: "none",
        numbers: ["78127777700"],
        more: {
          conditions: [
            { dimension: "utm_source", operator: "equals", values: ["none"], negate: false },
          ],
        },
      },
      byClass[0],
    ],
    [swap('<b class="phone">#</b>')],
    {
      later:
        "for (let times = 20; times--; await pause(5))" +
        " document.querySelector('b').className = 'phone'",
    },
  ),

  "copies of what is searched": page(byNumber, [CANARY], {
    later: "document.body.append(document.querySelector('section').cloneNode(true))",
    becomes: `<section><p>${LENT}</p></section>`.repeat(2),
  }),

  "digits that are something else": page(byNumber, [
    CANARY,
    "<p>ИНН 4950000001</p>",
    "<p>ИНН/КПП 4950000001/495000001</p>",
    "<p>ОГРН 1084950000001</p>",
    "<p>СНИЛС 495-000-000 01</p>",
    "<p>р/с 40702810 8 495 000 00 01</p>",
    "<p>DE89 8495 0000 0010 0001 00</p>",
    "<p>8495 0000 0015 1234</p>",
    "<p>8 495 000 001 руб</p>",
    "<p>от 84 950 000 001 ₽</p>",
    "<p>$84,950,000,001</p>",
    "<p>55.84950, 37.0000001</p>",
    "<p>ISBN 8-4950-0000-1</p>",
    "<p>84.95.0.1</p>",
    "<p>Штрихкод: 4 849500 000001</p>",
    "<p>https://site.example/84950000001/</p>",
    "<p>site.example/?id=84950000001&amp;x</p>",
    "<p>84950000001@mail.example</p>",
    "<p>v8.495.000.00.01</p>",
    "<p>8-495-000-00-01.example</p>",
    ["<p>84950000001. Звоните</p>", "<p>88127777799. Звоните</p>"],
    "<p>Заказ № 8 495 000-00-01</p>",
    "<p>8 (495) 000-00-01x123</p>",
    "<p>8-495-000-TAXI</p>",
    "<p>８（４９５）０００－００－０１</p>",
    "<p>٨ ٤٩٥ ٠٠٠ ٠٠ ٠١</p>",
    "<p>8 (495) 000~00~01</p>",
    "<p>8 (495) <span style=\"display:none\">123</span>000-00-01</p>",
    "<p>8 (495) 000-00-01/02</p>",
  ]),

  "bare digits that a word calls something else": page(byNumber, [
    CANARY,
    "<p>ИНН: 84950000001</p>",
    "<p>ИНН 7 495 000 00 01, КПП 770001001</p>",
    "<p>Заказ 84950000001 принят</p>",
    "<p>ЗАКАЗ — <b>84950000001</b></p>",
    "<p>Номер заказа: 84950000001</p>",
    "<p>№ заказа 84950000001</p>",
    "<p>Счёт 74950000001</p>",
    "<p>р/с 74950000001</p>",
    "<p>Инвойс №: 84950000001</p>",
    "<p>Артикул:84950000001</p>",
    "<p>Tax ID: 84950000001</p>",
    "<p>Order no. 84950000001</p>",
    "<p>invoice number <i>84950000001</i></p>",
    "<table><tbody><tr><th>ИНН</th><td>84950000001</td></tr></tbody></table>",
    "<dl><dt>Заказ:</dt><dd>84950000001</dd></dl>",
    // A telephone by its dashes, its brackets, its word, its link.
    swap("<p>Заказ: #</p>"),
    swap("<p>ИНН 7700000001, тел. #</p>"),
    ["<p>Заказ 8-495-000-00-01</p>", "<p>Заказ 8-812-777-77-99</p>"],
    ["<p>Заказ такси 84950000001</p>", "<p>Заказ такси 88127777799</p>"],
    ["<p>Телефон для заказа: 84950000001</p>", "<p>Телефон для заказа: 88127777799</p>"],
    ["<p>Phone number 84950000001</p>", "<p>Phone number 88127777799</p>"],
    ["<p>Радиокод 84950000001</p>", "<p>Радиокод 88127777799</p>"],
    ["<dl><dt>Телефон</dt><dd>84950000001</dd></dl>", "<dl><dt>Телефон</dt><dd>88127777799</dd></dl>"],
    [
      '<a href="tel:84950000001">Заказ: 84950000001</a>',
      '<a href="tel:+78127777799">Заказ: 88127777799</a>',
    ],
  ]),

  "a word guards the digits directly behind it and no others": page(byNumber, [
    CANARY,
    ["<p>Для заказа: 84950000001, заказ 12345678</p>", "<p>Для заказа: 88127777799, заказ 12345678</p>"],
    ["<p>Заказ 1084950000001. Звоните 84950000001</p>", "<p>Заказ 1084950000001. Звоните 88127777799</p>"],
    ["<p>Заказ 84950000001, тел. 84950000001</p>", "<p>Заказ 84950000001, тел. 88127777799</p>"],
    ["<p>84950000001 (ИНН 7700000001, КПП 770001001)</p>", "<p>88127777799 (ИНН 7700000001, КПП 770001001)</p>"],
    ["<p>ИНН <b>84950000001</b> тел. <b>84950000001</b></p>", "<p>ИНН <b>84950000001</b> тел. <b>88127777799</b></p>"],
    ["<p>р/с 40702810500000001234, 8 495 000 00 01</p>", "<p>р/с 40702810500000001234, 8 812 777 77 99</p>"],
    ["<p>Invoice 20240017: call 84950000001</p>", "<p>Invoice 20240017: call 88127777799</p>"],
    ["<p>Order 84950000001, phone 84950000001</p>", "<p>Order 84950000001, phone 88127777799</p>"],
    ["<p>Call 84950000001 (tax ID 7700000001)</p>", "<p>Call 88127777799 (tax ID 7700000001)</p>"],
    ["<p>Account no. 84950000001 or 8 495 000 00 01</p>", "<p>Account no. 84950000001 or 8 812 777 77 99</p>"],
    // What one may call for is no order.
    ["<p>Торты на заказ: 84950000001</p>", "<p>Торты на заказ: 88127777799</p>"],
    ["<p>Оформите заказ 8 495 000 00 01</p>", "<p>Оформите заказ 8 812 777 77 99</p>"],
    ["<p>To order: 84950000001</p>", "<p>To order: 88127777799</p>"],
    // Digits of the cell before are not the cell's.
    [
      "<table><tbody><tr><td>Заказ 55</td><td>84950000001</td></tr></tbody></table>",
      "<table><tbody><tr><td>Заказ 55</td><td>88127777799</td></tr></tbody></table>",
    ],
    "<table><tbody><tr><td>Заказ №</td><td>84950000001</td></tr></tbody></table>",
    "<p>Order&nbsp;#<i>8495</i>0000001</p>",
  ]),

  "what a link dials behind the number": page(byBoth, [
    [`<a href="tel:84950000001,123">${OWN} доб. 123</a>`, `<a href="tel:+78127777799,123">${LENT} доб. 123</a>`],
    [`<a href="tel:+7-495-000-00-01;ext=12">${OWN}</a>`, `<a href="tel:+78127777799;ext=12">${LENT}</a>`],
    [`<a class="phone" href="tel:84950000002p1w2#">${OWN}</a>`, `<a class="phone" href="tel:+78127777799p1w2#">${LENT}</a>`],
    [`<a href="tel:0000001;phone-context=+7495">${OWN}</a>`, `<a href="tel:+78127777799">${LENT}</a>`],
    [`<a href="tel:84950000001,">${OWN}</a>`, `<a href="tel:+78127777799">${LENT}</a>`],
  ]),

  "a directory of hundreds, and many lines in one paragraph": page(byBoth, [
    swap("<p>#<br>#<br>#<br>#<br>#<br>#<br>#<br>#<br>#</p>"),
    swap('<b class="phone">#</b>'.repeat(500)),
  ]),

  "a number that blocks cut in pieces": page(byNumber, [
    CANARY,
    "<p>8 (495)<br>000-00-01</p>",
    "<p><b>8</b> (<i>495</i>)<br>000-00-01</p>",
    "<div><div>8 (495)</div><div>000-00-01</div></div>",
    '<div><div class="code">(495)</div> <div class="num">000-00-01</div></div>',
    "<table><tbody><tr><td>8 (495)</td><td>000-00-01</td></tr></tbody></table>",
    "<table><tbody><tr><td>8</td><td>495</td><td>000</td><td>00</td><td>01</td></tr></tbody></table>",
    "<p>8 (495)<img alt=\"\"> 000-00-01</p>",
    "<p>8 {495} 000-00-01</p>",
    "<svg><text><tspan>8 (495)</tspan> <tspan>000-00-01</tspan></text></svg>",
    `<div>${[..."84950000001"].map((digit) => `<div>${digit}</div>`).join("")}</div>`,
    // The second number would be read with the first one's new code.
    "<p>(495) 000-00-01<br>000-00-02</p>",
    "<p>8 (495) 000-00-01,<br>\n 000-00-02 (факс)</p>",
    "<table><tbody><tr><td>8 (495) 000-00-01</td><td>000-00-02</td></tr></tbody></table>",
    swap("<p>#<br>Факс 000-00-02</p>"),
    swap("<p>#<br>101000, Москва</p>"),
    "<p>т.: (495) 000-00-01, 000-00-02 (многоканальный)</p>",
    "<p>(495) 000-00-01 и 000-00-02</p>",
    // Words part them: it is a number by itself.
    ["<p>Офис 305<br>тел. 000-00-01</p>", `<p>Офис 305<br>тел. ${LENT}</p>`],
  ]),

  "a number that inline markup and marks cut in pieces": page(byNumber, [
    ["<p>8 (495) <!-- x -->000-00<!-- y -->-01</p>", "<p>8 (812) <!-- x -->777-77<!-- y -->-99</p>"],
    ["<p>8 (495) 000<i></i>-00-01</p>", "<p>8 (812) 777<i></i>-77-99</p>"],
    ["<p>8 (495) 000<wbr>-00<wbr>-01</p>", "<p>8 (812) 777<wbr>-77<wbr>-99</p>"],
    ["<p><small>(495)</small> 000-00-01</p>", "<p><small>(812)</small> 777-77-99</p>"],
    ["<p>8<sup>(495)</sup>000-00-01</p>", "<p>8<sup>(812)</sup>777-77-99</p>"],
    [
      `<p>${[..."84950000001"].map((digit) => `<span>${digit}</span>`).join("")}</p>`,
      `<p>${[..."88127777799"].map((digit) => `<span>${digit}</span>`).join("")}</p>`,
    ],
    // As a browser's translation leaves it.
    swap('<p><font style="vertical-align: inherit;"><font>Phone: #</font></font></p>'),
    ["<p><font>Call 8 (495) </font><font>000-00-01 now</font></p>", "<p><font>Call 8 (812) </font><font>777-77-99 now</font></p>"],
    ["<p>8 (495) 000\u00ad-00\u00ad-01</p>", "<p>8 (812) 777\u00ad-77\u00ad-99</p>"],
    ["<p>8 (495)\u200b 000-\u200b00-\u200b01</p>", "<p>8 (812)\u200b 777-\u200b77-\u200b99</p>"],
    ["<p>8 (495) 00\u200b0-00-01</p>", "<p>8 (812) 77\u200b7-77-99</p>"],
    ["<p>\ufeff8 (495) 000-00-01</p>", "<p>\ufeff8 (812) 777-77-99</p>"],
    ["<p>8\u200f (495)\u200e 000-00-01</p>", "<p>8\u200f (812)\u200e 777-77-99</p>"],
    ['<p dir="rtl">\u2066+7 495 000 00 01\u2069</p>', '<p dir="rtl">\u2066+7 812 777 77 99\u2069</p>'],
    ["<p>8&nbsp;(495)&nbsp;000-00-01</p>", "<p>8&nbsp;(812)&nbsp;777-77-99</p>"],
  ]),

  "wrappers of phones, extensions and old players": page(byNumber, [
    [
      '<p><a href="tel:8%20(495)%20000-00-01" x-apple-data-detectors="true">8 (495) 000-00-01</a></p>',
      '<p><a href="tel:+78127777799" x-apple-data-detectors="true">8 (812) 777-77-99</a></p>',
    ],
    ['<p>+7 <a href="tel:4950000001">(495) 000-00-01</a></p>', '<p>+7 <a href="tel:+78127777799">(812) 777-77-99</a></p>'],
    swap('<span class="skype_pnh_container"><span class="skype_pnh_text_span">#</span></span>'),
    ['<a href="TEL:84950000001">8 (495) 000-00-01</a>', `<a href="tel:+78127777799">${LENT}</a>`],
    swap('<svg><text y="15">#</text></svg>'),
    [`<svg><a href="tel:84950000001"><text>${OWN}</text></a></svg>`, `<svg><a href="tel:+78127777799"><text>${LENT}</text></a></svg>`],
    swap("<details><summary>#</summary>#</details>"),
    swap("<select><option>#</option></select>"),
    swap('<button value="1">#</button>'),
    swap("<marquee>#</marquee>"),
    swap('<a href="/contacts/">#</a>'),
  ]),

  "links that lead elsewhere keep text and address together": page(byNumber, [
    CANARY,
    `<svg><a xlink:href="tel:84950000001"><text>${OWN}</text></a></svg>`,
    `<a href="sms:+74950000001">${OWN}</a>`,
    `<a href="https://wa.me/74950000001">WhatsApp ${OWN}</a>`,
    `<a href="viber://chat?number=%2B74950000001"><b>${OWN}</b></a>`,
    `<a href="callto:+74950000001">${OWN}</a>`,
    `<a href="javascript:call('84950000001')">${OWN}</a>`,
  ]),

  "and so they do in an owner's element": page(byClass, [
    CANARY.map((html) => html.replace("<p>", '<p class="phone">')),
    `<a class="phone" href="sms:+74950000001">${OWN}</a>`,
    `<a class="phone" href="https://wa.me/74950000001?text=1">WhatsApp ${OWN} круглосуточно 24/7</a>`,
    `<a class="phone" href="callto:+74950000001"><b>8 (495)</b> 000-00-01</a>`,
    `<a href="viber://chat?number=%2B74950000001"><b class="phone">${OWN}</b></a>`,
    `<svg><a xlink:href="tel:84950000001"><text class="phone">${OWN}</text></a></svg>`,
    [
      `<p class="phone"><a href="tel:84950000001">${OWN}</a> <a href="sms:84950000001">${OWN}</a> ${OWN}</p>`,
      `<p class="phone"><a href="tel:+78127777799">${LENT}</a> <a href="sms:84950000001">${OWN}</a> ${LENT}</p>`,
    ],
    swap('<a class="phone" href="/contacts/">#</a>'),
    swap('<a class="phone" href="https://wa.me/78005553535">#</a>'),
  ]),

  "what is no text of the page": page(byBoth, [
    CANARY,
    `<input value="${OWN}"><input class="phone" placeholder="${OWN}">`,
    `<template><b class="phone">${OWN}</b></template>`,
    `<noscript><b class="phone">${OWN}</b></noscript>`,
    `<div contenteditable="plaintext-only">${OWN}</div>`,
    `<p title="${OWN}" data-phone="${OWN}">x</p>`,
    `<textarea>${OWN}</textarea>`,
    `<img class="phone" alt="${OWN}">`,
  ]),

  "a declarative shadow root and what it slots": {
    scenarios: byBoth,
    body:
      `<div id="host"><template shadowrootmode="open"><p>${OWN}</p><slot></slot></template>` +
      `<b class="phone">${OWN}</b></div>`,
    shows: "document.querySelector('#host').shadowRoot.innerHTML + document.querySelector('#host').innerHTML",
    becomes: `<p>${LENT}</p><slot></slot><b class="phone">${LENT}</b>`,
  },

  "two numbers in an element that is wanted twice": page(byBoth, [
    [`<b class="phone">${OWN}, 8 (495) 000-00-02</b>`, `<b class="phone">${LENT}, ${LENT}</b>`],
    swap('<p>Всегда: # <b>8 (495) 000-00-02</b></p>'),
    // Each has its own place.
    [`<p>${OWN} или <a href="tel:84950000001">${OWN}</a>, ${OWN}</p>`, `<p>${LENT} или <a href="tel:+78127777799">${LENT}</a>, ${LENT}</p>`],
    [`<p>${OWN} <a href="sms:84950000001">${OWN}</a> ${OWN}</p>`, `<p>${LENT} <a href="sms:84950000001">${OWN}</a> ${LENT}</p>`],
    [`<p>${OWN} <b class="phone">8 (495) 000-00-02</b></p>`, `<p>${LENT} <b class="phone">${LENT}</b></p>`],
  ], {
    // Changed often: whoever wrote two things there in turn would tire and give way.
    later:
      "const b = document.querySelector('b');" +
      " for (let at = 0; at < 9; at++) { b.append('!'); await pause(5); }" +
      " for (const node of [...b.childNodes].slice(1)) node.remove()",
  }),

  "an owner's element full of other digits": page(byClass, [
    swap('<div class="phone">ИНН 7700000001, тел. #</div>'),
    swap('<div class="phone">ОГРН 1087700000001 #</div>'),
    swap('<div class="phone">от 8 495 000 руб. #</div>'),
    swap('<div class="phone">10.12.2024 #</div>'),
    swap('<div class="phone"># (9:00-18:00)</div>'),
    swap('<div class="phone"># доб. 123</div>'),
    swap('<div class="phone"><p>#</p><p>Заказ 1234567</p></div>'),
    '<div class="phone">DE89 3704 0044 0532 0130 00</div>',
    '<div class="phone">4276 3800 1234 5678</div>',
    '<div class="phone">55.755826, 37.617300</div>',
    '<div class="phone">192.168.100.200</div>',
    '<div class="phone">8-800-ТАКСИ</div>',
    '<div class="phone">8 (495) 000:00:01</div>',
    '<div class="phone">8 (495)<br>000-00-01</div>',
    '<table class="phone"><tbody><tr><td>8 (495)</td><td>000-00-01</td></tr></tbody></table>',
    '<div class="phone">8 {495} 000-00-01</div>',
    '<a class="phone" href="tel:88005553535">8-800-555-ДОМ-35</a>',
  ]),
});
