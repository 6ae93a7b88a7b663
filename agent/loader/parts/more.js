// What few pages need: the first part the loader loads on demand.
//
// It holds the small features itself and knows the files of the large ones (`RINGLET_PARTS`, made
// by the build from the other files of this folder). The loader asks for it when the site's
// configuration wants it (`more`), when the page has open shadow roots or frames of its own origin,
// when the page calls a verb that the loader does not know, with `ringlet_debug=1` in the address,
// and when WebAssembly is forbidden.

import { offerInterfaces } from './compat.js';
import { offerDebugging } from './debugging.js';
import { passVisitors } from './links.js';
import { enterDepths } from './depths.js';
import { addPlaces } from './places.js';
import { readLater } from './systems.js';
import { meetTabs } from './tabs.js';
import { addVerbs } from './verbs.js';

/** Adds what the site wants to the loader's `agent` (main.js), which then scans the page again. */
export function begin(agent) {
  nameState(agent);
  addVerbs(agent);
  addPlaces(agent);
  offerInterfaces(agent);
  enterDepths(agent);
  passVisitors(agent);
  readLater(agent, () => part(agent, 'ids'));
  meetTabs(agent);
  offerDebugging(agent, () => part(agent, 'debug'));
}

/** What the loader says of itself, by names that it need not carry. */
function nameState(agent) {
  const { state } = agent;
  agent.state = () => {
    const [answered, asked, consent, hasBegun, isPaused, isReady, isStopped] = state();
    return { answered, asked, consent, hasBegun, isPaused, isReady, isStopped };
  };
}

/** A large part of the release by the name of its file in this folder. */
export const part = (agent, name) => agent.importPart(agent.base, RINGLET_PARTS[name]);
