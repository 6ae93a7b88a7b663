// Takes the server's markup over.

import { createElement } from "react";
import { hydrateRoot } from "react-dom/client";
import { Shop } from "./react.mjs";

globalThis.hydrate = () =>
  hydrateRoot(document.querySelector("#shop"), createElement(Shop, { phone: globalThis.phone }), {
    onRecoverableError: (error) => console.error(`recovered: ${error.message}`),
  });
