// The agent beside well-known libraries, in one browser, on the same document, in turn: each finds
// the number wherever it stands in the text and writes another in its place.
//
// linkify finds links and knows no telephone numbers: it is taught to see this one. It passes over
// links that are there, and so over half of the places.

import { build } from "esbuild";
import { OWN } from "./documents.mjs";
import { profile, profiler, total } from "./profile.mjs";
import { AGENT } from "./trace.mjs";

const ROUNDS = 7;

const SOURCE = `
import findAndReplace from "findandreplacedomtext";
import Mark from "mark.js";
import { findPhoneNumbersInText } from "libphonenumber-js";
import { createTokenClass, registerPlugin, State } from "linkifyjs";
import linkifyElement from "linkify-element";

const NEXT = "8 (495) 000-00-77";
const NUMBER = /8 \\(495\\) 000-10-20/g;

// A token of an eight and what belongs to a number written like this one.
const Phone = createTokenClass("phone", { isLink: true });
registerPlugin("phone", ({ scanner, parser }) => {
  const { NUM, WS, OPENPAREN, CLOSEPAREN, HYPHEN } = scanner.tokens;
  let state = parser.start;
  for (const token of [NUM, WS, OPENPAREN, NUM, CLOSEPAREN, WS, NUM, HYPHEN, NUM, HYPHEN]) {
    state = state.tt(token);
  }
  state.tt(NUM, new State(Phone));
});

const textNodes = () => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  return found;
};

globalThis.peers = {
  findandreplacedomtext: () => findAndReplace(document.body, { find: NUMBER, replace: NEXT }),
  mark_js: () =>
    new Mark(document.body).markRegExp(NUMBER, {
      acrossElements: false,
      each: (element) => {
        element.textContent = NEXT;
      },
    }),
  libphonenumber_js: () => {
    for (const node of textNodes()) {
      const text = node.nodeValue;
      for (const { startsAt, endsAt } of findPhoneNumbersInText(text, "RU").reverse()) {
        node.nodeValue = text.slice(0, startsAt) + NEXT + text.slice(endsAt);
      }
    }
  },
  linkifyjs: () =>
    linkifyElement(document.body, {
      render: { phone: () => document.createTextNode(NEXT), url: ({ content }) => content },
    }),
};
`;

/** How many places show \`text\` in the page. */
const count = (text) => document.body.textContent.split(text).length - 1;

/** Ratios of the agent's time to each peer's, and its own time. */
export async function comparePeers(browser, visitor, url, untilSwapped) {
  const { context, page } = visitor;
  const session = await profiler(browser, page);
  const { outputFiles } = await build({
    stdin: { contents: SOURCE, resolveDir: new URL(".", import.meta.url).pathname },
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    logLevel: "error",
  });
  const other = await context.newPage();
  const otherSession = await profiler(browser, other);
  await other.goto(`${url}/peers`);
  await other.addScriptTag({ content: `${outputFiles[0].text}\n//# sourceURL=peers.js` });
  await page.goto(`${url}/big`);
  await untilSwapped(page);
  await page.waitForTimeout(300);
  const places = await other.evaluate(count, OWN);
  const body = await other.evaluate(() => document.body.innerHTML);
  const peers = await other.evaluate(() => Object.keys(window.peers));
  const times = { agent: [], ...Object.fromEntries(peers.map((name) => [name, []])) };
  for (let round = 0; round < ROUNDS; round += 1) {
    await page.bringToFront();
    await page.evaluate(() => window.ringlet("restore"));
    if ((await page.evaluate(count, OWN)) !== places) throw new Error("nothing was restored");
    const ours = await profile(session, async () => {
      await page.evaluate(() => window.ringlet("swap"));
      await page.waitForFunction(
        (own) => !document.body.textContent.includes(own),
        OWN,
        { polling: 100 },
      );
    });
    times.agent.push(total(ours, AGENT));
    await other.bringToFront();
    for (const name of peers) {
      await other.evaluate((body) => {
        document.body.innerHTML = body;
      }, body);
      const samples = await profile(otherSession, () =>
        other.evaluate((name) => void window.peers[name](), name),
      );
      const left = await other.evaluate(count, OWN);
      if (left > (name === "linkifyjs" ? places / 2 : 0)) throw new Error(`${name}: ${left} left`);
      times[name].push(total(samples, (address) => address === "peers.js"));
    }
  }
  await context.close();
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  const own = median(times.agent);
  return Object.fromEntries([
    ["search_ms_10k", own],
    ...peers.flatMap((name) => [
      [`${name}_ms_10k`, median(times[name])],
      [`ratio_to_${name}`, own / median(times[name])],
    ]),
  ]);
}
