// One browser for tests that every engine must pass, whatever drives it.
//
// An engine gives `open()`: a new tab with the few verbs below. Pages are the tests' own, so what
// elsewhere is injected by the driver (faults kept, "I am no robot") stands in their head.

/** @typedef {object} Tab
 * @property {(url: string) => Promise<void>} go loads a page
 * @property {() => Promise<void>} reload
 * @property {() => Promise<void>} front makes it the tab that is seen
 * @property {(act: Function, ...given: unknown[]) => Promise<any>} run a function in the page
 * @property {(selector: string) => Promise<void>} click as a visitor does
 * @property {(x: number, y: number) => Promise<void>} move moves the pointer there
 * @property {() => Promise<void>} close as a visitor does
 */

/** The longest wait for something to be seen in a page. */
const LIMIT_MS = 30_000;

/** Looks until `act`, run in the page, gives something truthy; gives that. */
export async function seen(tab, act, ...given) {
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    const value = await tab.run(act, ...given).catch((error) => {
      // The page may be on its way to another.
      if (Date.now() > end) throw error;
    });
    if (value) return value;
    if (Date.now() > end) throw new Error(`never seen: ${act} ${JSON.stringify(given)}`);
    await pause(40);
  }
}

/** Time for what must not happen. */
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
