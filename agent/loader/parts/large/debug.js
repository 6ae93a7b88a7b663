// The debugger: what the agent knows and does on this page, as JSON and as a small panel.
//
// Only the visitor's own browser sees it. Why scenarios gave him a number or did not is asked of
// the edge after each of its answers, as the visit itself was asked: it tests their conditions
// again and tells what each asks for and what this visit has; nothing is lent or counted for that.

const PHASES = ['asking', 'active', 'idle', 'away'];
const REFRESH_MS = 1_000;

/** Each fault with its words; the names are headings of docs/reference/agent-errors.md. */
const WORDS = {
  en: {
    'consent-awaited': 'The visitor has not agreed yet: nothing is asked, stored or shown.',
    'edge-refused': 'The edge refused the request.',
    'edge-unreachable': 'The edge cannot be reached from this page.',
    'no-number': 'No number was given: no scenario matched, or its pool was full.',
    'no-place': 'No place for a number is on this page.',
    paused: 'The page asked for its own numbers.',
    'rules-missing': 'The rules have not been loaded.',
    stopped: 'The agent was stopped.',
    none: 'no fault',
    given: 'shown',
    absent: 'no element on this page',
    unmatched: 'no number',
    unanswered: 'not answered yet',
    matched: 'conditions hold',
    disabled: 'switched off',
    no_source: 'static, and none of its sources is the visit\'s',
    no_params: 'the visit has none of its parameters',
    shadowed: 'all its elements belong to',
    full: 'the pool had no number',
    not: 'not',
    has: 'the visit has',
    nothing: 'nothing',
    query: 'address, after ?',
    path: 'address, in the path',
    fragment: 'address, after #',
    referrer: 'referrer',
    remembered: 'remembered',
    unused: 'not used',
    visit: 'visit',
    label: 'label',
    arrival: 'came by',
    next: 'next sign of life',
    fault: 'fault',
    close: 'Close',
  },
  ru: {
    'consent-awaited': 'Посетитель ещё не согласился: ничего не запрошено и не показано.',
    'edge-refused': 'Сервер отклонил запрос.',
    'edge-unreachable': 'Сервер недоступен с этой страницы.',
    'no-number': 'Номер не выдан: сценарии не подошли, или пул занят.',
    'no-place': 'На странице нет места для номера.',
    paused: 'Страница попросила вернуть свои номера.',
    'rules-missing': 'Правила не загрузились.',
    stopped: 'Агент остановлен.',
    none: 'ошибок нет',
    given: 'показан',
    absent: 'нет элемента на странице',
    unmatched: 'номера нет',
    unanswered: 'ответа ещё нет',
    matched: 'условия выполнены',
    disabled: 'выключен',
    no_source: 'статический, источник визита среди его источников не найден',
    no_params: 'у визита нет ни одного из его параметров',
    shadowed: 'все его элементы заняты сценарием',
    full: 'в пуле не было номера',
    not: 'не',
    has: 'у визита',
    nothing: 'ничего',
    query: 'адрес, после ?',
    path: 'адрес, в пути',
    fragment: 'адрес, после #',
    referrer: 'реферер',
    remembered: 'запомнено',
    unused: 'не использовано',
    visit: 'визит',
    label: 'метка',
    arrival: 'откуда',
    next: 'следующий сигнал',
    fault: 'ошибка',
    close: 'Закрыть',
  },
};

const iso = (at) => (at > 0 ? new Date(at).toISOString() : null);

const read = (text) => {
  try {
    return JSON.parse(text) || {};
  } catch {
    return {};
  }
};

/** The fault that explains what is seen, gravest first; null where all is well. */
function faultOf({ state, status, record, found }) {
  if (state.consent === 'wait') return 'consent-awaited';
  if (state.isStopped) return state.isReady ? 'stopped' : 'rules-missing';
  if (!state.isReady) return 'rules-missing';
  if (state.isPaused) return 'paused';
  if (!found) return 'no-place';
  if (record.known[5] > 0) return status >= 400 ? 'edge-refused' : 'edge-unreachable';
  if (state.answered && !record.numbers.some(({ number }) => number)) return 'no-number';
  return null;
}

/** What the edge told last, and after which of its answers. */
let told = {};
let toldAfter = 0;

/** Has the edge explain its last answer, once. */
async function askWhy(agent) {
  const { answered } = agent.state();
  if (answered === toldAfter) return;
  toldAfter = answered;
  const response = await agent.post('visit', { ...agent.aboutVisit(), explain: true });
  if (response.ok) told = await response.json();
}

/** [`report`] with the edge's reasons, if it can be asked. */
export const explained = async (agent) => {
  await askWhy(agent).catch(() => 0);
  return report(agent);
};

