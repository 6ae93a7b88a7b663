// Sites of any length, out and in: streamed, in parts, restored byte for byte, all or nothing.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { terminal } from "../support/cli.mjs";
import { edgeBetween } from "../support/edge_between.mjs";
import { ORIGIN, beat, callStart, numbers, report, siteConfig, until, visit } from "../support/site.mjs";
import { agedDatabase } from "../support/state.mjs";
import { startWorker } from "../support/worker.mjs";

const base = "/api/v1/sites";
const NDJSON = { "content-type": "application/x-ndjson" };

/** A site's export as text; `validate` is left out where a body is too long to be read twice. */
const exported = async (worker, site = "shop") => {
  const headers = { authorization: `Bearer ${worker.token}` };
  const answer = await fetch(`${worker.url}${base}/${site}/export`, { headers });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/x-ndjson");
  return answer.text();
};

const put = async (worker, body, { site = "shop", query = "", headers = {} } = {}) => {
  const answer = await worker.fetch(`${base}/${site}/import${query}`, {
    method: "POST",
    headers: { authorization: `Bearer ${worker.token}`, ...NDJSON, ...headers },
    body,
  });
  return { status: answer.status, body: await answer.json() };
};

/** The tables that the databases of a stopped Worker hold, the platform's own aside. */
async function tables(state) {
  const found = [];
  const own = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'";
  await agedDatabase(state, "_cf_METADATA", (database) => {
    found.push(...database.prepare(own).all().map(({ name }) => name));
  }).catch(() => {});
  return found;
}

