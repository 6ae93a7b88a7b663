// The built command line as an owner runs it: a process of its own with nothing of this one's
// environment but the path.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli } from "./paths.mjs";

/**
 * A terminal on an edge.
 *
 * @param {{url: string, token?: string}} worker
 * @param {Record<string, string>} environment
 */
export function terminal(worker, environment = {}) {
  const directory = mkdtempSync(join(tmpdir(), "ringlet-cli-"));
  const home = {
    PATH: process.env.PATH,
    HOME: directory,
    RINGLET_URL: worker.url,
    ...(worker.token ? { RINGLET_KEY: worker.token } : {}),
    ...environment,
  };
  /** Runs `ringlet` with these words; gives exit code, stdout and stderr. */
  const run = (words, { input = "", env = {} } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(cli, words, { cwd: directory, env: { ...home, ...env } });
      const said = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"]) {
        child[name].setEncoding("utf8").on("data", (text) => (said[name] += text));
      }
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, ...said }));
      // A program that reads no input may be gone before it is sent any.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
  return {
    run,
    directory,
    /** Runs it, expects success, gives what stdout says. */
    ok: async (words, options) => {
      const done = await run(words, options);
      if (done.code !== 0) throw new Error(`ringlet ${words.join(" ")}: ${done.code}\n${done.stderr}`);
      return done.stdout;
    },
    /** The same with `--json`, parsed. */
    json: async (words, options) => {
      const done = await run([...words, "--json"], options);
      if (done.code !== 0) throw new Error(`ringlet ${words.join(" ")}: ${done.code}\n${done.stderr}`);
      return JSON.parse(done.stdout);
    },
    write: (name, content) => {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      writeFileSync(join(directory, name), text);
      return name;
    },
    read: (name) => readFileSync(join(directory, name), "utf8"),
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}
