// The debugger: what the agent knows and does on this page, as JSON and as a small panel.
//
// Only the visitor's own browser sees it, and it tells nothing that the edge has not told this
// browser: conditions of scenarios stay at the edge, so of a scenario without a number it is said
// what is known here.

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
    unmatched: 'no number: conditions did not hold, or the pool was full',
    unanswered: 'not answered yet',
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
    unmatched: 'номера нет: не подошли условия, или пул занят',
    unanswered: 'ответа ещё нет',
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

/** Everything, as plain data. */
export function report(agent) {
  const { all, config, load, page, status, version } = agent;
  const state = agent.state();
  const record = load();
  const { visit: about = {} } = read(record.memory);
  const scenarios = config.scenarios.map(({ id }) => {
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
      targets: slots.map(({ mask, numbers, selector }) => ({
        selector: selector || null,
        numbers,
        mask: mask || null,
        elements: selector ? all(document, selector).length : null,
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

/** Rows of the panel: a name and a text. */
function rows(report, words) {
  const { label, last_error: fault } = report;
  const time = (at) => (at ? at.slice(11, 19) : '–');
  const labels = Object.entries(label.labels).map(([name, value]) => `${name}=${value}`);
  return [
    ['ringlet', `${report.version} · ${report.site} · ${report.consent} · ${report.phase}`],
    ['visit', report.visit || '–'],
    ['label', [label.source, ...labels, label.marker].filter(Boolean).join(' · ') || '–'],
    ['read', [label.channel, label.referrer, label.read_from].filter(Boolean).join(' · ') || '–'],
    ...report.scenarios.map(({ id, number, outcome, lease, generation, targets }) => [
      id,
      [
        number || words[outcome],
        lease && `${lease} #${generation}`,
        ...targets.map(({ selector, numbers, elements }) =>
          selector ? `${selector}: ${elements}` : numbers.join(', '),
        ),
      ]
        .filter(Boolean)
        .join(' · '),
    ]),
    ['next', `${time(report.next_heartbeat_at)} UTC`],
    ['error', fault ? `${words[fault.code]} (${fault.docs})` : words.none],
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
  const draw = () =>
    list.replaceChildren(
      ...rows(report(agent), words).flatMap(([name, text]) => [
        make('dt', 'color:#8fa3b8', name),
        make('dd', 'margin:0;overflow-wrap:anywhere', text),
      ]),
    );
  draw();
  document.documentElement.append(host);
  timer = setInterval(() => agent.quietly(draw), REFRESH_MS);
}
