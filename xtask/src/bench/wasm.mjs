// Runs the core's bench loads as WebAssembly and prints one line of JSON, as the native one does.

import { readFileSync } from "node:fs";

const module = new WebAssembly.Module(readFileSync(process.argv[2]));

/** Mean milliseconds per operation, the best of four hundred short runs, as natively: other work on
 * the machine only adds, and a short run fits between its turns. */
function best(numbers, count, name, load = "load") {
  const { exports } = new WebAssembly.Instance(module, {});
  exports[load](numbers);
  if (name === "beat") exports.fill();
  let least = Infinity;
  for (let round = 0; round < 400; round++) {
    const began = performance.now();
    const done = exports[name](count);
    least = Math.min(least, (performance.now() - began) / count);
    if (done <= count / 2) throw new Error(`the load was refused: ${done} of ${count}`);
  }
  return least;
}

const rounded = (value, digits) => Number(value.toFixed(digits));
console.log(
  JSON.stringify({
    acquire_us_10k: rounded(best(10_000, 100, "acquire") * 1e3, 3),
    acquire_us_1k: rounded(best(1_000, 100, "acquire") * 1e3, 3),
    acquire_coloured_us_10k: rounded(best(10_000, 100, "acquire", "load_coloured") * 1e3, 3),
    acquire_coloured_us_1k: rounded(best(1_000, 100, "acquire", "load_coloured") * 1e3, 3),
    beat_ns_10k: rounded(best(10_000, 2_000, "beat") * 1e6, 1),
  }),
);
