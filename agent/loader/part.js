// Parts of the agent under their hashes: the rules, and what few pages need.

/** The bytes of the part `[file name, integrity]` of this release; fails if they are others. */
export const fetchPart = (base, [name, integrity]) =>
  fetch(`${base}/a/${name}`, { integrity, credentials: 'omit' }).then((response) =>
    response.ok ? response.arrayBuffer() : Promise.reject(),
  );

/** A part that is a module: checked first, then taken from the browser's cache. */
export const importPart = (base, part) =>
  fetchPart(base, part).then(() => import(`${base}/a/${part[0]}`));
