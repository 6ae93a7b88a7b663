// Events and messages of the visit, as agent/src/lib.rs numbers them. A file of their own, because
// the bundler writes constants of other files as the numbers they are.

export const START = 0;
export const ANSWER = 1;
export const FAILURE = 2;
export const ACTIVITY = 3;
export const SHOW = 4;
export const HIDE = 5;
export const LEAVE = 6;
export const RETURN = 7;
export const WAKE = 8;
export const IS_FRESH = 9;

export const VISIT = 1;
export const KEEP = 3;
