// A real Chromium, driven by playwright-core.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** Nothing here may reach the network by itself: only what the page asks for. */
export const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const CANDIDATES = [
  process.env.RINGLET_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The program; fails where there is none. */
export function programOf() {
  const found = CANDIDATES.find((path) => path && existsSync(path));
  if (!found) {
    throw new Error("no Chromium: `cargo xtask test` installs it, or set RINGLET_CHROMIUM");
  }
  return found;
}

/**
 * Starts Chromium without a window.
 *
 * @param {{flags?: string[]}} options more flags, such as `--host-resolver-rules=…`
 * @returns {Promise<import("playwright-core").Browser>} close it in the end
 */
export async function launchBrowser({ flags = [] } = {}) {
  const executablePath = programOf();
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags], headless: true });
}
