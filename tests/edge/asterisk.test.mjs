// The bridge of the Asterisk guide, as it stands there, between a manager interface and the Worker.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
let bridge;
before(async () => {
  worker = await startWorker();
  await worker.seed(siteConfig({ telephony: { asterisk: { path_secrets: [PATH_SECRET] } } }));
});
after(() => {
  bridge?.kill();
  manager?.close();
  worker.dispose();
  rmSync(folder, { recursive: true, force: true });
});

test("the bridge in the guide tells the Worker of calls", async () => {
  const guide = readFileSync(join(root, "docs/guides/telephony-asterisk.md"), "utf8");
  const program = join(folder, "bridge.mjs");
  writeFileSync(program, guide.match(/```js\n([\s\S]*?)```/)[1]);
  let login = "";
  const sockets = [];
  manager = createServer((socket) => {
    sockets.push(socket);
    socket.write("Asterisk Call Manager/9.0.0\r\n");
    socket.on("data", (piece) => (login += piece)).on("error", () => {});
  });
  await new Promise((resolve) => manager.listen(0, "127.0.0.1", resolve));
  bridge = spawn(process.execPath, [program], {
    stdio: "inherit",
    env: {
      AMI_HOST: "127.0.0.1",
      AMI_PORT: String(manager.address().port),
      AMI_USER: "ringlet",
      AMI_SECRET: "x",
      EDGE: `${worker.url}/v1/sites/shop/calls/asterisk/${PATH_SECRET}`,
    },
  });
  await until(() => /Username: ringlet\r\nSecret: x\r\n\r\n$/.test(login));
  const given = await visit(worker, { url: `${ORIGIN}/?roistat=yandex_1` });
  // The bridge tells whole seconds: the call must not begin in the second before the number was lent.
  const lentBy = Date.now();
  await until(() => Math.floor(Date.now() / 1000) * 1000 > lentBy);
  const tell = (fields) => {
    const block = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
    // In two pieces, as a network may cut them.
    const text = `${block.join("\r\n")}\r\n\r\n`;
    sockets[0].write(text.slice(0, 9));
    sockets[0].write(text.slice(9));
  };
  const own = { Uniqueid: "17.1", Linkedid: "17.1" };
  const other = { Uniqueid: "17.2", Linkedid: "17.1" };
  const calls = async () => (await worker.admin("GET", "/api/v1/sites/shop/calls")).body.calls;
  const when = (check) => until(async () => (await calls()).find((call) => check(call)));
  tell({ Event: "Newchannel", Context: "from-trunk", CallerIDNum: "79001112233", Exten: given.numbers[0].number, ...own });
  tell({ Event: "Newchannel", Context: "internal", CallerIDNum: "100", Exten: "s", ...other });
  await when((call) => call.status === "ringing");
  tell({ Event: "BridgeEnter", ...own });
  tell({ Event: "BridgeEnter", ...other });
  await when((call) => call.status === "talking");
  tell({ Event: "Hangup", Cause: "16", ...other });
  tell({ Event: "Hangup", Cause: "16", ...own });
  const call = await when((call) => call.status === "answered");
  assert.equal(call.caller, "79001112233");
  assert.equal(call.dialed, given.numbers[0].number);
  assert.equal(call.source, "yandex_1");
  tell({ Event: "Newchannel", Context: "from-trunk", CallerIDNum: "anonymous", Exten: "74950000004", Uniqueid: "18.1", Linkedid: "18.1" });
  tell({ Event: "Hangup", Cause: "17", Uniqueid: "18.1", Linkedid: "18.1" });
  const busy = await when((call) => call.status === "busy");
  assert.equal(busy.caller, null);
  assert.equal((await calls()).length, 2);
});
