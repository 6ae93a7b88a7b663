// A Chromium that is not held by a driver: Playwright stops every new target, and a page that is
// prerendered with it; then the browser gives the prerendering up.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FLAGS, programOf } from "./browser.mjs";
import { AS_VISITOR } from "./pages.mjs";
import { until } from "./site.mjs";

/** Chromium prerenders nothing while more than three fifths of the machine's memory are taken. */
const ALWAYS_PRERENDERS = "--disable-features=Prerender2MemoryControls";
/** A page that another takes the place of leaves what it was asked without an answer. */
const ANSWER_LIMIT_MS = 5_000;

/**
 * Starts Chromium with one page.
 *
 * @returns {Promise<{go: (url: string) => Promise<void>, run: (script: string) => Promise<any>,
 *   close: () => void}>} `run` evaluates in whatever page the tab shows by then; `undefined` where
 *   that page was gone before it answered
 */
export async function bareChromium() {
  const profile = mkdtempSync(join(tmpdir(), "ringlet-chromium-"));
  const own = ["--remote-debugging-pipe", `--user-data-dir=${profile}`];
  const flags = [...FLAGS, ...AS_VISITOR, ALWAYS_PRERENDERS, ...own];
  const child = spawn(programOf(), [...flags, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  const waiting = new Map();
  let text = "";
  child.stdio[4].on("data", (data) => {
    const messages = (text + data).split("\0");
    text = messages.pop();
    for (const { id, result = {} } of messages.map((message) => JSON.parse(message))) {
      waiting.get(id)?.(result);
      waiting.delete(id);
    }
  });
  let last = 0;
  const call = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      setTimeout(resolve, ANSWER_LIMIT_MS, {}).unref();
      child.stdio[3].write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });
  /** Asks the page that the tab shows: another one, after a page was activated. */
  const ask = async (method, params) => {
    const { targetId } = await until(async () => {
      const { targetInfos = [] } = await call("Target.getTargets");
      return targetInfos.find(({ type, subtype }) => type === "page" && !subtype);
    });
    const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
    const result = await call(method, params, sessionId);
    await call("Target.detachFromTarget", { sessionId });
    return result;
  };
  return {
    go: (url) => ask("Page.navigate", { url }),
    run: async (expression) => {
      const params = { expression, awaitPromise: true, returnByValue: true };
      return (await ask("Runtime.evaluate", params)).result?.value;
    },
    close: () => {
      process.removeListener("exit", end);
      child.once("exit", () => {
        try {
          rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
        } catch {
          // Its helpers still write there; the folder is a temporary one.
        }
      });
      end();
    },
  };
}
