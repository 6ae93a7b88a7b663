// The same shop in Vue.

import { h, onMounted, ref } from "vue";

export const Shop = {
  props: ["phone"],
  setup(props) {
    const count = ref(0);
    const shown = ref({ phone: props.phone, block: true });
    onMounted(() => {
      globalThis.shop = {
        show: (next) => {
          shown.value = next;
        },
      };
    });
    return () =>
      h("main", [
        h("a", { class: "phone", id: "top", href: "tel:+74950001020" }, shown.value.phone),
        h("p", ["Call ", h("span", { class: "phone" }, shown.value.phone), ", ", count.value]),
        h("button", { id: "more", onClick: () => count.value++ }, "more"),
        h("output", count.value),
        shown.value.block &&
          h("footer", [h("b", { class: "phone", id: "low" }, shown.value.phone)]),
      ]);
  },
};
