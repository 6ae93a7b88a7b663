// The WebAssembly module: its three functions (agent/src/boundary.rs) with rows of numbers in and
// out. Each call depends on what it is given alone.

let rules;

/** Starts `module`; from now on the others work. */
export const start = (module) => {
  rules = new WebAssembly.Instance(module, {}).exports;
};

/** Puts `values` where the rules expect them, as a row of `Kind`. */
const give = (Kind, values) => {
  const at = rules.room(values.length * Kind.BYTES_PER_ELEMENT);
  new Kind(rules.memory.buffer, at, values.length).set(values);
};

/** One step of the visit; see `step` in agent/src/lib.rs. */
export const step = (event, row) => {
  give(Float64Array, row);
  return [...new Float64Array(rules.memory.buffer, rules.step(event), 9)];
};

/** Swaps one place; see `swap` in agent/src/lib.rs. Nothing if it is none. */
export const swap = (given) => {
  give(
    Uint32Array,
    Array.from({ length: given.length }, (_, at) => given.charCodeAt(at)),
  );
  const from = rules.swap(given.length);
  if (!from) return;
  const [length] = new Uint32Array(rules.memory.buffer, from);
  let text = '';
  new Uint32Array(rules.memory.buffer, from + 4, length).forEach((unit) => {
    text += String.fromCharCode(unit);
  });
  return text;
};
