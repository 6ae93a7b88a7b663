// The agent's start and its way through a page view. See README.md beside this file.

import {
  ACTIVITY,
  ANSWER,
  FAILURE,
  HIDE,
  IS_FRESH,
  KEEP,
  LEAVE,
  RETURN,
  SHOW,
  START,
  VISIT,
  WAKE,
} from './codes.js';
import {
  all,
  announce,
  attributeOf,
  doc,
  isVisible,
  later,
  listen,
  nearest,
  quietly,
  walkerOf,
} from './host.js';
import {
  ACTIVITY_MS,
  DEEP_NODES,
  EARLY_MS,
  IDLE_MS,
  LATE_MS,
  REFUSED_MS,
  TIMER_MS_MAX,
} from './limits.js';
import * as page from './page.js';
import * as store from './store.js';
import { bytesOf, fetchPart, importPart } from './part.js';
import { write } from './json.js';
import { start, step } from './rules.js';
import { onFound } from './search.js';

/** The site's public configuration. */
let config;

const BEATS = ['', '', 'active', 'keep', 'idle', 'leave'];

/** What names a source in an address; the edge reads it. */
const SOURCE = /[?&#](roistat|rs|utm_\w+|\w*clk?id|[gw]braid|_openstat)=/;

let consent;
let isRunning = false;
let isReady = false;
let isPaused = false;
let isStopped = false;
let hasBegun = false;
let wasAskedEarly = false;
let wakeTimer;
let startTimer;
let lateTimer;
let activeAt = 0;
let address;
let asked = 0;
let answered = 0;
/** Answers that came before the rules. */
const waiting = [];
/** Callers of the page who wait for the first answer. */
let callers = [];
/** What the page told by `param`, if it did. */
let params;
/** What the fast snippet began (fast.js): the visit's answer, nothing (once the rules), tab, time,
 * consent. */
let early = [];

const pathOf = (name) => `${agent.base}/v1/sites/${config.site}/${name}`;

/** Sends `body`; `keepalive` if it must outlive the page. */
const send = (name, body, keepalive) =>
  fetch(pathOf(name), { method: 'POST', body, keepalive, credentials: 'omit' });

/** Sends `body` and forgets it: the page may be gone the next moment. */
const drop = (name, body) =>
  quietly(() => navigator.sendBeacon(pathOf(name), body)) || send(name, body, true).catch(() => 0);

const compose = (record, more) =>
  write({
    v: 1,
    agent: RINGLET_VERSION,
    visit: store.resumable(record),
    visitor: record.visitor,
    leases: record.numbers
      .filter(({ lease }) => lease)
      .map(({ scenario, lease, generation, number }) => ({ scenario, lease, generation, number })),
    targets: [...new Set(page.slots.filter(({ found }) => found).map(({ id }) => id))],
    key: `${Date.now()}-${Math.random()}`,
    memory: record.memory,
    tab: store.tabAlone(),
    ...more,
  });

/** Sends a message. */
const post = (name, more, keepalive) => send(name, compose(store.load(), more), keepalive);

/** Asks the edge for numbers: by the visit request, or by a beat that is answered alike. `sent` is
 * the answer to a request that the fast snippet has sent, for every scenario. */
function ask(name, more, isKeep, sent) {
  const mine = ++asked;
  for (const slot of page.slots) slot.asked = sent || slot.found;
  agent.status = 0;
  (sent || post(name, more))
    .then((response) => {
      agent.status = response.status;
      return response.ok ? response.json() : Promise.reject();
    })
    .then(
      (reply) => () => {
        if (mine < answered) return;
        answered = mine;
        const numbers = [].concat(reply.numbers || []);
        agent.answer = reply;
        // A keep-alive may be answered with nothing: all stays.
        if (!isKeep || numbers.length) accept(reply, numbers);
        advance(reply.retry_after_ms ? FAILURE : ANSWER, reply.retry_after_ms);
      },
      // What is refused is refused again: its site or its origin is unknown.
      () => () => advance(FAILURE, /^4/.test(agent.status) * REFUSED_MS),
    )
    .then((act) => (isReady ? quietly(act) : waiting.push(act)));
}

function askVisit() {
  const [sent, , , at, said] = early;
  early[3] = 0;
  // An agreement that came since then asks for a visitor who is known.
  const isMine = said === consent || consent === 'cookieless';
  // What the page told us by `param` the snippet did not know: it is asked for at the next route.
  if (isMine && Date.now() - at < EARLY_MS) {
    address = location.href;
    return ask('visit', {}, false, sent);
  }
  address = addressOf();
  ask('visit', aboutVisit());
}

/** What the edge reads the visit's source from. */
const aboutVisit = () => ({
  url: addressOf(),
  referrer: doc('referrer'),
  marker: store.cookie('roistat_marker') || store.load().marker,
  roistat_visit: store.cookie('roistat_visit'),
  cookies: (agent.cookies = store.cookiesOf(config.cookies)),
  consent,
  device: quietly(() => matchMedia('(pointer:coarse)').matches) ? 'mobile' : 'desktop',
});

/** The page's address, with what the page told us by `param` as if it stood there. */
const addressOf = () => {
  if (!params) return location.href;
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  return url.href;
};

/** Takes what the edge answered: remembers it and shows it. */
function accept({ visit, visitor, marker, memory }, numbers) {
  if (isStopped) return;
  const record = store.load();
  record.numbers = numbers.filter((given) => given?.scenario);
  record.visit = visit || record.visit;
  record.visitor = visitor || record.visitor;
  record.marker = marker || record.marker;
  record.memory = memory || record.memory;
  store.save(record);
  showAll(record.numbers);
  announce(config.page, 'visit', { visit: record.visit });
  callers.splice(0).forEach(quietly);
}

/** Makes the page show `numbers`, and its own number for every scenario not among them; tells
 * whether anything changed. */
function showAll(numbers) {
  let hasFewer = false;
  const news = [];
  page.slots.forEach(({ id, shown }, index) => {
    const given = numbers.find(({ scenario }) => scenario === id);
    const digits = /^\d{3,15}$/.test(given?.number) ? given.number : '';
    if (!page.setNumber(index, digits, given)) return;
    if (!digits) hasFewer = true;
    const one = digits ? ['number', { ...given }] : ['release', { scenario: id, number: shown }];
    if (!news.some(([, { scenario }]) => scenario === id)) news.push(one);
  });
  if (hasFewer) page.restore();
  if (news.length && !isPaused) page.scanAll();
  page.forget();
  news.forEach((one) => announce(config.page, ...one));
  return news.length;
}

/** Lets the rules of the visit take a step: rows of numbers as agent/src/lib.rs describes them. */
const askRules = (event, record, argument) => {
  const least = (name) => Math.min(...record.numbers.map((one) => one[name] || 1e15), 1e15) % 1e15;
  const plan = [least('hold_ms'), least('beat_ms'), least('idle_ms')];
  const known = record.known.slice(0, 6);
  const tabs = store.others(record);
  return step(event, [Date.now(), isVisible(), ...known, ...plan, ...tabs, argument]);
};

/** Takes a step and does what the rules say. */
function advance(event, argument = 0) {
  if (!isReady || isStopped) return;
  const record = store.load();
  const row = askRules(event, record, argument);
  const [message, withdraws, wakeAt] = row.splice(6);
  const isNews = event !== WAKE || `${row}` !== `${record.known}`;
  record.known = row;
  if (withdraws) record.numbers = [];
  // Tabs see each other's writes late: one that has nothing to say must not undo another's.
  if (isNews) store.save(record, event === LEAVE);
  if (withdraws) showAll([]);
  if (message) tell(message, record);
  clearTimeout(wakeTimer);
  const pause = Math.min(Math.max(wakeAt - Date.now(), 20), TIMER_MS_MAX);
  if (wakeAt) wakeTimer = later(() => advance(WAKE), pause);
}

function tell(message, record) {
  if (message === VISIT) {
    if (!wasAskedEarly) askVisit();
    wasAskedEarly = false;
    return;
  }
  // A number that belongs to its source needs no sign of life.
  if (!record.numbers.some(({ kind }) => kind !== 'static')) return;
  const event = BEATS[message];
  const beat = { event, quiet_ms: Date.now() - record.known[1] };
  if (message <= KEEP) ask('beat', beat, message === KEEP);
  else drop(event === 'leave' ? event : 'beat', compose(record, beat));
}

/** When the first place has appeared the visit begins, rules or not. */
function begin() {
  // The rules have seen every change; without them the whole page is looked at.
  if (hasBegun || !(isReady ? page.slots.some(({ found }) => found) : page.look())) return;
  if (!isReady) {
    hasBegun = wasAskedEarly = true;
    return askVisit();
  }
  // A remembered number stands already: its frame need not wait for the request. What the visitor
  // says until then needs none of its own.
  startTimer ||= later(() => {
    startTimer = 0;
    hasBegun = true;
    advance(START);
    askLate();
  });
}

/** Places may have appeared. */
const lookAgain = () => {
  quietly(begin);
  askLate();
};

/** A scenario whose first place appears after the request is asked for as well. */
function askLate() {
  const isLate = ({ found, asked }) => found && !asked;
  if (!hasBegun || lateTimer || !page.slots.some(isLate)) return;
  lateTimer = later(() => {
    lateTimer = 0;
    if (!isStopped) askVisit();
  }, LATE_MS);
}

/** The rules are here: what is remembered is shown in the same task. */
function useRules(module) {
  start(module, RINGLET_LIGHT && loadWhole);
  isReady = true;
  const record = store.load();
  const isFresh = record.numbers.length && !askRules(IS_FRESH, record, 0)[7];
  if (!isFresh || !showAll(record.numbers)) page.scanAll();
  page.forget();
  if (hasBegun) advance(START);
  else begin();
  waiting.splice(0).forEach(quietly);
}

/** Runs the module `bytes` and calls `use` with its functions: in this task where the browser does
 * not mind the size, for a remembered number must be right in the first frame. Gives a promise of
 * it elsewhere: WebKit forbids that only here and not when it is compiled. */
function runModule(bytes, use) {
  let exports;
  try {
    ({ exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes)));
  } catch (fault) {
    const isLarge = fault instanceof RangeError;
    return (isLarge ? WebAssembly.instantiate(bytes) : Promise.reject())
      .then(({ instance }) => instance.exports)
      .catch(loadPlainRules)
      .then(use);
  }
  quietly(() => use(exports));
}

