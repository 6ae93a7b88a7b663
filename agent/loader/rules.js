// The WebAssembly module: its three functions (agent/src/boundary.rs) with rows of numbers in and
// out. Each call depends on what it is given alone, so what was asked before need not be asked.
// Where WebAssembly is forbidden a module of JavaScript, made from the same rules, stands in.
//
// The light module does not know every place: such a one keeps its own number until the whole
// module is there.

import { KEPT } from './limits.js';

const kept = new Map();
let rules;
let onOdd;

/** Takes the functions of a running module; from now on the others work. A light module calls
 * `act` for each place that it does not know. */
export const start = (exports, act) => {
  rules = exports;
  onOdd = act;
  kept.clear();
};

/** Puts `values` where the rules expect them, as a row of `Kind`; tells where that is. */
const give = (Kind, values) => {
  const at = rules.room(values.length * Kind.BYTES_PER_ELEMENT);
  new Kind(rules.memory.buffer, at, values.length).set(values);
  return at;
};

/** One step of the visit; see `step` in agent/src/lib.rs. */
export const step = (event, row) => {
  give(Float64Array, row);
  return [...new Float64Array(rules.memory.buffer, rules.step(event), 9)];
};

const ask = (given) => {
  const at = give(
    Uint32Array,
    // Pages have `Array.from` of their own, from days before there was one.
    given.split('').map((sign) => {
      const unit = sign.charCodeAt(0);
      // Halves of pairs are no characters of their own: see agent/src/boundary.rs.
      return unit >> 11 === 27 ? unit + 0x100000 : unit;
    }),
  );
  const from = rules.swap(given.length);
  if (!from) return;
  if (from === 1) {
    onOdd();
    return '';
  }
  const { buffer } = rules.memory;
  let text = '';
  new Uint32Array(buffer, from, new Uint32Array(buffer, at, 1)[0]).forEach((unit) => {
    text += String.fromCharCode(unit);
  });
  return text && text.split('\0');
};

/** Swaps one place; see `swap` in agent/src/lib.rs. The new texts, and a last one that is empty;
 * nothing if it is no place; an empty answer if it keeps its own number. What is answered is kept:
 * nobody may change it. */
export const swap = (given) => {
  if (!kept.has(given)) {
    if (kept.size >= KEPT) kept.clear();
    kept.set(given, ask(given));
  }
  return kept.get(given);
};
