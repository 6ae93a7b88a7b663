// The bound of `cargo xtask bench`: the least that a Durable Object can do for a visit.
//
// It reads the request and answers the bytes of a real visit, told to it by `PUT /`. Nothing is
// decided, kept or written.

import { DurableObject } from "cloudflare:workers";

export class EmptyObject extends DurableObject {
  #body = "";
  #headers = {};

  async fetch(request) {
    const text = await request.text();
    if (request.method === "PUT") {
      ({ body: this.#body, headers: this.#headers } = JSON.parse(text));
    }
    return new Response(this.#body, { headers: this.#headers });
  }
}

export default {
  fetch(request, env) {
    return env.EMPTY.get(env.EMPTY.idFromName("empty")).fetch(request);
  },
};