/** The same rules as JavaScript: for pages whose policy forbids WebAssembly. */
const loadPlainRules = async () =>
  (await importPart(agent.base, RINGLET_MORE)).part(agent, 'plain');

/** Runs the rules that the page begins with. */
function startRules() {
  // The plain control of `cargo xtask size` has them with it.
  if (RINGLET_CONTROL) return useRules();
  // A page of the site has needed the whole rules: others may as well.
  const kept = RINGLET_LIGHT && store.keptModule(RINGLET_WHOLE[0]);
  // A pinned script is every site's: it brings the light rules, and those do not search.
  const isLacking = RINGLET_PINNED && page.slots.some(({ numbers }) => numbers.length);
  // The browser packs and unpacks them faster than a script looks at each character.
  const bytes = kept || quietly(() => !isLacking && bytesOf(btoa(__RINGLET_RULES__)));
  const begun = bytes
    ? runModule(bytes, useRules)
    : fetchPart(agent.base, RINGLET_WHOLE).then((fetched) => {
        whenIdle(() => store.keepModule(RINGLET_WHOLE[0], fetched));
        return runModule(fetched, useRules);
      });
  // Without rules no number is shown, so none is kept from others either.
  begun?.catch(() => {
    const giveBack = (act) => {
      // What was lent must be known to be given back.
      isStopped = false;
      quietly(act);
      isStopped = true;
      drop('leave', compose(store.load(), { event: 'leave' }));
    };
    isStopped = true;
    waiting.splice(0).forEach(giveBack);
    waiting.push = giveBack;
  });
}

