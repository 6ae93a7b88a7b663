// The Worker's entry: hands events to the wasm instance, and gives Rust what the crate
// `worker` does not bind (embedded files, compression).
//
// A panic unwinds and ends one request only. What cannot unwind (memory exhausted, stack
// overflow) leaves the instance unusable: wasm-bindgen then makes a new one at the next call,
// counted in `state.instanceId`, and every object is built again from its storage.

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as glue from "#glue";
import { files, manifest } from "#assets";

const state = glue.__worker_init_state();

const built = JSON.parse(manifest);

/** Of 1 to 9: how much gzip takes together under one code. A script is letters and then wasm, which
 * differ, so little at a time packs it four per cent better than zlib's usual 8. */
const GZIP_MEMORY = 5;

/** What `edge/src/binding/host.rs` binds. */
globalThis.ringlet = {
  /**
   * @param {string} path of an embedded file, without a leading slash; the agent's loaders, which
   *   have no address of their own, by their names
   * @returns {{type: string, etag: string, identity: ArrayBuffer, br?: ArrayBuffer,
   *   gzip?: ArrayBuffer} | undefined}
   */
  asset: (path) => {
    const address = built.agent[path] ?? `/${path}`;
    const facts = built.files[address];
    return facts && { type: facts.type, etag: facts.etag, ...files.get(address) };
  },

  /** @returns {string[]} the parts of the agent that are named by their hash, without `a/` */
  parts: () =>
    Object.entries(built.files)
      .filter(([address, facts]) => facts.immutable && address.startsWith("/a/"))
      .map(([address]) => address.slice(3)),

  /**
   * @param {Uint8Array} bytes
   * @param {"br" | "gzip"} encoding
   * @param {number} level quality of brotli (0 to 11), level of gzip (0 to 9)
   * @returns {Uint8Array}
   */
  compress: (bytes, encoding, level) =>
    encoding === "br"
      ? brotliCompressSync(bytes, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: level,
            [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
          },
        })
      : gzipSync(bytes, { level, memLevel: GZIP_MEMORY }),
};

/** Whether Russian is named before English. Which weighs more the rules would say; they failed. */
const inRussian = (languages) =>
  /(?:^|,)\s*(ru|en)\b/i.exec(languages)?.[1].toLowerCase() === "ru";

/** The last resort: whatever was thrown, the request gets an answer that its sender can read. */
function failed(error, request) {
  const fault = String(error?.message ?? error);
  console.error(JSON.stringify({ level: "error", event: "panicked", fault }));
  const problem = {
    type: "/problems#internal",
    title: inRussian(request.headers.get("accept-language")) ? "Сбой сервера" : "The edge failed",
    status: 500,
    code: "internal",
    doc: "/problems#internal",
  };
  return new Response(JSON.stringify(problem), {
    status: 500,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store" },
  });
}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    try {
      return await glue.fetch.call(this, request, this.env, this.ctx);
    } catch (error) {
      return failed(error, request);
    }
  }
}

/** A Durable Object class around the Rust one of the same name. */
function objectClass(RustClass) {
  return class extends DurableObject {
    #inner = new RustClass(this.ctx, this.env);
    #instanceId = state.instanceId;

    /** The Rust object, of the wasm instance that is alive now. */
    #live() {
      // Any call makes a new instance where one is due; done before the comparison, so that no
      // address into the memory of a dead instance is used.
      glue.__worker_init_state();
      if (this.#instanceId !== state.instanceId) {
        this.#inner = new RustClass(this.ctx, this.env);
        this.#instanceId = state.instanceId;
      }
      return this.#inner;
    }

    fetch(request) {
      return this.#live().fetch(request);
    }

    alarm() {
      return this.#live().alarm();
    }
  };
}

export const DirectoryObject = objectClass(glue.DirectoryObject);
export const SiteObject = objectClass(glue.SiteObject);
export const PoolObject = objectClass(glue.PoolObject);
export const StockObject = objectClass(glue.StockObject);
export const ReleaseObject = objectClass(glue.ReleaseObject);
