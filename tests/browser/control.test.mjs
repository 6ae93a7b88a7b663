// The control of `cargo xtask size` does what the rules do, and so do the light rules where they
// answer: the same for places and for steps of a visit that chance has made up.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as control from "../../agent/control/rules.js";
import * as rules from "../../agent/loader/rules.js";
import * as light from "../../agent/loader/rules.js?light";
import { root } from "../support/paths.mjs";

const ROUNDS = 10_000;
const END = "\0";
const module = (name) => {
  const bytes = readFileSync(join(root, "build/agent", name));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports;
};
rules.start(module("agent-whole.wasm"));
light.start(module("agent.wasm"), () => {});

/** The same row of numbers below `n` in every run (mulberry32). */
function chance(seed) {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
  };
}

const PIECES = [
  "8 (495) 000-10-20", "+7 495 000-10-20", "8", "495", "000", "10", "20", "0001020", "+", "7", "(",
  ")", "(495)", " ", "\u00a0", "-", "\u2013", ".", "/", ",", "тел", "a", "№", "₽", "р.", "$",
  "+44 (0)20 7946 0958", "84950001020", "406 00 01", "00-01", "5", "1234", "+375 29 123-45-67",
  "\n", "[", "]", "\u2009", "8 800 000-10-20", "000-10-20", "49 30 123456", "\ud83d", "%", "x",
  "\ufdd8\ufdd4", "7711198 (0)11",
];
const HREFS = [
  "tel:+74950001020", "tel:8(495)000-10-20", "tel:112", "tel:%2B74950001020;ext=5", "tel:",
  "tel:0001020", "x", "tel:+74950001020,12", "tel:84950001020;x=1",
  "tel:84950001020", "tel:74950001020",
];

function place(below) {
  const one = (list) => list[below(list.length)];
  const text = () => Array.from({ length: below(7) }, () => one(PIECES)).join("");
  const some = (count, make) => Array.from({ length: count }, make);
  return [
    `c${one(["7", "7", "7", "44", "49", "380", "999"])}`,
    ...some(below(2), () => `a${one(["495", "20", "812"])}`),
    ...some(below(3), () => `n${one(["74950001020", "78000001020", "442079460958", "4930123456"])}`),
    ...some(below(2), () => "e"),
    `s${one(["74950000099", "78120000001", "442079460959", "", "380441234567"])}`,
    one(["f+7 495 000-00-99", "f", "m8 (495) 000-00-99", "f+44 20 7946 0959", "f+380 44 123 45 67"]),
    ...some(1 + below(3), () => one(["h", "t"]) + text()),
    ...some(below(3), () => `l${one(HREFS)}`),
    "",
  ].join(END);
}

test("places of a page", () => {
  const below = chance(1);
  let places = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const given = place(below);
    const answer = rules.swap(given);
    if (answer) places += 1;
    assert.deepEqual(control.swap(given), answer, JSON.stringify(given));
  }
  assert.ok(places > ROUNDS / 10, `${places} places`);
});

test("places that the light rules know", () => {
  const below = chance(3);
  let known = 0;
  let odd = 0;
  for (let round = 0; round < 5 * ROUNDS; round += 1) {
    const given = place(below);
    const answer = light.swap(given);
    if (answer === "") odd += 1;
    else assert.deepEqual(answer, rules.swap(given), JSON.stringify(given));
    if (answer) known += 1;
  }
  assert.ok(odd > ROUNDS && known > ROUNDS / 30, `${odd} odd, ${known} known`);
});

test("steps of a visit", () => {
  const below = chance(2);
  const now = 1_000_000_000_000;
  const one = (...list) => list[below(list.length)];
  const time = () =>
    one(0, now - below(400) * 1000, now + below(100) * 1000, now - below(4000) * 1000);
  for (let round = 0; round < ROUNDS; round += 1) {
    const known = [below(4), time(), time(), time(), time(), one(0, 0, 0, below(9))];
    const plan = [one(0, 150_000, 60_000), one(0, 60_000), one(0, 30_000)];
    const row = [now, below(2), ...known, ...plan, time(), time(), one(0, 90_000)];
    const event = below(10);
    const answer = rules.step(event, row);
    assert.deepEqual(control.step(event, row), answer, `${event}: ${row}`);
    assert.deepEqual(light.step(event, row), answer, `${event}: ${row}`);
  }
});
