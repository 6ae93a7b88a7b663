// Firefox, driven by Marionette: the commands of WebDriver over a socket of its own.
//
// geckodriver would only translate HTTP into this; Debian does not carry it.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TIMEOUTS, endWithUs, webDriverBrowser, when } from "./webdriver.mjs";

const CANDIDATES = [
  process.env.RINGLET_FIREFOX,
  "/usr/bin/firefox-esr",
  "/usr/bin/firefox",
  "/Applications/Firefox.app/Contents/MacOS/firefox",
];

/** Marionette's names of the commands. */
const COMMANDS = {
  closeWindow: "WebDriver:CloseWindow",
  elementClick: "WebDriver:ElementClick",
  executeScript: "WebDriver:ExecuteScript",
  findElement: "WebDriver:FindElement",
  getWindowHandle: "WebDriver:GetWindowHandle",
  navigateTo: "WebDriver:Navigate",
  newSession: "WebDriver:NewSession",
  newWindow: "WebDriver:NewWindow",
  performActions: "WebDriver:PerformActions",
  refresh: "WebDriver:Refresh",
  switchToWindow: "WebDriver:SwitchToWindow",
};

/** A free port is taken; nothing is fetched that no page asks for. */
const PREFERENCES = {
  "marionette.port": 0,
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.newtabpage.enabled": false,
  "browser.safebrowsing.update.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.startup.page": 0,
  "browser.topsites.contile.enabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.enabled": false,
  "trailhead.firstrun.didSeeAboutWelcome": true,
};

/** Starts Firefox without a window and with a profile of its own. */
export async function launchFirefox() {
  const program = CANDIDATES.find((path) => path && existsSync(path));
  if (!program) {
    throw new Error("no Firefox: `cargo xtask test` installs it, or set RINGLET_FIREFOX");
  }
  const profile = mkdtempSync(join(tmpdir(), "ringlet-firefox-"));
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, "user.js"), lines.join(""));
  const flags = ["--headless", "--marionette", "--no-remote", "--profile", profile];
  const child = spawn(program, flags, { stdio: "ignore" });
  const kill = endWithUs([child]);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const told = join(profile, "MarionetteActivePort");
  const port = await when(child, () => +readFileSync(told, "utf8"));
  const send = await talk(port);
  const alwaysMatch = { pageLoadStrategy: "eager", timeouts: TIMEOUTS };
  await send("newSession", { capabilities: { alwaysMatch } });
  return webDriverBrowser({
    name: "Firefox",
    send,
    end: async () => {
      child.kill();
      const timer = setTimeout(kill, 5_000);
      await ended;
      clearTimeout(timer);
      kill();
      rmSync(profile, { recursive: true, force: true });
    },
  });
}

/** Messages are `length:[0, id, command, parameters]` and `length:[1, id, error, result]`. */
async function talk(port) {
  const socket = connect(port, "127.0.0.1");
  const waiting = new Map();
  let buffer = Buffer.alloc(0);
  let id = 0;
  socket.on("data", (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const colon = buffer.indexOf(":");
      const length = Number(buffer.subarray(0, colon));
      if (colon < 0 || buffer.length < colon + 1 + length) return;
      const message = JSON.parse(buffer.subarray(colon + 1, colon + 1 + length));
      buffer = buffer.subarray(colon + 1 + length);
      // The first message is a greeting.
      if (!Array.isArray(message)) continue;
      const [, of, error, result] = message;
      const { resolve, reject } = waiting.get(of);
      waiting.delete(of);
      if (error) reject(new Error(`${error.error}: ${error.message}`));
      else resolve(result && "value" in result ? result.value : result);
    }
  });
  const fail = (error) => {
    for (const { reject } of waiting.values()) reject(error ?? new Error("Firefox hung up"));
    waiting.clear();
  };
  socket.on("error", fail);
  socket.on("close", () => fail());
  await new Promise((resolve) => socket.once("connect", resolve));
  return (command, parameters) =>
    new Promise((resolve, reject) => {
      waiting.set(++id, { resolve, reject });
      const text = JSON.stringify([0, id, COMMANDS[command], parameters]);
      socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
}
