// The bridges of the Asterisk guide, as they stand there, between an exchange's interface and the
// Worker.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "../support/paths.mjs";
import { ORIGIN, siteConfig, until, visit } from "../support/site.mjs";
import { startWorker } from "../support/worker.mjs";

const PATH_SECRET = "k7wq2m9x4t1v8r5n";
const folder = mkdtempSync(join(tmpdir(), "ringlet-bridge-"));
let worker;
let manager;
const bridges = [];
before(async () => {
  worker = await startWorker();
  await worker.seed(siteConfig({ telephony: { asterisk: { path_secrets: [PATH_SECRET] } } }));
});
after(() => {
  for (const bridge of bridges) bridge.kill();
  manager?.close();
  worker.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the guide's program at `place`. */
function startBridge(place, env) {
  const guide = readFileSync(join(root, "docs/guides/telephony-asterisk.md"), "utf8");
  const programs = [...guide.matchAll(/```js\n([\s\S]*?)```/g)];
  const program = join(folder, `bridge-${place}.mjs`);
  writeFileSync(program, programs[place][1]);
  // Older than Node 22, it has no WebSocket without being told.
  const flags = globalThis.WebSocket ? [] : ["--experimental-websocket"];
  bridges.push(spawn(process.execPath, [...flags, program], { stdio: "inherit", env: { ...env, EDGE: `${worker.url}/v1/sites/shop/calls/asterisk/${PATH_SECRET}` } }));
}

const calls = async () => (await worker.admin("GET", "/api/v1/sites/shop/calls")).body.calls;
const when = (check) => until(async () => (await calls()).find((call) => check(call)));

/** A visit whose number can be called: bridges tell whole seconds, and the call must not begin in the one before. */
async function lent(source) {
  const given = await visit(worker, { url: `${ORIGIN}/?roistat=${source}` });
  const lentBy = Date.now();
  await until(() => Math.floor(Date.now() / 1000) * 1000 > lentBy);
  return given;
}

test("the bridge over AMI tells the Worker of calls", async () => {
  let login = "";
  const sockets = [];
  manager = createServer((socket) => {
    sockets.push(socket);
    socket.write("Asterisk Call Manager/9.0.0\r\n");
    socket.on("data", (piece) => (login += piece)).on("error", () => {});
  });
  await new Promise((resolve) => manager.listen(0, "127.0.0.1", resolve));
  startBridge(0, { AMI_HOST: "127.0.0.1", AMI_PORT: String(manager.address().port), AMI_USER: "ringlet", AMI_SECRET: "x" });
  await until(() => /Username: ringlet\r\nSecret: x\r\n\r\n$/.test(login));
  const given = await lent("yandex_1");
  const tell = (fields) => {
    const block = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
    // In two pieces, as a network may cut them.
    const text = `${block.join("\r\n")}\r\n\r\n`;
    sockets[0].write(text.slice(0, 9));
    sockets[0].write(text.slice(9));
  };
  const own = { Uniqueid: "17.1", Linkedid: "17.1" };
  const other = { Uniqueid: "17.2", Linkedid: "17.1" };
  tell({ Event: "Newchannel", Context: "from-trunk", CallerIDNum: "79001112233", Exten: given.numbers[0].number, ...own });
  tell({ Event: "Newchannel", Context: "internal", CallerIDNum: "100", Exten: "s", ...other });
  await when((call) => call.status === "ringing");
  tell({ Event: "BridgeEnter", ...own });
  tell({ Event: "BridgeEnter", ...other });
  await when((call) => call.status === "talking");
  tell({ Event: "Hangup", Cause: "16", ...other });
  tell({ Event: "UserEvent", UserEvent: "Recording", recording: "https://recordings.example/17.mp3", ...own });
  tell({ Event: "Hangup", Cause: "16", ...own });
  const call = await when((call) => call.status === "answered" && call.recordings.length > 0);
  assert.deepEqual(call.recordings, ["https://recordings.example/17.mp3"]);
  assert.equal(call.caller, "79001112233");
  assert.equal(call.dialed, given.numbers[0].number);
  assert.equal(call.source, "yandex_1");
  tell({ Event: "Newchannel", Context: "from-trunk", CallerIDNum: "anonymous", Exten: "74950000004", Uniqueid: "18.1", Linkedid: "18.1" });
  tell({ Event: "Hangup", Cause: "17", Uniqueid: "18.1", Linkedid: "18.1" });
  const busy = await when((call) => call.status === "busy");
  assert.equal(busy.caller, null);
  assert.equal((await calls()).length, 2);
});

/** An exchange's WebSocket: gives the address asked for and a way to send a text. */
async function exchange() {
  const told = { asked: [], send: () => {} };
  const server = createHttpServer();
  server.on("upgrade", (request, socket) => {
    told.asked.push(request.url);
    const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.on("error", () => {});
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    told.send = (value) => {
      const text = Buffer.from(JSON.stringify(value));
      const head = text.length < 126 ? [0x81, text.length] : [0x81, 126, text.length >> 8, text.length & 255];
      socket.write(Buffer.concat([Buffer.from(head), text]));
    };
    told.cut = () => socket.destroy();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { told, url: `ws://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

test("the bridge over ARI tells the Worker of calls, also after the connection broke", async () => {
  const { told, url, close } = await exchange();
  try {
    startBridge(1, { ARI_URL: url, ARI_USER: "ringlet", ARI_SECRET: "x" });
    await until(() => told.asked.length === 1);
    assert.equal(told.asked[0], "/ari/events?app=ringlet&subscribeAll=true&api_key=ringlet%3Ax");
    const given = await lent("vk_7");
    const number = given.numbers[0].number;
    // As the interface describes channels and bridges; fields that nobody reads are left out.
    const channel = (id, context, exten, caller) => ({ id, state: "Ring", caller: { name: "", number: caller }, dialplan: { context, exten, priority: 1 } });
    const own = channel("21.1", "from-trunk", number, "79001117777");
    const agent = channel("21.2", "internal", "s", "100");
    const bridge = (channels, bridge_type = "mixing") => ({ id: "b", bridge_type, channels });
    told.send({ type: "ChannelCreated", application: "ringlet", channel: own });
    told.send({ type: "ChannelCreated", channel: agent });
    const mine = (check) => when((call) => call.caller === "79001117777" && check(call));
    await mine((call) => call.status === "ringing");
    told.send({ type: "ChannelEnteredBridge", channel: own, bridge: bridge(["21.1", "9.9"], "holding") });
    told.send({ type: "ChannelEnteredBridge", channel: own, bridge: bridge(["21.1"]) });
    told.cut();
    await until(() => told.asked.length === 2);
    assert.equal((await mine(() => true)).status, "ringing", "waiting alone is no answer");
    told.send({ type: "ChannelEnteredBridge", channel: agent, bridge: bridge(["21.1", "21.2"]) });
    await mine((call) => call.status === "talking");
    told.send({ type: "ChannelUserevent", eventname: "Recording", channel: own, userevent: { eventname: "Recording", recording: "https://recordings.example/21.mp3" } });
    told.send({ type: "ChannelDestroyed", cause: 16, channel: agent });
    told.send({ type: "ChannelDestroyed", cause: 16, channel: own });
    const call = await mine((call) => call.status === "answered" && call.recordings.length > 0);
    assert.equal(call.dialed, number);
    assert.equal(call.source, "vk_7");
    assert.deepEqual(call.recordings, ["https://recordings.example/21.mp3"]);
    const busy = channel("22.1", "from-trunk", "74950000003", "79001118888");
    told.send({ type: "ChannelCreated", channel: busy });
    told.send({ type: "ChannelDestroyed", cause: 17, channel: busy });
    await when((call) => call.caller === "79001118888" && call.status === "busy");
  } finally {
    close();
    told.cut();
  }
});
