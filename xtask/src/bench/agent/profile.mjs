// The browser's sampling profiler, read by who is on the stack.

/** Time between samples. */
const INTERVAL_US = 100;

/** The agent's script, what it loads, and its wasm. */
export const AGENT = (url) => /\/s\/\w+\.js|\/a\/|^wasm:/.test(url);

/** Profiles `act`; gives samples in order: `{ms, urls}`, `urls` of all functions on the stack. */
export async function profile(session, act) {
  await session.send("Profiler.enable");
  await session.send("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  await session.send("Profiler.start");
  await act();
  const { profile } = await session.send("Profiler.stop");
  const parents = new Map();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  for (const { id, children = [] } of profile.nodes) {
    for (const child of children) parents.set(child, id);
  }
  const urlsOf = new Map();
  const stack = (id) => {
    if (!urlsOf.has(id)) {
      const urls = [];
      for (let at = id; at; at = parents.get(at)) urls.push(nodes.get(at).callFrame.url);
      urlsOf.set(id, urls);
    }
    return urlsOf.get(id);
  };
  return profile.samples.map((id, at) => ({
    // The time until the next sample is this one's.
    ms: (profile.timeDeltas[at + 1] ?? 0) / 1000,
    urls: stack(id),
  }));
}

/** Milliseconds with a function on the stack whose address `isOurs`. */
export const total = (samples, isOurs) =>
  samples.reduce((sum, { ms, urls }) => sum + (urls.some(isOurs) ? ms : 0), 0);

/** The longest time without a pause. */
export function longest(samples, isOurs) {
  let most = 0;
  let now = 0;
  for (const { ms, urls } of samples) {
    now = urls.some(isOurs) ? now + ms : 0;
    most = Math.max(most, now);
  }
  return most;
}
