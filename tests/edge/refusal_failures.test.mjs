// Refusals that no request brings about by what it says: what fails, what is flooded, what breaks off. Every route of the
// description that tells of one has it here, and nothing but what it tells (each answer is held against it on its way).

import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { description, validate } from "../support/openapi.mjs";
import { ORIGIN, callStart, report, siteConfig, visit } from "../support/site.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

const operations = Object.entries(description.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
);
const telling = (status) => operations.filter(({ responses }) => String(status) in responses);
const what = ({ method, path }) => `${method} ${path}`;

/** Names that lead to something in the site that [`made`] makes. */
const names = {
  site: "shop", version: "1", scenario: "all", dimension: "source", file: "calls.csv", stock: "shared", script: "shop.js", provider: "generic",
};
const filled = ({ path }) =>
  path.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? "x") + (path.endsWith("/leases") ? "?number=74950000001" : "");

/** A Worker with a site that has a visitor and a call, and a stock. */
async function made(options) {
  const worker = await startWorker(options);
  await worker.seed(siteConfig());
  const given = await visit(worker);
  await report(worker, callStart(given.numbers[0].number));
  names.call = (await worker.admin("GET", "/api/v1/sites/shop/calls")).body.calls[0].id;
  await worker.admin("POST", "/api/v1/stocks/shared", { sites: ["shop"], add: "74950008888" });
  return worker;
}

/** A request of the operation that nothing is wrong with, as far as it is read before the edge fails. */
function request(operation, token) {
  const page = { v: 1, url: `${ORIGIN}/`, referrer: "", targets: ["all"], consent: "granted", event: "keep", leases: [], visit: "", visitor: "" };
  const body =
    { page, import: undefined, sizing: {} }[operation["x-access"] === "page" ? "page" : operation.operationId] ?? siteConfig();
  return {
    method: operation.method,
    headers: {
      origin: ORIGIN,
      "if-match": "*",
      ...(operation.security ? { authorization: `Bearer ${token}` } : {}),
      ...(operation.requestBody ? { "content-type": Object.keys(operation.requestBody.content)[0] } : {}),
    },
    ...(operation.requestBody
      ? { body: operation.operationId === "import" ? '{"ringlet_export":2,"site":"shop"}\n' : JSON.stringify(body) }
      : {}),
  };
}

/** Asks in both languages, and wants this refusal of both. */
async function refusedBy(worker, operation, status, { token = worker.token, headers = {} } = {}) {
  const init = request(operation, token);
  for (const language of ["en", "ru"]) {
    const all = { ...init.headers, ...headers, "accept-language": language };
    const answer = await worker.fetch(filled(operation), { ...init, headers: all });
    const text = await answer.text();
    assert.equal(answer.status, status, `${what(operation)}: ${text}`);
    assert.equal(answer.headers.get("content-type"), "application/problem+json", what(operation));
    const problem = JSON.parse(text);
    assert.equal(problem.status, status);
    assert.equal(/[а-яё]/i.test(problem.title), language === "ru", `${what(operation)}: ${problem.title}`);
    assert.ok(!("detail" in problem) || !/sqlite|panic|SQL|\.rs/i.test(problem.detail), `nothing of the inside: ${text}`);
    if (status === 429) assert.ok(Number(answer.headers.get("retry-after")) >= 1, what(operation));
  }
}

test("500: a panic in the Worker ends its request with a refusal, on every route that tells of it", async () => {
  const worker = await made();
  try {
    assert.ok(telling(500).length >= 60);
    for (const operation of telling(500)) await refusedBy(worker, operation, 500, { headers: { "x-ringlet-panic": "worker" } });
    assert.deepEqual((await worker.admin("GET", "/api/v1/sites/shop/check")).body, { ok: true, faults: [] });
  } finally {
    worker.dispose();
  }
});

