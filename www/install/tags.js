// What a page pastes: the tag, and what may stand before it. No document here, so that tests make
// the very same text.

/**
 * The lines to paste.
 *
 * @param {string} base the edge's address, without a slash at its end
 * @param {string} site the site's id
 * @param {{script: {path: string, integrity: string}, fast: string}} release what `/a/agent.json`
 *   says; needed for `isFast` and `isPinned`
 * @param {{isFast?: boolean, isPinned?: boolean, consent?: string, nonce?: string}} options
 *   `isFast`: start the visit before the script arrives; `isPinned`: this release and no other;
 *   `consent`: the site's mode; `nonce`: of the page's policy
 */
export function tagOf(base, site, release, { isFast, isPinned, consent, nonce } = {}) {
  const own = nonce ? ` nonce="${nonce}"` : "";
  const tag = isPinned
    ? `<script async${own} src="${base}${release.script.path}" data-site="${site}"` +
      ` integrity="${release.script.integrity}" crossorigin="anonymous"></script>`
    : `<script async${own} src="${base}/s/${site}.js"></script>`;
  // Where a page must wait for its visitor nothing may be sent early.
  if (!isFast || consent === "wait") return tag;
  const given = [base, site, consent];
  const values = given.map((value) => JSON.stringify(value).replace(/</g, "\\u003c"));
  return `<script${own}>${release.fast}(${values})</script>\n${tag}`;
}
