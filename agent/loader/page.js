// The page: where numbers stand, what stood there before, and watching for changes.
//
// Only the values of existing nodes are ever written: text nodes, and the `href` of links.
// What is a number and how it is rewritten is asked of the WebAssembly module, one place at a time:
// a place is an element the owner selected, a link, or a line of text. What few pages need (shadow
// roots, frames, other links and attributes) is added by a part (parts/more.js) through `kinds`,
// `finders`, `watchRoot`.

import { all, attributeOf, doc, listen, nearest, quietly, walkerOf } from './host.js';
import { isAwaited } from './hydration.js';
import {
  KEPT,
  PARSE_MS,
  SIBLINGS,
  WRITES_ALL_MAX,
  WRITES_ALL_MS,
  WRITES_MAX,
  WRITES_MS,
} from './limits.js';
import { swap } from './rules.js';
import { endSearches, mayHold, startSearch, unveil } from './search.js';

const { contains } = Node.prototype;

// Not the page's words, or somebody asked to leave them alone.
const SKIP =
  'script,style,noscript,textarea,template,[contenteditable]:not([contenteditable=false]),' +
  '[data-ringlet-skip],[data-calltrk-noswap],.ctm-no-swap';
// Markup a number may be spread over; unknown names with a hyphen are mostly wrappers.
const INLINE =
  /^(a|abbr|b|bd[io]|big|cite|em|font|i|ins|label|mark|nobr|s|small|span|strong|su[bp]|u|wbr|.+-.+)$/;
// Ends the fields of a question to the rules; a text that holds it is left alone.
const END = '\0';

/** Where numbers go: the targets of one scenario that are written alike, best scenario first. */
export const slots = [];

/** What a place consists of besides its text: CSS of the links that lead to a number, and names of
 * attributes that are written. The CSS is a list, for browsers find each by itself ten times as
 * fast as all at once. A part may replace `collect`, which finds further texts of a
 * selected element, and `dial` and `lead`, which translate other links to `tel:` and back. */
export const kinds = {
  links: ['a[href^="tel:" i]', 'area[href^="tel:" i]'],
  attributes: ['href'],
  collect: () => 0,
  dial: (address) => address,
  lead: (address, tel) => tel,
};

/** Further ways to find places: each is called with every root that is scanned. */
export const finders = [];

/** The document, and shadow roots and frames that were entered. */
const roots = [document];

/** What was there and what we wrote, of text nodes and attributes. */
const marks = new WeakMap();
/** The same by what we wrote, for copies that a page makes of what it shows: slides, snapshots.
 * What stood there when it was first written is no copy. */
const copies = new Map();
/** What is longer than that is known again: short parts of a number stand elsewhere too. */
const COPY_MIN = 6;
/** The slot that has a node: an earlier one goes first. */
let claims = new WeakMap();
let efforts = new WeakMap();
/** Counts looks at the page: what is written in one of them is one effort. */
export let looks = 0;
/** What the elements show that need no second look while the document is parsed. */
let settled = new WeakMap();
const effort = {};
let observer;
/** The parser's work is no longer waited for. */
let isWatching = false;

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
export function begin({ scenarios, country_code, area_code }) {
  for (const { id, targets, mask: usual, exclusions } of scenarios) {
    const skip = [SKIP, ...(exclusions || []).map(cssOf).filter(Boolean)].join();
    const around = `${skip},a,area`;
    const byMask = new Map();
    for (const target of targets) {
      const mask = target.mask || usual || '';
      if (!byMask.has(mask)) byMask.set(mask, { id, mask, skip, around, css: [], numbers: [] });
      const slot = byMask.get(mask);
      const css = cssOf(target);
      if (css) slot.css.push(css);
      if (target.number) slot.numbers.push(target.number);
    }
    slots.push(...byMask.values());
  }
  slots.forEach((slot, index) => {
    const fields = [`c${country_code}`, `a${area_code || ''}`];
    if (RINGLET_SEARCH) fields.push(...slot.numbers.map((number) => `n${number}`));
    slot.place = [...fields, ''].join(END);
    setNumber(index, '');
  });
}

const bodyText = () => doc('body')?.textContent || '';

