// Tabs over the commands of W3C WebDriver, by whatever `send(command, parameters)` carries them.
//
// Commands act on the window that was switched to last, so they go one after the other.

import { pause } from "./page.mjs";

/** The key under which WebDriver names an element. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** How long a browser may load a page or run a script before it must say that it cannot. */
export const TIMEOUTS = { pageLoad: 30_000, script: 30_000 };

/** A browser over `send`; `end` closes whatever runs it. */
export function webDriverBrowser({ name, send, end }) {
  let last = Promise.resolve();
  let current;
  let home;
  const inTurn = (act) => {
    const mine = last.then(act);
    last = mine.catch(() => {});
    return mine;
  };

  function tabOf(handle) {
    const here = (act) =>
      inTurn(async () => {
        if (current !== handle) await send("switchToWindow", { handle });
        current = handle;
        return act();
      });
    const script = (text, args = []) => send("executeScript", { script: text, args });
    const pointer = (actions) =>
      send("performActions", {
        actions: [
          { type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions },
        ],
      });
    return {
      go: (url) => here(() => send("navigateTo", { url })),
      reload: () => here(() => send("refresh", {})),
      // Switching brings a tab to the front in every engine.
      front: () =>
        inTurn(async () => {
          await send("switchToWindow", { handle });
          current = handle;
        }),
      run: (act, ...given) => here(() => script(`return (${act}).apply(null, arguments)`, given)),
      click: (selector) =>
        here(async () => {
          const found = await send("findElement", { using: "css selector", value: selector });
          await send("elementClick", { id: found[ELEMENT] });
        }),
      move: (x, y) =>
        here(() => pointer([{ type: "pointerMove", duration: 0, x, y, origin: "viewport" }])),
      close: () =>
        here(async () => {
          await send("closeWindow", {});
          current = undefined;
        }),
    };
  }

  return {
    name,
    open: () =>
      inTurn(async () => {
        // The first window stays: a new one can only be asked for where one is left. Tabs behind
        // another would be hidden pages.
        home ??= await send("getWindowHandle", {});
        await send("switchToWindow", { handle: home });
        const { handle } = await send("newWindow", { type: "window" });
        await send("switchToWindow", { handle });
        current = handle;
        return tabOf(handle);
      }),
    close: end,
  };
}

/** Asks `act` every moment until it gives something, for as long as `process` lives. */
export async function when(process, act, limitMs = 60_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await Promise.resolve().then(act).catch(() => undefined);
    if (value) return value;
    if (process.exitCode !== null) throw new Error(`${process.spawnfile} ended`);
    if (Date.now() > end) throw new Error(`${process.spawnfile} is silent`);
    await pause(50);
  }
}

/** Ends `children` with this process, whatever ends it; gives what forgets that again. */
export function endWithUs(children) {
  const kill = () => children.forEach((child) => child.kill("SIGKILL"));
  const leave = () => process.exit(143);
  process.on("exit", kill);
  process.on("SIGTERM", leave);
  return () => {
    kill();
    process.off("exit", kill);
    process.off("SIGTERM", leave);
  };
}
