// The command line against the built Worker: everything an owner does, from a terminal.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { terminal } from "../support/cli.mjs";
import { description } from "../support/openapi.mjs";
import { entryOf, startReceiver } from "../support/receiver.mjs";
import { ORIGIN, callStart, numbers, report, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

let worker;
let deployer;
before(async () => {
  worker = await startWorker();
  deployer = terminal(worker, { RINGLET_SITE: "shop" });
});
after(() => {
  deployer.dispose();
  worker.dispose();
});

test("a site from its first day to its last", async () => {
  const { ok, json, run, write, read } = terminal(worker, { RINGLET_SITE: "days" });
  assert.match(await ok(["sites", "create", write("site.json", siteConfig({ site: "days" }))]), /^version 1/);
  assert.ok((await json(["sites", "list"])).sites.some(({ site }) => site === "days"));
  assert.equal((await json(["sites", "show"])).name, "Shop");
  await ok(["sites", "change", "name=Another", "/retention/visit_days=90", "--note", "renamed"]);
  const config = await json(["config", "get"]);
  assert.equal(config.name, "Another");
  assert.deepEqual(config.retention, { visit_days: 90 });
  assert.equal(config.country_code, "7", "what was not named stays");

  const given = await visit(worker, { options: { site: "days" } });
  await report(worker, callStart(given.numbers[0].number), { site: "days" });
  assert.equal((await run(["sites", "delete", "--yes"])).code, 2, "an export or a word about it is needed");
  assert.equal((await run(["sites", "delete", "--export", "x.jsonl"])).code, 2, "nobody can type its name");
  await ok(["sites", "export", "-o", "before.jsonl"]);
  await ok(["sites", "delete", "--export", "kept.jsonl", "--yes"]);
  assert.equal(read("kept.jsonl"), read("before.jsonl"));
  assert.equal((await run(["sites", "show"])).code, 4);
  const imported = await json(["sites", "import", "kept.jsonl"]);
  assert.equal(imported.lines, read("kept.jsonl").trimEnd().split("\n").length);
  assert.equal(await ok(["sites", "export"]), read("kept.jsonl"), "byte for byte");
  assert.equal((await run(["sites", "import", "kept.jsonl"])).code, 5);
  assert.equal((await json(["check"])).ok, true);
});

test("the configuration: check, put, compare, versions, revert", async () => {
  const { ok, json, run, write } = terminal(worker, { RINGLET_SITE: "conf" });
  const first = siteConfig({ site: "conf" });
  await ok(["config", "put", write("first.json", first)]);
  const second = siteConfig({ site: "conf", name: "Second", pools: [{ ...first.pools[0], numbers: numbers(5) }] });
  write("second.json", second);
  assert.equal(await ok(["config", "check", "second.json"]), "no faults\n");
  const wrong = await run(["config", "check", write("wrong.json", { ...second, name: 7, extra: 1 })]);
  assert.equal(wrong.code, 6);
  assert.match(wrong.stderr, /\/name .*\n(.*\n)*  \/extra /);
  const asJson = await run(["config", "put", "wrong.json", "--json"]);
  assert.equal(JSON.parse(asJson.stderr).code, "config_faults");

  const offline = await json(["config", "diff", "second.json"]);
  assert.deepEqual(offline.changes.map(({ path }) => path), ["/name", "/pools/main/numbers/74950000005"]);
  await ok(["config", "put", "second.json", "--note", "one more"]);
  assert.deepEqual((await json(["config", "diff", "--version", "2"])).changes, offline.changes);
  assert.match(await ok(["config", "versions"]), /2 .*deployer.*one more/);
  const stale = await run(["config", "put", "first.json", "--if-version", "1"]);
  assert.equal(stale.code, 5);
  assert.match(stale.stderr, /stale/);
  assert.equal((await json(["config", "revert", "1"])).version, 3);
  assert.deepEqual(await json(["config", "get"]), first);
  assert.deepEqual(await json(["config", "get", "--version", "2"]), second);
  const back = await json(["config", "diff", "--version", "3", "--with", "1"]);
  assert.deepEqual(back.changes, []);
  const editor = join(deployer.directory, "editor.sh");
  deployer.write("editor.sh", "#!/bin/sh\nsed -i.bak 's/\"Shop\"/\"Edited\"/' \"$1\"\n");
  await ok(["config", "edit"], { env: { EDITOR: `sh ${editor}` } });
  assert.equal((await json(["config", "get"])).name, "Edited");
});

test("scenarios of other systems come with a report of what was lost", async () => {
  const { ok, json, run, write } = terminal(worker, { RINGLET_SITE: "moved" });
  await ok(["config", "put", write("site.json", siteConfig({ site: "moved" }))]);
  const roistat = {
    name: "Moscow",
    is_enabled: true,
    options: {
      calltracking_type: "dynamic",
      segments: [["source", "like%", "organic"], ["weather", "=", "rain"]],
      phone_format: "8 (XXX) XXX-XX-XX",
      css_selector: [".podmena"],
    },
  };
  const words = ["config", "import", write("roistat.json", roistat), "--from", "roistat"];
  const imported = await json(words);
  assert.deepEqual(imported.added, ["moscow"]);
  assert.ok(imported.notes.some(({ outcome, pointer }) => outcome === "lost" && pointer.includes("/segments/1")));
  assert.equal((await json(["sites", "show"])).version, 1, "nothing is written unasked");
  assert.match(await ok(words), /segments\/1 +lost/);
  const put = await json([...words, "--put"]);
  assert.deepEqual([put.added, put.version.version], [["moscow"], 2], "one JSON value tells both");
  const { scenarios } = await json(["scenarios", "list"]);
  assert.deepEqual(scenarios.map(({ id, enabled }) => [id, enabled]), [["all", true], ["moscow", false]]);
  assert.equal((await run(["config", "import", "site.json", "--from", "uis"])).code, 6);
});

test("numbers: everything an owner does with them", async () => {
  const { ok, json, run, write } = terminal(worker, { RINGLET_SITE: "numb" });
  await ok(["config", "put", write("site.json", siteConfig({ site: "numb" }))]);
  await ok(["numbers", "add", "8 (495) 123-45-67, +7 812 765-43-21", "--pool", "main", "--rented", "--city", "Москва"]);
  await ok(["numbers", "add", "-"], { input: "74950000101\n74950000102; 7 495 000 01 03\n" });
  const refused = await run(["numbers", "add", "+7 495 000-01-04, foo, 12"]);
  assert.equal(refused.code, 6);
  assert.match(refused.stderr, /"foo"/);
  await ok(["numbers", "assign", "--pool", "main", "74950000101"]);
  await ok(["numbers", "quarantine", "74950000001"]);
  await ok(["numbers", "reserve", "74950000102", "--scenario", "all"]);
  await ok(["numbers", "replace", "74950000002", "74950000222"]);
  await ok(["numbers", "remove", "74950000003"]);
  await ok(["numbers", "disable", "74950000004"]);
  await ok(["numbers", "release", "74950000004"]);
  await ok(["numbers", "delete", "74950000103"]);
  const forward = async (number) => (await json(["config", "get"])).numbers.find((record) => record.number === number).forward;
  await ok(["numbers", "forward", "7 (495) 000-00-01", "--phone", "8 495 777-66-55", "--whisper"]);
  assert.deepEqual(await forward("74950000001"), { phone: "74957776655", whisper: true });
  await ok(["numbers", "forward", "74950000001", "--sip", "sip:sales@pbx.example", "--extension", "101"]);
  assert.deepEqual(await forward("74950000001"), { sip: "sip:sales@pbx.example", extension: "101" });
  await ok(["numbers", "forward", "74950000001", "--as-scenario"]);
  assert.equal(await forward("74950000001"), undefined);
  assert.equal((await run(["numbers", "forward", "74950000001"])).code, 2, "where to?");
  assert.equal((await run(["numbers", "forward", "74950000001", "--phone", "1", "--sip", "sip:a@b"])).code, 2);
  assert.equal((await run(["numbers", "forward", "74950000001", "--sip", "sales"])).code, 6);
  const list = async (filter) => (await json(["numbers", "list", "--filter", filter])).numbers.map(({ number }) => number);
  assert.deepEqual(await list("quarantined"), ["74950000001"]);
  assert.deepEqual(await list("reserve"), ["74950000102"]);
  assert.deepEqual(await list("free"), ["74950000002", "74950000003", "74950009999"]);
  const used = await list("used");
  assert.deepEqual([...used, ...(await list("free"))].sort(), (await list("all")).sort());
  assert.ok(used.includes("74950000222") && used.includes("74950000101"));
  assert.ok(!(await list("all")).includes("74950000103"));
  const table = await ok(["numbers", "list"]);
  assert.match(table, /^ *number +scenarios +calls +type +connected/);
  assert.match(table, /\+74951234567 +all +0 +rented/);
  assert.match(await ok(["numbers", "list"], { env: { LANG: "ru_RU.UTF-8" } }), /^ *номер +сценарии +звонки +тип +подключён/);
});

test("scenarios: put, change, switch, priority, delete", async () => {
  const { ok, json, run, write } = terminal(worker, { RINGLET_SITE: "scen" });
  await ok(["config", "put", write("site.json", siteConfig({ site: "scen" }))]);
  const fixed = { kind: "static", targets: [{ class: "phone" }], bindings: [{ number: "74950000300", source: "vk4" }] };
  await ok(["scenarios", "put", "fixed", write("fixed.json", fixed)]);
  await ok(["numbers", "add", "74950000301"]);
  await ok(["numbers", "bind", "74950000301", "--scenario", "fixed", "--source", "ok_5"]);
  await ok(["scenarios", "disable", "all"]);
  await ok(["scenarios", "priority", "fixed", "-5"]);
  await ok(["scenarios", "change", "fixed", "mask=8 (XXX) XXX-XX-XX"]);
  const { scenarios } = await json(["scenarios", "list"]);
  assert.deepEqual(
    scenarios.map(({ id, enabled, priority, numbers: count }) => [id, enabled, priority, count]),
    [["all", false, 1, 4], ["fixed", true, -5, 2]],
  );
  await ok(["scenarios", "enable", "all"]);
  const document = JSON.parse(await ok(["scenarios", "show", "fixed"]));
  assert.equal(document.mask, "8 (XXX) XXX-XX-XX");
  assert.equal(document.bindings.length, 2);
  await ok(["scenarios", "delete", "fixed"]);
  assert.equal((await run(["scenarios", "show", "fixed"])).code, 4);
  assert.equal((await run(["scenarios", "change", "all", "pool=none"])).code, 6);
});

test("calls, leases, reports, files, live, load, sizing, audit", async () => {
  const { ok, json, run, write, read } = terminal(worker, { RINGLET_SITE: "calls" });
  await ok(["config", "put", write("site.json", siteConfig({ site: "calls" }))]);
  const given = await visit(worker, { url: `${ORIGIN}/?roistat=vk4_post`, options: { site: "calls" } });
  const number = given.numbers[0].number;
  for (let call = 0; call < 5; call += 1) {
    await report(worker, callStart(number, { started_at: Date.now() + call }), { site: "calls" });
  }
  const all = await json(["calls", "list", "--all", "--limit", "2"]);
  assert.equal(all.calls.length, 5);
  const page = await json(["calls", "list", "--limit", "2"]);
  const next = await json(["calls", "list", "--limit", "2", "--cursor", page.next]);
  assert.deepEqual([...page.calls, ...next.calls].map(({ id }) => id), all.calls.slice(0, 4).map(({ id }) => id));
  const hand = `+7 (495) ${number.slice(4, 7)}-${number.slice(7, 9)}-${number.slice(9)}`;
  assert.equal((await json(["calls", "list", "--number", hand])).calls.length, 5);
  const home = hand.replace("+7", "8");
  assert.equal((await json(["calls", "list", "--number", home])).calls.length, 5);
  assert.equal((await json(["leases", home])).leases[0].visit, given.visit);
  assert.equal((await run(["leases", "no number"])).code, 6);
  assert.equal((await json(["calls", "list", "--from", "2999-01-01T00:00:00Z"])).calls.length, 0);
  const shown = await ok(["calls", "show", all.calls[0].id]);
  assert.match(shown, /vk4_post/);
  assert.match(shown, /probability/);
  assert.match(shown, /was active on the site/, "why it is his");
  assert.match(shown, /channel +source +page\n.*social +vk4/, "what brought him");
  assert.equal((await json(["leases", number])).leases[0].visit, given.visit);
  assert.deepEqual((await json(["calls", "kept"])).events, []);
  const table = await ok(["report", "source"]);
  assert.match(table, /visits +calls .*calls before/);
  assert.match(table, /\(total\) +1 +5/);
  assert.match(await ok(["report"], { env: { LANG: "ru_RU.UTF-8" } }), /\(всего\) +1 +5/);
  assert.match(await ok(["help", "report"], { env: { LANG: "ru_RU.UTF-8" } }), /^Звонки по источникам[^]*Вызов: ringlet report[^]*Ключи:/);
  assert.match(await ok(["report", "--help"]), /^Calls by source[^]*Usage: ringlet report/);
  assert.match(await ok(["report", "hour", "--csv"]), /calls/);
  await ok(["file", "calls.csv", "-o", "calls.csv"]);
  assert.equal(read("calls.csv").trimEnd().split("\r\n").length, 6);
  assert.match(await ok(["live"]), /vk4_post/);
  assert.match(await ok(["load", "all"]), /needed/);
  assert.ok((await json(["sizing", "--visits-per-day", "10000"])).usual.numbers_needed > 0);
  assert.match(await ok(["sizing", "--numbers", "20"]), /as here, usual callers +\d+ +\d+\.\d %/);
  assert.equal(await ok(["calls", "kept"]), "nothing\n");
  assert.ok(!(await run(["outbox"])).stderr.includes("--cursor"), "there is no more");
  assert.equal((await json(["audit", "--all"])).rows.length, 1);
  assert.equal(await ok(["health"]), "ok\n");
  const none = await run(["report", "colour"]);
  assert.equal(none.code, 4);
  assert.match(none.stderr, /there are: source, campaign, keyword, landing, region, number, hour/);
});

test("calls: what was told of them, corrected, judged anew; what a receiver did not take, sent again", async () => {
  const { ok, json, run, write } = terminal(worker, { RINGLET_SITE: "told" });
  let status = 410;
  const receiver = await startReceiver(() => status);
  try {
    await ok(["config", "put", write("site.json", siteConfig({ site: "told", receivers: [entryOf("crm", receiver)] }))]);
    const given = await visit(worker, { url: `${ORIGIN}/?roistat=vk4_post`, options: { site: "told" } });
    await report(worker, callStart(given.numbers[0].number), { site: "told" });
    const [{ id }] = (await json(["calls", "list"])).calls;
    assert.match(await ok(["outbox"]), new RegExp(`call.start +${id}`));
    await until(async () => (await json(["deliveries", "list", "--state", "dead"])).deliveries.length === 1);
    assert.match(await ok(["deliveries", "list"]), /crm .*call\.start .*dead/);
    status = 200;
    assert.match(await ok(["deliveries", "send", "crm", "all"]), /1/);
    await until(() => receiver.taken.length === 1);
    assert.equal((await run(["deliveries", "send", "crm", "7"])).code, 4);
    assert.equal((await run(["calls", "correct", id, "--reason", "he said so"])).code, 2, "whose is it?");
    await ok(["calls", "correct", id, "--source", "billboard", "--reason", "he said so", "--by", "Anna"]);
    assert.equal((await json(["calls", "show", id])).source, "billboard");
    const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const period = ["--from", day, "--to", new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)];
    const looked = await json(["calls", "replay", ...period]);
    assert.deepEqual([looked.by_hand, looked.changed, looked.applied], [1, 0, false]);
    assert.equal((await json(["calls", "replay", ...period, "--apply"])).applied, true);
    assert.match(await ok(["calls", "replay", ...period]), /by hand/);
    assert.equal((await run(["calls", "retry", "1"])).code, 4);
  } finally {
    receiver.close();
  }
});