let whole;
/** Loads the whole rules, once, which take over from the light ones: these do not know a place. It
 * keeps the page's number until then, and for good where they cannot be loaded. */
const loadWhole = () => {
  whole ||= fetchPart(agent.base, RINGLET_WHOLE)
    .then((bytes) =>
      runModule(bytes, (exports) => {
        start(exports);
        store.keepModule(RINGLET_WHOLE[0], bytes);
        page.disown();
        if (!isStopped && !isPaused) page.scanAll();
        page.forget();
      }),
    )
    .catch(() => 0);
};

let more;
/** Loads parts/more.js, once. */
const loadMore = () =>
  (more ||= importPart(agent.base, RINGLET_MORE)
    .then((module) => {
      module.begin(agent);
      // Before consent nothing is looked at.
      if (isStopped || !isRunning) return;
      page.rewatch();
      if (isReady && !isPaused) page.scanAll();
      page.forget();
      lookAgain();
    })
    .catch(() => 0));

/** Roots that were not looked into yet, and the way through the first of them. */
const deeps = new Set();
const awaited = new Set();
/** Elements that can have a shadow root or a document, as far as the browser itself tells them
 * apart: that one is asked at all takes the most time, and many pages consist of what can have
 * none. */
const HOSTS = ':not(li,a,td,b,i,em,ul,button)';
/** How many of the first root, itself before all, were looked at; the others. */
let looked = 0;
let hosts;
/** The debugger stays for the tab. */
let isDebugged;

