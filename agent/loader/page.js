// The page: where numbers stand, what stood there before, and watching for changes.
//
// Only `nodeValue` of existing text nodes and `href` of existing links are ever written. What is a
// number and how it is rewritten is asked of the WebAssembly module, one place at a time: a place
// is an element the owner selected, a `tel:` link, or a line of text.

import { all, doc, nearest, quietly } from './host.js';
import { isAwaited } from './hydration.js';
import { call } from './rules.js';

// Verbs of the module (agent/src/lib.rs).
const SLOT = 2;
const NUMBER = 3;
const SHOW = 4;
const TEXT = 5;
const LINK = 6;
const SWAP = 7;
const SELECTED = 65_536;
const TEL = 'a[href^="tel:" i],area[href^="tel:" i]';
// Not the page's words, or somebody asked to leave them alone.
const SKIP =
  'script,style,noscript,textarea,template,[contenteditable]:not([contenteditable=false]),' +
  '[data-ringlet-skip],[data-calltrk-noswap],.ctm-no-swap';
// Markup a number may be spread over; unknown names with a hyphen are mostly wrappers.
const INLINE =
  /^(a|abbr|b|bd[io]|big|cite|em|font|i|ins|label|mark|nobr|s|small|span|strong|su[bp]|u|.+-.+)$/;
const DIGIT = /\d/;
// Letters end a row of digits.
const WORD = /[^\s\d().+/\u00a0\u00ad\u2000-\u206f\u2212-]/;
// Texts that cannot cross the boundary unchanged: the separator, and halves of surrogate pairs.
const UNSAFE = /[\0\ud800-\udfff]/u;
// A node that is changed back so often within ten seconds has another owner: give way to him.
const WRITES_MAX = 5;
const WRITES_ALL_MAX = 300;
const WRITES_MS = 10_000;

/** Where numbers go: the targets of one scenario that are written alike, best scenario first. */
export let slots = [];

/** What was there and what we wrote, of text nodes and links. */
let marks = new WeakMap();
/** The slot that has a node: an earlier one goes first. */
const claims = new WeakMap();
const efforts = new WeakMap();
const effort = {};
let observer;

const CSS_OF = {
  class: (name) => `.${CSS.escape(name)}`,
  element_id: (name) => `#${CSS.escape(name)}`,
  name: (name) => `[name="${CSS.escape(name)}"]`,
  selector: (text) => text,
};

/** The CSS of a configured selector; nothing if the browser does not know it. */
const cssOf = (target) => {
  for (const [kind, css] of Object.entries(CSS_OF)) {
    if (!target[kind]) continue;
    try {
      doc('createDocumentFragment')().querySelector(css(target[kind]));
      return css(target[kind]);
    } catch {
      return;
    }
  }
};

/** Reads the scenarios; selectors the browser does not know are left out. */
export function begin({ scenarios }) {
  for (const { id, targets, mask: usual, exclusions } of scenarios) {
    const skip = [SKIP, ...(exclusions || []).map(cssOf).filter(Boolean)].join();
    const byMask = new Map();
    for (const target of targets) {
      const mask = target.mask || usual || '';
      if (!byMask.has(mask)) byMask.set(mask, { id, mask, skip, css: [], numbers: [], shown: '' });
      const slot = byMask.get(mask);
      const css = cssOf(target);
      if (css) slot.css.push(css);
      if (target.number) slot.numbers.push(target.number);
    }
    slots.push(...byMask.values());
  }
  for (const slot of slots) slot.selector = slot.css.join();
}

/** Tells the rules what they must know of the slots. */
export const tellRules = () =>
  slots.forEach(({ mask, numbers }, index) => {
    call(SLOT, 0, mask);
    numbers.forEach((number) => call(NUMBER, index, number));
  });

/** Finds out, without the rules, which slots probably have a place on the page. */
export function look() {
  let digits;
  for (const slot of slots) {
    if (slot.found) continue;
    if (slot.selector && all(document, slot.selector).length) slot.found = true;
    for (const number of slot.numbers) {
      digits ??= doc('body')?.textContent.replace(/\D+/g, '') || '';
      if (digits.includes(number.slice(-7))) slot.found = true;
    }
  }
  return slots.some((slot) => slot.found);
}

const valueOf = (node) => (node.nodeType === 3 ? node.nodeValue : node.getAttribute('href'));

/** What the page itself put there. */
const original = (node) => {
  const mark = marks.get(node);
  const value = valueOf(node);
  return mark && mark.now === value ? mark.was : value;
};

const write = (node, value) =>
  node.nodeType === 3 ? (node.nodeValue = value) : node.setAttribute('href', value);

/** Counts a write beside `element`; true when it was one too many. */
const isTired = (element) => {
  const now = Date.now();
  const over = (count, max) => {
    if (!(now - count.since < WRITES_MS) && !(count.times > max)) {
      count.since = now;
      count.times = 0;
    }
    return ++count.times > max;
  };
  let count = efforts.get(element);
  if (!count) efforts.set(element, (count = {}));
  return over(count, WRITES_MAX) || over(effort, WRITES_ALL_MAX);
};

const blockOf = (node) => {
  let element = node.parentNode;
  while (element && INLINE.test(element.localName)) element = element.parentNode;
  return element;
};