test("a stock from a terminal: filled, shared, lent, checked, its keys", async () => {
  const { ok, json, run, write } = terminal(worker, { RINGLET_SITE: "sharing" });
  const pools = [{ id: "main", numbers: numbers(1, 900), hold_ms: 150000, idle_release_ms: 60000, stock: { id: "common" } }];
  await ok(["config", "put", write("site.json", siteConfig({ site: "sharing", pools }))]);
  assert.equal((await run(["stocks", "show", "common"])).code, 4);
  await ok(["stocks", "share", "common", "sharing"]);
  const added = await run(["stocks", "add", "common", "8 (495) 000-09-11, +7 495 000 09 12", "abc", "--country-code", "7"]);
  assert.equal(added.code, 6, "one of them was none");
  assert.match(added.stderr, /"abc": this is no telephone number/);
  assert.match(added.stdout, /common +sharing +2 +0/);
  assert.match(added.stdout, /\+74950000911 +free/);
  await ok(["stocks", "remove", "common", "74950000912"]);
  assert.equal((await json(["stocks", "show", "common"])).free, 1);
  assert.match(await ok(["stocks", "keep"]), /taken +returning +returned +missing/);
  assert.equal(await ok(["stocks", "check", "common"]), "ok\n");
  assert.deepEqual((await json(["stocks", "audit", "common"])).rows.map(({ action }) => action), ["stock.change", "stock.change", "stock.change"]);
  const token = (await ok(["stocks", "keys", "create", "common", "for Anna", "--role", "viewer"])).trim();
  const anna = { env: { RINGLET_KEY: token } };
  assert.match(await ok(["stocks", "show", "common"], anna), /\+74950000911/);
  assert.equal((await run(["stocks", "remove", "common", "74950000911"], anna)).code, 3);
  const [{ key }] = (await json(["stocks", "keys", "list", "common"])).keys;
  assert.match(await ok(["stocks", "keys", "list", "common"]), /for Anna +viewer/);
  await ok(["stocks", "keys", "revoke", "common", key]);
  assert.equal((await run(["stocks", "show", "common"], anna)).code, 3);
});

