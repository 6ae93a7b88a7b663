// Passing a visitor on to the owner's other domains: a link there is given the edge's token in the
// moment it is followed, and has its own address again right after. Where he arrives, the edge has
// read the token from the page's address; here it is taken out of it.

const NAME = 'ringlet_link';
const TOKEN = new RegExp(`([?&])${NAME}=[^&#]*(&?)`);
/** The edge takes a token for ten minutes; a link may wait in a slow browser. */
const FRESH_MS = 9 * 60_000;
/** The pause between two attempts to get another. */
const ASK_MS = 60_000;

const isUnder = (host, domain) => host === domain || host.endsWith(`.${domain}`);

/** Does both, where the site names its domains. */
export function passVisitors(agent) {
  const { ask, attributeOf, config, listen, load, nearest, quietly, whenAnswered } = agent;
  const domains = config.page.linked_domains;
  if (!domains) return;

  whenAnswered(() => {
    const bare = location.href.replace(TOKEN, (_, before, after) => (after ? before : ''));
    if (bare === location.href) return;
    quietly(() => History.prototype.replaceState.call(history, history.state, '', bare));
  });

  /** The address of a link to another of the domains that cannot read the same cookies. */
  const found = (event) => {
    const link = nearest(event.composedPath()[0], 'a[href],area[href]');
    const node = link && attributeOf(link, 'href');
    const { protocol, hostname } = node ? new URL(node.nodeValue, document.baseURI) : {};
    const isLinked = /^https?:$/.test(protocol) && domains.some((one) => isUnder(hostname, one));
    const { cookie_domain: cookies } = config;
    const isShared = cookies && isUnder(hostname, cookies) && isUnder(location.hostname, cookies);
    return isLinked && !isShared && hostname !== location.hostname ? node : undefined;
  };
  const isFresh = () => Date.now() - load().known[3] < FRESH_MS;
  /** The token, as long as the visitor agrees to be known. */
  const tokenNow = () => {
    const { consent, isStopped } = agent.state();
    return consent === 'granted' && !isStopped ? agent.answer?.link : undefined;
  };

  const decorate = (event) => {
    const node = found(event);
    const token = tokenNow();
    if (!node || !token || !isFresh()) return;
    const own = node.nodeValue;
    const [address, ...fragment] = own.split('#');
    if (TOKEN.test(address)) return;
    const mark = address.includes('?') ? '&' : '?';
    const decorated = [`${address}${mark}${NAME}=${token}`, ...fragment].join('#');
    node.nodeValue = decorated;
    // What the browser does with a click it does before the next task.
    setTimeout(() => {
      if (node.nodeValue === decorated) node.nodeValue = own;
    });
  };
  listen('click', decorate);
  listen('auxclick', decorate);
  // Before a link can be followed: a token that is too old by then is asked for again.
  let askedAt = 0;
  listen('pointerover', (event) => {
    const now = Date.now();
    if (!tokenNow() || isFresh() || now - askedAt < ASK_MS || !found(event)) return;
    askedAt = now;
    ask();
  });
}
