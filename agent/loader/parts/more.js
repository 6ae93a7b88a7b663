// What few pages need: the first part the loader loads on demand.
//
// It holds the small features itself and knows the files of the large ones (`RINGLET_PARTS`, made
// by the build from the other files of this folder). The loader asks for it when the site's
// configuration wants it (`more`), when the page has open shadow roots or frames of its own origin,
// when the page calls a verb that the loader does not know, with `ringlet_debug=1` in the address,
// and when WebAssembly is forbidden.

import { enterDepths } from './depths.js';

/** Adds what the site wants to the loader's `agent` (main.js); resolves when verbs are there. */
export async function begin(agent) {
  enterDepths(agent);
}

/** A large part of the release by the name of its file in this folder. */
export const part = (agent, name) => agent.importPart(agent.base, RINGLET_PARTS[name]);