test("503: an object that cannot be reached, on every route that tells of it", async () => {
  const worker = await made();
  try {
    await worker.stop();
    const files = readdirSync(worker.state, { recursive: true }).filter((file) => /^(?!.*metadata).*\.sqlite$/.test(file));
    assert.ok(files.length >= 4);
    for (const file of files) {
      for (const beside of ["-wal", "-shm"]) rmSync(join(worker.state, file + beside), { force: true });
      writeFileSync(join(worker.state, file), "this is no database ".repeat(1_000));
    }
    await worker.start();
    assert.ok(telling(503).length >= 60);
    for (const operation of telling(503)) await refusedBy(worker, operation, 503);
  } finally {
    worker.dispose();
  }
});

test("429: whoever guesses keys or secrets is dammed, on every route that tells of it", async () => {
  const worker = await made({ variables: { RINGLET_RATES_STILL: "1" } });
  try {
    const token = "guessed-key-of-nobody-0123456789";
    const guess = (of) => worker.admin("GET", `/api/v1/${of}`, undefined, { authorization: `Bearer ${token}` });
    for (const of of ["sites/shop", "stocks/shared"]) while ((await guess(of)).status === 401);
    const wrong = () => report(worker, callStart("74950000001"), { secret: "another" });
    while ((await wrong()).status === 401);
    assert.ok(telling(429).length >= 55);
    const create = telling(429).find(({ operationId }) => operationId === "site_create");
    for (const operation of telling(429)) if (operation !== create) await refusedBy(worker, operation, 429, { token });
    assert.equal((await worker.admin("GET", "/api/v1/sites/shop")).status, 200, "who has a key is heard");
    // A site that is there counts what the deployer asks it, to make it again too.
    const headers = { authorization: `Bearer ${worker.token}` };
    const read = async () => (await fetch(`${worker.url}/api/v1/sites/shop`, { method: "HEAD", headers })).status;
    while ((await Promise.all(Array.from({ length: 100 }, read))).every((status) => status === 200));
    await refusedBy(worker, create, 429);
  } finally {
    worker.dispose();
  }
});

/** Sends the head of a request and a part of its body, and no more; gives status and JSON of what is answered. */
function brokenOff(worker, operation) {
  const { headers } = request(operation, worker.token);
  const lines = Object.entries({ host: "edge", ...headers, "content-length": "100" }).map(([name, value]) => `${name}: ${value}`);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ port: Number(new URL(worker.url).port), host: "127.0.0.1", allowHalfOpen: true }, () => {
      socket.end(`${operation.method} ${filled(operation)} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n{"v"`);
    });
    socket.on("data", (chunk) => (text += chunk));
    socket.on("error", reject);
    socket.on("close", () => {
      const [head, body] = text.split("\r\n\r\n");
      resolve({ status: Number(head.split(" ")[1]), body: JSON.parse(body || "null") });
    });
  });
}

test("400: a body that broke off on its way, on every route that reads one", async () => {
  const worker = await made();
  try {
    const reading = operations.filter((operation) => operation.requestBody && operation.method !== "GET");
    assert.ok(reading.length >= 20);
    for (const operation of reading) {
      const { status, body } = await brokenOff(worker, operation);
      assert.equal(status, 400, `${what(operation)}: ${JSON.stringify(body)}`);
      assert.equal(body.code, "not_json", what(operation));
      validate(operation.method, filled(operation), status, "application/problem+json", body);
    }
  } finally {
    worker.dispose();
  }
});

test("409: no export while a pool is being divided", async () => {
  const worker = await made();
  try {
    await worker.stop();
    await agedDatabase(worker.state, "pool_shards", (database) => {
      database.exec("INSERT INTO pool_shards (pool, shards, most, settled) VALUES ('main', 1, 1, 0)");
    });
    await worker.start();
    const [operation] = operations.filter(({ operationId }) => operationId === "export");
    await refusedBy(worker, operation, 409);
  } finally {
    worker.dispose();
  }
});
