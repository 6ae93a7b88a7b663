// Shops made with real frameworks: what their servers send, and the scripts that take it over.

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { compile } from "svelte/compiler";

const here = dirname(fileURLToPath(import.meta.url));

/** Compiles `*.svelte` for the server or the browser. */
const svelte = (generate) => ({
  name: "svelte",
  setup: (esbuild) =>
    esbuild.onLoad({ filter: /\.svelte$/ }, ({ path }) => ({
      contents: compile(readFileSync(path, "utf8"), {
        filename: path,
        generate,
        dev: generate === "client",
      }).js.code,
      resolveDir: here,
    })),
});

/** Development builds: they are the ones that warn. */
const bundle = async (contents, options) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here, loader: "js" },
    bundle: true,
    write: false,
    logLevel: "error",
    define: {
      "process.env.NODE_ENV": '"development"',
      __VUE_OPTIONS_API__: "true",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "true",
    },
    ...options,
  });
  return outputFiles[0].text;
};

/** A script for a page. */
export const forBrowser = (contents) =>
  bundle(contents, { format: "iife", conditions: ["browser"], plugins: [svelte("client")] });

/** What `contents` exports by default, run in Node. */
export async function onServer(contents) {
  const text = await bundle(contents, {
    format: "esm",
    platform: "node",
    plugins: [svelte("server")],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire("/");',
    },
  });
  const from = `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
  return (await import(from)).default;
}
