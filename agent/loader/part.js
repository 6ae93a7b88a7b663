// The rules that come with the script, and parts of the agent under their hashes: what few pages
// need.

import { AGAIN_MS } from './limits.js';

const fetchOnce = (base, [name, integrity], cache) =>
  fetch(`${base}/a/${name}`, { integrity, credentials: 'omit', cache }).then((response) =>
    response.ok ? response.arrayBuffer() : Promise.reject(),
  );

/** The bytes of the part `[file name, integrity]` of this release; fails if they are others, or do
 * not come the second time either: one lost connection costs no visitor his number. */
export const fetchPart = (base, part) =>
  fetchOnce(base, part).catch(() =>
    new Promise((act) => setTimeout(act, AGAIN_MS)).then(() => fetchOnce(base, part, 'reload')),
  );

/** A part that is a module: checked first, then taken from the browser's cache. */
export const importPart = (base, part) =>
  fetchPart(base, part).then(() => import(`${base}/a/${part[0]}`));

/** The bytes that the build put into the script as `text`, a character for each. Nearly all are
 * ASCII, which the browser copies by itself. */
export const bytesOf = (text) => {
  const high = [];
  const low = text.replace(/[\x80-\xff]/g, (char, at) => {
    high.push(at);
    return String.fromCharCode(char.charCodeAt() & 127);
  });
  const bytes = new TextEncoder().encode(low);
  for (const at of high) bytes[at] |= 128;
  return bytes;
};
