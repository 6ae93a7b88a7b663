// Where the tests find what `cargo xtask build` and npm put there.

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** workerd's configuration of the built Worker. */
export const configuration = resolve(root, "build/ringlet.capnp");

/** The same as `cargo xtask serve` runs it: the Worker reaches the public network only. */
export const serveConfiguration = resolve(root, "build/ringlet-serve.capnp");

const arch = process.arch === "x64" ? "64" : process.arch;

/** The native workerd program. */
export const workerd = resolve(
  root,
  `node_modules/@cloudflare/workerd-${process.platform}-${arch}/bin/workerd`,
);

/** The built command line; `cargo xtask test` says where Cargo put it. */
export const cli = process.env.RINGLET_CLI ?? resolve(root, "target/debug/ringlet");
