// The ways into the demonstration shop: what a visitor's address and referrer look like when he
// comes from an advertisement. Data only; `arrive.js` on the shop's page plays them.

/**
 * @typedef {{id: string, en: string, ru: string, query: string, referrer: string,
 *   region?: string}} Arrival
 */

/** @type {Arrival[]} */
export const arrivals = [
  {
    id: "direct-ad",
    en: "Yandex Direct",
    ru: "Яндекс Директ",
    query:
      "roistat=direct4_search_1047_remont-velosipeda" +
      "&utm_source=yandex&utm_medium=cpc&utm_campaign=remont&yclid=1820348112",
    referrer: "https://yandex.ru/",
  },
  {
    id: "google-ads",
    en: "Google Ads",
    ru: "Google Ads",
    query: "utm_source=google&utm_medium=cpc&utm_campaign=city-bikes&gclid=EAIaIQobChMI-demo",
    referrer: "https://www.google.com/",
  },
  {
    id: "vk",
    en: "VK post",
    ru: "Пост ВКонтакте",
    query: "roistat=vk4_reklama_magazine_post1",
    referrer: "https://vk.com/",
  },
  {
    id: "letter",
    en: "E-mail",
    ru: "Письмо",
    query: "utm_source=newsletter&utm_medium=email&utm_campaign=spring",
    referrer: "",
  },
  {
    id: "organic",
    en: "Search, unpaid",
    ru: "Поиск без рекламы",
    query: "",
    referrer: `https://yandex.ru/search/?text=${encodeURIComponent("ремонт велосипеда")}`,
  },
  {
    id: "saint-petersburg",
    en: "Yandex Direct, St Petersburg",
    ru: "Яндекс Директ, Петербург",
    query:
      "roistat=direct4_search_2210_velosiped-na-zakaz" +
      "&utm_source=yandex&utm_medium=cpc&utm_campaign=spb",
    referrer: "https://yandex.ru/",
    region: "Saint Petersburg",
  },
  {
    id: "leaflet",
    en: "Leaflet with a code",
    ru: "Листовка с кодом",
    query: "roistat=leaflet_metro",
    referrer: "",
  },
  {
    id: "direct",
    en: "Typed the address",
    ru: "Набрал адрес",
    query: "",
    referrer: "",
  },
];

/**
 * The shop's address for one arrival, always as a new visitor.
 * @param {Arrival} arrival
 * @returns {string} path and query on this origin
 */
export function addressOf(arrival) {
  const query = new URLSearchParams(arrival.query);
  query.set("demo_new", "1");
  query.set("demo_referrer", arrival.referrer);
  if (arrival.region) query.set("demo_region", arrival.region);
  return `/demo/?${query}`;
}
