// What the page's consent platform says, told to the agent: IAB TCF, and Google's consent mode.
//
// The edge puts this (as signals_now.js) behind the loader in the scripts of sites that wait for
// consent or work without cookies until then; other sites do not carry it. A pinned script, which
// is the same for every site, loads it on demand. It only reads: `__tcfapi` is asked as
// its standard says, commands of consent mode are looked up in `dataLayer`, where pages keep them.

/** Reads them from now on; `usual` is what the site does before anybody says anything. */
export function readSignals(usual) {
  const LOOK_MS = 500;
  let told;
  let seen = {};
  let hasTcf = false;
  let isRefused = false;

  const tell = (isGranted) => {
    if (told === isGranted) return;
    // Before it was ever given, consent is what the site said.
    if (isGranted || told) ringlet('consent', isGranted ? 'granted' : refused);
    told = isGranted;
  };
  const refused = usual === 'wait' ? 'denied' : usual;

  // Purposes: 1 store and read on a device, 7 measure advertising.
  const onTcf = ({ eventStatus, gdprApplies, purpose }, isKnown) => {
    if (!isKnown || eventStatus === 'cmpuishown') return;
    const given = purpose?.consents || {};
    tell(gdprApplies === false || !!(given[1] && given[7]));
  };

  /** The last word of consent mode in what came since the last look, which is known by its last
   * entry: a tag manager drops old ones when there are hundreds, and a page may begin anew. A
   * default may be meant for another region than the visitor's, which nobody here knows: where one
   * refuses, only his own word grants. */
  const lookAtConsentMode = () => {
    const layer = window.dataLayer;
    if (!Array.isArray(layer)) return;
    let word;
    for (const entry of layer.slice(layer.lastIndexOf(seen) + 1)) {
      seen = entry;
      const [command, kind, settings] = entry?.[0] === 'consent' ? entry : [];
      const storage = command && settings?.analytics_storage;
      if (!storage) continue;
      const isGranted = storage === 'granted';
      const isUsual = kind === 'default';
      isRefused ||= isUsual && !isGranted;
      if (!isUsual || !isGranted) word = isGranted;
      else if (!isRefused && !settings.region) word = true;
    }
    if (word !== undefined) tell(word);
  };

  const look = () => {
    try {
      if (typeof window.__tcfapi === 'function') {
        if (!hasTcf) window.__tcfapi('addEventListener', 2, onTcf);
        hasTcf = true;
      } else lookAtConsentMode();
    } catch {
      // No word is no consent.
    }
  };
  look();
  setInterval(look, LOOK_MS);
}