/** Finds out, without the rules, which slots probably have a place on the page. */
export function look() {
  let text;
  for (const slot of slots) {
    slot.found ||= within(document, slot.css).length > 0;
    if (RINGLET_SEARCH && !slot.found) {
      for (const number of slot.numbers) {
        text ??= bodyText();
        if (mayHold(text, number)) slot.found = true;
      }
    }
  }
  return slots.some((slot) => slot.found);
}

/** What the page itself put there. */
export const original = (node) => {
  const value = node.nodeValue;
  const mark = marks.get(node);
  const copy = copies.get(value);
  return mark?.now === value ? mark.was : copy?.look < looks ? copy.was : value;
};

/** Counts a look that writes beside `element`; true when it was one too many. */
const isTired = (element) => {
  const now = Date.now();
  const over = (count, max, ms) => {
    if (!(now - count.since < ms || count.times > max)) {
      count.since = now;
      count.times = 0;
    }
    if (count.look !== looks) count.times++;
    count.look = looks;
    return count.times > max;
  };
  let count = efforts.get(element);
  if (!count) efforts.set(element, (count = {}));
  return over(count, WRITES_MAX, WRITES_MS) || over(effort, WRITES_ALL_MAX, WRITES_ALL_MS);
};

/** The nearest element around `node` that begins lines of its own. */
export const blockOf = (node) => {
  let element = node.parentNode;
  while (element && INLINE.test(element.localName)) element = element.parentNode;
  return element;
};

/** Gives `node` back what the page had, unless the page has changed it since. */
const undo = (node) => {
  const mark = marks.get(node);
  if (mark && node.nodeValue === mark.now) node.nodeValue = mark.was;
};

/** Writes `next` into `nodes`, where `was` is the page's; where the page fights back it gives way
 * with all of them. */
export function write(nodes, was, next) {
  const beside = nodes[0].parentNode || nodes[0].ownerElement;
  const isNews = nodes.some((node, at) => node.nodeValue !== next[at]);
  if (isNews && isAwaited(beside, scanAgain)) return;
  if (isNews && isTired(beside)) return nodes.forEach(undo);
  if (copies.size >= KEPT) copies.clear();
  nodes.forEach((node, at) => {
    const now = next[at];
    const mark = { was: was[at], now, look: looks };
    marks.set(node, mark);
    if (now[COPY_MIN] && !copies.has(now)) copies.set(now, mark);
    if (node.nodeValue !== now) node.nodeValue = now;
  });
}

/** Swaps one place: all of it or nothing. Tells whether it is a place at all. `texts` are rows of
 * a node, whether it goes on the line of the one before, whether it is only read with the
 * others, and its text for the rules where that is another; `links` are elements. */
export function swapPlace(index, texts, links, selected) {
  let given = slots[index].about + (selected ? `e${END}` : '');
  const nodes = [];
  const was = [];
  const own = RINGLET_SEARCH ? [] : nodes;
  const veils = RINGLET_SEARCH && [];
  const take = (node, letter, row) => {
    // A slot that is alone has no rival.
    const owner = slots[1] && claims.get(node);
    if (slots[owner]?.answered && (owner < index || !slots[index].answered)) return;
    const value = original(node);
    if (value.includes(END)) given = '';
    const veiled = RINGLET_SEARCH && row?.[3];
    const told = letter === 'l' ? kinds.dial(value) : veiled || value;
    if (given) given += letter + told + END;
    if (RINGLET_SEARCH) veils.push(veiled);
    if (RINGLET_SEARCH && !row?.[2]) own.push(node);
    nodes.push(node);
    was.push(value);
  };
  for (const row of texts) take(row[0], row[1] ? 't' : 'h', row);
  const { length } = nodes;
  for (const link of links) take(link.getAttributeNode('href'), 'l');
  if (!nodes[0] || !given) return false;
  const answer = swap(given);
  const next = (answer || was).map((value, at) => {
    if (RINGLET_SEARCH && veils[at]) return unveil(value);
    return answer && at >= length && nodes[at] ? kinds.lead(was[at], value, selected) : value;
  });
  if (slots[1] && answer !== undefined) own.forEach((node) => claims.set(node, index));
  write(nodes, was, next);
  return answer !== undefined;
}