test("keys: a viewer's opens what a viewer may, the exit code says what it may not", async () => {
  await deployer.ok(["config", "put", deployer.write("shop.json", siteConfig())]);
  const made = await deployer.run(["keys", "create", "for reports", "--role", "viewer"]);
  const key = made.stdout.trim();
  assert.match(key, /^rl_/, "stdout is the token and nothing else");
  const viewer = { env: { RINGLET_KEY: key } };
  assert.equal((await deployer.run(["calls", "list"], viewer)).code, 0);
  assert.equal((await deployer.json(["config", "get"], viewer)).telephony.generic.secrets, undefined);
  const compared = await deployer.run(["config", "diff", "shop.json"], viewer);
  assert.equal(compared.code, 2);
  assert.match(compared.stderr, /without its secrets/);
  const refused = await deployer.run(["keys", "list"], viewer);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /Not allowed \(forbidden, 403\)/);
  const [entry] = (await deployer.json(["keys", "list"])).keys;
  assert.match(await deployer.ok(["keys", "list"]), new RegExp(`for reports +viewer .* ${new Date().toISOString().slice(0, 10)}`));
  await deployer.ok(["keys", "revoke", entry.key]);
  assert.equal((await deployer.run(["calls", "list"], viewer)).code, 3);
});

test("address and key: flags, then the environment, then the profile", async () => {
  const bare = terminal(worker);
  const env = { RINGLET_URL: "", RINGLET_KEY: "" };
  const without = await bare.run(["health"], { env });
  assert.equal(without.code, 2);
  const flags = ["--url", worker.url, "--key", worker.token, "--site", "shop"];
  await bare.ok(["profiles", "set", "here", ...flags], { env: { RINGLET_URL: undefined, RINGLET_KEY: undefined } });
  const clean = { env: { RINGLET_URL: undefined, RINGLET_KEY: undefined } };
  assert.equal((await bare.json(["sites", "show"], clean)).site, "shop");
  const listed = await bare.run(["profiles", "list"], clean);
  assert.match(listed.stdout, /here/);
  assert.ok(!listed.stdout.includes(worker.token));
  assert.equal((await bare.run(["sites", "show", "--key", "wrong-key-0123456789"], clean)).code, 3);
  assert.equal((await bare.run(["health", "--url", "http://127.0.0.1:9"], clean)).code, 7);
  assert.equal((await bare.run(["health", "--url", "calls.example.com"], clean)).code, 2);
  await bare.ok(["profiles", "forget", "here"], clean);
  assert.equal((await bare.run(["sites", "show"], clean)).code, 2);
  bare.dispose();
});

