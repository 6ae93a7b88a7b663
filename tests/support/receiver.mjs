// A receiver of deliveries, as a site has one: a real HTTP server on the loopback.

import { createHmac } from "node:crypto";
import { createServer } from "node:http";

export const RECEIVER_SECRET = "a-secret-of-the-receiver-0123456789";

/**
 * Starts a receiver. `answer` is asked for each delivery, with what came and how often this delivery
 * came before; it gives a status, or a promise of one (one that never comes is a server that hangs),
 * or `[status, headers, body]`.
 */
export async function startReceiver(answer = () => 200) {
  const receiver = { taken: [], asked: [], url: "", answer };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const delivery = {
      id: request.headers["ringlet-delivery"],
      event: request.headers["ringlet-event"],
      attempt: Number(request.headers["ringlet-attempt"]),
      isSigned: isSigned(request.headers["ringlet-signature"] ?? "", body),
      body: JSON.parse(body),
    };
    receiver.asked.push(delivery);
    const said = await receiver.answer(delivery);
    const [status, headers = {}, text = ""] = Array.isArray(said) ? said : [said];
    if (status < 300) receiver.taken.push(delivery);
    response.writeHead(status, headers).end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  receiver.url = `http://127.0.0.1:${server.address().port}/ringlet`;
  receiver.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return receiver;
}

/** Whether the signature is of this body and of now. */
function isSigned(header, body) {
  const parts = Object.fromEntries(header.split(",").map((part) => part.split("=")));
  const tag = createHmac("sha256", RECEIVER_SECRET).update(`${parts.t}.${body}`).digest("hex");
  return tag === parts.v1 && Math.abs(Date.now() / 1000 - Number(parts.t)) <= 300;
}

/** The receiver's entry in a site's configuration. */
export const entryOf = (id, receiver, more = {}) => ({ id, url: receiver.url, secrets: [RECEIVER_SECRET], ...more });
