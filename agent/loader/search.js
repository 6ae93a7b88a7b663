// Looking for page numbers by their text: in links, and in lines of text anywhere.
//
// Only in the script of sites that have such targets (`RINGLET_SEARCH`): others need not carry it.
// What is a number the rules say; here the page is only cut into lines. The browser reads the text
// of a whole root faster than we walk through it, so that is asked for the last digits of all
// numbers first; then only blocks in which they begin are cut.
//
// One rule is here and not in the core: which words make digits an order, an account or a tax
// number. It is a list of words, of no use to pages that do not search, and in the module, which
// they load as well where a place is not plain, it would weigh more than there is room for; and it
// looks into the cell before, which is the page's. The core sees no digits there, and decides the
// rest.

import { attributeOf, doc, later, nearest, walkerOf } from './host.js';
import { LONG_TAIL, SLICE_MS, SLICE_NODES, TAIL } from './limits.js';
import {
  blockOf,
  forget,
  goesOn,
  inLook,
  isLinked,
  kinds,
  looks,
  original,
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
/** With these before it «заказ» is no order but what one may call for. */
const CALLS = '(?:на|под|to|\\p{L}+(?:ть|те))\\s+(?:заказ|order)';
const GAP = '[\\s:#№.\u2010-\u2015-]*';
/** Digits in one piece, or in short ones that spaces part, to their end; dashes are a telephone's,
 * whoever takes orders by it. */
const ROW = '\\d{7,}(?!\\s*-?\\d)|\\d{1,4}(?:\\s\\d{1,4}){2,}(?!\\s*[(-]?\\d)';
const BARE = /* @__PURE__ */ new RegExp(ROW);
/** Such a word, or what it is no such word in, and the row directly behind it. */
const LABELLED = /* @__PURE__ */ (() =>
  new RegExp(
    `(?:^|[^\\p{L}])(?:(${CALLS})|${WORDS})${GAP}(?:(?:number|no|номер)${GAP})?(${ROW})`,
    'giu',
  ))();
/** A row shorter than that is no telephone number in any case. */
const ROW_MIN = 7;
/** Stands between the cell before and a line: parts digits, and does not part a word from them. */
const CELL = ':';
/** The digits of such rows are given to the rules as these, which are no characters and no page
 * has: so they are no digits, and what else stands in the line is judged by itself. */
const VEILED = /[\ufdd0-\ufdd9]/g;
const VEIL = 0xfdd0 - 48;
// Letters end a row of digits.
const WORD = /[^\s\d().+/\u00a0\u00ad\u2000-\u206f\u2212-]/;

/** Searches that took too long for one task, each with the look it belongs to, and who waits for
 * them. */
const searches = [];
let whenFound;
let timer;
let rests = 0;

/** Looks for the page numbers of all slots in `root`, for a few milliseconds at once. Before the
 * edge has answered there is nothing to write, and the task that asks it need not be longer. */
export function startSearch(root) {
  searches.push([search(root), looks]);
  if (slots.some(({ answered }) => answered)) goOn();
  else rest();
}

const rest = () => {
  clearTimeout(timer);
  rests++;
  timer = later(goOnLater, 0);
};

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
    const [way, look] = searches[0];
    if (inLook(look, () => way.next())?.done) searches.shift();
    else if (Date.now() > end) return rest();
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
  if (slot.shown && !slot.isOwn) tails.add(tail(slot.shown, TAIL));
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
  !node.isConnected && root.isConnected && searches.push([search(root), looks]);

/** Whether the code of the local number in `line` stands on the one before. */
const isLed = (line) => {
  const [[node]] = line;
  if (line.map(([node]) => node.nodeValue).join('').replace(/\D/g, '').length > LONG_TAIL) return;
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

/** The text of the cell before that of `node`, in the same row. */
const cellBefore = (node) => {
  const before = beside(node, 'previousNode');
  const row = (node) => blockOf(node)?.parentNode;
  return before && row(before) === row(node) ? before.nodeValue : '';
};

/** `line` with the digits veiled that a word in it, or in the cell before, calls something else
 * than a telephone number: those directly behind the word, and no others. */
const veil = (line) => {
  const texts = line.map(([node]) => original(node));
  const own = texts.join('');
  // Most numbers have marks, or stand alone.
  if (!BARE.test(own) || own.search(VEILED) >= 0) return line;
  const cell = cellBefore(line[0][0]) + CELL;
  const whole = cell + own;
  let veiled = '';
  for (const { 0: found, 1: calls, 2: row, index } of whole.matchAll(LABELLED)) {
    const at = index + found.length - row.length;
    if (calls || row.replace(/\s/g, '').length < ROW_MIN) continue;
    const hidden = row.replace(/\d/g, (digit) => String.fromCharCode(VEIL + digit.charCodeAt(0)));
    veiled += whole.slice(veiled.length, at) + hidden;
  }
  veiled = (veiled + whole.slice(veiled.length)).slice(cell.length);
  let from = 0;
  return line.map(([node, on, isLed], at) => [
    node,
    on,
    isLed,
    veiled.slice(from, (from += texts[at].length)),
  ]);
};

/** `text` with the digits that were veiled. */
export const unveil = (text) =>
  text.replace(VEILED, (sign) => String.fromCharCode(sign.charCodeAt(0) - VEIL));

/** `line` with the local number on the next one: the rules tell whether that is read with the same
 * area code. They change nothing there but what would be changed anyway. */
const withNext = (line, isApart) => {
  const behind = beside(line[line.length - 1][0], 'nextNode');
  const leads = behind && LOCAL.test(behind.nodeValue) && !isApart([behind]);
  return leads ? [...line, [behind, false, true]] : line;
};

/** Looks for them in a line that holds digits. */
function searchLine(line, wanted) {
  const holds = (part, pattern) => pattern.test(part.map(([node]) => node.nodeValue).join(''));
  for (const [index, pattern, apart] of wanted) {
    if (!holds(line, pattern)) continue;
    const isApart = ([node]) => nearest(node.parentNode, apart) || isLinked(node);
    // What has its own place, as a link has, parts the line.
    const parts = [[]];
    for (const row of line) {
      if (isApart(row)) parts.push([]);
      else parts[parts.length - 1].push(row);
    }
    for (const part of parts) {
      if (!holds(part, pattern) || isLed(part)) continue;
      find(index, veil(withNext(part, isApart)), []);
    }
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
