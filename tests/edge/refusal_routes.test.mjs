// Every route's every documented refusal, generated from the description: what is documented
// happens, what happens is documented (each answer is held against the description on its way).

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { description } from "../support/openapi.mjs";
import { ORIGIN, callStart, report, siteConfig, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
/** Tokens by role, and names that lead to something in the site. */
const tokens = {};
const names = { site: "shop", version: "1", scenario: "all", dimension: "source", file: "calls.csv", stock: "shared" };
before(async () => {
  worker = await startWorker();
  await worker.seed(siteConfig());
  const given = await visit(worker);
  await report(worker, callStart(given.numbers[0].number));
  names.call = (await worker.admin("GET", "/api/v1/sites/shop/calls")).body.calls[0].id;
  for (const role of ["admin", "viewer", "telephony"]) {
    tokens[role] = (await worker.admin("POST", "/api/v1/sites/shop/keys", { name: role, role })).body.token;
  }
  await worker.admin("POST", "/api/v1/stocks/shared", { sites: ["shop"], add: "74950008888" });
  tokens.stock = (await worker.admin("POST", "/api/v1/stocks/shared/keys", { name: "viewer", role: "viewer" })).body.token;
  names.key = (await worker.admin("POST", "/api/v1/sites/shop/keys", { name: "spare", role: "viewer" })).body.key;
});
after(() => worker.dispose());

/** These say that the edge failed or is asked too often: nothing a request alone can bring about (tests/edge/refusal_failures
 * has them for every route). */
const NOT_BY_REQUEST = ["429", "500", "503"];
/** Nor these: a body that broke off on its way and an export while a pool is being divided (in the same file), a stored
 * version that only an older program accepts (tests/edge/refusal has one for each), and an event that no program
 * understands (tests/edge/telephony has one). */
const NOT_HERE = {
  provider: ["400"],
  version_diff: ["422"],
  version_revert: ["422"],
  scenario_delete: ["422"],
  kept_event_retry: ["422"],
  export: ["409"],
};
/** Who may what: the roles in each access. */
const MAY = { telephony: ["telephony", "viewer", "admin"], viewer: ["viewer", "admin"], admin: ["admin"], deployer: [], stock_viewer: [], stock_admin: [] };

const operations = Object.entries(description.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
);
const guarded = operations.filter(({ security }) => security);
const open = operations.filter(({ security }) => !security);
const seen = new Map(operations.map(({ operationId }) => [operationId, new Set()]));

const filled = (path, own = {}) =>
  path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent({ ...names, ...own }[name] ?? "x"));

/** The kind of body that an operation takes, if it takes one. */
const kindOf = ({ requestBody }) => (requestBody ? { "content-type": Object.keys(requestBody.content)[0] } : {});

const CYRILLIC = /[а-яё]/i;

/** A refusal in Russian is the same refusal: nothing but the words differs, and all of them do. */
function toldAlike(english, russian, of) {
  const { title, detail = "", faults = [], ...programs } = english;
  const { title: titled, detail: detailed = "", faults: faulty = [], ...same } = russian;
  assert.deepEqual(same, programs, of);
  assert.ok(CYRILLIC.test(titled) && !CYRILLIC.test(title), `${of}: ${title} ${titled}`);
  assert.equal(CYRILLIC.test(detailed), detail !== "", `${of}: ${detail} ${detailed}`);
  assert.ok(!CYRILLIC.test(detail), `${of}: ${detail}`);
  assert.deepEqual(faulty.map(({ pointer, code }) => [pointer, code]), faults.map(({ pointer, code }) => [pointer, code]), of);
  for (const [place, fault] of faulty.entries()) {
    assert.ok(CYRILLIC.test(fault.detail) && !CYRILLIC.test(faults[place].detail), `${of}: ${fault.detail}`);
  }
}

/** Sends one request and notes its status; `token` null sends none. A refusal is asked for in Russian too. */
async function ask(operation, { own, query = "", headers = {}, body, token = worker.token } = {}) {
  const address = filled(operation.path, own) + query;
  const init = {
    method: operation.method,
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...kindOf(operation), ...headers },
    body: body ?? (operation.requestBody ? "{}" : undefined),
  };
  const answer = await worker.fetch(address, init);
  const text = await answer.text();
  seen.get(operation.operationId).add(String(answer.status));
  const problem = answer.status >= 400 ? JSON.parse(text) : {};
  if (answer.status >= 400) {
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.equal(problem.status, answer.status);
    const russian = await worker.fetch(address, { ...init, headers: { ...init.headers, "accept-language": "ru" } });
    toldAlike(problem, await russian.json(), `${operation.method} ${address}`);
  }
  return { status: answer.status, code: problem.code, headers: answer.headers };
}

