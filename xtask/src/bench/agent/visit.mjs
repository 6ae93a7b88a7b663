// Visitors whose browser nobody looks into.
//
// A driver that is attached to a page makes the browser note where each call came from, which takes
// longer than most calls. So pages here are opened beside the driver and tell by themselves, by a
// beacon, what they saw.

/** Path of what a page tells. */
export const REPORT = "/report/";
/** The longest wait for it. */
const WAIT_MS = 30_000;
/** The browser has opened a visitor's window after this time. */
const WINDOW_MS = 1_500;

const waiting = [];

/** Takes what a page tells; says whether `path` is that. */
export function takeReport(path) {
  if (!path.startsWith(REPORT)) return false;
  waiting.shift()?.(JSON.parse(decodeURIComponent(path.slice(REPORT.length))));
  return true;
}

/** What the next page tells. */
async function told() {
  let timer;
  const report = await new Promise((resolve, reject) => {
    waiting.push(resolve);
    timer = setTimeout(() => reject(new Error("the page told nothing")), WAIT_MS);
  });
  clearTimeout(timer);
  return report;
}

/** A new visitor: `see(url)` opens a page and gives what it tells; if that is not all, `then(next)`
 * may ask for more. */
export async function visitor(browser) {
  const session = await browser.newBrowserCDPSession();
  const { browserContextId } = await session.send("Target.createBrowserContext");
  // The first page of a visitor opens a window, and the browser's own pages in it (its address
  // line is one) load for a second beside ours: no visitor's browser does that when he comes.
  await session.send("Target.createTarget", { url: "about:blank", browserContextId });
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
  return {
    see: async (url, then) => {
      const first = told();
      await session.send("Target.createTarget", { url, browserContextId });
      const report = await first;
      await then?.(told);
      return report;
    },
    leave: async () => {
      await session.send("Target.disposeBrowserContext", { browserContextId });
      await session.detach();
    },
  };
}
