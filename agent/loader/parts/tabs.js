// What two tabs do to each other through the record they share: rare, so it is not in the loader.

/** Adds the verb for it; the loader calls it by itself. */
export function meetTabs({ config, load, page, save, verbs }) {
  /** Another tab has written without knowing what this one has just written, or, without `isKept`,
   * its visitor has taken his consent back. */
  verbs.meet = (isKept) => {
    // Nothing is stored here either.
    if (!isKept) return verbs.consent(config.consent === 'wait' ? 'denied' : 'cookieless');
    const record = load();
    const isKnown = (id) => record.numbers.some(({ scenario }) => scenario === id);
    for (const { answered, id } of page.slots) {
      if (answered && !isKnown(id)) record.numbers.push(answered);
    }
    save(record);
  };
}
