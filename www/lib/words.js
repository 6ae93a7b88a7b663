// How things are written for people: numbers, times, states. Both languages.

import { language, say } from "./dom.js";

/**
 * A number as people of its country read it: Russian ones in groups, others with a plus. A text
 * that is more than digits (a caller of whom only the last are kept) stands as it came.
 */
export function phone(digits) {
  const text = String(digits ?? "");
  if (/[^0-9]/.test(text)) return text;
  const parts = /^7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(text);
  if (!parts) return text ? `+${text}` : say("withheld", "скрыт");
  const [, area, a, b, c] = parts;
  return area === "800" ? `8 800 ${a}-${b}-${c}` : `8 (${area}) ${a}-${b}-${c}`;
}

/** A length of time in short: "12 s", "4 min", "3 h". */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} ${say("s", "с")}`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} ${say("min", "мин")}`;
  return `${Math.round(seconds / 3600)} ${say("h", "ч")}`;
}

/** The clock time of an instant, to the second. */
export const clock = (ms) =>
  new Date(ms).toLocaleTimeString(language() === "ru" ? "ru-RU" : "en-GB", { hour12: false });

/** 0.913 → "91 %". */
export const percent = (share) =>
  `${new Intl.NumberFormat(language(), { maximumFractionDigits: 0 }).format(share * 100)} %`;

/** A count with thousands set apart. */
export const count = (number) => new Intl.NumberFormat(language()).format(number);

/** Plural forms: English one/other, Russian one/few/many. */
export function plural(number, en, ru) {
  const rule = new Intl.PluralRules(language()).select(number);
  const forms =
    language() === "ru"
      ? { one: ru[0], few: ru[1], many: ru[2], other: ru[2] }
      : { one: en[0], other: en[1] };
  return `${count(number)} ${forms[rule] ?? forms.other}`;
}

const STATES = {
  free: { tone: "", en: "free", ru: "свободен", ruMany: "свободных" },
  provisional: { tone: "cool", en: "just lent", ru: "только выдан", ruMany: "только выданных" },
  active: { tone: "good", en: "on the page", ru: "на странице" },
  live: { tone: "good", en: "on the page", ru: "на странице" },
  idle: { tone: "warn", en: "idle", ru: "неактивен", ruMany: "неактивных" },
  held: { tone: "held", en: "held", ru: "держится", ruMany: "удержанных" },
  cooling: { tone: "cool", en: "resting", ru: "отдыхает", ruMany: "отдыхающих" },
  quarantined: { tone: "bad", en: "quarantined", ru: "в карантине" },
  draining: { tone: "warn", en: "draining", ru: "выводится", ruMany: "выводимых" },
  reserve: { tone: "cool", en: "reserve", ru: "резервный", ruMany: "резервных" },
  disabled: { tone: "bad", en: "disabled", ru: "отключён", ruMany: "отключённых" },
};

/** How many numbers are in a state: "3 idle", in Russian "неактивных: 3". */
export function inState(name, number) {
  const known = STATES[name];
  const en = `${count(number)} ${known?.en ?? name}`;
  return say(en, `${known?.ruMany ?? known?.ru ?? name}: ${count(number)}`);
}

/** The word and colour of a number's state. An unknown state is shown as it came. */
export function state(name) {
  const known = STATES[name];
  return known ? { tone: known.tone, text: say(known.en, known.ru) } : { tone: "", text: name };
}

const GROUNDS = {
  own: ["it was his already", "номер уже был его"],
  fresh: ["nobody ever had it", "его ещё никто не видел"],
  least_expected: [
    "of the numbers nobody looks at, the fewest late calls are to be expected on it",
    "из номеров, на которые никто не смотрит, на нём ждут меньше всего запоздалых звонков",
  ],
  other_region: [
    "the fewest late calls are to be expected on it, and its last holders were from another region",
    "на нём ждут меньше всего запоздалых звонков, и прежде его видели в другом регионе",
  ],
  longest_idle: [
    "its last holder has been quiet the longest",
    "его прежний держатель дольше всех молчит",
  ],
  cooling: ["no rested number was left", "отдохнувших номеров не осталось"],
  unconfirmed: [
    "its holder never gave a second sign of life",
    "прежний держатель больше не подал признаков жизни",
  ],
  demoted: [
    "its holder was passive past the guaranteed time",
    "прежний держатель бездействовал дольше положенного",
  ],
  oldest: ["all were in use, this one the longest", "все заняты, этот дольше всех"],
  least_active: [
    "all were in use, this one is the least likely to be called",
    "все заняты, звонок на этот наименее вероятен",
  ],
};

/** Why a number was chosen, in words. A text that is no known ground is shown as it came. */
export const ground = (name) => (GROUNDS[name] ? say(...GROUNDS[name]) : (name ?? ""));

const POOLS = {
  city: ["Moscow number", "Московский номер"],
  free: ["Toll-free number", "Номер 8-800"],
  petersburg: ["Saint Petersburg", "Санкт-Петербург"],
};

/** A pool's name: the demonstration's in the page's language, others by their id. */
export const poolName = ({ id }) => (POOLS[id] ? say(...POOLS[id]) : id);
