// The WebAssembly module: its one function `call` (agent/src/lib.rs) with a text in and a text out.
//
// wasm-bindgen's own glue does the same for every kind of value and weighs more than all rules of a
// page; this is what it comes to for one function. Which names the module gives is fixed by the
// pinned version of wasm-bindgen, and every browser test goes through here.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
let rules;

/** Starts `module`; from now on [`call`] works. */
export function start(module) {
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    // A panic is a trap without words, so nothing is ever thrown from inside.
    (imports[from] ||= {})[name] = () => {};
  }
  rules = new WebAssembly.Instance(module, imports).exports;
  rules.__wbindgen_start?.();
}

/** Does `verb` of the rules; see `call` in agent/src/lib.rs. */
export function call(verb, index, given) {
  const bytes = encoder.encode(given);
  const at = rules.__wbindgen_malloc(bytes.length, 1);
  new Uint8Array(rules.memory.buffer).set(bytes, at);
  // The module takes the text and frees it; the answer is ours to free.
  const [from, length] = rules.call(verb, index, at, bytes.length);
  const answer = decoder.decode(new Uint8Array(rules.memory.buffer, from, length));
  rules.__wbindgen_free(from, length, 1);
  return answer;
}
