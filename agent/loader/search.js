// Looking for page numbers by their text: in links, and in lines of text anywhere.
//
// Only in the script of sites that have such targets (`RINGLET_SEARCH`): others need not carry it.
// What is a number the rules say; here the page is only cut into lines.

import { attributeOf, nearest, quietly } from './host.js';
import { forget, goesOn, kinds, slots, stepThrough, swapPlace, walk, within } from './page.js';

const DIGIT = /\d/;
/** Local numbers are this long at least. */
const TAIL = 5;
const { get: textContent } = Object.getOwnPropertyDescriptor(Node.prototype, 'textContent');
// Letters end a row of digits.
const WORD = /[^\s\d().+/\u00a0\u00ad\u2000-\u206f\u2212-]/;
// A search yields after so many nodes, and rests after so many milliseconds.
const SLICE_NODES = 256;
const SLICE_MS = 5;

/** Searches that took too long for one task, and who waits for them. */
const searches = [];
let whenFound;
let timer;

/** Looks for the page numbers of slot `index` in `root`, for a few milliseconds at once. */
export function startSearch(index, root) {
  searches.push(search(index, root));
  goOn();
}

/** Gives up what was not searched yet. */
export const endSearches = () => {
  searches.length = 0;
};

/** Calls `act` whenever a search found its places later than it began. */
export const onFound = (act) => {
  whenFound = act;
};

/** Goes on with the searches, for a few milliseconds at a time: a large page must not stutter. */
function goOn() {
  clearTimeout(timer);
  const end = Date.now() + SLICE_MS;
  while (searches.length) {
    if (searches[0].next().done) searches.shift();
    else if (Date.now() > end) {
      timer = setTimeout(() => quietly(goOnLater), 0);
      return;
    }
  }
}

function goOnLater() {
  goOn();
  forget();
  whenFound();
}

/** What every writing of a number ends with, whatever stands between its digits. */
const tail = (digits) => [...digits.slice(-TAIL)].join('\\D{0,40}');

/** Finds the slot's page numbers, and those it has shown, wherever they may be: the browser reads
 * the text of a whole block faster than we walk through it. */
function patternOf(slot) {
  const tails = (slot.tails ||= new Set(slot.numbers.map(tail)));
  if (slot.shown) tails.add(tail(slot.shown));
  return new RegExp([...tails].join('|'));
}

/** Looks for the scenario's page numbers in links and lines of `root`. */
function* search(index, root) {
  const slot = slots[index];
  const pattern = patternOf(slot);
  const isIdle = (node) => !pattern.test(textContent.call(node) || '');
  const found = (yes) => {
    if (yes) slot.found = true;
  };
  for (const node of within(root, kinds.links)) {
    const address = (attributeOf(node, 'href')?.nodeValue || '').replace(/%../g, '');
    if ((isIdle(node) && !pattern.test(address)) || nearest(node, slot.skip)) continue;
    const texts = [];
    walk(node, (text, before) => texts.push([text, goesOn(text, before)]));
    found(swapPlace(index, texts, [node], false));
  }
  let line = [];
  let digits = 0;
  const flush = () => {
    const apart = (node) => nearest(node.parentNode, `${slot.skip},${kinds.links}`);
    const text = digits ? line.map(([node]) => node.nodeValue).join('') : '';
    if (pattern.test(text) && !line.some(([node]) => apart(node))) {
      found(swapPlace(index, line, [], false));
    }
    line = [];
    digits = 0;
  };
  const look = (node, before) => {
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
  };
  if (isIdle(root)) return;
  const step = stepThrough(root, look, isIdle);
  let node;
  for (let steps = 1; (node = step()); steps++) {
    if (steps % SLICE_NODES) continue;
    yield;
    // The page has taken out what we stood on.
    if (!node.isConnected && root.isConnected) return searches.push(search(index, root));
  }
  flush();
}
