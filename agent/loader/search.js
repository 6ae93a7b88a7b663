// Looking for page numbers by their text: in links, and in lines of text anywhere.
//
// Only in the script of sites that have such targets (`RINGLET_SEARCH`): others need not carry it.
// What is a number the rules say; here the page is only cut into lines. The browser reads the text
// of a whole root faster than we walk through it, so that is asked for the last digits of all
// numbers first; then only blocks in which they begin are cut.

import { attributeOf, doc, nearest, quietly, walkerOf } from './host.js';
import { LONG_TAIL, SLICE_MS, SLICE_NODES, TAIL } from './limits.js';
import {
  blockOf,
  forget,
  goesOn,
  isLinked,
  kinds,
  slots,
  stepThrough,
  swapPlace,
  textsOf,
  within,
} from './page.js';

const DIGIT = /\d/;
/* The bundler is told that nothing is lost where nobody searches. */
const textContent = /* @__PURE__ */ (() =>
  Object.getOwnPropertyDescriptor(Node.prototype, 'textContent').get)();
/** An area code at the end of a line: «8 495», «(495)». */
const CODE = /(\d[\s-]+\d{3,5}|\(\d{2,5}\))[\s-]*$/;
/** A local number at the beginning of a line: «000-00-02». */
const LOCAL = /^\s*\d(?:[\s-]{0,3}\d){4,6}(?!\d)/;
/** Words for digits that are no telephone's: an order, an account, a tax number. In the genitive
 * only what nobody could call for: «телефон для заказа» is a telephone. */
const WORDS =
  'инн|кпп|огрн|огрнип|снилс|окпо|бик|бин|иин|унп|[ркл]/с|сч[её]та?|заказ|заявка|договора?|' +
  'инвойс|артикул|арт|код|чек|полис|накладная|штрихкод|(?:номер|№)\\s*(?:заказа|заявки)|' +
  'id|inn|tax|vat|tin|order|invoice|account|iban|contract|ticket|tracking|serial|sku|isbn|ref';
const GAP = '[\\s:#№.\u2010-\u2015-]*';
/** Such a word and its digits, which nothing but spaces parts: dashes are a telephone's, whoever
 * takes orders by it. */
const LABELLED = /* @__PURE__ */ (() =>
  new RegExp(
    `(?:^|[^\\p{L}])(?:${WORDS})${GAP}(?:(?:number|no|номер)${GAP})?((?:\\d\\s*){7,})(?![\\d-])`,
    'giu',
  ))();
/** So many last digits tell that such a row is a page's number. */
const ROW_TAIL = 8;
// Letters end a row of digits.
const WORD = /[^\s\d().+/\u00a0\u00ad\u2000-\u206f\u2212-]/;

/** Searches that took too long for one task, and who waits for them. */
const searches = [];
let whenFound;
let timer;
let rests = 0;

