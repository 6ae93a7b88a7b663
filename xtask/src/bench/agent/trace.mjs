// The browser's own trace of a page's main thread, read by who was at work.
//
// Figures are of the thread's clock, which stands while another program has the processor, and of
// tasks at full speed; for a processor slowed four times they are multiplied, as Lighthouse's usual
// (simulated) throttling does. The browser's throttling itself sends the thread a signal in short
// steps and has it spin: it slows waiting as well as work and reads short tasks too high; what it
// reads is told by [`readKnownWork`] in every run.
//
// What cannot be told apart counts as the agent's: between tasks the browser runs promises and
// observers without saying whose, so the measured pages have none of their own.

/** The agent's script, what it loads, and its wasm. */
export const AGENT = (url) => /\/s\/\w+\.js|\/a\/|^wasm:/.test(url);

/** How much slower the processor is that figures are told for. */
export const SLOWDOWN = 4;

const CATEGORIES = ["devtools.timeline", "v8", "toplevel"];
/** Events that name the script they run. */
const RUNS = ["EvaluateScript", "FunctionCall", "v8.compile", "v8.run", "v8.compileModule"];
/** Events that run whatever waits. */
const CHECKPOINT = /MicrotaskCheckpoint|RunMicrotasks/;
/** Nothing waited where that took less. */
const CHECKPOINT_MS = 0.02;

/** Does `act` and gives what the main thread of the page with the agent did meanwhile: its
 * outermost events. */
export async function trace(browser, act) {
  await browser.startTracing(undefined, { categories: CATEGORIES });
  await act();
  const { traceEvents } = JSON.parse(await browser.stopTracing());
  const threadOf = ({ pid, tid }) => `${pid} ${tid}`;
  const works = traceEvents.filter(({ name }) => RUNS.includes(name));
  const threads = works.filter(({ args }) => AGENT(addressOf(args))).map(threadOf);
  const events = traceEvents.filter((one) => one.ph === "X" && threadOf(one) === threads[0]);
  events.sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  const outermost = [];
  const open = [];
  for (const event of events) {
    while (open.length && event.ts >= open.at(-1).ts + open.at(-1).dur) open.pop();
    event.inside = [];
    (open.at(-1)?.inside ?? outermost).push(event);
    open.push(event);
  }
  return outermost;
}

const addressOf = (args) => args?.data?.url ?? args?.fileName ?? "";
/** Milliseconds of processor time; events too short for that clock have none. */
const timeOf = ({ tdur = 0 }) => tdur / 1000;

/** Milliseconds of `event` that are whose `isOurs`; `before`: whether that around it is. */
function ours(event, isOurs, before = false) {
  let mine = before;
  if (RUNS.includes(event.name)) {
    // A step of a script that has been named already need not name it again.
    mine = addressOf(event.args) ? isOurs(addressOf(event.args)) : before;
  } else if (CHECKPOINT.test(event.name)) mine = timeOf(event) > CHECKPOINT_MS;
  else if (event.name === "v8.callFunction") {
    // Promises and observers run at its end.
    mine = before || event.inside.some(({ name }) => name === "FunctionCall");
  }
  const inside = event.inside.reduce((sum, one) => sum + timeOf(one), 0);
  const own = mine ? Math.max(0, timeOf(event) - inside) : 0;
  return event.inside.reduce((sum, one) => sum + ours(one, isOurs, mine), own);
}

/** Milliseconds on the slowed processor: all of it, and the most within one task. */
export function workOf(outermost, isOurs = AGENT) {
  const tasks = outermost.map((task) => ours(task, isOurs) * SLOWDOWN);
  return { total: tasks.reduce((sum, one) => sum + one, 0), longest: Math.max(0, ...tasks) };
}
