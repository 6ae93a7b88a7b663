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

/** The bytes that base64 stands for. */
export const bytesOf = (text) =>
  Uint8Array.fromBase64
    ? Uint8Array.fromBase64(text)
    : Uint8Array.from(atob(text), (char) => char.charCodeAt());
