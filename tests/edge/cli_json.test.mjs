// The command line for programs: with --json every verb prints one JSON value and nothing else, and every failure
// is one JSON value on stderr with an exit code that is not zero. And for owners who read Russian.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { terminal } from "../support/cli.mjs";
import { entryOf, startReceiver } from "../support/receiver.mjs";
import { ORIGIN, callStart, numbers, report, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
let shop;
let crm;
before(async () => {
  worker = await startWorker();
  shop = terminal(worker, { RINGLET_SITE: "shop" });
  crm = await startReceiver(() => 410);
});
after(() => {
  crm.close();
  shop.dispose();
  worker.dispose();
});

/** Every verb that does something, as its help lists them. */
async function verbs(words = []) {
  const help = await shop.ok([...words, "-h"]);
  const listed = help.split("Commands:\n")[1]?.split("\n\n")[0] ?? "";
  const names = [...listed.matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name).filter((name) => name !== "help");
  if (names.length === 0) return [words.join(" ")];
  return (await Promise.all(names.map((name) => verbs([...words, name])))).flat();
}

const day = (shift) => new Date(Date.now() + shift * 86_400_000).toISOString().slice(0, 10);
const days = ["--from", day(-1), "--to", day(1)];

/** What each verb is given, in an order in which all can be done. A function is given what was printed before. */
const GIVEN = [
  ["sites create", "site.json"],
  ["sites list"],
  ["sites audit"],
  ["sites show"],
  ["sites change", "name=Other"],
  ["config get"],
  ["config put", "site.json"],
  ["config edit"],
  ["config check", "site.json"],
  ["config diff", "site.json"],
  ["config versions"],
  ["config revert", "1"],
  ["config import", "roistat.json", "--from", "roistat"],
  ["numbers list"],
  ["numbers add", "74950000701", "74950000702", "74950000703", "--pool", "main"],
  ["numbers assign", "74950000701", "--pool", "main"],
  ["numbers remove", "74950000701"],
  ["scenarios list"],
  ["scenarios put", "fixed", "fixed.json"],
  ["scenarios show", "fixed"],
  ["scenarios change", "fixed", "name=Fixed"],
  ["scenarios enable", "fixed"],
  ["scenarios priority", "fixed", "7"],
  ["numbers bind", "74950000701", "--scenario", "fixed", "--source", "tv"],
  ["scenarios disable", "fixed"],
  ["numbers reserve", "74950000702", "--scenario", "all"],
  ["numbers quarantine", "74950000703"],
  ["numbers disable", "74950000703"],
  ["numbers release", "74950000703"],
  ["numbers forward", "74950000703", "--phone", "74957776655"],
  ["numbers replace", "74950000703", "74950000704"],
  ["numbers delete", "74950000703"],
  ["scenarios delete", "fixed"],
  ["keys create", "for a program", "--role", "viewer"],
  ["keys list"],
  ["keys revoke", (said) => said["keys list"].keys[0].key],
  ["calls list"],
  ["calls show", (said) => said["calls list"].calls[0].id],
  ["calls correct", (said) => said["calls list"].calls[0].id, "--source", "tv", "--reason", "he said so"],
  ["calls replay", ...days],
  ["calls kept"],
  ["calls retry", () => "1"],
  ["outbox"],
  ["deliveries list"],
  ["deliveries send", "crm", "all"],
  ["leases", "74950000001"],
  ["report"],
  ["file", "calls.csv", "-o", "calls.csv"],
  ["live"],
  ["load", "all"],
  ["delays", "all"],
  ["sizing"],
  ["audit"],
  ["check"],
  ["health"],
  ["api", "site_read"],
  ["stocks share", "common", "shop"],
  ["stocks add", "common", "74950000801"],
  ["stocks show", "common"],
  ["stocks remove", "common", "74950000801"],
  ["stocks keep"],
  ["stocks audit", "common"],
  ["stocks check", "common"],
  ["stocks keys create", "common", "for Anna", "--role", "viewer"],
  ["stocks keys list", "common"],
  ["stocks keys revoke", "common", (said) => said["stocks keys list"].keys[0].key],
  ["profiles set", "here"],
  ["profiles list"],
  ["profiles forget", "here"],
  ["sites export", "-o", "kept.jsonl"],
  ["sites delete", "--without-export", "--yes"],
  ["sites import", "kept.jsonl"],
];
/** These cannot be done here, and say why: nothing is kept that nobody understood. */
const REFUSED = { "calls retry": 4 };

/** One JSON value and a line's end. */
function value(text, of) {
  assert.ok(text.endsWith("\n") && !text.trimEnd().includes("\n"), `${of}: ${text.slice(0, 200)}`);
  return JSON.parse(text);
}

test("with --json every verb prints one JSON value and nothing else", async () => {
  const { run, write } = shop;
  write("site.json", siteConfig({ receivers: [entryOf("crm", crm)] }));
  write("roistat.json", { name: "Moscow", is_enabled: true, options: { calltracking_type: "dynamic", css_selector: [".p"] } });
  write("fixed.json", { kind: "static", targets: [{ class: "phone" }], bindings: [{ number: "74950000300", source: "vk4" }] });
  assert.deepEqual(GIVEN.map(([verb]) => verb).sort(), (await verbs()).sort());
  const said = {};
  for (const [verb, ...more] of GIVEN) {
    if (verb === "calls list") {
      const given = await visit(worker);
      await report(worker, callStart(given.numbers[0].number));
      await until(async () => (await shop.json(["deliveries", "list", "--state", "dead"])).deliveries.length > 0);
    }
    const words = more.map((word) => (typeof word === "function" ? word(said) : word));
    const done = await run([...verb.split(" "), ...words, "--json"], { env: { EDITOR: "true" } });
    const refused = REFUSED[verb];
    assert.equal(done.code, refused ?? 0, `${verb}: ${done.stderr}`);
    if (refused) assert.equal(value(done.stderr, verb).code, "not_found");
    else said[verb] = value(done.stdout, verb);
    assert.equal(refused ? done.stdout : done.stderr, "", verb);
  }
  assert.deepEqual(said["sites export"], { file: "kept.jsonl" });
  assert.deepEqual(said["config edit"], { changed: false });
  assert.equal(said["sites import"].lines, shop.read("kept.jsonl").trimEnd().split("\n").length);
});

test("a failure is one JSON value on stderr with --json, whatever failed", async () => {
  const { run, write } = shop;
  await shop.run(["config", "put", write("again.json", siteConfig())]);
  const failing = async (words, code, named, env) => {
    const done = await run([...words, "--json"], { env });
    assert.equal(done.code, code, `${words}: ${done.stderr}`);
    assert.equal(done.stdout, "", `${words}`);
    assert.equal(value(done.stderr, `${words}`).code, named, `${words}`);
  };
  await failing(["sites"], 2, "usage");
  await failing(["no", "such", "verb"], 2, "usage");
  await failing(["keys", "create", "x"], 2, "usage");
  await failing(["sites", "show"], 2, "usage", { RINGLET_SITE: undefined });
  await failing(["health"], 2, "usage", { RINGLET_URL: "calls.example.com" });
  await failing(["config", "put", "none.json"], 1, "local");
  await failing(["sites", "export"], 2, "usage");
  await failing(["file", "calls.csv"], 2, "usage");
  await failing(["api", "call_file", "calls.csv"], 2, "usage");
  await failing(["health"], 7, "unreachable", { RINGLET_URL: "http://127.0.0.1:9" });
  await failing(["sites", "show"], 3, "unauthorized", { RINGLET_KEY: "wrong-key-0123456789" });
  await failing(["scenarios", "show", "none"], 4, "not_found");
  await failing(["sites", "create", "again.json"], 5, "conflict");
  await failing(["numbers", "add", "foo"], 6, "unprocessable");
  await failing(["sites", "import", "again.json"], 6, "unprocessable", { RINGLET_SITE: "another" });
  const partly = await run(["stocks", "add", "common", "74950000805, foo", "--json"]);
  assert.equal(partly.code, 6);
  assert.equal(value(partly.stdout, "stocks add").refused[0].text, "foo");
  assert.equal(value(partly.stderr, "stocks add").code, "partly_refused");
});

test("an address of something else is told as that", async () => {
  const answers = {
    page: [200, { "content-type": "text/html; charset=utf-8" }, "<!doctype html><title>Shop</title>"],
    text: [200, { "content-type": "text/plain" }, "hello"],
    moved: [301, { location: "https://elsewhere.example/" }, ""],
    gone: [404, { "content-type": "text/html" }, "<h1>404</h1>"],
  };
  let answer;
  const server = createServer((_, to) => to.writeHead(answer[0], answer[1]).end(answer[2]));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const env = { RINGLET_URL: `http://127.0.0.1:${server.address().port}` };
    for (const [name, told] of Object.entries(answers)) {
      answer = told;
      for (const words of [["sites", "list"], ["config", "get", "-o", "got.json"], ["sites", "export", "-o", "got.jsonl"]]) {
        if (name === "text" && words[0] !== "sites" ) continue;
        if (name === "text" && words[1] === "export") continue;
        const done = await shop.run(words, { env });
        assert.equal(done.code, told[0] === 404 ? 4 : 7, `${name} ${words}: ${done.stderr}`);
        assert.match(done.stderr, new RegExp(`the address answered ${told[0]}, not as Ringlet does`), `${name} ${words}`);
        assert.ok(!existsSync(join(shop.directory, "got.json")) && !existsSync(join(shop.directory, "got.jsonl")));
      }
    }
  } finally {
    server.close();
  }
});