/** The export of a small site, its calls and visits many times over: `bytes` at least. */
function grown(whole, bytes) {
  const lines = whole.trimEnd().split("\n");
  const calls = lines.filter((line) => /^\{"table":"(call|call_event|attribution)"/.test(line));
  const id = JSON.parse(calls.find((line) => line.startsWith('{"table":"call",'))).row[0];
  const visits = lines.filter((line) => line.startsWith('{"pool":"main","table":"visit"'));
  assert.ok(calls.length > 2 && visits.length > 0);
  const more = [];
  let size = 0;
  for (let count = 0; size < bytes; count += 1) {
    // In the order of ids: the first byte of the copies is the least that an id may have.
    const hash = createHash("sha256").update(String(count)).digest("hex").slice(0, 17);
    const copy = `0${String(count).padStart(8, "0")}${hash}`;
    const replace = (line) => line.replaceAll(id, copy).replace(/("table":"call_event","row":\[")/, `$1${copy}-`);
    const copies = calls.filter((line) => line.includes(id)).map(replace);
    more.push(...copies);
    size += copies.join("\n").length;
  }
  const visit = JSON.parse(visits[0]);
  const first = lines.indexOf(calls[0]);
  const last = lines.indexOf(visits.at(-1)) + 1;
  const copies = Array.from({ length: 5_000 }, (_, count) => {
    const row = [1_000 + count, ...visit.row.slice(1)];
    return JSON.stringify({ pool: "main", table: "visit", row });
  });
  const all = [...lines.slice(0, first), ...more, ...lines.slice(first, last), ...copies, ...lines.slice(last, -1)];
  return `${all.join("\n")}\n{"ringlet_export_end":${all.length}}\n`;
}

let small;
let large;
before(async () => {
  const worker = await startWorker();
  try {
    await worker.seed(siteConfig({ pools: [{ id: "main", numbers: ["74950000001"], hold_ms: 150000 }] }));
    const given = await visit(worker, { url: `${ORIGIN}/?roistat=a_b` });
    await beat(worker, given, "keep");
    await visit(worker);
    await report(worker, callStart(given.numbers[0].number));
    await worker.admin("POST", `${base}/shop/keys`, { name: "k", role: "viewer" });
    small = await exported(worker);
    large = grown(small, 18_000_000);
    assert.ok(large.length > 18_000_000);
  } finally {
    worker.dispose();
  }
});

let worker;
before(async () => {
  worker = await startWorker();
});
after(() => worker.dispose());

test("more than 16 MB go in and come out, byte for byte, and the site is whole", async () => {
  const answer = await put(worker, large);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  assert.equal(answer.body.lines, large.trimEnd().split("\n").length);
  assert.equal(createHash("sha256").update(await exported(worker)).digest("hex"), createHash("sha256").update(large).digest("hex"));
  assert.deepEqual((await worker.admin("GET", `${base}/shop/check`)).body, { ok: true, faults: [] });
  assert.equal((await worker.admin("GET", `${base}/shop/calls?limit=200`)).body.calls.length, 200);
  assert.equal((await worker.admin("GET", base)).body.sites[0].site, "shop", "it is listed");
  assert.equal((await put(worker, small)).status, 409, "a site that is there is not overwritten");
});

test("in parts, with a crash between and after every one, each sent twice", async () => {
  const lines = small.trimEnd().split("\n");
  const parts = [];
  for (let at = 0; at < lines.length; at += 7) parts.push(`${lines.slice(at, at + 7).join("\n")}\n`);
  assert.ok(parts.length >= 3);
  const other = await startWorker();
  try {
    for (const [part, body] of parts.entries()) {
      const last = part === parts.length - 1;
      const query = `?upload=one&part=${part}${last ? "&last=1" : ""}`;
      const answer = await put(other, body, { query });
      assert.equal(answer.status, last ? 201 : 202, JSON.stringify(answer.body));
      assert.equal(answer.body.lines, Math.min(lines.length, (part + 1) * 7));
      if (!last) {
        assert.equal((await other.admin("GET", `${base}/shop`)).status, 404, "half a site is none");
        assert.equal((await other.admin("PUT", `${base}/shop/config`, siteConfig())).status, 409);
        assert.deepEqual((await other.admin("GET", base)).body.sites, []);
      }
      await other.crashAndRestart();
      const again = await put(other, body, { query });
      assert.deepEqual(again, answer, "sent again it changes nothing");
    }
    assert.equal(await exported(other), small);
    assert.equal((await put(other, parts[0], { query: "?upload=two&part=0" })).status, 409, "another import of it");
  } finally {
    other.dispose();
  }
});

test("what is refused, broken off or given up leaves nothing", async () => {
  const other = await startWorker();
  try {
    const lines = small.trimEnd().split("\n");
    const call = lines.findIndex((line) => line.startsWith('{"table":"call",'));
    const journal = lines.findIndex((line) => line.includes('"table":"journal"'));
    const without = (place) => [...lines.slice(0, place), ...lines.slice(place + 1)].join("\n");
    const wrongs = {
      empty: "",
      "no export": "{}\n",
      "of another site": small.replace('"site":"shop"', '"site":"else"'),
      "of another form": small.replace('"ringlet_export":2', '"ringlet_export":3'),
      "no end": lines.slice(0, -1).join("\n"),
      "a line is missing": without(call),
      "a line is there twice": small.replace(lines[call], `${lines[call]}\n${lines[call]}`),
      "a line of a pool is there twice": small.replace(lines[journal], `${lines[journal]}\n${lines[journal]}`),
      "a line after the end": `${small}{"table":"secret","row":["x","y"]}\n`,
      "no JSON": small.replace(lines[call], "not json"),
      "no table": small.replace('"table":"audit"', '"table":"sqlite_master"'),
      "a column too few": small.replace(/("table":"api_key","row":\["[^"]*",)"[^"]*",/, "$1"),
      "another type": small.replace(/("table":"audit","row":\[)1,/, '$1"one",'),
      "a pool of no name": small.replace(/\{"pool":"main",("table":"fact")/, '{"pool":"../x",$1'),
      "a pool that has no number": small.replace(/"pool":"main",/g, '"pool":"other",'),
      "a configuration that is none": small.replace(/"table":"config_version","row":\[1,(\d+),"([^"]*)","([^"]*)",".*"\]/, '"table":"config_version","row":[1,$1,"$2","$3","{}"]'),
    };
    for (const [name, wrong] of Object.entries(wrongs)) {
      assert.ok(wrong !== small, name);
      const answer = await put(other, wrong);
      assert.equal(answer.status, 422, `${name}: ${JSON.stringify(answer.body)}`);
      assert.equal((await other.admin("GET", `${base}/shop`)).status, 404, name);
    }
    assert.equal((await put(other, new Uint8Array([0x7b, 0xff, 0x0a]))).status, 400);
    // Half an import, and then nothing more: dropped by hand, or by another that begins.
    const half = `${lines.slice(0, journal + 1).join("\n")}\n`;
    assert.equal((await put(other, half, { query: "?upload=a&part=0" })).status, 202);
    assert.equal((await put(other, half, { query: "?upload=a&part=7" })).status, 409, "parts are missing");
    assert.equal((await put(other, half, { query: "?upload=b&part=1" })).status, 409, "its beginning is not here");
    assert.equal((await other.admin("DELETE", `${base}/shop`)).status, 204);
    await other.stop();
    assert.deepEqual((await tables(other.state)).filter((name) => name !== "site" && name !== "schema_version"), []);
    await other.start();
    assert.equal((await put(other, half, { query: "?upload=a&part=0" })).status, 202);
    assert.equal((await put(other, half, { query: "?upload=c&part=0" })).status, 202, "another begins");
    // An hour of silence.
    await other.stop();
    await agedDatabase(other.state, "staging", (database) => {
      database.exec("UPDATE staging SET heard_ms = heard_ms - 3700000; UPDATE duty SET due_ms = 0");
    });
    await agedDatabase(other.state, "_cf_ALARM", (database) => database.exec("UPDATE _cf_ALARM SET scheduled_time = 1")).catch(() => {});
    await other.start();
    // Any request wakes the object, which then looks after its alarm.
    await until(async () => {
      await other.admin("GET", `${base}/shop`);
      const waits = await put(other, half, { query: "?upload=c&part=1" });
      return waits.status === 409;
    }, 60_000);
    assert.equal((await put(other, small)).status, 201);
    assert.equal(await exported(other), small);
  } finally {
    other.dispose();
  }
});

test("a request says that it is done again, by its Idempotency-Key", async () => {
  const other = await startWorker();
  try {
    const headers = { "idempotency-key": "once" };
    const first = await put(other, small, { headers });
    assert.equal(first.status, 201);
    assert.deepEqual(await put(other, small, { headers }), first);
  } finally {
    other.dispose();
  }
});

test("an export of a site that goes on living is whole", async () => {
  const live = await startWorker();
  const other = await startWorker();
  try {
    assert.equal((await put(live, large)).status, 201);
    let stop = false;
    const calls = (async () => {
      while (!stop) {
        const given = await visit(live);
        await report(live, callStart(given.numbers[0]?.number ?? "74950000001"));
      }
    })();
    const text = await exported(live);
    stop = true;
    await calls;
    assert.equal((await put(other, text)).status, 201);
    assert.equal(await exported(other), text);
    assert.deepEqual((await other.admin("GET", `${base}/shop/check`)).body, { ok: true, faults: [] });
  } finally {
    live.dispose();
    other.dispose();
  }
});

/** An export as if everything in it had happened `ms` earlier. */
const earlier = (text, ms) => text.replace(/(?<!\w)1[78]\d{11}(?!\w)/g, (at) => String(Number(at) - ms));

/** Waits until the site has done what it does once a day, and its pools with it. */
async function kept(of) {
  await until(async () => {
    // Whatever is asked first wakes the object, which looks after its alarm.
    await of.admin("GET", `${base}/shop`);
    await of.stop();
    let due = 0;
    await agedDatabase(of.state, "duty", (database) => {
      due = Math.max(due, database.prepare("SELECT due_ms FROM duty WHERE name = 'retention'").get()?.due_ms ?? 0);
    });
    await of.start();
    return due > Date.now() + 3_600_000;
  }, 60_000);
}

test("what a site does by itself once it is imported is no part of its export", async () => {
  const source = await startWorker();
  const other = await startWorker();
  try {
    const pool = { id: "main", numbers: numbers(40), hold_ms: 150000, policy: "take_oldest" };
    await source.seed(siteConfig({ pools: [pool] }));
    const visits = async (count) => {
      for (let done = 0; done < count; done += 40) await Promise.all(Array.from({ length: 40 }, () => visit(source)));
    };
    // Enough for a snapshot, which makes rows before it needless, and enough for another after it.
    await visits(2_120);
    await visits(600);
    const whole = await exported(source);
    // Hours and leases end, and rows are worth a snapshot.
    const old = earlier(whole, 3 * 3_600_000);
    assert.ok(old.includes('\\"entry\\":\\"snapshot\\"') && old !== whole);
    assert.equal((await put(other, old)).status, 201);
    await kept(other);
    await other.admin("GET", `${base}/shop/check`);
    await other.admin("GET", `${base}/shop/live`);
    const again = await exported(other);
    const unlike = (one, two) => {
      const known = new Set(two.split("\n"));
      return one.split("\n").filter((line) => !known.has(line)).map((line) => line.slice(0, 120));
    };
    assert.deepEqual({ gone: unlike(old, again), new: unlike(again, old) }, { gone: [], new: [] });
    assert.ok(again === old, "byte for byte");
    await other.stop();
    const found = {};
    await agedDatabase(other.state, "journal", (database) => {
      const query = "SELECT kind, count(*) AS count FROM journal GROUP BY kind";
      for (const { kind, count } of database.prepare(query).all()) found[kind] = count;
    });
    assert.ok(found.hour && found.checkpoint && !found.configured, `it was tidied: ${JSON.stringify(found)}`);
    await other.start();
    // Once something happens, all of it is.
    await visit(other);
    const lived = await exported(other);
    assert.ok(lived.includes('\\"entry\\":\\"hour\\"'));
    assert.equal((await source.admin("DELETE", `${base}/shop`)).status, 204);
    assert.equal((await put(source, lived)).status, 201);
    await kept(source);
    assert.ok((await exported(source)) === lived, "byte for byte");
  } finally {
    source.dispose();
    other.dispose();
  }
});

test("a change of the configuration breaks an export off, and what came of it is no export", async () => {
  const headers = { authorization: `Bearer ${worker.token}` };
  const answer = await fetch(`${worker.url}${base}/shop/export`, { headers });
  const reader = answer.body.getReader();
  const chunks = [(await reader.read()).value];
  const etag = (await worker.admin("GET", `${base}/shop/config`)).headers.get("etag");
  await worker.admin("PATCH", `${base}/shop/config`, { name: "Changed" }, { "if-match": etag });
  const broken = await (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      chunks.push(value);
    }
  })().catch(() => true);
  assert.ok(broken, "the answer has no proper end");
  const text = Buffer.concat(chunks).toString();
  assert.ok(!text.includes("ringlet_export_end"));
});

test("the command line sends a long export in parts and tells of a broken one", async () => {
  const other = await startWorker();
  const { run, json, ok, directory, read, dispose } = terminal(other);
  try {
    writeFileSync(join(directory, "large.jsonl"), large);
    const imported = await json(["sites", "import", "large.jsonl"]);
    assert.equal(imported.lines, large.trimEnd().split("\n").length);
    await ok(["sites", "export", "--site", "shop", "-o", "again.jsonl"]);
    assert.ok(read("again.jsonl") === large, "byte for byte");
    await ok(["sites", "delete", "--site", "shop", "--export", "kept.jsonl", "--yes"]);
    writeFileSync(join(directory, "broken.jsonl"), large.slice(0, -40));
    assert.equal((await run(["sites", "import", "broken.jsonl"])).code, 6);
    assert.equal((await run(["sites", "show", "--site", "shop"])).code, 4);
  } finally {
    dispose();
    other.dispose();
  }
});

test("an import by the command line that is interrupted leaves nothing, says so, and is done again from its beginning", async () => {
  const other = await startWorker();
  const between = await edgeBetween(other);
  const { run, json, directory, dispose } = terminal(other, { RINGLET_SITE: "shop" });
  try {
    writeFileSync(join(directory, "large.jsonl"), large);
    writeFileSync(join(directory, "site.json"), JSON.stringify(siteConfig()));
    let parts = 0;
    between.fate = (path) => (path.endsWith("/import") && (parts += 1) > 1 ? "cut" : undefined);
    const cut = await run(["sites", "import", "large.jsonl"], { env: { RINGLET_URL: between.url } });
    assert.ok(parts > 2, "tried again");
    assert.equal(cut.code, 7);
    assert.match(cut.stderr, /nothing of shop is there until all of it has come: import it again/);
    assert.equal((await run(["sites", "show"])).code, 4, "half a site is none");
    const put = await run(["config", "put", "site.json"]);
    assert.equal(put.code, 5);
    assert.match(put.stderr, /it is being imported; finish that, or drop it with DELETE/);
    assert.equal((await json(["sites", "import", "large.jsonl"])).lines, large.trimEnd().split("\n").length);
    assert.ok((await exported(other)) === large, "byte for byte");
  } finally {
    dispose();
    between.close();
    other.dispose();
  }
});