/** Steps through `root`, one node a call while there are any: `each(text node, the one before it
 * unless a block begins)`. Blocks inside are passed over if it `isShallow`. */
export function stepThrough(root, each, isShallow) {
  const walker = walkerOf(root, 5);
  let before;
  return () => {
    const node = walker.nextNode();
    if (!node) return;
    if (node.nodeType === 1) {
      if (!INLINE.test(node.localName)) {
        before = 0;
        if (isShallow) while (walker.lastChild());
      }
    } else if (node.nodeValue) {
      each(node, before);
      before = node;
    }
    return node;
  };
}

/** [`stepThrough`] to the end. */
export function walk(root, each) {
  const step = stepThrough(root, each);
  while (step());
}

/** Whether nothing but inline markup stands between `before` and `node`. */
export const goesOn = (node, before) => !!before && blockOf(before) === blockOf(node);

/** Texts of `root`, as [`swapPlace`] takes them. */
export const textsOf = (root) => {
  const texts = [];
  walk(root, (node, before) => texts.push([node, goesOn(node, before)]));
  return texts;
};

/** What the selectors `css` match inside `root`, and the nearest such elements around it or itself.
 */
export const within = (root, css) => {
  const found = new Set();
  for (const selector of css) {
    const around = !roots.includes(root) && nearest(root, selector);
    if (around) found.add(around);
    for (const element of all(root, selector)) found.add(element);
  }
  return [...found];
};

/** Whether `node` belongs to a link that leads to its number in a way that is not ours: one of the
 * two must not change alone. */
export const isLinked = (node) => {
  const link = nearest(node.parentNode, `a:not(${kinds.links})`);
  // In SVG `href` is an object.
  const pair = link && `${link.href?.baseVal ?? link.href}${END}${link.textContent}`;
  return link && /(\d{7}).*\0.*\1/.test(pair.replace(/[^\d\0]/g, ''));
};

/** An element that the owner selected. */
function swapElement(index, element) {
  const { around, skip, shown } = slots[index];
  const { firstChild } = element;
  // Most hold one text, and many stand alone: then nothing else can matter.
  const isLone = firstChild?.nodeType === 3 && !firstChild.nextSibling;
  let texts = isLone ? [[firstChild]] : textsOf(element);
  let links = [];
  if (!isLone || nearest(element, around)) {
    texts = texts.filter(([node]) => !nearest(node.parentNode, skip) && !isLinked(node));
    links = within(element, kinds.links).filter((node) => !nearest(node, skip));
  }
  kinds.collect(element, texts);
  // The parser is past what has something behind it.
  const isPlace = swapPlace(index, texts, links, true);
  if (isPlace && !isWatching && element.nextSibling) settled.set(element, shown);
}

/** Swaps whatever belongs to `root`: inside it, around it, or itself. */
export function scan(root) {
  slots.forEach((slot, index) => {
    const places = within(root, slot.css);
    if (places.length) slot.found = true;
    // Before the edge has answered nothing is written; later a copy of what was may come back.
    if (!slot.answered && !copies.size) return;
    for (const element of places) {
      if (isWatching || settled.get(element) !== slot.shown) swapElement(index, element);
    }
  });
  if (RINGLET_SEARCH && slots.some(({ numbers }) => numbers.length)) {
    startSearch(lineOf(root));
  }
  finders.forEach((find) => find(root));
}

/** [`scan`] of everything. */
export const scanAll = () => roots.forEach(scan);

const scanAgain = () => {
  if (!observer) return;
  quietly(scanAll);
  forget();
};

/** Forgets whose the nodes are: other rules may see it otherwise. */
export function disown() {
  claims = new WeakMap();
  settled = new WeakMap();
}

/** The element that holds all lines of `root`: a document has no text itself. */
const lineOf = (root) => {
  if (root === document) return doc('body') || doc('documentElement');
  if (root.nodeType === 9) return root.body || root;
  return INLINE.test(root.localName) ? blockOf(root) || root : root;
};

