// The rules in plain JavaScript: what the agent would carry if it were written without WebAssembly.
//
// What it is: a control for `cargo xtask size`, which bundles the loader with this file in the
// place of `loader/rules.js` and prints the bytes beside the agent's. Written as one would write it
// in JavaScript, with strings and regular expressions. What it is not: a part of any release. That
// it does what the rules of `ringlet-core` do is tested (`tests/browser/control.test.mjs`).

const END = '\0';
const SEPARATOR =
  /[ \t\n\r\-./()[\]\u00a0\u00ad\u2000-\u2015\u202a-\u202f\u205f\u2060\u2066-\u2069\u2212\u3000\ufeff]/;
const VISIBLE = /[!-~\u2010-\u2015\u2212]/;
const LETTER = /[a-zA-Z_@%=\u00c0-\u1fff]/;
const SPACE = /[ \t\n\r\u00a0]/;
const isDigit = (c) => c >= '0' && c <= '9';
const isBlank = (c) => SEPARATOR.test(c) && !VISIBLE.test(c);

/** By country: trunk prefix, fewest and most national digits. */
const PLANS = {
  7: ['8', 10, 10],
  1: ['1', 10, 10],
  33: ['0', 9, 9],
  34: ['', 9, 9],
  44: ['0', 9, 10],
  48: ['', 9, 9],
  49: ['0', 6, 11],
  90: ['0', 10, 10],
  370: ['0', 8, 8],
  371: ['', 8, 8],
  372: ['', 7, 8],
  373: ['0', 8, 8],
  374: ['0', 8, 8],
  375: ['80', 9, 9],
  380: ['0', 9, 9],
  420: ['', 9, 9],
  971: ['0', 8, 9],
  972: ['0', 8, 9],
  992: ['', 9, 9],
  993: ['8', 8, 8],
  994: ['0', 9, 9],
  995: ['0', 9, 9],
  996: ['0', 9, 9],
  998: ['', 9, 9],
};
const TWO = /^(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

const codeLength = (digits) => (/^[17]/.test(digits) ? 1 : TWO.test(digits) ? 2 : 3);
const split = (number) => {
  const length = codeLength(number);
  return [number.slice(0, length), number.slice(length)];
};
const fits = (plan, digits) => !!plan && digits.length >= plan[1] && digits.length <= plan[2];
const isRegular = (number) => {
  const [country, national] = split(number);
  return fits(PLANS[country], national);
};
const e164 = (digits) => (/^[1-9]\d{2,14}$/.test(digits) ? digits : undefined);
const after = (digits, prefix) =>
  digits.startsWith(prefix) ? digits.slice(prefix.length) : undefined;

function readWritten(text) {
  let digits = '';
  let plus = false;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (isDigit(c)) digits += c;
    else if (text.startsWith('(0)', at) && (plus ? digits : digits.startsWith('00'))) at += 2;
    else if (c === '+' && !digits && !plus) plus = true;
    else if (!SEPARATOR.test(c)) return;
  }
  return digits && digits.length <= 20 ? [digits, plus] : undefined;
}

function readDigits(digits, plus, home) {
  if (digits.length > 18) return;
  const bare = e164(digits);
  if (plus) return bare && [bare, 'plus'];
  const plan = PLANS[home.country];
  const national = (rest, form) => {
    const number = e164(home.country + rest);
    return number && [number, form];
  };
  const rest = plan?.[0] ? after(digits, plan[0]) : undefined;
  if (rest !== undefined && fits(plan, rest)) return national(rest, 'trunk');
  const regular = bare && isRegular(bare) ? bare : undefined;
  if (regular && split(regular)[0] === home.country) return [regular, 'bare'];
  if (fits(plan, digits)) return national(digits, 'national');
  const whole = home.area + digits;
  if (home.area && digits.length >= 4 && rest === undefined && fits(plan, whole)) {
    return national(whole, 'local');
  }
  const abroad = e164(after(digits, '00') ?? after(digits, '810') ?? '');
  if (abroad && isRegular(abroad)) return [abroad, 'plus'];
  const [, fewest, most] = (regular && PLANS[split(regular)[0]]) || [];
  return fewest && fewest === most ? [regular, 'bare'] : undefined;
}

const readText = (text, home) => {
  const written = readWritten(text);
  return written && readDigits(...written, home);
};