test("a profile file that others can read is told of; one that cannot be read says so", async () => {
  const { run, ok, directory } = terminal(worker);
  const env = { RINGLET_URL: undefined, RINGLET_KEY: undefined, RINGLET_PROFILES: "profiles.json" };
  const path = join(directory, "profiles.json");
  await ok(["profiles", "set", "here", "--url", worker.url, "--key", worker.token, "--site", "shop"], { env });
  assert.equal((await run(["sites", "show"], { env })).stderr, "");
  chmodSync(path, 0o644);
  const open = await run(["sites", "show"], { env });
  assert.equal(open.code, 0);
  assert.match(open.stderr, /others on this machine can read the keys in profiles\.json: chmod 600 profiles\.json/);
  const told = await run(["sites", "show", "--json"], { env });
  assert.match(value(told.stderr, "rights").warning, /chmod 600/);
  // With a key from elsewhere the file's are not used.
  assert.equal((await run(["sites", "show"], { env: { ...env, RINGLET_KEY: worker.token } })).stderr, "");
  // Written again it is for its owner alone.
  await ok(["profiles", "set", "other", "--url", worker.url], { env });
  assert.equal((await run(["sites", "show"], { env })).stderr, "");
  const broken = readFileSync(path, "utf8").slice(0, -3);
  shop.write("profiles.json", broken);
  const refused = await shop.run(["sites", "show"], { env });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^error: profiles\.json: /);
  const folder = await shop.run(["sites", "show"], { env: { ...env, RINGLET_PROFILES: shop.directory } });
  assert.equal(folder.code, 1);
});

