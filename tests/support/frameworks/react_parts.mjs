// A shop in React of which a part is taken over later than the rest: its code is still on its way.

import { createElement as h, Suspense, use, useEffect } from "react";

/** Behind a border that the server has rendered whole; the browser waits for `globalThis.code`. */
function Late({ phone }) {
  if (globalThis.code) use(globalThis.code);
  useEffect(() => {
    globalThis.isWhole = true;
  }, []);
  return h("footer", null, "Call ", h("b", { className: "phone", id: "low" }, phone));
}

export function Shop({ phone }) {
  useEffect(() => {
    globalThis.isBegun = true;
  }, []);
  return h(
    "main",
    null,
    h("a", { className: "phone", id: "top", href: "tel:+74950001020" }, phone),
    h("div", { dangerouslySetInnerHTML: { __html: `<i class="phone" id="raw">${phone}</i>` } }),
    h(Suspense, { fallback: h("p", null, "…") }, h(Late, { phone })),
    h(Suspense, { fallback: null }, h("em", { className: "phone", id: "end" }, phone)),
  );
}
