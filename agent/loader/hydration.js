// Pages that a framework is about to take over from its server: until it has, their texts and
// links must be the server's, or it complains and may build the page anew.
//
// React marks each element it has taken over, Vue the root. Parts of a React page may come later
// than what is around them: its server puts those between comments, `$` and `/$`. Svelte compares
// nothing: it writes its own text, which is then met as any change of the page. An owner whose root
// has a name of its own marks it `data-ringlet-hydrates`. What is not taken over in HYDRATION_MS
// never will be.

import { all, doc, nearest } from './host.js';
import { HYDRATION_MS, LOOK_MS } from './limits.js';

const ROOT = '#__next,#___gatsby,#__nuxt,[data-server-rendered],[data-ringlet-hydrates]';
const TAKEN = /^__(reactFiber|vue)/;

/** Whether `node`, or what it is in, was taken over, and no border of a later part is between. */
const isTaken = (node) => {
  let inner;
  for (; !Object.keys(node).some((name) => TAKEN.test(name)); node = node.parentNode) {
    // In a shadow root or a frame it is no part of the application's.
    if (!node.parentNode) return node !== document;
    inner = node;
  }
  let open = 0;
  while (open < 1 && (inner = inner?.previousSibling)) {
    if (inner.nodeType === 8) open += /^\$/.test(inner.data) - /^\/\$/.test(inner.data);
  }
  return open < 1;
};

const began = Date.now();
let timer;
let isOpen = true;
let isWhole;

/** Whether the application has the whole document, as with Next.js: looked up until that is
 * parsed. */
const isNext = () => {
  if (isOpen) {
    isOpen = doc('readyState') === 'loading';
    isWhole = all(document, 'script[src*="/_next/"]').length;
  }
  return isWhole;
};

/** Whether nothing may be written at `element` yet; `again` is called some time later then. */
export function isAwaited(element, again) {
  if (!(Date.now() - began < HYDRATION_MS)) return false;
  if (!(nearest(element, ROOT) || (isNext() && element)) || isTaken(element)) return false;
  timer ||= setTimeout(() => {
    timer = 0;
    again();
  }, LOOK_MS);
  return true;
}
