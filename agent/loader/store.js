// What is remembered between pages and shared between tabs, as far as the visitor allows.
//
// One record in localStorage; without consent, or where storage is blocked, one in memory that
// lives as long as the page. The record is the browser's word and may be anything: it is read
// field by field, and what is odd is left out.

import { doc, isVisible, quietly } from './host.js';
import { write } from './json.js';
import { VISITOR_S, VISIT_MS } from './limits.js';
import { bytesOf } from './part.js';

/** Where the whole rules are kept. */
const WHOLE = 'ringlet.wasm';

let memory = {};
let key;
let domain;
let mayStore = false;
let alone;
/** The visitor's cookie when the page began: reading it anew asks another process. */
let own;
const tab = Math.random().toString(36).slice(2);
/** What this tab has said last: the sign of its life in the record. */
let said;

/** Names the site's record and says whether anything may be stored and read; `given` is the number
 * under which the fast snippet spoke for this tab alone. */
export function open(config, yes, given) {
  alone = given;
  key = `ringlet:${config.site}`;
  domain = config.cookie_domain;
  mayStore = yes;
}

/** The visitor changed his mind: what was stored goes, or what is in memory may be stored. */
export function allow(yes) {
  mayStore = yes;
  if (yes) return;
  quietly(() => {
    delete localStorage[key];
    delete localStorage[WHOLE];
  });
  writeCookie('', 0);
  own = '';
  memory = {};
}

const writeCookie = (value, life) =>
  quietly(() => {
    const rest = `;path=/;samesite=lax;max-age=${life};domain=${domain}`;
    const secure = location.protocol === 'https:' ? ';secure' : '';
    const { set } = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
    if (domain) set.call(document, `ringlet=${value}${rest}${secure}`);
  });

/** A cookie's value, decoded; nothing if there is none. */
export const cookie = (name) =>
  quietly(() => {
    if (!mayStore) return;
    // Where there is none this throws.
    return decodeURIComponent(`; ${doc('cookie')}`.split(`; ${name}=`)[1].split(';')[0]);
  });

/** Cookies whose names begin with one of `starts`; nothing without any. */
export const cookiesOf = (starts) => {
  if (!starts || !mayStore) return;
  const pairs = doc('cookie').split('; ').map((pair) => pair.split('='));
  const wanted = pairs.filter(([name]) => starts.some((start) => name.startsWith(start)));
  return wanted[0] && Object.fromEntries(wanted);
};

/** The record, with what another tab has written. */
export function load() {
  if (mayStore) {
    const stored = quietly(() => JSON.parse(localStorage.getItem(key)));
    if (stored && typeof stored === 'object') memory = stored;
  }
  if (!Array.isArray(memory.known)) memory.known = [0, 0, 0, 0, 0, 0];
  if (!Array.isArray(memory.numbers)) memory.numbers = [];
  memory.tabs = Object(memory.tabs);
  if (!memory.visitor && mayStore) {
    const [visitor, visit, ...marker] = (own ??= cookie('ringlet') || '').split('.');
    if (visitor) Object.assign(memory, { visitor, visit, marker: marker.join('.') || undefined });
  }
  return memory;
}

/** The visit to resume: none after half an hour without activity. */
export const resumable = ({ visit, known }) =>
  Date.now() - known[1] < VISIT_MS || !known[1] ? visit : undefined;

/** Writes the record for the next page and the other tabs. */
export function save(record, isLeaving) {
  const now = Date.now();
  memory = record;
  for (const [name, at] of Object.entries(record.tabs)) {
    if (!(now - Math.abs(at) < VISIT_MS)) delete record.tabs[name];
  }
  said = isLeaving ? undefined : isVisible() ? now : -now;
  record.tabs[tab] = said;
  if (!mayStore) return;
  quietly(() => localStorage.setItem(key, write(record)));
  const { visitor, visit = '', marker = '' } = record;
  if (visitor) writeCookie(`${visitor}.${visit}.${encodeURIComponent(marker)}`, VISITOR_S);
}

/** Whether another tab, writing in the same moment, had not seen what this one has written last.
 * (An older sign may have been cleared away.) */
export const isLost = ({ tabs }) => tabs[tab] !== said && Date.now() - Math.abs(said) < VISIT_MS;

/** When other tabs last gave a sign of life: visible ones, hidden ones. */
export function others({ tabs }) {
  let visible = 0;
  let hidden = 0;
  for (const [name, at] of Object.entries(tabs)) {
    if (name === tab) continue;
    if (at > 0) visible = Math.max(visible, at);
    else hidden = Math.max(hidden, -at);
  }
  return [visible, hidden];
}

const canShare = () => mayStore && quietly(() => localStorage.getItem(key) !== undefined);
/** A number for this tab if it could not see the others when it first spoke; nothing where tabs
 * agree among themselves. */
export const tabAlone = () => {
  alone ??= canShare() ? 0 : parseInt(tab.slice(0, 6), 36);
  return alone || undefined;
};

/** Whether a storage event says that another tab has changed the record. */
export const isShared = (event) => mayStore && event.key === key;

/** The bytes of the module `name` kept from an earlier page, so that it can start at once. */
export function keptModule(name) {
  return quietly(() => {
    const [kept, bytes] = (mayStore && localStorage.getItem(WHOLE) || '').split(' ');
    if (kept === name) return bytesOf(bytes);
  });
}

/** Keeps the module's bytes for the next page. */
export const keepModule = (name, bytes) =>
  mayStore &&
  quietly(() => {
    const chars = String.fromCharCode(...new Uint8Array(bytes));
    localStorage.setItem(WHOLE, `${name} ${btoa(chars)}`);
  });
