// Takes the server's markup over.

import { createSSRApp } from "vue";
import { Shop } from "./vue.mjs";

globalThis.hydrate = () => createSSRApp(Shop, { phone: globalThis.phone }).mount("#__nuxt");