/** Loads more.js when `root` holds what only that enters: open shadow roots, frames of this origin.
 * They are looked for when the page has nothing else to do. */
function lookDeep(root) {
  if (!more && deeps.add(root).size < 2) whenIdle(lookDeeper);
}

const whenIdle = (act) =>
  (window.requestIdleCallback || setTimeout)(() => quietly(act), { timeout: IDLE_MS });

function lookDeeper() {
  if (isDebugged ??= quietly(() => sessionStorage.ringlet_debug) || 0) return loadMore();
  // Most documents have none, and need not be looked through for them.
  const hasFrames = window[0];
  for (const root of deeps) {
    hosts ||= all(root, HOSTS);
    for (let host, steps = DEEP_NODES; (host = looked ? hosts[looked - 1] : root); looked++) {
      if (!steps--) return whenIdle(lookDeeper);
      // A frame of another origin has no document to show.
      const isEntered = host.shadowRoot || (hasFrames && host.contentDocument?.body?.firstChild);
      if (isEntered) {
        loadMore();
        break;
      }
      awaitDefinition(host);
    }
    deeps.delete(root);
    hosts = looked = 0;
  }
}

/** A custom element may get a shadow root when it is defined. */
function awaitDefinition({ localName }) {
  if (awaited.has(localName)) return;
  awaited.add(localName);
  if (!/-/.test(localName)) return;
  customElements.whenDefined(localName).then(() => lookDeep(document), () => 0);
}

/** A route of the page may name a source that was not there before. */
function lookAtAddress() {
  const current = address && addressOf();
  if (address === current || isStopped) return;
  address = current;
  if (SOURCE.test(address)) quietly(askVisit);
}

function onActivity() {
  const now = Date.now();
  if (Math.abs(now - activeAt) < ACTIVITY_MS || !hasBegun) return;
  activeAt = now;
  lookAtAddress();
  advance(ACTIVITY);
}

function onClick(event) {
  onActivity();
  const tapped = nearest(event.composedPath()[0], 'a[href^="tel:" i]');
  // An extension is dialled after the number.
  const digits = tapped && tapped.getAttribute('href').replace(/[;,pw].*|\D/g, '');
  const record = store.load();
  const given = digits && record.numbers.find(({ number }) => number === digits);
  if (!given || isStopped) return;
  drop('beat', compose(record, { event: 'tap', number: digits }));
  announce(config.page, 'tap', { scenario: given.scenario, number: digits });
}

function listenToVisitor() {
  for (const type of ['pointermove', 'pointerdown', 'keydown', 'scroll', 'touchstart', 'wheel']) {
    listen(type, onActivity);
  }
  listen('click', onClick);
  // A page that is left is told that it is hidden as well.
  let isLeft = false;
  listen('visibilitychange', () => hasBegun && !isLeft && advance(isVisible() ? SHOW : HIDE));
  listen('pagehide', () => {
    isLeft = true;
    if (hasBegun) advance(LEAVE);
  });
  listen('pageshow', ({ persisted }) => {
    isLeft = false;
    if (persisted && hasBegun) advance(RETURN);
  });
  listen('load', ({ target }) => target.contentDocument && lookDeep(target));
  listen('storage', (event) => {
    if (!isReady || isStopped || !store.isShared(event)) return;
    const record = store.load();
    // Consent was taken back there, or both have written in the same moment: parts/tabs.js.
    if (!event.newValue || store.isLost(record)) return call('meet', event.newValue);
    showAll(record.numbers);
    advance(WAKE);
  });
}

function run() {
  if (isRunning) return;
  isRunning = true;
  store.open(config, consent === 'granted', early[2]);
  page.begin(config);
  if (RINGLET_SEARCH) onFound(lookAgain);
  // A remembered number is shown before all else; without one the request goes first.
  const isKnown = store.load().numbers.length;
  if (isKnown) startRules();
  page.watch((roots, isParsed) => {
    if (isStopped) return;
    if (isReady && !isPaused) roots.forEach((root) => quietly(() => page.scan(root)));
    if (isParsed) roots.forEach(lookDeep);
    lookAtAddress();
    lookAgain();
  });
  if (!isKnown) startRules();
  later(listenToVisitor);
  if (config.more || /[?&]ringlet_debug=1/.test(location.search)) loadMore();
}

