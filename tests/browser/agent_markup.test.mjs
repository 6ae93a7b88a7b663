// Numbers as they stand on real pages: found, rewritten in place, given back byte for byte.

import assert from "node:assert/strict";
import { test } from "node:test";
import { testCases } from "../support/cases.mjs";
import { configFor, newVisitor, servePages, settle, tag } from "../support/pages.mjs";

const NBSP = "\u00a0";
const moscow = ["74950000099"];
const free = ["78000000099"];
const petersburg = ["78120000099"];

/**
 * One page each: `scenarios` with the one number each pool can lend, the `body`, and what the
 * page's body is once it settled (`becomes`). `later` is a script of the page that runs when it has
 * its number (`testCases`).
 */
const cases = {
  "several classes and white space on one node": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ class: "comagic_phone" }] }],
    body: '<span class="header_phone comagic_phone call_phone_1">\n  8 495 000-00-01\n</span>',
    becomes: '<span class="header_phone comagic_phone call_phone_1">\n  8 495 000-00-99\n</span>',
  },
  "a link by its id, text and address together": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ element_id: "phone2" }] }],
    body:
      '<a class="desc" id="phone2" href="tel:+74950000002">8 (495) 000-00-02</a>' +
      '<a class="desc" href="mailto:mail@site.example">mail@site.example</a>',
    becomes:
      '<a class="desc" id="phone2" href="tel:+74950000099">8 (495) 000-00-99</a>' +
      '<a class="desc" href="mailto:mail@site.example">mail@site.example</a>',
  },
  "by a selector and by the name attribute": {
    scenarios: [
      {
        id: "a",
        numbers: moscow,
        targets: [{ selector: 'header > a[data-kind="sales"]' }, { name: "office" }],
      },
    ],
    body:
      '<header><a data-kind="sales" href="tel:84950000001">8 495 000-00-01</a>' +
      '<p><a data-kind="sales">8 495 000-00-01</a></p></header>' +
      '<a name="office" href="tel:84950000001">8 (495) 000-00-01</a><b title="office">8 495 000-00-01</b>',
    becomes:
      '<header><a data-kind="sales" href="tel:+74950000099">8 495 000-00-99</a>' +
      '<p><a data-kind="sales">8 495 000-00-01</a></p></header>' +
      '<a name="office" href="tel:+74950000099">8 (495) 000-00-99</a><b title="office">8 495 000-00-01</b>',
  },
  "one class on the link, another on the span inside": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ class: "link_2" }, { class: "phone_2" }] }],
    body:
      '<a class="link_2" href="tel:74950000001">' +
      '<span class="phone_2">8 (495) 000-00-01</span></a>',
    becomes:
      '<a class="link_2" href="tel:+74950000099">' +
      '<span class="phone_2">8 (495) 000-00-99</span></a>',
  },
  "a wrapper with two copies, microdata and a handler": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ class: "phones" }] }],
    body:
      '<div class="phones">\n<div class="xs">+7(495)-000-00-01</div>\n<span itemprop="telephone">' +
      '<a href="tel:+74950000001" onclick="tap()">+7(495)-000-00-01</a></span></div>',
    becomes:
      '<div class="phones">\n<div class="xs">+7(495)-000-00-99</div>\n<span itemprop="telephone">' +
      '<a href="tel:+74950000099" onclick="tap()">+7(495)-000-00-99</a></span></div>',
  },
  "a button whose text is no number": {
    scenarios: [{ id: "a", numbers: free, targets: [{ class: "btn" }], mask: "8 (XXX) XXX-XX-XX" }],
    body: '<a href="tel:88000000001" class="btn">Позвонить</a>',
    becomes: '<a href="tel:+78000000099" class="btn">Позвонить</a>',
  },
  "text and link that disagree: the visible number decides": {
    scenarios: [{ id: "a", numbers: petersburg, targets: [{ number: "78120005050" }] }],
    body:
      '<p><a href="tel:+7(812) 000-15-15"><span>+7(812) 000-50-50</span></a></p>' +
      '<p><a href="tel:+78120005050"><span>+7(812) 000-77-77</span></a></p>',
    becomes:
      '<p><a href="tel:+78120000099"><span>+7(812) 000-00-99</span></a></p>' +
      '<p><a href="tel:+78120005050"><span>+7(812) 000-77-77</span></a></p>',
  },
  "an address with spaces and brackets, and a title": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ class: "phone" }] }],
    body: '<a class="phone" href="tel:+7 (495) 000-72-20" title="Позвонить">+7 (495) 000-72-20</a>',
    becomes: '<a class="phone" href="tel:+74950000099" title="Позвонить">+7 (495) 000-00-99</a>',
  },
  "a local number under a mask": {
    scenarios: [
      { id: "a", numbers: moscow, targets: [{ class: "phone" }], mask: "8 (XXX) XXX-XX-XX" },
    ],
    body: '<span class="phone">406 00 01</span>',
    becomes: '<span class="phone">8 (495) 000-00-99</span>',
  },
  "a local number, lent one of the same area": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ class: "phone" }] }],
    body: '<span class="phone">406 00 01</span>',
    becomes: '<span class="phone">000 00 99</span>',
  },
  "a local number, lent one of another area": {
    scenarios: [{ id: "a", numbers: petersburg, targets: [{ class: "phone" }] }],
    body: '<span class="phone">406 00 01</span>',
    becomes: '<span class="phone">8 (812) 000-00-99</span>',
  },
  "a goal in onclick": {
    scenarios: [
      { id: "a", numbers: moscow, targets: [{ class: "phone" }], mask: "+7 XXX XXX-XX-XX" },
    ],
    body:
      `<a href="tel:+74950000014" class="phone" ` +
      `onclick="ym(1, 'reachGoal', 'x')">+7 495 000-00-14</a>`,
    becomes:
      `<a href="tel:+74950000099" class="phone" ` +
      `onclick="ym(1, 'reachGoal', 'x')">+7 495 000-00-99</a>`,
  },
  "a number the page itself rewrites later": {
    scenarios: [{ id: "a", numbers: free, targets: [{ class: "phone" }] }],
    body: '<span><p class="phone">8 (800) 000-00-05</p></span>',
    later: 'document.querySelector(".phone").firstChild.nodeValue = "8 (800) 000-00-06"',
    becomes: '<span><p class="phone">8 (800) 000-00-99</p></span>',
    restores: '<span><p class="phone">8 (800) 000-00-06</p></span>',
  },
  "a class that appears later": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ class: "phone" }] }],
    body: '<div><a href="tel:+74950000017">+7 (495) 000-00-17</a></div>',
    later: 'document.querySelector("a").classList.add("phone")',
    becomes: '<div><a href="tel:+74950000099" class="phone">+7 (495) 000-00-99</a></div>',
    restores: '<div><a href="tel:+74950000017" class="phone">+7 (495) 000-00-17</a></div>',
  },
  "a block that is rendered later": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ class: "phone" }] }],
    body: "<main></main>",
    later: `document.querySelector("main").innerHTML = '<b class="phone">8 495 000-00-01</b>'`,
    becomes: '<main><b class="phone">8 495 000-00-99</b></main>',
    restores: '<main><b class="phone">8 495 000-00-01</b></main>',
  },
  "two pools on one page": {
    scenarios: [
      { id: "a", numbers: free, targets: [{ class: "phone_1" }] },
      { id: "b", numbers: moscow, targets: [{ class: "phone_2" }] },
    ],
    body:
      '<a class="phone_1" href="tel:88000000001">8 (800) 000-00-01</a>' +
      '<a class="phone_2" href="tel:+74950000001">+7 (495) 000-00-01</a>',
    becomes:
      '<a class="phone_1" href="tel:+78000000099">8 (800) 000-00-99</a>' +
      '<a class="phone_2" href="tel:+74950000099">+7 (495) 000-00-99</a>',
  },
  "two scenarios claim one node: the better one has it": {
    scenarios: [
      { id: "a", numbers: free, targets: [{ class: "one" }] },
      { id: "b", numbers: moscow, targets: [{ class: "two" }] },
    ],
    body: '<b class="one two">8 (800) 000-00-01</b>',
    becomes: '<b class="one two">8 (800) 000-00-99</b>',
  },
  "unusual spaces, dashes and marks of direction": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ number: "74950000001" }] }],
    body:
      `<p>8${NBSP}(495)${NBSP}000-00-01</p><p>8\u2009495\u2009000\u200900\u200901</p>` +
      "<p>8 (495) 000\u201100\u201101</p><p>8 495 000\u221200\u221201</p>" +
      "<p>\u200e+7 (495) 000-00-01\u200e</p><p>8 495 000-O0-01</p>",
    becomes:
      `<p>8&nbsp;(495)&nbsp;000-00-99</p><p>8\u2009495\u2009000\u200900\u200999</p>` +
      "<p>8 (495) 000\u201100\u201199</p><p>8 495 000\u221200\u221299</p>" +
      "<p>\u200e+7 (495) 000-00-99\u200e</p><p>8 495 000-O0-01</p>",
  },
  "digits that only resemble the number": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ number: "74950000001" }] }],
    body:
      '<a href="tel:84950000001">8 (495) 000-00-01</a>' +
      "<p>№ 1084950000001234</p><p>RA84950000001000RU</p>" +
      "<p>7700000001</p><p>40700000084950000001</p><p>8495 0000 0010 0001</p>" +
      "<p>8 495 000 руб.</p>" +
      '<p>8 495 000,00 руб.</p><p>01-00-8495</p><input value="84950000001">' +
      '<i data-order="84950000001"></i>' +
      '<img alt="8 (495) 000-00-01">',
    becomes:
      '<a href="tel:+74950000099">8 (495) 000-00-99</a>' +
      "<p>№ 1084950000001234</p><p>RA84950000001000RU</p>" +
      "<p>7700000001</p><p>40700000084950000001</p><p>8495 0000 0010 0001</p>" +
      "<p>8 495 000 руб.</p>" +
      '<p>8 495 000,00 руб.</p><p>01-00-8495</p><input value="84950000001">' +
      '<i data-order="84950000001"></i>' +
      '<img alt="8 (495) 000-00-01">',
  },
  "a number spread over tags": {
    scenarios: [{ id: "a", numbers: moscow, targets: [{ number: "74950000001" }] }],
    body: "<p>Звоните: <b>8</b> (<i>495</i>) 000-0<u>0-01</u>, ждём</p>",
    becomes: "<p>Звоните: <b>8</b> (<i>495</i>) 000-0<u>0-99</u>, ждём</p>",
  },
  "elements that ask to be left alone": {
    scenarios: [
      { id: "a", numbers: moscow, targets: [{ class: "phone" }, { number: "74950000001" }] },
    ],
    body:
      '<b class="phone">8 495 000-00-01</b><b class="phone" data-ringlet-skip>8 495 000-00-01</b>' +
      '<p data-calltrk-noswap>8 495 000-00-01</p><p class="ctm-no-swap">8 495 000-00-01</p>' +
      '<div contenteditable="">8 495 000-00-01</div><textarea>8 495 000-00-01</textarea>',
    becomes:
      '<b class="phone">8 495 000-00-99</b>' +
      '<b class="phone" data-ringlet-skip="">8 495 000-00-01</b>' +
      '<p data-calltrk-noswap="">8 495 000-00-01</p><p class="ctm-no-swap">8 495 000-00-01</p>' +
      '<div contenteditable="">8 495 000-00-01</div><textarea>8 495 000-00-01</textarea>',
  },
};

const running = testCases(cases);

test("the tag in the body, and twice, starts one agent", async () => {
  const { browser, worker } = running;
  const twice = await servePages(
    () =>
      '<!doctype html><body><b class="phone">8 495 000-00-01</b>' +
      tag(worker.url, "twice").repeat(2),
  );
  await worker.seed(
    configFor("twice", twice.url, [{ id: "a", numbers: moscow, targets: [{ class: "phone" }] }]),
  );
  const visitor = await newVisitor(browser, worker.url);
  const page = await visitor.open(twice.url);
  await page.waitForFunction(
    () => document.querySelector(".phone").textContent === "8 495 000-00-99",
  );
  await settle(page);
  assert.deepEqual(visitor.sent(), ["visit"]);
  assert.deepEqual(visitor.faults, []);
  await visitor.close();
  twice.close();
});