function linkDigits(href) {
  let digits = '';
  let plus = false;
  let rest = '';
  const from = href.indexOf(':');
  for (let at = from < 0 ? href.length : from; at < href.length; at++) {
    const begins = at;
    let c = href[at];
    if (c === '%') {
      const hex = (place) => (/[0-9a-f]/i.test(href[place] || '') ? parseInt(href[place], 16) : 0);
      c = String.fromCharCode(hex(at + 1) * 16 + hex(at + 2));
      at += 2;
    }
    if (c === '+') plus ||= !digits;
    else if (';,pw'.includes(c)) {
      rest = href.slice(begins);
      break;
    } else if (isDigit(c)) digits += c;
  }
  return [digits, plus, rest];
}

/** What is dialled after the number. */
const extension = (rest) => (/^.[\de,]/.test(rest) ? rest : '');

const isShort = (href) => {
  const { length } = linkDigits(href)[0];
  return length > 0 && length < 5;
};

/** All runs of a place as one text, and the numbers in it. */
class Place {
  constructor(runs, home) {
    this.home = home;
    this.text = '';
    this.starts = [];
    this.groups = [];
    for (const [text, isHard] of runs) {
      this.starts.push([this.text.length, isHard]);
      this.text += text;
    }
    const begins = new Set(this.starts.map(([at]) => at));
    let last;
    for (let at = 0; at < this.text.length; at++) {
      if (!isDigit(this.text[at])) continue;
      if (last?.end === at && !begins.has(at)) {
        last.end++;
        continue;
      }
      const before = last ? this.link(last.end, at) : 'break';
      this.groups.push((last = { start: at, end: at + 1, before }));
    }
  }

  at(place) {
    return this.text[place] ?? ' ';
  }

  before(group) {
    return this.groups[group]?.before || 'break';
  }

  link(from, to) {
    if (this.starts.some(([at, isHard]) => isHard && from <= at && at <= to)) return 'break';
    let visible = 0;
    let before = '-';
    for (const c of this.text.slice(from, to).split('')) {
      const ends = (before === '.' && SPACE.test(c)) || (c === '/' && SPACE.test(before));
      if (!SEPARATOR.test(c) || ends) return 'break';
      if (!isBlank(c)) visible++;
      before = c;
    }
    if (!visible) return from === to ? 'glued' : 'space';
    if (visible === 1 && before === '(' && SPACE.test(this.text.slice(from, to))) return 'space';
    return visible <= 3 ? 'tight' : 'break';
  }

  range(first, last) {
    let { start } = this.groups[first];
    const { end } = this.groups[last];
    const floor = this.groups[first - 1]?.end || 0;
    const inside = this.text.slice(start, end);
    let open = inside.split('(').length - inside.split(')').length;
    for (let at = start - 1; at >= floor; at--) {
      const c = this.text[at];
      if (c === '+') return [at, end];
      if (c === '(' && open < 0) {
        open = 0;
        start = at;
      } else if (!isBlank(c)) break;
    }
    return [start, end];
  }

  isSeparated(first, last) {
    for (let at = first + 1; at <= last; at++) if (this.before(at) !== 'glued') return true;
    return false;
  }

  trim([start, end], text = this.text) {
    while (start < end && isBlank(text[start])) start++;
    while (start < end && isBlank(text[end - 1])) end--;
    return [start, end];
  }

  isAlone(range) {
    return `${this.trim([0, this.text.length])}` === `${range}`;
  }

