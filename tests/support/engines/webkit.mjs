// WebKitGTK's MiniBrowser, driven by WebKitWebDriver over HTTP, on a screen that nobody sees.
//
// It is WebKit, not Safari: no tracking prevention, no network of Apple's.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { TIMEOUTS, endWithUs, webDriverBrowser, when } from "./webdriver.mjs";

const LIBRARY = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;

/** MiniBrowser is part of the library's package, for whichever version of it is there. */
const BROWSERS = [
  process.env.RINGLET_WEBKIT,
  `${LIBRARY}/webkitgtk-6.0/MiniBrowser`,
  `${LIBRARY}/webkit2gtk-4.1/MiniBrowser`,
];

/** Method and path below the session of each command; `$id` is taken from the parameters. */
const COMMANDS = {
  closeWindow: ["DELETE", "/window"],
  elementClick: ["POST", "/element/$id/click"],
  executeScript: ["POST", "/execute/sync"],
  findElement: ["POST", "/element"],
  getWindowHandle: ["GET", "/window"],
  navigateTo: ["POST", "/url"],
  newWindow: ["POST", "/window/new"],
  performActions: ["POST", "/actions"],
  refresh: ["POST", "/refresh"],
  switchToWindow: ["POST", "/window"],
};

/** Starts MiniBrowser with nothing remembered. */
export async function launchWebKit() {
  const binary = BROWSERS.find((path) => path && existsSync(path));
  if (!binary) {
    throw new Error("no WebKitGTK: `cargo xtask test` installs webkit2gtk-driver and xvfb");
  }
  const children = [];
  const start = (program, args, options) => {
    const child = spawn(program, args, options);
    children.push(child);
    return child;
  };
  const kill = endWithUs(children);
  const screen = start(
    "Xvfb",
    ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
    { stdio: ["ignore", "ignore", "ignore", "pipe"] },
  );
  const display = await new Promise((resolve, reject) => {
    screen.stdio[3].once("data", (data) => resolve(`:${String(data).trim()}`));
    screen.once("error", reject);
    screen.once("exit", () => reject(new Error("Xvfb ended")));
  });
  const port = await freePort();
  const driver = start("WebKitWebDriver", [`--port=${port}`], {
    stdio: "ignore",
    env: {
      ...process.env,
      DISPLAY: display,
      GDK_BACKEND: "x11",
      LIBGL_ALWAYS_SOFTWARE: "1",
      // The sandbox needs a user other than root.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    },
  });
  const call = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: method === "POST" ? JSON.stringify(body) : undefined,
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  await when(driver, () => call("GET", "/status"));
  const { sessionId } = await call("POST", "/session", {
    capabilities: {
      alwaysMatch: {
        // A script sent to a page that still loads is at times never answered.
        pageLoadStrategy: "normal",
        timeouts: TIMEOUTS,
        "webkitgtk:browserOptions": { binary, args: ["--automation"] },
      },
    },
  });
  return webDriverBrowser({
    name: "WebKit",
    send: (command, parameters) => {
      const [method, path] = COMMANDS[command];
      const { id } = parameters;
      return call(method, `/session/${sessionId}${path.replace("$id", id)}`, parameters);
    },
    end: async () => {
      await call("DELETE", `/session/${sessionId}`).catch(() => {});
      kill();
    },
  });
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
