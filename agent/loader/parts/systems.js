// Ids of other systems that come later than the visit request (large/ids.js): where the site names
// such systems, after numbers stand, and only of a visitor who agreed.

/** Loads the reader by `loadIds` when it may read, and has it read each visit. */
export function readLater(agent, loadIds) {
  const { config, listen, quietly, state, whenAnswered } = agent;
  if (!config.page.analytics) return;
  let reader;
  const begin = () => {
    if (state().consent !== 'granted') return;
    reader ||= loadIds().then((module) => module.open(agent));
    reader.then(
      (read) => quietly(read),
      () => 0,
    );
  };
  whenAnswered(begin);
  listen('ringlet:visit', begin);
}
