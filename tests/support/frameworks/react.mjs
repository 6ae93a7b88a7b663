// A shop in React: server-rendered, hydrated, with state that changes.

import { createElement as h, useEffect, useState } from "react";

export function Shop({ phone }) {
  const [count, setCount] = useState(0);
  const [shown, setShown] = useState({ phone, block: true });
  useEffect(() => {
    globalThis.shop = { show: setShown };
  }, []);
  return h(
    "main",
    null,
    h("a", { className: "phone", id: "top", href: "tel:+74950001020" }, shown.phone),
    h("p", null, "Call ", h("span", { className: "phone" }, shown.phone), ", basket: ", count),
    h("button", { id: "more", onClick: () => setCount(count + 1) }, "more"),
    h("output", null, count),
    shown.block && h("footer", null, h("b", { className: "phone", id: "low" }, shown.phone)),
  );
}
