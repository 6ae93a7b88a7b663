// Passing a visitor on to the owner's other domains: an address there is given the edge's token in
// the moment it is followed, by a link, a form, `window.open` or a script's navigation; what stood
// in the page stands there again right after. Where he arrives, the edge has read the token from
// the page's address; here it is taken out of it.
//
// What has no moment to step in is let go as it is: redirects of a server, `location` and `meta` in
// browsers without the Navigation API. A page may ask for an address itself:
// `ringlet('link', address)`.

const NAME = 'ringlet_link';
const LINK = 'a[*|href],area[href]';
const XLINK = 'xlink:href';
const TOKEN = new RegExp(`([?&])${NAME}=[^&#]*(&?)`);
/** The edge takes a token for ten minutes; a link may wait in a slow browser. */
const FRESH_MS = 9 * 60_000;
/** The pause between two attempts to get another. */
const ASK_MS = 60_000;

/** A form's navigation begins this long after its fields were taken, at most. */
const DATA_MS = 1_000;

const isUnder = (host, domain) => host === domain || host.endsWith(`.${domain}`);

/** `address` with the token. */
const add = (address, token) => {
  const [bare, ...fragment] = address.split('#');
  const mark = bare.includes('?') ? '&' : '?';
  return [`${bare}${mark}${NAME}=${token}`, ...fragment].join('#');
};

/** Writes `value` for what the browser does in this task. */
const lend = (node, value) => {
  const own = node.nodeValue;
  node.nodeValue = value;
  setTimeout(() => {
    if (node.nodeValue === value) node.nodeValue = own;
  });
};

/** Does both, where the site names its domains. */
export function passVisitors(agent) {
  const { ask, attributeOf, config, listen, load, nearest, quietly, verbs, whenAnswered } = agent;
  const domains = config.page.linked_domains;
  if (!domains) return;

  whenAnswered(() => {
    const bare = location.href.replace(TOKEN, (_, before, after) => (after ? before : ''));
    if (bare === location.href) return;
    quietly(() => History.prototype.replaceState.call(history, history.state, '', bare));
  });

  /** Whether `address` is of another of the domains, which cannot read the same cookies. */
  const leadsOn = (address) => {
    const { protocol, hostname } = new URL(address, document.baseURI);
    const isLinked = /^https?:$/.test(protocol) && domains.some((one) => isUnder(hostname, one));
    const { cookie_domain: cookies } = config;
    const isShared = cookies && isUnder(hostname, cookies) && isUnder(location.hostname, cookies);
    return isLinked && !isShared && hostname !== location.hostname;
  };
  const isFresh = () => Date.now() - load().known[3] < FRESH_MS;
  /** The token, as long as the visitor agrees to be known. */
  const tokenNow = () => {
    const { consent, isStopped } = agent.state();
    return consent === 'granted' && !isStopped ? agent.answer?.link : undefined;
  };
  /** The token for `address`; nothing where it needs none. */
  const tokenFor = (address) =>
    leadsOn(address) && !TOKEN.test(address) && isFresh() ? tokenNow() : undefined;
  const decorated = (address) => {
    const token = quietly(() => tokenFor(`${address}`));
    return token ? add(`${address}`, token) : address;
  };

  /** Where a click would lead: by the nearest link, which may be outside of the shadow root that
   * was clicked, or of SVG. */
  const linkOf = (event) => {
    for (const node of event.composedPath()) {
      if (nearest(node, LINK) !== node) continue;
      return attributeOf(node, 'href') || attributeOf(node, XLINK);
    }
  };
  const decorate = (event) => {
    const node = linkOf(event);
    if (node && decorated(node.nodeValue) !== node.nodeValue) {
      lend(node, decorated(node.nodeValue));
    }
  };
  listen('click', decorate);
  listen('auxclick', decorate);

  passForms(agent, tokenFor);
  passScripts(decorated, quietly);
  verbs.link = (address, act) => {
    const whole = decorated(address);
    act?.(whole);
    return whole;
  };

  // Before it can be followed: a token that is too old by then is asked for again.
  let askedAt = 0;
  const renew = (event) => {
    const now = Date.now();
    if (!tokenNow() || isFresh() || now - askedAt < ASK_MS) return;
    const form = nearest(event.composedPath()[0], 'form[action]');
    const node = linkOf(event) || (form && attributeOf(form, 'action'));
    if (!node || !leadsOn(node.nodeValue)) return;
    askedAt = now;
    ask();
  };
  listen('pointerover', renew);
  listen('focusin', renew);
}

/** Forms that are sent. A GET form's address is made of its fields, so the token is one of them,
 * and only of those the browser sends: a page that reads its form does not see it. */
function passForms({ attributeOf, quietly }, tokenFor) {
  let sent;
  const valueOf = (event, name) =>
    (event.submitter && attributeOf(event.submitter, `form${name}`)) ||
    attributeOf(event.target, name);
  const onSubmit = (event) => {
    sent = undefined;
    const action = valueOf(event, 'action');
    const method = (valueOf(event, 'method')?.nodeValue || 'get').toLowerCase();
    // The page does with it what it likes.
    if (event.defaultPrevented || !action) return;
    const token = tokenFor(action.nodeValue);
    if (!token) return;
    if (method === 'get') sent = [event, token];
    if (method === 'post') lend(action, add(action.nodeValue, token));
  };
  // A script's `submit` tells nobody.
  const { prototype } = HTMLFormElement;
  quietly(() => {
    prototype.submit = new Proxy(prototype.submit, {
      apply: (submit, form, given) => {
        quietly(() => onSubmit({ target: form }));
        return Reflect.apply(submit, form, given);
      },
    });
  });
  const onData = (event) => {
    const [submit, token] = sent || [];
    // Its handlers are through, and the browser takes the fields.
    const isSent = submit?.target === event.target && !submit.eventPhase;
    if (!isSent || submit.defaultPrevented) return;
    sent = undefined;
    event.formData.append(NAME, token);
  };
  // After the page's own handlers, which may keep the form to themselves.
  addEventListener('submit', (event) => quietly(() => onSubmit(event)));
  addEventListener('formdata', (event) => quietly(() => onData(event)));
}

/** Addresses that scripts go to. */
function passScripts(decorated, quietly) {
  quietly(() => {
    // A function like the one before, to whoever looks at it.
    window.open = new Proxy(window.open, {
      apply: (open, self, given) => {
        if (given[0]) given[0] = decorated(given[0]);
        return Reflect.apply(open, self, given);
      },
    });
  });
  // What a form sends would be lost.
  let dataAt = 0;
  addEventListener('formdata', () => {
    dataAt = Date.now();
  });
  // An address of another origin cannot be changed on its way: the navigation is called off, and
  // one to the decorated address begun.
  const onNavigate = (event) => {
    const { cancelable, destination, downloadRequest, formData, navigationType: type } = event;
    const isPlain = cancelable && !event.defaultPrevented && downloadRequest === null && !formData;
    if (!isPlain || !/^(push|replace)$/.test(type) || Date.now() - dataAt < DATA_MS) return;
    const next = decorated(destination.url);
    if (next === destination.url) return;
    event.preventDefault();
    location[type === 'push' ? 'assign' : 'replace'](next);
  };
  window.navigation?.addEventListener('navigate', (event) => quietly(() => onNavigate(event)));
}