/** Shows `digits` in slot `index` from the next scan on; none for the page's own number. */
export function setNumber(index, digits, given) {
  const slot = slots[index];
  const changed = slot.shown !== digits;
  if (RINGLET_SEARCH && changed) {
    slot.pattern = 0;
    // Where the page has that number itself, what shows it is no copy.
    slot.isOwn = slot.numbers.length && digits && mayHold(bodyText(), digits);
  }
  const written = given?.display?.[slot.mask];
  const field = (slot.mask ? 'm' : 'f') + (typeof written === 'string' ? written : '');
  slot.about = [`${slot.place}s${digits}`, field, ''].join(END);
  slot.answered = given;
  slot.shown = digits;
  return changed;
}

/** Puts back every byte the page had, unless the page has changed it since. */
export function restore() {
  if (RINGLET_SEARCH) endSearches();
  for (const root of roots) {
    const walker = walkerOf(root, 5);
    let node;
    while ((node = walker.nextNode())) {
      undo(node);
      if (node.nodeType === 1) kinds.attributes.forEach((name) => undo(attributeOf(node, name)));
    }
  }
  settled = new WeakMap();
  // What is asked for is no fight.
  efforts = new WeakMap();
  effort.times = 0;
  observer?.takeRecords();
}

/** The roots of what `records` tell of. */
function rootsOf(records) {
  const found = new Set();
  let last;
  // What is inside the root before it is looked at with that one.
  const add = (node) => {
    if (node?.isConnected && node.nodeType !== 8 && !(last && contains.call(last, node))) {
      found.add((last = node));
    }
  };
  const news = new Map();
  for (const { type, target, addedNodes } of records) {
    if (type === 'characterData') add(target.parentNode);
    else if (type === 'attributes') add(target);
    else {
      if (!news.has(target)) news.set(target, []);
      // One by one: a hundred thousand are more than a call takes as arguments.
      addedNodes.forEach((node) => news.get(target).push(node));
    }
  }
  for (const [target, nodes] of news) {
    // Mostly new: looked at as one.
    if (nodes.length > SIBLINGS && nodes.length * 2 > target.childNodes.length) add(target);
    else {
      for (const node of nodes) {
        // Text without digits changes no number; but beside it a shadow root may have appeared.
        if (node.nodeType !== 3) add(node);
        else if (/\d/.test(node.nodeValue) || target.shadowRoot) add(target);
      }
    }
  }
  return [...found];
}

/** Calls `act(changed elements, is parsed)` now and whenever the page changes.
 * Own writes are not seen. */
export function watch(act) {
  observer = new MutationObserver((records) => {
    // Without roots too: the address may have changed.
    act(rootsOf(records), true);
    forget();
  });
  // A parser's work would be a record for each node: it is looked at before each frame instead.
  const elements = doc('getElementsByTagName')('*');
  const until = Date.now() + PARSE_MS;
  let seen = 0;
  const look = () => {
    if (isWatching) return;
    const next = window.requestAnimationFrame;
    if (doc('readyState') !== 'loading' || !(next && Date.now() < until)) rewatch();
    else next(() => quietly(look));
    if (isWatching || seen !== (seen = elements.length)) act([document], isWatching);
    forget();
  };
  listen('DOMContentLoaded', look);
  look();
}

/** Watches again after [`unwatch`]. */
export const rewatch = () => {
  isWatching = true;
  roots.forEach(watchRoot);
};

/** Looks after `root` as well: a shadow root, or the document of a frame. */
export function watchRoot(root) {
  if (!roots.includes(root)) roots.push(root);
  observer.observe(root, {
    attributeFilter: ['class', 'id', 'name', ...kinds.attributes],
    characterData: true,
    childList: true,
    subtree: true,
  });
}

/** A look at the page ends: own writes are not news. */
export const forget = () => {
  looks++;
  observer?.takeRecords();
};

/** Does `act` as a part of the earlier look `look`: a search that lets the page have its turns is
 * one effort, and what stands further down was there before it wrote. */
export const inLook = (look, act) => {
  const now = looks;
  looks = look;
  const done = quietly(act);
  looks = now;
  return done;
};

/** Stops watching. */
export const unwatch = () => {
  isWatching = true;
  observer?.disconnect();
};