/** Swaps one place: all of it or nothing. Tells whether it is a place at all. */
function swapPlace(index, texts, links, selected) {
  const free = (node) => {
    const owner = claims.get(node);
    return !(owner < index && slots[owner].answered);
  };
  texts = texts.filter(([node]) => free(node));
  links = links.filter(free);
  const nodes = [...texts.map(([node]) => node), ...links];
  const was = nodes.map(original);
  if (!nodes.length || was.some((value) => UNSAFE.test(value))) return false;
  texts.forEach(([, goesOn], at) => call(TEXT, +goesOn, was[at]));
  links.forEach((_, at) => call(LINK, 0, was[texts.length + at]));
  const answer = call(SWAP, index + selected * SELECTED, '');
  const next = answer.length > 1 ? answer.split('\0') : was;
  if (answer) nodes.forEach((node) => claims.set(node, index));
  const beside = nodes[0].parentNode;
  const isNews = nodes.some((node, at) => valueOf(node) !== next[at]);
  if (isNews && !isAwaited(beside, scanAgain) && !isTired(beside)) {
    nodes.forEach((node, at) => {
      if (next[at] === was[at]) marks.delete(node);
      else marks.set(node, { was: was[at], now: next[at] });
      if (valueOf(node) !== next[at]) write(node, next[at]);
    });
  }
  return !!answer;
}

/** Calls `each(text node, whether it goes on the line before it)` through `root`. */
function walk(root, each) {
  const walker = doc('createTreeWalker')(root, 5);
  let before;
  let node;
  while ((node = walker.nextNode())) {
    if (node.nodeType === 1) {
      if (!INLINE.test(node.localName)) before = 0;
    } else if (node.nodeValue) {
      each(node, before);
      before = node;
    }
  }
}

const goesOn = (node, before) => !!before && blockOf(before) === blockOf(node);

/** An element that the owner selected. */
function swapElement(index, element) {
  const { skip } = slots[index];
  const texts = [];
  const links = [...all(element, TEL)];
  const around = nearest(element, TEL);
  if (around) links.push(around);
  walk(element, (node, before) => {
    if (!nearest(node.parentNode, skip)) texts.push([node, goesOn(node, before)]);
  });
  swapPlace(
    index,
    texts,
    links.filter((node) => !nearest(node, skip)),
    true,
  );
}

/** Looks for the scenario's page numbers in links and lines of `root`. */
function search(index, root) {
  const slot = slots[index];
  const found = (yes) => {
    if (yes) slot.found = true;
  };
  const links = [...all(root, TEL)];
  const around = root !== document && nearest(root, TEL);
  if (around) links.push(around);
  for (const node of links) {
    if (nearest(node, slot.skip)) continue;
    const texts = [];
    walk(node, (text, before) => texts.push([text, goesOn(text, before)]));
    found(swapPlace(index, texts, [node], false));
  }
  let line = [];
  let digits = 0;
  const flush = () => {
    const apart = (node) => nearest(node.parentNode, `${slot.skip},${TEL}`);
    if (digits && !line.some(([node]) => apart(node))) found(swapPlace(index, line, [], false));
    line = [];
    digits = 0;
  };
  walk(root, (node, before) => {
    const has = DIGIT.test(node.nodeValue);
    // Words without digits matter only as what stands beside a number.
    const on = (has || digits) && goesOn(node, before);
    if (!on && digits) flush();
    if (!on && has && !goesOn(node, before)) line = [];
    line.push([node, on]);
    if (has) digits = 1;
    else if (WORD.test(node.nodeValue)) {
      flush();
      line = [[node, false]];
    }
  });
  flush();
}

/** Swaps whatever belongs to `root`: inside it, around it, or itself. */
export function scan(root) {
  slots.forEach((slot, index) => {
    const { selector, numbers } = slot;
    if (selector) {
      const places = [...all(root, selector)];
      const around = root !== document && nearest(root, selector);
      if (around) places.unshift(around);
      if (places.length) slot.found = true;
      places.forEach((element) => swapElement(index, element));
    }
    if (numbers.length) search(index, root === document ? doc('body') || root : lineOf(root));
  });
}

const scanAgain = () => {
  if (!observer) return;
  quietly(() => scan(document));
  forget();
};

const lineOf = (element) =>
  INLINE.test(element.localName) ? blockOf(element) || element : element;

/** Shows `digits` in slot `index` from the next scan on; none for the page's own number. */
export function setNumber(index, digits, answered) {
  const slot = slots[index];
  const changed = slot.shown !== digits;
  slot.answered = answered;
  slot.shown = digits;
  call(SHOW, index, digits);
  return changed;
}

/** Puts back every byte the page had, unless the page has changed it since. */
export function restore() {
  const walker = doc('createTreeWalker')(document, 5);
  let node;
  while ((node = walker.nextNode())) {
    const mark = marks.get(node);
    if (mark && valueOf(node) === mark.now) write(node, mark.was);
  }
  marks = new WeakMap();
  observer?.takeRecords();
}

/** Calls `act(changed elements)` whenever the page changes. Own writes are not seen. */
export function watch(act) {
  observer = new MutationObserver((records) => {
    const roots = new Set();
    for (const { type, target, addedNodes } of records) {
      if (type === 'characterData') roots.add(target.parentNode);
      else if (type === 'attributes') roots.add(target);
      else for (const node of addedNodes) roots.add(node.nodeType === 3 ? target : node);
    }
    act([...roots].filter((root) => root && root.isConnected && root.nodeType !== 8));
    observer.takeRecords();
  });
  observer.observe(document, {
    attributeFilter: ['class', 'href', 'id', 'name'],
    characterData: true,
    childList: true,
    subtree: true,
  });
}

/** Own writes made outside [`watch`]'s callback are not news. */
export const forget = () => observer?.takeRecords();

/** Stops watching. */
export const unwatch = () => observer?.disconnect();
