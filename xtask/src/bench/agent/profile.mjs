// The browser's sampling profiler, read by who is on the stack: for libraries side by side, which
// it disturbs alike. What the agent takes by itself is read by trace.mjs.
//
// Samples are of the clock on the wall; on Linux they are scaled to the time that the page's thread
// had a processor, so that whatever else the machine does counts as little as can be.

import { readFileSync } from "node:fs";

/** Time between samples. */
const INTERVAL_US = 100;

/** Functions of the profiler that stand for no work. */
const IDLE = ["(idle)", "(root)"];

/** Milliseconds of processor time of each renderer's main thread. */
async function threadTimes(session) {
  const browser = await session.browser.newBrowserCDPSession();
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  await browser.detach();
  const times = new Map();
  for (const { id, type } of processInfo.filter(({ type }) => type === "renderer")) {
    try {
      const text = readFileSync(`/proc/${id}/task/${id}/schedstat`, "utf8");
      times.set(`${type} ${id}`, Number(text.split(" ")[0]) / 1e6);
    } catch {
      // Gone meanwhile, or not on Linux.
    }
  }
  return times;
}

/** A session of the profiler for `page` of `browser`. */
export async function profiler(browser, page) {
  return Object.assign(await page.context().newCDPSession(page), { browser });
}

/** Profiles `act`; gives samples in order: `{ms, urls}`, `urls` of all functions on the stack. */
export async function profile(session, act) {
  const before = await threadTimes(session);
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
  const samples = profile.samples.map((id, at) => ({
    // The time until the next sample is this one's.
    ms: (profile.timeDeltas[at + 1] ?? 0) / 1000,
    urls: stack(id),
    isIdle: IDLE.includes(nodes.get(id).callFrame.functionName),
  }));
  const busy = samples.reduce((sum, { ms, isIdle }) => sum + (isIdle ? 0 : ms), 0);
  const after = await threadTimes(session);
  const spent = [...after].map(([name, at]) => at - (before.get(name) ?? 0));
  // The page's thread is the one that did most.
  const scale = spent.length && busy > 0 ? Math.min(1, Math.max(...spent) / busy) : 1;
  return samples.map((sample) => ({ ...sample, ms: sample.ms * scale }));
}

/** Milliseconds with a function on the stack whose address `isOurs`. */
export const total = (samples, isOurs) =>
  samples.reduce((sum, { ms, urls }) => sum + (urls.some(isOurs) ? ms : 0), 0);
