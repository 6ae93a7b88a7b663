// The demonstration's turnstile: makes this page view look like an arrival from an advertisement,
// before the call-tracking tag runs. A classic script on purpose: it must be done before the tag
// begins.
//
// Three parameters, taken out of the address before anyone else reads it:
//   demo_new=1         forget the visitor this browser was: what the tag stored here is deleted
//   demo_referrer=URL  the page the visitor came from, put in the place of document.referrer
//   demo_region=TEXT   "Region" of a local run (x-ringlet-geo); a deployed Worker ignores it
// It knows nothing about the tag but the names under which it stores things.
(function () {
  "use strict";
  var address = new URL(location.href);
  var taken = {};
  ["demo_new", "demo_referrer", "demo_region"].forEach(function (name) {
    if (address.searchParams.has(name)) taken[name] = address.searchParams.get(name);
    address.searchParams.delete(name);
  });

  function ours(name) {
    return /^(ringlet:|ringlet$|roistat)/.test(name);
  }
  function forget(store) {
    try {
      Object.keys(store)
        .filter(ours)
        .forEach(function (name) {
          store.removeItem(name);
        });
    } catch (blocked) {
      // Nothing can be stored, so there is nothing to forget.
    }
  }
  if (taken.demo_new) {
    forget(localStorage);
    document.cookie.split(";").forEach(function (pair) {
      var name = pair.split("=")[0].trim();
      if (ours(name)) document.cookie = name + "=; path=/; max-age=0";
    });
  }

  // The region is remembered for the tab, so that a reload tells the same.
  var tab = {
    getItem: function () {
      return null;
    },
    setItem: function () {},
  };
  try {
    tab = sessionStorage;
  } catch (blocked) {
    /* as above */
  }
  if (taken.demo_new) {
    tab.setItem("demo-region", taken.demo_region || "");
  }
  if ("demo_referrer" in taken) {
    Object.defineProperty(Document.prototype, "referrer", {
      configurable: true,
      get: function () {
        return taken.demo_referrer;
      },
    });
  }
  var region = tab.getItem("demo-region");
  if (region) {
    var plain = window.fetch;
    window.fetch = function (what, how) {
      var target = new URL(what.url || what, location.href);
      if (target.origin === location.origin && target.pathname.indexOf("/v1/sites/") === 0 && how) {
        var headers = new Headers(how.headers || {});
        headers.set("x-ringlet-geo", "country=RU;region=" + region + ";city=" + region);
        how = Object.assign({}, how, { headers: headers });
      }
      return plain.call(window, what, how);
    };
  }
  if (Object.keys(taken).length) {
    history.replaceState(history.state, "", address.pathname + address.search + address.hash);
  }
})();