  /** Marked where it begins, before its second digit. */
  isHeaded([start, end]) {
    const text = this.text.slice(start, end);
    return /^[^\d+(]*\d?[^\d+(]*[+(]/.test(text);
  }

  isMarked([start, end]) {
    return /[+(]/.test(this.text.slice(start, end));
  }

  isPriced(at) {
    while (at < this.text.length && isBlank(this.text[at])) at++;
    const c = this.at(at);
    return '₽$€£₴₸'.includes(c) || ('рР'.includes(c) && '.у'.includes(this.at(at + 1)));
  }

  isApart([start, end], isSelected) {
    const border = (place) => this.starts.some(([at, isHard]) => isHard && at === place);
    const [near, far] = border(start) ? [' ', ' '] : [this.at(start - 1), this.at(start - 2)];
    const [next, beyond] = border(end) ? [' ', ' '] : [this.at(end), this.at(end + 1)];
    const behind = this.groups.findIndex(({ start }) => start === end + 1);
    const isFraction =
      next === ',' &&
      behind >= 0 &&
      this.digits(behind, behind) < 3 &&
      this.before(behind + 1) === 'break';
    if (LETTER.test(near) || LETTER.test(next) || isFraction) return false;
    if ('-/'.includes(near) && LETTER.test(far)) return false;
    if (next === '-' && LETTER.test(beyond)) return false;
    if ("~:=*'".includes(next) && /[\d+(]/.test(beyond)) return false;
    if (isSelected || this.isMarked([start, end])) return true;
    if (next === '.' && /[a-z]/.test(beyond)) return false;
    let at = start;
    while (at > 0 && isBlank(this.text[at - 1])) at--;
    return !'№#$€£'.includes(this.at(at - 1)) && !this.isPriced(end);
  }

  isNumber(first, last, range, wanted) {
    const written = readWritten(this.text.slice(...range));
    const read = written && readDigits(...written, this.home);
    if (!read) return false;
    const [number, form] = read;
    const isShortForm = form === 'national' || form === 'local';
    const clear =
      !isShortForm || this.isSeparated(first, last) || (!wanted && this.isAlone(range));
    const isWanted = wanted
      ? wanted.includes(number)
      : this.looksWhole(number, form, written[1]);
    return isWanted && clear && this.isApart(range, !wanted);
  }

  looksWhole(number, form, plus) {
    const [country, national] = split(number);
    const plan = PLANS[country];
    if (!plan) return plus && number.length > 7;
    return fits(plan, national) && form !== 'local' && (plus || country === this.home.country);
  }

  pieceFrom(first, wanted, end = 1 / 0) {
    let last = first;
    while (last + 1 < Math.min(end, first + 15) && this.before(last + 1) !== 'break') last++;
    for (; last >= first; last--) {
      const range = this.range(first, last);
      if (this.isNumber(first, last, range, wanted)) return { first, last, range };
    }
  }

  readFrom(first, wanted, end) {
    const piece = this.pieceFrom(first, wanted, end);
    if (piece) return { ...piece, isWanted: true };
    return wanted && this.pieceFrom(first, undefined, end);
  }

  numbers(wanted) {
    let pieces = [];
    for (let first = 0; first < this.groups.length; first++) {
      let piece = this.readFrom(first, wanted);
      const within = piece && this.beginsWithin(piece, wanted, true);
      if (within) piece = this.readFrom(first, wanted, within);
      if (!piece) continue;
      pieces.push(piece);
      first = piece.last;
    }
    this.pieces = [...pieces];
    for (let at = 0; at < pieces.length; ) {
      if (this.isWhole(pieces, at, !wanted)) at++;
      else {
        pieces.splice(at, 1);
        at = 0;
      }
    }
    if (!pieces.length && !wanted) {
      pieces = this.onlyLocal();
      this.pieces.push(...pieces);
    }
    return pieces.filter(({ isWanted }) => isWanted);
  }

  isWhole(pieces, at, isSelected) {
    const { first, last, range } = pieces[at];
    let row = first;
    while (this.before(row) !== 'break') row--;
    const clear =
      (isSelected && this.digits(row, first - 1) < 7) ||
      this.isMarked(range) ||
      (last > first && this.before(last) === 'tight');
    const free = (link) => link === 'break' || (link === 'space' && clear);
    return (
      (free(this.before(first)) || pieces[at - 1]?.last + 1 === first) &&
      (free(this.before(last + 1)) || pieces[at + 1]?.first === last + 1)
    );
  }

  beginsWithin({ first, last }, wanted, isFirst) {
    for (let at = first + 1; at <= last; at++) {
      const piece = this.pieceFrom(at, wanted);
      const goesOn = piece?.last > last && (wanted || this.isHeaded(piece.range));
      if (goesOn && !(isFirst && this.beginsWithin(piece, wanted, false))) return at;
    }
  }

  /** Whether digits that no words part from it stand before the piece. */
  isLed({ range }) {
    for (let at = range[0]; at > 0 && !LETTER.test(this.at(at)); at--) {
      if (isDigit(this.text[at - 1])) return true;
    }
    return false;
  }

  /** Whether a local number follows that is read with the piece's code. */
  leads({ last, range }) {
    const first = last + 1;
    const next = this.groups[first];
    if (!next || this.pieces.some((piece) => piece.first === first)) return false;
    const gap = this.text.slice(range[1], next.start).split('');
    if (!gap.every((c) => SEPARATOR.test(c) || ',;и'.includes(c))) return false;
    let end = first;
    while (this.before(end + 1) !== 'break') end++;
    const digits = this.digits(first, end);
    return digits >= 5 && digits <= 7 && this.before(end) === 'tight';
  }

  onlyLocal() {
    let row;
    for (let first = 0, last; first < this.groups.length; first = last + 1) {
      last = first;
      while (this.before(last + 1) !== 'break') last++;
      const digits = this.digits(first, last);
      if (digits < 5) continue;
      if (row || digits > 7) return [];
      row = [first, last];
    }
    if (!row) return [];
    const [first, last] = row;
    const range = this.range(first, last);
    const clear = this.isSeparated(first, last) || this.isAlone(range);
    const good = clear && this.text[range[0]] !== '+' && !this.isPriced(range[1]);
    return good && this.isApart(range, true) ? [{ first, last, range, isWanted: true }] : [];
  }

  digits(first, last) {
    let digits = 0;
    for (const { start, end } of this.groups.slice(first, last + 1)) digits += end - start;
    return digits;
  }

  digitsAtMost() {
    let most = 0;
    let row = 0;
    for (const { start, end, before } of this.groups) {
      row = (before === 'break' ? 0 : row) + end - start;
      most = Math.max(most, row);
    }
    return most;
  }

  /** The texts of all runs with `swaps` in their places. */
  texts(swaps) {
    return this.starts.map(([begin], index) => {
      const end = this.starts[index + 1]?.[0] ?? this.text.length;
      let out = '';
      let at = begin;
      for (const one of swaps) {
        const share = [Math.max(one.range[0], at), Math.min(one.range[1], end)];
        if (share[0] >= share[1]) continue;
        out += this.text.slice(at, share[0]) + this.share(one, share);
        [, at] = share;
      }
      return out + this.text.slice(at, end);
    });
  }

  share(one, [start, end]) {
    const { range, text } = one;
    if (one.isAlike) return text.slice(start - range[0], end - range[0]);
    const [from, to] = this.trim([start, end]);
    const digits = this.text.slice(from, to).replace(/\D/g, '').length;
    let out = this.text.slice(start, from);
    if (digits) {
      one.seen += digits;
      const isLast = end === range[1];
      let part = [one.given, isLast || !one.isEven ? text.length : cut(text, one.seen)];
      part[1] = Math.max(...part);
      [, one.given] = part;
      if (one.isSpaced && !(start === range[0] && isLast)) part = this.trim(part, text);
      out += text.slice(...part);
    }
    return out + this.text.slice(to, end);
  }
}

/** Where the digit after `seen` ones begins, with the bracket or `+` before it. */
function cut(text, seen) {
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isDigit(text[at]) || digits++ !== seen) continue;
    return '([+'.includes(text[at - 1] || ' ') ? at - 1 : at;
  }
  return text.length;
}

const swapOf = (range, old, text) => ({
  range,
  text,
  isAlike: old.length === text.length && old.replace(/\d/g, '0') === text.replace(/\d/g, '0'),
  isEven: old.replace(/\D/g, '').length === text.replace(/\D/g, '').length,
  isSpaced: old.split('').some(isBlank),
  seen: 0,
  given: 0,
});

/** Fills the digits of `template` from the right. */
function fill(template, digits) {
  const slots = template.replace(/\D/g, '').length;
  let empty = Math.max(slots - digits.length, 0);
  const front = digits.slice(0, Math.max(digits.length - slots, 0));
  const rest = digits.slice(front.length);
  const dropped = empty > 0;
  let begun = false;
  let seen = 0;
  let at = 0;
  let out = '';
  for (const c of template.split('')) {
    if (!isDigit(c)) {
      if (begun || !(dropped && seen)) out += c;
    } else if (seen++ < empty) {
      continue;
    } else {
      if (!begun) out += front;
      begun = true;
      out += rest[at++] || '';
    }
  }
  return begun ? out : out + front;
}

function inShapeOf(shape, number, full, home) {
  const area = (full.match(/\d+/g) || [])[1]?.length || 0;
  const out = writeLike(shape, number, area, home);
  const read = out === undefined ? undefined : readText(out, home);
  return read?.[0] === number ? out : full || `+${number}`;
}

function prefixOf(number, form, home) {
  const [country] = split(number);
  if (form === 'plus' || form === 'bare') return country;
  if (country !== home.country || !isRegular(number)) return;
  if (form === 'trunk') return PLANS[country][0] || undefined;
  return form === 'national' ? '' : undefined;
}

function writeLike(shape, number, area, home) {
  const read = readText(shape, home);
  if (!read) return;
  const [old, form] = read;
  const [country, national] = split(number);
  const leading = form === 'plus' ? readWritten(shape)[0].length - old.length : 0;
  if (form === 'local') {
    const subscriber = country === home.country ? after(national, home.area) : undefined;
    return subscriber === undefined ? undefined : fill(shape, subscriber);
  }
  const prefix = prefixOf(number, form, home);
  if (prefix === undefined) return;
  const oldPrefix = prefixOf(old, form, home) || '';
  const next = (at) => {
    const found = shape.slice(at).search(/\d/);
    return found < 0 ? undefined : at + found;
  };
  let end = 0;
  for (let digit = 0; digit < leading + oldPrefix.length; digit++) end = next(end) + 1;
  let first = next(end);
  if (first === undefined) return;
  if (form === 'plus' && shape.startsWith('0)', first) && shape[first - 1] === '(') {
    end = first + 2;
    first = next(first + 1);
    if (first === undefined) return;
  }
  const close = first + shape.slice(first).search(/[)\]]/);
  const isBracketed = close >= first && /[([][^()[\]]*$/.test(shape.slice(0, first));
  let seen = 0;
  const head = shape.slice(0, end);
  let out =
    prefix === oldPrefix
      ? head
      : head.replace(/\d/g, (digit) =>
          seen++ < oldPrefix.length ? (seen === 1 ? prefix : '') : digit,
        );
  if (!isBracketed || !area) return out + fill(shape.slice(end), national);
  out += shape.slice(end, first) + fill(shape.slice(first, close), national.slice(0, area));
  return out + fill(shape.slice(close), national.slice(area));
}

/** Swaps one place; fields as in agent/src/lib.rs, answer as in loader/rules.js. */
export function swap(given) {
  const runs = [];
  const links = [];
  const numbers = [];
  let country;
  let area = '';
  let written = '';
  let full = '';
  let shown;
  let isSelected = false;
  for (const field of given.split(END)) {
    if (!field) continue;
    const text = field.slice(1);
    const digits = text.replace(/[^0-9]/g, '');
    if (field[0] === 'c') {
      if (+digits && digits.length === codeLength(`${digits}00`)) country = digits;
    } else if (field[0] === 'a') area = digits;
    else if (field[0] === 'm') written = text;
    else if (field[0] === 'f') full = text;
    else if (field[0] === 'n') numbers.push(...(e164(digits) ? [digits] : []));
    else if (field[0] === 's') shown = e164(digits);
    else if (field[0] === 'e') isSelected = true;
    else if (field[0] === 'l') links.push(text);
    else runs.push([text, field[0] !== 't']);
  }
  const number = shown || numbers[0];
  if (!number || !country) return;
  const home = { country, area };
  const place = new Place(runs, home);
  const pieces = place.numbers(isSelected ? undefined : numbers);
  const swaps = pieces.map(({ range }) => {
    const old = place.text.slice(...range);
    return swapOf(range, old, written || inShapeOf(old, number, full, home));
  });
  const isHalf = pieces.some((piece, at) => {
    const was = place.text.slice(...piece.range).replace(/\D/g, '');
    const is = swaps[at].text.replace(/\D/g, '');
    const code = (digits) => digits.slice(0, Math.max(digits.length - 7, 0)).slice(-3);
    if (was.length <= 7 && was.length < is.length && place.isLed(piece)) return true;
    return code(was) !== code(is) && place.leads(piece);
  });
  if (isHalf) return;
  const isWanted = (href) =>
    isSelected
      ? !isShort(href)
      : numbers.includes(readDigits(...linkDigits(href).slice(0, 2), home)?.[0]);
  if (!swaps.length && !(links.some(isWanted) && place.digitsAtMost() < 7)) return;
  if (!shown) return '';
  const texts = place.texts(swaps);
  const addressOf = (href) =>
    isShort(href) ? href : `tel:+${number}${extension(linkDigits(href)[2])}`;
  texts.push(...links.map(addressOf));
  return [...texts, ''];
}

export const start = () => {};

const VISIT = 1;
const ACTIVE = 2;
const KEEP = 3;
const IDLE = 4;
const LEAVE = 5;
const ASKING = 0;
const IS_ACTIVE = 1;
const IS_IDLE = 2;
const AWAY = 3;
const RETRY_MS_MIN = 2_000;
const RETRY_MS_MAX = 600_000;
const LOST_MS = 30_000;
const VISIT_MS = 1_800_000;
const TAB_MS = 180_000;

/** One step of the visit; as in agent/src/lib.rs. */
export function step(event, row) {
  const [now, isVisible] = row;
  const last = Math.max(row[3], row[5]);
  const hold = row[8] || 150_000;
  const beat = row[9] || 60_000;
  const idle = row[10] || 60_000;
  const isFresh = row[5] > 0 && last <= now && now - last <= hold;
  if (event === 9) return [...row.slice(2, 8), 0, +!isFresh, 0];
  let phase = row[2] in [0, 1, 2, 3] ? row[2] : ASKING;
  let active = Math.min(row[3], now);
  let sent = Math.min(row[4], now);
  let confirmed = Math.min(row[5], now);
  let retryAt = Math.min(row[6], now + RETRY_MS_MAX);
  let failures = row[7];
  let message = 0;
  let withdraws = 0;
  const tell = (what, then = phase) => {
    phase = then;
    sent = now;
    if (failures) retryAt = Math.max(retryAt, now + LOST_MS);
    message = what;
  };
  const isOpen = row[11] > 0 && now - row[11] <= TAB_MS;
  const isIdle = () => now - active >= idle;
  const askAt = () => (failures ? retryAt : sent + LOST_MS);
  const retry = () => now >= askAt() && tell(VISIT);
  const keep = () => now >= (failures ? retryAt : sent + beat) && tell(KEEP);
  const rest = (others) => phase === IS_ACTIVE && !others && tell(IDLE, IS_IDLE);
  const dropOutlived = () => {
    if (!confirmed || !failures || phase > IS_ACTIVE || now - confirmed <= hold) return;
    confirmed = 0;
    phase = ASKING;
    withdraws = 1;
  };
  if (event === 0 || event === 7) {
    if (!isFresh) {
      withdraws = +(row[5] > 0);
      confirmed = 0;
    }
    active = now;
    retryAt = failures = 0;
    tell(VISIT, ASKING);
  } else if (event === 1) {
    confirmed = now;
    retryAt = failures = 0;
    if (phase === ASKING) phase = IS_ACTIVE;
  } else if (event === 2) {
    const pause = Math.max(RETRY_MS_MIN * 2 ** Math.min(failures, 9), row[13]);
    failures++;
    retryAt = now + Math.min(pause, RETRY_MS_MAX);
    dropOutlived();
  } else if (event === 3 || event === 4) {
    active = now;
    dropOutlived();
    if (phase === ASKING) retry();
    else if (phase === IS_ACTIVE) keep();
    else tell(ACTIVE, IS_ACTIVE);
  } else if (event === 5) rest(isOpen);
  else if (event === 6) {
    if (!isOpen && phase !== AWAY) {
      if (row[12] > 0 && now - row[12] <= VISIT_MS) rest(false);
      else tell(LEAVE, AWAY);
    }
  } else {
    if (phase === ASKING && isVisible && !isIdle()) retry();
    else if (phase === IS_ACTIVE && isIdle()) tell(IDLE, IS_IDLE);
    else if (phase === IS_ACTIVE && failures) keep();
    else if (phase === AWAY && isVisible) {
      if (isIdle()) tell(IDLE, IS_IDLE);
      else tell(ACTIVE, IS_ACTIVE);
    }
    dropOutlived();
  }
  let wakeAt;
  const idleAt = active + idle;
  if (phase === IS_ACTIVE) wakeAt = failures ? Math.min(retryAt, idleAt) : idleAt;
  else if (phase === ASKING && isVisible && askAt() < idleAt) wakeAt = askAt();
  wakeAt = wakeAt === undefined ? 0 : Math.max(wakeAt, now);
  return [phase, active, sent, confirmed, retryAt, failures, message, withdraws, wakeAt];
}
