// Every maximum of the loader, with its reason.

/** One look at the visitor's activity in this time. */
export const ACTIVITY_MS = 1_000;
/** Scenarios whose places appear one after the other are asked for together. */
export const LATE_MS = 50;
/** An answer to the fast snippet is this fresh at least. */
export const EARLY_MS = 10_000;
/** Elements looked into at once, and the longest wait for it. */
export const DEEP_NODES = 4_000;
export const IDLE_MS = 200;
/** A part that did not come is asked for once more. */
export const AGAIN_MS = 2_000;
/** What the edge refused is not asked again sooner. */
export const REFUSED_MS = 600_000;
/** Browsers' timers can wait for 2 ** 31 milliseconds; nobody waits for half of that. */
export const TIMER_MS_MAX = 1_000_000_000;

/** What is changed back so often within WRITES_MS has another owner: give way to him. */
export const WRITES_MAX = 5;
export const WRITES_MS = 10_000;
/** The same for a page that fights with new nodes each time: no page that is only lively finds us
 * writing so often within WRITES_ALL_MS. */
export const WRITES_ALL_MAX = 30;
export const WRITES_ALL_MS = 500;

/** So many new nodes side by side are looked at together. */
export const SIBLINGS = 8;
/** A document that is parsed for longer is watched like any other. */
export const PARSE_MS = 2_000;

/** Local numbers are this long at least. */
export const TAIL = 5;
/** So many digits make a page ask for a number before the rules are there. */
export const LONG_TAIL = 7;
/** A search yields after so many nodes, and rests after so many milliseconds. */
export const SLICE_NODES = 256;
export const SLICE_MS = 5;

/** Answers of the rules remembered, before all are forgotten. */
export const KEPT = 500;

/** A visit ends after half an hour without activity. */
export const VISIT_MS = 1_800_000;
/** The visitor's cookie lives ninety days, less where the browser says so. */
export const VISITOR_S = 7_776_000;

/** What a framework has not taken over by then never will be. */
export const HYDRATION_MS = 8_000;
/** One look at whether it has. */
export const LOOK_MS = 30;