test("every operation of the API can be called by its name", async () => {
  const { ok, json, write } = terminal(worker, { RINGLET_SITE: "named" });
  const listed = (await json(["api"])).operations;
  const described = Object.values(description.paths).flatMap((item) => Object.values(item));
  assert.deepEqual(listed.map(({ name }) => name).sort(), described.map(({ operationId }) => operationId).sort());
  await ok(["api", "site_create", "--body", write("site.json", siteConfig({ site: "named" }))]);
  const { numbers: rows } = JSON.parse(await ok(["api", "number_list", "--query", "filter=used"]));
  assert.equal(rows.length, 5);
  await ok(["api", "scenario_patch", "all", "--body", write("patch.json", { priority: 9 }), "--if-match", '"1"']);
  assert.equal(JSON.parse(await ok(["api", "version_read", "2"])).version, 2);
  await ok(["api", "site_delete"]);
});

test("an export that cannot be written leaves nothing that looks whole", async () => {
  const { run, directory } = terminal(worker, { RINGLET_SITE: "nobody" });
  assert.equal((await run(["sites", "export", "-o", "out.jsonl"])).code, 4);
  assert.ok(!existsSync(join(directory, "out.jsonl")));
  assert.equal((await run(["sites", "export", "-o", "no/such/place.jsonl"], { env: { RINGLET_SITE: "shop" } })).code, 1);
  assert.equal((await run(["sites", "delete", "--export", "no/such.jsonl", "--yes"], { env: { RINGLET_SITE: "shop" } })).code, 1);
  assert.equal((await run(["sites", "show"], { env: { RINGLET_SITE: "shop" } })).code, 0, "and nothing is deleted then");
});
