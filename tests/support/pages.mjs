// An owner's site for browser tests: pages on an origin of their own with the tag of a Worker.

import { createServer } from "node:http";
import { siteConfig } from "./site.mjs";

/** The number the pages themselves show. */
export const PAGE_NUMBER = "74950000001";

/** Takes Chromium for a visitor's: the agent keeps away from automated browsers. */
export const AS_VISITOR = ["--disable-blink-features=AutomationControlled"];

/** What a page says that forbids WebAssembly and nothing else. */
const NO_WASM = "script-src * 'unsafe-inline'";

/** Whether the tests of this process run with the rules as JavaScript (see the `*_plain` files). */
export const isPlain = () => process.env.RINGLET_TEST_RULES === "plain";

/**
 * Serves pages from `127.0.0.1`.
 *
 * @param {(path: string) => string | {headers?: object, body: string} | undefined} pageAt
 * @returns {Promise<{url: string, close: () => void}>}
 */
export async function servePages(pageAt) {
  const server = createServer((request, response) => {
    const page = pageAt(new URL(request.url, "http://pages.example").pathname);
    const { headers = {}, body = "" } = typeof page === "string" ? { body: page } : (page ?? {});
    response.writeHead(page === undefined ? 404 : 200, {
      "content-type": "text/html; charset=utf-8",
      ...(isPlain() ? { "content-security-policy": NO_WASM } : {}),
      ...headers,
    });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The tag as owners paste it. */
export const tag = (edge, site = "shop") => `<script async src="${edge}/s/${site}.js"></script>`;

/** A page with the tag in its head. */
export const page = (edge, body, { site, head = "" } = {}) =>
  `<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>Shop</title>${head}` +
  `${tag(edge, site)}</head><body>${body}</body></html>`;

/** A configuration whose scenarios take their numbers from pools of their own. */
export function configFor(site, origin, scenarios, changes = {}) {
  return siteConfig({
    site,
    origins: [origin],
    pools: scenarios.map(({ id, numbers, pool = {} }) => ({
      id,
      numbers,
      hold_ms: 150_000,
      idle_release_ms: 60_000,
      ...pool,
    })),
    scenarios: scenarios.map(({ id, targets, mask, more = {} }, index) => ({
      id,
      name: id,
      enabled: true,
      kind: "dynamic",
      pool: id,
      priority: 100 - index,
      conditions: [],
      targets,
      ...(mask ? { mask } : {}),
      overflow: "page",
      ...more,
    })),
    ...changes,
  });
}

/**
 * A new visitor: a browser context of his own; its requests to the edge and errors are kept.
 *
 * @returns {Promise<Visitor>}
 */
export async function newVisitor(browser, edge, options = {}) {
  const context = await browser.newContext({ locale: "ru-RU", ...options });
  const visitor = { context, faults: [], messages: [], close: () => context.close() };
  context.on("request", (request) => {
    const name = request.url().startsWith(`${edge}/v1/`) && request.url().split("/").pop();
    if (name) visitor.messages.push({ name, ...read(request.postData()) });
  });
  context.on("weberror", (error) => visitor.faults.push(error.error().message));
  visitor.open = async (url) => {
    const page = await context.newPage();
    await page.goto(url);
    return page;
  };
  /** Names of what was sent: `visit`, `idle`, `leave` … */
  visitor.sent = () => visitor.messages.map(({ name, event }) => event ?? name);
  return visitor;
}

const read = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return { text };
  }
};

/** Waits until `selector` shows something other than `own`; gives the text. */
export async function swapped(page, selector, own) {
  await page.waitForFunction(
    ([selector, own]) => document.querySelector(selector)?.textContent.trim() !== own,
    [selector, own],
    // By the clock: the page may have no frames to wait for.
    { polling: 50 },
  );
  return (await page.locator(selector).first().textContent()).trim();
}

/** Gives everything that was under way the time to happen: for what must not happen. */
export const settle = (page, ms = 700) => page.waitForTimeout(ms);
