// Open shadow roots, and frames of the page's own origin: entered once and then looked after like
// the document. What is inside closed roots and other origins is out of everybody's reach.

const { addEventListener } = EventTarget.prototype;

/** Enters what is there and what comes. */
export function enterDepths({ listen, page, quietly, walkerOf }) {
  const entered = new WeakSet();
  const enter = (root) => {
    if (!root || entered.has(root)) return;
    entered.add(root);
    page.watchRoot(root);
    // Of what happens in here the window is not told.
    addEventListener.call(root, 'load', onLoad, { capture: true, passive: true });
    page.scan(root);
  };
  /** Enters what stands in `root`; scanning what was entered comes back here. */
  const find = (root) => {
    const walker = walkerOf(root, 1);
    let node = root;
    do look(node);
    while ((node = walker.nextNode()));
  };
  const look = ({ shadowRoot, contentDocument }) => {
    if (shadowRoot) enter(shadowRoot);
    // A frame of another origin has none to show.
    if (contentDocument?.body) enter(contentDocument);
  };
  /** A frame gets a new document with every page it shows. */
  const onLoad = ({ target }) => quietly(() => look(target));
  page.finders.push(find);
  listen('load', onLoad);
}