test("an owner whose locale is Russian is told everything in Russian", async () => {
  const { run } = shop;
  const env = { LANG: "ru_RU.UTF-8" };
  const russian = async (words, code, said, more = {}) => {
    const done = await run(words, { env: { ...env, ...more } });
    assert.equal(done.code, code, `${words}: ${done.stderr}`);
    assert.match(code === 0 ? done.stdout : done.stderr, said, `${words}`);
  };
  await russian(["sites", "change", "name=Лавка"], 0, /^версия \d+/);
  await russian(["config", "check", "again.json"], 0, /^ошибок нет/);
  await russian(["sites", "show"], 2, /^ошибка: укажите сайт: --site/, { RINGLET_SITE: "" });
  await russian(["health"], 2, /^ошибка: укажите адрес/, { RINGLET_URL: "" });
  await russian(["health"], 7, /^ошибка: http:\/\/127\.0\.0\.1:9 не отвечает/, { RINGLET_URL: "http://127.0.0.1:9" });
  await russian(["config", "put", "none.json"], 1, /^ошибка: none\.json: такого файла или папки нет/);
  await russian(["sites", "show"], 3, /^ошибка: Нужен ключ доступа \(unauthorized, 401\): такого ключа у этого сайта/, { RINGLET_KEY: "wrong-key-0123456789" });
  await russian(["config", "put", "again.json", "--if-version", "999"], 5, /\(stale, 412\): действует версия "\d+"; прочтите её и повторите/);
  await russian(["report", "colour"], 4, /есть: source, campaign/);
  await russian(["numbers", "add", "foo"], 6, /это не номер телефона/);
  await russian(["calls", "list", "--limit", "0"], 6, /`limit`: нужно число от 1 до 200/);
  await russian(["sites", "delete", "--without-export"], 2, /не удалён: укажите --yes или его имя/);
  await russian(["stocks", "add", "common", "foo"], 6, /"foo": это не номер телефона/);
});
