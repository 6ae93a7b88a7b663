// What the host page offers, reached past whatever the page put in its way.
//
// A page may name an image "cookie" or a form field "parentNode", and the browser then answers
// with that element. So everything of `document` is read through its prototype, and elements are
// asked through `Element.prototype`.

const { closest, getAttributeNode } = Element.prototype;

/** A property of `document`, or a method of it, whatever elements of the page are called. */
export const doc = (name) => {
  const { get, value } = Object.getOwnPropertyDescriptor(Document.prototype, name) || {};
  return get ? get.call(document) : value?.bind(document);
};

/** A walker through `root`: `document.createTreeWalker`. */
export const walkerOf = doc('createTreeWalker');

/** The nearest of `element` and its ancestors that `selector` matches; nothing if it is none. */
export const nearest = (element, selector) => {
  try {
    return closest.call(element, selector);
  } catch {
    // A shadow root, a document or nothing.
  }
};

const { get: kindOf } = Object.getOwnPropertyDescriptor(Node.prototype, 'nodeType');
const ROOTS = { 1: Element, 9: Document, 11: DocumentFragment };

/** All descendants of `root` (an element, a document or a shadow root) that `selector` matches.
 * The kind is looked up: an exception, even one that is caught, takes longer than all else here. */
export const all = (root, selector) =>
  ROOTS[kindOf.call(root)]?.prototype.querySelectorAll.call(root, selector) || [];

/** The node of an attribute of `element`; null if it has none of the name. */
export const attributeOf = (element, name) => getAttributeNode.call(element, name);

/** Whether somebody may be looking. */
export const isVisible = () => doc('visibilityState') !== 'hidden';

/** Runs `act` and swallows what it throws: nothing of ours may reach the page's error handlers. */
export const quietly = (act) => {
  try {
    return act();
  } catch {
    // The page's own number stands.
  }
};

/** Does `act` in a task of its own, `ms` later. */
export const later = (act, ms) => setTimeout(() => quietly(act), ms);

/** Listens on the window, where names cannot be taken, before the page's handlers and passively. */
export const listen = (type, act) =>
  addEventListener(type, (event) => quietly(() => act(event)), { capture: true, passive: true });

/** Tells the page what happened: a DOM event, and `dataLayer` where the site wants it. */
export const announce = (page, name, detail) =>
  quietly(() => {
    EventTarget.prototype.dispatchEvent.call(
      document,
      new CustomEvent(`ringlet:${name}`, { detail }),
    );
    if (page?.data_layer) (window.dataLayer ||= []).push({ event: `ringlet:${name}`, ...detail });
  });
