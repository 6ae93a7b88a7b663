// Places of the kinds that the site's configuration names: links that lead to a number in other
// ways than `tel:`, attributes, pictures of numbers, numbers split over elements of a class per
// part, and data about the page. What a number is and how it is written stays the rules' to say.

/** Links by the name of their policy. */
const LINKS = {
  sms: 'a[href^="sms:" i]',
  whatsapp:
    'a[href*="//wa.me/" i]:not([href*="/message/" i]),' +
    'a[href*="whatsapp.com/send" i][href*="phone=" i],' +
    'a[href^="whatsapp:" i][href*="phone=" i]',
  viber: 'a[href^="viber:" i][href*="number=" i]',
  telegram:
    'a[href*="//t.me/+" i],a[href*="//t.me/%2b" i],a[href^="tg:" i][href*="phone=" i]',
};
/** Where the number stands in their addresses; a message may go to several. */
const NUMBER = /(^sms:(?:\/\/)?|wa\.me\/|t\.me\/|[?&](?:phone|number)=)([^/?;&#]+)/i;
/** What the rules leave alone: an invitation («t.me/+AbC…») is no number. */
const NONE = 'tel:0';
/** Two writings of one number end with the same digits: these are a country's shortest. */
const SAME_DIGITS = 7;
/** How far apart the parts of one number may stand. */
const LEVELS_MAX = 4;

/** Adds the kinds that the site wants. */
export function addPlaces(agent) {
  const { links = [], attributes = [], image, structured_data } = agent.config.page;
  if (links.length) addLinks(agent, links);
  if (attributes.length) addAttributes(agent, attributes);
  if (image) addPictures(agent, image);
  addParts(agent);
  if (structured_data === 'swap') addData(agent);
}

function addLinks({ page: { kinds, slots } }, names) {
  const searched = new Set(
    slots.flatMap(({ numbers }) => numbers.map((number) => number.slice(-SAME_DIGITS))),
  );
  for (const name of names) kinds.links.push(LINKS[name]);
  const isTel = (address) => /^tel:/i.test(address);
  const numbersOf = (address) => (NUMBER.exec(address)?.[2] || '').split(',');
  const digitsOf = (number) => number.replace(/%../g, '').replace(/\D/g, '').slice(-SAME_DIGITS);
  /** The one that the page looks for; the first where the owner's element tells. */
  const chosen = (numbers) => numbers.find((one) => searched.has(digitsOf(one))) ?? numbers[0];
  kinds.dial = (address) => {
    if (isTel(address)) return address;
    const number = chosen(numbersOf(address));
    return /[a-z_]/i.test(number.replace(/%../g, '')) ? NONE : `tel:${number}`;
  };
  kinds.lead = (address, tel, isSelected) => {
    if (isTel(address) || tel === kinds.dial(address)) return isTel(address) ? tel : address;
    // A message goes to the whole number, as a call does.
    const usual = /^sms:/i.test(address) ? '+' : '';
    const mark = (number) => (/^(\+|%2b)/i.exec(number) || [usual])[0];
    const same = digitsOf(chosen(numbersOf(address)));
    // In an owner's element every number is meant, and no message need go to one of them twice.
    const next = numbersOf(address).map((number) =>
      isSelected || digitsOf(number) === same ? mark(number) + tel.slice(5) : number,
    );
    return address.replace(NUMBER, (_, head) => head + [...new Set(next)]);
  };
}

function addAttributes({ all, attributeOf, page: { kinds } }, names) {
  kinds.attributes.push(...names);
  kinds.collect = (element, texts) => {
    for (const name of names) {
      for (const holder of [element, ...all(element, `[${name}]`)]) {
        const node = attributeOf(holder, name);
        if (node?.nodeValue) texts.push([node, false]);
      }
    }
  };
}

/** Pictures of numbers among the owner's elements: another is shown for another number. */
function addPictures({ attributeOf, nearest, page }, template) {
  page.kinds.attributes.push('src');
  const isNumber = (picture) =>
    `${attributeOf(picture, 'src')?.nodeValue} ${attributeOf(picture, 'alt')?.nodeValue}`
      .replace(/\D/g, '')
      .length > 6;
  page.finders.push((root) => {
    for (const { css, shown, skip } of page.slots) {
      for (const element of page.within(root, css)) {
        for (const picture of page.within(element, ['img'])) {
          const node = attributeOf(picture, 'src');
          if (!node || nearest(picture, skip)) continue;
          if (element !== picture && !isNumber(picture)) continue;
          const was = page.original(node);
          page.write([node], [was], [shown ? template.replace('{number}', shown) : was]);
        }
      }
    }
  });
}

/** Numbers with a class per part: `NAME-country`, `NAME-region`, `NAME-number`. */
function addParts({ all, config, page }) {
  const kinds = [];
  for (const { id, targets, mask: usual } of config.scenarios) {
    for (const { parts, mask = usual || '' } of targets) {
      if (!parts) continue;
      const index = page.slots.findIndex((slot) => slot.id === id && slot.mask === mask);
      const start = `.${CSS.escape(parts)}-`;
      const classes = ['country', 'region', 'number'].map((part) => start + part);
      kinds.push({ index, classes });
    }
  }
  if (!kinds.length) return;
  page.finders.push((root) => {
    const whole = root.getRootNode();
    for (const { index, classes } of kinds) {
      for (const number of all(whole, classes[2])) swapParts(page, all, index, classes, number);
    }
  });
}

function swapParts(page, all, index, classes, number) {
  let around = number.parentNode;
  for (let level = 0; level < LEVELS_MAX; level++) {
    if (all(around, `${classes[0]},${classes[1]}`).length || !around.parentNode) break;
    around = around.parentNode;
  }
  const parts = [...all(around, classes.join())];
  // Several numbers share what is around them: they cannot be told apart.
  if (all(around, classes[2]).length > 1 && parts.length > 1) return;
  const texts = [];
  for (const part of parts) page.walk(part, (node) => texts.push([node, texts.length > 0]));
  const links = page.within(number, page.kinds.links);
  for (const part of parts) links.push(...page.within(part, page.kinds.links));
  page.slots[index].found = true;
  page.swapPlace(index, texts, [...new Set(links)], true);
}

/** Numbers in JSON-LD and in `meta` of microdata, by text only. */
function addData({ all, attributeOf, page }) {
  page.kinds.attributes.push('content');
  page.finders.push((root) => {
    page.slots.forEach(({ numbers }, index) => {
      if (!numbers.length) return;
      for (const script of page.within(root, ['script[type="application/ld+json" i]'])) {
        for (const node of script.childNodes) page.swapPlace(index, [[node, false]], [], false);
      }
      for (const meta of page.within(root, ['meta[itemprop="telephone" i][content]'])) {
        page.swapPlace(index, [[attributeOf(meta, 'content'), false]], [], false);
      }
    });
  });
}
