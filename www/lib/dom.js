// Small tools for building pages without markup strings: nothing here ever parses HTML.

/** The page's language: "en" or "ru". */
export const language = () => (document.documentElement.lang === "ru" ? "ru" : "en");

/** The one of two texts that is in the page's language. */
export const say = (en, ru) => (language() === "ru" ? ru : en);

/**
 * Makes an element. Properties set properties; `class`, `data-…`, `aria-…` and other names with a
 * hyphen set attributes; `on` adds listeners. Children are nodes or texts; null is left out.
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value))
        element.addEventListener(event, listener);
    } else if (name === "class" || name.includes("-") || name === "role") {
      element.setAttribute(name, value);
    } else {
      element[name] = value;
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Makes an SVG element from attributes. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Writes a text only where it differs, so that a poll disturbs neither selection nor readers. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Keeps a container's children in step with a list: an element stays the same element as long as
 * its key is there, so focus and open details survive a poll.
 */
export function keep(container, items, keyOf, create, update) {
  const known = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let previous = null;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = known.get(key);
    if (!child) {
      child = create(item);
      child.dataset.key = key;
    }
    known.delete(key);
    update(child, item);
    const place = previous ? previous.nextElementSibling : container.firstElementChild;
    if (place !== child) container.insertBefore(child, place);
    previous = child;
  }
  for (const child of known.values()) child.remove();
}

/** Sets the language and loads the page anew, so that texts made by scripts follow. */
export function switchLanguage() {
  const next = say("ru", "en");
  const address = new URL(location.href);
  address.searchParams.set("lang", next);
  location.replace(address);
}
