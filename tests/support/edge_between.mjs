// A server between pages and the Worker: it notes what pages send and spoils what a test says.
//
// Drivers differ in what they can catch of a page's requests, and none catches beacons; this sees
// all of them alike.

import { createServer, request as ask } from "node:http";

/**
 * @typedef {"cut" | "hang" | {status?: number, headers?: object, body?: string | Buffer} |
 *   {after_ms: number} | undefined} Fate
 *   `cut`: the connection breaks; `hang`: no answer ever; an answer instead of the Worker's;
 *   the Worker's answer, later; nothing: the Worker's answer.
 */

/**
 * Listens on `127.0.0.1` before `worker`.
 *
 * @returns {Promise<EdgeBetween>} `url` for the tag; `fate(path)`, which may take its time, may be set by a test;
 *   `messages`: what was posted, in order, with `name` (`visit`, `beat`, `leave`) and `origin`
 */
export async function edgeBetween(worker) {
  const edge = { messages: [], paths: [], fate: () => undefined };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { pathname } = new URL(request.url, "http://edge.example");
    edge.paths.push(pathname);
    if (request.method === "POST" && pathname.startsWith("/v1/")) {
      const name = pathname.split("/").pop();
      edge.messages.push({ ...read(body), name, origin: request.headers.origin });
    }
    const fate = await edge.fate(pathname);
    if (fate === "cut") return request.socket.destroy();
    if (fate === "hang") return undefined;
    if (fate?.after_ms >= 0) await new Promise((resolve) => setTimeout(resolve, fate.after_ms));
    else if (fate) return answer(response, fate);
    return pass(worker, request, body, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  edge.url = `http://127.0.0.1:${server.address().port}`;
  edge.close = () => {
    server.closeAllConnections();
    server.close();
  };
  /** Names of what the page of `origin` sent: `visit`, `idle`, `leave` … */
  edge.sent = (origin) =>
    edge.messages.filter((one) => one.origin === origin).map(({ name, event }) => event ?? name);
  return edge;
}

function answer(response, { status = 200, headers = {}, body = "" }) {
  response.writeHead(status, { "access-control-allow-origin": "*", ...headers });
  response.end(body);
}

/** The Worker's own answer, byte for byte. */
function pass(worker, request, body, response) {
  const { host, ...headers } = request.headers;
  const target = new URL(request.url, worker.url);
  const onward = ask(target, { method: request.method, headers }, (given) => {
    response.writeHead(given.statusCode, given.rawHeaders);
    given.pipe(response);
  });
  onward.on("error", () => request.socket.destroy());
  onward.end(body);
}

const read = (body) => {
  try {
    return JSON.parse(body);
  } catch {
    return { text: String(body) };
  }
};
