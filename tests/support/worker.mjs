// The built Worker on the real runtime: workerd with a state directory of its own.
//
// Limits: a start waits at most START_LIMIT_MS; every process ends with the test process.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { described, validate } from "./openapi.mjs";
import { configuration, workerd } from "./paths.mjs";

const START_LIMIT_MS = 30_000;

/** The administrator's token of every Worker started here. */
export const ADMIN_TOKEN = "test-administrator-token-0123456789abcdef0123456789";

const running = new Set();
process.on("exit", () => {
  for (const worker of running) worker.dispose();
});

/**
 * Starts the built Worker with fresh state on a free port.
 *
 * @param {{dev?: boolean, token?: string | null, state?: string, variables?: object,
 *   configuration?: string}} options
 *   `dev`: whether RINGLET_DEV is set (default true); `token`: null for none; `state`: a
 *   directory to use and keep; `configuration`: workerd's, if not that of tests.
 * @returns {Promise<TestWorker>}
 */
export async function startWorker(options = {}) {
  const worker = new TestWorker(options);
  await worker.start();
  return worker;
}

/** A Worker that can be stopped, killed and started again over the same state. */
export class TestWorker {
  #options;
  #process;
  #port = 0;
  #ownsState;

  constructor(options) {
    this.#options = options;
    this.#ownsState = !options.state;
    this.state = options.state ?? mkdtempSync(join(tmpdir(), "ringlet-state-"));
    this.token = options.token === undefined ? ADMIN_TOKEN : options.token;
    /** Everything workerd and the Worker printed since the first start. */
    this.log = "";
  }

  /** `http://127.0.0.1:<port>`; the port stays over restarts. */
  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The process id of workerd. */
  get pid() {
    return this.#process.pid;
  }

  /** Starts workerd and waits until it answers. */
  async start() {
    if (!existsSync(configuration)) {
      throw new Error("nothing is built: run `cargo xtask build`");
    }
    const { dev = true, variables = {}, configuration: file = configuration } = this.#options;
    const child = spawn(
      workerd,
      [
        "serve",
        "--experimental",
        "--control-fd=3",
        `--socket-addr=http=127.0.0.1:${this.#port}`,
        `--directory-path=state=${this.state}`,
        file,
      ],
      {
        stdio: ["ignore", "pipe", "pipe", "pipe"],
        env: {
          PATH: process.env.PATH,
          ...(dev ? { RINGLET_DEV: "1" } : {}),
          ...(this.token === null ? {} : { RINGLET_ADMIN_TOKEN: this.token }),
          ...variables,
        },
      },
    );
    this.#process = child;
    running.add(this);
    const keep = (chunk) => {
      this.log += chunk;
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve(signal ?? code));
    });
    this.#port = await this.#listening(child);
    const answer = await fetch(`${this.url}/healthz`);
    if (!answer.ok) throw new Error(`/healthz answered ${answer.status}\n${this.log}`);
  }

  /** Resolves to the port once workerd reports it. */
  #listening(child) {
    return new Promise((resolve, reject) => {
      let text = "";
      const fail = (why) => reject(new Error(`workerd did not start: ${why}\n${this.log}`));
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        fail(`silent for ${START_LIMIT_MS} ms`);
      }, START_LIMIT_MS);
      child.once("error", (error) => fail(error.message));
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        fail(`ended with ${signal ?? code}`);
      });
      child.stdio[3].on("data", (chunk) => {
        text += chunk;
        for (const line of text.split("\n").slice(0, -1)) {
          const message = JSON.parse(line);
          if (message.event === "listen" && message.socket === "http") {
            clearTimeout(timer);
            resolve(message.port);
          }
        }
      });
    });
  }

  /** Ends workerd and waits for its end. SIGKILL is a crash; SIGTERM lets it finish. */
  async stop(signal = "SIGTERM") {
    this.#process.kill(signal);
    await this.ended;
    running.delete(this);
  }

  /** Ends workerd as a crash does and starts it over the same state, at the same address. */
  async crashAndRestart() {
    await this.stop("SIGKILL");
    await this.start();
  }

  /** Ends workerd in order and starts it over the same state, at the same address. */
  async restart() {
    await this.stop();
    await this.start();
  }

  /** Ends the process and forgets the state, unless the caller gave the directory. */
  dispose() {
    this.#process?.kill("SIGKILL");
    running.delete(this);
    if (this.#ownsState) rmSync(this.state, { recursive: true, force: true });
  }

  /** `fetch` of a path; a redirect is not followed. What the API answers is held against its description. */
  async fetch(path, init = {}) {
    const answer = await fetch(this.url + path, { redirect: "manual", ...init });
    if (described(init.method ?? "GET", path)) {
      const copy = answer.clone();
      validate(init.method ?? "GET", path, answer.status, copy.headers.get("content-type") ?? "", await read(copy));
    }
    return answer;
  }

  /**
   * A request of the administrator.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body] sent as JSON
   * @returns {Promise<{status: number, headers: Headers, body: any}>} `body` parsed where it
   *   is JSON, else text
   */
  async admin(method, path, body, headers = {}) {
    const answer = await this.fetch(path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const content = await read(answer);
    return { status: answer.status, headers: answer.headers, body: content };
  }

  /** Puts a whole site configuration; throws with the Worker's words if it is refused. */
  async seed(configuration) {
    const path = `/api/v1/sites/${configuration.site}/config`;
    const answer = await this.admin("PUT", path, configuration);
    if (answer.status >= 300) {
      throw new Error(`seeding failed: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer;
  }
}

async function read(answer) {
  const text = await answer.text();
  return /[/+]json$/.test(answer.headers.get("content-type") ?? "") ? JSON.parse(text) : text;
}
