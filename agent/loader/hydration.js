// Pages that a framework is about to take over from its server: until it has, their texts and
// links must be the server's, or it complains and may build the page anew.
//
// React marks each element it has taken over, Vue the root. Svelte compares nothing: it writes its
// own text, which is then met as any change of the page. An owner whose root has a name of its own
// marks it `data-ringlet-hydrates`. What is not taken over in HYDRATION_MS never will be.

import { all, doc, nearest } from './host.js';
import { HYDRATION_MS, LOOK_MS } from './limits.js';

const ROOT = '#__next,#___gatsby,#__nuxt,[data-server-rendered],[data-ringlet-hydrates]';
/** With Next.js the whole document is the application's. */
const WHOLE = 'script[src*="/_next/"]';
const TAKEN = /^__(reactFiber|vue)/;

const isTaken = (element) => Object.keys(element).some((name) => TAKEN.test(name));

const began = Date.now();
let timer;
let lookedAt = 0;
let isOpen = true;
let isWhole;

/** Whether the application has the whole document: while that is parsed, looked up once for writes
 * close together. */
const isNext = (now) => {
  if (isOpen && !(Math.abs(now - lookedAt) < LOOK_MS)) {
    lookedAt = now;
    isOpen = doc('readyState') === 'loading';
    isWhole = all(document, WHOLE).length > 0;
  }
  return isWhole;
};

/** Whether nothing may be written at `element` yet; `again` is called some time later then. */
export function isAwaited(element, again) {
  const now = Date.now();
  if (!(now - began < HYDRATION_MS)) return false;
  const root = nearest(element, ROOT) || (isNext(now) && nearest(element, 'html'));
  if (!root || isTaken(element) || isTaken(root)) return false;
  timer ||= setTimeout(() => {
    timer = 0;
    again();
  }, LOOK_MS);
  return true;
}