/** Nothing happens before somebody may see the page: not prerendered, not in the background. */
function runWhenSeen() {
  if (consent === 'wait') return;
  const once = { once: true };
  if (doc('prerendering')) document.addEventListener('prerenderingchange', runWhenSeen, once);
  else if (!isVisible()) addEventListener('visibilitychange', runWhenSeen, once);
  else quietly(run);
}

/** What the page may call: `ringlet('param', …)`. Verbs that are not here are in parts/verbs.js: no
 * page needs them before its first number. */
const verbs = {
  swap: (root) => {
    isPaused = false;
    if (root) page.scan(root);
    else page.scanAll();
    page.forget();
  },
  restore: () => {
    isPaused = true;
    page.restore();
  },
  param: (name, value) => {
    params = { ...params, [name]: `${value}` };
  },
  consent: (given) => {
    const isNews = consent !== given;
    const isDenied = given === 'denied';
    // What was lent to a visitor who was known is forgotten with him.
    if ((isDenied || (isNews && consent === 'granted')) && (hasBegun || startTimer)) {
      drop('leave', compose(store.load(), { event: 'leave' }));
    }
    if (isDenied) {
      if (isRunning) verbs.destroy();
      store.allow(false);
      consent = 'wait';
      return;
    }
    consent = given;
    if (!isRunning) return runWhenSeen();
    // What was lent for the page view becomes the visit's.
    store.allow(consent === 'granted');
    store.save(store.load());
    if (isStopped) {
      isStopped = hasBegun = false;
      showAll([]);
      page.rewatch();
      page.scanAll();
      begin();
    } else if (hasBegun && isNews) askVisit();
  },
  destroy: () => {
    isStopped = true;
    clearTimeout(wakeTimer);
    page.unwatch();
    page.restore();
  },
};

/** What the parts work with. */
const agent = {
  aboutVisit,
  all,
  announce,
  ask: askVisit,
  attributeOf,
  importPart,
  listen,
  nearest,
  page: {
    finders: page.finders,
    kinds: page.kinds,
    original: page.original,
    scan: page.scan,
    slots: page.slots,
    swapPlace: page.swapPlace,
    walk: page.walk,
    watchRoot: page.watchRoot,
    within: page.within,
    write: page.write,
  },
  load: store.load,
  post,
  quietly,
  save: store.save,
  // Their names are in parts/more.js.
  state: () => [answered, asked, consent, hasBegun, isPaused, isReady, isStopped],
  verbs,
  version: RINGLET_VERSION,
  walkerOf,
  whenAnswered: (act) => (answered ? act() : callers.push(act)),
};

/** Calls a verb; one that the loader does not know may be one of the parts'. */
const call = (name, ...given) =>
  verbs[name]
    ? quietly(() => verbs[name](...given))
    : loadMore().then(() => quietly(() => verbs[name](...given)), () => 0);

function listenToPage() {
  const { q: queue, early: begun } = Object(window.ringlet);
  // Asked before the visitor agreed, if he ever does: of no use.
  if (Array.isArray(begun) && config.consent !== 'wait') early = begun;
  window.ringlet = call;
  if (Array.isArray(queue)) queue.forEach((given) => call(...given));
}

function startWith(given) {
  const guard = Symbol.for(`ringlet:${given.site}`);
  if (window[guard]) return;
  Object.defineProperty(window, guard, { value: true });
  agent.config = config = given;
  consent = config.consent;
  const signals = navigator.globalPrivacyControl || navigator.doNotTrack === '1';
  const { privacy_signals: mode } = config;
  if (signals && consent !== 'wait' && mode !== 'ignore') consent = mode || 'cookieless';
  listenToPage();
  runWhenSeen();
  if (RINGLET_PINNED && config.consent !== 'granted') {
    importPart(agent.base, RINGLET_SIGNALS).then(({ readSignals }) => readSignals(config.consent));
  }
}

quietly(() => {
  if (navigator.webdriver) return;
  const script = doc('currentScript');
  agent.base = script.src.replace(/\/[as]\/[^/]*$/, '');
  if (RINGLET_PINNED) {
    // These bytes are every site's: what is the site's own is fetched.
    const address = `${agent.base}/s/${encodeURIComponent(script.dataset.site)}.json`;
    fetch(address, { credentials: 'omit' })
      .then((response) => response.json())
      .then(startWith)
      .catch(() => 0);
  } else startWith(__RINGLET_CONFIG__);
});
