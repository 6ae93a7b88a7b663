// Ids that other systems give a visitor in their own time: after our request, by a callback or a
// cookie. They are asked the way their documents say, looked for a few seconds, and told to the
// edge in one message of the visit, or in none if nothing is new.
//
// What is asked may never answer, answer twice, or throw: nothing of it reaches the page. A system
// whose cookies are all there is not asked at all. Only visitors who agreed are read.

import { all, doc } from '../../host.js';

/** The pause between two looks, and how many there are. */
const LOOK_MS = 1_000;
const LOOKS = 10;
/** What can be an id, and not `undefined` as text; the edge looks again. */
const ID = /^(?=.*\d)[\w.:-]{1,64}$/;

/** Of each system: names of its cookies, of its ids, and how it is asked. */
const SYSTEMS = {
  google: {
    cookies: [/^_ga$/, /^_ga_/],
    ids: ['ga_client_id', 'ga_session_id'],
    once: (tell) => {
      const [tag] = tagsOf();
      if (typeof window.gtag !== 'function' || !tag) return;
      for (const name of ['client_id', 'session_id']) {
        window.gtag('get', tag, name, (id) => tell(`ga_${name}`, id));
      }
      return true;
    },
  },
  metrica: {
    cookies: [/^_ym_uid$/],
    ids: ['ym_client_id'],
    once: (tell) => {
      const [counter] = countersOf();
      if (typeof window.ym !== 'function' || !counter) return;
      window.ym(counter, 'getClientID', (id) => tell('ym_client_id', id));
      return true;
    },
  },
  calltouch: {
    cookies: [/^_ct_(session_id|ids)$/],
    ids: ['calltouch_session_id'],
    look: (tell) => {
      const [mod] = inScripts(/calltouch\.ru\/.*[?&](?:id|mod_id)=(\w+)/);
      if (typeof window.ct !== 'function' || !mod) return;
      tell('calltouch_session_id', window.ct('calltracking_params', mod)?.sessionId);
    },
  },
  callrail: {
    cookies: [/^calltrk_session/, /^calltrk_uuid/],
    ids: ['callrail_session_id', 'callrail_visitor_id'],
  },
  uis: {
    cookies: [/^_comagic_id/],
    ids: ['uis_visitor_id', 'uis_session_id'],
    look: (tell) => {
      const { visitor_id, session_id } = Object(window.Comagic?.getCredentials?.());
      // Not a number until its server has answered.
      if (!/^\d+$/.test(visitor_id) || !/^\d+$/.test(session_id)) return;
      tell('uis_visitor_id', visitor_id);
      tell('uis_session_id', session_id);
    },
  },
};

/** What `pattern` finds in the addresses of the page's scripts. */
const inScripts = (pattern) =>
  [...all(document, 'script[src]')].map(({ src }) => pattern.exec(src)?.[1]).filter(Boolean);

/** Tags of Google Analytics: by the commands of the page, by its script. */
const tagsOf = () => {
  const layer = Array.isArray(window.dataLayer) ? [...window.dataLayer] : [];
  const configured = layer.map((entry) => (entry?.[0] === 'config' ? entry[1] : ''));
  const tags = [...configured, ...inScripts(/\/gtag\/js\?.*\bid=(G-\w+)/)];
  return tags.filter((tag) => /^G-\w+$/.test(tag));
};

/** Metrica's counters: by the commands that wait, by the objects it makes. */
const countersOf = () => {
  const waiting = [...(window.ym?.a || [])].map((command) => command?.[0]);
  const made = Object.keys(window).map((name) => /^yaCounter(\d+)$/.exec(name)?.[1]);
  return [...waiting, ...made].filter((counter) => /^\d+$/.test(counter));
};

/** Begins; gives what reads the visit of now, unless that was done. */
export function open(agent) {
  const { config, listen, load, post, quietly, save, state } = agent;
  const wanted = (config.page.analytics || []).map((name) => SYSTEMS[name]).filter(Boolean);
  /** Those that were asked and answer when they like. */
  const asked = new Set();
  const found = {};
  let reading;
  let looks;

  const mayRead = () => state().consent === 'granted' && !state().isStopped;
  const tell = (name, id) => {
    if (/^(string|number)$/.test(typeof id) && ID.test(id)) found[name] = `${id}`;
  };
  /** Cookies of the systems, as they stand now. */
  const cookiesNow = () =>
    doc('cookie')
      .split('; ')
      .map((pair) => pair.split('='))
      .filter(([name]) => wanted.some((one) => one.cookies.some((known) => known.test(name))));
  const isWhole = ({ cookies: known, ids }) => {
    const now = cookiesNow();
    const isThere = (pattern) => now.some(([name]) => pattern.test(name));
    return known.every(isThere) || ids.every((name) => found[name]);
  };

  const end = () => {
    const visit = reading;
    reading = undefined;
    if (!visit || !mayRead()) return;
    const record = load();
    if (record.visit !== visit || record.told === visit) return;
    record.told = visit;
    save(record);
    // What the visit request told.
    const before = JSON.stringify(agent.cookies || {});
    const later = cookiesNow().filter(([, value]) => !before.includes(value));
    const ids = Object.entries(found).filter(([, id]) => !before.includes(id));
    if (later.length + ids.length === 0) return;
    const more = { ids: Object.fromEntries(ids), cookies: Object.fromEntries(later) };
    post('beat', { event: 'ids', ...more }, true)
      .then((response) => response.json())
      .then(({ memory }) => {
        const now = load();
        if (memory && mayRead() && now.visit === visit) save(Object.assign(now, { memory }));
      })
      .catch(() => 0);
  };

  const look = () => {
    if (!reading || !mayRead()) return;
    for (const system of wanted) {
      if (isWhole(system)) continue;
      quietly(() => system.look?.(tell));
      if (!system.once || asked.has(system)) continue;
      // What throws would throw again.
      if (quietly(() => system.once(tell) || 'later') !== 'later') asked.add(system);
    }
    if (wanted.every(isWhole) || ++looks >= LOOKS) end();
    else setTimeout(() => quietly(look), LOOK_MS);
  };

  // Whoever goes, or calls, is told of with what is known by then.
  listen('pagehide', end);
  listen('visibilitychange', () => doc('visibilityState') === 'hidden' && end());
  listen('ringlet:tap', end);

  return () => {
    const { told, visit } = load();
    if (!visit || told === visit || reading === visit || !mayRead()) return;
    const isAlone = !reading;
    reading = visit;
    looks = 0;
    if (isAlone) look();
  };
}