const has = (operation, status) => String(status) in operation.responses;
const what = ({ method, path }) => `${method} ${path}`;

test("401: no key, a key that is none, another scheme, on every guarded route", async () => {
  assert.ok(guarded.length >= 30);
  for (const operation of guarded) {
    for (const [token, headers] of [[null, {}], ["no-key-of-this-site-0123456789", {}], [null, { authorization: "Basic eDp5" }]]) {
      const { status, headers: told } = await ask(operation, { token, headers });
      assert.equal(status, 401, what(operation));
      assert.equal(told.get("www-authenticate"), "Bearer", what(operation));
    }
  }
});

test("403: a key of a lesser role; and no 401 or 403 for a role that may", async () => {
  for (const operation of guarded) {
    for (const role of ["admin", "viewer", "telephony"]) {
      const may = MAY[operation["x-access"]].includes(role);
      // What is allowed is tried where it changes nothing.
      if (may && operation.method !== "GET") continue;
      const query = operation.path.endsWith("/leases") ? "?number=74950000001" : "";
      const { status } = await ask(operation, { token: tokens[role], query });
      const refused = operation.path.includes("{site}") ? 403 : 401;
      assert.equal(status, may ? 200 : refused, `${what(operation)} as ${role}`);
    }
  }
});

test("403: a viewer's key of a stock on what changes it or tells more", async () => {
  for (const operation of guarded.filter(({ path }) => path.includes("{stock}"))) {
    const { status } = await ask(operation, { token: tokens.stock });
    assert.equal(status, operation["x-access"] === "stock_viewer" ? 200 : 403, what(operation));
  }
});

test("401 and 403 come first: whoever may not ask hears nothing else", async () => {
  for (const operation of guarded.filter(({ requestBody }) => requestBody)) {
    const headers = { "content-type": "text/plain" };
    const wrong = { query: "?x=1", headers, body: new Uint8Array([0xff]) };
    assert.equal((await ask(operation, { ...wrong, token: "no-key-of-this-site-0123456789" })).status, 401, what(operation));
    const token = operation.path.includes("{stock}") ? tokens.stock : tokens.telephony;
    if (/\{(site|stock)\}/.test(operation.path)) assert.equal((await ask(operation, { ...wrong, token })).status, 403, what(operation));
  }
});

test("404: no such site, and nothing of that name in the site", async () => {
  for (const operation of operations.filter(({ path }) => path.includes("{site}"))) {
    if (operation["x-access"] === "provider") continue;
    const headers = operation["x-access"] === "page" ? { origin: ORIGIN } : {};
    // Creating by PUT and restoring are what a site that is not there is for.
    const makes = ["config_write", "import", "config_check"].includes(operation.operationId);
    for (const site of makes ? ["Not a site!"] : ["nobody", "Not a site!"]) {
      const { status, code } = await ask(operation, { own: { site }, headers });
      assert.equal(status, 404, what(operation));
      assert.equal(code, "unknown_site", what(operation));
    }
  }
  for (const operation of guarded) {
    const inner = operation.path.match(/\{(version|call|scenario|key|dimension|file|stock)\}/);
    if (!inner || (operation.method === "PUT" && inner[1] === "scenario")) continue;
    for (const name of ["none", "%", "99999999999999999999"]) {
      // Stocks come into being by being changed: of them only what is no name at all is not found.
      if (operation.operationId === "stock_change" && name !== "%") continue;
      const { status, code } = await ask(operation, { own: { [inner[1]]: name }, headers: { "if-match": '"1"' } });
      assert.equal(status, 404, `${what(operation)} ${name}`);
      assert.equal(code, "not_found", what(operation));
    }
  }
});

test("405: a method that the path has not, with the ones it has", async () => {
  for (const [path, item] of Object.entries(description.paths)) {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      if (item[method.toLowerCase()]) continue;
      // A preflight of a page is answered.
      if (method === "OPTIONS" && item.post?.["x-access"] === "page") continue;
      const answer = await worker.fetch(filled(path), { method });
      assert.equal(answer.status, 405, `${method} ${path}`);
      const allowed = answer.headers.get("allow").split(", ").sort();
      const known = Object.keys(item).map((name) => name.toUpperCase());
      assert.deepEqual(allowed, [...known, ...(item.get ? ["HEAD"] : [])].sort(), path);
      await answer.arrayBuffer();
    }
  }
});

/** A request that says how long its body will be, and waits for what the edge says to that. */
const announce = (operation, bytes, headers) =>
  new Promise((resolve, reject) => {
    const { method } = operation;
    const all = { authorization: `Bearer ${worker.token}`, "content-length": bytes, ...headers };
    const sending = request(worker.url + filled(operation.path), { method, headers: all }, (answer) => {
      answer.resume();
      sending.destroy();
      resolve(answer.statusCode);
    });
    sending.on("error", reject);
    sending.flushHeaders();
  });

