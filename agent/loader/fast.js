// The fast snippet: stands in the page itself and starts the visit request before the script, which
// brings the rules, has arrived. So the number is there after one round trip instead of two.
//
// The build makes one expression of it, a function that the installer calls with the owner's values
// (docs/guides/install.md). What it sends is what main.js would send, without `targets`: nobody has
// looked for elements yet. It stays silent wherever the loader might: signals of privacy, robots,
// pages that nobody sees, blocked storage; the loader then does all of it.
// The words it is pasted with may be older than the site's configuration: the edge holds an `early`
// request to the consent mode in force.
//
// ES5, because a page's old browser must not meet a syntax error.

RINGLET_FAST = function (base, site, consent) {
  try {
    var page = window;
    var visible = document.visibilityState === 'visible' && !document.prerendering;
    var signals = navigator.webdriver || navigator.globalPrivacyControl;
    if (signals || navigator.doNotTrack === '1' || !visible) return;
    if (page[Symbol.for('ringlet:' + site)]) return;
    // Libraries of old give these; the loader knows how to write JSON nevertheless.
    if ([].toJSON || {}.toJSON) return;
    var now = Date.now();
    var isGranted = consent === 'granted';
    var kept = isGranted ? Object(JSON.parse(localStorage.getItem('ringlet:' + site))) : {};
    var cookie = function (name) {
      var found = isGranted && ('; ' + document.cookie).split('; ' + name + '=')[1];
      return found ? decodeURIComponent(found.split(';')[0]) : undefined;
    };
    var own = (cookie('ringlet') || '').split('.');
    if (kept.visitor) own = [kept.visitor, kept.visit, kept.marker || ''];
    var active = (kept.known || [])[1];
    var tab = isGranted ? 0 : Math.ceil(Math.random() * 2e9);
    var body = {
      v: 1,
      early: true,
      visitor: own[0] || undefined,
      visit: (!active || now - active < 18e5) && own[1] || undefined,
      leases: (kept.numbers || []).filter(function (one) {
        return one.lease;
      }).map(function (one) {
        return {
          scenario: one.scenario,
          lease: one.lease,
          generation: one.generation,
          number: one.number,
        };
      }),
      key: now + '-' + Math.random(),
      memory: kept.memory,
      tab: tab || undefined,
      url: location.href,
      referrer: document.referrer,
      marker: cookie('roistat_marker') || own.slice(2).join('.') || undefined,
      roistat_visit: cookie('roistat_visit'),
      consent: consent,
      device: matchMedia('(pointer:coarse)').matches ? 'mobile' : 'desktop',
    };
    var path = base + '/v1/sites/' + site + '/visit';
    var sent = fetch(path, { method: 'POST', body: JSON.stringify(body), credentials: 'omit' });
    sent.catch(function () {});
    page.ringlet = page.ringlet || function () {
      (page.ringlet.q = page.ringlet.q || []).push(arguments);
    };
    page.ringlet.early = [sent, 0, tab, now, consent];
  } catch (fault) {
    // The loader does all of it.
  }
};
