// Releases of the agent outlive the Worker that they were deployed with: a page that pins one goes
// on after the next deployment.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { configuration } from "../support/paths.mjs";
import { startWorker } from "../support/worker.mjs";

const folder = mkdtempSync(join(tmpdir(), "ringlet-release-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The names of this release's parts that are named by their hash. */
const hashed = (script) => [...new Set(script.match(/\/a\/[0-9a-f]{16}\.(js|wasm)/g))];

/** The same Worker with the agent's parts under other names: what comes after the next release. */
function nextDeployment() {
  const build = dirname(configuration);
  cpSync(join(build, "worker"), join(folder, "worker"), { recursive: true });
  const entry = join(folder, "worker/index.js");
  const script = readFileSync(entry, "utf8");
  const renamed = hashed(script).reduce(
    (text, path) => text.replaceAll(path, path.replace(/[0-9a-f]{16}/, (hash) => turned(hash))),
    script,
  );
  writeFileSync(entry, renamed);
  const file = join(folder, "ringlet.capnp");
  writeFileSync(file, readFileSync(configuration));
  return { file, parts: hashed(script) };
}

const turned = (hash) => [...hash].map((digit) => (15 - parseInt(digit, 16)).toString(16)).join("");

async function written(worker, words) {
  const until = Date.now() + 20_000;
  while (!worker.log.includes(words)) {
    assert.ok(Date.now() < until, `never said ${words}\n${worker.log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a pinned release is served after the next deployment, and nothing that never was", async () => {
  const state = join(folder, "state");
  cpSync(mkdtempSync(join(folder, "empty-")), state, { recursive: true });
  const before = await startWorker({ state });
  const agent = JSON.parse(await (await before.fetch("/a/agent.json")).text());
  const first = Buffer.from(await (await before.fetch(agent.script.path)).arrayBuffer());
  await written(before, "release_kept");
  await before.stop();

  const { file, parts } = nextDeployment();
  assert.ok(parts.includes(agent.script.path) && parts.includes(agent.whole_rules.path));
  const next = await startWorker({ state, configuration: file });
  after(() => next.dispose());
  const renamed = agent.script.path.replace(/[0-9a-f]{16}/, turned);
  assert.equal((await next.fetch(renamed)).status, 200, "the deployment has names of its own");
  for (const { path, integrity } of [agent.script, agent.whole_rules]) {
    const answer = await next.fetch(path);
    assert.equal(answer.status, 200, path);
    assert.equal(answer.headers.get("cache-control"), "public, max-age=31536000, immutable");
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
    const bytes = Buffer.from(await answer.arrayBuffer());
    const digest = createHash("sha256").update(bytes).digest("base64");
    assert.equal(`sha256-${digest}`, integrity);
    const etag = answer.headers.get("etag");
    const again = await next.fetch(path, { headers: { "if-none-match": etag } });
    assert.equal(again.status, 304);
  }
  assert.equal((await next.fetch(agent.script.path)).headers.get("content-type"), "text/javascript; charset=utf-8");
  const plain = await next.fetch(agent.script.path, { headers: { "accept-encoding": "identity" } });
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.deepEqual(Buffer.from(await plain.arrayBuffer()), first);
  for (const path of parts) assert.equal((await next.fetch(path)).status, 200, path);

  const never = await next.fetch("/a/0123456789abcdef.js");
  assert.equal(never.status, 404);
  assert.equal(never.headers.get("cache-control"), "no-store");
});