/** Everything, as plain data. */
export function report(agent) {
  const { all, config, load, page, status, version } = agent;
  const state = agent.state();
  const record = load();
  const { visit: about = {} } = read(record.memory);
  const reasons = told.scenarios || [];
  // Those that are switched off are not in the page's configuration.
  const ids = new Set([
    ...config.scenarios.map(({ id }) => id),
    ...reasons.map(({ scenario }) => scenario),
  ]);
  const scenarios = [...ids].map((id) => {
    const slots = page.slots.filter((slot) => slot.id === id);
    const given = record.numbers.find(({ number, scenario }) => number && scenario === id);
    const isFound = slots.some(({ found }) => found);
    let outcome = 'unanswered';
    if (given) outcome = 'given';
    else if (!isFound) outcome = 'absent';
    else if (state.answered) outcome = 'unmatched';
    return {
      id,
      outcome,
      number: given?.number || null,
      kind: given?.kind || null,
      lease: given?.lease || null,
      generation: given?.generation ?? null,
      why: reasons.find(({ scenario }) => scenario === id) || null,
      targets: slots.map(({ mask, numbers, css }) => ({
        selector: css.join() || null,
        numbers,
        mask: mask || null,
        elements: css.length ? all(document, css.join()).length : null,
      })),
    };
  });
  const [phase, active, sent, , retry, failures] = record.known;
  const least = (name) => Math.min(...record.numbers.map((one) => one[name] || Infinity));
  const beat = sent + least('beat_ms');
  const fault = faultOf({ state, status, record, found: page.slots.some(({ found }) => found) });
  return {
    version,
    site: config.site,
    consent: state.consent,
    phase: PHASES[phase],
    visit: record.visit || null,
    visitor: record.visitor || null,
    label: {
      source: about.source || null,
      labels: about.labels || {},
      marker: record.marker || null,
      channel: about.origin?.channel || null,
      referrer: about.origin?.referrer_domain || null,
      read_from: about.landing_page || null,
      found: told.labels || [],
    },
    scenarios,
    last_activity_at: iso(active),
    last_message_at: iso(sent),
    next_heartbeat_at: Number.isFinite(beat) ? iso(Math.max(beat, retry)) : null,
    idle_at: Number.isFinite(least('idle_ms')) ? iso(active + least('idle_ms')) : null,
    failures,
    last_status: status ?? null,
    last_error: fault && { code: fault, docs: `docs/reference/agent-errors.md#${fault}` },
  };
}

/** Why a scenario gave a number or did not, in words. */
function reasonOf({ why, outcome, number }, words) {
  if (!why || number) return [];
  if (why.outcome === 'matched') return [words.matched, outcome === 'unmatched' && words.full];
  if (why.outcome === 'shadowed') return [`${words.shadowed} ${why.by}`];
  if (why.outcome !== 'refused') return [words[why.outcome]];
  return why.conditions
    .filter(({ refuses }) => refuses)
    .map(({ dimension, operator, values, negate, seen }) => {
      const test = [dimension, negate && words.not, operator, values.join(' | ')];
      const has = seen.length ? seen.join(' | ') : words.nothing;
      return `${test.filter(Boolean).join(' ')}: ${words.has} ${has}`;
    });
}

/** Rows of the panel: a name and a text. */
function rows(report, words) {
  const { label, last_error: fault } = report;
  const time = (at) => (at ? at.slice(11, 19) : '–');
  const flat = (pairs, start) =>
    Object.entries(pairs).flatMap(([name, value]) =>
      Object(value) === value ? flat(value, `${name}_`) : `${start}${name}=${value}`,
    );
  const labels = flat(label.labels, '');
  return [
    ['ringlet', `${report.version} · ${report.site} · ${report.consent} · ${report.phase}`],
    [words.visit, report.visit || '–'],
    [words.label, [label.source, ...labels].filter(Boolean).join(' · ') || '–'],
    [
      words.arrival,
      [label.channel, label.referrer, label.read_from].filter(Boolean).join(' · ') || '–',
    ],
    ...label.found.map(({ name, value, place, used }) => [
      name,
      `${value} · ${words[place]}${used ? '' : ` · ${words.unused}`}`,
    ]),
    ...report.scenarios.map(({ id, number, outcome, lease, generation, targets, why }) => [
      id,
      [
        number || words[outcome],
        ...reasonOf({ why, outcome, number }, words),
        lease && `${lease} #${generation}`,
        ...targets.map(({ selector, numbers, elements }) =>
          selector ? `${selector} × ${elements}` : numbers.join(', '),
        ),
      ]
        .filter(Boolean)
        .join(' · '),
    ]),
    [words.next, `${time(report.next_heartbeat_at)} UTC`],
    [words.fault, fault ? `${words[fault.code]} (${fault.docs})` : words.none],
  ];
}

let isOpen = false;

/** Shows the panel: nothing of it can be reached by the page, nor by the agent's own search. */
export function open(agent) {
  if (isOpen) return;
  isOpen = true;
  const words = WORDS[/^ru/i.test(navigator.language) ? 'ru' : 'en'];
  const make = (name, style, text = '') => {
    const element = document.createElement(name);
    element.style.cssText = style;
    element.textContent = text;
    return element;
  };
  const host = make(
    'ringlet-debug',
    'all:initial;position:fixed;z-index:2147483647;right:8px;bottom:8px',
  );
  const panel = make(
    'section',
    'font:12px/1.5 monospace;max-width:min(560px,90vw);max-height:60vh;overflow:auto;' +
      'padding:8px 12px;border-radius:6px;background:#10151c;color:#e8edf2;' +
      'box-shadow:0 2px 12px #0008',
  );
  panel.setAttribute('aria-label', 'Ringlet');
  const list = make('dl', 'display:grid;grid-template-columns:auto 1fr;gap:2px 12px;margin:0');
  const close = make('button', 'font:inherit;margin-top:6px', words.close);
  let timer;
  close.addEventListener('click', () => {
    clearInterval(timer);
    host.remove();
    isOpen = false;
    agent.quietly(() => delete sessionStorage.ringlet_debug);
  });
  panel.append(list, close);
  host.attachShadow({ mode: 'closed' }).append(panel);
  const draw = () => {
    agent.quietly(() => askWhy(agent).catch(() => 0));
    list.replaceChildren(
      ...rows(report(agent), words).flatMap(([name, text]) => [
        make('dt', 'color:#8fa3b8', name),
        make('dd', 'margin:0;overflow-wrap:anywhere', text),
      ]),
    );
  };
  draw();
  document.documentElement.append(host);
  timer = setInterval(() => agent.quietly(draw), REFRESH_MS);
}
