// Interfaces of other systems, for pages that were written for them: offered where the site wants
// one and the other system itself is absent. Names and meanings are those of the systems' public
// interfaces; what has no meaning here does nothing.

/** Offers what the site names. */
export function offerInterfaces(agent) {
  const offers = { roistat, callrail, google };
  for (const name of agent.config.page.compatibility || []) offers[name]?.(agent);
}

/** The number as people read it, in the first scenario that has one; nothing without one. */
const shownOf = (load) => {
  const given = load().numbers.find(({ number }) => number);
  if (!given) return;
  const [written] = Object.values(Object(given.display));
  return { digits: given.number, written: written || `+${given.number}` };
};

/** What pages call that has no meaning here: it must not be missing. */
const MEANINGLESS = [
  'authClientById',
  'registerAbTestCallback',
  'setJSONPRequestTimeout',
  'setVisit',
];

const listen = (name, act) => document.addEventListener(`ringlet:${name}`, act);

function roistat({ load, quietly, verbs, whenAnswered }) {
  if (window.roistat) return;
  const own = {
    version: 'ringlet',
    visit: undefined,
    geo: {},
    page: { params: {} },
    callTracking: { enabled: 1, phone: '', rawPhone: '', replacementClasses: [] },
    getVisit: () => load().visit,
    getSource: () => load().marker || '',
    registerOnVisitProcessedCallback: (act) => whenAnswered(() => act(load().visit)),
    registerOnCalltrackingPhoneReceivedCallback: (act) => {
      const tell = () => quietly(() => act(own.callTracking.phone, own.callTracking.rawPhone));
      if (own.callTracking.phone) tell();
      listen('number', tell);
    },
    disableCallTracking: () => {
      own.callTracking.enabled = 0;
      verbs.destroy();
    },
    // The page writes the number itself.
    setCallTrackingManualMode: () => verbs.restore(),
    event: { send: () => {} },
  };
  for (const name of MEANINGLESS) own[name] = () => {};
  const note = () => {
    const shown = shownOf(load);
    own.callTracking.phone = shown?.written || '';
    own.callTracking.rawPhone = shown?.digits || '';
    own.visit = load().visit;
  };
  listen('number', note);
  listen('release', note);
  window.roistat = own;
  whenAnswered(() => {
    note();
    quietly(() => window.onRoistatModuleLoaded?.());
    quietly(() => window.roistatVisitCallback?.(own.visit));
    quietly(() => window.roistatCallback?.(own.visit, own.getSource()));
  });
}

function callrail({ load, quietly, verbs, whenAnswered }) {
  if (window.CallTrk) return;
  window.CallTrk = {
    swap: (where) =>
      quietly(() => {
        const nodes = typeof where === 'string' ? document.querySelectorAll(where) : [where];
        for (const node of nodes) verbs.swap(node);
      }),
    getSwapNumbers: (wanted, act) =>
      whenAnswered(() => {
        const { digits } = shownOf(load) || {};
        const swapped = [].concat(wanted).map((number) => [number, digits || number]);
        quietly(() => act(Object.fromEntries(swapped)));
      }),
  };
}

/** Calls back what the page gave Google's tag in its `config` commands. */
function google({ load, quietly, whenAnswered }) {
  if (window._googWcmGet || window._googWcmImpl) return;
  const callbacks = () =>
    [...(Array.isArray(window.dataLayer) ? window.dataLayer : [])]
      .map((entry) => quietly(() => entry[0] === 'config' && entry[2].phone_conversion_callback))
      .filter((act) => typeof act === 'function');
  const tell = () => {
    const shown = shownOf(load);
    if (!shown) return;
    for (const act of callbacks()) quietly(() => act(shown.written, `+${shown.digits}`));
  };
  whenAnswered(tell);
  listen('number', tell);
}
