// Chromium behind the same few verbs as the other engines.

import { launchBrowser } from "../browser.mjs";

/** Starts Chromium without a window. */
export async function launchChromium() {
  const browser = await launchBrowser();
  const context = await browser.newContext();
  return {
    name: "Chromium",
    open: async () => {
      const page = await context.newPage();
      return {
        go: (url) => page.goto(url, { waitUntil: "domcontentloaded" }),
        reload: () => page.reload({ waitUntil: "domcontentloaded" }),
        front: () => page.bringToFront(),
        run: (act, ...given) =>
          page.evaluate(`(${act}).apply(null, ${JSON.stringify(given)})`),
        click: (selector) => page.locator(selector).first().click(),
        move: (x, y) => page.mouse.move(x, y),
        close: () => page.close({ runBeforeUnload: true }),
      };
    },
    close: () => browser.close(),
  };
}