test("413: one byte more than the route takes, told before it is sent", async () => {
  for (const operation of operations.filter((operation) => operation["x-body-bytes"])) {
    const headers = operation["x-access"] === "page" ? { origin: ORIGIN } : {};
    const status = await announce(operation, operation["x-body-bytes"] + 1, headers);
    assert.equal(status, 413, what(operation));
    assert.ok(has(operation, 413), what(operation));
    seen.get(operation.operationId).add("413");
  }
});

test("400: a parameter that the route has not, told with those it has; a body that none is asked for is not read", async () => {
  for (const operation of guarded) {
    const answer = await worker.fetch(`${filled(operation.path)}?limti=1`, {
      method: operation.method,
      headers: { authorization: `Bearer ${worker.token}`, ...kindOf(operation) },
    });
    const { code, detail } = await answer.json();
    assert.deepEqual([answer.status, code], [400, "bad_parameter"], what(operation));
    const known = (operation.parameters ?? []).filter(({ in: place }) => place === "query").map(({ name }) => `\`${name}\``);
    assert.equal(detail, `\`limti\` is no parameter here; there are: ${known.join(", ") || "none"}`);
    seen.get(operation.operationId).add("400");
  }
  const revert = operations.find(({ operationId }) => operationId === "version_revert");
  assert.equal((await ask(revert, { headers: { "if-match": '"1"' }, body: "{}" })).status, 200);
});

test("400: a body that is no JSON, a parameter that is none", async () => {
  for (const operation of operations.filter((operation) => has(operation, 400))) {
    const headers = operation["x-access"] === "page" ? { origin: ORIGIN } : {};
    const queries = (operation.parameters ?? []).filter(({ in: place }) => place === "query").map(({ name }) => name);
    if (operation.requestBody && operation["x-access"] !== "provider") {
      const { status } = await ask(operation, { headers, body: new Uint8Array([0xff, 0x7b]) });
      assert.equal(status, 400, `${what(operation)} not UTF-8`);
    }
    const wrong = {
      limit: "0", cursor: "\u{1f4a9}", from: "yesterday", to: "tomorrow", time_zone: "Mars", model: "best",
      format: "xml", state: "odd", number: "x", at: "x", filter: "odd", with: "x", id: operation.path.endsWith("{file}") ? "name" : undefined,
    };
    for (const name of queries.filter((name) => wrong[name])) {
      // The calls' files take `id` for one of them alone.
      const own = name === "id" ? { file: "metrica.csv" } : {};
      const others = operation.path.endsWith("/leases") && name !== "number" ? "&number=74950000001" : "";
      const { status, code } = await ask(operation, { own, query: `?${name}=${encodeURIComponent(wrong[name])}${others}` });
      assert.equal(status, 400, `${what(operation)} ${name}`);
      assert.equal(code, "bad_parameter", what(operation));
    }
  }
});

test("writes: 400 for a key too long, 412 stale, 428 without If-Match, 422 with faults, 409 for another's key", async () => {
  const changed = JSON.stringify(siteConfig({ name: "Changed" }));
  const body = (operation) => {
    if (!operation.requestBody) return undefined;
    if (operation.operationId === "number_act") return '{"action":"add","numbers":"74950007777"}';
    if (operation.operationId === "delay_write") return "[]";
    return operation.operationId === "config_write" ? changed : '{"priority":1}';
  };
  const writes = guarded.filter(({ parameters }) => parameters?.some(({ name }) => name === "Idempotency-Key"));
  assert.ok(writes.length >= 7);
  for (const operation of writes) {
    const etag = (await worker.admin("GET", "/api/v1/sites/shop/config")).headers.get("etag");
    const long = { "idempotency-key": "x".repeat(201), "if-match": etag };
    assert.equal((await ask(operation, { headers: long, body: body(operation) })).status, 400, what(operation));
    if (has(operation, 412)) {
      const stale = { "if-match": '"777"' };
      assert.equal((await ask(operation, { headers: stale, body: body(operation) })).status, 412, what(operation));
    }
    if (has(operation, 428)) {
      assert.equal((await ask(operation, { body: body(operation) })).status, 428, what(operation));
    }
  }
  for (const operation of guarded.filter((operation) => has(operation, 422) && operation.requestBody)) {
    const query = operation.operationId === "config_import" ? "?from=roistat" : "";
    const faulty = {
      number_act: '{"action":"add","numbers":"foo"}', config_import: "[]", import: "{}", stock_change: '{"sites":["No"]}',
      call_correct: '{"visit":"0273v8wpnvbgf0ywy6vh9q2k0t","reason":"x"}', replay: '{"from":"yesterday","to":"today"}',
      site_create: JSON.stringify({ ...siteConfig({ site: "new" }), name: 7 }),
      delay_write: '{"v":2}', config_patch: '{"name":7}', scenario_write: '{"kind":"odd"}', scenario_patch: '{"kind":"odd"}',
    }[operation.operationId] ?? JSON.stringify({ ...siteConfig(), name: 7 });
    const own = operation.operationId === "import" ? { site: "new" } : {};
    const { status } = await ask(operation, { own, query, body: faulty, headers: { "if-match": "*" } });
    assert.equal(status, 422, what(operation));
  }
});