/** Looks for the page numbers of all slots in `root`, for a few milliseconds at once. */
export function startSearch(root) {
  searches.push(search(root));
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
      rests++;
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

/** The first of the last `count` digits, where the others follow whatever stands between. */
const tail = (digits, count) => {
  const [first, ...rest] = digits.slice(-count);
  return `${first}(?=\\D{0,40}${rest.join('\\D{0,40}')})`;
};

/** Whether `text` may hold `number`, in any writing. */
export const mayHold = (text, number) => new RegExp(tail(number, LONG_TAIL)).test(text);

/** Finds the slot's page numbers, and those it has shown, wherever they may be. */
function patternOf(slot) {
  if (slot.pattern) return slot.pattern;
  const tails = (slot.tails ||= new Set(slot.numbers.map((number) => tail(number, TAIL))));
  if (slot.shown) tails.add(tail(slot.shown, TAIL));
  return (slot.pattern = new RegExp([...tails].join('|')));
}

let shared;
/** All patterns of `wanted` in one, to be asked again and again from where it is told. */
const tailsOf = (wanted) => {
  const source = wanted.map(([, pattern]) => pattern.source).join('|');
  if (shared?.source !== source) shared = new RegExp(source, 'g');
  return shared;
};

const find = (index, texts, links) => {
  if (swapPlace(index, texts, links, false)) slots[index].found = true;
};

/** What a search looks for: of each slot its index, its pattern, and CSS of what is found
 * otherwise: places of their own. */
const wantedNow = () =>
  slots.flatMap((slot, index) => {
    const { css, numbers, skip } = slot;
    return numbers.length ? [[index, patternOf(slot), [skip, kinds.links, ...css].join()]] : [];
  });

/** Looks for the page numbers of `wanted` in a link. */
function searchLink(node, wanted) {
  const address = (attributeOf(node, 'href')?.nodeValue || '').replace(/%../g, '');
  const text = `${textContent.call(node)}\n${address}`;
  for (const [index, pattern] of wanted) {
    if (!pattern.test(text) || nearest(node, slots[index].skip)) continue;
    find(index, textsOf(node), [node]);
  }
}

/** The page has taken out what a search stood on: it begins anew. */
const isGone = (node, root) =>
  !node.isConnected && root.isConnected && searches.push(search(root));

/** Whether the code of the local number in `text` stands on the line before that of `node`. */
const isLed = (node, text) => {
  if (text.replace(/\D/g, '').length > LONG_TAIL) return;
  const walker = walkerOf(node.getRootNode(), 4);
  walker.currentNode = node;
  let before = '';
  while (before.length < LONG_TAIL && walker.previousNode()) {
    before = walker.currentNode.nodeValue.trim() + before;
  }
  return CODE.test(before);
};

/** The text beside `node` that is not blank: behind it, or before it. */
const beside = (node, step) => {
  const walker = walkerOf(node.getRootNode(), 4);
  walker.currentNode = node;
  while (walker[step]() && !walker.currentNode.nodeValue.trim());
  return walker.currentNode === node ? undefined : walker.currentNode;
};

/** Whether a word in `line`, or in the cell before it, says that digits of one of `numbers` are no
 * telephone's. */
const isLabelled = (line, numbers) => {
  const [first] = line[0];
  const before = beside(first, 'previousNode');
  const row = (node) => blockOf(node)?.parentNode;
  const label = before && row(before) === row(first) ? before.nodeValue : '';
  const text = label + line.map(([node]) => node.nodeValue).join('');
  const rows = [...text.matchAll(LABELLED)].map(([, row]) => row.replace(/\s/g, ''));
  return numbers.some((number) => rows.some((row) => row.endsWith(number.slice(-ROW_TAIL))));
};

/** `line` with the local number on the next one: the rules tell whether that is read with the same
 * area code. They change nothing there but what would be changed anyway. */
const withNext = (line, isApart) => {
  const behind = beside(line[line.length - 1][0], 'nextNode');
  const leads = behind && LOCAL.test(behind.nodeValue) && !isApart([behind]);
  return leads ? [...line, [behind, false, true]] : line;
};

/** Looks for them in a line that holds digits. */
function searchLine(line, wanted) {
  const text = line.map(([node]) => node.nodeValue).join('');
  for (const [index, pattern, apart] of wanted) {
    if (!pattern.test(text)) continue;
    const { numbers, shown } = slots[index];
    const isApart = ([node]) => nearest(node.parentNode, apart) || isLinked(node);
    if (line.some(isApart) || isLed(line[0][0], text)) continue;
    if (isLabelled(line, shown ? [...numbers, shown] : numbers)) continue;
    find(index, withNext(line, isApart), []);
  }
}

/** Looks for them in the lines of `block`, and not in the blocks inside. */
function* searchBlock(block, wanted) {
  let line = [];
  let digits = 0;
  const flush = () => {
    if (digits) searchLine(line, wanted);
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
  const step = stepThrough(block, look, true);
  let node;
  for (let steps = 1; (node = step()); steps++) {
    if (steps % SLICE_NODES) continue;
    yield;
    if (isGone(node, block)) return;
  }
  flush();
}

/** Steps through texts, which end at `way.end`, to the one that holds what ends at `at`, or
 * SLICE_NODES further; gives that text, or nothing where there are no more. */
function stepTo(way, at) {
  let node;
  let { end } = way;
  for (let steps = SLICE_NODES; steps && end < at; steps--) {
    node = way.walker.nextNode();
    // Own swaps may have made the text shorter.
    if (!node) break;
    end += node.length;
  }
  way.end = end;
  return node;
}

/** Looks for the scenarios' page numbers in links and lines of `root`. */
function* search(root) {
  const wanted = wantedNow();
  for (const node of within(root, kinds.links)) {
    searchLink(node, wanted);
    yield;
  }
  const tails = tailsOf(wanted);
  const blocks = new Set();
  const way = { walker: walkerOf(root, 12), end: 0 };
  let text = textContent.call(root);
  let at = 0;
  const findNext = () => {
    tails.lastIndex = at;
    return tails.test(text) && (at = tails.lastIndex);
  };
  while (findNext()) {
    while (way.end < at) {
      const node = stepTo(way, at);
      if (!node) break;
      if (way.end >= at) {
        const block = blockOf(node);
        // Most numbers have a block for themselves.
        const isAlone = block === node.parentNode && block.firstChild === block.lastChild;
        if (isAlone && node.nodeType === 3) searchLine([[node, false]], wanted);
        else blocks.add(block);
      }
      const before = rests;
      yield;
      // Nobody else has had a turn.
      if (before === rests) continue;
      if (isGone(node, root)) return;
      const rest = doc('createRange')();
      rest.selectNodeContents(root);
      rest.setStartAfter(node);
      text = `${rest}`;
      at = way.end = 0;
      break;
    }
  }
  for (const block of blocks) {
    if (block?.isConnected) yield* searchBlock(block, wanted);
    yield;
  }
}