test("415: a body of another kind, on every route that names one; nothing said is believed", async () => {
  const typed = operations.filter((operation) => has(operation, 415));
  assert.ok(typed.length >= 15);
  for (const operation of typed) {
    for (const kind of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"]) {
      const { status, code } = await ask(operation, { headers: { "content-type": kind } });
      assert.equal(status, 415, `${what(operation)} ${kind}`);
      assert.equal(code, "unsupported_media_type");
    }
    const kinds = Object.keys(operation.requestBody.content);
    for (const kind of [...kinds.map((kind) => `${kind.toUpperCase()}; charset=utf-8`)]) {
      const { status } = await ask(operation, { headers: { "content-type": kind }, body: "no" });
      assert.notEqual(status, 415, `${what(operation)} ${kind}`);
    }
    assert.notEqual(await announce(operation, operation["x-body-bytes"] + 1, {}), 415);
  }
});

test("what a refusal names in `type` is a page that tells of it, in both languages", async () => {
  const answer = await worker.fetch("/api/v1/sites", { headers: { authorization: "Basic eDp5" } });
  const problem = await answer.json();
  const page = await worker.fetch(problem.type.split("#")[0]);
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-type"), /^text\/html/);
  assert.match(page.headers.get("content-security-policy"), /default-src 'none'/);
  const html = await page.text();
  const codes = description.components.schemas.Problem.properties.code.enum;
  assert.ok(codes.length >= 18);
  for (const code of codes) assert.ok(html.includes(`id="${code}"`), code);
  assert.ok(html.includes('lang="ru"') && html.includes('lang="en"'));
});

test("409: the same key with another request; a site that is there already", async () => {
  const byName = (name) => operations.find(({ operationId }) => operationId === name);
  assert.equal((await ask(byName("site_create"), { body: JSON.stringify(siteConfig()) })).status, 409);
  assert.equal((await ask(byName("import"), { body: "{}" })).status, 409);
  for (const operation of guarded.filter(({ parameters }) => parameters?.some(({ name }) => name === "Idempotency-Key"))) {
    const key = `of-${operation.operationId}`;
    // A change that is done first, under this key.
    const of = operation.path.includes("{stock}") ? ["POST", "/api/v1/stocks/shared", { add: "" }] : ["PATCH", "/api/v1/sites/shop/config", { name: key }];
    await worker.admin(...of, { "idempotency-key": key });
    const headers = { "idempotency-key": key, "if-match": "*" };
    const body = operation.requestBody ? JSON.stringify({ site: "shop", name: "else" }) : undefined;
    assert.equal((await ask(operation, { headers, body })).status, 409, what(operation));
  }
});

test("pages and providers: a foreign origin, a wrong secret", async () => {
  for (const operation of open) {
    if (operation["x-access"] === "page") {
      const headers = { origin: "https://evil.example" };
      assert.equal((await ask(operation, { headers })).status, 403, what(operation));
      if (!operation.requestBody) continue;
      assert.equal((await ask(operation, { headers: { origin: ORIGIN }, body: "no" })).status, 400, what(operation));
    }
    if (operation["x-access"] === "provider") {
      assert.equal((await ask(operation)).status, 401, what(operation));
    }
  }
  assert.equal((await ask(open.find(({ path }) => path.startsWith("/s/")))).status, 404);
  assert.equal((await ask(open.find(({ path }) => path.startsWith("/a/")))).status, 404);
  const sizing = open.find(({ operationId }) => operationId === "sizing");
  assert.equal((await ask(sizing, { body: '{"accuracy":7}' })).status, 422);
  assert.equal((await ask(sizing, { body: "no" })).status, 400);
});

test("every documented refusal was seen above", () => {
  const missing = operations.flatMap((operation) =>
    Object.keys(operation.responses)
      .filter((status) => status >= 400 && !NOT_BY_REQUEST.includes(status))
      .filter((status) => !(NOT_HERE[operation.operationId] ?? NOT_HERE[operation["x-access"]] ?? []).includes(status))
      .filter((status) => !seen.get(operation.operationId).has(status))
      .map((status) => `${what(operation)} ${status}`),
  );
  assert.deepEqual(missing, []);
});
